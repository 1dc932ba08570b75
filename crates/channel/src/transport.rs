//! The one door through which a message leaves, whatever the channel.

use std::future::Future;
use std::pin::Pin;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One message on its way out; `ledger` is its row.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub ledger: i64,
    pub payload: Payload,
}

#[derive(Debug, Clone)]
pub enum Payload {
    /// `raw` is complete: built and signed.
    Email { return_path: String, to: String, raw: Vec<u8> },
    /// `to` in international form.
    Sms { to: String, text: String },
}

/// How one try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next hop took responsibility. `reference` is its id of the message, when it gave one.
    Accepted { reference: Option<String>, detail: String },
    /// The next hop refused for good; nothing was delivered.
    Rejected { status: Option<String>, detail: String },
    /// Nothing was delivered; a later try is safe. `throttled` asks to slow down.
    Deferred { detail: String, throttled: bool },
    /// The connection broke after the point of no return: perhaps delivered. Never sent again.
    Uncertain { detail: String },
    /// The sender itself withdrew (its intent could not be recorded); nothing was delivered.
    Withdrawn,
}

/// The ledger's side of a send: called when the next hop is ready to take the message and before the
/// byte after which it may be delivered. `false` withdraws the message.
///
/// Implementations commit many intents in one transaction, so the call may wait a little.
pub trait Intent: Send + Sync {
    fn record(&self, ledger: i64) -> BoxFuture<'_, bool>;
}

/// A channel's wire. Implementations hold their own connections, are shared by many tasks, and keep
/// the order connect → offer → [`Intent::record`] → point of no return.
pub trait Transport: Send + Sync {
    fn send<'a>(&'a self, message: &'a Outgoing, intent: &'a dyn Intent) -> BoxFuture<'a, Outcome>;

    /// How many messages may be under way at once.
    fn lanes(&self) -> usize;

    /// Closes idle connections politely.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// An intent that is always recorded: for test letters and benchmarks, which have no ledger.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLedger;

impl Intent for NoLedger {
    fn record(&self, _ledger: i64) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(true))
    }
}
