//! The organization of an application: found in the directory, or typed in whole.

use std::future::Future;
use std::pin::Pin;

use epos_shared::api::registration::DirectoryOrganization;
use leptos::prelude::*;

use super::form::{FULL_NAME, Form, INN, KPP, LISTED_NAME, Line, SHORT_NAME, TOWN};
use crate::api::Answer;
use crate::api::registration as api;
use crate::components::{Alert, Checkbox, ComboOption, Combobox, Found, live};
use crate::form::FormErrors;

/// What the last search has found: one of them is chosen.
type Last = StoredValue<Vec<DirectoryOrganization>>;

const SHORT: &str = "Краткое наименование организации";
const TYPED: [Line; 3] = [
    Line::new(FULL_NAME, "full_name", "Полное наименование организации"),
    Line::new(SHORT_NAME, "short_name", SHORT),
    Line { required: false, ..Line::new(TOWN, "town", "Населённый пункт") },
];
const LISTED: Line = Line {
    required: false,
    readonly: true,
    placeholder: "Заполнится само",
    ..Line::new(LISTED_NAME, "short_name", SHORT)
};
const NUMBERS: [Line; 2] = [
    Line { inputmode: "numeric", ..Line::new(INN, "inn", "ИНН организации (10 цифр)") },
    Line { inputmode: "numeric", ..Line::new(KPP, "kpp", "КПП организации (9 цифр)") },
];

/// An organization of the public directory, to be chosen.
pub fn option_of(organization: &DirectoryOrganization) -> ComboOption {
    let mut note = organization.short_name.clone();
    if !organization.town.is_empty() {
        note.push_str(", ");
        note.push_str(&organization.town);
    }
    if let Some(inn) = &organization.inn {
        note.push_str(", ИНН ");
        note.push_str(inn.as_str());
    }
    ComboOption { value: organization.id.to_string(), label: organization.full_name.clone(), note }
}

async fn find(text: String, last: Last) -> Answer<Found> {
    let found = api::directory(text, None).await?;
    let options = found.items.iter().map(option_of).collect();
    let _ = last.try_set_value(found.items);
    Ok(Found { options, more: found.more })
}

/// The fields.
pub(super) fn organization_fields(form: Form, errors: FormErrors) -> AnyView {
    let last = Last::default();
    let unlisted = form.unlisted;
    let fill = move |id: &str| {
        let found = last.with_value(|last| last.iter().find(|found| found.id.to_string() == id).cloned());
        let (name, inn, kpp) = match found {
            Some(found) => (found.short_name, found.inn.map(String::from), found.kpp.map(String::from)),
            None => Default::default(),
        };
        form.set(LISTED_NAME, name);
        form.set(INN, inn.unwrap_or_default());
        form.set(KPP, kpp.unwrap_or_default());
        for line in &NUMBERS {
            errors.changed(line.path);
        }
    };
    let pick = move |chosen: Option<ComboOption>| fill(&chosen.unwrap_or_default().value);
    let ticked = move || {
        // Numbers of an organization that is not meant any more would only be in the way.
        if form.chosen.with_untracked(Option::is_some) {
            form.chosen.set(None);
            fill("");
        }
        errors.changed("organization_id");
    };
    let search =
        move |text: String| -> Pin<Box<dyn Future<Output = Answer<Found>>>> { Box::pin(find(text, last)) };
    let list = live(move || {
        if unlisted.get() {
            return ().into_any();
        }
        view! {
            <Combobox
                path="organization_id"
                label="Выберите организацию"
                chosen=form.chosen
                on_change=pick
                search=search
                errors=errors
                placeholder="Выберите организацию"
                required=true
            />
        }
        .into_any()
    });
    let names = live(move || {
        if !unlisted.get() {
            return form.field(errors, &LISTED);
        }
        let mut views: Vec<AnyView> = TYPED.iter().map(|line| form.field(errors, line)).collect();
        let note = view! {
            <Alert>
                <p>
                    "Заявку сначала проверит техподдержка. Ответ придёт письмом, когда вы подтвердите адрес по ссылке из первого письма."
                </p>
            </Alert>
        };
        views.insert(0, note.into_any());
        views.into_any()
    });
    let numbers: Vec<AnyView> = NUMBERS.iter().map(|line| form.field(errors, line)).collect();
    view! {
        {list}
        <Checkbox id="unlisted" label="Моей организации нет в списке" checked=unlisted on_change=ticked/>
        {names}
        {numbers}
    }
    .into_any()
}
