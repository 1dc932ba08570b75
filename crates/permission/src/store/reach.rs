use access::{App, Workspace};
use basis::{CustomerId, Fault};
use store::Tx;

use super::{gate::Gate, people};
use crate::rules::{
    decide::Reason,
    terms::{Channel, Purpose},
};

/// How a person can be reached, hours and caps aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    pub customer_id: CustomerId,
    /// For each channel asked for, in its order: the address to use, or why there is none.
    pub channels: Vec<Result<String, Reason>>,
}

impl Reach {
    /// Why the person is out on every channel, or nothing when one is open. Where channels differ, the reason that got
    /// nearest to a contact is told: a stop before a missing consent, a missing consent before a missing contact.
    pub fn excluded(&self) -> Option<Reason> {
        let mut worst = None;
        for channel in &self.channels {
            match channel {
                Ok(_) => return None,
                Err(reason) => worst = worst.max(Some((rank(*reason), *reason))),
            }
        }
        worst.map(|(_, reason)| reason)
    }
}

const fn rank(reason: Reason) -> u8 {
    match reason {
        Reason::NoContact => 0,
        Reason::ChannelOff => 1,
        Reason::NoConsent | Reason::NoAutomaticConsent => 2,
        Reason::Dead => 3,
        Reason::Withdrawn => 4,
        Reason::Suppressed => 5,
        Reason::Expired | Reason::QuietHours | Reason::FrequencyCap => 6,
    }
}

const BATCH: usize = 2_000;

/// How each of these people (by current ids) can be reached for a purpose.
pub async fn reach(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    customers: &[CustomerId],
    channels: &[Channel],
    purpose: Purpose,
) -> Result<Vec<Reach>, Fault> {
    let gate = Gate::open(tx, workspace).await?;
    let mut out = Vec::with_capacity(customers.len());
    for batch in customers.chunks(BATCH) {
        let people = people::load(tx, app, workspace.id, batch).await?;
        let unknown = people::Person::default();
        out.extend(batch.iter().map(|id| {
            let person = people.get(id).unwrap_or(&unknown);
            let channels = channels.iter().map(|channel| gate.reach(person, *channel, purpose)).collect();
            Reach { customer_id: *id, channels }
        }));
    }
    Ok(out)
}
