//! «Уволить» and «Перевести»: the dialogs of a card.

use epos_shared::api::employees::{EmployeeCard, RoleAssignment, RoleDraft};
use epos_shared::api::moves::{DismissalDraft, TransferDraft, day_after};
use epos_shared::api::organizations::{OrganizationInView, OrganizationQuery};
use epos_shared::api::proposals::ProposalDraft;
use epos_shared::problem::{FieldError, ProblemCode};
use epos_shared::rights::Verdict;
use epos_shared::roles::Role;
use epos_shared::values::{RoleState, format_date, parse_date};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::access::{CONFIRMED_ABOVE, UNSAVED};
use super::editor::Editor;
use super::failure_view;
use crate::api::{self, Answer, ApiError};
use crate::components::{
    Button, ComboOption, Combobox, DateField, Dialog, Found, Kind, Select, live, use_toasts,
};
use crate::dom;
use crate::form::FormErrors;
use crate::pages::kontingent::list::option_of;
use crate::pages::kontingent::sees_several;
use crate::session::use_session;

const FORM: &str = "leaving-form";
/// What the paths of the fields begin with: the card's own form stands behind the dialog.
const AT: &str = "leaving/";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// «Уволить».
    Dismissal,
    /// «Перевести».
    Transfer,
}

/// What stands in the dialog.
#[derive(Clone, Copy)]
struct Typed {
    last_day: RwSignal<String>,
    chosen: RwSignal<Option<ComboOption>>,
    organization: RwSignal<Option<OrganizationInView>>,
    role: RwSignal<String>,
    start: RwSignal<String>,
    end: RwSignal<String>,
}

impl Typed {
    fn new() -> Self {
        Self {
            last_day: RwSignal::default(),
            chosen: RwSignal::new(None),
            organization: RwSignal::new(None),
            role: RwSignal::default(),
            start: RwSignal::default(),
            end: RwSignal::default(),
        }
    }

    fn begin(self, today: chrono::NaiveDate) {
        self.last_day.set(format_date(today));
        self.chosen.set(None);
        self.organization.set(None);
        self.role.set(String::new());
        self.start.set(format_date(day_after(today)));
        self.end.set(String::new());
    }

    fn dismissal(self, version: i64) -> DismissalDraft {
        DismissalDraft { version, last_day: self.last_day.get() }
    }

    fn transfer(self, version: i64) -> TransferDraft {
        TransferDraft {
            version,
            last_day: self.last_day.get(),
            organization_id: self.organization.with(|o| o.as_ref().map(|o| o.organization.id)),
            roles: vec![RoleDraft {
                id: None,
                role: Role::from_wire(&self.role.get()),
                start: self.start.get(),
                end: self.end.get(),
            }],
        }
    }
}

fn prefixed(errors: Vec<FieldError>) -> Vec<FieldError> {
    errors.into_iter().map(|error| FieldError { field: format!("{AT}{}", error.field), ..error }).collect()
}

/// The buttons, for whom the card allows them.
pub fn buttons(card: &EmployeeCard, asked: RwSignal<Option<Leaving>>) -> AnyView {
    let works = card.archived_at.is_none() && card.roles.iter().any(|role| role.state != RoleState::Ended);
    let button = |of: Leaving, words: &'static str, allowed: bool| {
        (works && allowed)
            .then(|| view! { <Button on_press=move || asked.set(Some(of))>{words}</Button> }.into_any())
    };
    view! {
        // Whoever sees one organization alone has nowhere to.
        {button(
            Leaving::Transfer,
            "Перевести",
            card.permissions.transfer.is_allowed() && sees_several(use_session()),
        )}
        {button(Leaving::Dismissal, "Уволить", card.permissions.dismiss.is_possible())}
    }
    .into_any()
}

/// The dialogs.
#[component]
pub fn LeavingDialog(editor: Editor, asked: RwSignal<Option<Leaving>>) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let today = editor.today;
    let typed = Typed::new();
    let version = move || editor.card.with(|card| card.as_ref().map_or(0, |card| card.version));
    let errors = FormErrors::new(move || {
        prefixed(match asked.get() {
            None => Vec::new(),
            Some(Leaving::Dismissal) => typed.dismissal(version()).parse(today).err().unwrap_or_default(),
            Some(Leaving::Transfer) => {
                let kind = typed.organization.with(|o| o.as_ref().map(|o| o.organization.kind));
                typed.transfer(version()).parse(kind, today).err().unwrap_or_default()
            }
        })
    });
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    Effect::new(move |_| {
        if asked.get().is_some() {
            typed.begin(today);
            errors.clear();
            failure.set(None);
        }
    });
    // The first day follows the last one until it is chosen.
    Effect::new(move |followed: Option<String>| {
        let followed = followed.unwrap_or_else(|| format_date(day_after(today)));
        let Ok(day) = typed.last_day.with(|day| parse_date(day)) else { return followed };
        let next = format_date(day_after(day));
        if typed.start.get_untracked() == followed {
            typed.start.set(next.clone());
        }
        next
    });
    let is_transfer = move || asked.get() == Some(Leaving::Transfer);
    let proposes = move || {
        !is_transfer()
            && editor.card.with(|card| {
                card.as_ref().is_some_and(|card| card.permissions.dismiss == Verdict::NeedsConfirmation)
            })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !errors.submit() {
            return;
        }
        let (Some(of), Some(id)) =
            (asked.get_untracked(), editor.card.with_untracked(|card| card.as_ref().map(|card| card.id)))
        else {
            return;
        };
        if of == Leaving::Dismissal && untrack(proposes) {
            let draft = untrack(|| typed.dismissal(version()));
            asked.set(None);
            editor.propose(ProposalDraft::Dismiss { employee_id: id, draft });
            return;
        }
        busy.set(true);
        failure.set(None);
        let (dismissal, transfer) = untrack(|| (typed.dismissal(version()), typed.transfer(version())));
        spawn_local(async move {
            let answer: Answer<()> = match of {
                Leaving::Dismissal => session.call(api::dismiss(id, &dismissal)).await.map(|card| {
                    let _ = asked.try_set(None);
                    editor.take_in(card);
                    toasts.say("Увольнение записано");
                    dom::focus_later("heading".to_owned());
                }),
                Leaving::Transfer => session.call(api::transfer(id, &transfer)).await.map(|saved| {
                    let _ = asked.try_set(None);
                    toasts.say("Перевод записан");
                    editor.go_to(saved);
                }),
            };
            let _ = busy.try_set(false);
            let Err(error) = answer else { return };
            if error.code() == Some(ProblemCode::VersionConflict) {
                let _ = asked.try_set(None);
                editor.refused(error);
                return;
            }
            let wrong = error.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
            if wrong.is_empty() || !errors.refuse(&prefixed(wrong)).is_empty() {
                let _ = failure.try_set(Some(error));
            }
        });
    };
    let title = move || {
        let name = editor.card.with(|card| card.as_ref().map(|card| card.name.to_string()));
        let what = if is_transfer() {
            "Перевести в другую организацию"
        } else {
            "Уволить"
        };
        format!("{what}: {}", name.unwrap_or_default())
    };
    view! {
        <Dialog
            open=Signal::derive(move || asked.get().is_some())
            title=Signal::derive(title)
            on_close=move || asked.set(None)
            actions=move || {
                let (kind, words) = if untrack(is_transfer) {
                    (Kind::Primary, "Перевести")
                } else if untrack(proposes) {
                    (Kind::Primary, "Отправить на подтверждение")
                } else {
                    (Kind::DangerFill, "Уволить")
                };
                view! {
                    <Button on_press=move || asked.set(None)>"Отмена"</Button>
                    <Button kind=kind submit=true form=FORM busy=busy>{words}</Button>
                }
                    .into_any()
            }
        >
            {live(move || failure.get().map(failure_view).into_any())}
            <form id=FORM on:submit=submit novalidate=true>
                <DateField
                    path="leaving/last_day"
                    label="Последний рабочий день"
                    value=typed.last_day
                    errors=errors
                    required=true
                    hint="Не раньше вчерашнего"
                />
                {untrack(is_transfer).then(|| transfer_fields(typed, errors))}
            </form>
            {untrack(proposes).then(|| view! { <p>{CONFIRMED_ABOVE}</p> })}
            {move || (is_transfer() && editor.dirty.get()).then(|| view! { <p>{UNSAVED}</p> })}
            {live(move || what_ends(editor, &typed.last_day.get(), untrack(is_transfer)))}
        </Dialog>
    }
    .into_any()
}

/// Where the person goes, and as what.
fn transfer_fields(typed: Typed, errors: FormErrors) -> AnyView {
    let session = use_session();
    let seen = StoredValue::new(Vec::<OrganizationInView>::new());
    let find = move |query: OrganizationQuery| async move {
        let found = session.call(api::organizations(&query)).await?;
        let options = found.items.iter().map(option_of).collect();
        let _ = seen.try_set_value(found.items);
        Ok(Found { options, more: found.more })
    };
    let pick = move |option: Option<ComboOption>| {
        let organization = option.and_then(|option| {
            seen.with_value(|seen| {
                seen.iter().find(|o| o.organization.id.to_string() == option.value).cloned()
            })
        });
        let allowed = organization.as_ref().map(|o| o.assignable_roles.clone()).unwrap_or_default();
        // Where there is one role only, there is nothing to choose.
        typed.role.set(match allowed.as_slice() {
            [only] => only.as_str().to_owned(),
            _ => String::new(),
        });
        typed.organization.set(organization);
    };
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = Answer<Found>>>> {
        let query = OrganizationQuery {
            query: Some(text),
            creatable: Some(true),
            limit: Some(30),
            ..Default::default()
        };
        Box::pin(find(query))
    };
    let roles = move || {
        let allowed = typed.organization.with(|o| o.as_ref().map(|o| o.assignable_roles.clone()));
        allowed
            .unwrap_or_default()
            .into_iter()
            .map(|role| (role.as_str().to_owned(), role.title().to_owned()))
            .collect()
    };
    view! {
        <Combobox
            path="leaving/organization_id"
            label="Новая организация"
            chosen=typed.chosen
            on_change=pick
            search=search
            errors=errors
            placeholder="Начните вводить название"
            required=true
        />
        <Select
            path="leaving/roles/0/role"
            label="Роль там"
            value=typed.role
            on_change=move |role: String| typed.role.set(role)
            options=Signal::derive(roles)
            empty="Выберите роль"
            errors=errors
            required=true
        />
        <DateField
            path="leaving/roles/0/start"
            label="Начальная дата"
            value=typed.start
            errors=errors
            required=true
        />
        <DateField
            path="leaving/roles/0/end"
            label="Конечная дата"
            value=typed.end
            errors=errors
            hint="Пусто — бессрочно"
        />
    }
    .into_any()
}

/// What becomes of a role when the person leaves on a day.
fn fate(role: &RoleAssignment, day: chrono::NaiveDate) -> Option<String> {
    if role.state == RoleState::Ended || role.period.end().is_some_and(|end| end <= day) {
        return None;
    }
    let title = role.role.title();
    Some(if day < role.period.start() {
        format!("{title}: не начнётся")
    } else {
        format!("{title}: закончится {}", format_date(day))
    })
}

/// The roles that end with the day, named.
fn what_ends(editor: Editor, day: &str, is_transfer: bool) -> AnyView {
    let Ok(day) = parse_date(day) else { return ().into_any() };
    let ends: Vec<String> = editor.card.with(|card| {
        card.iter().flat_map(|card| card.roles.iter().filter_map(move |role| fate(role, day))).collect()
    });
    if ends.is_empty() {
        return ().into_any();
    }
    let after = if is_transfer {
        "Карточка здесь останется как история, в новой организации появится своя."
    } else {
        "После этого дня доступ закроется сам. Карточка останется в списке."
    };
    view! {
        <p>"Что будет с ролями:"</p>
        <ul>{ends.into_iter().map(|role| view! { <li>{role}</li> }).collect::<Vec<_>>()}</ul>
        <p class="muted">{after}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use epos_shared::ids::RoleAssignmentId;
    use epos_shared::values::Period;

    use super::*;

    #[test]
    fn what_becomes_of_a_role_is_told_in_words() {
        let day = |text: &str| parse_date(text).unwrap();
        let role = |start: &str, end: Option<&str>, state: RoleState| RoleAssignment {
            id: RoleAssignmentId(uuid::Uuid::from_u128(1)),
            role: Role::Teacher,
            period: Period::new(day(start), end.map(day)).unwrap(),
            state,
        };
        let last = day("25.11.2026");
        let open = role("01.09.2026", None, RoleState::InForce);
        assert_eq!(fate(&open, last).unwrap(), "Учитель: закончится 25.11.2026");
        let later = role("01.09.2027", None, RoleState::Upcoming);
        assert_eq!(fate(&later, last).unwrap(), "Учитель: не начнётся");
        assert_eq!(fate(&role("01.09.2026", Some("25.11.2026"), RoleState::InForce), last), None);
        assert_eq!(fate(&role("01.09.2020", Some("01.09.2021"), RoleState::Ended), last), None);
    }
}
