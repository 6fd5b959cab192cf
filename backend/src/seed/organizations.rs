//! Invented organizations: an operator, departments of districts and one of the region, schools, colleges and
//! kindergartens in about the proportions of a region.

use epos_shared::roles::OrganizationKind;
use epos_shared::values::{Inn, Kpp};

use super::{Plan, SeedError, invalid};
use crate::invented::dice::Dice;

/// An organization that is to be created.
#[derive(Debug, Clone)]
pub(super) struct PlannedOrganization {
    /// The place of the organization above, which is earlier in the plan.
    pub(super) parent: Option<usize>,
    pub(super) kind: OrganizationKind,
    pub(super) full_name: String,
    pub(super) short_name: String,
    pub(super) town: String,
    pub(super) inn: Inn,
    pub(super) kpp: Kpp,
    /// The domain of its mailboxes, no other organization's.
    pub(super) domain: String,
    /// Cards.
    pub(super) staff: u32,
}

/// The most organizations: so many numbers the range of their ИНН has.
const MOST: u32 = 99_999;
/// Organizations to a department of a district.
const PER_DISTRICT: u32 = 45;

const TOWN_BEGINNINGS: [&str; 12] = [
    "Верхне",
    "Нижне",
    "Ново",
    "Старо",
    "Красно",
    "Средне",
    "Усть-",
    "Велико",
    "Мало",
    "Бело",
    "Горно",
    "Лысо",
];
const TOWN_ENDINGS: [&str; 16] = [
    "камск",
    "сылвенск",
    "косьвинск",
    "иренск",
    "чусовск",
    "вишерск",
    "яйвинск",
    "обвинск",
    "иньвенск",
    "тулвинск",
    "бабкинск",
    "очёрск",
    "кизеловск",
    "усьвинск",
    "язьвинск",
    "тимшерск",
];
const KINDERGARTENS: [&str; 14] = [
    "Солнышко",
    "Теремок",
    "Ёлочка",
    "Родничок",
    "Колосок",
    "Малахит",
    "Журавушка",
    "Рябинка",
    "Сказка",
    "Ромашка",
    "Светлячок",
    "Берёзка",
    "Радуга",
    "Ласточка",
];
const TRADES: [(&str, &str); 8] = [
    ("политехнический", "колледж"),
    ("педагогический", "колледж"),
    ("медицинский", "колледж"),
    ("агропромышленный", "техникум"),
    ("строительный", "техникум"),
    ("горный", "техникум"),
    ("торгово-технологический", "колледж"),
    ("лесотехнический", "техникум"),
];

/// Every organization, parents before children. `first` is the number of the first: other numbers are taken.
pub(super) fn plan(plan: &Plan, first: u32) -> Result<Vec<PlannedOrganization>, SeedError> {
    if plan.organizations < 4 {
        return Err(SeedError::Wanted("--organizations: at least 4 (operator, departments, a school)"));
    }
    if first.saturating_add(plan.organizations) > MOST {
        return Err(SeedError::Wanted("--organizations: at most 99,999 in one database"));
    }
    let mut dice = Dice::new(plan.seed, "organizations");
    let mut all = vec![PlannedOrganization {
        parent: None,
        kind: OrganizationKind::Operator,
        full_name: format!(
            "Государственное бюджетное учреждение «Оператор ЭПОС, набор данных {}»",
            first + 1
        ),
        short_name: format!("ГБУ «Оператор ЭПОС, набор {}»", first + 1),
        town: "г. Пермь".to_owned(),
        inn: inn(first)?,
        kpp: kpp()?,
        domain: format!("operator{first}.example"),
        staff: 0,
    }];
    all.push(PlannedOrganization {
        parent: Some(0),
        kind: OrganizationKind::EducationDepartment,
        full_name: "Краевое управление среднего профессионального образования".to_owned(),
        short_name: "Краевое управление СПО".to_owned(),
        inn: inn(first + 1)?,
        domain: format!("uo-spo{first}.example"),
        ..bare(&all)?
    });
    let districts = (plan.organizations / PER_DISTRICT).max(1);
    for district in 0..districts {
        let (adjective, town) = town(district);
        let number = first + 2 + district;
        all.push(PlannedOrganization {
            parent: Some(0),
            kind: OrganizationKind::EducationDepartment,
            full_name: format!("Управление образования администрации города {town}а и округа"),
            short_name: format!("Управление образования ({adjective} МО)"),
            town: format!("г. {town}"),
            inn: inn(number)?,
            domain: format!("uo{number}.example"),
            ..bare(&all)?
        });
    }
    for place in (2 + districts)..plan.organizations {
        all.push(one(place, first + place, districts, &mut dice, bare(&all)?)?);
    }
    share_staff(plan, &mut all);
    Ok(all)
}

/// What organizations have alike.
fn bare(all: &[PlannedOrganization]) -> Result<PlannedOrganization, SeedError> {
    Ok(PlannedOrganization { kpp: kpp()?, ..all.first().cloned().ok_or_else(|| invalid("no operator"))? })
}

/// Name in the adjective form and the town of a district.
fn town(district: u32) -> (String, String) {
    let (beginnings, endings) = (TOWN_BEGINNINGS.len(), TOWN_ENDINGS.len());
    let place = usize::try_from(district).unwrap_or_default();
    let beginning = TOWN_BEGINNINGS.get((place / endings) % beginnings).copied().unwrap_or_default();
    let ending = TOWN_ENDINGS.get(place % endings).copied().unwrap_or_default();
    let round = place / (beginnings * endings);
    let number = if round == 0 { String::new() } else { format!("-{}", round + 1) };
    (format!("{beginning}{ending}ий{number}"), format!("{beginning}{ending}{number}"))
}

/// A school, a college or a kindergarten.
fn one(
    place: u32,
    number: u32,
    districts: u32,
    dice: &mut Dice,
    bare: PlannedOrganization,
) -> Result<PlannedOrganization, SeedError> {
    let district = place % districts;
    let (adjective, town) = town(district);
    let in_district = place / districts;
    let parent = Some(usize::try_from(2 + district).unwrap_or_default());
    let town_line = format!("г. {town}");
    // Of a hundred: 45 schools, 51 kindergartens, 4 colleges. The first two of all are schools.
    let (kind, full_name, short_name, domain, parent) = match dice.below(100) {
        drawn if drawn < 45 || place < 4 + districts => {
            let (long, short) = match dice.below(10) {
                0 => ("Гимназия", "Гимназия"),
                1 => ("Лицей", "Лицей"),
                2 => ("Основная общеобразовательная школа", "ООШ"),
                _ => ("Средняя общеобразовательная школа", "СОШ"),
            };
            (
                OrganizationKind::School,
                format!(
                    "Муниципальное автономное общеобразовательное учреждение «{long} № {in_district}» г. {town}а"
                ),
                format!("МАОУ «{short} № {in_district}» г. {town}а"),
                format!("school{number}.example"),
                parent,
            )
        }
        96.. => {
            let (trade, word) = TRADES
                .get(usize::try_from(number).unwrap_or_default() % TRADES.len())
                .copied()
                .unwrap_or_default();
            (
                OrganizationKind::College,
                format!(
                    "Государственное бюджетное профессиональное образовательное учреждение «{adjective} {trade} {word} № {number}»"
                ),
                format!("ГБПОУ «{adjective} {trade} {word} № {number}»"),
                format!("spo{number}.example"),
                Some(1),
            )
        }
        _ => {
            let name = dice.frequent(&KINDERGARTENS);
            (
                OrganizationKind::Kindergarten,
                format!(
                    "Муниципальное автономное дошкольное образовательное учреждение «Детский сад № {in_district} „{name}“» г. {town}а"
                ),
                format!("МАДОУ «Детский сад № {in_district} „{name}“» г. {town}а"),
                format!("ds{number}.example"),
                parent,
            )
        }
    };
    Ok(PlannedOrganization {
        parent,
        kind,
        full_name,
        short_name,
        town: town_line,
        inn: inn(number)?,
        domain,
        ..bare
    })
}

/// Divides the staff: by the size that kinds have, and by chance.
fn share_staff(plan: &Plan, all: &mut [PlannedOrganization]) {
    let mut dice = Dice::new(plan.seed, "staff");
    let weights: Vec<u64> = all
        .iter()
        .map(|organization| {
            let usual = match organization.kind {
                OrganizationKind::Operator | OrganizationKind::EducationDepartment => 1,
                OrganizationKind::School => 12,
                OrganizationKind::College => 16,
                OrganizationKind::Kindergarten => 6,
            };
            usual * u64::from(dice.between(40, 180))
        })
        .collect();
    let total: u64 = weights.iter().sum::<u64>().max(1);
    let (mut sum, mut given) = (0_u64, 0_u32);
    for (organization, weight) in all.iter_mut().zip(weights) {
        sum += weight;
        let until = u32::try_from(u64::from(plan.staff) * sum / total).unwrap_or(plan.staff);
        organization.staff = until - given;
        given = until;
    }
}

/// An ИНН of the range 5998, which no tax office has (nor the demo, whose is 5999).
fn inn(number: u32) -> Result<Inn, SeedError> {
    let head = format!("5998{number:05}");
    (0..10)
        .find_map(|check| format!("{head}{check}").parse().ok())
        .ok_or_else(|| invalid(format!("ИНН {head}?")))
}

fn kpp() -> Result<Kpp, SeedError> {
    "599801001".parse().map_err(invalid)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn organizations_are_a_tree_with_numbers_of_their_own_and_the_proportions_of_a_region() {
        let wanted = Plan { organizations: 2000, staff: 1_000_000, seed: 1 };
        let all = plan(&wanted, 0).unwrap();
        assert_eq!(all.len(), 2000);
        assert_eq!(all.iter().map(|organization| organization.staff).sum::<u32>(), 1_000_000);
        let mut kinds = HashMap::new();
        for (place, organization) in all.iter().enumerate() {
            *kinds.entry(organization.kind).or_insert(0) += 1;
            match (organization.kind, organization.parent) {
                (OrganizationKind::Operator, None) => assert_eq!(place, 0),
                (OrganizationKind::Operator, _) => panic!("{organization:?}"),
                (_, Some(parent)) => {
                    assert!(parent < place);
                    let above = all[parent].kind;
                    assert!(matches!(
                        above,
                        OrganizationKind::Operator | OrganizationKind::EducationDepartment
                    ));
                }
                (_, None) => panic!("{organization:?}"),
            }
        }
        assert_eq!(
            (kinds[&OrganizationKind::Operator], kinds[&OrganizationKind::EducationDepartment]),
            (1, 45)
        );
        assert!((800..950).contains(&kinds[&OrganizationKind::School]), "{kinds:?}");
        assert!((900..1100).contains(&kinds[&OrganizationKind::Kindergarten]), "{kinds:?}");
        assert!((50..110).contains(&kinds[&OrganizationKind::College]), "{kinds:?}");
        for unique in [
            all.iter().map(|organization| organization.inn.to_string()).collect::<HashSet<_>>(),
            all.iter().map(|organization| organization.domain.clone()).collect(),
            all.iter().map(|organization| organization.short_name.clone()).collect(),
        ] {
            assert_eq!(unique.len(), 2000);
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        assert!(plan(&Plan { organizations: 3, staff: 1, seed: 1 }, 0).is_err());
        assert!(plan(&Plan { organizations: 50_000, staff: 1, seed: 1 }, 50_000).is_err());
        assert!(plan(&Plan { organizations: 4, staff: 0, seed: 1 }, 0).is_ok());
    }
}
