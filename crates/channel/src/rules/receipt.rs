//! Delivery receipts of an SMSC: the text of SMPP 3.4 appendix B, and the optional parameters that
//! replace it.

use super::pdu::{ShortMessage, tag};

/// The final word of the network about one short message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Delivered,
    /// Final: expired, deleted, undeliverable, rejected.
    Failed,
    /// Accepted, en route, scheduled, unknown: not final.
    Pending,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub message_id: String,
    pub delivery: Delivery,
    /// The word of the SMSC (`DELIVRD`, `UNDELIV` …).
    pub state: String,
    /// `err:` as the SMSC wrote it; its meaning differs between networks.
    pub error: Option<String>,
}

fn by_word(word: &str) -> Delivery {
    match word.to_ascii_uppercase().as_str() {
        "DELIVRD" | "DELIVERED" => Delivery::Delivered,
        "EXPIRED" | "DELETED" | "UNDELIV" | "UNDELIVERABLE" | "REJECTD" | "REJECTED" => Delivery::Failed,
        _ => Delivery::Pending,
    }
}

fn by_code(code: u8) -> (Delivery, &'static str) {
    match code {
        2 => (Delivery::Delivered, "DELIVRD"),
        3 => (Delivery::Failed, "EXPIRED"),
        4 => (Delivery::Failed, "DELETED"),
        5 => (Delivery::Failed, "UNDELIV"),
        8 => (Delivery::Failed, "REJECTD"),
        6 => (Delivery::Pending, "ACCEPTD"),
        _ => (Delivery::Pending, "ENROUTE"),
    }
}

/// The value of `key:` in a receipt's text; values end at a space, except the last one, `text:`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find(key) {
        let at = from + found;
        let starts_word = at == 0 || lower.as_bytes()[at - 1] == b' ';
        let after = &text[at + key.len()..];
        if starts_word && let Some(value) = after.strip_prefix(':') {
            return value.split(' ').next().filter(|v| !v.is_empty());
        }
        from = at + key.len();
    }
    None
}

/// Parses the text form alone.
#[must_use]
pub fn parse_text(text: &str) -> Option<Receipt> {
    // `text:` holds a copy of the message, which may itself contain such words.
    let end = text.to_ascii_lowercase().find(" text:").unwrap_or(text.len());
    let text = &text[..end];
    let message_id = field(text, "id")?.to_owned();
    let state = field(text, "stat")?.to_owned();
    let error = field(text, "err").map(str::to_owned);
    Some(Receipt { message_id, delivery: by_word(&state), state, error })
}

/// Reads a receipt out of a `deliver_sm`; optional parameters win over the text.
#[must_use]
pub fn from_message(message: &ShortMessage) -> Option<Receipt> {
    let text = String::from_utf8_lossy(message.content());
    let parsed = parse_text(&text);
    let id = message.option(tag::RECEIPTED_MESSAGE_ID).map(|v| {
        let end = v.iter().position(|&b| b == 0).unwrap_or(v.len());
        String::from_utf8_lossy(&v[..end]).into_owned()
    });
    let state = message.option(tag::MESSAGE_STATE).and_then(|v| v.first()).map(|&code| by_code(code));
    match (parsed, id, state) {
        (parsed, Some(message_id), Some((delivery, word))) => {
            let error = parsed.and_then(|p| p.error);
            Some(Receipt { message_id, delivery, state: word.to_owned(), error })
        }
        (Some(parsed), Some(message_id), None) => Some(Receipt { message_id, ..parsed }),
        (Some(parsed), None, Some((delivery, word))) => {
            Some(Receipt { delivery, state: word.to_owned(), ..parsed })
        }
        (parsed, _, _) => parsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "id:0a7F sub:001 dlvrd:001 submit date:2409010900 done date:2409010901 stat:DELIVRD err:000 text:id:9 stat:UNDELIV";

    #[test]
    fn reads_the_text_of_appendix_b() {
        let receipt = parse_text(TEXT).unwrap();
        assert_eq!(receipt.message_id, "0a7F");
        assert_eq!(receipt.delivery, Delivery::Delivered);
        assert_eq!(receipt.error.as_deref(), Some("000"));
        assert_eq!(parse_text("ID:5 STAT:UNDELIV").unwrap().delivery, Delivery::Failed);
        assert_eq!(parse_text("id:5 stat:ENROUTE").unwrap().delivery, Delivery::Pending);
        assert_eq!(parse_text("Спасибо, хорошо"), None);
    }

    #[test]
    fn optional_parameters_win() {
        let message = ShortMessage {
            short_message: TEXT.as_bytes().to_vec(),
            options: vec![(tag::RECEIPTED_MESSAGE_ID, b"77\0".to_vec()), (tag::MESSAGE_STATE, vec![5])],
            ..ShortMessage::default()
        };
        let receipt = from_message(&message).unwrap();
        assert_eq!((receipt.message_id.as_str(), receipt.delivery), ("77", Delivery::Failed));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,120}", glue in "(id:|stat:|err:| text:|)") {
            let _ = parse_text(&format!("{text}{glue}{text}"));
        }
    }
}
