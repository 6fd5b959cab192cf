//! What the demo holds, before it is in any database: the same seed and the same day give the same plan.

use chrono::NaiveDate;

use super::DemoError;
use super::organizations::{self, PlannedOrganization};
use super::people::{Line, People, PlannedAccount, PlannedCard};

/// Everything that is to be created.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Organizations, parents before children.
    pub organizations: Vec<PlannedOrganization>,
    /// Accounts; those of the printed table first.
    pub accounts: Vec<PlannedAccount>,
    /// Cards.
    pub cards: Vec<PlannedCard>,
    /// The printed table.
    pub lines: Vec<Line>,
}

impl Plan {
    /// The plan for a seed; days are told from `today`.
    ///
    /// # Errors
    /// A rule of the values refuses what was made up (never, as the tests prove for many days).
    pub fn new(seed: u64, today: NaiveDate) -> Result<Self, DemoError> {
        let organizations = organizations::plan()?;
        let mut people = People::new(seed, today);
        people.cast()?;
        people.rare_names()?;
        for organization in &organizations {
            people.staff(organization)?;
        }
        let People { cards, accounts, lines, .. } = people;
        Ok(Self { organizations, accounts, cards, lines })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use epos_shared::roles::{OrganizationKind, Role};
    use epos_shared::values::{NewPassword, RoleState, Snils};

    use super::*;
    use crate::demo::{PASSWORD, SEED};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn plan() -> Plan {
        Plan::new(SEED, day("2026-11-22")).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_one_another() {
        let written = |plan: &Plan| format!("{plan:?}");
        assert_eq!(written(&plan()), written(&plan()));
        assert_ne!(written(&plan()), written(&Plan::new(SEED + 1, day("2026-11-22")).unwrap()));
    }

    #[test]
    fn a_plan_can_be_made_all_through_a_leap_year() {
        let week_by_week = day("2028-01-01").iter_days().take(366).step_by(7);
        // The ends of the school year and of the shortest month, each with what surrounds it.
        let around = ["2028-02-28", "2028-08-31"].into_iter().flat_map(|text| day(text).iter_days().take(3));
        for today in week_by_week.chain(around) {
            let plan = Plan::new(SEED, today).unwrap();
            for card in &plan.cards {
                for (place, (role, period)) in card.roles.iter().enumerate() {
                    for (other, days) in &card.roles[place + 1..] {
                        assert!(role != other || !period.overlaps(days), "{today}: {card:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn it_holds_what_the_guides_promise() {
        let plan = plan();
        let kinds = plan.organizations.iter().fold(HashMap::new(), |mut kinds, organization| {
            *kinds.entry(organization.kind).or_insert(0) += 1;
            kinds
        });
        assert_eq!(
            OrganizationKind::ALL.map(|kind| kinds[&kind]),
            [1, 4, 15, 3, 9],
            "operator, departments, schools, colleges, kindergartens"
        );
        assert!((480..=520).contains(&plan.cards.len()), "{} cards", plan.cards.len());
        let inns: HashSet<_> = plan.organizations.iter().map(|organization| &organization.inn).collect();
        let keys: HashSet<_> = plan.organizations.iter().map(|organization| organization.key).collect();
        assert_eq!((inns.len(), keys.len()), (plan.organizations.len(), plan.organizations.len()));
    }

    #[test]
    fn every_role_fits_its_organization_and_every_kind_of_life_is_there() {
        let plan = plan();
        let kinds: HashMap<_, _> =
            plan.organizations.iter().map(|organization| (organization.key, organization.kind)).collect();
        let today = day("2026-11-22");
        let mut states = HashMap::new();
        let (mut archived, mut several, mut ends_soon, mut unbound, mut without_email) = (0, 0, 0, 0, 0);
        for card in &plan.cards {
            assert!(!card.roles.is_empty());
            for (role, period) in &card.roles {
                assert!(role.fits(kinds[card.organization]), "{card:?}");
                *states.entry(period.state(today)).or_insert(0) += 1;
                let left = period.end().map(|end| (end - today).num_days());
                ends_soon += u32::from(left.is_some_and(|left| (0..=30).contains(&left)));
            }
            archived += u32::from(card.archived);
            several += u32::from(card.roles.len() > 1);
            unbound += u32::from(card.account.is_none());
            without_email += u32::from(card.email.is_none());
        }
        assert!(states[&RoleState::InForce] > 350, "{states:?}");
        assert!(states[&RoleState::Upcoming] > 10 && states[&RoleState::Ended] > 50, "{states:?}");
        assert!(archived > 5 && several > 80 && ends_soon > 15 && unbound > 150 && without_email > 1);
        let names: Vec<_> = plan.cards.iter().map(|card| &card.name).collect();
        assert!(names.iter().filter(|name| name.patronymic.is_none()).count() >= 6);
        assert!(names.iter().any(|name| name.to_string().chars().count() > 90));
        assert!(names.iter().filter(|name| name.family_name.as_str().contains('-')).count() >= 4);
        assert!(names.iter().filter(|name| name.to_string().contains('ё')).count() > 40);
    }

    #[test]
    fn every_organization_but_the_operator_and_those_without_staff_has_one_head() {
        let plan = plan();
        let today = day("2026-11-22");
        for organization in &plan.organizations {
            let head = match organization.kind {
                OrganizationKind::School => Role::SchoolDirector,
                OrganizationKind::College => Role::CollegeDirector,
                OrganizationKind::Kindergarten => Role::KindergartenHead,
                _ => continue,
            };
            let heads = plan
                .cards
                .iter()
                .filter(|card| card.organization == organization.key)
                .flat_map(|card| &card.roles)
                .filter(|(role, period)| *role == head && period.state(today) == RoleState::InForce)
                .count();
            assert_eq!(heads, 1, "{}", organization.short_name);
        }
    }

    /// What those who come through the stand-in for ЕСИА find here.
    #[test]
    fn people_of_the_stand_in_find_what_the_guide_promises() {
        const PEOPLE: &str = include_str!("../../../esia-standin/people/demo.json");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let people: Vec<_> = serde_json::from_str::<Vec<serde_json::Value>>(PEOPLE)
            .unwrap()
            .into_iter()
            .map(|person| {
                let name = ["lastName", "firstName", "middleName"].map(|part| text(&person[part])).join(" ");
                let email = text(&person["contacts"][0]["value"]);
                (name.trim_end().to_owned(), email, person["snils"].as_str().unwrap().parse::<Snils>())
            })
            .collect();
        assert!(people.iter().all(|(.., snils)| snils.is_ok()), "{people:?}");
        for today in ["2026-11-22", "2027-08-31", "2028-02-29", "2029-06-10"].map(day) {
            let plan = Plan::new(SEED, today).unwrap();
            let found: String = people
                .iter()
                .map(|(name, email, _)| {
                    let account = plan
                        .accounts
                        .iter()
                        .find(|account| account.name.to_string() == *name && account.email.as_str() == email);
                    let card = |wanted: &dyn Fn(&PlannedCard) -> bool| {
                        plan.cards.iter().any(|card| !card.archived && card.account.is_none() && wanted(card))
                    };
                    let has_name = |card: &PlannedCard| card.name.to_string() == *name;
                    let has_email =
                        |card: &PlannedCard| card.email.as_ref().is_some_and(|own| own.as_str() == email);
                    match account {
                        Some(account) if account.blocked => 'b',
                        Some(account) if account.password => 'p',
                        Some(_) => 'w',
                        None if card(&|card| has_name(card) && has_email(card)) => 'c',
                        None if card(&has_name) => 'n',
                        None if card(&has_email) => 'e',
                        None => '-',
                    }
                })
                .collect();
            // Password, password, without one; two cards; a card by ФИО alone, by e-mail alone; three of no card;
            // three cards whose people may not come in; blocked.
            assert_eq!(found, "ppwccne---cccb", "{today}");
        }
    }

    #[test]
    fn every_role_has_an_account_of_the_table_with_a_card_in_force() {
        let plan = plan();
        let today = day("2026-11-22");
        for role in Role::ALL {
            let there = plan.lines.iter().any(|line| {
                let account = &plan.accounts[line.account];
                account.password
                    && !account.blocked
                    && line.cards.iter().any(|card| {
                        let card = &plan.cards[*card];
                        card.account == Some(line.account)
                            && card.roles.iter().any(|(given, period)| {
                                *given == role && period.state(today) == RoleState::InForce
                            })
                    })
            });
            assert!(there, "{role:?}");
        }
        let password: NewPassword = PASSWORD.parse().unwrap();
        for line in &plan.lines {
            let account = &plan.accounts[line.account];
            let known = [account.user_name.as_str(), account.email.as_str()];
            assert!(password.clone().unlike(known).is_ok());
        }
        assert_eq!(plan.lines.iter().filter(|line| line.unbound_card.is_some()).count(), 1);
        let user_names: HashSet<_> = plan.accounts.iter().map(|account| &account.user_name).collect();
        let emails: HashSet<_> = plan.accounts.iter().map(|account| account.email.key()).collect();
        assert_eq!((user_names.len(), emails.len()), (plan.accounts.len(), plan.accounts.len()));
    }
}
