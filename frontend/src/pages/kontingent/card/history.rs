//! «История» of a card: who changed what and when, the newest first. It is read when it is opened.

use epos_shared::api::journal::{JournalEntry, JournalResult, JournalSearch};
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::editor::Editor;
use crate::api::{ApiError, journal};
use crate::components::{Badge, Button, ErrorState, Loading, Picture, Tone, live};
use crate::pages::kontingent::journal::{actor, change};
use crate::russian::moment;
use crate::session::{SessionContext, use_session};

/// What is read of it.
#[derive(Clone, Copy)]
struct History {
    session: SessionContext,
    id: EmployeeId,
    entries: RwSignal<Vec<JournalEntry>>,
    /// Where older entries begin.
    next: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    /// Whether anything was read.
    read: RwSignal<bool>,
    failure: RwSignal<Option<ApiError>>,
    /// Which question is the latest.
    asked: StoredValue<u32>,
}

impl History {
    /// Reads the newest entries, or those after `after`.
    fn ask(self, after: Option<String>) {
        let mine = self.asked.get_value().wrapping_add(1);
        self.asked.set_value(mine);
        self.busy.set(true);
        self.failure.set(None);
        let further = after.is_some();
        let search = JournalSearch { object: Some(self.id.0), after, ..Default::default() };
        spawn_local(async move {
            let answer = self.session.call(journal::page(&search)).await;
            if self.asked.try_get_value() != Some(mine) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(page) => {
                    self.next.set(page.next);
                    self.entries.update(|entries| {
                        if !further {
                            entries.clear();
                        }
                        entries.extend(page.items);
                    });
                    self.read.set(true);
                }
                Err(error) => self.failure.set(Some(error)),
            }
        });
    }
}

/// The part of the page, closed until somebody wants to know.
pub fn history(editor: Editor) -> AnyView {
    let Some(id) = editor.card.with_untracked(|card| card.as_ref().map(|card| card.id)) else {
        return ().into_any();
    };
    let history = History {
        session: use_session(),
        id,
        entries: RwSignal::default(),
        next: RwSignal::new(None),
        busy: RwSignal::new(false),
        read: RwSignal::new(false),
        failure: RwSignal::new(None),
        asked: StoredValue::new(0),
    };
    let open = RwSignal::new(false);
    let now = Memo::new(move |_| editor.card.with(|card| card.clone()));
    // Again after every change of the card that is made here.
    Effect::new(move |_| {
        now.track();
        if open.get() {
            history.ask(None);
        }
    });
    let content = live(move || {
        if let Some(error) = history.failure.get() {
            return view! { <ErrorState error=error on_retry=move || history.ask(None)/> }.into_any();
        }
        if !history.read.get() {
            return view! { <Loading/> }.into_any();
        }
        entries(history)
    });
    view! {
        <details class="panel history" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>
                <h2 class="side-title">"История"</h2>
            </summary>
            <div aria-live="polite" aria-busy=move || history.busy.get().then_some("true")>{content}</div>
        </details>
    }
    .into_any()
}

fn entries(history: History) -> AnyView {
    let rows = history.entries.with(|entries| entries.iter().map(row).collect_view());
    let empty = history.entries.with(Vec::is_empty) && history.next.with(Option::is_none);
    let more = history.next.get().map(|next| {
        view! {
            <p class="gap-above">
                <Button busy=history.busy on_press=move || history.ask(Some(next.clone()))>
                    "Показать более ранние"
                </Button>
            </p>
        }
    });
    view! {
        {empty.then(|| view! { <p class="muted">"Записей нет."</p> })}
        <ul class="plain entries">{rows}</ul>
        {more}
    }
    .into_any()
}

fn row(entry: &JournalEntry) -> AnyView {
    let refused = entry.result == JournalResult::Refused;
    let details =
        (!entry.details.is_empty()).then(|| view! { <p class="cell-sub">{entry.details.clone()}</p> });
    let changes = entry.changes.iter().map(change).collect_view();
    let changes = (!entry.changes.is_empty()).then(|| view! { <dl class="changes">{changes}</dl> });
    view! {
        <li>
            <p>
                <strong>{entry.title.clone()}</strong>
                {refused
                    .then(|| {
                        view! {
                            " "
                            <Badge tone=Tone::Error picture=Picture::Stop text="отказано"/>
                        }
                    })}
            </p>
            <p class="small muted">{moment(entry.at)} " · " {actor(&entry.actor)}</p>
            {details}
            {changes}
        </li>
    }
    .into_any()
}
