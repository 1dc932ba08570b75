//! The compiled texts of a wave.

use std::collections::{BTreeMap, HashMap};

use access::Workspace;
use basis::{Fault, Lang, WaveId};
use campaign::{Bodies, Channel, VariantNo, WaveContent};
use content::{Letter, Short};
use parking_lot::Mutex;

use crate::ledger::Claimed;

/// The compiled texts of a wave, or of one of its variants.
#[derive(Default)]
pub(super) struct Texts {
    pub letters: BTreeMap<Lang, Letter>,
    pub shorts: BTreeMap<Lang, Short>,
}

/// A compiled wave.
pub(super) struct Prepared {
    pub content: WaveContent,
    /// `None` is the wave's own, for people who drew no variant.
    pub texts: HashMap<Option<VariantNo>, Texts>,
    /// Tracked addresses and their numbers in the table `links`.
    pub tracked: Mutex<HashMap<String, u16>>,
}

impl Prepared {
    /// What the row's person reads.
    pub fn texts(&self, row: &Claimed) -> Option<&Texts> {
        self.texts.get(&row.variant).or_else(|| self.texts.get(&None))
    }
}

impl Texts {
    pub fn compile(wave: WaveId, channel: Channel, bodies: &Bodies) -> Result<Self, Fault> {
        let broken = |lang: Lang, what: String| {
            Fault::internal("template", format!("wave {wave}, language {}: {what}", lang.as_str()))
        };
        let mut texts = Self::default();
        for (&lang, source) in bodies {
            if channel == Channel::Email {
                let letter = Letter::compile(lang, source).map_err(|errors| {
                    broken(lang, errors.first().map_or_else(String::new, ToString::to_string))
                })?;
                texts.letters.insert(lang, letter);
            } else {
                let short =
                    Short::compile(lang, "text", &source.text).map_err(|e| broken(lang, e.to_string()))?;
                texts.shorts.insert(lang, short);
            }
        }
        Ok(texts)
    }

    /// The language of the row, when the wave is written in it, else any that it is written in.
    pub fn language(&self, row: &Claimed, workspace: &Workspace) -> Option<Lang> {
        let wanted = row.language.as_deref().and_then(|l| l.parse::<Lang>().ok());
        let has = |lang: &Lang| self.letters.contains_key(lang) || self.shorts.contains_key(lang);
        wanted
            .into_iter()
            .chain([workspace.language])
            .chain(self.letters.keys().copied())
            .chain(self.shorts.keys().copied())
            .find(has)
    }
}
