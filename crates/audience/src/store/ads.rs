use access::Op;
use basis::{CustomerId, Fault, SegmentId};
use permission::{Channel, Purpose, Reach, reach};

use super::{
    audiences::members,
    waterfall::{ORDER, REMAINING, Step},
};
use crate::rules::ads::Target;

/// Who of a segment may be shown to an advertising network, and who may not and why: each person stands in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct AdAudience {
    pub base: usize,
    pub steps: Vec<Step>,
    pub targets: Vec<Target>,
}

impl AdAudience {
    pub fn of(&self, code: &str) -> Vec<CustomerId> {
        if code == REMAINING {
            return self.targets.iter().map(|target| target.customer).collect();
        }
        self.steps
            .iter()
            .find(|step| step.code == code)
            .map(|step| step.customers.clone())
            .unwrap_or_default()
    }
}

/// Asks the gate for each person and contact, as for a letter; only the purpose is another one.
pub async fn ad_audience(op: &Op, segment: SegmentId) -> Result<AdAudience, Fault> {
    // The key of the stop-list may have to be made, which is a write of its own.
    op.app.key(op.ws(), "suppression").await?;
    let people = members(op, Some(segment)).await?;
    let mut tx = op.app.db.read().await?;
    let channels = [Channel::Email, Channel::Sms];
    let found = reach(&mut tx, &op.app, &op.workspace, &people, &channels, Purpose::AdAudiences).await?;
    drop(tx);
    let mut steps: Vec<Step> = ORDER.into_iter().map(|code| Step { code, customers: Vec::new() }).collect();
    let mut targets = Vec::new();
    for person in found {
        match person.excluded() {
            None => targets.push(target(person)),
            Some(reason) => {
                let code = reason.code();
                let step = steps.iter_mut().find(|step| step.code == code).ok_or_else(|| {
                    Fault::internal("ad_audience", format!("\"{code}\" is no step of the waterfall"))
                })?;
                step.customers.push(person.customer_id);
            }
        }
    }
    Ok(AdAudience { base: people.len(), steps, targets })
}

fn target(person: Reach) -> Target {
    let customer = person.customer_id;
    let mut open = person.channels.into_iter().map(Result::ok);
    let email = open.next().flatten();
    Target { customer, email, phone: open.next().flatten() }
}
