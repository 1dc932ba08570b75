//! A small shop in a database, and questions to its pages.

use access::{App, Op};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use basis::Rng;
use serde_json::Value;
use tower::ServiceExt;

/// 2024-09-01, the day on which tests start.
pub const TODAY: i64 = 19_967;

/// Rows to be written in one transaction.
pub struct Seed {
    pub op: Op,
    next: i64,
    sources: Vec<(i64, String)>,
    customers: Vec<(i64, String)>,
    /// (id, customer, day, minor, status, currency).
    orders: Vec<(i64, i64, i64, i64, String, String)>,
    contacts: Vec<(i64, i64, String, String, Option<String>)>,
    consents: Vec<(i64, i64, String, String, i64)>,
}

impl Seed {
    pub fn new(op: &Op) -> Self {
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

    pub fn id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    pub fn source(&mut self, id: i64, basis: &str) {
        self.sources.push((id, basis.to_owned()));
    }

    pub fn customer(&mut self, id: i64, name: &str) {
        self.customers.push((id, name.to_owned()));
    }

    pub fn order(&mut self, customer: i64, day: i64, minor: i64, status: &str) {
        self.order_in(customer, day, minor, status, "UAH");
    }

    pub fn order_in(&mut self, customer: i64, day: i64, minor: i64, status: &str, currency: &str) {
        let id = self.id();
        self.orders.push((id, customer, day, minor, status.to_owned(), currency.to_owned()));
    }

    pub fn contact(&mut self, customer: i64, kind: &str, value: &str, state: Option<&str>) {
        let id = self.id();
        self.contacts.push((id, customer, kind.to_owned(), value.to_owned(), state.map(str::to_owned)));
    }

    pub fn consent(&mut self, customer: i64, channel: &str, state: &str, at: i64) {
        let id = self.id();
        self.consents.push((id, customer, channel.to_owned(), state.to_owned(), at));
    }

    pub async fn write(&mut self) {
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
    pub async fn bookshop(&mut self, customers: i64) {
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

pub async fn get(app: &App, token: &str, path: &str) -> (StatusCode, Value) {
    send(
        app,
        Request::get(path).header("Authorization", format!("Bearer {token}")).body(Body::empty()).unwrap(),
    )
    .await
}

pub async fn post(app: &App, token: &str, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    send(app, request).await
}

pub async fn send(app: &App, request: Request<Body>) -> (StatusCode, Value) {
    let (router, _) = insight::routes().split_for_parts();
    let response = router.with_state(app.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text.contains("NaN"), "{text}");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub async fn token(op: &Op) -> String {
    access::add_token(&op.app, op.ws(), "test", access::Role::Administrator).await.unwrap().1
}

/// How many customers a list holds, read page by page.
pub async fn length(app: &App, token: &str, list: &str) -> usize {
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

pub async fn stored(op: &Op) -> Vec<insight::store::StoredProfile> {
    let mut tx = op.app.db.read().await.unwrap();
    insight::store::profiles(&mut tx, op.ws()).await.unwrap()
}

/// Asks every page; [`send`] makes sure that none shows a number that is none.
pub async fn every_page(op: &Op, token: &str) -> Vec<Value> {
    let mut answers = Vec::new();
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
        "/api/base-health/list.csv",
        "/api/insight/export/rfm.csv",
        "/api/insight/export/months.csv",
    ] {
        let (status, answer) = get(&op.app, token, path).await;
        assert_eq!(status, StatusCode::OK, "{path} {answer}");
        answers.push(answer);
    }
    answers
}
