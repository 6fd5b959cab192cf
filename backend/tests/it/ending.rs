//! Letters on roles that end in 30 and in 7 days.

use chrono::TimeDelta;
use epos_backend::kontingent;
use epos_shared::roles::Role;

use crate::common::TestApp;
use crate::people::{District, actions, card_with_email};

/// What the job does once a day.
async fn told(app: &TestApp) {
    let mut after = None;
    loop {
        after = kontingent::tell_of_ending_roles(&app.services, after).await.unwrap();
        if after.is_none() {
            return;
        }
    }
}

async fn subjects(app: &TestApp, address: &str) -> Vec<String> {
    app.letters_to(address).await.into_iter().map(|letter| letter.subject).collect()
}

crate::both_databases! {
    async fn heads_are_told_thirty_and_seven_days_before_and_no_oftener(app: TestApp) {
        let district = District::build(app).await;
        let (school, other) = (district.school, district.other_school);
        card_with_email(app, school, "Первая Анна", "head@school.example", &[(Role::SchoolDirector, "01.09.2020–")])
            .await;
        card_with_email(app, other, "Другая Анна", "head@other.example", &[(Role::SchoolDirector, "01.09.2020–")])
            .await;
        // Thirty days from 22 November: 22 December.
        let teacher = Role::Teacher;
        card_with_email(app, school, "Вторая Вера", "a@school.example", &[(teacher, "01.09.2020–22.12.2026")]).await;
        card_with_email(app, school, "Поздняя Вера", "b@school.example", &[(teacher, "01.09.2020–23.12.2026")]).await;
        card_with_email(app, school, "Прошлая Вера", "c@school.example", &[(teacher, "01.09.2020–21.11.2026")]).await;
        let continued = [(teacher, "01.09.2020–22.12.2026"), (teacher, "23.12.2026–")];
        card_with_email(app, school, "Продлённая Вера", "d@school.example", &continued).await;

        told(app).await;
        let letter = app.letter_to("head@school.example").await;
        assert_eq!((&*letter.kind, &*letter.subject), ("roles.ending", "Скоро закончатся роли: Школа № 1"));
        assert!(letter.text.contains("Вторая Вера: Учитель, последний день 22.12.2026"), "{}", letter.text);
        for absent in ["Поздняя", "Прошлая", "Продлённая"] {
            assert!(!letter.text.contains(absent), "{absent}: {}", letter.text);
        }
        assert_eq!(letter.link(), "http://epos.test/kontingent/employees?state=ends_soon");
        assert!(app.letters_to("head@other.example").await.is_empty(), "another school's people");
        assert_eq!(actions(app, school).await, ["roles.ending_told"]);

        told(app).await;
        assert_eq!(app.letters_to("head@school.example").await.len(), 1, "nobody is told twice");
        app.clock.advance(TimeDelta::days(1));
        told(app).await;
        let letters = app.letters_to("head@school.example").await;
        assert_eq!(letters.len(), 2);
        assert!(letters[1].text.contains("Поздняя") && !letters[1].text.contains("Вторая"), "{letters:?}");
        app.clock.advance(TimeDelta::days(22));
        told(app).await;
        let letters = app.letters_to("head@school.example").await;
        assert_eq!(letters.len(), 3, "seven days before, once more");
        assert!(letters[2].text.contains("Вторая"), "{letters:?}");
    }

    async fn of_a_heads_own_role_the_department_is_told(app: TestApp) {
        let district = District::build(app).await;
        let department = [(Role::EducationDepartment, "01.01.2020–")];
        card_with_email(app, district.department, "Управова Анна", "uo@epos.example", &department).await;
        let preschool = [(Role::PreschoolDepartment, "01.01.2020–")];
        card_with_email(app, district.department, "Дошкольнова Анна", "do@epos.example", &preschool).await;
        let head = [(Role::SchoolDirector, "01.09.2020–30.11.2026")];
        card_with_email(app, district.school, "Первая Анна", "head@school.example", &head).await;
        let head = [(Role::KindergartenHead, "01.09.2020–30.11.2026")];
        card_with_email(app, district.kindergarten, "Садова Анна", "head@garden.example", &head).await;
        let far = [(Role::SchoolDirector, "01.09.2020–30.11.2026")];
        card_with_email(app, district.far_school, "Дальняя Анна", "head@far.example", &far).await;

        told(app).await;
        let mut of_department = subjects(app, "uo@epos.example").await;
        of_department.sort();
        assert_eq!(of_department, ["Скоро закончатся роли: Детский сад № 3", "Скоро закончатся роли: Школа № 1"]);
        assert_eq!(subjects(app, "do@epos.example").await, ["Скоро закончатся роли: Детский сад № 3"]);
        for head in ["head@school.example", "head@garden.example", "head@far.example"] {
            assert!(app.letters_to(head).await.is_empty(), "{head}");
        }
    }

    async fn a_school_without_a_head_is_its_departments(app: TestApp) {
        let district = District::build(app).await;
        let department = [(Role::EducationDepartment, "01.01.2020–")];
        card_with_email(app, district.department, "Управова Анна", "uo@epos.example", &department).await;
        let ending = [(Role::Teacher, "01.09.2020–25.11.2026")];
        card_with_email(app, district.school, "Вторая Вера", "a@school.example", &ending).await;
        told(app).await;
        let letter = app.letter_to("uo@epos.example").await;
        assert!(letter.text.contains("Вторая Вера"), "{}", letter.text);
    }
}
