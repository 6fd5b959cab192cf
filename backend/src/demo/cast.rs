//! The people whose accounts are in the printed table: one for each role, and those whose stories the guides
//! and the tests tell.

use epos_shared::roles::Role;

/// The password of every account of the table. It opens nothing outside the demo.
pub const PASSWORD: &str = "Kama-Sylva-2026";

/// When the role of a card of the cast is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Days {
    /// Since some first of September.
    InForce,
    /// It ended yesterday.
    EndedYesterday,
}

/// What is special about an account of the cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    /// Nothing: the account and its cards belong together.
    Works,
    /// The account is blocked.
    Blocked,
    /// There is no card at all.
    NoCard,
    /// The card is there, not bound yet; its one-time credentials are printed.
    NotBound,
}

/// A card of the cast: organization, roles, days.
pub(super) type Place = (&'static str, &'static [Role], Days);

/// A person with an account of the table.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) user_name: &'static str,
    /// Фамилия, имя, отчество.
    pub(super) name: (&'static str, &'static str, &'static str),
    pub(super) cards: &'static [Place],
    pub(super) story: Story,
}

const fn works(
    user_name: &'static str,
    name: (&'static str, &'static str, &'static str),
    cards: &'static [Place],
) -> Part {
    Part { user_name, name, cards, story: Story::Works }
}

use Days::{EndedYesterday, InForce};

/// The school most of the cast work in.
const SCHOOL: &str = "sosh12-verkhnekamsk";
const COLLEGE: &str = "politeh-verkhnekamsk";
const KINDERGARTEN: &str = "ds5-verkhnekamsk";

pub(super) const CAST: &[Part] = &[
    works("support", ("Мальцева", "Анна", "Игоревна"), &[("operator", &[Role::Support], InForce)]),
    works(
        "uo_verkhnekamsk",
        ("Пермякова", "Ольга", "Викторовна"),
        &[("uo-verkhnekamsk", &[Role::EducationDepartment], InForce)],
    ),
    works(
        "do_verkhnekamsk",
        ("Зырянова", "Людмила", "Фёдоровна"),
        &[("uo-verkhnekamsk", &[Role::PreschoolDepartment], InForce)],
    ),
    works(
        "uo_spo",
        ("Ощепков", "Андрей", "Николаевич"),
        &[("uo-spo", &[Role::EducationDepartment], InForce)],
    ),
    works(
        "director_school",
        ("Чудинова", "Елена", "Сергеевна"),
        &[(SCHOOL, &[Role::SchoolDirector], InForce)],
    ),
    works("deputy_school", ("Вотинова", "Светлана", "Юрьевна"), &[(SCHOOL, &[Role::SchoolDeputy], InForce)]),
    works("officer_school", ("Кашин", "Алексей", "Павлович"), &[(SCHOOL, &[Role::SchoolOfficer], InForce)]),
    works(
        "director_college",
        ("Трапезников", "Михаил", "Иванович"),
        &[(COLLEGE, &[Role::CollegeDirector], InForce)],
    ),
    works("deputy_college", ("Гилёва", "Наталья", "Петровна"), &[(COLLEGE, &[Role::CollegeDeputy], InForce)]),
    works("officer_college", ("Лядов", "Денис", "Олегович"), &[(COLLEGE, &[Role::CollegeOfficer], InForce)]),
    works(
        "head_kindergarten",
        ("Азанова", "Галина", "Ивановна"),
        &[(KINDERGARTEN, &[Role::KindergartenHead], InForce)],
    ),
    works(
        "social_pedagogue",
        ("Соловьёва", "Ирина", "Аркадьевна"),
        &[(SCHOOL, &[Role::SocialPedagogue], InForce)],
    ),
    works("teacher", ("Верещагина", "Мария", "Дмитриевна"), &[(SCHOOL, &[Role::Teacher], InForce)]),
    works(
        "class_teacher",
        ("Субботина", "Екатерина", "Андреевна"),
        &[(SCHOOL, &[Role::ClassTeacher, Role::Teacher], InForce)],
    ),
    works("lecturer", ("Хабибуллин", "Ринат", "Маратович"), &[(COLLEGE, &[Role::Lecturer], InForce)]),
    works(
        "kindergarten_teacher",
        ("Ковалёва", "Юлия", "Александровна"),
        &[(KINDERGARTEN, &[Role::KindergartenTeacher], InForce)],
    ),
    works(
        "two_places",
        ("Бурдина", "Татьяна", "Васильевна"),
        &[(SCHOOL, &[Role::SchoolDeputy], InForce), (COLLEGE, &[Role::CollegeOfficer], InForce)],
    ),
    works(
        "role_ended",
        ("Шарипова", "Алсу", "Ринатовна"),
        &[(SCHOOL, &[Role::SchoolOfficer], EndedYesterday)],
    ),
    Part {
        user_name: "blocked",
        name: ("Мехоношин", "Игорь", "Борисович"),
        cards: &[(SCHOOL, &[Role::SchoolDeputy], InForce)],
        story: Story::Blocked,
    },
    Part {
        user_name: "new_director",
        name: ("Королёва", "Алёна", "Фёдоровна"),
        cards: &[("gimnaziya4-verkhnekamsk", &[Role::SchoolDirector], InForce)],
        story: Story::NotBound,
    },
    Part {
        user_name: "newcomer", name: ("Истомин", "Павел", "Андреевич"), cards: &[], story: Story::NoCard
    },
];
