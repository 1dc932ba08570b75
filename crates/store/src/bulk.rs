//! Many rows into SQLite and out of it: one prepared statement, stepped on the connection that holds the transaction.
//!
//! A statement with the values of 500 rows costs three times as much as 500 steps: its arguments are copied twice and cross a
//! channel, and every byte of its text is hashed to find it in the cache.

use rusqlite::{Connection, Statement, ToSql, types::FromSql};
use sqlx::{FromRow, SqliteConnection, postgres::PgRow, sqlite::SqliteRow};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::Value;

/// Rows from which on other tasks of the thread are moved away first.
const LONG: usize = 100;

/// The row that is being written.
#[derive(Debug)]
pub struct Row<'s, 'c> {
    statement: &'s mut Statement<'c>,
    bound: usize,
}

impl Row<'_, '_> {
    /// Gives the next column its value.
    ///
    /// # Errors
    /// A value that SQLite cannot hold.
    pub fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }
}

/// Inserts rows until one is refused; answers how many were taken and how many rows of the table that touched. The caller asks for
/// the refused row in the ordinary way and so gets the ordinary error.
pub async fn step<F>(connection: &mut SqliteConnection, sql: &str, rows: usize, fill: F) -> (usize, u64)
where
    F: FnMut(usize, &mut Row<'_, '_>) -> rusqlite::Result<()> + Send,
{
    if rows == 0 {
        return (0, 0);
    }
    with(connection, rows >= LONG, |borrowed| run(borrowed, sql, rows, fill)).await.unwrap_or((0, 0))
}

/// Runs `body` on the connection, or answers nothing when it cannot be had.
async fn with<T>(
    connection: &mut SqliteConnection,
    long: bool,
    body: impl FnOnce(&Connection) -> T,
) -> Option<T> {
    let mut locked = connection.lock_handle().await.ok()?;
    let handle = locked.as_raw_handle();
    #[expect(unsafe_code, reason = "another library's view of the connection that is locked here")]
    // SAFETY: the handle is open and nobody else uses it while `locked` lives, which outlives `borrowed`; a connection made from
    // a handle does not close it.
    let borrowed = unsafe { Connection::from_handle(handle.as_ptr().cast()) }.ok()?;
    Some(if long { aside(|| body(&borrowed)) } else { body(&borrowed) })
}

/// Columns of a row that is read in bulk.
pub trait Cells: Sized + Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {
    #[doc(hidden)]
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self>;
}

macro_rules! cells {
    ($($name:ident $at:tt),+) => {
        impl<$($name: FromSql + Send + Unpin),+> Cells for ($($name,)+)
        where
            Self: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
        {
            fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                Ok(($(row.get::<_, $name>($at)?,)+))
            }
        }
    };
}

cells!(A 0, B 1);
cells!(A 0, B 1, C 2);
cells!(A 0, B 1, C 2, D 3);
cells!(A 0, B 1, C 2, D 3, E 4);
cells!(A 0, B 1, C 2, D 3, E 4, F 5);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Hands every row to `each`; nothing when it could not be done, and the caller asks in the ordinary way for the reason.
pub(crate) async fn scan<T: Cells>(
    connection: &mut SqliteConnection,
    sql: &str,
    args: &[Value],
    each: impl FnMut(T),
) -> Option<()> {
    with(connection, true, |borrowed| read(borrowed, sql, args, each).ok()).await.flatten()
}

fn read<T: Cells>(
    connection: &Connection,
    sql: &str,
    args: &[Value],
    mut each: impl FnMut(T),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    for (at, arg) in args.iter().enumerate() {
        // To SQLite `$2` is a name, and names are numbered as they are met.
        let Some(place) = statement.parameter_index(&format!("${}", at + 1))? else { continue };
        match arg {
            Value::Int(v) => statement.raw_bind_parameter(place, v)?,
            Value::Text(v) => statement.raw_bind_parameter(place, v)?,
            Value::Bool(v) => statement.raw_bind_parameter(place, v)?,
            Value::Float(v) => statement.raw_bind_parameter(place, v)?,
        }
    }
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        each(T::read(row)?);
    }
    Ok(())
}

fn run<F>(connection: &Connection, sql: &str, rows: usize, mut fill: F) -> (usize, u64)
where
    F: FnMut(usize, &mut Row<'_, '_>) -> rusqlite::Result<()>,
{
    let Ok(mut statement) = connection.prepare(sql) else { return (0, 0) };
    let mut touched = 0;
    for at in 0..rows {
        let done =
            fill(at, &mut Row { statement: &mut statement, bound: 0 }).and_then(|()| statement.raw_execute());
        match done {
            Ok(n) => touched += u64::try_from(n).unwrap_or(0),
            Err(_) => return (at, touched),
        }
    }
    (rows, touched)
}

/// Runs what takes a while without keeping the thread's other tasks waiting, where the runtime has threads to move them to.
fn aside<T>(body: impl FnOnce() -> T) -> T {
    let threads = Handle::try_current().is_ok_and(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread);
    if threads { tokio::task::block_in_place(body) } else { body() }
}

/// The statement for one row.
#[must_use]
pub fn statement(head: &str, columns: usize, tail: &str) -> String {
    let marks = vec!["?"; columns].join(", ");
    format!("{head} VALUES ({marks}) {tail}")
}

#[cfg(test)]
mod tests {
    use crate::{Error, Value, testing::on_both};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_refused_is_told_in_the_ordinary_way() {
        on_both(|db| async move {
            let rows: Vec<(i64, Option<String>)> =
                (0..300).map(|n| (n, (n % 3 == 0).then(|| format!("Київ {n}")))).collect();
            let mut tx = db.write().await.unwrap();
            let n = crate::insert_many!(
                tx,
                "INSERT INTO schema_migrations (version, name, checksum, applied_at)",
                &rows,
                |r| [r.0 + 1_000, r.1.as_deref().unwrap_or("-"), "", 0_i64]
            );
            assert_eq!(n.unwrap(), 300);
            let (there, kyiv): (i64, i64) = crate::fetch_one!(
                tx,
                (i64, i64),
                "SELECT COUNT(*), SUM(CASE WHEN name LIKE 'Київ %' THEN 1 ELSE 0 END) FROM schema_migrations WHERE version >= 1000"
            )
            .unwrap();
            assert_eq!((there, kyiv), (300, 100));
            let again = crate::insert_many!(
                tx,
                "INSERT INTO schema_migrations (version, name, checksum, applied_at)",
                [(5_000_i64, "a"), (1_007, "b"), (5_001, "c")],
                |r| [r.0, r.1, "", 0_i64]
            );
            assert!(matches!(again, Err(Error::Unique(_))), "{again:?}");
        })
        .await;
    }

    #[tokio::test]
    async fn a_scan_reads_what_a_fetch_reads() {
        on_both(|db| async move {
            let mut tx = db.write().await.unwrap();
            let rows: Vec<i64> = (1_000..1_700).collect();
            crate::insert_many!(
                tx,
                "INSERT INTO schema_migrations (version, name, checksum, applied_at)",
                &rows,
                |n| [*n, format!("Ніч {n}"), "", *n * 2]
            )
            .unwrap();
            let sql = "SELECT version, name, CASE WHEN version % 7 = 0 THEN NULL ELSE applied_at END FROM schema_migrations
                       WHERE name <> $2 AND version >= $1 ORDER BY version";
            let args = [Value::Int(1_000), Value::Text("Ніч 1003".to_owned())];
            let fetched: Vec<(i64, String, Option<i64>)> = tx.fetch_dyn(sql, &args).await.unwrap();
            let mut scanned: Vec<(i64, String, Option<i64>)> = Vec::new();
            tx.scan(sql, &args, |row| scanned.push(row)).await.unwrap();
            assert_eq!(scanned.len(), 699);
            assert_eq!(scanned, fetched);
            let wrong = tx.scan("SELECT version, nothing FROM schema_migrations", &[], |_: (i64, i64)| {}).await;
            assert!(matches!(wrong, Err(Error::Statement { .. })), "{wrong:?}");
        })
        .await;
    }

    #[tokio::test]
    async fn doubles_that_are_passed_over_are_not_counted() {
        on_both(|db| async move {
            let mut tx = db.write().await.unwrap();
            let n = crate::insert_many!(
                tx,
                "INSERT INTO schema_migrations (version, name, checksum, applied_at)",
                [1_000_i64, 1_001, 1_000],
                |version| [*version, "twice", "", 0_i64],
                "ON CONFLICT (version) DO NOTHING"
            );
            assert_eq!(n.unwrap(), 2);
        })
        .await;
    }
}
