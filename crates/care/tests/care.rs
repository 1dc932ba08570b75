//! Mentions, cases and what is counted of them, on both engines.

use access::{
    Op, Role,
    testing::{START, as_role, with_app},
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

async fn customer(op: &Op, id: i64, kind: &str, value: &str) {
    run(op, &format!(
        "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)
         VALUES ($1, {id}, 'Имя {id}', '', '', '', 'имя {id}', '', '', 0, 0)"
    )).await;
    run(op, &format!(
        "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)
         VALUES ($1, {id}, {id}, '{kind}', '{value}', 1, 0, 0, 1, TRUE)"
    )).await;
}

async fn order(op: &Op, id: i64, customer: i64, day: i64, minor: i64) {
    let at = day * DAY + 12 * 3_600_000;
    run(op, &format!(
        "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)
         VALUES ($1, {id}, {id}, 1, 'n{id}', {at}, {day}, 'paid', '', {minor}, 'UAH')"
    )).await;
    run(op, &format!("INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, {id}, {customer})")).await;
}

fn said(id: &str, days_ago: i64, rating: Option<i64>, profile: &str) -> Value {
    json!({
        "platform": "vk", "external_id": id, "author": "Ольга", "profile": profile, "text": "Заказ опоздал",
        "published_at": START.plus_days(-days_ago), "rating": rating, "topic": "delivery",
    })
}

async fn list(ask: &impl AsyncFn(Method, &str, Value) -> (StatusCode, Value), path: &str) -> Vec<Value> {
    let mut out = Vec::new();
    let mut next = format!("{path}{}limit=2", if path.contains('?') { '&' } else { '?' });
    let first = next.clone();
    loop {
        let (status, page) = ask(Method::GET, &next, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{next}: {page}");
        out.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next"].as_str() else { return out };
        next = format!("{first}&cursor={cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_negative_mention_finds_its_customer_and_becomes_a_case() {
    with_app(|op, clock| async move {
        customer(&op, 1, "social", "vk:id77").await;
        order(&op, 5, 1, TODAY - 40, 10_000).await;
        let ask = as_role(&op, care::routes(), Role::Operator).await;
        let body = json!({ "mentions": [said("a", 1, Some(1), "https://vk.com/id77"), said("b", 2, Some(5), "id99"), said("c", 3, None, "id99")] });
        let (status, intake) = ask(Method::POST, "/api/mentions", body.clone()).await;
        assert_eq!((status, intake), (StatusCode::OK, json!({ "added": 3, "known": 0, "joined": 1, "cases": 1 })));
        let (_, again) = ask(Method::POST, "/api/mentions", body).await;
        assert_eq!(again, json!({ "added": 0, "known": 3, "joined": 0, "cases": 0 }));
        let (status, odd) = ask(Method::POST, "/api/mentions", json!({ "mentions": [said("d", 1, Some(7), "")] })).await;
        assert_eq!((status, &odd["fields"][0]["path"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("mentions[0].rating")));

        // The case stands for its mention; the counts are the list.
        let waiting = list(&ask, "/api/inbox").await;
        let (_, counts) = ask(Method::GET, "/api/inbox/counts", Value::Null).await;
        assert_eq!((waiting.len(), &counts["waiting"], &counts["mentions"]), (3, &json!(3), &json!(3)));
        let case = waiting.iter().find(|i| i["kind"] == "case").unwrap().clone();
        assert_eq!((&case["customer_id"], &case["severity"], &case["overdue"]), (&json!("1"), &json!("high"), &json!(true)));
        assert_eq!(json!(list(&ask, "/api/inbox?overdue=true").await.len()), counts["overdue"]);
        let path = format!("/api/inbox/{}", case["id"].as_str().unwrap());
        let (_, card) = ask(Method::GET, &path, Value::Null).await;
        assert_eq!(card["thread"][0]["kind"], "review");

        // Two colleagues at once: the second one looks again.
        clock.advance(std::time::Duration::from_secs(60));
        let seen = &case["updated_at"];
        let mine = json!({ "seen": seen, "topic": "service", "order_number": "n5", "compensation": "200 ₴" });
        let (first, second) = tokio::join!(ask(Method::PATCH, &path, mine.clone()), ask(Method::PATCH, &path, mine));
        let mut both = [first.0, second.0];
        both.sort();
        assert_eq!(both, [StatusCode::OK, StatusCode::CONFLICT]);
        let (_, card) = ask(Method::GET, &path, Value::Null).await;
        assert_eq!((&card["order_number"], &card["item"]["topic"]), (&json!("n5"), &json!("service")));
        let seen = card["item"]["updated_at"].clone();
        let (status, _) = ask(Method::PATCH, &path, json!({ "seen": seen, "order_number": "nobody's" })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

        // The mention is answered with its case.
        let (status, card) = ask(Method::POST, &format!("{path}/answer"), json!({ "seen": seen, "text": "Простите" })).await;
        assert_eq!((status, &card["item"]["status"]), (StatusCode::OK, &json!("answered")), "{card}");
        let (_, counts) = ask(Method::GET, "/api/inbox/counts", Value::Null).await;
        assert_eq!((&counts["waiting"], &counts["mentions"]), (&json!(2), &json!(2)));
        let seen = card["item"]["updated_at"].clone();
        let close = |resolution: &str| json!({ "seen": seen, "outcome": "solved", "resolution": resolution });
        assert_eq!(ask(Method::POST, &format!("{path}/close"), close(" ")).await.1["code"], "care_resolution");
        let (_, card) = ask(Method::POST, &format!("{path}/close"), close("вернули деньги")).await;
        assert_eq!(card["item"]["status"], "closed");
        assert_eq!(ask(Method::POST, &format!("{path}/close"), close("ещё раз")).await.0, StatusCode::CONFLICT);
        let seen = card["item"]["updated_at"].clone();
        let (_, card) = ask(Method::POST, &format!("{path}/back"), json!({ "seen": seen })).await;
        assert_eq!(card["item"]["status"], "answered");
        assert!(card["history"].as_array().unwrap().iter().any(|h| h["field"] == "resolution" && h["after"] == "вернули деньги"));

        let parent = format!("/api/inbox/{}", card["item"]["parent_id"].as_str().unwrap());
        let (_, mention) = ask(Method::GET, &parent, Value::Null).await;
        assert_eq!((&mention["item"]["status"], &mention["item"]["answer"]), (&json!("answered"), &json!("Простите")));
        let seen = mention["item"]["updated_at"].clone();
        assert_eq!(ask(Method::POST, &format!("{parent}/answer"), json!({ "seen": seen, "text": "x" })).await.1["code"], "care_has_case");

        let client = as_role(&op, care::routes(), Role::Client).await;
        assert_eq!(client(Method::GET, "/api/inbox", Value::Null).await.0, StatusCode::FORBIDDEN);
        let (_, log) = client(Method::GET, "/api/mentions", Value::Null).await;
        assert_eq!(log["items"].as_array().unwrap().len(), 3);

        // Somebody else's workspace does not know it.
        let other = access::NewWorkspace {
            name: "other".to_owned(), simulated: true, language: basis::Lang::Ru, timezone: "Europe/Kyiv".to_owned(),
            jurisdiction: "ua".to_owned(), currency: basis::Currency::UAH,
        };
        let other = access::create_workspace(&op.app, other).await.unwrap();
        let stranger = as_role(&Op::system(op.app.clone(), other), care::routes(), Role::Administrator).await;
        assert_eq!(stranger(Method::GET, &path, Value::Null).await.0, StatusCode::NOT_FOUND);
        assert!(list(&stranger, "/api/inbox").await.is_empty());
        assert!(list(&stranger, "/api/mentions").await.is_empty());
    }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_linked_by_hand_has_complained_and_a_mistake_takes_it_back() {
    with_app(|op, _| async move {
        customer(&op, 1, "email", "olga@example.org").await;
        customer(&op, 2, "email", "ivan@example.org").await;
        for n in 1..=2 {
            order(&op, n, n, TODAY - 40, 10_000).await;
        }
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let ask = as_role(&op, care::routes(), Role::Supervisor).await;
        ask(Method::POST, "/api/mentions", json!({ "mentions": [said("a", 1, None, "")] })).await;
        let item = list(&ask, "/api/inbox").await.remove(0);
        assert_eq!(
            (&item["mention"]["hint"]["topic"], &item["customer_id"]),
            (&json!("delivery"), &Value::Null)
        );
        let path = format!("/api/inbox/{}", item["id"].as_str().unwrap());
        let (_, found) = ask(Method::GET, "/api/inbox/people?search=olga@", Value::Null).await;
        assert_eq!(
            (found["items"].as_array().unwrap().len(), &found["items"][0]["emails"][0]),
            (1, &json!("ol***@example.org"))
        );
        let (_, card) = ask(
            Method::PATCH,
            &path,
            json!({ "seen": item["updated_at"], "customer_id": "1", "negative": true }),
        )
        .await;
        assert_eq!(card["item"]["mention"]["linked_by"], "person", "{card}");
        let complaints = async |ask_insight: &dyn Fn() -> Op| {
            let op = ask_insight();
            insight::refresh_changed(&op.app, op.ws()).await.unwrap();
            let mut tx = op.app.db.read().await.unwrap();
            let profiles = insight::store::profiles(&mut tx, op.ws()).await.unwrap();
            profiles
                .into_iter()
                .filter(|p| p.signals.contains("\"complained\""))
                .map(|p| p.customer_id)
                .collect::<Vec<_>>()
        };
        assert_eq!(complaints(&|| op.clone()).await, [1]);

        // It was somebody else.
        let (_, card) =
            ask(Method::PATCH, &path, json!({ "seen": card["item"]["updated_at"], "customer_id": "2" }))
                .await;
        assert_eq!(complaints(&|| op.clone()).await, [2], "{card}");
        // And it was no complaint.
        let (status, card) =
            ask(Method::PATCH, &path, json!({ "seen": card["item"]["updated_at"], "negative": false })).await;
        assert_eq!((status, &card["item"]["case_id"]), (StatusCode::OK, &Value::Null), "{card}");
        assert!(complaints(&|| op.clone()).await.is_empty());
        let (_, none) =
            ask(Method::PATCH, &path, json!({ "seen": card["item"]["updated_at"], "customer_id": "99" }))
                .await;
        assert_eq!(none["code"], "customer");

        // Who comes into the base later is found then, unless a person has decided.
        ask(Method::POST, "/api/mentions", json!({ "mentions": [said("z", 1, Some(1), "id500")] })).await;
        customer(&op, 3, "social", "vk:id500").await;
        assert_eq!(care::join_unknown(&op).await.unwrap(), 1);
        assert_eq!(care::join_unknown(&op).await.unwrap(), 0);
        let case = list(&ask, "/api/inbox?kind=case").await.remove(0);
        assert_eq!(case["customer_id"], "3");

        // Erased people leave no words behind.
        identity::erase(&op, basis::CustomerId(3)).await.unwrap();
        let (_, card) =
            ask(Method::GET, &format!("/api/inbox/{}", case["id"].as_str().unwrap()), Value::Null).await;
        assert_eq!((&card["item"]["text"], &card["item"]["mention"]["profile"]), (&json!(""), &json!("")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_as_long_as_their_lists() {
    with_app(|op, _| async move {
        for n in 1..=6 {
            customer(&op, n, "social", &format!("vk:id10{n}")).await;
            // All bought before they spoke; one, three and five bought after it.
            order(&op, n, n, TODAY - 320, 10_000).await;
            order(&op, 10 + n, n, TODAY - 305, 10_000).await;
            if n % 2 == 1 {
                for (k, ago) in [(0, 200), (1, 110), (2, 20)] {
                    order(&op, 100 * n + k, n, TODAY - ago, 10_000).await;
                }
            }
        }
        insight::refresh(&op.app, op.ws()).await.unwrap();
        let ask = as_role(&op, care::routes(), Role::Marketer).await;
        let mut mentions = Vec::new();
        for n in 1..=6_i64 {
            let mut m = said(&n.to_string(), 300, Some(if n == 6 { 5 } else { 2 }), &format!("id10{n}"));
            if n <= 2 {
                m["answered_at"] = json!(START.plus_days(-300).plus(std::time::Duration::from_secs(3600)));
            } else if n == 3 {
                m["answered_at"] = json!(START.plus_days(-296));
            }
            mentions.push(m);
        }
        // A repeat of the first one.
        mentions.push(said("7", 297, Some(1), "id101"));
        mentions.push(said("8", 0, None, "id999"));
        let (status, intake) = ask(Method::POST, "/api/mentions", json!({ "mentions": mentions })).await;
        assert_eq!((status, &intake["added"], &intake["cases"]), (StatusCode::OK, &json!(8), &json!(6)), "{intake}");

        let (_, summary) = ask(Method::GET, "/api/mentions/summary", Value::Null).await;
        let rows = list(&ask, "/api/mentions").await;
        assert_eq!((rows.len() as u64, &summary["total"]), (8, &json!(8)));
        assert_eq!(list(&ask, "/api/mentions?rating=negative").await.len(), 6);
        let sum = |rows: &[Value]| -> i64 {
            rows.iter().filter(|r| r["money"]["counts"] == true).map(|r| r["money"]["at_risk"]["minor"].as_i64().unwrap()).sum()
        };
        let at_risk = list(&ask, "/api/mentions?at_risk=true").await;
        assert_eq!((json!(sum(&at_risk)), json!(at_risk.len())), (summary["at_risk"]["minor"].clone(), summary["customers_at_risk"].clone()));
        assert_eq!(sum(&rows), sum(&at_risk));
        let third = rows.iter().find(|r| r["item"]["customer_id"] == "3").unwrap();
        assert_eq!((&third["money"]["before"]["minor"], &third["money"]["came"]["minor"]), (&json!(20_000), &json!(30_000)));

        let (_, report) = ask(Method::GET, "/api/replies", Value::Null).await;
        for (word, figure) in [("unanswered", "unanswered"), ("answered", "answered"), ("breached", "breached")] {
            assert_eq!(json!(list(&ask, &format!("/api/mentions?reply={word}")).await.len()), report[figure], "{word}");
        }
        assert_eq!((&report["in_sla"]["x"], &report["in_sla"]["n"]), (&json!(2), &json!(7)));
        for group in report["groups"].as_array().unwrap() {
            let name = group["group"].as_str().unwrap();
            for (cell, figure) in [("all", &group["customers"]), ("active", &group["churn"]["n"]), ("left", &group["churn"]["x"])] {
                let people = ask(Method::GET, &format!("/api/replies/people?group={name}&cell={cell}"), Value::Null).await.1;
                assert_eq!(&json!(people["items"].as_array().unwrap().len()), figure, "{name} {cell}");
            }
        }

        let (_, fcr) = ask(Method::GET, "/api/contacts/first", Value::Null).await;
        let length = async |cell: &str| list(&ask, &format!("/api/contacts?cell={cell}")).await.len() as u64;
        assert_eq!(fcr["total"]["solved"]["n"], length("measured").await);
        assert_eq!(fcr["total"]["solved"]["x"], length("solved").await);
        assert_eq!((&fcr["total"]["repeated"], &fcr["again"], &fcr["pending"]), (&json!(1), &json!(1), &json!(1)));
        assert_eq!(fcr["total"]["unhandled"], length("unhandled").await);
        // Of those who were answered the second one did not come again, nor did the third.
        assert_eq!(fcr["total"]["solved"]["x"], 2);
        let channel = &fcr["by_channel"][0];
        let of = format!("/api/contacts?cell=measured&channel={}", channel["key"].as_str().unwrap());
        assert_eq!(json!(list(&ask, &of).await.len()), channel["solved"]["n"]);
        for group in fcr["groups"].as_array().unwrap() {
            let path = format!("/api/contacts/people?group={}&cell=active", group["group"].as_str().unwrap());
            let (_, people) = ask(Method::GET, &path, Value::Null).await;
            assert_eq!(json!(people["items"].as_array().unwrap().len()), group["churn"]["n"]);
        }
        for odd in ["/api/mentions?rating=9", "/api/mentions?from=soon", "/api/replies?from=2024-09-02&to=2024-09-01", "/api/contacts?cell=x", "/api/inbox?status=x"] {
            assert_eq!(ask(Method::GET, odd, Value::Null).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{odd}");
        }
        let settings = json!({ "negative_rating": 3, "reply_hours": 12, "low_hours": 72, "normal_hours": 24, "high_hours": 4, "repeat_days": 7 });
        assert_eq!(ask(Method::PUT, "/api/care-settings", settings.clone()).await.1, settings);
        assert_eq!(ask(Method::PUT, "/api/care-settings", json!({ "repeat_days": 0 })).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_and_promised_calls_come_into_the_inbox_by_themselves() {
    with_app(|op, _| async move {
        customer(&op, 1, "email", "olga@example.org").await;
        let now = START.millis();
        run(&op, &format!(
            "INSERT INTO inbound (workspace_id, id, channel, kind, message_id, address, data, received_at, handled_at)
             VALUES ($1, 9, 'email', 'reply', NULL, 'olga@example.org', '{{\"subject\": \"Re\", \"text\": \"Где заказ?\"}}', {now}, {now})"
        )).await;
        run(&op, &format!(
            "INSERT INTO call_tasks (workspace_id, id, message_id, campaign_id, wave_id, customer_id, state, due_at, attempts, outcome, note)
             VALUES ($1, 8, 8, 1, 1, 1, 'waiting', {}, 1, 'call_later', 'после обеда')", now + DAY
        )).await;
        assert_eq!(care::gather(&op.app, &op.workspace).await.unwrap(), 2);
        assert_eq!(care::gather(&op.app, &op.workspace).await.unwrap(), 0);
        let ask = as_role(&op, care::routes(), Role::Operator).await;
        let all = list(&ask, "/api/inbox").await;
        let kinds: Vec<&str> = all.iter().map(|i| i["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.len(), 2);
        let reply = all.iter().find(|i| i["kind"] == "reply").unwrap();
        assert_eq!((&reply["customer_id"], &reply["text"]), (&json!("1"), &json!("Re\n\nГде заказ?")));
        assert_eq!(list(&ask, "/api/inbox?channel=email").await.len(), 1);
        let call = all.iter().find(|i| i["kind"] == "callback").unwrap();
        let path = format!("/api/inbox/{}", call["id"].as_str().unwrap());
        let (_, refused) = ask(Method::POST, &format!("{path}/answer"), json!({ "seen": call["updated_at"], "text": "x" })).await;
        assert_eq!(refused["code"], "care_at_desk");
        run(&op, "UPDATE call_tasks SET state = 'done', outcome = 'agreed' WHERE workspace_id = $1").await;
        assert_eq!(care::gather(&op.app, &op.workspace).await.unwrap(), 1);
        assert_eq!(list(&ask, "/api/inbox?status=closed").await.len(), 1);

        // A complaint by phone.
        let new = json!({ "channel": "call", "text": "Оператор нагрубил", "topic": "service", "severity": "high", "customer_id": "1" });
        let (status, card) = ask(Method::POST, "/api/inbox", new).await;
        assert_eq!((status, &card["thread"][0]["kind"]), (StatusCode::OK, &json!("case_opened")), "{card}");
        assert_eq!(card["item"]["due_at"], json!(START.plus(std::time::Duration::from_secs(4 * 3600))));
        for odd in [json!({ "channel": "pigeon", "text": "x" }), json!({ "channel": "call", "text": " " }), json!({ "channel": "call", "text": "x", "order_number": "7" })] {
            assert_eq!(ask(Method::POST, "/api/inbox", odd.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{odd}");
        }
    }).await;
}
