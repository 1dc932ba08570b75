use access::{App, Workspace};
use basis::{CustomerId, Fault, Time};
use permission::{Channel, Purpose, reach};

use super::customers::ids;
use crate::rules::{holdout::held_out, language::Rule};

/// The order in which people fall out; each falls out once.
pub(super) const ORDER: [&str; 7] =
    ["no_contact", "channel_off", "no_consent", "no_automatic_consent", "withdrawn", "suppressed", "dead"];
pub const HOLDOUT: &str = "holdout";
pub const REMAINING: &str = "remaining";

#[derive(Debug, Clone)]
pub struct WaterfallAsk<'a> {
    pub rule: &'a Rule,
    pub channels: &'a [Channel],
    pub holdout_share: f64,
    pub salt: &'a str,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub code: &'static str,
    pub customers: Vec<CustomerId>,
}

/// Who of a rule remains, and who falls out why. The steps, the hold-out and the remaining people partition the base.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    pub base: usize,
    pub steps: Vec<Step>,
}

impl Waterfall {
    pub fn of(&self, code: &str) -> &[CustomerId] {
        self.steps.iter().find(|step| step.code == code).map_or(&[], |step| &step.customers)
    }
}

/// Counts and lists of one reading of the base: a count is the length of its list.
pub async fn waterfall(
    app: &App,
    workspace: &Workspace,
    now: Time,
    ask: &WaterfallAsk<'_>,
) -> Result<Waterfall, Fault> {
    // The key of the stop-list may have to be made, which is a write of its own.
    app.key(workspace.id, "suppression").await?;
    let mut tx = app.db.read().await?;
    let members = ids(&mut tx, workspace, now, ask.rule).await?;
    let reached = reach(&mut tx, app, workspace, &members, ask.channels, Purpose::Marketing).await?;
    let mut steps: Vec<Step> = ORDER
        .into_iter()
        .chain([HOLDOUT, REMAINING])
        .map(|code| Step { code, customers: Vec::new() })
        .collect();
    for person in reached {
        let code = match person.excluded() {
            Some(reason) => reason.code(),
            None if held_out(ask.salt, person.customer_id, ask.holdout_share) => HOLDOUT,
            None => REMAINING,
        };
        match steps.iter_mut().find(|step| step.code == code) {
            Some(step) => step.customers.push(person.customer_id),
            None => {
                return Err(Fault::internal("waterfall", format!("\"{code}\" is no step of the waterfall")));
            }
        }
    }
    Ok(Waterfall { base: members.len(), steps })
}
