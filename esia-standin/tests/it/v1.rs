//! v1: detached CMS by an RSA key.

use reqwest::StatusCode;

use crate::common::{Form, Key, LOGIN, Provider, V1, V2_AC, is_signed_by};

#[actix_web::test]
async fn a_detached_cms_opens_the_door_with_and_without_certificate_and_attributes() {
    let provider = Provider::start().await;
    let kinds: [&[&str]; 5] = [&[], &["-nocerts"], &["-noattr"], &["-keyid"], &["-nosmimecap"]];
    for options in kinds {
        let form = Form::ac().v1();
        let cms = Key::rsa("client").cms(form.message(V1).as_bytes(), options);
        let response = provider.ac(&form.clone().secret(&cms)).await;
        assert_eq!(response.status(), StatusCode::OK, "{options:?} {:?}", response.headers().get("location"));
        assert_eq!(provider.ac(&form.padded_secret(&cms)).await.status(), StatusCode::OK);
    }
}

#[actix_web::test]
async fn v1_signs_in_whole() {
    let provider = Provider::start().await;
    let code = provider.code(&Form::ac().v1().signed(V1)).await;
    let tokens = provider.tokens(&Form::code(&code).v1().signed(V1)).await;
    assert!(is_signed_by(&tokens["id_token"], &Key::rsa("provider")));
    let refresh = tokens["refresh_token"].as_str().expect("a refresh token");
    let again = provider.tokens(&Form::refresh(refresh).v1().signed(V1)).await;
    assert_ne!(again["access_token"], tokens["access_token"]);
    assert_eq!(provider.refused_at_te(&Form::code(&code).v1().signed(V1)).await, "007011");
}

#[actix_web::test]
async fn the_order_of_v1_is_its_own() {
    let provider = Provider::start().await;
    for order in [V2_AC, &["client_id", "scope", "timestamp", "state"], &["scope", "timestamp", "state"]] {
        let (code, _) = provider.refused_at_ac(&Form::ac().v1().signed(order)).await;
        assert_eq!(code, "007053", "{order:?}");
    }
    let code = provider.code_of(&Form::ac().v1().signed(V1), LOGIN).await;
    assert_eq!(provider.refused_at_te(&Form::code(&code).v1().signed(V2_AC)).await, "007053");
}

#[actix_web::test]
async fn sha1_attached_and_foreign_signatures_are_refused() {
    let provider = Provider::start().await;
    let form = Form::ac().v1();
    let message = form.message(V1);
    let (own, stranger) = (Key::rsa("client"), Key::rsa("stranger"));
    let cases: [(&str, Vec<u8>); 7] = [
        ("007053", own.cms(message.as_bytes(), &["-md", "sha1"])),
        ("007053", own.cms(message.as_bytes(), &["-md", "sha1", "-noattr"])),
        ("007053", own.cms(message.as_bytes(), &["-md", "sha512"])),
        ("007053", own.cms(message.as_bytes(), &["-noattr", "-keyopt", "rsa_padding_mode:pss"])),
        ("007038", own.cms(message.as_bytes(), &["-nodetach"])),
        ("007002", stranger.cms(message.as_bytes(), &[])),
        ("007038", own.sign(message.as_bytes())),
    ];
    for (position, (code, signature)) in cases.iter().enumerate() {
        let (refused, _) = provider.refused_at_ac(&form.clone().secret(signature)).await;
        assert_eq!(refused, *code, "case {position}");
    }
    // The signer is named, and the signature is by nobody he knows.
    let mut spoiled = own.cms(message.as_bytes(), &["-nocerts", "-noattr"]);
    *spoiled.last_mut().expect("bytes") ^= 1;
    assert_eq!(provider.refused_at_ac(&form.clone().secret(&spoiled)).await.0, "007053");
    let mut cut = own.cms(message.as_bytes(), &[]);
    cut.pop();
    assert_eq!(provider.refused_at_ac(&form.secret(&cut)).await.0, "007038");
}
