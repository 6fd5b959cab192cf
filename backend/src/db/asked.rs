//! Columns that a condition asks for without its index.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// A column that is only asked, never looked up in an index: `coalesce(column, column)`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Asked<E>(pub(crate) E);

impl<E: Expression> Expression for Asked<E> {
    type SqlType = E::SqlType;
}
impl<E: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Asked<E> where Self: Expression {}
impl<E: SelectableExpression<QS>, QS> SelectableExpression<QS> for Asked<E> where Self: AppearsOnTable<QS> {}
impl<E: ValidGrouping<G>, G> ValidGrouping<G> for Asked<E> {
    type IsAggregate = E::IsAggregate;
}
impl<E: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Asked<E> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("coalesce(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
