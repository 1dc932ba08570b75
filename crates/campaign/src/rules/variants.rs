//! Variants of a wave: the same step in other words, split among its people at random.

use std::{borrow::Cow, collections::BTreeMap};

use basis::{CampaignId, CustomerId, Lang};
use content::LetterSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a wave says, by language.
pub type Bodies = BTreeMap<Lang, LetterSource>;

/// A wave has one text, or from two to six variants: more than six share the people out too thinly to tell them apart.
pub const VARIANTS: std::ops::RangeInclusive<usize> = 2..=6;

/// Below a hundredth of the people a variant proves nothing.
pub const LEAST_SHARE: f64 = 0.01;

/// Shares are written with two digits, so each may be off by half a hundredth.
const ROUNDING: f64 = 0.005;

/// The place of a variant in its wave, from 0. The first is the control: the others are compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariantNo(pub i64);

impl VariantNo {
    pub const fn get(self) -> i64 {
        self.0
    }
    fn index(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }
}

/// What a variant says in other words than its wave; what is left out is the wave's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mjml: Option<String>,
    /// Of an SMS and of a script the whole text, of a letter its plain-text part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl TextChange {
    /// The wave's own text with the changes. A letter with a body of its own does not keep the plain-text part of another body.
    fn apply(&self, own: &LetterSource) -> LetterSource {
        let kept = if self.mjml.is_some() { "" } else { own.text.as_str() };
        LetterSource {
            subject: self.subject.clone().unwrap_or_else(|| own.subject.clone()),
            mjml: self.mjml.clone().unwrap_or_else(|| own.mjml.clone()),
            text: self.text.clone().unwrap_or_else(|| kept.to_owned()),
        }
    }
}

/// A variant of a wave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantDraft {
    pub name: String,
    /// Of the wave's people, 0.01 to 0.99; variants without one share equally what the others leave.
    #[serde(default)]
    pub share: Option<f64>,
    /// By language (`ru`, `uk`, `en`).
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, TextChange>)]
    pub changes: BTreeMap<Lang, TextChange>,
}

impl VariantDraft {
    /// The fields that are the variant's own in some language: `subject`, `mjml`, `text`.
    pub fn own_fields(&self) -> Vec<&'static str> {
        let any = |of: fn(&TextChange) -> bool| self.changes.values().any(of);
        [
            ("subject", any(|c| c.subject.is_some())),
            ("mjml", any(|c| c.mjml.is_some())),
            ("text", any(|c| c.text.is_some())),
        ]
        .into_iter()
        .filter_map(|(name, own)| own.then_some(name))
        .collect()
    }
}

/// What a wave says to the people of a variant; `None` is the wave itself.
pub fn texts<'a>(own: &'a Bodies, variants: &[VariantDraft], no: Option<VariantNo>) -> Cow<'a, Bodies> {
    let Some(variant) = no.and_then(|no| variants.get(no.index()?)).filter(|v| !v.changes.is_empty()) else {
        return Cow::Borrowed(own);
    };
    let mut bodies = own.clone();
    for (lang, change) in &variant.changes {
        let body = own.get(lang).cloned().unwrap_or_default();
        bodies.insert(*lang, change.apply(&body));
    }
    Cow::Owned(bodies)
}

/// Why the shares of a wave's variants cannot be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SharesError {
    /// The variant at this place has a share that is none.
    Share(usize),
    /// All shares are given and make this sum, or those given leave too little to the others.
    Sum(f64),
}

/// The share of each variant, summing to 1.
///
/// # Errors
/// A share outside 0.01 to 0.99, a sum that is not 1 but for rounding, or nothing left for variants without a share.
pub fn shares(variants: &[VariantDraft]) -> Result<Vec<f64>, SharesError> {
    for (place, variant) in variants.iter().enumerate() {
        if variant.share.is_some_and(|share| !(LEAST_SHARE..=1.0 - LEAST_SHARE).contains(&share)) {
            return Err(SharesError::Share(place));
        }
    }
    let given: f64 = variants.iter().filter_map(|v| v.share).sum();
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let open = variants.iter().filter(|v| v.share.is_none()).count();
    let rest = if open == 0 { 0.0 } else { (1.0 - given) / count(open) };
    if open > 0 && rest < LEAST_SHARE - 1e-9 {
        return Err(SharesError::Sum(given));
    }
    if open == 0 && (given - 1.0).abs() > ROUNDING * count(variants.len()) + 1e-9 {
        return Err(SharesError::Sum(given));
    }
    let whole = given + rest * count(open);
    Ok(variants.iter().map(|v| v.share.unwrap_or(rest) / whole).collect())
}

/// How the people of one wave are split.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Of the frozen audience.
    pub salt: String,
    pub campaign: CampaignId,
    /// The wave's.
    pub position: i64,
    pub shares: Vec<f64>,
}

impl Split {
    /// The variant that a customer draws: the same at any time and on any machine, whatever the hold-out and the other waves drew.
    pub fn variant_of(&self, customer: CustomerId) -> Option<VariantNo> {
        let mut purpose = [0_u8; 16];
        purpose[..8].copy_from_slice(&self.campaign.get().to_le_bytes());
        purpose[8..].copy_from_slice(&self.position.to_le_bytes());
        let drawn = audience::draw(&self.salt, &purpose, customer);
        let mut edge = 0.0;
        let found = self.shares.iter().position(|share| {
            edge += share;
            drawn < edge
        });
        // The shares may sum to a hair less than 1.
        let place = found.or_else(|| self.shares.len().checked_sub(1))?;
        i64::try_from(place).ok().map(VariantNo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variant(share: Option<f64>) -> VariantDraft {
        VariantDraft { name: "x".to_owned(), share, changes: BTreeMap::new() }
    }

    fn of(given: &[Option<f64>]) -> Result<Vec<f64>, SharesError> {
        shares(&given.iter().map(|s| variant(*s)).collect::<Vec<_>>())
    }

    fn split(position: i64, shares: &[f64]) -> Split {
        Split { salt: "spring".to_owned(), campaign: CampaignId(11), position, shares: shares.to_vec() }
    }

    #[test]
    fn shares_left_out_are_equal_and_rounded_ones_are_taken() {
        assert_eq!(of(&[None, None]), Ok(vec![0.5, 0.5]));
        assert_eq!(of(&[Some(0.5), None, None]), Ok(vec![0.5, 0.25, 0.25]));
        let thirds = of(&[Some(0.33), Some(0.33), Some(0.33)]).unwrap();
        assert!(thirds.iter().all(|s| (s - 1.0 / 3.0).abs() < 1e-12));
        assert!(of(&[Some(0.17); 6]).is_ok());
    }

    #[test]
    fn shares_that_cannot_be_are_named() {
        assert_eq!(of(&[Some(0.7), Some(0.7)]), Err(SharesError::Sum(1.4)));
        assert_eq!(of(&[Some(0.5), Some(0.0)]), Err(SharesError::Share(1)));
        assert_eq!(of(&[Some(f64::NAN), None]), Err(SharesError::Share(0)));
        assert_eq!(of(&[Some(1.0), None]), Err(SharesError::Share(0)));
        assert_eq!(of(&[Some(0.99), None, None]), Err(SharesError::Sum(0.99)));
        assert_eq!(of(&[Some(0.5), Some(0.4)]), Err(SharesError::Sum(0.9)));
    }

    #[test]
    fn a_variant_says_what_it_changes_and_keeps_the_rest() {
        let own = Bodies::from([
            (Lang::Ru, LetterSource { subject: "А".into(), mjml: "<a/>".into(), text: "а".into() }),
            (Lang::En, LetterSource { subject: "A".into(), mjml: "<a/>".into(), text: "a".into() }),
        ]);
        let change = |change: TextChange| VariantDraft {
            changes: BTreeMap::from([(Lang::Ru, change)]),
            ..VariantDraft::default()
        };
        let variants = [
            VariantDraft::default(),
            change(TextChange { subject: Some("Б".into()), ..TextChange::default() }),
            change(TextChange { mjml: Some("<b/>".into()), ..TextChange::default() }),
        ];
        assert_eq!(*texts(&own, &variants, None), own);
        assert_eq!(*texts(&own, &variants, Some(VariantNo(0))), own);
        assert_eq!(*texts(&own, &variants, Some(VariantNo(9))), own);
        let subject = texts(&own, &variants, Some(VariantNo(1)));
        assert_eq!((subject[&Lang::Ru].subject.as_str(), subject[&Lang::Ru].text.as_str()), ("Б", "а"));
        assert_eq!(subject[&Lang::En], own[&Lang::En]);
        let body = texts(&own, &variants, Some(VariantNo(2)));
        assert_eq!(body[&Lang::Ru].text, "", "the plain-text part of another letter is not kept");
    }

    proptest! {
        #[test]
        fn the_split_is_repeatable_near_its_shares_and_independent_of_the_hold_out(
            salt in "[0-9a-f]{8}", campaign in 1_i64..1_000_000, position in 0_i64..10, cut in 0.2_f64..0.8, held in 0.1_f64..0.5,
        ) {
            let split = Split { salt: salt.clone(), campaign: CampaignId(campaign), position, shares: vec![cut, 1.0 - cut] };
            let other = Split { position: position + 1, ..split.clone() };
            let (mut first, mut first_held, mut holdout, mut both) = (0_u32, 0_u32, 0_u32, 0_u32);
            const PEOPLE: u32 = 8_000;
            for id in 0..i64::from(PEOPLE) {
                let customer = CustomerId(id);
                let drawn = split.variant_of(customer);
                prop_assert_eq!(drawn, split.clone().variant_of(customer));
                let control = drawn == Some(VariantNo(0));
                let out = audience::held_out(&salt, customer, held);
                first += u32::from(control);
                holdout += u32::from(out);
                first_held += u32::from(control && out);
                both += u32::from(control && other.variant_of(customer) == Some(VariantNo(0)));
            }
            // Five standard deviations of a binomial.
            let near = |count: u32, of: u32, share: f64| {
                let of = f64::from(of);
                (f64::from(count) - of * share).abs() <= 5.0 * (of * share * (1.0 - share)).sqrt() + 1.0
            };
            prop_assert!(near(first, PEOPLE, cut), "{first} of {PEOPLE} at {cut}");
            prop_assert!(near(first_held, holdout, cut), "{first_held} of {holdout} held out at {cut}");
            prop_assert!(near(both, first, cut), "{both} of {first}: another wave is another draw");
        }
    }

    #[test]
    fn every_customer_draws_a_variant() {
        let thirds = split(0, &[1.0 / 3.0; 3]);
        let mut counts = [0_u32; 3];
        for id in 0..30_000 {
            let VariantNo(no) = thirds.variant_of(CustomerId(id)).unwrap();
            counts[usize::try_from(no).unwrap()] += 1;
        }
        assert!(counts.iter().all(|n| (9_600..=10_400).contains(n)), "{counts:?}");
        assert_eq!(split(0, &[]).variant_of(CustomerId(1)), None);
    }
}
