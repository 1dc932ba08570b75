//! The lapse threshold over weeks of a campaign that works, and what a change of it does.

use crate::shop::{Seed, TODAY, get, post, token};
use access::Op;
use access::testing::with_app;
use axum::http::StatusCode;
use basis::Clock;
use serde_json::{Value, json};
use std::time::Duration;

/// Eighty customers who came back after 10 to 89 days, a hundred who never did; forty of these are addressed today.
async fn shop(op: &Op) {
    let mut seed = Seed::new(op);
    seed.source(1, "[]");
    for id in 1..=180 {
        seed.customer(id, "x");
        seed.order(id, TODAY - 400, 10_000, "paid");
        if id <= 80 {
            seed.order(id, TODAY - 400 + 9 + id, 10_000, "paid");
        }
    }
    seed.write().await;
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at, launched_at)
         VALUES ($1, 50, 'x', 'running', 'by-customer', 0.1, '{\"kind\":\"order\",\"window_days\":60}', 0, 0, $2)",
        ws,
        TODAY * 86_400_000
    )
    .unwrap();
    for id in 141..=180i64 {
        store::execute!(
            tx,
            "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_minor, dead)
             VALUES ($1, 50, $2, $3, 'none', $3, 0, $3)",
            ws,
            id,
            false
        )
        .unwrap();
    }
    tx.commit().await.unwrap();
}

fn causes(board: &Value) -> Vec<(String, String, String, i64)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    board["moves"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (text(&m["from"]), text(&m["to"]), text(&m["cause"]), m["moves"].as_i64().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_works_moves_customers_and_not_the_threshold() {
    with_app(|op, clock| async move {
        shop(&op).await;
        let token = token(&op).await;
        let models = async || get(&op.app, &token, "/api/insight/models").await.1;
        let first = models().await;
        // numpy.percentile of 10…89.
        assert!((first["lapse_days"].as_f64().unwrap() - 73.2).abs() < 1e-9, "{first}");
        let history = async || get(&op.app, &token, "/api/insight/churn").await.1["trend"].clone();
        let before = history().await;
        // Five weeks: every week seven of the addressed come back after more than a year.
        for week in 1..=5i64 {
            clock.set(clock.now().plus(Duration::from_secs(7 * 86_400)));
            let mut seed = Seed::new(&op);
            for _ in 0..week * 1_000 {
                seed.id();
            }
            for id in 0..7 {
                seed.order(141 + (week - 1) * 7 + id, TODAY + week * 7, 10_000, "paid");
            }
            seed.write().await;
            insight::refresh(&op.app, op.ws()).await.unwrap();
        }
        let last = models().await;
        assert!(last["version"].as_i64().unwrap() > first["version"].as_i64().unwrap(), "it was learnt anew");
        assert_eq!((&last["lapse_days"], &last["lapse_day"]), (&first["lapse_days"], &first["lapse_day"]));
        let (_, board) = get(&op.app, &token, "/api/insight/churn").await;
        let moved = causes(&board);
        assert_eq!(moved, [("lapsed".into(), "returned".into(), "purchase".into(), 35)], "{moved:?}");
        // What was said of whole months is still said of them.
        for (old, new) in before.as_array().unwrap().iter().zip(board["trend"].as_array().unwrap()) {
            if old["partial"] == json!(false) {
                assert_eq!(old, new);
            }
        }
        // By decision: the returns that the campaign won do not count.
        let (status, learnt) =
            post(&op.app, &token, "POST", "/api/insight/threshold", &json!({"days": null})).await;
        assert_eq!(status, StatusCode::OK, "{learnt}");
        assert_eq!((&learnt["lapse_days"], &learnt["campaign_gaps"]), (&first["lapse_days"], &json!(35)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_threshold_moves_nobody_by_their_own_doing() {
    with_app(|op, _| async move {
        shop(&op).await;
        let token = token(&op).await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let set = async |days: Value| {
            post(&op.app, &token, "POST", "/api/insight/threshold", &json!({ "days": days })).await
        };
        assert_eq!(set(json!(0)).await.1["code"], "threshold");
        let (status, models) = set(json!(500)).await;
        assert_eq!(status, StatusCode::OK, "{models}");
        assert_eq!((&models["lapse_days"], &models["lapse_by_hand"]), (&json!(500.0), &json!(true)));
        let (_, board) = get(&op.app, &token, "/api/insight/churn").await;
        let moved = causes(&board);
        assert!(moved.iter().any(|m| m.0 == "lapsed" && m.1 == "new" && m.3 == 100), "{moved:?}");
        assert!(moved.iter().all(|m| m.2 == "version"), "{moved:?}");
        // Nobody could lapse by it in a history of 400 days.
        assert!(board["trend"].as_array().unwrap().iter().all(|m| m["rate"].is_null()), "{board}");
        assert_eq!(board["threshold"]["by_hand"], true);
        // A threshold that a person has set is kept by the next versions.
        insight::refresh(&op.app, op.ws()).await.unwrap();
        assert_eq!(get(&op.app, &token, "/api/insight/models").await.1["lapse_days"], 500.0);
        let (_, moves) = get(&op.app, &token, "/api/insight/stage-moves?limit=5").await;
        assert_eq!(moves["items"][0]["cause"], "version");
    })
    .await;
}
