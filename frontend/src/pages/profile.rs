//! «Мой профиль» (screens.md 11).

use epos_shared::api::esia::EsiaLink;
use epos_shared::api::profile::{
    ChangeEmail, ChangePassword, OwnSessions, PendingEmailChange, Profile as OwnProfile,
};
use epos_shared::api::registration::RecoveryDraft;
use epos_shared::api::session::SignInWay;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::own_cards::own_cards;
use crate::api::{self, ApiError, esia, own};
use crate::components::{
    Alert, Badge, Body, Button, Fetched, Fetching, Heading, Line, Made, Picture, ProblemAlert, Question,
    Questions, Tone, Typed, asking, facts, lines, live, panel, shown, table, use_toasts,
};
use crate::dom;
use crate::russian::{day, moment};
use crate::session::{SessionContext, use_session};

type Asked = RwSignal<Option<Question>>;

/// Under which name the page leaves that the person went to Госуслуги to join the account: what comes back is told
/// by it.
pub const JOINING: &str = "epos-joining";

/// The page.
#[component]
pub fn Profile() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let (asked, again) = (RwSignal::new(None), RwSignal::new(()));
    let joined = StoredValue::new(dom::handed_on(JOINING).is_some());
    let profile = move || -> Fetching {
        Box::pin(async move {
            let profile = session.call(own::profile()).await?;
            if profile.esia.is_some() && joined.try_get_value() == Some(true) {
                joined.set_value(false);
                toasts.say("Госуслуги связаны с учётной записью");
            }
            Ok(shown(move || profile_view(&profile, session, asked)))
        })
    };
    let sessions = move || -> Fetching {
        Box::pin(async move {
            let sessions = session.call(own::sessions()).await?;
            Ok(shown(move || sessions_view(&sessions, asked)))
        })
    };
    view! {
        <div class="page-head">
            <Heading text="Мой профиль"/>
        </div>
        <div class="stack">
            <Fetched ask=Box::new(profile) again=again/>
            <section class="panel stack" aria-labelledby="sessions-title">
                <h2 id="sessions-title" class="side-title">"Где выполнен вход"</h2>
                <Fetched ask=Box::new(sessions) again=again/>
            </section>
        </div>
        <Questions asked=asked again=again/>
    }
    .into_any()
}

fn profile_view(profile: &OwnProfile, session: SessionContext, asked: Asked) -> AnyView {
    let account = &profile.account;
    let organization = profile.organization.as_ref().map(|organization| organization.short_name.clone());
    let who = facts(vec![
        ("ФИО", account.name.to_string()),
        ("Имя пользователя", account.user_name.clone()),
        ("Должность", profile.position.clone().unwrap_or_default()),
        ("Организация", organization.unwrap_or_default()),
        ("Прошлый вход", profile.previous_sign_in_at.map(moment).unwrap_or_default()),
        ("Учётная запись создана", day(profile.created_at)),
    ]);
    let cards = session.person_now().map(|person| own_cards(&person.cards));
    let consents = profile
        .consents
        .iter()
        .map(|consent| {
            let mut when = moment(consent.given_at);
            // A consent on paper has no address.
            if !consent.address.is_empty() {
                when = format!("{when}, с адреса {}", consent.address);
            }
            view! { <li>{lines(format!("Текст {}", consent.version), when)}</li> }
        })
        .collect_view();
    let consents = if profile.consents.is_empty() {
        view! { <p class="muted">"Согласие пока не давали."</p> }.into_any()
    } else {
        view! { <ul class="plain entries">{consents}</ul> }.into_any()
    };
    let data = view! {
        <p>"Всё, что ЭПОС хранит о вас: учётная запись, карточки, сеансы, согласия, журнал."</p>
        <p>
            <a class="button" href=own::DATA download="">
                "Скачать файл"
            </a>
        </p>
    };
    vec![
        panel("who-title", "Кто вы", vec![who, email_view(profile, asked)]),
        panel("ways-title", "Способы входа", vec![ways_view(profile, asked)]),
        panel("esia-title", "Госуслуги", vec![esia_view(profile, session, asked)]),
        panel("cards-title", "Мои карточки", vec![cards.into_any()]),
        panel("consents-title", "Согласие на обработку персональных данных", vec![consents]),
        panel("data-title", "Мои данные", vec![data.into_any()]),
    ]
    .into_any()
}

fn email_view(profile: &OwnProfile, asked: Asked) -> AnyView {
    let state = if profile.email_verified {
        view! { <Badge tone=Tone::Done picture=Picture::Done text="подтверждён"/> }
    } else {
        view! { <Badge tone=Tone::Warning picture=Picture::Warning text="не подтверждён"/> }
    };
    let change = profile.email_change.as_ref().map(|change| pending_view(change, asked));
    let words = if change.is_some() { "Сменить на другой" } else { "Сменить e-mail" };
    let question = Question {
        title: "Сменить e-mail",
        words:
            "На нынешний и на новый адрес придут письма. Адрес сменится, когда вы откроете ссылки в обоих."
                .to_owned(),
        confirm: "Отправить письма",
        danger: false,
        deed: own::change_email(),
        body: Body::Typed(&[Line::Email, Line::CurrentPassword], new_email),
        done: "Письма отправлены",
    };
    view! {
        <h3>"E-mail"</h3>
        <p>
            <span class="address">{profile.account.email.clone()}</span>
            " "
            {state}
        </p>
        {change}
        {profile.has_password.then(|| asking(asked, words.into_any(), question))}
    }
    .into_any()
}

fn new_email(typed: &Typed) -> Made {
    let Typed { email, current_password, .. } = typed.clone();
    let draft = ChangeEmail { email, current_password };
    draft.parse().map(|_| api::body(&draft))
}

fn pending_view(change: &PendingEmailChange, asked: Asked) -> AnyView {
    let waits = match (change.old_confirmed, change.new_confirmed) {
        (false, false) => "Откройте ссылки в письмах, которые пришли на нынешний и на новый адрес.",
        (true, _) => {
            "С нынешнего адреса смена подтверждена. Откройте ссылку в письме, которое пришло на новый."
        }
        (false, true) => "Новый адрес подтверждён. Откройте ссылку в письме, которое пришло на нынешний.",
    };
    let question = Question {
        title: "Отменить смену e-mail?",
        words: "Ссылки в письмах перестанут действовать, адрес останется прежним.".to_owned(),
        confirm: "Отменить смену",
        danger: true,
        deed: own::keep_email(),
        body: Body::Nothing,
        done: "Смена e-mail отменена",
    };
    let until = format!("Ссылки действуют до {}.", moment(change.expires_at));
    view! {
        <Alert title=format!("Новый адрес {} ждёт подтверждения", change.email)>
            <p>{waits}</p>
            <p>{until}</p>
            <div class="row">{asking(asked, "Отменить смену".into_any(), question)}</div>
        </Alert>
    }
    .into_any()
}

fn ways_view(profile: &OwnProfile, asked: Asked) -> AnyView {
    let password = match profile.password_changed_at {
        Some(moment) if profile.has_password => format!("задан {}", day(moment)),
        _ if profile.has_password => "задан".to_owned(),
        _ => "не задан".to_owned(),
    };
    let question = Question {
        title: "Сменить пароль",
        words: "На других устройствах придётся войти снова, уже с новым паролем.".to_owned(),
        confirm: "Сменить пароль",
        danger: false,
        deed: own::change_password(),
        body: Body::Typed(&[Line::CurrentPassword, Line::NewPassword], new_password),
        done: "Пароль изменён",
    };
    view! {
        {facts(
            vec![
                ("Пароль", password),
                ("Госуслуги", if profile.esia.is_some() { "связаны" } else { "не связаны" }.to_owned()),
            ],
        )}
        {if profile.has_password {
            asking(asked, "Сменить пароль".into_any(), question)
        } else {
            asking(asked, "Задать пароль".into_any(), letter(profile))
        }}
    }
    .into_any()
}

/// A password is set for the first time by the link of a letter: whoever sits at an open session cannot.
fn letter(profile: &OwnProfile) -> Question {
    let account = &profile.account;
    Question {
        title: "Отправить письмо?",
        words: format!("На {} придёт письмо со ссылкой, по которой задают пароль.", account.email),
        confirm: "Отправить",
        danger: false,
        deed: own::password_letter(),
        body: Body::Known(api::body(&RecoveryDraft { user_name: account.user_name.clone() })),
        done: "Письмо отправлено",
    }
}

fn esia_view(profile: &OwnProfile, session: SessionContext, asked: Asked) -> AnyView {
    match &profile.esia {
        Some(link) => linked_view(profile, link, asked),
        None => unlinked_view(session),
    }
}

fn linked_view(profile: &OwnProfile, link: &EsiaLink, asked: Asked) -> AnyView {
    let part = if link.can_unlink {
        let question = Question {
            title: "Отвязать Госуслуги?",
            words: "Войти через Госуслуги в эту учётную запись будет нельзя, пока вы не свяжете их снова. Вход по паролю останется."
                .to_owned(),
            confirm: "Отвязать",
            danger: true,
            deed: own::part_with_esia(),
            body: Body::Nothing,
            done: "Госуслуги отвязаны",
        };
        asking(asked, "Отвязать".into_any(), question)
    } else {
        let password = asking(asked, "Задать пароль".into_any(), letter(profile));
        view! {
            <Alert title="Это ваш единственный способ входа">
                <p>"Отвязать Госуслуги можно будет, когда у вас появится пароль. Ссылка, по которой его задают, придёт письмом."</p>
                <div class="row">{password}</div>
            </Alert>
        }
        .into_any()
    };
    view! {
        <p>
            <Badge tone=Tone::Done picture=Picture::Done text="связаны"/>
            {format!(" с {}", day(link.linked_at))}
        </p>
        <p>"В эту учётную запись можно войти кнопкой «Вход через ЕСИА»."</p>
        {part}
    }
    .into_any()
}

fn unlinked_view(session: SessionContext) -> AnyView {
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<ApiError>);
    let join = move || {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match session.call(esia::join()).await {
                // The button stays pressed until the browser has gone.
                Ok(redirect) => {
                    dom::hand_on(JOINING, "1");
                    dom::go_to(&redirect.location);
                }
                Err(error) => {
                    let _ = busy.try_set(false);
                    let _ = failure.try_set(Some(error));
                }
            }
        });
    };
    let refused = live(move || match failure.get() {
        Some(error) => view! { <ProblemAlert error=error/> }.into_any(),
        None => ().into_any(),
    });
    view! {
        <p>"Если связать учётную запись с Госуслугами, в неё можно будет войти и через них. ФИО должны совпадать."</p>
        {refused}
        <div class="row">
            <Button busy=busy on_press=join>
                "Связать с Госуслугами"
            </Button>
        </div>
    }
    .into_any()
}

fn new_password(typed: &Typed) -> Made {
    let Typed { current_password, new_password, .. } = typed.clone();
    let draft = ChangePassword { current_password, new_password };
    draft.parse().map(|_| api::body(&draft))
}

const fn way(way: SignInWay) -> &'static str {
    match way {
        SignInWay::Password => "по паролю",
        SignInWay::Esia => "через Госуслуги",
    }
}

fn sessions_view(sessions: &OwnSessions, asked: Asked) -> AnyView {
    let rows = sessions.items.iter().map(|session| {
        let action = if session.current {
            view! { <Badge tone=Tone::Done picture=Picture::Done text="этот сеанс"/> }.into_any()
        } else {
            let question = Question {
                title: "Завершить сеанс?",
                words: format!("{}, {}. Там придётся войти снова.", session.device, session.address),
                confirm: "Завершить",
                danger: true,
                deed: own::end_session(session.id),
                body: Body::Nothing,
                done: "Сеанс завершён",
            };
            let of = format!(" сеанс: {}, {}", session.device, session.address);
            let words = view! {
                "Завершить"
                <span class="visually-hidden">{of}</span>
            };
            asking(asked, words.into_any(), question)
        };
        vec![
            lines(session.device.clone(), session.address.clone()),
            lines(moment(session.opened_at), way(session.way).to_owned()),
            moment(session.last_seen_at).into_any(),
            action,
        ]
    });
    let question = Question {
        title: "Завершить все остальные сеансы?",
        words: "Здесь вы останетесь, на других устройствах придётся войти снова.".to_owned(),
        confirm: "Завершить все",
        danger: true,
        deed: own::end_sessions(),
        body: Body::Nothing,
        done: "Остальные сеансы завершены",
    };
    view! {
        {table("Сеансы", &["Устройство, адрес", "Вход", "Последнее действие", "Сеанс"], rows.collect())}
        {(sessions.items.len() > 1)
            .then(|| view! { <p class="gap-above">{asking(asked, "Завершить все".into_any(), question)}</p> })}
    }
    .into_any()
}
