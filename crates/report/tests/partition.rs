//! The figures over a real ledger: the partition sums to the base, every figure is as long as its list.

use access::{Op, testing::with_app};
use axum::{Router, body::Body, http::Request};
use basis::{CampaignId, Rng};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

const CAMPAIGN: i64 = 500;
const WAVES: [(i64, &str); 3] = [(601, "email"), (602, "sms"), (603, "call")];
const DAY: i64 = 86_400_000;
const START: i64 = 1_725_181_200_000;

/// What became of a person; every field is an index into the lists below.
#[derive(Debug, Clone, Copy)]
struct Fate {
    holdout: bool,
    states: [usize; 3],
    reaction: usize,
    wave: usize,
    machine: bool,
    bought: bool,
}

const STATES: [(&str, &str); 11] = [
    ("", ""),
    ("excluded", "no_contact"),
    ("excluded", "no_consent"),
    ("planned", ""),
    ("held", "quiet_hours"),
    ("accepted", ""),
    ("accepted", "bounced"),
    ("rejected", "550"),
    ("uncertain", "crash"),
    ("expired", ""),
    ("deferred", "451"),
];
const REACTIONS: [&str; 9] =
    ["", "click", "subscribed", "agreed", "refused", "opt_out", "complaint", "resend", "reply"];

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let one = (
        prop::bool::weighted(0.1),
        [0..STATES.len(), 0..STATES.len(), 0..STATES.len()],
        0..REACTIONS.len(),
        0..3_usize,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
    );
    let one = one.prop_map(|(holdout, states, reaction, wave, machine, bought)| Fate {
        holdout,
        states,
        reaction,
        wave,
        machine,
        bought,
    });
    prop::collection::vec(one, 0..60)
}

async fn write(op: &Op, fates: &[Fate]) {
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at, launched_at)
         VALUES ($1, $2, 'Письмо', 'running', 'by-customer', 0.1, '{\"kind\":\"order\",\"window_days\":30}', 0, $3, $3)",
        ws,
        CAMPAIGN,
        START
    )
    .unwrap();
    for (position, (wave, channel)) in WAVES.iter().enumerate() {
        let position = i64::try_from(position).unwrap();
        store::execute!(
            tx,
            "INSERT INTO waves (workspace_id, id, campaign_id, position, channel, after_days, target, content, state, started_at)
             VALUES ($1, $2, $3, $4, $5, 7, 'silent', '{\"bodies\":{},\"from_name\":\"\",\"from_address\":\"\"}', 'running', $6)",
            ws,
            *wave,
            CAMPAIGN,
            position,
            *channel,
            START + position * 7 * DAY
        )
        .unwrap();
    }
    let mut id = 10_000;
    for (person, fate) in (1_i64..).zip(fates) {
        store::execute!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)
             VALUES ($1, $2, '=Имя', '', '', '', '', '', '', 0, 0)",
            ws,
            person
        )
        .unwrap();
        store::execute!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)
             VALUES ($1, $2, $2, 'email', $3, 1, 0, 0, 1, TRUE)",
            ws,
            person,
            format!("person{person}@example.org")
        )
        .unwrap();
        store::execute!(
            tx,
            "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_at, bought_minor, dead)
             VALUES ($1, $2, $3, $4, 'none', FALSE, $5, $6, FALSE)",
            ws,
            CAMPAIGN,
            person,
            fate.holdout,
            fate.bought.then_some(START + 10 * DAY),
            if fate.bought { 15_000_i64 } else { 0 }
        )
        .unwrap();
        if fate.holdout {
            continue;
        }
        for ((wave, channel), which) in WAVES.iter().zip(fate.states) {
            let (state, reason) = STATES[which];
            if state.is_empty() {
                continue;
            }
            id += 1;
            let sent = (state == "accepted").then_some(START + DAY);
            let back = (reason == "bounced").then_some(START + 2 * DAY);
            store::execute!(
                tx,
                "INSERT INTO messages (workspace_id, id, campaign_id, wave_id, customer_id, channel, state, reason, detail, epoch, attempts, due_at, expires_at, sent_at, delivered_at, bounced_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, 0, 0, 0, $9, $10, $11)",
                ws,
                id,
                CAMPAIGN,
                *wave,
                person,
                *channel,
                state,
                reason,
                sent,
                if back.is_none() { sent } else { None },
                back
            )
            .unwrap();
        }
        let kind = REACTIONS[fate.reaction];
        if !kind.is_empty() {
            id += 1;
            store::execute!(
                tx,
                "INSERT INTO reactions (workspace_id, id, campaign_id, wave_id, message_id, customer_id, kind, verdict, at, data)
                 VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, '{}')",
                ws,
                id,
                CAMPAIGN,
                WAVES[fate.wave].0,
                person,
                kind,
                if fate.machine { "machine" } else { "human" },
                START + 3 * DAY
            )
            .unwrap();
        }
    }
    tx.commit().await.unwrap();
}

async fn get(op: &Op, path: &str) -> (u16, String) {
    let (_, token) = access::add_token(&op.app, op.ws(), "test", access::Role::Client).await.unwrap();
    let (router, _) = report::routes().split_for_parts();
    let router: Router = router.with_state(op.app.clone());
    let request =
        Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The length of the list behind a figure, page by page.
async fn length(op: &Op, wave: Option<usize>, cell: &str, day: Option<u32>) -> i64 {
    let mut cursor = String::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut total = 0;
    loop {
        let wave = wave.map_or(String::new(), |w| format!("&wave={w}"));
        let day = day.map_or(String::new(), |d| format!("&day={d}"));
        let path = format!("/api/campaigns/{CAMPAIGN}/people?cell={cell}&limit=7{wave}{day}{cursor}");
        let (status, body) = get(op, &path).await;
        assert_eq!(status, 200, "{path}: {body}");
        let page: Value = serde_json::from_str(&body).unwrap();
        for item in page["items"].as_array().unwrap() {
            assert!(seen.insert(item["id"].as_str().unwrap().to_owned()), "nobody stands twice in {cell}");
            total += 1;
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return total,
        }
    }
}

async fn check(op: &Op, fates: &[Fate], day: Option<u32>, lists: bool) {
    let report = report::funnel_on(&op.app, &op.workspace, CampaignId(CAMPAIGN), day).await.unwrap();
    let people = i64::try_from(fates.len()).unwrap();
    assert_eq!(report.people, people);
    assert_eq!(report.final_.sum() + report.holdout, people, "{:?}", report.final_);
    assert_eq!(report.effect.treated.people, report.final_.sum());
    let json = serde_json::to_value(&report).unwrap();
    for wave in &report.waves {
        assert!(wave.sent <= wave.planned && wave.delivered <= wave.sent);
        if !lists {
            continue;
        }
        let number = usize::try_from(wave.number).unwrap();
        let shown = &json["waves"][number - 1];
        for cell in [
            "planned",
            "held",
            "sent",
            "delivered",
            "bounced",
            "clicked",
            "positive",
            "negative",
            "uncertain",
        ] {
            assert_eq!(length(op, Some(number), cell, day).await, shown[cell].as_i64().unwrap(), "{cell}");
        }
        for (reason, count) in &wave.excluded {
            assert_eq!(length(op, Some(number), &format!("excluded:{reason}"), day).await, *count);
        }
        for (state, count) in &wave.ledger {
            assert_eq!(length(op, Some(number), &format!("ledger.{state}"), day).await, *count);
        }
    }
    if lists {
        for (cell, count) in json["final"].as_object().unwrap() {
            assert_eq!(length(op, None, cell, day).await, count.as_i64().unwrap(), "{cell}");
        }
        assert_eq!(length(op, None, "holdout", day).await, report.holdout);
        assert_eq!(length(op, None, "people", day).await, people);
        assert_eq!(length(op, None, "treated_bought", day).await, report.effect.treated.bought);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn the_partition_and_the_hold_out_are_the_base(fates in fates()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(with_app(|op, _| {
            let fates = fates.clone();
            async move {
                write(&op, &fates).await;
                check(&op, &fates, None, false).await;
                check(&op, &fates, Some(2), false).await;
            }
        }));
    }
}

#[tokio::test]
async fn every_figure_is_as_long_as_its_list() {
    with_app(|op, _| async move {
        let mut rng = Rng::seeded(20_240_901);
        let mut pick = |n: usize| usize::try_from(rng.below(u32::try_from(n).unwrap())).unwrap();
        let fates: Vec<Fate> = (0..120)
            .map(|_| Fate {
                holdout: pick(10) == 0,
                states: [pick(STATES.len()), pick(STATES.len()), pick(STATES.len())],
                reaction: pick(REACTIONS.len()),
                wave: pick(3),
                machine: pick(5) == 0,
                bought: pick(5) == 0,
            })
            .collect();
        write(&op, &fates).await;
        check(&op, &fates, None, true).await;
        check(&op, &fates, Some(7), true).await;
    })
    .await;
}

/// The strongest outcome first, one person of each kind.
#[tokio::test]
async fn each_person_stands_in_the_cell_of_the_strongest_outcome() {
    with_app(|op, _| async move {
        let fate = |states: [&str; 3], reaction: &str, bought: bool| {
            let state = |name: &str| {
                STATES.iter().position(|(s, r)| *s == name || *r == name).expect("a state of the list")
            };
            Fate {
                holdout: false,
                states: [state(states[0]), state(states[1]), state(states[2])],
                reaction: REACTIONS.iter().position(|r| *r == reaction).expect("a reaction of the list"),
                wave: 0,
                machine: false,
                bought,
            }
        };
        let fates = [
            fate(["accepted", "", ""], "agreed", true),
            fate(["accepted", "", ""], "resend", false),
            fate(["accepted", "", ""], "subscribed", true),
            fate(["accepted", "", ""], "complaint", true),
            fate(["accepted", "", ""], "click", true),
            fate(["uncertain", "accepted", ""], "", false),
            fate(["bounced", "accepted", ""], "reply", false),
            fate(["planned", "", ""], "", false),
            fate(["bounced", "rejected", "no_contact"], "", false),
            fate(["no_contact", "no_consent", "no_contact"], "", false),
            fate(["no_consent", "held", "expired"], "", false),
            fate(["", "", ""], "", false),
            Fate { machine: true, ..fate(["accepted", "", ""], "subscribed", false) },
            Fate { holdout: true, ..fate(["", "", ""], "", true) },
        ];
        write(&op, &fates).await;
        let report = report::funnel(&op.app, op.ws(), CampaignId(CAMPAIGN)).await.unwrap();
        insta::assert_json_snapshot!("headless", report.headless_json(7, 21));
        insta::assert_json_snapshot!("status", report.status_json());

        let (status, csv) = get(&op, &format!("/api/campaigns/{CAMPAIGN}/report.csv")).await;
        assert_eq!(status, 200);
        insta::assert_snapshot!("report_csv", csv.replace('\r', ""));

        let (_, people) = get(&op, &format!("/api/campaigns/{CAMPAIGN}/people.csv?cell=dead")).await;
        let lines: Vec<&str> = people.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines.len(), 2, "{people}");
        assert!(
            lines[1].starts_with("9,'=Имя,,pe***@example.org,"),
            "masked and not a formula: {}",
            lines[1]
        );

        let (status, body) = get(&op, &format!("/api/campaigns/{CAMPAIGN}/people?cell=nonsense")).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["code"]), (404, &json!("cell")));
        let (status, _) = get(&op, "/api/campaigns/1/report").await;
        assert_eq!(status, 404);
    })
    .await;
}
