//! The e-mail wire against another implementation of the other side.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod peer;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use channel::smtp::{Relay, SmtpConfig};
use channel::transport::{BoxFuture, Intent, NoLedger, Outcome, Outgoing, Payload, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn letter(ledger: i64, to: &str) -> Outgoing {
    Outgoing {
        ledger,
        payload: Payload::Email {
            return_path: format!("b.{ledger}@bounce.test"),
            to: to.into(),
            raw: format!("Subject: {ledger}\r\n\r\n.a line that begins with a dot\r\n").into_bytes(),
        },
    }
}

#[tokio::test]
async fn letters_arrive_once_and_refusals_are_told_apart() {
    let (port, mut inbox) = peer::start().await;
    let relay = Relay::new(SmtpConfig::loopback(port), 4);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let relay = Arc::clone(&relay);
        tasks.spawn(async move {
            let to = match n % 10 {
                8 => format!("gone{n}@x.test"),
                9 => format!("grey{n}@x.test"),
                _ => format!("person{n}@x.test"),
            };
            (n % 10, relay.send(&letter(n, &to), &NoLedger).await)
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (kind, outcome) = done.unwrap();
        match kind {
            8 => assert!(
                matches!(&outcome, Outcome::Rejected { status: Some(s), .. } if s == "5.1.1"),
                "{outcome:?}"
            ),
            9 => assert!(matches!(outcome, Outcome::Deferred { throttled: false, .. }), "{outcome:?}"),
            _ => assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}"),
        }
    }
    relay.close().await;
    let mut seen = HashSet::new();
    for _ in 0..160 {
        let letter = inbox.recv().await.unwrap();
        assert!(letter.raw.ends_with(b"\r\n.a line that begins with a dot\r\n"));
        assert!(seen.insert(letter.return_path), "a letter came twice");
    }
    assert!(inbox.try_recv().is_err());
}

struct Refusing(AtomicUsize);

impl Intent for Refusing {
    fn record(&self, _ledger: i64) -> BoxFuture<'_, bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(false))
    }
}

#[tokio::test]
async fn without_an_intent_nothing_is_delivered() {
    let (port, mut inbox) = peer::start().await;
    let relay = Relay::new(SmtpConfig::loopback(port), 2);
    let intent = Refusing(AtomicUsize::new(0));
    assert_eq!(relay.send(&letter(1, "a@x.test"), &intent).await, Outcome::Withdrawn);
    assert_eq!(intent.0.load(Ordering::Relaxed), 1);
    assert!(matches!(relay.send(&letter(2, "b@x.test"), &NoLedger).await, Outcome::Accepted { .. }));
    assert_eq!(inbox.recv().await.unwrap().to, "b@x.test");
    assert!(inbox.try_recv().is_err());
}

#[tokio::test]
async fn bad_addresses_and_dead_relays_are_safe() {
    let (port, _inbox) = peer::start().await;
    let relay = Relay::new(SmtpConfig::loopback(port), 2);
    for to in ["a b@x.test", "a@x.test>\r\nDATA", "nobody"] {
        let outcome = relay.send(&letter(1, to), &NoLedger).await;
        assert!(matches!(outcome, Outcome::Rejected { .. }), "{to:?} {outcome:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let relay = Relay::new(SmtpConfig::loopback(closed), 2);
    assert!(matches!(relay.send(&letter(1, "a@x.test"), &NoLedger).await, Outcome::Deferred { .. }));
}

/// A server that takes one letter and dies at a chosen word of the dialogue.
async fn dying(at: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 x\r\n").await.unwrap();
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        loop {
            let n = stream.read(&mut buffer).await.unwrap_or(0);
            if n == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
            seen.push_str(&text);
            if seen.contains(at) {
                return;
            }
            for line in text.lines() {
                let answer = match line.get(..4) {
                    Some("EHLO") => "250-x\r\n250 PIPELINING\r\n",
                    Some("MAIL" | "RCPT") => "250 ok\r\n",
                    Some("DATA") => "354 go\r\n",
                    _ => "",
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    port
}

#[tokio::test]
async fn only_a_death_after_the_dot_is_uncertain() {
    for (at, uncertain) in [("EHLO", false), ("MAIL", false), ("Subject", false), ("\r\n.\r\n", true)] {
        let relay = Relay::new(SmtpConfig::loopback(dying(at).await), 1);
        let outcome = relay.send(&letter(1, "a@x.test"), &NoLedger).await;
        // When the body and the dot arrive as one piece, a death at the body is one after the dot.
        if at != "Subject" {
            assert_eq!(matches!(outcome, Outcome::Uncertain { .. }), uncertain, "{at}: {outcome:?}");
        }
        assert!(!matches!(outcome, Outcome::Accepted { .. } | Outcome::Rejected { .. }), "{at}: {outcome:?}");
    }
}
