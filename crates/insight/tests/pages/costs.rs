//! Figures of entered costs, and of customers whom nothing reaches.

use crate::shop::{Seed, TODAY, get, length, post, token};
use access::testing::with_app;
use axum::http::StatusCode;
use serde_json::{Value, json};

fn figure<'v>(answer: &'v Value, id: &str) -> &'v Value {
    answer["figures"].as_array().unwrap().iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("{id}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_counts_the_days_it_was_entered_for() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.source(1, "[]");
        // Forty new customers before August, ten in it.
        for id in 1..=50 {
            seed.customer(id, "x");
            seed.order(id, if id <= 40 { TODAY - 200 } else { TODAY - 15 }, 10_000, "paid");
        }
        seed.write().await;
        let token = token(&op).await;
        let ask = async || get(&op.app, &token, "/api/insight/metrics").await.1;
        assert_eq!(figure(&ask().await, "cac")["value"], Value::Null);
        let inputs = json!({"items": [
            {"month": "2024-08", "kind": "acquisition_spend", "amount": 400_000.0},
            {"month": "2024-08", "kind": "acquisition_spend", "channel": "google", "amount": 100_000.0},
            {"month": "2024-08", "kind": "new_customers", "channel": "google", "amount": 5.0},
        ]});
        let (status, kept) = post(&op.app, &token, "PUT", "/api/insight/inputs", &inputs).await;
        assert_eq!(status, StatusCode::OK, "{kept}");
        assert!(kept["items"].as_array().unwrap().iter().any(|i| i["channel"] == "google"), "{kept}");
        let metrics = ask().await;
        let cac = figure(&metrics, "cac");
        // 5,000 over ten new customers of August, not over the fifty of the year.
        assert_eq!((&cac["numerator"], &cac["denominator"]), (&json!(500_000.0), &json!(10.0)), "{cac}");
        assert_eq!((&cac["covered"]["days"], &cac["covered"]["of"]), (&json!(31), &json!(365)), "{cac}");
        assert_eq!(length(&op.app, &token, cac["list"].as_str().unwrap()).await, 10);
        assert_eq!(figure(&metrics, "ltv_to_cac")["unit"], "times");
        let channel = &metrics["channels"][0];
        assert_eq!((&channel["channel"], &channel["cac"]["minor"]), (&json!("google"), &json!(20_000)), "{channel}");
        // Without a model nothing is expected, and no ratio is made of it.
        assert_eq!(figure(&metrics, "ltv")["value"], Value::Null);
        let refused = json!({"items": [{"month": "2024-08", "kind": "leads", "channel": "x".repeat(61), "amount": 1.0}]});
        let (status, problem) = post(&op.app, &token, "PUT", "/api/insight/inputs", &refused).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("input_channel")));
        let (_, problem) = get(&op.app, &token, "/api/insight/metrics?from=2024-08-02&to=2024-08-01").await;
        assert_eq!(problem["code"], "period_order");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_cannot_be_reached() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.source(1, "[]");
        for id in 1..=4 {
            seed.customer(id, "x");
            seed.order(id, TODAY - 3, 10_000, "paid");
            seed.contact(id, "email", &format!("a{id}@x.ua"), None);
        }
        seed.write().await;
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "INSERT INTO dead_customers (workspace_id, customer_id, at) VALUES ($1, 2, 0)",
            op.ws().get()
        )
        .unwrap();
        tx.commit().await.unwrap();
        let token = token(&op).await;
        let (_, health) = get(&op.app, &token, "/api/base-health").await;
        assert_eq!(figure(&health, "reachable")["numerator"], 3.0, "{health}");
        assert_eq!(
            (&figure(&health, "dead")["value"], &figure(&health, "unreachable")["value"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(length(&op.app, &token, "figure=reachable&value=any").await, 3);
    })
    .await;
}
