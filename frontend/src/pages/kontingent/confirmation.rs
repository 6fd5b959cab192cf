//! A proposal of «На подтверждение»: what it changes, and the decision.

use epos_shared::api::accounts::ReasonDraft;
use epos_shared::api::proposals::{
    ApproveProposal, ProposalDetails, ProposalKind, ProposalState, ProposedField,
};
use epos_shared::ids::ProposalId;
use epos_shared::problem::ProblemCode;
use leptos::prelude::*;

use super::confirmations::state_badge;
use super::{CONFIRMATIONS, card_address};
use crate::api::{self, proposals};
use crate::components::{
    Alert, Body, Breadcrumbs, Fetched, Fetching, Heading, Line, LinkButton, Made, Question, Questions, Tone,
    Typed, asking, facts, panel, shown, table,
};
use crate::pages::support::list::Asked;
use crate::pages::support::missing;
use crate::russian::moment;
use crate::session::use_session;

/// The page.
pub fn page(id: ProposalId) -> AnyView {
    let session = use_session();
    let (asked, again) = (Asked::new(None), RwSignal::new(()));
    let name = RwSignal::new("Предложение".to_owned());
    let ask = move || -> Fetching {
        Box::pin(async move {
            match session.call(proposals::proposal(id)).await {
                Ok(details) => {
                    let _ = name.try_set(heading(&details));
                    Ok(shown(move || details_view(&details, asked)))
                }
                Err(error) if error.code() == Some(ProblemCode::NotFound) => {
                    let _ = name.try_set("Предложение не найдено".to_owned());
                    Ok(shown(|| missing(CONFIRMATIONS)))
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
                ("На подтверждение", CONFIRMATIONS.to_owned()),
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

fn heading(details: &ProposalDetails) -> String {
    let what = details.proposal.kind.title();
    match &details.proposal.name {
        Some(name) => format!("{what}: {name}"),
        None => what.to_owned(),
    }
}

fn details_view(details: &ProposalDetails, asked: Asked) -> AnyView {
    let proposal = &details.proposal;
    let about = facts(vec![
        ("Организация", proposal.organization.short_name.clone()),
        ("Кто предложил", proposal.author.clone()),
        ("Отправлено", moment(proposal.created_at)),
        ("Решено", proposal.decided_at.map(moment).unwrap_or_default()),
        ("Причина отказа", proposal.reason.clone().unwrap_or_default()),
    ]);
    let mut first = vec![view! { <p>{state_badge(proposal.state)}</p> }.into_any(), about];
    first.push(view! { <div class="row">{buttons(details, asked)}</div> }.into_any());
    view! {
        <div class="stack">
            {advice(details)}
            {panel("about-title", "Предложение", first)}
            {changes(details)}
        </div>
    }
    .into_any()
}

/// What is to be known before it is decided.
fn advice(details: &ProposalDetails) -> Vec<AnyView> {
    let mut told = Vec::new();
    if details.proposal.state != ProposalState::Waiting {
        return told;
    }
    let mut tell = |tone, title: &'static str, words: &'static str| {
        told.push(
            view! {
                <Alert tone=tone title=title>
                    <p>{words}</p>
                </Alert>
            }
            .into_any(),
        );
    };
    if !details.author_works {
        tell(
            Tone::Warning,
            "Кто это предложил, больше не работает в «Контингенте» организации",
            "Уточните в организации, нужно ли ещё это изменение.",
        );
    }
    if details.changed_since {
        tell(
            Tone::Warning,
            "Карточка изменилась после отправки",
            "Сверьте, что в ней теперь. Подтверждение изменит только то, что предложено.",
        );
    }
    if !details.may_decline {
        tell(
            Tone::Info,
            "Решает управление образованием",
            "Предложение подтвердит или отклонит другой человек: управление образованием или техподдержка.",
        );
    } else if !details.may_approve {
        tell(Tone::Warning, "Карточка уже в архиве", "Подтвердить это нельзя, только отклонить.");
    }
    told
}

fn buttons(details: &ProposalDetails, asked: Asked) -> Vec<AnyView> {
    let proposal = &details.proposal;
    let mut buttons = Vec::new();
    if details.may_approve {
        let words = match proposal.kind {
            ProposalKind::Create => {
                "Карточка появится сразу. Логин и пароль к ней выдаст тот, кто это предложил."
            }
            ProposalKind::Unbind => {
                "Карточка будет отвязана сразу. Чтобы привязать её снова, понадобится новый пароль."
            }
            ProposalKind::Archive => "Все роли закончатся сегодня, изменить карточку больше будет нельзя.",
            ProposalKind::Save | ProposalKind::Dismiss => "Карточка изменится сразу, как предложено.",
        };
        let body = ApproveProposal { card_version: details.card_version };
        let question = Question {
            title: "Подтвердить?",
            words: words.to_owned(),
            confirm: "Подтвердить",
            danger: false,
            deed: proposals::approve(proposal.id),
            body: Body::Known(api::body(&body)),
            done: "Подтверждено",
        };
        buttons.push(asking(asked, "Подтвердить".into_any(), question));
    }
    if details.may_decline {
        let question = Question {
            title: "Отклонить?",
            words: "В карточке ничего не изменится. Кто предложил, получит письмо с причиной.".to_owned(),
            confirm: "Отклонить",
            danger: true,
            deed: proposals::decline(proposal.id),
            body: Body::Typed(&[Line::Reason], reason),
            done: "Отклонено",
        };
        buttons.push(asking(asked, "Отклонить".into_any(), question));
    }
    if details.may_withdraw {
        let question = Question {
            title: "Отозвать?",
            words: "Предложение перестанет ждать, в карточке ничего не изменится.".to_owned(),
            confirm: "Отозвать",
            danger: true,
            deed: proposals::withdraw(proposal.id),
            body: Body::Nothing,
            done: "Отозвано",
        };
        buttons.push(asking(asked, "Отозвать".into_any(), question));
    }
    if let Some(card) = proposal.employee_id {
        let address = card_address(card);
        buttons.push(view! { <LinkButton href=address>"Открыть карточку"</LinkButton> }.into_any());
    }
    buttons
}

fn reason(typed: &Typed) -> Made {
    let draft = ReasonDraft { reason: typed.reason.clone() };
    draft.parse().map(|_| api::body(&draft))
}

fn or_empty(text: &str) -> String {
    if text.is_empty() { "пусто".to_owned() } else { text.to_owned() }
}

/// The cells of a field: what was, where it is another than now, what is, what is proposed.
fn cells(field: &ProposedField, kind: ProposalKind, changed_since: bool) -> Vec<String> {
    let mut cells = vec![field.label.clone()];
    if changed_since {
        cells.push(or_empty(&field.was));
    }
    if kind != ProposalKind::Create {
        cells.push(or_empty(&field.now));
    }
    cells.push(or_empty(&field.proposed));
    cells
}

/// What is proposed, field by field.
fn changes(details: &ProposalDetails) -> Option<AnyView> {
    if details.fields.is_empty() {
        return None;
    }
    let kind = details.proposal.kind;
    let columns: &'static [&'static str] = if kind == ProposalKind::Create {
        &["Поле", "Предлагается"]
    } else if details.changed_since {
        &["Поле", "Было при отправке", "Сейчас", "Предлагается"]
    } else {
        &["Поле", "Сейчас", "Предлагается"]
    };
    let rows = details
        .fields
        .iter()
        .map(|field| {
            cells(field, kind, details.changed_since)
                .into_iter()
                .map(|text| view! { <span class="address">{text}</span> }.into_any())
                .collect()
        })
        .collect();
    Some(panel("changes-title", "Что предложено", vec![table("Что предложено", columns, rows)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_cell_for_each_column() {
        let field = ProposedField {
            label: "СНИЛС".to_owned(),
            was: String::new(),
            now: String::new(),
            proposed: "112-233-445 95".to_owned(),
        };
        assert_eq!(cells(&field, ProposalKind::Create, false), ["СНИЛС", "112-233-445 95"]);
        assert_eq!(cells(&field, ProposalKind::Save, false), ["СНИЛС", "пусто", "112-233-445 95"]);
        assert_eq!(cells(&field, ProposalKind::Save, true), ["СНИЛС", "пусто", "пусто", "112-233-445 95"]);
    }
}
