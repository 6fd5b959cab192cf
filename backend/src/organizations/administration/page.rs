//! One organization's page, and who may do what to it.

use chrono::NaiveDate;
use epos_shared::api::organization_card::{OrganizationCard, OrganizationPermissions, OrganizationStep};
use epos_shared::organization_rights::OrganizationAction;
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::rights::Relation;
use epos_shared::roles::OrganizationKind;

use super::store::{self, Full};
use crate::app::Services;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::{StaffOf, of_organization};
use crate::organizations::{self, OrganizationRow};

/// Possible duplicates shown of one organization.
const DUPLICATES: i64 = 100;

/// An organization in view.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) row: Full,
    pub(super) kind: OrganizationKind,
    pub(super) relation: Relation,
}

/// Where something right below stands, seen from where the one above does.
pub(super) const fn below(relation: Relation) -> Relation {
    match relation {
        Relation::Same | Relation::Below => Relation::Below,
        Relation::Elsewhere => Relation::Elsewhere,
    }
}

impl Seen {
    /// An organization in view; one that is not answers like one that does not exist.
    pub(super) fn find(conn: &mut Conn, staff: &StaffOf<'_>, id: Id) -> Result<Self, ApiError> {
        let (_, relation) = staff.organization(conn, id)?.ok_or(ProblemCode::NotFound)?;
        let row = store::find(conn, id)?.ok_or(ProblemCode::NotFound)?;
        let kind = row.kind()?;
        Ok(Self { row, kind, relation })
    }

    pub(super) fn may(&self, staff: &StaffOf<'_>, action: OrganizationAction) -> bool {
        staff.may_organization(action, self.kind, self.relation)
    }

    /// Refuses unless the action may be done to it.
    pub(super) fn demand(&self, staff: &StaffOf<'_>, action: OrganizationAction) -> Result<(), ApiError> {
        if self.may(staff, action) { Ok(()) } else { Err(forbidden()) }
    }

    /// Refuses where it has changed since it was looked at.
    pub(super) fn is_at(
        &self,
        conn: &mut Conn,
        services: &Services,
        staff: &StaffOf<'_>,
        version: i64,
    ) -> Result<(), ApiError> {
        if i64::from(self.row.version) == version {
            return Ok(());
        }
        Err(conflict(&show(conn, services, staff, self.row.id)?))
    }

    /// Refuses where it is closed, or will be: what was decided stays.
    pub(super) fn is_open(&self) -> Result<(), ApiError> {
        if self.row.closed_on.is_none() {
            Ok(())
        } else {
            Err(decided("Организация закрыта."))
        }
    }

    /// The kinds that the actor may create right below it.
    pub(super) fn creatable(&self, staff: &StaffOf<'_>) -> Vec<OrganizationKind> {
        if self.row.closed_on.is_some() {
            return Vec::new();
        }
        let relation = below(self.relation);
        OrganizationKind::ALL
            .into_iter()
            .filter(|kind| kind.stands_below(self.kind))
            .filter(|kind| staff.may_organization(OrganizationAction::Create, *kind, relation))
            .collect()
    }

    fn permissions(&self, staff: &StaffOf<'_>) -> OrganizationPermissions {
        let is_merged = self.row.merged_into_id.is_some();
        let is_closed = self.row.closed_on.is_some();
        OrganizationPermissions {
            edit: !is_merged && self.may(staff, OrganizationAction::Edit),
            close: !is_closed && self.may(staff, OrganizationAction::Close),
            reopen: is_closed && !is_merged && self.may(staff, OrganizationAction::Reopen),
            r#move: !is_closed && self.may(staff, OrganizationAction::Move),
            merge: !is_closed && self.may(staff, OrganizationAction::Merge),
        }
    }
}

/// The refusal of whoever sees an organization and does not keep it.
pub(super) fn forbidden() -> ApiError {
    Problem::new(ProblemCode::Forbidden)
        .with_detail("Этой организацией занимаетесь не вы: обратитесь в техподдержку.")
        .into()
}

/// The refusal of what was decided otherwise meanwhile.
pub(super) fn decided(detail: &str) -> ApiError {
    Problem::new(ProblemCode::AlreadyDecided).with_detail(detail).into()
}

/// Somebody else has changed it.
pub(super) fn conflict(present: &OrganizationCard) -> ApiError {
    Problem {
        current: serde_json::to_value(present).ok(),
        ..Problem::new(ProblemCode::VersionConflict)
            .with_detail("Сравните изменения и сохраните ещё раз: набранное вами не потеряно.")
    }
    .into()
}

fn step(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    organization: &OrganizationRow,
) -> Result<OrganizationStep, ApiError> {
    let in_view = staff.organization(conn, organization.id)?.is_some();
    Ok(OrganizationStep { organization: organization.summary(), in_view })
}

/// The page of an organization.
///
/// # Errors
/// `not-found`; the database fails.
pub(super) fn show(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    id: Id,
) -> Result<OrganizationCard, ApiError> {
    let seen = Seen::find(conn, staff, id)?;
    shown(conn, staff, &seen, services.context.today())
}

fn shown(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    seen: &Seen,
    today: NaiveDate,
) -> Result<OrganizationCard, ApiError> {
    let row = &seen.row;
    let above = store::above(conn, row.id)?
        .iter()
        .map(|organization| step(conn, staff, organization))
        .collect::<Result<_, _>>()?;
    let merged_into = match row.merged_into_id {
        None => None,
        Some(into) => match organizations::find(conn, into)? {
            None => None,
            Some(into) => Some(step(conn, staff, &into)?),
        },
    };
    let one = |counts: std::collections::HashMap<Id, u32>| counts.get(&row.id).copied().unwrap_or_default();
    Ok(OrganizationCard {
        id: row.id.into(),
        version: i64::from(row.version),
        fields: row.fields()?,
        above,
        closed_on: row.closed_on,
        closed: row.closed_on.is_some_and(|closed| closed <= today),
        merged_into,
        heads: of_organization::heads(conn, row.id, today)?,
        roles: of_organization::by_role(conn, row.id, today)?,
        cards: one(of_organization::count(conn, &[row.id], today)?),
        below: one(store::open_below(conn, &[row.id], today)?),
        duplicates: of_organization::duplicates(conn, row.id, DUPLICATES)?,
        created_at: row.created_at.and_utc(),
        permissions: seen.permissions(staff),
        creatable: seen.creatable(staff),
    })
}
