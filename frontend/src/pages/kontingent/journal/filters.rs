//! What the journal is searched for.

use chrono::NaiveDate;
use epos_shared::api::journal::{ActionGroup, JournalResult, JournalSearch};
use epos_shared::problem::FieldError;
use epos_shared::values::{format_date, parse_date};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Turn, query};
use crate::api::journal;
use crate::components::{Button, DateField, Kind, Search, Select, TextField, live};
use crate::form::FormErrors;
use crate::pages::kontingent::OrganizationFilter;
use crate::session::use_session;

/// The fields; each leads to the journal with another search.
#[component]
pub fn Filters(query: Memo<JournalSearch>, turn: Turn, several: bool) -> impl IntoView {
    let session = use_session();
    let change = move |change: &dyn Fn(&mut JournalSearch)| {
        let mut next = query::from_the_start(query.get_untracked());
        change(&mut next);
        turn.run(next);
    };
    let typed = Typed::new(query);
    let errors = FormErrors::new(move || typed.wrong());
    let groups = RwSignal::new(Vec::<ActionGroup>::new());
    spawn_local(async move {
        if let Ok(found) = session.call(journal::actions()).await {
            let _ = groups.try_set(found);
        }
    });
    let actions = Signal::derive(move || groups.with(|groups| options(groups)));
    let results = JournalResult::ALL.map(|it| (it.as_str().to_owned(), it.title().to_owned())).to_vec();
    // Texts and days count once they are whole: when their field is left, or at Enter.
    let changed = move |_| {
        if typed.wrong().is_empty() {
            change(&|next| typed.put(next));
        }
    };
    view! {
        <div class="filters" role="search">
            <Search
                told=Signal::derive(move || query.with(|query| query.person.clone().unwrap_or_default()))
                on_search=move |text: String| {
                    change(&|next| next.person = Some(text.clone()).filter(|text| !text.is_empty()));
                }
                placeholder="Кого касается: ФИО, логин или e-mail"
            />
            {several.then(|| {
                view! {
                    <OrganizationFilter
                        in_address=Memo::new(move |_| query.with(|query| query.organization))
                        turn=Callback::new(move |organization| {
                            change(&|next| next.organization = organization);
                        })
                        errors=errors
                    />
                }
            })}
            <Select
                path="action"
                label="Действие"
                value=Signal::derive(move || query.with(|query| query.action.clone().unwrap_or_default()))
                on_change=move |action: String| {
                    change(&|next| next.action = Some(action.clone()).filter(|action| !action.is_empty()));
                }
                options=actions
                empty="Любое"
                errors=errors
            />
            <Select
                path="result"
                label="Результат"
                value=Signal::derive(move || {
                    query.with(|query| query.result.map(|it| it.as_str().to_owned()).unwrap_or_default())
                })
                on_change=move |result: String| {
                    change(&|next| {
                        next.result = JournalResult::ALL.into_iter().find(|it| it.as_str() == result);
                    });
                }
                options=results
                empty="Любой"
                errors=errors
            />
            <div class="filter-part" on:change=changed>
                <TextField
                    path="who"
                    label="Кто действовал"
                    value=typed.who
                    errors=errors
                    placeholder="ФИО или логин"
                    plain=true
                />
            </div>
            <div class="filter-part" on:change=changed>
                <DateField path="from" label="С какого дня" value=typed.from errors=errors/>
            </div>
            <div class="filter-part" on:change=changed>
                <DateField path="to" label="По какой день" value=typed.to errors=errors/>
            </div>
        </div>
        <div class="list-bar">
            <p>{live(move || query.with(one_alone))}</p>
            {live(move || {
                if query.with(query::narrowed) {
                    view! {
                        <Button
                            kind=Kind::Quiet
                            class="button-small"
                            on_press=move || turn.run(JournalSearch::default())
                        >
                            "Сбросить фильтры"
                        </Button>
                    }
                    .into_any()
                } else {
                    ().into_any()
                }
            })}
        </div>
    }
    .into_any()
}

/// What no field shows: one card or one person, chosen in the table.
fn one_alone(search: &JournalSearch) -> AnyView {
    match (search.object, search.actor) {
        (Some(_), Some(_)) => "Показаны действия одного человека с одним объектом".into_any(),
        (Some(_), None) => "Показано всё, что касается одного объекта".into_any(),
        (None, Some(_)) => "Показаны действия одного человека".into_any(),
        (None, None) => ().into_any(),
    }
}

/// Actions as something to choose: each group, and what is in it a step to the right.
fn options(groups: &[ActionGroup]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for group in groups {
        all.push((group.code.clone(), format!("{} (все)", group.title)));
        for action in &group.actions {
            all.push((action.code.clone(), format!("\u{a0}\u{a0}\u{a0}{}", action.title)));
        }
    }
    all
}

/// What is typed into the fields that count when they are left.
#[derive(Clone, Copy)]
struct Typed {
    who: RwSignal<String>,
    from: RwSignal<String>,
    to: RwSignal<String>,
}

impl Typed {
    /// What the address has; «Назад» brings an earlier search back.
    fn new(query: Memo<JournalSearch>) -> Self {
        let typed = Self { who: RwSignal::default(), from: RwSignal::default(), to: RwSignal::default() };
        Effect::new(move |_| {
            let day = |day: Option<NaiveDate>| day.map(format_date).unwrap_or_default();
            query.with(|query| {
                typed.who.set(query.who.clone().unwrap_or_default());
                typed.from.set(day(query.from));
                typed.to.set(day(query.to));
            });
        });
        typed
    }

    fn wrong(self) -> Vec<FieldError> {
        let wrong = |field: &str, typed: RwSignal<String>| {
            let text = typed.get();
            if text.trim().is_empty() {
                return None;
            }
            parse_date(&text).err().map(|error| error_at(field, &error.to_string()))
        };
        let mut errors: Vec<FieldError> =
            wrong("from", self.from).into_iter().chain(wrong("to", self.to)).collect();
        if errors.is_empty()
            && let (Ok(from), Ok(to)) = (parse_date(&self.from.get()), parse_date(&self.to.get()))
            && to < from
        {
            errors.push(error_at("to", "Последний день раньше первого"));
        }
        errors
    }

    fn put(self, search: &mut JournalSearch) {
        let day = |typed: RwSignal<String>| parse_date(&typed.get_untracked()).ok();
        search.from = day(self.from);
        search.to = day(self.to);
        search.who = Some(self.who.get_untracked().trim().to_owned()).filter(|who| !who.is_empty());
    }
}

fn error_at(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), code: "invalid-date".to_owned(), message: message.to_owned() }
}
