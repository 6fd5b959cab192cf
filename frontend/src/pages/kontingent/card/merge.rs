//! «Объединить карточки»: which other one, what would become of both, what stays where they differ.

use epos_shared::api::employees::{EmployeeCard, EmployeeQuery, RoleAssignment};
use epos_shared::api::same_person::{CardMergeDraft, CardMergePreview, MergeDifference, MergeField};
use epos_shared::ids::EmployeeId;
use epos_shared::problem::ProblemCode;
use epos_shared::values::format_date;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};

use crate::api::{self, Answer, ApiError};
use crate::components::{
    Alert, Breadcrumbs, Button, ComboOption, Combobox, Fetched, Fetching, Found, Heading, Kind, LinkButton,
    ProblemAlert, Tone, facts, live, panel, shown,
};
use crate::form::FormErrors;
use crate::pages::kontingent::{ListPlace, Working, card_address};
use crate::session::{SessionContext, use_session};
use crate::{address, dom};

/// Tells the card's page that it stays of two.
pub const MERGED: &str = "epos-merged";

/// The address of the page, with the card that goes where it is chosen.
#[must_use]
pub fn address(stays: EmployeeId, goes: Option<EmployeeId>) -> String {
    address::with_query(&format!("/kontingent/merge/{stays}"), [("with", goes.map(|id| id.to_string()))])
}

/// `/kontingent/merge/:id`.
pub fn merging(id: &str) -> AnyView {
    let Ok(id) = id.parse::<EmployeeId>() else { return super::missing() };
    view! { <Working>{page(id)}</Working> }.into_any()
}

fn page(id: EmployeeId) -> AnyView {
    let session = use_session();
    let parameters = use_query_map();
    let pathname = use_location().pathname;
    let own = address(id, None);
    let with = Memo::new(move |before: Option<&Option<EmployeeId>>| {
        let read = parameters.with(|map| map.get("with").and_then(|other| other.parse::<EmployeeId>().ok()));
        // The address changes a moment before the page does: what is another page's says nothing of this one.
        let left = pathname.with(|path| *path != own);
        before.copied().filter(|_| left).unwrap_or(read)
    });
    let kept =
        Kept { again: RwSignal::new(()), take: RwSignal::new(Vec::new()), failure: RwSignal::new(None) };
    let ask = move || {
        // Of another card nothing was chosen yet.
        let other = with.get();
        if other.is_none() {
            kept.take.set(Vec::new());
            kept.failure.set(None);
        }
        asked(session, id, other, kept)
    };
    let again = kept.again;
    let list = expect_context::<ListPlace>().address.get_value();
    let above = vec![
        ("Контингент", "/kontingent".to_owned()),
        ("Сотрудники", list),
        ("Сотрудник организации", card_address(id)),
    ];
    view! {
        <Breadcrumbs above=above here="Объединить карточки"/>
        <div class="page-head">
            <Heading text="Объединить карточки"/>
        </div>
        <Fetched ask=Box::new(ask) again=again/>
    }
    .into_any()
}

/// What stays when both cards are looked at again.
#[derive(Clone, Copy)]
struct Kept {
    again: RwSignal<()>,
    take: RwSignal<Vec<MergeField>>,
    failure: RwSignal<Option<ApiError>>,
}

fn asked(session: SessionContext, id: EmployeeId, with: Option<EmployeeId>, kept: Kept) -> Fetching {
    Box::pin(async move {
        let Some(other) = with else {
            let card = session.call(api::employee(id)).await?;
            return Ok(shown(move || choice(&card, None)));
        };
        match session.call(api::preview_merge(id, other)).await {
            Ok(preview) => Ok(shown(move || previewed(&preview, kept))),
            // Why they stay apart is told beside the choice of another.
            Err(error) if error.problem().is_some_and(|problem| problem.status < 500) => {
                let card = session.call(api::employee(id)).await?;
                Ok(shown(move || choice(&card, Some(error.clone()))))
            }
            Err(error) => Err(error),
        }
    })
}

/// The search for the other card, within the organization.
fn choice(card: &EmployeeCard, refusal: Option<ApiError>) -> AnyView {
    let session = use_session();
    let navigate = use_navigate();
    let (id, organization, name) = (card.id, card.organization.id, card.name.to_string());
    let search = move |text: String| -> std::pin::Pin<Box<dyn Future<Output = Answer<Found>>>> {
        Box::pin(async move {
            let query = EmployeeQuery {
                query: Some(text).filter(|text| !text.is_empty()),
                organization: Some(organization),
                limit: Some(20),
                ..Default::default()
            };
            let page = session.call(api::employees(&query)).await?;
            let others =
                page.items.into_iter().filter(|row| row.id != id && row.organization.id == organization);
            let option = others.map(|row| ComboOption {
                value: row.id.to_string(),
                label: row.name.to_string(),
                note: format!(
                    "{}, логин {}",
                    row.email.map(|email| email.to_string()).unwrap_or_default(),
                    row.login
                )
                .trim_start_matches(", ")
                .to_owned(),
            });
            Ok(Found { options: option.collect(), more: page.next.is_some() })
        })
    };
    let change = move |option: Option<ComboOption>| {
        if let Some(other) = option.and_then(|option| option.value.parse().ok()) {
            navigate(&address(id, Some(other)), Default::default());
        }
    };
    let refusal = refusal.map(|error| view! { <div class="gap-below"><ProblemAlert error=error/></div> });
    view! {
        {refusal}
        <div class="main-form stack">
            <p>
                "Останется карточка: " <strong>{name}</strong>
                ". Выберите вторую карточку того же человека в этой организации: её роли перейдут сюда, а сама она уйдёт в архив."
            </p>
            <Combobox
                path="other"
                label="Вторая карточка"
                chosen=RwSignal::new(None)
                on_change=change
                search=search
                errors=FormErrors::new(Vec::new)
                placeholder="ФИО, логин или e-mail"
            />
            <div class="row">
                <LinkButton href=card_address(id)>"Вернуться к карточке"</LinkButton>
            </div>
        </div>
    }
    .into_any()
}

fn days(role: &str, start: String, end: Option<String>) -> String {
    match end {
        Some(end) => format!("{role}, {start} – {end}"),
        None => format!("{role}, с {start}"),
    }
}

fn of_assignment(role: &RoleAssignment) -> String {
    days(role.role.title(), format_date(role.period.start()), role.period.end().map(format_date))
}

/// One of the two.
fn card_view(id: &'static str, title: &'static str, card: &EmployeeCard) -> AnyView {
    let text = |value: Option<String>| value.unwrap_or_else(|| "нет".to_owned());
    let roles: Vec<String> = card.roles.iter().map(of_assignment).collect();
    let account = card.binding.as_ref().map(|binding| binding.user_name.clone());
    let known = facts(vec![
        ("ФИО", card.name.to_string()),
        ("Логин", card.login.to_string()),
        ("E-mail", text(card.email.as_ref().map(ToString::to_string))),
        ("СНИЛС", text(card.snils.as_ref().map(|snils| snils.formatted()))),
        ("Телефон", text(card.phone.as_ref().map(ToString::to_string))),
        ("Роли", if roles.is_empty() { "нет".to_owned() } else { roles.join("; ") }),
        ("Учётная запись", account.unwrap_or_else(|| "не привязана".to_owned())),
        ("Примечание", card.note.clone()),
    ]);
    panel(id, title, vec![known])
}

/// The choice of a value where both cards have one.
fn difference(of: &MergeDifference, take: RwSignal<Vec<MergeField>>) -> AnyView {
    let field = of.field;
    let title = field.title();
    let radio = |value: &str, theirs: bool| {
        let checked = move || take.with(|take| take.contains(&field)) == theirs;
        let choose = move |_| {
            take.update(|take| {
                take.retain(|known| *known != field);
                if theirs {
                    take.push(field);
                }
            });
        };
        view! {
            <label class="check">
                <input type="radio" name=format!("merge-{title}") prop:checked=checked on:change=choose/>
                <span class="address">{value.to_owned()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="merge-choice">
            <legend>{title}</legend>
            {radio(&of.stays, false)}
            {radio(&of.goes, true)}
        </fieldset>
    }
    .into_any()
}

fn previewed(preview: &CardMergePreview, kept: Kept) -> AnyView {
    let session = use_session();
    let navigate = use_navigate();
    let Kept { again, take, failure } = kept;
    let busy = RwSignal::new(false);
    let (stays, goes) = (preview.stays.id, preview.goes.id);
    let (version, other_version) = (preview.stays.version, preview.goes.version);
    let press = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let draft = CardMergeDraft { other: goes, version, other_version, take: take.get_untracked() };
        let navigate = navigate.clone();
        spawn_local(async move {
            let answer = session.call(api::merge_employees(stays, &draft)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(card) => {
                    // The card is a page of another program.
                    dom::hand_on(MERGED, "1");
                    navigate(&card_address(card.id), Default::default());
                }
                Err(error) => {
                    // What is shown is not what is there any more.
                    let is_old = error.code() == Some(ProblemCode::VersionConflict);
                    failure.set(Some(error));
                    dom::focus_later("merge-failure".to_owned());
                    if is_old {
                        again.notify();
                    }
                }
            }
        });
    };
    let differs = (!preview.differs.is_empty()).then(|| {
        let choices = preview.differs.iter().map(|of| difference(of, take)).collect_view();
        panel("differs-title", "Что останется, где карточки различаются", vec![choices.into_any()])
    });
    let roles = preview.roles.iter().map(|role| {
        let text =
            days(role.role.title(), format_date(role.period.start()), role.period.end().map(format_date));
        view! { <li>{text}</li> }
    });
    let roles = view! { <ul>{roles.collect_view()}</ul> }.into_any();
    let login = format!(
        "Логин останется {}. Логин {} больше никому не достанется.",
        preview.stays.login, preview.goes.login
    );
    let binding = if preview.binding_moves {
        "Учётная запись, к которой привязана вторая карточка, будет привязана к оставшейся."
    } else {
        "Привязка к учётной записи не изменится."
    };
    view! {
        {live(move || {
            failure
                .get()
                .map(|error| {
                    view! { <div id="merge-failure" class="gap-below" tabindex="-1"><ProblemAlert error=error/></div> }
                })
                .into_any()
        })}
        <div class="columns columns-2 merge-pair gap-below">
            {card_view("stays-title", "Останется", &preview.stays)}
            {card_view("goes-title", "Уйдёт в архив", &preview.goes)}
        </div>
        <p class="gap-below">
            <a href=address(goes, Some(stays))>"Поменять местами"</a>
        </p>
        {differs}
        {panel("roles-title", "Роли после объединения", vec![roles])}
        <div class="gap-below gap-above">
            <Alert tone=Tone::Warning title="Разъединить карточки потом нельзя">
                <p>{login}</p>
                <p>{binding} " Одноразовый пароль второй карточки перестанет действовать. Её история останется в архиве."</p>
            </Alert>
        </div>
        <div class="row">
            <Button kind=Kind::DangerFill busy=busy on_press=press>"Объединить карточки"</Button>
            <LinkButton href=card_address(stays)>"Отмена"</LinkButton>
        </div>
    }
    .into_any()
}
