//! Logout.

use reqwest::StatusCode;
use reqwest::header::COOKIE;

use crate::common::{Form, LOGIN, PASSWORD, Provider, V2_AC};

#[actix_web::test]
async fn logout_ends_the_session_and_goes_only_where_it_may() {
    let provider = Provider::start().await;
    let mark = provider.transaction(&Form::ac().signed(V2_AC)).await;
    let response = provider.submit(&mark, &[("login", LOGIN), ("password", PASSWORD)]).await;
    let cookie = response.headers()["set-cookie"].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let leave = |query: &str| {
        let url = format!("{}/idp/ext/Logout?{query}", provider.url);
        provider.http.get(url).header(COOKIE, cookie.clone()).send()
    };
    let refused = [
        ("client_id=EPOS&redirect_url=http%3A%2F%2Fevil.test%2F", "007023"),
        ("client_id=EPOS&redirect_url=http%3A%2F%2Fclient.test", "007023"),
        (
            "client_id=EPOS&redirect_url=http%3A%2F%2Fclient.test%2F&redirect_url=http%3A%2F%2Fevil.test",
            "007003",
        ),
        ("client_id=NOBODY&redirect_url=http%3A%2F%2Fclient.test%2F", "008010"),
        ("redirect_url=http%3A%2F%2Fclient.test%2F", "007014"),
    ];
    for (query, code) in refused {
        let response = leave(query).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(response.headers().get("location").is_none());
        assert!(response.text().await.expect("a page").contains(code), "{query}");
    }
    let url = format!("{}/aas/oauth2/v2/ac?{}", provider.url, Form::ac().signed(V2_AC).encoded());
    let still = provider.http.get(&url).header(COOKIE, &cookie).send().await.expect("an answer");
    assert_eq!(still.status(), StatusCode::FOUND, "a refusal ends nothing");

    let response = leave("client_id=EPOS&redirect_url=http%3A%2F%2Fclient.test%2F").await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()["location"], "http://client.test/");
    assert!(response.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    let url = format!("{}/aas/oauth2/v2/ac?{}", provider.url, Form::ac().signed(V2_AC).encoded());
    let after = provider.http.get(&url).header(COOKIE, &cookie).send().await.expect("an answer");
    assert_eq!(after.status(), StatusCode::OK, "the password is asked for again");
    let nowhere = leave("client_id=EPOS").await.expect("an answer");
    assert_eq!(nowhere.status(), StatusCode::OK);
}
