//! «Мои данные»: everything that is stored of a person, as JSON. Secrets are not: hashes tell nobody anything.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::sessions::SessionRow;
use super::{SignedIn, device, store};
use crate::app::Services;
use crate::audit;
use crate::consent;
use crate::context::Context;
use crate::db::schema::{
    applications, bindings, email_changes, employees, organizations, proposals, role_assignments, sessions,
};
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::identification;

/// Rows of each kind at most, the newest of them.
const MOST: i64 = 2_000;

fn moment(at: NaiveDateTime) -> String {
    at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

pub(super) async fn gather(services: &Services, who: &SignedIn) -> Result<Value, ApiError> {
    let (context, account) = (services.context.clone(), who.account);
    let reading = context.clone();
    let actor = who.journal();
    let data = services
        .db
        .read::<_, DbError, _>(move |conn| {
            let context = reading;
            Ok(json!({
                "account": of_account(conn, &context, account)?,
                "esia": identification::own_data(conn, &context, account)?,
                "applications": of_applications(conn, account)?,
                "cards": of_cards(conn, &context, account)?,
                "sessions": of_sessions(conn, account)?,
                "consents": consent::history(conn, account)?,
                "email_changes": of_email_changes(conn, account)?,
                "proposals": of_proposals(conn, account)?,
                "journal": of_journal(conn, account)?,
            }))
        })
        .await?;
    let made_at = moment(context.db_now());
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            audit::record(conn, &context, &actor, audit::Event::done("data.downloaded", "account", account))
        })
        .await?;
    let mut whole = json!({ "made_at": made_at });
    if let (Some(whole), Value::Object(data)) = (whole.as_object_mut(), data) {
        whole.extend(data);
    }
    Ok(whole)
}

fn of_account(conn: &mut Conn, context: &Context, account: Id) -> Result<Value, DbError> {
    let row = store::find(conn, account)?.ok_or(diesel::result::Error::NotFound)?;
    let snils = store::opened_snils(context.secrets(), account, row.snils.as_deref())?;
    Ok(json!({
        "snils": snils.map(|snils| snils.formatted()),
        "registered_by": row.origin,
        "id": row.id.to_string(),
        "user_name": row.user_name,
        "family_name": row.family_name,
        "given_name": row.given_name,
        "patronymic": row.patronymic,
        "email": row.email,
        "email_verified_at": row.email_verified_at.map(moment),
        "position": row.position,
        "organization": organization(conn, row.organization_id)?,
        "password_changed_at": row.password_changed_at.map(moment),
        "last_sign_in_at": row.last_sign_in_at.map(moment),
        "created_at": moment(row.created_at),
    }))
}

fn organization(conn: &mut Conn, id: Option<Id>) -> QueryResult<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    organizations::table.find(id).select(organizations::full_name).first(conn).optional()
}

fn of_applications(conn: &mut Conn, account: Id) -> QueryResult<Vec<Value>> {
    use applications as a;
    type Row = (NaiveDateTime, String, String, String, String, String, String, String, Option<String>);
    let rows: Vec<Row> = a::table
        .filter(a::account_id.eq(account))
        .order(a::id.desc())
        .limit(MOST)
        .select((
            a::created_at,
            a::state,
            a::email,
            a::position,
            a::full_name,
            a::inn,
            a::kpp,
            a::address,
            a::reason,
        ))
        .load(conn)?;
    let shown = |(at, state, email, position, organization, inn, kpp, address, reason): Row| {
        json!({
            "created_at": moment(at), "state": state, "email": email, "position": position,
            "organization": organization, "inn": inn, "kpp": kpp, "address": address, "reason": reason,
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

fn of_cards(conn: &mut Conn, context: &Context, account: Id) -> QueryResult<Vec<Value>> {
    use employees as e;
    type Row = (
        Id,
        String,
        String,
        String,
        String,
        Option<String>,
        (Option<String>, Option<String>, Option<String>),
        String,
        NaiveDateTime,
        Option<NaiveDateTime>,
    );
    let rows: Vec<Row> = bindings::table
        .inner_join(e::table.inner_join(organizations::table))
        .filter(bindings::account_id.eq(account))
        .order(bindings::id.desc())
        .limit(MOST)
        .select((
            e::id,
            organizations::full_name,
            e::login,
            e::family_name,
            e::given_name,
            e::patronymic,
            (e::email, e::snils, e::phone),
            e::note,
            bindings::bound_at,
            bindings::ended_at,
        ))
        .load(conn)?;
    let mut cards = Vec::with_capacity(rows.len());
    for (id, organization, login, family, given, patronymic, contacts, note, bound_at, ended_at) in rows {
        let (email, snils, phone) = contacts;
        let head = json!({
            "organization": organization, "login": login, "bound_at": moment(bound_at),
            "binding_ended_at": ended_at.map(moment),
        });
        // A card that is bound to him no more may be another person's by now.
        if ended_at.is_some() {
            cards.push(head);
            continue;
        }
        let mut card = head;
        if let Some(card) = card.as_object_mut() {
            card.insert("family_name".to_owned(), json!(family));
            card.insert("given_name".to_owned(), json!(given));
            card.insert("patronymic".to_owned(), json!(patronymic));
            card.insert("email".to_owned(), json!(email));
            let snils = snils.and_then(|sealed| context.secrets().open_snils(id, &sealed));
            card.insert("snils".to_owned(), json!(snils.map(|snils| snils.formatted())));
            card.insert("phone".to_owned(), json!(phone));
            card.insert("note".to_owned(), json!(note));
            card.insert("roles".to_owned(), json!(of_roles(conn, id)?));
        }
        cards.push(card);
    }
    Ok(cards)
}

fn of_roles(conn: &mut Conn, card: Id) -> QueryResult<Vec<Value>> {
    use role_assignments as r;
    let rows: Vec<(String, chrono::NaiveDate, Option<chrono::NaiveDate>)> = r::table
        .filter(r::employee_id.eq(card))
        .order((r::starts_on, r::id))
        .limit(MOST)
        .select((r::role, r::starts_on, r::ends_on))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(role, start, end)| json!({ "role": role, "start": start, "end": end }))
        .collect())
}

fn of_sessions(conn: &mut Conn, account: Id) -> QueryResult<Vec<Value>> {
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::account_id.eq(account))
        .order(sessions::id.desc())
        .limit(MOST)
        .select(SessionRow::as_select())
        .load(conn)?;
    let shown = |row: SessionRow| {
        json!({
            "opened_at": moment(row.created_at),
            "last_seen_at": moment(row.last_seen_at),
            "ended_at": row.ended_at.map(moment),
            "address": row.address,
            "device": device::in_words(&row.user_agent),
            "user_agent": row.user_agent,
            "way": row.way,
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// What the person has sent to be confirmed; what it held is others' data.
fn of_proposals(conn: &mut Conn, account: Id) -> QueryResult<Vec<Value>> {
    use proposals as p;
    type Row = (NaiveDateTime, String, String, Option<NaiveDateTime>, Option<String>);
    let rows: Vec<Row> = p::table
        .filter(p::author_account_id.eq(account))
        .order(p::id.desc())
        .limit(MOST)
        .select((p::created_at, p::kind, p::state, p::decided_at, p::reason))
        .load(conn)?;
    let shown = |(at, kind, state, decided_at, reason): Row| {
        json!({
            "created_at": moment(at), "kind": kind, "state": state, "decided_at": decided_at.map(moment),
            "reason": reason,
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

fn of_email_changes(conn: &mut Conn, account: Id) -> QueryResult<Vec<Value>> {
    use email_changes as c;
    let rows: Vec<(String, NaiveDateTime, Option<NaiveDateTime>, Option<NaiveDateTime>)> = c::table
        .filter(c::account_id.eq(account))
        .order(c::id.desc())
        .limit(MOST)
        .select((c::email, c::created_at, c::applied_at, c::cancelled_at))
        .load(conn)?;
    let shown = |(email, at, applied, cancelled): (_, _, Option<_>, Option<_>)| {
        let (applied, cancelled) = (applied.map(moment), cancelled.map(moment));
        json!({ "email": email as String, "asked_at": moment(at), "applied_at": applied, "cancelled_at": cancelled })
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// What the person did himself; what others did to him is for support to tell.
fn of_journal(conn: &mut Conn, account: Id) -> Result<Vec<Value>, DbError> {
    let entries = audit::done_by(conn, account, MOST)?;
    let shown = |entry: audit::Entry| {
        json!({
            "at": moment(entry.at),
            "action": entry.action,
            "title": audit::title(&entry.action),
            "done": entry.is_done,
            "address": entry.address,
        })
    };
    Ok(entries.into_iter().map(shown).collect())
}
