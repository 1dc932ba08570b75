//! A number as an operator reads it off a telephone, in the forms that a card may hold.

/// E.164 forms that the digits may mean: as international, and as a national number of Ukraine or Russia.
pub fn readings(text: &str) -> Vec<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let mut out = Vec::new();
    let mut add = |number: String| {
        if (8..=15).contains(&(number.len() - 1)) && !out.contains(&number) {
            out.push(number);
        }
    };
    let international = text.trim_start().starts_with('+') || digits.starts_with("00");
    add(format!("+{}", digits.strip_prefix("00").unwrap_or(&digits)));
    if international {
        return out;
    }
    match (digits.len(), digits.as_bytes().first()) {
        (10, Some(b'0')) => add(format!("+38{digits}")),
        (9, _) => add(format!("+380{digits}")),
        (11, Some(b'8')) => {
            add(format!("+7{}", &digits[1..]));
            add(format!("+3{digits}"));
        }
        (10, Some(b'9' | b'4' | b'8' | b'3')) => add(format!("+7{digits}")),
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn national_forms_are_understood() {
        assert!(readings("097 939-11-55").contains(&"+380979391155".to_owned()));
        assert!(readings("8 (916) 123-45-67").contains(&"+79161234567".to_owned()));
        assert!(readings("80979391155").contains(&"+380979391155".to_owned()));
        assert_eq!(readings("+44 20 7946 0958"), ["+442079460958"]);
        assert!(readings("12").is_empty());
        assert!(readings("").is_empty());
    }

    proptest! {
        #[test]
        fn readings_are_numbers(text in "\\PC{0,24}") {
            for number in readings(&text) {
                prop_assert!(basis::Phone::parse(&number).is_ok());
            }
        }
    }
}
