//! Pages of later releases: what is not there yet and what to do today.

use leptos::prelude::*;

use super::NotFound;
use crate::components::{Heading, LinkButton};

struct Text {
    title: &'static str,
    today: &'static [&'static str],
}

const ADMINISTRATOR: &str = "Обратитесь к администратору «Контингента» в своей организации: это директор, завуч или ответственный. Если вы сами директор или заведующая, обратитесь в управление образованием.";

const DEPARTMENTS: &str = r#"Назначены в управление образованием или в дошкольное образование? Отправьте <a href="/account-application">заявку на учётную запись</a> со сканом приказа."#;

fn text(page: &str) -> Text {
    match page {
        "support" => Text {
            title: "Техподдержка",
            today: &["Форма обращения появится позже.", ADMINISTRATOR],
        },
        "parents" => Text {
            title: "Инструкция для родителя",
            today: &[
                "Нажмите «Вход через ЕСИА» и войдите через Госуслуги. Вас узнают по ФИО и подтверждённому e-mail. Если вход не открылся, напишите в техподдержку.",
                "Подробная инструкция появится позже.",
                "По вопросам об учёбе ребёнка обращайтесь к классному руководителю или в школу.",
            ],
        },
        "students" => Text {
            title: "Инструкция для обучающихся",
            today: &[
                "Нажмите «Вход через ЕСИА» и войдите через Госуслуги. Вас узнают по ФИО и подтверждённому e-mail. Если вход не открылся, напишите в техподдержку.",
                "Подробная инструкция появится позже.",
                "Если нужна помощь сейчас, обратитесь к классному руководителю или куратору группы.",
            ],
        },
        "guide" => Text {
            title: "Руководство пользователя",
            today: &["Полное руководство появится позже. О входе рассказывает инструкция для сотрудников."],
        },
        "registration" => Text {
            title: "Инструкция для регистрации в РСАА в рамках СДО",
            today: &[
                "Подробная инструкция появится позже. Заполните форму регистрации и откройте ссылку из письма: она задаёт пароль.",
            ],
        },
        "connection" => Text {
            title: "Подключение к РСАА",
            today: &[
                "Описание для разработчиков подсистем появится позже. Описание API лежит по адресу /api/docs.",
            ],
        },
        "administrator" => Text {
            title: "Руководство администратора",
            today: &[
                "Полное руководство появится позже. О выдаче логинов и паролей рассказывает инструкция для сотрудников.",
            ],
        },
        _ => Text {
            title: "Портал ЭПОС",
            today: &["Новости, мероприятия и каталог систем появятся позже. Войти в ЭПОС уже можно."],
        },
    }
}

/// The page `page`.
#[must_use]
pub fn soon(page: &str) -> AnyView {
    let Text { title, today } = text(page);
    view! {
        <div class="main-form stack">
            <Heading text=title/>
            <p class="soon">"Раздел готовится"</p>
            {today.iter().map(|sentence| view! { <p>{*sentence}</p> }).collect_view()}
            {(page == "support").then(|| view! { <p inner_html=DEPARTMENTS></p> })}
            <div class="row">
                <LinkButton href="/instructions/staff">"Инструкция для сотрудников"</LinkButton>
                <LinkButton href="/">"На главную"</LinkButton>
            </div>
        </div>
    }
    .into_any()
}

/// The instruction `name`, or a document beside it.
#[must_use]
pub fn instruction(name: &str) -> AnyView {
    match name {
        "parents" | "students" | "guide" | "registration" | "connection" | "administrator" => soon(name),
        _ => view! { <NotFound/> }.into_any(),
    }
}
