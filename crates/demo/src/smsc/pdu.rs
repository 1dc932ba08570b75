//! The protocol units of SMPP 3.4 that a message centre needs, written apart from the product's own so that neither
//! can hide the other's mistakes. Source: SMPP Protocol Specification v3.4, issue 1.2, chapters 3–5.

/// `command_id`.
pub mod command {
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    pub const BIND_RECEIVER: u32 = 0x01;
    pub const BIND_TRANSMITTER: u32 = 0x02;
    pub const SUBMIT_SM: u32 = 0x04;
    pub const DELIVER_SM: u32 = 0x05;
    pub const DELIVER_SM_RESP: u32 = 0x8000_0005;
    pub const UNBIND: u32 = 0x06;
    pub const BIND_TRANSCEIVER: u32 = 0x09;
    pub const ENQUIRE_LINK: u32 = 0x15;
    pub const ENQUIRE_LINK_RESP: u32 = 0x8000_0015;
    pub const UNBIND_RESP: u32 = 0x8000_0006;
    pub const RESPONSE: u32 = 0x8000_0000;
}

/// `command_status`.
pub mod status {
    pub const OK: u32 = 0;
    pub const INVALID_LENGTH: u32 = 0x02;
    pub const INVALID_COMMAND: u32 = 0x03;
    pub const WRONG_BIND_STATE: u32 = 0x04;
    pub const ALREADY_BOUND: u32 = 0x05;
    pub const INVALID_DESTINATION: u32 = 0x0b;
    pub const INVALID_PASSWORD: u32 = 0x0e;
    pub const INVALID_SYSTEM_ID: u32 = 0x0f;
    pub const THROTTLED: u32 = 0x58;
}

const HEADER: usize = 16;
const LARGEST: usize = 70_000;

/// One unit, its body unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    pub command: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

impl Pdu {
    pub fn new(command: u32, status: u32, sequence: u32, body: Vec<u8>) -> Self {
        Self { command, status, sequence, body }
    }

    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut out = Vec::with_capacity(HEADER + self.body.len());
        for word in [length, self.command, self.status, self.sequence] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&self.body);
        out
    }

    /// Takes one unit off the front of a buffer; `Ok(None)` until it is whole.
    ///
    /// # Errors
    /// A length that no unit can have; the session cannot go on.
    pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, BadLength> {
        let word = |at: usize| buffer.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
        let Some(length) = word(0) else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER..=LARGEST).contains(&length) {
            return Err(BadLength);
        }
        let (Some(command), Some(status), Some(sequence)) = (word(4), word(8), word(12)) else {
            return Ok(None);
        };
        if buffer.len() < length {
            return Ok(None);
        }
        let body = buffer.drain(..length).skip(HEADER).collect();
        Ok(Some(Self { command, status, sequence, body }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLength;

/// Reads fields one after another; `None` when the body ends inside of one.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|&b| b == 0)?;
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u16> {
        self.bytes(2)?.try_into().ok().map(u16::from_be_bytes)
    }
}

/// `system_id` and `password` of a bind.
pub fn read_bind(body: &[u8]) -> Option<(String, String)> {
    let mut fields = Fields(body);
    Some((fields.text()?, fields.text()?))
}

/// What the centre looks at in a `submit_sm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    pub source: String,
    pub dest: String,
    pub esm_class: u8,
    pub registered_delivery: u8,
    pub data_coding: u8,
    pub content: Vec<u8>,
}

const MESSAGE_PAYLOAD: u16 = 0x0424;

pub fn read_submit(body: &[u8]) -> Option<Submit> {
    let mut fields = Fields(body);
    fields.text()?;
    fields.bytes(2)?;
    let source = fields.text()?;
    fields.bytes(2)?;
    let dest = fields.text()?;
    let esm_class = fields.byte()?;
    fields.bytes(2)?;
    fields.text()?;
    fields.text()?;
    let registered_delivery = fields.byte()?;
    fields.byte()?;
    let data_coding = fields.byte()?;
    fields.byte()?;
    let length = fields.byte()?;
    let mut content = fields.bytes(usize::from(length))?.to_vec();
    while let Some(tag) = fields.word() {
        let length = fields.word()?;
        let value = fields.bytes(usize::from(length))?;
        if tag == MESSAGE_PAYLOAD {
            content = value.to_vec();
        }
    }
    Some(Submit { source, dest, esm_class, registered_delivery, data_coding, content })
}

/// Units of sixteen bits, high byte first.
pub const UCS2: u8 = 8;
/// User data header indicator.
pub const UDHI: u8 = 0x40;
/// An SMSC delivery receipt.
pub const RECEIPT: u8 = 0x04;

/// The text of a message and, of a long one, (reference, parts, this part).
pub fn read_text(submit: &Submit) -> (String, Option<(u8, u8, u8)>) {
    let mut body = submit.content.as_slice();
    let mut part = None;
    if submit.esm_class & UDHI != 0
        && let Some((&length, rest)) = body.split_first()
        && let Some((header, rest)) = rest.split_at_checked(usize::from(length))
    {
        // Concatenation with an 8-bit reference: 3GPP TS 23.040, 9.2.3.24.1.
        if let [0x00, 0x03, reference, total, number, ..] = header {
            part = Some((*reference, *total, *number));
        }
        body = rest;
    }
    let text = match submit.data_coding {
        UCS2 => {
            let units: Vec<u16> = body.chunks_exact(2).map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        3 => body.iter().map(|&b| char::from(b)).collect(),
        _ => gsm(body),
    };
    (text, part)
}

/// The default alphabet (3GPP TS 23.038, 6.2.1), unpacked; letters that web addresses and English need are exact.
fn gsm(body: &[u8]) -> String {
    let mut out = String::with_capacity(body.len());
    let mut bytes = body.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            0x00 => '@',
            0x01 => '£',
            0x02 => '$',
            0x03 => '¥',
            0x11 => '_',
            0x1b => match bytes.next() {
                Some(0x28) => '{',
                Some(0x29) => '}',
                Some(0x2f) => '\\',
                Some(0x3c) => '[',
                Some(0x3d) => '~',
                Some(0x3e) => ']',
                Some(0x40) => '|',
                Some(0x65) => '€',
                _ => ' ',
            },
            b'\n' | b'\r' | b' '..=b'#' | b'%'..=b'?' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte),
            _ => '?',
        });
    }
    out
}

/// A `deliver_sm` from a phone, or a receipt with [`RECEIPT`] as its class.
pub fn deliver_body(from: &str, to: &str, esm_class: u8, data_coding: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 1, 1];
    out.extend_from_slice(from.as_bytes());
    out.extend_from_slice(&[0, 0, 1]);
    out.extend_from_slice(to.as_bytes());
    out.extend_from_slice(&[0, esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0]);
    let content = &content[..content.len().min(254)];
    out.push(u8::try_from(content.len()).unwrap_or(254));
    out.extend_from_slice(content);
    out
}

pub fn ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The text of a receipt (appendix B).
pub fn receipt_text(id: &str, submitted: &str, done: &str, state: &str, error: &str) -> String {
    let delivered = if state == "DELIVRD" { "001" } else { "000" };
    format!(
        "id:{id} sub:001 dlvrd:{delivered} submit date:{submitted} done date:{done} stat:{state} err:{error} text:simulated"
    )
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    pub fn submit_body(from: &str, to: &str, esm_class: u8, data_coding: u8, content: &[u8]) -> Vec<u8> {
        let mut body = deliver_body(from, to, esm_class, data_coding, content);
        let at = 3 + from.len() + 3 + to.len() + 1 + 5;
        body[at] = 1;
        body
    }

    #[test]
    fn a_unit_is_taken_only_when_it_is_whole() {
        let bytes = Pdu::new(command::ENQUIRE_LINK, 0, 7, Vec::new()).encode();
        let mut buffer = bytes[..10].to_vec();
        assert_eq!(Pdu::take(&mut buffer), Ok(None));
        buffer.extend_from_slice(&bytes[10..]);
        buffer.push(9);
        assert_eq!(Pdu::take(&mut buffer).unwrap().unwrap().sequence, 7);
        assert_eq!(buffer, [9]);
        assert_eq!(Pdu::take(&mut vec![0, 0, 0, 3]), Err(BadLength));
        assert_eq!(Pdu::take(&mut vec![0xff; 20]), Err(BadLength));
    }

    #[test]
    fn texts_of_both_alphabets_are_read() {
        let body = submit_body("Knyha", "380961234567", 0, UCS2, &ucs2("Олено, загляньте в пошту"));
        let submit = read_submit(&body).unwrap();
        assert_eq!((submit.dest.as_str(), submit.registered_delivery), ("380961234567", 1));
        assert_eq!(read_text(&submit), ("Олено, загляньте в пошту".to_owned(), None));
        let submit =
            read_submit(&submit_body("1234", "380961234567", 0, 0, b"http:\x2f\x2fx\x2fp\x2fA\x11b"))
                .unwrap();
        assert_eq!(read_text(&submit).0, "http://x/p/A_b");
        let long = [&[5, 0, 3, 42, 2, 1][..], &ucs2("Пів")].concat();
        let submit = read_submit(&submit_body("1234", "380961234567", UDHI, UCS2, &long)).unwrap();
        assert_eq!(read_text(&submit), ("Пів".to_owned(), Some((42, 2, 1))));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(submit) = read_submit(&body) {
                let _ = read_text(&submit);
            }
            let _ = read_bind(&body);
            let mut buffer = body;
            while let Ok(Some(_)) = Pdu::take(&mut buffer) {}
        }
    }
}
