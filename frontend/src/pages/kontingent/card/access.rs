//! How the person of a card comes in: one-time credentials, the account it is bound to, lock, archive.

use epos_shared::api::employees::{BindingSummary, CredentialsState, CredentialsSummary, EmployeeCard};
use epos_shared::api::proposals::ProposalDraft;
use epos_shared::rights::Verdict;
use leptos::prelude::*;

use super::editor::{Busy, Editor};
use super::leaving::{Leaving, LeavingDialog, buttons};
use crate::api::CardAction;
use crate::components::{
    Badge, Button, Dialog, Kind, LinkButton, Picture, SecretBox, Tone, bound_badge, live, use_secret,
};
use crate::russian;

/// The panel beside the form.
#[component]
pub fn Access(editor: Editor) -> impl IntoView {
    let secret = use_secret();
    let question = RwSignal::new(None::<CardAction>);
    let busy = move |what: Busy| Signal::derive(move || editor.busy.get() == Some(what));
    let shown = move || {
        let id = editor.card.with(|card| card.as_ref().map(|card| card.id))?;
        secret.of(id).filter(|own| own.reset && !secret.is_row())
    };
    let reset = Memo::new(move |_| may(editor, |card| card.permissions.issue_credentials.is_allowed()));
    let merge = Memo::new(move |_| {
        may(editor, |card| card.permissions.merge.is_allowed())
            .then(|| editor.card.with(|card| card.as_ref().map(|card| card.id)))
            .flatten()
    });
    let archive = Memo::new(move |_| may(editor, |card| card.permissions.archive.is_possible()));
    let leaving = RwSignal::new(None::<Leaving>);
    view! {
        <div class="card-side" role="group" aria-label="Доступ сотрудника">
            <section class="panel" aria-labelledby="credentials-title">
                <h2 id="credentials-title" class="side-title">"Логин и пароль карточки"</h2>
                {move || editor.card.with(|card| card.as_ref().map(|card| credentials_view(card.credentials.as_ref())))}
                {move || {
                    reset
                        .get()
                        .then(|| {
                            view! {
                                <Button class="gap-above" busy=busy(Busy::Resetting) on_press=move || editor.reset()>
                                    "Сбросить пароль"
                                </Button>
                                <p class="field-hint">
                                    "Прежний пароль перестанет действовать. Привязка к учётной записи останется."
                                </p>
                            }
                        })
                }}
                {move || shown().map(|secret| view! { <div class="gap-above"><SecretBox secret=secret/></div> })}
            </section>
            <section class="panel" aria-labelledby="binding-title">
                <h2 id="binding-title" class="side-title">"Учётная запись"</h2>
                {move || {
                    editor
                        .card
                        .with(|card| {
                            card.as_ref().map(|card| binding_view(editor, card, question))
                        })
                }}
            </section>
            {live(move || {
                editor
                    .card
                    .with(|card| {
                        card.as_ref()
                            .map(|card| view! { <div class="row gap-above">{buttons(card, leaving)}</div> })
                    })
                    .into_any()
            })}
            {move || {
                merge
                    .get()
                    .map(|id| {
                        view! {
                            <p class="gap-above">
                                <LinkButton href=super::merge::address(id, None)>
                                    "Объединить с другой карточкой"
                                </LinkButton>
                            </p>
                        }
                    })
            }}
            {move || {
                archive
                    .get()
                    .then(|| {
                        view! {
                            <p class="gap-above">
                                <Button
                                    kind=Kind::Danger
                                    busy=busy(Busy::Acting(CardAction::Archive))
                                    on_press=move || question.set(Some(CardAction::Archive))
                                >
                                    "В архив"
                                </Button>
                            </p>
                        }
                    })
            }}
        </div>
        <Question editor=editor question=question/>
        <LeavingDialog editor=editor asked=leaving/>
    }
}

fn may(editor: Editor, rule: fn(&EmployeeCard) -> bool) -> bool {
    editor.card.with(|card| card.as_ref().is_some_and(|card| card.archived_at.is_none() && rule(card)))
}

fn credentials_view(credentials: Option<&CredentialsSummary>) -> AnyView {
    let Some(credentials) = credentials else {
        return view! { <p class="muted">"Пароль ещё не выдавали."</p> }.into_any();
    };
    let (tone, picture, word) = match credentials.state {
        CredentialsState::Active => (Tone::Warning, Picture::Clock, "выдан, ещё не использован"),
        CredentialsState::Used => (Tone::Done, Picture::Done, "использован"),
        CredentialsState::Voided => (Tone::Info, Picture::Stop, "отменён"),
        CredentialsState::Expired => (Tone::Info, Picture::Stop, "срок истёк"),
    };
    let active = credentials.state == CredentialsState::Active;
    let until = russian::day(credentials.expires_at);
    view! {
        <p>
            <Badge tone=tone picture=picture text=word/>
        </p>
        <dl class="facts facts-narrow gap-above">
            <dt>"Выдан"</dt>
            <dd>{russian::moment(credentials.issued_at)}</dd>
            {credentials.issued_by.clone().map(|name| view! { <dt>"Кто выдал"</dt> <dd>{name}</dd> })}
            {active.then(|| view! { <dt>"Годен до"</dt> <dd>{until}</dd> })}
        </dl>
    }
    .into_any()
}

fn binding_view(editor: Editor, card: &EmployeeCard, question: RwSignal<Option<CardAction>>) -> AnyView {
    let Some(BindingSummary { bound_at, user_name, last_sign_in_at, locked_until }) = card.binding.clone()
    else {
        return view! {
            <p>{bound_badge(false)}</p>
            <p class="field-hint">
                "Сотрудник привяжет карточку сам, когда первый раз откроет «Контингент» и введёт её логин и пароль."
            </p>
        }
        .into_any();
    };
    let changeable = card.archived_at.is_none();
    let unbind = changeable && card.permissions.unbind.is_possible();
    let unlock = changeable && card.permissions.unlock.is_allowed() && locked_until.is_some();
    let seen = last_sign_in_at.map_or_else(|| "ещё не входили".to_owned(), russian::moment);
    let busy = move |action| Signal::derive(move || editor.busy.get() == Some(Busy::Acting(action)));
    view! {
        <p>{bound_badge(true)}</p>
        <dl class="facts facts-narrow gap-above">
            <dt>"Имя в РСАА"</dt>
            <dd>{user_name}</dd>
            <dt>"Привязана"</dt>
            <dd>{russian::moment(bound_at)}</dd>
            <dt>"Последний вход"</dt>
            <dd>{seen}</dd>
        </dl>
        {locked_until
            .map(|end| {
                view! {
                    <p class="gap-above">
                        <Badge
                            tone=Tone::Error
                            picture=Picture::Warning
                            text=format!("вход закрыт до {}", russian::until(end))
                        />
                    </p>
                }
            })}
        <div class="row gap-above">
            {unlock
                .then(|| {
                    view! {
                        <Button busy=busy(CardAction::Unlock) on_press=move || editor.act(CardAction::Unlock)>
                            "Снять блокировку"
                        </Button>
                    }
                })}
            {unbind
                .then(|| {
                    view! {
                        <Button
                            kind=Kind::Danger
                            busy=busy(CardAction::Unbind)
                            on_press=move || question.set(Some(CardAction::Unbind))
                        >
                            "Отвязать"
                        </Button>
                    }
                })}
        </div>
    }
    .into_any()
}

/// What is told before a deed that leaves the form.
pub const UNSAVED: &str = "Несохранённые изменения пропадут.";
/// What is said before something is sent to be confirmed.
pub const CONFIRMED_ABOVE: &str =
    "Карточка руководителя: сначала это подтвердит управление образованием, до тех пор ничего не изменится.";

/// The questions before «Отвязать» and «В архив».
#[component]
fn Question(editor: Editor, question: RwSignal<Option<CardAction>>) -> impl IntoView {
    // What was asked last stays in words while the dialog closes.
    let archive = move || question.get() == Some(CardAction::Archive);
    let title = move || {
        if archive() {
            "Отправить карточку в архив?"
        } else {
            "Отвязать карточку от учётной записи?"
        }
        .to_owned()
    };
    let text = move || {
        if archive() {
            "Все роли закончатся сегодня, изменить карточку больше будет нельзя. В списке она останется под фильтром «В архиве»."
        } else {
            "Сотрудник потеряет права по этой карточке. Чтобы привязать её снова, понадобится новый пароль."
        }
    };
    let proposes = move || {
        editor.card.with(|card| {
            let verdict = card
                .as_ref()
                .map(|card| if archive() { card.permissions.archive } else { card.permissions.unbind });
            verdict == Some(Verdict::NeedsConfirmation)
        })
    };
    let unsaved = move || archive() && !proposes() && editor.dirty.get();
    let confirm = move || {
        let Some(action) = question.get_untracked() else { return };
        let proposal = untrack(proposes);
        question.set(None);
        let id = editor.card.with_untracked(|card| card.as_ref().map(|card| card.id));
        match (id, action) {
            (Some(employee_id), CardAction::Archive) if proposal => {
                editor.propose(ProposalDraft::Archive { employee_id });
            }
            (Some(employee_id), CardAction::Unbind) if proposal => {
                editor.propose(ProposalDraft::Unbind { employee_id });
            }
            _ => editor.act(action),
        }
    };
    view! {
        <Dialog
            open=Signal::derive(move || question.get().is_some())
            title=Signal::derive(title)
            on_close=move || question.set(None)
            actions=move || {
                view! {
                    <Button on_press=move || question.set(None)>"Отмена"</Button>
                    <Button kind=Kind::DangerFill on_press=confirm>
                        {move || {
                            if proposes() {
                                "Отправить на подтверждение"
                            } else if archive() {
                                "Отправить в архив"
                            } else {
                                "Отвязать карточку"
                            }
                        }}
                    </Button>
                }
                    .into_any()
            }
        >
            <p>{text}</p>
            {move || proposes().then(|| view! { <p>{CONFIRMED_ABOVE}</p> })}
            {move || unsaved().then(|| view! { <p>{UNSAVED}</p> })}
        </Dialog>
    }
}
