//! «Письмо отправлено»: where to look, for how long the link works, what to do without a letter.

use leptos::prelude::*;

use crate::api;
use crate::dom;
use crate::russian;

/// The words that every page with a letter under way has in common. The heading takes the focus.
#[component]
pub fn LetterSent(
    /// For how long the link works, in hours.
    hours: u32,
    /// What was sent where, and what else is to be known.
    children: Children,
) -> impl IntoView {
    dom::focus_later("sent".to_owned());
    // Only the demo answers: elsewhere letters lie in mailboxes.
    let demo = LocalResource::new(api::registration::letters);
    let word = russian::plural(hours, "час", "часа", "часов");
    view! {
        <h2 id="sent" tabindex="-1">
            "Проверьте почту"
        </h2>
        {children()}
        <p>{format!("Ссылка в письме работает {hours} {word} и только один раз.")}</p>
        {move || {
            demo.get()
                .is_some_and(|letters| letters.is_ok())
                .then(|| {
                    view! {
                        <p>
                            "Это демонстрация, настоящих писем она не отправляет. "
                            <a href="/letters">"Письма"</a> " лежат на отдельной странице."
                        </p>
                    }
                })
        }}
        <h3>"Если письма нет"</h3>
        <ul>
            <li>"Подождите несколько минут и посмотрите в папке «Спам»."</li>
            <li>"Проверьте, нет ли в адресе опечатки."</li>
            <li>"Отправьте форму ещё раз: придёт новое письмо, прежняя ссылка перестанет работать."</li>
            <li>
                "Не помогло — " <a href="/support">"напишите в техподдержку"</a> "."
            </li>
        </ul>
    }
    .into_any()
}
