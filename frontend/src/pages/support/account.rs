//! An account, as support sees it.

use epos_shared::api::accounts::{AccountCard, AccountState, JournalRow, ReplaceEmail};
use epos_shared::ids::AccountId;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;

use super::list::{Pages, account_badge, from_the_start, query_of_address};
use super::{ACCOUNTS, REASON, missing};
use crate::api::{
    self,
    support::{self, AccountAction, on_account},
};
use crate::components::{
    Alert, Badge, Body, Breadcrumbs, Fetched, Fetching, Heading, Line, Made, Picture, Question, Questions,
    Tone, Typed, asking, facts, lines, panel, shown, table,
};
use crate::pages::own_cards::own_cards;
use crate::russian::{day, moment, until};
use crate::session::use_session;

type Asked = RwSignal<Option<Question>>;

/// The page.
pub fn page(id: AccountId) -> AnyView {
    let session = use_session();
    let (asked, again) = (RwSignal::new(None), RwSignal::new(()));
    let name = RwSignal::new("Учётная запись".to_owned());
    let account = move || -> Fetching {
        Box::pin(async move {
            match session.call(support::account(id)).await {
                Ok(account) => {
                    let _ = name.try_set(account.row.name.to_string());
                    Ok(shown(move || account_view(&account, asked)))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => {
                    let _ = name.try_set("Учётная запись не найдена".to_owned());
                    Ok(shown(|| missing(ACCOUNTS)))
                }
                Err(error) => Err(error),
            }
        })
    };
    let query = query_of_address();
    let journal = move || -> Fetching {
        let query = query.get();
        Box::pin(async move {
            let path = format!("{ACCOUNTS}/{id}");
            match session.call(support::journal(id, query.clone())).await {
                Ok(mut page) => {
                    let pages = Pages::of(&mut page);
                    Ok(shown(move || {
                        view! {
                            {journal_view(&page.items)}
                            {pages.links(&path, &query)}
                        }
                        .into_any()
                    }))
                }
                // The page above says it already.
                Err(error) if error.code() == Some(ProblemCode::NotFound) => Ok(shown(|| ().into_any())),
                Err(error) => from_the_start(error, &path, &query),
            }
        })
    };
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Учётные записи", ACCOUNTS.to_owned()),
            ]
            here=name
        />
        <div class="page-head">
            <Heading text=name/>
        </div>
        <Fetched ask=Box::new(account) again=again/>
        <Fetched ask=Box::new(journal) again=again/>
        <Questions asked=asked again=again/>
    }
    .into_any()
}

fn account_view(account: &AccountCard, asked: Asked) -> AnyView {
    let row = &account.row;
    let proven = if account.email_verified { "" } else { ", не подтверждён" };
    let organization = account.organization.as_ref().map(|organization| organization.short_name.clone());
    let about = facts(vec![
        ("Имя пользователя", row.user_name.clone()),
        ("E-mail", format!("{}{proven}", row.email)),
        ("Пароль", if account.has_password { "задан" } else { "не задан" }.to_owned()),
        ("Должность", account.position.clone().unwrap_or_default()),
        ("Организация", organization.unwrap_or_default()),
        ("Последний вход", row.last_sign_in_at.map_or_else(|| "ещё не входили".to_owned(), moment)),
        ("Открыто сеансов", account.live_sessions.to_string()),
        ("Создана", day(account.created_at)),
        ("Причина блокировки", account.blocked_reason.clone().unwrap_or_default()),
    ]);
    let locked = account.locked_until.map(|end| {
        let text = format!("вход закрыт до {}: много неверных паролей", until(end));
        view! { <Badge tone=Tone::Warning picture=Picture::Clock text=text/> }
    });
    let state = view! {
        <p class="row">{account_badge(row.state)} {locked}</p>
    };
    let actions = if account.can_change {
        view! { <div class="row">{actions(account, asked)}</div> }.into_any()
    } else {
        view! {
            <Alert>
                <p>"Это ваша учётная запись: изменить её может только другой сотрудник техподдержки."</p>
            </Alert>
        }
        .into_any()
    };
    vec![
        panel("about-title", "Учётная запись", vec![state.into_any(), about, actions]),
        panel("cards-title", "Карточки", vec![own_cards(&account.cards)]),
    ]
    .into_any()
}

fn actions(account: &AccountCard, asked: Asked) -> Vec<AnyView> {
    let id = account.row.id;
    let (name, email) = (account.row.name.to_string(), account.row.email.clone());
    let mut actions = Vec::new();
    let mut offer = |words: &'static str, question: Question| {
        actions.push(asking(asked, words.into_any(), question));
    };
    if account.locked_until.is_some() {
        offer(
            "Разрешить вход сейчас",
            Question {
                title: "Разрешить вход сейчас?",
                words: format!("{name} снова сможет вводить пароль, не дожидаясь конца запрета."),
                confirm: "Разрешить",
                danger: false,
                deed: on_account(id, AccountAction::Unlock),
                body: Body::Nothing,
                done: "Вход разрешён",
            },
        );
    }
    if account.row.state == AccountState::Active {
        offer(
            "Отправить письмо ещё раз",
            Question {
                title: "Отправить письмо?",
                words: format!(
                    "На {email} уйдёт письмо с именем пользователя и ссылкой, по которой задают пароль."
                ),
                confirm: "Отправить",
                danger: false,
                deed: on_account(id, AccountAction::SendLetter),
                body: Body::Nothing,
                done: "Письмо отправлено",
            },
        );
    }
    offer(
        "Заменить e-mail",
        Question {
            title: "Заменить утраченный e-mail",
            words: "Сначала убедитесь, что обратился сам человек. Все сеансы завершатся, письма о замене уйдут на прежний и на новый адрес.".to_owned(),
            confirm: "Заменить",
            danger: true,
            deed: on_account(id, AccountAction::ReplaceEmail),
            body: Body::Typed(&[Line::Email, Line::Reason], new_email),
            done: "E-mail заменён",
        },
    );
    match account.row.state {
        AccountState::Active => offer(
            "Заблокировать",
            Question {
                title: "Заблокировать учётную запись?",
                words: format!("{name}: все сеансы завершатся, войти будет нельзя."),
                confirm: "Заблокировать",
                danger: true,
                deed: on_account(id, AccountAction::Block),
                body: REASON,
                done: "Учётная запись заблокирована",
            },
        ),
        AccountState::Blocked => offer(
            "Разблокировать",
            Question {
                title: "Разблокировать учётную запись?",
                words: format!("{name} снова сможет войти с прежним паролем."),
                confirm: "Разблокировать",
                danger: false,
                deed: on_account(id, AccountAction::Unblock),
                body: Body::Nothing,
                done: "Учётная запись разблокирована",
            },
        ),
    }
    actions
}

fn new_email(typed: &Typed) -> Made {
    let Typed { email, reason, .. } = typed.clone();
    let draft = ReplaceEmail { email, reason };
    draft.parse().map(|_| api::body(&draft))
}

fn journal_view(rows: &[JournalRow]) -> AnyView {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let result = if row.done { "" } else { " (отказ)" };
            let actor = match (row.actor.as_str(), &row.address) {
                ("", None) => "программа".to_owned(),
                ("", Some(_)) => "до входа".to_owned(),
                (actor, _) => actor.to_owned(),
            };
            vec![
                moment(row.at).into_any(),
                lines(format!("{}{result}", row.title), row.details.clone()),
                lines(actor, row.address.clone().unwrap_or_default()),
            ]
        })
        .collect();
    let rows = if rows.is_empty() {
        view! { <p class="muted">"Записей пока нет."</p> }.into_any()
    } else {
        table("Журнал", &["Когда", "Что", "Кто, откуда"], rows)
    };
    view! {
        <h2 class="after-tiles gap-below">"Журнал"</h2>
        {rows}
    }
    .into_any()
}
