//! Profiles, lists and pages over a database, on both engines.

#![expect(clippy::cast_possible_truncation, reason = "counts of a small test base")]

use access::testing::with_app;
use access::{App, Op};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use basis::{Clock, CustomerId, ManualClock, Rng};
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

/// 2024-09-01, the day on which tests start.
const TODAY: i64 = 19_967;

/// Rows to be written in one transaction.
struct Seed {
    op: Op,
    next: i64,
    sources: Vec<(i64, String)>,
    customers: Vec<(i64, String)>,
    /// (id, customer, day, minor, status, currency).
    orders: Vec<(i64, i64, i64, i64, String, String)>,
    contacts: Vec<(i64, i64, String, String, Option<String>)>,
    consents: Vec<(i64, i64, String, String, i64)>,
}

impl Seed {
    fn new(op: &Op) -> Self {
        Self {
            op: op.clone(),
            next: 1,
            sources: Vec::new(),
            customers: Vec::new(),
            orders: Vec::new(),
            contacts: Vec::new(),
            consents: Vec::new(),
        }
    }

    fn id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    fn source(&mut self, id: i64, basis: &str) {
        self.sources.push((id, basis.to_owned()));
    }

    fn customer(&mut self, id: i64, name: &str) {
        self.customers.push((id, name.to_owned()));
    }

    fn order(&mut self, customer: i64, day: i64, minor: i64, status: &str) {
        self.order_in(customer, day, minor, status, "UAH");
    }

    fn order_in(&mut self, customer: i64, day: i64, minor: i64, status: &str, currency: &str) {
        let id = self.id();
        self.orders.push((id, customer, day, minor, status.to_owned(), currency.to_owned()));
    }

    fn contact(&mut self, customer: i64, kind: &str, value: &str, state: Option<&str>) {
        let id = self.id();
        self.contacts.push((id, customer, kind.to_owned(), value.to_owned(), state.map(str::to_owned)));
    }

    fn consent(&mut self, customer: i64, channel: &str, state: &str, at: i64) {
        let id = self.id();
        self.consents.push((id, customer, channel.to_owned(), state.to_owned(), at));
    }

    async fn write(&mut self) {
        let ws = self.op.ws().get();
        let mut tx = self.op.app.db.write().await.unwrap();
        let sources = std::mem::take(&mut self.sources);
        store::insert_many!(
            tx,
            "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at)",
            &sources,
            |s| [ws, s.0, format!("s{}", s.0), String::new(), s.1.clone(), 0_i64]
        )
        .unwrap();
        let customers = std::mem::take(&mut self.customers);
        store::insert_many!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)",
            &customers,
            |c| [ws, c.0, c.1.clone(), String::new(), String::new(), String::new(), String::new(), String::new(), "Київ".to_owned(), 0_i64, 0_i64]
        )
        .unwrap();
        let orders = std::mem::take(&mut self.orders);
        store::insert_many!(
            tx,
            "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)",
            &orders,
            |o| [ws, o.0, o.0, 1_i64, format!("n{}", o.0), o.2 * 86_400_000, o.2, o.4.clone(), String::new(), o.3, o.5.clone()]
        )
        .unwrap();
        let owned: Vec<_> = orders.iter().filter(|o| o.1 != 0).collect();
        store::insert_many!(
            tx,
            "INSERT INTO record_customers (workspace_id, record_id, customer_id)",
            &owned,
            |o| [ws, o.0, o.1]
        )
        .unwrap();
        let contacts = std::mem::take(&mut self.contacts);
        store::insert_many!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
            &contacts,
            |c| [ws, c.0, c.1, c.2.clone(), c.3.clone(), 1_i64, 0_i64, 0_i64, 1_i64, true]
        )
        .unwrap();
        let states: Vec<_> = contacts.iter().filter(|c| c.4.is_some()).collect();
        store::insert_many!(
            tx,
            "INSERT INTO contact_states (workspace_id, kind, value, state, failures, reason, at)",
            &states,
            |c| [ws, c.2.clone(), c.3.clone(), c.4.clone(), 1_i64, String::new(), 0_i64]
        )
        .unwrap();
        let consents = std::mem::take(&mut self.consents);
        store::insert_many!(
            tx,
            "INSERT INTO consents (workspace_id, id, customer_id, kind, value, purpose, channel, state, basis, proof, at)",
            &consents,
            |c| [ws, c.0, c.1, "email".to_owned(), "x".to_owned(), "marketing".to_owned(), c.2.clone(), c.3.clone(), "consent".to_owned(), "{}".to_owned(), c.4]
        )
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// A base with repeat buyers, one-time buyers and people without orders.
    async fn bookshop(&mut self, customers: i64) {
        let mut rng = Rng::seeded(11);
        self.source(
            1,
            r#"[{"purpose":"marketing","channel":"email","basis":"soft_opt_in","proof":"orders"}]"#,
        );
        for id in 1..=customers {
            self.customer(id, &format!("Клієнт {id}"));
            let mut day = TODAY - 900 + i64::from(rng.below(600));
            let pace = 20 + i64::from(rng.below(200));
            if id % 17 == 0 {
                continue;
            }
            loop {
                self.order(id, day, 10_000 + i64::from(rng.below(50_000)), "paid");
                if rng.chance(0.45) {
                    break;
                }
                day += 1 + i64::from(rng.below(u32::try_from(pace).unwrap() * 2));
                if day > TODAY {
                    break;
                }
            }
            if id % 3 != 0 {
                self.contact(id, "email", &format!("a{id}@x.ua"), (id % 5 == 0).then_some("hard_bounced"));
            }
            if id % 4 != 0 {
                self.contact(id, "phone", &format!("+38096{id:07}"), None);
            }
        }
        self.write().await;
    }
}

async fn get(app: &App, token: &str, path: &str) -> (StatusCode, Value) {
    send(
        app,
        Request::get(path).header("Authorization", format!("Bearer {token}")).body(Body::empty()).unwrap(),
    )
    .await
}

async fn post(app: &App, token: &str, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    send(app, request).await
}

async fn send(app: &App, request: Request<Body>) -> (StatusCode, Value) {
    let (router, _) = insight::routes().split_for_parts();
    let response = router.with_state(app.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text.contains("NaN"), "{text}");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn token(op: &Op) -> String {
    access::add_token(&op.app, op.ws(), "test", access::Role::Administrator).await.unwrap().1
}

/// How many customers a list holds, read page by page.
async fn length(app: &App, token: &str, list: &str) -> usize {
    let (mut cursor, mut seen) = (String::new(), std::collections::HashSet::new());
    loop {
        let path = format!("/api/base-health/list?{list}&limit=97{cursor}");
        let (status, page) = get(app, token, &path).await;
        assert_eq!(status, StatusCode::OK, "{path} {page}");
        for item in page["items"].as_array().unwrap() {
            assert!(seen.insert(item["id"].as_str().unwrap().to_owned()), "{list}: {} twice", item["id"]);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen.len(),
        }
    }
}

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

async fn stored(op: &Op) -> Vec<insight::store::StoredProfile> {
    let mut tx = op.app.db.read().await.unwrap();
    insight::store::profiles(&mut tx, op.ws()).await.unwrap()
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
