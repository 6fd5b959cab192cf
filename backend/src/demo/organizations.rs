//! The organizations of the demo: an operator, three invented districts, a regional department over colleges.

use epos_shared::api::registration::AppliedOrganization;
use epos_shared::roles::OrganizationKind;
use epos_shared::values::{Inn, Kpp};

use super::DemoError;

/// An organization that is to be created.
#[derive(Debug, Clone)]
pub struct PlannedOrganization {
    /// What the plan calls it; also the domain of its mailboxes (`{key}.example`).
    pub key: &'static str,
    /// The key of the organization above, which stands earlier in the plan.
    pub parent: Option<&'static str>,
    /// Its kind.
    pub kind: OrganizationKind,
    /// Полное наименование.
    pub full_name: String,
    /// Краткое наименование.
    pub short_name: String,
    /// Town.
    pub town: &'static str,
    /// ИНН with a right check digit, of a number range that no tax office has.
    pub inn: Inn,
    /// КПП.
    pub kpp: Kpp,
    /// People who work there, besides those with an account of the table.
    pub staff: u32,
}

/// Where organizations stand: the name of the district in the genitive, and its town in both forms.
struct District {
    department: &'static str,
    key: &'static str,
    genitive: &'static str,
    town: &'static str,
}

const DISTRICTS: [District; 3] = [
    District {
        department: "Верхнекамский",
        key: "uo-verkhnekamsk",
        genitive: "Верхнекамского муниципального округа",
        town: "г. Верхнекамск",
    },
    District {
        department: "Сылвенский",
        key: "uo-sylvensk",
        genitive: "Сылвенского муниципального округа",
        town: "г. Сылвенск",
    },
    District {
        department: "Косьвинский",
        key: "uo-kosvinsk",
        genitive: "Косьвинского муниципального округа",
        town: "г. Косьвинск",
    },
];

const OPERATOR: &str = "operator";
const REGIONAL: &str = "uo-spo";

/// Legal forms: short and in full.
const FORMS: [(&str, &str); 6] = [
    ("МАОУ", "Муниципальное автономное общеобразовательное учреждение"),
    ("МБОУ", "Муниципальное бюджетное общеобразовательное учреждение"),
    ("МАДОУ", "Муниципальное автономное дошкольное образовательное учреждение"),
    ("МБДОУ", "Муниципальное бюджетное дошкольное образовательное учреждение"),
    ("ГБПОУ", "Государственное бюджетное профессиональное образовательное учреждение"),
    ("КГАПОУ", "Краевое государственное автономное профессиональное образовательное учреждение"),
];

/// A row of the table below: key, parent, legal form, name in full, name in short (both inside or outside of
/// quotation marks as they stand), what follows the name, town, staff.
struct Row {
    key: &'static str,
    parent: &'static str,
    form: &'static str,
    name: &'static str,
    short: &'static str,
    place: &'static str,
    town: &'static str,
    staff: u32,
}

macro_rules! rows {
    ($($key:literal < $parent:literal : $form:literal $name:literal / $short:literal + $place:literal @ $town:literal x $staff:literal;)+) => {
        &[$(Row { key: $key, parent: $parent, form: $form, name: $name, short: $short, place: $place, town: $town, staff: $staff }),+]
    };
}

const ROWS: &[Row] = rows! {
    "sosh12-verkhnekamsk" < "uo-verkhnekamsk": "МАОУ" "«Средняя общеобразовательная школа № 12»" / "«СОШ № 12»" + "г. Верхнекамска" @ "г. Верхнекамск" x 34;
    "gimnaziya4-verkhnekamsk" < "uo-verkhnekamsk": "МАОУ" "«Гимназия № 4»" / "«Гимназия № 4»" + "г. Верхнекамска" @ "г. Верхнекамск" x 26;
    "sosh7-verkhnekamsk" < "uo-verkhnekamsk": "МБОУ" "«Средняя общеобразовательная школа № 7 с углублённым изучением отдельных предметов»" / "«СОШ № 7 с УИОП»" + "г. Верхнекамска" @ "г. Верхнекамск" x 22;
    "kamennolozhskaya-sosh" < "uo-verkhnekamsk": "МБОУ" "«Каменноложская средняя общеобразовательная школа»" / "«Каменноложская СОШ»" + "" @ "пос. Каменный Лог" x 14;
    "berezovogorskaya-oosh" < "uo-verkhnekamsk": "МБОУ" "«Берёзовогорская основная общеобразовательная школа»" / "«Берёзовогорская ООШ»" + "" @ "с. Берёзовая Гора" x 10;
    "ds5-verkhnekamsk" < "uo-verkhnekamsk": "МАДОУ" "«Детский сад № 5 „Солнышко“»" / "«Детский сад № 5 „Солнышко“»" + "г. Верхнекамска" @ "г. Верхнекамск" x 12;
    "crr14-verkhnekamsk" < "uo-verkhnekamsk": "МАДОУ" "«Центр развития ребёнка — детский сад № 14»" / "«ЦРР — детский сад № 14»" + "г. Верхнекамска" @ "г. Верхнекамск" x 14;
    "rodnichok-kamennyi-log" < "uo-verkhnekamsk": "МБДОУ" "«Каменноложский детский сад „Родничок“»" / "«Детский сад „Родничок“»" + "" @ "пос. Каменный Лог" x 6;

    "sosh1-sylvensk" < "uo-sylvensk": "МАОУ" "«Средняя общеобразовательная школа № 1 имени первого учителя Сылвенского края Аполлинария Христофоровича Ключевского-Заозёрного»" / "«СОШ № 1 имени А. Х. Ключевского-Заозёрного»" + "г. Сылвенска" @ "г. Сылвенск" x 26;
    "licey2-sylvensk" < "uo-sylvensk": "МАОУ" "«Лицей № 2»" / "«Лицей № 2»" + "г. Сылвенска" @ "г. Сылвенск" x 24;
    "klyuchevskaya-sosh" < "uo-sylvensk": "МБОУ" "«Нижнеключевская средняя общеобразовательная школа»" / "«Нижнеключевская СОШ»" + "" @ "с. Нижние Ключи" x 14;
    "novoirenskaya-sosh" < "uo-sylvensk": "МБОУ" "«Новоиренская средняя общеобразовательная школа»" / "«Новоиренская СОШ»" + "" @ "с. Новая Ирень" x 12;
    "nsh-ds-lugovoe" < "uo-sylvensk": "МБОУ" "«Луговская начальная школа — детский сад»" / "«Луговская НШДС»" + "" @ "д. Луговая" x 6;
    "ds3-sylvensk" < "uo-sylvensk": "МАДОУ" "«Детский сад № 3 „Ёлочка“»" / "«Детский сад № 3 „Ёлочка“»" + "г. Сылвенска" @ "г. Сылвенск" x 12;
    "ds8-sylvensk" < "uo-sylvensk": "МАДОУ" "«Детский сад комбинированного вида № 8 „Теремок“»" / "«Детский сад № 8 „Теремок“»" + "г. Сылвенска" @ "г. Сылвенск" x 10;
    "kolosok-nizhnie-klyuchi" < "uo-sylvensk": "МБДОУ" "«Нижнеключевской детский сад „Колосок“»" / "«Детский сад „Колосок“»" + "" @ "с. Нижние Ключи" x 6;

    "sosh3-kosvinsk" < "uo-kosvinsk": "МАОУ" "«Средняя общеобразовательная школа № 3»" / "«СОШ № 3»" + "г. Косьвинска" @ "г. Косьвинск" x 26;
    "sosh9-kosvinsk" < "uo-kosvinsk": "МБОУ" "«Средняя общеобразовательная школа № 9»" / "«СОШ № 9»" + "г. Косьвинска" @ "г. Косьвинск" x 20;
    "shahterskaya-sosh" < "uo-kosvinsk": "МБОУ" "«Верхнерудничная средняя общеобразовательная школа»" / "«Верхнерудничная СОШ»" + "" @ "пос. Верхний Рудничный" x 14;
    "internat-kosvinsk" < "uo-kosvinsk": "МБОУ" "«Общеобразовательная школа-интернат среднего общего образования»" / "«Школа-интернат»" + "г. Косьвинска" @ "г. Косьвинск" x 12;
    "tikhopolyanskaya-oosh" < "uo-kosvinsk": "МБОУ" "«Тихополянская основная общеобразовательная школа»" / "«Тихополянская ООШ»" + "" @ "с. Тихая Поляна" x 8;
    "ds2-kosvinsk" < "uo-kosvinsk": "МАДОУ" "«Детский сад № 2 „Малахит“»" / "«Детский сад № 2 „Малахит“»" + "г. Косьвинска" @ "г. Косьвинск" x 12;
    "ds11-kosvinsk" < "uo-kosvinsk": "МБДОУ" "«Детский сад № 11 „Журавушка“»" / "«Детский сад № 11 „Журавушка“»" + "г. Косьвинска" @ "г. Косьвинск" x 10;
    "ryabinka-rudnichnyi" < "uo-kosvinsk": "МБДОУ" "«Верхнерудничный детский сад „Рябинка“»" / "«Детский сад „Рябинка“»" + "" @ "пос. Верхний Рудничный" x 6;

    "politeh-verkhnekamsk" < "uo-spo": "ГБПОУ" "«Верхнекамский политехнический колледж»" / "«Верхнекамский политехнический колледж»" + "" @ "г. Верхнекамск" x 30;
    "agroteh-sylvensk" < "uo-spo": "ГБПОУ" "«Сылвенский агропромышленный техникум»" / "«Сылвенский агропромышленный техникум»" + "" @ "г. Сылвенск" x 22;
    "pedkolledzh-kosvinsk" < "uo-spo": "КГАПОУ" "«Косьвинский педагогический колледж»" / "«Косьвинский педагогический колледж»" + "" @ "г. Косьвинск" x 20;
};

/// Every organization, parents before children.
pub(super) fn plan() -> Result<Vec<PlannedOrganization>, DemoError> {
    let mut all = vec![PlannedOrganization {
        key: OPERATOR,
        parent: None,
        kind: OrganizationKind::Operator,
        full_name:
            "Государственное бюджетное учреждение «Оператор электронной образовательной системы „ЭПОС“»"
                .to_owned(),
        short_name: "ГБУ «Оператор ЭПОС»".to_owned(),
        town: "г. Пермь",
        inn: inn(0)?,
        kpp: kpp()?,
        staff: 3,
    }];
    for district in &DISTRICTS {
        all.push(PlannedOrganization {
            key: district.key,
            parent: Some(OPERATOR),
            kind: OrganizationKind::EducationDepartment,
            full_name: format!("Управление образования администрации {}", district.genitive),
            short_name: format!("Управление образования ({} МО)", district.department),
            town: district.town,
            inn: inn(all.len())?,
            kpp: kpp()?,
            staff: 4,
        });
    }
    all.push(PlannedOrganization {
        key: REGIONAL,
        parent: Some(OPERATOR),
        kind: OrganizationKind::EducationDepartment,
        full_name: "Краевое управление среднего профессионального образования".to_owned(),
        short_name: "Краевое управление СПО".to_owned(),
        town: "г. Пермь",
        inn: inn(all.len())?,
        kpp: kpp()?,
        staff: 3,
    });
    for row in ROWS {
        let form = FORMS.iter().find(|(short, _)| *short == row.form).map_or("", |(_, full)| full);
        let place = if row.place.is_empty() { String::new() } else { format!(" {}", row.place) };
        all.push(PlannedOrganization {
            key: row.key,
            parent: Some(row.parent),
            kind: match row.form {
                "МАОУ" | "МБОУ" => OrganizationKind::School,
                "МАДОУ" | "МБДОУ" => OrganizationKind::Kindergarten,
                _ => OrganizationKind::College,
            },
            full_name: format!("{form} {}{place}", row.name),
            short_name: format!("{} {}{place}", row.form, row.short),
            town: row.town,
            inn: inn(all.len())?,
            kpp: kpp()?,
            staff: row.staff,
        });
    }
    Ok(all)
}

/// An organization that is not in the list: somebody has applied for an account there.
pub(super) fn not_listed(listed: usize) -> Result<(AppliedOrganization, Inn, Kpp), DemoError> {
    let organization = AppliedOrganization::Unlisted {
        full_name: "Частное общеобразовательное учреждение «Школа „Ступени“»".to_owned(),
        short_name: "ЧОУ «Школа „Ступени“»".to_owned(),
        town: "г. Сылвенск".to_owned(),
    };
    Ok((organization, inn(listed)?, kpp()?))
}

/// The `number`-th ИНН of the range 5999: of Пермский край by its first digits, and of no tax office, so that
/// it is nobody's.
fn inn(number: usize) -> Result<Inn, DemoError> {
    let head = format!("5999{:05}", number * 37 + 101);
    (0..10)
        .find_map(|check| format!("{head}{check}").parse().ok())
        .ok_or_else(|| DemoError::Invalid(format!("ИНН {head}?")))
}

fn kpp() -> Result<Kpp, DemoError> {
    "599901001".parse().map_err(|error| DemoError::Invalid(format!("КПП: {error}")))
}
