//! What somebody may be here today (screens.md 9): «Сотрудник» by his account or his cards, «Родитель» and
//! «Обучающийся» by what he was given. Nothing is remembered: what has ended is gone with the next request.

use epos_shared::api::session::OwnCard;
use epos_shared::roles::RoleCategory;
use epos_shared::values::{FullName, Snils};

use super::grants;
use super::matching::{agree, is_one};
use crate::accounts;
use crate::context::Context;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::kontingent;

/// An account, as its categories are judged by.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The account.
    pub id: Id,
    /// Whether it was registered here: a staff account even before any card.
    pub is_rsaa: bool,
    /// ФИО.
    pub name: FullName,
    /// The key of its e-mail, where that is proven.
    pub proven_email_key: Option<String>,
    /// СНИЛС, as Госуслуги told it.
    pub snils: Option<Snils>,
    /// Whether anything may have been given to its address; false saves a statement.
    pub may_have_grants: bool,
}

/// The categories held today, in the order of the page. `cards` are those bound to the account.
///
/// # Errors
/// The database fails.
pub fn held(
    conn: &mut Conn,
    context: &Context,
    holder: &Holder,
    cards: &[OwnCard],
) -> Result<Vec<RoleCategory>, DbError> {
    let works = holder.is_rsaa
        || cards.iter().any(|card| card.roles_in_force().next().is_some())
        || has_matched_card(conn, context, holder)?;
    let mut given = Vec::new();
    if holder.may_have_grants
        && let Some(key) = &holder.proven_email_key
    {
        let today = context.today();
        given = grants::of_address(conn, context.secrets(), key)?;
        given.retain(|grant| grant.is_in_force(today) && grant.fits(&holder.name, holder.snils.as_ref()));
    }
    let holds = |category: &RoleCategory| match category {
        RoleCategory::Employee => works,
        RoleCategory::Parent | RoleCategory::Student => given.iter().any(|grant| grant.category == *category),
    };
    Ok(RoleCategory::ALL.into_iter().filter(holds).collect())
}

/// Whether a card that is bound to nobody, with a role in force, has the holder's proven e-mail and ФИО.
///
/// # Errors
/// The database fails.
pub fn has_matched_card(conn: &mut Conn, context: &Context, holder: &Holder) -> Result<bool, DbError> {
    let Some(key) = &holder.proven_email_key else { return Ok(false) };
    let mut cards = kontingent::unbound_of_address(conn, context.secrets(), key, context.today())?;
    cards.retain(|card| card.name.matches(&holder.name) && agree(card.snils.as_ref(), holder.snils.as_ref()));
    Ok(is_one(&cards) && cards.iter().any(|card| card.is_in_force))
}

/// [`held`] by an account.
///
/// # Errors
/// The database fails.
pub fn held_by(conn: &mut Conn, context: &Context, account: Id) -> Result<Vec<RoleCategory>, DbError> {
    let Some(holder) = accounts::holder(conn, context, account)? else { return Ok(Vec::new()) };
    let cards = kontingent::own_cards(conn, account, context.today())?;
    held(conn, context, &holder, &cards)
}

/// The category a session works in: the one that was chosen while it is held, the only one, or none.
#[must_use]
pub fn effective(chosen: Option<RoleCategory>, held: &[RoleCategory]) -> Option<RoleCategory> {
    match (chosen, held) {
        (Some(chosen), held) if held.contains(&chosen) => Some(chosen),
        (_, [only]) => Some(*only),
        _ => None,
    }
}

/// Whether a session with this choice works as «Сотрудник» today.
///
/// # Errors
/// The database fails.
pub fn works_as_employee(
    conn: &mut Conn,
    context: &Context,
    account: Id,
    chosen: Option<RoleCategory>,
) -> Result<bool, DbError> {
    Ok(effective(chosen, &held_by(conn, context, account)?) == Some(RoleCategory::Employee))
}

#[cfg(test)]
mod tests {
    use super::*;
    use RoleCategory::{Employee, Parent, Student};

    #[test]
    fn a_session_works_in_what_was_chosen_while_it_is_held() {
        assert_eq!(effective(Some(Parent), &[Employee, Parent]), Some(Parent));
        assert_eq!(effective(Some(Parent), &[Employee]), Some(Employee));
        assert_eq!(effective(Some(Parent), &[Employee, Student]), None);
        assert_eq!(effective(None, &[Employee, Parent]), None);
        assert_eq!(effective(None, &[Student]), Some(Student));
        assert_eq!(effective(Some(Student), &[]), None);
    }
}
