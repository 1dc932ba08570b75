//! The sender over a real wire: rules, refusals, put-offs and warm-up end where they should.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod peer;

use std::sync::Arc;
use std::time::Duration;

use access::testing::with_app;
use access::{App, Op, Workspace};
use basis::{CampaignId, CustomerId, Fault, WaveId};
use channel::ledger::{self, Claimed, NewRow, Settled};
use channel::rules::governor::WarmUp;
use channel::sender::{Composed, Composer, Pace, Sender};
use channel::smtp::{Relay, SmtpConfig};
use channel::transport::{BoxFuture, Payload};
use store::Tx;

const CAMPAIGN: CampaignId = CampaignId(1);
const WAVE: WaveId = WaveId(2);

/// Decides by the address.
struct ByAddress;

impl Composer for ByAddress {
    fn compose<'a>(
        &'a self,
        app: &'a App,
        workspace: &'a Workspace,
        _channel: &'a str,
        rows: &'a [Claimed],
    ) -> BoxFuture<'a, Result<Vec<Composed>, Fault>> {
        let tomorrow = workspace.campaign_now(app.now()).plus_days(1);
        let decide = move |row: &Claimed| {
            if row.address.starts_with("night") {
                Composed::Held { until: tomorrow, reason: "quiet_hours".into() }
            } else if row.address.starts_with("stopped") {
                Composed::Refused { reason: "suppressed".into(), detail: String::new() }
            } else {
                Composed::Ready {
                    payload: Payload::Email {
                        return_path: format!("{}@bounce.test", row.id),
                        to: row.address.clone(),
                        raw: b"Subject: hello\r\n\r\nhello\r\n".to_vec(),
                    },
                    rate_per_second: None,
                }
            }
        };
        Box::pin(std::future::ready(Ok(rows.iter().map(decide).collect())))
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

async fn wave(op: &Op, addresses: &[String]) {
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at) VALUES ($1, $2, 'c', 'running', 'ru', 0.1, '{}', 0, 0)",
        op.ws().get(),
        CAMPAIGN.get()
    )
    .unwrap();
    let rows: Vec<NewRow> = (1..)
        .zip(addresses)
        .map(|(n, address)| NewRow {
            id: op.next_id(),
            customer_id: CustomerId(n),
            address: Some(address.clone()),
            excluded: String::new(),
            language: None,
            variant: None,
        })
        .collect();
    let now = op.campaign_now();
    ledger::plan_rows(&mut tx, op.ws(), CAMPAIGN, WAVE, "email", now, now.plus_days(7), &rows).await.unwrap();
    tx.commit().await.unwrap();
}

async fn counts(op: &Op) -> Vec<(String, i64)> {
    let mut tx = op.app.db.read().await.unwrap();
    ledger::counts(&mut tx, op.ws(), WAVE).await.unwrap().into_iter().collect()
}

fn some(states: &[(&str, i64)]) -> Vec<(String, i64)> {
    states.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect()
}

fn sender(op: &Op, port: u16, warm_up: Option<WarmUp>) -> Arc<Sender> {
    let relay = Relay::new(SmtpConfig::loopback(port), 4);
    let pace = Pace {
        rate_per_second: 10_000.0,
        warm_up: warm_up.map(|plan| (plan, op.campaign_now())),
        ..Pace::default()
    };
    Sender::new(op.app.clone(), op.workspace.clone(), "email", relay, Arc::new(ByAddress), pace)
}

#[tokio::test]
async fn every_row_ends_in_its_state() {
    with_app(|op, clock| async move {
        let (port, mut letters) = peer::start().await;
        let kinds = ["person", "person", "gone", "grey", "night", "stopped"];
        let addresses: Vec<String> = (0..60).map(|n| format!("{}{n}@x.test", kinds[n % 6])).collect();
        wave(&op, &addresses).await;
        let sender = sender(&op, port, None);
        sender.housekeeping().await.unwrap();
        assert_eq!(sender.pass().await.unwrap(), 60);
        assert_eq!(
            counts(&op).await,
            some(&[("accepted", 20), ("deferred", 10), ("excluded", 10), ("held", 10), ("rejected", 10)])
        );
        assert_eq!(sender.pass().await.unwrap(), 0, "what was put off is not due yet");
        clock.advance(Duration::from_mins(2));
        assert_eq!(sender.pass().await.unwrap(), 10);
        assert_eq!(
            counts(&op).await,
            some(&[("accepted", 30), ("excluded", 10), ("held", 10), ("rejected", 10)])
        );
        let mut arrived = std::collections::HashSet::new();
        while let Ok(letter) = letters.try_recv() {
            assert_eq!(letter.raw, b"Subject: hello\r\n\r\nhello\r\n");
            assert!(!letter.to.starts_with("gone"));
            assert!(arrived.insert(letter.return_path), "sent twice");
        }
        assert_eq!(arrived.len(), 30);
        let mut tx = op.app.db.read().await.unwrap();
        let rejected =
            ledger::list(&mut tx, op.ws(), CAMPAIGN, Some(WAVE), "rejected", 0, 100).await.unwrap();
        assert!(rejected.iter().all(|r| r.reason == "hard_bounce" && r.detail.contains("5.1.1")));
    })
    .await;
}

#[tokio::test]
async fn a_young_sender_keeps_to_its_ceiling() {
    with_app(|op, clock| async move {
        let (port, _letters) = peer::start().await;
        let addresses: Vec<String> =
            (0..30).map(|n| format!("person{n}@{}.test", if n < 20 { "big" } else { "small" })).collect();
        wave(&op, &addresses).await;
        let sender = sender(&op, port, Some(WarmUp { first_day: 12, growth: 1.5, days: 5 }));
        sender.pass().await.unwrap();
        assert_eq!(counts(&op).await, some(&[("accepted", 22), ("held", 8)]));
        sender.pass().await.unwrap();
        assert_eq!(counts(&op).await, some(&[("accepted", 22), ("held", 8)]));
        clock.advance(Duration::from_hours(24));
        sender.pass().await.unwrap();
        assert_eq!(counts(&op).await, some(&[("accepted", 30)]));
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_is_away_loses_nothing() {
    with_app(|op, clock| async move {
        wave(&op, &["a@x.test".to_owned(), "b@x.test".to_owned()]).await;
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let sender = sender(&op, closed, None);
        sender.pass().await.unwrap();
        assert_eq!(counts(&op).await, some(&[("deferred", 2)]));
        for _ in 0..12 {
            clock.advance(Duration::from_hours(5));
            sender.pass().await.unwrap();
        }
        let mut tx = op.app.db.read().await.unwrap();
        let rows = ledger::list(&mut tx, op.ws(), CAMPAIGN, None, "rejected", 0, 10).await.unwrap();
        assert_eq!(rows.len(), 2, "given up after the last try");
        assert!(rows.iter().all(|r| r.reason == "gave_up" && r.attempts == 8));
    })
    .await;
}
