//! Decimal amounts to integer minor units (hundredths), half away from zero.

/// Parses `1234.5`, `-3`, `1 234,50`, `1,234.50`; `None` when it is not an amount.
#[must_use]
pub fn parse_minor(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',') {
        return None;
    }
    // The last dot or comma is the decimal mark, unless it only groups thousands.
    let mark = digits.rfind(['.', ',']).filter(|&at| {
        let after = digits.len() - at - 1;
        let same = digits.matches(&digits[at..=at]).count();
        !(same > 1 || digits.as_bytes()[at] == b',' && after == 3 && !digits.starts_with("0,"))
    });
    let mut minor: i64 = 0;
    let mut decimals = 0;
    let mut round = false;
    let mut seen = false;
    for (at, c) in digits.char_indices() {
        let past = mark.is_some_and(|mark| at > mark);
        match c {
            '0'..='9' => {
                seen = true;
                if past {
                    decimals += 1;
                }
                if decimals <= 2 {
                    minor = minor.checked_mul(10)?.checked_add(i64::from(u32::from(c) - u32::from('0')))?;
                } else if decimals == 3 {
                    round = c >= '5';
                }
            }
            ' ' | '\u{a0}' | '\u{202f}' | '\'' | '.' | ',' if !past => {}
            _ => return None,
        }
    }
    for _ in decimals.min(2)..2 {
        minor = minor.checked_mul(10)?;
    }
    if round {
        minor = minor.checked_add(1)?;
    }
    seen.then_some(if negative { -minor } else { minor })
}

/// Rounds a floating amount to minor units; `None` for what is not a number or out of range.
pub(super) fn from_float(value: f64) -> Option<i64> {
    let minor = (value * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (minor.abs() < 9e15).then_some(minor as i64)
}

/// An amount of a column of floating numbers, in minor units or in major ones.
pub(super) fn from_column(value: f64, is_minor: bool) -> Result<i64, String> {
    from_float(if is_minor { value / 100.0 } else { value })
        .ok_or_else(|| format!("{value} is not an amount"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, minor) in [
            ("29.33", 2933),
            ("0", 0),
            ("-3", -300),
            ("1 234,50", 123_450),
            ("1,234.50", 123_450),
            ("1,234", 123_400),
            ("1.234.567", 123_456_700),
            ("4.8533", 485),
            ("4.855", 486),
            (".5", 50),
            ("0,125", 13),
        ] {
            assert_eq!(parse_minor(text), Some(minor), "{text}");
        }
        for text in ["", "n/a", "-", "12a", "NaN", "99999999999999999999", "."] {
            assert_eq!(parse_minor(text), None, "{text}");
        }
        assert_eq!(from_float(f64::NAN), None);
    }
}
