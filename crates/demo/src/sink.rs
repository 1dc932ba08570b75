//! The mailboxes of the simulated people: an SMTP server that accepts, refuses and puts off, by recipient.
//! What it accepts and cannot keep after all comes back later as a bounce, which is the business of the simulation.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How the mail server of one recipient behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailbox {
    /// Takes the letter.
    Takes,
    /// Refuses it in the dialogue: `550 5.1.1`.
    Refuses,
    /// "Come again" at the first try (greylisting), then takes.
    TakesSecondTry,
    /// Takes the letter slowly.
    TakesSlowly,
}

/// A letter as it arrived.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The envelope sender.
    pub return_path: String,
    pub to: String,
    pub raw: Vec<u8>,
}

/// Decides by recipient.
pub type Policy = Arc<dyn Fn(&str) -> Mailbox + Send + Sync>;

struct Shared {
    policy: Policy,
    greylisted: Mutex<HashSet<String>>,
    letters: mpsc::UnboundedSender<Letter>,
}

/// Starts the server on a loopback port that the system chooses; letters come out of the receiver.
///
/// # Errors
/// No port could be opened.
pub async fn start(policy: Policy) -> io::Result<(SocketAddr, mpsc::UnboundedReceiver<Letter>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let addr = listener.local_addr()?;
    let (letters, inbox) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared { policy, greylisted: Mutex::new(HashSet::new()), letters });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                if let Err(e) = serve(stream, &shared).await {
                    tracing::debug!(error = %e, "mail sink: dialogue broke");
                }
            });
        }
    });
    Ok((addr, inbox))
}

struct Dialogue {
    stream: TcpStream,
    inbox: Vec<u8>,
    outbox: String,
}

impl Dialogue {
    async fn fill(&mut self) -> io::Result<bool> {
        if !self.outbox.is_empty() {
            self.stream.write_all(self.outbox.as_bytes()).await?;
            self.outbox.clear();
        }
        Ok(self.stream.read_buf(&mut self.inbox).await? > 0)
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.inbox.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.inbox.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if self.inbox.len() > 10_000 {
                self.stream.write_all(b"500 5.5.2 Line too long\r\n").await?;
                return Ok(None);
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The letter up to CRLF . CRLF, dots taken off.
    async fn data(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut from = 0;
        loop {
            if self.inbox.starts_with(b".\r\n") {
                self.inbox.drain(..3);
                return Ok(Some(Vec::new()));
            }
            if let Some(at) = find(&self.inbox[from..], b"\r\n.\r\n") {
                let at = from + at;
                let body: Vec<u8> = self.inbox.drain(..at + 5).take(at + 2).collect();
                return Ok(Some(unstuff(&body)));
            }
            from = self.inbox.len().saturating_sub(4);
            if self.inbox.len() > 20_000_000 || !self.fill().await? {
                return Ok(None);
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

fn unstuff(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&b| b == b'\n') {
        out.extend_from_slice(if line.starts_with(b"..") { &line[1..] } else { line });
    }
    out
}

/// `MAIL FROM:<a@b> SIZE=1` → `a@b`; `None` without angle brackets.
fn address(line: &str) -> Option<String> {
    let (address, _) = line.split_once('<')?.1.split_once('>')?;
    Some(address.to_owned())
}

/// Answers of a session.
const HELLO: &str = "250-mx.people.test\r\n250-PIPELINING\r\n250-SIZE 20000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n";
const OK: &str = "250 2.0.0 Ok\r\n";
const SEQUENCE: &str = "503 5.5.1 Bad sequence of commands\r\n";

/// What the session knows of the letter that is being sent.
#[derive(Default)]
struct Envelope {
    greeted: bool,
    return_path: Option<String>,
    recipients: Vec<String>,
}

impl Envelope {
    fn reset(&mut self) {
        self.return_path = None;
        self.recipients.clear();
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut dialogue =
        Dialogue { stream, inbox: Vec::new(), outbox: "220 mx.people.test ESMTP simulated\r\n".into() };
    let mut envelope = Envelope::default();
    while let Some(line) = dialogue.line().await? {
        let verb: String = line.chars().take(4).collect::<String>().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => {
                envelope.reset();
                envelope.greeted = true;
                dialogue.outbox.push_str(if verb == "EHLO" { HELLO } else { OK });
            }
            "NOOP" => dialogue.outbox.push_str(OK),
            "RSET" => {
                envelope.reset();
                dialogue.outbox.push_str(OK);
            }
            "MAIL" if !envelope.greeted || envelope.return_path.is_some() => {
                dialogue.outbox.push_str(SEQUENCE);
            }
            "MAIL" => match address(&line) {
                Some(from) => {
                    envelope.return_path = Some(from);
                    dialogue.outbox.push_str("250 2.1.0 Ok\r\n");
                }
                None => dialogue.outbox.push_str("501 5.1.7 Bad sender address\r\n"),
            },
            "RCPT" if envelope.return_path.is_none() => dialogue.outbox.push_str(SEQUENCE),
            "RCPT" => {
                let answer = match address(&line).filter(|to| to.contains('@')) {
                    None => Some("501 5.1.3 Bad recipient address\r\n"),
                    Some(to) => {
                        let to = to.to_lowercase();
                        let answer = receive(shared, &to).await;
                        if answer.is_none() {
                            envelope.recipients.push(to);
                        }
                        answer
                    }
                };
                dialogue.outbox.push_str(answer.unwrap_or("250 2.1.5 Ok\r\n"));
            }
            "DATA" if envelope.return_path.is_none() => dialogue.outbox.push_str(SEQUENCE),
            "DATA" if envelope.recipients.is_empty() => {
                dialogue.outbox.push_str("554 5.5.1 No valid recipients\r\n");
            }
            "DATA" => {
                dialogue.outbox.push_str("354 Go ahead\r\n");
                let Some(raw) = dialogue.data().await? else { return Ok(()) };
                let answer = keep(shared, &envelope, &raw);
                envelope.reset();
                dialogue.outbox.push_str(answer);
            }
            "QUIT" => {
                dialogue.outbox.push_str("221 2.0.0 Bye\r\n");
                dialogue.stream.write_all(dialogue.outbox.as_bytes()).await?;
                return dialogue.stream.shutdown().await;
            }
            _ => dialogue.outbox.push_str("500 5.5.1 Unknown command\r\n"),
        }
    }
    Ok(())
}

fn keep(shared: &Shared, envelope: &Envelope, raw: &[u8]) -> &'static str {
    let from = envelope.return_path.as_deref().unwrap_or_default();
    for to in &envelope.recipients {
        let letter = Letter { return_path: from.to_owned(), to: to.clone(), raw: raw.to_vec() };
        if shared.letters.send(letter).is_err() {
            return "451 4.3.0 Nobody is at home\r\n";
        }
    }
    "250 2.0.0 Ok: queued\r\n"
}

async fn receive(shared: &Shared, to: &str) -> Option<&'static str> {
    match (shared.policy)(to) {
        Mailbox::Takes => None,
        Mailbox::Refuses => Some("550 5.1.1 No such mailbox here\r\n"),
        Mailbox::TakesSlowly => {
            tokio::time::sleep(Duration::from_millis(150)).await;
            None
        }
        Mailbox::TakesSecondTry => {
            let first =
                shared.greylisted.lock().unwrap_or_else(PoisonError::into_inner).insert(to.to_owned());
            first.then_some("451 4.7.1 Greylisted, come again later\r\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn talk(said: &[u8]) -> (String, Vec<Letter>) {
        let policy: Policy = Arc::new(|to| match to {
            "gone@x.test" => Mailbox::Refuses,
            "grey@x.test" => Mailbox::TakesSecondTry,
            "slow@x.test" => Mailbox::TakesSlowly,
            _ => Mailbox::Takes,
        });
        let (addr, mut letters) = start(policy).await.unwrap();
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(said).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let mut arrived = Vec::new();
        while let Ok(letter) = letters.try_recv() {
            arrived.push(letter);
        }
        (answer, arrived)
    }

    #[tokio::test]
    async fn mailboxes_differ() {
        let said = b"EHLO me\r\nMAIL FROM:<b@shop> SIZE=20 BODY=8BITMIME\r\nRCPT TO:<gone@x.test>\r\nRCPT TO:<grey@x.test>\r\nRCPT TO:<grey@x.test>\r\nRCPT TO:<Olena@x.test>\r\nRCPT TO:<slow@x.test>\r\nDATA\r\nSubject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
        let (answer, letters) = talk(said).await;
        assert!(answer.contains("250-PIPELINING\r\n") && answer.contains("250-SMTPUTF8\r\n"));
        assert_eq!(answer.matches("550 5.1.1").count(), 1);
        assert_eq!(answer.matches("451 4.7.1").count(), 1);
        assert!(answer.ends_with("221 2.0.0 Bye\r\n"));
        let to: Vec<&str> = letters.iter().map(|l| l.to.as_str()).collect();
        assert_eq!(to, ["grey@x.test", "olena@x.test", "slow@x.test"]);
        assert_eq!(letters[0].return_path, "b@shop");
        assert!(letters[0].raw.ends_with(b"\r\n.dot\r\n"), "the doubled dot is taken off");
    }

    #[tokio::test]
    async fn malformed_commands_are_answered_and_the_session_goes_on() {
        let said = b"WHAT\r\nMAIL FROM:<a@b>\r\nEHLO me\r\nRCPT TO:<a@b>\r\nDATA\r\nMAIL FROM:a@b\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<c@d>\r\nRCPT TO:nobody\r\nRCPT TO:<nobody>\r\nDATA\r\n\xff\xfe\r\n\r\nRCPT TO:<ok@x.test>\r\nDATA\r\nSubject: ok\r\n\r\n.\r\nNOOP\r\nQUIT\r\n";
        let (answer, letters) = talk(said).await;
        let codes: Vec<&str> = answer
            .lines()
            .filter(|l| l.as_bytes().get(3) != Some(&b'-'))
            .filter_map(|l| l.get(..3))
            .collect();
        let expected = "220 500 503 250 503 503 501 250 503 501 501 554 500 500 250 354 250 250 221"
            .split(' ')
            .collect::<Vec<_>>();
        assert_eq!(codes, expected, "{answer}");
        assert_eq!(letters.len(), 1);
    }

    #[tokio::test]
    async fn a_line_without_end_closes_the_session() {
        let (answer, letters) = talk(&vec![b'a'; 12_000]).await;
        assert!(answer.ends_with("500 5.5.2 Line too long\r\n"), "{answer}");
        assert!(letters.is_empty());
    }

    #[tokio::test]
    async fn a_letter_that_breaks_off_is_not_kept() {
        let (_, letters) =
            talk(b"EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ok@x.test>\r\nDATA\r\nSubject: half").await;
        assert!(letters.is_empty());
    }
}
