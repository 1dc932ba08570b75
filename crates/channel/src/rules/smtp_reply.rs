//! SMTP replies, read incrementally from bytes (RFC 5321 §4.2, enhanced codes RFC 3463).

/// One complete reply. `text` joins the lines with a line feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub text: String,
}

/// What a reply means to a sender that decides about one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Positive,
    Transient,
    Permanent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    #[error("a reply line is longer than {MAX_LINE} bytes")]
    LineTooLong,
    #[error("a reply has more than {MAX_LINES} lines")]
    TooManyLines,
    #[error("a line is not an SMTP reply")]
    NotAReply,
    #[error("the lines of one reply carry different codes")]
    MixedCodes,
}

/// RFC 5321 §4.5.3.1.5 says 512; servers with long diagnostics exceed it.
pub const MAX_LINE: usize = 4096;
pub const MAX_LINES: usize = 128;

impl Reply {
    /// 2xx and 3xx let the dialogue go on.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.code / 100 {
            2 | 3 => Verdict::Positive,
            5 => Verdict::Permanent,
            _ => Verdict::Transient,
        }
    }

    /// The enhanced status code that opens the text (`5.1.1 No such user` → `5.1.1`).
    #[must_use]
    pub fn enhanced(&self) -> Option<&str> {
        let first = self.text.lines().next()?.split_ascii_whitespace().next()?;
        is_enhanced(first).then_some(first)
    }

    /// `550 5.1.1 No such user` on one line, for the ledger.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text: String = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > 300 {
            text = text.chars().take(300).collect();
        }
        format!("{} {text}", self.code)
    }
}

/// Whether a word has the shape `class.subject.detail` of RFC 3463.
#[must_use]
pub fn is_enhanced(word: &str) -> bool {
    let mut parts = word.split('.');
    let (Some(class), Some(subject), Some(detail), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let digits = |s: &str| !s.is_empty() && s.len() <= 3 && s.bytes().all(|b| b.is_ascii_digit());
    matches!(class, "2" | "4" | "5") && digits(subject) && digits(detail)
}

/// Takes one whole reply off the front of `buffer`: the reply and the bytes it used, or `None`
/// when more bytes are needed.
///
/// # Errors
/// The bytes can't be a reply; the connection is of no more use.
pub fn take_reply(buffer: &[u8]) -> Result<Option<(Reply, usize)>, ReplyError> {
    let mut at = 0;
    let mut code: Option<u16> = None;
    let mut text = String::new();
    for line_no in 0.. {
        if line_no >= MAX_LINES {
            return Err(ReplyError::TooManyLines);
        }
        let rest = &buffer[at..];
        let Some(end) = rest.iter().position(|&b| b == b'\n') else {
            return if rest.len() > MAX_LINE { Err(ReplyError::LineTooLong) } else { Ok(None) };
        };
        if end > MAX_LINE {
            return Err(ReplyError::LineTooLong);
        }
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        let (this, more, tail) = split_line(line)?;
        if code.is_some_and(|c| c != this) {
            return Err(ReplyError::MixedCodes);
        }
        code = Some(this);
        if line_no > 0 {
            text.push('\n');
        }
        text.push_str(&String::from_utf8_lossy(tail));
        at += end + 1;
        if !more {
            return Ok(Some((Reply { code: this, text }, at)));
        }
    }
    Ok(None)
}

fn split_line(line: &[u8]) -> Result<(u16, bool, &[u8]), ReplyError> {
    let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', tail @ ..] = line else {
        return Err(ReplyError::NotAReply);
    };
    let code = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    match tail {
        [] => Ok((code, false, tail)),
        [b' ', rest @ ..] => Ok((code, false, rest)),
        [b'-', rest @ ..] => Ok((code, true, rest)),
        _ => Err(ReplyError::NotAReply),
    }
}

/// What a server said it can do in its answer to EHLO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub pipelining: bool,
    pub starttls: bool,
    pub smtputf8: bool,
    pub eight_bit: bool,
    pub auth_plain: bool,
    pub auth_login: bool,
    /// Largest message in bytes; `None` when the server names no limit.
    pub size: Option<u64>,
}

impl Capabilities {
    #[must_use]
    pub fn parse(ehlo: &Reply) -> Self {
        let mut found = Self::default();
        for line in ehlo.text.lines().skip(1) {
            // Old servers write "AUTH=LOGIN" beside the standard form.
            let line = line.replace('=', " ").to_ascii_uppercase();
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => found.pipelining = true,
                Some("STARTTLS") => found.starttls = true,
                Some("SMTPUTF8") => found.smtputf8 = true,
                Some("8BITMIME") => found.eight_bit = true,
                Some("SIZE") => {
                    found.size = words.next().and_then(|w| w.parse().ok()).filter(|&n| n > 0);
                }
                Some("AUTH") => {
                    for word in words {
                        found.auth_plain |= word == "PLAIN";
                        found.auth_login |= word == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8]) -> Reply {
        let (reply, used) = take_reply(bytes).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        reply
    }

    #[test]
    fn reads_single_and_multi_line_replies() {
        assert_eq!(whole(b"250 ok\r\n"), Reply { code: 250, text: "ok".into() });
        assert_eq!(whole(b"354\r\n").code, 354);
        let long = whole(b"250-mx.example\r\n250-PIPELINING\r\n250 SIZE 100\r\n");
        assert_eq!(long.text, "mx.example\nPIPELINING\nSIZE 100");
        let refused = whole(b"550 5.1.1 No such user\r\n");
        assert_eq!(refused.enhanced(), Some("5.1.1"));
        assert_eq!(refused.verdict(), Verdict::Permanent);
        assert_eq!(whole(b"450 later\r\n").verdict(), Verdict::Transient);
    }

    #[test]
    fn refuses_what_is_no_reply() {
        assert_eq!(take_reply(b"hello\r\n"), Err(ReplyError::NotAReply));
        assert_eq!(take_reply(b"250-a\r\n251 b\r\n"), Err(ReplyError::MixedCodes));
        assert_eq!(take_reply(&[b'2'; MAX_LINE + 1]), Err(ReplyError::LineTooLong));
        let endless = b"250-x\r\n".repeat(MAX_LINES + 1);
        assert_eq!(take_reply(&endless), Err(ReplyError::TooManyLines));
    }

    #[test]
    fn reads_capabilities() {
        let ehlo = Reply {
            code: 250,
            text: "mx hello\nPIPELINING\nsize 10240\nAUTH=LOGIN\nAUTH PLAIN\n8BITMIME".into(),
        };
        let found = Capabilities::parse(&ehlo);
        assert!(found.pipelining && found.eight_bit && found.auth_plain && found.auth_login);
        assert!(!found.starttls && !found.smtputf8);
        assert_eq!(found.size, Some(10240));
    }

    proptest! {
        #[test]
        fn never_panics_and_never_uses_more_than_it_has(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Some((_, used))) = take_reply(&bytes) {
                prop_assert!(used <= bytes.len());
            }
        }

        #[test]
        fn a_reply_cut_anywhere_is_incomplete(code in 200u16..600, lines in proptest::collection::vec("[a-zA-Z .]{0,30}", 1..5), cut in 0usize..200) {
            let mut wire = String::new();
            for (i, line) in lines.iter().enumerate() {
                let sep = if i + 1 == lines.len() { ' ' } else { '-' };
                wire.push_str(&format!("{code}{sep}{line}\r\n"));
            }
            let (reply, used) = take_reply(wire.as_bytes()).unwrap().unwrap();
            prop_assert_eq!(used, wire.len());
            prop_assert_eq!(reply.text, lines.join("\n"));
            let cut = cut.min(wire.len() - 1);
            prop_assert_eq!(take_reply(&wire.as_bytes()[..cut]).unwrap(), None);
        }
    }
}
