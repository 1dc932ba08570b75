//! Moves SQLite's log into the file beside the writers, not in their commits.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use sqlx::{SqlitePool, sqlite::SqliteConnectOptions, sqlite::SqlitePoolOptions};

/// A log longer than this is moved.
pub(crate) const LOG_BYTES: u64 = 16 << 20;
/// Pages of log at which a commit moves it itself: the last resort when writers never pause.
pub(crate) const LAST_RESORT_PAGES: u32 = 65_536;
/// Writes between two looks at the log.
const LOOK_EVERY: u32 = 16;

/// Keeps the log of one file short.
#[derive(Debug, Clone)]
pub(crate) struct Checkpointer {
    log: PathBuf,
    pool: SqlitePool,
    writes: Arc<AtomicU32>,
    running: Arc<AtomicBool>,
}

impl Checkpointer {
    pub fn new(file: &Path, options: SqliteConnectOptions) -> Self {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        Self {
            log: log.into(),
            pool: SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options),
            writes: Arc::default(),
            running: Arc::default(),
        }
    }

    /// Told of every write; now and then looks at the log and has it moved when it has grown.
    pub fn note(&self) {
        if !self.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY) {
            return;
        }
        // A log that was started anew is cut to the limit, so its length tells how much is in it.
        let long = std::fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_BYTES + 4096);
        if !long || self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        let (pool, running) = (self.pool.clone(), Arc::clone(&self.running));
        tokio::spawn(async move {
            // Passive: waits for nobody, and what it leaves the next one takes. When it fails, the last resort is still there.
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
                tracing::debug!(%error, "the log was not moved into the file");
            }
            running.store(false, Ordering::Release);
        });
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::Db;

    #[tokio::test]
    async fn a_long_log_is_moved_while_writers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let db = Db::open_sqlite(&path).await.unwrap();
        db.migrate(basis::Time::from_millis(0)).await.unwrap();
        let size = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |m| m.len());
        let body = "ї".repeat(50_000);
        let mut n = 0_i64;
        // Some 40 MB of log; a commit alone would not move it before 256.
        while size("a.sqlite") < super::LOG_BYTES && n < 4_000 {
            let mut tx = db.write().await.unwrap();
            crate::execute!(
                tx,
                "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, '', 0)",
                1_000 + n,
                body.as_str()
            )
            .unwrap();
            tx.commit().await.unwrap();
            n += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(n < 1_000, "{n} rows and {} bytes in the file", size("a.sqlite"));
        db.close().await;
    }
}
