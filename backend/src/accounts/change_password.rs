//! «Сменить пароль» in «Мой профиль». The present password is asked for, and wrong ones are counted as failures
//! to sign in are: a session left open does not let it be guessed.

use std::sync::Arc;

use actix_web::HttpResponse;
use epos_shared::api::profile::{ChangePassword, ProfileError};
use epos_shared::problem::Problem;
use epos_shared::values::InvalidValue as _;

use super::attempts::Counters;
use super::password::Verdict;
use super::set_password::{judge_next, set_password};
use super::store::{self, AccountRow};
use super::{SignedIn, letters, session_state, sign_in};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::db::DbError;
use crate::error::ApiError;
use crate::mail;

/// The account of the session, once its present password was typed. `action` is for the journal, where it was
/// another one.
///
/// # Errors
/// `validation-failed` at `current_password`, `locked`, `overloaded`; the database fails.
pub(super) async fn verified(
    services: &Services,
    who: &SignedIn,
    typed: String,
    action: &'static str,
) -> Result<AccountRow, ApiError> {
    let id = who.account;
    let found = services.db.read::<_, DbError, _>(move |conn| Ok(store::find(conn, id)?)).await?;
    let account = found.ok_or_else(|| ApiError::internal("a session without its account"))?;
    let context = &services.context;
    let limits = &services.config.sign_in;
    let counters = Counters::new(context.secrets(), limits, &account.user_name, who.request.address);
    let counters = Arc::new(counters);
    let reservation = sign_in::reserve(services, &counters).await?;
    let verdict = services.hasher.verify(context, typed, account.password_hash.clone()).await;
    let (tools, asking) = (services.clone(), who.clone());
    let result = match verdict {
        Ok(Verdict::Right { .. }) => Ok(account),
        Ok(Verdict::Wrong) => Err(Problem {
            attempts_left: Some(reservation.attempts_left),
            locked_until: reservation.locked_until,
            ..Problem::validation(vec![ProfileError::CurrentWrong.at("current_password")])
        }
        .into()),
        Err(error) => Err(sign_in::hashing_failed(&error)),
    };
    let is_wrong = matches!(&result, Err(ApiError::Problem(problem)) if !problem.errors.is_empty());
    let is_right = result.is_ok();
    services
        .db
        .write_by_condition::<_, DbError, _>(move |conn| {
            if is_wrong {
                let event = Event::refused(action, "account", Some(asking.account), "wrong-password");
                return audit::record(conn, &tools.context, &asking.journal(), event);
            }
            if is_right { counters.succeeded(conn) } else { counters.give_back(conn) }
        })
        .await?;
    result
}

/// Changes the password: this session stays and gets another token, every other one ends.
pub(super) async fn change(
    services: &Services,
    who: SignedIn,
    form: ChangePassword,
) -> Result<HttpResponse, ApiError> {
    let new = form.parse().map_err(ApiError::validation)?;
    let account = verified(services, &who, form.current_password, "password.changed").await?;
    let judged = judge_next(services, &account, new, "new_password").await?;
    let (tools, asking) = (services.clone(), who.clone());
    let token = services
        .db
        .write_tx::<_, ApiError, _>(move |conn| {
            if !set_password(conn, &tools, account.id, &judged, Some(asking.session))? {
                // Another request has set another one since: what was typed is the present one no more.
                let wrong = ProfileError::CurrentWrong.at("current_password");
                return Err(ApiError::validation(vec![wrong]));
            }
            let token = super::rotate(conn, &tools, &asking)?;
            mail::enqueue(conn, &tools.context, &letters::password_changed(&tools, &account.address()?))?;
            let event = Event::done("password.changed", "account", account.id);
            audit::record(conn, &tools.context, &asking.journal(), event)?;
            Ok(token)
        })
        .await?;
    let mut answer = HttpResponse::Ok();
    if let Some(token) = token {
        answer.cookie(token.into_cookie(services));
    }
    Ok(answer.json(session_state::show(services, session_state::View::from(&who)).await?))
}
