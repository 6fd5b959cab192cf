//! «Регистрация» (screens.md 12).

use epos_shared::api::employees::PersonDraft;
use epos_shared::api::registration::RegistrationDraft;
use epos_shared::ids::OrganizationId;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::consent::{ConsentBox, ConsentParts};
use super::documentation;
use super::organization::OrganizationFields;
use super::sending::{Refusal, Sending};
use super::sent::LetterSent;
use crate::api::registration as api;
use crate::components::{Alert, Button, Checkbox, ComboOption, Kind, TextField};
use crate::drafts;
use crate::form::FormErrors;

/// The page's name among the drafts of the tab.
const PAGE: &str = "register";
/// Nobody is signed in: whoever signs in on this tab next forgets what was typed here.
const NOBODY: &str = "";

/// What stands on the form.
#[derive(Clone, Copy)]
pub(super) struct Form {
    family_name: RwSignal<String>,
    given_name: RwSignal<String>,
    patronymic: RwSignal<String>,
    no_patronymic: RwSignal<bool>,
    email: RwSignal<String>,
    position: RwSignal<String>,
    /// «Выберите организацию».
    pub chosen: RwSignal<Option<ComboOption>>,
    /// «Моей организации нет в списке».
    pub unlisted: RwSignal<bool>,
    /// «Полное наименование организации», typed in.
    pub full_name: RwSignal<String>,
    /// «Краткое наименование организации», typed in.
    pub short_name: RwSignal<String>,
    /// The same of the organization that was chosen.
    pub listed_name: RwSignal<String>,
    /// «Населённый пункт», typed in.
    pub town: RwSignal<String>,
    /// «ИНН организации (10 цифр)».
    pub inn: RwSignal<String>,
    /// «КПП организации (9 цифр)».
    pub kpp: RwSignal<String>,
    consent: ConsentParts,
}

impl Form {
    fn new() -> Self {
        Self {
            family_name: RwSignal::default(),
            given_name: RwSignal::default(),
            patronymic: RwSignal::default(),
            no_patronymic: RwSignal::default(),
            email: RwSignal::default(),
            position: RwSignal::default(),
            chosen: RwSignal::default(),
            unlisted: RwSignal::default(),
            full_name: RwSignal::default(),
            short_name: RwSignal::default(),
            listed_name: RwSignal::default(),
            town: RwSignal::default(),
            inn: RwSignal::default(),
            kpp: RwSignal::default(),
            consent: ConsentParts::new(),
        }
    }

    fn set(self, draft: RegistrationDraft, organization: String) {
        self.family_name.set(draft.person.family_name);
        self.given_name.set(draft.person.given_name);
        self.patronymic.set(draft.person.patronymic);
        self.no_patronymic.set(draft.person.no_patronymic);
        self.email.set(draft.person.email);
        self.position.set(draft.position);
        self.chosen.set(draft.organization_id.map(|id| ComboOption {
            value: id.to_string(),
            label: organization,
            note: String::new(),
        }));
        self.unlisted.set(draft.unlisted);
        self.full_name.set(draft.full_name);
        if draft.unlisted { self.short_name } else { self.listed_name }.set(draft.short_name);
        self.town.set(draft.town);
        self.inn.set(draft.inn);
        self.kpp.set(draft.kpp);
    }

    /// What is typed; reactive.
    fn draft(self) -> RegistrationDraft {
        let unlisted = self.unlisted.get();
        let no_patronymic = self.no_patronymic.get();
        let patronymic = self.patronymic.get();
        let chosen = self.chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok()));
        RegistrationDraft {
            person: PersonDraft {
                family_name: self.family_name.get(),
                given_name: self.given_name.get(),
                patronymic: if no_patronymic { String::new() } else { patronymic },
                no_patronymic,
                email: self.email.get(),
            },
            position: self.position.get(),
            organization_id: chosen.filter(|_| !unlisted).map(OrganizationId),
            unlisted,
            full_name: self.full_name.get(),
            short_name: if unlisted { self.short_name.get() } else { self.listed_name.get() },
            town: self.town.get(),
            inn: self.inn.get(),
            kpp: self.kpp.get(),
            consent_version: self.consent.version(),
        }
    }

    /// What is kept in the tab: everything but the consent, which is given anew.
    fn kept(self) -> (RegistrationDraft, String) {
        let draft = RegistrationDraft { consent_version: String::new(), ..self.draft() };
        (draft, self.chosen.with(|chosen| chosen.as_ref().map(|o| o.label.clone()).unwrap_or_default()))
    }
}

/// The page.
#[component]
pub fn Register() -> impl IntoView {
    let form = Form::new();
    let errors = FormErrors::new(move || form.draft().parse().err().unwrap_or_default());
    let sending = Sending::new(Some(errors));
    // Where the letter went, and for how many hours its link works.
    let sent = RwSignal::new(None::<(String, u32)>);
    let restored = RwSignal::new(false);

    let empty = untrack(move || form.kept());
    if let Some((draft, organization)) = drafts::find::<(RegistrationDraft, String)>(NOBODY, PAGE) {
        form.set(draft, organization);
        restored.set(true);
    }
    let blank = empty.clone();
    Effect::new(move |_| {
        let kept = form.kept();
        if sent.with(Option::is_some) || kept == blank {
            drafts::forget(PAGE);
        } else {
            drafts::keep(NOBODY, PAGE, &kept);
        }
    });
    let clear = move || {
        restored.set(false);
        errors.clear();
        form.set(empty.0.clone(), String::new());
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !sending.ready() {
            return;
        }
        let draft = untrack(move || form.draft());
        sending.send(Box::pin(async move {
            let answer = api::register(&draft).await;
            if let Err(error) = &answer {
                form.consent.refused(error);
            }
            let promised = answer?;
            let _ = sent.try_set(Some((draft.person.email.trim().to_owned(), promised.link_hours)));
            Ok(())
        }));
    };
    let again = move || {
        form.consent.take_back();
        errors.clear();
        restored.set(false);
        sent.set(None);
    };
    let clear = Callback::new(move |()| clear());
    let content = move || {
        match sent.get() {
        Some((email, hours)) => view! {
            <div class="stack">
                <LetterSent hours=hours>
                    <p>"На адрес " <strong>{email}</strong> " отправлено письмо о том, что делать дальше."</p>
                    {form.unlisted
                        .get_untracked()
                        .then(|| {
                            view! {
                                <p>
                                    "Подтвердите адрес по ссылке из письма: после этого заявку проверит техподдержка, потому что вашей организации нет в списке."
                                </p>
                            }
                        })}
                </LetterSent>
                <Button on_press=again>"Исправить и отправить ещё раз"</Button>
            </div>
        }
        .into_any(),
        None => view! {
            <form on:submit=submit novalidate=true class="columns">
                <h2>"Регистрация"</h2>
                {move || {
                    restored
                        .get()
                        .then(|| {
                            view! {
                                <Alert>
                                    <p>"Здесь то, что было введено раньше и не отправлено."</p>
                                    <div class="row">
                                        <Button class="button-small" on_press=clear>
                                            "Очистить форму"
                                        </Button>
                                    </div>
                                </Alert>
                            }
                        })
                }}
                <p class="small muted">"Поля со звёздочкой заполните обязательно."</p>
                {person_fields(form, errors)}
                <OrganizationFields form=form errors=errors/>
                <ConsentBox parts=form.consent errors=errors/>
                <div class="stack">
                    <Refusal sending=sending/>
                    <Button kind=Kind::Primary submit=true busy=sending.busy>
                        "Зарегистрироваться"
                    </Button>
                    <p class="small">
                        "Уже зарегистрированы? " <a href="/login/rsaa">"Войдите"</a> " или "
                        <a href="/recover">"восстановите пароль"</a> "."
                    </p>
                </div>
            </form>
        }
        .into_any(),
    }
    };
    documentation("Регистрация", content.into_any())
}

fn person_fields(form: Form, errors: FormErrors) -> AnyView {
    let ticked = move || {
        errors.changed("person/patronymic");
        errors.left("person/patronymic");
    };
    view! {
        <TextField
            path="person/family_name"
            label="Фамилия"
            placeholder="Введите фамилию"
            value=form.family_name
            errors=errors
            required=true
            autocomplete="family-name"
        />
        <TextField
            path="person/given_name"
            label="Имя"
            placeholder="Введите имя"
            value=form.given_name
            errors=errors
            required=true
            autocomplete="given-name"
        />
        <TextField
            path="person/patronymic"
            label="Отчество"
            placeholder="Отчество"
            value=form.patronymic
            errors=errors
            required=true
            disabled=form.no_patronymic
            autocomplete="additional-name"
        />
        <Checkbox id="no-patronymic" label="Без отчества" checked=form.no_patronymic on_change=ticked/>
        <TextField
            path="person/email"
            label="Email"
            placeholder="Введите email"
            value=form.email
            errors=errors
            required=true
            hint="На этот адрес придёт письмо с именем пользователя и ссылкой."
            kind="email"
            inputmode="email"
            autocomplete="email"
            plain=true
        />
        <TextField
            path="position"
            label="Должность"
            placeholder="Должность"
            value=form.position
            errors=errors
            required=true
            autocomplete="organization-title"
        />
    }
    .into_any()
}
