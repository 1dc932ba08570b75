//! The ledger's transitions on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::time::Duration;

use access::testing::with_app;
use basis::{CampaignId, CustomerId, MessageId, Time, WaveId};
use channel::ledger::{self, NewRow, Settled};
use store::Db;

const CAMPAIGN: CampaignId = CampaignId(1);
const WAVE: WaveId = WaveId(2);

async fn running_campaign(db: &Db, ws: basis::WorkspaceId) {
    let mut tx = db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, holdout_share, goal, created_by, created_at) VALUES ($1, $2, 'c', 'running', 'ru', 0.1, '{}', 0, 0)",
        ws.get(),
        CAMPAIGN.get()
    )
    .unwrap();
    tx.commit().await.unwrap();
}

fn rows(op: &access::Op, people: &[(i64, &str)]) -> Vec<NewRow> {
    people
        .iter()
        .map(|(customer, address)| NewRow {
            id: op.next_id(),
            customer_id: CustomerId(*customer),
            address: Some((*address).to_owned()),
            excluded: String::new(),
            language: Some("ru".into()),
            variant: None,
        })
        .collect()
}

async fn plan(op: &access::Op, people: &[(i64, &str)]) -> u64 {
    let now = op.campaign_now();
    let mut tx = op.app.db.write().await.unwrap();
    let n = ledger::plan_rows(
        &mut tx,
        op.ws(),
        CAMPAIGN,
        WAVE,
        "email",
        now,
        now.plus_days(7),
        &rows(op, people),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    n
}

async fn claim(op: &access::Op, epoch: i64, limit: u32) -> Vec<ledger::Claimed> {
    let mut tx = op.app.db.write().await.unwrap();
    ledger::renew_lease(&mut tx, op.ws(), epoch, "email", op.now()).await.unwrap();
    let rows = ledger::claim(&mut tx, op.ws(), "email", op.campaign_now(), epoch, limit).await.unwrap();
    tx.commit().await.unwrap();
    rows
}

async fn count(op: &access::Op, state: &str) -> i64 {
    let mut tx = op.app.db.read().await.unwrap();
    ledger::counts(&mut tx, op.ws(), WAVE).await.unwrap().get(state).copied().unwrap_or(0)
}

#[tokio::test]
async fn one_row_a_person_and_one_letter_an_address() {
    with_app(|op, _clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        assert_eq!(plan(&op, &[(1, "a@x.test"), (2, "b@x.test"), (3, "a@x.test")]).await, 3);
        assert_eq!((count(&op, "planned").await, count(&op, "excluded").await), (2, 1));
        assert_eq!(plan(&op, &[(1, "a@x.test"), (2, "other@x.test"), (3, "a@x.test")]).await, 0);
        let claimed = claim(&op, 7, 10).await;
        assert_eq!(claimed.len(), 2);
        assert!(claim(&op, 8, 10).await.is_empty(), "a leased row is nobody else's");
    })
    .await;
}

#[tokio::test]
async fn a_crash_plans_leased_rows_again_and_lists_intents_as_uncertain() {
    with_app(|op, clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        plan(&op, &[(1, "a@x.test"), (2, "b@x.test"), (3, "c@x.test")]).await;
        let claimed = claim(&op, 7, 10).await;
        let mut tx = op.app.db.write().await.unwrap();
        let granted = ledger::record_intents(&mut tx, op.ws(), 7, &[claimed[0].id.get()]).await.unwrap();
        assert_eq!(granted, [claimed[0].id.get()]);
        assert!(
            ledger::record_intents(&mut tx, op.ws(), 8, &[claimed[1].id.get()]).await.unwrap().is_empty()
        );
        tx.commit().await.unwrap();

        let patience = Duration::from_secs(20);
        let mut tx = op.app.db.write().await.unwrap();
        assert_eq!(ledger::recover(&mut tx, op.ws(), "email", op.now(), patience).await.unwrap(), (0, 0));
        clock.advance(Duration::from_secs(21));
        assert_eq!(ledger::recover(&mut tx, op.ws(), "email", op.now(), patience).await.unwrap(), (2, 1));
        tx.commit().await.unwrap();
        assert_eq!((count(&op, "planned").await, count(&op, "uncertain").await), (2, 1));

        // The row that came back belongs to the next sender; the late word of the dead one is not taken.
        let again = claim(&op, 9, 10).await;
        assert_eq!(again.len(), 2);
        let at = op.campaign_now();
        let accepted = Settled::Accepted { at, provider_id: None, detail: "250".into() };
        let mut tx = op.app.db.write().await.unwrap();
        let late = [(again[0].id, accepted.clone()), (claimed[0].id, accepted)];
        let taken = ledger::settle(&mut tx, op.ws(), 7, &late).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(taken, [claimed[0].id], "a late answer settles its own uncertain row only");
        assert_eq!(count(&op, "uncertain").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_paused_campaign_sends_nothing_more() {
    with_app(|op, _clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        plan(&op, &[(1, "a@x.test"), (2, "b@x.test")]).await;
        let claimed = claim(&op, 7, 1).await;
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE campaigns SET state = 'paused' WHERE workspace_id = $1", op.ws().get())
            .unwrap();
        let granted = ledger::record_intents(&mut tx, op.ws(), 7, &[claimed[0].id.get()]).await.unwrap();
        assert!(granted.is_empty());
        let back = [(claimed[0].id, Settled::Withdrawn)];
        ledger::settle(&mut tx, op.ws(), 7, &back).await.unwrap();
        tx.commit().await.unwrap();
        assert!(claim(&op, 7, 10).await.is_empty());
        assert_eq!(count(&op, "planned").await, 2);
    })
    .await;
}

#[tokio::test]
async fn schedules_expire_and_deferred_rows_wait() {
    with_app(|op, clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        plan(&op, &[(1, "a@x.test")]).await;
        let claimed = claim(&op, 7, 10).await;
        let due_at = op.campaign_now().plus(Duration::from_mins(4));
        let mut tx = op.app.db.write().await.unwrap();
        let later = [(claimed[0].id, Settled::Deferred { due_at, detail: "451".into() })];
        ledger::settle(&mut tx, op.ws(), 7, &later).await.unwrap();
        tx.commit().await.unwrap();
        assert!(claim(&op, 7, 10).await.is_empty());
        clock.advance(Duration::from_mins(5));
        let again = claim(&op, 7, 10).await;
        assert_eq!((again.len(), again[0].attempts), (1, 2));
        let mut tx = op.app.db.write().await.unwrap();
        let until = op.campaign_now().plus_days(10);
        ledger::postpone(&mut tx, op.ws(), 7, again[0].id, until, "quiet_hours").await.unwrap();
        assert_eq!(ledger::expire(&mut tx, op.ws(), "email", op.campaign_now()).await.unwrap(), 0);
        clock.advance(Duration::from_hours(8 * 24));
        assert_eq!(ledger::expire(&mut tx, op.ws(), "email", op.campaign_now()).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let mut tx = op.app.db.read().await.unwrap();
        let row = ledger::row(&mut tx, op.ws(), again[0].id).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.reason.as_str(), row.attempts), ("expired", "quiet_hours", 1));
    })
    .await;
}

#[tokio::test]
async fn what_comes_back_settles_the_uncertain() {
    with_app(|op, clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        plan(&op, &[(1, "a@x.test"), (2, "b@x.test")]).await;
        let claimed = claim(&op, 7, 10).await;
        let ids: Vec<i64> = claimed.iter().map(|r| r.id.get()).collect();
        let mut tx = op.app.db.write().await.unwrap();
        ledger::record_intents(&mut tx, op.ws(), 7, &ids).await.unwrap();
        clock.advance(Duration::from_mins(1));
        ledger::recover(&mut tx, op.ws(), "email", op.now(), Duration::from_secs(20)).await.unwrap();
        let at = Time::from_millis(5);
        assert!(ledger::mark_delivered(&mut tx, op.ws(), MessageId(ids[0]), at).await.unwrap());
        assert!(
            ledger::mark_bounced(&mut tx, op.ws(), MessageId(ids[1]), at, "hard_bounce", "550")
                .await
                .unwrap()
        );
        assert!(
            !ledger::mark_bounced(&mut tx, op.ws(), MessageId(ids[1]), at, "hard_bounce", "550")
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert_eq!((count(&op, "accepted").await, count(&op, "uncertain").await), (2, 0));
        let mut tx = op.app.db.read().await.unwrap();
        let sums = ledger::sums(&mut tx, op.ws(), CAMPAIGN).await.unwrap();
        assert_eq!((sums.tried, sums.bounced, sums.complained), (2, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn calls_are_taken_once() {
    with_app(|op, _clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        let now = op.campaign_now();
        let mut tx = op.app.db.write().await.unwrap();
        let new = rows(&op, &[(1, "+380501112233")]);
        let id = MessageId(new[0].id);
        ledger::plan_rows(&mut tx, op.ws(), CAMPAIGN, WAVE, "call", now, now.plus_days(7), &new)
            .await
            .unwrap();
        assert!(ledger::take_call(&mut tx, op.ws(), id).await.unwrap());
        assert!(!ledger::take_call(&mut tx, op.ws(), id).await.unwrap());
        assert!(ledger::return_call(&mut tx, op.ws(), id, now).await.unwrap());
        assert!(ledger::take_call(&mut tx, op.ws(), id).await.unwrap());
        assert!(ledger::finish_call(&mut tx, op.ws(), id, true, "agreed", now).await.unwrap());
        assert!(!ledger::finish_call(&mut tx, op.ws(), id, false, "no_answer", now).await.unwrap());
        let row = ledger::row(&mut tx, op.ws(), id).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.attempts, row.delivered_at), ("accepted", 2, Some(now)));
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_an_operator_sends_a_letter_again() {
    with_app(|op, _clock| async move {
        running_campaign(&op.app.db, op.ws()).await;
        plan(&op, &[(1, "a@x.test"), (2, "b@x.test")]).await;
        let claimed = claim(&op, 7, 10).await;
        let id = claimed.iter().find(|r| r.address == "a@x.test").unwrap().id;
        let at = op.campaign_now();
        let until = at.plus_days(3);
        let mut tx = op.app.db.write().await.unwrap();
        assert!(!ledger::resend(&mut tx, op.ws(), id, None, at, until).await.unwrap(), "it is on its way");
        let sent = [(id, Settled::Accepted { at, provider_id: None, detail: String::new() })];
        ledger::settle(&mut tx, op.ws(), 7, &sent).await.unwrap();
        let taken = ledger::resend(&mut tx, op.ws(), id, Some("b@x.test"), at, until).await.unwrap();
        assert!(!taken, "another person of the wave has this address");
        assert!(ledger::resend(&mut tx, op.ws(), id, Some("new@x.test"), at, until).await.unwrap());
        let row = ledger::row(&mut tx, op.ws(), id).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.address.as_deref()), ("planned", Some("new@x.test")));
        assert_eq!(row.sent_at, Some(at));
        tx.commit().await.unwrap();
    })
    .await;
}
