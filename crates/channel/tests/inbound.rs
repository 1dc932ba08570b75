//! The receiver over TCP: our mail is kept, other mail is refused, nothing is without bounds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use basis::Fault;
use channel::inbound::{Limits, Mailbox, Protocol, Received, Receiver};
use channel::transport::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[derive(Default)]
struct Kept {
    kept: Mutex<Vec<Received>>,
}

impl Mailbox for Kept {
    fn accepts<'a>(&'a self, rcpt: &'a str) -> BoxFuture<'a, Result<bool, Fault>> {
        let known = match rcpt {
            "nobody.knows@bounce.test" => Err(Fault::internal("test", "the database sleeps")),
            _ => Ok(rcpt.ends_with("@bounce.test")),
        };
        Box::pin(std::future::ready(known))
    }

    fn store(&self, message: Received) -> BoxFuture<'_, bool> {
        let full = message.rcpt.starts_with("full");
        if !full {
            self.kept.lock().unwrap().push(message);
        }
        Box::pin(std::future::ready(!full))
    }
}

async fn serve(protocol: Protocol, limits: Limits) -> (u16, Arc<Kept>, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mailbox = Arc::new(Kept::default());
    let stop = CancellationToken::new();
    let receiver = Receiver { protocol, host: "mx.test".into(), limits, mailbox: Arc::clone(&mailbox) };
    tokio::spawn(receiver.serve(listener, stop.clone()));
    (port, mailbox, stop)
}

/// One dialogue: everything is said at once, the answer is read to its end.
async fn say(port: u16, words: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // A server that has hung up already is no failure of the test; its words are judged.
    let _ = stream.write_all(words).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// As [`say`], again while the slot of the dialogue before is not free yet.
async fn talk(port: u16, words: &[u8]) -> String {
    for _ in 0..600 {
        let answer = say(port, words).await;
        if !answer.starts_with("421 4.3.2") {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server stayed busy")
}

fn codes(answer: &str) -> Vec<&str> {
    answer.lines().filter(|l| l.as_bytes().get(3) == Some(&b' ')).map(|l| &l[..3]).collect()
}

#[tokio::test]
async fn who_cannot_be_looked_up_is_asked_for_later() {
    let (port, kept, stop) = serve(Protocol::Smtp, Limits::default()).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let words = "EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<nobody.knows@bounce.test>\r\nRCPT TO:<c@else.test>\r\nQUIT\r\n";
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("451 4.3.0 Try again later"), "{answer}");
    assert!(answer.contains("550 5.1.1"), "{answer}");
    assert!(kept.kept.lock().unwrap().is_empty());
    stop.cancel();
}

#[tokio::test]
async fn keeps_our_mail_and_relays_nothing() {
    let (port, mailbox, _stop) = serve(Protocol::Smtp, Limits::default()).await;
    let answer = talk(
        port,
        b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<someone@else.test>\r\nRCPT TO:<b.1@bounce.test>\r\nDATA\r\nSubject: failed\r\n\r\n..x\r\n.\r\n\
          MAIL FROM:<a@b.test>\r\nRCPT TO:<full@bounce.test>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n",
    )
    .await;
    assert_eq!(
        codes(&answer),
        ["220", "250", "250", "550", "250", "354", "250", "250", "250", "354", "451", "221"]
    );
    let kept = mailbox.kept.lock().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].mail_from.as_str(), kept[0].rcpt.as_str()), ("", "b.1@bounce.test"));
    assert_eq!(&*kept[0].raw, b"Subject: failed\r\n\r\n.x\r\n");
}

#[tokio::test]
async fn lmtp_answers_once_a_recipient() {
    let (port, mailbox, _stop) = serve(Protocol::Lmtp, Limits::default()).await;
    let answer = talk(
        port,
        b"EHLO x\r\nLHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@bounce.test>\r\nRCPT TO:<full@bounce.test>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n",
    )
    .await;
    assert_eq!(codes(&answer), ["220", "500", "250", "250", "250", "250", "354", "250", "451", "221"]);
    assert_eq!(mailbox.kept.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn bounds_everything() {
    let limits = Limits {
        connections: 1,
        message_bytes: 100,
        recipients: 2,
        junk_commands: 3,
        idle: Duration::from_secs(120),
        session: Duration::from_secs(120),
    };
    let (port, mailbox, _stop) = serve(Protocol::Smtp, limits).await;
    let big = format!(
        "EHLO x\r\nMAIL FROM:<> SIZE=101\r\nMAIL FROM:<>\r\nRCPT TO:<a@bounce.test>\r\nRCPT TO:<b@bounce.test>\r\nRCPT TO:<c@bounce.test>\r\nDATA\r\n{}\r\n.\r\nQUIT\r\n",
        "y".repeat(150)
    );
    let answer = talk(port, big.as_bytes()).await;
    assert_eq!(codes(&answer), ["220", "250", "552", "250", "250", "250", "452", "354", "552", "221"]);
    assert!(mailbox.kept.lock().unwrap().is_empty());

    let answer = talk(port, b"FOO\r\nFOO\r\nFOO\r\nFOO\r\nFOO\r\n").await;
    assert!(answer.contains("421 4.7.0"), "{answer}");
    let answer = talk(port, &[b'x'; 2100]).await;
    assert!(answer.contains("500 5.5.2"), "{answer}");

    let silent = loop {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.unwrap();
        if &greeting == b"220" {
            break stream;
        }
    };
    let answer = say(port, b"").await;
    assert!(answer.starts_with("421 4.3.2"), "{answer}");
    drop(silent);
}

#[tokio::test]
async fn a_silent_client_is_let_go() {
    let limits = Limits { idle: Duration::from_millis(100), ..Limits::default() };
    let (port, _mailbox, _stop) = serve(Protocol::Smtp, limits).await;
    let answer = talk(port, b"EHLO x\r\n").await;
    assert!(answer.ends_with("421 4.4.2 Timeout\r\n"), "{answer}");
}
