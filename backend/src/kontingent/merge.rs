//! Two cards of one person become one: roles and binding come together on the card that stays, the other goes into
//! the archive and tells which one that is.

use epos_shared::api::employees::{CardError, EmployeeCard, MAX_ROLES, Person};
use epos_shared::api::same_person::{
    CardMergeDraft, CardMergePreview, Held, MergedRole, UnitedRole, united_roles,
};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::Action;
use epos_shared::values::{FullName, InvalidValue as _, Snils};
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::cards::days;
use super::letters::{self, Deed};
use super::view::CardInView;
use super::{binding_store, card_store, listed};
use crate::accounts;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::context::Secrets;
use crate::db::Conn;
use crate::error::ApiError;
use crate::identification::{self, agree};

/// The card that stays and the card that goes.
struct Pair {
    stays: CardInView,
    goes: CardInView,
}

fn cannot(why: &str) -> ApiError {
    Problem::new(ProblemCode::CannotMerge).with_detail(why).into()
}

fn held(card: &CardInView, secrets: &Secrets) -> Result<Held, ApiError> {
    Ok(Held { person: card.row.person(secrets)?, note: card.row.note.clone() })
}

/// «Иванова Анна Петровна, логин apivanova_2».
fn named(card: &CardInView, person: &Person) -> String {
    format!("{}, логин {}", person.name, card.row.login)
}

impl Pair {
    fn roles(&self) -> Vec<UnitedRole> {
        united_roles(&self.stays.roles_on_card(), &self.goes.roles_on_card())
    }

    fn binding_moves(&self) -> bool {
        self.stays.binding.is_none() && self.goes.binding.is_some()
    }
}

/// The account that goes over to the card that stays finds its own person there: ФИО and СНИЛС, by which anybody's claim
/// to a card is judged, are those of the card it was bound to, or those of the account.
fn demand_same_person(
    conn: &mut Conn,
    services: &Services,
    pair: &Pair,
    (before, after): (&Person, &Person),
) -> Result<(), ApiError> {
    let Some(bound) = pair.goes.binding.filter(|_| pair.binding_moves()) else { return Ok(()) };
    let is_as = |name: &FullName, snils: Option<&Snils>| {
        name.matches(&after.name) && agree(snils, after.snils.as_ref())
    };
    let holder = accounts::holder(conn, &services.context, bound.account)?;
    if is_as(&before.name, before.snils.as_ref())
        || holder.is_some_and(|holder| is_as(&holder.name, holder.snils.as_ref()))
    {
        return Ok(());
    }
    Err(cannot(
        "Карточка, которой не станет, привязана к учётной записи человека с другими ФИО или СНИЛС. Возьмите ФИО и \
         СНИЛС из неё или сначала отвяжите её.",
    ))
}

impl StaffOf<'_> {
    /// Both cards, where they may become one.
    fn pair(
        &self,
        conn: &mut Conn,
        services: &Services,
        (stays, goes): (EmployeeId, EmployeeId),
    ) -> Result<Pair, ApiError> {
        let today = services.context.today();
        let pair = Pair { stays: self.card(conn, stays, today)?, goes: self.card(conn, goes, today)? };
        if stays == goes {
            return Err(cannot("Это одна и та же карточка. Выберите другую."));
        }
        if pair.stays.row.organization_id != pair.goes.row.organization_id {
            return Err(cannot(
                "Карточки разных организаций не объединяют: человек, который работает в двух, имеет две.",
            ));
        }
        self.demand(&pair.stays, Action::Merge)?;
        self.demand(&pair.goes, Action::Merge)?;
        if let (Some(one), Some(other)) = (pair.stays.binding, pair.goes.binding)
            && one.account != other.account
        {
            return Err(cannot(
                "Карточки привязаны к разным учётным записям. Выясните, чья из них верная, и отвяжите другую \
                 карточку.",
            ));
        }
        Ok(pair)
    }

    /// What [`Self::merge`] would do.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `cannot-merge`, `forbidden`, `needs-confirmation`; the database fails.
    pub(super) fn preview_merge(
        &self,
        conn: &mut Conn,
        services: &Services,
        stays: EmployeeId,
        goes: EmployeeId,
    ) -> Result<CardMergePreview, ApiError> {
        let pair = self.pair(conn, services, (stays, goes))?;
        self.previewed(conn, services, &pair)
    }

    fn previewed(
        &self,
        conn: &mut Conn,
        services: &Services,
        pair: &Pair,
    ) -> Result<CardMergePreview, ApiError> {
        let secrets = services.context.secrets();
        let shown = |role: UnitedRole| MergedRole { role: role.role, period: role.period };
        Ok(CardMergePreview {
            differs: held(&pair.stays, secrets)?.differs(&held(&pair.goes, secrets)?),
            roles: pair.roles().into_iter().map(shown).collect(),
            binding_moves: pair.binding_moves(),
            stays: self.show(conn, services, &pair.stays)?,
            goes: self.show(conn, services, &pair.goes)?,
        })
    }

    /// Joins one card to another.
    ///
    /// # Errors
    /// Those of [`Self::preview_merge`]; `version-conflict` with the preview as it is now, `validation-failed` where
    /// the roles are too many.
    pub(super) fn merge(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        stays: EmployeeId,
        draft: &CardMergeDraft,
    ) -> Result<EmployeeCard, ApiError> {
        let context = &services.context;
        let pair = self.pair(conn, services, (stays, draft.other))?;
        let (card, gone) = (&pair.stays, &pair.goes);
        let as_seen = draft.version == i64::from(card.row.version)
            && draft.other_version == i64::from(gone.row.version);
        if !as_seen {
            return Err(self.changed_meanwhile(conn, services, &pair)?);
        }
        let roles = pair.roles();
        if roles.len() > MAX_ROLES {
            return Err(ApiError::validation(vec![CardError::TooManyRoles.at("roles")]));
        }
        let (before, other) = (held(card, context.secrets())?, held(gone, context.secrets())?);
        let after = before.united(&other, &draft.take);
        demand_same_person(conn, services, &pair, (&other.person, &after.person))?;
        if !card_store::bump(conn, card.row.id, card.row.version, context.db_now())? {
            return Err(self.changed_meanwhile(conn, services, &pair)?);
        }
        self.hand_over_binding(conn, services, asker, &pair)?;
        if !self.put_away(conn, services, asker, gone)? {
            return Err(self.changed_meanwhile(conn, services, &pair)?);
        }
        card_store::set_merged(conn, gone.row.id, card.row.id)?;
        let event = |action, of: &CardInView, other: &CardInView, field: &str, name: String| {
            Event::done(action, "employee", of.row.id).in_organization(of.row.organization_id).with(json!({
                "before": {}, "after": { field: name }, "employee": other.row.id.to_string(),
            }))
        };
        let absorbed = event("employee.absorbed", gone, card, "merged_into", named(card, &after.person));
        audit::record(conn, context, &asker.journal, absorbed)?;
        let merged = event("employee.merged", card, gone, "merged", named(gone, &other.person));
        audit::record(conn, context, &asker.journal, merged)?;
        if after != before {
            let is_bound = card.binding.is_some() || gone.binding.is_some();
            let after = (&after.person, after.note.as_str());
            self.write_person(conn, services, asker, (card, is_bound), (&before.person, after))?;
        }
        self.write_united(conn, services, asker, card, &roles)?;
        listed::note(conn, card.row.id)?;
        letters::tell_of_head(
            conn,
            services,
            asker,
            if card.is_heads() { card } else { gone },
            &Deed::Merged,
        )?;
        self.show_again(conn, services, card.row.id)
    }

    fn changed_meanwhile(
        &self,
        conn: &mut Conn,
        services: &Services,
        pair: &Pair,
    ) -> Result<ApiError, ApiError> {
        let present = self.previewed(conn, services, pair)?;
        Ok(Problem {
            current: serde_json::to_value(&present).ok(),
            ..Problem::new(ProblemCode::VersionConflict)
                .with_detail("Одну из карточек изменили, пока вы смотрели. Проверьте и объедините ещё раз.")
        }
        .into())
    }

    /// The account of the card that goes is that of the card that stays.
    fn hand_over_binding(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        pair: &Pair,
    ) -> Result<(), ApiError> {
        let context = &services.context;
        let Some(bound) = pair.goes.binding else { return Ok(()) };
        let event = |action, card: &CardInView| {
            Event::done(action, "employee", card.row.id)
                .in_organization(card.row.organization_id)
                .with(json!({ "account": bound.account.to_string() }))
        };
        binding_store::end(conn, pair.goes.row.id, bound.id, context.db_now())?;
        audit::record(conn, context, &asker.journal, event("binding.ended", &pair.goes))?;
        if pair.binding_moves() {
            binding_store::bind(conn, context, bound.account, pair.stays.row.id)?;
            audit::record(conn, context, &asker.journal, event("binding.created", &pair.stays))?;
            identification::note_bound_card(conn, services, pair.stays.row.id)?;
        }
        Ok(())
    }

    /// Writes the roles of both onto the card that stays.
    fn write_united(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        card: &CardInView,
        roles: &[UnitedRole],
    ) -> Result<(), ApiError> {
        let context = &services.context;
        let (id, organization) = (card.row.id, card.row.organization_id);
        for united in roles {
            let own = united.of_stays.iter().filter_map(|id| card.roles.iter().find(|role| role.id == *id));
            let own: Vec<_> = own.collect();
            let (action, details) = match own.split_first() {
                None => {
                    let at = (id, organization);
                    let now = context.db_now();
                    card_store::insert_role(conn, context.id(), at, united.role, united.period, now)?;
                    let details = json!({ "role": united.role, "days": days(united.period) });
                    ("employee.role_added", details)
                }
                Some((first, _)) if first.period == united.period => continue,
                Some((first, within)) => {
                    for role in within {
                        card_store::delete_role(conn, role.id.into())?;
                    }
                    card_store::update_role(conn, first.id.into(), united.period)?;
                    let details = json!({
                        "role": united.role, "before": days(first.period), "after": days(united.period),
                    });
                    ("employee.dates_changed", details)
                }
            };
            let event = Event::done(action, "employee", id).in_organization(organization).with(details);
            audit::record(conn, context, &asker.journal, event)?;
        }
        Ok(())
    }
}
