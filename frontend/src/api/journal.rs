//! The addresses of «Журнал».

use epos_shared::api::journal::{ActionGroup, JournalPage, JournalSearch};

use super::{Answer, get, wire_name};
use crate::address::with_query;

/// The address `path` with this search, as the address bar and the server have it.
#[must_use]
pub fn address(path: &str, search: &JournalSearch) -> String {
    let text = |value: &Option<String>| value.clone();
    with_query(
        path,
        [
            ("person", text(&search.person)),
            ("object", search.object.map(|id| id.to_string())),
            ("who", text(&search.who)),
            ("actor", search.actor.map(|id| id.to_string())),
            ("action", text(&search.action)),
            ("result", search.result.and_then(wire_name)),
            ("from", search.from.map(|day| day.to_string())),
            ("to", search.to.map(|day| day.to_string())),
            ("organization", search.organization.map(|id| id.to_string())),
            ("after", text(&search.after)),
            ("before", text(&search.before)),
        ],
    )
}

/// A page of the journal.
pub async fn page(search: &JournalSearch) -> Answer<JournalPage> {
    get(&address("/api/v1/journal", search)).await
}

/// Actions in their groups.
pub async fn actions() -> Answer<Vec<ActionGroup>> {
    get("/api/v1/journal/actions").await
}

/// The address of the file with everything that is searched for.
#[must_use]
pub fn export(search: &JournalSearch) -> String {
    let whole = JournalSearch { after: None, before: None, ..search.clone() };
    address("/api/v1/journal/export", &whole)
}
