//! The gate's decision: may this person be contacted, on this channel, at this instant?

use basis::Time;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    hours::next_open,
    sets::{Cap, OwnRules, RuleSet},
    terms::{Basis, Channel, ContactState, DeclaredBasis, Purpose},
};

/// Why a contact is not made. Stable words, stored with the ledger's row and counted by the waterfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The person has no contact for the channel.
    NoContact,
    /// The contact is on the stop-list.
    Suppressed,
    /// The person withdrew.
    Withdrawn,
    /// Every channel failed, or this contact did.
    Dead,
    /// The channel is switched off by law or by the workspace.
    ChannelOff,
    /// No basis for this purpose on this channel here.
    NoConsent,
    /// A machine would call and no consent for that is stored.
    NoAutomaticConsent,
    /// The campaign ended for the person, or the schedule passed.
    Expired,
    /// Not at this hour at the person's place.
    QuietHours,
    /// Contacted often enough lately.
    FrequencyCap,
}

impl Reason {
    pub const ALL: [Self; 10] = [
        Self::NoContact,
        Self::Suppressed,
        Self::Withdrawn,
        Self::Dead,
        Self::ChannelOff,
        Self::NoConsent,
        Self::NoAutomaticConsent,
        Self::Expired,
        Self::QuietHours,
        Self::FrequencyCap,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::NoContact => "no_contact",
            Self::Suppressed => "suppressed",
            Self::Withdrawn => "withdrawn",
            Self::Dead => "dead",
            Self::ChannelOff => "channel_off",
            Self::NoConsent => "no_consent",
            Self::NoAutomaticConsent => "no_automatic_consent",
            Self::Expired => "expired",
            Self::QuietHours => "quiet_hours",
            Self::FrequencyCap => "frequency_cap",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// Not now; ask again at `until`. A held contact does not count as made.
    Held {
        until: Time,
        reason: Reason,
    },
    Refused(Reason),
}

impl Decision {
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Allow => None,
            Self::Held { reason, .. } | Self::Refused(reason) => Some(reason.code()),
        }
    }
}

/// A consent log entry's last word on a purpose and a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastWord {
    Given(DeclaredBasis),
    Withdrawn,
}

/// An earlier contact with the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    pub channel: Channel,
    pub at: Time,
}

/// Everything the decision rests on.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    pub at: Time,
    pub purpose: Purpose,
    pub channel: Channel,
    /// The workspace's rule set and the one of the customer's country; each must allow.
    pub rules: &'a [&'static RuleSet],
    pub own: &'a OwnRules,
    pub has_contact: bool,
    pub suppressed: bool,
    pub person_dead: bool,
    pub contact: ContactState,
    /// What the person said last, if anything.
    pub said: Option<LastWord>,
    /// What the source of the contact declared.
    pub declared: &'a [DeclaredBasis],
    pub zones: &'a [TimeZone],
    pub touches: &'a [Touch],
    pub expires_at: Option<Time>,
}

const DAY_MS: i64 = 86_400_000;

impl Situation<'_> {
    /// The basis that carries the contact everywhere it has to be carried.
    pub fn basis(&self) -> Option<Basis> {
        let purpose = self.asked_purpose();
        let offered: Vec<Basis> = match &self.said {
            Some(LastWord::Given(given)) if given.proven() => vec![given.basis],
            Some(_) => return None,
            None => self
                .declared
                .iter()
                .filter(|declared| declared.covers(purpose, self.channel) && declared.proven())
                .map(|declared| declared.basis)
                .collect(),
        };
        offered
            .into_iter()
            .find(|basis| self.rules.iter().all(|set| set.bases(purpose, self.channel).contains(basis)))
    }

    /// A machine's call asks for the consent to automatic calls, whatever it is about.
    fn asked_purpose(&self) -> Purpose {
        if self.channel == Channel::AutoCall { Purpose::AutomaticCalls } else { self.purpose }
    }

    fn channel_off(&self) -> bool {
        let marketing = self.purpose == Purpose::Marketing;
        self.own.channels_off.contains(&self.channel)
            || (marketing && self.rules.iter().any(|set| set.channels_off.contains(&self.channel)))
    }

    /// When the caps let the next contact through; `None`: now.
    fn capped_until(&self) -> Option<Time> {
        self.own.caps.iter().filter_map(|cap| self.cap_until(*cap)).max()
    }

    fn cap_until(&self, cap: Cap) -> Option<Time> {
        if cap.channel.is_some_and(|channel| channel != self.channel) {
            return None;
        }
        let span = i64::from(cap.days) * DAY_MS;
        let mut recent: Vec<Time> = self
            .touches
            .iter()
            .filter(|touch| cap.channel.is_none_or(|channel| channel == touch.channel))
            .map(|touch| touch.at)
            .filter(|at| *at <= self.at && at.millis() + span > self.at.millis())
            .collect();
        let allowed = usize::from(cap.contacts);
        if recent.len() < allowed {
            return None;
        }
        recent.sort_unstable();
        // The contact whose leaving of the window makes room; a cap of none has no such contact and waits a whole window.
        let leaves = if allowed == 0 { self.at } else { recent[recent.len() - allowed] };
        Some(Time::from_millis(leaves.millis() + span))
    }
}

/// Refusals first, for they stand; what only waits comes last. Pure: the same situation has the same answer.
pub fn decide(s: &Situation<'_>) -> Decision {
    if !s.has_contact {
        return Decision::Refused(Reason::NoContact);
    }
    if s.suppressed {
        return Decision::Refused(Reason::Suppressed);
    }
    if s.said == Some(LastWord::Withdrawn) {
        return Decision::Refused(Reason::Withdrawn);
    }
    if s.person_dead || !s.contact.usable() {
        return Decision::Refused(Reason::Dead);
    }
    if s.channel_off() {
        return Decision::Refused(Reason::ChannelOff);
    }
    if s.basis().is_none() {
        let machine = s.channel == Channel::AutoCall;
        return Decision::Refused(if machine { Reason::NoAutomaticConsent } else { Reason::NoConsent });
    }
    if s.expires_at.is_some_and(|end| s.at >= end) {
        return Decision::Refused(Reason::Expired);
    }
    let capped = s.capped_until();
    let from = capped.unwrap_or(s.at);
    let opens = open_everywhere(s, from);
    let held = match (opens, capped) {
        (None, _) => return Decision::Refused(Reason::QuietHours),
        (Some(until), _) if until == s.at => return Decision::Allow,
        (Some(until), Some(_)) => (until, Reason::FrequencyCap),
        (Some(until), None) => (until, Reason::QuietHours),
    };
    if s.expires_at.is_some_and(|end| held.0 >= end) {
        return Decision::Refused(Reason::Expired);
    }
    Decision::Held { until: held.0, reason: held.1 }
}

/// The first moment that every rule set allows in every zone.
fn open_everywhere(s: &Situation<'_>, from: Time) -> Option<Time> {
    let own = s.own.hours(s.channel);
    let mut at = from;
    // Each round moves to the next opening of some set; two sets meet within a few rounds or not at all.
    for _ in 0..32 {
        let mut moved = at;
        for set in s.rules {
            let hours = own.map_or_else(|| set.hours(s.channel), |own| set.hours(s.channel).and(own));
            moved = moved.max(next_open(at, hours, &set.calendar(&s.own.holidays), s.zones)?);
        }
        if moved == at {
            return Some(at);
        }
        at = moved;
    }
    None
}
