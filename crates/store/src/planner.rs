//! What SQLite's planner is told about tables that it has not seen full yet.
//!
//! `ANALYZE` on a young base records that a table has five rows, and until the next one every query scans it, even when it holds
//! a hundred thousand; without any record the planner takes `workspace_id = ?` for ten rows. Both are wrong here: a base is
//! one workspace or a few, and it fills up within minutes. So a table that is still small gets the figures of a full one.

use sqlx::{Row, SqlitePool};

use crate::{Error, Result};

/// Below this many rows a table's own figures say nothing yet.
const YOUNG: i64 = 20_000;
/// Rows of the full table that is assumed, all in one workspace.
const FULL: i64 = 1_000_000;
/// Rows for one value of each further column of an index, down to the last.
const PER_VALUE: i64 = 10;

/// Gathers figures and lets every connection read them anew.
pub(crate) async fn learn(write: &SqlitePool) -> Result<()> {
    gather(write).await.map_err(|e| Error::of(e, "ANALYZE"))
}

async fn gather(write: &SqlitePool) -> std::result::Result<(), sqlx::Error> {
    sqlx::raw_sql("PRAGMA analysis_limit = 1000; ANALYZE;").execute(write).await?;
    let rows = sqlx::query(
        // The key of a table without row ids goes by the table's name.
        "SELECT m.tbl_name, CASE WHEN l.origin = 'pk' AND t.wr THEN m.tbl_name ELSE l.name END, l.\"unique\", l.partial, COUNT(i.seqno),
                (SELECT MAX(CAST(s.stat AS INTEGER)) FROM sqlite_stat1 s WHERE s.tbl = m.tbl_name)
         FROM sqlite_schema m JOIN pragma_table_list(m.name) t JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
         WHERE m.type = 'table' AND t.schema = 'main'
         GROUP BY m.tbl_name, l.name, l.\"unique\", l.partial
         HAVING MAX(CASE WHEN i.seqno = 0 THEN i.name END) = 'workspace_id' AND COUNT(i.seqno) > 1",
    )
    .fetch_all(write)
    .await?;
    let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
    for row in rows {
        let (table, index): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let known: Option<i64> = row.try_get(5)?;
        if known.unwrap_or(0) >= YOUNG || row.try_get::<bool, _>(3)? {
            continue;
        }
        let columns: i64 = row.try_get(4)?;
        sqlx::query("DELETE FROM sqlite_stat1 WHERE tbl = ? AND idx = ?")
            .bind(&table)
            .bind(&index)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)")
            .bind(&table)
            .bind(&index)
            .bind(figures(columns, row.try_get(2)?))
            .execute(&mut *tx)
            .await?;
    }
    // Other connections read the figures only when the schema has changed.
    sqlx::raw_sql("CREATE TABLE planner_learnt (at BIGINT); DROP TABLE planner_learnt;")
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// `rows rows … rows-per-value`, as sqlite_stat1 has it: one figure for each leading part of the index.
fn figures(columns: i64, unique: bool) -> String {
    let mut out = format!("{FULL} {FULL}");
    for column in 2..=columns {
        let rows = if unique && column == columns { 1 } else { PER_VALUE };
        out.push_str(&format!(" {rows}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use basis::Time;

    use super::figures;
    use crate::{Db, Value};

    #[test]
    fn a_figure_for_each_leading_part() {
        assert_eq!(figures(2, true), "1000000 1000000 1");
        assert_eq!(figures(3, false), "1000000 1000000 10 10");
    }

    async fn plan_of(db: &Db, sql: &str) -> String {
        let mut tx = db.read().await.unwrap();
        let rows: Vec<(i64, i64, i64, String)> = tx
            .fetch_dyn(&format!("EXPLAIN QUERY PLAN {sql}"), &[Value::Int(1), Value::Int(1)])
            .await
            .unwrap();
        rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn a_young_table_is_not_scanned_by_any_connection() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("a.sqlite")).await.unwrap();
        db.migrate(Time::from_millis(0)).await.unwrap();
        let sql = "SELECT customer_id FROM customer_aliases WHERE workspace_id = $1 AND current_id = $2";
        let searched =
            |plan: &str| plan.contains("customer_aliases_current (workspace_id=? AND current_id=?)");
        assert!(searched(&plan_of(&db, sql).await));
        for id in 0..5_i64 {
            let mut tx = db.write().await.unwrap();
            crate::execute!(
                tx,
                "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, $2, $3)",
                1_i64,
                id,
                id
            )
            .unwrap();
            tx.commit().await.unwrap();
        }
        // The reader that answered above learns of it as well.
        db.tidy().await.unwrap();
        assert!(searched(&plan_of(&db, sql).await), "{}", plan_of(&db, sql).await);
        let by_time = "SELECT id FROM interactions WHERE workspace_id = $1 AND at > $2 AND customer_id IN (SELECT value FROM json_each('[1]'))";
        assert!(plan_of(&db, by_time).await.contains("customer_id=? AND at>?"));
        db.close().await;
    }
}
