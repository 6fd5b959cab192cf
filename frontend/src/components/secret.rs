//! One-time credentials: shown once in a frame, copied or printed, then gone. They live in memory alone. A row
//! of new cards collects theirs in one frame.

use epos_shared::api::employees::OneTimeCredentials;
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Button, Kind};
use crate::address::card_address;
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

/// The secrets that are shown, shared through the context: the page of a new card hands them to the page of
/// the saved one, and a row of new cards collects them.
#[derive(Clone, Copy)]
pub struct SecretContext {
    secrets: RwSignal<Vec<Secret>>,
    kept: RwSignal<bool>,
    handed: StoredValue<bool>,
}

/// The secrets of the program.
#[must_use]
pub fn use_secret() -> SecretContext {
    expect_context()
}

/// Puts the secrets into the context.
pub fn provide_secret() {
    provide_context(SecretContext {
        secrets: RwSignal::default(),
        kept: RwSignal::new(false),
        handed: StoredValue::new(false),
    });
}

impl SecretContext {
    /// Shows a secret; the one of the same card before is gone.
    pub fn show(self, secret: Secret) {
        self.kept.set(false);
        self.secrets.update(|secrets| {
            secrets.retain(|other| other.employee != secret.employee);
            secrets.push(secret);
        });
    }

    /// Forgets all.
    pub fn forget(self) {
        if self.secrets.with_untracked(|secrets| !secrets.is_empty()) {
            self.secrets.set(Vec::new());
        }
    }

    /// Forgets that of a card.
    pub fn forget_of(self, employee: EmployeeId) {
        if self.secrets.with_untracked(|secrets| secrets.iter().any(|s| s.employee == employee)) {
            self.secrets.update(|secrets| secrets.retain(|secret| secret.employee != employee));
        }
    }

    /// The page of the saved card takes the secrets over from the page of the new one.
    pub fn hand_over(self) {
        self.handed.set_value(true);
    }

    /// The page of new cards is left: what nobody took over is gone.
    pub fn leave_row(self) {
        if !self.handed.get_value() {
            self.forget();
        }
        self.handed.set_value(false);
    }

    /// The secret of that card; reactive.
    #[must_use]
    pub fn of(self, employee: EmployeeId) -> Option<Secret> {
        self.secrets.with(|secrets| secrets.iter().find(|secret| secret.employee == employee).cloned())
    }

    /// Whether secrets are shown that were neither copied nor printed; reactive.
    #[must_use]
    pub fn at_risk(self) -> bool {
        self.shown() && !self.kept.get()
    }

    /// Whether a secret is shown; reactive.
    #[must_use]
    pub fn shown(self) -> bool {
        self.secrets.with(|secrets| !secrets.is_empty())
    }

    /// Whether those of several cards are shown; reactive.
    #[must_use]
    pub fn is_row(self) -> bool {
        self.secrets.with(|secrets| secrets.len() > 1)
    }
}

/// «Скопировать» and «Распечатать», and what became of it.
fn keep_buttons(
    context: SecretContext,
    text: impl Fn() -> String + Send + Sync + 'static,
    more: AnyView,
) -> AnyView {
    let note = RwSignal::new(None::<&'static str>);
    let text = StoredValue::new(text);
    let copy = move || {
        let text = text.with_value(|text| text());
        spawn_local(async move {
            let copied = dom::copy(&text).await;
            context.kept.update(|kept| *kept |= copied);
            let _ = note.try_set(Some(if copied {
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
    view! {
        <div class="row">
            <Button kind=Kind::Primary on_press=copy>"Скопировать"</Button>
            <Button on_press=print>"Распечатать"</Button>
            {more}
            <span role="status" class="small">{move || note.get()}</span>
        </div>
    }
    .into_any()
}

const ONCE: &str = "Сохраните их сейчас: больше они показаны не будут.";

/// The frame with login and password.
#[component]
pub fn SecretBox(
    /// What it shows.
    secret: Secret,
    /// Whether it is shown to the very person it is for.
    #[prop(optional)]
    own: bool,
    /// More buttons.
    #[prop(optional, into)]
    actions: ViewFn,
) -> impl IntoView {
    let context = use_secret();
    // After the heading of a page that opens with it.
    Effect::new(|_| dom::focus_later("secret-title".to_owned()));
    let OneTimeCredentials { login, password, expires_at } = secret.credentials.clone();
    let text = format!("Логин: {login}\nПароль: {password}");
    let buttons = keep_buttons(context, move || text.clone(), actions.run());
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
            <p class="once">{ONCE}</p>
            <p class="small">
                {format!(
                    "{}Они нужны один раз, до {}, чтобы привязать карточку к учётной записи РСАА или Госуслуг.",
                    if own { "" } else { "Передайте их сотруднику. " },
                    russian::day(expires_at),
                )}
            </p>
            {buttons}
        </section>
    }
    .into_any()
}

/// The frame with logins and passwords of a row of cards, the last one first.
#[component]
pub fn SecretRow(
    /// More buttons.
    #[prop(optional, into)]
    actions: ViewFn,
    /// Whether it is the first thing to read on the page.
    #[prop(optional)]
    focus: bool,
) -> impl IntoView {
    let context = use_secret();
    if focus {
        Effect::new(|_| dom::focus_later("secret-title".to_owned()));
    }
    let text = move || {
        let line = |secret: &Secret| {
            format!(
                "{}: логин {}, пароль {}",
                secret.name, secret.credentials.login, secret.credentials.password
            )
        };
        context.secrets.with_untracked(|secrets| secrets.iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let line = |secret: Secret| {
        view! {
            <li>
                <a href=card_address(secret.employee)>{secret.name}</a>
                <span class="mono" data-testid="slip-login">{secret.credentials.login.to_string()}</span>
                <span class="mono" data-testid="slip-password">{secret.credentials.password}</span>
            </li>
        }
    };
    view! {
        <section class="secret" aria-labelledby="secret-title">
            <h2 id="secret-title" tabindex="-1" class="side-title">
                {move || format!("Логины и пароли этих карточек: {}", context.secrets.with(Vec::len))}
            </h2>
            <p class="once">{ONCE}</p>
            {keep_buttons(context, text, actions.run())}
            <ul class="plain slips">
                {move || context.secrets.get().into_iter().rev().map(line).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

/// The slips that are printed instead of the page while secrets are shown.
#[component]
pub fn Slip() -> impl IntoView {
    let context = use_secret();
    move || {
        let slip = |secret: Secret| {
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
                        <li>{format!("Откройте {} и войдите через РСАА или Госуслуги. Учётной записи нет — зарегистрируйтесь там же.", dom::host())}</li>
                        <li>"Выберите подсистему «Контингент»."</li>
                        <li>"Введите логин и пароль с этого листа. Это нужно один раз."</li>
                    </ol>
                    <p>"Никому не показывайте этот лист. После входа уничтожьте его."</p>
                </div>
            }
        };
        context.secrets.get().into_iter().map(slip).collect_view()
    }
}
