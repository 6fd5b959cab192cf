//! Who fits a person from Госуслуги: by a VERIFIED e-mail and ФИО together, and СНИЛС where both sides have it.

use std::collections::HashSet;

use diesel::result::QueryResult;
use epos_shared::api::esia::NotFound;
use epos_shared::values::{Email, FullName, Snils};

use super::grants;
use crate::accounts;
use crate::app::Services;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::esia::Identity;
use crate::kontingent::{self, UnboundCard};

/// So many of the verified e-mails are looked at.
const EMAILS: usize = 10;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// An account with a proven e-mail.
    Account(Id),
    /// Cards or categories in force; the account is to be made, under this e-mail.
    New(Email),
    /// Cards or categories, none of which is in force.
    NotInForce,
    /// Nothing.
    Nothing(NotFound),
}

/// СНИЛС must agree where both sides have it.
#[must_use]
pub fn agree(one: Option<&Snils>, other: Option<&Snils>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Whether fitting cards can be one person's: not twice in one organization, not with two СНИЛС.
pub(super) fn is_one(cards: &[UnboundCard]) -> bool {
    let organizations: HashSet<Id> = cards.iter().map(|card| card.organization).collect();
    let numbers: HashSet<&str> =
        cards.iter().filter_map(|card| card.snils.as_ref()).map(|snils| snils.as_str()).collect();
    organizations.len() == cards.len() && numbers.len() <= 1
}

fn judge(identity: &Identity, name: &FullName, snils: Option<&Snils>) -> Result<(), NotFound> {
    if !identity.name.matches(name) {
        return Err(NotFound::Name);
    }
    if !agree(identity.snils.as_ref(), snils) {
        return Err(NotFound::Snils);
    }
    Ok(())
}

/// How near it was.
const fn rank(not_found: NotFound) -> u8 {
    match not_found {
        NotFound::NoVerifiedEmail => 0,
        NotFound::Email => 1,
        NotFound::Name => 2,
        NotFound::Snils => 3,
        NotFound::Several => 4,
    }
}

struct Search<'a> {
    identity: &'a Identity,
    nearest: NotFound,
    accounts: Vec<Id>,
    cards: Vec<UnboundCard>,
    /// E-mails under which an account may be made.
    free: Vec<Email>,
    /// Something in force fits, but its e-mail is another account's.
    is_taken: bool,
    fits: bool,
}

impl Search<'_> {
    fn judged(&mut self, name: &FullName, snils: Option<&Snils>) -> bool {
        match judge(self.identity, name, snils) {
            Ok(()) => true,
            Err(not_found) => {
                if rank(not_found) > rank(self.nearest) {
                    self.nearest = not_found;
                }
                false
            }
        }
    }

    fn look(&mut self, conn: &mut Conn, services: &Services, email: &Email) -> Result<(), DbError> {
        let context = &services.context;
        let (key, today) = (email.key(), context.today());
        let owner = accounts::holder_of_address(conn, services, &key)?;
        // An address that is not proven may be anybody's: it leads nowhere.
        if let Some((holder, true)) = &owner
            && self.judged(&holder.name, holder.snils.as_ref())
        {
            self.accounts.push(holder.id);
        }
        let mut is_in_force = false;
        for card in kontingent::unbound_of_address(conn, context.secrets(), &key, today)? {
            if self.judged(&card.name, card.snils.as_ref()) {
                self.fits = true;
                is_in_force |= card.is_in_force;
                self.cards.push(card);
            }
        }
        for grant in grants::of_address(conn, context.secrets(), &key)? {
            if self.judged(&grant.name, grant.snils.as_ref()) {
                self.fits = true;
                is_in_force |= grant.is_in_force(today);
            }
        }
        if is_in_force {
            if owner.is_none() {
                self.free.push(email.clone());
            } else {
                self.is_taken = true;
            }
        }
        Ok(())
    }
}

/// Finds who fits.
pub(super) fn fit(conn: &mut Conn, services: &Services, identity: &Identity) -> Result<Fit, DbError> {
    if identity.emails.is_empty() {
        return Ok(Fit::Nothing(NotFound::NoVerifiedEmail));
    }
    let mut search = Search {
        identity,
        nearest: NotFound::Email,
        accounts: Vec::new(),
        cards: Vec::new(),
        free: Vec::new(),
        is_taken: false,
        fits: false,
    };
    let mut looked = HashSet::new();
    for email in identity.emails.iter().take(EMAILS) {
        if looked.insert(email.key()) {
            search.look(conn, services, email)?;
        }
    }
    Ok(match search.accounts.as_slice() {
        [account] => Fit::Account(*account),
        [] if !is_one(&search.cards) => Fit::Nothing(NotFound::Several),
        [] => match search.free.into_iter().next() {
            Some(email) => Fit::New(email),
            None if search.is_taken => Fit::Nothing(NotFound::Several),
            None if search.fits => Fit::NotInForce,
            None => Fit::Nothing(search.nearest),
        },
        _ => Fit::Nothing(NotFound::Several),
    })
}

/// The first verified e-mail that is no account's.
pub(super) fn free_email(conn: &mut Conn, identity: &Identity) -> QueryResult<Option<Email>> {
    for email in identity.emails.iter().take(EMAILS) {
        if accounts::owner_of_address(conn, &email.key())?.is_none() {
            return Ok(Some(email.clone()));
        }
    }
    Ok(None)
}
