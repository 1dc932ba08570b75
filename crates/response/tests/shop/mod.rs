//! A shop with a campaign of three waves and two people, written straight into the tables.
#![allow(dead_code, clippy::allow_attributes, reason = "shared by tests that each need a part of it")]

use access::{
    Op,
    links::{Link, LinkKind},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use basis::{Lang, MessageId};
use serde_json::json;
use tower::ServiceExt;

pub const CAMPAIGN: i64 = 500;
pub const LETTERS: i64 = 601;
pub const SMS: i64 = 602;
pub const CALLS: i64 = 603;
/// Treated.
pub const OLENA: i64 = 1;
/// Held out.
pub const TARAS: i64 = 2;
/// Olena's letter.
pub const LETTER: i64 = 9001;
pub const EMAIL: &str = "olena.k@example.org";
pub const PHONE: &str = "+380979391155";
pub const START: i64 = 1_725_181_200_000;
pub const DAY: i64 = 86_400_000;
pub const BROWSER: &str =
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36";

/// Everything up to the letter, which was sent an hour ago.
pub async fn open(op: &Op) {
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    let basis = json!([{ "purpose": "marketing", "channel": "all", "basis": "consent", "proof": "checkbox at checkout" }]);
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'orders', '', $2, 0)",
        ws,
        basis.to_string()
    )
    .unwrap();
    for (id, key, ru) in [(71_i64, "poetry", "Поэзия"), (72, "fantasy", "Фантастика")] {
        store::execute!(
            tx,
            "INSERT INTO categories (workspace_id, id, key, name_ru, name_uk, name_en, position) VALUES ($1, $2, $3, $4, $4, $3, $2)",
            ws,
            id,
            key,
            ru
        )
        .unwrap();
    }
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at, launched_at)
         VALUES ($1, $2, 'Спасибо за книги', 'running', 'by-customer', 0.1, '{\"kind\":\"order\",\"window_days\":30}', 0, $3, $3)",
        ws,
        CAMPAIGN,
        START - DAY
    )
    .unwrap();
    let body = |text: &str| {
        json!({
            "bodies": { "uk": { "subject": "Дякуємо", "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>{{ greeting }}! <a href=\"https://shop.example/a\">a</a></mj-text></mj-column></mj-section></mj-body></mjml>", "text": text } },
            "from_name": "Shop", "from_address": "shop@example.org"
        })
        .to_string()
    };
    for (position, wave, channel, text) in [
        (0_i64, LETTERS, "email", ""),
        (1, SMS, "sms", "{{ interests_url }}"),
        (2, CALLS, "call", "{{ greeting }}"),
    ] {
        store::execute!(
            tx,
            "INSERT INTO waves (workspace_id, id, campaign_id, position, channel, after_days, target, content, state, due_at, started_at)
             VALUES ($1, $2, $3, $4, $5, 7, 'silent', $6, 'running', $7, $7)",
            ws,
            wave,
            CAMPAIGN,
            position,
            channel,
            body(text),
            START - DAY
        )
        .unwrap();
    }
    for (number, url) in
        ["https://shop.example/a", "https://shop.example/b", "https://shop.example/c"].iter().enumerate()
    {
        store::execute!(
            tx,
            "INSERT INTO links (workspace_id, wave_id, number, url) VALUES ($1, $2, $3, $4)",
            ws,
            LETTERS,
            i64::try_from(number).unwrap(),
            *url
        )
        .unwrap();
    }
    for (id, name, holdout) in [(OLENA, "Олена Коваль", false), (TARAS, "Тарас Шевчук", true)]
    {
        store::execute!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, city, created_at, updated_at)
             VALUES ($1, $2, $3, 'Олена', '', '', '', '', 'uk', 'Київ', 0, 0)",
            ws,
            id,
            name
        )
        .unwrap();
        store::execute!(
            tx,
            "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_minor, dead)
             VALUES ($1, $2, $3, $4, 'none', FALSE, 0, FALSE)",
            ws,
            CAMPAIGN,
            id,
            holdout
        )
        .unwrap();
        let (email, phone) = if id == OLENA { (EMAIL, PHONE) } else { ("", "") };
        let payload = json!({ "full_name": name, "email": email, "phone": phone }).to_string();
        store::execute!(
            tx,
            "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload)
             VALUES ($1, $2, 1, TRUE, 1, 1, 'person', $3, 'people.csv', 1, '', $4)",
            ws,
            60 + id,
            name,
            payload
        )
        .unwrap();
        store::execute!(
            tx,
            "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, $2, $3)",
            ws,
            60 + id,
            id
        )
        .unwrap();
    }
    for (id, kind, value) in [(31_i64, "email", EMAIL), (32, "phone", PHONE)] {
        store::execute!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)
             VALUES ($1, $2, $3, $4, $5, 1, 0, 0, 1, TRUE)",
            ws,
            id,
            OLENA,
            kind,
            value
        )
        .unwrap();
    }
    tx.commit().await.unwrap();
    add_message(op, LETTER, LETTERS, "email", EMAIL, Some(START - 3_600_000)).await;
    // Keys are made once, outside of the transactions of the tests.
    for purpose in ["links", "suppression"] {
        op.app.key(op.ws(), purpose).await.unwrap();
    }
}

pub async fn add_message(op: &Op, id: i64, wave: i64, channel: &str, address: &str, sent: Option<i64>) {
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO messages (workspace_id, id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, epoch, attempts, due_at, expires_at, language, sent_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', 0, 1, $9, $10, 'uk', $11)",
        op.ws().get(),
        id,
        CAMPAIGN,
        wave,
        OLENA,
        channel,
        address,
        if sent.is_some() { "accepted" } else { "planned" },
        START - DAY,
        START + 30 * DAY,
        sent
    )
    .unwrap();
    tx.commit().await.unwrap();
}

/// Gives a wave a second variant with this change of its Ukrainian text, which this message's person drew.
pub async fn draw_second(op: &Op, wave: i64, message: i64, change: serde_json::Value) {
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    let (content,) = store::fetch_one!(
        tx,
        (String,),
        "SELECT content FROM waves WHERE workspace_id = $1 AND id = $2",
        ws,
        wave
    )
    .unwrap();
    let mut content: serde_json::Value = serde_json::from_str(&content).unwrap();
    content["variants"] =
        json!([{ "name": "A", "changes": {} }, { "name": "B", "changes": { "uk": change } }]);
    store::execute!(
        tx,
        "UPDATE waves SET content = $3 WHERE workspace_id = $1 AND id = $2",
        ws,
        wave,
        content.to_string()
    )
    .unwrap();
    store::execute!(tx, "UPDATE messages SET variant = 1 WHERE workspace_id = $1 AND id = $2", ws, message)
        .unwrap();
    tx.commit().await.unwrap();
}

pub async fn path(op: &Op, message: i64, kind: LinkKind) -> String {
    let key = op.app.key(op.ws(), "links").await.unwrap();
    Link { workspace: op.ws(), message: MessageId(message), kind }.path(&key)
}

pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub async fn send(op: &Op, request: Request<Body>) -> Got {
    let (router, _) = response::routes().split_for_parts();
    let router: Router = router.with_state(op.app.clone());
    let response = router.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Got { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

pub async fn get(op: &Op, path: &str) -> Got {
    send(
        op,
        Request::get(path)
            .header("user-agent", BROWSER)
            .header("accept-language", "uk,ru;q=0.8")
            .body(Body::empty())
            .unwrap(),
    )
    .await
}

pub async fn post(op: &Op, path: &str, form: &str) -> Got {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(op, request.body(Body::from(form.to_owned())).unwrap()).await
}

/// One number of the database.
pub async fn count(op: &Op, sql: &str) -> i64 {
    let mut tx = op.app.db.read().await.unwrap();
    let rows: Vec<(i64,)> = tx.fetch_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    rows[0].0
}

/// One text of the database.
pub async fn text(op: &Op, sql: &str) -> String {
    let mut tx = op.app.db.read().await.unwrap();
    let rows: Vec<(String,)> = tx.fetch_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    rows.into_iter().next().map(|(t,)| t).unwrap_or_default()
}

/// Olena as the campaign knows her: outcome, clicked, ended, dead.
pub async fn member(op: &Op) -> (String, bool, bool, bool) {
    let mut tx = op.app.db.read().await.unwrap();
    store::fetch_one!(
        tx,
        (String, bool, bool, bool),
        "SELECT outcome, clicked, ended_at IS NOT NULL, dead FROM campaign_members WHERE workspace_id = $1 AND customer_id = 1",
        op.ws().get()
    )
    .unwrap()
}

pub const LANGS: [Lang; 3] = Lang::ALL;
