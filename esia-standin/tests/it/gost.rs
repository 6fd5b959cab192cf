//! ГОСТ Р 34.10-2012: requests and tokens.

use esia_standin::jwt::Algorithm;
use reqwest::StatusCode;
use serde_json::json;

use crate::common::{Form, Key, LOGIN, Provider, V1, V2_AC, V3_CODE, is_signed_by, part, streebog};

#[actix_web::test]
async fn raw_signatures_sign_in() {
    let provider = Provider::start().await;
    let key = Key::gost("client");
    let form = Form::ac().by(&key).signed(V2_AC);
    assert_eq!(form.get("client_secret").expect("a secret").len(), 86);
    let code = provider.code(&form).await;
    let tokens = provider.tokens(&Form::code(&code).by(&key).signed(V3_CODE)).await;
    assert!(is_signed_by(&tokens["id_token"], &Key::rsa("provider")));
}

#[actix_web::test]
async fn a_wrong_order_another_key_and_the_other_half_first_are_refused() {
    let provider = Provider::start().await;
    let key = Key::gost("client");
    let wrong = Form::ac().by(&key).signed(V1);
    assert_eq!(provider.refused_at_ac(&wrong).await.0, "007053");
    let form = Form::ac().by(&key);
    let signature = key.sign(form.message(V2_AC).as_bytes());
    assert_eq!(provider.ac(&form.clone().secret(&signature)).await.status(), StatusCode::OK);
    // CryptoPro's own layout is the reverse and must be turned round by the client.
    let reversed: Vec<u8> = signature.iter().rev().copied().collect();
    let mut swapped = signature.clone();
    swapped.rotate_left(32);
    let stranger = Key::gost("stranger").sign(form.message(V2_AC).as_bytes());
    for signature in [&reversed[..], &swapped, &stranger, &signature[..63], &[0; 64]] {
        assert_eq!(provider.refused_at_ac(&form.clone().secret(signature)).await.0, "007053");
    }
    let unknown = Form::ac().by(&Key::gost("stranger")).signed(V2_AC);
    assert_eq!(provider.refused_at_ac(&unknown).await.0, "007002");
}

#[actix_web::test]
async fn the_hash_of_a_gost_certificate_is_streebog() {
    let provider = Provider::start().await;
    let key = Key::gost("client");
    assert_eq!(key.hash().len(), 64);
    // Known answer of the standard for the empty string.
    assert_eq!(streebog(b""), "3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb");
    let other = Form::ac().by(&key).with("client_certificate_hash", &Key::rsa("client").hash());
    assert_eq!(provider.refused_at_ac(&other.signed(V2_AC)).await.0, "007053");
}

#[actix_web::test]
async fn detached_cms_signs_in_by_v1() {
    let provider = Provider::start().await;
    let key = Key::gost("client");
    for options in [&[][..], &["-noattr"], &["-nocerts"]] {
        let form = Form::ac().v1();
        let cms = key.cms(form.message(V1).as_bytes(), options);
        let response = provider.ac(&form.secret(&cms)).await;
        assert_eq!(response.status(), StatusCode::OK, "{options:?} {:?}", response.headers().get("location"));
    }
    let form = Form::ac().v1();
    let other_content = key.cms(b"something else", &[]);
    assert_eq!(provider.refused_at_ac(&form.clone().secret(&other_content)).await.0, "007053");
    let stranger = Key::gost("stranger").cms(form.message(V1).as_bytes(), &[]);
    assert_eq!(provider.refused_at_ac(&form.secret(&stranger)).await.0, "007002");
}

#[actix_web::test]
async fn id_tokens_come_signed_by_gost_for_a_client_or_by_a_switch() {
    let (now, next) = (Key::gost("provider"), Key::gost("provider-next"));
    let provider = Provider::start().await;
    provider.next(json!({"alg": "GOST3410_2012_256"})).await;
    let tokens = provider.enter(LOGIN).await;
    assert_eq!(part(&tokens["id_token"], 0)["alg"], "GOST3410_2012_256");
    assert!(is_signed_by(&tokens["id_token"], &now));
    assert_eq!(part(&tokens["access_token"], 0)["alg"], "RS256");
    provider.next(json!({"alg": "GOST3410_2012_256", "rotated": true})).await;
    let tokens = provider.enter(LOGIN).await;
    assert!(is_signed_by(&tokens["id_token"], &next) && !is_signed_by(&tokens["id_token"], &now));

    let provider = Provider::with(|config| config.clients[0].alg = Algorithm::Gost).await;
    let tokens = provider.enter(LOGIN).await;
    for token in ["id_token", "access_token"] {
        assert_eq!(part(&tokens[token], 0)["alg"], "GOST3410_2012_256");
        assert!(is_signed_by(&tokens[token], &now));
    }
}
