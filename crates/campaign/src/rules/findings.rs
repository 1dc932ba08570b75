//! What stands against a launch, or should be looked at.

use basis::Lang;
use content::Sender;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::variants::{Bodies, LEAST_SHARE, SharesError, VARIANTS, VariantNo, shares};
use super::{Channel, Draft, Entry, Kind, LanguageRule, Target, WaveDraft};

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
/// A variant's name stands in the heads of tables.
const MAX_NAME: usize = 40;

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
    if draft.kind == Kind::Once && draft.entry != Entry::Segment {
        found.push(Finding::refuse(
            "entry",
            "entry",
            "Only a journey takes people in after its launch; waves go to the people of the launch.",
        ));
    }
    if draft.kind == Kind::Journey && draft.entry != Entry::Hand && draft.segment_id.is_none() {
        found.push(Finding::warn(
            "whole_base",
            "segment_id",
            "Without a segment the whole base walks this journey at once.",
        ));
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
    // The first letter to an old base sells nothing; a journey's first step speaks to who has just bought.
    let first = place == 0 && draft.kind == Kind::Once;
    text_findings(found, &at(""), wave.channel, &wave.bodies, sender, first);
    variant_findings(found, place, wave, sender);
}

/// What the checks of content say of each language; `at` is the place that the language stands in, with its dot.
fn text_findings(
    found: &mut Vec<Finding>,
    at: &str,
    channel: Channel,
    bodies: &Bodies,
    sender: &Sender,
    first: bool,
) {
    for (lang, body) in bodies {
        let checked = match channel {
            Channel::Email => content::check_letter(*lang, body, sender, first),
            Channel::Sms => content::check_sms(*lang, &body.text, sender),
            Channel::Call => {
                if body.text.trim().is_empty() {
                    found.push(Finding::refuse(
                        "no_script",
                        format!("{at}{lang}.text"),
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
                place: format!("{at}{lang}.{}{line}", part.unwrap_or_default()),
            });
        }
    }
}

fn variant_findings(found: &mut Vec<Finding>, place: usize, wave: &WaveDraft, sender: &Sender) {
    let variants = &wave.variants;
    if variants.is_empty() {
        return;
    }
    let all = format!("waves[{place}].variants");
    if !VARIANTS.contains(&variants.len()) {
        let (least, most) = (VARIANTS.start(), VARIANTS.end());
        found.push(Finding::refuse(
            "variants_count",
            &all,
            format!("A wave has {least} to {most} variants or none; this one has {}.", variants.len()),
        ));
    }
    match shares(variants) {
        Ok(_) => {}
        Err(SharesError::Share(at)) => found.push(Finding::refuse(
            "variant_share",
            format!("{all}[{at}].share"),
            format!("The share of a variant is {LEAST_SHARE} to {}.", 1.0 - LEAST_SHARE),
        )),
        Err(SharesError::Sum(sum)) => found.push(Finding::refuse(
            "variant_shares",
            &all,
            format!("The shares of the variants sum to {sum:.2}; they must sum to 1."),
        )),
    }
    let mut names = Vec::new();
    for (n, variant) in variants.iter().enumerate() {
        let name = variant.name.trim();
        let folded = basis::fold(name);
        if name.is_empty() || name.chars().count() > MAX_NAME || names.contains(&folded) {
            found.push(Finding::refuse(
                "variant_name",
                format!("{all}[{n}].name"),
                format!("A variant has a name of its own, of 1 to {MAX_NAME} characters."),
            ));
        }
        names.push(folded);
        // Languages that the variant leaves to the wave are checked there.
        let said = wave.texts(i64::try_from(n).ok().map(VariantNo));
        let own: Bodies = said
            .iter()
            .filter(|(lang, _)| variant.changes.contains_key(lang))
            .map(|(l, b)| (*l, b.clone()))
            .collect();
        text_findings(found, &format!("{all}[{n}]."), wave.channel, &own, sender, place == 0);
        for lang in wave.bodies.keys().filter(|_| !variant.changes.is_empty()) {
            if !variant.changes.contains_key(lang) {
                found.push(Finding::warn(
                    "variant_language",
                    format!("{all}[{n}].{lang}"),
                    format!("The variant \"{name}\" has no text of its own in the language \"{lang}\": these people read the wave's."),
                ));
            }
        }
        let same = (0..n).find(|before| {
            let before = wave.texts(i64::try_from(*before).ok().map(VariantNo));
            before == said
        });
        if let Some(before) = same {
            found.push(Finding::warn(
                "variants_same",
                format!("{all}[{n}]"),
                format!(
                    "The variants {} and {} say the same: nothing but chance can tell them apart.",
                    before + 1,
                    n + 1
                ),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Goal;
    use super::super::variants::{TextChange, VariantDraft};
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
            variants: Vec::new(),
        };
        Draft {
            name: "Листопад".to_owned(),
            kind: Kind::Once,
            entry: Entry::Segment,
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

    fn variant(name: &str, share: Option<f64>, subject: Option<&str>) -> VariantDraft {
        let change =
            |subject: &str| TextChange { subject: Some(subject.to_owned()), ..TextChange::default() };
        VariantDraft {
            name: name.to_owned(),
            share,
            changes: subject
                .map(|s| Lang::ALL.into_iter().map(|lang| (lang, change(s))).collect())
                .unwrap_or_default(),
        }
    }

    fn said_of(variants: Vec<VariantDraft>) -> Vec<(Severity, String, String)> {
        let mut draft = draft();
        draft.waves[0].variants = variants;
        let before = findings(&self::draft(), &sender(), Lang::Uk);
        findings(&draft, &sender(), Lang::Uk)
            .into_iter()
            .filter(|f| !before.contains(f))
            .map(|f| (f.severity, f.code, f.place))
            .collect()
    }

    #[test]
    fn variants_are_checked_and_each_finding_names_its_place() {
        let refuse = |code: &str, place: &str| (Severity::Refuse, code.to_owned(), place.to_owned());
        let warn = |code: &str, place: &str| (Severity::Warn, code.to_owned(), place.to_owned());
        assert_eq!(said_of(vec![variant("A", None, None), variant("B", None, Some("Ваша полиця"))]), []);
        assert_eq!(said_of(vec![variant("A", None, None)]), [refuse("variants_count", "waves[0].variants")]);
        assert_eq!(
            said_of(vec![variant("A", Some(0.5), None), variant("B", Some(0.7), Some("Інша"))]),
            [refuse("variant_shares", "waves[0].variants")]
        );
        assert_eq!(
            said_of(vec![variant("A", None, None), variant("B", Some(2.0), Some("Інша"))]),
            [refuse("variant_share", "waves[0].variants[1].share")]
        );
        assert_eq!(
            said_of(vec![variant("A", None, None), variant(" a ", None, Some("Інша"))]),
            [refuse("variant_name", "waves[0].variants[1].name")]
        );
        assert_eq!(
            said_of(vec![variant("A", None, None), variant("B", None, None)]),
            [warn("variants_same", "waves[0].variants[1]")]
        );
        let mut half = variant("B", None, Some("Інша"));
        half.changes.remove(&Lang::Ru);
        assert_eq!(
            said_of(vec![variant("A", None, None), half]),
            [warn("variant_language", "waves[0].variants[1].ru")]
        );
        let empty = said_of(vec![variant("A", None, None), variant("B", None, Some(" "))]);
        assert!(empty.contains(&refuse("empty_subject", "waves[0].variants[1].uk.subject")), "{empty:?}");
    }
}
