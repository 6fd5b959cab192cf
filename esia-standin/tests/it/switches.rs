//! Switches: for everybody, for a person, for one sign-in.

use std::time::{Duration, Instant};

use esia_standin::context::Clock;
use esia_standin::refusal::Refusal;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{Form, Key, LOGIN, OID, Provider, V2_AC, V3_CODE, is_signed_by, now, part};

const OTHER: &str = "EsiaTest003@example.test";

#[actix_web::test]
async fn every_code_can_be_had_in_the_redirect_and_from_the_token_endpoint() {
    let provider = Provider::start().await;
    assert_eq!(Refusal::ALL.len(), 26);
    for refusal in Refusal::ALL {
        provider.next(json!({"error": refusal.code})).await;
        assert_eq!(provider.refused_at_ac(&Form::ac().signed(V2_AC)).await.0, refusal.code);
        provider.next(json!({"error": refusal.code, "error_at": "te"})).await;
        let code = provider.code(&Form::ac().signed(V2_AC)).await;
        assert_eq!(provider.refused_at_te(&Form::code(&code).signed(V3_CODE)).await, refusal.code);
    }
}

#[actix_web::test]
async fn a_persons_switch_strikes_after_the_password_and_only_this_person() {
    let provider = Provider::start().await;
    let path = format!("switches/people/{OID}");
    for (switch, code) in [("cancel", "007004"), ("unconfirmed", "007055"), ("overload", "007008")] {
        assert_eq!(provider.put(&path, &json!({switch: true})).await, StatusCode::NO_CONTENT);
        let callback = provider.sign_in(&Form::ac().signed(V2_AC), LOGIN).await;
        assert_eq!(callback.refusal(), code);
        provider.code_of(&Form::ac().signed(V2_AC), OTHER).await;
    }
    provider.put(&path, &json!({})).await;
    provider.code(&Form::ac().signed(V2_AC)).await;
}

#[actix_web::test]
async fn a_switch_for_everybody_strikes_at_once_until_it_is_taken_back() {
    let provider = Provider::start().await;
    provider.put("switches/all", &json!({"overload": true})).await;
    for _ in 0..2 {
        assert_eq!(provider.refused_at_ac(&Form::ac().signed(V2_AC)).await.0, "007008");
    }
    let url = format!("{}/standin/switches", provider.url);
    let told: Value = provider.http.get(&url).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(told["all"], json!({"overload": true}));
    assert_eq!(provider.http.delete(&url).send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    provider.code(&Form::ac().signed(V2_AC)).await;
}

#[actix_web::test]
async fn one_sign_in_has_its_switches_to_the_end_and_the_next_has_none() {
    let provider = Provider::start().await;
    provider.next(json!({"expires_in_text": true, "sub": "string", "kid": true, "embed": false})).await;
    let tokens = provider.enter(LOGIN).await;
    assert_eq!(tokens["expires_in"], "3600");
    assert_eq!(part(&tokens["id_token"], 1)["sub"], OID.to_string());
    assert_eq!(part(&tokens["id_token"], 0)["kid"].as_str().map(str::len), Some(16));
    let contacts = format!("/rs/prns/{OID}/ctts?embed=(elements)");
    let access = tokens["access_token"].as_str().expect("a token");
    assert!(provider.read(access, &contacts).await.1["elements"][0].is_string());

    let tokens = provider.enter(LOGIN).await;
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(part(&tokens["id_token"], 1)["sub"], OID);
    assert!(part(&tokens["id_token"], 0).get("kid").is_none());
    let access = tokens["access_token"].as_str().expect("a token");
    assert!(provider.read(access, &contacts).await.1["elements"][0].is_object());
}

#[actix_web::test]
async fn a_clock_that_is_wrong_refuses_right_times_and_dates_tokens_wrongly() {
    let provider = Provider::start().await;
    provider.put("switches/all", &json!({"clock_skew_seconds": 600})).await;
    assert_eq!(provider.refused_at_ac(&Form::ac().signed(V2_AC)).await.0, "007015");
    let ahead = Form::ac().with("timestamp", &now(600)).signed(V2_AC);
    assert_eq!(provider.ac(&ahead).await.status(), StatusCode::OK);
    provider.put("switches/all", &json!({})).await;

    // Within what the provider itself tolerates, and more than a client should.
    provider.next(json!({"clock_skew_seconds": 120})).await;
    let claims = part(&provider.enter(LOGIN).await["id_token"], 1);
    let ahead = claims["iat"].as_i64().expect("iat") - Clock::system().now().timestamp();
    assert!((110..=120).contains(&ahead), "{ahead}");
}

#[actix_web::test]
async fn a_rotated_certificate_signs_with_the_next_key() {
    let provider = Provider::start().await;
    let (current, next) = (Key::rsa("provider"), Key::rsa("provider-next"));
    provider.put("switches/all", &json!({"rotated": true})).await;
    let tokens = provider.enter(LOGIN).await;
    for token in ["id_token", "access_token"] {
        assert!(is_signed_by(&tokens[token], &next) && !is_signed_by(&tokens[token], &current));
    }
    let url = format!("{}/standin/certificates", provider.url);
    let told: Value = provider.http.get(url).send().await.expect("an answer").json().await.expect("JSON");
    let told = told.as_array().expect("a list");
    assert_eq!(told.len(), 4);
    let pem = std::fs::read_to_string(&next.certificate).expect("a certificate");
    assert_eq!((&told[1]["next"], told[1]["pem"].as_str()), (&json!(true), Some(pem.as_str())));
}

#[actix_web::test]
async fn a_slow_answer_is_slow() {
    let provider = Provider::start().await;
    provider.next(json!({"slow_ms": 300})).await;
    let started = Instant::now();
    let response = provider.ac(&Form::ac().signed(V2_AC)).await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    let mark = crate::common::transaction(&response.text().await.expect("a page"));
    let fields = [("login", LOGIN), ("password", crate::common::PASSWORD)];
    let code = crate::common::Callback::of(provider.submit(&mark, &fields).await).await.get("code");
    let form = Form::code(&code.expect("a code")).signed(V3_CODE);
    let started = Instant::now();
    let tokens = provider.tokens(&form).await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    let started = Instant::now();
    let access = tokens["access_token"].as_str().expect("a token");
    assert_eq!(provider.read(access, &format!("/rs/prns/{OID}")).await.0, StatusCode::OK);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[actix_web::test]
async fn an_id_token_can_be_spoiled_in_every_way_a_client_must_notice() {
    let provider = Provider::start().await;
    let key = Key::rsa("provider");
    provider.next(json!({"alg": "none"})).await;
    let token = provider.enter(LOGIN).await["id_token"].clone();
    assert_eq!(part(&token, 0)["alg"], "none");
    assert!(token.as_str().expect("a token").ends_with('.'));

    provider
        .next(json!({
            "id_token_header": {"sbt": "access"},
            "id_token_claims": {"aud": "OTHER", "iss": "http://evil.test/", "exp": 1, "nbf": null},
        }))
        .await;
    let token = provider.enter(LOGIN).await["id_token"].clone();
    assert!(is_signed_by(&token, &key), "changed before it was signed");
    assert_eq!(part(&token, 0)["sbt"], "access");
    let claims = part(&token, 1);
    assert_eq!((&claims["aud"], &claims["exp"]), (&json!("OTHER"), &json!(1)));
    assert!(claims.get("nbf").is_none());

    provider.next(json!({"spoil_signature": true})).await;
    assert!(!is_signed_by(&provider.enter(LOGIN).await["id_token"], &key));
}

#[actix_web::test]
async fn callback_answer_and_person_can_be_changed() {
    let provider = Provider::start().await;
    provider.next(json!({"callback": {"state": "other", "code": null}})).await;
    let callback = provider.sign_in(&Form::ac().signed(V2_AC), LOGIN).await;
    assert_eq!((callback.get("state").as_deref(), callback.get("code")), (Some("other"), None));

    provider.next(json!({"token_answer": {"state": "other", "id_token": null}})).await;
    let tokens = provider.enter(LOGIN).await;
    assert_eq!((&tokens["state"], tokens.get("id_token")), (&json!("other"), None));

    provider.next(json!({"person": {"status": "DELETED", "middleName": null}})).await;
    let tokens = provider.enter(LOGIN).await;
    let access = tokens["access_token"].as_str().expect("a token");
    let (_, person) = provider.read(access, &format!("/rs/prns/{OID}")).await;
    assert_eq!((&person["status"], person.get("middleName")), (&json!("DELETED"), None));
}

#[actix_web::test]
async fn errors_as_plain_text_resources_that_fail_and_codes_out_of_date() {
    let provider = Provider::start().await;
    provider.next(json!({"error": "007007", "error_at": "te", "plain_error": true})).await;
    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    let response = provider.te(&Form::code(&code).signed(V3_CODE)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(response.text().await.expect("text").contains("ESIA-007007"));

    provider.next(json!({"resource_status": 500})).await;
    let tokens = provider.enter(LOGIN).await;
    let access = tokens["access_token"].as_str().expect("a token");
    let (status, _) = provider.read(access, &format!("/rs/prns/{OID}")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);

    provider.next(json!({"code_seconds": 0})).await;
    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    assert_eq!(provider.refused_at_te(&Form::code(&code).signed(V3_CODE)).await, "007011");
}

#[actix_web::test]
async fn what_cannot_be_meant_is_refused_with_words() {
    let provider = Provider::start().await;
    for wrong in [
        json!({"cancle": true}),
        json!({"error": "999999"}),
        json!({"alg": "HS256"}),
        json!({"resource_status": 200}),
        json!({"clock_skew_seconds": i64::MAX}),
    ] {
        let url = format!("{}/standin/switches/next", provider.url);
        let response = provider.http.post(url).json(&wrong).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{wrong}");
        let answer: Value = response.json().await.expect("JSON");
        assert!(answer["error"].as_str().is_some_and(|words| !words.is_empty()));
    }
    assert_eq!(provider.put("switches/people/1", &json!({})).await, StatusCode::NOT_FOUND);
}
