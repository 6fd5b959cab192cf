//! The addresses of the pages of support: accounts and applications.

use epos_shared::api::account_applications::AccountApplication;
use epos_shared::api::accounts::{AccountCard, AccountRow, Application, JournalRow};
use epos_shared::api::categories::{CategoryGrant, CategoryGrantDraft};
use epos_shared::api::esia::{Alarm, EsiaHealth};
use epos_shared::api::page::Page;
use epos_shared::ids::{
    AccountApplicationId, AccountId, AlarmId, ApplicationFileId, ApplicationId, CategoryGrantId,
};
use gloo_net::http::Method;

use super::{Answer, Deed, change, get, read};
use crate::address::with_query;

/// Which part of a list is asked for; the words are those of the address bar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// What is searched for.
    pub query: Option<String>,
    /// Only those of this state.
    pub state: Option<String>,
    /// Cursor of the page after.
    pub after: Option<String>,
    /// Cursor of the page before.
    pub before: Option<String>,
}

impl ListQuery {
    /// The address `path` with this query.
    #[must_use]
    pub fn of(&self, path: &str) -> String {
        let Self { query, state, after, before } = self.clone();
        with_query(path, [("query", query), ("state", state), ("after", after), ("before", before)])
    }
}

/// A page of the list of accounts.
pub async fn accounts(query: ListQuery) -> Answer<Page<AccountRow>> {
    get(&query.of("/api/v1/accounts")).await
}

/// An account.
pub async fn account(id: AccountId) -> Answer<AccountCard> {
    get(&format!("/api/v1/accounts/{id}")).await
}

/// A page of the journal of an account.
pub async fn journal(id: AccountId, query: ListQuery) -> Answer<Page<JournalRow>> {
    get(&query.of(&format!("/api/v1/accounts/{id}/journal"))).await
}

/// A page of the list of applications.
pub async fn applications(query: ListQuery) -> Answer<Page<Application>> {
    get(&query.of("/api/v1/applications")).await
}

/// An application.
pub async fn application(id: ApplicationId) -> Answer<Application> {
    get(&format!("/api/v1/applications/{id}")).await
}

/// The state of the link to Госуслуги.
pub async fn esia_health() -> Answer<EsiaHealth> {
    get("/api/v1/esia/health").await
}

/// A page of the alarms.
pub async fn alarms(query: ListQuery) -> Answer<Page<Alarm>> {
    get(&query.of("/api/v1/alarms")).await
}

/// Done with an alarm.
#[must_use]
pub fn resolve_alarm(id: AlarmId) -> Deed {
    Deed::new(Method::POST, format!("/api/v1/alarms/{id}/resolve"))
}

/// A page of the categories that were given; what is a state in the address of a list is the category here.
pub async fn categories(query: ListQuery) -> Answer<Page<CategoryGrant>> {
    let ListQuery { query, state, after, before } = query;
    let parameters = [("query", query), ("category", state), ("after", after), ("before", before)];
    get(&with_query("/api/v1/categories", parameters)).await
}

/// «Дать категорию».
pub async fn give_category(draft: &CategoryGrantDraft) -> Answer<CategoryGrant> {
    read(&change(Method::POST, "/api/v1/categories", Some(draft)).await?)
}

/// «Забрать» a category.
#[must_use]
pub fn take_category(id: CategoryGrantId) -> Deed {
    Deed::new(Method::DELETE, format!("/api/v1/categories/{id}"))
}

/// What support does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountAction {
    /// «Заблокировать».
    Block,
    /// «Разблокировать».
    Unblock,
    /// «Снять запрет входа»: of too many wrong passwords.
    Unlock,
    /// «Отправить письмо ещё раз».
    SendLetter,
    /// «Заменить e-mail».
    ReplaceEmail,
}

/// Does something to an account.
#[must_use]
pub fn on_account(id: AccountId, action: AccountAction) -> Deed {
    let (method, last) = match action {
        AccountAction::Block => (Method::POST, "block"),
        AccountAction::Unblock => (Method::DELETE, "block"),
        AccountAction::Unlock => (Method::DELETE, "lock"),
        AccountAction::SendLetter => (Method::POST, "letter"),
        AccountAction::ReplaceEmail => (Method::PUT, "email"),
    };
    Deed::new(method, format!("/api/v1/accounts/{id}/{last}"))
}

/// What support does to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationAction {
    /// «Одобрить».
    Approve,
    /// «Отклонить».
    Decline,
    /// «Отправить письмо ещё раз».
    SendLetter,
}

/// Does something to an application.
#[must_use]
pub fn on_application(id: ApplicationId, action: ApplicationAction) -> Deed {
    Deed::new(Method::POST, format!("/api/v1/applications/{id}/{}", last_part(action)))
}

const fn last_part(action: ApplicationAction) -> &'static str {
    match action {
        ApplicationAction::Approve => "approve",
        ApplicationAction::Decline => "decline",
        ApplicationAction::SendLetter => "letter",
    }
}

/// A page of the applications of education departments.
pub async fn account_applications(query: ListQuery) -> Answer<Page<AccountApplication>> {
    get(&query.of("/api/v1/account-applications")).await
}

/// One of them.
pub async fn account_application(id: AccountApplicationId) -> Answer<AccountApplication> {
    get(&format!("/api/v1/account-applications/{id}")).await
}

/// The address of a file of it.
#[must_use]
pub fn file_address(id: AccountApplicationId, file: ApplicationFileId) -> String {
    format!("/api/v1/account-applications/{id}/files/{file}")
}

/// Does something to it.
#[must_use]
pub fn on_account_application(id: AccountApplicationId, action: ApplicationAction) -> Deed {
    Deed::new(Method::POST, format!("/api/v1/account-applications/{id}/{}", last_part(action)))
}
