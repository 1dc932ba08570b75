//! Words of a name cell, and the endings of surnames.

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
        let start = rest.find(fold::is_letter)?;
        rest = &rest[start..];
        let mut end = rest.len();
        let mut small_before = false;
        for (at, c) in rest.char_indices() {
            let inside = fold::is_letter(c)
                || matches!(c, '\'' | '’' | 'ʼ' | '`' | '"')
                || fold::is_invisible(c)
                || is_mark(c);
            let capital = fold::is_capital(c);
            if !inside || capital && small_before {
                end = at;
                break;
            }
            small_before = fold::is_small(c);
        }
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Word { text, dotted: after.starts_with('.') })
    })
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}
