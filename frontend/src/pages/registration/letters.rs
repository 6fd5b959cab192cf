//! «Письма»: what the demo would have sent. Outside of the demo there is no such page.

use epos_shared::api::letters::Letter;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;

use crate::api;
use crate::components::{Button, EmptyState, ErrorState, Heading, Loading};
use crate::pages::NotFound;
use crate::russian;

/// The letters, the newest first.
#[component]
pub fn DemoLetters() -> impl IntoView {
    let letters = LocalResource::new(api::registration::letters);
    let again = move || letters.refetch();
    move || match letters.get() {
        Some(Err(error)) if error.code() == Some(ProblemCode::NotFound) => view! { <NotFound/> }.into_any(),
        answer => {
            let content = match answer {
                None => view! { <Loading/> }.into_any(),
                Some(Err(error)) => view! { <ErrorState error=error on_retry=again/> }.into_any(),
                Some(Ok(letters)) if letters.items.is_empty() => view! {
                    <EmptyState title="Писем пока нет">
                        <p>"Письмо появится здесь через несколько секунд после регистрации или запроса нового пароля."</p>
                    </EmptyState>
                }
                .into_any(),
                Some(Ok(letters)) => letters.items.into_iter().map(letter).collect_view().into_any(),
            };
            view! {
                <div class="page-head">
                    <Heading text="Письма"/>
                    <Button on_press=again>"Обновить"</Button>
                </div>
                <p class="page-lead">"Демонстрация не отправляет писем, а складывает их сюда."</p>
                {content}
            }
            .into_any()
        }
    }
}

fn letter(letter: Letter) -> AnyView {
    view! {
        <article class="panel">
            <h2>{letter.subject}</h2>
            <p class="small muted">{format!("{}, {}", letter.to, russian::moment(letter.created_at))}</p>
            <p class="lines gap-above">{words(&letter.text)}</p>
        </article>
    }
    .into_any()
}

/// The text, its addresses as links. They open anew, as from a mail program.
fn words(text: &str) -> Vec<AnyView> {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            let address = word.trim_end();
            if address.starts_with("http://") || address.starts_with("https://") {
                view! {
                    <a href=address.to_owned() rel="external">
                        {address.to_owned()}
                    </a>
                    {word.strip_prefix(address).unwrap_or_default().to_owned()}
                }
                .into_any()
            } else {
                word.to_owned().into_any()
            }
        })
        .collect()
}
