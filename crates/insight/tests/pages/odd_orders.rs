//! Input that no model expects: clear counts, and never a number that is none.

use crate::shop::{Seed, TODAY, every_page, get, token};
use access::testing::with_app;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// What the base-health page says was left out, and the row of customer 1, after every page has answered.
async fn shown(seed: &mut Seed) -> (Value, Value) {
    seed.source(1, "[]");
    seed.write().await;
    let op = seed.op.clone();
    insight::refresh(&op.app, op.ws()).await.unwrap();
    let token = token(&op).await;
    let answers = every_page(&op, &token).await;
    let (status, forecast) = get(&op.app, &token, "/api/customers/1/forecast").await;
    assert_eq!(status, StatusCode::OK, "{forecast}");
    let list = &answers[8]["items"];
    let one = list.as_array().unwrap().iter().find(|i| i["id"] == "1").cloned().unwrap_or_default();
    (answers[0]["left_out"].clone(), one)
}

fn left_out(what: &str) -> Value {
    let mut all = json!({"cancelled": 0, "later": 0, "negative": 0, "foreign_currency": 0, "guests": 0});
    if !what.is_empty() {
        all[what] = json!(1);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_negative_amount_is_no_purchase() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 5, 300, "paid");
        seed.order(1, TODAY - 3, -300, "paid");
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out("negative"));
        assert_eq!((&one["orders"], &one["revenue"]["minor"]), (&json!(1), &json!(300)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_in_the_future_waits_for_its_day() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 5, 300, "paid");
        seed.order(1, TODAY + 400_000, 300, "paid");
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out("later"));
        assert_eq!((&one["orders"], &one["last_order_day"]), (&json!(1), &json!("2024-08-27")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_currency_is_a_purchase_but_no_money() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 50, 300, "paid");
        seed.order_in(1, TODAY - 5, 700, "paid", "USD");
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out("foreign_currency"));
        assert_eq!((&one["orders"], &one["revenue"]["minor"]), (&json!(2), &json!(300)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_currency_is_counted_and_sums_do_not_mix_it_in() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 50, 300, "paid");
        seed.order_in(1, TODAY - 5, 700, "paid", "");
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out("foreign_currency"));
        assert_eq!(one["revenue"]["minor"], 300);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_without_orders_have_no_forecast_and_no_risk() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        for id in 1..=3 {
            seed.customer(id, "x");
        }
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out(""));
        assert_eq!(one["stage"], "none");
        assert_eq!((&one["risk"], &one["expected_value"]), (&Value::Null, &Value::Null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_orders_on_one_day_are_one_purchase_each() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        for id in 1..=40 {
            seed.customer(id, "x");
            for _ in 0..3 {
                seed.order(id, TODAY, 100, "paid");
            }
        }
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out(""));
        assert_eq!((&one["orders"], &one["revenue"]["minor"]), (&json!(1), &json!(300)));
        let token = token(&op).await;
        let (_, models) = get(&op.app, &token, "/api/insight/models").await;
        assert_eq!(models["remarks"], json!(["too_few_repeats", "history_too_short"]), "{models}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_before_the_order_is_no_purchase_and_no_grudge() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 9, 300, "cancelled");
        seed.order(1, TODAY - 8, 300, "paid");
        let (out, one) = shown(&mut seed).await;
        assert_eq!(out, left_out("cancelled"));
        assert_eq!((&one["orders"], &one["revenue"]["minor"]), (&json!(1), &json!(300)));
        assert!(!one["signals"].to_string().contains("bad_experience"), "they bought after it: {one}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_asked_twice_are_refreshed_once() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 9, 300, "paid");
        shown(&mut seed).await;
        seed.order(1, TODAY - 1, 200, "paid");
        seed.write().await;
        let twice =
            [basis::CustomerId(1), basis::CustomerId(1), basis::CustomerId(404), basis::CustomerId(404)];
        insight::refresh_customers(&op.app, op.ws(), &twice).await.unwrap();
        let profiles = crate::shop::stored(&op).await;
        assert_eq!(profiles.len(), 1);
        assert_eq!((profiles[0].orders, profiles[0].revenue_minor), (2, 500));
    })
    .await;
}
