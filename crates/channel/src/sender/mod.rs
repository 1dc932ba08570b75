//! The sender: claims due rows, asks the rules at that instant, offers each message and writes down what
//! came of it.

mod day;
mod journal;
mod worker;

use basis::{Fault, Time};
use store::Tx;

use access::{App, Workspace};

use crate::ledger::{Claimed, Settled};
use crate::transport::{BoxFuture, Payload};

pub use journal::Journal;
pub use worker::{Pace, Sender};

/// What becomes of a leased row.
#[derive(Debug, Clone)]
pub enum Composed {
    Ready {
        payload: Payload,
        /// The wave's own ceiling, messages a second.
        rate_per_second: Option<f64>,
    },
    /// A rule keeps it for later.
    Held { until: Time, reason: String },
    /// A rule forbids it, or there is nothing to send.
    Refused { reason: String, detail: String },
}

/// The part of a send that belongs to other slices: rules of contact, letters, consequences.
pub trait Composer: Send + Sync {
    /// Decides about each row, in order. Called right before the messages are offered.
    fn compose<'a>(
        &'a self,
        app: &'a App,
        workspace: &'a Workspace,
        channel: &'a str,
        rows: &'a [Claimed],
    ) -> BoxFuture<'a, Result<Vec<Composed>, Fault>>;

    /// Consequences, in the very transaction that writes the outcomes.
    fn after<'a>(
        &'a self,
        tx: &'a mut Tx,
        app: &'a App,
        workspace: &'a Workspace,
        channel: &'a str,
        settled: &'a [(Claimed, Settled)],
    ) -> BoxFuture<'a, Result<(), Fault>>;
}
