//! Phone cells: several numbers in one cell, extensions, trunk prefixes, lost digits, numbers spoilt by a spreadsheet.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A number as digits with its country code (`380965102220`). Numbers too short to call carry [`WEAK`]: they only serve comparing.
pub type Phone = u64;
pub type Phones = SmallVec<[Phone; 2]>;

/// Marks an incomplete number.
pub const WEAK: u64 = 1 << 63;

#[must_use]
pub fn is_weak(phone: Phone) -> bool {
    phone & WEAK != 0
}

/// `+380965102220`; `None` for a number too short to call.
#[must_use]
pub fn e164(phone: Phone) -> Option<String> {
    (!is_weak(phone)).then(|| format!("+{phone}"))
}

/// The numbering plan assumed for numbers without a country code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plan {
    #[default]
    Ukraine,
    Russia,
    /// Another country: its calling code, and national numbers may start with a trunk zero.
    Other(u16),
}

/// Counts what the numbers of a base look like, to choose its [`Plan`].
#[derive(Clone, Debug, Default)]
pub struct PlanVotes {
    ukraine: u32,
    russia: u32,
    others: Vec<(u16, u32)>,
    shapeless: u32,
}

/// Calling codes of two digits worth telling apart, then of three.
const CODES: [u16; 44] = [
    1, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 52, 54, 55, 60, 61, 62, 63,
    64, 65, 66, 77, 81, 82, 84, 86, 90, 91, 351, 353, 358, 370, 371, 372, 373, 420,
];

impl PlanVotes {
    pub fn see(&mut self, cell: &str) {
        each_run(cell, |digits, plus| self.see_run(digits, plus));
    }

    fn see_run(&mut self, digits: &[u8], plus: bool) {
        // Two numbers parted by a space speak like the first of them.
        let digits = if digits.len() >= 18 { &digits[..digits.len() / 2] } else { digits };
        match digits {
            [3, 8, 0, rest @ ..] if rest.len() == 9 => self.ukraine += 1,
            [0, rest @ ..] if rest.len() == 9 && ukrainian(rest) => self.ukraine += 1,
            rest if rest.len() == 9 && !plus && ukrainian_mobile(rest) => self.ukraine += 1,
            [8, 0, rest @ ..] if rest.len() == 9 && ukrainian_mobile(rest) => self.ukraine += 1,
            [7 | 8, 3 | 4 | 8 | 9, rest @ ..] if rest.len() == 9 => self.russia += 1,
            [9, rest @ ..] if rest.len() == 9 && !plus => self.russia += 1,
            [first, ..] if plus && *first != 0 => {
                if let Some(code) = calling_code(digits) {
                    match self.others.iter_mut().find(|o| o.0 == code) {
                        Some(o) => o.1 += 1,
                        None => self.others.push((code, 1)),
                    }
                }
            }
            [] => {}
            _ => self.shapeless += 1,
        }
    }

    #[must_use]
    pub fn plan(&self) -> Plan {
        let other = self.others.iter().max_by_key(|o| (o.1, o.0)).copied().unwrap_or((0, 0));
        if other.1 > self.ukraine.max(self.russia) {
            Plan::Other(other.0)
        } else if self.ukraine == 0 && self.russia == 0 && self.shapeless > 0 {
            Plan::Other(0)
        } else if self.russia > self.ukraine {
            Plan::Russia
        } else {
            Plan::Ukraine
        }
    }
}

fn calling_code(digits: &[u8]) -> Option<u16> {
    for len in [3, 2, 1] {
        if digits.len() > len {
            let code = digits[..len].iter().fold(0_u16, |n, d| n * 10 + u16::from(*d));
            if CODES.contains(&code) {
                return Some(code);
            }
        }
    }
    None
}

/// Nine digits of a Ukrainian mobile operator.
fn ukrainian_mobile(nine: &[u8]) -> bool {
    matches!(nine, [3, 9, ..] | [5, 0, ..] | [6, 3 | 6 | 7 | 8, ..] | [7, 3 | 5 | 7, ..] | [9, 1..=9, ..])
}

/// Nine digits that can be a Ukrainian number at all.
fn ukrainian(nine: &[u8]) -> bool {
    ukrainian_mobile(nine) || matches!(nine, [3..=6, ..] | [8, 0, 0, ..])
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, d| n * 10 + u64::from(*d))
}

/// Reads every number of a cell.
pub fn parse(cell: &str, plan: Plan, out: &mut Phones) {
    each_run(cell, |digits, plus| finish(digits, plus, plan, out));
}

/// Letters typed for the digits that look like them.
fn digit_of(letter: char) -> Option<char> {
    match letter {
        'O' | 'o' | 'О' | 'о' => Some('0'),
        'З' | 'з' => Some('3'),
        'l' | 'I' | 'І' => Some('1'),
        _ => None,
    }
}

/// `067 412 8о 93` with digits for the letters; `None` when another letter stands in the cell.
fn with_digits(cell: &str) -> Option<String> {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    if digits < 7 || cell.is_ascii() && !cell.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let mut letters = 0;
    let mut out = String::with_capacity(cell.len());
    for c in cell.chars() {
        if c.is_alphabetic() {
            letters += 1;
            out.push(digit_of(c)?);
        } else {
            out.push(c);
        }
    }
    (letters > 0 && letters <= 2).then_some(out)
}

/// Calls `found` with the digits of every number of a cell and whether a plus stood before them.
fn each_run(cell: &str, mut found: impl FnMut(&[u8], bool)) {
    if cell.len() < 7 {
        return;
    }
    let repaired = with_digits(cell);
    let cell = repaired.as_deref().unwrap_or(cell);
    let bytes = cell.as_bytes();
    let mut digits: SmallVec<[u8; 24]> = SmallVec::new();
    if let Some(spoilt) = from_spreadsheet(cell, &mut digits) {
        if !spoilt {
            found(&digits, true);
        }
        return;
    }
    let mut finish = |digits: &mut SmallVec<[u8; 24]>, plus: bool| {
        if digits.len() >= 7 {
            found(digits, plus);
        }
        digits.clear();
    };
    let mut plus = false;
    let mut skipping = false;
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        match b {
            b'0'..=b'9' => {
                if !skipping && digits.len() < 24 {
                    digits.push(b - b'0');
                }
            }
            b'+' => {
                finish(&mut digits, plus);
                (plus, skipping) = (true, false);
            }
            b',' | b';' | b'/' | b'|' | b'\n' | b'\\' | b'&' => {
                finish(&mut digits, plus);
                (plus, skipping) = (false, false);
            }
            b' ' | b'(' | b')' | b'-' | b'.' | b'\t' | b'\r' | b'_' | b'\'' | 0xC2 | 0xA0 => {}
            b'#' => skipping = true,
            0xE2 => at += 2,
            _ => {
                // A word: after a whole number it either joins a second one (или, або, or) or begins an extension (доб., ext).
                if digits.len() >= 7 && !skipping {
                    let rest = &cell.get(at..).unwrap_or_default();
                    let lower: String = rest.chars().take(4).flat_map(char::to_lowercase).collect();
                    let extension =
                        ["доб", "вн", "ext", "дод", "x", "х"].iter().any(|w| lower.starts_with(w));
                    finish(&mut digits, plus);
                    (plus, skipping) = (false, extension);
                }
            }
        }
        at += 1;
    }
    finish(&mut digits, plus);
}

/// `3,80965102220E+11` and `380965102220.0`. `Some(true)` when digits were lost for good.
fn from_spreadsheet(cell: &str, digits: &mut SmallVec<[u8; 24]>) -> Option<bool> {
    let text = cell.trim();
    if let Some(whole) = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0"))
        && whole.len() >= 9
        && whole.bytes().all(|b| b.is_ascii_digit())
    {
        digits.extend(whole.bytes().map(|b| b - b'0').take(24));
        return Some(false);
    }
    let at = text.find(['E', 'e'])?;
    let (mantissa, exponent) = text.split_at(at);
    let exponent: usize = exponent[1..].trim_start_matches('+').parse().ok()?;
    if !mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
        || !(8..=14).contains(&exponent)
    {
        return None;
    }
    let fraction = mantissa.split(['.', ',']).nth(1).unwrap_or_default();
    let kept: SmallVec<[u8; 24]> =
        mantissa.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').take(24).collect();
    if fraction.len() + 2 < exponent {
        return Some(true);
    }
    digits.extend(kept);
    while digits.len() < exponent + 1 {
        digits.push(0);
    }
    Some(false)
}

fn finish(digits: &[u8], plus: bool, plan: Plan, out: &mut Phones) {
    if digits.len() > 13 {
        // Two numbers parted by nothing but a space: cut where both halves are numbers.
        for cut in [10, 12, 11, 9, 13] {
            if cut < digits.len() {
                let (a, b) = digits.split_at(cut);
                let mut both = Phones::new();
                push(a, false, plan, &mut both);
                push(b, false, plan, &mut both);
                if both.len() == 2 && both.iter().all(|p| !is_weak(*p)) {
                    both.into_iter().for_each(|p| add(p, out));
                    return;
                }
            }
        }
    }
    push(digits, plus, plan, out);
}

fn add(phone: Phone, out: &mut Phones) {
    if out.len() < 6 && !out.contains(&phone) {
        out.push(phone);
    }
}

fn push(digits: &[u8], plus: bool, plan: Plan, out: &mut Phones) {
    if digits.len() < 7 || filler(digits) {
        return;
    }
    if let Some(phone) = read(digits, plus, plan) {
        add(phone, out);
    } else if (7..=14).contains(&digits.len()) {
        // Without the country code and trunk prefix, so that a lost digit lines up with the whole number.
        let core = match digits {
            [3, 8, 0, rest @ ..] if rest.len() >= 7 => rest,
            [8, 0, rest @ ..] if rest.len() >= 7 => rest,
            [0, rest @ ..] if rest.len() >= 7 => rest,
            all => all,
        };
        add(WEAK | number(core), out);
    }
}

fn read(digits: &[u8], plus: bool, plan: Plan) -> Option<Phone> {
    let ua = |nine: &[u8]| 380_000_000_000 + number(nine);
    let ru = |ten: &[u8]| 70_000_000_000 + number(ten);
    match digits {
        [3, 8, 0, nine @ ..] | [0, 0, 3, 8, 0, nine @ ..] if nine.len() == 9 => Some(ua(nine)),
        [3, 8, 8, 0, nine @ ..] | [3, 8, 0, 0, nine @ ..] if nine.len() == 9 => Some(ua(nine)),
        [3, 8, nine @ ..] if nine.len() == 9 && ukrainian_mobile(nine) => Some(ua(nine)),
        [8, 0, nine @ ..] if nine.len() == 9 && ukrainian(nine) => Some(ua(nine)),
        [8, 3, 8, 0, nine @ ..] if nine.len() == 9 => Some(ua(nine)),
        [3, 7, 5, rest @ ..] if rest.len() == 9 => Some(375_000_000_000 + number(rest)),
        [7, ten @ ..] if ten.len() == 10 && (plus || matches!(ten[0], 3 | 4 | 6..=9)) => Some(ru(ten)),
        [8, ten @ ..] if ten.len() == 10 && matches!(ten[0], 3 | 4 | 8 | 9) && plan != Plan::Other(0) => {
            Some(ru(ten))
        }
        // A digit of a number at home is lost or too many: no number of another country.
        [3, 8, 0, ..] | [7, 9, ..] if (9..=14).contains(&digits.len()) => None,
        _ if plus && (9..=15).contains(&digits.len()) && digits[0] != 0 => Some(number(digits)),
        _ => match plan {
            Plan::Ukraine => match digits {
                [0, nine @ ..] if nine.len() == 9 && ukrainian(nine) => Some(ua(nine)),
                nine if nine.len() == 9 && ukrainian_mobile(nine) => Some(ua(nine)),
                [9, ..] if digits.len() == 10 => Some(ru(digits)),
                _ => None,
            },
            Plan::Russia => match digits {
                [3 | 4 | 8 | 9, ..] if digits.len() == 10 => Some(ru(digits)),
                [0, nine @ ..] if nine.len() == 9 && ukrainian_mobile(nine) => Some(ua(nine)),
                _ => None,
            },
            Plan::Other(0) => (8..=15).contains(&digits.len()).then(|| number(digits)),
            Plan::Other(code) => {
                let national = digits.strip_prefix(&[0]).unwrap_or(digits);
                (7..=11).contains(&national.len()).then(|| {
                    format!("{code}").bytes().map(|b| u64::from(b - b'0')).fold(0, |n, d| n * 10 + d)
                        * 10_u64.pow(u32::try_from(national.len()).unwrap_or(0))
                        + number(national)
                })
            }
        },
    }
}

/// Digits nobody's number has: the last seven all alike, or counting up or down.
fn filler(digits: &[u8]) -> bool {
    let tail = &digits[digits.len() - 7..];
    tail.windows(2).all(|w| w[0] == w[1])
        || tail.windows(2).all(|w| w[1] == (w[0] + 1) % 10)
        || tail.windows(2).all(|w| w[0] == (w[1] + 1) % 10)
}

/// Whether two different numbers differ by one wrong, lost or swapped digit.
#[must_use]
pub fn near(a: Phone, b: Phone) -> bool {
    let (mut x, mut y) = ([0_u8; 16], [0_u8; 16]);
    let a = significant(a, &mut x);
    let b = significant(b, &mut y);
    a.len() >= 7
        && b.len() >= 7
        && (!matches!(super::fold::slip(a, b), super::fold::Slip::More)
            || is_local(a) && b.ends_with(a)
            || is_local(b) && a.ends_with(b))
}

/// Seven digits without the code of their town or operator.
fn is_local(digits: &[u8]) -> bool {
    digits.len() == 7
}

/// Reads the mobile numbers typed into a cell of another kind, such as an address; answers where the first of them begins.
pub fn inside(cell: &str, plan: Plan, out: &mut Phones) -> Option<usize> {
    if cell.bytes().filter(u8::is_ascii_digit).count() < 10 {
        return None;
    }
    let mut first = None;
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    let mut start = 0;
    let pieces: SmallVec<[(usize, &str); 24]> = cell
        .split_inclusive(between)
        .map(|piece| {
            let begins = start;
            start += piece.len();
            (begins, piece.trim_end_matches(between))
        })
        .filter(|(_, piece)| !piece.is_empty())
        .collect();
    let mut at = 0;
    while at < pieces.len() {
        let mut joined = String::new();
        let mut used = 0;
        for (ahead, (_, piece)) in pieces[at..].iter().take(6).enumerate() {
            if !piece.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.')) {
                break;
            }
            joined.extend(piece.chars().filter(|c| c.is_ascii_digit() || *c == '+'));
            let mut read = Phones::new();
            if joined.len() >= 10 {
                parse(&joined, plan, &mut read);
            }
            if let [one] = read.as_slice()
                && is_mobile(*one)
            {
                add(*one, out);
                used = ahead + 1;
                first = first.or(Some(pieces[at].0));
                break;
            }
        }
        at += used.max(1);
    }
    first
}

fn is_mobile(phone: Phone) -> bool {
    let ukrainian = (380_000_000_000..381_000_000_000).contains(&phone) && {
        let nine: SmallVec<[u8; 9]> =
            format!("{:09}", phone % 1_000_000_000).bytes().map(|b| b - b'0').collect();
        ukrainian_mobile(&nine)
    };
    ukrainian || (79_000_000_000..80_000_000_000).contains(&phone)
}

/// Digits without the country code of the two plans whose codes are often left out.
fn significant(phone: Phone, buffer: &mut [u8; 16]) -> &[u8] {
    let mut n = phone & !WEAK;
    if !is_weak(phone) {
        if (380_000_000_000..381_000_000_000).contains(&n) {
            n -= 380_000_000_000;
        } else if (70_000_000_000..80_000_000_000).contains(&n) {
            n -= 70_000_000_000;
        }
    }
    let mut at = buffer.len();
    while n > 0 && at > 0 {
        at -= 1;
        buffer[at] = u8::try_from(n % 10).unwrap_or(0) + b'0';
        n /= 10;
    }
    &buffer[at..]
}

/// The nine last digits.
#[must_use]
pub fn last_nine(phone: Phone) -> u64 {
    (phone & !WEAK) % 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(cell: &str) -> Vec<u64> {
        let mut out = Phones::new();
        parse(cell, Plan::Ukraine, &mut out);
        out.to_vec()
    }

    #[test]
    fn spellings_of_one_number() {
        for cell in [
            "+38 (096) 510-22-20",
            "80965102220",
            "8(096)510-2220",
            "0965102220",
            "965102220",
            "тел. 096 510 22 20",
            "т.+380965102220",
            "00380965102220",
            "380965102220.0",
            "3,80965102220E+11",
            "096\u{a0}510\u{a0}22\u{a0}20 доб. 123",
            "моб. 096-510-22-20",
            "38 096 510 22 20",
            "965102220 (мама)",
            "+38‑096‑510‑22‑20",
            "096 51о 22 2О",
        ] {
            assert_eq!(numbers(cell), [380_965_102_220], "{cell}");
        }
    }

    #[test]
    fn two_numbers_in_a_cell() {
        for cell in [
            "0965102220, 0671234512",
            "505503366 / 0961867503",
            "050-550-33-66 або 380961867503",
            "0965102220 0671234512",
            "+380965102220+380671234512",
            "0972098797 или +38(067)8462934",
        ] {
            assert_eq!(numbers(cell).len(), 2, "{cell} {:?}", numbers(cell));
            assert!(numbers(cell).iter().all(|n| !is_weak(*n)));
        }
    }

    #[test]
    fn fillers_and_losses() {
        for cell in ["+38099090793", "+7916123457"] {
            assert!(is_weak(numbers(cell)[0]), "{cell}");
        }
        for cell in ["0000000000", "0671111111", "1234567890", "нет", "-", "", "3,80965E+11"] {
            assert!(numbers(cell).is_empty(), "{cell} {:?}", numbers(cell));
        }
        assert!(numbers("09651022").iter().all(|p| is_weak(*p)));
        assert!(near(numbers("096510222")[0], 380_965_102_220));
        assert!(near(380_965_102_220, 380_965_102_280));
        assert!(near(numbers("5102220")[0], 380_965_102_220), "the code of the operator is lost");
        assert!(!near(380_965_102_220, 380_965_102_288));
    }

    #[test]
    fn one_style_throughout_a_file() {
        for cell in [
            "0503639957; 0678999486",
            "0503639957 0678999486",
            "505584446",
            "044 669 12 11",
            "0503639957 доб. 12",
            "тел 0503639957 мама",
            "3,80674128093E+11",
            "+380503639957",
        ] {
            let mut votes = PlanVotes::default();
            votes.see(cell);
            assert_eq!(votes.plan(), Plan::Ukraine, "{cell}");
        }
        let mut votes = PlanVotes::default();
        votes.see("9161234576");
        assert_eq!(votes.plan(), Plan::Russia);
    }

    #[test]
    fn a_number_in_an_address() {
        let mut out = Phones::new();
        let cell = "Київ, вул. Садова 5, кв. 12, тел. 097 111 22 34";
        let at = inside(cell, Plan::Ukraine, &mut out);
        assert_eq!(out.as_slice(), [380_971_112_234]);
        assert_eq!(at.map(|at| &cell[..at]), Some("Київ, вул. Садова 5, кв. 12, тел. "));
        out.clear();
        assert_eq!(inside("79000, Львів, вул. Садова 12, кв. 345", Plan::Ukraine, &mut out), None);
        assert!(out.is_empty());
    }

    #[test]
    fn russia_and_others() {
        let mut out = Phones::new();
        parse("8 (916) 123-45-76", Plan::Russia, &mut out);
        parse("9161234576", Plan::Russia, &mut out);
        assert_eq!(out.as_slice(), [79_161_234_576]);
        let mut votes = PlanVotes::default();
        votes.see("+48 601 234 876");
        assert_eq!(votes.plan(), Plan::Other(48));
        out.clear();
        parse("601 234 876", votes.plan(), &mut out);
        assert_eq!(out.as_slice(), [48_601_234_876]);
    }

    proptest! {
        #[test]
        fn any_cell_reads(cell in "\\PC{0,40}") {
            let mut out = Phones::new();
            parse(&cell, Plan::Ukraine, &mut out);
            prop_assert!(out.len() <= 6);
        }

        #[test]
        fn written_numbers_come_back(nine in 0_u64..10_000_000) {
            let number = 380_670_000_000 + nine;
            let mut out = Phones::new();
            parse(&format!("+{number}"), Plan::Russia, &mut out);
            prop_assert!(out.is_empty() || out.as_slice() == [number]);
        }
    }
}
