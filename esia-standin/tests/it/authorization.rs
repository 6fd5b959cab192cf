//! The authorization endpoint, v2 with an RSA key.

use reqwest::StatusCode;

use crate::common::{Callback, Form, Key, Provider, REDIRECT_URI, V2_AC, client, now};

#[actix_web::test]
async fn a_request_in_order_shows_the_login_page() {
    let provider = Provider::start().await;
    let form = Form::ac();
    let signature = Key::rsa("client").sign(form.message(V2_AC).as_bytes());
    for form in [form.clone().secret(&signature), form.padded_secret(&signature)] {
        let response = provider.ac(&form).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.text().await.expect("a page").contains("Учебный стенд ЕСИА"));
    }
}

#[actix_web::test]
async fn a_signature_over_anything_else_is_refused() {
    let provider = Provider::start().await;
    let wrong_orders: [&[&str]; 6] = [
        &["scope", "timestamp", "client_id", "state"],
        &["scope", "client_id", "timestamp", "state", "redirect_uri"],
        &["client_id", "scope", "timestamp", "state"],
        &["redirect_uri", "client_id", "scope", "timestamp", "state"],
        &["client_id", "scope", "state", "timestamp", "redirect_uri"],
        &["client_id", "scope", "timestamp", "state", "redirect_uri", "response_type"],
    ];
    for order in wrong_orders {
        let (code, address) = provider.refused_at_ac(&Form::ac().signed(order)).await;
        assert_eq!((code.as_str(), address.as_str()), ("007053", REDIRECT_URI), "{order:?}");
    }
    let form = Form::ac();
    let sha1 = Key::rsa("client").sign_by("-sha1", form.message(V2_AC).as_bytes());
    assert_eq!(provider.refused_at_ac(&form.clone().secret(&sha1)).await.0, "007053");
    assert_eq!(provider.refused_at_ac(&form.clone().secret(b"")).await.0, "007014");
    assert_eq!(provider.refused_at_ac(&form.clone().secret(b"short")).await.0, "007053");
    let stranger = Key::rsa("stranger").sign(form.message(V2_AC).as_bytes());
    assert_eq!(provider.refused_at_ac(&form.secret(&stranger)).await.0, "007053");
    // Signed, then changed on the way.
    let changed = Form::ac().signed(V2_AC).with("scope", "openid fullname email snils");
    assert_eq!(provider.refused_at_ac(&changed).await.0, "007053");
}

#[actix_web::test]
async fn the_certificate_must_be_the_clients() {
    let provider = Provider::start().await;
    let stranger = Form::ac().by(&Key::rsa("stranger")).signed(V2_AC);
    assert_eq!(provider.refused_at_ac(&stranger).await.0, "007002");
    // The hash of one certificate of the client with the signature of its other key.
    let form = Form::ac().signed(V2_AC).with("client_certificate_hash", &Key::gost("client").hash());
    assert_eq!(provider.refused_at_ac(&form).await.0, "007053");
    let upper = Form::ac().with("client_certificate_hash", &Key::rsa("client").hash().to_uppercase());
    assert_eq!(provider.ac(&upper.signed(V2_AC)).await.status(), StatusCode::OK);
    let missing = Form::ac().without("client_certificate_hash").signed(V2_AC);
    assert_eq!(provider.refused_at_ac(&missing).await.0, "007014");
}

#[actix_web::test]
async fn parameters_are_told_apart_by_their_codes() {
    let provider = Provider::start().await;
    let cases = [
        ("007014", Form::ac().without("timestamp")),
        ("007014", Form::ac().without("state")),
        ("007014", Form::ac().without("response_type")),
        ("007014", Form::ac().with("timestamp", "")),
        ("007013", Form::ac().without("scope")),
        ("007013", Form::ac().with("scope", "")),
        ("007009", Form::ac().with("response_type", "token")),
        ("007003", Form::ac().with("access_type", "always")),
        ("007003", Form::ac().with("state", "not-a-uuid")),
        ("007003", Form::ac().with("timestamp", "2026-03-01T12:00:00+03:00")),
        ("007003", Form::ac().with("timestamp", &now(0).replace('+', " "))),
        ("007006", Form::ac().with("scope", "openid everything")),
        ("007006", Form::ac().with("scope", "openid  fullname")),
        ("007015", Form::ac().with("timestamp", &now(-310))),
        ("007015", Form::ac().with("timestamp", &now(310))),
    ];
    for (code, form) in cases {
        let (refused, address) = provider.refused_at_ac(&form.clone().signed(V2_AC)).await;
        assert_eq!((refused.as_str(), address.as_str()), (code, REDIRECT_URI), "{form:?}");
    }
    let unreadable = Form::ac().with("client_secret", "not base64url!");
    assert_eq!(provider.refused_at_ac(&unreadable).await.0, "007038");
    assert_eq!(provider.refused_at_ac(&Form::ac()).await.0, "007014", "no secret");
    let twice = Form::ac().signed(V2_AC).and("scope", "openid");
    assert_eq!(provider.refused_at_ac(&twice).await.0, "007003");
    let within_tolerance = [now(-290), now(290)];
    for timestamp in within_tolerance {
        let form = Form::ac().with("timestamp", &timestamp).signed(V2_AC);
        assert_eq!(provider.ac(&form).await.status(), StatusCode::OK);
    }
}

#[actix_web::test]
async fn an_address_that_is_not_registered_gets_nothing() {
    let provider = Provider::start().await;
    for address in [
        "http://evil.test/callback",
        "http://client.test/callback/",
        "http://client.test/callback?x=1",
        "http://client.test/callback#x",
        "http://client.test:80/callback",
        "http://client.test/callback/../evil",
        "http://client.test@evil.test/callback",
        "HTTP://client.test/callback",
    ] {
        let form = Form::ac().with("redirect_uri", address).signed(V2_AC);
        let (code, went_to) = provider.refused_at_ac(&form).await;
        assert_eq!((code.as_str(), went_to.as_str()), ("007023", REDIRECT_URI), "{address}");
    }
    let (code, went_to) = provider.refused_at_ac(&Form::ac().without("redirect_uri").signed(V2_AC)).await;
    assert_eq!((code.as_str(), went_to.as_str()), ("007014", REDIRECT_URI));
}

#[actix_web::test]
async fn an_unknown_client_is_refused_and_led_only_to_a_registered_address() {
    let provider = Provider::start().await;
    let unknown = Form::ac().with("client_id", "NOBODY");
    let (code, address) = provider.refused_at_ac(&unknown.clone().signed(V2_AC)).await;
    assert_eq!((code.as_str(), address.as_str()), ("008010", REDIRECT_URI));
    let elsewhere = unknown.with("redirect_uri", "http://evil.test/").signed(V2_AC);
    let response = provider.ac(&elsewhere).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.headers().get("location").is_none());
    assert!(response.text().await.expect("a page").contains("ESIA-008010"));
}

#[actix_web::test]
async fn pkce_is_s256_and_can_be_demanded() {
    let provider = Provider::with(|config| {
        let mut strict = client("STRICT", &[&Key::rsa("client")]);
        strict.pkce_required = true;
        strict.scopes = Some(vec!["openid".to_owned(), "fullname".to_owned()]);
        config.clients.push(strict);
    })
    .await;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let plain = Form::ac().with("code_challenge", challenge);
    let cases = [
        ("007003", plain.clone()),
        ("007003", plain.clone().with("code_challenge_method", "plain")),
        ("007003", Form::ac().with("code_challenge", "short").with("code_challenge_method", "S256")),
        ("007039", Form::ac().with("code_challenge_method", "S256")),
        ("007039", Form::ac().with("client_id", "STRICT").with("scope", "openid")),
        ("007006", Form::ac().with("client_id", "STRICT").with("scope", "openid email")),
    ];
    for (code, form) in cases {
        assert_eq!(provider.refused_at_ac(&form.clone().signed(V2_AC)).await.0, code, "{form:?}");
    }
    let right =
        plain.with("code_challenge_method", "S256").with("client_id", "STRICT").with("scope", "openid");
    assert_eq!(provider.ac(&right.signed(V2_AC)).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn the_code_is_a_long_token_of_its_own_kind_and_goes_behind_a_query_that_is_there() {
    let provider = Provider::start().await;
    let form = Form::ac().with("redirect_uri", "http://client.test/other?fixed=1").signed(V2_AC);
    let callback = provider.sign_in(&form, crate::common::LOGIN).await;
    assert_eq!(callback.get("fixed").as_deref(), Some("1"));
    let code = serde_json::json!(callback.get("code").expect("a code"));
    assert_eq!(
        crate::common::part(&code, 0),
        serde_json::json!({"ver": 1, "typ": "JWT", "sbt": "authorization_code", "alg": "RS256"})
    );
    let claims = crate::common::part(&code, 1);
    let life = claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat");
    assert_eq!(life, 240);
}

#[actix_web::test]
async fn authorization_by_post_is_the_same() {
    let provider = Provider::start().await;
    let response = provider.post("/aas/oauth2/v2/ac", Form::ac().signed(V2_AC).encoded()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let response = provider.post("/aas/oauth2/v2/ac", Form::ac().encoded()).await;
    assert_eq!(Callback::of(response).await.refusal(), "007014");
}
