//! A card beside what Госуслуги tell of the person: it was opened from «Расхождения с Госуслугами», at the field
//! that differs.

use epos_shared::api::mismatches::MismatchField;
use epos_shared::ids::MismatchId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;

use super::editor::Editor;
use super::text::CardText;
use crate::api::mismatches::{OfEsia, of_esia};
use crate::components::{Alert, Badge, Button, Picture, Tone, live};
use crate::dom;
use crate::form::field_id;
use crate::pages::kontingent::MISMATCHES;
use crate::session::use_session;

/// What Госуслуги tell, and of which row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    row: MismatchId,
    of_esia: OfEsia,
}

/// The fields that are compared; the first where the address names none.
const FIELDS: [MismatchField; 5] = [
    MismatchField::Email,
    MismatchField::FamilyName,
    MismatchField::GivenName,
    MismatchField::Patronymic,
    MismatchField::Snils,
];

fn path(field: MismatchField) -> String {
    format!("person/{}", field.as_str())
}

/// Where the address names a row, asks for it; the focus goes to the field of the address.
pub fn compare(editor: Editor) {
    let session = use_session();
    let (row, field) = use_query_map().with_untracked(|query| {
        let row = query.get("mismatch").and_then(|row| row.parse::<MismatchId>().ok());
        let named = query.get("field").unwrap_or_default();
        (row, FIELDS.into_iter().find(|field| field.as_str() == named))
    });
    let Some(row) = row else { return };
    spawn_local(async move {
        // Without it the card is still the right one, and the field is still that one.
        if let Ok(of_esia) = session.call(of_esia(row)).await
            && editor.esia.try_set(Some(Comparison { row, of_esia })).is_some()
        {
            return;
        }
        let field = field.unwrap_or(FIELDS[0]);
        dom::focus_later(field_id(&path(field)));
        dom::show_later(field_id(&path(field)));
    });
}

/// What stands in a field of a form as Госуслуги write it; nothing where they tell nothing of it.
fn of_field(of_esia: &OfEsia, field: MismatchField) -> Option<String> {
    let name = &of_esia.name;
    match field {
        MismatchField::FamilyName => Some(name.family_name.to_string()),
        MismatchField::GivenName => Some(name.given_name.to_string()),
        MismatchField::Patronymic => {
            Some(name.patronymic.as_ref().map(ToString::to_string).unwrap_or_default())
        }
        MismatchField::Email => of_esia.email.clone(),
        MismatchField::Snils => None,
    }
}

/// What stands there on the form.
fn on_form(text: &CardText, field: MismatchField) -> &str {
    let person = &text.person;
    match field {
        MismatchField::FamilyName => &person.family_name,
        MismatchField::GivenName => &person.given_name,
        MismatchField::Patronymic => &person.patronymic,
        MismatchField::Email => &person.email,
        MismatchField::Snils => &person.snils,
    }
}

/// The value of Госуслуги below its field, with «Взять» where another stands in the field.
pub fn told(editor: Editor, field: MismatchField) -> AnyView {
    let value = Memo::new(move |_| {
        editor.esia.with(|told| told.as_ref().and_then(|told| of_field(&told.of_esia, field)))
    });
    let alike = Memo::new(move |_| {
        value.with(|value| {
            value.as_ref().is_some_and(|value| {
                let text = editor.form.text();
                let bare = field == MismatchField::Patronymic && value.is_empty();
                on_form(&text, field).trim() == value && (!bare || text.person.no_patronymic)
            })
        })
    });
    live(move || {
        let Some(value) = value.get() else { return ().into_any() };
        if alike.get() {
            return view! {
                <p class="told">
                    <Badge tone=Tone::Done picture=Picture::Done text="как на Госуслугах"/>
                </p>
            }
            .into_any();
        }
        let shown = if value.is_empty() { "без отчества".to_owned() } else { value.clone() };
        let of = format!(" с Госуслуг: {shown}");
        let take = move || take(editor, field, &value);
        view! {
            <p class="told">
                <Badge tone=Tone::Warning picture=Picture::Warning text="на Госуслугах"/>
                <strong class="address">{shown}</strong>
                <Button class="button-small" on_press=take>
                    "Взять"
                    <span class="visually-hidden">{of}</span>
                </Button>
            </p>
        }
        .into_any()
    })
}

fn take(editor: Editor, field: MismatchField, value: &str) {
    let form = editor.form;
    let line = match field {
        MismatchField::FamilyName => form.family_name,
        MismatchField::GivenName => form.given_name,
        MismatchField::Patronymic => {
            form.no_patronymic.set(value.is_empty());
            form.patronymic
        }
        MismatchField::Email => form.email,
        MismatchField::Snils => form.snils,
    };
    line.set(value.to_owned());
    editor.errors.changed(&path(field));
    // The button is gone; a field that is closed now takes no focus.
    let next = if field == MismatchField::Patronymic && value.is_empty() {
        "no-patronymic".to_owned()
    } else {
        field_id(&path(field))
    };
    dom::focus_later(next);
}

/// Why the card is open, and the way back.
pub fn notice(editor: Editor) -> AnyView {
    live(move || {
        let Some(row) = editor.esia.with(|told| told.as_ref().map(|told| told.row)) else {
            return ().into_any();
        };
        view! {
            <div class="gap-below">
                <Alert title="Карточка сравнивается с Госуслугами">
                    <p>"Под полями показано, что сообщили Госуслуги. Возьмите верное и сохраните карточку: следующий вход сработает сразу."</p>
                    <p>
                        <a href=format!("{MISMATCHES}/{row}")>"Вернуться к расхождению"</a>
                    </p>
                </Alert>
            </div>
        }
        .into_any()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_as_they_are_written_there() {
        let of_esia = OfEsia {
            name: epos_shared::values::FullName {
                family_name: "Ёлкина".parse().unwrap(),
                given_name: "Анна".parse().unwrap(),
                patronymic: None,
            },
            email: Some("anna@mail.ru".to_owned()),
        };
        assert_eq!(of_field(&of_esia, MismatchField::FamilyName).as_deref(), Some("Ёлкина"));
        assert_eq!(of_field(&of_esia, MismatchField::Patronymic).as_deref(), Some(""));
        assert_eq!(of_field(&of_esia, MismatchField::Email).as_deref(), Some("anna@mail.ru"));
        assert_eq!(of_field(&of_esia, MismatchField::Snils), None);
    }

    #[test]
    fn every_field_has_its_place_on_the_form() {
        assert_eq!(field_id(&path(MismatchField::GivenName)), "field-person-given_name");
        let mut text = CardText::default();
        text.person.email = "a@mail.ru".to_owned();
        assert_eq!(on_form(&text, MismatchField::Email), "a@mail.ru");
    }
}
