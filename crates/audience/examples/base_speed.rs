//! Times counts, the waterfall, a freeze and the gate on a made-up base of 100,000 customers and 250,000 orders:
//! `cargo run --release -p audience --example base_speed`. With OTKLIK_TEST_PG set, on a new PostgreSQL database too.

use std::sync::Arc;

use access::{Op, testing::with_app};
use audience::{WaterfallAsk, count_rule, freeze, rules::language::parse, waterfall};
use basis::{Clock, CustomerId, Rng, SystemClock};
use permission::{Channel, GateQuery, Purpose, gate_many};
use serde_json::json;

const CUSTOMERS: i64 = 100_000;
const TODAY: i64 = 19_967;

fn say(text: String) {
    // A figure for a person at a terminal; a closed pipe is no error of ours.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), (text + "\n").as_bytes());
}

async fn fill(op: &Op) {
    let (ws, mut rng) = (op.ws().get(), Rng::seeded(7));
    let people: Vec<i64> = (1..=CUSTOMERS).collect();
    let mut tx = op.app.db.write().await.expect("a write");
    let basis = r#"[{"purpose":"marketing","channel":"all","basis":"consent","proof":"box"}]"#;
    store::execute!(tx, "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 's', '', $2, 0)", ws, basis).expect("source");
    store::insert_many!(tx, "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)",
        people, |id| [ws, *id, format!("Клиент {id}"), "", "", "", format!("клиент {id}"), format!("{id:09}"), format!("Місто {}", id % 40), 0_i64, 0_i64]).expect("customers");
    let rows: Vec<(i64, i64, i64, &str)> = people
        .iter()
        .map(|id| {
            let n = i64::from(rng.below(5));
            (
                *id,
                n,
                TODAY - i64::from(rng.below(900)),
                ["new", "developing", "at_risk", "lapsed", "returned"][usize::try_from(id % 5).unwrap_or(0)],
            )
        })
        .collect();
    store::insert_many!(tx, "INSERT INTO profiles (workspace_id, customer_id, orders, first_day, last_day, revenue_minor, stage, signals, as_of)",
        rows, |r| [ws, r.0, r.1, (r.1 > 0).then_some(r.2 - 30), (r.1 > 0).then_some(r.2), r.1 * 25_000, r.3, "[]", 0_i64]).expect("profiles");
    store::insert_many!(tx, "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
        people, |id| [ws, *id * 2, *id, "email", format!("c{id}@x.example"), 1_i64, 0_i64, 0_i64, 1_i64, true]).expect("emails");
    store::insert_many!(tx, "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
        people, |id| [ws, *id * 2 + 1, *id, "phone", format!("+38096{id:07}"), 1_i64, 0_i64, 0_i64, 1_i64, true]).expect("phones");
    let products: Vec<i64> = (1..=400).collect();
    store::insert_many!(
        tx,
        "INSERT INTO products (workspace_id, id, title, title_key, category_id)",
        products,
        |id| [ws, *id, format!("Книга {id}"), format!("книга {id}"), *id % 12]
    )
    .expect("products");
    let orders: Vec<(i64, i64, i64, i64)> = (1..=250_000_i64)
        .map(|id| {
            (
                id,
                1 + i64::from(rng.below(100_000)),
                TODAY - i64::from(rng.below(900)),
                1 + i64::from(rng.below(400)),
            )
        })
        .collect();
    store::insert_many!(tx, "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)",
        orders, |o| [ws, o.0, o.0, 1_i64, "", o.2 * 86_400_000, o.2, "paid", "", 20_000_i64, "UAH"]).expect("orders");
    store::insert_many!(
        tx,
        "INSERT INTO order_lines (workspace_id, order_id, line_no, product_id, quantity)",
        orders,
        |o| [ws, o.0, 1_i64, o.3, 1_i64]
    )
    .expect("lines");
    store::insert_many!(
        tx,
        "INSERT INTO record_customers (workspace_id, record_id, customer_id)",
        orders,
        |o| [ws, o.0, o.1]
    )
    .expect("records");
    tx.commit().await.expect("commit");
    op.app.db.tidy().await.expect("tidy");
}

async fn measure(op: Op) {
    fill(&op).await;
    let (clock, now) = (SystemClock, op.campaign_now());
    say(format!("{:?}", op.app.db));
    for rule in [
        json!({"all": []}),
        json!({"field": "last_order", "op": "older_days", "value": 180}),
        json!({"all": [{"field": "stage", "op": "in", "value": ["lapsed"]}, {"field": "revenue", "op": "gte", "value": 50_000}, {"field": "city", "op": "eq", "value": "Місто 7"}]}),
        json!({"field": "orders", "op": "gte", "value": 2, "days": 365}),
        json!({"field": "category", "op": "in", "value": ["3", "4"]}),
        json!({"any": [{"field": "category", "op": "in", "value": ["3"], "days": 365}, {"not": {"field": "product", "op": "contains", "value": "книга 39"}}]}),
        json!({"all": [{"field": "reachable", "op": "in", "value": ["email"]}, {"field": "consent_email", "op": "in", "value": ["none"]}]}),
        json!({"field": "name", "op": "contains", "value": "клиент 99"}),
        json!({"all": [{"field": "reaction", "op": "not_in", "value": ["treated"]}, {"field": "interest", "op": "not_in", "value": ["3"]}, {"field": "dead", "op": "eq", "value": false}]}),
    ] {
        let parsed = parse(&rule).expect("a rule");
        let mut times = Vec::new();
        let mut customers = 0;
        for _ in 0..5 {
            let started = clock.now();
            let mut tx = op.app.db.read().await.expect("a read");
            customers = count_rule(&mut tx, &op.workspace, now, &parsed).await.expect("a count");
            times.push(clock.now().millis() - started.millis());
        }
        times.sort_unstable();
        say(format!("count {customers:>7}  median {:>4} ms  worst {:>4} ms  {rule}", times[2], times[4]));
    }
    let rule = parse(&json!({"all": []})).expect("a rule");
    let started = clock.now();
    let ask = WaterfallAsk {
        rule: &rule,
        channels: &[Channel::Email, Channel::Sms],
        holdout_share: 0.1,
        salt: "s",
    };
    let fall = waterfall(&op.app, &op.workspace, now, &ask).await.expect("a waterfall");
    say(format!("waterfall of {} in {} ms", fall.base, clock.now().millis() - started.millis()));
    let started = clock.now();
    freeze(&op, None, "s", 0.1).await.expect("a freeze");
    say(format!("freeze of {CUSTOMERS} in {} ms", clock.now().millis() - started.millis()));
    let queries: Vec<GateQuery> = (1..=500)
        .map(|id| GateQuery {
            customer_id: CustomerId(id),
            channel: Channel::Email,
            address: format!("c{id}@x.example"),
            purpose: Purpose::Marketing,
            at: now,
            campaign_id: None,
            expires_at: None,
        })
        .collect();
    let started = clock.now();
    for _ in 0..10 {
        let mut tx = op.app.db.read().await.expect("a read");
        gate_many(&mut tx, &op.app, &op.workspace, &queries).await.expect("an answer");
    }
    say(format!("gate of 500: {} ms", (clock.now().millis() - started.millis()) / 10));
}

#[tokio::main]
async fn main() {
    with_app(|op, clock| async move {
        drop(Arc::clone(&clock));
        measure(op).await;
    })
    .await;
}
