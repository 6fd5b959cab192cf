//! The frame of every page: skip link, header, main part, foot; and which program has the page of an address.

use std::time::Duration;

use epos_shared::programs::Program;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::Router;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider};
use leptos_router::params::ParamsMap;

use crate::components::{
    Button, Kind, LinkButton, Loading, LowVisionButton, LowVisionPanel, Slip, Toasts, hand_on_visits, live,
    provide_low_vision, provide_secret, provide_toasts, provide_visits, use_secret, use_toasts,
};
use crate::dom;
use crate::leave::{LeaveQuestion, provide_leave_guard, use_leave_guard};
use crate::pages::{self, NotFound};
use crate::russian;
use crate::session::{Known, card_at_work, provide_session, use_session, works_as_staff};
use crate::session_end::SessionWarning;

/// The pages of a program: that of an address, given as the parts of its path.
pub type Pages = fn(&[&str]) -> AnyView;

/// Replaces the static shell by the program.
pub fn start(program: Program, pages: Pages) {
    if let Some(boot) = document().get_element_by_id("boot") {
        boot.remove();
    }
    mount_to_body(move || view! { <App program=program pages=pages/> });
}

#[component]
fn App(program: Program, pages: Pages) -> impl IntoView {
    provide_low_vision();
    provide_session();
    provide_toasts();
    provide_secret();
    provide_visits();
    pages::kontingent::provide_list_place();
    // Before the router, whose listeners must not see what is held back.
    provide_leave_guard();
    let secret = use_secret();
    // The router takes links within the page for its own, and would leave the focus where it is.
    let skip = |event: MouseEvent| {
        event.prevent_default();
        dom::focus("content");
    };
    view! {
        <div class="app" class:has-slip=move || secret.shown()>
            <Router>
                <div class="shell">
                    <a class="skip" href="#content" on:click=skip>
                        "Перейти к содержанию"
                    </a>
                    <LowVisionPanel/>
                    <Header/>
                    <pages::Sections/>
                    <main class="main" id="content" tabindex="-1">
                        <Page program=program pages=pages/>
                    </main>
                    <Footer/>
                    <LeaveQuestion/>
                    <SessionWarning/>
                    <Toasts/>
                </div>
            </Router>
            <Slip/>
        </div>
    }
}

/// The page of the address. The router's own routes would weigh as much as five pages.
#[component]
fn Page(program: Program, pages: Pages) -> impl IntoView {
    let pathname = use_location().pathname;
    provide_context(ArcMemo::new(move |_| {
        let mut parameters = ParamsMap::new();
        if let Some((_, id)) = pathname.get().rsplit_once('/') {
            parameters.insert("id", id.to_owned());
        }
        parameters
    }));
    let browser = use_context::<BrowserUrl>();
    let loaded = pathname.get_untracked();
    let shown = RwSignal::new(loaded.clone());
    Effect::new(move |_| {
        let path = pathname.get();
        if shown.with_untracked(|shown| *shown != path) {
            // What is left with the page hears of it while the page is still there.
            dom::blur();
            shown.set(path);
        }
        // A link waits with its address until the page was changed.
        if let Some(browser) = &browser {
            browser.ready_to_complete();
        }
    });
    live(move || {
        let path = shown.get();
        untrack(|| {
            if Program::of(&path) == program {
                pages(&path.trim_matches('/').split('/').collect::<Vec<_>>())
            } else if path == loaded {
                // The server has this program for that address, and would send it again.
                view! { <NotFound/> }.into_any()
            } else {
                elsewhere()
            }
        })
    })
}

/// What stands for a page of another program, which a full load of the address brings.
fn elsewhere() -> AnyView {
    use_session().hand_on();
    hand_on_visits();
    pages::kontingent::hand_on_list_place();
    // The router writes the address down after the pages have changed.
    set_timeout(dom::reload, Duration::ZERO);
    view! { <Loading/> }.into_any()
}

#[component]
fn Header() -> impl IntoView {
    let session = use_session();
    let location = use_location();
    let pathname = location.pathname;
    let signed = Memo::new(move |_| session.person().is_some());
    let inside = Memo::new(move |_| pathname.with(|path| path.starts_with("/kontingent")));
    view! {
        <header class="header">
            <div class="header-inner" class:header-signed=move || signed.get()>
                <a class="brand" href="/" aria-label="ЭПОС, на главную">
                    <span class="brand-mark" aria-hidden="true">
                        "Э"
                    </span>
                    <span class="brand-text">
                        <span class="brand-name">"ЭПОС"</span>
                        <span class="brand-long">"Электронная Пермская Образовательная Система"</span>
                    </span>
                </a>
                {move || {
                    inside
                        .get()
                        .then(|| view! { <span class="header-where"><a href="/kontingent">"Контингент"</a></span> })
                }}
                {move || session.person().map(|_| view! { <Who/> })}
                <LowVisionButton/>
            </div>
        </header>
    }
}

/// Who is signed in, in which role, and the way out.
#[component]
fn Who() -> impl IntoView {
    let session = use_session();
    let guard = use_leave_guard();
    let toasts = use_toasts();
    let leaving = RwSignal::new(false);
    let leave = move || {
        guard.ask(move || {
            leaving.set(true);
            spawn_local(async move {
                if let Err(error) = session.sign_out().await {
                    toasts.say(error.title());
                }
                let _ = leaving.try_set(false);
            });
        });
    };
    // A category is told where there are several.
    let categories = move || session.person().map(|person| person.categories.len()).unwrap_or_default();
    let role = move || {
        let person = session.person()?;
        let Some(card) = card_at_work(&person) else {
            return person.category.filter(|_| person.categories.len() > 1).map(|it| it.title().to_owned());
        };
        let roles: Vec<&str> = card.roles_in_force().map(|role| role.title()).collect();
        let roles =
            if roles.is_empty() { "роли не действуют".to_owned() } else { roles.join(", ") };
        Some(format!("{roles}, {}", card.organization.short_name))
    };
    let name = move || session.person().map(|person| russian::initials(&person.account.name));
    let several =
        move || session.person().is_some_and(|person| person.cards.len() > 1 && works_as_staff(&person));
    view! {
        <div class="header-person" aria-label="Вы вошли как" role="group">
            <a class="header-name" href="/profile" title="Мой профиль">
                {name}
            </a>
            {move || role().map(|role| view! { <span class="header-role" title=role.clone()>{role.clone()}</span> })}
        </div>
        <div class="header-actions">
            {move || {
                (categories() > 1)
                    .then(|| {
                        view! {
                            <LinkButton href="/roles" kind=Kind::Quiet class="button-small">
                                "Сменить категорию"
                            </LinkButton>
                        }
                    })
            }}
            {move || {
                several()
                    .then(|| {
                        view! {
                            <LinkButton href="/kontingent/cards" kind=Kind::Quiet class="button-small">
                                "Сменить карточку"
                            </LinkButton>
                        }
                    })
            }}
            <Button class="button-small" busy=leaving on_press=leave>
                "Выйти"
            </Button>
        </div>
    }
}

#[component]
fn Footer() -> impl IntoView {
    let session = use_session();
    let known = Memo::new(move |_| session.known() != Known::Asking);
    view! {
        <footer class="footer">
            <div class="footer-inner">
                {move || {
                    known
                        .get()
                        .then(|| {
                            view! {
                                <a href="/instructions/staff">"Инструкция для сотрудников"</a>
                                <a href="/support">"Техподдержка"</a>
                            }
                        })
                }}
            </div>
        </footer>
    }
}
