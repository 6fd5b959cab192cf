//! What becomes of an organization: closed, opened again, put under another one, joined to another.

use epos_shared::api::organization_card::{
    CloseDraft, ClosingPreview, ClosingQuery, MergeDraft, MergePreview, MergeQuery, MoveDraft,
    OrganizationCard, OrganizationError, ReopenDraft,
};
use epos_shared::organization_rights::OrganizationAction;
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use epos_shared::rights::Relation;
use epos_shared::values::InvalidValue as _;
use serde_json::json;

use super::page::{Seen, below, conflict, decided, forbidden, show};
use super::store;
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::identification;
use crate::kontingent::{Asker, StaffOf, of_organization};
use crate::organizations::{self, OrganizationRow};

/// People and roles named in a preview; the rest is counted.
const NAMED: usize = 100;

fn wrong(error: OrganizationError, field: &str) -> ApiError {
    ApiError::validation(vec![error.at(field)])
}

/// Nobody acts on a card of his own: what would end or move it is left to others.
fn no_own_card(conn: &mut Conn, staff: &StaffOf<'_>, organization: Id) -> Result<(), ApiError> {
    if of_organization::has_card_of(conn, organization, staff.account())? {
        return Err(Problem::new(ProblemCode::OwnCard)
            .with_detail("В этой организации есть ваша карточка: попросите об этом другого сотрудника.")
            .into());
    }
    Ok(())
}

fn open_below(conn: &mut Conn, services: &Services, id: Id) -> Result<u32, ApiError> {
    let counts = store::open_below(conn, &[id], services.context.today())?;
    Ok(counts.get(&id).copied().unwrap_or_default())
}

/// What closing would do.
///
/// # Errors
/// `not-found`, `forbidden`, `already-decided`, `validation-failed`; the database fails.
pub(super) fn closing(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    id: Id,
    query: &ClosingQuery,
) -> Result<ClosingPreview, ApiError> {
    let seen = Seen::find(conn, staff, id)?;
    seen.demand(staff, OrganizationAction::Close)?;
    seen.is_open()?;
    let last_day = query.parse(services.context.today()).map_err(ApiError::validation)?;
    let ending = of_organization::would_end(conn, id, last_day)?;
    Ok(ClosingPreview {
        cards: ending.cards,
        ending: ending.ending,
        taken_back: ending.taken_back,
        open_below: open_below(conn, services, id)?,
    })
}

/// Closes an organization: every role in it ends with its last day.
///
/// # Errors
/// `not-found`, `forbidden`, `own-card`, `already-decided`, `version-conflict`, `validation-failed`; the database
/// fails.
pub(super) fn close(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    id: Id,
    draft: &CloseDraft,
) -> Result<OrganizationCard, ApiError> {
    let context = &services.context;
    let seen = Seen::find(conn, staff, id)?;
    seen.demand(staff, OrganizationAction::Close)?;
    seen.is_open()?;
    no_own_card(conn, staff, id)?;
    seen.is_at(conn, services, staff, draft.version)?;
    let last_day = draft.parse(context.today()).map_err(ApiError::validation)?;
    if open_below(conn, services, id)? > 0 {
        return Err(wrong(OrganizationError::OpenBelow, "last_day"));
    }
    let closed_on = last_day.succ_opt().ok_or_else(|| wrong(OrganizationError::LastDayFar, "last_day"))?;
    if !store::set_closed(conn, (id, seen.row.version), Some(closed_on), None)? {
        return Err(conflict(&show(conn, services, staff, id)?));
    }
    let ending = of_organization::end_roles(conn, context, &asker.journal, id, last_day)?;
    let details = json!({
        "before": { "last_day": null }, "after": { "last_day": last_day }, "cards": ending.cards, "roles_ended": ending.ending,
        "roles_taken_back": ending.taken_back,
    });
    let event = Event::done("organization.closed", "organization", id).in_organization(id).with(details);
    audit::record(conn, context, &asker.journal, event)?;
    show(conn, services, staff, id)
}

/// Opens an organization again. Roles that have ended stay so.
///
/// # Errors
/// `not-found`, `forbidden`, `already-decided`, `version-conflict`; the database fails.
pub(super) fn reopen(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    id: Id,
    draft: &ReopenDraft,
) -> Result<OrganizationCard, ApiError> {
    let seen = Seen::find(conn, staff, id)?;
    seen.demand(staff, OrganizationAction::Reopen)?;
    let Some(closed_on) = seen.row.closed_on else {
        return Err(decided("Организация открыта."));
    };
    if seen.row.merged_into_id.is_some() {
        return Err(decided("Организация присоединена к другой, её карточки теперь там: создайте новую."));
    }
    seen.is_at(conn, services, staff, draft.version)?;
    let above = match seen.row.parent_id {
        None => None,
        Some(parent) => organizations::find(conn, parent)?,
    };
    if above.is_some_and(|above| above.closed_on.is_some()) {
        return Err(decided("Организация, которой она подчинена, закрыта: сначала откройте ту."));
    }
    if !store::set_closed(conn, (id, seen.row.version), None, None)? {
        return Err(conflict(&show(conn, services, staff, id)?));
    }
    let event = Event::done("organization.reopened", "organization", id)
        .in_organization(id)
        .with(json!({ "before": { "last_day": closed_on.pred_opt() }, "after": { "last_day": null } }));
    audit::record(conn, &services.context, &asker.journal, event)?;
    show(conn, services, staff, id)
}

/// Puts an organization, with everything below it, under another one.
///
/// # Errors
/// `not-found`, `forbidden`, `already-decided`, `version-conflict`, `validation-failed`; the database fails.
pub(super) fn relocate(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    id: Id,
    draft: &MoveDraft,
) -> Result<OrganizationCard, ApiError> {
    let seen = Seen::find(conn, staff, id)?;
    seen.demand(staff, OrganizationAction::Move)?;
    seen.is_open()?;
    seen.is_at(conn, services, staff, draft.version)?;
    let parent = draft.parent_id.ok_or_else(|| wrong(OrganizationError::ParentMissing, "parent_id"))?;
    let parent = Id::from(parent);
    let found = staff.organization(conn, parent)?.filter(|(above, _)| above.closed_on.is_none());
    let (above, relation) = found.ok_or_else(|| wrong(OrganizationError::ParentUnknown, "parent_id"))?;
    judge_move(conn, staff, &seen, (&above, relation))?
        .map_or(Ok(()), |error| Err(ApiError::validation(vec![error])))?;
    if !store::set_parent(conn, (id, seen.row.version), parent)? {
        return Err(conflict(&show(conn, services, staff, id)?));
    }
    let before = match seen.row.parent_id {
        None => None,
        Some(before) => organizations::find(conn, before)?,
    };
    let event = moved(id, before.as_ref(), &above);
    audit::record(conn, &services.context, &asker.journal, event)?;
    show(conn, services, staff, id)
}

/// The entry of an organization that stands below another one from now on.
fn moved(id: Id, before: Option<&OrganizationRow>, after: &OrganizationRow) -> Event {
    let details = json!({
        "before": { "parent": before.map(|above| above.short_name.as_str()) },
        "after": { "parent": after.short_name },
        "parent_ids": { "before": before.map(|above| above.id.to_string()), "after": after.id.to_string() },
    });
    Event::done("organization.moved", "organization", id).in_organization(id).with(details)
}

fn judge_move(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    seen: &Seen,
    (above, relation): (&OrganizationRow, Relation),
) -> Result<Option<FieldError>, ApiError> {
    let at = |error: OrganizationError| Ok(Some(error.at("parent_id")));
    if organizations::place(conn, above.id, seen.row.id)?.is_some() {
        return at(OrganizationError::ParentBelowItself);
    }
    if seen.row.parent_id == Some(above.id) {
        return at(OrganizationError::ParentSame);
    }
    if !seen.kind.stands_below(above.kind) {
        return at(OrganizationError::ParentUnfit);
    }
    // The right on the other side: over what it becomes there.
    if !staff.may_organization(OrganizationAction::Move, seen.kind, below(relation)) {
        return Err(forbidden());
    }
    Ok(None)
}

/// Two organizations that may be merged.
struct Pair {
    from: Seen,
    into: Seen,
}

impl Pair {
    fn find(
        conn: &mut Conn,
        staff: &StaffOf<'_>,
        id: Id,
        into: Option<epos_shared::ids::OrganizationId>,
    ) -> Result<Self, ApiError> {
        let from = Seen::find(conn, staff, id)?;
        from.demand(staff, OrganizationAction::Merge)?;
        from.is_open()?;
        let into = into.ok_or_else(|| wrong(OrganizationError::IntoMissing, "into_id"))?;
        let into = match Seen::find(conn, staff, into.into()) {
            Ok(into) if into.row.closed_on.is_none() => into,
            Ok(_) => return Err(wrong(OrganizationError::IntoUnknown, "into_id")),
            Err(ApiError::Problem(_)) => return Err(wrong(OrganizationError::IntoUnknown, "into_id")),
            Err(error) => return Err(error),
        };
        if !into.may(staff, OrganizationAction::Merge) {
            return Err(wrong(OrganizationError::IntoForbidden, "into_id"));
        }
        if organizations::place(conn, into.row.id, id)?.is_some() {
            return Err(wrong(OrganizationError::IntoItself, "into_id"));
        }
        if !from.kind.merges_into(into.kind) {
            return Err(wrong(OrganizationError::IntoUnfit, "into_id"));
        }
        no_own_card(conn, staff, id)?;
        Ok(Self { from, into })
    }
}

/// What a merge would do.
///
/// # Errors
/// `not-found`, `forbidden`, `own-card`, `already-decided`, `validation-failed`; the database fails.
pub(super) fn merging(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    id: Id,
    query: &MergeQuery,
) -> Result<MergePreview, ApiError> {
    let Pair { into, .. } = Pair::find(conn, staff, id, query.into_id)?;
    let today = services.context.today();
    let mut following = of_organization::following(conn, id, (into.row.id, into.kind), today)?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (unfit_total, duplicates_total) = (number(following.unfit.len()), number(following.duplicates.len()));
    following.unfit.truncate(NAMED);
    following.duplicates.truncate(NAMED);
    Ok(MergePreview {
        cards: following.cards,
        below: open_below(conn, services, id)?,
        unfit: following.unfit,
        unfit_total,
        duplicates: following.duplicates,
        duplicates_total,
    })
}

/// Joins an organization to another: cards and what stands below follow, it closes and remembers where it went.
/// Answers the organization that stays.
///
/// # Errors
/// `not-found`, `forbidden`, `own-card`, `already-decided`, `version-conflict`, `validation-failed`; the database
/// fails.
pub(super) fn merge(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    id: Id,
    draft: &MergeDraft,
) -> Result<OrganizationCard, ApiError> {
    let context = &services.context;
    let Pair { from, into } = Pair::find(conn, staff, id, draft.into_id)?;
    from.is_at(conn, services, staff, draft.version)?;
    let stays = into.row.id;
    let today = context.today();
    if !store::set_closed(conn, (id, from.row.version), Some(today), Some(stays))? {
        return Err(conflict(&show(conn, services, staff, id)?));
    }
    let children = store::child_ids(conn, id)?;
    let (gone, there) = (organizations::find(conn, id)?, organizations::find(conn, stays)?);
    let (gone, there) = gone.zip(there).ok_or(ProblemCode::NotFound)?;
    for child in &children {
        let Some(row) = store::find(conn, *child)? else { continue };
        store::set_parent(conn, (*child, row.version), stays)?;
        audit::record(conn, context, &asker.journal, moved(*child, Some(&gone), &there))?;
    }
    let followed = of_organization::follow(conn, context, &asker.journal, &gone, &there)?;
    identification::follow_merged(conn, id, stays)?;
    let details = json!({
        "before": { "organization": gone.short_name }, "after": { "organization": there.short_name },
        "into": stays.to_string(), "cards": followed.cards,
        "roles_ended": followed.unfit.len(), "possible_duplicates": followed.duplicates.len(),
        "organizations": children.len(),
    });
    let event = Event::done("organization.merged", "organization", id).in_organization(stays).with(details);
    audit::record(conn, context, &asker.journal, event)?;
    show(conn, services, staff, stays)
}
