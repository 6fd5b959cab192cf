//! Statements put together of texts and bound values, for queries that differ in more than their conditions: in
//! the table they go through, in its order, in what they look up beside it. One text for both databases.
//!
//! Values are bound, always. Numbers of rows (`LIMIT`, `OFFSET`) stand in the text, out of a few: PostgreSQL
//! plans a statement once for all values, and shall know then that only some rows are wanted.

use std::borrow::Cow;
use std::marker::PhantomData;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Date, Text, Timestamp};

use super::types::{DbUuid, Id};
use super::{Conn, MultiBackend};

#[derive(Debug, Clone)]
enum Part {
    Sql(Cow<'static, str>),
    Text(String),
    Day(NaiveDate),
    Moment(NaiveDateTime),
    Id(Id),
    Number(i64),
}

/// A text of SQL with values bound in it.
#[derive(Debug, Clone, Default)]
pub struct Sql(Vec<Part>);

impl Sql {
    /// Adds SQL; never a value.
    pub fn push(&mut self, sql: impl Into<Cow<'static, str>>) -> &mut Self {
        self.0.push(Part::Sql(sql.into()));
        self
    }

    /// Adds a bound text.
    pub fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.0.push(Part::Text(value.into()));
        self
    }

    /// Adds a bound day.
    pub fn day(&mut self, value: NaiveDate) -> &mut Self {
        self.0.push(Part::Day(value));
        self
    }

    /// Adds a bound moment.
    pub fn moment(&mut self, value: NaiveDateTime) -> &mut Self {
        self.0.push(Part::Moment(value));
        self
    }

    /// Adds a bound identifier.
    pub fn id(&mut self, value: Id) -> &mut Self {
        self.0.push(Part::Id(value));
        self
    }

    /// Adds a bound number.
    pub fn number(&mut self, value: i64) -> &mut Self {
        self.0.push(Part::Number(value));
        self
    }

    /// The statement, which answers rows of `ST`.
    #[must_use]
    pub fn answering<ST>(self) -> Statement<ST> {
        Statement { sql: self, answer: PhantomData }
    }
}

/// A whole statement.
#[derive(Debug, Clone)]
pub struct Statement<ST> {
    sql: Sql,
    answer: PhantomData<ST>,
}

impl<ST> QueryFragment<MultiBackend> for Statement<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for part in &self.sql.0 {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                Part::Text(value) => out.push_bind_param::<Text, _>(value)?,
                Part::Day(value) => out.push_bind_param::<Date, _>(value)?,
                Part::Moment(value) => out.push_bind_param::<Timestamp, _>(value)?,
                Part::Id(value) => out.push_bind_param::<DbUuid, _>(value)?,
                Part::Number(value) => out.push_bind_param::<BigInt, _>(value)?,
            }
        }
        Ok(())
    }
}

/// Prepared once for each text.
impl<ST> QueryId for Statement<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Statement<ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<Conn> for Statement<ST> {}
