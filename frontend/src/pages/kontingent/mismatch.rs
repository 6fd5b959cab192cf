//! A row of «Расхождения с Госуслугами»: what Госуслуги tell of the person, beside the likely cards.

use epos_shared::api::mismatches::{
    DeclineMismatch, LikelyCard, Mismatch, MismatchDetails, MismatchField, MismatchKind, MismatchState,
};
use epos_shared::ids::MismatchId;
use epos_shared::problem::ProblemCode;
use epos_shared::values::FullName;
use leptos::prelude::*;

use super::mismatches::{kind, state_badge};
use super::{LIST, MISMATCHES, card_address};
use crate::address::with_query;
use crate::api::{self, mismatches};
use crate::components::{
    Alert, Badge, Body, Breadcrumbs, Fetched, Fetching, Heading, Kind, Line, LinkButton, Made, Picture,
    Question, Questions, Tone, Typed, asking, bound_badge, facts, panel, shown, table,
};
use crate::pages::support::list::Asked;
use crate::pages::support::missing;
use crate::russian::moment;
use crate::session::use_session;

/// The page.
pub fn page(id: MismatchId) -> AnyView {
    let session = use_session();
    let (asked, again) = (Asked::new(None), RwSignal::new(()));
    let name = RwSignal::new("Расхождение".to_owned());
    let ask = move || -> Fetching {
        Box::pin(async move {
            match session.call(mismatches::mismatch(id)).await {
                Ok(details) => {
                    let _ = name.try_set(details.mismatch.name.to_string());
                    Ok(shown(move || details_view(&details, asked)))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => {
                    let _ = name.try_set("Расхождение не найдено".to_owned());
                    Ok(shown(|| missing(MISMATCHES)))
                }
                Err(error) => Err(error),
            }
        })
    };
    view! {
        <Breadcrumbs
            above=vec![
                ("Подсистемы", "/subsystems".to_owned()),
                ("Контингент", "/kontingent".to_owned()),
                ("Расхождения с Госуслугами", MISMATCHES.to_owned()),
            ]
            here=name
        />
        <div class="page-head">
            <Heading text=name/>
        </div>
        <Fetched ask=Box::new(ask) again=again/>
        <Questions asked=asked again=again/>
    }
    .into_any()
}

fn details_view(details: &MismatchDetails, asked: Asked) -> AnyView {
    let MismatchDetails { mismatch, cards } = details;
    let organization = mismatch.organization.as_ref().map(|organization| organization.short_name.clone());
    let about = facts(vec![
        ("ФИО", mismatch.name.to_string()),
        ("E-mail", told_email(mismatch)),
        ("Что случилось", kind(mismatch.kind).to_owned()),
        ("Организация", organization.unwrap_or_default()),
        ("Отправлено", moment(mismatch.created_at)),
        ("Карточка исправлена", mismatch.corrected_at.map(moment).unwrap_or_default()),
        ("Решено", mismatch.decided_at.map(moment).unwrap_or_default()),
        ("Причина отказа", mismatch.reason.clone().unwrap_or_default()),
    ]);
    let open = matches!(mismatch.state, MismatchState::Waiting | MismatchState::Corrected);
    let decline = open.then(|| {
        let question = Question {
            title: "Отклонить заявку?",
            words: match &mismatch.email {
                Some(email) => format!("На {email} придёт письмо с причиной."),
                None => "Подтверждённого e-mail у человека нет: о причине скажите ему сами.".to_owned(),
            },
            confirm: "Отклонить",
            danger: true,
            deed: mismatches::decline(mismatch.id),
            body: Body::Versioned(&[Line::Reason], mismatch.version, declined),
            done: "Заявка отклонена",
        };
        view! { <div class="row">{asking(asked, "Отклонить".into_any(), question)}</div> }.into_any()
    });
    let state = view! { <p>{state_badge(mismatch.state)}</p> };
    let mut first = vec![state.into_any(), about];
    first.extend(decline);
    let likely = if cards.is_empty() {
        view! {
            <Alert title="Похожих карточек нет">
                <p>"Если человек у вас работает, найдите его карточку в списке или создайте новую: ФИО и e-mail в ней должны быть такими же, как на Госуслугах."</p>
                <div class="row">
                    <LinkButton href=LIST>"К списку сотрудников"</LinkButton>
                </div>
            </Alert>
        }
        .into_any()
    } else {
        cards.iter().map(|card| card_view(mismatch, card, open)).collect::<Vec<_>>().into_any()
    };
    view! {
        <div class="stack">
            {advice(mismatch)}
            {panel("told-title", "Что сообщили Госуслуги", first)}
            <section class="stack" aria-labelledby="cards-title">
                <h2 id="cards-title">"Похожие карточки"</h2>
                {likely}
            </section>
        </div>
    }
    .into_any()
}

/// What is to be done next.
fn advice(mismatch: &Mismatch) -> Option<AnyView> {
    let (tone, title, words) = match (mismatch.state, mismatch.kind) {
        (MismatchState::Waiting, MismatchKind::Collision) => (
            Tone::Warning,
            "На одного человека указывают две учётные записи",
            "Выясните у человека, какая из них его. Разобраться помогает техподдержка.",
        ),
        (MismatchState::Waiting, _) => (
            Tone::Warning,
            "Убедитесь, что это ваш сотрудник",
            "Свяжитесь с ним по телефону или лично, потом исправьте карточку: новый e-mail даёт вход в неё.",
        ),
        (MismatchState::Corrected, _) => (
            Tone::Done,
            "Исправлено, ожидает входа",
            "Скажите человеку, что можно войти через Госуслуги: вход сработает сразу.",
        ),
        _ => return None,
    };
    Some(
        view! {
            <Alert tone=tone title=title>
                <p>{words}</p>
            </Alert>
        }
        .into_any(),
    )
}

fn declined(typed: &Typed, version: i64) -> Made {
    let draft = DeclineMismatch { version, reason: typed.reason.clone() };
    draft.parse().map(|_| api::body(&draft))
}

fn told_email(mismatch: &Mismatch) -> String {
    mismatch.email.clone().unwrap_or_else(|| "подтверждённого нет".to_owned())
}

const FIELDS: [(MismatchField, &str); 5] = [
    (MismatchField::FamilyName, "Фамилия"),
    (MismatchField::GivenName, "Имя"),
    (MismatchField::Patronymic, "Отчество"),
    (MismatchField::Email, "E-mail"),
    (MismatchField::Snils, "СНИЛС"),
];

/// A part of a name, as people read it.
fn part(name: &FullName, field: MismatchField) -> String {
    match field {
        MismatchField::FamilyName => name.family_name.to_string(),
        MismatchField::GivenName => name.given_name.to_string(),
        _ => name.patronymic.as_ref().map_or_else(|| "без отчества".to_owned(), ToString::to_string),
    }
}

/// What stands in a field at Госуслуги and on the card; СНИЛС is compared, and not shown.
fn values(mismatch: &Mismatch, card: &LikelyCard, field: MismatchField) -> Option<(String, String)> {
    match field {
        MismatchField::Email => {
            Some((told_email(mismatch), card.email.clone().unwrap_or_else(|| "не указан".to_owned())))
        }
        MismatchField::Snils if !card.differs.contains(&field) => None,
        MismatchField::Snils => Some(("не показываем".to_owned(), "записан другой".to_owned())),
        _ => Some((part(&mismatch.name, field), part(&card.name, field))),
    }
}

/// The address of the card, opened at a field with the value of Госуслуги beside it.
fn at_field(card: &LikelyCard, mismatch: &Mismatch, field: MismatchField) -> String {
    let parameters =
        [("field", Some(field.as_str().to_owned())), ("mismatch", Some(mismatch.id.to_string()))];
    with_query(&card_address(card.id), parameters)
}

fn card_view(mismatch: &Mismatch, card: &LikelyCard, open: bool) -> AnyView {
    let rows: Vec<_> = FIELDS
        .into_iter()
        .filter_map(|(field, label)| {
            let (theirs, ours) = values(mismatch, card, field)?;
            let badge = if card.differs.contains(&field) {
                view! { <Badge tone=Tone::Warning picture=Picture::Warning text="различается"/> }
            } else {
                view! { <Badge tone=Tone::Done picture=Picture::Done text="совпадает"/> }
            };
            Some(vec![
                label.into_any(),
                view! { <span class="address">{theirs}</span> }.into_any(),
                view! { <span class="address">{ours}</span> }.into_any(),
                badge.into_any(),
            ])
        })
        .collect();
    let of = card.name.to_string();
    let to_card = match card.differs.first().filter(|_| open) {
        Some(field) => {
            let name = FIELDS.iter().find(|(known, _)| known == field).map_or("", |(_, name)| *name);
            let address = at_field(card, mismatch, *field);
            view! {
                <LinkButton href=address kind=Kind::Primary>
                    {format!("Исправить в карточке: {name}")}
                    <span class="visually-hidden">{format!(", {of}")}</span>
                </LinkButton>
            }
            .into_any()
        }
        None => view! {
            <LinkButton href=card_address(card.id)>
                "Открыть карточку"
                <span class="visually-hidden">{format!(": {of}")}</span>
            </LinkButton>
        }
        .into_any(),
    };
    let bound = card.is_bound.then(|| {
        view! {
            <p class="small muted">"Карточка уже привязана к учётной записи. Если привязал не тот человек, сначала отвяжите её."</p>
        }
    });
    view! {
        <div class="panel stack">
            <h3>{card.name.to_string()}</h3>
            <p>{bound_badge(card.is_bound)}</p>
            {table("Сравнение с Госуслугами", &["Поле", "На Госуслугах", "В карточке", "Сравнение"], rows)}
            {bound}
            <div class="row">{to_card}</div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> (Mismatch, LikelyCard) {
        let name = |family: &str| FullName {
            family_name: family.parse().unwrap(),
            given_name: "Анна".parse().unwrap(),
            patronymic: None,
        };
        let mismatch = Mismatch {
            id: MismatchId(uuid::Uuid::from_u128(7)),
            version: 1,
            kind: MismatchKind::SignIn,
            state: MismatchState::Waiting,
            organization: None,
            name: name("Ёлкина"),
            email: Some("a@mail.ru".to_owned()),
            created_at: chrono::DateTime::UNIX_EPOCH,
            corrected_at: None,
            decided_at: None,
            reason: None,
        };
        let card = LikelyCard {
            id: epos_shared::ids::EmployeeId(uuid::Uuid::from_u128(9)),
            name: name("Елкина"),
            email: None,
            is_bound: false,
            differs: vec![MismatchField::Email],
        };
        (mismatch, card)
    }

    #[test]
    fn the_card_is_opened_at_the_differing_field() {
        let (mismatch, card) = row();
        let address = at_field(&card, &mismatch, MismatchField::Email);
        assert_eq!(address, format!("{LIST}/{}?field=email&mismatch={}", card.id, mismatch.id));
    }

    #[test]
    fn snils_is_compared_and_never_shown() {
        let (mismatch, mut card) = row();
        assert_eq!(values(&mismatch, &card, MismatchField::Snils), None);
        card.differs.push(MismatchField::Snils);
        let (theirs, ours) = values(&mismatch, &card, MismatchField::Snils).unwrap();
        assert!(
            !theirs.contains(|c: char| c.is_ascii_digit()) && !ours.contains(|c: char| c.is_ascii_digit())
        );
        let email = values(&mismatch, &card, MismatchField::Email).unwrap();
        assert_eq!(email, ("a@mail.ru".to_owned(), "не указан".to_owned()));
        assert_eq!(values(&mismatch, &card, MismatchField::Patronymic).unwrap().0, "без отчества");
    }
}
