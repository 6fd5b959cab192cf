//! «Регистрация» (screens.md 12).

use epos_shared::api::employees::PersonDraft;
use epos_shared::api::registration::RegistrationDraft;
use epos_shared::ids::OrganizationId;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::consent::ConsentParts;
use super::documentation;
use super::organization::organization_fields;
use super::sending::Sending;
use super::sent::letter_sent;
use crate::api::registration as api;
use crate::components::{Alert, Button, Checkbox, ComboOption, Kind, TextField, live};
use crate::drafts;
use crate::form::FormErrors;

/// The page's name among the drafts of the tab.
const PAGE: &str = "register";
/// Nobody is signed in: whoever signs in on this tab next forgets what was typed here.
const NOBODY: &str = "";

/// A line of the form: one piece of code for all of them.
pub(super) struct Line {
    /// Its place in [`Form::lines`].
    pub place: usize,
    /// Its path in the request.
    pub path: &'static str,
    /// Its label.
    pub label: &'static str,
    /// A sample of what to type.
    pub placeholder: &'static str,
    /// The keyboard of a telephone.
    pub inputmode: &'static str,
    /// What a browser may fill in.
    pub autocomplete: &'static str,
    /// Whether it is mandatory.
    pub required: bool,
    /// Whether the choice of the organization fills it in.
    pub readonly: bool,
}

impl Line {
    /// A mandatory line of text.
    pub const fn new(place: usize, path: &'static str, label: &'static str) -> Self {
        Self {
            place,
            path,
            label,
            placeholder: "",
            inputmode: "text",
            autocomplete: "off",
            required: true,
            readonly: false,
        }
    }
}

/// «Фамилия».
pub(super) const FAMILY_NAME: usize = 0;
/// «Имя».
pub(super) const GIVEN_NAME: usize = 1;
/// «Отчество».
pub(super) const PATRONYMIC: usize = 2;
/// «Email».
pub(super) const EMAIL: usize = 3;
/// «Должность».
pub(super) const POSITION: usize = 4;
/// «Полное наименование организации», typed in.
pub(super) const FULL_NAME: usize = 5;
/// «Краткое наименование организации», typed in.
pub(super) const SHORT_NAME: usize = 6;
/// «Населённый пункт», typed in.
pub(super) const TOWN: usize = 7;
/// «Краткое наименование организации» of the one that was chosen.
pub(super) const LISTED_NAME: usize = 8;
/// «ИНН организации (10 цифр)».
pub(super) const INN: usize = 9;
/// «КПП организации (9 цифр)».
pub(super) const KPP: usize = 10;
const LINES: usize = 11;

/// ФИО, e-mail and position, in the order of the form: their places are those of this list.
pub(super) const PERSON: [Line; 5] = [
    Line {
        placeholder: "Введите фамилию",
        autocomplete: "family-name",
        ..Line::new(FAMILY_NAME, "person/family_name", "Фамилия")
    },
    Line {
        placeholder: "Введите имя",
        autocomplete: "given-name",
        ..Line::new(GIVEN_NAME, "person/given_name", "Имя")
    },
    Line {
        placeholder: "Отчество",
        autocomplete: "additional-name",
        ..Line::new(PATRONYMIC, "person/patronymic", "Отчество")
    },
    Line {
        placeholder: "Введите email",
        inputmode: "email",
        autocomplete: "email",
        ..Line::new(EMAIL, "person/email", "Email")
    },
    Line {
        placeholder: "Должность",
        autocomplete: "organization-title",
        ..Line::new(POSITION, "position", "Должность")
    },
];

/// What stands on the form.
#[derive(Clone, Copy)]
pub(super) struct Form {
    lines: [RwSignal<String>; LINES],
    no_patronymic: RwSignal<bool>,
    /// «Выберите организацию».
    pub chosen: RwSignal<Option<ComboOption>>,
    /// «Моей организации нет в списке».
    pub unlisted: RwSignal<bool>,
    consent: ConsentParts,
}

impl Form {
    fn new() -> Self {
        Self {
            lines: std::array::from_fn(|_| RwSignal::default()),
            no_patronymic: RwSignal::default(),
            chosen: RwSignal::default(),
            unlisted: RwSignal::default(),
            consent: ConsentParts::new(),
        }
    }

    /// Puts a text on a line.
    pub fn set(self, place: usize, text: String) {
        if let Some(line) = self.lines.get(place) {
            line.set(text);
        }
    }

    /// What stands on a line; reactive.
    fn text(self, place: usize) -> String {
        self.lines.get(place).map(|line| line.get()).unwrap_or_default()
    }

    /// What is typed; reactive.
    fn draft(self) -> RegistrationDraft {
        let unlisted = self.unlisted.get();
        let no_patronymic = self.no_patronymic.get();
        let patronymic = self.text(PATRONYMIC);
        let chosen = self.chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok()));
        RegistrationDraft {
            person: PersonDraft {
                family_name: self.text(FAMILY_NAME),
                given_name: self.text(GIVEN_NAME),
                // What was typed stays in the field, out of sight, in case the tick is taken back.
                patronymic: if no_patronymic { String::new() } else { patronymic },
                no_patronymic,
                email: self.text(EMAIL),
                ..PersonDraft::default()
            },
            position: self.text(POSITION),
            organization_id: chosen.filter(|_| !unlisted).map(OrganizationId),
            unlisted,
            full_name: self.text(FULL_NAME),
            short_name: self.text(if unlisted { SHORT_NAME } else { LISTED_NAME }),
            town: self.text(TOWN),
            inn: self.text(INN),
            kpp: self.text(KPP),
            consent_version: self.consent.version(),
        }
    }

    /// What is kept in the tab: everything but the consent, which is given anew. Empty where nothing is typed.
    fn kept(self) -> Vec<String> {
        let tick = |ticked: bool| if ticked { "1".to_owned() } else { String::new() };
        let mut kept = vec![tick(self.no_patronymic.get()), tick(self.unlisted.get())];
        let ComboOption { value, label, .. } = self.chosen.get().unwrap_or_default();
        kept.extend([value, label]);
        kept.extend(self.lines.iter().map(|line| line.get()));
        if kept.iter().all(String::is_empty) { Vec::new() } else { kept }
    }

    /// Puts that onto the form; nothing empties it.
    fn restore(self, kept: Vec<String>) {
        let mut kept = kept.into_iter();
        let mut next = || kept.next().unwrap_or_default();
        self.no_patronymic.set(!next().is_empty());
        self.unlisted.set(!next().is_empty());
        let (value, label) = (next(), next());
        self.chosen.set((!value.is_empty()).then(|| ComboOption { value, label, note: String::new() }));
        for line in self.lines {
            line.set(next());
        }
    }

    /// The field of a line.
    pub fn field(self, errors: FormErrors, line: &Line) -> AnyView {
        let Some(value) = self.lines.get(line.place).copied() else { return ().into_any() };
        let no_patronymic = (line.place == PATRONYMIC).then_some(self.no_patronymic);
        let disabled = Signal::derive(move || no_patronymic.is_some_and(|ticked| ticked.get()));
        line_field(errors, line, value, disabled)
    }
}

/// The field of a line.
pub(super) fn line_field(
    errors: FormErrors,
    line: &Line,
    value: RwSignal<String>,
    disabled: Signal<bool>,
) -> AnyView {
    let is_email = line.inputmode == "email";
    view! {
        <TextField
            path=line.path
            label=line.label
            value=value
            errors=errors
            required=line.required
            kind=if is_email { "email" } else { "text" }
            autocomplete=line.autocomplete
            inputmode=line.inputmode
            disabled=disabled
            readonly=line.readonly
            placeholder=line.placeholder
            plain=is_email
        />
    }
    .into_any()
}

/// The page.
#[component]
pub fn Register() -> impl IntoView {
    let form = Form::new();
    let errors = FormErrors::new(move || {
        let mut errors = form.draft().parse().err().unwrap_or_default();
        for error in &mut errors {
            // The box of this page is called in full.
            error.message = error.message.replace("«Без отч.»", "«Без отчества»");
        }
        errors
    });
    let sending = Sending::new(errors);
    // Where the letter went, and for how many hours its link works.
    let sent = RwSignal::new(None::<(String, u32)>);
    let restored = RwSignal::new(false);
    if let Some(kept) = drafts::find::<Vec<String>>(NOBODY, PAGE) {
        form.restore(kept);
        restored.set(true);
    }
    Effect::new(move |_| {
        let kept = form.kept();
        if kept.is_empty() || sent.with(Option::is_some) {
            drafts::forget(PAGE);
        } else {
            drafts::keep(NOBODY, PAGE, &kept);
        }
    });
    let clear = move || {
        restored.set(false);
        errors.clear();
        form.restore(Vec::new());
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
            let _ = sent.try_set(Some((draft.person.email, answer?.link_hours)));
            Ok(())
        }));
    };
    let again = Callback::new(move |()| {
        form.consent.take_back();
        errors.clear();
        restored.set(false);
        sent.set(None);
    });
    let content = live(move || match sent.get() {
        Some((email, hours)) => {
            let email = email.trim();
            let words = if form.unlisted.get_untracked() {
                format!(
                    "На адрес {email} отправлено письмо. Подтвердите адрес по ссылке из него: после этого заявку проверит техподдержка, потому что вашей организации нет в списке."
                )
            } else {
                format!("На адрес {email} отправлено письмо о том, что делать дальше.")
            };
            letter_sent(words, hours, "Исправить и отправить ещё раз", again)
        }
        None => view! {
            <form on:submit=submit novalidate=true class="columns">
                <h2>"Регистрация"</h2>
                {live(move || {
                    if restored.get() {
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
                            .into_any()
                    } else {
                        ().into_any()
                    }
                })}
                <p class="small muted">"Поля со звёздочкой заполните обязательно."</p>
                {fields(form, errors)}
                {form.consent.checkbox(errors)}
                {sending.refusal()}
                <div>
                    <Button kind=Kind::Primary submit=true busy=sending.busy>
                        "Зарегистрироваться"
                    </Button>
                </div>
                <p class="small" inner_html=SIGN_IN></p>
            </form>
        }
        .into_any(),
    });
    documentation("Регистрация", content)
}

const SIGN_IN: &str = r#"Уже зарегистрированы? <a href="/login/rsaa">Войдите</a> или <a href="/recover">восстановите пароль</a>."#;

fn fields(form: Form, errors: FormErrors) -> AnyView {
    let ticked = move || {
        errors.changed("person/patronymic");
        errors.left("person/patronymic");
    };
    let mut views: Vec<AnyView> = PERSON.iter().map(|line| form.field(errors, line)).collect();
    // «Без отчества» stands below the field that it closes.
    let without = view! {
        <Checkbox id="no-patronymic" label="Без отчества" checked=form.no_patronymic on_change=ticked/>
    };
    views.insert(PATRONYMIC + 1, without.into_any());
    views.push(organization_fields(form, errors));
    views.into_any()
}
