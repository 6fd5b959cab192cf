//! Single-use links of letters (security.md): the token stands in the fragment of the address, is sent by POST,
//! and is used up by one conditional update.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use epos_shared::api::registration::{LinkPurpose, MAX_TOKEN_LENGTH};
use epos_shared::problem::{Problem, ProblemCode};
use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::db::schema::links as t;
use crate::db::types::Id;
use crate::db::{Conn, DbError};
use crate::error::ApiError;

/// The word of a purpose in the database.
const fn word(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Activation => "activation",
        LinkPurpose::Proof => "proof",
        LinkPurpose::Recovery => "recovery",
        LinkPurpose::EmailChangeOld => "email_change_old",
        LinkPurpose::EmailChangeNew => "email_change_new",
        LinkPurpose::ApplicationFiles => "application_files",
        LinkPurpose::ApplicationProof => "application_proof",
        LinkPurpose::CardCredentials => "card_credentials",
    }
}

fn purpose(word: &str) -> Option<LinkPurpose> {
    [
        LinkPurpose::Activation,
        LinkPurpose::Proof,
        LinkPurpose::Recovery,
        LinkPurpose::EmailChangeOld,
        LinkPurpose::EmailChangeNew,
        LinkPurpose::ApplicationFiles,
        LinkPurpose::ApplicationProof,
        LinkPurpose::CardCredentials,
    ]
    .into_iter()
    .find(|purpose| self::word(*purpose) == word)
}

/// A link to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewLink<'a> {
    pub purpose: LinkPurpose,
    /// The account, if there is one already.
    pub account: Option<Id>,
    /// What it belongs to: the account, an application, a change of the address.
    pub subject: Id,
    /// The name whose password it sets.
    pub user_name: Option<&'a str>,
    /// For how long it works.
    pub lives: TimeDelta,
}

/// A link that works.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub id: Id,
    pub purpose: LinkPurpose,
    pub account: Option<Id>,
    pub subject: Id,
    pub user_name: Option<String>,
    pub expires_at: NaiveDateTime,
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Makes a link in the caller's write transaction and answers its token; older ones of the same subject and
/// purpose work no more.
pub(crate) fn issue(conn: &mut Conn, context: &Context, new: NewLink<'_>) -> Result<String, DbError> {
    let now = context.db_now();
    void(conn, new.subject, new.purpose, now)?;
    let token = URL_SAFE_NO_PAD.encode(context.bytes::<32>());
    diesel::insert_into(t::table)
        .values((
            t::id.eq(context.id()),
            t::purpose.eq(word(new.purpose)),
            t::token_hash.eq(hash(&token)),
            t::account_id.eq(new.account),
            t::subject_id.eq(new.subject),
            t::user_name.eq(new.user_name),
            t::created_at.eq(now),
            t::expires_at.eq(now + new.lives),
        ))
        .execute(conn)?;
    Ok(token)
}

/// No link of this purpose works for the subject any more.
pub(crate) fn void(
    conn: &mut Conn,
    subject: Id,
    purpose: LinkPurpose,
    now: NaiveDateTime,
) -> Result<(), DbError> {
    let live = t::table
        .filter(t::subject_id.eq(subject))
        .filter(t::purpose.eq(word(purpose)))
        .filter(t::used_at.is_null())
        .filter(t::voided_at.is_null());
    diesel::update(live).set(t::voided_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Removes every link of some subjects, used or not.
pub(crate) fn remove(conn: &mut Conn, subjects: &[Id]) -> Result<(), DbError> {
    diesel::delete(t::table.filter(t::subject_id.eq_any(subjects))).execute(conn)?;
    Ok(())
}

type Row =
    (Id, String, Option<Id>, Id, Option<String>, NaiveDateTime, Option<NaiveDateTime>, Option<NaiveDateTime>);

/// Looks a token up without using it.
///
/// # Errors
/// `link-unknown`, `link-used`, `link-expired`; the database fails.
pub(crate) fn look(conn: &mut Conn, token: &str, now: NaiveDateTime) -> Result<Link, ApiError> {
    let unknown = || {
        Problem::new(ProblemCode::LinkUnknown)
            .with_detail("Откройте ссылку из последнего письма целиком: прежние ссылки больше не действуют.")
    };
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(unknown().into());
    }
    let found: Option<Row> = t::table
        .filter(t::token_hash.eq(hash(token)))
        .select((
            t::id,
            t::purpose,
            t::account_id,
            t::subject_id,
            t::user_name,
            t::expires_at,
            t::used_at,
            t::voided_at,
        ))
        .first(conn)
        .optional()?;
    let Some((id, word, account, subject, user_name, expires_at, used_at, voided_at)) = found else {
        return Err(unknown().into());
    };
    if used_at.is_some() {
        return Err(Problem::new(ProblemCode::LinkUsed)
            .with_detail("Ссылка из письма срабатывает один раз.")
            .into());
    }
    if voided_at.is_some() {
        return Err(unknown().into());
    }
    if expires_at <= now {
        return Err(Problem::new(ProblemCode::LinkExpired)
            .with_detail("Запросите письмо ещё раз: в нём будет новая ссылка.")
            .into());
    }
    let purpose =
        purpose(&word).ok_or_else(|| ApiError::internal(format!("the purpose of a link: {word}")))?;
    Ok(Link { id, purpose, account, subject, user_name, expires_at })
}

/// Uses a link up, in the caller's write transaction: of two at once one succeeds.
///
/// # Errors
/// Those of [`look`]; also `link-unknown` where the link is for something else than `purposes`.
pub(crate) fn consume(
    conn: &mut Conn,
    token: &str,
    purposes: &[LinkPurpose],
    now: NaiveDateTime,
) -> Result<Link, ApiError> {
    let link = look(conn, token, now)?;
    if !purposes.contains(&link.purpose) {
        return Err(ProblemCode::LinkUnknown.into());
    }
    let live = t::table.find(link.id).filter(t::used_at.is_null()).filter(t::voided_at.is_null());
    if diesel::update(live).set(t::used_at.eq(now)).execute(conn)? == 1 {
        Ok(link)
    } else {
        Err(ProblemCode::LinkUsed.into())
    }
}
