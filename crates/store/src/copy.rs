//! All rows of one database into another, of either engine: SQLite ↔ PostgreSQL, and the backup of a PostgreSQL into a file.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Row, Sqlite};

use crate::{Db, Error, Result, Tx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Text,
    Bool,
    Float,
}

#[derive(Debug, Clone)]
enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Bool(Option<bool>),
    Float(Option<f64>),
}

/// A table of the schema with its columns, in the order of the migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
}

fn kind_of(word: &str) -> Option<Kind> {
    match word {
        "BIGINT" => Some(Kind::Int),
        "TEXT" => Some(Kind::Text),
        "BOOLEAN" => Some(Kind::Bool),
        "DOUBLE" => Some(Kind::Float),
        _ => None,
    }
}

/// Reads the tables off the migrations, which are written in one subset of DDL.
fn tables(ddl: impl Iterator<Item = String>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut open = false;
    let ddl: Vec<String> = ddl.collect();
    for line in ddl.iter().flat_map(|sql| sql.lines()) {
        let line = line.split("--").next().unwrap_or("").trim();
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            let name = rest.trim_end_matches('(').trim().to_owned();
            tables.push(Table { name, columns: Vec::new() });
            open = true;
        } else if let Some(rest) = line.strip_prefix("ALTER TABLE ") {
            let words: Vec<&str> = rest.trim_end_matches(';').split_whitespace().collect();
            if let [name, "ADD", "COLUMN", column, kind, ..] = words.as_slice()
                && let Some(table) = tables.iter_mut().find(|t| t.name == *name)
                && let Some(kind) = kind_of(kind)
            {
                table.columns.push(((*column).to_owned(), kind));
            }
        } else if let Some(name) = line.strip_prefix("DROP TABLE ") {
            tables.retain(|t| t.name != name.trim_end_matches(';'));
        } else if line.starts_with(')') {
            open = false;
        } else if open
            && let Some((column, rest)) = line.split_once(' ')
            && let Some(kind) = rest.split([' ', ',']).next().and_then(kind_of)
            && let Some(table) = tables.last_mut()
        {
            table.columns.push((column.to_owned(), kind));
        }
    }
    tables
}

const BATCH: usize = 500;

/// Copies everything; the target must be migrated and empty. Answers how many rows there were.
///
/// # Errors
/// When the target holds rows already, or either database fails; the target is then left as it was.
pub async fn copy(from: &Db, to: &Db) -> Result<u64> {
    let tables = tables(crate::migrations::ddl());
    let mut source = from.read().await?;
    let mut target = to.write().await?;
    let mut copied = 0;
    for table in &tables {
        let name = &table.name;
        let (there,): (i64,) = target
            .fetch_dyn(&format!("SELECT COUNT(*) FROM {name}"), &[])
            .await?
            .pop()
            .ok_or_else(|| Error::Migration(format!("{name} cannot be counted")))?;
        if there > 0 {
            return Err(Error::Migration(format!("the target is not empty: {name} has {there} rows")));
        }
        copied += copy_table(&mut source, &mut target, table).await?;
    }
    target.commit().await?;
    Ok(copied)
}

async fn copy_table(source: &mut Tx, target: &mut Tx, table: &Table) -> Result<u64> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    let select = format!("SELECT {names} FROM {}", table.name);
    let insert = format!("INSERT INTO {} ({names}) ", table.name);
    let mut batch: Vec<Vec<Cell>> = Vec::with_capacity(BATCH);
    let mut copied = 0;
    macro_rules! read_all {
        ($tx:expr) => {{
            let mut rows = sqlx::query(AssertSqlSafe(select.clone())).fetch(&mut **$tx);
            while let Some(row) = rows.try_next().await.map_err(|e| Error::of(e, &select))? {
                let mut cells = Vec::with_capacity(table.columns.len());
                for (place, (_, kind)) in table.columns.iter().enumerate() {
                    let cell = match kind {
                        Kind::Int => row.try_get(place).map(Cell::Int),
                        Kind::Text => row.try_get(place).map(Cell::Text),
                        Kind::Bool => row.try_get(place).map(Cell::Bool),
                        Kind::Float => row.try_get(place).map(Cell::Float),
                    };
                    cells.push(cell.map_err(|e| Error::of(e, &select))?);
                }
                batch.push(cells);
                if batch.len() == BATCH {
                    copied += write(target, &insert, &batch).await?;
                    batch.clear();
                }
            }
        }};
    }
    match source {
        Tx::Sqlite(tx) => read_all!(tx),
        Tx::Pg(tx) => read_all!(tx),
    }
    if !batch.is_empty() {
        copied += write(target, &insert, &batch).await?;
    }
    Ok(copied)
}

async fn write(target: &mut Tx, insert: &str, rows: &[Vec<Cell>]) -> Result<u64> {
    macro_rules! run {
        ($engine:ty, $tx:expr) => {{
            let mut builder = QueryBuilder::<$engine>::new(insert);
            builder.push_values(rows, |mut out, cells| {
                for cell in cells {
                    match cell.clone() {
                        Cell::Int(v) => out.push_bind(v),
                        Cell::Text(v) => out.push_bind(v),
                        Cell::Bool(v) => out.push_bind(v),
                        Cell::Float(v) => out.push_bind(v),
                    };
                }
            });
            builder
                .build()
                .execute(&mut **$tx)
                .await
                .map(|d| d.rows_affected())
                .map_err(|e| Error::of(e, insert))
        }};
    }
    match target {
        Tx::Sqlite(tx) => run!(Sqlite, tx),
        Tx::Pg(tx) => run!(Postgres, tx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_migrations_is_seen_with_its_columns() {
        let all = tables(crate::migrations::ddl());
        let messages = all.iter().find(|t| t.name == "messages").unwrap();
        assert!(messages.columns.contains(&("due_at".to_owned(), Kind::Int)));
        assert!(messages.columns.contains(&("reason".to_owned(), Kind::Text)));
        let created = crate::migrations::ddl().map(|sql| sql.matches("CREATE TABLE ").count()).sum::<usize>();
        assert_eq!(all.len(), created);
        assert!(all.iter().all(|t| t.columns.len() > 1), "{all:?}");
    }

    #[tokio::test]
    async fn a_copy_holds_the_same_rows_and_a_second_one_is_refused() {
        crate::testing::on_both(|db| async move {
            let mut tx = db.write().await.unwrap();
            for n in 0..1200_i64 {
                crate::execute!(
                    tx,
                    "INSERT INTO waves (workspace_id, id, campaign_id, position, channel, after_days, target, content, rate_per_second, state)
                     VALUES (1, $1, 2, $1, 'email', 0, 'all', 'Привіт', $2, 'waiting')",
                    n,
                    (n % 2 == 0).then_some(0.5)
                )
                .unwrap();
            }
            tx.commit().await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let other = Db::open_sqlite(&folder.path().join("copy.sqlite")).await.unwrap();
            other.migrate(basis::Time::from_millis(0)).await.unwrap();
            assert_eq!(copy(&db, &other).await.unwrap(), 1200);
            let mut tx = other.read().await.unwrap();
            let (n, rates): (i64, i64) = crate::fetch_one!(
                tx,
                (i64, i64),
                "SELECT COUNT(*), COUNT(rate_per_second) FROM waves WHERE content = 'Привіт'"
            )
            .unwrap();
            assert_eq!((n, rates), (1200, 600));
            drop(tx);
            assert!(copy(&db, &other).await.is_err());
        })
        .await;
    }
}
