//! A queue as a file (CSV, UTF-8 with a mark, `;`): what its page shows, all pages of it.

use actix_web::HttpResponse;
use epos_shared::api::page::Page;

use crate::app::Services;
use crate::audit::{self, Event};
use crate::error::ApiError;
use crate::kontingent::{Asker, gate};
use crate::tables::{self, Line};

/// Rows of a queue that go into a file at most: nobody works off more.
const MOST: usize = 10_000;

/// What a file of a queue is called.
#[derive(Debug, Clone, Copy)]
pub struct QueueFile {
    /// In ASCII; for the journal too.
    pub name: &'static str,
    /// In Russian.
    pub title: &'static str,
    /// The headings of its columns.
    pub headings: &'static [&'static str],
}

impl QueueFile {
    /// The file of some rows. The journal tells of it.
    ///
    /// # Errors
    /// `no-rights`; the database fails.
    pub async fn of(
        self,
        services: &Services,
        asker: Asker,
        (mut rows, more): (Vec<Line>, bool),
    ) -> Result<HttpResponse, ApiError> {
        let count = rows.len();
        gate::add(services, asker, "report.exported", move |conn, services, who, staff| {
            let event = Event::done("report.exported", "organization", staff.own_organization())
                .in_organization(staff.own_organization())
                .with(serde_json::json!({ "report": self.name, "rows": count, "more": more }));
            audit::record(conn, &services.context, &who.journal, event).map_err(ApiError::from)
        })
        .await?;
        if more {
            rows.push(vec![format!(
                "Здесь первые {count} строк. Выберите состояние или слова поиска, чтобы их стало меньше."
            )]);
        }
        tables::csv_file(self.name, self.title, services.context.today(), self.headings, rows)
    }
}

/// The rows of a queue, page after page, and whether there are more than a file holds; `page` answers the one behind a
/// cursor.
///
/// # Errors
/// What `page` answers.
pub fn every<T>(
    mut page: impl FnMut(Option<String>) -> Result<Page<T>, ApiError>,
) -> Result<(Vec<T>, bool), ApiError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let found = page(after)?;
        rows.extend(found.items);
        after = found.next;
        if after.is_none() || rows.len() >= MOST {
            return Ok((rows, after.is_some()));
        }
    }
}
