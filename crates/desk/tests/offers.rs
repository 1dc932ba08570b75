//! The catalogue of offers and the codes that operators issue, over HTTP.

#[path = "../../response/tests/shop/mod.rs"]
mod shop;

use access::{
    Op, Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shop::{CALLS, DAY, OLENA, PHONE, SMS, START, TARAS, add_message, count, open, text};

const MENU: &str = "/api/desk/tasks/9003/offers";

async fn run(op: &Op, sql: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    tx.execute_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Two calls are planned: to Olena and to Taras.
async fn ready(op: &Op) {
    open(op).await;
    add_message(op, 9002, SMS, "sms", PHONE, Some(START - 60_000)).await;
    run(op, "UPDATE campaign_members SET holdout = FALSE WHERE workspace_id = $1").await;
    add_message(op, 9004, CALLS, "call", "+380670000002", None).await;
    run(op, &format!("UPDATE messages SET customer_id = {TARAS} WHERE workspace_id = $1 AND id = 9004"))
        .await;
    run(op, &format!("INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)
        VALUES ($1, 40, {TARAS}, 'phone', '+380670000002', 1, 0, 0, 1, TRUE)")).await;
    run(
        op,
        &format!(
            "INSERT INTO profiles (workspace_id, customer_id, orders, revenue_minor, stage, signals, as_of)
        VALUES ($1, {OLENA}, 3, 50000, 'lapsed', '[{{\"signal\":\"overdue\"}}]', 0)"
        ),
    )
    .await;
    add_message(op, 9003, CALLS, "call", PHONE, None).await;
    assert_eq!(desk::make_tasks(&op.app, &op.workspace).await.unwrap(), 2);
}

fn offer(name: &str, mut more: Value) -> Value {
    let own =
        json!({ "name": name, "kind": "sum", "cost_minor": 10_000, "words": "Скажите код при заказе." });
    for (key, value) in own.as_object().unwrap() {
        more.as_object_mut().unwrap().entry(key).or_insert_with(|| value.clone());
    }
    more
}

#[tokio::test]
async fn what_answers_the_talk_comes_first_and_a_press_issues_one_code() {
    with_app(|op, _| async move {
        ready(&op).await;
        let chief = as_role(&op, desk::routes(), Role::Marketer).await;
        let anna = as_role(&op, desk::routes(), Role::Operator).await;
        let mut ids = Vec::new();
        for new in [
            offer("Подарок", json!({ "kind": "gift" })),
            offer("Скидка", json!({ "kind": "percent", "percent": 10, "gaps": ["reason:price", "objection:dear"] })),
            offer("Большому клиенту", json!({ "least_value_minor": 60_000, "gaps": ["signal:overdue"] })),
            offer("Доставка", json!({ "kind": "delivery", "gaps": ["reason:delivery"] })),
        ] {
            let (status, made) = chief(Method::POST, "/api/offers", new).await;
            assert_eq!(status, StatusCode::OK, "{made}");
            ids.push(made["id"].as_str().unwrap().to_owned());
        }
        anna(Method::POST, "/api/desk/next", Value::Null).await;
        let names = |menu: &Value| {
            menu["items"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (status, menu) = anna(Method::GET, MENU, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{menu}");
        assert_eq!(names(&menu), ["Подарок", "Скидка", "Доставка", "Большому клиенту"]);
        assert_eq!(menu["items"][3]["refused"], "value");
        let (_, menu) = anna(Method::GET, &format!("{MENU}?objections=dear,no_trust"), Value::Null).await;
        assert_eq!(names(&menu)[0], "Скидка");
        // The objection "dear" stands for the reason "price".
        assert_eq!(menu["items"][0]["why"], json!(["reason:price", "objection:dear"]));

        let sale = json!({ "offer_id": ids[1], "objections": ["dear"] });
        for (body, code) in [
            (json!({ "offer_id": ids[3] }), "offer_gap"),
            (json!({ "offer_id": ids[2] }), "offer_value"),
            (json!({ "offer_id": "1" }), "offer"),
        ] {
            let (_, problem) = anna(Method::POST, MENU, body).await;
            assert_eq!(problem["code"], code);
        }
        let (status, issued) = anna(Method::POST, MENU, sale.clone()).await;
        assert_eq!(status, StatusCode::OK, "{issued}");
        assert_eq!((issued["code"].as_str().unwrap().len(), &issued["expires_day"]), (10, &json!("2024-09-15")));
        let (_, again) = anna(Method::POST, MENU, sale.clone()).await;
        assert_eq!(again["code"], issued["code"], "pressed twice, issued once");
        assert_eq!(anna(Method::POST, MENU, json!({ "offer_id": ids[0] })).await.1["code"], "offer_issued");
        let stranger = as_role(&op, desk::routes(), Role::Operator).await;
        assert_eq!(stranger(Method::POST, MENU, sale.clone()).await.0, StatusCode::FORBIDDEN);
        assert_eq!(stranger(Method::DELETE, MENU, Value::Null).await.0, StatusCode::FORBIDDEN);

        // Taken back while the call lasts: the room of the month is free again.
        assert_eq!(anna(Method::DELETE, MENU, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(count(&op, "SELECT CAST(SUM(issued) AS BIGINT) FROM offer_months WHERE workspace_id = $1").await, 0);
        let (_, fresh) = anna(Method::POST, MENU, sale).await;
        assert_ne!(fresh["code"], issued["code"]);
        assert_eq!(
            anna(Method::POST, "/api/desk/tasks/9003/outcome", json!({ "outcome": "agreed" })).await.0,
            StatusCode::NO_CONTENT
        );
        assert_eq!(anna(Method::DELETE, MENU, Value::Null).await.1["code"], "task_over");

        // The order that carries the code redeems it; the old code, and an order after the last day, do not.
        let at = START + 2 * DAY;
        for (id, code, day, at) in [
            (1, issued["code"].as_str().unwrap(), 19_969, at),
            (2, fresh["code"].as_str().unwrap(), 19_969, at),
            (3, fresh["code"].as_str().unwrap(), 20_100, at + 131 * DAY),
        ] {
            run(&op, &format!("INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency, promo_code)
                VALUES ($1, {id}, {id}, 1, 'n{id}', {at}, {day}, 'paid', '', 45000, 'UAH', '{code}')")).await;
        }
        let (_, offers) = chief(Method::GET, "/api/offers", Value::Null).await;
        let sale = offers["items"].as_array().unwrap().iter().find(|o| o["name"] == "Скидка").unwrap();
        assert_eq!((&sale["issued"], &sale["redeemed"]), (&json!(1), &json!(1)));
        assert_eq!(sale["revenue"], json!([{ "minor": 45_000, "currency": "UAH" }]));
        assert_eq!(sale["margin_cost"]["minor"], 5_000);
        for (query, n) in [("", 1), ("&redeemed=true", 1), ("&redeemed=false", 1)] {
            let path = format!("/api/offers/codes?offer={}{query}", ids[1]);
            let (_, page) = chief(Method::GET, &path, Value::Null).await;
            assert_eq!(page["items"].as_array().unwrap().len(), n);
            assert_eq!(page["items"][0]["order_number"], "n2");
            assert!(!page.to_string().contains(fresh["code"].as_str().unwrap()), "a list gives no code away");
        }
        assert_eq!(
            text(&op, "SELECT kind FROM interactions WHERE workspace_id = $1 AND kind LIKE 'offer%' ORDER BY id DESC LIMIT 1").await,
            "offer"
        );
    })
    .await;
}

#[tokio::test]
async fn two_operators_at_once_cannot_both_have_the_last_code() {
    with_app(|op, _| async move {
        ready(&op).await;
        let chief = as_role(&op, desk::routes(), Role::Marketer).await;
        let anna = as_role(&op, desk::routes(), Role::Operator).await;
        let boris = as_role(&op, desk::routes(), Role::Operator).await;
        let (_, limited) =
            chief(Method::POST, "/api/offers", offer("Один", json!({ "month_limit": 1 }))).await;
        let (_, dear) =
            chief(Method::POST, "/api/offers", offer("Бюджет", json!({ "month_budget_minor": 15_000 })))
                .await;
        let (a, b) = (
            anna(Method::POST, "/api/desk/next", Value::Null).await.1,
            boris(Method::POST, "/api/desk/next", Value::Null).await.1,
        );
        let path = |task: &Value| format!("/api/desk/tasks/{}/offers", task["id"].as_str().unwrap());
        let (a, b) = (path(&a), path(&b));
        for (offer, code) in [(&limited, "offer_limit"), (&dear, "offer_budget")] {
            let body = json!({ "offer_id": offer["id"] });
            let (x, y) = tokio::join!(anna(Method::POST, &a, body.clone()), boris(Method::POST, &b, body));
            let mut both = [x, y];
            both.sort_by_key(|answer| answer.0);
            assert_eq!((both[0].0, both[1].0), (StatusCode::OK, StatusCode::CONFLICT), "{both:?}");
            assert_eq!(both[1].1["code"], code);
            let (_, menu) = anna(Method::GET, &a, Value::Null).await;
            let item = menu["items"].as_array().unwrap().iter().find(|o| o["id"] == offer["id"]).unwrap();
            assert!(item["refused"].is_string());
            for (operator, path) in [(&anna, &a), (&boris, &b)] {
                operator(Method::DELETE, path, Value::Null).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_catalogue_says_what_is_wrong() {
    with_app(|op, _| async move {
        let chief = as_role(&op, desk::routes(), Role::Marketer).await;
        for (field, more) in [
            ("name", json!({ "name": " " })),
            ("percent", json!({ "kind": "percent", "percent": 101 })),
            ("cost_minor", json!({ "cost_minor": 0 })),
            ("cost_minor", json!({ "cost_minor": -5 })),
            ("valid_days", json!({ "valid_days": 0 })),
            ("gaps", json!({ "gaps": ["reason:weather"] })),
            ("month_limit", json!({ "month_limit": -1 })),
        ] {
            let (status, problem) = chief(Method::POST, "/api/offers", offer("Скидка", more)).await;
            assert_eq!(
                (status, &problem["fields"][0]["path"]),
                (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
                "{problem}"
            );
        }
        let (_, made) = chief(Method::POST, "/api/offers", offer("Скидка", json!({}))).await;
        let path = format!("/api/offers/{}", made["id"].as_str().unwrap());
        let change = json!({ "retired": true, "seen": made["updated_at"] });
        assert_eq!(chief(Method::PATCH, &path, change.clone()).await.1["retired"], true);
        assert_eq!(chief(Method::PATCH, &path, change).await.1["code"], "offer_changed");
        for role in [Role::Operator, Role::Client, Role::Supervisor] {
            let other = as_role(&op, desk::routes(), role).await;
            assert_eq!(
                other(Method::POST, "/api/offers", offer("x", json!({}))).await.0,
                StatusCode::FORBIDDEN
            );
        }
    })
    .await;
}
