//! Every pair of the rights matrix (who does what to whom, and where) through the API, against the pure
//! functions of `shared` that hold the table of rules.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use epos_backend::db::schema::role_assignments;
use epos_backend::db::types::Id;
use epos_shared::rights::{Action, Relation, Verdict, card_verdict, works_in_kontingent};
use epos_shared::roles::Role;
use serde_json::{Value, json};

use crate::both_databases;
use crate::common::{Answer, Client, Kind, TestApp};
use crate::matrix_world::{
    Card, NewCard, PASSWORD, Snapshot, World, card_body, home_of, is_locked, lock, organizations_in,
    signed_in, snapshot,
};

/// The actions that have a call about one card. A transfer needs its right on two sides, and has tests of its own.
const ACTIONS: [Action; 10] = [
    Action::View,
    Action::Create,
    Action::EditPerson,
    Action::AssignRole,
    Action::ChangeDates,
    Action::EndRole,
    Action::IssueCredentials,
    Action::Unlock,
    Action::Unbind,
    Action::Archive,
];

/// What a call must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    /// 200 or 201, and it is done.
    Done,
    /// This status and problem code, the code of the one wrong field where there is one, and nothing is done.
    Refused(u16, &'static str, Option<&'static str>),
}

fn expected(actor: Role, action: Action, target: Role, relation: Relation) -> Expected {
    let by_role = |code| Expected::Refused(422, "validation-failed", Some(code));
    if !works_in_kontingent(actor) {
        return Expected::Refused(403, "no-rights", None);
    }
    let sees = card_verdict(&[actor], Action::View, &[target], relation).is_allowed();
    let names_role = matches!(action, Action::Create | Action::AssignRole);
    match card_verdict(&[actor], action, &[target], relation) {
        Verdict::Allowed => Expected::Done,
        _ if !sees && action == Action::Create => by_role("organization-unknown"),
        _ if !sees => Expected::Refused(404, "not-found", None),
        Verdict::NeedsConfirmation if names_role => by_role("role-needs-confirmation"),
        Verdict::NeedsConfirmation => Expected::Refused(403, "needs-confirmation", None),
        Verdict::Denied if names_role => by_role("role-forbidden"),
        Verdict::Denied => Expected::Refused(403, "forbidden", None),
    }
}

async fn call(client: &Client, world: &World, action: Action, card: &Card, before: &Snapshot) -> Answer {
    let path = format!("/api/v1/kontingent/employees/{}", card.id);
    let today = world.today;
    let (start, end) = (today - Days::new(100), today + Days::new(20));
    let role = |end| json!({ "id": card.role_id.0, "role": card.role, "start": start, "end": end });
    let save = |family_name, roles| client.put(&path, card_body(before.version, family_name, roles));
    let same = "Матрицына";
    match action {
        Action::View => client.get(&path).await,
        Action::Create => {
            let mut body = card_body(0, same, vec![json!({ "role": card.role, "start": today })]);
            body.as_object_mut().unwrap().remove("version");
            body["organization_id"] = json!(world.organization(card.organization).0);
            client.post("/api/v1/kontingent/employees", body).await
        }
        Action::EditPerson => save("Иванова", vec![role(end)]).await,
        Action::AssignRole => {
            let added = json!({ "role": card.role, "start": end + Days::new(1) });
            save(same, vec![role(end), added]).await
        }
        Action::ChangeDates => save(same, vec![role(end + Days::new(5))]).await,
        Action::EndRole => save(same, vec![role(today)]).await,
        Action::IssueCredentials => client.post(&format!("{path}/credentials"), json!({})).await,
        Action::Unlock => client.delete(&format!("{path}/lock")).await,
        Action::Unbind => client.delete(&format!("{path}/binding")).await,
        Action::Archive => client.post(&format!("{path}/archive"), json!({})).await,
        Action::Merge | Action::Transfer => unreachable!("no call about one card"),
    }
}

/// What an action that was done must have changed, and nothing else.
fn effect(world: &World, action: Action, card: &Card, before: &Snapshot) -> Snapshot {
    let mut after = before.clone();
    let end = world.today + Days::new(20);
    match action {
        Action::View | Action::Unlock => return after,
        Action::Create => {
            after.neighbours += 1;
            return after;
        }
        Action::EditPerson => after.family_name = "Иванова".to_owned(),
        Action::AssignRole => {
            after.roles.push((card.role.as_str().to_owned(), end + Days::new(1), None));
            after.credentials = (1, 1);
        }
        Action::ChangeDates => after.roles[0].2 = Some(end + Days::new(5)),
        Action::EndRole => after.roles[0].2 = Some(world.today),
        Action::IssueCredentials => {
            after.credentials = (1, 1);
            return after;
        }
        Action::Unbind => {
            after.bound = false;
            return after;
        }
        Action::Archive => {
            after.archived = true;
            after.roles[0].2 = Some(world.today);
        }
        Action::Merge | Action::Transfer => unreachable!("no call about one card"),
    }
    after.version += 1;
    after
}

/// What is wrong with an answer, if anything is.
fn judge(answer: &Answer, expected: &Expected) -> Option<String> {
    let status = answer.status.as_u16();
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let right = match expected {
        Expected::Done => (200..300).contains(&status),
        Expected::Refused(wanted, code, field) => {
            let fields: Vec<_> =
                body["errors"].as_array().into_iter().flatten().map(|e| &e["code"]).collect();
            let fields_right = match field {
                None => fields.is_empty(),
                Some(code) => fields == [code],
            };
            status == *wanted && body["code"] == *code && fields_right
        }
    };
    (!right).then(|| format!("{status} {} {}", body["code"], body["errors"]))
}

type Place = (&'static str, Role);

/// Every card that some pair is about: organization and role.
fn places(world: &World, home: &str) -> Vec<(Relation, Place)> {
    let mut places = Vec::new();
    for relation in Relation::ALL {
        for organization in organizations_in(home, relation) {
            for role in Role::fitting(world.kind(organization)) {
                places.push((relation, (organization, role)));
            }
        }
    }
    places
}

both_databases! {
    #[configure(|config| {
        // One wrong password locks a name: the calls that unlock need many locks.
        config.sign_in.pair_failures = 1;
        config.sign_in.name_failures = 1;
    })]
    async fn every_pair_of_the_matrix_is_what_the_rules_say(app: TestApp) {
        let world = World::build(app).await;
        let homes: Vec<Place> = Role::ALL.map(|role| (home_of(role), role)).to_vec();
        let actors = world.create(app, homes.iter().map(|(home, role)| world.card(home, *role)).collect()).await;

        // Refused calls change nothing, and so share one card of each place.
        let mut shared_places: Vec<Place> =
            homes.iter().flat_map(|(home, _)| places(&world, home)).map(|(_, place)| place).collect();
        shared_places.sort_unstable();
        shared_places.dedup();
        let new = shared_places.iter().map(|(organization, role)| world.card(organization, *role)).collect();
        let shared: HashMap<Place, Card> =
            shared_places.iter().copied().zip(world.create(app, new).await).collect();
        for card in shared.values() {
            lock(app, card).await;
        }

        let mut checked: HashMap<&str, u32> = HashMap::new();
        let mut wrong: Vec<[String; 8]> = Vec::new();
        for (actor, (home, role)) in actors.iter().zip(&homes) {
            let client = signed_in(app, &actor.user_name).await;
            let pairs = places(&world, home);
            // Allowed calls change their card, and so have a fresh one each.
            let mut fresh = Vec::new();
            for (relation, (organization, target)) in &pairs {
                for action in ACTIONS {
                    if changes(action) && expected(*role, action, *target, *relation) == Expected::Done {
                        fresh.push(world.card(organization, *target));
                    }
                }
            }
            let mut fresh = world.create(app, fresh).await.into_iter();
            for (relation, place) in pairs {
                for action in ACTIONS {
                    let expected = expected(*role, action, place.1, relation);
                    let done = expected == Expected::Done;
                    let card = if done && changes(action) { fresh.next().unwrap() } else { shared[&place].clone() };
                    if done && action == Action::Unlock {
                        lock(app, &card).await;
                    }
                    let before = snapshot(app, card.id).await;
                    let answer = call(&client, &world, action, &card, &before).await;
                    let after = snapshot(app, card.id).await;
                    let want = if done { effect(&world, action, &card, &before) } else { before };
                    let mut faults: Vec<String> = judge(&answer, &expected).into_iter().collect();
                    if after != want {
                        faults.push(format!("the card is {after:?} and should be {want:?}"));
                    }
                    if action == Action::Unlock && is_locked(app, &card).await == done {
                        faults.push(format!("locked: {}", !done));
                    }
                    *checked.entry(if done { "done" } else { "refused" }).or_default() += 1;
                    if !faults.is_empty() {
                        wrong.push([
                            role.as_str().to_owned(),
                            (*home).to_owned(),
                            format!("{action:?}"),
                            place.1.as_str().to_owned(),
                            place.0.to_owned(),
                            format!("{relation:?}"),
                            format!("{expected:?}"),
                            faults.join("; "),
                        ]);
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", table(&wrong));
        assert_eq!((checked["done"], checked["refused"]), (681, 5539), "pairs that were checked");
    }

    async fn nobody_acts_on_a_card_bound_to_his_own_account(app: TestApp) {
        let world = World::build(app).await;
        let mut new = vec![world.card("operator", Role::Support)];
        new.push(world.card("school", Role::SchoolDeputy));
        let actors = world.create(app, new).await;
        for actor in actors {
            // A second card of the same person: his own as well.
            let second = world.card("school", Role::Teacher);
            let second = world
                .create(app, vec![NewCard { account: actor.account, ..second }])
                .await
                .remove(0);
            let client = signed_in(app, &actor.user_name).await;
            choose(&client, &actor).await.expect(200);
            for card in [&actor, &second] {
                for action in ACTIONS {
                    let before = snapshot(app, card.id).await;
                    let answer = call(&client, &world, action, card, &before).await;
                    match action {
                        Action::View => assert_eq!(answer.expect(200)["own"], true),
                        // A new card is nobody's yet.
                        Action::Create => {}
                        _ => {
                            answer.expect_problem(403, "own-card");
                            assert_eq!(snapshot(app, card.id).await, before, "{action:?}");
                        }
                    }
                }
            }
        }
    }

    async fn who_works_as_no_card_or_has_no_role_in_force_is_refused_everything(app: TestApp) {
        let world = World::build(app).await;
        let yesterday = Some(world.today - Days::new(1));
        let tomorrow = world.today + Days::new(1);
        let director = world.card("school", Role::SchoolDirector);
        let teacher = world.card("school", Role::Teacher);
        let ended = NewCard { end: yesterday, ..director.clone() };
        let upcoming = NewCard { start: tomorrow, end: None, ..director.clone() };
        let cards = world.create(app, vec![ended, upcoming, teacher.clone(), teacher, director]).await;
        let [ended, upcoming, two_cards, target, chooser] = <[Card; 5]>::try_from(cards).unwrap();
        // The right over the school belongs to a card that the session does not work as.
        let second = NewCard {
            account: two_cards.account,
            ..world.card("school", Role::SchoolDirector)
        };
        let second = world.create(app, vec![second]).await.remove(0);
        let beside = NewCard {
            account: chooser.account,
            ..world.card("school beside", Role::SchoolDirector)
        };
        let beside = world.create(app, vec![beside]).await.remove(0);

        for (who, actor, choice) in [
            ("a role that ended yesterday", &ended, None),
            ("a role that begins tomorrow", &upcoming, None),
            ("no card chosen of two", &chooser, None),
            ("the card without the right chosen of two", &two_cards, Some(&two_cards)),
        ] {
            let client = signed_in(app, &actor.user_name).await;
            if let Some(card) = choice {
                choose(&client, card).await.expect(200);
            }
            refused_everything(app, &world, &client, &target, 403, "no-rights", who).await;
        }
        refused_everything(app, &world, &app.anonymous(), &target, 401, "not-signed-in", "nobody").await;

        // The same two people, working as their other cards.
        let client = signed_in(app, &two_cards.user_name).await;
        choose(&client, &second).await.expect(200);
        client.get(&format!("/api/v1/kontingent/employees/{}", target.id)).await.expect(200);
        let client = signed_in(app, &chooser.user_name).await;
        choose(&client, &beside).await.expect(200);
        refused_everything(app, &world, &client, &target, 404, "not-found", "the other card's school").await;
        // Somebody else's card cannot be chosen.
        let refused = choose(&client, &target).await;
        assert!(refused.status.is_client_error(), "{}", refused.text());
    }

    async fn an_action_needs_the_right_over_every_role_of_the_card_that_has_not_ended(app: TestApp) {
        let world = World::build(app).await;
        let yesterday = Some(world.today - Days::new(1));
        for (actor, head_ended, wanted) in [
            (Role::SchoolDirector, false, Expected::Refused(403, "forbidden", None)),
            (Role::SchoolDeputy, false, Expected::Refused(403, "needs-confirmation", None)),
            (Role::EducationDepartment, false, Expected::Refused(403, "forbidden", None)),
            (Role::Support, false, Expected::Done),
            (Role::SchoolDirector, true, Expected::Done),
            (Role::SchoolDeputy, true, Expected::Done),
            (Role::EducationDepartment, true, Expected::Refused(403, "forbidden", None)),
        ] {
            let cards = world
                .create(app, vec![world.card(home_of(actor), actor), world.card("school", Role::Teacher)])
                .await;
            let [actor_card, card] = <[Card; 2]>::try_from(cards).unwrap();
            let head_end = if head_ended { yesterday } else { None };
            let head = world.add_role(app, &card, Role::SchoolDirector, head_end).await;
            let client = signed_in(app, &actor_card.user_name).await;
            let before = snapshot(app, card.id).await;
            let (start, end) = (world.today - Days::new(100), world.today + Days::new(20));
            let roles = vec![
                json!({ "id": card.role_id.0, "role": Role::Teacher, "start": start, "end": end }),
                json!({ "id": head.0, "role": Role::SchoolDirector, "start": start,
                    "end": head_end.map(|day| day.to_string()).unwrap_or_default() }),
            ];
            let path = format!("/api/v1/kontingent/employees/{}", card.id);
            let answer = client.put(&path, card_body(before.version, "Иванова", roles)).await;
            assert_eq!(judge(&answer, &wanted), None, "{actor:?}, the head's role has ended: {head_ended}");
            let changed = snapshot(app, card.id).await != before;
            assert_eq!(changed, wanted == Expected::Done, "{actor:?}, the head's role has ended: {head_ended}");
        }
    }

    async fn giving_a_role_needs_the_right_over_it_and_over_those_on_the_card(app: TestApp) {
        let world = World::build(app).await;
        let mut wrong = Vec::new();
        let mut checked = 0;
        for actor in [
            Role::Support,
            Role::EducationDepartment,
            Role::PreschoolDepartment,
            Role::SchoolDirector,
            Role::SchoolDeputy,
            Role::SchoolOfficer,
        ] {
            let relation = if home_of(actor) == "school" { Relation::Same } else { Relation::Below };
            let roles: Vec<Role> = Role::fitting(world.kind("school")).collect();
            let mut new = vec![world.card(home_of(actor), actor)];
            new.extend(roles.iter().flat_map(|on_card| roles.iter().map(|_| world.card("school", *on_card))));
            let mut cards = world.create(app, new).await.into_iter();
            let client = signed_in(app, &cards.next().unwrap().user_name).await;
            for on_card in &roles {
                for added in &roles {
                    let card = cards.next().unwrap();
                    let verdict = |targets: &[Role]| card_verdict(&[actor], Action::AssignRole, targets, relation);
                    let wanted = match (verdict(&[*added]), verdict(&[*added, *on_card])) {
                        (_, Verdict::Allowed) => Expected::Done,
                        (Verdict::Denied, _) => Expected::Refused(422, "validation-failed", Some("role-forbidden")),
                        (Verdict::NeedsConfirmation, _) => {
                            Expected::Refused(422, "validation-failed", Some("role-needs-confirmation"))
                        }
                        (Verdict::Allowed, Verdict::NeedsConfirmation) => {
                            Expected::Refused(403, "needs-confirmation", None)
                        }
                        (Verdict::Allowed, Verdict::Denied) => Expected::Refused(403, "forbidden", None),
                    };
                    let before = snapshot(app, card.id).await;
                    let (start, end) = (world.today - Days::new(100), world.today + Days::new(20));
                    let body = card_body(before.version, "Матрицына", vec![
                        json!({ "id": card.role_id.0, "role": on_card, "start": start, "end": end }),
                        json!({ "role": added, "start": end + Days::new(1) }),
                    ]);
                    let answer = client.put(&format!("/api/v1/kontingent/employees/{}", card.id), body).await;
                    let after = snapshot(app, card.id).await;
                    let given = after.roles.len() == 2 && after.credentials == (1, 1);
                    let untouched = after == before;
                    let fault = judge(&answer, &wanted);
                    if fault.is_some() || !(if wanted == Expected::Done { given } else { untouched }) {
                        wrong.push(format!("{actor:?} gives {added:?} to {on_card:?}: {wanted:?}, {fault:?}, {after:?}"));
                    }
                    checked += 1;
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(checked, 6 * 36);
    }

    #[configure(|config| {
        config.sign_in.pair_failures = 1;
        config.sign_in.name_failures = 1;
    })]
    // A change of the role that takes a while, and the call in the middle of it: whoever comes later is refused;
    // where the database lets the two go side by side, the call counts as the earlier one, and is whole.
    async fn a_role_that_ends_while_its_holder_writes_does_not_slip_through(app: TestApp) {
        let world = World::build(app).await;
        let mut wrong = Vec::new();
        let mut refused = 0;
        for role in Role::ALL.into_iter().filter(|role| works_in_kontingent(*role)) {
            let home = home_of(role);
            for action in ACTIONS.into_iter().filter(|action| changes(*action)) {
                let pairs = places(&world, home);
                let allowed = |(relation, (_, target)): &(Relation, Place)| {
                    expected(role, action, *target, *relation) == Expected::Done
                };
                let (_, (organization, target)) = pairs.into_iter().find(allowed).unwrap();
                let new = vec![world.card(home, role), world.card(organization, target)];
                let cards = world.create(app, new).await;
                let client = signed_in(app, &cards[0].user_name).await;
                if action == Action::Unlock {
                    lock(app, &cards[1]).await;
                }
                let before = snapshot(app, cards[1].id).await;
                let ((), answer) = tokio::join!(end_slowly(app, cards[0].id, world.today - Days::new(1)), async {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    call(&client, &world, action, &cards[1], &before).await
                });
                let after = snapshot(app, cards[1].id).await;
                let is_refused = judge(&answer, &Expected::Refused(403, "no-rights", None)).is_none();
                let is_whole = if is_refused {
                    after == before && (action != Action::Unlock || is_locked(app, &cards[1]).await)
                } else {
                    app.kind == Kind::Postgres
                        && judge(&answer, &Expected::Done).is_none()
                        && after == effect(&world, action, &cards[1], &before)
                };
                if !is_whole {
                    wrong.push(format!("{role:?} {action:?}: {} {after:?}", answer.text()));
                }
                refused += u32::from(is_refused);
                client.get("/api/v1/kontingent/employees").await.expect_problem(403, "no-rights");
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(app.kind == Kind::Postgres || refused > 80, "{refused} were refused");
    }

    async fn a_role_that_ends_closes_with_the_next_request(app: TestApp) {
        let world = World::build(app).await;
        let director = NewCard {
            end: Some(world.today),
            ..world.card("school", Role::SchoolDirector)
        };
        let cards = world.create(app, vec![director, world.card("school", Role::Teacher)]).await;
        // The last day is over in Perm at 19:00 UTC.
        app.clock.set("2026-11-22T18:40:00Z".parse().unwrap());
        let client = signed_in(app, &cards[0].user_name).await;
        let path = format!("/api/v1/kontingent/employees/{}", cards[1].id);
        client.get(&path).await.expect(200);
        app.clock.set("2026-11-22T18:59:59Z".parse().unwrap());
        client.get(&path).await.expect(200);
        app.clock.set("2026-11-22T19:00:00Z".parse().unwrap());
        client.get(&path).await.expect_problem(403, "no-rights");
    }
}

/// Ends the roles of a card in a transaction that takes a while.
async fn end_slowly(app: &TestApp, card: Id, last_day: NaiveDate) {
    app.write(move |conn| {
        diesel::update(role_assignments::table.filter(role_assignments::employee_id.eq(card)))
            .set(role_assignments::ends_on.eq(last_day))
            .execute(conn)?;
        std::thread::sleep(Duration::from_millis(120));
        Ok(())
    })
    .await;
}

/// Whether an allowed action leaves its card other than it was.
fn changes(action: Action) -> bool {
    !matches!(action, Action::View)
}

async fn choose(client: &Client, card: &Card) -> Answer {
    client.put("/api/v1/session/card", json!({ "employee_id": card.id.0 })).await
}

async fn refused_everything(
    app: &TestApp,
    world: &World,
    client: &Client,
    card: &Card,
    status: u16,
    code: &str,
    who: &str,
) {
    for action in ACTIONS {
        let before = snapshot(app, card.id).await;
        let answer = call(client, world, action, card, &before).await;
        let (status, code) = if status == 404 && action == Action::Create {
            (422, "validation-failed")
        } else {
            (status, code)
        };
        assert_eq!(answer.status.as_u16(), status, "{who}: {action:?}: {}", answer.text());
        answer.expect_problem(status, code);
        assert_eq!(snapshot(app, card.id).await, before, "{who}: {action:?}");
    }
    if status != 404 {
        for path in ["/api/v1/kontingent/employees", "/api/v1/kontingent/organizations"] {
            client.get(path).await.expect_problem(status, code);
        }
    }
}

/// The mismatches, readable.
fn table(wrong: &[[String; 8]]) -> String {
    let head = ["actor", "home", "action", "target", "organization", "relation", "expected", "got"];
    let mut text = format!("{} pairs are not what the rules say\n", wrong.len());
    for row in [head.map(ToOwned::to_owned)].iter().chain(wrong).take(200) {
        let [actor, home, action, target, organization, relation, expected, got] = row;
        text.push_str(&format!(
            "{actor:22}{home:14}{action:18}{target:22}{organization:22}{relation:11}{expected:60}{got}\n"
        ));
    }
    text
}

#[test]
fn the_password_of_the_tests_may_be_chosen() {
    assert!(PASSWORD.parse::<epos_shared::values::NewPassword>().is_ok());
}
