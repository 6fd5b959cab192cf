//! «Журнал»: who sees what of it, what is found, the file.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use epos_backend::audit::{self, Actor, Event, Outcome};
use epos_backend::db::types::Id;
use epos_shared::roles::{OrganizationKind, Role};
use serde_json::{Value, json};

use crate::common::{Client, TestApp};
use crate::people::{self, District, EMPLOYEES};

const JOURNAL: &str = "/api/v1/journal";

async fn journal(client: &Client, parameters: &[(&str, &str)]) -> Value {
    client.get(&people::url(JOURNAL, parameters)).await.expect(200)
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap()
}

/// The actions of a page, refused ones marked.
fn actions(page: &Value) -> Vec<String> {
    let told = items(page).iter().map(|entry| {
        let mark = if entry["result"] == "refused" { "!" } else { "" };
        format!("{}{mark}", entry["action"].as_str().unwrap())
    });
    told.collect()
}

/// One entry of a page by its action.
fn of<'a>(page: &'a Value, action: &str) -> &'a Value {
    items(page).iter().find(|entry| entry["action"] == action).unwrap_or_else(|| panic!("{action}: {page}"))
}

async fn account_of(client: &Client) -> String {
    client.get("/api/v1/session").await.expect(200)["session"]["account"]["id"].as_str().unwrap().to_owned()
}

/// Two schools of one department, each with its head, who has made a card.
struct Schools {
    district: District,
    other: Id,
    head: Client,
    neighbour: Client,
    department: Client,
    support: Client,
    card: String,
    other_card: String,
}

impl Schools {
    async fn build(app: &TestApp) -> Self {
        let district = District::build(app).await;
        let other =
            people::organization(app, Some(district.department), OrganizationKind::School, "Школа № 99")
                .await;
        let (head, _) = people::works_as(app, district.school, Role::SchoolDirector).await;
        let (neighbour, _) = people::works_as(app, other, Role::SchoolDirector).await;
        let (department, _) = people::works_as(app, district.department, Role::EducationDepartment).await;
        let (support, _) = people::works_as(app, district.operator, Role::Support).await;
        let made = async |client: &Client, place: Id| {
            let saved =
                client.post(EMPLOYEES, people::despite(people::form(place, "teacher"))).await.expect(201);
            saved["card"]["id"].as_str().unwrap().to_owned()
        };
        let card = made(&head, district.school).await;
        let other_card = made(&neighbour, other).await;
        Self { district, other, head, neighbour, department, support, card, other_card }
    }
}

crate::both_databases! {
    async fn each_sees_what_concerns_his_organizations(app: TestApp) {
        let schools = Schools::build(app).await;
        let created = [("action", "employee.created")];
        let own = journal(&schools.head, &created).await;
        assert_eq!(items(&own).len(), 1, "{own}");
        let entry = of(&own, "employee.created");
        assert_eq!(entry["object"]["id"], json!(schools.card));
        assert_eq!(entry["title"], "Карточка создана");
        assert_eq!(entry["actor"]["name"], "Тестова Анна Ивановна");
        assert_eq!(entry["actor"]["account"], json!(account_of(&schools.head).await));
        assert_eq!(entry["address"], "127.0.0.1");
        assert_eq!(entry["organization"]["id"], json!(schools.district.school.to_string()));
        assert!(entry["request_id"].is_string());
        let fields: Vec<&Value> = entry["changes"].as_array().unwrap().iter().map(|it| &it["field"]).collect();
        assert_eq!(fields, ["ФИО", "E-mail", "Логин", "Роль"]);
        assert_eq!(items(&journal(&schools.neighbour, &created).await).len(), 1);
        assert_eq!(items(&journal(&schools.department, &created).await).len(), 2);
        assert_eq!(items(&journal(&schools.support, &created).await).len(), 2);

        // The neighbour's, by whatever name it is asked for.
        let other = schools.other.to_string();
        let neighbour = account_of(&schools.neighbour).await;
        for asked in [
            ("organization", other.as_str()),
            ("object", &schools.other_card),
            ("object", &neighbour),
            ("actor", &neighbour),
        ] {
            let found = journal(&schools.head, &[asked]).await;
            assert!(items(&found).is_empty() && found["next"].is_null(), "{asked:?}: {found}");
        }
        assert_eq!(items(&journal(&schools.department, &[("organization", &other), created[0]]).await).len(), 1);
        // Entries of no organization are support's alone.
        let context = app.services.context.clone();
        let account = app.account("nobodys").await;
        app.write(move |conn| audit::record(conn, &context, &Actor::program(), Event::done("account.blocked", "account", account))).await;
        for (client, expected) in [(&schools.support, 1), (&schools.department, 0), (&schools.head, 0)] {
            let found = journal(client, &[("object", &account.to_string())]).await;
            assert_eq!(items(&found).len(), expected, "{found}");
        }
    }

    async fn others_are_turned_away(app: TestApp) {
        let district = District::build(app).await;
        let (teacher, _) = people::works_as(app, district.school, Role::Teacher).await;
        let (ended, card) =
            people::works_as_until(app, district.school, Role::SchoolDirector, "01.01.2020–21.11.2026").await;
        let cardless = app.signed_in("cardless").await;
        for path in ["", "/actions", "/export"] {
            let path = format!("{JOURNAL}{path}");
            app.anonymous().get(&path).await.expect_problem(401, "not-signed-in");
            for client in [&teacher, &ended, &cardless] {
                client.get(&path).await.expect_problem(403, "no-rights");
            }
        }
        let (head, _) = people::works_as(app, district.school, Role::SchoolDirector).await;
        // That an ended role was turned away is the head's business.
        let refused = journal(&head, &[("result", "refused"), ("object", &card.to_string())]).await;
        assert_eq!(actions(&refused), ["kontingent.entered!"; 3]);
        assert_eq!(items(&refused)[0]["details"], "срок роли закончился");
    }

    async fn who_is_out_of_view_is_not_named(app: TestApp) {
        let schools = Schools::build(app).await;
        let path = format!("{EMPLOYEES}/{}/credentials", schools.card);
        schools.support.post(&path, json!({})).await.expect(200);
        let asked = [("object", schools.card.as_str()), ("action", "credentials.issued")];
        let seen = journal(&schools.head, &asked).await;
        let [by_support, by_head] = &items(&seen)[..] else { panic!("{seen}") };
        assert_eq!((&by_support["actor"]["name"], &by_support["actor"]["account"]), (&Value::Null, &Value::Null));
        assert_eq!(by_support["actor"]["organization"]["short_name"], "Оператор ЭПОС");
        assert_eq!((&by_support["address"], &by_support["actor"]["kind"]), (&Value::Null, &json!("person")));
        assert_eq!(by_head["actor"]["name"], "Тестова Анна Ивановна");
        let seen = journal(&schools.support, &asked).await;
        assert!(items(&seen).iter().all(|entry| entry["actor"]["name"].is_string() && entry["address"].is_string()));
        // A card that went to the neighbour leaves its entries behind, but not its name.
        let (card, other) = (Id(schools.card.parse().unwrap()), schools.other);
        app.write(move |conn| {
            use diesel::prelude::*;
            use epos_backend::db::schema::employees;
            diesel::update(employees::table.find(card)).set(employees::organization_id.eq(other)).execute(conn)?;
            Ok(())
        }).await;
        let seen = journal(&schools.head, &[("action", "employee.created")]).await;
        assert_eq!((items(&seen).len(), &items(&seen)[0]["object"]["name"]), (1, &Value::Null), "{seen}");
        assert_eq!(items(&seen)[0]["object"]["id"], Value::Null);
    }

    async fn people_are_found_by_words_within_view(app: TestApp) {
        let schools = Schools::build(app).await;
        let (card, _) =
            people::card(app, schools.other, "Уникальная Ольга Петровна", &[(Role::Teacher, "01.09.2026–")]).await;
        let path = format!("{EMPLOYEES}/{card}/credentials");
        schools.neighbour.post(&path, json!({})).await.expect(200);
        for (client, expected) in [(&schools.neighbour, 1), (&schools.department, 1), (&schools.support, 1), (&schools.head, 0)] {
            let found = journal(client, &[("person", "уникал ольга")]).await;
            assert_eq!(items(&found).len(), expected, "{found}");
        }
        schools.neighbour.post(&format!("{EMPLOYEES}/{card}/archive"), json!({})).await.expect(200);
        assert_eq!(actions(&journal(&schools.neighbour, &[("person", "уникальная")]).await)[0], "employee.archived");
        // The head of the neighbour is called as everybody of the tests.
        let by = journal(&schools.department, &[("who", "тестова"), ("action", "cards")]).await;
        assert_eq!(actions(&by), ["employee.archived", "employee.created", "employee.created"]);
        for number in 0..21 {
            let name = format!("Одинаков Иван{}", ["", "ов", "ко", "ец", "а", "у", "е"][number % 7]);
            people::card(app, schools.district.school, &name, &[(Role::Teacher, "01.09.2026–")]).await;
        }
        let refused = schools.head.get(&people::url(JOURNAL, &[("person", "одинаков")])).await;
        let problem = refused.expect_problem(400, "malformed-parameter");
        assert_eq!(people::wrong(&problem), ["person: invalid-parameter"]);
    }

    async fn days_are_those_of_the_region(app: TestApp) {
        let schools = Schools::build(app).await;
        let place = schools.district.school;
        for at in ["2026-03-09T18:59:59.999999Z", "2026-03-09T19:00:00Z", "2026-03-10T18:59:59Z", "2026-03-10T19:00:00Z"] {
            let context = app.services.context.at(at.parse().unwrap());
            app.write(move |conn| {
                let event = Event::done("employee.saved", "employee", context.id()).in_organization(place);
                audit::record(conn, &context, &Actor::program(), event)
            }).await;
        }
        let times = async |from: &str, to: &str| -> Vec<String> {
            let asked: Vec<(&str, &str)> = [("from", from), ("to", to), ("action", "employee.saved")]
                .into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let page = journal(&schools.head, &asked).await;
            items(&page).iter().map(|entry| entry["at"].as_str().unwrap()[8..19].to_owned()).collect()
        };
        assert_eq!(times("2026-03-10", "2026-03-10").await, ["10T18:59:59", "09T19:00:00"]);
        assert_eq!(times("", "2026-03-09").await, ["09T18:59:59"]);
        assert_eq!(times("2026-03-11", "").await, ["10T19:00:00"]);
        for wrong in ["from=2026-03-32", "from=2026-03-10&to=2026-03-09", "action=nothing", "result=x", "limit=101", "x=1", "object=1"] {
            schools.head.get(&format!("{JOURNAL}?{wrong}")).await.expect_problem(400, "malformed-parameter");
        }
        schools.head.get(&format!("{JOURNAL}?after=x")).await.expect_problem(400, "invalid-cursor");
    }

    async fn every_way_of_looking_finds_what_going_through_all_entries_finds(app: TestApp) {
        let world = World::build(app).await;
        for (number, question) in world.questions().into_iter().enumerate() {
            for (reader, client) in world.readers.iter().enumerate() {
                if number % 3 == reader || question.len() < 2 {
                    world.check(client, reader, &question).await;
                }
            }
        }
    }

    async fn the_file_holds_what_the_page_shows_and_is_an_entry_itself(app: TestApp) {
        let schools = Schools::build(app).await;
        let place = schools.district.school;
        let context = app.services.context.clone();
        app.write(move |conn| {
            for _ in 0..1_203 {
                let event = Event::refused("account.blocked", "employee", Some(context.id()), "=1+1; \"x\"").in_organization(place);
                audit::record(conn, &context, &Actor::program(), event)?;
            }
            Ok(())
        }).await;
        app.clock.advance(TimeDelta::seconds(1));
        let path = format!("{JOURNAL}/export?action=account.blocked");
        let answer = schools.head.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"zhurnal-2026-11-22.csv\""));
        let text = answer.text();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("\u{feff}\"Когда\";\"Действие\""), "{}", lines[0]);
        assert_eq!(lines.len(), 1_203 + 2, "head, entries, an empty end");
        assert_eq!(
            lines[1],
            "\"22.11.2026 12:00:00\";\"Учётная запись заблокирована\";\"account.blocked\";\"Отказано\";\"ЭПОС\";\"\";\
             \"Карточка\";\"\";\"Школа № 1\";\"\";\"\";\"'=1+1; \"\"x\"\"\";\"\""
        );
        let told = journal(&schools.head, &[("action", "journal.exported")]).await;
        assert_eq!(items(&told).len(), 1, "{told}");
        let whole = schools.head.get(&format!("{JOURNAL}/export")).await.text();
        assert!(whole.contains(&account_of(&schools.head).await) || whole.contains("Тестова Анна Ивановна"));
        assert!(!whole.contains("Школа № 99"), "the neighbour's");
        let of_neighbour = format!("{JOURNAL}/export?organization={}", schools.other);
        assert_eq!(schools.head.get(&of_neighbour).await.text().lines().count(), 1, "the head of the table alone");
        schools.head.get(&format!("{JOURNAL}/export?action=nothing")).await.expect_problem(400, "malformed-parameter");
    }

    async fn actions_are_offered_in_groups(app: TestApp) {
        let district = District::build(app).await;
        let (head, _) = people::works_as(app, district.school, Role::SchoolDirector).await;
        let groups = head.get(&format!("{JOURNAL}/actions")).await.expect(200);
        let cards = groups.as_array().unwrap().iter().find(|group| group["code"] == "cards").unwrap();
        assert!(cards["actions"].as_array().unwrap().iter().any(|action| action["code"] == "employee.created"));
    }
}

/// An entry as the model has it.
#[derive(Debug, Clone)]
struct Told {
    at: DateTime<Utc>,
    id: Option<String>,
    organization: Option<usize>,
    actor: Option<usize>,
    object: usize,
    action: &'static str,
    refused: bool,
}

/// Thousands of entries among a department's schools, and what everybody should see of them.
struct World {
    entries: Vec<Told>,
    /// The department first, then its schools, then one that is not below it.
    places: Vec<Id>,
    actors: Vec<Id>,
    objects: Vec<Id>,
    /// Support, the department, a head.
    readers: Vec<Client>,
}

type Question = Vec<(&'static str, String)>;

const ACTIONS: [&str; 5] =
    ["employee.created", "employee.role_added", "binding.created", "session.opened", "employee.archived"];
const SCHOOLS: usize = 12;
const ENTRIES: usize = 12_500;

impl World {
    async fn build(app: &TestApp) -> Self {
        let district = District::build(app).await;
        let mut places = vec![district.department];
        for number in 0..SCHOOLS {
            let name = format!("Школа № {}", 100 + number);
            places.push(
                people::organization(app, Some(district.department), OrganizationKind::School, &name).await,
            );
        }
        places.push(
            people::organization(app, Some(district.operator), OrganizationKind::School, "Чужая").await,
        );
        let mut ids = (1..).map(|number| Id(uuid::Uuid::from_u128(number)));
        let actors: Vec<Id> = ids.by_ref().take(5).collect();
        let objects: Vec<Id> = ids.by_ref().take(40).collect();
        let mut entries = Vec::new();
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        // A small generator of our own: the same entries each time.
        let mut state = 7_u64;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        for number in 0..ENTRIES {
            // Most is elsewhere or nowhere; three schools are quiet since long.
            let organization = match draw(100) {
                0..70 => Some(places.len() - 1),
                70..90 => None,
                90..92 => Some(0),
                _ => Some(1 + draw(if number < 900 { SCHOOLS } else { SCHOOLS - 3 })),
            };
            entries.push(Told {
                // Some share their moment.
                at: start + TimeDelta::seconds(i64::try_from(number / 3).unwrap() * 20),
                id: None,
                organization,
                actor: (draw(6) > 0).then(|| draw(5)),
                object: draw(40),
                // The last is rare.
                action: ACTIONS[if draw(4000) == 0 { 4 } else { draw(4) }],
                refused: draw(20) == 0,
            });
        }
        let (context, rows) = (app.services.context.clone(), entries.clone());
        let (p, a, o) = (places.clone(), actors.clone(), objects.clone());
        let batches: Vec<Vec<Told>> = rows.chunks(2_500).map(<[Told]>::to_vec).collect();
        for batch in batches {
            let (context, p, a, o) = (context.clone(), p.clone(), a.clone(), o.clone());
            app.write(move |conn| {
                for told in &batch {
                    let event = Event {
                        action: told.action,
                        object_kind: "employee",
                        object: Some(o[told.object]),
                        organization: told.organization.map(|place| p[place]),
                        outcome: if told.refused { Outcome::Refused } else { Outcome::Done },
                        details: json!({}),
                    };
                    let actor = Actor { account: told.actor.map(|actor| a[actor]), ..Actor::program() };
                    audit::record(conn, &context.at(told.at), &actor, event)?;
                }
                Ok(())
            })
            .await;
        }
        let (support, _) = people::works_as(app, district.operator, Role::Support).await;
        let (department, _) = people::works_as(app, district.department, Role::EducationDepartment).await;
        let (head, _) = people::works_as(app, places[3], Role::SchoolDirector).await;
        let mut world = Self { entries, places, actors, objects, readers: vec![support, department, head] };
        world.learn_ids(app).await;
        world
    }

    /// Entries of one moment stand in the order of their identifiers.
    async fn learn_ids(&mut self, app: &TestApp) {
        use diesel::prelude::*;
        use epos_backend::db::schema::audit_events as t;
        type Row = (Id, chrono::NaiveDateTime, String, Option<Id>, Option<Id>, Option<Id>, String);
        let rows: Vec<Row> = app
            .read(|conn| {
                Ok(t::table
                    .filter(t::at.lt("2026-11-01T00:00:00".parse::<chrono::NaiveDateTime>().unwrap()))
                    .select((
                        t::id,
                        t::at,
                        t::action,
                        t::object_id,
                        t::actor_account_id,
                        t::organization_id,
                        t::result,
                    ))
                    .load(conn)?)
            })
            .await;
        let place: HashMap<Id, usize> = self.places.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let actor: HashMap<Id, usize> = self.actors.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let object: HashMap<Id, usize> = self.objects.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        assert_eq!(rows.len(), self.entries.len());
        self.entries = rows
            .into_iter()
            .map(|(id, at, action, object_id, actor_id, organization, result)| Told {
                at: at.and_utc(),
                id: Some(id.to_string()),
                organization: organization.map(|id| place[&id]),
                actor: actor_id.map(|id| actor[&id]),
                object: object[&object_id.unwrap()],
                action: ACTIONS.iter().find(|known| **known == action).unwrap(),
                refused: result == "refused",
            })
            .collect();
        self.entries.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    }

    fn questions(&self) -> Vec<Question> {
        let mut alone: Vec<(&'static str, String)> = vec![
            ("action", "employee.created".to_owned()),
            ("action", "employee.archived".to_owned()),
            ("action", "cards".to_owned()),
            ("result", "refused".to_owned()),
            ("result", "done".to_owned()),
            ("object", self.objects[3].to_string()),
            ("actor", self.actors[1].to_string()),
            ("from", "2026-01-01".to_owned()),
            ("to", "2026-01-01".to_owned()),
        ];
        for place in [0, 3, 11, SCHOOLS, SCHOOLS + 1] {
            alone.push(("organization", self.places[place].to_string()));
        }
        let mut all: Vec<Question> = vec![vec![("to", "2026-06-01".to_owned())]];
        for (number, one) in alone.iter().enumerate() {
            all.push(vec![one.clone(), ("to", "2026-06-01".to_owned())].into_iter().rev().collect());
            for other in alone.iter().skip(number + 1).filter(|other| other.0 != one.0) {
                all.push(vec![one.clone(), other.clone()]);
            }
        }
        all.push(vec![
            ("action", "cards".to_owned()),
            ("result", "refused".to_owned()),
            ("actor", self.actors[2].to_string()),
            ("from", "2026-01-01".to_owned()),
        ]);
        for question in &mut all {
            // What the test itself has done stands later. The last of two equal parameters would be refused.
            if !question.iter().any(|(name, _)| *name == "to") {
                question.push(("to", "2026-06-01".to_owned()));
            }
            let mut seen = std::collections::HashSet::new();
            question.retain(|(name, _)| seen.insert(*name));
        }
        all
    }

    /// What a question has to be answered with.
    fn answer(&self, reader: usize, question: &Question) -> Vec<&str> {
        let value =
            |wanted: &str| question.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
        let below = |top: usize, place: usize| place == top || (top == 0 && place <= SCHOOLS);
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        let chosen = value("organization")
            .map(|id| self.places.iter().position(|place| place.to_string() == id).unwrap());
        let is_asked = |told: &&Told| {
            let seen = match reader {
                0 => true,
                1 => told.organization.is_some_and(|place| below(0, place)),
                _ => told.organization == Some(3),
            };
            let local = (told.at + TimeDelta::hours(5)).date_naive();
            seen && chosen.is_none_or(|top| told.organization.is_some_and(|place| below(top, place)))
                && value("action").is_none_or(|action| {
                    action == told.action || (action == "cards" && told.action.starts_with("employee."))
                })
                && value("result").is_none_or(|result| (result == "refused") == told.refused)
                && value("object").is_none_or(|id| self.objects[told.object].to_string() == id)
                && value("actor")
                    .is_none_or(|id| told.actor.is_some_and(|actor| self.actors[actor].to_string() == id))
                && value("from").is_none_or(|from| local >= day(from))
                && value("to").is_none_or(|to| local <= day(to))
        };
        self.entries.iter().filter(is_asked).map(|told| told.id.as_deref().unwrap()).collect()
    }

    /// Pages from the beginning as far as some go, and back again.
    async fn check(&self, client: &Client, reader: usize, question: &Question) {
        let expected = self.answer(reader, question);
        let asked: Vec<(&str, &str)> = question.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let ids = |page: &Value| -> Vec<String> {
            items(page).iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
        };
        let page = async |more: &[(&str, &str)]| {
            journal(client, &[&asked[..], &[("limit", "30")], more].concat()).await
        };
        let mut found = Vec::new();
        let mut now = page(&[]).await;
        assert!(now["previous"].is_null());
        for number in 0.. {
            let new = ids(&now);
            let until = (found.len() + new.len()).min(expected.len());
            assert_eq!(new, expected[found.len()..until], "{reader} {question:?} page {number}");
            assert!(
                new.len() == 30 || now["searched_to"].is_string() || until == expected.len(),
                "{reader} {question:?}: {until} of {}",
                expected.len()
            );
            assert!(new.len() < 30 || now["searched_to"].is_null());
            found.extend(new);
            let Some(next) = now["next"].as_str().map(str::to_owned) else {
                assert_eq!(found.len(), expected.len(), "{reader} {question:?}");
                break;
            };
            if number == 8 {
                break;
            }
            now = page(&[("after", &next)]).await;
        }
        // Back from there: everything that was found, in the same order, and nothing twice.
        let mut seen = ids(&now);
        while let Some(previous) = now["previous"].as_str().map(str::to_owned) {
            now = page(&[("before", &previous)]).await;
            seen.splice(0..0, ids(&now));
        }
        assert_eq!(seen, found, "{reader} {question:?} back");
    }
}
