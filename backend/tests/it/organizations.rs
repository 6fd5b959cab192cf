//! Organizations in view.

use epos_shared::roles::Role;
use serde_json::Value;

use crate::common::Client;
use crate::people::{District, url, works_as};

async fn search(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&url("/api/v1/kontingent/organizations", parameters)).await.expect(200)
}

fn names(found: &Value) -> Vec<&str> {
    found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["organization"]["short_name"].as_str().unwrap())
        .collect()
}

crate::both_databases! {
    async fn each_sees_his_own_and_what_is_below(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        let found = search(&support, &[]).await;
        assert_eq!(
            names(&found),
            [
                "Гимназия № 2", "Детский сад № 3", "Оператор ЭПОС", "УО Верхнекамска", "УО Дальнее",
                "Школа № 1", "Школа № 9"
            ]
        );
        let school = &found["items"][5];
        assert_eq!(school["above"], serde_json::json!(["УО Верхнекамска", "Оператор ЭПОС"]));
        assert_eq!(school["has_below"], false);
        assert_eq!(found["items"][2]["has_below"], true);
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let found = search(&department, &[]).await;
        assert_eq!(names(&found), ["Гимназия № 2", "Детский сад № 3", "УО Верхнекамска", "Школа № 1"]);
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        assert_eq!(names(&search(&director, &[]).await), ["Школа № 1"]);
    }

    async fn the_roles_that_may_be_given_are_those_of_the_matrix(app: TestApp) {
        let district = District::build(app).await;
        let (department, _) = works_as(app, district.department, Role::EducationDepartment).await;
        let found = search(&department, &[]).await;
        assert_eq!(found["items"][0]["assignable_roles"], serde_json::json!(["school_director"]));
        assert_eq!(found["items"][1]["assignable_roles"], serde_json::json!(["kindergarten_head"]));
        assert_eq!(found["items"][2]["assignable_roles"], serde_json::json!([]));
        let creatable = search(&department, &[("creatable", "true")]).await;
        assert_eq!(names(&creatable), ["Гимназия № 2", "Детский сад № 3", "Школа № 1"]);
        let (preschool, _) = works_as(app, district.department, Role::PreschoolDepartment).await;
        assert_eq!(names(&search(&preschool, &[("creatable", "true")]).await), ["Детский сад № 3"]);
        let (deputy, _) = works_as(app, district.school, Role::SchoolDeputy).await;
        let found = search(&deputy, &[("creatable", "true")]).await;
        assert_eq!(
            found["items"][0]["assignable_roles"],
            serde_json::json!(["school_deputy", "school_officer", "social_pedagogue", "teacher", "class_teacher"])
        );
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        assert_eq!(names(&search(&support, &[("creatable", "true")]).await).len(), 7);
    }

    async fn search_takes_the_beginnings_of_words(app: TestApp) {
        let district = District::build(app).await;
        let (support, _) = works_as(app, district.operator, Role::Support).await;
        for (query, expected) in [
            ("шк", &["Школа № 1", "Школа № 9"][..]),
            ("9 школа", &["Школа № 9"]),
            ("САД дет", &["Детский сад № 3"]),
            ("верхнекамск", &[
                "Гимназия № 2", "Детский сад № 3", "Оператор ЭПОС", "УО Верхнекамска", "УО Дальнее",
                "Школа № 1", "Школа № 9"
            ]),
            ("кола", &[]),
            ("%", &[]),
        ] {
            assert_eq!(names(&search(&support, &[("query", query)]).await), expected, "{query}");
        }
        let one = district.other_school.to_string();
        assert_eq!(names(&search(&support, &[("id", &one)]).await), ["Гимназия № 2"]);
        assert!(names(&search(&support, &[("id", &one), ("query", "шк")]).await).is_empty());
        let (director, _) = works_as(app, district.school, Role::SchoolDirector).await;
        assert!(names(&search(&director, &[("id", &one)]).await).is_empty(), "out of view");
        let found = search(&support, &[("limit", "2")]).await;
        assert_eq!((names(&found).len(), &found["more"]), (2, &Value::Bool(true)));
        let found = search(&support, &[("limit", "7")]).await;
        assert_eq!((names(&found).len(), &found["more"]), (7, &Value::Bool(false)));
    }
}
