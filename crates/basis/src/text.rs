//! Stored keys for searching and sorting text of three languages: SQLite's `LOWER`, `LIKE` and `ORDER BY` know Latin
//! only and PostgreSQL's depend on the server's locale, so both engines compare these keys instead.

use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The search key of a text: lower case, one spelling of look-alike letters of the three languages (ё = е, ґ = г,
/// є = е, і = ї = и), no accents or apostrophes, runs of anything else one space.
///
/// ```
/// assert_eq!(basis::fold("  В’ячеслав  ЁЛКІН "), "вячеслав елкин");
/// assert_eq!(basis::fold("Café-Bar"), "cafe bar");
/// ```
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        // Decomposition and case look at one character at a time, so what most letters come to is known beforehand.
        match QUICK.get(c as usize) {
            Some(Quick::Nothing) => {}
            Some(Quick::Gap) => gap = true,
            Some(Quick::Letter(c)) => push(*c, &mut out, &mut gap),
            Some(Quick::Slow) | None => {
                for c in std::iter::once(c).nfkd().flat_map(char::to_lowercase).nfkd() {
                    match folded(c) {
                        Quick::Letter(c) => push(c, &mut out, &mut gap),
                        Quick::Gap => gap = true,
                        Quick::Nothing | Quick::Slow => {}
                    }
                }
            }
        }
    }
    out
}

fn push(c: char, out: &mut String, gap: &mut bool) {
    if *gap && !out.is_empty() {
        out.push(' ');
    }
    *gap = false;
    out.push(c);
}

/// What a character comes to in a search key.
#[derive(Debug, Clone, Copy)]
enum Quick {
    Letter(char),
    Gap,
    Nothing,
    /// Several characters.
    Slow,
}

/// A character that is decomposed and small.
fn folded(c: char) -> Quick {
    match c {
        'є' | 'э' => Quick::Letter('е'),
        'ґ' => Quick::Letter('г'),
        'і' | 'ы' => Quick::Letter('и'),
        'ъ' | '\'' | '’' | 'ʼ' | '`' | '´' => Quick::Nothing,
        c if is_combining_mark(c) || is_invisible(c) => Quick::Nothing,
        c if c.is_alphanumeric() => Quick::Letter(c),
        _ => Quick::Gap,
    }
}

/// Latin and Cyrillic, to the end of the Cyrillic block.
static QUICK: LazyLock<[Quick; 0x500]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let Some(c) = u32::try_from(code).ok().and_then(char::from_u32) else { return Quick::Slow };
        let mut of = std::iter::once(c).nfkd().flat_map(char::to_lowercase).nfkd().map(folded);
        let kept: Vec<Quick> = of.by_ref().filter(|quick| !matches!(quick, Quick::Nothing)).collect();
        match kept.as_slice() {
            [] => Quick::Nothing,
            [one] => *one,
            _ => Quick::Slow,
        }
    })
});

const CYRILLIC: &str = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя";

/// The sort key: two ASCII characters for each letter, digits first, then Latin, then Cyrillic in the joint order of the Russian
/// and Ukrainian alphabets. Compare as plain bytes. Cut at 40 letters: what differs later sorts by id.
pub fn collation_key(text: &str) -> String {
    let mut out = String::with_capacity(80);
    // Plain letters are composed already, and nothing here joins with its neighbour.
    if text.chars().all(|c| {
        c.is_ascii()
            || matches!(c, 'А'..='я' | 'Ё' | 'ё' | 'Є' | 'є' | 'І' | 'і' | 'Ї' | 'ї' | 'Ґ' | 'ґ' | '’')
    }) {
        sort_letters(text.chars(), &mut out);
    } else {
        sort_letters(text.nfkc(), &mut out);
    }
    out
}

/// Where each small letter of Cyrillic stands in the joint alphabet.
static PLACES: LazyLock<[Option<u8>; 0x500]> = LazyLock::new(|| {
    let mut places = [None; 0x500];
    for (place, letter) in (0_u8..).zip(CYRILLIC.chars()) {
        if let Some(known) = places.get_mut(letter as usize) {
            *known = Some(place);
        }
    }
    places
});

fn sort_letters(letters: impl Iterator<Item = char>, out: &mut String) {
    for c in letters.flat_map(char::to_lowercase).filter(|c| !is_invisible(*c)).take(40) {
        let (block, place) = match c {
            c if c.is_whitespace() => ('0', 0),
            '0'..='9' => ('1', u32::from(c) - u32::from('0')),
            'a'..='z' => ('2', u32::from(c) - u32::from('a')),
            c => match PLACES.get(c as usize).copied().flatten() {
                Some(place) => {
                    let place = u32::from(place);
                    if place < 36 { ('3', place) } else { ('4', place - 36) }
                }
                None if c.is_alphabetic() => ('5', u32::from(c) % 36),
                None => continue,
            },
        };
        out.push(block);
        out.push(char::from_digit(place, 36).unwrap_or('z'));
    }
}

/// Characters that change how a text looks or runs without being seen: zero-width, direction marks, the BOM, controls.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}'
        | '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// A text to be shown: without invisible characters, spaces folded to one, trimmed.
pub fn visible(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cyrillic_sorts_by_its_alphabets() {
        let mut names = ["Яна", "Євген", "Ёлкин", "Анна", "Ґалаґан", "Гончар", "Іван", "Zoe", "7 Семья"];
        names.sort_by_key(|name| collation_key(name));
        assert_eq!(names, ["7 Семья", "Zoe", "Анна", "Гончар", "Ґалаґан", "Євген", "Ёлкин", "Іван", "Яна"]);
    }

    #[test]
    fn search_finds_either_spelling() {
        assert_eq!(fold("Наталія"), fold("НАТАЛИЯ"));
        assert_eq!(fold("Дар\u{200b}\u{202e}’я"), "даря");
    }

    /// As the table and the quick ways must have it, by the letter.
    fn fold_slowly(text: &str) -> String {
        let mut out = String::new();
        let mut gap = false;
        for c in text.nfkd().flat_map(char::to_lowercase).nfkd() {
            match folded(c) {
                Quick::Letter(c) => push(c, &mut out, &mut gap),
                Quick::Gap => gap = true,
                Quick::Nothing | Quick::Slow => {}
            }
        }
        out
    }

    fn key_slowly(text: &str) -> String {
        let mut out = String::new();
        sort_letters(text.nfkc(), &mut out);
        out
    }

    proptest! {
        #[test]
        fn quick_ways_lead_to_the_same_keys(text in "[\\x00-\u{530}\u{fb00}-\u{fb06}\u{2019}\u{300}-\u{310}]{0,30}|[А-яЇїІіЄєҐґЁё’ A-Za-z0-9'-]{0,30}") {
            prop_assert_eq!(fold(&text), fold_slowly(&text));
            prop_assert_eq!(collation_key(&text), key_slowly(&text));
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn keys_are_plain_ascii(text in "\\PC{0,60}") {
            let key = collation_key(&text);
            prop_assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            prop_assert!(key.len() <= 80);
        }
    }
}
