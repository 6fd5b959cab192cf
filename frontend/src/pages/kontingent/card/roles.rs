//! «Организация» and the roles of a card with their days.

use epos_shared::api::employees::RoleAssignment;
use epos_shared::api::organizations::{OrganizationInView, OrganizationQuery};
use epos_shared::roles::Role;
use epos_shared::values::{RoleState, format_date};
use leptos::prelude::*;

use super::editor::{Editor, days_open};
use super::form::RoleRow;
use crate::api;
use crate::components::{
    Button, ComboOption, Combobox, DateField, Found, Icon, Kind, Picture, ReadOnlyField, RoleStateBadge,
    Select,
};
use crate::form::field_id;
use crate::pages::kontingent::list::option_of;
use crate::session::use_session;

/// The fields.
#[component]
pub fn RoleFields(editor: Editor, only: Option<OrganizationInView>) -> impl IntoView {
    let rows = editor.form.roles;
    let all = Memo::new(move |_| editor.errors.message("roles"));
    view! {
        <div class="panel-head">
            <h2 id="roles-title">"Организация и роли"</h2>
        </div>
        <Organization editor=editor only=only/>
        <div id=field_id("roles") tabindex="-1" class="gap-above">
            <For each=move || rows.get() key=|row| row.key let:row>
                <Row editor=editor row=row/>
            </For>
            {move || {
                all.get()
                    .map(|message| {
                        view! {
                            <p class="field-error" role="alert">
                                <Icon picture=Picture::Error/>
                                <span>{message}</span>
                            </p>
                        }
                    })
            }}
        </div>
    }
}

#[component]
fn Organization(editor: Editor, only: Option<OrganizationInView>) -> impl IntoView {
    if let Some(name) =
        editor.card.with_untracked(|card| card.as_ref().map(|c| c.organization.short_name.clone()))
    {
        return view! { <ReadOnlyField label="Организация">{name}</ReadOnlyField> }.into_any();
    }
    if let Some(only) = only {
        let name = only.organization.short_name.clone();
        // It is no choice of the person: nothing unsaved.
        let id = only.organization.id;
        editor.base.update(|base| base.organization = Some(id));
        editor.form.organization.set(Some(id));
        editor.organization.set(Some(only));
        return view! { <ReadOnlyField label="Организация">{name}</ReadOnlyField> }.into_any();
    }
    view! { <OrganizationChoice editor=editor/> }.into_any()
}

#[component]
fn OrganizationChoice(editor: Editor) -> impl IntoView {
    let session = use_session();
    let chosen = RwSignal::new(None::<ComboOption>);
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
        editor.form.organization.set(organization.as_ref().map(|o| o.organization.id));
        editor.organization.set(organization);
        let allowed = untrack(|| editor.assignable());
        // A role that cannot be given there is no choice any more.
        for row in editor.form.roles.get_untracked() {
            if row.role.get_untracked().is_some_and(|role| !allowed.contains(&role)) {
                row.role.set(None);
            }
        }
    };
    // What was kept in the tab knows the identifier alone.
    if let Some(id) = editor.form.organization.get_untracked() {
        leptos::task::spawn_local(async move {
            let query = OrganizationQuery { id: Some(id), creatable: Some(true), ..Default::default() };
            let found = session.call(api::organizations(&query)).await;
            let known = found.ok().and_then(|found| found.items.into_iter().next());
            // Another one may have been chosen meanwhile.
            if editor.form.organization.try_get_untracked().flatten() != Some(id) {
                return;
            }
            if chosen.try_set(known.as_ref().map(option_of)).is_none() {
                if known.is_none() {
                    editor.form.organization.set(None);
                }
                editor.organization.set(known);
            }
        });
    }
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = api::Answer<Found>>>> {
        let query = OrganizationQuery {
            query: Some(text),
            creatable: Some(true),
            limit: Some(30),
            ..Default::default()
        };
        Box::pin(find(query))
    };
    view! {
        <Combobox
            path="organization_id"
            label="Организация"
            chosen=chosen
            on_change=pick
            search=search
            errors=editor.errors
            placeholder="Начните вводить название"
            required=true
        />
    }
}

/// The fields of a role.
#[derive(Clone, Copy)]
struct Fields {
    key: u32,
    role: RwSignal<Option<Role>>,
    start: RwSignal<String>,
    end: RwSignal<String>,
}

#[component]
fn Row(editor: Editor, row: RoleRow) -> impl IntoView {
    let key = row.key;
    let id = row.id;
    let place = Memo::new(move |_| {
        editor.form.roles.with(|rows| rows.iter().position(|other| other.key == key).unwrap_or_default())
    });
    let path = move |field: &'static str| Signal::derive(move || format!("roles/{}/{field}", place.get()));
    let known = move || {
        editor.card.with(|card| {
            card.as_ref().and_then(|card| card.roles.iter().find(|known| Some(known.id) == id).cloned())
        })
    };
    let open = Memo::new(move |_| {
        known().is_none_or(|known| {
            editor.card.with(|card| card.as_ref().is_some_and(|card| days_open(card, known.state)))
        })
    });
    let fields = Fields {
        key,
        role: row.role.clone().into(),
        start: row.start.clone().into(),
        end: row.end.clone().into(),
    };
    view! {
        <div class="role-row" role="group" aria-label=move || format!("Назначение {}", place.get() + 1)>
            {move || {
                let known = untrack(known);
                match known {
                    Some(known) if !open.get() => closed(known),
                    known => opened(editor, fields, known, path),
                }
            }}
        </div>
    }
}

/// A role whose days are not changed here.
fn closed(role: RoleAssignment) -> AnyView {
    let days = match role.period.end() {
        Some(end) => format!("с {} по {}", format_date(role.period.start()), format_date(end)),
        None => format!("с {}, бессрочно", format_date(role.period.start())),
    };
    view! {
        <div class="split">
            <span>
                <strong>{role.role.title()}</strong>
                <span class="cell-sub">{days}</span>
            </span>
            <span><RoleStateBadge state=role.state/></span>
        </div>
    }
    .into_any()
}

fn opened<P>(editor: Editor, row: Fields, known: Option<RoleAssignment>, path: P) -> AnyView
where
    P: Fn(&'static str) -> Signal<String>,
{
    let errors = editor.errors;
    let new = known.is_none();
    let options = move || {
        editor
            .assignable()
            .into_iter()
            .map(|role| (role.as_str().to_owned(), role.title().to_owned()))
            .collect()
    };
    let no_organization =
        Memo::new(move |_| editor.card.with(Option::is_none) && editor.form.organization.get().is_none());
    let role = match &known {
        Some(known) => {
            let title = known.role.title();
            view! { <ReadOnlyField label="Роль">{title}</ReadOnlyField> }.into_any()
        }
        None => {
            let path = path("role");
            (move || {
                let empty = if no_organization.get() {
                    "Сначала выберите организацию"
                } else {
                    "Выберите роль"
                };
                view! {
                    <Select
                        path=path
                        label="Роль"
                        value=Signal::derive(move || {
                            row.role.get().map(|role| role.as_str().to_owned()).unwrap_or_default()
                        })
                        on_change=move |role: String| row.role.set(Role::from_wire(&role))
                        options=Signal::derive(options)
                        empty=empty
                        errors=errors
                        required=true
                    />
                }
            })
            .into_any()
        }
    };
    let removable = move || new && editor.form.roles.with(|rows| rows.len() > 1);
    let state = known.map(|known| known.state);
    view! {
        <div class="role-fields">
            {role}
            <DateField path=path("start") label="Начальная дата" value=row.start errors=errors required=true/>
            <DateField path=path("end") label="Конечная дата" value=row.end errors=errors hint="Пусто — бессрочно"/>
        </div>
        <div class="role-foot">
            {state.map(|state: RoleState| view! { <RoleStateBadge state=state/> })}
            {move || {
                removable()
                    .then(|| {
                        view! {
                            <Button
                                kind=Kind::Quiet
                                class="button-small"
                                on_press=move || editor.form.remove_role(row.key)
                            >
                                "Убрать роль"
                            </Button>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
