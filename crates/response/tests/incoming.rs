//! What comes in is handled once; orders are attributed; who failed everywhere is dead.

mod shop;

use access::{Op, testing::with_app};
use basis::{CampaignId, Time};
use channel::InboundHandler;
use serde_json::{Value, json};
use shop::*;

async fn receive(
    op: &Op,
    channel: &str,
    kind: &str,
    message: Option<i64>,
    address: &str,
    data: Value,
) -> i64 {
    let id = op.next_id();
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO inbound (workspace_id, id, channel, kind, message_id, address, data, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        op.ws().get(),
        id,
        channel,
        kind,
        message,
        address,
        data.to_string(),
        op.now().millis()
    )
    .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn handle(op: &Op, id: i64) {
    response::Inbox::new(op.app.clone()).handle(op.ws(), id).await.unwrap();
}

#[tokio::test]
async fn a_bounce_goes_to_the_next_channel_at_once_and_only_once() {
    with_app(|op, _| async move {
        open(&op).await;
        let data = json!({ "hard": true, "status": "5.1.1", "diagnostic": "No such user" });
        let id = receive(&op, "email", "bounce", Some(LETTER), EMAIL, data).await;
        // The receiver's call and the poll of leftovers meet on the same row.
        let (one, two) = tokio::join!(
            async { response::Inbox::new(op.app.clone()).handle(op.ws(), id).await },
            response::handle_waiting(&op.app, &op.workspace)
        );
        one.unwrap();
        two.unwrap();
        assert_eq!(response::handle_waiting(&op.app, &op.workspace).await.unwrap(), 0);
        assert_eq!(
            text(
                &op,
                "SELECT reason FROM messages WHERE workspace_id = $1 AND id = 9001 AND bounced_at IS NOT NULL"
            )
            .await,
            "hard_bounce"
        );
        assert_eq!(
            text(
                &op,
                "SELECT state FROM contact_states WHERE workspace_id = $1 AND value = 'olena.k@example.org'"
            )
            .await,
            "hard_bounced"
        );
        assert_eq!(
            text(&op, "SELECT state FROM messages WHERE workspace_id = $1 AND channel = 'sms'").await,
            "planned"
        );
        assert_eq!(
            count(
                &op,
                "SELECT COUNT(*) FROM interactions WHERE workspace_id = $1 AND kind = 'letter_bounced'"
            )
            .await,
            1
        );
        assert_eq!(
            member(&op).await,
            ("none".to_owned(), false, false, false),
            "a bounce is nobody's refusal"
        );
    })
    .await;
}

#[tokio::test]
async fn a_stop_word_ends_the_campaign_on_every_channel() {
    with_app(|op, _| async move {
        open(&op).await;
        add_message(&op, 9002, SMS, "sms", PHONE, Some(START - 60_000)).await;
        let id = receive(&op, "sms", "stop", None, PHONE, json!({ "text": "СТОП" })).await;
        handle(&op, id).await;
        assert_eq!(member(&op).await, ("refused".to_owned(), false, true, false));
        assert!(
            count(&op, "SELECT COUNT(*) FROM suppressions WHERE workspace_id = $1 AND reason = 'opt_out'")
                .await
                >= 2
        );
        assert_eq!(
            count(&op, "SELECT wave_id FROM reactions WHERE workspace_id = $1 AND kind = 'opt_out'").await,
            SMS
        );
        assert_eq!(
            count(&op, "SELECT message_id FROM inbound WHERE workspace_id = $1").await,
            9002,
            "found by its number"
        );
        let mut tx = op.app.db.read().await.unwrap();
        let next = campaign::wave_targets(&mut tx, op.ws(), basis::WaveId(CALLS), basis::CustomerId(0), 10)
            .await
            .unwrap();
        assert!(next.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_stop_of_an_unknown_number_is_kept_as_well() {
    with_app(|op, _| async move {
        open(&op).await;
        let id = receive(&op, "sms", "stop", None, "+380501112233", json!({})).await;
        handle(&op, id).await;
        assert_eq!(count(&op, "SELECT COUNT(*) FROM suppressions WHERE workspace_id = $1").await, 1);
        assert_eq!(member(&op).await.0, "none");
    })
    .await;
}

#[tokio::test]
async fn a_complaint_suppresses_and_its_opposite_does_not() {
    with_app(|op, _| async move {
        open(&op).await;
        let fine =
            receive(&op, "email", "complaint", Some(LETTER), EMAIL, json!({ "type": "not-spam" })).await;
        handle(&op, fine).await;
        assert_eq!(member(&op).await.0, "none");
        let spam = receive(&op, "email", "complaint", Some(LETTER), EMAIL, json!({ "type": "abuse" })).await;
        handle(&op, spam).await;
        assert_eq!(member(&op).await, ("refused".to_owned(), false, true, false));
        assert!(
            count(&op, "SELECT COUNT(*) FROM suppressions WHERE workspace_id = $1 AND reason = 'complaint'")
                .await
                >= 1
        );
    })
    .await;
}

#[tokio::test]
async fn a_reply_breaks_the_silence_and_an_automatic_one_does_not() {
    with_app(|op, _| async move {
        open(&op).await;
        let away =
            receive(&op, "email", "auto_reply", Some(LETTER), EMAIL, json!({ "subject": "В отпуске" })).await;
        handle(&op, away).await;
        assert!(!member(&op).await.1);
        let words = receive(&op, "email", "reply", Some(LETTER), EMAIL, json!({ "text": "Спасибо!" })).await;
        handle(&op, words).await;
        assert!(member(&op).await.1);
        let stored =
            text(&op, "SELECT data FROM interactions WHERE workspace_id = $1 AND kind = 'reply'").await;
        assert!(!stored.contains("Спасибо"), "the words stay with the incoming row");
    })
    .await;
}

#[tokio::test]
async fn a_receipt_that_came_too_early_waits_for_its_message() {
    with_app(|op, clock| async move {
        open(&op).await;
        let receipt = json!({ "delivered": true, "final": true, "state": "DELIVRD", "provider_id": "smsc-1" });
        let id = receive(&op, "sms", "receipt", None, "", receipt).await;
        handle(&op, id).await;
        assert_eq!(count(&op, "SELECT COUNT(*) FROM inbound WHERE workspace_id = $1 AND handled_at IS NULL").await, 1);
        add_message(&op, 9002, SMS, "sms", PHONE, Some(START - 60_000)).await;
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE messages SET provider_id = 'smsc-1' WHERE workspace_id = $1 AND id = 9002", op.ws().get()).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(response::handle_waiting(&op.app, &op.workspace).await.unwrap(), 1);
        assert_eq!(count(&op, "SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND id = 9002 AND delivered_at IS NOT NULL").await, 1);
        // One that never finds its message is put away after a minute.
        let lost = json!({ "delivered": true, "final": true, "provider_id": "smsc-2" });
        receive(&op, "sms", "receipt", None, "", lost).await;
        assert_eq!(response::handle_waiting(&op.app, &op.workspace).await.unwrap(), 0);
        clock.advance(std::time::Duration::from_secs(61));
        assert_eq!(response::handle_waiting(&op.app, &op.workspace).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_failed_on_every_channel_is_dead() {
    with_app(|op, _| async move {
        open(&op).await;
        add_message(&op, 9002, SMS, "sms", PHONE, Some(START - 60_000)).await;
        add_message(&op, 9003, CALLS, "call", PHONE, None).await;
        let failed = json!({ "delivered": false, "final": true, "state": "UNDELIV", "error": "001" });
        let id = receive(&op, "sms", "receipt", Some(9002), "", failed).await;
        handle(&op, id).await;
        let bounce = receive(&op, "email", "bounce", Some(LETTER), EMAIL, json!({ "hard": true })).await;
        handle(&op, bounce).await;
        assert_eq!(response::find_dead(&op.app, &op.workspace).await.unwrap(), 0, "a call is still to be made");
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE messages SET state = 'rejected', reason = 'wrong_number' WHERE workspace_id = $1 AND id = 9003", op.ws().get()).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(response::find_dead(&op.app, &op.workspace).await.unwrap(), 1);
        assert_eq!(response::find_dead(&op.app, &op.workspace).await.unwrap(), 0);
        assert!(member(&op).await.3);
        assert_eq!(count(&op, "SELECT COUNT(*) FROM dead_customers WHERE workspace_id = $1").await, 1);
    })
    .await;
}

#[tokio::test]
async fn who_comes_early_to_a_wave_waits_for_its_operators() {
    with_app(|op, _| async move {
        open(&op).await;
        // The letters went out a day ago, the calls are to begin a week after them.
        let mut tx = op.app.db.write().await.unwrap();
        for sql in [
            "DELETE FROM waves WHERE workspace_id = $1 AND id = $2 AND id <> $3",
            "UPDATE waves SET position = 1, state = 'waiting', started_at = NULL, due_at = NULL WHERE workspace_id = $1 AND id <> $2 AND id = $3",
        ] {
            let args = [op.ws().get(), SMS, CALLS].map(store::Value::Int);
            tx.execute_dyn(sql, &args).await.unwrap();
        }
        tx.commit().await.unwrap();
        let bounce = receive(&op, "email", "bounce", Some(LETTER), EMAIL, json!({ "hard": true })).await;
        handle(&op, bounce).await;
        let of_call = |column: &str| {
            format!("SELECT {column} FROM messages WHERE workspace_id = $1 AND channel = 'call' AND state = 'planned'")
        };
        assert!(count(&op, &of_call("due_at")).await < START + DAY, "may be called at once");
        assert_eq!(count(&op, &of_call("expires_at")).await, START + (6 + 14) * DAY);
    })
    .await;
}

async fn order(op: &Op, id: i64, customer: i64, at: i64, status: &str, minor: i64, currency: &str) {
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency)
         VALUES ($1, $2, $2, 1, 'n', $3, $7, $4, '', $5, $6)",
        op.ws().get(),
        id,
        at,
        status,
        minor,
        currency,
        Time::from_millis(at).day(&op.workspace.tz())
    )
    .unwrap();
    store::execute!(
        tx,
        "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, $2, $3)",
        op.ws().get(),
        id,
        customer
    )
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_window_is_of_whole_days_and_of_a_journey_begins_after_the_day_of_entering() {
    with_app(|op, _| async move {
        open(&op).await;
        // It was launched at noon of the day before START.
        let midnight = START - DAY - 12 * 3_600_000;
        // The export knows the day alone: it is the launch's own.
        order(&op, 1, OLENA, midnight, "paid", 100, "UAH").await;
        order(&op, 2, TARAS, midnight - 1, "paid", 100, "UAH").await;
        assert_eq!(response::attribute_orders(&op.app, &op.workspace).await.unwrap(), 1);
        let members = async || {
            let mut tx = op.app.db.read().await.unwrap();
            store::fetch_all!(
                tx,
                (i64, Option<i64>, Option<String>),
                "SELECT customer_id, bought_at, exit FROM campaign_members WHERE workspace_id = $1 ORDER BY customer_id",
                op.ws().get()
            )
            .unwrap()
        };
        assert_eq!(members().await, [(OLENA, Some(midnight), None), (TARAS, None, None)]);

        let day = Time::from_millis(START).day(&op.workspace.tz());
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "UPDATE campaigns SET kind = 'journey', goal = '{\"kind\":\"order\",\"window_days\":30}' WHERE workspace_id = $1",
            op.ws().get()
        )
        .unwrap();
        store::execute!(
            tx,
            "UPDATE campaign_members SET bought_at = NULL, bought_minor = 0, entered_at = $2, entered_day = $3 WHERE workspace_id = $1",
            op.ws().get(),
            START,
            day
        )
        .unwrap();
        tx.commit().await.unwrap();
        // What led in was bought before; an order of that day after entering is the goal, and is nobody's earning.
        response::attribute_orders(&op.app, &op.workspace).await.unwrap();
        assert_eq!(members().await, [(OLENA, None, None), (TARAS, None, None)]);
        order(&op, 3, OLENA, START + 3_600_000, "paid", 100, "UAH").await;
        response::attribute_orders(&op.app, &op.workspace).await.unwrap();
        assert_eq!(members().await, [(OLENA, None, Some("goal".to_owned())), (TARAS, None, None)]);
        order(&op, 4, OLENA, START + DAY, "paid", 100, "UAH").await;
        order(&op, 5, TARAS, START + 2 * DAY, "paid", 100, "UAH").await;
        response::attribute_orders(&op.app, &op.workspace).await.unwrap();
        // Taras is held out: his order is compared, and he walks nothing that could end.
        assert_eq!(
            members().await,
            [(OLENA, Some(START + DAY), Some("goal".to_owned())), (TARAS, Some(START + 2 * DAY), None)]
        );
        assert_eq!(response::attribute_orders(&op.app, &op.workspace).await.unwrap(), 0, "nothing new");
    })
    .await;
}

#[tokio::test]
async fn orders_count_for_treated_and_held_out_alike() {
    with_app(|op, _| async move {
        open(&op).await;
        // Olena was merged into card 77 after the launch.
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 1, 77)", op.ws().get()).unwrap();
        tx.commit().await.unwrap();
        order(&op, 1, 77, START - 2 * DAY, "paid", 100, "UAH").await;
        order(&op, 2, 77, START + DAY, "paid", 20_000, "UAH").await;
        order(&op, 3, 77, START + 2 * DAY, "cancelled", 90_000, "UAH").await;
        order(&op, 4, 77, START + 3 * DAY, "new", 500, "UAH").await;
        order(&op, 5, 77, START + 3 * DAY, "paid", 7, "EUR").await;
        order(&op, 6, 77, START + 40 * DAY, "paid", 100, "UAH").await;
        order(&op, 7, TARAS, START + 5 * DAY, "paid", 300, "UAH").await;
        assert_eq!(response::attribute_orders(&op.app, &op.workspace).await.unwrap(), 2);
        assert_eq!(response::attribute_orders(&op.app, &op.workspace).await.unwrap(), 0, "nothing new");
        let mut tx = op.app.db.read().await.unwrap();
        let rows = store::fetch_all!(
            tx,
            (i64, Option<i64>, i64),
            "SELECT customer_id, bought_at, bought_minor FROM campaign_members WHERE workspace_id = $1 ORDER BY customer_id",
            op.ws().get()
        )
        .unwrap();
        assert_eq!(rows, [(OLENA, Some(START + DAY), 20_500), (TARAS, Some(START + 5 * DAY), 300)]);
        assert_eq!(count(&op, "SELECT COUNT(*) FROM reactions WHERE workspace_id = $1 AND kind = 'order'").await, 1, "nobody wrote to the hold-out");
        drop(tx);
        let mut tx = op.app.db.read().await.unwrap();
        let state = campaign::campaign(&mut tx, op.ws(), CampaignId(CAMPAIGN)).await.unwrap().state;
        assert_eq!(state.as_str(), "running");
    })
    .await;
}
