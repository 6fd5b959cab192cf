//! What is kept for the staff list beside the cards and their roles, so that it finds a page among a million:
//! derived of them, and written in the transaction of their change.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::QueryResult;
use epos_shared::roles::Role;

use crate::db::Conn;
use crate::db::schema::{employees, listed_roles, role_assignments};
use crate::db::types::Id;
use crate::insert_all;

/// `account_state` of a card that is not bound.
pub(super) const NOT_BOUND: i16 = 0;
/// `account_state` of a card whose account has never signed in.
pub(super) const NEVER_SIGNED_IN: i16 = 1;
/// `account_state` of a card whose account has signed in.
pub(super) const SIGNED_IN: i16 = 2;

/// The last day of what has no end: the greatest that both databases and every client write with four digits.
pub(super) const OPEN: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// The bit of a role in `role_bits`. Stored: none of them ever changes.
pub(super) const fn role_bit(role: Role) -> i64 {
    1 << match role {
        Role::Support => 0,
        Role::EducationDepartment => 1,
        Role::PreschoolDepartment => 2,
        Role::SchoolDirector => 3,
        Role::SchoolDeputy => 4,
        Role::SchoolOfficer => 5,
        Role::CollegeDirector => 6,
        Role::CollegeDeputy => 7,
        Role::CollegeOfficer => 8,
        Role::KindergartenHead => 9,
        Role::SocialPedagogue => 10,
        Role::Teacher => 11,
        Role::ClassTeacher => 12,
        Role::Lecturer => 13,
        Role::KindergartenTeacher => 14,
    }
}

/// The bit of a letter in `initials`; nothing where it is none from а to я. Stored: none of them ever changes.
pub(super) fn letter_bit(letter: char) -> Option<i64> {
    let place = u32::from(letter).checked_sub(u32::from('а'))?;
    (letter <= 'я').then(|| 1 << place)
}

/// The letters that the words of a name, and the parts of double ones, begin with.
pub(super) fn initials(name_key: &str) -> i64 {
    name_key
        .split([' ', '-', '\'', '.'])
        .filter_map(|word| word.chars().next().and_then(letter_bit))
        .fold(0, |all, bit| all | bit)
}

/// All roles of a card in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    /// The last day of the last role.
    pub(super) end: NaiveDate,
    /// The last day of the role that ends first.
    pub(super) first_end: NaiveDate,
    /// The first day of the role that starts last.
    pub(super) last_start: NaiveDate,
    /// Which roles there are.
    pub(super) bits: i64,
}

impl Summary {
    /// Of roles with their first and last days; roles that this program does not know have no bit.
    pub(super) fn of(
        roles: impl Iterator<Item = (Option<Role>, NaiveDate, Option<NaiveDate>)> + Clone,
    ) -> Self {
        let ends = roles.clone().map(|(.., end)| end.unwrap_or(OPEN));
        Self {
            end: ends.clone().max().unwrap_or(OPEN),
            first_end: ends.min().unwrap_or(OPEN),
            last_start: roles.clone().map(|(_, start, _)| start).max().unwrap_or(OPEN),
            bits: roles.filter_map(|(role, ..)| role.map(role_bit)).fold(0, |all, bit| all | bit),
        }
    }
}

/// A role of a card that is not in the archive, as the list goes through it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable)]
#[diesel(table_name = listed_roles, treat_none_as_default_value = false)]
pub(super) struct ListedRole {
    pub(super) role: String,
    pub(super) name_key: String,
    pub(super) employee_id: Id,
    pub(super) ends_on: NaiveDate,
    pub(super) starts_on: NaiveDate,
    pub(super) organization_id: Id,
    pub(super) login: String,
    pub(super) created_at: NaiveDateTime,
    pub(super) roles_end_on: NaiveDate,
    pub(super) initials: i64,
}

/// Notes what is kept of a card. To be called after every change of its roles, its name or its archiving, in the
/// transaction of the change.
pub(super) fn note(conn: &mut Conn, card: Id) -> QueryResult<()> {
    use employees as e;
    type Card = (String, Id, String, NaiveDateTime, Option<NaiveDateTime>);
    let (name_key, organization_id, login, created_at, archived_at): Card = e::table
        .find(card)
        .select((e::name_key, e::organization_id, e::login, e::created_at, e::archived_at))
        .first(conn)?;
    let roles: Vec<(String, NaiveDate, Option<NaiveDate>)> = role_assignments::table
        .filter(role_assignments::employee_id.eq(card))
        .select((role_assignments::role, role_assignments::starts_on, role_assignments::ends_on))
        .load(conn)?;
    let summary = Summary::of(roles.iter().map(|(role, start, end)| (Role::from_wire(role), *start, *end)));
    diesel::update(e::table.find(card))
        .set((
            e::roles_end_on.eq(summary.end),
            e::roles_first_end_on.eq(summary.first_end),
            e::roles_last_start_on.eq(summary.last_start),
            e::role_bits.eq(summary.bits),
            e::initials.eq(initials(&name_key)),
        ))
        .execute(conn)?;
    diesel::delete(listed_roles::table.filter(listed_roles::employee_id.eq(card))).execute(conn)?;
    if archived_at.is_some() {
        return Ok(());
    }
    let mut rows: Vec<ListedRole> = roles
        .into_iter()
        .map(|(role, starts_on, end)| ListedRole {
            role,
            name_key: name_key.clone(),
            employee_id: card,
            ends_on: end.unwrap_or(OPEN),
            starts_on,
            organization_id,
            login: login.clone(),
            created_at,
            roles_end_on: summary.end,
            initials: initials(&name_key),
        })
        .collect();
    rows.sort_unstable();
    rows.dedup();
    insert_all!(conn, listed_roles::table, &rows)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_give_roles_the_bits_that_the_program_does() {
        for text in [
            include_str!("../../../migrations/sqlite/0010_staff_list/up.sql"),
            include_str!("../../../migrations/postgres/0010_staff_list/up.sql"),
        ] {
            for role in Role::ALL {
                let line = format!("WHEN '{}' THEN {}\n", role.as_str(), role_bit(role));
                assert!(text.contains(&line), "{line}");
            }
        }
    }

    #[test]
    fn the_migrations_give_letters_the_bits_that_the_program_does() {
        for (text, function) in [
            (include_str!("../../../migrations/sqlite/0010_staff_list/up.sql"), "instr"),
            (include_str!("../../../migrations/postgres/0010_staff_list/up.sql"), "strpos"),
        ] {
            for letter in 'а'..='я' {
                let bit = letter_bit(letter).unwrap();
                let line =
                    format!("CASE WHEN {function}(named.words, ' {letter}') > 0 THEN {bit} ELSE 0 END");
                assert!(text.contains(&line), "{line}");
            }
        }
    }

    #[test]
    fn the_letters_of_a_name() {
        let of = |letters: &str| letters.chars().filter_map(letter_bit).sum::<i64>();
        assert_eq!(initials("салтыков-щедрин михаил"), of("сщм"));
        assert_eq!(initials("д'арк жанна"), of("даж"));
        assert_eq!(initials("smith іван янович"), of("я"));
        assert_eq!((letter_bit('а'), letter_bit('я'), letter_bit('ѐ')), (Some(1), Some(1 << 31), None));
    }

    #[test]
    fn roles_in_short() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let none = Summary::of(std::iter::empty());
        assert_eq!(none, Summary { end: OPEN, first_end: OPEN, last_start: OPEN, bits: 0 });
        let two = [
            (Some(Role::Teacher), day("2020-09-01"), Some(day("2021-08-31"))),
            (Some(Role::Support), day("2022-01-01"), None),
            (None, day("2021-01-01"), Some(day("2021-02-01"))),
        ];
        let summary = Summary::of(two.into_iter());
        assert_eq!(
            summary,
            Summary {
                end: OPEN,
                first_end: day("2021-02-01"),
                last_start: day("2022-01-01"),
                bits: role_bit(Role::Teacher) | role_bit(Role::Support)
            }
        );
    }
}
