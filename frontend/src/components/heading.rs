//! The heading of a page: it names the document and takes the focus when the page changes.

use leptos::prelude::*;

use crate::dom;

/// Whether a page was shown already: the first one leaves the focus where the browser puts it.
#[derive(Clone, Copy)]
struct Visits(StoredValue<bool>);

/// Under which name a program leaves for the next one that it has shown pages.
const VISITED: &str = "epos-visited";

/// Puts the count of pages into the context.
pub fn provide_visits() {
    provide_context(Visits(StoredValue::new(dom::handed_on(VISITED).is_some())));
}

/// Leaves the count for the next program: whoever pressed a link is led to the heading, as everywhere.
pub fn hand_on_visits() {
    if expect_context::<Visits>().0.get_value() {
        dom::hand_on(VISITED, "1");
    }
}

/// `<h1>` of a page.
#[component]
pub fn Heading(
    /// Its words, and the name of the document.
    #[prop(into)]
    text: Signal<String>,
    /// The name of the document, where it says more than the heading.
    #[prop(optional, into)]
    document_title: Option<Signal<String>>,
) -> impl IntoView {
    let visits = expect_context::<Visits>();
    Effect::new(move |_| {
        let title = document_title.unwrap_or(text).get();
        document().set_title(&format!("{title} — ЭПОС"));
    });
    Effect::new(move |_| {
        if visits.0.get_value() {
            dom::focus_later("heading".to_owned());
        }
        visits.0.set_value(true);
    });
    view! {
        <h1 id="heading" tabindex="-1">
            {move || text.get()}
        </h1>
    }
}
