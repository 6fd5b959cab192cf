//! What is done to many cards at once: to each as if it were done to it alone, in a transaction of its own, with
//! the rights of that moment. What is refused of one changes nothing of the others.

use chrono::NaiveDate;
use epos_shared::api::bulk::{BulkAction, BulkOutcome, BulkResult, BulkResults, Deed};
use epos_shared::api::employees::OneTimeCredentials;
use epos_shared::ids::EmployeeId;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::Action;
use epos_shared::values::{Period, RoleState};
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::letters;
use super::view::refuse;
use super::{card_store, gate, listed};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::error::ApiError;

impl StaffOf<'_> {
    /// Ends every role of a card on a day, unless it ends before. A role that would begin after it is taken back
    /// where the card keeps another. Answers whether there was anything to do.
    ///
    /// # Errors
    /// `not-found`, `own-card`, `archived`, `forbidden`, `needs-confirmation`, `validation-failed`; the database
    /// fails.
    pub fn end_roles(
        &self,
        conn: &mut Conn,
        services: &Services,
        asker: &Asker,
        id: EmployeeId,
        day: NaiveDate,
    ) -> Result<bool, ApiError> {
        let context = &services.context;
        let card = self.card(conn, id, context.today())?;
        card.changeable()?;
        let later: Vec<_> = card
            .roles
            .iter()
            .filter(|role| role.state != RoleState::Ended)
            .filter(|role| role.period.end().is_none_or(|end| end > day))
            .collect();
        if later.is_empty() {
            return Ok(false);
        }
        refuse(self.may(&card, Action::EndRole))?;
        let goes = |role: &RoleState, period: &Period| period.start() > day && *role == RoleState::Upcoming;
        let crossed = later.iter().any(|role| role.period.start() > day && role.state != RoleState::Upcoming);
        let taken_back = later.iter().filter(|role| goes(&role.state, &role.period)).count();
        if crossed || taken_back == card.roles.len() {
            return Err(Problem::new(ProblemCode::ValidationFailed)
                .with_detail("Роль начинается позже этого дня: измените её на карточке.")
                .into());
        }
        if !card_store::bump(conn, card.row.id, card.row.version, context.db_now())? {
            return Err(ProblemCode::VersionConflict.into());
        }
        for role in later {
            let after = if goes(&role.state, &role.period) {
                card_store::delete_role(conn, role.id.into())?;
                None
            } else {
                let period = Period::new(role.period.start(), Some(day)).map_err(ApiError::internal)?;
                card_store::update_role(conn, role.id.into(), period)?;
                Some(json!({ "start": period.start(), "end": period.end() }))
            };
            let event = Event::done("employee.role_ended", "employee", card.row.id)
                .in_organization(card.row.organization_id)
                .with(json!({
                    "role": role.role,
                    "before": { "start": role.period.start(), "end": role.period.end() },
                    "after": after,
                    "taken_back": after.is_none(),
                }));
            audit::record(conn, context, &asker.journal, event)?;
        }
        listed::note(conn, card.row.id)?;
        let deed = letters::Deed::Changed { what: vec!["роли"], becomes_heads: false };
        letters::tell_of_head(conn, services, asker, &card, &deed)?;
        Ok(true)
    }

    /// ФИО and organization of a card in view.
    pub(super) fn title(
        &self,
        conn: &mut Conn,
        services: &Services,
        id: EmployeeId,
    ) -> Result<Title, ApiError> {
        let card = self.card(conn, id, services.context.today())?;
        Ok((card.row.name()?.to_string(), card.organization.short_name))
    }
}

pub(super) type Title = (String, String);
type Done = (BulkOutcome, Title, Option<OneTimeCredentials>);

const fn action(deed: Deed) -> (BulkAction, &'static str) {
    match deed {
        Deed::EndRoles(_) => (BulkAction::EndRoles, "employee.role_ended"),
        Deed::IssueCredentials => (BulkAction::IssueCredentials, "credentials.issued"),
    }
}

/// Does it to every card.
///
/// # Errors
/// `no-rights`, where the actor has none at the beginning. Whatever happens later is told card by card: the
/// credentials that were issued before must not be lost.
pub(super) async fn run(
    services: &Services,
    asker: Asker,
    deed: Deed,
    ids: &[EmployeeId],
) -> Result<BulkResults, ApiError> {
    gate::read(services, asker.clone(), |_, _, _| Ok(())).await?;
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        results.push(match one(services, asker.clone(), deed, *id).await {
            Ok((outcome, (name, organization), credentials)) => BulkResult {
                id: *id,
                outcome,
                name,
                organization,
                message: String::new(),
                code: None,
                credentials,
            },
            Err(error) => refused(services, asker.clone(), *id, &error).await,
        });
    }
    Ok(BulkResults { results })
}

async fn one(services: &Services, asker: Asker, deed: Deed, id: EmployeeId) -> Result<Done, ApiError> {
    let (_, word) = action(deed);
    gate::write(services, asker, word, Some(id), move |conn, services, who, staff| match deed {
        Deed::EndRoles(day) => {
            let done = staff.end_roles(conn, services, who, id, day)?;
            let outcome = if done { BulkOutcome::Done } else { BulkOutcome::Unchanged };
            Ok((outcome, staff.title(conn, services, id)?, None))
        }
        Deed::IssueCredentials => {
            let issued = staff.reset(conn, services, who, id)?;
            Ok((BulkOutcome::Done, staff.title(conn, services, id)?, Some(issued)))
        }
    })
    .await
}

pub(super) async fn refused(
    services: &Services,
    asker: Asker,
    id: EmployeeId,
    error: &ApiError,
) -> BulkResult {
    if !matches!(error, ApiError::Problem(_)) {
        tracing::error!(%error, "one of many cards failed");
    }
    let problem = error.to_problem();
    let title =
        gate::read(services, asker, move |conn, services, staff| staff.title(conn, services, id)).await;
    let (name, organization) = title.unwrap_or_default();
    let message = match problem.code {
        ProblemCode::NotFound => "Карточки нет среди доступных вам".to_owned(),
        ProblemCode::ValidationFailed | ProblemCode::NeedsConfirmation => problem.detail,
        _ => problem.title,
    };
    BulkResult {
        id,
        outcome: BulkOutcome::Refused,
        name,
        organization,
        message,
        code: Some(problem.code),
        credentials: None,
    }
}
