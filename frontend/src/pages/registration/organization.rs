//! The organization of an application: found in the directory, or typed in whole.

use std::collections::BTreeMap;
use std::pin::Pin;

use epos_shared::api::registration::DirectoryOrganization;
use leptos::prelude::*;

use super::form::Form;
use crate::api::Answer;
use crate::api::registration as api;
use crate::components::{Alert, Checkbox, ComboOption, Combobox, Found, TextField};
use crate::form::FormErrors;

/// Organizations that a search has found, by what stands for them in the list.
type Known = StoredValue<BTreeMap<String, DirectoryOrganization>>;

fn option_of(organization: &DirectoryOrganization) -> ComboOption {
    let mut note = vec![organization.short_name.clone()];
    note.extend(Some(organization.town.clone()).filter(|town| !town.is_empty()));
    note.extend(organization.inn.as_ref().map(|inn| format!("ИНН {inn}")));
    ComboOption {
        value: organization.id.to_string(),
        label: organization.full_name.clone(),
        note: note.join(", "),
    }
}

async fn find(text: String, known: Known) -> Answer<Found> {
    let found = api::directory(text).await?;
    let options = found.items.iter().map(option_of).collect();
    let _ = known.try_update_value(|known| {
        known.extend(found.items.into_iter().map(|organization| (organization.id.to_string(), organization)));
    });
    Ok(Found { options, more: found.more })
}

/// The fields.
#[component]
pub(super) fn OrganizationFields(form: Form, errors: FormErrors) -> impl IntoView {
    let known = Known::default();
    let pick = Callback::new(move |chosen: Option<ComboOption>| {
        let organization =
            chosen.and_then(|chosen| known.with_value(|known| known.get(&chosen.value).cloned()));
        let (short_name, inn, kpp) = organization.map_or_else(Default::default, |organization| {
            let text = |number: Option<String>| number.unwrap_or_default();
            (
                organization.short_name,
                text(organization.inn.map(|inn| inn.to_string())),
                text(organization.kpp.map(|kpp| kpp.to_string())),
            )
        });
        form.listed_name.set(short_name);
        form.inn.set(inn);
        form.kpp.set(kpp);
        for path in ["inn", "kpp"] {
            errors.changed(path);
        }
    });
    let search =
        move |text: String| -> Pin<Box<dyn Future<Output = Answer<Found>>>> { Box::pin(find(text, known)) };
    let unlisted = form.unlisted;
    let ticked = move || {
        // Numbers of an organization that is not meant any more would only be in the way.
        if form.chosen.get_untracked().is_some() {
            form.chosen.set(None);
            pick.run(None);
        }
        errors.changed("organization_id");
    };
    let list = move || {
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
    };
    let names = move || {
        if unlisted.get() {
            view! {
                <Alert>
                    <p>
                        "Заявку сначала проверит техподдержка. Ответ придёт письмом, когда вы подтвердите адрес по ссылке из первого письма."
                    </p>
                </Alert>
                <TextField
                    path="full_name"
                    label="Полное наименование организации"
                    value=form.full_name
                    errors=errors
                    required=true
                />
                <TextField
                    path="short_name"
                    label="Краткое наименование организации"
                    value=form.short_name
                    errors=errors
                    required=true
                />
                <TextField path="town" label="Населённый пункт" value=form.town errors=errors/>
            }
            .into_any()
        } else {
            view! {
                <TextField
                    path="short_name"
                    label="Краткое наименование организации"
                    value=form.listed_name
                    errors=errors
                    readonly=true
                    hint="Заполнится, когда вы выберете организацию."
                />
            }
            .into_any()
        }
    };
    view! {
        {move || (!unlisted.get()).then(list)}
        <Checkbox id="unlisted" label="Моей организации нет в списке" checked=unlisted on_change=ticked/>
        {names}
        <TextField
            path="inn"
            label="ИНН организации (10 цифр)"
            value=form.inn
            errors=errors
            required=true
            inputmode="numeric"
        />
        <TextField
            path="kpp"
            label="КПП организации (9 цифр)"
            value=form.kpp
            errors=errors
            required=true
            inputmode="numeric"
        />
    }
    .into_any()
}
