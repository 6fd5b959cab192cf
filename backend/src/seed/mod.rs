//! `epos seed`: as many organizations and cards as are asked for, to try ЭПОС at its full size. The same seed
//! on the same day gives the same data on either database.

mod load;
mod organizations;
mod people;

use crate::db::DbError;
use crate::error::ApiError;

pub use load::{load, refuse_unless_empty};

/// How much is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Organizations, of which the first is the operator and a fiftieth are departments.
    pub organizations: u32,
    /// Cards in all of them.
    pub staff: u32,
    /// Another seed, other people.
    pub seed: u64,
}

/// How far a seeding is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Cards that are in the database.
    pub cards: u32,
    /// Cards that are wanted.
    pub of: u32,
    /// Rows of all tables that are in the database.
    pub rows: u64,
}

/// A seeding did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// What was asked for cannot be.
    #[error("{0}")]
    Wanted(&'static str),
    /// Somebody's data are there.
    #[error(
        "the database is not empty: it holds organizations. Take a new one, or say --into-existing to add to it \
         (where an earlier seeding was interrupted, begin anew with an empty database)"
    )]
    NotEmpty,
    /// It was told to stop.
    #[error(
        "interrupted after {} of {} cards: the database holds a part of the data. To begin anew take an empty \
         database: remove the file (for PostgreSQL: DROP DATABASE and CREATE DATABASE) and run the same command",
        .0.cards, .0.of
    )]
    Interrupted(Progress),
    /// A rule of the values refuses what was made up.
    #[error("the invented data break a rule: {0}")]
    Invalid(String),
    /// The database failed.
    #[error("{0}")]
    Database(#[from] DbError),
    /// A feature refused.
    #[error("{0}")]
    Api(String),
}

impl From<ApiError> for SeedError {
    fn from(error: ApiError) -> Self {
        Self::Api(error.to_string())
    }
}

fn invalid(error: impl std::fmt::Display) -> SeedError {
    SeedError::Invalid(error.to_string())
}
