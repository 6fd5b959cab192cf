//! The person may have a card already: which ones, and the way on. Nothing is saved until that is decided.

use epos_shared::api::employees::EmployeeRow;
use epos_shared::api::same_person::LikelyDuplicates;
use epos_shared::ids::EmployeeId;
use leptos::prelude::*;

use super::editor::{Editor, Then};
use super::text::CardText;
use crate::components::{Alert, Button, Kind, Tone, bound_badge, live};
use crate::dom;
use crate::form::field_id;
use crate::pages::kontingent::{card_address, list};
use crate::russian::several;

/// What is suspected of a card that was about to be saved.
#[derive(Clone, PartialEq)]
pub struct Suspicion {
    /// What the server has found.
    pub found: LikelyDuplicates,
    /// What stood on the form then.
    pub text: CardText,
    /// What was to follow the save.
    pub then: Then,
}

/// The notice, where there is something to tell.
pub fn notice(editor: Editor) -> AnyView {
    live(move || {
        let Some(suspicion) = editor.suspicion.get() else { return ().into_any() };
        let id = editor.card.with_untracked(|card| card.as_ref().map(|card| card.id));
        let LikelyDuplicates { cards, elsewhere } = suspicion.found;
        let title = if cards.is_empty() {
            "У этого человека есть карточка в другой организации"
        } else {
            "Похоже, карточка этого человека уже есть"
        };
        let here = (!cards.is_empty()).then(|| {
            let rows = cards.into_iter().map(|card| view! { <li>{row(card, id)}</li> }).collect_view();
            view! {
                <p>"Ничего ещё не сохранено. Откройте найденную карточку и добавьте роль там. Если это другой человек, нажмите «Всё равно…»."</p>
                <ul class="plain entries">{rows}</ul>
            }
        });
        let there = (elsewhere > 0).then(|| {
            let count = several(elsewhere, ["карточка", "карточки", "карточек"]);
            let words = format!(
                "В других организациях: {count}. Чьи они и что в них, видно только там. Если человек работает и у вас, нажмите «Всё равно…»."
            );
            view! { <p>{words}</p> }
        });
        view! {
            <div id="duplicates" class="gap-below" tabindex="-1">
                <Alert tone=Tone::Warning title=title live=true>
                    {here}
                    {there}
                    <div class="row">
                        <Button kind=Kind::Primary on_press=move || editor.save_despite()>
                            {if untrack(|| editor.proposes()) { "Всё равно отправить" } else { "Всё равно сохранить" }}
                        </Button>
                        <Button on_press=move || {
                            editor.suspicion.set(None);
                            dom::focus_later(field_id("person/family_name"));
                        }>"Вернуться к форме"</Button>
                    </div>
                </Alert>
            </div>
        }
        .into_any()
    })
}

fn row(card: EmployeeRow, own: Option<EmployeeId>) -> AnyView {
    let name = card.name.to_string();
    let roles = card.roles.iter().map(|role| list::role_line(role, false)).collect_view();
    let known = [card.email.map(|email| email.to_string()), Some(format!("логин {}", card.login))];
    let known: Vec<String> = known.into_iter().flatten().collect();
    let of = format!(": {name}");
    // In a tab of its own: what is typed here stays.
    let merge = own.map(|own| {
        let of = of.clone();
        view! {
            <a href=super::merge::address(own, Some(card.id)) target="_blank" rel="noopener">
                "Объединить с ней"
                <span class="visually-hidden">{of} " (в новой вкладке)"</span>
            </a>
        }
    });
    view! {
        <p>
            <strong>{name}</strong>
            <span class="cell-sub">{known.join(", ")}</span>
        </p>
        {roles}
        <p class="row">
            {bound_badge(card.bound)}
            <a href=card_address(card.id) target="_blank" rel="noopener">
                "Открыть"
                <span class="visually-hidden">{of} " (в новой вкладке)"</span>
            </a>
            {merge}
        </p>
    }
    .into_any()
}
