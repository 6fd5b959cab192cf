//! «Письма»: what the demo would have sent. Outside of the demo there is no such page.

use epos_shared::api::letters::Letter;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;

use crate::api::registration as api;
use crate::components::{Button, EmptyState, Fetched, Fetching, Heading, shown};
use crate::russian;

/// The letters, the newest first.
#[component]
pub fn DemoLetters() -> impl IntoView {
    let again = RwSignal::new(());
    let ask = || -> Fetching {
        Box::pin(async {
            let letters = match api::letters().await {
                Ok(letters) => letters.items,
                Err(error) if error.code() == Some(ProblemCode::NotFound) => return Ok(shown(elsewhere)),
                Err(error) => return Err(error),
            };
            Ok(shown(move || list(&letters)))
        })
    };
    view! {
        <div class="page-head">
            <Heading text="Письма"/>
            <Button on_press=move || again.notify()>"Обновить"</Button>
        </div>
        <Fetched ask=Box::new(ask) again=again/>
    }
    .into_any()
}

fn elsewhere() -> AnyView {
    view! { <p>"Письма видны здесь только в демонстрации. Ищите их в своём почтовом ящике."</p> }.into_any()
}

fn list(letters: &[Letter]) -> AnyView {
    if letters.is_empty() {
        return view! {
            <EmptyState title="Писем пока нет">
                <p>"Письмо появится здесь через несколько секунд после регистрации или запроса нового пароля."</p>
            </EmptyState>
        }
        .into_any();
    }
    letters.iter().map(letter).collect::<Vec<_>>().into_any()
}

fn letter(letter: &Letter) -> AnyView {
    let Letter { to, subject, text, created_at, .. } = letter;
    let lines: Vec<AnyView> = text.lines().map(line).collect();
    view! {
        <article class="panel">
            <h2>{subject.clone()}</h2>
            <p class="small muted">{format!("{to}, {}", russian::moment(*created_at))}</p>
            <div class="stack-s gap-above">{lines}</div>
        </article>
    }
    .into_any()
}

/// A line of a letter, its address as a link. It opens anew, as from a mail program.
fn line(text: &str) -> AnyView {
    let start = text.find("http://").or_else(|| text.find("https://")).unwrap_or(text.len());
    let (before, rest) = text.split_at(start);
    let (address, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let link = if address.is_empty() {
        ().into_any()
    } else {
        view! {
            <a href=address.to_owned() rel="external">
                {address.to_owned()}
            </a>
        }
        .into_any()
    };
    view! {
        <p>
            {before.to_owned()} {link} {format!(" {after}")}
        </p>
    }
    .into_any()
}
