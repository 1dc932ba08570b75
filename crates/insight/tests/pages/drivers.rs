//! The driver report: two levels of reasons, what was named, silent leavers, and the workspace's own dictionary.

use crate::shop::{Seed, TODAY, length};
use access::testing::{as_role, with_app};
use access::{Op, Role};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn run(op: &Op, sql: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    tx.execute_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    tx.commit().await.unwrap();
}

/// A refusal with what it was about: SQL of competitor, employee and order.
async fn refused(op: &Op, task: i64, reason: &str, about: &str) {
    let at = (TODAY - 10) * 86_400_000 + 36_000_000;
    run(
        op,
        &format!(
            "INSERT INTO call_tasks (workspace_id, id, message_id, campaign_id, wave_id, customer_id, state, due_at, attempts, outcome, reason, note, finished_at, competitor, employee, order_id)
             VALUES ($1, {task}, {task}, 1, 1, {task}, 'done', 0, 1, 'refused', '{reason}', 'слова', {at}, {about})"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_of_leaving_open_their_lists() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        for id in 1..=8 {
            seed.customer(id, "x");
            seed.order(id, TODAY - 700, 10_000, "paid");
        }
        seed.write().await;
        refused(&op, 1, "delivery", "NULL, NULL, 2").await;
        refused(&op, 2, "pushy", "NULL, 'Ігор', NULL").await;
        refused(&op, 3, "competitor", "'Книгарня & Ко', NULL, NULL").await;
        refused(&op, 4, "use", "NULL, NULL, NULL").await;
        refused(&op, 5, "moved", "NULL, NULL, NULL").await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let token = crate::shop::token(&op).await;
        let ask = as_role(&op, insight::routes(), Role::Marketer).await;
        let (status, report) = ask(Method::GET, "/api/insight/drivers", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        assert_eq!(report["told"], 5);
        let drivers = report["drivers"].as_array().unwrap();
        let counts: Vec<(&str, u64)> = drivers
            .iter()
            .map(|d| (d["driver"].as_str().unwrap(), d["customers"].as_u64().unwrap()))
            .collect();
        assert_eq!(counts, [("service", 2), ("marketing", 1), ("product", 1), ("natural", 1), ("other", 0)]);
        assert_eq!(drivers[0]["share"], 0.4);
        let mut lists: Vec<(String, u64)> = Vec::new();
        let mut note = |v: &Value| {
            lists.push((v["list"].as_str().unwrap().to_owned(), v["customers"].as_u64().unwrap()));
        };
        for driver in drivers {
            note(driver);
            driver["reasons"].as_array().unwrap().iter().for_each(&mut note);
        }
        report["competitors"].as_array().unwrap().iter().for_each(&mut note);
        report["employees"].as_array().unwrap().iter().for_each(&mut note);
        assert_eq!(lists.len(), 5 + 5 + 2);
        for (list, customers) in lists {
            assert_eq!(length(&op.app, &token, &list).await as u64, customers, "{list}");
        }
        let figure = |id: &str| report["figures"].as_array().unwrap().iter().find(|f| f["id"] == id).unwrap();
        // Eight lapsed, one of them moved: the shop answers for seven of seven.
        let own = figure("controllable_lapsed");
        assert_eq!((&own["numerator"], &own["denominator"]), (&json!(7.0), &json!(7.0)));
        for id in ["controllable_lapsed", "reason_unknown", "named_order"] {
            let list = figure(id)["list"].as_str().unwrap();
            let people = figure(id)["numerator"].as_f64().unwrap();
            assert_eq!(length(&op.app, &token, list).await as f64, people, "{id}");
        }

        // Three complained by refusing because of service or product; 25 silent ones each would be more than the base has.
        let silent = &report["silent"];
        assert_eq!(
            (&silent["complained"], &silent["estimate"], &silent["capped"]),
            (&json!(3), &json!(5), &json!(true))
        );
        assert_eq!(length(&op.app, &token, "figure=complained").await, 3);
        let set = json!({ "value": 1.0, "source": "own survey" });
        assert_eq!(ask(Method::PUT, "/api/benchmarks/silent_per_complaint", set).await.0, StatusCode::OK);
        let (_, report) = ask(Method::GET, "/api/insight/drivers", Value::Null).await;
        assert_eq!(
            (&report["silent"]["estimate"], &report["silent"]["source"]),
            (&json!(3), &json!("own survey"))
        );
        for wrong in [json!({ "value": 1.0, "source": " " }), json!({ "value": -1.0, "source": "x" })] {
            let status = ask(Method::PUT, "/api/benchmarks/silent_per_complaint", wrong).await.0;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let (_, reset) = ask(Method::DELETE, "/api/benchmarks/silent_per_complaint", Value::Null).await;
        assert_eq!(reset["items"][0]["value"], 25.0);

        let (_, talks) = ask(Method::GET, "/api/insight/talks?driver=service", Value::Null).await;
        let items = talks["items"].as_array().unwrap();
        assert_eq!(
            (items.len(), &items[0]["employee"], &items[1]["order_number"]),
            (2, &json!("Ігор"), &json!("n2"))
        );
        assert_eq!(items[0]["note"], "слова");
        let client = as_role(&op, insight::routes(), Role::Client).await;
        let (_, talks) = client(Method::GET, "/api/insight/talks", Value::Null).await;
        assert_eq!((talks["items"].as_array().unwrap().len(), &talks["items"][0]["note"]), (5, &Value::Null));
        let (_, loyal) = ask(Method::GET, "/api/insight/loyal", Value::Null).await;
        assert_eq!(
            (&loyal["groups"][0]["customers"], &loyal["groups"][2]["customers"]),
            (&json!(0), &json!(8))
        );
        for group in loyal["groups"].as_array().unwrap() {
            let list = length(&op.app, &token, group["list"].as_str().unwrap()).await;
            assert_eq!(list as u64, group["customers"].as_u64().unwrap());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_keeps_its_own_dictionary() {
    with_app(|op, _| async move {
        let ask = as_role(&op, insight::routes(), Role::Marketer).await;
        let (_, all) = ask(Method::GET, "/api/leaving-reasons", Value::Null).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 14);
        let new = json!({ "driver": "service", "name": "Пом’яте паковання", "asks": "order" });
        let (status, made) = ask(Method::POST, "/api/leaving-reasons", new.clone()).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        assert_eq!(ask(Method::POST, "/api/leaving-reasons", new).await.0, StatusCode::CONFLICT);
        let code = made["code"].as_str().unwrap();
        let path = format!("/api/leaving-reasons/{code}");
        assert_eq!(
            ask(Method::PATCH, &path, json!({ "name": "" })).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let (_, retired) = ask(Method::PATCH, "/api/leaving-reasons/price", json!({ "retired": true })).await;
        assert_eq!((&retired["retired"], &retired["asks"]), (&json!(true), &json!("competitor")));
        let unknown = ask(Method::PATCH, "/api/leaving-reasons/joy", json!({ "retired": true })).await;
        assert_eq!(unknown.0, StatusCode::NOT_FOUND);
        let operator = as_role(&op, insight::routes(), Role::Operator).await;
        let (status, all) = operator(Method::GET, "/api/leaving-reasons", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        let service: Vec<&Value> =
            all["items"].as_array().unwrap().iter().filter(|r| r["driver"] == "service").collect();
        assert_eq!(service.last().unwrap()["code"], code);
        assert_eq!(operator(Method::PATCH, &path, json!({ "name": "x" })).await.0, StatusCode::FORBIDDEN);

        // A reason of its own under "service" is a bad experience as the shipped ones are.
        let mut seed = Seed::new(&op);
        seed.customer(1, "x");
        seed.order(1, TODAY - 700, 10_000, "paid");
        seed.write().await;
        refused(&op, 1, code, "NULL, NULL, NULL").await;
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let token = crate::shop::token(&op).await;
        assert_eq!(length(&op.app, &token, "figure=complained").await, 1);
    })
    .await;
}
