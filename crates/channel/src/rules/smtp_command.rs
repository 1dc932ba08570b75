//! Commands that the inbound receiver understands (RFC 5321 §4.1, LMTP RFC 2033).

/// One command line, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Helo(String),
    Ehlo(String),
    Lhlo(String),
    /// The return path (empty for bounces) and the announced size.
    Mail {
        from: String,
        size: Option<u64>,
    },
    Rcpt(String),
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    StartTls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("unknown command")]
    Unknown,
    #[error("syntax error in parameters")]
    Syntax,
    #[error("command line is not text")]
    NotText,
}

/// Longest command line; RFC 5321 says 512, SMTPUTF8 and parameters need more.
pub const MAX_COMMAND: usize = 2048;

/// Parses one line without its CRLF.
///
/// # Errors
/// The line is no command of this subset, or its parameters are malformed.
pub fn parse(line: &[u8]) -> Result<Command, CommandError> {
    let line = std::str::from_utf8(line).map_err(|_| CommandError::NotText)?.trim_end();
    if line.chars().any(char::is_control) {
        return Err(CommandError::NotText);
    }
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => name(rest).map(Command::Helo),
        "EHLO" => name(rest).map(Command::Ehlo),
        "LHLO" => name(rest).map(Command::Lhlo),
        "MAIL" => {
            let (from, params) = path(rest, "FROM:")?;
            let mut size = None;
            for param in params.split_ascii_whitespace() {
                let (key, value) = param.split_once('=').unwrap_or((param, ""));
                if key.eq_ignore_ascii_case("SIZE") {
                    size = Some(value.parse().map_err(|_| CommandError::Syntax)?);
                }
            }
            Ok(Command::Mail { from, size })
        }
        "RCPT" => {
            let (to, _) = path(rest, "TO:")?;
            if to.is_empty() { Err(CommandError::Syntax) } else { Ok(Command::Rcpt(to)) }
        }
        "DATA" if rest.is_empty() => Ok(Command::Data),
        "RSET" if rest.is_empty() => Ok(Command::Rset),
        "QUIT" if rest.is_empty() => Ok(Command::Quit),
        "STARTTLS" if rest.is_empty() => Ok(Command::StartTls),
        "DATA" | "RSET" | "QUIT" | "STARTTLS" => Err(CommandError::Syntax),
        "NOOP" => Ok(Command::Noop),
        "VRFY" => Ok(Command::Vrfy),
        _ => Err(CommandError::Unknown),
    }
}

fn name(rest: &str) -> Result<String, CommandError> {
    if rest.is_empty() || rest.len() > 255 { Err(CommandError::Syntax) } else { Ok(rest.to_owned()) }
}

/// `FROM:<a@b> PARAM=1` → (`a@b`, `PARAM=1`). A source route (`<@relay:a@b>`) is dropped, as RFC 5321
/// appendix C allows.
fn path<'a>(rest: &'a str, keyword: &str) -> Result<(String, &'a str), CommandError> {
    let head = rest.get(..keyword.len()).ok_or(CommandError::Syntax)?;
    if !head.eq_ignore_ascii_case(keyword) {
        return Err(CommandError::Syntax);
    }
    let rest = rest[keyword.len()..].trim_start();
    let rest = rest.strip_prefix('<').ok_or(CommandError::Syntax)?;
    // A quoted local part may hold '>' itself.
    let mut quoted = false;
    let mut escaped = false;
    let end = rest
        .char_indices()
        .find(|&(_, c)| {
            if escaped {
                escaped = false;
            } else if quoted && c == '\\' {
                escaped = true;
            } else if c == '"' {
                quoted = !quoted;
            } else if c == '>' && !quoted {
                return true;
            }
            false
        })
        .map(|(i, _)| i)
        .ok_or(CommandError::Syntax)?;
    let (mut address, params) = (&rest[..end], &rest[end + 1..]);
    if address.starts_with('@')
        && let Some((_, after)) = address.split_once(':')
    {
        address = after;
    }
    if address.len() > 320 || (!address.is_empty() && !address.contains('@') && address != "postmaster") {
        return Err(CommandError::Syntax);
    }
    if !params.is_empty() && !params.starts_with(' ') {
        return Err(CommandError::Syntax);
    }
    Ok((address.to_owned(), params.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_dialogue_of_a_bounce() {
        assert_eq!(parse(b"EHLO mx.example"), Ok(Command::Ehlo("mx.example".into())));
        assert_eq!(
            parse(b"mail from:<> SIZE=4000 BODY=8BITMIME"),
            Ok(Command::Mail { from: String::new(), size: Some(4000) })
        );
        assert_eq!(parse(b"RCPT TO:<b.x@shop.example>"), Ok(Command::Rcpt("b.x@shop.example".into())));
        assert_eq!(parse(b"RCPT TO: <\"a>b\"@x.y>"), Ok(Command::Rcpt("\"a>b\"@x.y".into())));
        assert_eq!(parse(b"RCPT TO:<@relay.x:a@b.c>"), Ok(Command::Rcpt("a@b.c".into())));
        assert_eq!(parse(b"DATA"), Ok(Command::Data));
    }

    #[test]
    fn refuses_nonsense() {
        for (line, error) in [
            (&b"MAIL TO:<a@b>"[..], CommandError::Syntax),
            (b"MAIL FROM:a@b", CommandError::Syntax),
            (b"RCPT TO:<>", CommandError::Syntax),
            (b"RCPT TO:<a@b", CommandError::Syntax),
            (b"MAIL FROM:<a@b>SIZE=3", CommandError::Syntax),
            (b"MAIL FROM:<a@b> SIZE=many", CommandError::Syntax),
            (b"EXPN list", CommandError::Unknown),
            (b"\xff\xfe", CommandError::NotText),
            (b"NOOP \x07", CommandError::NotText),
        ] {
            assert_eq!(parse(line), Err(error), "{}", String::from_utf8_lossy(line));
        }
    }

    proptest! {
        #[test]
        fn never_panics(line in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&line);
        }

        #[test]
        fn never_panics_on_near_commands(verb in "(MAIL FROM:|RCPT TO:|mail from: |EHLO |DATA)", tail in "\\PC{0,60}") {
            if let Ok(Command::Rcpt(to)) = parse(format!("{verb}{tail}").as_bytes()) {
                prop_assert!(!to.is_empty());
            }
        }
    }
}
