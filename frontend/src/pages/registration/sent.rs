//! «Проверьте почту»: where to look, for how long the link works, what to do without a letter.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::{Button, live};
use crate::dom;
use crate::russian;

const NO_LETTER: &str = r#"<h3>Если письма нет</h3><ul>
<li>Подождите несколько минут и посмотрите в папке «Спам».</li>
<li>Проверьте, нет ли в адресе опечатки.</li>
<li>Отправьте форму ещё раз: придёт новое письмо.</li>
<li>Не помогло? <a href="/support">Напишите в техподдержку</a>.</li></ul>"#;
const DEMO: &str = r#"Это демонстрация: настоящих писем она не отправляет. <a href="/letters">Письма</a> лежат на отдельной странице."#;

/// What every page with a letter under way has in common. The heading takes the focus.
pub(super) fn letter_sent(words: String, hours: u32, again: &'static str, on_again: Callback<()>) -> AnyView {
    dom::focus_later("sent".to_owned());
    // Only the demo has such an address: elsewhere letters lie in mailboxes.
    let demo = RwSignal::new(false);
    spawn_local(async move {
        let _ = demo.try_set(api::registration::has_letters().await);
    });
    let word = russian::plural(hours, "час", "часа", "часов");
    view! {
        <div class="stack">
            <h2 id="sent" tabindex="-1">
                "Проверьте почту"
            </h2>
            <p>{words}</p>
            <p>{format!("Ссылка в письме работает {hours} {word} и только один раз.")}</p>
            {live(move || if demo.get() { view! { <p inner_html=DEMO></p> }.into_any() } else { ().into_any() })}
            <div class="stack" inner_html=NO_LETTER></div>
            <Button on_press=on_again>{again}</Button>
        </div>
    }
    .into_any()
}
