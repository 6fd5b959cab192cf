//! Many rows at once.

/// Rows in one statement on SQLite: their values stay below its limit of 32,766 parameters.
pub const ROWS_PER_STATEMENT: usize = 300;

/// Inserts a vector of rows: `COPY` on PostgreSQL, statements of many rows on SQLite. The rows derive
/// `Insertable` with `treat_none_as_default_value = false`.
///
/// ```text
/// insert_all!(conn, employees::table, &rows)?;
/// ```
#[macro_export]
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        match $conn {
            $crate::db::Conn::Pg(inner) => diesel::ExecuteCopyFromDsl::execute(
                diesel::copy_from($table).from_insertable($rows),
                &mut *inner,
            ),
            $crate::db::Conn::Lite(inner) => {
                $rows.chunks($crate::db::bulk::ROWS_PER_STATEMENT).try_fold(0, |done, rows| {
                    let inserted = diesel::insert_into($table).values(rows).execute(&mut *inner)?;
                    diesel::result::QueryResult::Ok(done + inserted)
                })
            }
        }
    };
}
