//! From the first touch to lifetime value, by channel and month.

use crate::shop::{Seed, TODAY, get, length, post, token};
use access::{Op, testing::with_app};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Records of people and orders: (id, customer, kind, channel, day).
async fn records(op: &Op, rows: &[(i64, i64, &str, Option<&str>, i64)]) {
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO imports (workspace_id, id, source_id, state, files, mapping, created_by, created_at) VALUES ($1, 1, 1, 'done', '[]', '', 0, 0)",
        ws
    )
    .unwrap();
    for (id, customer, kind, channel, day) in rows {
        store::execute!(
            tx,
            "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload, channel, touched_at)
             VALUES ($1, $2, 1, TRUE, 1, 1, $3, $4, '', 1, '', '{}', $5, $6)",
            ws,
            *id,
            *kind,
            id.to_string(),
            *channel,
            *day * 86_400_000
        )
        .unwrap();
        store::execute!(
            tx,
            "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, $2, $3)",
            ws,
            *id,
            *customer
        )
        .unwrap();
    }
    tx.commit().await.unwrap();
}

fn step<'a>(row: &'a Value, name: &str) -> &'a Value {
    row["steps"].as_array().unwrap().iter().find(|s| s["step"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_every_channel_and_month_opens_its_people() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.bookshop(60).await;
        // A lead who bought ten days after the first touch; one who never bought; an order in another currency.
        seed.customer(901, "Лід");
        seed.order(901, TODAY - 40, 12_000, "paid");
        seed.order_in(901, TODAY - 39, 99_000, "paid", "USD");
        seed.customer(902, "Ніхто");
        seed.write().await;
        records(
            &op,
            &[
                (90_001, 901, "person", Some("Google & K"), TODAY - 50),
                (90_002, 901, "person", Some("friends"), TODAY - 45),
                (90_003, 902, "person", Some("Google & K"), TODAY - 20),
            ],
        )
        .await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let token = token(&op).await;
        let inputs = json!({ "items": [
            { "month": "2024-07", "kind": "acquisition_spend", "channel": "google & k", "amount": 6_000 },
            { "kind": "margin_share", "amount": 0.5 },
        ] });
        let (status, answer) = post(&op.app, &token, "PUT", "/api/insight/inputs", &inputs).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (status, journey) = get(&op.app, &token, "/api/insight/journey").await;
        assert_eq!(status, StatusCode::OK, "{journey}");
        assert_eq!(step(&journey["total"], "touched")["customers"], 62);
        let google =
            journey["channels"].as_array().unwrap().iter().find(|c| c["channel"] == "Google & K").unwrap();
        assert_eq!(step(google, "touched")["customers"], 2);
        assert_eq!(step(google, "lead")["customers"], 2);
        let first = step(google, "first");
        assert_eq!(
            (&first["customers"], &first["share"], &first["median_days"]),
            (&json!(1), &json!(0.5), &json!(10.0))
        );
        // Half of 120.00 UAH; the dollars are in no sum. Spend of July over one first purchase of July.
        assert_eq!(google["realised"], json!({ "minor": 6_000, "currency": "UAH" }));
        assert_eq!(google["cac"], json!({ "minor": 6_000, "currency": "UAH" }));
        assert!(
            journey["channels"].as_array().unwrap().iter().all(|c| c["channel"] != "friends"),
            "the first touch counts"
        );

        let mut opened = 0;
        let (_, of_google) = get(&op.app, &token, "/api/insight/journey?channel=Google%20%26%20K").await;
        assert_eq!(of_google["months"].as_array().unwrap().len(), 2);
        let rows = |answer: &Value| {
            let both = [&answer["channels"], &answer["months"]];
            both.into_iter().flat_map(|list| list.as_array().unwrap().clone()).collect::<Vec<_>>()
        };
        let mut all = rows(&of_google);
        all.push(journey["total"].clone());
        all.extend(rows(&journey).into_iter().take(8));
        for row in &all {
            for step in row["steps"].as_array().unwrap() {
                let list = step["list"].as_str().unwrap();
                let n = step["customers"].as_u64().unwrap() as usize;
                assert_eq!(n, length(&op.app, &token, list).await, "{list}");
                opened += 1;
            }
        }
        assert!(opened > 40);
        for step in journey["total"]["steps"].as_array().unwrap() {
            let name = step["step"].as_str().unwrap();
            let sum: u64 = journey["channels"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| self::step(row, name)["customers"].as_u64().unwrap())
                .sum();
            assert_eq!(json!(sum), step["customers"], "each customer came from one channel");
        }

        let (_, path) = get(&op.app, &token, "/api/insight/journey/901").await;
        assert_eq!((&path["channel"], &path["steps"][2]["days"]), (&json!("Google & K"), &json!(10)));
        assert_eq!(get(&op.app, &token, "/api/insight/journey/77777").await.0, StatusCode::NOT_FOUND);
        let (status, _) = get(&op.app, &token, "/api/insight/journey?channel=nowhere").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, _) = get(&op.app, &token, "/api/base-health/list?figure=journey&value=joy").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}
