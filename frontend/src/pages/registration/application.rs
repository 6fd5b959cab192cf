//! «Заявка на учётную запись» of an education department (screens.md 4): the form with the scanned document, and the
//! credentials that an approved applicant gets.

use std::future::Future;
use std::pin::Pin;

use epos_shared::api::account_applications::{
    AccountApplicationDraft, AccountApplicationError, MAX_FILE_SIZE, MAX_FILES, ROLES,
};
use epos_shared::api::employees::PersonDraft;
use epos_shared::ids::OrganizationId;
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::InvalidValue as _;
use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::consent::ConsentParts;
use super::documentation;
use super::form::{EMAIL, FAMILY_NAME, GIVEN_NAME, Line, PATRONYMIC, PERSON, POSITION, line_field};
use super::organization::option_of;
use super::sending::Sending;
use super::sent::letter_sent;
use crate::api::registration as api;
use crate::api::{Answer, ApiError};
use crate::components::{
    Alert, Button, Checkbox, ComboOption, Combobox, Found, Heading, Icon, Kind, LinkButton, Picture, Secret,
    SecretBox, Select, live, use_secret,
};
use crate::dom;
use crate::drafts;
use crate::form::{FormErrors, field_id};
use crate::russian::size;

/// The page's name among the drafts of the tab.
const PAGE: &str = "account-application";
/// Nobody is signed in: whoever signs in on this tab next forgets what was typed here.
const NOBODY: &str = "";
/// The path of the field with the files.
const FILES: &str = "files";

const TERRITORY: usize = 5;
const PHONE: usize = 6;
const LINES: usize = 7;

const TYPED_TERRITORY: Line = Line {
    placeholder: "Например: Верхнекамский округ, управление образованием",
    ..Line::new(TERRITORY, "territory", "Территория и управление")
};
const TELEPHONE: Line = Line {
    required: false,
    placeholder: "+7 342 217-79-00",
    inputmode: "tel",
    autocomplete: "tel",
    ..Line::new(PHONE, "person/phone", "Телефон")
};

/// Files of the browser: they cannot leave this thread, nor be kept in the tab.
type Files = RwSignal<Vec<web_sys::File>, LocalStorage>;

/// What stands on the form.
#[derive(Clone, Copy)]
struct Form {
    lines: [RwSignal<String>; LINES],
    no_patronymic: RwSignal<bool>,
    role: RwSignal<String>,
    chosen: RwSignal<Option<ComboOption>>,
    unlisted: RwSignal<bool>,
    consent: ConsentParts,
    files: Files,
    /// How many files there are, for what judges the form.
    attached: RwSignal<usize>,
}

impl Form {
    fn new() -> Self {
        Self {
            lines: std::array::from_fn(|_| RwSignal::default()),
            no_patronymic: RwSignal::default(),
            role: RwSignal::default(),
            chosen: RwSignal::default(),
            unlisted: RwSignal::default(),
            consent: ConsentParts::new(),
            files: RwSignal::new_local(Vec::new()),
            attached: RwSignal::new(0),
        }
    }

    fn text(self, place: usize) -> String {
        self.lines.get(place).map(|line| line.get()).unwrap_or_default()
    }

    /// What is typed; reactive.
    fn draft(self) -> AccountApplicationDraft {
        let unlisted = self.unlisted.get();
        let no_patronymic = self.no_patronymic.get();
        let patronymic = self.text(PATRONYMIC);
        let chosen = self.chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.value.parse().ok()));
        AccountApplicationDraft {
            person: PersonDraft {
                family_name: self.text(FAMILY_NAME),
                given_name: self.text(GIVEN_NAME),
                patronymic: if no_patronymic { String::new() } else { patronymic },
                no_patronymic,
                email: self.text(EMAIL),
                phone: self.text(PHONE),
                ..PersonDraft::default()
            },
            role: self.role.with(|role| Role::from_wire(role)),
            position: self.text(POSITION),
            organization_id: chosen.filter(|_| !unlisted).map(OrganizationId),
            unlisted,
            territory: self.text(TERRITORY),
            consent_version: self.consent.version(),
        }
    }

    /// Every wrong field; reactive.
    fn judge(self) -> Vec<FieldError> {
        let mut errors = self.draft().parse().err().unwrap_or_default();
        for error in &mut errors {
            // The box of this page is called in full.
            error.message = error.message.replace("«Без отч.»", "«Без отчества»");
        }
        if self.attached.get() == 0 {
            errors.push(AccountApplicationError::FilesMissing.at(FILES));
        }
        errors
    }

    /// What is kept in the tab: everything but the consent and the files. Empty where nothing is typed.
    fn kept(self) -> Vec<String> {
        let tick = |ticked: bool| if ticked { "1".to_owned() } else { String::new() };
        let mut kept = vec![tick(self.no_patronymic.get()), tick(self.unlisted.get()), self.role.get()];
        let ComboOption { value, label, .. } = self.chosen.get().unwrap_or_default();
        kept.extend([value, label]);
        kept.extend(self.lines.iter().map(|line| line.get()));
        if kept.iter().all(String::is_empty) { Vec::new() } else { kept }
    }

    fn restore(self, kept: Vec<String>) {
        let mut kept = kept.into_iter();
        let mut next = || kept.next().unwrap_or_default();
        self.no_patronymic.set(!next().is_empty());
        self.unlisted.set(!next().is_empty());
        self.role.set(next());
        let (value, label) = (next(), next());
        self.chosen.set((!value.is_empty()).then(|| ComboOption { value, label, note: String::new() }));
        for line in self.lines {
            line.set(next());
        }
    }

    fn field(self, errors: FormErrors, line: &Line) -> AnyView {
        let Some(value) = self.lines.get(line.place).copied() else { return ().into_any() };
        let no_patronymic = (line.place == PATRONYMIC).then_some(self.no_patronymic);
        let disabled = Signal::derive(move || no_patronymic.is_some_and(|ticked| ticked.get()));
        line_field(errors, line, value, disabled)
    }

    /// Takes files that were chosen; what cannot be sent is told and left out.
    fn take(self, errors: FormErrors, chosen: Vec<web_sys::File>) {
        use AccountApplicationError as E;
        let mut wrong = None;
        self.files.update(|files| {
            for file in chosen {
                let error = match file.size() {
                    _ if files.len() >= MAX_FILES => E::TooManyFiles,
                    size if size < 1.0 => E::FileEmpty,
                    size if size > MAX_FILE_SIZE as f64 => E::FileTooLarge,
                    _ => {
                        files.push(file);
                        continue;
                    }
                };
                wrong = Some(told(&file.name(), &error.to_string()));
            }
        });
        self.attached.set(self.files.with_untracked(Vec::len));
        errors.changed(FILES);
        if let Some(message) = wrong {
            errors.refuse(&[FieldError { field: FILES.to_owned(), code: String::new(), message }]);
        }
    }

    fn drop_file(self, place: usize) {
        self.files.update(|files| {
            if place < files.len() {
                files.remove(place);
            }
        });
        self.attached.set(self.files.with_untracked(Vec::len));
        // The button is gone with its file.
        dom::focus_later(field_id(FILES));
    }
}

fn told(name: &str, message: &str) -> String {
    format!("«{name}»: {message}")
}

/// Sends the application; gives its number and for how many hours the link works.
async fn send(
    draft: AccountApplicationDraft,
    files: Vec<web_sys::File>,
    progress: RwSignal<String>,
) -> Answer<(String, u32)> {
    let begun = api::begin_application(&draft).await?;
    let all = files.len();
    for (place, file) in files.into_iter().enumerate() {
        let name = file.name();
        let _ = progress.try_set(format!("Отправляется файл {} из {all}: {name}", place + 1));
        api::attach(&begun.ticket, file).await.map_err(|error| of_file(error, &name))?;
    }
    let sent = api::send_application(&begun.ticket).await?;
    Ok((sent.number, sent.link_hours))
}

/// What is wrong with a file stands at the field of the files, with its name.
fn of_file(error: ApiError, name: &str) -> ApiError {
    let ApiError::Problem(mut problem) = error else { return error };
    if problem.code == ProblemCode::BodyTooLarge {
        *problem = Problem::validation(vec![AccountApplicationError::FileTooLarge.at("file")]);
    }
    for error in &mut problem.errors {
        FILES.clone_into(&mut error.field);
        error.message = told(name, &error.message);
    }
    ApiError::Problem(problem)
}

/// The form.
#[component]
pub fn Apply() -> impl IntoView {
    let form = Form::new();
    let errors = FormErrors::new(move || form.judge());
    let sending = Sending::new(errors);
    let progress = RwSignal::new(String::new());
    // The number, where the letter went, and for how many hours its link works.
    let sent = RwSignal::new(None::<(String, String, u32)>);
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
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !sending.ready() {
            return;
        }
        let draft = untrack(move || form.draft());
        let files = form.files.get_untracked();
        sending.send(Box::pin(async move {
            let email = draft.person.email.trim().to_owned();
            let answer = send(draft, files, progress).await;
            let _ = progress.try_set(String::new());
            if let Err(error) = &answer {
                form.consent.refused(error);
            }
            let (number, hours) = answer?;
            let _ = sent.try_set(Some((number, email, hours)));
            Ok(())
        }));
    };
    let again = Callback::new(move |()| {
        form.consent.take_back();
        errors.clear();
        restored.set(false);
        sent.set(None);
    });
    let content = live(move || {
        match sent.get() {
        Some((number, email, hours)) => {
            let words = format!(
                "Номер заявки: {number}. На адрес {email} отправлено письмо: подтвердите адрес по ссылке из него. После этого заявку рассмотрит техподдержка, и ответ придёт письмом."
            );
            letter_sent(words, hours, "Отправить ещё одну заявку", again)
        }
        None => view! {
            <form on:submit=submit novalidate=true class="columns">
                <h2>"Заявка на учётную запись"</h2>
                <p>
                    "Для тех, кого назначили в управление образованием или в дошкольное образование. Работники школ, СПО и детских садов "
                    <a href="/register">"регистрируются сами"</a> "."
                </p>
                {live(move || {
                    if restored.get() {
                        view! {
                            <Alert>
                                <p>
                                    "Здесь то, что было введено раньше и не отправлено. Файлы нужно выбрать заново."
                                </p>
                            </Alert>
                        }
                            .into_any()
                    } else {
                        ().into_any()
                    }
                })}
                <p class="small muted">"Поля со звёздочкой заполните обязательно."</p>
                {fields(form, errors)}
                {files_field(form, errors)}
                {form.consent.checkbox(errors)}
                {sending.refusal()}
                <p role="status">{move || progress.get()}</p>
                <div>
                    <Button kind=Kind::Primary submit=true busy=sending.busy>
                        "Отправить заявку"
                    </Button>
                </div>
            </form>
        }
        .into_any(),
    }
    });
    documentation("Заявка на учётную запись", content)
}

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
    views.push(form.field(errors, &TELEPHONE));
    let roles: Vec<_> =
        ROLES.iter().map(|role| (role.as_str().to_owned(), role.title().to_owned())).collect();
    let role = view! {
        <Select
            path="role"
            label="Роль"
            value=form.role
            on_change=move |wire: String| form.role.set(wire)
            options=roles
            empty="Выберите роль"
            errors=errors
            required=true
        />
    };
    views.push(role.into_any());
    views.push(territory_fields(form, errors));
    views.into_any()
}

async fn find(text: String) -> Answer<Found> {
    let found = api::directory(text, Some(OrganizationKind::EducationDepartment)).await?;
    Ok(Found { options: found.items.iter().map(option_of).collect(), more: found.more })
}

fn territory_fields(form: Form, errors: FormErrors) -> AnyView {
    let unlisted = form.unlisted;
    let ticked = move || errors.changed("organization_id");
    let search = move |text: String| -> Pin<Box<dyn Future<Output = Answer<Found>>>> { Box::pin(find(text)) };
    let territory = live(move || {
        if unlisted.get() {
            return form.field(errors, &TYPED_TERRITORY);
        }
        view! {
            <Combobox
                path="organization_id"
                label="Управление образованием"
                chosen=form.chosen
                on_change=|_| ()
                search=search
                errors=errors
                placeholder="Начните вводить территорию"
                required=true
            />
        }
        .into_any()
    });
    view! {
        {territory}
        <Checkbox id="unlisted" label="Управления нет в списке" checked=unlisted on_change=ticked/>
    }
    .into_any()
}

fn files_field(form: Form, errors: FormErrors) -> AnyView {
    let error = Memo::new(move |_| errors.message(FILES));
    let wrong = move || error.with(Option::is_some);
    let choose = move |event: Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        let chosen = input.files().map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect());
        form.take(errors, chosen.unwrap_or_default());
        // The same file may be chosen again, once it was mended.
        input.set_value("");
    };
    let list = live(move || {
        let row = |(place, file): (usize, &web_sys::File)| {
            let name = file.name();
            let hidden = format!(" {name}");
            view! {
                <li class="row">
                    <span class="file-name">{format!("{name}, {}", size(file.size()))}</span>
                    <Button class="button-small" on_press=move || form.drop_file(place)>
                        "Убрать"
                        <span class="visually-hidden">{hidden}</span>
                    </Button>
                </li>
            }
            .into_any()
        };
        let rows: Vec<AnyView> = form.files.with(|files| files.iter().enumerate().map(row).collect());
        view! { <ul class="plain" aria-label="Выбранные файлы">{rows}</ul> }.into_any()
    });
    let message = live(move || match error.get() {
        Some(error) => view! {
            <p class="field-error" id="files-error">
                <Icon picture=Picture::Error/>
                <span>{error}</span>
            </p>
        }
        .into_any(),
        None => ().into_any(),
    });
    view! {
        <div class="field">
            <label class="field-label" for=field_id(FILES)>
                "Скан приказа о назначении"
                <span class="star" aria-hidden="true">
                    " *"
                </span>
            </label>
            <input
                class="input"
                type="file"
                multiple=true
                accept=".pdf,.jpg,.jpeg,.png"
                id=field_id(FILES)
                aria-required="true"
                aria-invalid=move || wrong().then_some("true")
                aria-describedby=move || if wrong() { "files-hint files-error" } else { "files-hint" }
                on:change=choose
            />
            <p class="field-hint" id="files-hint">
                "PDF, JPEG или PNG, до пяти файлов, каждый не больше 10 МБ."
            </p>
            {message}
            {list}
        </div>
    }
    .into_any()
}

/// Login and one-time password of the card, shown to the very person they are for. They live in memory alone.
pub(super) fn credentials(secret: Secret) -> AnyView {
    let context = use_secret();
    context.show(secret.clone());
    on_cleanup(move || context.forget());
    view! {
        <div class="main-form stack">
            <Heading text="Логин и пароль карточки"/>
            <SecretBox secret=secret own=true/>
            <p>
                "Дальше войдите под своей учётной записью РСАА или через Госуслуги, выберите подсистему «Контингент» и введите этот логин и пароль. Нет учётной записи РСАА? Зарегистрируйтесь: фамилия, имя и отчество должны быть такими же, как в заявке."
            </p>
            <div class="row">
                <LinkButton href="/login/rsaa">"Войти"</LinkButton>
                <LinkButton href="/register">"Зарегистрироваться"</LinkButton>
            </div>
        </div>
    }
    .into_any()
}
