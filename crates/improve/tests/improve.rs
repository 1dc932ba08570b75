//! The plan, the backlog and the playbook over a small shop, on both engines.

use access::{
    Op, Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
/// 2024-09-01.
const TODAY: i64 = 19_967;
const CAMPAIGN: i64 = 500;

async fn run(op: &Op, sql: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    tx.execute_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn customer(op: &Op, id: i64) {
    run(op, &format!(
        "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)
         VALUES ($1, {id}, 'Имя {id}', '', '', '', '', '', '', 0, 0)"
    )).await;
}

/// An order at an hour of a day; its record has the order's id.
async fn order(op: &Op, id: i64, customer: i64, day: i64, minor: i64, status: &str) {
    let at = day * DAY + 12 * 3_600_000;
    run(op, &format!(
        "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)
         VALUES ($1, {id}, {id}, 1, 'n{id}', {at}, {day}, '{status}', '', {minor}, 'UAH')"
    )).await;
    run(op, &format!("INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, {id}, {customer})")).await;
}

/// A call that ended on a day.
async fn call(op: &Op, id: i64, customer: i64, outcome: &str, reason: Option<&str>, day: i64) {
    let at = day * DAY + 9 * 3_600_000;
    let reason = reason.map_or("NULL".to_owned(), |r| format!("'{r}'"));
    run(op, &format!(
        "INSERT INTO call_tasks (workspace_id, id, message_id, campaign_id, wave_id, customer_id, state, due_at, attempts, outcome, reason, note, finished_at)
         VALUES ($1, {id}, {id}, {CAMPAIGN}, 1, {customer}, 'done', 0, 1, '{outcome}', {reason}, '', {at})"
    )).await;
    run(op, &format!(
        "INSERT INTO call_attempts (workspace_id, id, task_id, customer_id, operator_id, number, outcome, note, started_at, finished_at, at)
         VALUES ($1, {id}, {id}, {customer}, 7, '', '{outcome}', '', 0, 0, {at})"
    )).await;
}

async fn campaign(op: &Op) {
    run(op, &format!(
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at, launched_at)
         VALUES ($1, {CAMPAIGN}, 'Возвращаем', 'running', 'by-customer', 0.1, '{{\"kind\":\"order\",\"window_days\":30}}', 0, 0, {})",
        (TODAY - 30) * DAY
    )).await;
}

fn kpi<'a>(plan: &'a Value, code: &str) -> &'a Value {
    plan["kpis"].as_array().unwrap().iter().find(|k| k["code"] == code).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_stands_beside_its_target_and_is_as_long_as_its_list() {
    with_app(|op, _| async move {
        campaign(&op).await;
        for id in 1..=6 {
            customer(&op, id).await;
            order(&op, id, id, TODAY - 400, 10_000, "paid").await;
        }
        call(&op, 11, 1, "agreed", None, TODAY - 20).await;
        call(&op, 12, 2, "refused", Some("delivery"), TODAY - 20).await;
        call(&op, 13, 3, "call_later", None, TODAY - 20).await;
        call(&op, 23, 3, "agreed", None, TODAY - 18).await;
        call(&op, 14, 4, "no_answer", None, TODAY - 20).await;
        call(&op, 15, 5, "agreed", None, TODAY - 20).await;
        // Within the window; past it; before the talk; of somebody who was not reached.
        order(&op, 101, 1, TODAY - 10, 20_000, "paid").await;
        order(&op, 102, 3, TODAY - 4, 20_000, "paid").await;
        order(&op, 103, 5, TODAY - 21, 20_000, "paid").await;
        order(&op, 104, 4, TODAY - 19, 20_000, "paid").await;
        let ask = as_role(&op, improve::routes(), Role::Marketer).await;
        let (status, plan) = ask(Method::GET, "/api/plan", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{plan}");
        assert_eq!(plan["campaign"]["name"], "Возвращаем");
        let (consent, sale) = (kpi(&plan, "consent"), kpi(&plan, "contact_sale"));
        assert_eq!((&consent["numerator"], &consent["denominator"]), (&json!(3.0), &json!(4.0)));
        assert_eq!((&consent["target"], &consent["status"]), (&json!(0.62), &json!("on_track")));
        assert_eq!((&sale["numerator"], &sale["denominator"]), (&json!(1.0), &json!(4.0)));
        assert_eq!(kpi(&plan, "churn")["status"], "no_target");
        let steps: Vec<(&str, u64)> = plan["funnel"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["cell"].as_str().unwrap(), s["people"].as_u64().unwrap()))
            .collect();
        assert_eq!(steps, [("dialled", 5), ("reached", 4), ("agreed", 3), ("agreed_bought", 1)]);
        for (cell, people) in steps.into_iter().chain([("bought", 1)]) {
            let mut seen = 0;
            let mut path = format!("/api/plan/calls?cell={cell}&limit=2");
            loop {
                let (_, page) = ask(Method::GET, &path, Value::Null).await;
                seen += page["items"].as_array().unwrap().len() as u64;
                let Some(next) = page["next"].as_str() else { break };
                path = format!("/api/plan/calls?cell={cell}&limit=2&cursor={next}");
            }
            assert_eq!(seen, people, "{cell}");
        }
        let (_, bought) = ask(Method::GET, "/api/plan/calls?cell=bought", Value::Null).await;
        assert_eq!(
            (&bought["items"][0]["order_number"], &bought["items"][0]["amount"]["minor"]),
            (&json!("n101"), &json!(20_000))
        );

        let (_, plan) = ask(Method::PUT, "/api/plan/targets/consent", json!({ "target": 0.9 })).await;
        assert_eq!(
            (&kpi(&plan, "consent")["status"], &kpi(&plan, "consent")["target_is_default"]),
            (&json!("behind"), &json!(false))
        );
        let (_, plan) =
            ask(Method::PUT, "/api/plan/targets/order_window_days", json!({ "target": 20 })).await;
        assert_eq!(
            (&plan["window_days"], &kpi(&plan, "contact_sale")["numerator"]),
            (&json!(20), &json!(2.0))
        );
        let (_, plan) = ask(Method::PUT, "/api/plan/targets/consent", json!({ "target": null })).await;
        assert_eq!(kpi(&plan, "consent")["target"], 0.62);
        assert_eq!(
            ask(Method::PUT, "/api/plan/targets/joy", json!({ "target": 1 })).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(ask(Method::GET, "/api/plan?campaign=1", Value::Null).await.0, StatusCode::NOT_FOUND);
        let client = as_role(&op, improve::routes(), Role::Client).await;
        assert_eq!(client(Method::GET, "/api/plan", Value::Null).await.0, StatusCode::OK);
        assert_eq!(
            client(Method::PUT, "/api/plan/targets/consent", json!({ "target": 0.1 })).await.0,
            StatusCode::FORBIDDEN
        );
        let operator = as_role(&op, improve::routes(), Role::Operator).await;
        assert_eq!(operator(Method::GET, "/api/plan", Value::Null).await.0, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_improvement_is_measured_from_talks_before_and_after() {
    with_app(|op, _| async move {
        // Of forty refusals before, sixteen name the delivery; of forty after, two.
        for n in 0..80_i64 {
            customer(&op, n + 1).await;
            order(&op, n + 1, n + 1, TODAY - 300, 10_000, "paid").await;
            let (day, late) = if n < 40 { (TODAY - 60, n < 16) } else { (TODAY - 10, n < 42) };
            call(&op, 1_000 + n, n + 1, "refused", Some(if late { "delivery" } else { "price" }), day).await;
        }
        let ask = as_role(&op, improve::routes(), Role::Supervisor).await;
        let new = json!({ "title": "SLA курьеров", "lane": "service", "reason": "reason:delivery", "touchpoint": "delivery", "due_day": "2024-08-01" });
        let (status, card) = ask(Method::POST, "/api/improvements", new).await;
        assert_eq!(status, StatusCode::OK, "{card}");
        let item = &card["improvement"];
        assert_eq!((&item["status"], &item["overdue"], &item["effect"]), (&json!("idea"), &json!(true), &Value::Null));
        let path = format!("/api/improvements/{}", item["id"].as_str().unwrap());

        let change = json!({ "status": "done", "in_place_day": "2024-08-02", "seen": item["updated_at"] });
        let (status, card) = ask(Method::PATCH, &path, change.clone()).await;
        assert_eq!(status, StatusCode::OK, "{card}");
        let effect = &card["improvement"]["effect"];
        assert_eq!(effect["days"], 31, "{effect}");
        assert_eq!((&effect["before"]["numerator"], &effect["before"]["denominator"]), (&json!(16.0), &json!(40.0)));
        assert_eq!((&effect["after"]["numerator"], &effect["after"]["denominator"]), (&json!(2.0), &json!(40.0)));
        assert_eq!(effect["change"]["verdict"], "better");
        assert!(effect["change"]["high"].as_f64().unwrap() < 0.0);
        let fields: Vec<&str> = card["history"].as_array().unwrap().iter().map(|h| h["field"].as_str().unwrap()).collect();
        assert_eq!(fields.len(), 3, "{fields:?}");
        assert!(fields.contains(&"status") && fields.contains(&"in_place_day") && fields.contains(&"created"));

        assert_eq!(ask(Method::PATCH, &path, change).await.0, StatusCode::CONFLICT, "seen before it changed");
        for wrong in [json!({ "lane": "sales" }), json!({ "reason": "reason:because" }), json!({ "owner_id": "12" }), json!({ "title": " " }), json!({ "due_day": "soon" })] {
            assert_eq!(ask(Method::PATCH, &path, wrong.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let (_, board) = ask(Method::GET, "/api/improvements", Value::Null).await;
        assert_eq!(board["items"].as_array().unwrap().len(), 1);
        assert_eq!(&board["items"][0]["effect"], effect);
        let client = as_role(&op, improve::routes(), Role::Client).await;
        assert_eq!(client(Method::PATCH, &path, json!({ "status": "idea" })).await.0, StatusCode::FORBIDDEN);

        // Somebody else's workspace does not know it.
        let other = access::NewWorkspace {
            name: "other".to_owned(), simulated: true, language: basis::Lang::Ru, timezone: "Europe/Kyiv".to_owned(),
            jurisdiction: "ua".to_owned(), currency: basis::Currency::UAH,
        };
        let other = access::create_workspace(&op.app, other).await.unwrap();
        let stranger = as_role(&Op::system(op.app.clone(), other), improve::routes(), Role::Administrator).await;
        assert_eq!(stranger(Method::GET, &path, Value::Null).await.0, StatusCode::NOT_FOUND);
        assert_eq!(stranger(Method::GET, "/api/improvements", Value::Null).await.1["items"], json!([]));
    }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_rests_on_own_data_and_becomes_an_improvement_or_a_segment() {
    with_app(|op, _| async move {
        for n in 1..=10_i64 {
            customer(&op, n).await;
            order(&op, n, n, TODAY - 500, 10_000, "paid").await;
        }
        for (n, reason) in (1..).zip(["delivery", "delivery", "delivery", "moved", "price"]) {
            call(&op, 100 + n, n, "refused", Some(reason), TODAY - 5).await;
        }
        // Somebody who still buys got an order back: the letter of apology goes there.
        customer(&op, 11).await;
        order(&op, 50, 11, TODAY - 20, 5_000, "returned").await;
        order(&op, 51, 11, TODAY - 9, 5_000, "paid").await;
        let ask = as_role(&op, improve::routes(), Role::Marketer).await;
        let (status, advice) = ask(Method::GET, "/api/recommendations", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{advice}");
        let find = |advice: &Value, gap: &str| {
            let all = advice["items"].as_array().unwrap().iter().chain(advice["idle"].as_array().unwrap());
            all.clone().find(|r| r["gap"] == gap).cloned().unwrap_or_else(|| panic!("{gap}: {advice}"))
        };
        let delivery = find(&advice, "reason:delivery");
        assert_eq!((&delivery["evidence"]["customers"], &delivery["evidence"]["of"], &delivery["evidence"]["share"]), (&json!(3), &json!(5), &json!(0.6)));
        assert_eq!((&delivery["tool"], &delivery["segment"]["customers"]), (&json!("courier_sla_and_apology"), &json!(1)));
        let moved = find(&advice, "reason:moved");
        assert_eq!((&moved["tool"], &moved["segment"]), (&json!("let_go"), &Value::Null));
        assert_eq!(find(&advice, "unknown")["evidence"]["customers"], 5);
        assert_eq!(find(&advice, "onboarding")["evidence"]["customers"], 0);
        assert!(advice["items"].as_array().unwrap().iter().all(|r| r["evidence"]["customers"].as_i64().unwrap() > 0));

        let new = json!({ "title": "SLA", "reason": "reason:delivery" });
        let (_, card) = ask(Method::POST, "/api/improvements", new).await;
        let (_, advice) = ask(Method::GET, "/api/recommendations", Value::Null).await;
        assert_eq!(find(&advice, "reason:delivery")["improvement_id"], card["improvement"]["id"]);

        // Complex goods: the buyers of a category who have bought once.
        run(&op, "INSERT INTO categories (workspace_id, id, key, name_ru, name_uk, name_en, position) VALUES ($1, 7, 'x', 'x', 'x', 'x', 1)").await;
        run(&op, "INSERT INTO products (workspace_id, id, title, title_key, category_id) VALUES ($1, 70, 'x', 'x', 7)").await;
        run(&op, "INSERT INTO order_lines (workspace_id, order_id, line_no, product_id, quantity) VALUES ($1, 6, 1, 70, 1)").await;
        let (status, brief) = ask(Method::PUT, "/api/brief", json!({ "goal": "вернуть", "starts": "2024-09-01", "ends": "2024-10-01", "knowledge_url": "https://example.org/wiki", "complex_categories": ["7", "8"] })).await;
        assert_eq!((status, &brief["complex_categories"]), (StatusCode::OK, &json!(["7"])), "{brief}");
        let (_, advice) = ask(Method::GET, "/api/recommendations", Value::Null).await;
        assert_eq!(find(&advice, "onboarding")["evidence"]["customers"], 1);
        assert_eq!(ask(Method::GET, "/api/brief", Value::Null).await.1["goal"], "вернуть");
        for wrong in [json!({ "knowledge_url": "javascript:alert(1)" }), json!({ "starts": "2024-09-02", "ends": "2024-09-01" }), json!({ "starts": "soon" })] {
            assert_eq!(ask(Method::PUT, "/api/brief", wrong.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let client = as_role(&op, improve::routes(), Role::Client).await;
        assert_eq!(client(Method::GET, "/api/recommendations", Value::Null).await.0, StatusCode::FORBIDDEN);
        assert_eq!(client(Method::PUT, "/api/brief", json!({})).await.0, StatusCode::FORBIDDEN);
    }).await;
}
