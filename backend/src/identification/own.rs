//! What a person sees of it all in his own account.

use diesel::prelude::*;
use epos_shared::api::esia::EsiaLink;
use serde_json::{Value, json};

use super::{grants, links};
use crate::accounts;
use crate::context::Context;
use crate::db::schema::{esia_links, mismatches, organizations};
use crate::db::types::Id;
use crate::db::{Conn, DbError};

/// Rows of each kind at most, the newest of them.
const MOST: i64 = 500;

/// A row that was sent: state, organization, ФИО, e-mail, when, the reason of a refusal.
type Sent = (String, Option<String>, String, Option<String>, chrono::NaiveDateTime, Option<String>);

/// The link of an account to Госуслуги, as its person sees it.
///
/// # Errors
/// The database fails.
pub fn link_of(conn: &mut Conn, account: Id, has_password: bool) -> QueryResult<Option<EsiaLink>> {
    let found = links::of_account(conn, account)?;
    Ok(found.map(|(_, at)| EsiaLink { linked_at: at.and_utc(), can_unlink: has_password }))
}

fn moment(at: chrono::NaiveDateTime) -> String {
    at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// What is stored of an account's person here, for «Мои данные».
///
/// # Errors
/// The database fails.
pub fn own_data(conn: &mut Conn, context: &Context, account: Id) -> Result<Value, DbError> {
    let joined: Vec<(String, chrono::NaiveDateTime, Option<chrono::NaiveDateTime>)> = esia_links::table
        .filter(esia_links::account_id.eq(account))
        .order(esia_links::id.desc())
        .limit(MOST)
        .select((esia_links::oid, esia_links::linked_at, esia_links::ended_at))
        .load(conn)?;
    let mut sent = Vec::new();
    let mut seen = Vec::new();
    for (oid, _, _) in &joined {
        // Who was joined twice has one person there still.
        if seen.contains(oid) {
            continue;
        }
        seen.push(oid.clone());
        let rows: Vec<Sent> = mismatches::table
            .left_join(organizations::table)
            .filter(mismatches::oid.eq(oid))
            .order(mismatches::id.desc())
            .limit(MOST)
            .select((
                mismatches::state,
                organizations::full_name.nullable(),
                mismatches::name_key,
                mismatches::email,
                mismatches::created_at,
                mismatches::reason,
            ))
            .load(conn)?;
        sent.extend(rows.into_iter().map(|(state, organization, name, email, at, reason)| {
            json!({
                "state": state, "organization": organization, "name": name, "email": email,
                "sent_at": moment(at), "reason": reason,
            })
        }));
    }
    let mut given = Vec::new();
    if let Some(holder) = accounts::holder(conn, context, account)?
        && let Some(key) = &holder.proven_email_key
    {
        for grant in grants::of_address(conn, context.secrets(), key)? {
            if grant.fits(&holder.name, holder.snils.as_ref()) {
                given.push(json!({
                    "category": grant.category, "name": grant.name.to_string(), "start": grant.period.start(),
                    "end": grant.period.end(), "given_at": moment(grant.created_at),
                    "snils": grant.snils.map(|snils| snils.formatted()),
                }));
            }
        }
    }
    let links: Vec<Value> = joined
        .into_iter()
        .map(|(oid, at, ended)| json!({ "oid": oid, "joined_at": moment(at), "ended_at": ended.map(moment) }))
        .collect();
    Ok(json!({ "links": links, "mismatches": sent, "categories": given }))
}
