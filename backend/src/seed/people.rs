//! Invented staff: drawn card after card, so that a million of them need no more memory than a thousand.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{Email, FullName, Login, Period, PersonName, login_stem};

use super::organizations::PlannedOrganization;
use super::{SeedError, invalid};
use crate::accounts::bulk::PastAccount;
use crate::context::{Context, ManualClock, MasterKey, Secrets, SeededRandom};
use crate::db::types::Id;
use crate::invented::dice::{Dice, Frequencies};
use crate::invented::names::{
    FIRST_OF_DOUBLE, MEN, PATRONYMICS, WITHOUT_PATRONYMIC, WOMEN, feminine, many_family_names,
};
use crate::invented::staff::{mailbox, roles_at, school_year};
use crate::kontingent::bulk::PastCard;

/// How long ago the first cards were made; the last ones are of this minute.
const DAYS_OF_WORK: i64 = 1000;
/// The domain of private mailboxes: a share of the people use one.
const PRIVATE_DOMAIN: &str = "post.example";
/// The longest name before `@`.
const MAILBOX_LENGTH: usize = 24;

/// What the days of somebody's roles look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    InForce,
    EndsSoon,
    Upcoming,
    Ended,
    Archived,
}

/// A list of names with their frequencies.
#[derive(Debug)]
struct Names {
    names: Vec<PersonName>,
    frequencies: Frequencies,
}

impl Names {
    fn new(names: impl Iterator<Item = String>) -> Result<Self, SeedError> {
        let names = names.map(|name| name.parse().map_err(invalid)).collect::<Result<Vec<_>, _>>()?;
        let frequencies = Frequencies::new(names.len());
        Ok(Self { names, frequencies })
    }

    fn draw(&self, dice: &mut Dice) -> Result<PersonName, SeedError> {
        self.names.get(self.frequencies.draw(dice)).cloned().ok_or_else(|| invalid("an empty list of names"))
    }
}

/// Names of one sex.
#[derive(Debug)]
struct Sex {
    families: Names,
    given: Names,
    patronymics: Names,
}

/// Draws people and remembers what is taken.
pub(super) struct People {
    seed: u64,
    today: NaiveDate,
    /// The moment of the seeding, and the moments of the cards before it.
    now: DateTime<Utc>,
    step: TimeDelta,
    drawn: i32,
    clock: Arc<ManualClock>,
    context: Context,
    women: Sex,
    men: Sex,
    logins: HashMap<String, u32>,
    user_names: HashMap<String, u32>,
    /// Names that were given out before the seeding.
    issued: HashSet<String>,
}

/// Cards with the accounts they are bound to.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) accounts: Vec<PastAccount>,
    pub(super) cards: Vec<PastCard>,
}

impl People {
    /// People for `staff` cards, none of whom takes a name of `issued`.
    pub(super) fn new(
        seed: u64,
        context: &Context,
        staff: u32,
        issued: HashSet<String>,
    ) -> Result<Self, SeedError> {
        let now = context.now();
        let clock = Arc::new(ManualClock::at(now));
        let shared: Arc<dyn crate::context::Clock> = Arc::<ManualClock>::clone(&clock);
        // Identifiers are the seed's, and no secret is made here.
        let random = Arc::new(SeededRandom::new(seed));
        let own = Context::new(shared, random, Secrets::new(&MasterKey::from_bytes([0; 32])), chrono_tz::UTC);
        let families = many_family_names();
        let texts = |list: &'static [&'static str]| list.iter().map(|name| (*name).to_owned());
        Ok(Self {
            seed,
            today: context.today(),
            now,
            step: TimeDelta::days(DAYS_OF_WORK) / i32::try_from(staff.max(1)).unwrap_or(i32::MAX),
            drawn: 0,
            clock,
            context: own,
            women: Sex {
                families: Names::new(families.iter().map(|name| feminine(name)))?,
                given: Names::new(texts(WOMEN))?,
                patronymics: Names::new(PATRONYMICS.iter().map(|(_, hers)| (*hers).to_owned()))?,
            },
            men: Sex {
                families: Names::new(families.iter().cloned())?,
                given: Names::new(texts(MEN))?,
                patronymics: Names::new(PATRONYMICS.iter().map(|(his, _)| (*his).to_owned()))?,
            },
            logins: HashMap::new(),
            user_names: HashMap::new(),
            issued,
        })
    }

    /// An identifier of the moment of an organization's creation: before every card.
    pub(super) fn context_before(&self) -> Context {
        self.clock.set(self.now - TimeDelta::days(DAYS_OF_WORK + 1));
        self.context.clone()
    }

    /// Draws the staff of an organization and gives each full chunk away.
    pub(super) fn staff(
        &mut self,
        place: usize,
        organization: &PlannedOrganization,
        id: Id,
        chunk: &mut Chunk,
        mut full: impl FnMut(&mut Chunk) -> Result<(), SeedError>,
    ) -> Result<(), SeedError> {
        let mut dice = Dice::new(self.seed, &format!("organization {place}"));
        let mut mailboxes: HashMap<String, u32> = HashMap::new();
        for number in 0..organization.staff {
            let roles = roles_at(organization.kind, number, &mut dice);
            let life = match dice.below(100) {
                _ if number == 0 => Life::InForce,
                0..3 => Life::EndsSoon,
                3..6 => Life::Upcoming,
                6..18 => Life::Ended,
                18..22 => Life::Archived,
                _ => Life::InForce,
            };
            self.hire(organization, id, &roles, life, &mut mailboxes, &mut dice, chunk)?;
            full(chunk)?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one card's circumstances")]
    fn hire(
        &mut self,
        organization: &PlannedOrganization,
        organization_id: Id,
        roles: &[Role],
        life: Life,
        mailboxes: &mut HashMap<String, u32>,
        dice: &mut Dice,
        chunk: &mut Chunk,
    ) -> Result<(), SeedError> {
        let moment = self.now - TimeDelta::days(DAYS_OF_WORK) + self.step * self.drawn;
        self.drawn += 1;
        self.clock.set(moment);
        let created_at = self.context.db_now();
        let name = self.name(organization.kind, dice)?;
        let login = self.login(&name)?;
        let local: String = mailbox(&name).chars().take(MAILBOX_LENGTH).collect();
        let local = local.trim_end_matches('.').to_owned();
        let user_name = self.user_name(&local);
        let email = if dice.chance(30) {
            format!("{user_name}@{PRIVATE_DOMAIN}")
        } else {
            let count = mailboxes.entry(local.clone()).and_modify(|count| *count += 1).or_insert(1);
            let number = if *count == 1 { String::new() } else { count.to_string() };
            format!("{local}{number}@{}", organization.domain)
        };
        let email: Email = email.parse().map_err(invalid)?;
        let assignments = self.days(roles, life, dice)?;
        let archived_at = (life == Life::Archived).then(|| self.between(created_at, dice));
        let bound_percent = match life {
            Life::InForce | Life::EndsSoon => 60,
            Life::Ended => 70,
            Life::Upcoming => 15,
            Life::Archived => 0,
        };
        let id = self.context.id();
        let roles = assignments.into_iter().map(|(role, period)| (self.context.id(), role, period)).collect();
        let (mut binding, mut account_signed_in_at) = (None, None);
        if dice.chance(bound_percent) {
            let account = self.context.id();
            let bound_at = self.between(created_at, dice);
            let last_sign_in_at = dice.chance(88).then(|| self.between(bound_at, dice));
            binding = Some((self.context.id(), account, bound_at));
            account_signed_in_at = last_sign_in_at;
            chunk.accounts.push(PastAccount {
                id: account,
                user_name,
                name: name.clone(),
                email: email.clone(),
                created_at,
                last_sign_in_at,
            });
        }
        let email = (binding.is_some() || !dice.chance(4)).then_some(email);
        chunk.cards.push(PastCard {
            id,
            organization: organization_id,
            login,
            name,
            email,
            note: String::new(),
            created_at,
            archived_at,
            roles,
            binding,
            account_signed_in_at,
        });
        Ok(())
    }

    /// A moment between one and now.
    fn between(&self, moment: NaiveDateTime, dice: &mut Dice) -> NaiveDateTime {
        let seconds = (self.now.naive_utc() - moment).num_seconds().clamp(0, i64::from(u32::MAX));
        moment + TimeDelta::seconds(dice.below(u32::try_from(seconds).unwrap_or_default()).into())
    }

    fn name(&self, kind: OrganizationKind, dice: &mut Dice) -> Result<FullName, SeedError> {
        // One in two hundred has no отчество.
        if dice.below(200) == 0 {
            let (family, given) = dice.frequent(WITHOUT_PATRONYMIC);
            return Ok(FullName {
                family_name: family.parse().map_err(invalid)?,
                given_name: given.parse().map_err(invalid)?,
                patronymic: None,
            });
        }
        let men_percent = match kind {
            OrganizationKind::Kindergarten => 2,
            OrganizationKind::College => 38,
            _ => 14,
        };
        let man = dice.chance(men_percent);
        let sex = if man { &self.men } else { &self.women };
        let mut family_name = sex.families.draw(dice)?;
        if dice.chance(2) {
            let first = dice.frequent(FIRST_OF_DOUBLE);
            let first = if man { first.to_owned() } else { feminine(first) };
            family_name = format!("{first}-{family_name}").parse().map_err(invalid)?;
        }
        Ok(FullName {
            family_name,
            given_name: sex.given.draw(dice)?,
            patronymic: Some(sex.patronymics.draw(dice)?),
        })
    }

    /// The login by the rule: the smallest number that nobody has.
    fn login(&mut self, name: &FullName) -> Result<Login, SeedError> {
        let stem = login_stem(name);
        let number = self.logins.entry(stem.clone()).or_default();
        loop {
            *number += 1;
            let login = Login::numbered(&stem, *number).map_err(invalid)?;
            if !self.issued.contains(login.as_str()) {
                return Ok(login);
            }
        }
    }

    /// A user name of РСАА; the dot in it keeps it apart from every login.
    fn user_name(&mut self, local: &str) -> String {
        let number = self.user_names.entry(local.to_owned()).or_default();
        loop {
            *number += 1;
            let name = if *number == 1 { local.to_owned() } else { format!("{local}{number}") };
            if !self.issued.contains(&name) {
                return name;
            }
        }
    }

    /// Days of each role; some have a past.
    fn days(&self, roles: &[Role], life: Life, dice: &mut Dice) -> Result<Vec<(Role, Period)>, SeedError> {
        let today = self.today;
        let before = |days: u32| today.checked_sub_days(Days::new(days.into())).unwrap_or(today);
        let after = |day: NaiveDate, days: u32| day.checked_add_days(Days::new(days.into())).unwrap_or(day);
        let period = |start, end| Period::new(start, end).map_err(invalid);
        let mut start = school_year(today, dice.between(1, 14));
        let end = match life {
            Life::EndsSoon => Some(after(today, dice.between(0, 30))),
            Life::InForce if dice.chance(12) => {
                NaiveDate::from_ymd_opt(school_year(today, 0).year() + 1, 8, 31)
            }
            Life::InForce => None,
            Life::Upcoming => {
                start = after(today, dice.between(1, 60));
                None
            }
            Life::Ended | Life::Archived => Some(before(dice.between(1, 400))),
        };
        if let Some(end) = end {
            start = start.min(end);
        }
        let mut all = Vec::new();
        for role in roles {
            all.push((*role, period(start, end)?));
        }
        // Every seventh had the role before, and came back to it.
        if life != Life::Upcoming
            && dice.chance(14)
            && let Some(role) = roles.first()
        {
            let until = start.checked_sub_days(Days::new(dice.between(30, 700).into())).unwrap_or(start);
            let since = until.checked_sub_days(Days::new(dice.between(100, 1500).into())).unwrap_or(until);
            all.push((*role, period(since, Some(until))?));
        }
        Ok(all)
    }
}
