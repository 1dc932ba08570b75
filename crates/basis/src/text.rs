//! Stored keys for searching and sorting text of three languages: SQLite's `LOWER`, `LIKE` and `ORDER BY` know Latin
//! only and PostgreSQL's depend on the server's locale, so both engines compare these keys instead.

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
    for c in text.nfkd().flat_map(char::to_lowercase).nfkd().filter(|c| !is_combining_mark(*c)) {
        let c = match c {
            'є' | 'э' => 'е',
            'ґ' => 'г',
            'і' | 'ы' => 'и',
            'ъ' | '\'' | '’' | 'ʼ' | '`' | '´' => continue,
            c if is_invisible(c) => continue,
            c => c,
        };
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        } else {
            gap = true;
        }
    }
    out
}

const CYRILLIC: &str = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя";

/// The sort key: two ASCII characters for each letter, digits first, then Latin, then Cyrillic in the joint order of the Russian
/// and Ukrainian alphabets. Compare as plain bytes. Cut at 40 letters: what differs later sorts by id.
pub fn collation_key(text: &str) -> String {
    let mut out = String::with_capacity(80);
    for c in text.nfkc().flat_map(char::to_lowercase).filter(|c| !is_invisible(*c)).take(40) {
        let (block, place) = match c {
            c if c.is_whitespace() => ('0', 0),
            '0'..='9' => ('1', u32::from(c) - u32::from('0')),
            'a'..='z' => ('2', u32::from(c) - u32::from('a')),
            c => match CYRILLIC.chars().position(|known| known == c) {
                Some(place) => {
                    let place = u32::try_from(place).unwrap_or(0);
                    if place < 36 { ('3', place) } else { ('4', place - 36) }
                }
                None if c.is_alphabetic() => ('5', u32::from(c) % 36),
                None => continue,
            },
        };
        out.push(block);
        out.push(char::from_digit(place, 36).unwrap_or('z'));
    }
    out
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

    proptest! {
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
