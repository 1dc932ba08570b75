use access::{Answer, need};
use axum::Json;
use basis::Lang;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Channel, Jurisdiction, Purpose,
    rules::{hours::Hours, sets::RuleSet},
    store::{defaults_ticked, own_rules},
};

/// The rules of contact in force in this workspace, in words and figures.
#[derive(Serialize, ToSchema)]
pub struct RulesInForce {
    /// `ru`, `ua`, `eu`, `us`, `other`.
    jurisdiction: String,
    /// The day from which the rule set holds.
    version: String,
    /// Own rules of the workspace make these narrower, never wider.
    message_hours: ShownHours,
    call_hours: ShownHours,
    /// Which bases carry a contact: by purpose and channel.
    bases: Vec<ShownBasis>,
    channels_off: Vec<String>,
    caps: Vec<ShownCap>,
    /// Whether the interests page shows all boxes ticked.
    ticked_by_default: bool,
    laws: Vec<ShownLaw>,
    /// `contact_rules` of the workspace's settings could not be read, and the defaults hold.
    own_rules_error: Option<String>,
}

/// Clock times at the person's place, "09:00".
#[derive(Serialize, ToSchema)]
pub struct ShownHours {
    working_days: [String; 2],
    weekends_and_holidays: [String; 2],
}

#[derive(Serialize, ToSchema)]
pub struct ShownBasis {
    purpose: String,
    channel: String,
    bases: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ShownCap {
    /// Absent: all channels together.
    channel: Option<String>,
    days: u16,
    contacts: u16,
}

#[derive(Serialize, ToSchema)]
pub struct ShownLaw {
    code: String,
    source: String,
    text: String,
}

/// What the gate holds every contact to, and where it is written.
#[utoipa::path(get, path = "/api/rules", tag = "permission", responses((status = 200, body = RulesInForce)))]
pub(super) async fn show(need::Anyone(op): need::Anyone) -> Answer<RulesInForce> {
    let jurisdiction = op.workspace.jurisdiction.parse().unwrap_or(Jurisdiction::Other);
    let (set, own) = (RuleSet::of(jurisdiction), own_rules(&op.workspace));
    let hours =
        |channel| shown(own.hours(channel).map_or(set.hours(channel), |own| set.hours(channel).and(own)));
    let mut bases = Vec::new();
    for purpose in [Purpose::Marketing, Purpose::Service, Purpose::AutomaticCalls] {
        for channel in [Channel::Email, Channel::Sms, Channel::Call, Channel::AutoCall] {
            if (purpose == Purpose::AutomaticCalls) == (channel == Channel::AutoCall) {
                bases.push(shown_basis(set, purpose, channel));
            }
        }
    }
    for channel in [Channel::Email, Channel::Sms] {
        bases.push(shown_basis(set, Purpose::AdAudiences, channel));
    }
    let mut off: Vec<Channel> = set.channels_off.iter().chain(&own.channels_off).copied().collect();
    off.sort_unstable();
    off.dedup();
    let error = op.workspace.settings.get("contact_rules").and_then(|json| {
        serde_json::from_value::<crate::rules::sets::OwnRules>(json.clone()).err().map(|e| e.to_string())
    });
    Ok(Json(RulesInForce {
        jurisdiction: jurisdiction.to_string(),
        version: set.version.to_owned(),
        message_hours: hours(Channel::Email),
        call_hours: hours(Channel::Call),
        bases,
        channels_off: off.iter().map(ToString::to_string).collect(),
        caps: own
            .caps
            .iter()
            .map(|cap| ShownCap {
                channel: cap.channel.map(|c| c.to_string()),
                days: cap.days,
                contacts: cap.contacts,
            })
            .collect(),
        ticked_by_default: defaults_ticked(&op.workspace),
        laws: set
            .laws
            .iter()
            .map(|law| ShownLaw {
                code: law.code.to_owned(),
                source: law.source.to_owned(),
                text: match op.lang {
                    Lang::Ru => law.ru,
                    Lang::Uk => law.uk,
                    Lang::En => law.en,
                }
                .to_owned(),
            })
            .collect(),
        own_rules_error: error,
    }))
}

fn shown_basis(set: &RuleSet, purpose: Purpose, channel: Channel) -> ShownBasis {
    ShownBasis {
        purpose: purpose.to_string(),
        channel: channel.to_string(),
        bases: set.bases(purpose, channel).iter().map(ToString::to_string).collect(),
    }
}

fn shown(hours: Hours) -> ShownHours {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let pair = |window: crate::rules::hours::Window| [clock(window.from), clock(window.to)];
    ShownHours { working_days: pair(hours.working), weekends_and_holidays: pair(hours.rest) }
}
