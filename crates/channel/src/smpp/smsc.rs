//! The SMS transport: a session that is rebuilt when it breaks, a window of requests, and the parts of
//! long texts put together.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use super::session::{Incoming, Session, SmppConfig, SmppError};
use crate::rules::pdu::{Body, ESM_UDHI, ShortMessage, status};
use crate::rules::sms_text;
use crate::transport::{BoxFuture, Intent, Outcome, Outgoing, Payload, Transport};

/// Whoever keeps receipts and answers. `false` makes the SMSC deliver again.
pub trait Inbox: Send + Sync {
    fn store(&self, incoming: Incoming) -> BoxFuture<'_, bool>;
}

pub struct Smsc {
    config: SmppConfig,
    session: AsyncMutex<Option<Arc<Session>>>,
    window: Semaphore,
    reference: AtomicU8,
    inbox: Arc<dyn Inbox>,
}

impl std::fmt::Debug for Smsc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smsc").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Smsc {
    #[must_use]
    pub fn new(config: SmppConfig, inbox: Arc<dyn Inbox>) -> Arc<Self> {
        let window = config.window.clamp(1, 1000);
        Arc::new(Self {
            config,
            session: AsyncMutex::new(None),
            window: Semaphore::new(window),
            reference: AtomicU8::new(1),
            inbox: Arc::new(Assembler { next: inbox, parts: Mutex::new(HashMap::new()) }),
        })
    }

    async fn session(&self) -> Result<Arc<Session>, SmppError> {
        let mut slot = self.session.lock().await;
        if let Some(live) = slot.as_ref().filter(|s| !s.is_closed()) {
            return Ok(Arc::clone(live));
        }
        let fresh = Session::open(&self.config, Arc::clone(&self.inbox)).await?;
        *slot = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Binds when not bound, so that receipts and answers flow while nothing is sent.
    ///
    /// # Errors
    /// The SMSC can't be reached or refuses us.
    pub async fn keep_bound(&self) -> Result<(), SmppError> {
        self.session().await.map(|_| ())
    }

    async fn deliver(&self, ledger: i64, to: &str, text: &str, intent: &dyn Intent) -> Outcome {
        let reference = self.reference.fetch_add(1, Ordering::Relaxed);
        let parts = match sms_text::split(text, reference, self.config.max_parts) {
            Ok(parts) => parts,
            Err(e) => return Outcome::Rejected { status: None, detail: e.to_string() },
        };
        let dest: String = to.chars().filter(char::is_ascii_digit).collect();
        if dest.is_empty() || dest.len() > 15 {
            return Outcome::Rejected { status: None, detail: "not a number in international form".into() };
        }
        let Ok(_slot) = self.window.acquire().await else { return Outcome::Withdrawn };
        let session = match self.session().await {
            Ok(session) => session,
            Err(e) => return Outcome::Deferred { detail: e.to_string(), throttled: false },
        };
        if !intent.record(ledger).await {
            return Outcome::Withdrawn;
        }
        let mut first_id = None;
        let data_coding = parts.encoding.data_coding();
        for part in parts.parts {
            let message = ShortMessage {
                source_ton: self.source_ton(),
                source_npi: u8::from(self.source_ton() != ALPHANUMERIC),
                source: self.config.source.clone(),
                dest_ton: 1,
                dest_npi: 1,
                dest: dest.clone(),
                esm_class: if part.udh { ESM_UDHI } else { 0 },
                registered_delivery: 1,
                data_coding,
                short_message: part.bytes,
                ..ShortMessage::default()
            };
            let answer = session.request(Body::SubmitSm(Box::new(message)), self.config.answer_timeout).await;
            let started = first_id.is_some();
            match answer {
                Ok(a) if a.status == status::OK => {
                    first_id.get_or_insert(a.message_id);
                }
                // One part of several is out: sending the rest again would repeat it.
                Ok(a) if started => {
                    return Outcome::Uncertain {
                        detail: format!("a later part was refused with {:#x}", a.status),
                    };
                }
                Ok(a) => return refused(a.status),
                Err(SmppError::Pdu(e)) if !started => {
                    return Outcome::Rejected { status: None, detail: e.to_string() };
                }
                Err(e) => return Outcome::Uncertain { detail: e.to_string() },
            }
        }
        Outcome::Accepted { reference: first_id, detail: "ESME_ROK".into() }
    }

    fn source_ton(&self) -> u8 {
        let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
        match self.config.source.strip_prefix('+') {
            Some(rest) if digits(rest) => INTERNATIONAL,
            _ if digits(&self.config.source) && self.config.source.len() > 7 => INTERNATIONAL,
            _ if digits(&self.config.source) => SHORT_CODE,
            _ => ALPHANUMERIC,
        }
    }
}

const INTERNATIONAL: u8 = 1;
const SHORT_CODE: u8 = 3;
const ALPHANUMERIC: u8 = 5;

/// A status is an answer: the SMSC holds nothing of a refused message.
fn refused(code: u32) -> Outcome {
    let detail = format!("status {code:#x}");
    match code {
        status::THROTTLED | status::QUEUE_FULL => Outcome::Deferred { detail, throttled: true },
        status::SYSTEM_ERROR | status::TEMPORARY_APP_ERROR => Outcome::Deferred { detail, throttled: false },
        _ => Outcome::Rejected { status: Some(format!("{code:#x}")), detail },
    }
}

impl Transport for Smsc {
    fn send<'a>(&'a self, message: &'a Outgoing, intent: &'a dyn Intent) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match &message.payload {
                Payload::Sms { to, text } => self.deliver(message.ledger, to, text, intent).await,
                Payload::Email { .. } => {
                    Outcome::Rejected { status: None, detail: "a letter can't go by SMPP".into() }
                }
            }
        })
    }

    fn lanes(&self) -> usize {
        self.config.window
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(session) = self.session.lock().await.take() {
                session.unbind().await;
            }
        })
    }
}

/// Texts of which not all parts came yet; bounded, the oldest guess is dropped whole.
const MAX_UNFINISHED: usize = 1000;

type PartKey = (String, u16, u8);

struct Assembler {
    next: Arc<dyn Inbox>,
    parts: Mutex<HashMap<PartKey, Vec<(u8, String)>>>,
}

impl Assembler {
    fn add(&self, from: &str, reference: u16, total: u8, number: u8, text: String) -> Option<String> {
        let mut parts = self.parts.lock();
        let key = (from.to_owned(), reference, total);
        if parts.len() >= MAX_UNFINISHED && !parts.contains_key(&key) {
            parts.clear();
        }
        let have = parts.entry(key.clone()).or_default();
        if have.iter().all(|(n, _)| *n != number) {
            have.push((number, text));
        }
        if have.len() < usize::from(total) {
            return None;
        }
        let mut whole = parts.remove(&key)?;
        whole.sort_by_key(|(n, _)| *n);
        Some(whole.into_iter().map(|(_, t)| t).collect())
    }
}

impl Inbox for Assembler {
    fn store(&self, incoming: Incoming) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            match incoming {
                Incoming::Part { from, to, text, reference, total, number } => {
                    match self.add(&from, reference, total, number, text) {
                        Some(text) => self.next.store(Incoming::Text { from, to, text }).await,
                        None => true,
                    }
                }
                other => self.next.store(other).await,
            }
        })
    }
}
