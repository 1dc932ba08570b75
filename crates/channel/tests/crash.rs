//! kill -9 at random instants of an e-mail wave: nothing lost, nothing doubled, every unknown listed.
//!
//! The sender runs in a child process (this very test binary, called again) against an SMTP server that
//! lives on in the parent and counts every letter it took.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod peer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use access::{App, AppConfig, MasterKey, NewWorkspace, Workspace};
use basis::{CampaignId, Currency, CustomerId, Fault, Lang, Rng, SystemClock, WaveId};
use channel::ledger::{self, Claimed, NewRow, Settled};
use channel::sender::{Composed, Composer, Pace, Sender};
use channel::smtp::{Relay, SmtpConfig};
use channel::transport::{BoxFuture, Payload};
use store::{Db, Tx};
use tokio_util::sync::CancellationToken;

const CHILD: &str = "OTKLIK_CRASH_CHILD";
const CAMPAIGN: CampaignId = CampaignId(1);
const WAVE: WaveId = WaveId(2);
const LETTERS: usize = 3_000;
const KILLS: u32 = 20;

/// Every letter says whose row it is; no rules are asked.
struct Plain;

impl Composer for Plain {
    fn compose<'a>(
        &'a self,
        _app: &'a App,
        _workspace: &'a Workspace,
        _channel: &'a str,
        rows: &'a [Claimed],
    ) -> BoxFuture<'a, Result<Vec<Composed>, Fault>> {
        let ready = |row: &Claimed| Composed::Ready {
            payload: Payload::Email {
                return_path: format!("{}@bounce.test", row.id),
                to: row.address.clone(),
                raw: b"Subject: hello\r\n\r\nhello\r\n".to_vec(),
            },
            rate_per_second: None,
        };
        Box::pin(std::future::ready(Ok(rows.iter().map(ready).collect())))
    }

    fn after<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _app: &'a App,
        _workspace: &'a Workspace,
        _channel: &'a str,
        _settled: &'a [(Claimed, Settled)],
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn app(db: Db) -> App {
    App::new(AppConfig {
        db,
        clock: Arc::new(SystemClock),
        rng: Rng::from_entropy(),
        data_dir: PathBuf::new(),
        master_key: MasterKey::from_bytes([1; 32]),
        public_url: "http://127.0.0.1".into(),
        public_url_given: false,
        trusted_proxies: Vec::new(),
    })
}

const PACE: Pace = Pace {
    rate_per_second: 100_000.0,
    warm_up: None,
    batch: 200,
    lease: Duration::from_millis(600),
    most_attempts: 50,
};

/// The child's whole life: send until killed.
#[tokio::test]
async fn child_sends_until_it_is_killed() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (port, place) = told.split_once('|').unwrap();
    let db = open(place).await;
    let app = app(db);
    let workspace = access::workspaces(&app).await.unwrap().remove(0);
    let relay = Relay::new(SmtpConfig::loopback(port.parse().unwrap()), 8);
    let sender = Sender::new(app, workspace, "email", relay, Arc::new(Plain), PACE);
    sender.run(CancellationToken::new()).await;
}

async fn open(place: &str) -> Db {
    if place.starts_with("postgres") {
        Db::open_postgres(place).await.unwrap()
    } else {
        Db::open_sqlite(Path::new(place)).await.unwrap()
    }
}

fn start_child(port: u16, place: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_sends_until_it_is_killed", "--nocapture"])
        .env(CHILD, format!("{port}|{place}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn wave(app: &App) -> Workspace {
    let new = NewWorkspace {
        name: "crash".into(),
        simulated: true,
        language: Lang::Ru,
        timezone: "Europe/Kyiv".into(),
        jurisdiction: "ua".into(),
        currency: Currency::UAH,
    };
    let workspace = access::create_workspace(app, new).await.unwrap();
    let mut tx = app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at) VALUES ($1, $2, 'c', 'running', 'ru', 0.1, '{}', 0, 0)",
        workspace.id.get(),
        CAMPAIGN.get()
    )
    .unwrap();
    let rows: Vec<NewRow> = (1..=LETTERS)
        .map(|n| NewRow {
            id: app.next_id(),
            customer_id: CustomerId(i64::try_from(n).unwrap()),
            address: Some(format!("{}{n}@x.test", if n % 10 == 7 { "slow" } else { "person" })),
            excluded: String::new(),
            language: None,
            variant: None,
        })
        .collect();
    let now = app.now();
    ledger::plan_rows(&mut tx, workspace.id, CAMPAIGN, WAVE, "email", now, now.plus_days(7), &rows)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    workspace
}

/// Letters per return path, as the other side saw them.
type Seen = Arc<Mutex<HashMap<String, u32>>>;

async fn story(place: &str, db: Db) {
    let (port, mut letters) = peer::start().await;
    let seen: Seen = Arc::default();
    let counting = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Some(letter) = letters.recv().await {
            assert!(letter.to.ends_with("@x.test") && letter.raw.ends_with(b"hello\r\n"));
            *counting.lock().unwrap().entry(letter.return_path).or_default() += 1;
        }
    });
    let app = app(db);
    let workspace = wave(&app).await;
    let mut rng = Rng::seeded(20_240_901);
    let mut kills = 0;
    while kills < KILLS {
        let before = seen.lock().unwrap().len();
        let mut child = start_child(port, place);
        // The instant is random, but not before this child has sent something.
        for _ in 0..3_000 {
            if seen.lock().unwrap().len() > before + 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::from(rng.below(60)))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    // The last sender is left alone until the ledger is at rest.
    let mut child = start_child(port, place);
    let mut counts = Default::default();
    for _ in 0..6_000 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut tx = app.db.read().await.unwrap();
        counts = ledger::counts(&mut tx, workspace.id, WAVE).await.unwrap();
        if counts.keys().all(|state| matches!(state.as_str(), "accepted" | "uncertain")) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let mut tx = app.db.read().await.unwrap();
    let rows = ledger::list(&mut tx, workspace.id, CAMPAIGN, None, "", 0, 10_000).await.unwrap();
    assert_eq!(rows.len(), LETTERS, "a row was lost");
    let seen = seen.lock().unwrap();
    let doubled: Vec<_> = seen.iter().filter(|(_, n)| **n > 1).collect();
    assert!(doubled.is_empty(), "sent twice: {doubled:?}");
    let mut uncertain = (0, 0);
    for row in &rows {
        let arrived = seen.contains_key(&format!("{}@bounce.test", row.id));
        match row.state.as_str() {
            "accepted" => assert!(arrived, "accepted but never arrived: {row:?}"),
            "uncertain" if arrived => uncertain.0 += 1,
            "uncertain" => uncertain.1 += 1,
            other => panic!("not at rest: {other} {counts:?}"),
        }
    }
    eprintln!(
        "{KILLS} kills, {LETTERS} letters: {} arrived, 0 lost, 0 doubled, {} uncertain ({} of them had arrived)",
        seen.len(),
        uncertain.0 + uncertain.1,
        uncertain.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_on_sqlite() {
    if std::env::var(CHILD).is_ok() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("otklik.db");
    let db = Db::open_sqlite(&file).await.unwrap();
    db.migrate(basis::Time::from_millis(0)).await.unwrap();
    story(file.to_str().unwrap(), db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_on_postgresql() {
    let Ok(server) = std::env::var("OTKLIK_TEST_PG") else { return };
    if std::env::var(CHILD).is_ok() {
        return;
    }
    let name = format!("crash_{}_{:x}", std::process::id(), Rng::from_entropy().next_u64());
    administer(&server, format!("CREATE DATABASE {name}")).await;
    let root = server.rsplit_once('/').unwrap().0;
    let place = format!("{root}/{name}");
    let db = Db::open_postgres(&place).await.unwrap();
    db.migrate(basis::Time::from_millis(0)).await.unwrap();
    story(&place, db.clone()).await;
    db.close().await;
    administer(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn administer(server: &str, sql: String) {
    use sqlx::Connection as _;
    let mut admin = sqlx::PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
}
