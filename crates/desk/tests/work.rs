//! Operators at work, over HTTP, on a real database.

#[path = "../../response/tests/shop/mod.rs"]
mod shop;

use std::time::Duration;

use access::{Op, Role, testing::with_app};
use axum::{Router, body::Body, http::Request};
use serde_json::{Value, json};
use shop::{
    CALLS, CAMPAIGN, DAY, EMAIL, OLENA, PHONE, SMS, START, add_message, count, draw_second, member, open,
    text,
};
use tower::ServiceExt;

const CALL: i64 = 9003;

struct Desk {
    router: Router,
    token: String,
}

impl Desk {
    async fn of(op: &Op, role: Role) -> Self {
        let (_, token) = access::add_token(&op.app, op.ws(), "desk", role).await.unwrap();
        let (router, _) = desk::routes().split_for_parts();
        Self { router: router.with_state(op.app.clone()), token }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn next(&self) -> (u16, Value) {
        self.ask("POST", "/api/desk/next", Value::Null).await
    }

    async fn ended(&self, body: Value) -> (u16, Value) {
        self.ask("POST", &format!("/api/desk/tasks/{CALL}/outcome"), body).await
    }
}

/// The letter and the message were met with silence; a call is planned.
async fn ready(op: &Op) -> Desk {
    open(op).await;
    add_message(op, 9002, SMS, "sms", PHONE, Some(START - 60_000)).await;
    add_message(op, CALL, CALLS, "call", PHONE, None).await;
    assert_eq!(desk::make_tasks(&op.app, &op.workspace).await.unwrap(), 1);
    assert_eq!(desk::make_tasks(&op.app, &op.workspace).await.unwrap(), 0, "one task a row");
    Desk::of(op, Role::Operator).await
}

#[tokio::test]
async fn a_task_is_in_one_operators_hands_and_a_lost_one_comes_back() {
    with_app(|op, clock| async move {
        let anna = ready(&op).await;
        let boris = Desk::of(&op, Role::Operator).await;
        let (a, b) = tokio::join!(anna.next(), boris.next());
        let mut statuses = [a.0, b.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404], "{a:?} {b:?}");
        let (holder, other, task) = if a.0 == 200 { (&anna, &boris, a.1) } else { (&boris, &anna, b.1) };

        assert_eq!(task["number"], PHONE);
        assert!(task["script"].as_str().unwrap().contains("Олен"), "{}", task["script"]);
        assert_eq!(
            (&task["campaign"]["name"], &task["letter_sent"]),
            (&json!("Спасибо за книги"), &json!(true))
        );
        assert!(!task["customer"].to_string().contains(PHONE), "the card stays masked");
        assert_eq!(
            count(
                &op,
                "SELECT COUNT(*) FROM audit_log WHERE workspace_id = $1 AND action = 'desk.number_shown'"
            )
            .await,
            1
        );

        // The queue shows names to all and numbers to nobody.
        let (_, queue) = other.ask("GET", "/api/desk/tasks", Value::Null).await;
        assert_eq!(queue["counts"], json!({ "waiting": 0, "taken": 1, "later": 0, "done": 0 }));
        assert_eq!(queue["items"], json!([]));
        let (_, queue) = holder.ask("GET", "/api/desk/tasks", Value::Null).await;
        assert_eq!(queue["items"][0]["mine"], true);
        assert!(!queue.to_string().contains("3911"), "{queue}");

        assert_eq!(other.ended(json!({ "outcome": "no_answer" })).await.0, 403);
        let path = format!("/api/desk/tasks/{CALL}/keep");
        assert_eq!(other.ask("POST", &path, Value::Null).await.0, 403);
        assert_eq!(holder.next().await.1["id"], task["id"], "the task in hand again, not a second one");

        clock.advance(Duration::from_secs(14 * 60));
        assert_eq!(holder.ask("POST", &path, Value::Null).await.0, 200);
        clock.advance(Duration::from_secs(14 * 60));
        assert_eq!(desk::make_tasks(&op.app, &op.workspace).await.unwrap(), 0, "still there");
        clock.advance(Duration::from_secs(2 * 60));
        assert_eq!(desk::make_tasks(&op.app, &op.workspace).await.unwrap(), 1, "lost");
        let (status, taken) = other.next().await;
        assert_eq!((status, &taken["id"]), (200, &task["id"]));
        assert_eq!(holder.ended(json!({ "outcome": "agreed" })).await.0, 403, "too late");
        assert_eq!(
            count(&op, "SELECT COUNT(*) FROM call_attempts WHERE workspace_id = $1 AND outcome = 'lost'")
                .await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_yes_on_the_phone_is_a_consent_with_its_proof() {
    with_app(|op, _| async move {
        let anna = ready(&op).await;
        anna.next().await;
        let yes = json!({ "outcome": "agreed", "note": "рада звонку", "interests": ["72"], "corrections": { "email": "olena.new@example.org" } });
        let (status, body) = anna.ended(yes.clone()).await;
        assert_eq!(status, 204, "{body}");
        assert_eq!(anna.ended(yes).await.0, 204, "sent twice, done once");
        assert_eq!(member(&op).await.0, "agreed");
        assert_eq!(count(&op, "SELECT COUNT(*) FROM reactions WHERE workspace_id = $1 AND kind = 'agreed'").await, 1);
        assert_eq!(count(&op, "SELECT wave_id FROM reactions WHERE workspace_id = $1 AND kind = 'agreed'").await, CALLS);
        assert_eq!(text(&op, "SELECT state FROM messages WHERE workspace_id = $1 AND id = 9003").await, "accepted");
        assert_eq!(count(&op, "SELECT COUNT(*) FROM preferences WHERE workspace_id = $1 AND chosen AND category_id = 72").await, 1);
        let proof: Value = serde_json::from_str(
            &text(&op, "SELECT proof FROM consents WHERE workspace_id = $1 AND kind = 'phone' AND state = 'given'").await,
        )
        .unwrap();
        assert_eq!((&proof["via"], &proof["interests"]), (&json!("call"), &json!(["72"])));
        assert!(proof["text"].as_str().unwrap().contains("Олен") && proof["operator"].is_string() && proof["at"].is_string());
        assert!(count(&op, "SELECT COUNT(*) FROM contact_points WHERE workspace_id = $1 AND value = 'olena.new@example.org'").await == 1);
        assert_eq!(anna.next().await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_needs_its_reason_and_ends_everything() {
    with_app(|op, _| async move {
        let anna = ready(&op).await;
        anna.next().await;
        let (status, problem) = anna.ended(json!({ "outcome": "refused" })).await;
        assert_eq!(
            (status, &problem["code"], &problem["fields"][0]["path"]),
            (422, &json!("reason"), &json!("reason"))
        );
        let strange =
            json!({ "outcome": "refused", "reason": "price", "order_id": "12", "competitor": "Книгарня" });
        let (status, problem) = anna.ended(strange).await;
        assert_eq!((status, &problem["code"]), (422, &json!("order_id")), "an order of somebody else");
        assert_eq!(
            count(&op, "SELECT COUNT(*) FROM suppressions WHERE workspace_id = $1").await,
            0,
            "nothing is half done"
        );
        let words = json!({ "outcome": "refused", "reason": "price", "competitor": " Книгарня  на розі " });
        assert_eq!(anna.ended(words).await.0, 204);
        assert_eq!(
            text(&op, "SELECT competitor FROM call_tasks WHERE workspace_id = $1").await,
            "Книгарня на розі"
        );
        assert_eq!(member(&op).await, ("refused".to_owned(), false, true, false));
        assert!(
            count(&op, "SELECT COUNT(*) FROM suppressions WHERE workspace_id = $1 AND reason = 'refused'")
                .await
                >= 2,
            "phone and e-mail"
        );
        assert_eq!(text(&op, "SELECT reason FROM call_tasks WHERE workspace_id = $1").await, "price");
    })
    .await;
}

#[tokio::test]
async fn who_does_not_answer_is_called_three_times_and_then_dead() {
    with_app(|op, clock| async move {
        let anna = ready(&op).await;
        // Letter and message failed as well.
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE messages SET bounced_at = 1, delivered_at = NULL WHERE workspace_id = $1 AND channel <> 'call'", op.ws().get()).unwrap();
        tx.commit().await.unwrap();
        for attempt in 1..=3 {
            // Afternoons of Monday, Tuesday, Wednesday in Kyiv, all within calling hours.
            clock.set(basis::Time::from_millis(START + attempt * DAY + 3_600_000));
            let (status, task) = anna.next().await;
            assert_eq!((status, &task["attempts"]), (200, &json!(attempt - 1)), "{task}");
            assert_eq!(anna.ended(json!({ "outcome": "no_answer" })).await.0, 204);
            assert_eq!(anna.next().await.0, 404, "not again at once");
        }
        assert_eq!(text(&op, "SELECT state FROM messages WHERE workspace_id = $1 AND id = 9003").await, "rejected");
        assert!(member(&op).await.3, "every channel failed");
        assert_eq!(count(&op, "SELECT COUNT(*) FROM call_attempts WHERE workspace_id = $1 AND outcome = 'no_answer'").await, 3);
    })
    .await;
}

#[tokio::test]
async fn later_is_later_and_nobody_is_called_at_night() {
    with_app(|op, clock| async move {
        let anna = ready(&op).await;
        anna.next().await;
        assert_eq!(anna.ended(json!({ "outcome": "call_later" })).await.0, 422);
        // The person asks for eleven at night: the task is due then, and the gate moves it to the morning.
        let night = basis::Time::from_millis(START + DAY + 11 * 3_600_000);
        assert_eq!(anna.ended(json!({ "outcome": "call_later", "next_at": night })).await.0, 204);
        clock.set(basis::Time::from_millis(night.millis() + 60_000));
        assert_eq!(anna.next().await.0, 404);
        let (_, queue) = anna.ask("GET", "/api/desk/tasks", Value::Null).await;
        assert_eq!(queue["counts"]["later"], 1);
        clock.set(basis::Time::from_millis(START + 2 * DAY));
        assert_eq!(anna.next().await.0, 200, "noon of the next day");
        let (_, _, ended, _) = member(&op).await;
        assert!(!ended);
    })
    .await;
}

#[tokio::test]
async fn who_answered_elsewhere_is_not_called() {
    with_app(|op, _| async move {
        let anna = ready(&op).await;
        let mut tx = op.app.db.write().await.unwrap();
        campaign::note_click(&mut tx, op.ws(), basis::CampaignId(CAMPAIGN), basis::CustomerId(OLENA))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(anna.next().await.0, 404);
        assert_eq!(
            text(
                &op,
                "SELECT reason FROM messages WHERE workspace_id = $1 AND id = 9003 AND state = 'excluded'"
            )
            .await,
            "answered"
        );
        assert_eq!(
            count(
                &op,
                "SELECT COUNT(*) FROM audit_log WHERE workspace_id = $1 AND action = 'desk.number_shown'"
            )
            .await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_caller_after_the_message_gets_the_letter_again_and_counts() {
    with_app(|op, _| async move {
        let anna = ready(&op).await;
        let (status, found) =
            anna.ask("POST", "/api/desk/inbound", json!({ "phone": "097 939-11-55" })).await;
        assert_eq!(status, 200);
        let caller = &found["items"][0];
        assert_eq!(
            (&caller["wave"]["number"], &caller["wave"]["channel"]),
            (&json!(2), &json!("sms")),
            "{found}"
        );
        assert_eq!((&caller["letter_sent"], &caller["can_resend"]), (&json!(true), &json!(true)));
        assert!(!found.to_string().contains(EMAIL));
        assert_eq!(anna.ask("POST", "/api/desk/inbound", json!({ "phone": "12" })).await.0, 422);
        let (_, nobody) = anna.ask("POST", "/api/desk/inbound", json!({ "phone": "+380501112233" })).await;
        assert_eq!(nobody["items"], json!([]));

        let again =
            json!({ "customer_id": caller["customer"]["id"], "campaign_id": caller["campaign"]["id"] });
        assert_eq!(anna.ask("POST", "/api/desk/resend", again.clone()).await.0, 202);
        assert_eq!(
            text(&op, "SELECT state FROM messages WHERE workspace_id = $1 AND id = 9001").await,
            "planned"
        );
        assert_eq!(member(&op).await.0, "agreed");
        assert_eq!(
            count(&op, "SELECT wave_id FROM reactions WHERE workspace_id = $1 AND kind = 'resend'").await,
            SMS,
            "the message earned it"
        );
        assert_eq!(anna.ask("POST", "/api/desk/resend", again).await.0, 409, "it is on its way");
        assert_eq!(
            count(&op, "SELECT COUNT(*) FROM reactions WHERE workspace_id = $1 AND kind = 'resend'").await,
            1
        );
        let other = json!({ "customer_id": "1", "campaign_id": "4242" });
        assert_eq!(anna.ask("POST", "/api/desk/resend", other).await.0, 404);
        let client = Desk::of(&op, Role::Client).await;
        assert_eq!(client.next().await.0, 403);
    })
    .await;
}

#[tokio::test]
async fn an_operator_reads_the_script_that_the_person_drew() {
    with_app(|op, _| async move {
        let anna = ready(&op).await;
        draw_second(&op, CALLS, CALL, json!({ "text": "{{ given_name }}, спершу про книжки" })).await;
        let (status, task) = anna.next().await;
        assert_eq!((status, &task["script"]), (200, &json!("Олена, спершу про книжки")));
        assert_eq!(anna.ended(json!({ "outcome": "agreed" })).await.0, 204);
        let proof = text(
            &op,
            "SELECT proof FROM consents WHERE workspace_id = $1 AND kind = 'phone' AND state = 'given'",
        )
        .await;
        assert!(
            proof.contains("спершу про книжки"),
            "the consent was given to the words that were said: {proof}"
        );
    })
    .await;
}
