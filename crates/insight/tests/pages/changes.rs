//! What follows from new orders, merges and talks: profiles of the customers touched, and reasons of leaving.

use crate::shop::{Seed, TODAY, get, length, stored, token};
use access::Op;
use access::testing::with_app;
use axum::http::StatusCode;
use basis::{RecordId, Rng};
use insight::changes;
use serde_json::Value;

async fn mark(op: &Op, customers: &[i64]) {
    let mut tx = op.app.db.write().await.unwrap();
    changes::mark_customers(&mut tx, op.ws(), customers).await.unwrap();
    tx.commit().await.unwrap();
}

async fn due(op: &Op) -> Vec<i64> {
    let mut tx = op.app.db.read().await.unwrap();
    let due = insight::store::due(&mut tx, op.ws(), 1_000).await.unwrap();
    due.into_iter().map(|c| c.customer_id).collect()
}

async fn run(op: &Op, sql: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    tx.execute_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_marked_is_refreshed_as_by_a_full_run() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.bookshop(80).await;
        mark(&op, &[3]).await;
        // Nothing was there before: the first refresh is a full one, and settles what was due.
        insight::refresh_changed(&op.app, op.ws()).await.unwrap();
        assert!(due(&op).await.is_empty());
        let mut rng = Rng::seeded(5);
        for round in 0..4i64 {
            let mut touched = Vec::new();
            for _ in 0..5 {
                let id = 1 + i64::from(rng.below(80));
                let newcomer = rng.chance(0.2);
                let id = if newcomer { 1_000 + round * 100 + id } else { id };
                if newcomer && !touched.contains(&id) {
                    seed.customer(id, "новий");
                }
                let status = if rng.chance(0.2) { "cancelled" } else { "paid" };
                seed.order(id, TODAY - i64::from(rng.below(3)), 12_300, status);
                touched.push(id);
            }
            if round == 2 {
                // A merge: the orders of one customer go to another, the first id is gone.
                run(
                    &op,
                    "UPDATE record_customers SET customer_id = 2 WHERE workspace_id = $1 AND customer_id = 1",
                )
                .await;
                run(&op, "DELETE FROM customers WHERE workspace_id = $1 AND id = 1").await;
                touched.retain(|id| *id != 1);
                touched.extend([1, 2]);
            }
            seed.write().await;
            mark(&op, &touched).await;
            insight::refresh_changed(&op.app, op.ws()).await.unwrap();
            assert!(due(&op).await.is_empty());
            let incremental = stored(&op).await;
            let mut tx = op.app.db.read().await.unwrap();
            let state = insight::store::state(&mut tx, op.ws()).await.unwrap().unwrap();
            drop(tx);
            let manifest = op.app.data_dir.join(format!("projections/{}/manifest.json", op.ws()));
            let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
            assert_eq!(manifest["revision"], state.revision, "the projection follows");
            insight::refresh(&op.app, op.ws()).await.unwrap();
            assert_eq!(incremental, stored(&op).await, "round {round}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_set_during_a_refresh_is_not_lost() {
    with_app(|op, _| async move {
        mark(&op, &[7, 7, 9]).await;
        let mut tx = op.app.db.read().await.unwrap();
        let read = insight::store::due(&mut tx, op.ws(), 10).await.unwrap();
        drop(tx);
        mark(&op, &[9]).await;
        let mut tx = op.app.db.write().await.unwrap();
        insight::store::settle(&mut tx, op.ws(), &read).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(due(&op).await, [9]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_imports_mark_their_customers() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.source(1, "[]");
        for id in 1..=15 {
            seed.customer(id, "x");
            // The n-th order is the record n + 1.
            seed.order(id, TODAY - 9, 100, "paid");
        }
        seed.write().await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        changes::mark_records(&op.app, op.ws(), &[RecordId(3), RecordId(5), RecordId(99)]).await.unwrap();
        assert_eq!(due(&op).await, [2, 4]);
        for (import, record) in [(70, 2), (70, 6)].into_iter().chain((2..=16).map(|record| (71, record))) {
            run(
                &op,
                &format!(
                    "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload)
                     VALUES ($1, {record}, {import}, FALSE, 1, {import}, 'order', 'k{record}', 'f', 1, 'p', '{{}}')"
                ),
            )
            .await;
        }
        changes::after_import(&op.app, op.ws(), basis::ImportId(70)).await.unwrap();
        assert_eq!(due(&op).await, [1, 2, 4, 5]);
        assert_eq!(waiting(&op).await, ["insight.refresh_changed"]);
        // Nobody is marked when everybody is due.
        changes::after_import(&op.app, op.ws(), basis::ImportId(71)).await.unwrap();
        assert_eq!(due(&op).await, [1, 2, 4, 5]);
        assert_eq!(waiting(&op).await, ["insight.refresh", "insight.refresh_changed"]);
    })
    .await;
}

/// Kinds of the jobs that wait.
async fn waiting(op: &Op) -> Vec<String> {
    let mut tx = op.app.db.read().await.unwrap();
    let sql = "SELECT kind FROM jobs WHERE workspace_id = $1 AND state = 'waiting' ORDER BY kind";
    let rows: Vec<(String,)> = tx.fetch_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    rows.into_iter().map(|row| row.0).collect()
}

/// A talk that ended with a refusal on a day.
async fn refused(op: &Op, task: i64, customer: i64, reason: &str, day: i64) {
    let at = day * 86_400_000 + 36_000_000;
    run(
        op,
        &format!(
            "INSERT INTO call_tasks (workspace_id, id, message_id, campaign_id, wave_id, customer_id, state, due_at, attempts, outcome, reason, note, finished_at)
             VALUES ($1, {task}, {task}, 1, 1, {customer}, 'done', 0, 1, 'refused', '{reason}', '', {at})"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_of_leaving_come_from_talks() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.source(1, "[]");
        for id in 1..=6 {
            seed.customer(id, "x");
            seed.order(id, TODAY - 700, 10_000 * id, "paid");
        }
        seed.customer(7, "покупець");
        seed.order(7, TODAY - 2, 5_000, "paid");
        seed.write().await;
        refused(&op, 1, 1, "service", TODAY - 20).await;
        refused(&op, 2, 2, "moved", TODAY - 20).await;
        // The last word counts.
        refused(&op, 3, 3, "price", TODAY - 30).await;
        refused(&op, 4, 3, "service", TODAY - 10).await;
        refused(&op, 5, 4, "other", TODAY - 10).await;
        // Bought since: came back.
        refused(&op, 6, 7, "delivery", TODAY - 10).await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let token = token(&op).await;
        let (status, board) = get(&op.app, &token, "/api/insight/churn").await;
        assert_eq!(status, StatusCode::OK, "{board}");
        let reasons = &board["reasons"];
        for (kind, n) in [("controllable", 2usize), ("natural", 1), ("other", 1), ("unknown", 2)] {
            assert_eq!(reasons[kind].as_u64().unwrap() as usize, n, "{reasons}");
            assert_eq!(length(&op.app, &token, &format!("figure=reason&value={kind}")).await, n);
        }
        assert_eq!(reasons["items"][0]["reason"], "service");
        assert_eq!(reasons["items"][0]["revenue"]["minor"], 40_000);
        for item in reasons["items"].as_array().unwrap() {
            let list = length(&op.app, &token, item["list"].as_str().unwrap()).await;
            assert_eq!(item["customers"].as_u64().unwrap() as usize, list);
        }
        let unknown =
            board["figures"].as_array().unwrap().iter().find(|f| f["id"] == "reason_unknown").unwrap();
        assert_eq!((unknown["numerator"].as_f64(), unknown["denominator"].as_f64()), (Some(2.0), Some(6.0)));
        // Bad service is a sign of leaving; a move is not a bad experience.
        let signals = |answer: &Value| answer["signals"].to_string();
        let (_, card) = get(&op.app, &token, "/api/customers/3/forecast").await;
        assert!(
            signals(&card).contains(r#""signal":"complained""#) && signals(&card).contains(r#""days":10"#),
            "{card}"
        );
        let (_, card) = get(&op.app, &token, "/api/customers/2/forecast").await;
        assert!(!signals(&card).contains("complained"), "{card}");
    })
    .await;
}
