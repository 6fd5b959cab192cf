//! One-time credentials: shown once in a frame, copied or printed, then gone. They live in memory alone.

use epos_shared::api::employees::OneTimeCredentials;
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Button, Kind};
use crate::{dom, russian};

/// Credentials to show, and whose they are.
#[derive(Clone, PartialEq)]
pub struct Secret {
    /// The card.
    pub employee: EmployeeId,
    /// ФИО.
    pub name: String,
    /// The organization.
    pub organization: String,
    /// Login and password.
    pub credentials: OneTimeCredentials,
    /// Whether they came by «Сбросить пароль» (otherwise by saving the card).
    pub reset: bool,
    /// Whether the card is to be closed once they were kept («Сохранить и закрыть»).
    pub closes: bool,
}

/// The one secret that is shown, shared through the context: the page of a new card hands it to the page of
/// the saved one.
#[derive(Clone, Copy)]
pub struct SecretContext {
    secret: RwSignal<Option<Secret>>,
    kept: RwSignal<bool>,
}

/// The secret of the program.
#[must_use]
pub fn use_secret() -> SecretContext {
    expect_context()
}

/// Puts the secret into the context.
pub fn provide_secret() {
    provide_context(SecretContext { secret: RwSignal::new(None), kept: RwSignal::new(false) });
}

impl SecretContext {
    /// Shows a secret; the one before is gone.
    pub fn show(self, secret: Secret) {
        self.kept.set(false);
        self.secret.set(Some(secret));
    }

    /// Forgets it.
    pub fn forget(self) {
        if self.secret.with_untracked(Option::is_some) {
            self.secret.set(None);
        }
    }

    /// Forgets it if it is that card's.
    pub fn forget_of(self, employee: EmployeeId) {
        if self.secret.with_untracked(|secret| secret.as_ref().is_some_and(|s| s.employee == employee)) {
            self.secret.set(None);
        }
    }

    /// The secret of that card; reactive.
    #[must_use]
    pub fn of(self, employee: EmployeeId) -> Option<Secret> {
        self.secret.get().filter(|secret| secret.employee == employee)
    }

    /// Whether a secret is shown that was neither copied nor printed; reactive.
    #[must_use]
    pub fn at_risk(self) -> bool {
        self.secret.with(Option::is_some) && !self.kept.get()
    }

    /// Whether a secret is shown; reactive.
    #[must_use]
    pub fn shown(self) -> bool {
        self.secret.with(Option::is_some)
    }
}

/// The frame with login and password.
#[component]
pub fn SecretBox(
    /// What it shows.
    secret: Secret,
    /// More buttons.
    #[prop(optional, into)]
    actions: ViewFn,
) -> impl IntoView {
    let context = use_secret();
    // After the heading of a page that opens with it.
    Effect::new(|_| dom::focus_later("secret-title".to_owned()));
    let note = RwSignal::new(None::<&'static str>);
    let OneTimeCredentials { login, password, expires_at } = secret.credentials.clone();
    let text = format!("Логин: {login}\nПароль: {password}");
    let copy = move || {
        let text = text.clone();
        spawn_local(async move {
            let copied = dom::copy(&text).await;
            context.kept.update(|kept| *kept |= copied);
            note.set(Some(if copied {
                "Скопировано."
            } else {
                "Браузер не дал скопировать. Выделите пароль и нажмите Ctrl+C или распечатайте его."
            }));
        });
    };
    let print = move || {
        context.kept.set(true);
        dom::print();
    };
    // Selecting and copying by hand counts as well.
    let copied_by_hand = move |_| context.kept.set(true);
    let reset = secret.reset;
    let title = if reset {
        "Новый пароль"
    } else {
        "Логин и пароль для первого входа в «Контингент»"
    };
    view! {
        <section class="secret" aria-labelledby="secret-title" on:copy=copied_by_hand>
            <h2 id="secret-title" tabindex="-1">{title}</h2>
            <dl class="secret-values">
                <dt>"Логин"</dt>
                <dd data-testid="secret-login">{login.to_string()}</dd>
                <dt>{if reset { "Новый пароль" } else { "Пароль" }}</dt>
                <dd data-testid="secret-password">{password}</dd>
            </dl>
            <p class="once">"Сохраните их сейчас: больше они показаны не будут."</p>
            <p class="small">
                {format!(
                    "Передайте их сотруднику. Они нужны один раз, до {}, чтобы привязать карточку к учётной записи РСАА или Госуслуг.",
                    russian::day(expires_at),
                )}
            </p>
            <div class="row">
                <Button kind=Kind::Primary on_press=copy>"Скопировать"</Button>
                <Button on_press=print>"Распечатать"</Button>
                {actions.run()}
                <span role="status" class="small">{move || note.get()}</span>
            </div>
        </section>
    }
    .into_any()
}

/// The slip that is printed instead of the page while a secret is shown.
#[component]
pub fn Slip() -> impl IntoView {
    let context = use_secret();
    move || {
        context.secret.get().map(|secret| {
            let OneTimeCredentials { login, password, expires_at } = secret.credentials;
            view! {
                <div class="slip" aria-hidden="true">
                    <h2>"ЭПОС. ИС «Контингент»: первый вход"</h2>
                    <dl>
                        <dt>"Сотрудник"</dt>
                        <dd>{secret.name}</dd>
                        <dt>"Организация"</dt>
                        <dd>{secret.organization}</dd>
                        <dt>"Логин"</dt>
                        <dd class="mono">{login.to_string()}</dd>
                        <dt>"Пароль"</dt>
                        <dd class="mono">{password}</dd>
                        <dt>"Годен до"</dt>
                        <dd>{russian::day(expires_at)}</dd>
                    </dl>
                    <ol>
                        <li>{format!("Откройте {} и войдите под своей учётной записью РСАА.", dom::host())}</li>
                        <li>"Выберите подсистему «Контингент»."</li>
                        <li>"Введите логин и пароль с этого листа. Это нужно один раз."</li>
                    </ol>
                    <p>"Никому не показывайте этот лист. После входа уничтожьте его."</p>
                </div>
            }
        })
    }
}
