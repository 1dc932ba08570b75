//! Birth dates as `yyyymmdd` numbers; 0 is "none".

/// Reads a birth date. `month_first` settles 03/04/1970.
#[must_use]
pub fn parse(cell: &str, month_first: bool) -> u32 {
    let mut parts = [0_u32; 3];
    let mut lengths = [0_usize; 3];
    let mut at = 0;
    let mut inside = false;
    for b in cell.trim().bytes() {
        if b.is_ascii_digit() {
            if !inside {
                inside = true;
                at += 1;
            }
            if at > 3 || lengths[at - 1] >= 8 {
                break;
            }
            parts[at - 1] = parts[at - 1] * 10 + u32::from(b - b'0');
            lengths[at - 1] += 1;
        } else {
            if at >= 3 {
                break;
            }
            inside = false;
        }
    }
    let (year, month, day) = match (at, lengths) {
        (1, [8, ..]) if plausible_year(parts[0] / 10_000) => {
            (parts[0] / 10_000, parts[0] / 100 % 100, parts[0] % 100)
        }
        (1, [8, ..]) => (parts[0] % 10_000, parts[0] / 10_000 % 100, parts[0] / 1_000_000),
        (3.., [4, ..]) => (parts[0], parts[1], parts[2]),
        (3.., [1 | 2, 1 | 2, 2 | 4]) => {
            let year = match (lengths[2], parts[2]) {
                (2, y) => {
                    if y < 25 {
                        2000 + y
                    } else {
                        1900 + y
                    }
                }
                (_, y) => y,
            };
            if month_first && parts[0] <= 12 || parts[1] > 12 {
                (year, parts[0], parts[1])
            } else {
                (year, parts[1], parts[0])
            }
        }
        _ => return 0,
    };
    if !(1880..=2100).contains(&year) || month > 99 || day > 99 || year * month * day == 0 {
        return 0;
    }
    year * 10_000 + month * 100 + day
}

fn plausible_year(year: u32) -> bool {
    (1880..=2100).contains(&year)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateLikeness {
    Same,
    /// One digit slipped, or day and month changed places.
    Slip,
    Different,
}

/// Whole years between two dates that are not one date with a slip; 0 when one is missing.
#[must_use]
pub fn years_apart(a: u32, b: u32) -> u32 {
    if a == 0 || b == 0 || compare(a, b) != DateLikeness::Different {
        return 0;
    }
    (a / 10_000).abs_diff(b / 10_000)
}

#[must_use]
pub fn compare(a: u32, b: u32) -> DateLikeness {
    if a == b {
        return DateLikeness::Same;
    }
    let (ya, ma, da) = (a / 10_000, a / 100 % 100, a % 100);
    let (yb, mb, db) = (b / 10_000, b / 100 % 100, b % 100);
    if ya == yb && ma == db && da == mb {
        return DateLikeness::Slip;
    }
    let digits = |mut n: u32| {
        let mut out = [0_u8; 8];
        for d in out.iter_mut().rev() {
            *d = u8::try_from(n % 10).unwrap_or(0);
            n /= 10;
        }
        out
    };
    if super::fold::slip(&digits(a), &digits(b)) == super::fold::Slip::More {
        DateLikeness::Different
    } else {
        DateLikeness::Slip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for cell in ["07.03.1985", "1985-03-07", "7/3/1985", "19850307", "07.03.85", "1985-03-07 00:00:00"] {
            assert_eq!(parse(cell, false), 19_850_307, "{cell}");
        }
        assert_eq!(parse("03/07/1985", true), 19_850_307);
        assert_eq!(parse("25.12.1970", true), 19_701_225);
        for cell in ["", "нет", "1985", "0000-00-00"] {
            assert_eq!(parse(cell, false), 0, "{cell}");
        }
    }

    #[test]
    fn likeness() {
        assert_eq!(compare(19_850_307, 19_850_703), DateLikeness::Slip);
        assert_eq!(compare(19_850_307, 19_860_307), DateLikeness::Slip);
        assert_eq!(compare(19_850_307, 19_721_101), DateLikeness::Different);
    }
}
