//! How many parts a short message takes (3GPP TS 23.038 and 23.040).

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// 7 bits a character, 160 in one part.
    Gsm7,
    /// 16 bits a unit, 70 in one part; any Cyrillic letter brings it.
    Ucs2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SmsSize {
    pub encoding: Encoding,
    /// Septets or 16-bit units, as the encoding counts.
    pub units: usize,
    pub parts: usize,
    /// Units that still fit into the last part.
    pub left: usize,
}

const GSM_BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENDED: &str = "\u{c}^{}\\[~]|€";

fn septets(c: char) -> Option<usize> {
    if GSM_BASIC.contains(c) {
        Some(1)
    } else if GSM_EXTENDED.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// The encoding a text needs and the parts it takes. A character of two units never straddles two parts.
pub fn sms_size(text: &str) -> SmsSize {
    let gsm: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (encoding, widths, single, part) = match gsm {
        Some(widths) => (Encoding::Gsm7, widths, 160, 153),
        None => (Encoding::Ucs2, text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    let units: usize = widths.iter().sum();
    if units <= single {
        return SmsSize { encoding, units, parts: usize::from(units > 0), left: single - units };
    }
    let (mut parts, mut used) = (1, 0);
    for width in widths {
        if used + width > part {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    SmsSize { encoding, units, parts, left: part - used }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_follow_the_standard() {
        assert_eq!(sms_size(""), SmsSize { encoding: Encoding::Gsm7, units: 0, parts: 0, left: 160 });
        assert_eq!(sms_size(&"a".repeat(160)).parts, 1);
        assert_eq!(sms_size(&"a".repeat(161)).parts, 2);
        assert_eq!(sms_size(&"€".repeat(80)).parts, 1);
        assert_eq!(sms_size(&"я".repeat(70)).parts, 1);
        assert_eq!(sms_size(&"я".repeat(71)).parts, 2);
        assert_eq!(sms_size(&"я".repeat(134)).parts, 2);
        assert_eq!(sms_size(&"я".repeat(135)).parts, 3);
        assert_eq!(sms_size(&"😀".repeat(35)).parts, 1);
        // 33 emoji (66 units) fill a part of 67: the 34th does not fit by halves.
        assert_eq!(sms_size(&"😀".repeat(67)).parts, 3);
        // 152 plain + a two-septet character: the pair moves to the second part.
        assert_eq!(sms_size(&format!("{}€{}", "a".repeat(152), "a".repeat(152))).parts, 3);
    }

    proptest! {
        #[test]
        fn parts_hold_the_text(text in "\\PC{0,400}") {
            let size = sms_size(&text);
            let part = if size.encoding == Encoding::Gsm7 { 160 } else { 70 };
            prop_assert!(size.parts * part >= size.units);
            prop_assert!(size.units == 0 || size.parts >= 1);
        }
    }
}
