//! The page of a card: buttons, what is to be known, the form, access.

use epos_shared::api::organizations::OrganizationInView;
use epos_shared::rights::Verdict;
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;

use super::access::Access;
use super::changes::Changes;
use super::editor::{Busy, Editor, Then};
use super::person::PersonFields;
use super::roles::RoleFields;
use super::{Way, failure_view};
use crate::components::{
    Alert, Button, Heading, Kind, LinkButton, SecretBox, SecretRow, Tone, live, use_secret,
};
use crate::pages::kontingent::{CONFIRMATIONS, NEW, card_address};
use crate::russian;

const FORM: &str = "card-form";

/// The page.
#[component]
pub fn CardView(editor: Editor, only: Option<OrganizationInView>) -> impl IntoView {
    let new = editor.card.with_untracked(Option::is_none);
    let name = move || editor.card.with(|card| card.as_ref().map(|card| card.name.to_string()));
    let document_title = Signal::derive(move || {
        name().map_or_else(
            || "Новый сотрудник организации".to_owned(),
            |name| format!("{name}, сотрудник организации"),
        )
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        editor.save(Then::Stay);
    };
    let key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            editor.save(if new { Then::Another } else { Then::Stay });
        }
    };
    let secret = use_secret();
    let failure = move || {
        editor.failure.get().map(|error| {
            view! { <div id="card-failure" class="gap-below" tabindex="-1">{failure_view(error)}</div> }
        })
    };
    view! {
        <Way/>
        <div class="card-title">
            <Heading text="Сотрудник организации" document_title=document_title/>
            {move || name().map(|name| view! { <p>{name}</p> })}
        </div>
        <Toolbar editor=editor/>
        {failure}
        {restored_view(editor)}
        {super::esia::notice(editor)}
        <SavedSecret editor=editor/>
        <Changes editor=editor/>
        {super::duplicates::notice(editor)}
        {move || standing_view(editor)}
        {live(move || waiting_view(editor))}
        <div class="card-columns" class:card-columns-one=move || new && !secret.shown()>
            <form id=FORM on:submit=submit on:keydown=key novalidate=true>
                {move || {
                    editor
                        .can_save()
                        .then(|| {
                            view! {
                                <p class="small muted gap-below">
                                    <span class="star" aria-hidden="true">"*"</span>
                                    " — обязательные поля"
                                </p>
                            }
                        })
                }}
                <section class="panel" aria-labelledby="roles-title">
                    <RoleFields editor=editor only=only/>
                </section>
                <section class="panel" aria-labelledby="person-title">
                    <PersonFields editor=editor/>
                </section>
                {new.then(|| {
                    view! {
                        <p class="field-hint no-keys">
                            <kbd>"Ctrl+Enter"</kbd>
                            " — сохранить и создать ещё: организация, роли и даты останутся"
                        </p>
                    }
                })}
            </form>
            {if new { view! { <NewRow/> }.into_any() } else { view! { <Access editor=editor/> }.into_any() }}
        </div>
        {super::history::history(editor)}
    }
}

#[component]
fn Toolbar(editor: Editor) -> impl IntoView {
    let saving = move |then| Signal::derive(move || editor.busy.get() == Some(Busy::Saving(then)));
    let is_new = editor.card.with_untracked(Option::is_none);
    // The permissions of a card may change with it.
    let can_save = Memo::new(move |_| editor.can_save());
    let proposes = Memo::new(move |_| editor.proposes());
    let proposing = Signal::derive(move || editor.busy.get() == Some(Busy::Proposing));
    let can_add = Memo::new(move |_| {
        let new = editor.card.with(Option::is_none);
        new || (editor.can_save() && !editor.assignable().is_empty())
    });
    view! {
        <div class="toolbar" role="group" aria-label="Действия с карточкой">
            {move || {
                (can_save.get() && proposes.get())
                    .then(|| {
                        view! {
                            <Button kind=Kind::Primary submit=true form=FORM busy=proposing>
                                "Отправить на подтверждение"
                            </Button>
                        }
                    })
            }}
            {move || {
                (can_save.get() && !proposes.get())
                    .then(|| {
                        view! {
                            <Button kind=Kind::Primary submit=true form=FORM busy=saving(Then::Stay)>
                                "Сохранить"
                            </Button>
                            <Button busy=saving(Then::Close) on_press=move || editor.save(Then::Close)>
                                "Сохранить и закрыть"
                            </Button>
                            {is_new
                                .then(|| {
                                    view! {
                                        <Button busy=saving(Then::Another) on_press=move || editor.save(Then::Another)>
                                            "Сохранить и создать ещё"
                                        </Button>
                                    }
                                })}
                        }
                    })
            }}
            <Button on_press=move || editor.close()>"Закрыть"</Button>
            {move || {
                can_add
                    .get()
                    .then(|| view! { <Button on_press=move || editor.add_role()>"Добавить роль"</Button> })
            }}
        </div>
    }
}

fn restored_view(editor: Editor) -> impl IntoView {
    move || {
        editor.restored.get().then(|| {
            view! {
                <div class="gap-below">
                    <Alert title="Восстановлено то, что вы ввели раньше и не сохранили">
                        <p>"Проверьте и сохраните карточку."</p>
                        <div class="row">
                            <Button class="button-small" on_press=move || editor.do_not_restore()>
                                "Не восстанавливать"
                            </Button>
                        </div>
                    </Alert>
                </div>
            }
        })
    }
}

/// Login and password after a save.
#[component]
fn SavedSecret(editor: Editor) -> impl IntoView {
    let secret = use_secret();
    move || {
        let id = editor.card.with(|card| card.as_ref().map(|card| card.id))?;
        let own = secret.of(id);
        let closes = own.as_ref().is_some_and(|own| own.closes);
        let actions = move || {
            if closes {
                view! { <Button on_press=move || editor.close()>"Закрыть карточку"</Button> }.into_any()
            } else {
                view! { <LinkButton href=NEW>"Добавить ещё сотрудника"</LinkButton> }.into_any()
            }
        };
        let frame = match own {
            Some(own) if !secret.is_row() => {
                if own.reset {
                    // It stands beside the button that made it.
                    return None;
                }
                view! { <SecretBox secret=own actions=actions/> }.into_any()
            }
            // Those of the cards that were created before this one.
            _ if secret.shown() => view! { <SecretRow actions=actions focus=true/> }.into_any(),
            _ => return None,
        };
        Some(view! { <div class="gap-below">{frame}</div> })
    }
}

/// Logins and passwords of the row of cards that is being created.
#[component]
fn NewRow() -> impl IntoView {
    let secret = use_secret();
    let any = Memo::new(move |_| secret.shown());
    move || any.get().then(|| view! { <div class="card-side"><SecretRow/></div> })
}

/// What was proposed for the card and waits for the department.
fn waiting_view(editor: Editor) -> AnyView {
    let waiting = editor.card.with(|card| card.as_ref().map(|card| card.proposals.clone()));
    let rows: Vec<AnyView> = waiting
        .unwrap_or_default()
        .into_iter()
        .map(|one| {
            let address = format!("{CONFIRMATIONS}/{}", one.id);
            view! {
                <li>
                    <a href=address>{one.kind.title()}</a>
                    {format!(", отправлено {}", russian::moment(one.created_at))}
                </li>
            }
            .into_any()
        })
        .collect();
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <div class="gap-below">
            <Alert tone=Tone::Warning title="Ждёт подтверждения">
                <ul class="plain">{rows}</ul>
            </Alert>
        </div>
    }
    .into_any()
}

/// What is to be known before anything is changed.
fn standing_view(editor: Editor) -> Option<AnyView> {
    let card = editor.card.get()?;
    let alert = if card.own {
        view! {
            <Alert title="Это ваша карточка">
                <p>"Свою карточку изменить нельзя. Если в ней ошибка, обратитесь к тому, кто выдал вам логин и пароль."</p>
            </Alert>
        }
        .into_any()
    } else if let Some(moment) = card.archived_at {
        view! {
            <Alert tone=Tone::Warning title=format!("Карточка в архиве с {}", russian::day(moment))>
                <p>"Её можно только посмотреть."</p>
                {card
                    .merged_into
                    .map(|other| {
                        view! {
                            <p>
                                "Она объединена с другой: "
                                <a href=card_address(other)>"открыть оставшуюся карточку"</a> "."
                            </p>
                        }
                    })}
            </Alert>
        }
        .into_any()
    } else if card.permissions.edit_person == Verdict::NeedsConfirmation {
        let issue = card.permissions.issue_credentials.is_allowed();
        view! {
            <Alert title="Изменения карточки руководителя подтверждает управление образованием">
                <p>
                    "Исправьте, что нужно, и отправьте на подтверждение. Пока его нет, в карточке всё остаётся как было."
                    {issue.then_some(" Новый пароль руководителю можно выдать сразу.")}
                </p>
            </Alert>
        }
        .into_any()
    } else if !card.permissions.can_save() && !card.permissions.can_propose() {
        view! {
            <Alert title="Карточку можно только посмотреть">
                <p>"Её ведёт организация, в которой работает сотрудник, или управление образованием."</p>
            </Alert>
        }
        .into_any()
    } else {
        return None;
    };
    Some(view! { <div class="gap-below">{alert}</div> }.into_any())
}
