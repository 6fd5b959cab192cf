//! Pages for people: plain HTML that works without scripts and says that it is a stand-in.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;

use crate::people::Person;
use crate::refusal::Refusal;

/// Where the style sheet is.
pub const STYLE_PATH: &str = "/standin/style.css";
const STYLE: &str = include_str!("page.css");

/// Outcomes of a sign-in to choose from, with what they are called.
const OUTCOMES: [(&str, &str); 7] = [
    ("", "Обычный"),
    ("007004", "Пользователь отказал (007004)"),
    ("007055", "Запись не подтверждена (007055)"),
    ("007008", "Перегрузка, технические работы (007008)"),
    ("007007", "Неожиданная ошибка (007007)"),
    ("007046", "Нет второго фактора (007046)"),
    ("007194", "Тип пользователя не подходит (007194)"),
];

/// What the login page shows.
#[derive(Debug)]
pub struct Login<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// The sign-in under way.
    pub transaction: &'a str,
    /// Who asks for it.
    pub client: &'a str,
    /// What stands in the fields.
    pub login: &'a str,
    /// The same.
    pub password: &'a str,
    /// What went wrong.
    pub error: Option<&'a str>,
    /// Everybody who can sign in.
    pub people: &'a [std::sync::Arc<Person>],
}

/// The login page.
#[must_use]
pub fn login(page: &Login<'_>) -> HttpResponse {
    let mut body = format!(
        "<h1>Вход</h1><p class=\"quiet\">Информационная система: {client}</p>\
         <form class=\"sheet\" method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"transaction\" value=\"{transaction}\">",
        client = escape(page.client),
        action = escape(page.action),
        transaction = escape(page.transaction),
    );
    if let Some(error) = page.error {
        let _ = write!(body, "<p class=\"error\" role=\"alert\" id=\"error\">{}</p>", escape(error));
    }
    let described =
        if page.error.is_some() { " aria-invalid=\"true\" aria-describedby=\"error\"" } else { "" };
    let _ = write!(
        body,
        "<label for=\"login\">Телефон / Email / СНИЛС</label>\
         <input id=\"login\" name=\"login\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" \
         autofocus{described} value=\"{login}\">\
         <label for=\"password\">Пароль</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\"{described} \
         value=\"{password}\">\
         <details><summary>Для испытаний</summary><label for=\"outcome\">Исход</label>\
         <select id=\"outcome\" name=\"outcome\">",
        login = escape(page.login),
        password = escape(page.password),
    );
    for (code, name) in OUTCOMES {
        let _ = write!(body, "<option value=\"{code}\">{name}</option>");
    }
    body.push_str(
        "</select></details><div class=\"buttons\"><button name=\"do\" value=\"enter\">Войти</button>\
         <button class=\"second\" name=\"do\" value=\"cancel\">Отмена</button></div></form>",
    );
    people(&mut body, page);
    html(StatusCode::OK, "Вход", &body)
}

fn people(body: &mut String, page: &Login<'_>) {
    let _ = write!(
        body,
        "<h2>Учебные записи</h2><p>Это выдуманные люди. «Подставить» заполняет поля формы.</p>\
         <form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"transaction\" value=\"{}\">\
         <div class=\"table\"><table><thead><tr><th>Кто</th><th>Для чего</th><th>Логин</th><th>СНИЛС</th>\
         <th>Пароль</th><th>Действие</th></tr></thead><tbody>",
        escape(page.action),
        escape(page.transaction),
    );
    for person in page.people {
        let name = escape(&person.full_name());
        let _ = write!(
            body,
            "<tr><td>{name}</td><td>{note}</td><td data-label=\"Логин\">{login}</td>\
             <td class=\"whole\" data-label=\"СНИЛС\">{snils}</td><td data-label=\"Пароль\">{password}</td>\
             <td><button class=\"second\" name=\"fill\" value=\"{oid}\" aria-label=\"Подставить: {name}, {oid}\">\
             Подставить</button></td></tr>",
            note = escape(&person.note),
            login = escape(person.login()),
            snils = escape(person.snils.as_deref().unwrap_or("нет")),
            password = escape(&person.password),
            oid = person.oid,
        );
    }
    body.push_str("</tbody></table></div></form>");
}

/// A page with a refusal, for where no redirect is safe.
#[must_use]
pub fn refusal(refusal: Refusal) -> HttpResponse {
    let body = format!(
        "<h1>Вход не выполнен</h1><p>{}</p><p class=\"quiet\">Код: ESIA-{}</p>",
        escape(refusal.text),
        refusal.code
    );
    html(StatusCode::BAD_REQUEST, "Вход не выполнен", &body)
}

/// A page with a heading and a sentence.
#[must_use]
pub fn message(status: StatusCode, title: &str, text: &str) -> HttpResponse {
    html(status, title, &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text)))
}

/// The style sheet.
pub async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

fn html(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::html()).body(format!(
        "<!DOCTYPE html><html lang=\"ru\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} — Учебный стенд ЕСИА</title><link rel=\"stylesheet\" href=\"{STYLE_PATH}\"></head>\
         <body><header class=\"banner\"><strong>Учебный стенд ЕСИА</strong> — это не Госуслуги. Не вводите \
         здесь настоящие данные.</header><main>{body}</main></body></html>",
        title = escape(title),
    ))
}

/// Text for HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
