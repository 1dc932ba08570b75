//! One bound session: requests by sequence number, answers matched, incoming messages acknowledged
//! only after they are stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, oneshot};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::smsc::Inbox;
use crate::guard::{Reach, ReachError};
use crate::rules::pdu::{self, Bind, Body, ESM_RECEIPT, ESM_UDHI, Pdu, PduError, ShortMessage, status};
use crate::rules::receipt::{self, Receipt};
use crate::rules::sms_text;

#[derive(Clone)]
pub struct SmppConfig {
    pub host: String,
    pub port: u16,
    pub system_id: String,
    pub password: Zeroizing<String>,
    pub system_type: String,
    /// The sender's name or number shown to the person.
    pub source: String,
    /// Requests under way at once; SMSCs rarely allow more than ten.
    pub window: usize,
    pub reach: Reach,
    pub answer_timeout: Duration,
    pub enquire_every: Duration,
    /// A longer text is refused, not billed.
    pub max_parts: usize,
}

impl std::fmt::Debug for SmppConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmppConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl SmppConfig {
    /// An SMSC on this machine.
    #[must_use]
    pub fn loopback(port: u16, system_id: &str, password: &str, source: &str) -> Self {
        Self {
            host: "127.0.0.1".into(),
            port,
            system_id: system_id.into(),
            password: Zeroizing::new(password.into()),
            system_type: String::new(),
            source: source.into(),
            window: 10,
            reach: Reach::LoopbackOnly,
            answer_timeout: Duration::from_secs(30),
            enquire_every: Duration::from_secs(30),
            max_parts: 6,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SmppError {
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Pdu(#[from] PduError),
    #[error("no answer in time")]
    TimedOut,
    #[error("the SMSC closed the session")]
    Closed,
    #[error("the SMSC refused the bind with status {0:#x}")]
    Bind(u32),
}

/// What the SMSC brings by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Receipt {
        number: String,
        receipt: Receipt,
    },
    /// A person's message, put together from its parts by [`Smsc`].
    Text {
        from: String,
        to: String,
        text: String,
    },
    Part {
        from: String,
        to: String,
        text: String,
        reference: u16,
        total: u8,
        number: u8,
    },
}

/// The answer to a request: its status and the message id.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u32,
    pub message_id: String,
}

/// Incoming messages on their way to the disk at once.
const STORING: usize = 64;

pub(super) struct Session {
    writer: AsyncMutex<OwnedWriteHalf>,
    waiting: Mutex<HashMap<u32, oneshot::Sender<Answer>>>,
    sequence: AtomicU32,
    closed: AtomicBool,
}

impl Session {
    /// Connects and binds; the returned session reads in a task of its own until it breaks.
    pub(super) async fn open(config: &SmppConfig, inbox: Arc<dyn Inbox>) -> Result<Arc<Self>, SmppError> {
        let stream = timeout(config.answer_timeout, config.reach.connect(&config.host, config.port))
            .await
            .map_err(|_| SmppError::TimedOut)??;
        let (mut reader, mut writer) = stream.into_split();
        let bind = Body::BindTransceiver(Bind {
            system_id: config.system_id.clone(),
            password: config.password.to_string(),
            system_type: config.system_type.clone(),
        });
        let mut out = BytesMut::new();
        pdu::encode(&Pdu { status: status::OK, sequence: 1, body: bind }, &mut out)?;
        writer.write_all(&out).await?;
        let mut buffer = BytesMut::with_capacity(8192);
        let answer = timeout(config.answer_timeout, read_pdu(&mut reader, &mut buffer))
            .await
            .map_err(|_| SmppError::TimedOut)??;
        match answer.body {
            Body::BindTransceiverResp(_) if answer.status == status::OK => {}
            _ => return Err(SmppError::Bind(answer.status)),
        }
        let this = Arc::new(Self {
            writer: AsyncMutex::new(writer),
            waiting: Mutex::new(HashMap::new()),
            sequence: AtomicU32::new(2),
            closed: AtomicBool::new(false),
        });
        let reading = Arc::clone(&this);
        let silence = config.enquire_every;
        let patience = config.answer_timeout;
        tokio::spawn(async move {
            if let Err(e) = reading.read_loop(reader, buffer, inbox, silence, patience).await {
                tracing::info!(error = %e, "smpp: session ended");
            }
            reading.fail();
        });
        Ok(this)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Wakes everybody who waits; their requests have no known answer.
    fn fail(&self) {
        self.closed.store(true, Ordering::Release);
        self.waiting.lock().clear();
    }

    fn next_sequence(&self) -> u32 {
        // 1 … 0x7fffffff by the specification, section 5.1.4.
        self.sequence
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                Some(if n >= 0x7fff_ffff { 1 } else { n + 1 })
            })
            .unwrap_or(1)
    }

    async fn write(&self, unit: &Pdu) -> Result<(), SmppError> {
        let mut out = BytesMut::with_capacity(300);
        pdu::encode(unit, &mut out)?;
        self.writer.lock().await.write_all(&out).await?;
        Ok(())
    }

    /// Sends one request and waits for its answer.
    pub(super) async fn request(&self, body: Body, patience: Duration) -> Result<Answer, SmppError> {
        let (sender, receiver) = oneshot::channel();
        let sequence = self.next_sequence();
        self.waiting.lock().insert(sequence, sender);
        // Checked after the insert: a reader that fails later clears the map and wakes us.
        if self.is_closed() {
            self.waiting.lock().remove(&sequence);
            return Err(SmppError::Closed);
        }
        if let Err(e) = self.write(&Pdu { status: status::OK, sequence, body }).await {
            self.waiting.lock().remove(&sequence);
            self.fail();
            return Err(e);
        }
        match timeout(patience, receiver).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(SmppError::Closed),
            Err(_) => {
                self.waiting.lock().remove(&sequence);
                Err(SmppError::TimedOut)
            }
        }
    }

    pub(super) async fn unbind(&self) {
        let _ = self.request(Body::Unbind, Duration::from_secs(2)).await;
        self.fail();
        let _ = self.writer.lock().await.shutdown().await;
    }

    fn answer(&self, sequence: u32, answer: Answer) {
        if let Some(waiter) = self.waiting.lock().remove(&sequence) {
            let _ = waiter.send(answer);
        }
    }

    async fn read_loop(
        self: &Arc<Self>,
        mut reader: OwnedReadHalf,
        mut buffer: BytesMut,
        inbox: Arc<dyn Inbox>,
        silence: Duration,
        patience: Duration,
    ) -> Result<(), SmppError> {
        let mut asked = false;
        let storing = Arc::new(Semaphore::new(STORING));
        loop {
            if self.is_closed() {
                return Ok(());
            }
            let unit =
                match timeout(if asked { patience } else { silence }, read_pdu(&mut reader, &mut buffer))
                    .await
                {
                    Ok(unit) => unit?,
                    Err(_) if asked => return Err(SmppError::TimedOut),
                    Err(_) => {
                        asked = true;
                        let sequence = self.next_sequence();
                        self.write(&Pdu { status: status::OK, sequence, body: Body::EnquireLink }).await?;
                        continue;
                    }
                };
            asked = false;
            let sequence = unit.sequence;
            let reply = |status, body| Pdu { status, sequence, body };
            match unit.body {
                Body::SubmitSmResp(message_id) => {
                    self.answer(sequence, Answer { status: unit.status, message_id });
                }
                Body::GenericNack | Body::UnbindResp => {
                    let status = if unit.status == status::OK { status::SYSTEM_ERROR } else { unit.status };
                    self.answer(sequence, Answer { status, message_id: String::new() });
                }
                Body::DeliverSm(message) => {
                    // Stored beside the reading: a receipt may have to wait for the very answer that
                    // comes next on this line.
                    let Ok(slot) = Arc::clone(&storing).acquire_owned().await else { return Ok(()) };
                    let (this, inbox) = (Arc::clone(self), Arc::clone(&inbox));
                    tokio::spawn(async move {
                        let stored = inbox.store(incoming(&message)).await;
                        drop(slot);
                        // A refused delivery comes again later.
                        let status = if stored { status::OK } else { status::TEMPORARY_APP_ERROR };
                        let answer = Pdu { status, sequence, body: Body::DeliverSmResp };
                        if this.write(&answer).await.is_err() {
                            this.fail();
                        }
                    });
                }
                Body::EnquireLink => self.write(&reply(status::OK, Body::EnquireLinkResp)).await?,
                Body::Unbind => {
                    self.write(&reply(status::OK, Body::UnbindResp)).await?;
                    return Ok(());
                }
                Body::EnquireLinkResp | Body::DeliverSmResp | Body::BindTransceiverResp(_) => {}
                Body::Other(id) if id & pdu::command::RESPONSE != 0 => {}
                Body::BindTransceiver(_) | Body::SubmitSm(_) | Body::Other(_) => {
                    self.write(&reply(status::INVALID_COMMAND, Body::GenericNack)).await?;
                }
            }
        }
    }
}

fn incoming(message: &ShortMessage) -> Incoming {
    // Some SMSCs set more bits of the message type than this one, or name the receipt by its option only.
    let marked =
        message.esm_class & ESM_RECEIPT != 0 || message.option(pdu::tag::RECEIPTED_MESSAGE_ID).is_some();
    if marked && let Some(receipt) = receipt::from_message(message) {
        return Incoming::Receipt { number: message.source.clone(), receipt };
    }
    let (header, body) = if message.esm_class & ESM_UDHI != 0 {
        sms_text::take_header(message.content())
    } else {
        (None, message.content())
    };
    let text = sms_text::decode(message.data_coding, body);
    let (from, to) = (message.source.clone(), message.dest.clone());
    let header = header.or_else(|| by_options(message)).filter(|h| h.total > 1);
    match header {
        None => Incoming::Text { from, to, text },
        Some(h) => {
            Incoming::Part { from, to, text, reference: h.reference, total: h.total, number: h.number }
        }
    }
}

/// The other way to cut a text: the `sar_*` optional parameters.
fn by_options(message: &ShortMessage) -> Option<sms_text::Concatenation> {
    let reference = message.option(pdu::tag::SAR_REFERENCE)?;
    Some(sms_text::Concatenation {
        reference: u16::from_be_bytes(reference.try_into().ok()?),
        total: *message.option(pdu::tag::SAR_TOTAL)?.first()?,
        number: *message.option(pdu::tag::SAR_NUMBER)?.first()?,
    })
}

async fn read_pdu(reader: &mut OwnedReadHalf, buffer: &mut BytesMut) -> Result<Pdu, SmppError> {
    loop {
        if let Some(unit) = pdu::decode(buffer)? {
            return Ok(unit);
        }
        if reader.read_buf(buffer).await? == 0 {
            return Err(SmppError::Closed);
        }
    }
}
