//! The staff list as a file: what is filtered, in the order of the list, one row a role. It is read part by
//! part, each through the view as it is then, so that no transaction stays open, little is held at a time, and
//! whoever loses his rights meanwhile gets no more.

use std::collections::HashMap;
use std::vec::IntoIter;

use csv::QuoteStyle;
use epos_shared::api::bulk::ExportQuery;
use epos_shared::api::employees::{EmployeeRow, RoleAssignment};
use epos_shared::api::import::ImportField;
use epos_shared::values::format_date;
use serde_json::json;

use super::actor::{Asker, StaffOf};
use super::list_store::{self, BATCH, Place};
use super::{gate, list};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::organizations;
use crate::tables::{BookWriter, Line};

/// So many cards are all found at once and sorted here, where what is asked for is no more frequent.
const FEW: i64 = 100_000;

/// The headings: those that the import knows, and what only a list can tell.
const HEADINGS: [&str; 13] = [
    ImportField::FamilyName.title(),
    ImportField::GivenName.title(),
    ImportField::Patronymic.title(),
    ImportField::Email.title(),
    ImportField::Login.title(),
    ImportField::Organization.title(),
    ImportField::Inn.title(),
    ImportField::Kpp.title(),
    ImportField::Role.title(),
    ImportField::Start.title(),
    ImportField::End.title(),
    "Привязана",
    "Последний вход",
];

/// How far an export is.
enum Rest {
    /// Nothing is read yet.
    Beginning,
    /// Cards found all at once.
    Found(IntoIter<Place>),
    /// Cards behind a place of the list.
    Behind(Place),
    /// None.
    Nothing,
}

/// An export under way.
pub(super) struct Export {
    services: Services,
    asker: Asker,
    query: ExportQuery,
    rest: Rest,
}

impl Export {
    /// Begins an export, and tells the journal. The words of a search stay out of it: they are names.
    ///
    /// # Errors
    /// `no-rights`, `malformed-parameter`; the database fails.
    pub(super) async fn begin(
        services: Services,
        asker: Asker,
        query: ExportQuery,
    ) -> Result<Self, ApiError> {
        let details = json!({
            "format": query.format.as_str(),
            "organization": query.organization,
            "role": query.role,
            "state": query.state,
            "searched": query.query.as_deref().is_some_and(|words| !words.trim().is_empty()),
        });
        let asked = query.as_list();
        // What cannot be answered is no export yet.
        gate::read(&services, asker.clone(), move |conn, services, staff| {
            staff.filter(conn, &asked, services.context.today()).map(|_| ())
        })
        .await?;
        gate::add(&services, asker.clone(), "employees.exported", move |conn, services, who, staff| {
            let event = Event::done("employees.exported", "organization", staff.own_organization())
                .in_organization(staff.own_organization())
                .with(details.clone());
            audit::record(conn, &services.context, &who.journal, event).map_err(ApiError::from)
        })
        .await?;
        Ok(Self { services, asker, query, rest: Rest::Beginning })
    }

    /// The next rows; none where all are read.
    ///
    /// # Errors
    /// `no-rights`; the database fails.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Line>>, ApiError> {
        let rest = std::mem::replace(&mut self.rest, Rest::Nothing);
        if matches!(rest, Rest::Nothing) {
            return Ok(None);
        }
        let query = self.query.clone();
        let (lines, rest) = gate::read(&self.services, self.asker.clone(), move |conn, services, staff| {
            part(conn, services, staff, &query, rest)
        })
        .await?;
        self.rest = rest;
        Ok(Some(lines))
    }

    /// The whole as a file of Excel, in a file of the system that has no name: there are too many rows to hold.
    ///
    /// # Errors
    /// More rows than a sheet has; what [`Self::next`] answers.
    pub(super) async fn into_book(mut self) -> Result<std::fs::File, ApiError> {
        let mut writer = BookWriter::new(&HEADINGS)?;
        while let Some(lines) = self.next().await? {
            writer = on_thread(move || writer.with(&lines)).await?;
        }
        on_thread(move || writer.into_file()).await
    }

    /// The beginning of a file of text: the mark and the headings.
    ///
    /// # Errors
    /// None, in practice.
    pub(super) fn head(&self) -> Result<Vec<u8>, ApiError> {
        crate::tables::csv_head(&HEADINGS, QuoteStyle::Necessary)
    }
}

/// Work that takes long, where no other request waits for it.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    actix_web::web::block(work).await.map_err(ApiError::internal)?
}

fn part(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    query: &ExportQuery,
    rest: Rest,
) -> Result<(Vec<Line>, Rest), ApiError> {
    let today = services.context.today();
    let sort = query.sort.unwrap_or_default();
    // Read anew with every part: the view may have become smaller.
    let filter = staff.filter(conn, &query.as_list(), today)?;
    let (places, rest) = match rest {
        Rest::Nothing => (Vec::new(), Rest::Nothing),
        Rest::Found(mut found) => {
            let places: Vec<Place> = found.by_ref().take(BATCH).collect();
            (places, if found.len() == 0 { Rest::Nothing } else { Rest::Found(found) })
        }
        Rest::Beginning => match list_store::all_of_few(conn, &filter, sort, FEW)? {
            Some(all) => return part(conn, services, staff, query, Rest::Found(all.into_iter())),
            None => ahead(list_store::next(conn, &filter, sort, None, BATCH)?),
        },
        Rest::Behind(place) => ahead(list_store::next(conn, &filter, sort, Some(&place), BATCH)?),
    };
    let rows = list_store::rows(conn, &places)?;
    // Cards found at the beginning may have moved to where the actor sees them no more.
    let rows: Vec<_> = if matches!(rest, Rest::Behind(_)) {
        rows
    } else {
        let seen = list_store::among(conn, &filter, &places)?;
        rows.into_iter().filter(|row| seen.contains(&row.id)).collect()
    };
    let rows = list::rows_of(conn, &rows, today)?;
    let mut ids: Vec<Id> = rows.iter().map(|row| row.organization.id.into()).collect();
    ids.sort_unstable();
    ids.dedup();
    let numbers: HashMap<Id, (Option<String>, Option<String>)> = organizations::numbers_of_all(conn, &ids)?
        .into_iter()
        .map(|(id, inn, kpp)| (id, (inn, kpp)))
        .collect();
    let zone = services.config.time_zone().ok_or_else(|| ApiError::internal("a time zone"))?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let numbers = numbers.get(&row.organization.id.into()).cloned().unwrap_or_default();
        let signed_in = row
            .last_sign_in_at
            .map(|at| format_date(at.with_timezone(&zone).date_naive()))
            .unwrap_or_default();
        if row.roles.is_empty() {
            lines.push(line(row, &numbers, None, &signed_in));
        }
        lines.extend(row.roles.iter().map(|role| line(row, &numbers, Some(role), &signed_in)));
    }
    Ok((lines, rest))
}

/// Whether there is more behind a part.
fn ahead(places: Vec<Place>) -> (Vec<Place>, Rest) {
    let rest = match places.last() {
        Some(last) if places.len() == BATCH => Rest::Behind(last.clone()),
        _ => Rest::Nothing,
    };
    (places, rest)
}

fn line(
    row: &EmployeeRow,
    (inn, kpp): &(Option<String>, Option<String>),
    role: Option<&RoleAssignment>,
    signed_in: &str,
) -> Line {
    let end = role.and_then(|role| role.period.end());
    vec![
        row.name.family_name.to_string(),
        row.name.given_name.to_string(),
        row.name.patronymic.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.email.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.login.to_string(),
        row.organization.short_name.clone(),
        inn.clone().unwrap_or_default(),
        kpp.clone().unwrap_or_default(),
        role.map(|role| role.role.title().to_owned()).unwrap_or_default(),
        role.map(|role| format_date(role.period.start())).unwrap_or_default(),
        end.map(format_date).unwrap_or_default(),
        if row.bound { "да" } else { "нет" }.to_owned(),
        signed_in.to_owned(),
    ]
}
