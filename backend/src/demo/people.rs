//! The cards of the demo and the accounts they are bound to.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike as _, Days as Count, NaiveDate};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{Email, FullName, Period, PersonName};

use super::DemoError;
use super::cast::{CAST, Days, Story};
use super::organizations::PlannedOrganization;
use crate::invented::dice::Dice;
use crate::invented::names::{
    FAMILY_NAMES, FIRST_OF_DOUBLE, LONGEST, MEN, PATRONYMICS, WITHOUT_PATRONYMIC, WOMEN, feminine,
};
use crate::invented::staff::{mailbox, roles_at, school_year};

/// A card that is to be created.
#[derive(Debug, Clone)]
pub struct PlannedCard {
    /// The key of its organization.
    pub organization: &'static str,
    /// ФИО.
    pub name: FullName,
    /// E-mail; a few old cards have none.
    pub email: Option<Email>,
    /// «Примечание».
    pub note: &'static str,
    /// Its roles.
    pub roles: Vec<(Role, Period)>,
    /// Whether it goes into the archive.
    pub archived: bool,
    /// The place of its account among the accounts of the plan, if it is bound.
    pub account: Option<usize>,
    /// How many hours before the loading it was created.
    pub created_hours_ago: u32,
    /// How many hours before the loading one-time credentials were issued that nobody has used, if any were.
    pub credentials_hours_ago: Option<u32>,
}

/// An account that is to be created.
#[derive(Debug, Clone)]
pub struct PlannedAccount {
    /// The user name in РСАА.
    pub user_name: String,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Email,
    /// Whether it has the demo's password; those who have none come through Госуслуги.
    pub password: bool,
    /// Whether it is blocked.
    pub blocked: bool,
    /// How many hours before the loading it was registered and its cards were bound.
    pub bound_hours_ago: u32,
    /// How many hours before the loading it signed in for the last time, if ever.
    pub signed_in_hours_ago: Option<u32>,
}

/// A line of the printed table.
#[derive(Debug, Clone)]
pub struct Line {
    /// The place of the account in the plan.
    pub account: usize,
    /// The place of an unbound card whose credentials are printed too.
    pub unbound_card: Option<usize>,
    /// The places of its cards.
    pub cards: Vec<usize>,
    /// What is special about it, in Russian.
    pub remark: &'static str,
}

/// Draws people one after another and remembers what is taken.
pub(super) struct People {
    seed: u64,
    today: NaiveDate,
    taken_names: HashSet<String>,
    taken_mailboxes: HashMap<String, u32>,
    taken_user_names: HashMap<String, u32>,
    pub(super) cards: Vec<PlannedCard>,
    pub(super) accounts: Vec<PlannedAccount>,
    pub(super) lines: Vec<Line>,
}

/// Who somebody is, before he has a card.
struct Person {
    name: FullName,
    mailbox: String,
}

fn invalid(error: &dyn std::fmt::Display) -> DemoError {
    DemoError::Invalid(error.to_string())
}

fn name_of(family: &str, given: &str, patronymic: &str) -> Result<FullName, DemoError> {
    let part = |text: &str| text.parse::<PersonName>().map_err(|error| invalid(&error));
    let patronymic = if patronymic.is_empty() { None } else { Some(part(patronymic)?) };
    Ok(FullName { family_name: part(family)?, given_name: part(given)?, patronymic })
}

fn before(today: NaiveDate, days: u32) -> NaiveDate {
    today.checked_sub_days(Count::new(days.into())).unwrap_or(today)
}

fn after(today: NaiveDate, days: u32) -> NaiveDate {
    today.checked_add_days(Count::new(days.into())).unwrap_or(today)
}

fn period(start: NaiveDate, end: Option<NaiveDate>) -> Result<Period, DemoError> {
    Period::new(start, end).map_err(|error| invalid(&error))
}

/// What the days of somebody's roles look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    InForce,
    EndsSoon,
    Upcoming,
    Ended,
    Archived,
}

impl People {
    pub(super) fn new(seed: u64, today: NaiveDate) -> Self {
        Self {
            seed,
            today,
            taken_names: CAST
                .iter()
                .map(|part| format!("{} {} {}", part.name.0, part.name.1, part.name.2))
                .collect(),
            taken_mailboxes: HashMap::new(),
            taken_user_names: HashMap::new(),
            cards: Vec::new(),
            accounts: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The people of the printed table.
    pub(super) fn cast(&mut self) -> Result<(), DemoError> {
        for part in CAST {
            let mut dice = Dice::new(self.seed, part.user_name);
            let name = name_of(part.name.0, part.name.1, part.name.2)?;
            let key = part.cards.first().map_or("mail", |place| place.0);
            let email = self.email(&mailbox(&name), key)?;
            let account = self.accounts.len();
            self.taken_user_names.insert(part.user_name.to_owned(), 1);
            self.accounts.push(PlannedAccount {
                user_name: part.user_name.to_owned(),
                name: name.clone(),
                email: email.clone(),
                password: true,
                blocked: part.story == Story::Blocked,
                bound_hours_ago: dice.between(100, 5000),
                signed_in_hours_ago: (part.story == Story::Works).then(|| dice.between(2, 72)),
            });
            let bound = !matches!(part.story, Story::NotBound);
            let mut cards = Vec::new();
            for (organization, roles, days) in part.cards {
                let start = school_year(self.today, dice.between(1, 6));
                let end = (*days == Days::EndedYesterday).then(|| before(self.today, 1));
                let mut planned = Vec::new();
                for role in *roles {
                    planned.push((*role, period(start, end)?));
                }
                cards.push(self.cards.len());
                self.cards.push(PlannedCard {
                    organization,
                    name: name.clone(),
                    email: Some(email.clone()),
                    note: "",
                    roles: planned,
                    archived: false,
                    account: bound.then_some(account),
                    created_hours_ago: if bound { dice.between(5050, 9000) } else { 2 },
                    // Those that are printed.
                    credentials_hours_ago: (!bound).then_some(0),
                });
            }
            let remark = match (part.story, part.cards.len(), part.cards.first()) {
                (Story::Blocked, ..) => "учётная запись заблокирована",
                (Story::NoCard, ..) => "карточки нет: её создаёт директор или завуч",
                (Story::NotBound, ..) => "карточка есть, но не привязана",
                (Story::Works, _, Some((_, _, Days::EndedYesterday))) => "роль закончилась вчера",
                (Story::Works, 2.., _) => "две карточки на выбор",
                (Story::Works, ..) => "",
            };
            let unbound_card = if bound { None } else { cards.first().copied() };
            self.lines.push(Line { account, unbound_card, cards, remark });
        }
        Ok(())
    }

    /// The staff of an organization, besides the cast.
    pub(super) fn staff(&mut self, organization: &PlannedOrganization) -> Result<(), DemoError> {
        let mut dice = Dice::new(self.seed, organization.key);
        let cast_roles: Vec<Role> = CAST
            .iter()
            .flat_map(|part| part.cards)
            .filter(|(key, ..)| *key == organization.key)
            .flat_map(|(_, roles, _)| roles.iter().copied())
            .collect();
        for place in 0..organization.staff {
            let mut roles = roles_at(organization.kind, place, &mut dice);
            // One head is enough.
            if place == 0 && roles.first().is_some_and(|role| cast_roles.contains(role)) {
                roles = roles_at(organization.kind, 9, &mut dice);
            }
            let head = place == 0;
            let life = match dice.below(100) {
                _ if head => Life::InForce,
                0..6 => Life::EndsSoon,
                6..11 => Life::Upcoming,
                11..19 => Life::Ended,
                19..22 => Life::Archived,
                _ => Life::InForce,
            };
            self.hire(organization, &roles, life, &mut dice)?;
        }
        // Whoever was the head before: a card whose role has ended, or ends within a month.
        if organization.staff >= 20
            && let Some(role) = roles_at(organization.kind, 0, &mut dice).first().copied()
        {
            self.hire(organization, &[role], Life::Ended, &mut dice)?;
        }
        Ok(())
    }

    /// Names that are rare but happen, each in an organization of its own.
    pub(super) fn rare_names(&mut self) -> Result<(), DemoError> {
        const PLACES: [(&str, Role); 7] = [
            ("gimnaziya4-verkhnekamsk", Role::Teacher),
            ("sosh1-sylvensk", Role::Teacher),
            ("politeh-verkhnekamsk", Role::Lecturer),
            ("sosh12-verkhnekamsk", Role::Teacher),
            ("licey2-sylvensk", Role::Teacher),
            ("pedkolledzh-kosvinsk", Role::Lecturer),
            ("sosh12-verkhnekamsk", Role::Teacher),
        ];
        let without = WITHOUT_PATRONYMIC.iter().map(|(family, given)| (*family, *given, ""));
        for ((family, given, patronymic), (organization, role)) in without.chain([LONGEST]).zip(PLACES) {
            let name = name_of(family, given, patronymic)?;
            let email = self.email(&mailbox(&name), organization)?;
            self.cards.push(PlannedCard {
                organization,
                name,
                email: Some(email),
                note: "",
                roles: vec![(role, period(school_year(self.today, 1), None)?)],
                archived: false,
                account: None,
                created_hours_ago: 24 * 300,
                credentials_hours_ago: None,
            });
        }
        Ok(())
    }

    fn hire(
        &mut self,
        organization: &PlannedOrganization,
        roles: &[Role],
        life: Life,
        dice: &mut Dice,
    ) -> Result<(), DemoError> {
        let person = self.person(organization.kind, dice)?;
        let email = self.email(&person.mailbox, organization.key)?;
        let today = self.today;
        let mut first = school_year(today, dice.between(1, 14));
        let end = match life {
            Life::EndsSoon => Some(after(today, dice.between(0, 30))),
            // Every eighth contract ends with the school year.
            Life::InForce if dice.chance(12) => {
                NaiveDate::from_ymd_opt(school_year(today, 0).year() + 1, 8, 31)
            }
            Life::InForce => None,
            Life::Upcoming => {
                first = after(today, dice.between(1, 60));
                None
            }
            Life::Ended | Life::Archived => {
                first = school_year(today, dice.between(3, 14));
                Some(before(today, dice.between(1, 400)))
            }
        };
        // Every fourth began within a school year, not with it.
        if matches!(life, Life::InForce | Life::EndsSoon) && dice.chance(25) {
            first = after(first, dice.between(10, 200));
        }
        let mut planned = Vec::new();
        for role in roles {
            let days = if planned.is_empty() || !matches!(life, Life::InForce) {
                period(first, end)?
            } else {
                period(first.max(school_year(today, dice.between(1, 6))), end)?
            };
            planned.push((*role, days));
        }
        // Some taught before they were promoted.
        let promoted = match roles.first() {
            Some(Role::SchoolDirector | Role::SchoolDeputy | Role::SchoolOfficer) => Some(Role::Teacher),
            Some(Role::CollegeDirector | Role::CollegeDeputy | Role::CollegeOfficer) => Some(Role::Lecturer),
            Some(Role::KindergartenHead) => Some(Role::KindergartenTeacher),
            _ => None,
        };
        if let (Some(role), Some((_, days))) = (promoted, planned.first().copied())
            && life == Life::InForce
            && !roles.contains(&role)
            && dice.chance(60)
        {
            planned.push((role, period(before(days.start(), 1500), Some(before(days.start(), 1)))?));
        }
        let bound_percent = match life {
            Life::InForce | Life::EndsSoon => 62,
            Life::Ended => 70,
            Life::Upcoming => 15,
            Life::Archived => 0,
        };
        // ЭПОС has been here for less than three years; cards for those to come are made shortly before.
        let began = u32::try_from((today - first).num_days()).unwrap_or_default();
        let created_hours_ago = match life {
            Life::Upcoming => dice.between(4, 24 * 20),
            _ => 24 * dice.between(45, 1000).min(began.max(45) + 5) + dice.between(0, 9),
        };
        let account = if dice.chance(bound_percent) {
            let bound_hours_ago = created_hours_ago - dice.between(1, 72).min(created_hours_ago);
            let user_name = self.user_name(&person.mailbox);
            self.accounts.push(PlannedAccount {
                user_name,
                name: person.name.clone(),
                email: email.clone(),
                password: false,
                blocked: false,
                bound_hours_ago,
                signed_in_hours_ago: dice.chance(92).then(|| dice.between(1, 24 * 45).min(bound_hours_ago)),
            });
            Some(self.accounts.len() - 1)
        } else {
            None
        };
        let without_email = account.is_none() && dice.chance(4);
        let credentials_hours_ago = match dice.below(10) {
            _ if account.is_some() || life == Life::Archived => None,
            0..5 => Some(dice.between(1, 24 * 29).min(created_hours_ago)),
            5..9 => Some(created_hours_ago),
            _ => None,
        };
        self.cards.push(PlannedCard {
            organization: organization.key,
            name: person.name,
            email: (!without_email).then_some(email),
            note: note(life, dice),
            roles: planned,
            archived: life == Life::Archived,
            account,
            created_hours_ago,
            credentials_hours_ago,
        });
        Ok(())
    }

    /// Somebody who is nobody yet.
    fn person(&mut self, kind: OrganizationKind, dice: &mut Dice) -> Result<Person, DemoError> {
        let men_percent = match kind {
            OrganizationKind::Kindergarten => 2,
            OrganizationKind::College => 38,
            _ => 14,
        };
        loop {
            let man = dice.chance(men_percent);
            let surname = |dice: &mut Dice| {
                let masculine = dice.frequent(FAMILY_NAMES);
                if man { masculine.to_owned() } else { feminine(masculine) }
            };
            let mut family = surname(dice);
            if dice.chance(2) {
                let first = dice.frequent(FIRST_OF_DOUBLE);
                let first = if man { first.to_owned() } else { feminine(first) };
                family = format!("{first}-{family}");
            }
            let given = dice.frequent(if man { MEN } else { WOMEN });
            let (his, hers) = dice.frequent(PATRONYMICS);
            let patronymic = if man { his } else { hers };
            if self.taken_names.insert(format!("{family} {given} {patronymic}")) {
                let name = name_of(&family, given, patronymic)?;
                let mailbox = mailbox(&name);
                return Ok(Person { name, mailbox });
            }
        }
    }

    fn email(&mut self, mailbox: &str, key: &str) -> Result<Email, DemoError> {
        let count = self.taken_mailboxes.entry(format!("{mailbox}@{key}")).or_default();
        *count += 1;
        let number = if *count == 1 { String::new() } else { count.to_string() };
        format!("{mailbox}{number}@{key}.example").parse().map_err(|error| invalid(&error))
    }

    fn user_name(&mut self, mailbox: &str) -> String {
        let base = mailbox.replace('.', "_");
        let count = self.taken_user_names.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 { base } else { format!("{base}{count}") }
    }
}

fn note(life: Life, dice: &mut Dice) -> &'static str {
    match life {
        Life::Upcoming if dice.chance(50) => "Выходит из отпуска по уходу за ребёнком",
        Life::EndsSoon if dice.chance(50) => "Замещает основного работника",
        Life::Archived => "Увольнение по собственному желанию",
        Life::InForce if dice.chance(3) => "Совместитель, 0,5 ставки",
        Life::InForce if dice.chance(2) => "Документы проверены 01.09",
        _ => "",
    }
}
