//! What a person has set for the list on this computer: its columns, and filters under names of his own.

use epos_shared::api::employees::EmployeeQuery;
use epos_shared::problem::FieldError;
use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::query;
use crate::components::{Button, Kind, TextField, live, use_toasts};
use crate::form::FormErrors;
use crate::session::use_session;
use crate::{dom, drafts};

/// Under which name it is kept.
const NAME: &str = "staff-list";
/// Filters at most.
const MOST: usize = 20;
/// Characters of a name at most.
const LONGEST: usize = 60;
/// What the focus goes to when the filter that had it is gone.
const SUMMARY: &str = "own-filters";

/// A column that can be hidden; the names always stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// E-mail, below the name.
    Email,
    /// «Роли, окончание».
    Roles,
    /// «Организация», for those who see several.
    Organization,
    /// «Логин».
    Login,
    /// «Учётная запись, вход».
    Account,
}

impl Column {
    const ALL: [Self; 5] = [Self::Email, Self::Roles, Self::Organization, Self::Login, Self::Account];

    const fn title(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Roles => "Роли",
            Self::Organization => "Организация",
            Self::Login => "Логин",
            Self::Account => "Учётная запись",
        }
    }
}

/// A state of the list under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Saved {
    name: String,
    /// As the address bar has it.
    address: String,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    hidden: Vec<Column>,
    filters: Vec<Saved>,
}

impl Settings {
    /// Puts a filter under a name; what stood under it before goes.
    fn save(&mut self, name: &str, address: String) {
        self.filters.retain(|saved| saved.name != name);
        self.filters.push(Saved { name: name.to_owned(), address });
        self.filters.sort_by_key(|saved| saved.name.to_lowercase());
    }
}

/// The settings of whoever is signed in.
#[derive(Clone, Copy)]
pub struct Own {
    account: StoredValue<String>,
    settings: RwSignal<Settings>,
}

impl Own {
    /// What was kept.
    #[must_use]
    pub fn kept() -> Self {
        let account = use_session().person_now().map(|person| person.account.id.to_string());
        let account = account.unwrap_or_default();
        let settings = drafts::find_own(&account, NAME).unwrap_or_default();
        Self { account: StoredValue::new(account), settings: RwSignal::new(settings) }
    }

    /// Builds whatever calls it anew when something is set.
    pub fn track(self) {
        self.settings.track();
    }

    /// Whether a column stands in the list; reactive.
    #[must_use]
    pub fn shows(self, column: Column) -> bool {
        self.settings.with(|settings| !settings.hidden.contains(&column))
    }

    fn change(self, change: impl FnOnce(&mut Settings)) {
        self.settings.update(change);
        self.settings.with_untracked(|settings| drafts::keep_own(&self.account.get_value(), NAME, settings));
    }
}

/// What can be set, folded up until it is wanted.
pub fn settings(own: Own, query: Memo<EmployeeQuery>, several: Memo<bool>) -> AnyView {
    view! {
        <div class="list-own no-print">
            <details>
                <summary id=SUMMARY>"Мои фильтры"</summary>
                <div class="panel stack">
                    {live(move || saved(own))}
                    {save_form(own, query)}
                </div>
            </details>
            <details>
                <summary>"Столбцы"</summary>
                {live(move || columns(own, several.get()))}
            </details>
        </div>
    }
    .into_any()
}

fn columns(own: Own, several: bool) -> AnyView {
    let offered = Column::ALL.into_iter().filter(|column| several || *column != Column::Organization);
    let boxes = offered.map(|column| {
        let tick = move |event: Event| {
            let on = event_target_checked(&event);
            own.change(|settings| {
                settings.hidden.retain(|known| *known != column);
                if !on {
                    settings.hidden.push(column);
                }
            });
        };
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=move || own.shows(column) on:change=tick/>
                {column.title()}
            </label>
        }
    });
    view! {
        <fieldset class="panel row">
            <legend class="visually-hidden">"Столбцы списка"</legend>
            {boxes.collect_view()}
        </fieldset>
    }
    .into_any()
}

fn saved(own: Own) -> AnyView {
    let filters = own.settings.with(|settings| settings.filters.clone());
    if filters.is_empty() {
        return view! {
            <p class="muted">"Выберите фильтры и порядок, назовите их и сохраните: потом они откроются одним нажатием."</p>
        }
        .into_any();
    }
    let rows = filters.into_iter().map(|Saved { name, address }| {
        let of = format!(" «{name}»");
        let gone = name.clone();
        let remove = move || {
            own.change(|settings| settings.filters.retain(|saved| saved.name != gone));
            dom::focus_later(SUMMARY.to_owned());
        };
        view! {
            <li class="row">
                <a class="address" href=address>{name}</a>
                <Button kind=Kind::Quiet class="button-small" on_press=remove>
                    "Удалить"
                    <span class="visually-hidden">{of}</span>
                </Button>
            </li>
        }
    });
    view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
}

/// What is wrong with a name.
fn judge(name: &str, settings: &Settings) -> Option<&'static str> {
    let name = name.trim();
    let is_new = settings.filters.iter().all(|saved| saved.name != name);
    if name.is_empty() {
        Some("Назовите фильтр")
    } else if name.chars().count() > LONGEST {
        Some("Не длиннее 60 знаков")
    } else if is_new && settings.filters.len() >= MOST {
        Some("Сохранено уже 20 фильтров: удалите лишний")
    } else {
        None
    }
}

fn save_form(own: Own, query: Memo<EmployeeQuery>) -> AnyView {
    let name = RwSignal::new(String::new());
    let errors = FormErrors::new(move || {
        let wrong = own.settings.with(|settings| name.with(|name| judge(name, settings)));
        let error = |message: &str| FieldError {
            field: "filter_name".to_owned(),
            code: "filter-name".to_owned(),
            message: message.to_owned(),
        };
        wrong.map(error).into_iter().collect()
    });
    let toasts = use_toasts();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !errors.submit() {
            return;
        }
        let text = name.get_untracked().trim().to_owned();
        let address = query::address(&query::from_the_start(query.get_untracked()));
        own.change(|settings| settings.save(&text, address));
        name.set(String::new());
        errors.clear();
        toasts.say(format!("Фильтр сохранён: {text}"));
    };
    view! {
        <form class="main-form" on:submit=submit novalidate=true>
            <TextField path="filter_name" label="Название нынешнего фильтра" value=name errors=errors/>
            <Button class="button-small" submit=true>"Сохранить фильтр"</Button>
            <p class="field-hint">"Хранится в этом браузере, только для вас."</p>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_under_a_known_name_takes_its_place() {
        let mut settings = Settings::default();
        for (name, address) in [("Учителя", "/a"), ("архив", "/b"), ("Учителя", "/c")] {
            settings.save(name, address.to_owned());
        }
        let kept: Vec<_> =
            settings.filters.iter().map(|saved| (saved.name.as_str(), saved.address.as_str())).collect();
        assert_eq!(kept, [("архив", "/b"), ("Учителя", "/c")]);
    }

    #[test]
    fn names_are_judged() {
        let mut settings = Settings::default();
        assert_eq!(judge("  ", &settings), Some("Назовите фильтр"));
        assert_eq!(judge(&"я".repeat(61), &settings), Some("Не длиннее 60 знаков"));
        for number in 0..MOST {
            settings.save(&number.to_string(), String::new());
        }
        assert!(judge("ещё", &settings).is_some());
        assert_eq!(judge("7", &settings), None);
    }

    #[test]
    fn what_was_kept_is_read_again_and_what_is_missing_is_nothing() {
        let mut settings = Settings { hidden: vec![Column::Login], filters: Vec::new() };
        settings.save("Учителя", "/kontingent/employees?role=teacher".to_owned());
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    }
}
