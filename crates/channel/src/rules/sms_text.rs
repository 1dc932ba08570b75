//! Texts of short messages: GSM 7-bit or UCS-2, cut into parts with a concatenation header
//! (3GPP TS 23.038 §6.2, TS 23.040 §9.2.3.24).

/// How the text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `data_coding` 0, one septet a byte, as nearly every SMSC takes it.
    Gsm7,
    /// `data_coding` 8, UTF-16BE.
    Ucs2,
}

impl Encoding {
    #[must_use]
    pub fn data_coding(self) -> u8 {
        match self {
            Self::Gsm7 => 0,
            Self::Ucs2 => 8,
        }
    }
}

/// One part, ready for `short_message`; `udh` says whether it begins with a user data header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub bytes: Vec<u8>,
    pub udh: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub encoding: Encoding,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("the text is empty")]
    Empty,
    #[error("the text needs more than {0} parts")]
    TooLong(usize),
}

const GSM: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ',
    'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<',
    '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q',
    'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä',
    'ö', 'ñ', 'ü', 'à',
];
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESCAPE: u8 = 0x1b;

fn gsm_bytes(c: char) -> Option<(u8, Option<u8>)> {
    if let Some(&(code, _)) = EXTENSION.iter().find(|&&(_, x)| x == c) {
        return Some((ESCAPE, Some(code)));
    }
    if c == '\u{1b}' {
        return None;
    }
    GSM.iter().position(|&g| g == c).and_then(|i| u8::try_from(i).ok()).map(|code| (code, None))
}

/// Encodes and cuts a text. `reference` ties the parts of one text together; `max_parts` guards the
/// bill.
///
/// # Errors
/// The text is empty or would need more than `max_parts` parts.
pub fn split(text: &str, reference: u8, max_parts: usize) -> Result<Parts, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    let encoding = if text.chars().all(|c| gsm_bytes(c).is_some()) { Encoding::Gsm7 } else { Encoding::Ucs2 };
    // Every character as the unit that must not be torn: an escape pair, a surrogate pair.
    let units: Vec<Vec<u8>> = text
        .chars()
        .map(|c| match encoding {
            Encoding::Gsm7 => {
                let (first, second) = gsm_bytes(c).unwrap_or((b'?', None));
                std::iter::once(first).chain(second).collect()
            }
            Encoding::Ucs2 => {
                let mut pair = [0; 2];
                c.encode_utf16(&mut pair).iter().flat_map(|unit| unit.to_be_bytes()).collect()
            }
        })
        .collect();
    // A 6-byte header costs 7 septets of 160, or 6 of 140 bytes.
    let (whole, cut) = match encoding {
        Encoding::Gsm7 => (160, 153),
        Encoding::Ucs2 => (140, 134),
    };
    let total: usize = units.iter().map(Vec::len).sum();
    if total <= whole {
        return Ok(Parts { encoding, parts: vec![Part { bytes: units.concat(), udh: false }] });
    }
    let mut bodies: Vec<Vec<u8>> = vec![Vec::new()];
    for unit in &units {
        if bodies.last().is_some_and(|b| b.len() + unit.len() > cut) {
            bodies.push(Vec::new());
        }
        if let Some(body) = bodies.last_mut() {
            body.extend_from_slice(unit);
        }
    }
    let limit = max_parts.min(255);
    let count = u8::try_from(bodies.len())
        .ok()
        .filter(|&n| usize::from(n) <= limit)
        .ok_or(TextError::TooLong(limit))?;
    let parts = (1u8..)
        .zip(bodies)
        .map(|(no, body)| {
            let mut bytes = vec![5, 0, 3, reference, count, no];
            bytes.extend_from_slice(&body);
            Part { bytes, udh: true }
        })
        .collect();
    Ok(Parts { encoding, parts })
}

/// Reads the text of an incoming part (without its header). Unknown codings are read as Latin-1 so
/// that a STOP is never missed.
#[must_use]
pub fn decode(data_coding: u8, bytes: &[u8]) -> String {
    match data_coding {
        8 => {
            let units = bytes.chunks(2).map(|pair| match pair {
                [a, b] => u16::from_be_bytes([*a, *b]),
                _ => 0xfffd,
            });
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        0 => {
            let mut out = String::with_capacity(bytes.len());
            let mut escaped = false;
            for &byte in bytes {
                if escaped {
                    escaped = false;
                    let found = EXTENSION.iter().find(|&&(code, _)| code == byte);
                    out.push(found.map_or(' ', |&(_, c)| c));
                } else if byte == ESCAPE {
                    escaped = true;
                } else {
                    out.push(GSM.get(usize::from(byte)).copied().unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
            out
        }
        _ => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}

/// The concatenation fields of a user data header: reference, total, number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concatenation {
    pub reference: u16,
    pub total: u8,
    pub number: u8,
}

/// Splits a user data header off a short message. Malformed headers leave the text whole.
#[must_use]
pub fn take_header(bytes: &[u8]) -> (Option<Concatenation>, &[u8]) {
    let Some((&len, after)) = bytes.split_first() else { return (None, bytes) };
    let len = usize::from(len);
    if after.len() < len {
        return (None, bytes);
    }
    let (mut header, body) = after.split_at(len);
    let mut found = None;
    while let [element, size, tail @ ..] = header {
        let size = usize::from(*size);
        if tail.len() < size {
            break;
        }
        let (value, next) = tail.split_at(size);
        match (element, value) {
            (0, [reference, total, number]) => {
                found =
                    Some(Concatenation { reference: u16::from(*reference), total: *total, number: *number });
            }
            (8, [high, low, total, number]) => {
                found = Some(Concatenation {
                    reference: u16::from_be_bytes([*high, *low]),
                    total: *total,
                    number: *number,
                });
            }
            _ => {}
        }
        header = next;
    }
    (found, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn join(parts: &Parts) -> String {
        parts
            .parts
            .iter()
            .map(|p| {
                let body = if p.udh { take_header(&p.bytes).1 } else { &p.bytes };
                decode(parts.encoding.data_coding(), body)
            })
            .collect()
    }

    #[test]
    fn chooses_the_cheaper_alphabet() {
        let latin = split("Look in your mailbox: 5€ [book]", 1, 3).unwrap();
        assert_eq!((latin.encoding, latin.parts.len()), (Encoding::Gsm7, 1));
        let cyrillic = split("Загляните в почту", 1, 3).unwrap();
        assert_eq!((cyrillic.encoding, cyrillic.parts.len()), (Encoding::Ucs2, 1));
        assert_eq!(split(&"я".repeat(70), 1, 9).unwrap().parts.len(), 1);
        assert_eq!(split(&"я".repeat(71), 1, 9).unwrap().parts.len(), 2);
        assert_eq!(split(&"a".repeat(161), 1, 9).unwrap().parts.len(), 2);
        assert_eq!(split(&"я".repeat(300), 1, 3), Err(TextError::TooLong(3)));
        assert_eq!(split("", 1, 3), Err(TextError::Empty));
    }

    #[test]
    fn surrogates_and_escapes_are_not_torn() {
        let text = format!("{}{}", "я".repeat(66), "📚".repeat(3));
        let parts = split(&text, 7, 9).unwrap();
        assert_eq!(parts.parts.len(), 2);
        assert_eq!(join(&parts), text);
        let text = format!("{}{}", "a".repeat(152), "€".repeat(10));
        let parts = split(&text, 7, 9).unwrap();
        assert_eq!(take_header(&parts.parts[0].bytes).1.len(), 152);
        assert_eq!(join(&parts), text);
    }

    #[test]
    fn reads_both_reference_sizes() {
        let (short, rest) = take_header(&[5, 0, 3, 9, 2, 1, b'x']);
        assert_eq!(short, Some(Concatenation { reference: 9, total: 2, number: 1 }));
        assert_eq!(rest, b"x");
        let (long, _) = take_header(&[6, 8, 4, 1, 2, 3, 1, b'x']);
        assert_eq!(long.unwrap().reference, 258);
        assert_eq!(take_header(&[200, 1, 2]), (None, &[200, 1, 2][..]));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[a-zA-Zа-яіїє0-9 €{}~📚\\n]{1,700}") {
            let parts = split(&text, 3, 255).unwrap();
            for part in &parts.parts {
                let limit = if parts.encoding == Encoding::Gsm7 { 160 } else { 140 };
                prop_assert!(part.bytes.len() <= limit);
            }
            prop_assert_eq!(join(&parts), text);
        }

        #[test]
        fn decoding_never_panics(coding: u8, bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            let (_, body) = take_header(&bytes);
            let _ = decode(coding, body);
        }
    }
}
