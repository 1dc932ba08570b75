//! The interests page: which boxes are ticked when it is shown, and what a pressed Confirm says.

use serde::Serialize;

/// A category as it stood on the page that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shown {
    #[serde(serialize_with = "as_text")]
    pub category: i64,
    pub ticked: bool,
}

fn as_text<S: serde::Serializer>(id: &i64, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(id)
}

/// Whether a box is ticked when the page opens. An answer given before always wins. Without one, everything may be
/// ticked where the law lets it be, and only for a person who already receives with a right: a box ticked beforehand
/// is no consent (CJEU C-673/17), it only spares work inside an existing one.
pub fn ticked(earlier: Option<bool>, defaults_allowed: bool, may_be_written_to: bool) -> bool {
    earlier.unwrap_or(defaults_allowed && may_be_written_to)
}

/// The shown boxes as one word that travels with the form: `12+13-`. Signed, it proves what the defaults were.
pub fn encode(shown: &[Shown]) -> String {
    let mut out = String::new();
    for box_ in shown {
        out.push_str(&box_.category.to_string());
        out.push(if box_.ticked { '+' } else { '-' });
    }
    out
}

pub fn decode(text: &str) -> Option<Vec<Shown>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['+', '-']) {
        let category = rest[..end].parse().ok()?;
        out.push(Shown { category, ticked: rest[end..].starts_with('+') });
        rest = &rest[end + 1..];
    }
    rest.is_empty().then_some(out)
}

fn tag(key: &[u8; 32], message: i64, lang: &str, word: &str) -> String {
    let hash = blake3::keyed_hash(key, format!("shown\0{message}\0{lang}\0{word}").as_bytes());
    hash.to_hex()[..32].to_owned()
}

/// `12+13-.tag`: bound to the letter and the language of the page.
pub fn seal(key: &[u8; 32], message: i64, lang: &str, shown: &[Shown]) -> String {
    let word = encode(shown);
    let tag = tag(key, message, lang, &word);
    format!("{word}.{tag}")
}

/// What was shown, when the seal is ours.
pub fn open(key: &[u8; 32], message: i64, lang: &str, sealed: &str) -> Option<Vec<Shown>> {
    let (word, given) = sealed.rsplit_once('.')?;
    let expected = tag(key, message, lang, word);
    let same = expected.len() == given.len()
        && expected.bytes().zip(given.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0;
    if same { decode(word) } else { None }
}

/// A pressed Confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Each shown category and whether its box was ticked when the person pressed.
    pub chosen: Vec<(i64, bool)>,
}

impl Answer {
    /// Boxes that were not on the page are not answered, whatever the form says.
    pub fn of(shown: &[Shown], ticked: &[i64]) -> Self {
        Self { chosen: shown.iter().map(|s| (s.category, ticked.contains(&s.category))).collect() }
    }

    /// A Confirm with no box ticked subscribes to nothing; a shop without categories asks for a plain yes.
    pub fn subscribes(&self) -> bool {
        self.chosen.is_empty() || self.chosen.iter().any(|(_, ticked)| *ticked)
    }
}

/// Whether a POST body is the one-click form of RFC 8058, section 3.2.
pub fn is_one_click(fields: &[(String, String)]) -> bool {
    fields.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("List-Unsubscribe") && value.eq_ignore_ascii_case("One-Click")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn boxes_are_ticked_beforehand_only_where_the_law_lets_them() {
        assert!(ticked(None, true, true));
        assert!(!ticked(None, false, true), "the EU");
        assert!(!ticked(None, true, false), "outside of a consent");
        assert!(!ticked(Some(false), true, true), "an earlier answer stands");
        assert!(ticked(Some(true), false, false));
    }

    #[test]
    fn a_box_that_was_not_shown_is_not_answered() {
        let shown = [Shown { category: 7, ticked: true }, Shown { category: 8, ticked: true }];
        let answer = Answer::of(&shown, &[8, 99]);
        assert_eq!(answer.chosen, [(7, false), (8, true)]);
        assert!(answer.subscribes());
        assert!(!Answer::of(&shown, &[]).subscribes());
    }

    #[test]
    fn a_changed_form_does_not_open() {
        let key = [7; 32];
        let shown = [Shown { category: 7, ticked: true }, Shown { category: 8, ticked: false }];
        let sealed = seal(&key, 42, "ru", &shown);
        assert_eq!(open(&key, 42, "ru", &sealed).as_deref(), Some(&shown[..]));
        assert_eq!(open(&key, 43, "ru", &sealed), None);
        assert_eq!(open(&key, 42, "uk", &sealed), None);
        assert_eq!(open(&key, 42, "ru", &sealed.replace("8-", "8+")), None);
    }

    #[test]
    fn one_click_is_told_by_its_body() {
        let field = |n: &str, v: &str| vec![(n.to_owned(), v.to_owned())];
        assert!(is_one_click(&field("List-Unsubscribe", "One-Click")));
        assert!(!is_one_click(&field("confirm", "1")));
    }

    proptest! {
        #[test]
        fn what_was_shown_comes_back(boxes in proptest::collection::vec((0_i64..i64::MAX, any::<bool>()), 0..20)) {
            let shown: Vec<Shown> = boxes.iter().map(|(category, ticked)| Shown { category: *category, ticked: *ticked }).collect();
            prop_assert_eq!(decode(&encode(&shown)), Some(shown));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = decode(&text);
            prop_assert_eq!(open(&[0; 32], 1, "ru", &text), None);
        }
    }
}
