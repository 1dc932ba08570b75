//! One spelling for three: Ukrainian, Russian and Latin forms of a word fold to the same ASCII key.
//!
//! The alphabet of a key is `a`–`z`, where `j` stands for ж/zh, `q` for ч/ch, `w` for ш/щ/sh and `c` for ц/ts; х, г, ґ, h and g
//! all become `g`, because Latin spellings mix them. Digits stay. The fold is meant for comparing, never for showing.

use unicode_normalization::UnicodeNormalization;

/// Cyrillic letters and the Latin letters that look the same.
const LOOK_ALIKE: [(char, char); 13] = [
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('е', 'e'),
    ('н', 'h'),
    ('і', 'i'),
    ('к', 'k'),
    ('м', 'm'),
    ('о', 'o'),
    ('р', 'p'),
    ('т', 't'),
    ('х', 'x'),
    ('у', 'y'),
];

/// The key of the Latin keyboard under each letter of the Russian and Ukrainian layouts.
const LAYOUT: [(char, char); 38] = [
    ('q', 'й'),
    ('w', 'ц'),
    ('e', 'у'),
    ('r', 'к'),
    ('t', 'е'),
    ('y', 'н'),
    ('u', 'г'),
    ('i', 'ш'),
    ('o', 'щ'),
    ('p', 'з'),
    ('[', 'х'),
    (']', 'ъ'),
    ('a', 'ф'),
    ('s', 'ы'),
    ('d', 'в'),
    ('f', 'а'),
    ('g', 'п'),
    ('h', 'р'),
    ('j', 'о'),
    ('k', 'л'),
    ('l', 'д'),
    (';', 'ж'),
    ('\'', 'э'),
    ('z', 'я'),
    ('x', 'ч'),
    ('c', 'с'),
    ('v', 'м'),
    ('b', 'и'),
    ('n', 'т'),
    ('m', 'ь'),
    (',', 'б'),
    ('.', 'ю'),
    ('`', 'ё'),
    ('{', 'х'),
    ('}', 'ъ'),
    (':', 'ж'),
    ('"', 'э'),
    ('<', 'б'),
];

#[must_use]
pub fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{0400}'..='\u{04FF}')
}

/// As `char::is_alphabetic`, without a table for the letters that nearly every cell is made of.
#[must_use]
pub fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\u{7F}' => c.is_ascii_alphabetic(),
        '\u{0400}'..='\u{0481}' | '\u{048A}'..='\u{04FF}' => true,
        _ => c.is_alphabetic(),
    }
}

/// The lower case of a Cyrillic letter of the basic block; `None` for any other character.
fn cyrillic_lower(c: char) -> Option<char> {
    let code = u32::from(c);
    match code {
        0x0430..=0x045F => Some(c),
        0x0410..=0x042F => char::from_u32(code + 0x20),
        0x0400..=0x040F => char::from_u32(code + 0x50),
        0x0490 => Some('ґ'),
        0x0491 => Some(c),
        _ => None,
    }
}

/// As `char::is_uppercase`, quick for the usual letters.
#[must_use]
pub fn is_capital(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_uppercase();
    }
    cyrillic_lower(c).map_or_else(|| c.is_uppercase(), |lower| lower != c)
}

/// As `char::is_lowercase`, quick for the usual letters.
#[must_use]
pub fn is_small(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_lowercase();
    }
    cyrillic_lower(c).map_or_else(|| c.is_lowercase(), |lower| lower == c)
}

/// A word in lower case in one script: letters of the rarer script are replaced by their look-alikes of the other.
/// Zero-width and control characters are dropped.
pub fn one_script(word: &str, out: &mut String) {
    out.clear();
    let (mut cyrillic, mut latin) = (0_usize, 0_usize);
    for c in word.chars() {
        if let Some(lower) = cyrillic_lower(c) {
            cyrillic += 1;
            out.push(lower);
        } else if is_cyrillic(c) {
            cyrillic += 1;
            out.extend(c.to_lowercase());
        } else if c.is_ascii() {
            latin += usize::from(c.is_ascii_alphabetic());
            if !c.is_ascii_control() {
                out.push(c.to_ascii_lowercase());
            }
        } else if !is_invisible(c) {
            latin += usize::from(c.is_alphabetic());
            out.extend(c.to_lowercase());
        }
    }
    if cyrillic > 0 && latin > 0 {
        let swapped: String = if cyrillic >= latin {
            out.chars().map(|c| LOOK_ALIKE.iter().find(|p| p.1 == c).map_or(c, |p| p.0)).collect()
        } else {
            out.chars().map(|c| LOOK_ALIKE.iter().find(|p| p.0 == c).map_or(c, |p| p.1)).collect()
        };
        *out = swapped;
    }
}

/// Zero-width, bidirectional and soft characters that carry no letter.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        || c.is_control()
}

/// What a person would have typed with the keyboard switched: `Bdfy` → `Иван`. `None` when no letter changes.
#[must_use]
pub fn other_layout(word: &str) -> Option<String> {
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    let mut changed = false;
    let out: String = word
        .chars()
        .map(|c| {
            let lower = c.to_lowercase().next().unwrap_or(c);
            let found = if latin {
                LAYOUT.iter().find(|p| p.0 == lower).map(|p| p.1)
            } else {
                match lower {
                    'і' => Some('s'),
                    'ї' => Some(']'),
                    'є' => Some('\''),
                    _ => LAYOUT.iter().find(|p| p.1 == lower).map(|p| p.0),
                }
            };
            changed |= found.is_some();
            found.unwrap_or(c)
        })
        .collect();
    changed.then_some(out)
}

/// Appends one letter of the key, applying the rules that hold across scripts: no doubled letters, `i` before a vowel is silent.
struct Key<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl Key<'_> {
    fn push(&mut self, letter: u8) {
        let length = self.out.len() - self.start;
        let last = if length == 0 { 0 } else { self.out[self.out.len() - 1] };
        if last == letter && !letter.is_ascii_digit() {
            return;
        }
        if last == b'i' && matches!(letter, b'a' | b'e' | b'o' | b'u') {
            // `ia` at the start of a word stays: Яна is not Анна.
            if length == 1 && matches!(letter, b'a' | b'u') {
                self.out.push(letter);
                return;
            }
            self.out.pop();
            self.push(if letter == b'o' { b'e' } else { letter });
            return;
        }
        self.out.push(letter);
    }
}

/// Appends the key of a lower-case word (see [`one_script`]) to `out`; returns how many bytes were added.
pub fn fold_into(word: &str, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    let mut key = Key { out, start };
    let mut soft = false;
    let mut chars = word.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let after_soft = std::mem::take(&mut soft);
        match c {
            'а' => key.push(b'a'),
            'б' => key.push(b'b'),
            'в' => key.push(b'v'),
            'г' | 'ґ' | 'х' => key.push(b'g'),
            'д' => key.push(b'd'),
            'е' | 'є' | 'э' | 'ё' => key.push(b'e'),
            'ж' => key.push(b'j'),
            'з' => key.push(b'z'),
            'и' | 'і' | 'ї' | 'ы' | 'й' => key.push(b'i'),
            'к' => key.push(b'k'),
            'л' => key.push(b'l'),
            'м' => key.push(b'm'),
            'н' => key.push(b'n'),
            'о' => key.push(if after_soft { b'e' } else { b'o' }),
            'п' => key.push(b'p'),
            'р' => key.push(b'r'),
            'с' => key.push(b's'),
            'т' => key.push(b't'),
            'у' | 'ў' => key.push(b'u'),
            'ф' => key.push(b'f'),
            'ц' => key.push(b'c'),
            'ч' => key.push(b'q'),
            'ш' | 'щ' => key.push(b'w'),
            'ь' => soft = true,
            'ъ' => {}
            'ю' => {
                if first {
                    key.push(b'i');
                }
                key.push(b'u');
            }
            'я' => {
                if first {
                    key.push(b'i');
                }
                key.push(b'a');
            }
            '0'..='9' => key.push(u8::try_from(c).unwrap_or(b'0')),
            'a'..='z' => latin(c, &mut chars, &mut key),
            'š' => key.push(b'w'),
            'č' | 'ć' => key.push(b'q'),
            'ž' => key.push(b'j'),
            'ł' => key.push(b'l'),
            'ß' => key.push(b's'),
            _ if c.is_alphabetic() => {
                for base in c.nfd().filter(char::is_ascii_alphabetic) {
                    key.push(u8::try_from(base).unwrap_or(b'?'));
                }
            }
            _ => continue,
        }
        first = false;
    }
    out.len() - start
}

/// Latin letters and the digraphs of the usual transliterations.
fn latin(c: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>, key: &mut Key<'_>) {
    let next = rest.peek().copied().unwrap_or(' ');
    match (c, next) {
        ('s', 'h') => {
            rest.next();
            key.push(b'w');
            // щ is written shch
            let mut ahead = rest.clone();
            if ahead.next() == Some('c') && ahead.next() == Some('h') {
                rest.next();
                rest.next();
            }
        }
        ('s', 'c') => {
            let mut ahead = rest.clone();
            ahead.next();
            if ahead.next() == Some('h') {
                rest.next();
                rest.next();
                key.push(b'w');
            } else {
                key.push(b's');
            }
        }
        ('z', 'h') => {
            rest.next();
            key.push(b'j');
        }
        ('k', 'h') => {
            rest.next();
            key.push(b'g');
        }
        ('c', 'h') => {
            rest.next();
            key.push(b'q');
        }
        ('c', 'k') => {}
        ('p', 'h') => {
            rest.next();
            key.push(b'f');
        }
        ('t' | 'c', 's' | 'z') => {
            rest.next();
            key.push(b'c');
        }
        ('c', 'e' | 'i' | 'y') => key.push(b'c'),
        ('c' | 'q', _) => key.push(b'k'),
        ('g' | 'h', _) => key.push(b'g'),
        ('w', _) => key.push(b'v'),
        ('x', _) => {
            key.push(b'k');
            key.push(b's');
        }
        ('j' | 'y', _) => key.push(b'i'),
        _ => key.push(u8::try_from(c).unwrap_or(b'?')),
    }
}

/// The key of any text: one script, then [`fold_into`].
#[must_use]
pub fn fold(text: &str) -> String {
    let mut lower = String::new();
    one_script(text, &mut lower);
    let mut out = Vec::with_capacity(lower.len());
    fold_into(&lower, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// How two short texts differ by at most one keyboard slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    Equal,
    /// One byte replaced: positions are equal in both; holds (a's byte, b's byte).
    Replaced(u8, u8),
    /// One byte more in the longer text, at this place.
    Extra {
        byte: u8,
        at_end: bool,
    },
    /// Two neighbours changed places.
    Swapped,
    More,
}

/// Tells whether two texts are equal up to one replaced, extra or missing byte or one swap of neighbours.
#[must_use]
pub fn slip(a: &[u8], b: &[u8]) -> Slip {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return Slip::More;
    }
    let prefix = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    if prefix == long.len() {
        return Slip::Equal;
    }
    if short.len() == long.len() {
        if a[prefix + 1..] == b[prefix + 1..] {
            return Slip::Replaced(a[prefix], b[prefix]);
        }
        if prefix + 1 < a.len()
            && a[prefix] == b[prefix + 1]
            && a[prefix + 1] == b[prefix]
            && a[prefix + 2..] == b[prefix + 2..]
        {
            return Slip::Swapped;
        }
        return Slip::More;
    }
    if short[prefix..] == long[prefix + 1..] {
        return Slip::Extra { byte: long[prefix], at_end: prefix == short.len() };
    }
    Slip::More
}

/// Whether two typed words of four letters or more differ by one keyboard slip: a slip may change two letters of the key.
#[must_use]
pub fn slip_in_words(a: &str, b: &str) -> bool {
    let letters = |t: &str| t.chars().map(u32::from).collect::<smallvec::SmallVec<[u32; 24]>>();
    let (a, b) = (letters(a), letters(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if short.len() < 4 || long.len() - short.len() > 1 {
        return false;
    }
    let prefix = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    if short.len() < long.len() {
        return short[prefix..] == long[prefix + 1..];
    }
    prefix == a.len()
        || a[prefix + 1..] == b[prefix + 1..]
        || prefix + 1 < a.len()
            && a[prefix] == b[prefix + 1]
            && a[prefix + 1] == b[prefix]
            && a[prefix + 2..] == b[prefix + 2..]
}

/// Optimal string alignment distance, given up past `limit` (then `limit + 1` is returned).
#[must_use]
pub fn distance(a: &[u8], b: &[u8], limit: usize) -> usize {
    const MOST: usize = 40;
    let a = &a[..a.len().min(MOST)];
    let b = &b[..b.len().min(MOST)];
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut two_back = [0_u8; MOST + 1];
    let mut previous = [0_u8; MOST + 1];
    for (cell, j) in previous.iter_mut().zip(0..).take(b.len() + 1) {
        *cell = j;
    }
    for (i, row) in (0..a.len()).zip(1_u8..) {
        let mut now = [0_u8; MOST + 1];
        now[0] = row;
        let mut least = row;
        for j in 1..=b.len() {
            let cost = u8::from(a[i] != b[j - 1]);
            let mut cell = (previous[j] + 1).min(now[j - 1] + 1).min(previous[j - 1] + cost);
            if i > 0 && j > 1 && a[i] == b[j - 2] && a[i - 1] == b[j - 1] {
                cell = cell.min(two_back[j - 2] + 1);
            }
            now[j] = cell;
            least = least.min(cell);
        }
        if usize::from(least) > limit {
            return limit + 1;
        }
        (two_back, previous) = (previous, now);
    }
    usize::from(previous[b.len()]).min(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_spellings_one_key() {
        for group in [
            ["Наталія", "Наталья", "Nataliia"],
            ["Сергійович", "Сергеевич", "Serhiiovych"],
            ["Терьохіна", "Терехина", "Terekhina"],
            ["Горський", "Горский", "Horskyi"],
            ["Щербина", "Щербина", "Shcherbyna"],
            ["Юрійович", "Юрьевич", "Yuriiovych"],
            ["В'ячеслав", "Вячеслав", "Viacheslav"],
        ] {
            let keys: Vec<_> = group.iter().map(|w| fold(w)).collect();
            assert!(keys.windows(2).all(|k| k[0] == k[1]), "{group:?} → {keys:?}");
        }
        assert_ne!(fold("Яна"), fold("Анна"));
        assert_eq!(fold("Ceргей"), fold("Сергей"), "Latin C and e inside a Cyrillic word");
    }

    #[test]
    fn switched_keyboard() {
        assert_eq!(other_layout("Bdfy").as_deref(), Some("иван"));
        assert_eq!(other_layout("шмфт").as_deref(), Some("ivan"));
        assert_eq!(other_layout("123"), None);
    }

    #[test]
    fn slips() {
        assert_eq!(slip(b"abc", b"abc"), Slip::Equal);
        assert_eq!(slip(b"abc", b"axc"), Slip::Replaced(b'b', b'x'));
        assert_eq!(slip(b"abc", b"acb"), Slip::Swapped);
        assert_eq!(slip(b"abc", b"abc1"), Slip::Extra { byte: b'1', at_end: true });
        assert_eq!(slip(b"abc", b"xabc"), Slip::Extra { byte: b'x', at_end: false });
        assert_eq!(slip(b"abc", b"ayz"), Slip::More);
    }

    #[test]
    fn distances() {
        assert_eq!(distance(b"kitten", b"sitting", 5), 3);
        assert_eq!(distance(b"ab", b"ba", 2), 1);
        assert_eq!(distance(b"abcdef", b"ghijkl", 2), 3);
        assert_eq!(distance(b"", b"ab", 2), 2);
    }

    #[test]
    fn quick_letters_agree_with_the_tables() {
        for c in (0..0x3000).filter_map(char::from_u32) {
            assert_eq!(is_letter(c), c.is_alphabetic(), "{c:?}");
            assert_eq!(is_capital(c), c.is_uppercase(), "{c:?}");
            assert_eq!(is_small(c), c.is_lowercase(), "{c:?}");
            if let Some(lower) = cyrillic_lower(c) {
                assert_eq!(Some(lower), c.to_lowercase().next(), "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn folding_is_stable_and_ascii(text in "\\PC{0,24}") {
            let once = fold(&text);
            prop_assert!(once.is_ascii());
        }

        #[test]
        fn slip_agrees_with_distance(a in "[abc]{0,8}", b in "[abc]{0,8}") {
            let d = distance(a.as_bytes(), b.as_bytes(), 3);
            let s = slip(a.as_bytes(), b.as_bytes());
            match s {
                Slip::Equal => prop_assert_eq!(d, 0),
                Slip::More => prop_assert!(d > 1),
                _ => prop_assert_eq!(d, 1),
            }
        }

        #[test]
        fn distance_is_symmetric(a in "[abcd]{0,9}", b in "[abcd]{0,9}") {
            prop_assert_eq!(distance(a.as_bytes(), b.as_bytes(), 9), distance(b.as_bytes(), a.as_bytes(), 9));
        }
    }
}
