//! The login page, the session in the browser, the people.

use esia_standin::people;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{Callback, Form, LOGIN, PASSWORD, Provider, V2_AC, V3_CODE, part, transaction};

#[actix_web::test]
async fn the_page_has_its_labels_the_people_and_no_script() {
    let provider = Provider::start().await;
    let response = provider.ac(&Form::ac().signed(V2_AC)).await;
    let policy = response.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
    assert_eq!(response.headers()["cache-control"], "no-store");
    let page = response.text().await.expect("a page");
    for words in [
        ">Телефон / Email / СНИЛС</label>",
        ">Пароль</label>",
        ">Войти</button>",
        "Учебный стенд ЕСИА",
        "это не Госуслуги",
        "Информационная система: EPOS",
        "lang=\"ru\"",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for person in people::cast() {
        assert!(page.contains(&person.full_name()) && page.contains(&person.note));
    }
    assert!(!page.contains("<script") && !page.contains("style=\""));
    let style = provider.http.get(format!("{}/standin/style.css", provider.url)).send().await.expect("CSS");
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

#[actix_web::test]
async fn telephone_email_and_snils_all_lead_to_the_same_person() {
    let provider = Provider::start().await;
    for login in ["EsiaTest003@example.test", "000-000-600 03", "+7(000)0000003", "8 (000) 000-00-03"] {
        let code = provider.code_of(&Form::ac().signed(V2_AC), login).await;
        assert_eq!(part(&json!(code), 1)["urn:esia:sbj_id"], 1_000_299_903, "{login}");
    }
}

#[actix_web::test]
async fn a_wrong_pair_says_so_and_can_be_put_right() {
    let provider = Provider::start().await;
    let mark = provider.transaction(&Form::ac().signed(V2_AC)).await;
    for (login, password) in [(LOGIN, "22222222"), ("nobody@example.test", PASSWORD), ("", ""), (LOGIN, "")] {
        let response = provider.submit(&mark, &[("login", login), ("password", password)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let page = response.text().await.expect("a page");
        assert!(page.contains("Неверные логин или пароль"));
        assert!(page.contains(&format!(
            "autofocus aria-invalid=\"true\" aria-describedby=\"error\" value=\"{login}\""
        )));
        assert_eq!(transaction(&page), mark);
    }
    let response = provider.submit(&mark, &[("login", LOGIN), ("password", PASSWORD)]).await;
    assert!(Callback::of(response).await.get("code").is_some());
    // The page is used up.
    let response = provider.submit(&mark, &[("login", LOGIN), ("password", PASSWORD)]).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn what_is_typed_is_only_ever_text() {
    let provider = Provider::start().await;
    let mark = provider.transaction(&Form::ac().signed(V2_AC)).await;
    let response =
        provider.submit(&mark, &[("login", "\"><script>alert(1)</script>"), ("password", "x")]).await;
    let page = response.text().await.expect("a page");
    assert!(page.contains("&quot;&gt;&lt;script&gt;") && !page.contains("<script"));
}

#[actix_web::test]
async fn the_person_can_cancel_be_filled_in_and_choose_an_outcome() {
    let provider = Provider::start().await;
    let form = Form::ac().signed(V2_AC);
    let mark = provider.transaction(&form).await;
    let cancelled = Callback::of(provider.submit(&mark, &[("do", "cancel")]).await).await;
    assert_eq!((cancelled.refusal().as_str(), cancelled.get("state")), ("007004", form.get("state")));
    assert_eq!(cancelled.get("error").as_deref(), Some("access_denied"));

    let mark = provider.transaction(&Form::ac().signed(V2_AC)).await;
    let filled = provider.submit(&mark, &[("fill", "1000299903")]).await.text().await.expect("a page");
    assert!(filled.contains("value=\"EsiaTest003@example.test\"") && filled.contains("value=\"11111111\""));
    assert_eq!(transaction(&filled), mark);

    let fields = [("login", LOGIN), ("password", PASSWORD), ("outcome", "007055"), ("do", "enter")];
    assert_eq!(Callback::of(provider.submit(&mark, &fields).await).await.refusal(), "007055");
}

#[actix_web::test]
async fn a_browser_that_signed_in_is_not_asked_again_unless_wanted() {
    let provider = Provider::start().await;
    let mark = provider.transaction(&Form::ac().signed(V2_AC)).await;
    let response = provider.submit(&mark, &[("login", LOGIN), ("password", PASSWORD)]).await;
    let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let ask = |form: Form, cookie: String| {
        let url = format!("{}/aas/oauth2/v2/ac?{}", provider.url, form.signed(V2_AC).encoded());
        provider.http.get(url).header("cookie", cookie).send()
    };
    let again = Callback::of(ask(Form::ac(), cookie.clone()).await.expect("an answer")).await;
    let code = again.get("code").expect("a code");
    provider.tokens(&Form::code(&code).signed(V3_CODE)).await;
    let login = ask(Form::ac().with("prompt", "login"), cookie.clone()).await.expect("an answer");
    assert_eq!(login.status(), StatusCode::OK);
    let silent = ask(Form::ac().with("prompt", "none"), cookie.clone()).await.expect("an answer");
    assert!(Callback::of(silent).await.get("code").is_some());
    let nobody = ask(Form::ac().with("prompt", "none"), "esia_standin=other".to_owned()).await;
    let nobody = Callback::of(nobody.expect("an answer")).await;
    assert_eq!(nobody.get("error").as_deref(), Some("login_required"));

    let url = format!("{}/standin/sessions", provider.url);
    provider.http.delete(url).send().await.expect("an answer");
    assert_eq!(ask(Form::ac(), cookie).await.expect("an answer").status(), StatusCode::OK);
}

#[actix_web::test]
async fn people_come_by_a_file_and_by_the_interface() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("people.json");
    let mut person = json!({
        "oid": 77, "password": "тайна", "lastName": "Ёжикова", "firstName": "Анна", "birthDate": "02.03.1990",
        "gender": "F", "contacts": [{"type": "EML", "vrfStu": "VERIFIED", "value": "anna@example.test"}],
        "note": "из карточки <1>", "switches": {"sub": "string"},
    });
    std::fs::write(&file, json!([person]).to_string()).expect("written");
    let provider = Provider::with(|config| config.people.push(file)).await;
    let mark = provider.transaction(&Form::ac().signed(V2_AC)).await;
    let response = provider.submit(&mark, &[("login", "anna@example.test"), ("password", "тайна")]).await;
    let code = Callback::of(response).await.get("code").expect("a code");
    let tokens = provider.tokens(&Form::code(&code).signed(V3_CODE)).await;
    assert_eq!(part(&tokens["id_token"], 1)["sub"], "77", "with the switches of the file");

    person["lastName"] = json!("Ужова");
    assert_eq!(provider.put("people/77", &person).await, StatusCode::NO_CONTENT);
    let access = tokens["access_token"].as_str().expect("a token");
    assert_eq!(provider.read(access, "/rs/prns/77").await.1["lastName"], "Ужова");
    assert_eq!(provider.put("people/78", &person).await, StatusCode::BAD_REQUEST);
    let url = format!("{}/standin/people", provider.url);
    let all: Value = provider.http.get(&url).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(people::cast().len() + 1));
    let gone = provider.http.delete(format!("{url}/77")).send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(provider.read(access, "/rs/prns/77").await.0, StatusCode::NOT_FOUND);
}
