//! The mobile network: an SMPP 3.4 message centre. It takes messages, refuses unknown numbers, throttles now and then,
//! and delivers receipts and people's answers.

pub mod pdu;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pdu::{Pdu, command, status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How the network takes a message to one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Takes,
    /// `ESME_RTHROTTLED` at the first try.
    ThrottlesFirst,
    /// `ESME_RINVDSTADR`.
    Unknown,
}

/// Decides by number, in E.164.
pub type Policy = Arc<dyn Fn(&str) -> Line + Send + Sync>;

/// A whole short message on a phone's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// As the sender wrote itself.
    pub from: String,
    /// In E.164.
    pub to: String,
    pub text: String,
    /// The id that a receipt names, when the sender asked for one: of a long message, its first part's.
    pub receipt: Option<String>,
}

/// What the only customer of the centre signs in with.
pub const SYSTEM_ID: &str = "otklik";
pub const PASSWORD: &str = "demo";

/// The centre waits so long for the customer's answer.
const PATIENCE: Duration = Duration::from_secs(60);

struct Session {
    out: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<Mutex<HashMap<u32, oneshot::Sender<u32>>>>,
    receives: bool,
}

/// Text of a part of a long message, and its id when a receipt is wanted.
type Part = (String, Option<String>);

/// Parts of long messages that are not whole yet, by number and reference.
type Parts = HashMap<(String, u8), Vec<Option<Part>>>;

struct Shared {
    policy: Policy,
    throttled: Mutex<HashSet<String>>,
    screens: mpsc::UnboundedSender<Sms>,
    sessions: Mutex<HashMap<u32, Session>>,
    parts: Mutex<Parts>,
    next: AtomicU32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running message centre.
#[derive(Clone)]
pub struct Smsc {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Smsc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smsc").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Smsc {
    /// Starts on a loopback port that the system chooses; messages come out of the receiver.
    ///
    /// # Errors
    /// No port could be opened.
    pub async fn start(policy: Policy) -> io::Result<(Self, mpsc::UnboundedReceiver<Sms>)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (screens, inbox) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            policy,
            throttled: Mutex::default(),
            screens,
            sessions: Mutex::default(),
            parts: Mutex::default(),
            next: AtomicU32::new(1),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    let id = shared.next.fetch_add(1, Ordering::Relaxed);
                    if let Err(e) = serve(stream, &shared, id).await {
                        tracing::debug!(error = %e, "message centre: session broke");
                    }
                    lock(&shared.sessions).remove(&id);
                });
            }
        });
        Ok((Self { address, shared }, inbox))
    }

    /// Hands a unit to the customer; `false` when nobody is bound or the customer did not take it.
    async fn deliver(&self, body: Vec<u8>) -> bool {
        let sequence = self.shared.next.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff;
        let (answered, answer) = oneshot::channel();
        {
            let sessions = lock(&self.shared.sessions);
            let Some(session) = sessions.values().find(|s| s.receives) else { return false };
            lock(&session.waiting).insert(sequence, answered);
            let unit = Pdu::new(command::DELIVER_SM, status::OK, sequence, body).encode();
            if session.out.send(unit).is_err() {
                return false;
            }
        }
        matches!(timeout(PATIENCE, answer).await, Ok(Ok(status::OK)))
    }

    /// Somebody writes to the shop.
    pub async fn write(&self, from: &str, to: &str, text: &str) -> bool {
        self.deliver(pdu::deliver_body(digits(from), to, 0, pdu::UCS2, &pdu::ucs2(text))).await
    }

    /// The network's last word about a message: `DELIVRD`, `UNDELIV`, … at the given time (`YYMMDDhhmm`).
    /// A long message is reported once, under the id of its first part, as networks do that count messages and not parts.
    pub async fn receipt(&self, sms: &Sms, state: &str, error: &str, done: &str) -> bool {
        let Some(id) = &sms.receipt else { return true };
        let text = pdu::receipt_text(id, done, done, state, error);
        self.deliver(pdu::deliver_body(digits(&sms.to), &sms.from, pdu::RECEIPT, 0, text.as_bytes())).await
    }
}

fn digits(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// What a session may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Not,
    Sends,
    Receives,
    Both,
}

async fn serve(stream: TcpStream, shared: &Shared, id: u32) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let (out, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
    let writing = tokio::spawn(async move {
        while let Some(unit) = queue.recv().await {
            if writer.write_all(&unit).await.is_err() {
                break;
            }
        }
    });
    let waiting = Arc::new(Mutex::new(HashMap::new()));
    let mut bound = Bound::Not;
    let mut buffer = Vec::new();
    let done = loop {
        match Pdu::take(&mut buffer) {
            Ok(Some(unit)) => {
                let before = bound;
                let (answer, go_on) = answer(shared, &mut bound, &waiting, &unit);
                if bound != before {
                    let session = Session {
                        out: out.clone(),
                        waiting: Arc::clone(&waiting),
                        receives: matches!(bound, Bound::Both | Bound::Receives),
                    };
                    lock(&shared.sessions).insert(id, session);
                }
                if let Some(answer) = answer {
                    let _ = out.send(answer.encode());
                }
                if !go_on {
                    break Ok(());
                }
            }
            Ok(None) => match reader.read_buf(&mut buffer).await {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(e) => break Err(e),
            },
            Err(pdu::BadLength) => {
                let _ =
                    out.send(Pdu::new(command::GENERIC_NACK, status::INVALID_LENGTH, 0, Vec::new()).encode());
                break Ok(());
            }
        }
    };
    lock(&shared.sessions).remove(&id);
    // The writer ends when its last sender is gone, after the answers that wait.
    drop(out);
    let _ = writing.await;
    done
}

/// The answer to one unit, and whether the session goes on.
fn answer(
    shared: &Shared,
    bound: &mut Bound,
    waiting: &Mutex<HashMap<u32, oneshot::Sender<u32>>>,
    unit: &Pdu,
) -> (Option<Pdu>, bool) {
    let reply = |status, body| Some(Pdu::new(unit.command | command::RESPONSE, status, unit.sequence, body));
    match unit.command {
        command::BIND_RECEIVER | command::BIND_TRANSMITTER | command::BIND_TRANSCEIVER => {
            if *bound != Bound::Not {
                return (reply(status::ALREADY_BOUND, Vec::new()), true);
            }
            match pdu::read_bind(&unit.body) {
                Some((id, _)) if id != SYSTEM_ID => (reply(status::INVALID_SYSTEM_ID, Vec::new()), false),
                Some((_, password)) if password == PASSWORD => {
                    *bound = match unit.command {
                        command::BIND_RECEIVER => Bound::Receives,
                        command::BIND_TRANSMITTER => Bound::Sends,
                        _ => Bound::Both,
                    };
                    (reply(status::OK, b"simulated\0".to_vec()), true)
                }
                _ => (reply(status::INVALID_PASSWORD, Vec::new()), false),
            }
        }
        command::ENQUIRE_LINK => (reply(status::OK, Vec::new()), true),
        command::UNBIND => (reply(status::OK, Vec::new()), false),
        command::SUBMIT_SM if !matches!(bound, Bound::Sends | Bound::Both) => {
            (reply(status::WRONG_BIND_STATE, vec![0]), true)
        }
        command::SUBMIT_SM => match pdu::read_submit(&unit.body) {
            Some(submit) => match take(shared, &submit) {
                Ok(id) => (reply(status::OK, [id.as_bytes(), &[0]].concat()), true),
                Err(status) => (reply(status, vec![0]), true),
            },
            None => (reply(status::INVALID_LENGTH, vec![0]), true),
        },
        command::DELIVER_SM_RESP | command::GENERIC_NACK => {
            if let Some(waiter) = lock(waiting).remove(&unit.sequence) {
                let _ = waiter.send(unit.status);
            }
            (None, true)
        }
        command::ENQUIRE_LINK_RESP => (None, true),
        command::UNBIND_RESP => (None, false),
        other if other & command::RESPONSE != 0 => (None, true),
        _ => {
            (Some(Pdu::new(command::GENERIC_NACK, status::INVALID_COMMAND, unit.sequence, Vec::new())), true)
        }
    }
}

/// The id of a message that the network took, or the status it is refused with.
fn take(shared: &Shared, submit: &pdu::Submit) -> Result<String, u32> {
    let to = format!("+{}", digits(&submit.dest));
    let (text, part) = pdu::read_text(submit);
    let fresh = part.is_none_or(|(_, _, number)| number == 1);
    match (shared.policy)(&to) {
        Line::Unknown => return Err(status::INVALID_DESTINATION),
        Line::ThrottlesFirst if fresh && lock(&shared.throttled).insert(to.clone()) => {
            return Err(status::THROTTLED);
        }
        Line::Takes | Line::ThrottlesFirst => {}
    }
    let id = format!("s{:08x}", shared.next.fetch_add(1, Ordering::Relaxed));
    let receipt = (submit.registered_delivery & 0x03 == 1).then(|| id.clone());
    let whole = match part {
        None => Some(vec![(text, receipt)]),
        Some((reference, total, number)) => {
            let mut all = lock(&shared.parts);
            let key = (to.clone(), reference);
            let parts = all.entry(key.clone()).or_insert_with(|| vec![None; usize::from(total)]);
            if let Some(place) = parts.get_mut(usize::from(number).wrapping_sub(1)) {
                *place = Some((text, receipt));
            }
            let whole: Option<Vec<_>> = parts.iter().cloned().collect();
            if whole.is_some() {
                all.remove(&key);
            }
            whole
        }
    };
    if let Some(parts) = whole {
        let receipt = parts.first().and_then(|(_, receipt)| receipt.clone());
        let text = parts.into_iter().map(|(text, _)| text).collect();
        let sms = Sms { from: submit.source.clone(), to, text, receipt };
        // Nobody looks at the phones any more when the simulation is over.
        let _ = shared.screens.send(sms);
    }
    Ok(id)
}

#[cfg(test)]
mod tests;
