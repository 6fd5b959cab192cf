//! What can go wrong with a database, told alike for both.

use diesel::result::{DatabaseErrorKind, Error};

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A statement failed.
    #[error("the database refused: {0}")]
    Query(#[from] Error),
    /// No connection could be had.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(String),
    /// The work on a blocking thread did not end (it panicked, or the process stops).
    #[error("work on the database was cut short: {0}")]
    Cancelled(String),
}

/// What a transaction's work may fail with: everything of the database goes into it by `?`.
pub trait TransactionError: From<DbError> + From<Error> + Send + 'static {
    /// The database's own failure, if that is what it is: by it a transaction is tried again.
    fn database(&self) -> Option<&DbError>;
}

impl TransactionError for DbError {
    fn database(&self) -> Option<&DbError> {
        Some(self)
    }
}

impl DbError {
    /// Whether the same transaction may succeed when tried again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Query(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(Error::DatabaseError(_, info)) => {
                let message = info.message();
                message.contains("database is locked")
                    || message.contains("database table is locked")
                    || message.contains("deadlock detected")
                    || message.contains("could not serialize access")
            }
            _ => false,
        }
    }

    /// Whether the database is away, rather than unhappy with what was asked.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
            || matches!(self, Self::Query(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)))
            // Still refused after the last retry: busy, and a later request may go through.
            || self.is_transient()
    }
}

/// The uniqueness rules that can be broken by what people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// `organizations (inn, kpp)`.
    OrganizationInnKpp,
    /// `issued_names (name)`.
    IssuedName,
    /// `accounts (user_name)`.
    UserName,
    /// `accounts (email_key)`.
    AccountEmail,
    /// `employees (login)`.
    EmployeeLogin,
    /// `bindings (employee_id)` where not ended.
    CardBinding,
    /// `esia_links (oid)` where not ended.
    EsiaOid,
    /// `esia_links (account_id)` where not ended.
    EsiaAccount,
    /// `mismatches (oid, organization_id)` where open.
    OpenMismatch,
    /// `alarms (code)` where not resolved.
    OpenAlarm,
    /// `account_applications (number)`.
    ApplicationNumber,
}

/// PostgreSQL names the constraint, SQLite only the columns.
const UNIQUE: [(Unique, &str, &str); 11] = [
    (Unique::OrganizationInnKpp, "organizations_inn_kpp_key", "organizations.inn, organizations.kpp"),
    (Unique::IssuedName, "issued_names_pkey", "issued_names.name"),
    (Unique::UserName, "accounts_user_name_key", "accounts.user_name"),
    (Unique::AccountEmail, "accounts_email_key_key", "accounts.email_key"),
    (Unique::EmployeeLogin, "employees_login_key", "employees.login"),
    (Unique::CardBinding, "bindings_one_account_per_card", "bindings.employee_id"),
    (Unique::EsiaOid, "esia_links_one_account_per_oid", "esia_links.oid"),
    (Unique::EsiaAccount, "esia_links_one_oid_per_account", "esia_links.account_id"),
    (Unique::OpenMismatch, "mismatches_one_open", "mismatches.oid, mismatches.organization_id"),
    (Unique::OpenAlarm, "alarms_one_open", "alarms.code"),
    (Unique::ApplicationNumber, "account_applications_number_key", "account_applications.number"),
];

/// Which uniqueness rule a statement broke, if that is what happened.
///
/// On PostgreSQL the transaction is dead afterwards: to go on in it, make the statement in a nested
/// `conn.transaction(…)` (a savepoint).
#[must_use]
pub fn broken_unique(error: &Error) -> Option<Unique> {
    let Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else {
        return None;
    };
    let columns = info.message().strip_prefix("UNIQUE constraint failed: ");
    UNIQUE
        .iter()
        .find(|(_, constraint, sqlite)| info.constraint_name() == Some(constraint) || columns == Some(sqlite))
        .map(|(unique, _, _)| *unique)
}
