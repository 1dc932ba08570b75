//! Objections and coaching over a small desk, on both engines.

use access::{
    Op, Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
/// 2024-09-01.
const TODAY: i64 = 19_967;

async fn run(op: &Op, sql: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    tx.execute_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    tx.commit().await.unwrap();
}

/// A talk on a day with what was objected in it; the customer has the talk's id.
async fn talk(op: &Op, id: i64, operator: i64, agreed: bool, day: i64, codes: &[&str]) {
    let (at, outcome) = (day * DAY + 9 * 3_600_000, if agreed { "agreed" } else { "refused" });
    run(op, &format!(
        "INSERT INTO call_tasks (workspace_id, id, message_id, campaign_id, wave_id, customer_id, state, due_at, attempts, outcome, reason, note, finished_at)
         VALUES ($1, {id}, {id}, 500, 1, {id}, 'done', 0, 1, '{outcome}', NULL, '', {at})"
    )).await;
    run(op, &format!(
        "INSERT INTO call_attempts (workspace_id, id, task_id, customer_id, operator_id, number, outcome, note, started_at, finished_at, at)
         VALUES ($1, {id}, {id}, {id}, {operator}, '', '{outcome}', 'слова', 0, 0, {at})"
    )).await;
    for (position, code) in codes.iter().enumerate() {
        run(op, &format!(
            "INSERT INTO call_objections (workspace_id, attempt_id, code, version, position) VALUES ($1, {id}, '{code}', 1, {position})"
        )).await;
    }
}

/// Pages through a list and counts it.
async fn length(ask: &impl AsyncFn(Method, &str, Value) -> (StatusCode, Value), query: &str) -> u64 {
    let mut seen = 0;
    let mut path = format!("/api/objections/calls?limit=7&{query}");
    loop {
        let (status, page) = ask(Method::GET, &path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        seen += page["items"].as_array().unwrap().len() as u64;
        let Some(next) = page["next"].as_str() else { return seen };
        path = format!("/api/objections/calls?limit=7&{query}&cursor={next}");
    }
}

/// Two operators: of those who say "dear" the first wins 5 of 30, the second 24 of 30. Both win 20 of 25 others.
async fn desk_of_two(op: &Op, anna: i64, boris: i64) {
    let mut id = 1_000;
    for (operator, wins) in [(anna, 5), (boris, 24)] {
        for n in 0..30 {
            id += 1;
            talk(op, id, operator, n < wins, TODAY - 10, &["dear"]).await;
        }
        for n in 0..25 {
            id += 1;
            talk(op, id, operator, n < 20, TODAY - 10, if n == 0 { &["no_trust"] } else { &[] }).await;
        }
    }
    // One of the first operator's bought two days after the talk.
    run(op, "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)
             VALUES ($1, 1, 1, 1, 'n1', 1724500000000, 19959, 'paid', '', 5000, 'UAH')").await;
    run(op, "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, 1, 1001)").await;
}

async fn token_of(op: &Op, name: &str) -> i64 {
    let (token, _) = access::add_token(&op.app, op.ws(), name, Role::Operator).await.unwrap();
    token.get()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_an_objection_is_as_long_as_its_list() {
    with_app(|op, _| async move {
        let (anna, boris) = (token_of(&op, "Анна").await, token_of(&op, "Борис").await);
        desk_of_two(&op, anna, boris).await;
        let ask = as_role(&op, improve::routes(), Role::Marketer).await;
        let (status, report) = ask(Method::GET, "/api/objections/report?campaign=all", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        assert_eq!((&report["talks"], &report["without_objections"]), (&json!(110), &json!(48)));
        let dear = &report["items"][0];
        assert_eq!((&dear["code"], &dear["raised"]), (&json!("dear"), &json!(60)));
        assert_eq!(dear["rates"]["consent"]["numerator"], 29);
        assert_eq!(dear["rates"]["sale"]["numerator"], 1);
        assert_eq!(dear["without"]["consent"], {
            let c = &dear["without"]["consent"];
            json!({ "numerator": 40, "denominator": 50, "value": 0.8, "low": c["low"], "high": c["high"] })
        });
        assert!(dear["without"]["consent"]["low"].as_f64().unwrap() < 0.8);
        assert_eq!(dear["difference"]["verdict"], "worse");
        for (query, n) in [
            ("objection=dear", 60),
            ("objection=dear&part=agreed", 29),
            ("objection=dear&part=bought", 1),
            ("objection=dear&side=without", 50),
            ("objection=dear&side=without&part=agreed", 40),
            ("objection=dear&wave=1&part=agreed", 29),
            ("", 110),
        ] {
            assert_eq!(length(&ask, &format!("campaign=all&{query}")).await, n, "{query}");
        }
        for by in dear["operators"].as_array().unwrap() {
            let query =
                format!("campaign=all&objection=dear&operator={}", by["operator_id"].as_str().unwrap());
            assert_eq!(json!(length(&ask, &query).await), by["rates"]["consent"]["denominator"]);
            let query = format!("{query}&others=true&part=agreed");
            assert_eq!(json!(length(&ask, &query).await), by["others"]["numerator"]);
        }
        let (status, odd) = ask(Method::GET, "/api/objections/calls?part=joy", Value::Null).await;
        assert_eq!((status, &odd["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("part")));
        // A client reads figures and lists, no notes.
        let client = as_role(&op, improve::routes(), Role::Client).await;
        let (_, page) = client(Method::GET, "/api/objections/calls?campaign=all", Value::Null).await;
        assert!(page["items"][0]["note"].is_null() && page["items"].as_array().unwrap().len() == 50);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wins_fewer_is_suggested_given_a_task_and_measured() {
    with_app(|op, clock| async move {
        let (anna, boris) = (token_of(&op, "Анна").await, token_of(&op, "Борис").await);
        desk_of_two(&op, anna, boris).await;
        let chief = as_role(&op, improve::routes(), Role::Supervisor).await;
        let (status, coaching) = chief(Method::GET, "/api/coaching", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{coaching}");
        let advice = &coaching["suggested"][0];
        assert_eq!((&advice["topic"], &advice["operator"]), (&json!("objection:dear"), &json!("Анна")));
        assert!(advice["difference"]["high"].as_f64().unwrap() < 0.0);
        assert_eq!(advice["calls"].as_array().unwrap().len(), 6);
        let all = coaching["suggested"].as_array().unwrap();
        assert!(all.iter().all(|a| a["operator"] == "Анна"), "{all:?}");

        let call = advice["calls"][0]["id"].clone();
        let give = json!({ "operator_id": anna.to_string(), "topic": "objection:dear", "title": "Сначала спросить, с чем сравнивают",
            "calls": [call, call], "due_day": "2024-09-05" });
        let (status, task) = chief(Method::POST, "/api/coaching", give.clone()).await;
        assert_eq!(status, StatusCode::OK, "{task}");
        assert_eq!(task["calls"].as_array().unwrap().len(), 1);
        let (status, twice) = chief(Method::POST, "/api/coaching", give).await;
        assert_eq!((status, &twice["code"]), (StatusCode::CONFLICT, &json!("coaching_exists")));
        for (field, odd) in [
            ("operator_id", json!({ "operator_id": "1", "topic": "consent" })),
            ("topic", json!({ "operator_id": anna.to_string(), "topic": "objection:weather" })),
            ("calls", json!({ "operator_id": anna.to_string(), "topic": "consent", "calls": ["1"] })),
            ("due_day", json!({ "operator_id": anna.to_string(), "topic": "consent", "due_day": "soon" })),
        ] {
            let (status, problem) = chief(Method::POST, "/api/coaching", odd).await;
            assert_eq!((status, &problem["fields"][0]["path"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }

        // Somebody else's hands: not theirs to tick, and not on their page.
        let other = as_role(&op, improve::routes(), Role::Operator).await;
        let path = format!("/api/coaching/{}", task["id"].as_str().unwrap());
        let tick = json!({ "done": true });
        assert_eq!(other(Method::POST, &format!("{path}/done"), tick.clone()).await.0, StatusCode::FORBIDDEN);
        assert_eq!(other(Method::GET, "/api/coaching/mine", Value::Null).await.1["items"], json!([]));
        assert_eq!(other(Method::GET, "/api/coaching", Value::Null).await.0, StatusCode::FORBIDDEN);

        // Done by the program that plays Anna; after it she wins 24 of 30.
        run(&op, &format!("UPDATE coaching_tasks SET state = 'done', done_day = {} WHERE workspace_id = $1", TODAY - 5)).await;
        for n in 0..30 {
            talk(&op, 5_000 + n, anna, n < 24, TODAY - 3, &["dear"]).await;
        }
        clock.advance(std::time::Duration::from_secs(86_400));
        let (_, coaching) = chief(Method::GET, "/api/coaching", Value::Null).await;
        let effect = &coaching["items"][0]["effect"];
        assert_eq!((&effect["after"]["numerator"], &effect["after"]["denominator"]), (&json!(24.0), &json!(30.0)));
        assert_eq!((&effect["before"]["numerator"], &effect["before"]["denominator"]), (&json!(5.0), &json!(30.0)));
        assert_eq!(effect["change"]["verdict"], "better");
        let (_, back) = chief(Method::PATCH, &path, json!({ "state": "dropped" })).await;
        assert_eq!((&back["state"], &back["effect"]), (&json!("dropped"), &Value::Null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ticks_the_own_task() {
    with_app(|op, _| async move {
        let ask = as_role(&op, improve::routes(), Role::Operator).await;
        let chief = as_role(&op, improve::routes(), Role::Supervisor).await;
        // The operator is known once there is a call.
        let mut tx = op.app.db.read().await.unwrap();
        let (me,): (i64,) = tx
            .fetch_dyn("SELECT id FROM api_tokens WHERE workspace_id = $1 AND role = 'operator'", &[store::Value::Int(op.ws().get())])
            .await
            .unwrap()[0];
        drop(tx);
        talk(&op, 1, me, true, TODAY - 2, &[]).await;
        let give = json!({ "operator_id": me.to_string(), "topic": "consent", "title": "Прочитать разговор", "calls": ["1"] });
        let (status, task) = chief(Method::POST, "/api/coaching", give).await;
        assert_eq!(status, StatusCode::OK, "{task}");
        let path = format!("/api/coaching/{}/done", task["id"].as_str().unwrap());
        let (_, done) = ask(Method::POST, &path, json!({ "done": true })).await;
        assert_eq!((&done["state"], &done["done_day"]), (&json!("done"), &json!("2024-09-01")));
        let (status, again) = ask(Method::POST, &path, json!({ "done": true })).await;
        assert_eq!((status, &again["state"]), (StatusCode::OK, &json!("done")), "ticked twice");
        let (_, mine) = ask(Method::GET, "/api/coaching/mine", Value::Null).await;
        assert_eq!(mine["items"][0]["calls"][0]["note"], "слова");
        let (_, open) = ask(Method::POST, &path, json!({ "done": false })).await;
        assert_eq!((&open["state"], &open["done_day"]), (&json!("open"), &Value::Null));
    })
    .await;
}
