//! The library of objections: what customers say against coming back, and what is answered. The shipped words are version 1 of
//! each; a workspace changes them, adds its own and retires what it does not meet.

use std::collections::BTreeMap;

use basis::Lang;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shipped_objections::SHIPPED;

/// The words of an objection in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Words {
    /// What the customer says.
    pub name: String,
    /// What the operator answers.
    pub answer: String,
}

pub type Texts = BTreeMap<Lang, Words>;

/// An objection with its newest words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    pub code: String,
    /// The leaving reason behind it: reason:CODE, driver:CODE, or empty.
    pub reason: String,
    /// Not offered any more; talks of the past keep it.
    pub retired: bool,
    pub version: i64,
    pub shipped: bool,
    pub texts: Texts,
}

impl Objection {
    /// The words in a language; those of another where it has none.
    pub fn words(&self, lang: Lang) -> Option<(Lang, &Words)> {
        words(&self.texts, lang)
    }
}

/// Words in a language, else in any other.
pub fn words(texts: &Texts, lang: Lang) -> Option<(Lang, &Words)> {
    texts.get_key_value(&lang).or_else(|| texts.iter().next()).map(|(lang, words)| (*lang, words))
}

/// The shipped library.
pub fn shipped() -> Vec<Objection> {
    SHIPPED
        .iter()
        .map(|(code, reason, texts)| Objection {
            code: (*code).to_owned(),
            reason: (*reason).to_owned(),
            retired: false,
            version: 1,
            shipped: true,
            texts: Lang::ALL
                .into_iter()
                .zip(texts)
                .map(|(lang, (name, answer))| {
                    (lang, Words { name: (*name).to_owned(), answer: (*answer).to_owned() })
                })
                .collect(),
        })
        .collect()
}

/// The library of a workspace: the shipped objections as it changed them, then its own.
pub fn library(own: Vec<Objection>) -> Vec<Objection> {
    let mut all = shipped();
    for mut changed in own {
        match all.iter_mut().find(|known| known.code == changed.code) {
            Some(known) => {
                changed.shipped = true;
                *known = changed;
            }
            None => all.push(changed),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_objection_speaks_three_languages() {
        let all = shipped();
        assert!(all.len() >= 8);
        for objection in &all {
            for lang in Lang::ALL {
                let words = &objection.texts[&lang];
                assert!(
                    !words.name.is_empty() && words.answer.chars().count() > 20,
                    "{} {lang}",
                    objection.code
                );
            }
        }
    }

    #[test]
    fn a_change_takes_the_place_of_the_shipped_one() {
        let mut dear = shipped().remove(0);
        (dear.version, dear.retired, dear.shipped) = (2, true, false);
        let mut own = dear.clone();
        own.code = "own_1".to_owned();
        let all = library(vec![own, dear]);
        assert_eq!(all.len(), shipped().len() + 1);
        assert!(all[0].retired && all[0].shipped && all[0].version == 2);
        assert!(!all.last().unwrap().shipped);
    }
}
