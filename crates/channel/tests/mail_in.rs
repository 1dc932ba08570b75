//! From the wire to the table `inbound`: the right row, the right message, once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use access::Op;
use access::testing::with_app;
use basis::{CampaignId, CustomerId, Fault, MessageId, WaveId, WorkspaceId};
use channel::inbox::verp;
use channel::ledger::{self, NewRow};
use channel::rules::verp::{AddressKind, MessageRef};
use channel::transport::BoxFuture;
use channel::{InboundConfig, InboundHandler, SenderKind, settings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

#[derive(Default)]
struct Heard(Mutex<Vec<i64>>);

impl InboundHandler for Heard {
    fn handle(&self, _ws: WorkspaceId, inbound_id: i64) -> BoxFuture<'_, Result<(), Fault>> {
        self.0.lock().unwrap().push(inbound_id);
        Box::pin(std::future::ready(Ok(())))
    }
}

async fn set_up(op: &Op) -> MessageId {
    let config = json!({
        "host": "127.0.0.1", "port": 2525, "security": "none",
        "domain": "books.test", "bounce_domain": "bounce.books.test"
    });
    settings::save(&op.app, &op.workspace, SenderKind::Email, &config, Some("hunter2")).await.unwrap();
    let id = op.next_id();
    let row = NewRow {
        id,
        customer_id: CustomerId(5),
        address: Some("olena@mail.test".into()),
        excluded: String::new(),
        language: None,
        variant: None,
    };
    let now = op.campaign_now();
    let mut tx = op.app.db.write().await.unwrap();
    ledger::plan_rows(&mut tx, op.ws(), CampaignId(1), WaveId(2), "email", now, now.plus_days(7), &[row])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    MessageId(id)
}

async fn send(port: SocketAddr, from: &str, to: &str, message: &str) -> String {
    let mut stream = TcpStream::connect(port).await.unwrap();
    let words =
        format!("EHLO x\r\nMAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n{message}\r\n.\r\nQUIT\r\n");
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

type InboundRow = (String, Option<i64>, String, String);

#[tokio::test]
async fn bounces_unsubscribes_and_answers_find_their_message() {
    with_app(|op, _clock| async move {
        let heard = Arc::new(Heard::default());
        let stop = CancellationToken::new();
        let config = InboundConfig { smtp: Some("127.0.0.1:0".parse().unwrap()), ..InboundConfig::default() };
        let handler: Arc<dyn InboundHandler> = Arc::clone(&heard) as _;
        let ports = channel::run_inbound(op.app.clone(), config, handler, stop.clone()).await.unwrap();
        let port = ports.smtp.unwrap();
        // The sender is set up while the receiver runs; the first letter's bounce may come at once.
        let message = set_up(&op).await;
        let verp = verp(&op.app, op.ws()).await.unwrap().unwrap();
        let of = MessageRef { workspace: op.ws(), message };
        let address = |kind| verp.address(kind, of);

        let dsn = "From: MAILER-DAEMON@mx.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; olena@mail.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--B--";
        let answer = send(port, "", &address(AddressKind::Bounce), dsn).await;
        assert!(answer.contains("250 2.0.0 Stored"), "{answer}");
        send(port, "olena@mail.test", &address(AddressKind::Unsubscribe), "From: olena@mail.test\r\nSubject: unsubscribe\r\n\r\n").await;
        send(port, "olena@mail.test", &address(AddressKind::Reply), "From: olena@mail.test\r\nSubject: Re: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nНе пишите мне больше").await;
        send(port, "olena@mail.test", &address(AddressKind::Reply), "From: olena@mail.test\r\nSubject: Re: x\r\n\r\nThank you").await;
        send(port, "", &address(AddressKind::Reply), "From: olena@mail.test\r\nAuto-Submitted: auto-replied\r\n\r\nAway").await;
        let forged = address(AddressKind::Bounce).replace("b.", "b.aa");
        let answer = send(port, "", &forged, dsn).await;
        assert!(answer.contains("550 5.1.1"), "{answer}");

        let mut tx = op.app.db.read().await.unwrap();
        let rows: Vec<InboundRow> = store::fetch_all!(
            tx,
            InboundRow,
            "SELECT kind, message_id, address, data FROM inbound WHERE workspace_id = $1 ORDER BY id",
            op.ws().get()
        )
        .unwrap();
        let kinds: Vec<&str> = rows.iter().map(|r| r.0.as_str()).collect();
        assert_eq!(kinds, ["bounce", "unsubscribe", "stop", "reply", "auto_reply"]);
        assert!(rows.iter().all(|r| r.1 == Some(message.get()) && r.2 == "olena@mail.test"), "{rows:?}");
        let bounce: serde_json::Value = serde_json::from_str(&rows[0].3).unwrap();
        assert_eq!((&bounce["hard"], &bounce["status"]), (&json!(true), &json!("5.1.1")));
        assert_eq!(heard.0.lock().unwrap().len(), 5);
        stop.cancel();
    })
    .await;
}

#[tokio::test]
async fn settings_keep_secrets_and_refuse_the_world_to_simulated_people() {
    with_app(|op, _clock| async move {
        set_up(&op).await;
        let (stored, _) = settings::stored(&op.app, op.ws(), SenderKind::Email).await.unwrap().unwrap();
        assert!(!stored.contains("hunter2"));
        assert!(settings::has_password(&op.app, op.ws(), SenderKind::Email).await.unwrap());
        let first = settings::dkim_key(&op.app, op.ws()).await.unwrap();
        assert_eq!(first, settings::dkim_key(&op.app, op.ws()).await.unwrap());
        for (field, value) in [
            ("host", json!("192.0.2.10")),
            ("host", json!("a b")),
            ("rate_per_second", json!(0)),
            ("lanes", json!(0)),
            ("from_address", json!("hello@elsewhere.test")),
            ("surprise", json!(1)),
        ] {
            let mut config: serde_json::Value = serde_json::from_str(&stored).unwrap();
            config[field] = value;
            let refused = settings::save(&op.app, &op.workspace, SenderKind::Email, &config, None).await;
            assert!(refused.is_err(), "{field}");
        }
        let from = channel::default_from(&op.app, op.ws()).await.unwrap().unwrap();
        assert_eq!(from.address, "hello@books.test");
        let checks = channel::check_sender(&op.app, &op.workspace, "sms").await.unwrap();
        assert!(!checks[0].ok && checks[0].detail == "missing");
    })
    .await;
}
