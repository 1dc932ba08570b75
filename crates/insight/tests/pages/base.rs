//! Profiles, lists and pages over a database, on both engines.

use crate::shop::{Seed, TODAY, get, length, post, stored, token};
use access::Op;
use access::testing::with_app;
use axum::http::StatusCode;
use basis::{Clock, CustomerId, ManualClock, Rng};
use serde_json::Value;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_equals_the_length_of_its_list() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.bookshop(120).await;
        seed.consent(1, "email", "given", 1);
        seed.consent(2, "email", "given", 1);
        seed.consent(2, "email", "withdrawn", 2);
        seed.write().await;
        let token = token(&op).await;
        let (status, health) = get(&op.app, &token, "/api/base-health").await;
        assert_eq!(status, StatusCode::OK, "{health}");
        let mut opened = 0;
        for figure in health["figures"].as_array().unwrap() {
            if figure["unit"] == "count" {
                let list = figure["list"].as_str().unwrap();
                assert_eq!(
                    figure["value"].as_u64().unwrap() as usize,
                    length(&op.app, &token, list).await,
                    "{figure}"
                );
                opened += 1;
            }
            if let (Some(n), Some(list)) = (figure["numerator"].as_f64(), figure["list"].as_str())
                && figure["unit"] == "share"
            {
                assert_eq!(n, length(&op.app, &token, list).await as f64, "{figure}");
                opened += 1;
            }
        }
        assert!(opened >= 9, "{opened}");
        let mut people = 0;
        for stage in health["stages"].as_array().unwrap() {
            let list = format!("figure=stage&value={}", stage["stage"].as_str().unwrap());
            let count = stage["count"].as_u64().unwrap() as usize;
            assert_eq!(count, length(&op.app, &token, &list).await);
            people += count;
        }
        assert_eq!(people, 120, "each customer stands in one stage");
        for channel in health["channels"].as_array().unwrap() {
            for (field, figure) in [
                ("reachable", "reachable"),
                ("consent", "consent"),
                ("basis", "basis"),
                ("given", "given"),
                ("withdrawn", "withdrawn"),
            ] {
                let list = format!("figure={figure}&value={}", channel["channel"].as_str().unwrap());
                let count = channel[field].as_u64().unwrap() as usize;
                assert_eq!(count, length(&op.app, &token, &list).await, "{list} {channel}");
            }
        }
        let aged: u64 =
            health["age"].as_array().unwrap().iter().map(|m| m["customers"].as_u64().unwrap()).sum();
        assert_eq!(aged, 113);

        let (_, churn) = get(&op.app, &token, "/api/insight/churn").await;
        for row in churn["trend"].as_array().unwrap() {
            let list = row["list"].as_str().unwrap();
            assert_eq!(
                row["lapsed"].as_u64().unwrap() as usize,
                length(&op.app, &token, list).await,
                "{row}"
            );
        }
        for signal in churn["signals"].as_array().unwrap() {
            let list = signal["list"].as_str().unwrap();
            assert_eq!(signal["customers"].as_u64().unwrap() as usize, length(&op.app, &token, list).await);
        }
        let (_, map) = get(&op.app, &token, "/api/insight/rfm").await;
        let mut scored = 0;
        for cell in map["cells"].as_array().unwrap() {
            let count = cell["customers"].as_u64().unwrap() as usize;
            assert_eq!(count, length(&op.app, &token, cell["list"].as_str().unwrap()).await);
            scored += count;
        }
        assert_eq!(scored, 113);
        let (_, triangle) = get(&op.app, &token, "/api/insight/cohorts").await;
        for cohort in triangle["cohorts"].as_array().unwrap().iter().take(2) {
            for month in cohort["months"].as_array().unwrap().iter().take(4) {
                let list = month["list"].as_str().unwrap();
                assert_eq!(
                    month["customers"].as_u64().unwrap() as usize,
                    length(&op.app, &token, list).await
                );
            }
        }
        let (_, metrics) = get(&op.app, &token, "/api/insight/metrics?from=2024-01-01&to=2024-06-30").await;
        for figure in metrics["figures"].as_array().unwrap().iter().filter(|f| f["unit"] == "count") {
            let list = figure["list"].as_str().unwrap();
            if figure["id"] != "orders" {
                assert_eq!(
                    figure["value"].as_u64().unwrap() as usize,
                    length(&op.app, &token, list).await,
                    "{figure}"
                );
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_answer_on_a_base_with_history() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.bookshop(150).await;
        let token = token(&op).await;
        let inputs = serde_json::json!({"items": [
            {"month": null, "kind": "margin_share", "amount": 0.3},
            {"month": "2024-08", "kind": "acquisition_spend", "amount": 1_000_000.0},
            {"month": "2024-08", "kind": "advertising_spend", "amount": 500_000.0},
            {"month": "2024-08", "kind": "leads", "amount": 100.0},
            {"month": "2024-08", "kind": "retention_spend", "amount": 100_000.0},
        ]});
        let (status, kept) = post(&op.app, &token, "PUT", "/api/insight/inputs", &inputs).await;
        assert_eq!(status, StatusCode::OK, "{kept}");
        assert_eq!(kept["items"].as_array().unwrap().len(), 5);
        let (_, models) = get(&op.app, &token, "/api/insight/models").await;
        assert_eq!(models["purchases"]["converged"], true, "{models}");
        assert!(models["candidates"].as_array().unwrap().iter().filter(|c| c["chosen"] == true).count() <= 1);
        assert!(models["holdout"]["track"].as_array().unwrap().len() > 20);
        let (_, value) = get(&op.app, &token, "/api/insight/value").await;
        let base = &value["figures"][0];
        assert_eq!(base["id"], "base_value");
        let minor = base["value"]["minor"].as_f64().unwrap();
        assert!(base["low"].as_f64().unwrap() < minor && minor < base["high"].as_f64().unwrap(), "{base}");
        // The value of the base is the sum of its customers' forecasts.
        let stages: f64 =
            value["stages"].as_array().unwrap().iter().map(|s| s["expected"]["minor"].as_f64().unwrap()).sum();
        assert!((stages / minor - 1.0).abs() < 0.01, "{stages} {minor}");
        let (status, card) = get(&op.app, &token, "/api/customers/2/forecast").await;
        assert_eq!(status, StatusCode::OK, "{card}");
        let orders = &card["expected_orders"];
        assert!(orders["low"].as_f64().unwrap() <= orders["expected"].as_f64().unwrap());
        let (_, never) = get(&op.app, &token, "/api/customers/17/forecast").await;
        assert_eq!((never["stage"].as_str(), never["p_alive"].as_f64()), (Some("none"), None));
        assert_eq!(get(&op.app, &token, "/api/customers/999999/forecast").await.0, StatusCode::NOT_FOUND);
        let (_, metrics) = get(&op.app, &token, "/api/insight/metrics?from=2024-08-01&to=2024-08-31").await;
        let figure = |id: &str| metrics["figures"].as_array().unwrap().iter().find(|f| f["id"] == id).unwrap().clone();
        assert_eq!(figure("cpl")["value"]["minor"], 5000);
        assert_eq!(figure("cac")["numerator"], 1_000_000.0);
        let (_, cut) = post(&op.app, &token, "POST", "/api/insight/what-if/churn", &serde_json::json!({"cut": 0.1})).await;
        assert!(cut["answer"]["customers_kept"].as_f64().unwrap() > 0.0, "{cut}");
        let plan = serde_json::json!({"people": 1000, "reach": 0.5, "conversion": 0.15, "average_order_minor": 50000.0,
            "margin_share": 0.3, "cost_per_contact_minor": 500.0});
        let (status, potential) = post(&op.app, &token, "POST", "/api/insight/what-if/win-back", &plan).await;
        assert_eq!(status, StatusCode::OK, "{potential}");
        assert_eq!(potential["treated"], 900.0);
        let (_, stat) = post(&op.app, &token, "POST", "/api/stat/wilson", &serde_json::json!({"x": 5, "n": 10})).await;
        assert!(stat["low"].as_f64().unwrap() > 0.2);
        let (status, problem) = post(&op.app, &token, "POST", "/api/stat/wilson", &serde_json::json!({"x": 11, "n": 10})).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("stat")));
        assert_eq!(get(&op.app, &token, "/api/base-health/list?figure=nonsense").await.0, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, csv) = get(&op.app, &token, "/api/base-health/list.csv?figure=repeat").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(csv.as_str().unwrap().lines().count(), 1 + length(&op.app, &token, "figure=repeat").await);
        let (_, words) = get(&op.app, &token, "/api/base-health/list.csv?lang=uk&figure=repeat").await;
        let words = words.as_str().unwrap();
        assert!(words.starts_with("\u{feff}Номер,Ім’я,Місто,Покупки"), "{}", words.lines().next().unwrap());
        assert!(!words.contains("developing") && words.contains("Розвивається"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_base_and_odd_orders_give_figures_without_nonsense() {
    with_app(|op, _| async move {
        let token = token(&op).await;
        for path in [
            "/api/base-health",
            "/api/insight/churn",
            "/api/insight/rfm",
            "/api/insight/cohorts",
            "/api/insight/value",
            "/api/insight/models",
            "/api/insight/metrics",
            "/api/insight/stage-moves",
            "/api/base-health/list",
        ] {
            let (status, answer) = get(&op.app, &token, path).await;
            assert_eq!(status, StatusCode::OK, "{path} {answer}");
        }
        let mut seed = Seed::new(&op);
        seed.source(1, "[]");
        for id in 1..=4 {
            seed.customer(id, "=cmd");
        }
        // All on one day, a negative amount, a future date, another currency, a cancellation before the order, a guest.
        seed.order(1, TODAY, 100, "paid");
        seed.order(1, TODAY, 200, "paid");
        seed.order(2, TODAY, -100, "paid");
        seed.order(2, TODAY + 5, 100, "paid");
        seed.order_in(3, TODAY, 700, "paid", "USD");
        seed.order(4, TODAY - 1, 300, "cancelled");
        seed.order(4, TODAY, 300, "new");
        seed.order(0, TODAY, 300, "paid");
        seed.write().await;
        let (_, models) = post(&op.app, &token, "POST", "/api/insight/refresh", &Value::Null).await;
        assert_eq!(models["purchases"], Value::Null);
        assert_eq!(models["remarks"], serde_json::json!(["too_few_repeats", "history_too_short"]));
        let (_, health) = get(&op.app, &token, "/api/base-health").await;
        assert_eq!(
            health["left_out"],
            serde_json::json!({"cancelled": 1, "later": 1, "negative": 1, "foreign_currency": 1, "guests": 1})
        );
        let (_, list) = get(&op.app, &token, "/api/base-health/list").await;
        let one = list["items"].as_array().unwrap().iter().find(|i| i["id"] == "1").unwrap().clone();
        assert_eq!((one["orders"].as_i64(), one["revenue"]["minor"].as_i64()), (Some(1), Some(300)), "{one}");
        assert_eq!(one["stage"], "new");
        let (_, csv) = get(&op.app, &token, "/api/base-health/list.csv").await;
        assert!(csv.as_str().unwrap().contains(",'=cmd,"), "{csv}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_equals_batch_and_moves_are_logged() {
    with_app(|op, clock| async move {
        let mut seed = Seed::new(&op);
        seed.bookshop(80).await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let mut rng = Rng::seeded(5);
        for round in 0..4 {
            let mut touched: Vec<CustomerId> = Vec::new();
            for _ in 0..5 {
                let id = 1 + i64::from(rng.below(85));
                if id > 80 {
                    seed.customer(1000 + round * 100 + id, "новий");
                    touched.push(CustomerId(1000 + round * 100 + id));
                    continue;
                }
                let status = if rng.chance(0.2) { "cancelled" } else { "paid" };
                seed.order(id, TODAY - i64::from(rng.below(3)), 12_300, status);
                touched.push(CustomerId(id));
            }
            seed.write().await;
            insight::refresh_customers(&op.app, op.ws(), &touched).await.unwrap();
            let incremental = stored(&op).await;
            insight::refresh(&op.app, op.ws()).await.unwrap();
            assert_eq!(incremental, stored(&op).await, "round {round}");
        }
        // A merge: the records of one customer go to another, the first id is gone.
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "UPDATE record_customers SET customer_id = 2 WHERE workspace_id = $1 AND customer_id = 1",
            op.ws().get()
        )
        .unwrap();
        store::execute!(tx, "DELETE FROM customers WHERE workspace_id = $1 AND id = 1", op.ws().get())
            .unwrap();
        tx.commit().await.unwrap();
        insight::refresh_customers(&op.app, op.ws(), &[CustomerId(1), CustomerId(2)]).await.unwrap();
        let incremental = stored(&op).await;
        assert!(incremental.iter().all(|p| p.customer_id != 1));
        insight::refresh(&op.app, op.ws()).await.unwrap();
        assert_eq!(incremental, stored(&op).await);
        // Time passes: stages move by themselves, and each move is written down once.
        let (moves_before, before) = (moves(&op).await, stored(&op).await);
        clock.set(clock.now().plus(Duration::from_secs(200 * 86_400)));
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let after = stored(&op).await;
        let moved = before.iter().zip(&after).filter(|(b, a)| b.stage != a.stage).count();
        assert!(moved > 0);
        assert_eq!(moves(&op).await - moves_before, moved);
        insight::refresh(&op.app, op.ws()).await.unwrap();
        assert_eq!(moves(&op).await - moves_before, moved);
    })
    .await;
}

async fn moves(op: &Op) -> usize {
    let mut tx = op.app.db.read().await.unwrap();
    insight::store::moves(&mut tx, op.ws(), i64::MAX, 100_000).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn proof_of_a_campaign_as_assigned() {
    with_app(|op, clock: std::sync::Arc<ManualClock>| async move {
        let mut seed = Seed::new(&op);
        let ws = op.ws().get();
        let launched = clock.now().millis() - 10 * 86_400_000;
        seed.source(1, "[]");
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at, launched_at)
             VALUES ($1, 50, 'Осінь', 'running', 'by-customer', 0.2, '{\"kind\":\"order\",\"window_days\":14}', 0, 0, $2)",
            ws,
            launched
        )
        .unwrap();
        tx.commit().await.unwrap();
        for id in 1..=200i64 {
            seed.customer(id, "x");
            seed.order(id, TODAY - 300, 1000 * (id % 5), "paid");
            let holdout = id % 5 == 0;
            if (holdout && id % 20 == 0) || (!holdout && id % 2 == 0) {
                seed.order(id, TODAY - 5, 20_000, "paid");
            }
            // Outside the window: before the launch.
            if id % 7 == 0 {
                seed.order(id, TODAY - 11, 50_000, "paid");
            }
        }
        seed.write().await;
        let mut tx = op.app.db.write().await.unwrap();
        for id in 1..=200i64 {
            let holdout = id % 5 == 0;
            store::execute!(
                tx,
                "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_minor, dead)
                 VALUES ($1, 50, $2, $3, 'none', $4, 0, $5)",
                ws,
                id,
                holdout,
                !holdout && id % 4 == 0,
                false
            )
            .unwrap();
        }
        tx.commit().await.unwrap();
        let token = token(&op).await;
        let cost = serde_json::json!({"items": [{"month": null, "kind": "campaign_cost:50", "amount": 100_000.0}, {"month": null, "kind": "margin_share", "amount": 0.5}]});
        assert_eq!(post(&op.app, &token, "PUT", "/api/insight/inputs", &cost).await.0, StatusCode::OK);
        let (status, answer) = get(&op.app, &token, "/api/campaigns/50/proof").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let proof = &answer["proof"];
        assert_eq!((proof["treated"].as_u64(), proof["holdout"].as_u64()), (Some(160), Some(40)));
        assert_eq!((proof["treated_buyers"].as_u64(), proof["holdout_buyers"].as_u64()), (Some(80), Some(10)));
        assert_eq!(proof["srm_alarm"], false);
        let by_hand = insight::proof::conversion(80, 160, 10, 40).unwrap();
        assert_eq!(proof["conversion"]["low"].as_f64(), Some(by_hand.low));
        assert!(proof["revenue_cuped"]["difference"].as_f64().unwrap() > 0.0);
        assert_eq!((answer["open"].as_bool(), answer["cost_is_entered"].as_bool()), (Some(true), Some(true)));
        assert_eq!(answer["attributed_orders"], 40);
        assert_eq!(answer["curve"].as_array().unwrap().len(), 11);
        assert!(answer["payback_day"].is_string(), "{answer}");
        assert_eq!(get(&op.app, &token, "/api/campaigns/51/proof").await.0, StatusCode::NOT_FOUND);
    })
    .await;
}
