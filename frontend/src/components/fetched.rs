//! What a page asks the server for, and what it shows until then and instead.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{ErrorState, Loading};
use crate::api::Answer;

/// What is shown of an answer.
pub type Shown = Rc<dyn Fn() -> AnyView>;
/// A question to the server.
pub type Fetching = Pin<Box<dyn Future<Output = Answer<Shown>>>>;

/// Something to be shown.
pub fn shown(view: impl Fn() -> AnyView + 'static) -> Shown {
    Rc::new(view)
}

/// A part of a page that changes; of one type, so that the program holds the machinery behind it once.
pub fn live(part: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    let part: Box<dyn Fn() -> AnyView + Send> = Box::new(part);
    part.into_any()
}

/// Asks the server, again whenever something that `ask` reads has changed or `again` says so; what stands there
/// stays, greyed, until the next answer.
#[component]
pub fn Fetched(
    /// Asks.
    ask: Box<dyn Fn() -> Fetching>,
    /// Says that there is something new.
    again: RwSignal<()>,
) -> impl IntoView {
    let answer = RwSignal::new_local(None::<Answer<Shown>>);
    let asked = StoredValue::new(0_u32);
    let stale = RwSignal::new(false);
    Effect::new(move |_| {
        again.track();
        let fetching = ask();
        let mine = asked.get_value().wrapping_add(1);
        asked.set_value(mine);
        stale.set(true);
        spawn_local(async move {
            let found = fetching.await;
            if asked.try_get_value() == Some(mine) {
                answer.set(Some(found));
                stale.set(false);
            }
        });
    });
    let content = live(move || match answer.get() {
        None => view! { <Loading/> }.into_any(),
        Some(Err(error)) => view! { <ErrorState error=error on_retry=move || again.notify()/> }.into_any(),
        Some(Ok(shown)) => shown(),
    });
    view! {
        <div class:stale=move || stale.get() aria-busy=move || stale.get().then_some("true")>
            {content}
        </div>
    }
    .into_any()
}
