//! What a campaign is, and what makes it fit to be launched.

mod findings;
pub mod variants;

use std::collections::BTreeMap;

use basis::{Lang, SegmentId, Time};
use content::LetterSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use findings::{Finding, Severity, findings};
use variants::{Bodies, VariantDraft, VariantNo};

basis::words! {
    #[derive(Serialize, Deserialize, ToSchema)]
    Channel, "channel" { Email = "email", Sms = "sms", Call = "call" }
}
basis::words! {
    /// Whom a wave goes to.
    #[derive(Serialize, Deserialize, ToSchema)]
    Target, "target" {
        All = "all",
        /// Those who were contacted, or could not be, and did nothing.
        Silent = "silent",
    }
}
basis::words! {
    #[derive(Serialize, Deserialize, ToSchema)]
    State, "state" {
        Draft = "draft",
        /// Asked for; the audience is being frozen.
        Launching = "launching",
        Running = "running",
        Paused = "paused",
        Stopped = "stopped",
        Finished = "finished",
    }
}
basis::words! {
    #[derive(Default, Serialize, Deserialize, ToSchema)]
    Kind, "kind" {
        /// Waves over an audience that is frozen at the launch.
        #[default]
        Once = "once",
        /// A standing series: each person walks its steps from the day of entering, until the goal or the last step.
        Journey = "journey",
    }
}
basis::words! {
    /// Who enters a journey.
    #[derive(Default, Serialize, Deserialize, ToSchema)]
    Entry, "entry" {
        /// The people of the segment at the launch.
        #[default]
        Segment = "segment",
        /// They, and whoever comes into the segment later.
        Standing = "standing",
        /// Only who is sent into it.
        Hand = "hand",
    }
}
basis::words! {
    /// Why a campaign is over for a person before its last step.
    #[derive(Serialize, Deserialize)]
    Exit, "exit" {
        Goal = "goal",
        Refused = "refused",
        /// An opt-out from everything, or an erasure.
        Left = "left",
    }
}
basis::words! {
    /// In which language a person is written to.
    #[derive(Serialize, Deserialize, ToSchema)]
    LanguageRule, "language" {
        /// By the person's own spelling, else the workspace's.
        ByCustomer = "by-customer",
        Ru = "ru",
        Uk = "uk",
        En = "en",
    }
}
basis::words! {
    /// A person's answer, weakest first.
    #[derive(Serialize, Deserialize, ToSchema)]
    Outcome, "outcome" {
        None = "none",
        Refused = "refused",
        /// Chose interests on the preference page.
        Subscribed = "subscribed",
        /// Said yes to an operator.
        Agreed = "agreed",
    }
}

impl LanguageRule {
    /// The language of a letter to a person whose own spelling tells `own`.
    pub const fn choose(self, own: Option<Lang>, workspace: Lang) -> Lang {
        match self {
            Self::ByCustomer => match own {
                Some(lang) => lang,
                None => workspace,
            },
            Self::Ru => Lang::Ru,
            Self::Uk => Lang::Uk,
            Self::En => Lang::En,
        }
    }
}

/// What counts as success, and for how long after the launch orders are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Goal {
    /// `order`, `consent`.
    pub kind: String,
    pub window_days: i64,
}

impl Goal {
    /// Whether an answer is what the campaign wants.
    pub fn is_met_by(&self, outcome: Outcome) -> bool {
        self.kind == "consent" && outcome >= Outcome::Subscribed
    }

    pub fn is_order(&self) -> bool {
        self.kind == "order"
    }
}

impl Default for Goal {
    fn default() -> Self {
        Self { kind: "consent".to_owned(), window_days: 30 }
    }
}

/// One channel step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaveDraft {
    pub channel: Channel,
    /// Days after the wave before; for the first after the launch, in a journey after entering.
    #[serde(default)]
    pub after_days: i64,
    #[serde(default = "all")]
    pub target: Target,
    /// By language (`ru`, `uk`, `en`): a letter's subject, MJML and text; an SMS's or a script's `text`.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub bodies: BTreeMap<Lang, LetterSource>,
    #[serde(default)]
    pub from_name: String,
    #[serde(default)]
    pub from_address: String,
    #[serde(default)]
    pub rate_per_second: Option<f64>,
    /// None, or from two to six that share the wave's people out; the first is the control.
    #[serde(default)]
    pub variants: Vec<VariantDraft>,
}

impl WaveDraft {
    /// What the wave says to the people of a variant.
    pub fn texts(&self, variant: Option<VariantNo>) -> std::borrow::Cow<'_, Bodies> {
        variants::texts(&self.bodies, &self.variants, variant)
    }
}

const fn all() -> Target {
    Target::All
}

/// A campaign before its launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    pub name: String,
    #[serde(default)]
    pub kind: Kind,
    /// Of a journey.
    #[serde(default)]
    pub entry: Entry,
    #[serde(default = "by_customer")]
    pub language: LanguageRule,
    /// The whole base without one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub segment_id: Option<SegmentId>,
    /// The share set aside, 0 to 0.5.
    #[serde(default = "tenth")]
    pub holdout_share: f64,
    #[serde(default)]
    pub goal: Goal,
    pub waves: Vec<WaveDraft>,
}

const fn by_customer() -> LanguageRule {
    LanguageRule::ByCustomer
}
const fn tenth() -> f64 {
    0.1
}

/// A message nobody could send within this time is not sent at all: a letter of last month is worse than none.
const EXPIRY_DAYS: i64 = 14;

/// When a planned contact of a wave is given up.
pub fn expires_at(due: Time) -> Time {
    due.plus_days(EXPIRY_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_grow_in_the_order_of_the_final_funnel() {
        assert!(Outcome::Agreed > Outcome::Subscribed);
        assert!(Outcome::Subscribed > Outcome::Refused);
        assert!(Outcome::Refused > Outcome::None);
    }
}
