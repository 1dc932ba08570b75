//! What a campaign is, and what makes it fit to be launched.

use std::collections::BTreeMap;

use basis::{Lang, SegmentId, Time};
use content::{LetterSource, Sender};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

impl Default for Goal {
    fn default() -> Self {
        Self { kind: "consent".to_owned(), window_days: 30 }
    }
}

/// One channel step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaveDraft {
    pub channel: Channel,
    /// Days after the wave before; 0 for the first.
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
}

const fn all() -> Target {
    Target::All
}

/// A campaign before its launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    pub name: String,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The launch is refused.
    Refuse,
    /// The marketer is told and decides.
    Warn,
}

/// Something that stands against a launch, or should be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    pub severity: Severity,
    /// Stable; pages have a sentence for each.
    pub code: String,
    pub message: String,
    /// `name`, `holdout_share`, `waves[1].uk.subject`, …
    #[serde(rename = "where")]
    pub place: String,
}

impl Finding {
    pub fn refuse(code: &str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Refuse,
            code: code.to_owned(),
            message: message.into(),
            place: place.into(),
        }
    }
    pub fn warn(code: &str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warn, ..Self::refuse(code, place, message) }
    }
}

const MAX_WAVES: usize = 10;
const MAX_DAYS: i64 = 365;
/// A message nobody could send within this time is not sent at all: a letter of last month is worse than none.
const EXPIRY_DAYS: i64 = 14;

/// When a planned contact of a wave is given up.
pub fn expires_at(due: Time) -> Time {
    due.plus_days(EXPIRY_DAYS)
}

/// All that can be said of a draft without looking at the base or at the senders, refusals first.
pub fn findings(draft: &Draft, sender: &Sender, workspace_language: Lang) -> Vec<Finding> {
    let mut found = Vec::new();
    if draft.name.trim().is_empty() {
        found.push(Finding::refuse("no_name", "name", "The campaign needs a name."));
    }
    if !(0.0..=0.5).contains(&draft.holdout_share) {
        found.push(Finding::refuse(
            "holdout_share",
            "holdout_share",
            "The hold-out is a share from 0 to 0.5.",
        ));
    } else if draft.holdout_share == 0.0 {
        found.push(Finding::warn(
            "no_holdout",
            "holdout_share",
            "Without a hold-out nobody can tell what the campaign earned.",
        ));
    }
    if !(1..=MAX_DAYS).contains(&draft.goal.window_days) {
        found.push(Finding::refuse("window", "goal.window_days", "The goal's window is 1 to 365 days."));
    }
    if draft.waves.is_empty() || draft.waves.len() > MAX_WAVES {
        found.push(Finding::refuse("waves", "waves", format!("A campaign has 1 to {MAX_WAVES} waves.")));
    }
    for (place, wave) in draft.waves.iter().enumerate() {
        wave_findings(&mut found, draft, place, wave, sender, workspace_language);
    }
    found.sort_by_key(|finding| finding.severity);
    found
}

fn wave_findings(
    found: &mut Vec<Finding>,
    draft: &Draft,
    place: usize,
    wave: &WaveDraft,
    sender: &Sender,
    workspace_language: Lang,
) {
    let at = |field: &str| format!("waves[{place}].{field}");
    if place == 0 && wave.target == Target::Silent {
        found.push(Finding::refuse(
            "first_wave_silent",
            at("target"),
            "The first wave goes to all: nobody is silent yet.",
        ));
    }
    if !(0..=MAX_DAYS).contains(&wave.after_days) {
        found.push(Finding::refuse(
            "after_days",
            at("after_days"),
            "A wave starts 0 to 365 days after the one before.",
        ));
    }
    if wave.rate_per_second.is_some_and(|rate| !(rate > 0.0 && rate <= 10_000.0)) {
        found.push(Finding::refuse(
            "rate",
            at("rate_per_second"),
            "The rate is above 0 and at most 10000 a second.",
        ));
    }
    let needed: &[Lang] = match draft.language {
        LanguageRule::ByCustomer => &[],
        LanguageRule::Ru => &[Lang::Ru],
        LanguageRule::Uk => &[Lang::Uk],
        LanguageRule::En => &[Lang::En],
    };
    let fallback = [workspace_language];
    for lang in if needed.is_empty() { &fallback } else { needed } {
        if !wave.bodies.contains_key(lang) {
            found.push(Finding::refuse(
                "no_text",
                at(&format!("bodies.{lang}")),
                format!("The wave has no text in the language \"{lang}\"."),
            ));
        }
    }
    if wave.channel == Channel::Email && basis::Email::parse(&wave.from_address).is_err() {
        found.push(Finding::refuse(
            "from_address",
            at("from_address"),
            "A letter needs a sender's address, as shop@example.org.",
        ));
    }
    for (lang, body) in &wave.bodies {
        let checked = match wave.channel {
            Channel::Email => content::check_letter(*lang, body, sender, place == 0),
            Channel::Sms => content::check_sms(*lang, &body.text, sender),
            Channel::Call => {
                if body.text.trim().is_empty() {
                    found.push(Finding::refuse(
                        "no_script",
                        at(&format!("{lang}.text")),
                        "The call needs a script.",
                    ));
                }
                Vec::new()
            }
        };
        for finding in checked {
            let code = serde_json::to_value(finding.code).ok().and_then(|v| v.as_str().map(str::to_owned));
            let part = serde_json::to_value(finding.part).ok().and_then(|v| v.as_str().map(str::to_owned));
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            found.push(Finding {
                severity: match finding.severity {
                    content::Severity::Refuse => Severity::Refuse,
                    content::Severity::Warn => Severity::Warn,
                },
                code: code.unwrap_or_default(),
                message: finding.message,
                place: at(&format!("{lang}.{}{line}", part.unwrap_or_default())),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender {
            shop_name: "Книгарня".to_owned(),
            shop_url: "https://shop.example".to_owned(),
            legal_name: "ФОП Приклад".to_owned(),
            postal_address: "Київ, вул. Прикладна, 1".to_owned(),
            ..Sender::default()
        }
    }

    fn draft() -> Draft {
        let letter = WaveDraft {
            channel: Channel::Email,
            after_days: 0,
            target: Target::All,
            bodies: Lang::ALL.into_iter().map(|lang| (lang, content::defaults::first_letter(lang))).collect(),
            from_name: "Книгарня".to_owned(),
            from_address: "shop@example.org".to_owned(),
            rate_per_second: None,
        };
        Draft {
            name: "Листопад".to_owned(),
            language: LanguageRule::ByCustomer,
            segment_id: None,
            holdout_share: 0.1,
            goal: Goal::default(),
            waves: vec![letter],
        }
    }

    #[test]
    fn the_shipped_letter_can_be_launched() {
        let refusals: Vec<Finding> = findings(&draft(), &sender(), Lang::Uk)
            .into_iter()
            .filter(|f| f.severity == Severity::Refuse)
            .collect();
        assert_eq!(refusals, []);
    }

    #[test]
    fn a_first_wave_to_the_silent_is_refused_and_so_is_a_missing_language() {
        let mut bad = draft();
        bad.waves[0].target = Target::Silent;
        bad.waves[0].bodies.remove(&Lang::Uk);
        bad.holdout_share = 0.7;
        let codes: Vec<String> = findings(&bad, &sender(), Lang::Uk)
            .into_iter()
            .filter(|f| f.severity == Severity::Refuse)
            .map(|f| f.code)
            .collect();
        assert_eq!(codes, ["holdout_share", "first_wave_silent", "no_text"]);
    }

    #[test]
    fn outcomes_grow_in_the_order_of_the_final_funnel() {
        assert!(Outcome::Agreed > Outcome::Subscribed);
        assert!(Outcome::Subscribed > Outcome::Refused);
        assert!(Outcome::Refused > Outcome::None);
    }
}
