//! The e-mail transport: a few connections to one relay, reused, each carrying one letter at a time.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

use super::client::{Connection, Envelope, Offer, SmtpConfig, SmtpError};
use crate::rules::smtp_reply::{Reply, Verdict};
use crate::transport::{BoxFuture, Intent, Outcome, Outgoing, Payload, Transport};

/// A relay closes a connection that has carried many letters (Postfix: 100 by default on some paths);
/// we do it first.
const LETTERS_PER_CONNECTION: u32 = 500;

pub struct Relay {
    config: SmtpConfig,
    lanes: usize,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay")
            .field("config", &self.config)
            .field("lanes", &self.lanes)
            .finish_non_exhaustive()
    }
}

impl Relay {
    #[must_use]
    pub fn new(config: SmtpConfig, lanes: usize) -> Arc<Self> {
        let lanes = lanes.clamp(1, 64);
        Arc::new(Self { config, lanes, permits: Semaphore::new(lanes), idle: Mutex::new(Vec::new()) })
    }

    /// Opens and closes a connection: the settings page's "check".
    ///
    /// # Errors
    /// What a send would meet.
    pub async fn check(&self) -> Result<(), SmtpError> {
        Connection::open(&self.config).await?.quit().await;
        Ok(())
    }

    async fn deliver(
        &self,
        ledger: i64,
        return_path: &str,
        to: &str,
        raw: &[u8],
        intent: &dyn Intent,
    ) -> Outcome {
        let Ok(_permit) = self.permits.acquire().await else { return Outcome::Withdrawn };
        let recipients = [to];
        let envelope = Envelope {
            from: return_path,
            to: &recipients,
            size: raw.len(),
            eight_bit: raw.iter().any(|b| !b.is_ascii()),
        };
        // An idle connection may have been closed meanwhile; a fresh one then gets its chance.
        let mut reused = self.idle.lock().await.pop();
        let (mut connection, offer) = loop {
            let was_reused = reused.is_some();
            let mut connection = match reused.take() {
                Some(connection) => connection,
                None => match Connection::open(&self.config).await {
                    Ok(connection) => connection,
                    Err(e) => return not_sent(&e),
                },
            };
            match connection.offer(&envelope).await {
                Ok(offer) => break (connection, offer),
                Err(e) if e.is_permanent() => {
                    self.idle.lock().await.push(connection);
                    return not_sent(&e);
                }
                Err(_) if was_reused => {}
                Err(e) => return not_sent(&e),
            }
        };
        if let Offer::Refused(replies) = offer {
            let reply = replies.into_iter().next();
            let closing = reply.as_ref().is_some_and(|r| r.code == 421);
            if !closing {
                self.keep(connection).await;
            }
            return reply.map_or_else(
                || Outcome::Deferred { detail: "no answer for the recipient".into(), throttled: false },
                |r| by_reply(&r),
            );
        }
        if let Err(e) = connection.body(raw).await {
            return not_sent(&e);
        }
        if !intent.record(ledger).await {
            // Dropping the connection before the dot takes the letter back (RFC 5321 §4.1.1.4).
            return Outcome::Withdrawn;
        }
        match connection.commit().await {
            Ok(reply) => {
                self.keep(connection).await;
                by_reply(&reply)
            }
            Err(e) => Outcome::Uncertain { detail: e.to_string() },
        }
    }

    async fn keep(&self, connection: Connection) {
        if connection.messages() >= LETTERS_PER_CONNECTION {
            connection.quit().await;
        } else {
            self.idle.lock().await.push(connection);
        }
    }
}

fn not_sent(error: &SmtpError) -> Outcome {
    if let SmtpError::Refused(reply) = error {
        // A refused greeting, TLS or sign-in is about us, not about the recipient: never final.
        return Outcome::Deferred { detail: reply.summary(), throttled: reply.code == 421 };
    }
    let detail = error.to_string();
    if error.is_permanent() {
        Outcome::Rejected { status: None, detail }
    } else {
        Outcome::Deferred { detail, throttled: false }
    }
}

fn by_reply(reply: &Reply) -> Outcome {
    let detail = reply.summary();
    match reply.verdict() {
        Verdict::Positive => Outcome::Accepted { reference: None, detail },
        Verdict::Permanent => Outcome::Rejected { status: reply.enhanced().map(str::to_owned), detail },
        // 421 and 4.7.28 (Gmail's "unusual rate") speak of the sender's pace; 4.7.1 is mostly greylisting of
        // one recipient.
        Verdict::Transient => {
            let throttled = reply.code == 421 || reply.enhanced() == Some("4.7.28");
            Outcome::Deferred { detail, throttled }
        }
    }
}

impl Transport for Relay {
    fn send<'a>(&'a self, message: &'a Outgoing, intent: &'a dyn Intent) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match &message.payload {
                Payload::Email { return_path, to, raw } => {
                    self.deliver(message.ledger, return_path, to, raw, intent).await
                }
                Payload::Sms { .. } => {
                    Outcome::Rejected { status: None, detail: "a short message can't go by SMTP".into() }
                }
            }
        })
    }

    fn lanes(&self) -> usize {
        self.lanes
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let idle = std::mem::take(&mut *self.idle.lock().await);
            for connection in idle {
                connection.quit().await;
            }
        })
    }
}
