//! Every field and operator of the language, on both databases, against people whose answers are known.

use access::{Op, testing::with_app};
use audience::{add_segment, count_rule, customers, freeze, rules::language::parse, segment_by_name};
use basis::CustomerId;
use serde_json::{Value as Json, json};
use store::Tx;

/// Days since 1970 of the test's "today" at the shop (2024-09-01 in Kyiv).
const TODAY: i64 = 19_967;

macro_rules! put {
    ($tx:expr, $sql:literal, $($row:expr),+ $(,)?) => { $( { let r = $row; store::execute!($tx, $sql, WS.with(std::cell::Cell::get), r.0, r.1, r.2, r.3).unwrap(); } )+ };
}

thread_local! { static WS: std::cell::Cell<i64> = const { std::cell::Cell::new(0) }; }

/// 1 Anna: many recent orders, classics, consent by source. 2 Bohdan: lapsed, fiction. 3 Clara: never bought, no contact, withdrew.
/// 4 Danylo: one old order in another currency; was also 44 before a merge.
async fn base(op: &Op) -> Tx {
    op.app.key(op.ws(), "suppression").await.unwrap();
    let ws = op.ws().get();
    WS.with(|cell| cell.set(ws));
    let mut tx = op.app.db.write().await.unwrap();
    let consent = r#"[{"purpose":"marketing","channel":"email","basis":"consent","proof":"box"}]"#;
    put!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, $2, $3, $4, $5, 0)",
        (1_i64, "shop", "", consent),
        (2_i64, "list", "", "[]"),
    );
    for (id, name, key, lang, city, birth) in [
        (1_i64, "Анна Бойко", "анна боико", Some("uk"), "Київ", Some("1990-09-15")),
        (2, "Богдан Ткач", "богдан ткач", Some("uk"), "Львів", None),
        (3, "Clara Smith", "clara smith", None, "", Some("1985-01-02")),
        (4, "Данило Лис", "данило лис", Some("ru"), "Київ", None),
    ] {
        store::execute!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, birth_date, city, created_at, updated_at)
             VALUES ($1, $2, $3, '', '', '', $4, $4, $5, $6, $7, 0, 0)",
            ws, id, name, key, lang, birth, city
        )
        .unwrap();
    }
    store::execute!(
        tx,
        "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 44, 4)",
        ws
    )
    .unwrap();
    for (id, orders, first, last, revenue, stage, risk, gap) in [
        (1_i64, 3_i64, Some(TODAY - 400), Some(TODAY - 10), 90_000_i64, "developing", Some(0.1), Some(195.0)),
        (2, 2, Some(TODAY - 900), Some(TODAY - 500), 30_000, "lapsed", Some(0.9), Some(400.0)),
        (4, 1, Some(TODAY - 800), Some(TODAY - 800), 0, "lapsed", None, None),
    ] {
        store::execute!(
            tx,
            "INSERT INTO profiles (workspace_id, customer_id, orders, first_day, last_day, revenue_minor, stage, risk, mean_gap, signals, as_of) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '[]', 0)",
            ws, id, orders, first, last, revenue, stage, risk, gap
        )
        .unwrap();
    }
    put!(
        tx,
        "INSERT INTO categories (workspace_id, id, key, name_ru, name_uk, name_en, position) VALUES ($1, $2, $3, $4, $4, $5, $2)",
        (7_i64, "classics", "Классика", "Classics"),
        (8_i64, "fiction", "Фантастика", "Fiction"),
    );
    put!(
        tx,
        "INSERT INTO products (workspace_id, id, title, title_key, category_id) VALUES ($1, $2, $3, $4, $5)",
        (1_i64, "Кобзар", "кобзар", 7_i64),
        (2_i64, "Дюна", "дюна", 8_i64),
    );
    for (id, customer, product, ago, status, amount, currency) in [
        (1_i64, 1_i64, 1_i64, 10_i64, "paid", 50_000_i64, "UAH"),
        (2, 1, 1, 200, "paid", 30_000, "UAH"),
        (3, 1, 2, 400, "new", 10_000, "UAH"),
        (4, 1, 2, 5, "cancelled", 70_000, "UAH"),
        (5, 2, 2, 500, "paid", 15_000, "UAH"),
        (6, 2, 2, 900, "paid", 15_000, "UAH"),
        (7, 4, 1, 800, "paid", 99_000, "EUR"),
    ] {
        store::execute!(
            tx,
            "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency) VALUES ($1, $2, $2, 1, '', 0, $3, $4, '', $5, $6)",
            ws, id, TODAY - ago, status, amount, currency
        )
        .unwrap();
        store::execute!(tx, "INSERT INTO order_lines (workspace_id, order_id, line_no, product_id, quantity) VALUES ($1, $2, 1, $3, 1)", ws, id, product).unwrap();
        store::execute!(
            tx,
            "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, $2, $3)",
            ws,
            id,
            customer
        )
        .unwrap();
    }
    for (id, customer, kind, value, source) in [
        (1_i64, 1_i64, "email", "a@x.example", 1_i64),
        (2, 1, "phone", "+380961111111", 1),
        (3, 2, "email", "b@x.example", 2),
        (4, 4, "email", "d@x.example", 1),
    ] {
        store::execute!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 1, $7)",
            ws, id, customer, kind, value, source, true
        )
        .unwrap();
    }
    for (id, customer, state, at) in [
        (1_i64, 44_i64, "given", 1_i64),
        (2, 4, "withdrawn", 2),
        (3, 3, "withdrawn", 1),
        (4, 2, "withdrawn", 1),
        (5, 2, "given", 2),
    ] {
        store::execute!(
            tx,
            "INSERT INTO consents (workspace_id, id, customer_id, kind, value, purpose, channel, state, basis, proof, at) VALUES ($1, $2, $3, 'email', '', 'marketing', 'all', $4, 'consent', '\"p\"', $5)",
            ws, id, customer, state, at
        )
        .unwrap();
    }
    for (customer, category, chosen, at) in [(1_i64, 7_i64, true, 1_i64), (44, 8, true, 1), (4, 8, false, 2)]
    {
        store::execute!(tx, "INSERT INTO preferences (workspace_id, customer_id, category_id, chosen, at) VALUES ($1, $2, $3, $4, $5)", ws, customer, category, chosen, at).unwrap();
    }
    store::execute!(tx, "INSERT INTO dead_customers (workspace_id, customer_id, at) VALUES ($1, 3, 0)", ws)
        .unwrap();
    for (campaign, customer, holdout, outcome, clicked, bought) in [
        (5_i64, 1_i64, false, "subscribed", true, None::<i64>),
        (5, 2, false, "none", false, None),
        (5, 44, true, "none", false, Some(5_i64)),
        (6, 2, false, "refused", false, None),
    ] {
        store::execute!(
            tx,
            "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_at, bought_minor, dead) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
            ws, campaign, customer, holdout, outcome, clicked, bought, false
        )
        .unwrap();
    }
    tx
}

async fn who(op: &Op, tx: &mut Tx, rule: Json) -> Vec<i64> {
    let rule = parse(&rule).unwrap();
    let mut ids: Vec<i64> = customers(tx, &op.workspace, op.campaign_now(), &rule, None, 100)
        .await
        .unwrap()
        .iter()
        .map(|l| l.id.get())
        .collect();
    ids.sort_unstable();
    let counted = count_rule(tx, &op.workspace, op.campaign_now(), &rule).await.unwrap();
    assert_eq!(usize::try_from(counted).unwrap(), ids.len(), "a count is the length of its list");
    ids
}

#[tokio::test]
async fn every_condition_finds_its_people_and_not_the_others() {
    with_app(|op, _| async move {
        let mut tx = base(&op).await;
        let is = |field: &str, op: &str, value: Json| json!({ "field": field, "op": op, "value": value });
        let cases: Vec<(Json, Vec<i64>)> = vec![
            (json!({"all": []}), vec![1, 2, 3, 4]),
            (json!({"any": []}), vec![]),
            (is("stage", "in", json!(["lapsed", "none"])), vec![2, 3, 4]),
            (is("stage", "not_in", json!(["lapsed"])), vec![1, 3]),
            (is("stage", "eq", json!("lapsed")), vec![2, 4]),
            (is("last_order", "older_days", json!(180)), vec![2, 4]),
            (is("last_order", "older_days", json!(10)), vec![1, 2, 4]),
            (is("last_order", "within_days", json!(10)), vec![]),
            (is("last_order", "within_days", json!(11)), vec![1]),
            (is("last_order", "not_set", Json::Null), vec![3]),
            (is("first_order", "set", Json::Null), vec![1, 2, 4]),
            (is("last_order", "between", json!(["2024-08-01", "2024-08-31"])), vec![1]),
            (is("last_order", "gte", json!("2024-08-22")), vec![1]),
            (is("orders", "gte", json!(2)), vec![1, 2]),
            (is("orders", "eq", json!(0)), vec![3]),
            (is("orders", "between", json!([1, 2])), vec![2, 4]),
            (json!({"field": "orders", "op": "gte", "value": 2, "days": 365}), vec![1]),
            (json!({"field": "orders", "op": "eq", "value": 1, "days": 100}), vec![1]),
            (json!({"field": "orders", "op": "lt", "value": 1, "days": 365}), vec![2, 3, 4]),
            (json!({"field": "orders", "op": "between", "value": [0, 1], "days": 365}), vec![2, 3, 4]),
            (is("revenue", "gt", json!(30_000)), vec![1]),
            (json!({"field": "revenue", "op": "gte", "value": 80_000, "days": 365}), vec![1]),
            (json!({"field": "revenue", "op": "lte", "value": 0, "days": 1000}), vec![3, 4]),
            (is("sent_back", "gte", json!(1)), vec![1]),
            (is("sent_back", "eq", json!(0)), vec![2, 3, 4]),
            (json!({"field": "sent_back", "op": "gte", "value": 1, "days": 5}), vec![]),
            (json!({"field": "sent_back", "op": "gte", "value": 1, "days": 6}), vec![1]),
            // Silent for 500 days of a rhythm of 400; who has bought once has no rhythm.
            (is("overdue", "gte", json!(1.2)), vec![2]),
            (is("overdue", "lt", json!(1.2)), vec![1]),
            (is("average_order", "gte", json!(30_000)), vec![1]),
            (is("average_order", "lte", json!(15_000)), vec![2, 4]),
            (is("category", "in", json!(["7"])), vec![1, 4]),
            (is("category", "not_in", json!(["7"])), vec![2, 3]),
            (json!({"field": "category", "op": "in", "value": ["8"], "days": 450}), vec![1]),
            (is("product", "contains", json!("ДЮН")), vec![1, 2]),
            (is("risk", "gte", json!(0.5)), vec![2]),
            (is("risk", "lt", json!(0.5)), vec![1]),
            (is("name", "contains", json!("Бойко")), vec![1]),
            (is("name", "contains", json!("%")), vec![1, 2, 3, 4]),
            (is("language", "in", json!(["unknown", "ru"])), vec![3, 4]),
            (is("city", "eq", json!("Київ")), vec![1, 4]),
            (is("city", "not_in", json!(["Київ"])), vec![2, 3]),
            (is("city", "not_set", Json::Null), vec![3]),
            (is("birth_month", "eq", json!(9)), vec![1]),
            (is("birth_month", "not_set", Json::Null), vec![2, 4]),
            (is("contact", "in", json!(["phone"])), vec![1]),
            (is("contact", "ne", json!("email")), vec![3]),
            (is("reachable", "in", json!(["email"])), vec![1, 2]),
            (is("reachable", "in", json!(["sms"])), vec![]),
            (is("dead", "eq", json!(true)), vec![3]),
            (is("dead", "eq", json!(false)), vec![1, 2, 4]),
            (is("consent_email", "in", json!(["given"])), vec![2]),
            (is("consent_sms", "in", json!(["withdrawn"])), vec![3, 4]),
            (is("consent_call", "in", json!(["none"])), vec![1]),
            (is("consent_auto_call", "in", json!(["none"])), vec![1, 2, 3, 4]),
            (is("interest", "in", json!(["7", "8"])), vec![1]),
            (is("reaction", "in", json!(["silent"])), vec![2]),
            (is("reaction", "in", json!(["subscribed", "refused"])), vec![1, 2]),
            (json!({"field": "reaction", "op": "in", "value": ["refused"], "campaign": "5"}), vec![]),
            (is("reaction", "in", json!(["holdout"])), vec![4]),
            (is("reaction", "not_in", json!(["treated"])), vec![3, 4]),
            (is("reaction", "in", json!(["bought"])), vec![]),
        ];
        for (rule, expected) in cases {
            assert_eq!(who(&op, &mut tx, rule.clone()).await, expected, "{rule}");
            let others: Vec<i64> = (1..=4).filter(|id| !expected.contains(id)).collect();
            assert_eq!(who(&op, &mut tx, json!({ "not": rule })).await, others, "not {rule}");
        }
        let nested = json!({"any": [
            {"all": [is("stage", "eq", json!("lapsed")), {"not": is("city", "eq", json!("Київ"))}]},
            is("dead", "eq", json!(true))
        ]});
        assert_eq!(who(&op, &mut tx, nested).await, [2, 3]);
    })
    .await;
}

#[tokio::test]
async fn pages_follow_the_names_and_end() {
    with_app(|op, _| async move {
        let mut tx = base(&op).await;
        let everyone = parse(&json!({"all": []})).unwrap();
        let first = customers(&mut tx, &op.workspace, op.campaign_now(), &everyone, None, 3).await.unwrap();
        let last = first.last().unwrap();
        let rest = customers(
            &mut tx,
            &op.workspace,
            op.campaign_now(),
            &everyone,
            Some((&last.sort_key, last.id)),
            3,
        )
        .await
        .unwrap();
        assert_eq!((first.len(), rest.len()), (3, 1));
        let anna = first.iter().chain(&rest).find(|l| l.id == CustomerId(1)).unwrap();
        assert_eq!(
            (anna.phones.as_slice(), anna.emails.as_slice()),
            (["+38096111**11".to_owned()].as_slice(), ["a***@x.example".to_owned()].as_slice())
        );
    })
    .await;
}

#[tokio::test]
async fn a_frozen_audience_does_not_follow_the_base() {
    with_app(|op, _| async move {
        let mut tx = base(&op).await;
        let rule = json!({"field": "stage", "op": "eq", "value": "lapsed"});
        let id = add_segment(&mut tx, &op.app, op.ws(), "Ушли", &rule, op.now()).await.unwrap();
        assert!(add_segment(&mut tx, &op.app, op.ws(), "bad", &json!({"field": "x"}), op.now()).await.is_err());
        tx.commit().await.unwrap();
        assert_eq!(segment_by_name(&op.app, op.ws(), "Ушли").await.unwrap(), Some(id));
        let audience = freeze(&op, Some(id), "salt", 0.5).await.unwrap();
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE profiles SET stage = 'returned' WHERE workspace_id = $1", op.ws().get()).unwrap();
        let members = store::fetch_all!(
            tx,
            (i64, bool),
            "SELECT customer_id, holdout FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 ORDER BY customer_id",
            op.ws().get(),
            audience.get()
        )
        .unwrap();
        let expected: Vec<(i64, bool)> = [2, 4].map(|id| (id, audience::held_out("salt", CustomerId(id), 0.5))).to_vec();
        assert_eq!(members, expected);
        tx.commit().await.unwrap();
        assert_eq!(audience::count(&op.app, op.ws(), Some(id)).await.unwrap(), 0, "the segment itself is live");
        assert!(freeze(&op, None, "salt", 0.95).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_waterfall_is_a_partition_whose_counts_are_its_lists() {
    with_app(|op, _| async move {
        let mut tx = base(&op).await;
        permission::suppress(
            &mut tx,
            &op.app,
            op.ws(),
            &permission::Suppress {
                kind: "email",
                value: "b@x.example",
                channel: "all",
                reason: "manual",
                campaign_id: None,
                at: op.now(),
            },
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let rule = parse(&json!({"all": []})).unwrap();
        let ask = |share, channels: &'static [permission::Channel]| audience::WaterfallAsk {
            rule: &rule,
            channels,
            holdout_share: share,
            salt: "s",
        };
        let found =
            audience::waterfall(&op.app, &op.workspace, op.now(), &ask(0.0, &[permission::Channel::Email]))
                .await
                .unwrap();
        let by_code = |code: &str| found.of(code).iter().map(|id| id.get()).collect::<Vec<_>>();
        assert_eq!(by_code("remaining"), [1]);
        assert_eq!(by_code("suppressed"), [2]);
        assert_eq!(by_code("no_contact"), [3]);
        assert_eq!(by_code("withdrawn"), [4]);
        let mut all: Vec<i64> =
            found.steps.iter().flat_map(|s| s.customers.iter().map(|id| id.get())).collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4], "everyone is in exactly one step");
        assert_eq!(found.base, 4);
        let held = audience::waterfall(
            &op.app,
            &op.workspace,
            op.now(),
            &ask(0.9, &[permission::Channel::Email, permission::Channel::Sms]),
        )
        .await
        .unwrap();
        assert_eq!(held.of("holdout").len() + held.of("remaining").len(), 1);
    })
    .await;
}
