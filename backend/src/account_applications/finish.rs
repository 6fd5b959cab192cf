//! What the links of the letters do: the proof of an address, the one-time credentials of the card.

use epos_shared::api::account_applications::{AccountApplicationState, ApplicantCredentials};
use epos_shared::api::registration::{LinkPurpose, LinkToken};
use epos_shared::problem::{Problem, ProblemCode};

use super::{OBJECT, store};
use crate::accounts::links;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::error::ApiError;
use crate::http::RequestInfo;
use crate::kontingent::{self, Issuer};

/// The address of an application is proven: it waits for support.
///
/// # Errors
/// `link-unknown`, `link-used`, `link-expired`; the database fails.
pub(super) async fn confirm(
    services: &Services,
    request: &RequestInfo,
    form: LinkToken,
) -> Result<(), ApiError> {
    let (context, journal) = (services.context.clone(), audit::Actor::anonymous(request));
    services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let now = context.db_now();
            let link = links::consume(conn, &form.token, &[LinkPurpose::ApplicationProof], now)?;
            if !store::note_proof(conn, link.subject, now)? {
                return Err(ProblemCode::LinkUnknown.into());
            }
            let event = Event::done("account_application.confirmed", OBJECT, link.subject);
            Ok(audit::record(conn, &context, &journal, event)?)
        })
        .await
}

/// Issues the one-time credentials of the card and answers them: nobody but the applicant ever sees them, and the
/// link is used up with them.
///
/// # Errors
/// `link-unknown` (also where the card needs none any more), `link-used`, `link-expired`; the database fails.
pub(super) async fn credentials(
    services: &Services,
    request: &RequestInfo,
    form: LinkToken,
) -> Result<ApplicantCredentials, ApiError> {
    let (tools, journal) = (services.clone(), audit::Actor::anonymous(request));
    services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            let now = tools.context.db_now();
            let link = links::consume(conn, &form.token, &[LinkPurpose::CardCredentials], now)?;
            let row = store::find(conn, link.subject)?.ok_or(ProblemCode::LinkUnknown)?;
            let card = match (row.state()?, row.employee_id) {
                (AccountApplicationState::Approved, Some(card)) => card,
                _ => return Err(ProblemCode::LinkUnknown.into()),
            };
            let issuer = Issuer { account: row.decided_by_account_id, card: None };
            let Some(promised) = kontingent::issue_promised(conn, &tools, &journal, card, issuer)? else {
                return Err(Problem::new(ProblemCode::LinkUnknown)
                    .with_detail("Карточка уже привязана или закрыта: пароль к ней больше не нужен.")
                    .into());
            };
            if !store::note_completion(conn, row.id)? {
                return Err(ProblemCode::LinkUnknown.into());
            }
            let event = Event::done("account_application.completed", OBJECT, row.id)
                .in_organization(promised.organization.id);
            audit::record(conn, &tools.context, &journal, event)?;
            Ok(ApplicantCredentials {
                employee_id: card.into(),
                name: promised.name,
                organization: promised.organization.short_name,
                credentials: promised.credentials,
            })
        })
        .await
}
