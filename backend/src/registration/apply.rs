//! «Зарегистрироваться»: an application is taken in. Whether its address is known shows neither in the answer nor
//! in its time: for every address the same is counted, looked up, written and journalled, and what must not stay
//! is undone.

use diesel::Connection as _;
use epos_shared::api::accounts::ApplicationState;
use epos_shared::api::registration::{
    AppliedOrganization, LetterPromised, Registration, RegistrationDraft, RegistrationError,
};
use epos_shared::problem::FieldError;
use epos_shared::values::InvalidValue as _;

use super::store::{self, Row};
use super::{activation_link, awaited_letter, proof_link, typed, writer};
use crate::accounts::{self, links};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::http::RequestInfo;
use crate::kontingent;
use crate::mail::{self, Letter};
use crate::organizations;
use crate::quota::Quota;

/// Takes an application in.
///
/// # Errors
/// `validation-failed`, `too-many-requests`; the database fails.
pub(super) async fn apply(
    services: &Services,
    request: &RequestInfo,
    draft: RegistrationDraft,
) -> Result<LetterPromised, ApiError> {
    let wanted = draft.parse().map_err(ApiError::validation)?;
    let tools = services.clone();
    // The free number of a name is looked up outside of the transaction: inside, two applications of one name
    // would wait for each other's reading.
    let (wanted, first_login) = services
        .db
        .read::<_, ApiError, _>(move |conn| {
            let wrong = wrong_fields(conn, &tools, &wanted)?;
            if !wrong.is_empty() {
                return Err(ApiError::validation(wrong));
            }
            let first_login = kontingent::first_login(conn, &wanted.name)?;
            Ok((wanted, first_login))
        })
        .await?;
    count_address(services, request).await?;
    let (tools, request) = (services.clone(), request.clone());
    services
        .db
        .write_tx(move |conn| {
            Taking { services: &tools, request: &request, wanted: &wanted, first_login }.run(conn)
        })
        .await?;
    Ok(LetterPromised { link_hours: services.config.registration.link_hours })
}

/// What only the server can judge, in the order of the form.
fn wrong_fields(
    conn: &mut Conn,
    services: &Services,
    wanted: &Registration,
) -> Result<Vec<FieldError>, DbError> {
    use RegistrationError as E;
    let mut wrong = Vec::new();
    let today = services.context.today();
    match &wanted.organization {
        AppliedOrganization::Listed(id) => {
            let id = Id::from(*id);
            if organizations::find(conn, id)?.is_some_and(|organization| organization.is_open(today)) {
                let (inn, kpp) = organizations::numbers_of(conn, id)?;
                if inn.is_some_and(|inn| inn != wanted.inn.as_str()) {
                    wrong.push(E::InnOfAnother.at("inn"));
                }
                if kpp.is_some_and(|kpp| kpp != wanted.kpp.as_str()) {
                    wrong.push(E::KppOfAnother.at("kpp"));
                }
            } else {
                wrong.push(E::OrganizationUnknown.at("organization_id"));
            }
        }
        AppliedOrganization::Unlisted { .. } => {
            let listed = organizations::with_numbers(conn, wanted.inn.as_str(), wanted.kpp.as_str())?;
            if listed.is_some_and(|organization| organization.is_open(today)) {
                wrong.push(E::OrganizationListed.at("inn"));
            }
        }
    }
    if wanted.consent_version != services.consent.version {
        wrong.push(E::ConsentOutdated.at("consent_version"));
    }
    Ok(wrong)
}

/// Counts an application of an address; one too many is refused, and the journal has the first of them.
async fn count_address(services: &Services, request: &RequestInfo) -> Result<(), ApiError> {
    let (context, request) = (services.context.clone(), request.clone());
    let limit = services.config.registration.address_hourly;
    let counted = services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            let quota = Quota::hourly_from("registration", request.address, limit);
            let counted = quota.count(conn, context.db_now())?;
            if counted.is_err_and(|exceeded| exceeded.is_first) {
                let event = Event::refused("registration.sent", "application", None, "too-many-requests");
                audit::record(conn, &context, &audit::Actor::anonymous(&request), event)?;
            }
            Ok(counted)
        })
        .await?;
    counted.map_err(|exceeded| {
        let detail = "С вашего адреса за последний час отправили слишком много заявок. Повторите позже.";
        ApiError::too_many_requests(exceeded.retry_after, detail)
    })
}

/// What becomes of an application.
#[derive(Debug)]
enum Fate {
    /// It is taken in, instead of an older one whose address was not proven.
    New,
    /// The mailbox has had its letters for today: everything stays as it is.
    Quiet,
    /// The address is an account's.
    Taken(Id),
    /// An application of the address waits for support.
    InQueue(Row),
    /// An application of the address was approved: it gets its letter again.
    Approved(Row),
    /// An application of the address was declined, and this one would have to be moderated too.
    Declined(Row),
}

impl Fate {
    fn of(
        wanted: &Registration,
        is_full: bool,
        owner: Option<Id>,
        earlier: Option<Row>,
    ) -> Result<Self, DbError> {
        if is_full {
            return Ok(Self::Quiet);
        }
        if let Some(owner) = owner {
            return Ok(Self::Taken(owner));
        }
        let Some(earlier) = earlier else { return Ok(Self::New) };
        let is_unlisted = matches!(wanted.organization, AppliedOrganization::Unlisted { .. });
        Ok(match earlier.state()? {
            ApplicationState::AwaitingModeration => Self::InQueue(earlier),
            ApplicationState::AwaitingPassword if earlier.proven_at.is_some() => Self::Approved(earlier),
            ApplicationState::Declined if is_unlisted => Self::Declined(earlier),
            _ => Self::New,
        })
    }

    fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }

    /// What the journal says of it.
    fn event(&self, application: Id, organization: Option<Id>) -> Event {
        const SENT: &str = "registration.sent";
        match self {
            Self::New => {
                let event = Event::done(SENT, "application", application);
                organization.map_or(event.clone(), |organization| event.in_organization(organization))
            }
            Self::Quiet => Event::refused(SENT, "application", None, "mailbox-full"),
            Self::Taken(account) => Event::refused(SENT, "account", Some(*account), "email-taken"),
            Self::InQueue(row) => Event::refused(SENT, "application", Some(row.id), "in-queue"),
            Self::Approved(row) => Event::refused(SENT, "application", Some(row.id), "approved-before"),
            Self::Declined(row) => Event::refused(SENT, "application", Some(row.id), "declined-before"),
        }
    }
}

/// Why a savepoint is left.
enum Undo {
    /// What was written is not to stay.
    OnPurpose,
    /// It could not be written.
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for Undo {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// One application on its way in.
struct Taking<'a> {
    services: &'a Services,
    request: &'a RequestInfo,
    wanted: &'a Registration,
    first_login: u32,
}

impl Taking<'_> {
    fn run(&self, conn: &mut Conn) -> Result<(), ApiError> {
        let context = &self.services.context;
        let key = self.wanted.email.key();
        let limit = self.services.config.registration.mailbox_daily;
        let quota = Quota::daily_letters(context.secrets(), "registration", &key, limit);
        let is_full = quota.count(conn, context.db_now())?.is_err();
        let owner = accounts::owner_of_address(conn, &key)?;
        let fate = Fate::of(self.wanted, is_full, owner, store::of_address(conn, &key)?)?;
        let id = context.id();
        let journal = audit::Actor::anonymous(self.request);

        // Written for every fate, kept for one.
        let prepared = conn.transaction::<_, Undo, _>(|conn| {
            let superseded = self.prepare(conn, id, &key)?;
            if !fate.is_new() {
                return Err(Undo::OnPurpose);
            }
            for older in superseded {
                let event = Event::done("registration.superseded", "application", older);
                audit::record(conn, context, &journal, event)?;
            }
            Ok(())
        });
        if let Err(Undo::Failed(error)) = prepared {
            return Err(error);
        }
        if let Some(letter) = self.other_letter(conn, &fate)? {
            mail::enqueue(conn, context, &letter)?;
        }
        let event = fate.event(id, self.organization());
        Ok(audit::record(conn, context, &journal, event)?)
    }

    fn organization(&self) -> Option<Id> {
        match self.wanted.organization {
            AppliedOrganization::Listed(id) => Some(id.into()),
            AppliedOrganization::Unlisted { .. } => None,
        }
    }

    /// The application, its name, its link and its letter, instead of what there was of the address; answers
    /// which it replaces.
    fn prepare(&self, conn: &mut Conn, id: Id, key: &str) -> Result<Vec<Id>, ApiError> {
        let (services, wanted) = (self.services, self.wanted);
        let context = &services.context;
        let now = context.db_now();
        let superseded = store::remove_of_address(conn, key)?;
        links::remove(conn, &superseded)?;
        let organization = self.organization();
        // The name of somebody whose organization is to be moderated is given out when it is approved.
        let user_name = match organization {
            Some(_) => Some(kontingent::issue_login(conn, &wanted.name, self.first_login, now)?),
            None => None,
        };
        let user_name = user_name.as_ref().map(|login| login.as_str());
        store::insert(
            conn,
            &store::New {
                id,
                state: match user_name {
                    Some(_) => ApplicationState::AwaitingPassword,
                    None => ApplicationState::AwaitingProof,
                },
                email: &wanted.email,
                name: &wanted.name,
                position: &wanted.position,
                organization,
                typed: typed(&wanted.organization),
                inn: wanted.inn.as_str(),
                kpp: wanted.kpp.as_str(),
                user_name,
                consent_version: &wanted.consent_version,
                address: &self.request.address.to_string(),
                now,
                proven_at: None,
            },
        )?;
        let writer = writer(services, &wanted.email);
        let letter = match user_name {
            Some(user_name) => writer.activation(user_name, &activation_link(conn, services, id, user_name)?),
            None => writer.proof(&proof_link(conn, services, id)?),
        };
        mail::enqueue(conn, context, &letter)?;
        Ok(superseded)
    }

    /// The letter to an address that gets another one than it asked for.
    fn other_letter(&self, conn: &mut Conn, fate: &Fate) -> Result<Option<Letter>, ApiError> {
        let writer = writer(self.services, &self.wanted.email);
        Ok(match fate {
            Fate::New | Fate::Quiet => None,
            Fate::Taken(_) => Some(writer.taken()),
            Fate::InQueue(_) => Some(writer.in_queue()),
            Fate::Approved(row) => awaited_letter(conn, self.services, row)?,
            Fate::Declined(row) => Some(writer.declined_before(row.reason.as_deref().unwrap_or_default())),
        })
    }
}
