//! Framed sentences: something to know, to heed, that failed, that is done.

use leptos::prelude::*;

use super::{Icon, Picture};
use crate::api::ApiError;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Something to know.
    #[default]
    Info,
    /// Something to heed.
    Warning,
    /// Something that failed.
    Error,
    /// Something that is done.
    Done,
}

impl Tone {
    const fn look(self) -> (&'static str, Picture) {
        match self {
            Self::Info => ("alert", Picture::Info),
            Self::Warning => ("alert alert-warn", Picture::Warning),
            Self::Error => ("alert alert-danger", Picture::Error),
            Self::Done => ("alert alert-done", Picture::Done),
        }
    }
}

/// A framed sentence.
#[component]
pub fn Alert(
    /// What it is about.
    #[prop(optional)]
    tone: Tone,
    /// Its first line, in bold.
    #[prop(optional, into)]
    title: Option<String>,
    /// Whether it came up while the person was doing something, and is read out at once.
    #[prop(optional)]
    live: bool,
    /// Its words.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (class, picture) = tone.look();
    view! {
        <div class=class role=live.then_some("alert")>
            <Icon picture=picture class="alert-icon"/>
            <div class="alert-body">
                {title.map(|title| view! { <p class="alert-title">{title}</p> })} {children.map(|children| children())}
            </div>
        </div>
    }
    .into_any()
}

/// An error of the API: what happened, what to do, the code small at the end.
#[component]
pub fn ProblemAlert(
    /// The error.
    error: ApiError,
    /// More words.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let detail = error.detail();
    let plain = error.problem().is_none_or(|problem| problem.status >= 500);
    let small = error.small_print().filter(|_| plain);
    view! {
        <Alert tone=Tone::Error title=error.title() live=true>
            {(!detail.is_empty()).then(|| view! { <p>{detail}</p> })}
            {children.map(|children| children())}
            {small.map(|small| view! { <p class="code">{small}</p> })}
        </Alert>
    }
}
