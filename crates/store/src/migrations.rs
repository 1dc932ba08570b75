//! One linear folder of DDL that both engines speak.

use std::path::Path;

use basis::Time;
use sha2::{Digest, Sha256};

use crate::{Db, Engine, Error, Result};

macro_rules! migrations {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../migrations/", $name, ".sql")))),*] };
}

/// The position is the version: never reorder, only append.
const MIGRATIONS: &[(&str, &str)] = migrations![
    "0001_access_workspaces_and_users",
    "0002_store_jobs_and_outbox",
    "0003_timeline_interactions",
    "0004_ingest_records",
    "0005_commerce_orders",
    "0006_identity_customers",
    "0007_insight_profiles",
    "0008_permission_consents",
    "0009_audience_segments",
    "0010_content_templates",
    "0011_campaign_waves",
    "0012_channel_ledger",
    "0013_response_reactions",
    "0014_desk_call_tasks",
    "0015_channel_sender_leases",
    "0016_insight_models",
    "0017_insight_changes",
    "0018_identity_models",
    "0019_store_narrow_tables",
    "0020_channel_message_variants",
    "0021_improve_reasons_and_backlog",
    "0022_identity_chosen_contacts",
    "0023_insight_move_causes",
    "0024_care_items",
    "0025_insight_complaints",
    "0026_desk_objections_and_coaching",
    "0027_desk_offers_and_first_touches",
    "0028_campaign_journeys",
    "0029_commerce_guides",
];

/// What a database holds and what this binary knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationState {
    pub applied: usize,
    pub known: usize,
}

impl MigrationState {
    pub fn is_current(self) -> bool {
        self.applied == self.known
    }
}

impl Db {
    /// How far this database is; a schema that is newer than the binary, or another one, is refused.
    pub async fn migration_state(&self) -> Result<MigrationState> {
        self.script(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)",
        )
        .await?;
        let mut tx = self.read().await?;
        let rows: Vec<(i64, String, String)> = tx
            .fetch_dyn("SELECT version, name, checksum FROM schema_migrations ORDER BY version", &[])
            .await?;
        for (place, (_, name, checksum)) in rows.iter().enumerate() {
            let Some((known, sql)) = MIGRATIONS.get(place) else {
                return Err(Error::Migration(format!(
                    "the database has the migration {name}, which this version of otklik does not know; use the newer version that wrote it"
                )));
            };
            if known != name || *checksum != digest(sql) {
                return Err(Error::Migration(format!(
                    "migration {} of the database is {name}, and this version of otklik has another one there",
                    place + 1
                )));
            }
        }
        Ok(MigrationState { applied: rows.len(), known: MIGRATIONS.len() })
    }

    /// Applies what is missing; answers the names.
    pub async fn migrate(&self, now: Time) -> Result<Vec<&'static str>> {
        let state = self.migration_state().await?;
        let mut done = Vec::new();
        for (place, (name, sql)) in MIGRATIONS.iter().enumerate().skip(state.applied) {
            let record = format!(
                "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ({}, '{name}', '{}', {});",
                place + 1,
                digest(sql),
                now.millis()
            );
            let sql = text_for(self.engine(), sql);
            self.script(&format!("BEGIN;\n{sql}\n{record}\nCOMMIT;")).await?;
            done.push(*name);
        }
        if !done.is_empty() {
            self.tell_planner().await?;
        }
        Ok(done)
    }
}

/// The DDL in order, without what is for one engine alone.
pub(crate) fn ddl() -> impl Iterator<Item = String> {
    MIGRATIONS.iter().map(|(_, sql)| text_for(Engine::Postgres, sql))
}

/// What stands between `/*sqlite` and `*/` is a comment to PostgreSQL and DDL to SQLite.
fn text_for(engine: Engine, sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, block)) = rest.split_once("/*sqlite") {
        let (inside, after) = block.split_once("*/").unwrap_or((block, ""));
        out.push_str(before);
        if engine == Engine::Sqlite {
            out.push_str(inside);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn digest(sql: &str) -> String {
    hex::encode(Sha256::digest(sql.as_bytes()))
}

/// A consistent copy of a SQLite database in one new file, made while it is in use.
pub async fn backup_sqlite(db: &Db, to: &Path) -> Result<()> {
    if db.engine() != Engine::Sqlite {
        return Err(Error::Migration("this database is not SQLite".to_owned()));
    }
    let path = to.to_string_lossy().replace('\'', "''");
    db.script(&format!("VACUUM INTO '{path}'")).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn a_block_for_one_engine() {
        let sql = "A; /*sqlite B; */ C;";
        assert_eq!(text_for(Engine::Sqlite, sql), "A;  B;  C;");
        assert_eq!(text_for(Engine::Postgres, sql), "A;  C;");
    }

    /// What was stored before the narrow tables is there after them.
    #[tokio::test]
    async fn rows_survive_the_narrow_tables() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("a.sqlite")).await.unwrap();
        let narrow = MIGRATIONS.iter().position(|(name, _)| name.contains("narrow")).unwrap();
        for (_, sql) in &MIGRATIONS[..narrow] {
            db.script(&text_for(Engine::Sqlite, sql)).await.unwrap();
        }
        db.script(
            "INSERT INTO orders VALUES (1, 3, 4, 5, 'A-1', 6, 7, NULL, 'paid', 'Виконано', 100, 'UAH'), (1, 2, 9, 5, 'A-2', 6, 7, 8, 'new', '', 5, 'UAH');
             INSERT INTO profiles VALUES (1, 3, 2, 1, 9, 500, 0.5, 'new', NULL, 1.5, 7, 0.25, '[]', 11);",
        )
        .await
        .unwrap();
        db.script(&text_for(Engine::Sqlite, MIGRATIONS[narrow].1)).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let orders: Vec<(i64, i64, String, Option<i64>, String)> = tx
            .fetch_dyn(
                "SELECT id, record_id, number, delivered_day, status_text FROM orders WHERE workspace_id = $1",
                &[Value::Int(1)],
            )
            .await
            .unwrap();
        let order =
            |id, record, number: &str, day, text: &str| (id, record, number.to_owned(), day, text.to_owned());
        assert_eq!(orders, [order(2, 9, "A-2", Some(8), ""), order(3, 4, "A-1", None, "Виконано")]);
        let profile: Vec<(i64, f64, Option<f64>, f64)> =
            tx.fetch_dyn("SELECT orders, mean_gap, p_alive, risk FROM profiles", &[]).await.unwrap();
        assert_eq!(profile, [(2, 0.5, None, 0.25)]);
    }
}
