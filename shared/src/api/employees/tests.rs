use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn today() -> NaiveDate {
    parse_date("22.11.2026").unwrap()
}

fn role(role: Role, start: &str, end: &str) -> RoleDraft {
    RoleDraft { id: None, role: Some(role), start: start.to_owned(), end: end.to_owned() }
}

fn person() -> PersonDraft {
    PersonDraft {
        family_name: "Иванова".to_owned(),
        given_name: "Анна".to_owned(),
        patronymic: "Петровна".to_owned(),
        no_patronymic: false,
        email: "ivanova@mail.ru".to_owned(),
        ..PersonDraft::default()
    }
}

fn codes(errors: &[FieldError]) -> Vec<(&str, &str)> {
    errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect()
}

#[test]
fn every_wrong_field_of_an_empty_form_is_named_at_once_in_the_order_of_the_form() {
    let draft = NewEmployeeDraft { roles: vec![RoleDraft::default()], ..NewEmployeeDraft::default() };
    assert_eq!(
        codes(&draft.parse(None, today()).unwrap_err()),
        [
            ("organization_id", "organization-missing"),
            ("roles/0/role", "role-missing"),
            ("roles/0/start", "date-empty"),
            ("person/family_name", "name-empty"),
            ("person/given_name", "name-empty"),
            ("person/patronymic", "patronymic-missing"),
            ("person/email", "email-empty"),
        ]
    );
}

#[test]
fn without_patronymic_the_field_must_be_empty() {
    let mut draft = person();
    draft.no_patronymic = true;
    assert_eq!(
        codes(&draft.parse("", EmailRule::Required).unwrap_err()),
        [("patronymic", "patronymic-not-empty")]
    );
    draft.patronymic = "  ".to_owned();
    assert_eq!(draft.parse("", EmailRule::Required).unwrap().name.patronymic, None);
}

#[test]
fn only_cards_that_never_had_an_email_may_stay_without() {
    let draft = PersonDraft { email: String::new(), ..person() };
    assert!(draft.parse("", EmailRule::MayStayEmpty).unwrap().email.is_none());
    assert!(draft.parse("", EmailRule::Required).is_err());
}

#[test]
fn roles_must_fit_begin_before_they_end_and_not_be_over() {
    let drafts = [
        role(Role::KindergartenHead, "01.09.2026", ""),
        role(Role::Teacher, "01.09.2026", "31.08.2026"),
        role(Role::Teacher, "01.09.2025", "31.08.2026"),
        role(Role::Teacher, "31.02.2026", "завтра"),
    ];
    assert_eq!(
        codes(&parse_roles(&drafts, Some(OrganizationKind::School), &[], today()).unwrap_err()),
        [
            ("roles/0/role", "role-unfit"),
            ("roles/1/end", "dates-crossed"),
            ("roles/2/end", "role-already-over"),
            ("roles/3/start", "date-malformed"),
            ("roles/3/end", "date-malformed"),
        ]
    );
}

#[test]
fn the_same_role_twice_on_one_day_is_refused_and_one_after_the_other_is_not() {
    let school = Some(OrganizationKind::School);
    let twice = [role(Role::Teacher, "01.09.2026", ""), role(Role::Teacher, "01.12.2026", "")];
    assert_eq!(
        codes(&parse_roles(&twice, school, &[], today()).unwrap_err()),
        [("roles/1/role", "role-twice")]
    );
    let following = [role(Role::Teacher, "01.09.2026", "30.11.2026"), role(Role::Teacher, "01.12.2026", "")];
    assert_eq!(parse_roles(&following, school, &[], today()).unwrap().len(), 2);
}

#[test]
fn roles_on_the_card_are_neither_dropped_nor_replaced_nor_revived() {
    let school = Some(OrganizationKind::School);
    let id = |n: u128| RoleAssignmentId(Uuid::from_u128(n));
    let period = |start: &str, end: &str| {
        Period::new(parse_date(start).unwrap(), Some(parse_date(end).unwrap())).unwrap()
    };
    let on_card = [
        RoleOnCard { id: id(1), role: Role::Teacher, period: period("01.09.2020", "31.08.2021") },
        RoleOnCard { id: id(2), role: Role::Teacher, period: period("01.09.2026", "31.08.2027") },
    ];
    let ended = RoleDraft { id: Some(id(1)), ..role(Role::Teacher, "01.09.2020", "31.08.2021") };
    let current = RoleDraft { id: Some(id(2)), ..role(Role::Teacher, "2026-09-01", "2026-12-31") };
    let parse = |drafts: &[RoleDraft]| parse_roles(drafts, school, &on_card, today());
    assert_eq!(parse(&[ended.clone(), current.clone()]).unwrap().len(), 2);
    assert_eq!(codes(&parse(std::slice::from_ref(&ended)).unwrap_err()), [("roles", "role-left-out")]);
    let revived = RoleDraft { end: "31.08.2030".to_owned(), ..ended.clone() };
    assert_eq!(
        codes(&parse(&[revived, current.clone()]).unwrap_err()),
        [("roles/0/end", "role-ended"), ("roles/1/role", "role-twice")]
    );
    let replaced = RoleDraft { role: Some(Role::SchoolDirector), ..current.clone() };
    assert_eq!(codes(&parse(&[ended.clone(), replaced]).unwrap_err()), [("roles/1/role", "role-changed")]);
    let foreign = RoleDraft { id: Some(id(3)), ..current.clone() };
    assert_eq!(
        codes(&parse(&[ended.clone(), current.clone(), foreign]).unwrap_err()),
        [("roles/2/role", "assignment-unknown")]
    );
    assert_eq!(
        codes(&parse(&[ended, current.clone(), current]).unwrap_err()),
        [("roles/2/role", "role-twice")]
    );
}

#[test]
fn a_card_needs_roles_but_not_fifty_one() {
    assert_eq!(codes(&parse_roles(&[], None, &[], today()).unwrap_err()), [("roles", "no-roles")]);
    let many = vec![role(Role::Teacher, "01.09.2026", ""); MAX_ROLES + 1];
    assert_eq!(codes(&parse_roles(&many, None, &[], today()).unwrap_err()), [("roles", "too-many-roles")]);
}

#[test]
fn unknown_fields_and_unknown_roles_are_refused() {
    assert!(serde_json::from_str::<RoleDraft>(r#"{"role":"king","start":""}"#).is_err());
    assert!(serde_json::from_str::<EmployeeQuery>(r#"{"page":3}"#).is_err());
    assert!(serde_json::from_str::<EmployeeQuery>(r#"{"role":"teacher","state":"ends_soon"}"#).is_ok());
}

proptest! {
    #[test]
    fn no_typing_panics(family in "\\PC{0,30}", start in "[0-9.-]{0,12}", end in "\\PC{0,12}", note in "\\PC{0,40}") {
        let draft = NewEmployeeDraft {
            organization_id: None,
            person: PersonDraft { family_name: family, ..person() },
            roles: vec![role(Role::Teacher, &start, &end)],
            note,
            despite_duplicates: false,
        };
        let errors = draft.parse(Some(OrganizationKind::School), today()).unwrap_err();
        prop_assert_eq!(errors[0].code.as_str(), "organization-missing");
        prop_assert!(errors.iter().all(|error| !error.message.is_empty()));
    }
}
