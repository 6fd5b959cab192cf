//! The journal as a file: read and sent page by page, so that memory does not grow with it. The view is opened
//! anew for each page: whose role ends meanwhile gets no more of it.

use actix_web::web::Bytes;
use csv::QuoteStyle;
use epos_shared::api::journal::{ActorKind, JournalEntry, JournalSearch};
use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::journal::{self, Question};
use super::journal_store::{self as store, Range, Wanted};
use super::store::Moment;
use crate::app::Services;
use crate::context::Context;
use crate::db::Conn;
use crate::error::ApiError;
use crate::kontingent::{Asker, StaffOf, gate};
use crate::tables::{self, Line};

/// Entries that are read at a time.
const ENTRIES: usize = 500;

const HEAD: [&str; 13] = [
    "Когда",
    "Действие",
    "Код действия",
    "Результат",
    "Кто",
    "Организация того, кто действовал",
    "С кем или с чем",
    "Имя или название",
    "Организация",
    "Адрес",
    "Запрос",
    "Подробности",
    "Изменения",
];

/// How far the file is.
struct Progress {
    services: Services,
    asker: Asker,
    search: JournalSearch,
    /// Nothing is left where there is none.
    range: Option<Range>,
    is_begun: bool,
}

/// The file, piece by piece.
pub(super) fn stream(
    services: Services,
    asker: Asker,
    search: JournalSearch,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    // What is written while it is read, the entry of the export among it, comes with another one.
    let at = services.context.db_now();
    let now = Moment { at, id: crate::db::types::Id(uuid::Uuid::nil()) };
    let range = Some(Range { before: now, ..Range::all() });
    let progress = Progress { services, asker, search, range, is_begun: false };
    try_unfold(progress, |mut progress| async move {
        let Some(range) = progress.range else { return Ok(None) };
        let mut out = Vec::new();
        if !progress.is_begun {
            progress.is_begun = true;
            out = tables::csv_head(&HEAD, QuoteStyle::Always)?;
        }
        let search = progress.search.clone();
        let piece = gate::read(&progress.services, progress.asker.clone(), move |conn, services, staff| {
            let question = journal::question(conn, services, staff, &search)?;
            piece(conn, services, staff, &question, range)
        });
        let (lines, left) = piece.await?;
        out.extend(tables::csv_lines(&lines, QuoteStyle::Always)?);
        progress.range = left;
        Ok(Some((Bytes::from(out), progress)))
    })
}

/// The next lines, and what is left.
fn piece(
    conn: &mut Conn,
    services: &Services,
    staff: &StaffOf<'_>,
    question: &Question,
    range: Range,
) -> Result<(Vec<Line>, Option<Range>), ApiError> {
    let found = journal::look(conn, question, Wanted { range, newer: false, limit: ENTRIES })?;
    let further = if found.more { found.places.last().copied() } else { found.stopped };
    let rows = store::rows(conn, &found.places)?;
    let entries = journal::show(conn, staff, rows)?;
    let lines = entries.iter().map(|entry| line(&services.context, entry)).collect();
    Ok((lines, further.map(|place| Range { before: place, ..range })))
}

fn line(context: &Context, entry: &JournalEntry) -> Line {
    let who = match (entry.actor.kind, &entry.actor.name) {
        (_, Some(name)) => name,
        (ActorKind::Person, None) => "",
        (ActorKind::Stranger, None) => "без входа",
        (ActorKind::Program, None) => "ЭПОС",
    };
    let at = context.local(entry.at.naive_utc()).format("%d.%m.%Y %H:%M:%S").to_string();
    let place = |place: &Option<epos_shared::api::organizations::OrganizationSummary>| {
        place.as_ref().map(|place| place.short_name.clone()).unwrap_or_default()
    };
    let changes: Vec<String> = entry
        .changes
        .iter()
        .map(|change| format!("{}: {} → {}", change.field, nothing(&change.old), nothing(&change.new)))
        .collect();
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        at,
        entry.title.clone(),
        entry.action.clone(),
        entry.result.title().to_owned(),
        who.to_owned(),
        place(&entry.actor.organization),
        entry.object.title.clone(),
        known(&entry.object.name),
        place(&entry.organization),
        known(&entry.address),
        known(&entry.request_id),
        entry.details.clone(),
        changes.join("; "),
    ]
}

fn nothing(text: &str) -> &str {
    if text.is_empty() { "пусто" } else { text }
}
