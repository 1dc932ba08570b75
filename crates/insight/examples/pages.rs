//! How long the pages of this slice take over a large base in the embedded database, and what an incremental refresh
//! costs beside a full one.
//!
//! `pages CUSTOMERS ORDERS FOLDER` fills a new folder with a simulated shop (a filled one is used again), refreshes,
//! then asks every page through the router and prints one JSON line each: milliseconds and CPU milliseconds of the
//! first answer and the median of five more.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a benchmark talks to its terminal and stops at the first fault; its numbers are made small by itself"
)]

use access::{App, AppConfig, MasterKey, NewWorkspace, Op, Role};
use axum::body::Body;
use axum::http::Request;
use basis::{Currency, Lang, ManualClock, Rng, Time};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::Db;
use tower::ServiceExt;

/// 2024-09-01T09:00:00Z and its day.
const START: Time = Time::from_millis(1_725_181_200_000);
const TODAY: i64 = 19_967;
const DAY: i64 = 86_400_000;
const ROWS: usize = 50_000;

fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) * 10.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

struct OrderRow {
    id: i64,
    customer: i64,
    day: i64,
    minor: i64,
    status: &'static str,
}

async fn write_orders(op: &Op, orders: &[OrderRow]) {
    let ws = op.ws().get();
    for rows in orders.chunks(ROWS) {
        let mut tx = op.app.db.write().await.unwrap();
        store::insert_many!(
            tx,
            "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)",
            rows,
            |o| [ws, o.id, o.id, 1_i64, o.id.to_string(), o.day * DAY, o.day, o.status, "", o.minor, "UAH"]
        )
        .unwrap();
        store::insert_many!(
            tx,
            "INSERT INTO record_customers (workspace_id, record_id, customer_id)",
            rows,
            |o| [ws, o.id, o.customer]
        )
        .unwrap();
        tx.commit().await.unwrap();
    }
}

/// Customers who come over three years, buy at their own pace and leave; some without orders, most with contacts.
async fn fill(op: &Op, customers: i64, orders: i64) {
    let ws = op.ws().get();
    let mut rng = Rng::seeded(20);
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'shop', '', $2, 0)",
        ws,
        r#"[{"purpose":"marketing","channel":"email","basis":"soft_opt_in","proof":"orders"}]"#
    )
    .unwrap();
    tx.commit().await.unwrap();
    let ids: Vec<i64> = (1..=customers).collect();
    for rows in ids.chunks(ROWS) {
        let mut tx = op.app.db.write().await.unwrap();
        store::insert_many!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)",
            rows,
            |id| [ws, *id, format!("Клієнт {id}"), "", "", "", "", format!("{id:09}"), "Київ", 0_i64, 0_i64]
        )
        .unwrap();
        let mails: Vec<i64> = rows.iter().copied().filter(|id| id % 5 != 0).collect();
        store::insert_many!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
            &mails,
            |id| [ws, *id, *id, "email", format!("a{id}@x.ua"), 1_i64, 0_i64, 0_i64, 1_i64, true]
        )
        .unwrap();
        let phones: Vec<i64> = rows.iter().copied().filter(|id| id % 3 != 0).collect();
        store::insert_many!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
            &phones,
            |id| [ws, customers + *id, *id, "phone", format!("+380{id:09}"), 1_i64, 0_i64, 0_i64, 1_i64, true]
        )
        .unwrap();
        tx.commit().await.unwrap();
    }
    let share = orders as f64 / customers as f64;
    let mut rows = Vec::with_capacity(orders as usize + 1000);
    for customer in 1..=customers {
        if customer % 20 == 0 {
            continue;
        }
        let mut day = TODAY - 1095 + i64::from(rng.below(1090));
        let pace = 10 + rng.below(120);
        // The chance to stay that gives about so many orders a customer.
        let stay = (1.0 - 1.0 / share).clamp(0.0, 0.98);
        loop {
            let status = if rng.chance(0.04) { "cancelled" } else { "paid" };
            let minor = 5_000 + i64::from(rng.below(80_000));
            rows.push(OrderRow { id: rows.len() as i64 + 1, customer, day, minor, status });
            day += 1 + i64::from(rng.below(2 * pace));
            if day > TODAY || !rng.chance(stay) {
                break;
            }
        }
    }
    write_orders(op, &rows).await;
}

/// One answer: milliseconds, and bytes of the body.
async fn ask(app: &App, token: &str, path: &str) -> (f64, usize) {
    let request =
        Request::get(path).header("Authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let before = Instant::now();
    let (router, _) = insight::routes().split_for_parts();
    let response = router.with_state(app.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
    (before.elapsed().as_secs_f64() * 1e3, bytes.len())
}

async fn pages(app: &App, token: &str, when: &str) {
    for path in [
        "/api/base-health",
        "/api/insight/value",
        "/api/insight/churn",
        "/api/insight/metrics",
        "/api/insight/cohorts",
        "/api/insight/rfm",
        "/api/insight/models",
        "/api/insight/stage-moves",
        "/api/customers/777/forecast",
        "/api/base-health/list",
        "/api/base-health/list?figure=at_risk_now",
        "/api/base-health/list?figure=rfm&r=5&f=5",
        "/api/base-health/list?figure=lapsed&from=2024-08-01&to=2024-08-31",
        "/api/base-health/list?figure=reachable&value=email",
        "/api/base-health/list?figure=cohort&value=2024-01&index=3",
    ] {
        let cpu = cpu_ms();
        let (first, bytes) = ask(app, token, path).await;
        let first_cpu = cpu_ms() - cpu;
        let mut more = Vec::new();
        let cpu = cpu_ms();
        for _ in 0..5 {
            more.push(ask(app, token, path).await.0);
        }
        let more_cpu = (cpu_ms() - cpu) / 5.0;
        more.sort_by(f64::total_cmp);
        println!(
            "{{\"when\":\"{when}\",\"page\":\"{path}\",\"first_ms\":{first:.0},\"first_cpu_ms\":{first_cpu:.0},\"median_ms\":{:.0},\"cpu_ms\":{more_cpu:.0},\"bytes\":{bytes}}}",
            more[2]
        );
    }
}

async fn timed<F: Future<Output = ()>>(what: &str, work: F) {
    let (cpu, before) = (cpu_ms(), Instant::now());
    work.await;
    println!(
        "{{\"task\":\"{what}\",\"ms\":{:.0},\"cpu_ms\":{:.0},\"peak_mib\":{}}}",
        before.elapsed().as_secs_f64() * 1e3,
        cpu_ms() - cpu,
        peak_mib()
    );
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [customers, orders, folder] = arguments.as_slice() else {
        println!("see the first lines of this file");
        std::process::exit(2);
    };
    let (customers, orders): (i64, i64) = (customers.parse().unwrap(), orders.parse().unwrap());
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder).unwrap();
    let db = Db::open_sqlite(&folder.join("pages.db")).await.unwrap();
    db.migrate(START).await.unwrap();
    let app = App::new(AppConfig {
        db,
        clock: Arc::new(ManualClock::new(START)),
        rng: Rng::seeded(u64::from(std::process::id())),
        data_dir: folder.to_owned(),
        master_key: MasterKey::from_bytes([1; 32]),
        public_url: "http://127.0.0.1:8080".to_owned(),
        public_url_given: false,
        trusted_proxies: Vec::new(),
    });
    let op = match access::workspaces(&app).await.unwrap().into_iter().next() {
        Some(workspace) => Op::system(app.clone(), workspace),
        None => {
            let new = NewWorkspace {
                name: "shop".to_owned(),
                simulated: true,
                language: Lang::Uk,
                timezone: "Europe/Kyiv".to_owned(),
                jurisdiction: "ua".to_owned(),
                currency: Currency::UAH,
            };
            let op = Op::system(app.clone(), access::create_workspace(&app, new).await.unwrap());
            timed("fill", fill(&op, customers, orders)).await;
            op
        }
    };
    let token = access::add_token(&app, op.ws(), "pages", Role::Administrator).await.unwrap().1;
    timed("full refresh", async { insight::refresh(&app, op.ws()).await.unwrap() }).await;
    pages(&app, &token, "after a full refresh").await;

    // One order in a thousand is new, of customers old and new.
    let last: Vec<(i64, i64)> = {
        let mut tx = app.db.read().await.unwrap();
        let of = |table: &str| {
            format!("SELECT COALESCE(MAX(id), 0), COUNT(*) FROM {table} WHERE workspace_id = $1")
        };
        let args = [store::Value::Int(op.ws().get())];
        let mut found = tx.fetch_dyn::<(i64, i64)>(&of("orders"), &args).await.unwrap();
        found.extend(tx.fetch_dyn::<(i64, i64)>(&of("customers"), &args).await.unwrap());
        found
    };
    let (last_order, count) = last[0];
    let mut rng = Rng::seeded(u64::from(std::process::id()));
    let rows: Vec<OrderRow> = (1..=count / 1000)
        .map(|i| {
            let customer = 1 + i64::from(rng.below(customers as u32));
            OrderRow { id: last_order + i, customer, day: TODAY, minor: 12_300, status: "paid" }
        })
        .collect();
    write_orders(&op, &rows).await;
    let mut tx = app.db.write().await.unwrap();
    let touched: Vec<i64> = rows.iter().map(|o| o.customer).collect();
    insight::changes::mark_customers(&mut tx, op.ws(), &touched).await.unwrap();
    tx.commit().await.unwrap();
    timed("refresh of 0.1 % new orders", async { insight::refresh_changed(&app, op.ws()).await.unwrap() })
        .await;
    pages(&app, &token, "after an incremental refresh").await;
}
