use std::{fmt, path::Path, str::FromStr, time::Duration};

use futures::{TryStreamExt, future::BoxFuture};
use sqlx::{
    AssertSqlSafe, FromRow, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use crate::{
    Error, Result,
    bulk::{self, Cells},
    checkpoint::{Checkpointer, LAST_RESORT_PAGES, LOG_BYTES},
    planner,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database: cheap to clone, shared by all slices.
#[derive(Clone)]
pub struct Db(Inner);

#[derive(Clone)]
enum Inner {
    /// One writer, so that a write never fails as busy within the process; many readers on snapshots (WAL).
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        log: Checkpointer,
    },
    Postgres(PgPool),
}

/// A transaction, of reading or of writing.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Pg(Transaction<'static, Postgres>),
}

/// An argument of SQL text that is made at run time.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i64),
    Text(String),
    Bool(bool),
    Float(f64),
}

/// A query with its values: its type differs by engine and by what it answers.
macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg.clone() {
                Value::Int(v) => query.bind(v),
                Value::Text(v) => query.bind(v),
                Value::Bool(v) => query.bind(v),
                Value::Float(v) => query.bind(v),
            };
        }
        query
    }};
}

const WAIT: Duration = Duration::from_secs(60);

/// A file of so many bytes is rewritten in about two seconds.
const SCRUBBED: i64 = 256 << 20;

/// How a write transaction of SQLite begins. While another process writes, SQLite itself would look again ever more rarely, up to
/// ten times a second, and an import that writes without a pause would hardly ever let it through; so it gives up quickly here and
/// [`begin`] looks again.
const BEGIN_DURABLE: &str =
    "PRAGMA busy_timeout = 3; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; PRAGMA busy_timeout = 60000";
const BEGIN_RESUMABLE: &str =
    "PRAGMA busy_timeout = 3; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; PRAGMA busy_timeout = 60000";

/// Begins a write transaction as soon as no other process has one.
async fn begin(write: &SqlitePool, how: &'static str) -> Result<Tx> {
    let since = tokio::time::Instant::now();
    loop {
        match write.begin_with(how).await {
            Ok(tx) => return Ok(Tx::Sqlite(tx)),
            Err(error) => {
                let error = Error::of(error, "BEGIN IMMEDIATE");
                if !error.is_transient() || since.elapsed() > WAIT {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

impl Db {
    /// Opens or creates a SQLite file.
    ///
    /// # Errors
    /// When the file cannot be opened or is not a database.
    pub async fn open_sqlite(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // The ledger must survive a loss of power, so every commit reaches the disk.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(WAIT)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory")
            .pragma("mmap_size", "268435456")
            .pragma("wal_autocheckpoint", LAST_RESORT_PAGES.to_string())
            .pragma("journal_size_limit", LOG_BYTES.to_string())
            .statement_cache_capacity(500);
        // The one writer holds the pages that a large import goes back to; taken only when there are so many.
        // What it deletes is overwritten where that costs no page of its own; see `scrub` for the rest.
        let writing = options.clone().pragma("cache_size", "-196608").pragma("secure_delete", "FAST");
        let write = SqlitePoolOptions::new().max_connections(1).acquire_timeout(WAIT).connect_with(writing);
        let write = write.await.map_err(Error::Connect)?;
        let log = Checkpointer::new(path, options.clone());
        let read =
            SqlitePoolOptions::new().max_connections(8).acquire_timeout(WAIT).connect_lazy_with(options);
        Ok(Self(Inner::Sqlite { write, read, log }))
    }

    /// Connects to PostgreSQL by its URL.
    ///
    /// # Errors
    /// When the URL is wrong or the server does not answer.
    pub async fn open_postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(Error::Connect)?.application_name("otklik");
        let pool = PgPoolOptions::new().max_connections(12).acquire_timeout(WAIT).connect_with(options).await;
        Ok(Self(Inner::Postgres(pool.map_err(Error::Connect)?)))
    }

    pub fn engine(&self) -> Engine {
        match &self.0 {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// A snapshot to read from. Nothing that is written in it is kept.
    pub async fn read(&self) -> Result<Tx> {
        match &self.0 {
            Inner::Sqlite { read, .. } => read.begin().await.map(Tx::Sqlite),
            Inner::Postgres(pool) => {
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map(Tx::Pg)
            }
        }
        .map_err(Error::Connect)
    }

    /// A transaction to write in; rolled back unless committed. Keep it short: on SQLite all others wait.
    pub async fn write(&self) -> Result<Tx> {
        match &self.0 {
            Inner::Sqlite { write, log, .. } => {
                log.note();
                begin(write, BEGIN_DURABLE).await
            }
            Inner::Postgres(pool) => pool.begin().await.map(Tx::Pg).map_err(Error::Connect),
        }
    }

    /// As [`Db::write`], for work that goes on from where the database stands after a crash, such as the portions of an import: its
    /// commit does not wait for the disk. A loss of power takes back the last of them together with their checkpoint, never one
    /// without those before it; any later commit of [`Db::write`] puts all of them on the disk.
    pub async fn write_resumable(&self) -> Result<Tx> {
        match &self.0 {
            Inner::Sqlite { write, log, .. } => {
                log.note();
                begin(write, BEGIN_RESUMABLE).await
            }
            Inner::Postgres(pool) => {
                let mut tx = pool.begin().await.map_err(Error::Connect)?;
                sqlx::query("SET LOCAL synchronous_commit = off")
                    .execute(&mut *tx)
                    .await
                    .map_err(|e| Error::of(e, "SET LOCAL synchronous_commit"))?;
                Ok(Tx::Pg(tx))
            }
        }
    }

    /// Runs `body` in a write transaction and commits; a deadlock, serialisation failure or busy file is tried again.
    ///
    /// # Errors
    /// What `body` answers, or the last transient error after five tries.
    pub async fn transact<T, E>(
        &self,
        mut body: impl for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, std::result::Result<T, E>>,
    ) -> std::result::Result<T, E>
    where
        E: From<Error> + fmt::Debug,
    {
        let mut tries = 0_u32;
        loop {
            let mut tx = self.write().await?;
            let value = body(&mut tx).await?;
            match tx.commit().await {
                Ok(()) => return Ok(value),
                Err(error) if error.is_transient() && tries < 5 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(10 << tries)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Folds the write-ahead log into the file and tells the planner about the data. Nothing on PostgreSQL but ANALYZE.
    pub async fn tidy(&self) -> Result<()> {
        match &self.0 {
            Inner::Sqlite { write, .. } => {
                planner::learn(write).await?;
                sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                    .execute(write)
                    .await
                    .map_err(|e| Error::of(e, "tidy"))?;
            }
            Inner::Postgres(pool) => {
                sqlx::query("ANALYZE").execute(pool).await.map_err(|e| Error::of(e, "ANALYZE"))?;
            }
        }
        Ok(())
    }

    /// After values were deleted for good: takes what is left of them out of the file's free space and out of the log. A file
    /// of more than [`SCRUBBED`] bytes is not rewritten, since all writers would wait for it: deleted values are overwritten
    /// there as well, but a page that was given back as a whole keeps them until it is used again. On PostgreSQL they go
    /// with its own vacuum.
    ///
    /// # Errors
    /// No room on the disk, or the database's.
    pub async fn scrub(&self) -> Result<()> {
        let Inner::Sqlite { write, .. } = &self.0 else { return Ok(()) };
        let failed = |e| Error::of(e, "scrub");
        let (bytes,): (i64,) =
            sqlx::query_as("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
                .fetch_one(write)
                .await
                .map_err(failed)?;
        if bytes <= SCRUBBED {
            sqlx::query("VACUUM").execute(write).await.map_err(failed)?;
        }
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await.map_err(failed)?;
        Ok(())
    }

    /// Figures for the planner of a new schema; PostgreSQL gathers its own.
    pub(crate) async fn tell_planner(&self) -> Result<()> {
        match &self.0 {
            Inner::Sqlite { write, .. } => planner::learn(write).await,
            Inner::Postgres(_) => Ok(()),
        }
    }

    pub async fn close(&self) {
        match &self.0 {
            Inner::Sqlite { write, read, log } => {
                log.close().await;
                read.close().await;
                write.close().await;
            }
            Inner::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs a script of several statements outside of a transaction of ours: migrations, backup, tests.
    pub(crate) async fn script(&self, sql: &str) -> Result<()> {
        match &self.0 {
            Inner::Sqlite { write, .. } => {
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(write).await.map(drop)
            }
            Inner::Postgres(pool) => {
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.map(drop)
            }
        }
        .map_err(|e| Error::of(e, sql))
    }

    /// Asks the engine to parse and plan a statement without running it.
    pub async fn prepare(&self, sql: &str) -> Result<()> {
        use sqlx::{Executor, SqlSafeStr};
        let text = AssertSqlSafe(sql.to_owned()).into_sql_str();
        match &self.0 {
            Inner::Sqlite { read, .. } => {
                let mut conn = read.acquire().await.map_err(Error::Connect)?;
                conn.prepare(text).await.map(drop)
            }
            Inner::Postgres(pool) => {
                let mut conn = pool.acquire().await.map_err(Error::Connect)?;
                conn.prepare(text).await.map(drop)
            }
        }
        .map_err(|e| Error::of(e, sql))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Db").field(&self.engine()).finish()
    }
}

impl Tx {
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Pg(tx) => tx.commit().await,
        }
        .map_err(|e| Error::of(e, "COMMIT"))
    }

    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Pg(_) => Engine::Postgres,
        }
    }

    /// Rows of a statement whose text was made at run time. The caller vouches that no outside text is part of `sql`.
    pub async fn fetch_dyn<T>(&mut self, sql: &str, args: &[Value]) -> Result<Vec<T>>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        macro_rules! run {
            ($tx:expr) => {{
                let query = bound!(sqlx::query_as::<_, T>(AssertSqlSafe(sql.to_owned())), args);
                query.fetch_all(&mut **$tx).await
            }};
        }
        match self {
            Self::Sqlite(tx) => run!(tx),
            Self::Pg(tx) => run!(tx),
        }
        .map_err(|e| Error::of(e, sql))
    }

    /// As [`Tx::fetch_dyn`], a row at a time and several times as fast on SQLite: for reading a whole table.
    ///
    /// # Errors
    /// The database's, possibly after some rows were handed out.
    pub async fn scan<T: Cells>(&mut self, sql: &str, args: &[Value], mut each: impl FnMut(T)) -> Result<()> {
        let engine_says = |e| Error::of(e, sql);
        match self {
            Self::Sqlite(tx) => {
                if bulk::scan(tx, sql, args, &mut each).await.is_some() {
                    return Ok(());
                }
                // The ordinary way tells what is wrong.
                self.fetch_dyn::<T>(sql, args).await?;
                Err(Error::Migration(format!("a table could not be read: {sql}")))
            }
            Self::Pg(tx) => {
                let query = bound!(sqlx::query_as::<_, T>(AssertSqlSafe(sql.to_owned())), args);
                let mut rows = query.fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(engine_says)? {
                    each(row);
                }
                Ok(())
            }
        }
    }

    /// As [`Tx::fetch_dyn`], for a statement without rows; answers how many rows it touched.
    pub async fn execute_dyn(&mut self, sql: &str, args: &[Value]) -> Result<u64> {
        macro_rules! run {
            ($tx:expr) => {{
                let query = bound!(sqlx::query(AssertSqlSafe(sql.to_owned())), args);
                query.execute(&mut **$tx).await.map(|done| done.rows_affected())
            }};
        }
        match self {
            Self::Sqlite(tx) => run!(tx),
            Self::Pg(tx) => run!(tx),
        }
        .map_err(|e| Error::of(e, sql))
    }
}

#[doc(hidden)]
pub fn error_of(source: sqlx::Error, statement: &str) -> Error {
    Error::of(source, statement)
}

#[cfg(test)]
mod tests {
    use crate::testing::on_both;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_writer_waits_for_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let one = crate::Db::open_sqlite(&path).await.unwrap();
        one.migrate(basis::Time::from_millis(0)).await.unwrap();
        let other = crate::Db::open_sqlite(&path).await.unwrap();
        let held = one.write().await.unwrap();
        let waiting = tokio::spawn(async move {
            let mut tx = other.write().await?;
            crate::execute!(
                tx,
                "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (1000, 'x', '', 0)"
            )?;
            tx.commit().await
        });
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(!waiting.is_finished());
        held.commit().await.unwrap();
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn how_a_commit_waits_for_the_disk() {
        on_both(|db| async move {
            let asked = match db.engine() {
                crate::Engine::Sqlite => "SELECT CAST(synchronous AS TEXT), 0 FROM pragma_synchronous",
                crate::Engine::Postgres => "SELECT current_setting('synchronous_commit'), 0",
            };
            let mut seen = Vec::new();
            for resumable in [false, true, false] {
                let mut tx = if resumable { db.write_resumable().await } else { db.write().await }.unwrap();
                let row: Vec<(String, i32)> = tx.fetch_dyn(asked, &[]).await.unwrap();
                seen.push(row[0].0.clone());
                tx.commit().await.unwrap();
            }
            let expected = match db.engine() {
                crate::Engine::Sqlite => ["2", "1", "2"],
                crate::Engine::Postgres => ["on", "off", "on"],
            };
            assert_eq!(seen, expected);
        })
        .await;
    }
}
