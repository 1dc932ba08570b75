//! Numbers and money as people type them: `1 234,50 грн`, `1,234.50`, `230 грн.`, `(12.00)`, `₴148,39`.

use basis::{Currency, Money};
use serde::{Deserialize, Serialize};

/// Which sign stands before the fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecimalMark {
    #[serde(rename = ",")]
    Comma,
    #[serde(rename = ".")]
    Point,
}

impl DecimalMark {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Point => ".",
        }
    }
}

/// A number with six digits after the point: enough for mean prices, small enough for an `i64` of nine trillion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

const SCALE: i64 = 1_000_000;

impl Decimal {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn from_whole(whole: i32) -> Self {
        Self(whole as i64 * SCALE)
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Minor units of a currency, halves away from zero.
    pub fn to_money(self, currency: Currency) -> Option<Money> {
        round_div(i128::from(self.0) * 10_i128.pow(currency.exponent()), i128::from(SCALE))
            .map(|minor| Money::new(minor, currency))
    }

    /// `self × other` as money: a quantity and a price.
    pub fn times(self, other: Self, currency: Currency) -> Option<Money> {
        let product = i128::from(self.0).checked_mul(i128::from(other.0))?;
        let minor = product.checked_mul(10_i128.pow(currency.exponent()))?;
        round_div(minor, i128::from(SCALE) * i128::from(SCALE)).map(|minor| Money::new(minor, currency))
    }

    /// The number without its fraction, when there is none.
    pub const fn whole(self) -> Option<i64> {
        if self.0 % SCALE == 0 { Some(self.0 / SCALE) } else { None }
    }
}

fn round_div(value: i128, by: i128) -> Option<i64> {
    let half = if value < 0 { -by / 2 } else { by / 2 };
    i64::try_from((value + half) / by).ok()
}

/// Why a cell is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberFault {
    /// Not a number.
    Shape,
    /// More than nine trillion, or more digits than that.
    TooLong,
}

/// A parsed cell and the currency it named, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub value: Decimal,
    pub currency: Option<Currency>,
}

/// Names of currencies in cells, lower case. Longer ones first, so that `руб` does not leave a `.` behind.
const CURRENCIES: [(&str, Currency); 30] = [
    ("гривень", Currency::UAH),
    ("гривні", Currency::UAH),
    ("гривен", Currency::UAH),
    ("гривны", Currency::UAH),
    ("гривна", Currency::UAH),
    ("гривня", Currency::UAH),
    ("грн.", Currency::UAH),
    ("грн", Currency::UAH),
    ("uah", Currency::UAH),
    ("₴", Currency::UAH),
    ("рублей", Currency::RUB),
    ("рубля", Currency::RUB),
    ("рубль", Currency::RUB),
    ("руб.", Currency::RUB),
    ("руб", Currency::RUB),
    ("rub", Currency::RUB),
    ("rur", Currency::RUB),
    ("р.", Currency::RUB),
    ("р", Currency::RUB),
    ("₽", Currency::RUB),
    ("us$", Currency::USD),
    ("usd", Currency::USD),
    ("$", Currency::USD),
    ("eur", Currency::EUR),
    ("євро", Currency::EUR),
    ("евро", Currency::EUR),
    ("€", Currency::EUR),
    ("gbp", Currency::GBP),
    ("£", Currency::GBP),
    ("₤", Currency::GBP),
];

/// A currency by its code, sign or word.
pub fn currency_named(word: &str) -> Option<Currency> {
    let word = word.trim();
    currency_of(word).or_else(|| word.to_uppercase().parse().ok())
}

fn currency_of(word: &str) -> Option<Currency> {
    let word = word.to_lowercase();
    CURRENCIES.iter().find(|(name, _)| *name == word).map(|(_, currency)| *currency)
}

/// Cells that say "there is no amount" without saying it in words. Words (`n/a`, `нет`) are faults, not amounts.
pub fn is_dash(cell: &str) -> bool {
    !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | '–' | '—' | '−' | ' '))
}

/// Reads a number with an optional currency. `mark` settles `1,234`; without it three digits after a lone sign are
/// thousands, unless the number starts with 0.
///
/// # Errors
/// [`NumberFault`].
pub fn parse_amount(cell: &str, mark: Option<DecimalMark>) -> Result<Amount, NumberFault> {
    let cell = cell.trim_matches(|c: char| c.is_whitespace() || basis::is_invisible(c));
    let start = cell.find(|c: char| c.is_ascii_digit()).ok_or(NumberFault::Shape)?;
    let end = cell.rfind(|c: char| c.is_ascii_digit()).ok_or(NumberFault::Shape)? + 1;
    // ".50" is half a unit.
    let start =
        if start > 0 && matches!(cell.as_bytes()[start - 1], b'.' | b',') { start - 1 } else { start };
    let body = cell.get(start..end).ok_or(NumberFault::Shape)?;
    let (negative, currency) =
        around(cell.get(..start).unwrap_or_default(), cell.get(end..).unwrap_or_default())?;
    let value = digits(body, mark)?;
    Ok(Amount { value: Decimal(if negative { -value } else { value }), currency })
}

/// The text before and after the digits: a sign, brackets of accountants, a currency, nothing else.
fn around(before: &str, after: &str) -> Result<(bool, Option<Currency>), NumberFault> {
    if before.is_empty() && after.is_empty() {
        return Ok((false, None));
    }
    let before = before.trim();
    // "1234,-" is how whole sums are closed by hand.
    let mut after = after.trim().trim_start_matches([',', '-']).trim_start();
    let bracketed = before.starts_with('(') && after.ends_with(')');
    let mut before = if bracketed { before.trim_start_matches('(').trim() } else { before };
    if bracketed {
        after = after.trim_end_matches(')').trim();
    }
    let mut negative = bracketed;
    for sign in ['-', '−', '–', '+'] {
        let stripped = before.strip_prefix(sign).or_else(|| before.strip_suffix(sign));
        if let Some(rest) = stripped {
            negative |= sign != '+';
            before = rest.trim();
            break;
        }
    }
    let one = |word: &str| match word {
        "" | "." => Ok(None),
        _ => currency_of(word).map(Some).ok_or(NumberFault::Shape),
    };
    let (left, right) = (one(before)?, one(after)?);
    Ok((negative, right.or(left)))
}

fn digits(body: &str, mark: Option<DecimalMark>) -> Result<i64, NumberFault> {
    let comma = body.rfind(',');
    let point = body.rfind('.');
    let fraction_at = match (comma, point) {
        (Some(c), Some(p)) => Some(c.max(p)),
        (None, None) => None,
        (Some(at), None) | (None, Some(at)) => lone_mark(body, at, mark),
    };
    let mut whole: i64 = 0;
    let mut group = 0_usize;
    let mut grouped = false;
    let head = fraction_at.map_or(body, |at| &body[..at]);
    for c in head.chars() {
        match c {
            '0'..='9' => {
                let digit = i64::from(u32::from(c) - u32::from('0'));
                whole =
                    whole.checked_mul(10).and_then(|w| w.checked_add(digit)).ok_or(NumberFault::TooLong)?;
                group += 1;
            }
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' | ',' | '.' | '_' => {
                // Thousands stand in threes: "12 34" and a phone number are not amounts.
                if (grouped && group != 3) || group > 3 || group == 0 {
                    return Err(NumberFault::Shape);
                }
                (grouped, group) = (true, 0);
            }
            _ => return Err(NumberFault::Shape),
        }
    }
    if grouped && group != 3 {
        return Err(NumberFault::Shape);
    }
    let fraction = fraction_at.map_or("", |at| &body[at + 1..]);
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberFault::Shape);
    }
    let mut micros: i64 = 0;
    for place in 0..6 {
        micros = micros * 10 + fraction.as_bytes().get(place).map_or(0, |b| i64::from(b - b'0'));
    }
    let round_up = fraction.as_bytes().get(6).is_some_and(|b| *b >= b'5');
    whole
        .checked_mul(SCALE)
        .and_then(|w| w.checked_add(micros + i64::from(round_up)))
        .ok_or(NumberFault::TooLong)
}

/// Where the fraction starts when only one kind of sign is there, or `None` when it separates thousands.
fn lone_mark(body: &str, at: usize, mark: Option<DecimalMark>) -> Option<usize> {
    let sign = body.as_bytes()[at];
    let repeated = body.bytes().filter(|b| *b == sign).count() > 1;
    if repeated {
        return None;
    }
    let wanted = mark.map(|m| if m == DecimalMark::Comma { b',' } else { b'.' });
    match wanted {
        Some(wanted) if wanted == sign => Some(at),
        // Three digits after the other sign are thousands; "12,5" in a file with points still reads as 12.5.
        _ => {
            let three = body.len() - at - 1 == 3;
            let leading_zero = body.starts_with('0') && at == 1;
            if three && at <= 3 && at > 0 && !leading_zero { None } else { Some(at) }
        }
    }
}

/// What a column of numbers says about its decimal mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkEvidence {
    comma: u64,
    point: u64,
}

impl MarkEvidence {
    pub fn add(&mut self, cell: &str) {
        let body = cell.trim_matches(|c: char| !c.is_ascii_digit());
        let (comma, point) = (body.rfind(','), body.rfind('.'));
        let counts = |sign: char| body.matches(sign).count();
        let vote = match (comma, point) {
            (Some(c), Some(p)) => Some(c > p),
            (Some(c), None) if counts(',') == 1 && body.len() - c - 1 != 3 => Some(true),
            (None, Some(p)) if counts('.') == 1 && body.len() - p - 1 != 3 => Some(false),
            (None, Some(_)) if counts('.') > 1 => Some(true),
            (Some(_), None) if counts(',') > 1 => Some(false),
            _ => None,
        };
        match vote {
            Some(true) => self.comma += 1,
            Some(false) => self.point += 1,
            None => {}
        }
    }

    /// The mark of the column; `None` when cells use both or none is seen.
    pub const fn mark(self) -> Option<DecimalMark> {
        match (self.comma > 0, self.point > 0) {
            (true, false) => Some(DecimalMark::Comma),
            (false, true) => Some(DecimalMark::Point),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: &str) -> String {
        match parse_amount(cell, None) {
            Ok(a) => a.value.to_money(a.currency.unwrap_or("XXX".parse().unwrap())).unwrap().to_string(),
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn spellings_of_money() {
        for (cell, money) in [
            ("1 234,50 грн", "1234.50 UAH"),
            ("1\u{a0}234,50 грн.", "1234.50 UAH"),
            ("1,234.50", "1234.50 XXX"),
            ("1.234,50 €", "1234.50 EUR"),
            ("230 грн.", "230.00 UAH"),
            ("₴148,39", "148.39 UAH"),
            ("148,39", "148.39 XXX"),
            ("62.87", "62.87 XXX"),
            ("1 200 руб", "1200.00 RUB"),
            ("1200р.", "1200.00 RUB"),
            ("$1,234,567.8", "1234567.80 USD"),
            ("-11062.06", "-11062.06 XXX"),
            ("- 5 грн", "-5.00 UAH"),
            ("(12.00)", "-12.00 XXX"),
            ("1'234.5", "1234.50 XXX"),
            ("0", "0.00 XXX"),
            ("0,500", "0.50 XXX"),
            (".5", "0.50 XXX"),
            ("1,234", "1234.00 XXX"),
            ("1.234.567", "1234567.00 XXX"),
            ("4.8533", "4.85 XXX"),
            ("0.005", "0.01 XXX"),
            ("1200,-", "1200.00 XXX"),
        ] {
            assert_eq!(read(cell), money, "{cell}");
        }
    }

    #[test]
    fn what_is_not_money_is_refused() {
        for cell in
            ["n/a", "нет", "", "-", "бесплатно", "12 34", "12 грн за шт", "1-2", "2022-03-01", "1e5", "=1+1"]
        {
            assert_eq!(read(cell), "Shape", "{cell}");
        }
        assert_eq!(read("99999999999999999999"), "TooLong");
    }

    #[test]
    fn the_mark_of_a_column_settles_three_digits() {
        let mut evidence = MarkEvidence::default();
        ["4.8533", "5.963", "12"].iter().for_each(|cell| evidence.add(cell));
        assert_eq!(evidence.mark(), Some(DecimalMark::Point));
        assert_eq!(parse_amount("5.963", evidence.mark()).unwrap().value, Decimal::from_micros(5_963_000));
        assert_eq!(parse_amount("5.963", None).unwrap().value, Decimal::from_whole(5963));
    }

    #[test]
    fn quantity_times_price_rounds_once() {
        let price = parse_amount("4.8533", Some(DecimalMark::Point)).unwrap().value;
        assert_eq!(
            Decimal::from_whole(83).times(price, Currency::GBP),
            Some(Money::new(40_282, Currency::GBP))
        );
        assert_eq!(
            Decimal::from_whole(-1).times(price, Currency::GBP),
            Some(Money::new(-485, Currency::GBP))
        );
    }

    proptest! {
        #[test]
        fn every_amount_is_read_back(minor in -9_000_000_000_000_i64..9_000_000_000_000) {
            let money = Money::new(minor, Currency::UAH);
            let plain = format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100);
            for cell in [plain.clone(), format!("{} грн", plain.replace('.', ",")), format!("{plain} ₴")] {
                prop_assert_eq!(parse_amount(&cell, None).unwrap().value.to_money(Currency::UAH), Some(money));
            }
        }

        #[test]
        fn no_cell_makes_it_fall(cell in "\\PC{0,24}") {
            let _ = parse_amount(&cell, None);
            MarkEvidence::default().add(&cell);
        }
    }
}
