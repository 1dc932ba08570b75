//! From a campaign file with variants over launch, planning and sending to the proof, on both engines.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use access::{Op, Role, testing::with_app};
use axum::http::Method;
use basis::{CampaignId, CustomerId, ManualClock, WaveId};
use campaign::VariantNo;
use channel::sender::{Pace, Sender};
use channel::transport::{BoxFuture, Intent, Outcome, Outgoing, Payload, Transport};
use channel::{ProductComposer, SenderKind, ledger, settings};
use serde_json::{Value, json};

const PEOPLE: i64 = 600;
const DAY: u64 = 86_400;

const FILE: &str = r#"
name = "Осінь"
language = "uk"
[audience]
all = true
[holdout]
share = 0.1
[goal]
kind = "order"
window_days = 30

[[wave]]
channel = "email"
from = "Книгарня <shop@example.org>"
[[wave.variant]]
name = "Дякуємо"
share = 0.5
[[wave.variant]]
name = "Полиця"
share = 0.5
subject = "Ваша полиця чекає"

[[wave]]
channel = "call"
after_days = 7
to = "all"
[[wave.variant]]
name = "A"
[[wave.variant]]
name = "B"
script = "Спершу спитайте про книжки."
"#;

/// Takes every letter once.
#[derive(Default)]
struct Post {
    letters: Mutex<BTreeMap<i64, String>>,
}

impl Transport for Post {
    fn send<'a>(&'a self, message: &'a Outgoing, intent: &'a dyn Intent) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if !intent.record(message.ledger).await {
                return Outcome::Withdrawn;
            }
            let Payload::Email { raw, .. } = &message.payload else {
                return Outcome::Rejected { status: None, detail: "no letter".to_owned() };
            };
            let raw = String::from_utf8_lossy(raw).into_owned();
            assert!(self.letters.lock().unwrap().insert(message.ledger, raw).is_none(), "sent once");
            Outcome::Accepted { reference: None, detail: String::new() }
        })
    }
    fn lanes(&self) -> usize {
        4
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// People of whom every twelfth has no e-mail address, and who all bought last year.
async fn people(op: &Op) {
    let ws = op.ws().get();
    let basis =
        json!([{ "purpose": "marketing", "channel": "all", "basis": "consent", "proof": "checkbox" }]);
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'orders', '', $2, 0)",
        ws,
        basis.to_string()
    )
    .unwrap();
    let all: Vec<i64> = (1..=PEOPLE).collect();
    store::insert_many!(
        tx,
        "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, city, created_at, updated_at)",
        &all,
        |id| [ws, *id, format!("Людина {id}"), "", "", "", "", "", "uk", "", 0_i64, 0_i64]
    )
    .unwrap();
    let contacts: Vec<(i64, i64, &str, String)> = all
        .iter()
        .flat_map(|id| {
            let email = (id % 12 != 0).then(|| (id * 2, *id, "email", format!("person{id}@example.org")));
            email.into_iter().chain([(id * 2 + 1, *id, "phone", format!("+38050{id:07}"))])
        })
        .collect();
    store::insert_many!(
        tx,
        "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
        &contacts,
        |c| [ws, c.0, c.1, c.2, c.3.clone(), 1_i64, 0_i64, 0_i64, 1_i64, true]
    )
    .unwrap();
    tx.commit().await.unwrap();
    orders(op, all.iter().map(|id| (*id, -200)).collect(), 0).await;
}

/// Orders of 100.00 by customer and day, counted from the test's first day.
async fn orders(op: &Op, bought: Vec<(i64, i64)>, offset: i64) {
    let ws = op.ws().get();
    let first = 19_967;
    let mut tx = op.app.db.write().await.unwrap();
    store::insert_many!(
        tx,
        "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)",
        &bought,
        |o| [ws, offset + o.0, offset + o.0, 1_i64, format!("n{}", offset + o.0), (first + o.1) * 86_400_000, first + o.1, "paid", "", 10_000_i64, "UAH"]
    )
    .unwrap();
    store::insert_many!(
        tx,
        "INSERT INTO record_customers (workspace_id, record_id, customer_id)",
        &bought,
        |o| [ws, offset + o.0, o.0]
    )
    .unwrap();
    tx.commit().await.unwrap();
}

struct Launched {
    op: Op,
    id: CampaignId,
    letters: WaveId,
    calls: WaveId,
}

async fn launched(op: &Op) -> Launched {
    people(op).await;
    let mut op = op.clone();
    op.workspace.settings = json!({ "sender": { "shop_name": "Книгарня", "shop_url": "https://shop.example",
        "legal_name": "ФОП Приклад", "postal_address": "Київ, вул. Прикладна, 1", "email": "shop@example.org" } });
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "UPDATE workspaces SET settings = $2 WHERE id = $1",
        op.ws().get(),
        op.workspace.settings.to_string()
    )
    .unwrap();
    tx.commit().await.unwrap();
    let config = json!({ "host": "127.0.0.1", "port": 2525, "security": "none", "domain": "example.org", "bounce_domain": "bounce.example.org" });
    settings::save(&op.app, &op.workspace, SenderKind::Email, &config, None).await.unwrap();
    let draft = campaign::parse_file(FILE, Path::new(".")).unwrap().draft;
    let id = campaign::create(&op, &draft).await.unwrap();
    campaign::launch(&op, id, &[]).await.unwrap();
    campaign::run_launch(&op, id).await.unwrap();
    campaign::tick(&op.app, &op.workspace).await.unwrap();
    let mut tx = op.app.db.read().await.unwrap();
    let waves = campaign::waves(&mut tx, op.ws(), id).await.unwrap();
    assert_eq!(waves[0].draft, draft.waves[0], "the variants are kept as they were written");
    Launched { letters: waves[0].id, calls: waves[1].id, op: op.clone(), id }
}

impl Launched {
    async fn rows(&self, wave: WaveId) -> Vec<ledger::Row> {
        let mut tx = self.op.app.db.read().await.unwrap();
        ledger::list(&mut tx, self.op.ws(), self.id, Some(wave), "", 0, 10_000).await.unwrap()
    }

    async fn plan(&self, wave: WaveId) -> BTreeMap<CustomerId, VariantNo> {
        channel::plan_wave(&self.op.app, self.op.ws(), wave).await.unwrap();
        self.drawn(wave).await
    }

    async fn drawn(&self, wave: WaveId) -> BTreeMap<CustomerId, VariantNo> {
        self.rows(wave).await.into_iter().map(|row| (row.customer_id, row.variant.unwrap())).collect()
    }

    async fn send(&self) -> BTreeMap<i64, String> {
        let post = Arc::new(Post::default());
        let composer = Arc::new(ProductComposer::default());
        let (app, workspace) = (self.op.app.clone(), self.op.workspace.clone());
        let sender = Sender::new(app, workspace, "email", Arc::clone(&post) as _, composer, Pace::default());
        for _ in 0..40 {
            sender.pass().await.unwrap();
        }
        post.letters.lock().unwrap().clone()
    }

    async fn ask(&self, op: &Op, path: &str) -> (u16, Value) {
        let ask = access::testing::as_role(op, report::routes(), Role::Client).await;
        let (status, body) = ask(Method::GET, path, Value::Null).await;
        (status.as_u16(), body)
    }

    /// The length of the list behind a figure, page by page.
    async fn list(&self, question: &str) -> usize {
        let (mut total, mut cursor) = (0, String::new());
        loop {
            let path = format!("/api/campaigns/{}/people?{question}&limit=200{cursor}", self.id);
            let (status, page) = self.ask(&self.op, &path).await;
            assert_eq!(status, 200, "{page}");
            total += page["items"].as_array().unwrap().len();
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return total,
            }
        }
    }

    async fn proof(&self) -> Value {
        let (status, body) = self.ask(&self.op, &format!("/api/campaigns/{}/variants", self.id)).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

fn subject(raw: &str) -> String {
    let parsed = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
    parsed.subject().unwrap().to_owned()
}

#[tokio::test]
async fn a_split_is_kept_from_the_launch_to_the_proof() {
    with_app(|op, clock| async move {
        let shop = launched(&op).await;
        let drawn = shop.plan(shop.letters).await;
        let treated = drawn.len();
        assert!((500..580).contains(&treated), "{treated}");
        let second = drawn.values().filter(|no| **no == VariantNo(1)).count();
        assert!((treated * 2 / 5..=treated * 3 / 5).contains(&second), "{second} of {treated}");
        assert_eq!(shop.plan(shop.letters).await, drawn, "planned again, drawn the same");

        // The planning of half the people is lost, as by a crash: they draw what they drew.
        let mut tx = shop.op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "DELETE FROM messages WHERE workspace_id = $1 AND customer_id > 300",
            shop.op.ws().get()
        )
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(shop.plan(shop.letters).await, drawn);

        let letters = shop.send().await;
        let rows = shop.rows(shop.letters).await;
        assert_eq!(letters.len(), rows.iter().filter(|row| row.state == "accepted").count());
        assert!(letters.len() > 450, "{}", letters.len());
        for row in rows.iter().filter(|row| row.state == "accepted") {
            let other = subject(&letters[&row.id.get()]) == "Ваша полиця чекає";
            assert_eq!(other, row.variant == Some(VariantNo(1)), "{row:?}");
        }
        assert!(rows.iter().any(|row| row.state == "excluded" && row.variant.is_some()), "as assigned");
        judge(&shop, &clock, &drawn).await;
    })
    .await;
}

async fn judge(shop: &Launched, clock: &ManualClock, drawn: &BTreeMap<CustomerId, VariantNo>) {
    let op = &shop.op;
    // Of those who drew the second letter every third buys, of the others every tenth.
    let bought: Vec<(i64, i64)> = drawn
        .iter()
        .filter(|(id, no)| if **no == VariantNo(1) { id.get() % 3 == 0 } else { id.get() % 10 == 0 })
        .map(|(id, _)| (id.get(), 5))
        .collect();
    orders(op, bought.clone(), 100_000).await;
    clock.advance(Duration::from_secs(10 * DAY));
    insight::refresh(&op.app, op.ws()).await.unwrap();
    let open = shop.proof().await;
    let wave = &open["waves"][0];
    assert_eq!(
        (&wave["open"], &open["window_days"], &open["currency"]),
        (&json!(true), &json!(30), &json!("UAH"))
    );
    assert_eq!(open["waves"][1]["from_day"], Value::Null, "the second wave has not begun");
    assert_eq!(open["waves"][1]["comparison"]["versus"][0]["verdict"], "waiting");

    clock.advance(Duration::from_secs(25 * DAY));
    insight::refresh(&op.app, op.ws()).await.unwrap();
    let body = shop.proof().await;
    let wave = &body["waves"][0];
    assert_eq!(wave["open"], false);
    let found = &wave["comparison"]["versus"][0];
    assert_eq!(
        (&wave["comparison"]["srm_alarm"], &found["verdict"]),
        (&json!(false), &json!("better")),
        "{body:#}"
    );
    let count = |no: i64, of: &dyn Fn(i64) -> bool| {
        drawn.iter().filter(|(id, drew)| drew.get() == no && of(id.get())).count()
    };
    for (no, name) in [(0, "Дякуємо"), (1, "Полиця")] {
        let arm = &wave["variants"][usize::try_from(no).unwrap()];
        assert_eq!(arm["name"], name);
        assert_eq!(arm["assigned"], count(no, &|_| true), "those without an address too");
        assert_eq!(arm["sent"], count(no, &|id| id % 12 != 0));
        let buyers = count(no, &|id| bought.contains(&(id, 5)));
        assert_eq!(arm["buyers"], buyers);
        assert_eq!(arm["revenue_minor"], buyers * 10_000);
        for cell in ["assigned", "sent", "delivered", "clicked", "positive", "bought"] {
            let length = shop.list(&format!("wave=1&cell={cell}&variant={}", no + 1)).await;
            let figure = &arm[if cell == "bought" { "buyers" } else { cell }];
            assert_eq!(json!(length), *figure, "{cell}");
        }
    }
    let share = |arm: &Value| arm["buyers"].as_f64().unwrap() / arm["people"].as_f64().unwrap();
    let difference = share(&wave["variants"][1]) - share(&wave["variants"][0]);
    assert!((found["bought"]["difference"].as_f64().unwrap() - difference).abs() < 1e-12);
    assert!(found["bought"]["low"].as_f64().unwrap() > 0.0);

    let status = report::funnel(&op.app, op.ws(), shop.id).await.unwrap().status_json();
    assert_eq!(status["waves"][0]["variants"][1]["name"], "Полиця");
    assert_eq!(status["waves"][0]["variants"][1]["sent"], wave["variants"][1]["sent"]);

    let stranger = access::NewWorkspace {
        name: "stranger".to_owned(),
        simulated: true,
        language: basis::Lang::En,
        timezone: "Europe/Kyiv".to_owned(),
        jurisdiction: "ua".to_owned(),
        currency: op.workspace.currency,
    };
    let stranger = access::create_workspace(&op.app, stranger).await.unwrap();
    let stranger = Op::system(op.app.clone(), stranger);
    for path in ["variants", "people?wave=1&cell=assigned&variant=1", "people?wave=1&cell=bought&variant=1"] {
        let (status, body) = shop.ask(&stranger, &format!("/api/campaigns/{}/{path}", shop.id)).await;
        assert_eq!(status, 404, "{path}: {body}");
    }
}

#[tokio::test]
async fn a_split_that_was_tampered_with_names_nobody() {
    with_app(|op, _| async move {
        let shop = launched(&op).await;
        shop.plan(shop.letters).await;
        let mut tx = shop.op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "DELETE FROM messages WHERE workspace_id = $1 AND variant = 1 AND customer_id > 200",
            shop.op.ws().get()
        )
        .unwrap();
        tx.commit().await.unwrap();
        let comparison = shop.proof().await["waves"][0]["comparison"].clone();
        assert_eq!(
            (&comparison["srm_alarm"], &comparison["versus"][0]["verdict"]),
            (&json!(true), &json!("broken"))
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_after_a_backup_keeps_its_variant() {
    with_app(|op, _| async move {
        let shop = launched(&op).await;
        let drawn = shop.plan(shop.letters).await;
        shop.send().await;
        let mut tx = shop.op.app.db.write().await.unwrap();
        let sent = ledger::restored::sent(&mut tx).await.unwrap();
        store::execute!(tx, "DELETE FROM messages WHERE workspace_id = $1", shop.op.ws().get()).unwrap();
        let uncertain = ledger::restored::mark_sent(&mut tx, &sent).await.unwrap();
        tx.commit().await.unwrap();
        let rows = shop.drawn(shop.letters).await;
        assert_eq!(u64::try_from(rows.len()).unwrap(), uncertain);
        assert!(rows.len() > 400 && rows.iter().all(|(id, no)| drawn[id] == *no));
        assert_eq!(shop.plan(shop.letters).await, drawn, "and the rest draw what they drew");
    })
    .await;
}

#[tokio::test]
async fn each_wave_is_a_draw_of_its_own() {
    with_app(|op, _| async move {
        let shop = launched(&op).await;
        let (letters, calls) = (shop.plan(shop.letters).await, shop.plan(shop.calls).await);
        let both = letters.iter().filter(|(id, no)| calls[id] == **no).count();
        assert!(
            (letters.len() * 2 / 5..=letters.len() * 3 / 5).contains(&both),
            "{both} of {}",
            letters.len()
        );
    })
    .await;
}
