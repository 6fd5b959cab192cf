//! Buttons: pressed at once, progress after 400 ms (by CSS), never sent twice.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// How loud a button is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// The main action of the page.
    Primary,
    /// Another action.
    #[default]
    Plain,
    /// An action with little weight.
    Quiet,
    /// Leads to something dangerous, after a question.
    Danger,
    /// Does something dangerous.
    DangerFill,
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
            Self::DangerFill => "button button-danger-fill",
        }
    }
}

/// A button.
#[component]
pub fn Button(
    /// How loud it is.
    #[prop(optional)]
    kind: Kind,
    /// More classes.
    #[prop(optional)]
    class: &'static str,
    /// Whether it submits its form.
    #[prop(optional)]
    submit: bool,
    /// The form that it submits, where it stands outside: also Enter in a field presses it then.
    #[prop(optional)]
    form: Option<&'static str>,
    /// While its action is under way it stays where it is and does nothing.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Its element.
    #[prop(optional, into)]
    id: Option<String>,
    /// What a press does.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// Its words.
    children: Children,
) -> impl IntoView {
    let press = move |event: MouseEvent| {
        if busy.get_untracked() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            form=form
            id=id
            class=format!("{} {class}", kind.class())
            aria-disabled=move || busy.get().then_some("true")
            aria-busy=move || busy.get().then_some("true")
            on:click=press
        >
            {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
            {children()}
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// How loud it is.
    #[prop(optional)]
    kind: Kind,
    /// More classes.
    #[prop(optional)]
    class: &'static str,
    /// Whether the server answers at that address, not a page of the program.
    #[prop(optional)]
    external: bool,
    /// Its words.
    children: Children,
) -> impl IntoView {
    view! {
        <a href=href rel=external.then_some("external") class=format!("{} {class}", kind.class())>
            {children()}
        </a>
    }
    .into_any()
}
