//! The person of a card: ФИО, e-mail, login, note.

use epos_shared::api::mismatches::MismatchField;
use leptos::prelude::*;

use super::editor::Editor;
use super::esia::told;
use crate::components::{Checkbox, ReadOnlyField, TextArea, TextField};

/// The fields, or what stands in them where they may not be changed.
#[component]
pub fn PersonFields(editor: Editor) -> impl IntoView {
    let open = Memo::new(move |_| {
        editor.card.with(|card| card.as_ref().is_none_or(|card| card.permissions.edit_person.is_possible()))
    });
    view! {
        <div class="panel-head">
            <h2 id="person-title">"Сотрудник"</h2>
        </div>
        {move || if open.get() { inputs(editor) } else { words(editor) }}
    }
}

fn inputs(editor: Editor) -> AnyView {
    let form = editor.form;
    let errors = editor.errors;
    let email_required =
        editor.card.with_untracked(|card| card.as_ref().is_none_or(|card| card.email.is_some()));
    let ticked = move || {
        errors.changed("person/patronymic");
        errors.left("person/patronymic");
    };
    view! {
        <div class="columns columns-2">
            <div>
                <TextField
                    path="person/family_name"
                    label="Фамилия"
                    value=form.family_name
                    errors=errors
                    required=true
                />
                {told(editor, MismatchField::FamilyName)}
            </div>
            <div>
                <TextField
                    path="person/given_name"
                    label="Имя"
                    value=form.given_name
                    errors=errors
                    required=true
                />
                {told(editor, MismatchField::GivenName)}
            </div>
            <div>
                <TextField
                    path="person/patronymic"
                    label="Отчество"
                    value=form.patronymic
                    errors=errors
                    required=true
                    disabled=form.no_patronymic
                />
                {told(editor, MismatchField::Patronymic)}
            </div>
            <div class="check-beside">
                <Checkbox id="no-patronymic" label="Без отч." checked=form.no_patronymic on_change=ticked/>
            </div>
        </div>
        <div class="columns columns-2 gap-above">
            <div>
                <TextField
                    path="person/email"
                    label="E-mail"
                    value=form.email
                    errors=errors
                    required=email_required
                    hint="По нему сотрудника узнают при входе через Госуслуги: адрес должен быть тем же."
                    kind="email"
                    inputmode="email"
                    plain=true
                />
                {told(editor, MismatchField::Email)}
            </div>
            {login(editor)}
            <TextField
                path="person/snils"
                label="СНИЛС"
                value=form.snils
                errors=errors
                hint="Необязательно. Если указан, должен совпасть с СНИЛС на Госуслугах."
                inputmode="numeric"
                plain=true
            />
            <TextField
                path="person/phone"
                label="Телефон"
                value=form.phone
                errors=errors
                kind="tel"
                inputmode="tel"
                plain=true
            />
        </div>
        <div class="gap-above">
            <TextArea path="note" label="Примечание" value=form.note errors=errors/>
        </div>
    }
    .into_any()
}

fn login(editor: Editor) -> AnyView {
    let login = move || editor.card.with(|card| card.as_ref().map(|card| card.login.to_string()));
    view! {
        <ReadOnlyField label="Логин">
            {move || {
                login()
                    .map_or_else(
                        || view! { <span class="muted">"Появится после сохранения"</span> }.into_any(),
                        |login| view! { <span class="mono">{login}</span> }.into_any(),
                    )
            }}
        </ReadOnlyField>
    }
    .into_any()
}

fn words(editor: Editor) -> AnyView {
    let Some(card) = editor.card.get() else { return ().into_any() };
    let patronymic = card.name.patronymic.map_or_else(|| "без отчества".to_owned(), |name| name.to_string());
    let email = card.email.map_or_else(|| "не указан".to_owned(), |email| email.to_string());
    let snils = card.snils.map_or_else(|| "не указан".to_owned(), |snils| snils.formatted());
    let phone = card.phone.map_or_else(|| "не указан".to_owned(), |phone| phone.to_string());
    let note = if card.note.is_empty() { "нет".to_owned() } else { card.note };
    view! {
        <dl class="facts">
            <dt>"Фамилия"</dt>
            <dd>{card.name.family_name.to_string()}</dd>
            <dt>"Имя"</dt>
            <dd>{card.name.given_name.to_string()}</dd>
            <dt>"Отчество"</dt>
            <dd>{patronymic}</dd>
            <dt>"E-mail"</dt>
            <dd>{email}</dd>
            <dt>"СНИЛС"</dt>
            <dd>{snils}</dd>
            <dt>"Телефон"</dt>
            <dd>{phone}</dd>
            <dt>"Логин"</dt>
            <dd class="mono">{card.login.to_string()}</dd>
            <dt>"Примечание"</dt>
            <dd class="lines">{note}</dd>
        </dl>
    }
    .into_any()
}
