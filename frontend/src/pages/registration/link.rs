//! What the link of a letter opens: a new password, a proof of an address. The token stands behind `#`, is
//! taken out of the address at once, and is kept nowhere.

use epos_shared::api::registration::{LinkPurpose, LinkState, LinkToken};
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::application::{Apply, credentials};
use super::password::NewPasswordForm;
use super::recover::Recover;
use super::sending::Sending;
use crate::api::registration as api;
use crate::api::{Answer, ApiError};
use crate::components::{Button, ErrorPage, Heading, Kind, LinkButton, Loading, Secret, live};
use crate::form::FormErrors;
use crate::pages::NotFound;

/// The page of a link as far as it has come.
#[derive(Clone, PartialEq)]
pub(super) enum Stage {
    /// The server looks at the link.
    Asking,
    /// The address holds no token.
    Missing,
    /// The link does not work, or could not be looked at.
    Failed(ApiError),
    /// The link works.
    Works(LinkState),
    /// It was used: the heading and what comes next.
    Done(&'static str, &'static str),
    /// It was used, and this is what it gave, once.
    Secret(Secret),
}

/// The page of a link, shared by its parts.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// The token.
    pub token: StoredValue<String>,
    /// How far it has come.
    pub stage: RwSignal<Stage>,
}

impl Link {
    fn look(self) {
        self.stage.set(Stage::Asking);
        let token = LinkToken { token: self.token.get_value() };
        spawn_local(async move {
            let stage = api::look_at_link(&token).await.map_or_else(Stage::Failed, Stage::Works);
            let _ = self.stage.try_set(stage);
        });
    }

    /// A link that was used or ran out meanwhile has a page of its own; other errors belong to the form.
    pub fn failed(self, error: ApiError) -> Result<(), ApiError> {
        if is_of_link(&error) {
            let _ = self.stage.try_set(Stage::Failed(error));
            return Ok(());
        }
        Err(error)
    }
}

fn is_of_link(error: &ApiError) -> bool {
    matches!(error.code(), Some(ProblemCode::LinkUnknown | ProblemCode::LinkUsed | ProblemCode::LinkExpired))
}

/// The page.
#[component]
pub fn LinkPage(
    /// Its path.
    path: &'static str,
) -> impl IntoView {
    let hash = use_location().hash;
    let navigate = use_navigate();
    let link = Link { token: StoredValue::new(String::new()), stage: RwSignal::new(Stage::Missing) };
    // Also a link that is put into the address bar later is taken.
    let taking = move |_: Option<()>| {
        let token = hash.with(|hash| hash.trim_start_matches('#').to_owned());
        if !token.is_empty() {
            navigate(path, NavigateOptions { replace: true, ..Default::default() });
            link.token.set_value(token);
            link.look();
        }
    };
    Effect::new(taking);
    live(move || match link.stage.get() {
        Stage::Asking => view! { <Loading/> }.into_any(),
        Stage::Missing if path == "/recover" => view! { <Recover/> }.into_any(),
        Stage::Missing if path == "/account-application" => view! { <Apply/> }.into_any(),
        Stage::Missing => ending(
            "Откройте ссылку из письма",
            "Страница открывается по ссылке из письма. Если вы обновили её, откройте ссылку ещё раз: пока ею не воспользовались, она работает.",
            path,
            None,
        ),
        Stage::Failed(error) if is_of_link(&error) => {
            ending(&error.title(), &error.detail(), path, error.code())
        }
        Stage::Failed(error) => view! { <ErrorPage error=error on_retry=move || link.look()/> }.into_any(),
        Stage::Done(title, text) => ending(title, text, path, Some(ProblemCode::LinkUsed)),
        Stage::Secret(secret) => credentials(secret),
        Stage::Works(state) => {
            let (title, text, button) = match state.purpose {
                LinkPurpose::Activation | LinkPurpose::Recovery => {
                    return view! { <NewPasswordForm link=link state=state/> }.into_any();
                }
                LinkPurpose::Proof => (
                    "Подтверждение адреса",
                    "Нажмите кнопку, чтобы подтвердить, что письмо получили вы. После этого заявку проверит техподдержка: вашей организации нет в списке.",
                    "Подтвердить адрес",
                ),
                LinkPurpose::ApplicationProof => (
                    "Подтверждение адреса",
                    "Нажмите кнопку, чтобы подтвердить, что письмо получили вы. После этого заявку рассмотрит техподдержка.",
                    "Подтвердить адрес",
                ),
                LinkPurpose::CardCredentials => (
                    "Логин и пароль карточки",
                    "Нажмите кнопку, и логин с одноразовым паролем появятся здесь. Они показываются один раз: приготовьтесь записать, скопировать или распечатать их.",
                    "Показать логин и пароль",
                ),
                // No letter has such a link.
                LinkPurpose::ApplicationFiles => return view! { <NotFound/> }.into_any(),
                LinkPurpose::EmailChangeOld => (
                    "Смена e-mail",
                    "Нажмите кнопку, чтобы согласиться сменить этот адрес на новый. Если вы этого не просили, ничего не нажимайте и смените пароль.",
                    "Согласиться",
                ),
                LinkPurpose::EmailChangeNew => {
                    ("Смена e-mail", "Нажмите кнопку, чтобы подтвердить новый адрес.", "Подтвердить адрес")
                }
            };
            press(link, title, text, button, state.purpose)
        }
    })
}

/// A page without a form: what happened and the ways on, by the path of the link and what became of it.
fn ending(title: &str, text: &str, path: &str, code: Option<ProblemCode>) -> AnyView {
    const SIGN_IN: (&str, &str) = ("/login/rsaa", "Войти");
    const RECOVER: (&str, &str) = ("/recover", "Запросить письмо ещё раз");
    const REGISTER: (&str, &str) = ("/register", "Зарегистрироваться ещё раз");
    const PROFILE: (&str, &str) = ("/profile", "Мой профиль");
    const SUPPORT: (&str, &str) = ("/support", "Написать в техподдержку");
    let used = code == Some(ProblemCode::LinkUsed);
    let ways = match (path, used) {
        ("/activate", true) => [SIGN_IN, ("/recover", "Забыли пароль?")],
        ("/recover", true) => [SIGN_IN, RECOVER],
        ("/recover", false) => [RECOVER, SUPPORT],
        ("/confirm", true) => [SUPPORT, ("/", "На главную")],
        ("/confirm-email", _) => [PROFILE, SUPPORT],
        ("/account-application", _) => [SIGN_IN, SUPPORT],
        _ => [REGISTER, SUPPORT],
    };
    let mut kind = Kind::Primary;
    let buttons: Vec<AnyView> = ways
        .into_iter()
        .map(|(href, words)| {
            let kind = std::mem::take(&mut kind);
            if href == path {
                // The router sees no other page there.
                return view! {
                    <a href=href rel="external" class="button">
                        {words}
                    </a>
                }
                .into_any();
            }
            view! { <LinkButton href=href kind=kind>{words}</LinkButton> }.into_any()
        })
        .collect();
    view! {
        <div class="main-form stack">
            <Heading text=title.to_owned()/>
            <p>{text.to_owned()}</p>
            <div class="row">{buttons}</div>
        </div>
    }
    .into_any()
}

/// A link that needs a press: programs that look through letters open links too.
fn press(
    link: Link,
    title: &'static str,
    text: &'static str,
    button: &'static str,
    purpose: LinkPurpose,
) -> AnyView {
    let sending = Sending::new(FormErrors::new(Vec::new));
    let press = move || {
        if !sending.ready() {
            return;
        }
        let token = LinkToken { token: link.token.get_value() };
        sending.send(Box::pin(async move {
            match used(&token, purpose).await {
                Ok(stage) => {
                    let _ = link.stage.try_set(stage);
                    Ok(())
                }
                Err(error) => link.failed(error),
            }
        }));
    };
    view! {
        <div class="main-form stack">
            <Heading text=title/>
            <p>{text}</p>
            {sending.refusal()}
            <Button kind=Kind::Primary busy=sending.busy on_press=press>
                {button}
            </Button>
        </div>
    }
    .into_any()
}

/// Uses a link up; gives what comes next.
async fn used(token: &LinkToken, purpose: LinkPurpose) -> Answer<Stage> {
    const PROVEN: &str = "Адрес подтверждён";
    Ok(match purpose {
        LinkPurpose::CardCredentials => {
            let given = api::take_credentials(token).await?;
            Stage::Secret(Secret {
                employee: given.employee_id,
                name: given.name.to_string(),
                organization: given.organization,
                credentials: given.credentials,
                reset: false,
                closes: false,
            })
        }
        LinkPurpose::ApplicationProof => {
            api::confirm_application(token).await?;
            Stage::Done(
                PROVEN,
                "Заявка принята: теперь её рассмотрит техподдержка. Ответ придёт письмом на этот же адрес.",
            )
        }
        LinkPurpose::Proof => {
            api::confirm_registration(token).await?;
            Stage::Done(PROVEN, "Теперь заявку проверит техподдержка. Ответ придёт письмом на этот же адрес.")
        }
        _ if api::confirm_email(token).await?.changed => {
            Stage::Done("Адрес изменён", "Письма будут приходить на новый адрес, и по нему можно входить.")
        }
        _ => Stage::Done(
            "Подтверждение принято",
            "Осталось открыть ссылку из письма, которое пришло на другой адрес.",
        ),
    })
}
