//! The token endpoint, v3 with an RSA key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use esia_standin::context::Clock;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::{
    Form, Key, LOGIN, OID, Provider, V2_AC, V3_CODE, V3_REFRESH, client, is_signed_by, now, part,
};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Authorization with the challenge of [`VERIFIER`].
fn with_pkce() -> Form {
    Form::ac()
        .with("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)))
        .with("code_challenge_method", "S256")
        .signed(V2_AC)
}

#[actix_web::test]
async fn a_code_becomes_tokens() {
    let provider = Provider::start().await;
    let nonce = Form::ac().with("nonce", "n-0S6_WzA2Mj").signed(V2_AC);
    let code = provider.code(&nonce).await;
    let form = Form::code(&code).signed(V3_CODE);
    let tokens = provider.tokens(&form).await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["state"].as_str(), form.get("state").as_deref(), "of this request, not of the other");
    assert!(is_signed_by(&tokens["id_token"], &Key::rsa("provider")));
    assert!(!is_signed_by(&tokens["id_token"], &Key::rsa("provider-next")));
    assert_eq!(part(&tokens["id_token"], 0), json!({"ver": 1, "typ": "JWT", "sbt": "id", "alg": "RS256"}));

    let claims = part(&tokens["id_token"], 1);
    assert_eq!(claims["iss"], "http://esia.gosuslugi.ru/");
    assert_eq!(claims["aud"], "EPOS");
    assert_eq!(claims["sub"], OID);
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(claims["amr"], json!(["PWD"]));
    let moment = |name: &str| claims[name].as_i64().expect("seconds");
    let present = Clock::system().now().timestamp();
    assert_eq!(moment("exp") - moment("iat"), 3600);
    for name in ["iat", "nbf", "auth_time"] {
        assert!((moment(name) - present).abs() < 30, "{name}");
    }
    assert_eq!(
        claims["urn:esia:sbj"],
        json!({
            "urn:esia:sbj:typ": "P",
            "urn:esia:sbj:oid": OID,
            "urn:esia:sbj:nam": "OID.1000299901",
            "urn:esia:sbj:lvl": "PR",
            "urn:esia:sbj:is_tru": true,
        })
    );
    let access = part(&tokens["access_token"], 1);
    assert_eq!(part(&tokens["access_token"], 0)["sbt"], "access");
    assert_eq!(access["urn:esia:sbj_id"], OID);
    assert_eq!(access["urn:esia:sid"], claims["urn:esia:sid"]);
    assert_eq!(access["scope"], "openid fullname email");
}

#[actix_web::test]
async fn a_signature_over_anything_else_is_refused_and_spends_nothing() {
    let provider = Provider::start().await;
    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    let wrong_orders: [&[&str]; 4] = [
        &["client_id", "scope", "timestamp", "state", "redirect_uri"],
        &["client_id", "scope", "timestamp", "state", "code", "redirect_uri"],
        &["scope", "timestamp", "client_id", "state"],
        &["client_id", "scope", "timestamp", "state", "code"],
    ];
    for order in wrong_orders {
        assert_eq!(provider.refused_at_te(&Form::code(&code).signed(order)).await, "007053", "{order:?}");
    }
    let form = Form::code(&code);
    let sha1 = Key::rsa("client").sign_by("-sha1", form.message(V3_CODE).as_bytes());
    assert_eq!(provider.refused_at_te(&form.secret(&sha1)).await, "007053");
    let stranger = Form::code(&code).by(&Key::rsa("stranger")).signed(V3_CODE);
    assert_eq!(provider.refused_at_te(&stranger).await, "007002");
    provider.tokens(&Form::code(&code).signed(V3_CODE)).await;
}

#[actix_web::test]
async fn parameters_are_told_apart_by_their_codes() {
    let provider = Provider::with(|config| {
        let mut narrow = client("NARROW", &[&Key::rsa("client")]);
        narrow.scopes = Some(vec!["openid".to_owned()]);
        config.clients.push(narrow);
    })
    .await;
    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    let cases = [
        ("007014", Form::code(&code).without("client_id")),
        ("007014", Form::code(&code).without("grant_type")),
        ("007014", Form::code(&code).without("token_type")),
        ("007014", Form::code(&code).without("code")),
        ("007014", Form::code(&code).without("redirect_uri")),
        ("007014", Form::code(&code).without("timestamp")),
        ("007014", Form::code(&code).without("client_certificate_hash")),
        ("007013", Form::code(&code).without("scope")),
        ("007003", Form::code(&code).with("token_type", "MAC")),
        ("007003", Form::code(&code).with("state", "1")),
        ("007003", Form::code(&code).with("timestamp", "now")),
        ("007012", Form::code(&code).with("grant_type", "password")),
        ("007015", Form::code(&code).with("timestamp", &now(-310))),
        ("007015", Form::code(&code).with("timestamp", &now(310))),
        ("007006", Form::code(&code).with("scope", "openid everything")),
        ("007006", Form::code(&code).with("scope", "openid snils")),
        ("007006", Form::code(&code).with("client_id", "NARROW")),
        ("007023", Form::code(&code).with("redirect_uri", "http://evil.test/")),
        ("008010", Form::code(&code).with("client_id", "NOBODY")),
        ("007011", Form::code("eyJ.eyJ.x")),
        ("007011", Form::code(&code).with("client_id", "NARROW").with("scope", "openid")),
        ("007011", Form::code(&code).with("redirect_uri", "http://client.test/other?fixed=1")),
    ];
    for (expected, form) in cases {
        assert_eq!(provider.refused_at_te(&form.clone().signed(V3_CODE)).await, expected, "{form:?}");
    }
    assert_eq!(provider.refused_at_te(&Form::code(&code)).await, "007014", "no secret");
    let unreadable = Form::code(&code).with("client_secret", "?");
    assert_eq!(provider.refused_at_te(&unreadable).await, "007038");
    // Nothing of all that has spent the code.
    provider.tokens(&Form::code(&code).signed(V3_CODE)).await;
}

#[actix_web::test]
async fn only_forms_are_read() {
    let provider = Provider::start().await;
    let url = format!("{}/aas/oauth2/v3/te", provider.url);
    let response =
        provider.http.post(&url).json(&json!({"client_id": "EPOS"})).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let answer: Value = response.json().await.expect("JSON");
    assert!(answer["error_description"].as_str().expect("text").starts_with("ESIA-007038: "));
    assert_eq!(
        provider.http.get(&url).send().await.expect("an answer").status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[actix_web::test]
async fn a_code_used_twice_voids_what_came_of_it() {
    let provider = Provider::start().await;
    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    let tokens = provider.tokens(&Form::code(&code).signed(V3_CODE)).await;
    let token = tokens["access_token"].as_str().expect("a token");
    let path = format!("/rs/prns/{OID}");
    assert_eq!(provider.read(token, &path).await.0, StatusCode::OK);
    assert_eq!(provider.refused_at_te(&Form::code(&code).signed(V3_CODE)).await, "007011");
    assert_eq!(provider.read(token, &path).await.0, StatusCode::UNAUTHORIZED);
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    assert_eq!(provider.refused_at_te(&Form::refresh(refresh).signed(V3_REFRESH)).await, "007011");
}

#[actix_web::test]
async fn of_a_code_sent_many_times_at_once_one_is_taken() {
    let provider = Provider::start().await;
    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    let form = Form::code(&code).signed(V3_CODE);
    let answers = join_all((0..8).map(|_| provider.te(&form))).await;
    let taken = answers.iter().filter(|response| response.status() == StatusCode::OK).count();
    assert_eq!(taken, 1);
}

#[actix_web::test]
async fn of_many_sign_ins_at_once_none_is_lost() {
    let provider = Provider::start().await;
    let sign_ins = (0..30_u64).map(|number| {
        let person = number % 10 + 1;
        let provider = &provider;
        async move {
            let tokens = provider.enter(&format!("EsiaTest{person:03}@example.test")).await;
            let oid = 1_000_299_900 + person;
            assert_eq!(part(&tokens["id_token"], 1)["sub"], oid);
            let access = tokens["access_token"].as_str().expect("a token");
            assert_eq!(provider.read(access, &format!("/rs/prns/{oid}")).await.0, StatusCode::OK);
            access.to_owned()
        }
    });
    let mut tokens = join_all(sign_ins).await;
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 30);
}

#[actix_web::test]
async fn pkce_binds_the_code_to_whoever_began() {
    let provider = Provider::start().await;
    let code = provider.code(&with_pkce()).await;
    let right = Form::code(&code).with("code_verifier", VERIFIER).signed(V3_CODE);
    provider.tokens(&right).await;

    let code = provider.code(&with_pkce()).await;
    assert_eq!(provider.refused_at_te(&Form::code(&code).signed(V3_CODE)).await, "007039");
    // A try that failed has spent the code, so that nobody goes on guessing.
    let late = Form::code(&code).with("code_verifier", VERIFIER).signed(V3_CODE);
    assert_eq!(provider.refused_at_te(&late).await, "007011");

    let code = provider.code(&with_pkce()).await;
    let other = "x".repeat(43);
    let wrong = Form::code(&code).with("code_verifier", &other).signed(V3_CODE);
    assert_eq!(provider.refused_at_te(&wrong).await, "007040");

    let code = provider.code(&Form::ac().signed(V2_AC)).await;
    let unasked = Form::code(&code).with("code_verifier", VERIFIER).signed(V3_CODE);
    assert_eq!(provider.refused_at_te(&unasked).await, "007040");
}

#[actix_web::test]
async fn a_refresh_token_is_good_once_and_for_no_more_than_was_granted() {
    let provider = Provider::with(|config| {
        let mut without = client("WITHOUT", &[&Key::rsa("client")]);
        without.refresh = false;
        config.clients.push(without);
    })
    .await;
    let tokens = provider.enter(LOGIN).await;
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let more = Form::refresh(refresh).with("scope", "openid fullname email snils").signed(V3_REFRESH);
    assert_eq!(provider.refused_at_te(&more).await, "007006");
    assert_eq!(provider.refused_at_te(&Form::refresh(refresh).signed(V3_CODE)).await, "007053");
    let not_allowed = Form::refresh(refresh).with("client_id", "WITHOUT").signed(V3_REFRESH);
    assert_eq!(provider.refused_at_te(&not_allowed).await, "007005");
    let less = Form::refresh(refresh).with("scope", "fullname").without("redirect_uri").signed(V3_REFRESH);
    let fewer = provider.tokens(&less).await;
    assert!(fewer.get("id_token").is_none(), "without openid there is none");
    assert_eq!(part(&fewer["access_token"], 1)["scope"], "fullname");
    assert_eq!(provider.refused_at_te(&Form::refresh(refresh).signed(V3_REFRESH)).await, "007011");
    assert_eq!(provider.refused_at_te(&Form::refresh("nothing").signed(V3_REFRESH)).await, "007011");
    let narrowed = fewer["refresh_token"].as_str().expect("a token");
    assert_eq!(provider.refused_at_te(&Form::refresh(narrowed).signed(V3_REFRESH)).await, "007006");
}

#[actix_web::test]
async fn an_unconfirmed_person_has_no_is_tru_and_a_child_its_level() {
    let provider = Provider::start().await;
    let subject = |tokens: &Value| part(&tokens["id_token"], 1)["urn:esia:sbj"].clone();
    let unconfirmed = subject(&provider.enter("EsiaTest002@example.test").await);
    assert!(unconfirmed.get("urn:esia:sbj:is_tru").is_none());
    assert_eq!(unconfirmed["urn:esia:sbj:lvl"], "P");
    let child = subject(&provider.enter("EsiaTest009@example.test").await);
    assert_eq!(child["urn:esia:sbj:lvl"], "KD");
}
