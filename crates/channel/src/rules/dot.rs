//! The end-of-data rules of RFC 5321 §4.5.2 ("transparency"): outgoing lines that begin with a dot
//! get a second one, bare line feeds become CRLF, and the incoming side takes both off again.

use memchr::memchr2;

/// Writes `body` in wire form, ending with CRLF but without the final dot line.
pub fn stuff(body: &[u8], out: &mut Vec<u8>) {
    out.reserve(body.len() + body.len() / 32 + 8);
    let mut rest = body;
    let mut line_start = true;
    while !rest.is_empty() {
        if line_start && rest[0] == b'.' {
            out.push(b'.');
        }
        match memchr2(b'\n', b'\r', rest) {
            None => {
                out.extend_from_slice(rest);
                line_start = false;
                rest = &[];
            }
            Some(at) => {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(b"\r\n");
                let skip = if rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                rest = &rest[at + skip..];
                line_start = true;
            }
        }
    }
    if !line_start {
        out.extend_from_slice(b"\r\n");
    }
}

/// Reads the data of one message as it arrives, byte chunk by byte chunk.
///
/// Only CRLF `.` CRLF ends the data: a bare line feed never does, or a message could smuggle
/// commands to the next hop (CVE-2023-51764 and kin).
#[derive(Debug, Default)]
pub struct Unstuff {
    state: State,
    body: Vec<u8>,
    limit: usize,
    overflow: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    LineStart,
    Line,
    Cr,
    Dot,
    DotCr,
}

/// The data ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Data {
    pub body: Vec<u8>,
    /// The message was larger than the limit; `body` holds only its beginning.
    pub too_large: bool,
}

impl Unstuff {
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    fn put(&mut self, byte: u8) {
        if self.body.len() < self.limit {
            self.body.push(byte);
        } else {
            self.overflow = true;
        }
    }

    /// Takes a chunk; answers how many bytes of it belong to the data and, when the end was in it,
    /// the data.
    pub fn feed(&mut self, chunk: &[u8]) -> (usize, Option<Data>) {
        for (i, &byte) in chunk.iter().enumerate() {
            self.state = match (self.state, byte) {
                (State::LineStart, b'.') => State::Dot,
                (State::Dot, b'\r') => State::DotCr,
                (State::DotCr, b'\n') => {
                    let body = std::mem::take(&mut self.body);
                    let too_large = std::mem::take(&mut self.overflow);
                    self.state = State::LineStart;
                    return (i + 1, Some(Data { body, too_large }));
                }
                (State::DotCr, other) => {
                    // The dot was stuffing; the carriage return belongs to the line.
                    self.put(b'\r');
                    self.put(other);
                    if other == b'\r' { State::Cr } else { State::Line }
                }
                (State::Cr, b'\n') => {
                    self.put(b'\n');
                    State::LineStart
                }
                (_, b'\r') => {
                    self.put(b'\r');
                    State::Cr
                }
                (_, other) => {
                    self.put(other);
                    State::Line
                }
            };
        }
        (chunk.len(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        stuff(body, &mut out);
        out
    }

    #[test]
    fn doubles_leading_dots_and_mends_line_ends() {
        assert_eq!(wire(b".a\n..b\r\nc."), b"..a\r\n...b\r\nc.\r\n");
        assert_eq!(wire(b""), b"");
        assert_eq!(wire(b"x\r\r\n"), b"x\r\n\r\n");
    }

    #[test]
    fn a_bare_line_feed_does_not_end_the_data() {
        let mut reader = Unstuff::new(100);
        let (used, end) = reader.feed(b"a\n.\nMAIL FROM:<x>\r\n.\r\nQUIT\r\n");
        assert_eq!(end.unwrap().body, b"a\n.\nMAIL FROM:<x>\r\n");
        assert_eq!(used, "a\n.\nMAIL FROM:<x>\r\n.\r\n".len());
    }

    #[test]
    fn bounds_the_body() {
        let mut reader = Unstuff::new(3);
        let end = reader.feed(b"abcdef\r\n.\r\n").1.unwrap();
        assert!(end.too_large);
        assert_eq!(end.body, b"abc");
    }

    proptest! {
        #[test]
        fn what_is_stuffed_comes_back(body in "[a-z.\r\n]{0,200}", chunk in 1usize..20) {
            let mut sent = wire(body.as_bytes());
            let expected = {
                let mut plain = Vec::new();
                let text = body.replace("\r\n", "\n").replace('\r', "\n");
                for line in text.split_inclusive('\n') {
                    plain.extend_from_slice(line.trim_end_matches('\n').as_bytes());
                    plain.extend_from_slice(b"\r\n");
                }
                plain
            };
            sent.extend_from_slice(b".\r\nNOOP\r\n");
            let mut reader = Unstuff::new(10_000);
            let mut got = None;
            let mut used = 0;
            for piece in sent.chunks(chunk) {
                let (n, end) = reader.feed(piece);
                used += n;
                if end.is_some() {
                    got = end;
                    break;
                }
            }
            prop_assert_eq!(got.unwrap().body, expected);
            prop_assert_eq!(&sent[used..], b"NOOP\r\n");
        }
    }
}
