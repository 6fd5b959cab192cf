//! Asks before something unsaved is left: by a link, by the browser's buttons, by closing the tab.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::components::{Button, Dialog, Kind};
use crate::{dom, drafts};

/// What would be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// What was typed.
    Typed,
    /// A one-time password that was neither copied nor printed.
    Secret,
}

/// Where the person wanted to go.
#[derive(Clone)]
enum Wish {
    Address(String),
    Back,
    Action(Callback<()>),
}

/// The guard, shared through the context.
#[derive(Clone, Copy)]
pub struct LeaveGuard {
    loss: RwSignal<Option<Loss>>,
    wish: RwSignal<Option<Wish>>,
    guarded: StoredValue<String>,
    /// The page whose draft goes with what was typed.
    draft: StoredValue<String>,
}

/// The guard of the program.
#[must_use]
pub fn use_leave_guard() -> LeaveGuard {
    expect_context()
}

impl LeaveGuard {
    /// Says what leaving would lose now; nothing lets everybody pass.
    pub fn set(self, loss: Option<Loss>) {
        if self.loss.get_untracked() != loss {
            self.guarded.set_value(dom::here());
            self.loss.set(loss);
        }
    }

    /// Says under which name the tab keeps what is typed: it is forgotten once the person has agreed to the loss.
    pub fn keeps(self, draft: &str) {
        self.draft.set_value(draft.to_owned());
    }

    /// Does `action` at once, or after the person has agreed to the loss.
    pub fn ask(self, action: impl Fn() + Send + Sync + 'static) {
        if self.loss.get_untracked().is_none() {
            action();
        } else {
            self.wish.set(Some(Wish::Action(Callback::new(move |()| action()))));
        }
    }

    fn stands(self) -> bool {
        self.loss.get_untracked().is_some()
    }
}

/// Puts the guard into the context and listens; before the router does, which must not see what is held back.
pub fn provide_leave_guard() {
    let guard = LeaveGuard {
        loss: RwSignal::new(None),
        wish: RwSignal::new(None),
        guarded: StoredValue::new(String::new()),
        draft: StoredValue::new(String::new()),
    };
    provide_context(guard);

    listen("click", move |event| {
        if guard.stands()
            && let Some(address) = own_link(&event)
        {
            event.prevent_default();
            guard.wish.set(Some(Wish::Address(address)));
        }
    });
    listen("popstate", move |event| {
        if guard.stands() {
            event.stop_immediate_propagation();
            // The browser has gone already: put the page's address back, and go again if the person agrees.
            let address = guard.guarded.get_value();
            if let Ok(history) = window().history() {
                let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address));
            }
            guard.wish.set(Some(Wish::Back));
        }
    });
    let _ = window_event_listener(ev::beforeunload, move |event| {
        if guard.stands() {
            event.prevent_default();
        }
    });
}

fn listen(event: &str, handler: impl Fn(web_sys::Event) + 'static) {
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(handler);
    let function = closure.as_ref().unchecked_ref();
    let _ = window().add_event_listener_with_callback_and_bool(event, function, true);
    // Lives as long as the program.
    closure.forget();
}

/// The address of the link that was pressed, where the press would leave the page within the program.
fn own_link(event: &web_sys::Event) -> Option<String> {
    let mouse = event.dyn_ref::<web_sys::MouseEvent>()?;
    if mouse.button() != 0 || mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key() || mouse.alt_key() {
        return None;
    }
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let link = target.closest("a[href]").ok()??.dyn_into::<web_sys::HtmlAnchorElement>().ok()?;
    let inside = link.origin() == window().location().origin().unwrap_or_default();
    let on_page =
        link.pathname() == window().location().pathname().unwrap_or_default() && !link.hash().is_empty();
    let opens_elsewhere = link.target() == "_blank" || link.has_attribute("download");
    (inside && !on_page && !opens_elsewhere).then(|| link.pathname() + &link.search())
}

/// The question, shown when something would be lost. Stands inside the router.
#[component]
pub fn LeaveQuestion() -> impl IntoView {
    let guard = use_leave_guard();
    let navigate = use_navigate();
    let open = Signal::derive(move || guard.wish.with(Option::is_some));
    let secret = Signal::derive(move || guard.loss.get() == Some(Loss::Secret));
    let stay = move || guard.wish.set(None);
    let go = move || {
        let wish = guard.wish.get_untracked();
        // An action that may fail forgets for itself.
        if !secret.get_untracked() && !matches!(wish, Some(Wish::Action(_))) {
            drafts::forget(&guard.draft.get_value());
        }
        guard.wish.set(None);
        guard.loss.set(None);
        match wish {
            Some(Wish::Address(address)) => navigate(&address, NavigateOptions::default()),
            Some(Wish::Back) => {
                let _ = window().history().and_then(|history| history.back());
            }
            Some(Wish::Action(action)) => action.run(()),
            None => {}
        }
    };
    let title = move || {
        if secret.get() {
            "Пароль ещё не сохранён"
        } else {
            "Есть несохранённые изменения"
        }
        .to_owned()
    };
    let text = move || {
        if secret.get() {
            "Вы не скопировали и не распечатали пароль. Показать его снова будет нельзя, только сбросить."
        } else {
            "Если уйти сейчас, введённое пропадёт."
        }
    };
    let leave = move || {
        if secret.get() { "Уйти без пароля" } else { "Уйти без сохранения" }
    };
    view! {
        <Dialog
            open=open
            title=Signal::derive(title)
            on_close=stay
            actions=move || {
                let go = go.clone();
                view! {
                    <Button on_press=stay>"Остаться"</Button>
                    <Button kind=Kind::DangerFill on_press=go>{leave}</Button>
                }
                    .into_any()
            }
        >
            <p>{text}</p>
        </Dialog>
    }
}
