//! What follows the way through Госуслуги (screens.md 7, 8): a failure explained, or a person not recognised.

mod mismatch;

pub use mismatch::Mismatch;

use epos_shared::esia::{Explanation, Failure, WhoActs, explain};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::profile::JOINING;
use crate::address::{esia_address, next_of_page, sign_in_address};
use crate::components::{Alert, Heading, Kind, LinkButton, Tone};
use crate::dom;
use crate::session::use_session;

/// What of a parameter may stand on the page: an address can be sent by anybody, and is no place for words.
fn printable(text: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!text.is_empty() && text.len() <= 40 && text.chars().all(fits)).then_some(text)
}

/// The code and the number of the request, small, for support.
fn small_print(code: &str, request: &str) -> String {
    let code = printable(code).unwrap_or("неизвестен");
    match printable(request) {
        Some(request) => format!("Код: {code}, запрос {request}"),
        None => format!("Код: {code}"),
    }
}

const fn who_acts(who: WhoActs) -> (Tone, &'static str) {
    match who {
        WhoActs::Person => {
            (Tone::Warning, "Это зависит от вас: сделайте, как сказано выше, и войдите снова.")
        }
        WhoActs::OurAdministrator => {
            (Tone::Error, "Этим занимается техподдержка ЭПОС. От вас ничего не требуется.")
        }
        WhoActs::Later => (Tone::Warning, "Ни от вас, ни от нас это не зависит: подождите и повторите."),
        WhoActs::Again => (Tone::Info, "Достаточно начать вход ещё раз."),
    }
}

/// `/login/esia?failure=CODE&request=ID`: what happened, who has to act, the code, and a way on.
#[component]
pub fn Failed() -> impl IntoView {
    let (code, request) = use_query_map().with_untracked(|query| {
        (query.get("failure").unwrap_or_default(), query.get("request").unwrap_or_default())
    });
    // Who came to join the own account goes back to it.
    let joining = dom::handed_on(JOINING).is_some();
    if code.is_empty() {
        return beginning();
    }
    let Explanation { title, detail, who } = explain(&code);
    let (tone, acts) = who_acts(who);
    view! {
        <div class="main-form stack">
            <Heading text=title document_title=format!("{title}. Вход через Госуслуги")/>
            <Alert tone=tone>
                <p>{detail}</p>
                <p>{acts}</p>
            </Alert>
            <Ways joining=joining who=who off=code == Failure::Off.as_str()/>
            <p class="code">{small_print(&code, &request)}</p>
        </div>
    }
    .into_any()
}

/// Without a failure there is nothing to explain: the way itself.
fn beginning() -> AnyView {
    view! {
        <div class="main-form stack">
            <Heading text="Вход через ЕСИА"/>
            <p>"ЕСИА — это вход через Госуслуги. Понадобится подтверждённая учётная запись."</p>
            <div class="row">
                <LinkButton href=esia_address(&next_of_page()) kind=Kind::Primary external=true>
                    "Войти через Госуслуги"
                </LinkButton>
                <LinkButton href="/login">"Назад"</LinkButton>
            </div>
        </div>
    }
    .into_any()
}

/// The ways on, the likeliest first.
#[component]
fn Ways(joining: bool, who: WhoActs, off: bool) -> impl IntoView {
    let session = use_session();
    let signed = Memo::new(move |_| session.person().is_some());
    let next = StoredValue::new(next_of_page());
    let support = || view! { <LinkButton href="/support">"Написать в техподдержку"</LinkButton> };
    let again = move |kind| {
        (!off).then(|| {
            view! {
                <LinkButton href=next.with_value(|next| esia_address(next)) kind=kind external=true>
                    "Войти через Госуслуги ещё раз"
                </LinkButton>
            }
        })
    };
    let password = move |kind| {
        view! {
            <LinkButton href=next.with_value(|next| sign_in_address(next)) kind=kind>
                "Войти по паролю"
            </LinkButton>
        }
    };
    move || {
        let ways = if signed.get() {
            let name = if joining {
                "Вернуться в «Мой профиль»"
            } else {
                "Мой профиль"
            };
            view! {
                <LinkButton href="/profile" kind=Kind::Primary>
                    {name}
                </LinkButton>
            }
            .into_any()
        } else if off || who == WhoActs::OurAdministrator {
            view! {
                {password(Kind::Primary)}
                {again(Kind::Plain)}
            }
            .into_any()
        } else {
            view! {
                {again(Kind::Primary)}
                {password(Kind::Plain)}
            }
            .into_any()
        };
        view! { <div class="row">{ways} {support()}</div> }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_on_the_page_through_its_address() {
        assert_eq!(small_print("007004", "01JD-x"), "Код: 007004, запрос 01JD-x");
        assert_eq!(small_print("wrong-browser", ""), "Код: wrong-browser");
        assert_eq!(small_print("Позвоните по номеру 8 800", "<b>"), "Код: неизвестен");
        assert_eq!(printable(&"1".repeat(41)), None);
    }

    #[test]
    fn every_failure_says_who_acts() {
        for failure in Failure::ALL {
            assert!(!who_acts(explain(failure.as_str()).who).1.is_empty());
        }
    }
}
