//! One SQL text, two engines: each macro matches on the transaction and registers its text for the test that prepares
//! every statement on both.

/// A literal statement of some slice and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    pub sql: &'static str,
    pub file: &'static str,
    pub line: u32,
}

#[linkme::distributed_slice]
pub static STATEMENTS: [Statement];

#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($sql:expr) => {
        #[expect(
            unsafe_code,
            reason = "a registry filled by the linker places its entries in a section of their own"
        )]
        const _: () = {
            #[$crate::linkme::distributed_slice($crate::STATEMENTS)]
            #[linkme(crate = $crate::linkme)]
            static STATEMENT: $crate::Statement =
                $crate::Statement { sql: $sql, file: file!(), line: line!() };
        };
    };
}

/// `execute!(tx, "UPDATE …", args…)` → `Result<u64>`: how many rows were touched. `tx` is a place of type `Tx` (write `*tx` for a `&mut Tx`).
#[macro_export]
macro_rules! execute {
    ($tx:expr, $sql:literal $(, $arg:expr)* $(,)?) => {{
        $crate::__register!($sql);
        match &mut $tx {
            $crate::Tx::Sqlite(tx) => $crate::sqlx::query($sql)$(.bind($arg))*.execute(&mut **tx).await.map(|d| d.rows_affected()),
            $crate::Tx::Pg(tx) => $crate::sqlx::query($sql)$(.bind($arg))*.execute(&mut **tx).await.map(|d| d.rows_affected()),
        }
        .map_err(|e| $crate::error_of(e, $sql))
    }};
}

/// `fetch_all!(tx, RowType, "SELECT …", args…)` → `Result<Vec<RowType>>`.
#[macro_export]
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:literal $(, $arg:expr)* $(,)?) => { $crate::__fetch!($tx, $row, fetch_all, $sql $(, $arg)*) };
}

/// `fetch_one!(tx, RowType, "SELECT …", args…)` → `Result<RowType>`; no row is an error.
#[macro_export]
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:literal $(, $arg:expr)* $(,)?) => { $crate::__fetch!($tx, $row, fetch_one, $sql $(, $arg)*) };
}

/// `fetch_optional!(tx, RowType, "SELECT …", args…)` → `Result<Option<RowType>>`.
#[macro_export]
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:literal $(, $arg:expr)* $(,)?) => { $crate::__fetch!($tx, $row, fetch_optional, $sql $(, $arg)*) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fetch {
    ($tx:expr, $row:ty, $method:ident, $sql:literal $(, $arg:expr)*) => {{
        $crate::__register!($sql);
        match &mut $tx {
            $crate::Tx::Sqlite(tx) => $crate::sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.$method(&mut **tx).await,
            $crate::Tx::Pg(tx) => $crate::sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.$method(&mut **tx).await,
        }
        .map_err(|e| $crate::error_of(e, $sql))
    }};
}

/// `insert_many!(tx, "INSERT INTO t (a, b)", &rows, |r| [r.a, r.b.as_str()], "ON CONFLICT DO NOTHING")` → `Result<u64>`.
/// SQLite steps one prepared statement over the rows; PostgreSQL takes multi-row `VALUES` of up to 500 rows a statement, within
/// 5–20 % of COPY.
#[macro_export]
macro_rules! insert_many {
    ($tx:expr, $head:literal, $rows:expr, |$r:ident| [$($value:expr),+ $(,)?]) => {
        $crate::insert_many!($tx, $head, $rows, |$r| [$($value),+], "")
    };
    ($tx:expr, $head:literal, $rows:expr, |$r:ident| [$($value:expr),+ $(,)?], $tail:literal) => {{
        const COLUMNS: usize = [$(stringify!($value)),+].len();
        const CHUNK: usize = { let most = 32_000 / COLUMNS; if most > 500 { 500 } else { most } };
        let rows = &$rows[..];
        let mut touched = 0_u64;
        let mut taken = 0_usize;
        if let $crate::Tx::Sqlite(tx) = &mut $tx {
            let sql = $crate::bulk::statement($head, COLUMNS, $tail);
            let stepped = $crate::bulk::step(&mut **tx, &sql, rows.len(), |at, row| {
                let $r = &rows[at];
                $(row.bind($value)?;)+
                Ok(())
            });
            (taken, touched) = stepped.await;
        }
        let mut outcome: ::core::result::Result<(), $crate::Error> = Ok(());
        for chunk in rows[taken..].chunks(CHUNK) {
            let done = match &mut $tx {
                $crate::Tx::Sqlite(tx) => {
                    let mut builder = $crate::sqlx::QueryBuilder::<$crate::sqlx::Sqlite>::new(concat!($head, " "));
                    builder.push_values(chunk, |mut row, $r| { $(row.push_bind($value);)+ });
                    builder.push(concat!(" ", $tail));
                    builder.build().execute(&mut **tx).await.map(|d| d.rows_affected())
                }
                $crate::Tx::Pg(tx) => {
                    let mut builder = $crate::sqlx::QueryBuilder::<$crate::sqlx::Postgres>::new(concat!($head, " "));
                    builder.push_values(chunk, |mut row, $r| { $(row.push_bind($value);)+ });
                    builder.push(concat!(" ", $tail));
                    builder.build().execute(&mut **tx).await.map(|d| d.rows_affected())
                }
            };
            match done {
                Ok(n) => touched += n,
                Err(e) => { outcome = Err($crate::error_of(e, $head)); break; }
            }
        }
        outcome.map(|()| touched)
    }};
}
