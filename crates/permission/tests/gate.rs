//! The gate over live state, on both databases.

use access::{Op, testing::with_app};
use basis::{CategoryId, CustomerId, Time};
use permission::{
    Channel, Consent, Decision, GateQuery, Purpose, Reason, Suppress, choose_interests, consents_of, gate,
    gate_many, give, interests, lift, list_stops, mark_dead, opt_out, reach, set_contact_state, suppress,
};
use serde_json::json;
use store::Tx;

const ANN: CustomerId = CustomerId(1);
const BOB: CustomerId = CustomerId(2);
const PROOF: &str =
    r#"[{"purpose":"marketing","channel":"all","basis":"consent","proof":"box at checkout"}]"#;

/// Ann and Bob share a phone; each has an e-mail of a source with a basis. Carl's source has none.
async fn people(op: &Op) -> Tx {
    op.app.key(op.ws(), "suppression").await.unwrap();
    let mut tx = op.app.db.write().await.unwrap();
    let ws = op.ws().get();
    for (id, basis) in [(1_i64, PROOF), (2, "[]")] {
        store::execute!(tx, "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, $2, $3, '', $4, 0)", ws, id, format!("s{id}"), basis).unwrap();
    }
    for (id, customer, kind, value, source) in [
        (1_i64, 1_i64, "email", "ann@x.example", 1_i64),
        (2, 1, "phone", "+380961234567", 1),
        (3, 2, "phone", "+380961234567", 1),
        (4, 2, "email", "bob@x.example", 1),
        (5, 3, "email", "carl@x.example", 2),
    ] {
        store::execute!(
            tx,
            "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 1, $7)",
            ws, id, customer, kind, value, source, false
        )
        .unwrap();
    }
    for id in 1_i64..=3 {
        store::execute!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at) VALUES ($1, $2, '', '', '', '', '', '', '', 0, 0)",
            ws, id
        )
        .unwrap();
    }
    tx
}

fn ask(customer_id: CustomerId, channel: Channel, address: &str) -> GateQuery {
    // Monday noon in Kyiv.
    let at = "2024-09-02T09:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    GateQuery {
        customer_id,
        channel,
        address: address.into(),
        purpose: Purpose::Marketing,
        at,
        campaign_id: None,
        expires_at: None,
    }
}

async fn answer(op: &Op, tx: &mut Tx, query: GateQuery) -> Decision {
    gate(tx, &op.app, &op.workspace, &query).await.unwrap()
}

fn word<'a>(
    customer_id: CustomerId,
    kind: &'a str,
    value: &'a str,
    channel: &'a str,
    at: i64,
) -> Consent<'a> {
    let proof = json!({ "text": "I want letters", "page": "/p/x" });
    Consent {
        customer_id,
        kind,
        value,
        purpose: "marketing",
        channel,
        basis: "consent",
        proof,
        at: Time::from_millis(at),
    }
}

#[tokio::test]
async fn each_state_closes_the_gate_with_its_reason() {
    with_app(|op, _| async move {
        let mut tx = people(&op).await;
        let ann = || ask(ANN, Channel::Email, "ann@x.example");
        assert_eq!(answer(&op, &mut tx, ann()).await, Decision::Allow);
        assert_eq!(
            answer(&op, &mut tx, ask(ANN, Channel::Email, "old@x.example")).await,
            Decision::Refused(Reason::NoContact)
        );
        let carl = ask(CustomerId(3), Channel::Email, "carl@x.example");
        assert_eq!(answer(&op, &mut tx, carl).await, Decision::Refused(Reason::NoConsent));
        let machine = ask(ANN, Channel::AutoCall, "+380961234567");
        assert_eq!(answer(&op, &mut tx, machine).await, Decision::Refused(Reason::NoAutomaticConsent));

        let (ws, at) = (op.ws(), Time::from_millis(5));
        for _ in 0..2 {
            set_contact_state(&mut tx, ws, "email", "ann@x.example", "soft_bounced", "mailbox full", at)
                .await
                .unwrap();
        }
        assert_eq!(answer(&op, &mut tx, ann()).await, Decision::Allow);
        set_contact_state(&mut tx, ws, "email", "ann@x.example", "soft_bounced", "mailbox full", at)
            .await
            .unwrap();
        assert_eq!(answer(&op, &mut tx, ann()).await, Decision::Refused(Reason::Dead));
        set_contact_state(&mut tx, ws, "email", "ann@x.example", "ok", "", at).await.unwrap();
        assert_eq!(answer(&op, &mut tx, ann()).await, Decision::Allow);
        mark_dead(&mut tx, ws, ANN, None, at).await.unwrap();
        assert_eq!(answer(&op, &mut tx, ann()).await, Decision::Refused(Reason::Dead));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_outlives_merge_and_undo_and_stops_every_channel() {
    with_app(|op, _| async move {
        let mut tx = people(&op).await;
        let ws = op.ws();
        opt_out(
            &mut tx,
            &op.app,
            ws,
            ANN,
            ("email", "ANN@x.example"),
            "opt_out",
            None,
            json!({ "page": "/u/x" }),
            Time::from_millis(10),
        )
        .await
        .unwrap();
        let refused = |d: Decision| matches!(d, Decision::Refused(Reason::Suppressed | Reason::Withdrawn));
        assert!(refused(answer(&op, &mut tx, ask(ANN, Channel::Email, "ann@x.example")).await));
        assert!(refused(answer(&op, &mut tx, ask(ANN, Channel::Sms, "+380961234567")).await));
        // The shared number is stopped for Bob too, his own mailbox is not.
        assert!(refused(answer(&op, &mut tx, ask(BOB, Channel::Sms, "+380961234567")).await));
        assert_eq!(answer(&op, &mut tx, ask(BOB, Channel::Email, "bob@x.example")).await, Decision::Allow);

        let both = [ask(ANN, Channel::Sms, "+380961234567"), ask(BOB, Channel::Sms, "+380961234567")];
        let asked_at_once = gate_many(&mut tx, &op.app, &op.workspace, &both).await.unwrap();
        assert!(asked_at_once.into_iter().all(refused), "a shared number is stopped for both in one batch");

        // Ann is merged into Bob: her word now is his, for they are one person.
        store::execute!(
            tx,
            "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 1, 2)",
            ws.get()
        )
        .unwrap();
        store::execute!(
            tx,
            "UPDATE contact_points SET customer_id = 2 WHERE workspace_id = $1 AND customer_id = 1",
            ws.get()
        )
        .unwrap();
        assert!(refused(answer(&op, &mut tx, ask(ANN, Channel::Email, "bob@x.example")).await));
        assert!(refused(answer(&op, &mut tx, ask(BOB, Channel::Email, "ann@x.example")).await));

        // A re-import after a split makes a new customer with the old address: the address is still stopped.
        store::execute!(tx, "DELETE FROM customer_aliases WHERE workspace_id = $1", ws.get()).unwrap();
        store::execute!(
            tx,
            "UPDATE contact_points SET customer_id = 3 WHERE workspace_id = $1 AND value = 'ann@x.example'",
            ws.get()
        )
        .unwrap();
        assert!(refused(answer(&op, &mut tx, ask(CustomerId(3), Channel::Email, "ann@x.example")).await));
    })
    .await;
}

#[tokio::test]
async fn a_fresh_consent_lifts_the_persons_own_refusal_on_that_channel_only() {
    with_app(|op, _| async move {
        let mut tx = people(&op).await;
        let ws = op.ws();
        let phone = "+380961234567";
        opt_out(
            &mut tx,
            &op.app,
            ws,
            ANN,
            ("phone", phone),
            "refused",
            None,
            json!({ "operator": "7" }),
            Time::from_millis(10),
        )
        .await
        .unwrap();
        give(&mut tx, &op.app, ws, &word(ANN, "phone", phone, "sms", 20)).await.unwrap();
        assert_eq!(answer(&op, &mut tx, ask(ANN, Channel::Sms, phone)).await, Decision::Allow);
        assert_eq!(
            answer(&op, &mut tx, ask(ANN, Channel::Call, phone)).await,
            Decision::Refused(Reason::Suppressed)
        );

        let complaint = Suppress {
            kind: "phone",
            value: phone,
            channel: "all",
            reason: "complaint",
            campaign_id: None,
            at: Time::from_millis(30),
        };
        suppress(&mut tx, &op.app, ws, &complaint).await.unwrap();
        suppress(&mut tx, &op.app, ws, &complaint).await.unwrap();
        give(&mut tx, &op.app, ws, &word(ANN, "phone", phone, "sms", 40)).await.unwrap();
        assert_eq!(
            answer(&op, &mut tx, ask(ANN, Channel::Sms, phone)).await,
            Decision::Refused(Reason::Suppressed)
        );
        let stops = list_stops(&mut tx, &op.app, ws, Some(("phone", phone)), i64::MAX, 50).await.unwrap();
        let complaints: Vec<_> = stops.iter().filter(|s| s.reason == "complaint").collect();
        assert_eq!(complaints.len(), 1, "the same stop twice is one");
        lift(&mut tx, ws, complaints[0].id.into(), Time::from_millis(50)).await.unwrap();
        assert!(lift(&mut tx, ws, complaints[0].id.into(), Time::from_millis(51)).await.is_err());
        assert_eq!(answer(&op, &mut tx, ask(ANN, Channel::Sms, phone)).await, Decision::Allow);

        let log = consents_of(&mut tx, ws, ANN).await.unwrap();
        assert_eq!(log.iter().map(|e| e.state.as_str()).collect::<Vec<_>>(), ["given", "given", "withdrawn"]);
        let bare = Consent { proof: json!({}), ..word(ANN, "phone", phone, "sms", 60) };
        assert_eq!(give(&mut tx, &op.app, ws, &bare).await.unwrap_err().code, "consent_without_proof");
    })
    .await;
}

#[tokio::test]
async fn caps_count_what_was_sent_under_any_id_of_the_person() {
    with_app(|op, _| async move {
        let mut tx = people(&op).await;
        let ws = op.ws();
        store::execute!(
            tx,
            "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 1, 2)",
            ws.get()
        )
        .unwrap();
        let at = ask(BOB, Channel::Email, "").at;
        for (n, customer) in [(100, ANN), (101, BOB), (102, BOB)] {
            let mut sent = timeline::Interaction::system(
                n,
                customer,
                at.minus(std::time::Duration::from_secs(3 * 86_400)),
                "letter_sent",
                "email",
            );
            sent.direction = "out".into();
            timeline::record(&mut tx, ws, &sent).await.unwrap();
        }
        let decisions = gate_many(
            &mut tx,
            &op.app,
            &op.workspace,
            &[ask(BOB, Channel::Email, "bob@x.example"), ask(BOB, Channel::Sms, "+380961234567")],
        )
        .await
        .unwrap();
        assert!(matches!(decisions[0], Decision::Held { reason: Reason::FrequencyCap, .. }), "{decisions:?}");
        assert_eq!(decisions[1], Decision::Allow);
    })
    .await;
}

#[tokio::test]
async fn reach_picks_the_address_or_says_why_not() {
    with_app(|op, _| async move {
        let mut tx = people(&op).await;
        let ws = op.ws();
        let all = [ANN, BOB, CustomerId(3), CustomerId(9)];
        let channels = [Channel::Email, Channel::Sms];
        set_contact_state(
            &mut tx,
            ws,
            "email",
            "bob@x.example",
            "hard_bounced",
            "550 5.1.1",
            Time::from_millis(1),
        )
        .await
        .unwrap();
        let reached =
            reach(&mut tx, &op.app, &op.workspace, &all, &channels, Purpose::Marketing).await.unwrap();
        assert_eq!(reached[0].channels, [Ok("ann@x.example".into()), Ok("+380961234567".into())]);
        assert_eq!(reached[1].channels, [Err(Reason::Dead), Ok("+380961234567".into())]);
        assert_eq!(reached[2].excluded(), Some(Reason::NoConsent));
        assert_eq!(reached[3].excluded(), Some(Reason::NoContact));
        assert_eq!(reached[1].excluded(), None);
    })
    .await;
}

#[tokio::test]
async fn interests_keep_the_last_word_over_all_ids() {
    with_app(|op, _| async move {
        let mut tx = people(&op).await;
        let ws = op.ws();
        choose_interests(
            &mut tx,
            ws,
            ANN,
            &[(CategoryId(1), true), (CategoryId(2), true)],
            Time::from_millis(1),
        )
        .await
        .unwrap();
        choose_interests(&mut tx, ws, BOB, &[(CategoryId(2), false)], Time::from_millis(2)).await.unwrap();
        store::execute!(
            tx,
            "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 1, 2)",
            ws.get()
        )
        .unwrap();
        let told = interests(&mut tx, ws, BOB).await.unwrap();
        assert_eq!(told, [(CategoryId(1), true), (CategoryId(2), false)]);
    })
    .await;
}
