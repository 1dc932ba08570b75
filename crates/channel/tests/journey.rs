//! A standing series: people enter when they come, each walks at his own pace, and whoever reaches the goal is left alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Role;
use access::testing::{as_role, with_app};
use access::{Op, Workspace};
use axum::Extension;
use axum::http::{Method, StatusCode};
use basis::{CampaignId, CustomerId, Lang, ManualClock, SegmentId, Time};
use campaign::{Channel, Draft, EnterJob, Entry, Goal, Kind, LanguageRule, Outcome, Target, WaveDraft, Whom};
use content::defaults;
use serde_json::{Value, json};

const BASIS: &str = r#"[{"purpose":"marketing","channel":"email","basis":"consent","proof":"a form"}]"#;

async fn source(op: &Op) {
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'shop', '', $2, 0)",
        op.ws().get(),
        BASIS
    )
    .unwrap();
    tx.commit().await.unwrap();
}

/// A customer with an e-mail of his own.
async fn customer(op: &Op, id: i64, city: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, city, created_at, updated_at) VALUES ($1, $2, 'N', 'Олена', '', '', '', '', 'uk', $3, 0, 0)",
        op.ws().get(),
        id,
        city
    )
    .unwrap();
    store::execute!(
        tx,
        "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred) VALUES ($1, $2, $2, 'email', $3, 1, 0, 0, 1, TRUE)",
        op.ws().get(),
        id,
        format!("n{id}@x.test")
    )
    .unwrap();
    tx.commit().await.unwrap();
}

async fn segment(op: &Op, city: &str) -> SegmentId {
    let ask = as_role(op, audience::routes(), Role::Marketer).await;
    let rule = json!({ "all": [{ "field": "city", "op": "eq", "value": city }] });
    let (_, made) = ask(Method::POST, "/api/segments", json!({ "name": city, "rule": rule })).await;
    SegmentId(made["id"].as_str().unwrap().parse().unwrap())
}

fn step(after_days: i64, target: Target) -> WaveDraft {
    WaveDraft {
        channel: Channel::Email,
        after_days,
        target,
        bodies: BTreeMap::from([(Lang::Uk, defaults::first_letter(Lang::Uk))]),
        from_name: "Книжковий двір".into(),
        from_address: "hello@books.test".into(),
        rate_per_second: None,
        variants: Vec::new(),
    }
}

/// A journey of three steps: at once, three days later, and for the silent a week after that.
async fn launched(op: &Op, entry: Entry, segment: Option<SegmentId>, goal: &str, holdout: f64) -> CampaignId {
    let draft = Draft {
        name: "Знайомство".into(),
        kind: Kind::Journey,
        entry,
        language: LanguageRule::ByCustomer,
        segment_id: segment,
        holdout_share: holdout,
        goal: Goal { kind: goal.into(), window_days: 30 },
        waves: vec![step(0, Target::All), step(3, Target::All), step(7, Target::Silent)],
    };
    let id = campaign::create(op, &draft).await.unwrap();
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "UPDATE campaigns SET state = 'launching' WHERE workspace_id = $1 AND id = $2",
        op.ws().get(),
        id.get()
    )
    .unwrap();
    tx.commit().await.unwrap();
    campaign::run_launch(op, id).await.unwrap();
    id
}

/// One round of the heartbeat with the jobs that it asks for.
async fn beat(op: &Op) {
    let workspace: Workspace = access::load_workspace(&op.app, op.ws()).await.unwrap();
    campaign::tick(&op.app, &workspace).await.unwrap();
    while let Some(job) =
        store::jobs::claim(&op.app.db, op.now(), std::time::Duration::from_secs(60)).await.unwrap()
    {
        match job.kind.as_str() {
            campaign::JOB_ENTER => {
                let ask: EnterJob = serde_json::from_str(&job.payload).unwrap();
                campaign::run_enter(op, &ask).await.unwrap();
            }
            campaign::JOB_PLAN_WAVE => {
                let ask: Value = serde_json::from_str(&job.payload).unwrap();
                let wave = serde_json::from_value(ask["wave_id"].clone()).unwrap();
                channel::plan_wave(&op.app, op.ws(), wave).await.unwrap();
            }
            _ => {}
        }
        store::jobs::finish(&op.app.db, &job, Ok(()), op.now()).await.unwrap();
    }
}

/// Whom which step was planned for: (step from 1, customer).
async fn planned(op: &Op, id: CampaignId) -> Vec<(i64, i64)> {
    let mut tx = op.app.db.read().await.unwrap();
    store::fetch_all!(
        tx,
        (i64, i64),
        "SELECT w.position + 1, m.customer_id FROM messages m JOIN waves w ON w.workspace_id = m.workspace_id AND w.id = m.wave_id
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 AND m.state = 'planned' ORDER BY 1, 2",
        op.ws().get(),
        id.get()
    )
    .unwrap()
}

fn days(clock: &ManualClock, op: &Op, days: i64) {
    clock.set(Time::from_millis(op.now().millis() + days * 86_400_000));
}

#[tokio::test]
async fn everybody_walks_from_the_day_of_entering() {
    with_app(|op, clock| async move {
        source(&op).await;
        customer(&op, 1, "Київ").await;
        let kyiv = segment(&op, "Київ").await;
        let id = launched(&op, Entry::Standing, Some(kyiv), "order", 0.0).await;
        beat(&op).await;
        assert_eq!(planned(&op, id).await, [(1, 1)]);
        beat(&op).await;
        assert_eq!(planned(&op, id).await, [(1, 1)], "a step is taken once");
        // A newcomer of the segment two days later; another city is none.
        days(&clock, &op, 2);
        customer(&op, 2, "Київ").await;
        customer(&op, 3, "Львів").await;
        beat(&op).await;
        beat(&op).await;
        assert_eq!(planned(&op, id).await, [(1, 1), (1, 2)]);
        days(&clock, &op, 1);
        beat(&op).await;
        assert_eq!(planned(&op, id).await, [(1, 1), (1, 2), (2, 1)], "three days after entering, for each");
        // Paused: nothing moves; later the interval begins anew from the step that was taken.
        let mut tx = op.app.db.write().await.unwrap();
        assert!(campaign::pause(&mut tx, op.ws(), id, "by_hand").await.unwrap());
        tx.commit().await.unwrap();
        days(&clock, &op, 30);
        beat(&op).await;
        assert_eq!(planned(&op, id).await.len(), 3);
        let mut tx = op.app.db.write().await.unwrap();
        assert!(campaign::resume(&mut tx, op.ws(), id).await.unwrap());
        tx.commit().await.unwrap();
        beat(&op).await;
        beat(&op).await;
        assert_eq!(
            planned(&op, id).await,
            [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)],
            "the second did not get two letters on one day"
        );
    })
    .await;
}

#[tokio::test]
async fn the_goal_a_refusal_and_an_answer_end_or_shorten_the_walk() {
    with_app(|op, clock| async move {
        source(&op).await;
        for id in 1..=4 {
            customer(&op, id, "Київ").await;
        }
        let kyiv = segment(&op, "Київ").await;
        let id = launched(&op, Entry::Segment, Some(kyiv), "order", 0.0).await;
        beat(&op).await;
        let (ws, now) = (op.ws(), op.campaign_now());
        let mut tx = op.app.db.write().await.unwrap();
        campaign::note_goal(&mut tx, ws, id, CustomerId(1), now).await.unwrap();
        campaign::record_reaction(&mut tx, ws, id, CustomerId(2), Outcome::Refused, now).await.unwrap();
        campaign::record_reaction(&mut tx, ws, id, CustomerId(3), Outcome::Subscribed, now).await.unwrap();
        tx.commit().await.unwrap();
        days(&clock, &op, 3);
        beat(&op).await;
        days(&clock, &op, 7);
        beat(&op).await;
        assert_eq!(
            planned(&op, id).await,
            [(1, 1), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)],
            "the third step is for the silent"
        );
        let mut tx = op.app.db.read().await.unwrap();
        let exits = store::fetch_all!(
            tx,
            (i64, Option<String>, bool),
            "SELECT customer_id, exit, next_at IS NULL FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $2 ORDER BY customer_id",
            ws.get(),
            id.get()
        )
        .unwrap();
        assert_eq!(
            exits,
            [
                (1, Some("goal".to_owned()), true),
                (2, Some("refused".to_owned()), true),
                (3, None, true),
                (4, None, true)
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_consent_ends_a_journey_that_asks_for_one() {
    with_app(|op, clock| async move {
        source(&op).await;
        customer(&op, 1, "Київ").await;
        let kyiv = segment(&op, "Київ").await;
        let id = launched(&op, Entry::Segment, Some(kyiv), "consent", 0.0).await;
        beat(&op).await;
        let now = op.campaign_now();
        let mut tx = op.app.db.write().await.unwrap();
        assert!(!campaign::note_goal(&mut tx, op.ws(), id, CustomerId(1), now).await.unwrap());
        tx.commit().await.unwrap();
        days(&clock, &op, 3);
        beat(&op).await;
        assert_eq!(planned(&op, id).await, [(1, 1), (2, 1)], "an order is not its goal");
        let mut tx = op.app.db.write().await.unwrap();
        campaign::record_reaction(&mut tx, op.ws(), id, CustomerId(1), Outcome::Subscribed, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = op.app.db.read().await.unwrap();
        let (exit,) = store::fetch_one!(
            tx,
            (Option<String>,),
            "SELECT exit FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $2",
            op.ws().get(),
            id.get()
        )
        .unwrap();
        assert_eq!(exit.as_deref(), Some("goal"));
    })
    .await;
}

#[tokio::test]
async fn people_are_sent_in_by_hand_once_and_some_are_held_out() {
    with_app(|op, _| async move {
        source(&op).await;
        for id in 1..=60 {
            customer(&op, id, "Київ").await;
        }
        let kyiv = segment(&op, "Київ").await;
        let id = launched(&op, Entry::Hand, None, "order", 0.3).await;
        beat(&op).await;
        assert_eq!(planned(&op, id).await, []);
        let senders = campaign::PreLaunch(Arc::new(|_, _| Box::pin(async { Ok(Vec::new()) })));
        let routes = campaign::routes().layer(Extension(senders));
        let ask = as_role(&op, routes, Role::Marketer).await;
        let path = format!("/api/campaigns/{id}/enter");
        let body = json!({ "segment_id": kyiv });
        let (status, told) = ask(Method::POST, &format!("{path}/preview"), body.clone()).await;
        assert_eq!((status, told), (StatusCode::OK, json!({ "people": 60, "already": 0 })));
        assert_eq!(ask(Method::POST, &path, body.clone()).await.0, StatusCode::ACCEPTED);
        // A double click: the same people are sent again before the first sending was done.
        assert_eq!(ask(Method::POST, &path, body.clone()).await.0, StatusCode::ACCEPTED);
        beat(&op).await;
        beat(&op).await;
        let (_, told) = ask(Method::POST, &format!("{path}/preview"), body).await;
        assert_eq!(told, json!({ "people": 60, "already": 60 }));
        let walking = planned(&op, id).await.len();
        assert!((30..60).contains(&walking), "{walking} of 60 walk, the rest is held out");
        let mut tx = op.app.db.read().await.unwrap();
        let (held,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $2 AND holdout AND entered_at IS NOT NULL AND next_at IS NULL",
            op.ws().get(),
            id.get()
        )
        .unwrap();
        assert_eq!(held + i64::try_from(walking).unwrap(), 60);
        drop(tx);
        for (body, status) in [
            (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
            (json!({ "segment_id": kyiv, "customer_ids": ["1"] }), StatusCode::UNPROCESSABLE_ENTITY),
            (json!({ "segment_id": "77" }), StatusCode::NOT_FOUND),
            (json!({ "customer_ids": ["1", "4711"] }), StatusCode::ACCEPTED),
        ] {
            assert_eq!(ask(Method::POST, &path, body.clone()).await.0, status, "{body}");
        }
        let viewer = as_role(&op, campaign::routes(), Role::Operator).await;
        assert_eq!(viewer(Method::POST, &path, json!({ "customer_ids": ["1"] })).await.0, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn whoever_was_merged_after_entering_does_not_enter_again() {
    with_app(|op, _| async move {
        source(&op).await;
        customer(&op, 1, "Київ").await;
        let kyiv = segment(&op, "Київ").await;
        let id = launched(&op, Entry::Segment, Some(kyiv), "order", 0.0).await;
        customer(&op, 2, "Київ").await;
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 1, 2)",
            op.ws().get()
        )
        .unwrap();
        tx.commit().await.unwrap();
        let told = campaign::preview(&op, id, &Whom::Segment(kyiv)).await.unwrap();
        // Both cards are still there; the merged one is known by its old id.
        assert_eq!((told.people, told.already), (2, 2));
    })
    .await;
}

#[tokio::test]
async fn a_standing_journey_survives_the_loss_of_its_segment() {
    with_app(|op, clock| async move {
        source(&op).await;
        customer(&op, 1, "Київ").await;
        let kyiv = segment(&op, "Київ").await;
        let id = launched(&op, Entry::Standing, Some(kyiv), "order", 0.0).await;
        beat(&op).await;
        let ask = as_role(&op, audience::routes(), Role::Marketer).await;
        assert_eq!(
            ask(Method::DELETE, &format!("/api/segments/{kyiv}"), Value::Null).await.0,
            StatusCode::NO_CONTENT
        );
        days(&clock, &op, 3);
        beat(&op).await;
        beat(&op).await;
        assert_eq!(planned(&op, id).await, [(1, 1), (2, 1)], "those inside go on");
        let mut tx = op.app.db.read().await.unwrap();
        let owner = campaign::campaign(&mut tx, op.ws(), id).await.unwrap();
        assert_eq!((owner.state, owner.entry), (campaign::State::Running, Entry::Hand));
    })
    .await;
}

#[tokio::test]
async fn waves_take_nobody_in() {
    with_app(|op, _| async move {
        source(&op).await;
        customer(&op, 1, "Київ").await;
        let draft = Draft {
            name: "Хвиля".into(),
            kind: Kind::Once,
            entry: Entry::Segment,
            language: LanguageRule::ByCustomer,
            segment_id: None,
            holdout_share: 0.0,
            goal: Goal::default(),
            waves: vec![step(0, Target::All)],
        };
        let id = campaign::create(&op, &draft).await.unwrap();
        let whom = Whom::People(vec![CustomerId(1)]);
        let refused = campaign::send(&op, id, whom.clone()).await.unwrap_err();
        assert_eq!(refused.code, "no_journey");
        let journey = Draft { kind: Kind::Journey, ..draft };
        let id = campaign::create(&op, &journey).await.unwrap();
        let refused = campaign::send(&op, id, whom).await.unwrap_err();
        assert_eq!(refused.code, "state", "a draft takes nobody in");
    })
    .await;
}
