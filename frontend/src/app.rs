//! The frame of every page: skip link, header, main part, foot; and which page belongs to which address.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::{use_location, use_params_map};
use leptos_router::path;

use crate::components::{
    Button, Kind, LinkButton, LowVisionButton, LowVisionPanel, Slip, Toasts, provide_low_vision,
    provide_secret, provide_toasts, provide_visits, use_secret, use_toasts,
};
use crate::dom;
use crate::leave::{LeaveQuestion, provide_leave_guard, use_leave_guard};
use crate::pages;
use crate::russian;
use crate::session::{Known, SignedIn, provide_session, use_session};
use crate::session_end::SessionWarning;

/// Replaces the static shell by the program.
pub fn start() {
    if let Some(boot) = document().get_element_by_id("boot") {
        boot.remove();
    }
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
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
                    <main class="main" id="content" tabindex="-1">
                        <Pages/>
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

#[component]
fn Pages() -> impl IntoView {
    let signed_in = |page: fn() -> AnyView| move || view! { <SignedIn>{page()}</SignedIn> }.into_any();
    view! {
        <Routes fallback=|| view! { <pages::NotFound/> }.into_any()>
            <Route path=path!("/") view=pages::Home/>
            <Route path=path!("/login") view=pages::SignInChoice/>
            <Route path=path!("/login/rsaa") view=pages::Rsaa/>
            <Route path=path!("/login/esia") view=pages::Esia/>
            <Route path=path!("/instructions/staff") view=pages::StaffInstruction/>
            <Route path=path!("/instructions/:page") view=|| by_name(pages::instruction)/>
            <Route path=path!("/subsystems") view=signed_in(|| view! { <pages::Subsystems/> }.into_any())/>
            <Route path=path!("/kontingent") view=signed_in(|| view! { <pages::kontingent::Entry/> }.into_any())/>
            <Route path=path!("/kontingent/bind") view=signed_in(|| view! { <pages::kontingent::Bind/> }.into_any())/>
            <Route path=path!("/kontingent/cards") view=signed_in(|| view! { <pages::kontingent::Cards/> }.into_any())/>
            <Route
                path=path!("/kontingent/employees")
                view=signed_in(|| view! { <pages::kontingent::EmployeeList/> }.into_any())
            />
            <Route
                path=path!("/kontingent/employees/new")
                view=signed_in(|| view! { <pages::kontingent::NewCard/> }.into_any())
            />
            <Route
                path=path!("/kontingent/employees/:id")
                view=signed_in(|| view! { <pages::kontingent::SavedCard/> }.into_any())
            />
            <Route path=path!("/:page") view=|| by_name(pages::page)/>
            <Route path=path!("/:page/:id") view=|| by_name(pages::one_of)/>
        </Routes>
    }
    .into_any()
}

/// One route for many pages, each of which would weigh two kilobytes as a route of its own.
fn by_name(page: fn(&str) -> AnyView) -> AnyView {
    let parameters = use_params_map();
    let name = Memo::new(move |_| parameters.with(|parameters| parameters.get("page").unwrap_or_default()));
    (move || name.with(|name| page(name))).into_any()
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
    let role = move || {
        let person = session.person()?;
        let card = person.card()?;
        let roles: Vec<&str> = card.roles_in_force().map(|role| role.title()).collect();
        let roles =
            if roles.is_empty() { "роли не действуют".to_owned() } else { roles.join(", ") };
        Some(format!("{roles}, {}", card.organization.short_name))
    };
    let name = move || session.person().map(|person| russian::initials(&person.account.name));
    let several = move || session.person().is_some_and(|person| person.cards.len() > 1);
    view! {
        <div class="header-person" aria-label="Вы вошли как" role="group">
            <a class="header-name" href="/profile" title="Мой профиль">
                {name}
            </a>
            {move || role().map(|role| view! { <span class="header-role" title=role.clone()>{role.clone()}</span> })}
        </div>
        <div class="header-actions">
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
