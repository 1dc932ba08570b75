//! Databases for tests: a new one for each body, on both engines.

use std::{
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
};

use basis::{Rng, Time};

use crate::Db;

/// Runs `body` on a new SQLite file and, when `OTKLIK_TEST_PG` holds the URL of a server where databases may be created, on a new
/// PostgreSQL database. `./dev test` sets the variable, so there both always run.
///
/// # Panics
/// When a database cannot be made; it is a test.
pub async fn on_both<F, Fut>(mut body: F)
where
    F: FnMut(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a folder for the test");
    let db = Db::open_sqlite(&folder.path().join("test.sqlite")).await.expect("SQLite opens");
    db.migrate(Time::from_millis(0)).await.expect("migrations apply to SQLite");
    body(db.clone()).await;
    db.close().await;

    let Ok(server) = std::env::var("OTKLIK_TEST_PG") else { return };
    let admin = Db::open_postgres(&server).await.expect("the PostgreSQL of OTKLIK_TEST_PG answers");
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "test_{}_{}_{:x}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed),
        Rng::from_entropy().next_u64()
    );
    create_database(&admin, &name).await;
    let db = Db::open_postgres(&url_of(&server, &name)).await.expect("the new database opens");
    db.migrate(Time::from_millis(0)).await.expect("migrations apply to PostgreSQL");
    body(db.clone()).await;
    db.close().await;
    drop_database(&admin, &name).await;
    admin.close().await;
}

/// A database on the server of the tests.
///
/// # Panics
/// When it cannot be made; it is a test.
pub async fn create_database(admin: &Db, name: &str) {
    admin.script(&format!("CREATE DATABASE {name}")).await.expect("a database for the test");
}

/// Drops it, whoever is connected.
///
/// # Panics
/// When it cannot be dropped; it is a test.
pub async fn drop_database(admin: &Db, name: &str) {
    admin
        .script(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .expect("the test's database is dropped");
}

/// The URL of a database on the server that another URL names.
pub fn url_of(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let root = base.rsplit_once('/').map_or(base, |(root, _)| root);
    format!("{root}/{name}?{query}")
}
