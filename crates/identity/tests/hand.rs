//! What colleagues do by hand, through the API, on SQLite and PostgreSQL: entering somebody, joining and keeping apart, choosing a
//! contact, taking an answer back, reading the history.

use access::{Op, Role};
use axum::http::{Method, StatusCode};
use identity::Touched;
use serde_json::{Value, json};

const PEOPLE: [(i64, &str, &str, &str); 7] = [
    (1, "Терехина Наталья Алексеевна", "096 510 22 20", "terekhina85@ukr.net"),
    (2, "Терьохіна Наталія Олексіївна", "+380965102220", ""),
    (3, "Бондар Олег", "0501112233", ""),
    (4, "Бондар Олег", "0679998877", ""),
    (5, "Бондар Олег", "0631234567", ""),
    (6, "Петренко О.", "0931234509", ""),
    (7, "Терехина Наталья Алексеевна", "096 510 22 20", "terekhina85@ukr.net"),
];

async fn base(op: &Op) {
    let mut tx = op.app.db.write().await.unwrap();
    let ws = op.ws().get();
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'orders', '', '[]', 0)",
        ws
    )
    .unwrap();
    store::execute!(
        tx,
        "INSERT INTO imports (workspace_id, id, source_id, state, files, mapping, created_by, created_at, campaign_at)
         VALUES ($1, 1, 1, 'done', '[]', '', 0, 5000, 7000)",
        ws
    )
    .unwrap();
    for (id, name, phone, email) in PEOPLE {
        let payload =
            json!({ "order_id": id.to_string(), "full_name": name, "phone": phone, "email": email });
        store::execute!(
            tx,
            "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload)
             VALUES ($1, $2, 1, TRUE, 1, 1, 'order', $3, 'orders.csv', 1, '', $4)",
            ws,
            id,
            id.to_string(),
            payload.to_string()
        )
        .unwrap();
        store::execute!(
            tx,
            "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, delivered_day, status, status_text, amount_minor, currency)
             VALUES ($1, $2, $2, 1, $3, $4, $2, NULL, 'paid', '', 10000, 'UAH')",
            ws,
            id,
            id.to_string(),
            id * 86_400_000
        )
        .unwrap();
    }
    tx.commit().await.unwrap();
    identity::refresh(op, Touched::Anything).await.unwrap();
}

async fn of_record(op: &Op, record: i64) -> String {
    let mut tx = op.app.db.read().await.unwrap();
    let (id,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT customer_id FROM record_customers WHERE workspace_id = $1 AND record_id = $2",
        op.ws().get(),
        record
    )
    .unwrap();
    id.to_string()
}

fn codes(body: &Value) -> (&str, &str) {
    (body["code"].as_str().unwrap_or_default(), body["fields"][0]["path"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn somebody_is_entered_by_hand_once_and_never_with_a_number_that_is_none() {
    access::testing::with_app(|op, _clock| async move {
        base(&op).await;
        let ask = access::testing::as_role(&op, identity::routes(), Role::Operator).await;
        let path = "/api/customers";
        let (status, no) = ask(Method::POST, path, json!({ "name": "Зелінський", "phone": "абв" })).await;
        assert_eq!((status, codes(&no)), (StatusCode::UNPROCESSABLE_ENTITY, ("phone_unreadable", "phone")));
        let (_, no) = ask(Method::POST, path, json!({ "email": "зелінський" })).await;
        assert_eq!(codes(&no), ("email_unreadable", "email"));
        let (_, no) = ask(Method::POST, path, json!({ "note": "хтось" })).await;
        assert_eq!(codes(&no), ("nobody_named", "name"));

        let new = json!({ "name": "Зелінський Богдан", "phone": "066 000 00 01", "note": "телефонував сам" });
        let (status, done) = ask(Method::POST, path, new).await;
        assert_eq!((status, &done["joined"]), (StatusCode::OK, &json!(false)), "{done}");
        assert_eq!(done["customer"]["name"], "Зелінський Богдан");

        // Whom the engine knows is not made a second time.
        let known = json!({ "name": "Наталия Терехина", "phone": "0965102220" });
        let (_, done) = ask(Method::POST, path, known.clone()).await;
        assert_eq!(
            (&done["joined"], &done["customer"]["id"]),
            (&json!(true), &json!(of_record(&op, 1).await))
        );

        // Unless the colleague looked and says that it is somebody else; that holds in every later run.
        let mut other = known;
        other["not_same_as"] = json!([of_record(&op, 1).await]);
        let (_, done) = ask(Method::POST, path, other).await;
        assert_ne!(done["customer"]["id"], json!(of_record(&op, 1).await));
        identity::refresh(&op, Touched::All).await.unwrap();
        let path = format!("/api/customers/{}", done["customer"]["id"].as_str().unwrap());
        let ask = access::testing::as_role(&op, identity::routes(), Role::Marketer).await;
        assert_eq!(ask(Method::GET, &path, Value::Null).await.1["records"], 1);

        let client = access::testing::as_role(&op, identity::routes(), Role::Client).await;
        let (status, _) = client(Method::POST, "/api/customers", json!({ "name": "Я" })).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn two_cards_are_joined_and_kept_apart_and_contradictions_are_answered() {
    access::testing::with_app(|op, _clock| async move {
        base(&op).await;
        let ask = access::testing::as_role(&op, identity::routes(), Role::Supervisor).await;
        let (a, b, c) = (of_record(&op, 3).await, of_record(&op, 4).await, of_record(&op, 5).await);
        let pair = |x: &str, y: &str| format!("/api/customers/{x}/pair/{y}");
        let (status, seen) = ask(Method::GET, &pair(&a, &b), Value::Null).await;
        assert_eq!(
            (status, &seen["contradicts"], &seen["apart"]),
            (StatusCode::OK, &json!(false), &Value::Null)
        );
        assert_eq!(seen["reasons"][0]["a"], "Бондар Олег");

        let (status, _) = ask(Method::POST, &pair(&a, &b), json!({ "decision": "apart" })).await;
        assert_eq!(status, StatusCode::OK);
        let (_, seen) = ask(Method::GET, &pair(&b, &a), Value::Null).await;
        assert!(seen["apart"]["at"].is_string(), "{seen}");

        // A must-link against a cannot-link is no silent victory of either.
        let merge = json!({ "decision": "merge" });
        let (status, no) = ask(Method::POST, &pair(&a, &b), merge.clone()).await;
        assert_eq!((status, codes(&no).0), (StatusCode::CONFLICT, "kept_apart"));
        // Nor is it when the cards come to it by way of a third.
        assert_eq!(ask(Method::POST, &pair(&b, &c), merge.clone()).await.0, StatusCode::OK);
        let b = of_record(&op, 4).await;
        assert_eq!(b, of_record(&op, 5).await);
        let (status, no) = ask(Method::POST, &pair(&a, &c), merge.clone()).await;
        assert_eq!((status, codes(&no).0), (StatusCode::CONFLICT, "kept_apart"));

        let (status, done) =
            ask(Method::POST, &pair(&a, &b), json!({ "decision": "merge", "over": true })).await;
        assert_eq!(status, StatusCode::OK, "{done}");
        assert_eq!(of_record(&op, 3).await, of_record(&op, 5).await);
        identity::refresh(&op, Touched::All).await.unwrap();
        assert_eq!(of_record(&op, 3).await, of_record(&op, 5).await, "it holds in a later run");
        for decision in ["merge", "apart", "undecided"] {
            let (status, no) = ask(Method::POST, &pair(&a, &c), json!({ "decision": decision })).await;
            assert_eq!((status, codes(&no).0), (StatusCode::CONFLICT, "same_customer"), "{decision}");
        }

        let undo = format!("/api/merges/{}/undo", done["merge_id"].as_str().unwrap());
        assert_eq!(ask(Method::POST, &undo, Value::Null).await.0, StatusCode::OK);
        assert_ne!(of_record(&op, 3).await, of_record(&op, 4).await);
        let (a, b) = (of_record(&op, 3).await, of_record(&op, 4).await);
        assert_eq!(
            ask(Method::POST, &pair(&a, &b), json!({ "decision": "undecided" })).await.0,
            StatusCode::OK
        );
        let (_, no) = ask(Method::POST, &pair(&a, &b), json!({ "decision": "undecided" })).await;
        assert_eq!(codes(&no).0, "not_decided");
        let other = access::testing::as_role(&op, identity::routes(), Role::Operator).await;
        assert_eq!(other(Method::POST, &pair(&a, &b), merge).await.0, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn the_contact_chosen_by_hand_stays_first() {
    access::testing::with_app(|op, _clock| async move {
        base(&op).await;
        let ask = access::testing::as_role(&op, identity::routes(), Role::Operator).await;
        let marketer = access::testing::as_role(&op, identity::routes(), Role::Marketer).await;
        let id = of_record(&op, 1).await;
        let path = format!("/api/customers/{id}");
        ask(Method::PATCH, &path, json!({ "phone": "067 555 44 31" })).await;
        let phones = |card: &Value| -> Vec<(String, bool, bool)> {
            let contacts = card["contacts"].as_array().unwrap().iter().filter(|c| c["kind"] == "phone");
            contacts
                .map(|c| {
                    let value = c["value"].as_str().unwrap();
                    (value[..8].to_owned(), c["preferred"] == true, c["by_hand"] == true)
                })
                .collect()
        };
        let (_, card) = marketer(Method::GET, &path, Value::Null).await;
        assert_eq!(phones(&card)[0], ("+3806755".to_owned(), true, false));
        let old =
            card["contacts"].as_array().unwrap().iter().find(|c| c["preferred"] == false).unwrap()["id"]
                .clone();
        let (status, card) =
            ask(Method::POST, &format!("{path}/prefer"), json!({ "contact_id": old, "by_hand": true })).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(phones(&card)[0], ("+3809651".to_owned(), true, true));
        // A later run writes contacts anew, and a merge changes whose they are.
        identity::refresh(&op, Touched::All).await.unwrap();
        let other = of_record(&op, 3).await;
        let (status, joined) = marketer(
            Method::POST,
            &format!("/api/customers/{other}/pair/{id}"),
            json!({ "decision": "merge" }),
        )
        .await;
        assert_eq!(status, StatusCode::OK, "{joined}");
        let path = format!("/api/customers/{}", of_record(&op, 1).await);
        let (_, card) = marketer(Method::GET, &path, Value::Null).await;
        assert_eq!(phones(&card)[0], ("+3809651".to_owned(), true, true), "{card}");
        let first =
            card["contacts"].as_array().unwrap().iter().find(|c| c["by_hand"] == true).unwrap()["id"].clone();
        let (_, card) =
            ask(Method::POST, &format!("{path}/prefer"), json!({ "contact_id": first, "by_hand": false }))
                .await;
        assert_eq!(phones(&card)[0], ("+3806755".to_owned(), true, false));
        let gone =
            ask(Method::POST, &format!("{path}/prefer"), json!({ "contact_id": "1", "by_hand": true })).await;
        assert_eq!((gone.0, codes(&gone.1).0), (StatusCode::NOT_FOUND, "contact"));

        // How records write it goes only to whom it is shown in full.
        assert_eq!(card["contacts"][0]["typed"], json!([]));
        let (_, full) = marketer(Method::POST, &format!("{path}/unmask"), Value::Null).await;
        let it = full["contacts"].as_array().unwrap().iter().find(|c| c["value"] == "+380965102220").unwrap();
        assert_eq!(it["typed"], json!(["096 510 22 20"]));
    })
    .await;
}

#[tokio::test]
async fn a_question_taken_back_is_the_one_that_stands_in_the_queue() {
    access::testing::with_app(|op, _clock| async move {
        base(&op).await;
        let ask = access::testing::as_role(&op, identity::routes(), Role::Supervisor).await;
        let (_, queue) = ask(Method::GET, "/api/reviews", Value::Null).await;
        let ids = |queue: &Value| -> Vec<String> {
            queue["items"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap().to_owned()).collect()
        };
        let before = ids(&queue);
        assert!(before.len() >= 2, "{queue}");
        assert_eq!(queue["total"], before.len());
        let first = &before[0];
        for decision in ["apart", "merge"] {
            let (status, _) =
                ask(Method::POST, &format!("/api/reviews/{first}"), json!({ "decision": decision })).await;
            assert_eq!(status, StatusCode::OK);
            let (status, undone) = ask(Method::POST, &format!("/api/reviews/{first}/undo"), Value::Null).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(undone["pair"]["id"], json!(first), "{decision}");
            let (_, queue) = ask(Method::GET, "/api/reviews", Value::Null).await;
            let now = ids(&queue);
            assert_eq!(now.len(), before.len(), "{decision}");
            assert!(now.contains(first), "{decision}");
        }
        let (_, later) = ask(Method::GET, &format!("/api/reviews?later={first}"), Value::Null).await;
        assert_eq!(ids(&later).last(), Some(first));
        let (_, phones) = ask(Method::GET, "/api/reviews?differs=phone&name=%D0%B1%D0%BE%D0%BD%D0%B4%D0%B0%D1%80", Value::Null).await;
        assert!(phones["total"].as_u64().unwrap() > 0);
        assert_eq!(ask(Method::GET, "/api/reviews?name=%D0%BD%D1%96%D1%85%D1%82%D0%BE", Value::Null).await.1["total"], 0);
        assert_eq!(ask(Method::GET, "/api/reviews?sort=moon", Value::Null).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        for sort in ["likely", "unlikely", "name", "value"] {
            let (_, page) = ask(Method::GET, &format!("/api/reviews?sort={sort}&limit=1"), Value::Null).await;
            let (_, rest) = ask(Method::GET, &format!("/api/reviews?sort={sort}&cursor={}", page["next"].as_str().unwrap()), Value::Null).await;
            assert_eq!(ids(&page).len() + ids(&rest).len(), before.len(), "{sort}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_history_tells_orders_imports_merges_and_corrections_together() {
    access::testing::with_app(|op, _clock| async move {
        base(&op).await;
        let ask = access::testing::as_role(&op, identity::routes(), Role::Marketer).await;
        let id = of_record(&op, 1).await;
        let path = format!("/api/customers/{id}");
        ask(Method::PATCH, &path, json!({ "email": "natalia@ukr.net" })).await;
        let kinds = async |query: &str| -> Vec<String> {
            let (status, page) = ask(Method::GET, &format!("{path}/timeline{query}"), Value::Null).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            page["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
        };
        let all = kinds("").await;
        for kind in ["order", "import", "joined", "correction"] {
            assert!(all.iter().any(|k| k == kind), "{kind} in {all:?}");
        }
        assert_eq!(kinds("?part=orders").await, ["order", "order", "order"]);
        assert!(!kinds("?part=card").await.contains(&"order".to_owned()));
        assert!(kinds("?part=calls").await.is_empty());
        assert_eq!(
            ask(Method::GET, &format!("{path}/timeline?part=moon"), Value::Null).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        // Page by page it is the same history.
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let (_, page) =
                ask(Method::GET, &format!("{path}/timeline?limit=2&cursor={cursor}"), Value::Null).await;
            paged.extend(
                page["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(paged, all);

        // Every record hangs on the graph, those written alike and those written by hand too.
        let (_, graph) = ask(Method::GET, &format!("{path}/graph"), Value::Null).await;
        let nodes: Vec<&str> =
            graph["nodes"].as_array().unwrap().iter().map(|n| n["record_id"].as_str().unwrap()).collect();
        let links = graph["links"].as_array().unwrap();
        for node in &nodes {
            assert!(links.iter().any(|l| l["a"] == *node || l["b"] == *node), "{node} in {graph}");
        }
        for kind in ["same_text", "by_hand"] {
            assert!(links.iter().any(|l| l["kind"] == kind), "{kind} in {graph}");
        }
        // A reason says what both records say, phones under the mask.
        let (_, card) = ask(Method::GET, &path, Value::Null).await;
        let phone = card["merges"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|m| m["reasons"].as_array().unwrap())
            .find(|r| r["field"] == "phone")
            .unwrap();
        assert!(
            phone["a"].as_str().unwrap().contains('*') && phone["b"].as_str().unwrap().contains('*'),
            "{phone}"
        );
        assert_eq!(card["written"].as_array().unwrap().len(), 2);
    })
    .await;
}
