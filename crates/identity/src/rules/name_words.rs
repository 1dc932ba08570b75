//! Words of a name cell, and the endings of surnames.

use std::sync::OnceLock;

use super::dictionary::Gender;
use super::fold;

/// Length of a folded surname without the ending that marks gender, and that gender.
pub(super) fn stem_of(key: &[u8]) -> (usize, Gender) {
    let n = key.len();
    if n < 4 {
        return (n, Gender::Unknown);
    }
    match &key[n - 3..] {
        b"ska" | b"cka" => return (n - 1, Gender::Female),
        b"ski" | b"cki" => return (n - 1, Gender::Male),
        b"ova" | b"eva" if n >= 5 => return (n - 1, Gender::Female),
        b"ina" if n >= 7 => return (n - 1, Gender::Female),
        b"koi" => return (n - 2, Gender::Unknown),
        // Козлишин, Волошин: Ukrainian surnames that a woman bears unchanged.
        b"win" => return (n, Gender::Unknown),
        _ => {}
    }
    match &key[n - 2..] {
        b"ov" | b"ev" if n >= 5 => (n, Gender::Male),
        b"in" if n >= 6 => (n, Gender::Male),
        b"oi" => (n - 2, Gender::Unknown),
        [_, b'i' | b'a'] => (n - 1, Gender::Unknown),
        _ => (n, Gender::Unknown),
    }
}

pub(super) struct Word<'a> {
    pub text: &'a str,
    /// Followed by a full stop.
    pub dotted: bool,
}

/// Words of a cell: cut at anything that is neither a letter, an apostrophe nor a mark inside a letter, and where a small letter
/// meets a capital (`ИвановаАнна`).
pub(super) fn split_words(cell: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = cell;
    std::iter::from_fn(move || {
        let start = rest.char_indices().find(|(_, c)| kind_of(*c).is_letter())?.0;
        rest = &rest[start..];
        let mut end = rest.len();
        let mut small_before = false;
        for (at, c) in rest.char_indices() {
            let kind = kind_of(c);
            if kind == Kind::Between || kind == Kind::Capital && small_before {
                end = at;
                break;
            }
            small_before = kind == Kind::Small;
        }
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Word { text, dotted: after.starts_with('.') })
    })
}

/// What a character is to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Small,
    Capital,
    /// A letter without case.
    Letter,
    /// An apostrophe, a mark on a letter, a sign that is not seen.
    Inside,
    Between,
}

impl Kind {
    fn is_letter(self) -> bool {
        matches!(self, Self::Small | Self::Capital | Self::Letter)
    }

    fn look_up(c: char) -> Self {
        if fold::is_letter(c) {
            match (fold::is_small(c), fold::is_capital(c)) {
                (true, _) => Self::Small,
                (_, true) => Self::Capital,
                _ => Self::Letter,
            }
        } else if matches!(c, '\'' | '’' | 'ʼ' | '`' | '"') || fold::is_invisible(c) || is_mark(c) {
            Self::Inside
        } else {
            Self::Between
        }
    }
}

/// Latin and Cyrillic: nearly every character of a name.
const USUAL: usize = 0x500;

fn kind_of(c: char) -> Kind {
    static KINDS: OnceLock<[Kind; USUAL]> = OnceLock::new();
    let kinds = KINDS.get_or_init(|| {
        let mut kinds = [Kind::Between; USUAL];
        for (kind, code) in kinds.iter_mut().zip(0_u32..) {
            *kind = char::from_u32(code).map_or(Kind::Between, Kind::look_up);
        }
        kinds
    });
    usize::try_from(u32::from(c)).ok().and_then(|i| kinds.get(i)).copied().unwrap_or_else(|| Kind::look_up(c))
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}
