//! People, contacts, places in organizations.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::{Form, LOGIN, OID, Provider, V3_REFRESH, http};

const ALL: &str = "openid fullname birthdate gender snils inn email mobile usr_org";

async fn token(provider: &Provider, number: u64, scope: &str) -> String {
    let tokens = provider.enter_with(&format!("EsiaTest{number:03}@example.test"), scope).await;
    tokens["access_token"].as_str().expect("a token").to_owned()
}

fn path(number: u64) -> String {
    format!("/rs/prns/{}", 1_000_299_900 + number)
}

#[actix_web::test]
async fn a_person_is_told_whole() {
    let provider = Provider::start().await;
    let token = token(&provider, 1, ALL).await;
    let (status, mut person) = provider.read(&token, &path(1)).await;
    assert_eq!(status, StatusCode::OK);
    let tag = person["eTag"].take();
    assert_eq!(tag.as_str().map(str::len), Some(40));
    assert_eq!(
        person,
        json!({
            "eTag": null,
            "stateFacts": ["EntityRoot"],
            "firstName": "Имя001",
            "lastName": "Фамилия001",
            "middleName": "Отчество001",
            "birthDate": "01.01.1980",
            "gender": "M",
            "trusted": true,
            "citizenship": "RUS",
            "snils": "000-000-600 01",
            "status": "REGISTERED",
            "updatedOn": 1_700_000_000,
        })
    );
}

#[actix_web::test]
async fn what_the_scope_does_not_name_is_not_told() {
    let provider = Provider::start().await;
    let named = token(&provider, 1, "openid fullname").await;
    let (_, person) = provider.read(&named, &path(1)).await;
    assert_eq!(person["lastName"], "Фамилия001");
    for field in ["snils", "birthDate", "gender", "inn"] {
        assert!(person.get(field).is_none(), "{field}");
    }
    for closed in ["ctts", "roles", "ctts/29990101"] {
        let (status, answer) = provider.read(&named, &format!("{}/{closed}", path(1))).await;
        assert_eq!(
            (status, &answer["error"]),
            (StatusCode::FORBIDDEN, &json!("insufficient_scope")),
            "{closed}"
        );
    }
    let nothing = token(&provider, 1, "openid").await;
    assert_eq!(provider.read(&nothing, &path(1)).await.0, StatusCode::FORBIDDEN);
    let mobile = token(&provider, 1, "openid mobile").await;
    let (_, contacts) = provider.read(&mobile, &format!("{}/ctts?embed=(elements)", path(1))).await;
    assert_eq!(contacts["size"], 1);
    assert_eq!(contacts["elements"][0]["type"], "MBT");
    // The e-mail is there and is another scope's.
    let (status, _) = provider.read(&mobile, &format!("{}/ctts/29990101", path(1))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = provider.read(&mobile, &format!("{}/ctts/1", path(1))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn contacts_come_as_addresses_or_embedded() {
    let provider = Provider::start().await;
    let token = token(&provider, 1, ALL).await;
    let (_, links) = provider.read(&token, &format!("{}/ctts", path(1))).await;
    let (_, embedded) = provider.read(&token, &format!("{}/ctts?embed=(elements)", path(1))).await;
    for list in [&links, &embedded] {
        assert_eq!(list["size"], 2);
        assert!(list["eTag"].is_string() && list["stateFacts"].is_array());
    }
    let links = links["elements"].as_array().expect("a list");
    for (link, element) in links.iter().zip(embedded["elements"].as_array().expect("a list")) {
        let (status, contact) = provider.read(&token, link.as_str().expect("an address")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(contact, *element);
        assert!(link.as_str().expect("text").ends_with(&format!("/ctts/{}", element["id"])));
    }
    assert_eq!(embedded["elements"][0]["type"], "EML");
    assert_eq!(embedded["elements"][0]["vrfStu"], "VERIFIED");
    assert_eq!(embedded["elements"][0]["value"], "EsiaTest001@example.test");
    assert_eq!(embedded["elements"][1]["value"], "+7(000)0000001");
}

#[actix_web::test]
async fn embedding_is_heeded_in_each_of_its_forms() {
    let provider = Provider::start().await;
    let open = token(&provider, 1, ALL).await;
    let (_, contacts) = provider.read(&open, &format!("{}/ctts?embed=(elements)", path(1))).await;
    let (_, by_level) = provider.read(&open, &format!("{}/ctts?embed=%28elements-1%29", path(1))).await;
    assert_eq!(contacts, by_level);
    for embed in ["(contacts.elements)", "(contacts.elements-1)", "(documents.elements,contacts.elements)"] {
        let (_, person) = provider.read(&open, &format!("{}?embed={embed}", path(1))).await;
        assert_eq!(person["contacts"], contacts, "{embed}");
    }
    for none in ["", "?embed=contacts.elements", "?embed=(documents.elements)", "?embed=(elements)"] {
        let (_, person) = provider.read(&open, &format!("{}{none}", path(1))).await;
        assert!(person.get("contacts").is_none(), "{none}");
    }
    let named = token(&provider, 1, "openid fullname").await;
    let (status, person) = provider.read(&named, &format!("{}?embed=(contacts.elements)", path(1))).await;
    assert_eq!(status, StatusCode::OK);
    assert!(person.get("contacts").is_none(), "another scope's");
}

#[actix_web::test]
async fn resources_answer_head_as_get_without_the_body_and_nothing_else() {
    let provider = Provider::start().await;
    let token = token(&provider, 1, ALL).await;
    let url = format!("{}{}", provider.url, path(1));
    let get = http().get(&url).bearer_auth(&token).send().await.expect("an answer");
    let head = http().head(&url).bearer_auth(&token).send().await.expect("an answer");
    assert_eq!((head.status(), get.status()), (StatusCode::OK, StatusCode::OK));
    for name in ["content-type", "content-length"] {
        assert_eq!(head.headers().get(name), get.headers().get(name), "{name}");
    }
    assert_eq!(get.headers()["content-type"], "application/json");
    assert!(head.bytes().await.expect("a body").is_empty());
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = http().request(method, &url).bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    // Who shows no token at all is only told which kind is wanted (RFC 6750, 3.1).
    let bare = http().get(&url).send().await.expect("an answer");
    assert_eq!(
        (bare.status(), &bare.headers()["www-authenticate"]),
        (StatusCode::UNAUTHORIZED, &"Bearer".parse().expect("a value"))
    );
    let wrong = http().get(&url).bearer_auth("nothing").send().await.expect("an answer");
    assert_eq!(wrong.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
}

#[actix_web::test]
async fn the_cast_has_every_kind_of_person() {
    let provider = Provider::start().await;
    let mut people = Vec::new();
    for number in 1..=10 {
        let token = token(&provider, number, ALL).await;
        let (status, person) = provider.read(&token, &path(number)).await;
        assert_eq!(status, StatusCode::OK);
        let (_, contacts) = provider.read(&token, &format!("{}/ctts?embed=(elements)", path(number))).await;
        let (_, roles) = provider.read(&token, &format!("{}/roles", path(number))).await;
        people.push((person, contacts, roles));
    }
    let at = |number: usize| &people[number - 1];
    assert_eq!(at(2).0["trusted"], false);
    assert!(at(3).0.get("middleName").is_none());
    assert_eq!(at(4).1["elements"][0]["vrfStu"], "NOT_VERIFIED");
    assert_eq!(at(5).0["status"], "DELETED");
    for name in ["lastName", "firstName", "middleName"] {
        assert_eq!(at(6).0[name], at(7).0[name]);
    }
    assert_ne!(at(6).0["snils"], at(7).0["snils"]);
    assert_eq!(at(9).0["birthDate"], "09.09.2012");
    assert_eq!(at(10).2["size"], 3);
    let role = &at(10).2["elements"][1];
    assert_eq!(
        (&role["chief"], &role["active"], &role["type"]),
        (&json!(true), &json!(true), &json!("AGENCY"))
    );
    assert!(role["ogrn"].is_string() && role["oid"].is_u64());
    assert_eq!(at(8).2["size"], 0);
}

#[actix_web::test]
async fn only_a_valid_access_token_of_this_person_opens() {
    let provider = Provider::start().await;
    let tokens = provider.enter(LOGIN).await;
    let access = tokens["access_token"].as_str().expect("a token");
    let path = format!("/rs/prns/{OID}");
    assert_eq!(provider.read(access, &path).await.0, StatusCode::OK);
    for other in ["/rs/prns/1000299902", "/rs/prns/1", "/rs/prns/x"] {
        assert_eq!(provider.read(access, other).await.0, StatusCode::FORBIDDEN, "{other}");
    }
    let mut spoiled = access.to_owned();
    spoiled.push('A');
    let wrong = [tokens["id_token"].as_str(), tokens["refresh_token"].as_str(), Some("x"), Some(&spoiled)];
    for token in wrong.into_iter().flatten() {
        let (status, answer) = provider.read(token, &path).await;
        assert_eq!((status, &answer["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_token")));
    }
    let url = format!("{}{path}", provider.url);
    let response = provider.http.get(url).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}

#[actix_web::test]
async fn a_token_out_of_date_opens_nothing_and_is_renewed() {
    let provider = Provider::start().await;
    provider.next(json!({"access_seconds": 0})).await;
    let tokens = provider.enter(LOGIN).await;
    let access = tokens["access_token"].as_str().expect("a token");
    let path = format!("/rs/prns/{OID}");
    assert_eq!(provider.read(access, &path).await.0, StatusCode::UNAUTHORIZED);

    provider.put(&format!("switches/people/{OID}"), &json!({"access_seconds": 60})).await;
    let tokens = provider.enter(LOGIN).await;
    assert_eq!(tokens["expires_in"], 60);
    let form = Form::refresh(tokens["refresh_token"].as_str().expect("a token")).signed(V3_REFRESH);
    let renewed: Value = provider.tokens(&form).await;
    let access = renewed["access_token"].as_str().expect("a token");
    assert_eq!(provider.read(access, &path).await.0, StatusCode::OK);
}
