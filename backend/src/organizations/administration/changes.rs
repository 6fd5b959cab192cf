//! Creating and changing organizations.

use diesel::result::QueryResult;
use epos_shared::api::organization_card::{
    NewOrganizationDraft, NumbersRule, OrganizationCard, OrganizationData, OrganizationDraft,
    OrganizationError, OrganizationFields,
};
use epos_shared::organization_rights::OrganizationAction;
use epos_shared::problem::FieldError;
use epos_shared::rights::Relation;
use epos_shared::roles::OrganizationKind;
use epos_shared::search::search_key;
use epos_shared::values::InvalidValue as _;
use serde_json::json;

use super::page::{Seen, below, conflict, decided, forbidden, show};
use super::store::{self, Full};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::types::Id;
use crate::db::{Conn, Unique, broken_unique};
use crate::error::ApiError;
use crate::kontingent::{Asker, StaffOf, of_organization};
use crate::organizations::{self, NewOrganization, words_of};

/// A rule of the database that was broken, as the wrong field it is.
fn taken(error: diesel::result::Error, field: &str) -> ApiError {
    match broken_unique(&error) {
        Some(Unique::OrganizationInnKpp) => {
            ApiError::validation(vec![OrganizationError::InnKppTaken.at(field)])
        }
        _ => error.into(),
    }
}

/// Creates an organization below one in view.
///
/// # Errors
/// `forbidden`, `validation-failed` with every wrong field; the database fails.
pub(super) fn create(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    draft: &NewOrganizationDraft,
) -> Result<OrganizationCard, ApiError> {
    let creates_any = OrganizationKind::ALL.into_iter().any(|kind| {
        [Relation::Below, Relation::Elsewhere]
            .into_iter()
            .any(|relation| staff.may_organization(OrganizationAction::Create, kind, relation))
    });
    if !creates_any {
        return Err(forbidden());
    }
    let mut wrong = Vec::new();
    if let Some(parent) = draft.parent_id {
        wrong.extend(judge_parent(conn, staff, parent.into(), draft.fields.kind)?);
    }
    let (parent, data) = match draft.parse() {
        Ok(parsed) if wrong.is_empty() => parsed,
        Ok(_) => return Err(ApiError::validation(wrong)),
        Err(mut errors) => {
            errors.extend(wrong);
            errors.sort_by_key(|error| place_in_form(&error.field));
            return Err(ApiError::validation(errors));
        }
    };
    let id = insert(conn, services, asker, parent.into(), &data)?;
    show(conn, services, staff, id)
}

/// What is wrong with a place for a new organization.
fn judge_parent(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    parent: Id,
    kind: Option<OrganizationKind>,
) -> Result<Option<FieldError>, ApiError> {
    let found = staff.organization(conn, parent)?.filter(|(parent, _)| parent.closed_on.is_none());
    let Some((parent, relation)) = found else {
        return Ok(Some(OrganizationError::ParentUnknown.at("parent_id")));
    };
    let Some(kind) = kind else { return Ok(None) };
    Ok(if !staff.may_organization(OrganizationAction::Create, kind, below(relation)) {
        Some(OrganizationError::KindForbidden.at("fields/kind"))
    } else if !kind.stands_below(parent.kind) {
        Some(OrganizationError::KindUnfit.at("fields/kind"))
    } else {
        None
    })
}

fn place_in_form(field: &str) -> usize {
    const FORM: [&str; 7] = [
        "parent_id",
        "fields/kind",
        "fields/full_name",
        "fields/short_name",
        "fields/town",
        "fields/inn",
        "fields/kpp",
    ];
    FORM.iter().position(|known| *known == field).unwrap_or(FORM.len())
}

/// Writes a new organization, and tells the journal.
pub(super) fn insert(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    parent: Id,
    data: &OrganizationData,
) -> Result<Id, ApiError> {
    let context = &services.context;
    let (inn, kpp) = data.numbers.clone().unzip();
    let new = NewOrganization {
        parent: Some(parent.into()),
        kind: data.kind,
        full_name: data.full_name.clone(),
        short_name: data.short_name.clone(),
        town: data.town.clone(),
        inn,
        kpp,
    };
    let id = organizations::create(conn, context, &new).map_err(|error| taken(error, "fields/inn"))?;
    let id = Id::from(id);
    if data.esia_only {
        store::set_esia_only(conn, id)?;
    }
    let details = json!({
        "before": {}, "after": OrganizationFields::from(data), "parent_id": parent.to_string(),
    });
    let event = Event::done("organization.created", "organization", id).in_organization(id).with(details);
    audit::record(conn, context, &asker.journal, event)?;
    Ok(id)
}

/// Saves an organization; nothing changed is nothing done.
///
/// # Errors
/// `not-found`, `forbidden`, `already-decided`, `version-conflict`, `validation-failed`; the database fails.
pub(super) fn save(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    staff: &StaffOf<'_>,
    id: Id,
    draft: &OrganizationDraft,
) -> Result<OrganizationCard, ApiError> {
    let seen = Seen::find(conn, staff, id)?;
    seen.demand(staff, OrganizationAction::Edit)?;
    if seen.row.merged_into_id.is_some() {
        return Err(decided("Организация присоединена к другой: её данные остаются как были."));
    }
    seen.is_at(conn, services, staff, draft.version)?;
    let rule = if seen.row.inn.is_none() { NumbersRule::MayStayEmpty } else { NumbersRule::Required };
    let parsed = draft.fields.parse("fields/", rule);
    let wrong = match draft.fields.kind {
        Some(kind) if kind != seen.kind => judge_kind(conn, staff, &seen, kind)?,
        _ => None,
    };
    let data = match (parsed, wrong) {
        (Ok(data), None) => data,
        (parsed, wrong) => {
            let errors = wrong.into_iter().chain(parsed.err().unwrap_or_default());
            return Err(ApiError::validation(errors.collect()));
        }
    };
    let Some(change) = Change::of(&seen.row, data)? else {
        return show(conn, services, staff, id);
    };
    if !write(conn, services, asker, &change)? {
        return Err(conflict(&show(conn, services, staff, id)?));
    }
    show(conn, services, staff, id)
}

/// An organization as it was and as it shall be.
#[derive(Debug)]
pub(super) struct Change {
    id: Id,
    version: i32,
    pub(super) before: OrganizationFields,
    pub(super) data: OrganizationData,
}

impl Change {
    /// What differs; nothing where nothing does.
    pub(super) fn of(row: &Full, data: OrganizationData) -> QueryResult<Option<Self>> {
        let before = row.fields()?;
        let differs = before != OrganizationFields::from(&data);
        Ok(differs.then_some(Self { id: row.id, version: row.version, before, data }))
    }
}

/// Writes a change if the organization still is as it was, and tells the journal.
pub(super) fn write(
    conn: &mut Conn,
    services: &Services,
    asker: &Asker,
    change: &Change,
) -> Result<bool, ApiError> {
    let Change { id, version, before, data } = change;
    let inn = data.numbers.as_ref().map(|(inn, _)| inn.as_str());
    let words = words_of(&data.short_name, &data.full_name, &data.town, inn);
    let key = search_key(&data.short_name);
    let saved = store::update(conn, (*id, *version), data, &key, &words)
        .map_err(|error| taken(error, "fields/inn"))?;
    if saved {
        let event = Event::done("organization.changed", "organization", *id)
            .in_organization(*id)
            .with(json!({ "before": before, "after": OrganizationFields::from(data) }));
        audit::record(conn, &services.context, &asker.journal, event)?;
    }
    Ok(saved)
}

/// What is wrong with another kind: roles and what stands below hang on it.
fn judge_kind(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    seen: &Seen,
    kind: OrganizationKind,
) -> Result<Option<FieldError>, ApiError> {
    if !staff.may_organization(OrganizationAction::Edit, kind, seen.relation)
        || kind == OrganizationKind::Operator
    {
        return Ok(Some(OrganizationError::KindForbidden.at("fields/kind")));
    }
    Ok(kind_in_the_way(conn, &seen.row, kind)?.map(|error| error.at("fields/kind")))
}

/// What stands in the way of another kind, whoever wants it: cards, what is below, what is above.
pub(super) fn kind_in_the_way(
    conn: &mut Conn,
    row: &Full,
    kind: OrganizationKind,
) -> QueryResult<Option<OrganizationError>> {
    if of_organization::has_cards(conn, row.id)? || organizations::has_below(conn, row.id)? {
        return Ok(Some(OrganizationError::KindFixed));
    }
    let above = match row.parent_id {
        None => None,
        Some(parent) => organizations::find(conn, parent)?,
    };
    let fits = above.is_some_and(|above| kind.stands_below(above.kind));
    Ok((!fits).then_some(OrganizationError::KindUnfit))
}
