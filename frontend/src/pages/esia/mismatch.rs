//! A person from Госуслуги whom nothing here fits (screens.md 8): what was not found, three steps, two ways on.

use std::future::Future;
use std::pin::Pin;

use epos_shared::api::esia::{EsiaVisit, NotFound, SendMismatch};
use epos_shared::api::session::BindCard;
use epos_shared::problem::ProblemCode;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::registration as directory;
use crate::api::{Answer, ApiError, esia};
use crate::components::{
    Alert, Button, Checkbox, ComboOption, Combobox, ErrorPage, Found, Heading, Kind, LinkButton, Loading,
    Tone, facts, live, panel, use_toasts,
};
use crate::form::FormErrors;
use crate::pages::kontingent::{Binding, CredentialsForm};
use crate::pages::registration::organization::option_of;
use crate::pages::registration::sending::Sending;
use crate::russian;
use crate::session::SessionContext;

/// Where the page stands.
#[derive(Clone, PartialEq)]
enum Stage {
    Asking,
    Failed(ApiError),
    Expired,
    Visit,
}

/// The visit, as it was last told.
#[derive(Clone, Copy)]
struct Page {
    stage: RwSignal<Stage>,
    visit: RwSignal<Option<EsiaVisit>>,
}

impl Page {
    fn take(self, answer: Answer<EsiaVisit>) {
        let stage = match answer {
            Ok(visit) => {
                if self.visit.try_set(Some(visit)).is_some() {
                    return;
                }
                Stage::Visit
            }
            Err(error) if is_expired(&error) => Stage::Expired,
            Err(error) => Stage::Failed(error),
        };
        // What is typed into the forms stays while the stage does.
        if self.stage.try_with_untracked(|now| *now != stage) == Some(true) {
            self.stage.set(stage);
        }
    }

    fn ask(self) {
        self.stage.set(Stage::Asking);
        spawn_local(async move { self.take(esia::visit().await) });
    }
}

fn is_expired(error: &ApiError) -> bool {
    error.code() == Some(ProblemCode::VisitExpired)
}

/// `/login/esia/mismatch`.
#[component]
pub fn Mismatch() -> impl IntoView {
    let page = Page { stage: RwSignal::new(Stage::Asking), visit: RwSignal::new(None) };
    page.ask();
    live(move || match page.stage.get() {
        Stage::Asking => view! { <Loading/> }.into_any(),
        Stage::Failed(error) => view! { <ErrorPage error=error on_retry=move || page.ask()/> }.into_any(),
        Stage::Expired => expired(),
        Stage::Visit => untrack(|| page.visit.get()).map(|visit| whole(page, &visit)).into_any(),
    })
}

fn again(kind: Kind) -> impl IntoView {
    view! {
        <LinkButton href="/esia/login" kind=kind external=true>
            "Войти через Госуслуги ещё раз"
        </LinkButton>
    }
}

fn expired() -> AnyView {
    view! {
        <div class="main-form stack">
            <Heading text="Время этой страницы истекло"/>
            <Alert tone=Tone::Warning>
                <p>"Данные с Госуслуг мы храним полчаса и только в вашем браузере. Войдите ещё раз: если карточку уже исправили, вход сработает сразу."</p>
            </Alert>
            <div class="row">
                {again(Kind::Primary)}
                <LinkButton href="/login">"Другие способы входа"</LinkButton>
            </div>
        </div>
    }
    .into_any()
}

/// What was not found, and what that means; nothing of anybody else's.
const fn words(not_found: NotFound) -> (&'static str, &'static str) {
    match not_found {
        NotFound::NoVerifiedEmail => (
            "На Госуслугах нет подтверждённого e-mail",
            "Без него мы не можем вас узнать. Подтвердите e-mail на Госуслугах и войдите ещё раз.",
        ),
        NotFound::Email => (
            "Не найден e-mail",
            "Такого адреса нет ни в одной карточке сотрудника и ни в одной учётной записи ЭПОС.",
        ),
        NotFound::Name => {
            ("Не совпали ФИО", "E-mail найден, но ФИО рядом с ним записаны иначе, чем на Госуслугах.")
        }
        NotFound::Snils => {
            ("Не совпал СНИЛС", "E-mail и ФИО найдены, но СНИЛС записан иначе, чем на Госуслугах.")
        }
        NotFound::Several => (
            "Подходит несколько записей",
            "По ФИО и e-mail вас не отличить от другого человека. Это сможет сделать администратор.",
        ),
    }
}

const STEPS: &str = r#"<li>Обратитесь к администратору «Контингента» в своей организации: это директор, завуч или ответственный. Руководителям помогает управление образованием.</li>
<li>Администратор исправит карточку: ФИО и e-mail в ней должны быть такими же, как на Госуслугах.</li>
<li>Войдите через Госуслуги ещё раз. Ждать не нужно: вход сработает сразу после исправления.</li>"#;

fn whole(page: Page, visit: &EsiaVisit) -> AnyView {
    let (title, meaning) = words(visit.not_found);
    let about = facts(vec![
        ("ФИО", visit.name.to_string()),
        ("E-mail", visit.email.clone().unwrap_or_else(|| "подтверждённого нет".to_owned())),
    ]);
    let steps = view! {
        <ol inner_html=STEPS></ol>
        <div class="row">{again(Kind::Plain)}</div>
    };
    let toasts = use_toasts();
    let navigate = use_navigate();
    let bound = {
        let navigate = navigate.clone();
        move || {
            toasts.say("Карточка привязана, вы вошли");
            navigate("/subsystems", NavigateOptions { replace: true, ..Default::default() });
        }
    };
    let refused = move |error: ApiError| {
        if is_expired(&error) {
            page.take(Err(error));
        }
    };
    let card = view! {
        <p>"Если администратор уже выдал вам логин и одноразовый пароль карточки, введите их: карточка привяжется, и вы сразу войдёте."</p>
        <CredentialsForm bind=bind confirm="Привязать карточку и войти" on_bound=bound on_refused=refused/>
    };
    let left = RwSignal::new(false);
    let leave = move || {
        left.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            // Where the server is not reached, the visit ends by itself.
            let _ = esia::leave_visit().await;
            navigate("/login", NavigateOptions { replace: true, ..Default::default() });
        });
    };
    let until = format!("Страница работает до {}, потом войдите ещё раз.", russian::until(visit.expires_at));
    view! {
        <div class="main-form stack">
            <Heading text="Мы не узнали вас по данным Госуслуг"/>
            <Alert tone=Tone::Warning title=title>
                <p>{meaning}</p>
            </Alert>
            {panel("told-title", "Что сообщили Госуслуги", vec![about])}
            {panel("steps-title", "Что делать", vec![steps.into_any()])}
            {panel("card-title", "Есть логин и пароль карточки", vec![card.into_any()])}
            {panel("send-title", "Сообщить администратору", vec![sending(page)])}
            <div class="row">
                <Button kind=Kind::Quiet busy=left on_press=leave>
                    "Забыть мои данные и уйти"
                </Button>
            </div>
            <p class="small muted">{until}</p>
        </div>
    }
    .into_any()
}

fn bind(_: SessionContext, typed: BindCard) -> Binding {
    Box::pin(async move { esia::bind_visit(&typed).await })
}

/// Where the person's values are; names of organizations bring their own quotation marks.
fn sent_words(sent_to: &[String]) -> String {
    match sent_to.split_last() {
        Some((last, [])) => format!("Ваша заявка у администратора: {last}"),
        Some((last, before)) => format!("Ваши заявки у администраторов: {} и {last}", before.join(", ")),
        None => String::new(),
    }
}

fn sending(page: Page) -> AnyView {
    let organization = RwSignal::new(None::<ComboOption>);
    let agreed = RwSignal::new(false);
    let typed = move || SendMismatch {
        organization_id: organization
            .with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok())),
        agreed: agreed.get(),
    };
    let errors = FormErrors::new(move || typed().parse().err().unwrap_or_default());
    let form = Sending::new(errors);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if form.ready() {
            form.send(Box::pin(async move {
                match esia::send_mismatch(&untrack(typed)).await {
                    Err(error) if !is_expired(&error) => Err(error),
                    answer => {
                        if answer.is_ok() && organization.try_set(None).is_none() {
                            agreed.set(false);
                            errors.clear();
                            crate::dom::focus_later("sent".to_owned());
                        }
                        page.take(answer);
                        Ok(())
                    }
                }
            }));
        }
    };
    let search = |text: String| -> Pin<Box<dyn Future<Output = Answer<Found>>>> {
        Box::pin(async move {
            let found = directory::directory(text, None).await?;
            Ok(Found { options: found.items.iter().map(option_of).collect(), more: found.more })
        })
    };
    let sent_to = Memo::new(move |_| {
        page.visit.with(|visit| visit.as_ref().map(|visit| visit.sent_to.clone()).unwrap_or_default())
    });
    let sent = live(move || {
        sent_to.with(|sent_to| {
            if sent_to.is_empty() {
                return view! { <p>"Не знаете, к кому идти? Выберите организацию: заявка попадёт к её администратору."</p> }
                    .into_any();
            }
            view! {
                <div id="sent" tabindex="-1">
                    <Alert tone=Tone::Done title=sent_words(sent_to) live=true>
                        <p>"Когда карточку исправят, войдите через Госуслуги ещё раз. Можно выбрать и другую организацию, если ошиблись."</p>
                    </Alert>
                </div>
            }
            .into_any()
        })
    });
    let wrong = Memo::new(move |_| errors.message("agreed"));
    view! {
        {sent}
        <form on:submit=submit novalidate=true class="stack">
            <Combobox
                path="organization_id"
                label="Выберите организацию"
                chosen=organization
                on_change=|_| ()
                search=search
                errors=errors
                placeholder="Выберите организацию"
                required=true
            />
            <div>
                <Checkbox
                    id="field-agreed"
                    label="Согласен отправить свои ФИО и e-mail администратору этой организации"
                    checked=agreed
                    on_change=move || errors.changed("agreed")
                    error=Signal::from(wrong)
                />
            </div>
            {form.refusal()}
            <Button submit=true busy=form.busy>
                "Отправить администратору"
            </Button>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_are_named_one_after_another() {
        let name = |text: &str| text.to_owned();
        assert_eq!(sent_words(&[name("Школа № 1")]), "Ваша заявка у администратора: Школа № 1");
        assert_eq!(sent_words(&[name("А"), name("Б"), name("В")]), "Ваши заявки у администраторов: А, Б и В");
    }
}
