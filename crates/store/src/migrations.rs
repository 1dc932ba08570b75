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
            self.script(&format!("BEGIN;\n{sql}\n{record}\nCOMMIT;")).await?;
            done.push(*name);
        }
        if !done.is_empty() {
            self.tell_planner().await?;
        }
        Ok(done)
    }
}

/// The DDL in order.
pub(crate) fn ddl() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(_, sql)| *sql)
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
