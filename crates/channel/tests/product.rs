//! The product's own path: a campaign's wave becomes rows, rows become signed letters, refusals move people
//! on to the next wave at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod peer;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use access::Op;
use access::testing::with_app;
use basis::{CampaignId, Lang, WaveId};
use campaign::{Channel, Draft, Goal, LanguageRule, Target, WaveDraft};
use channel::sender::{Pace, Sender};
use channel::smtp::{Relay, SmtpConfig};
use channel::{ProductComposer, SenderKind, dkim, ledger, settings};
use content::{LetterSource, defaults};
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use mail_parser::MessageParser;
use serde_json::json;

const BASIS: &str = r#"[{"purpose":"marketing","channel":"email","basis":"consent","proof":"a form"},{"purpose":"marketing","channel":"sms","basis":"consent","proof":"a form"}]"#;

/// (customer, given name, e-mail, phone)
const PEOPLE: [(i64, &str, &str, &str); 4] = [
    (1, "Олена", "olena@x.test", "+380501112231"),
    (2, "Іван", "gone@x.test", "+380501112232"),
    (3, "Марія", "", "+380501112233"),
    (4, "Петро", "olena@x.test", ""),
];

async fn people(op: &Op) {
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'shop', '', $2, 0)",
        ws,
        BASIS
    )
    .unwrap();
    for (id, name, email, phone) in PEOPLE {
        store::execute!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, city, created_at, updated_at) VALUES ($1, $2, $3, $3, '', '', '', '', 'uk', '', 0, 0)",
            ws,
            id,
            name
        )
        .unwrap();
        for (n, kind, value) in [(0, "email", email), (1, "phone", phone)] {
            if !value.is_empty() {
                store::execute!(
                    tx,
                    "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred) VALUES ($1, $2, $3, $4, $5, 1, 0, 0, 1, TRUE)",
                    ws,
                    id * 10 + n,
                    id,
                    kind,
                    value
                )
                .unwrap();
            }
        }
    }
    tx.commit().await.unwrap();
}

fn wave(channel: Channel, target: Target, body: &LetterSource) -> WaveDraft {
    WaveDraft {
        channel,
        after_days: 7,
        target,
        bodies: BTreeMap::from([(Lang::Uk, body.clone())]),
        from_name: "Книжковий двір".into(),
        from_address: "hello@books.test".into(),
        rate_per_second: None,
        variants: Vec::new(),
    }
}

async fn running(op: &Op) -> (CampaignId, WaveId, WaveId) {
    let sms = LetterSource { text: defaults::sms(Lang::Uk).to_owned(), ..LetterSource::default() };
    let draft = Draft {
        name: "Activation".into(),
        kind: campaign::Kind::Once,
        entry: campaign::Entry::Segment,
        language: LanguageRule::ByCustomer,
        segment_id: None,
        holdout_share: 0.0,
        goal: Goal::default(),
        waves: vec![
            wave(Channel::Email, Target::All, &defaults::first_letter(Lang::Uk)),
            wave(Channel::Sms, Target::Silent, &sms),
        ],
    };
    let id = campaign::create(op, &draft).await.unwrap();
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    let waves = campaign::waves(&mut tx, op.ws(), id).await.unwrap();
    store::execute!(tx, "UPDATE campaigns SET state = 'running' WHERE workspace_id = $1", ws).unwrap();
    store::execute!(
        tx,
        "UPDATE waves SET state = 'running' WHERE workspace_id = $1 AND id = $2",
        ws,
        waves[0].id.get()
    )
    .unwrap();
    for (customer, ..) in PEOPLE {
        store::execute!(
            tx,
            "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_minor, dead) VALUES ($1, $2, $3, FALSE, 'none', FALSE, 0, FALSE)",
            ws,
            id.get(),
            customer
        )
        .unwrap();
    }
    tx.commit().await.unwrap();
    (id, waves[0].id, waves[1].id)
}

async fn states(op: &Op, campaign: CampaignId, wave: WaveId) -> Vec<(i64, String, String)> {
    let mut tx = op.app.db.read().await.unwrap();
    let rows = ledger::list(&mut tx, op.ws(), campaign, Some(wave), "", 0, 100).await.unwrap();
    let mut out: Vec<_> = rows.into_iter().map(|r| (r.customer_id.get(), r.state, r.reason)).collect();
    out.sort();
    out
}

fn row(customer: i64, state: &str, reason: &str) -> (i64, String, String) {
    (customer, state.to_owned(), reason.to_owned())
}

/// A DNS of one record.
struct OneRecord(Txt);

impl ResolverCache<Box<str>, Txt> for OneRecord {
    fn get<Q>(&self, _name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Some(self.0.clone())
    }

    fn remove<Q>(&self, _name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _key: Box<str>, _value: Txt, _valid_until: Instant) {}
}

async fn verifies(raw: &[u8], record: &str) -> bool {
    let key = DomainKey::parse(record.as_bytes()).unwrap();
    let dns = OneRecord(Txt::DomainKey(Arc::new(key)));
    let message = AuthenticatedMessage::parse(raw).unwrap();
    let verifier = MessageAuthenticator::new_cloudflare().unwrap();
    let verdicts = verifier.verify_dkim(Parameters::new(&message).with_txt_cache(&dns)).await;
    verdicts.len() == 1 && verdicts.iter().all(|v| *v.result() == DkimResult::Pass)
}

#[tokio::test]
async fn a_wave_becomes_signed_letters_and_refusals_move_on() {
    with_app(|op, _clock| async move {
        let (port, mut letters) = peer::start().await;
        people(&op).await;
        let config = json!({
            "host": "127.0.0.1", "port": port, "security": "none",
            "domain": "books.test", "bounce_domain": "bounce.books.test"
        });
        settings::save(&op.app, &op.workspace, SenderKind::Email, &config, None).await.unwrap();
        let (campaign, first, second) = running(&op).await;
        channel::plan_wave(&op.app, op.ws(), first).await.unwrap();
        channel::plan_wave(&op.app, op.ws(), first).await.unwrap();
        assert_eq!(
            states(&op, campaign, first).await,
            [
                row(1, "planned", ""),
                row(2, "planned", ""),
                row(3, "excluded", "no_contact"),
                row(4, "excluded", "shared_address"),
            ]
        );
        assert!(channel::anything_due(&op.app, &op.workspace, campaign).await.unwrap());

        let sender = Sender::new(
            op.app.clone(),
            op.workspace.clone(),
            "email",
            Relay::new(SmtpConfig::loopback(port), 2),
            Arc::new(ProductComposer::default()),
            Pace::default(),
        );
        sender.pass().await.unwrap();
        assert_eq!(
            states(&op, campaign, first).await[..2],
            [row(1, "accepted", ""), row(2, "rejected", "hard_bounce")]
        );
        assert_eq!(states(&op, campaign, second).await, [row(2, "planned", "")], "no waiting after a bounce");
        assert!(!channel::anything_due(&op.app, &op.workspace, CampaignId(0)).await.unwrap());

        let letter = letters.recv().await.unwrap();
        assert!(letters.try_recv().is_err());
        let parsed = MessageParser::default().parse(&letter.raw).unwrap();
        assert_eq!(letter.to, "olena@x.test");
        assert!(letter.return_path.ends_with("@bounce.books.test"));
        let site = op.app.public_url();
        let unsubscribe = parsed.header_raw("List-Unsubscribe").unwrap().to_owned();
        assert!(unsubscribe.contains(&format!("<{site}/u/")), "{unsubscribe}");
        let html = parsed.body_html(0).unwrap();
        assert!(html.contains("Олено"), "the vocative of the name");
        assert!(html.contains(&format!("{site}/p/")) && html.contains(&format!("{site}/u/")));
        let key = settings::dkim_key(&op.app, op.ws()).await.unwrap();
        let record = dkim::dns_record(&key).unwrap();
        assert!(verifies(&letter.raw, &record).await);
        let spoiled = String::from_utf8(letter.raw.clone()).unwrap().replace("Subject: ", "Subject: x");
        assert!(!verifies(spoiled.as_bytes(), &record).await);

        let mut tx = op.app.db.read().await.unwrap();
        let (story,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM interactions WHERE workspace_id = $1 AND kind IN ('letter_sent', 'letter_bounced')",
            op.ws().get()
        )
        .unwrap();
        assert_eq!(story, 2);
        drop(tx);
        channel::watch(&op.app, &op.workspace).await.unwrap();
        let mut tx = op.app.db.read().await.unwrap();
        let waves = campaign::waves(&mut tx, op.ws(), campaign).await.unwrap();
        assert_eq!(waves[0].state, campaign::WaveState::Done);
    })
    .await;
}

#[tokio::test]
async fn a_stop_that_comes_between_planning_and_sending_wins() {
    with_app(|op, _clock| async move {
        let (port, mut letters) = peer::start().await;
        people(&op).await;
        let config = json!({
            "host": "127.0.0.1", "port": port, "security": "none",
            "domain": "books.test", "bounce_domain": "bounce.books.test"
        });
        settings::save(&op.app, &op.workspace, SenderKind::Email, &config, None).await.unwrap();
        let (campaign, first, _) = running(&op).await;
        channel::plan_wave(&op.app, op.ws(), first).await.unwrap();
        let stop = permission::Suppress {
            kind: "email",
            value: "olena@x.test",
            channel: "all",
            reason: "opt_out",
            campaign_id: None,
            at: op.campaign_now(),
        };
        let mut tx = op.app.db.write().await.unwrap();
        permission::suppress(&mut tx, &op.app, op.ws(), &stop).await.unwrap();
        tx.commit().await.unwrap();
        let relay = Relay::new(SmtpConfig::loopback(port), 2);
        let composer = Arc::new(ProductComposer::default());
        let sender =
            Sender::new(op.app.clone(), op.workspace.clone(), "email", relay, composer, Pace::default());
        sender.pass().await.unwrap();
        assert_eq!(states(&op, campaign, first).await[0], row(1, "excluded", "suppressed"));
        assert!(letters.try_recv().is_err());
    })
    .await;
}
