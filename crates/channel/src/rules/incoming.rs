//! What an incoming message is: a bounce (RFC 3464, or the free text of older relays), a complaint
//! (ARF, RFC 5965), an automatic answer (RFC 3834) or a person's own words.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::smtp_reply::is_enhanced;
use super::stop_words;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Bounce(Bounce),
    Complaint(Complaint),
    /// Out of office and other machines: noted, never a reaction.
    AutoReply {
        subject: String,
    },
    Reply(Reply),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BounceKind {
    /// The address is dead (class 5).
    Hard,
    /// Given up for now: full mailbox, greylisting, a policy refusal of this sender.
    Soft,
    /// Still being tried, or delivered after all: no bounce, only noted.
    Notice,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub kind: BounceKind,
    /// `5.1.1`, when the report names one.
    pub status: Option<String>,
    pub recipient: Option<String>,
    pub diagnostic: String,
    /// Message-ID of the returned letter, without brackets.
    pub original_message_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// `abuse`, `fraud`, `not-spam` …
    pub feedback_type: String,
    pub recipient: Option<String>,
    /// The envelope sender of the reported letter: our own return address.
    pub original_mail_from: Option<String>,
    pub original_message_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub from: Option<String>,
    pub subject: String,
    /// The person's own words, quotes of our letter cut off.
    pub text: String,
    pub asks_to_stop: bool,
}

/// Classifies a message. `None` when the bytes hold no message at all.
#[must_use]
pub fn classify(raw: &[u8], null_sender: bool) -> Option<Incoming> {
    let message = MessageParser::default().parse(raw)?;
    if let Some(complaint) = complaint(&message) {
        return Some(Incoming::Complaint(complaint));
    }
    if let Some(bounce) = report(&message) {
        return Some(Incoming::Bounce(bounce));
    }
    let subject = message.subject().unwrap_or_default().trim().to_owned();
    if null_sender || from_mailer_daemon(&message) {
        // An automatic answer also comes with an empty envelope sender; it names itself.
        if auto_submitted(&message).is_some_and(|v| v.starts_with("auto-replied"))
            || is_vacation_subject(&subject)
        {
            return Some(Incoming::AutoReply { subject });
        }
        return Some(Incoming::Bounce(free_text_bounce(&message)));
    }
    if is_auto_reply(&message, &subject) {
        return Some(Incoming::AutoReply { subject });
    }
    let text = own_words(&message.body_text(0).unwrap_or_default());
    let from = message.from().and_then(|a| a.first()).and_then(|a| a.address()).map(str::to_lowercase);
    // The subject of an answer repeats ours; only a fresh one speaks.
    let fresh_subject = !is_answer_subject(&subject);
    let asks_to_stop =
        stop_words::asks_to_stop(&text) || (fresh_subject && stop_words::asks_to_stop(&subject));
    Some(Incoming::Reply(Reply { from, subject, text, asks_to_stop }))
}

fn part_text(part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(t) | PartType::Html(t) => t.to_string(),
        PartType::Binary(b) | PartType::InlineBinary(b) => String::from_utf8_lossy(b).into_owned(),
        PartType::Message(m) => String::from_utf8_lossy(m.raw_message()).into_owned(),
        PartType::Multipart(_) => String::new(),
    }
}

fn is_type(part: &MessagePart<'_>, kind: &str, sub: &str) -> bool {
    part.content_type().is_some_and(|c| {
        c.ctype().eq_ignore_ascii_case(kind) && c.subtype().is_some_and(|s| s.eq_ignore_ascii_case(sub))
    })
}

/// Fields of a report block, unfolded: (lower-case name, value).
fn fields(text: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = out.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            out.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    out
}

fn get<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
}

/// `rfc822; olena@x.example` or `<olena@x.example>` → the bare address, lower case.
fn bare_address(value: &str) -> Option<String> {
    let value = value.rsplit(';').next().unwrap_or(value).trim();
    let value = value.trim_start_matches('<').trim_end_matches('>').trim();
    value.contains('@').then(|| value.to_lowercase())
}

/// The returned letter's headers: a whole message or its headers alone.
fn original(message: &Message<'_>) -> Vec<(String, String)> {
    for part in &message.parts {
        match &part.body {
            PartType::Message(m) => {
                let head = String::from_utf8_lossy(m.raw_message());
                return fields(&head.lines().take_while(|l| !l.is_empty()).collect::<Vec<_>>().join("\n"));
            }
            _ if is_type(part, "text", "rfc822-headers")
                || is_type(part, "message", "rfc822")
                || is_type(part, "message", "rfc822-headers") =>
            {
                return fields(&part_text(part));
            }
            _ => {}
        }
    }
    Vec::new()
}

fn message_id(fields: &[(String, String)]) -> Option<String> {
    let id = get(fields, "message-id")?.trim().trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty()).then(|| id.to_owned())
}

fn complaint(message: &Message<'_>) -> Option<Complaint> {
    let part = message.parts.iter().find(|p| is_type(p, "message", "feedback-report"))?;
    let report = fields(&part_text(part));
    let returned = original(message);
    Some(Complaint {
        feedback_type: get(&report, "feedback-type").unwrap_or("abuse").to_ascii_lowercase(),
        recipient: get(&report, "original-rcpt-to").or_else(|| get(&returned, "to")).and_then(bare_address),
        original_mail_from: get(&report, "original-mail-from").and_then(bare_address),
        original_message_id: message_id(&returned),
    })
}

fn report(message: &Message<'_>) -> Option<Bounce> {
    let part = message.parts.iter().find(|p| {
        is_type(p, "message", "delivery-status") || is_type(p, "message", "global-delivery-status")
    })?;
    let block = fields(&part_text(part));
    let action = get(&block, "action").unwrap_or("failed").to_ascii_lowercase();
    let status = get(&block, "status")
        .and_then(|s| s.split_ascii_whitespace().next())
        .filter(|s| is_enhanced(s))
        .map(str::to_owned);
    let diagnostic = get(&block, "diagnostic-code").unwrap_or_default().to_owned();
    let kind = match action.as_str() {
        "failed" => severity(status.as_deref(), &diagnostic),
        _ => BounceKind::Notice,
    };
    Some(Bounce {
        kind,
        recipient: get(&block, "final-recipient")
            .or_else(|| get(&block, "original-recipient"))
            .and_then(bare_address),
        status,
        diagnostic: short(&diagnostic),
        original_message_id: message_id(&original(message)),
    })
}

/// Class 5 is final, except where it speaks of this moment or of this sender and not of the mailbox:
/// full (5.2.2), too large (5.2.3, 5.3.4), policy and reputation (5.7.x). Without a status the text is
/// searched for one.
#[must_use]
pub fn severity(status: Option<&str>, diagnostic: &str) -> BounceKind {
    let status = status.map(str::to_owned).or_else(|| find_status(diagnostic));
    match status.as_deref() {
        Some("5.2.2" | "5.2.3" | "5.3.4") => BounceKind::Soft,
        Some(s) if s.starts_with("5.7.") => BounceKind::Soft,
        Some(s) if s.starts_with('5') => BounceKind::Hard,
        _ => BounceKind::Soft,
    }
}

/// The first `5.1.1`-like word of class 4 or 5, or the class of a bare `550`.
fn find_status(text: &str) -> Option<String> {
    let word = |w: &str| w.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    let words: Vec<String> =
        text.split(|c: char| c.is_whitespace() || c == '-' || c == '#').map(word).collect();
    if let Some(found) = words.iter().find(|w| is_enhanced(w) && !w.starts_with('2')) {
        return Some(found.clone());
    }
    words.iter().find_map(|w| match w.as_bytes() {
        [b'5', b'0'..=b'5', b'0'..=b'9'] => Some("5.0.0".to_owned()),
        [b'4', b'0'..=b'5', b'0'..=b'9'] => Some("4.0.0".to_owned()),
        _ => None,
    })
}

fn free_text_bounce(message: &Message<'_>) -> Bounce {
    let text = message.body_text(0).unwrap_or_default().into_owned();
    let status = find_status(&text);
    let recipient = text
        .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';'))
        .map(|w| w.trim_end_matches([':', '.']))
        .find(|w| w.contains('@') && w.contains('.'))
        .map(str::to_lowercase);
    let diagnostic = text
        .lines()
        .find(|l| find_status(l).is_some())
        .or_else(|| text.lines().find(|l| !l.trim().is_empty()))
        .unwrap_or_default();
    let original_message_id = text
        .lines()
        .find(|l| l.to_ascii_lowercase().starts_with("message-id:"))
        .and_then(|l| message_id(&fields(l)));
    Bounce {
        kind: severity(status.as_deref(), ""),
        status,
        recipient,
        diagnostic: short(diagnostic),
        original_message_id,
    }
}

fn short(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn other(message: &Message<'_>, name: &'static str) -> Option<String> {
    message.header_raw(name).map(|v| v.trim().to_ascii_lowercase())
}

fn auto_submitted(message: &Message<'_>) -> Option<String> {
    other(message, "Auto-Submitted")
}

fn from_mailer_daemon(message: &Message<'_>) -> bool {
    let from = message.from().and_then(|a| a.first()).and_then(|a| a.address()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    matches!(local.as_str(), "mailer-daemon" | "postmaster")
}

fn is_auto_reply(message: &Message<'_>, subject: &str) -> bool {
    auto_submitted(message).is_some_and(|v| !v.starts_with("no"))
        || other(message, "X-Autoreply").is_some()
        || other(message, "X-Autorespond").is_some()
        || other(message, "X-Autogenerated").is_some()
        || other(message, "X-Auto-Response-Suppress").is_some_and(|v| v.contains("all") || v.contains("oof"))
        || other(message, "Precedence")
            .is_some_and(|v| matches!(v.as_str(), "bulk" | "junk" | "list" | "auto_reply"))
        || is_vacation_subject(subject)
}

fn is_vacation_subject(subject: &str) -> bool {
    const STARTS: [&str; 17] = [
        "automatic reply",
        "auto reply",
        "auto:",
        "autoreply",
        "auto-reply",
        "out of office",
        "out of the office",
        "vacation",
        "on vacation",
        "автоответ",
        "автоматический ответ",
        "я в отпуске",
        "нет на месте",
        "автовідповідь",
        "автоматична відповідь",
        "я у відпустці",
        "немає на місці",
    ];
    let subject = subject.to_lowercase();
    STARTS.iter().any(|s| subject.starts_with(s))
}

fn is_answer_subject(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    ["re:", "re[", "fwd:", "fw:", "отв:", "ответ:", "на:", "відп:", "отзыв:"]
        .iter()
        .any(|s| subject.starts_with(s))
}

/// What the person wrote above the quoted letter.
fn own_words(text: &str) -> String {
    let mut kept = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('>') || is_quote_head(trimmed) {
            break;
        }
        if trimmed == "--" {
            break;
        }
        kept.push(trimmed);
    }
    let joined = kept.join("\n");
    joined.trim().chars().take(4000).collect()
}

fn is_quote_head(line: &str) -> bool {
    let lower = line.to_lowercase();
    if lower.starts_with("-----original")
        || lower.starts_with("-----исходное")
        || lower.starts_with("________")
    {
        return true;
    }
    // "On Tue, … wrote:", "вт, 3 сент. 2024 г. в 10:02, … пишет:", "… пише:"
    let attribution = lower.ends_with("wrote:")
        || lower.ends_with("пишет:")
        || lower.ends_with("писал:")
        || lower.ends_with("писал(а):")
        || lower.ends_with("пише:")
        || lower.ends_with("писав:");
    attribution && lower.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DSN: &str = "From: MAILER-DAEMON@mx.example\r\nTo: b.x@bounce.example\r\nSubject: Undelivered\r\n\
MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"B\"\r\n\r\n\
--B\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
Final-Recipient: rfc822; Olena@Mail.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
Diagnostic-Code: smtp; 550 5.1.1\r\n  No such user here\r\n\r\n\
--B\r\nContent-Type: message/rfc822\r\n\r\nFrom: shop@books.example\r\nMessage-ID: <77.abc@books.example>\r\nSubject: hi\r\n\r\nbody\r\n--B--\r\n";

    fn bounce(raw: &str) -> Bounce {
        match classify(raw.as_bytes(), true) {
            Some(Incoming::Bounce(b)) => b,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_a_delivery_report() {
        let b = bounce(DSN);
        assert_eq!(b.kind, BounceKind::Hard);
        assert_eq!(b.status.as_deref(), Some("5.1.1"));
        assert_eq!(b.recipient.as_deref(), Some("olena@mail.example"));
        assert_eq!(b.original_message_id.as_deref(), Some("77.abc@books.example"));
        assert_eq!(b.diagnostic, "smtp; 550 5.1.1 No such user here");
    }

    #[test]
    fn tells_dead_addresses_from_passing_trouble() {
        for (from, to, kind) in [
            ("Status: 5.1.1", "Status: 4.4.7", BounceKind::Soft),
            ("Status: 5.1.1", "Status: 5.2.2", BounceKind::Soft),
            ("Status: 5.1.1", "Status: 5.7.1", BounceKind::Soft),
            ("Action: failed", "Action: delayed", BounceKind::Notice),
            ("Action: failed", "Action: relayed", BounceKind::Notice),
            ("Status: 5.1.1\r\n", "", BounceKind::Hard),
        ] {
            assert_eq!(bounce(&DSN.replace(from, to)).kind, kind, "{to}");
        }
    }

    #[test]
    fn reads_free_text_of_old_relays() {
        let qmail = "From: MAILER-DAEMON@old.example\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program.\r\n<nobody@old.example>:\r\n550 sorry, no mailbox here by that name. (#5.1.1)\r\n\r\nMessage-ID: <9.z@books.example>\r\n";
        let b = bounce(qmail);
        assert_eq!((b.kind, b.recipient.as_deref()), (BounceKind::Hard, Some("nobody@old.example")));
        assert_eq!(b.original_message_id.as_deref(), Some("9.z@books.example"));
    }

    #[test]
    fn reads_a_complaint() {
        let arf = "From: fbl@big.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nabuse\r\n--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Mail-From: <b.x@bounce.example>\r\nOriginal-Rcpt-To: <a@big.example>\r\n\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <5@books.example>\r\nTo: a@big.example\r\n--B--\r\n";
        let Some(Incoming::Complaint(c)) = classify(arf.as_bytes(), false) else { panic!("no complaint") };
        assert_eq!(c.feedback_type, "abuse");
        assert_eq!(c.original_mail_from.as_deref(), Some("b.x@bounce.example"));
        assert_eq!(c.recipient.as_deref(), Some("a@big.example"));
        assert_eq!(c.original_message_id.as_deref(), Some("5@books.example"));
    }

    #[test]
    fn machines_are_not_people() {
        for headers in [
            "Auto-Submitted: auto-replied",
            "X-Autoreply: yes",
            "Precedence: bulk",
            "Subject: Автоответ: ваше письмо",
            "Subject: Автоматична відповідь",
        ] {
            let raw = format!("From: a@b.example\r\n{headers}\r\n\r\nСТОП\r\n");
            assert!(matches!(classify(raw.as_bytes(), false), Some(Incoming::AutoReply { .. })), "{headers}");
        }
        let vacation = "From: a@b.example\r\nAuto-Submitted: auto-replied (vacation)\r\n\r\nbye\r\n";
        assert!(matches!(classify(vacation.as_bytes(), true), Some(Incoming::AutoReply { .. })));
        let human = "From: a@b.example\r\nAuto-Submitted: no\r\n\r\nhello\r\n";
        assert!(matches!(classify(human.as_bytes(), false), Some(Incoming::Reply(_))));
    }

    #[test]
    fn hears_the_person_and_not_the_quote() {
        let raw = "From: \"Олена\" <Olena@b.example>\r\nSubject: Re: Дякуємо\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nЦікаво, дякую!\r\n\r\nвт, 3 вер. 2024 р. о 10:02 Shop пише:\r\n> щоб відписатися, натисніть\r\n";
        let Some(Incoming::Reply(r)) = classify(raw.as_bytes(), false) else { panic!("no reply") };
        assert_eq!(r.text, "Цікаво, дякую!");
        assert_eq!(r.from.as_deref(), Some("olena@b.example"));
        assert!(!r.asks_to_stop);
        let stop = raw.replace("Цікаво, дякую!", "Відпишіть мене, будь ласка");
        let Some(Incoming::Reply(r)) = classify(stop.as_bytes(), false) else { panic!("no reply") };
        assert!(r.asks_to_stop);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), null: bool) {
            let _ = classify(&bytes, null);
        }

        #[test]
        fn damaged_reports_never_panic(cut in 0usize..900, insert in "\\PC{0,20}", at in 0usize..900) {
            let mut raw = DSN.to_owned();
            let at = at.min(raw.len());
            raw.insert_str(at, &insert);
            let cut = cut.min(raw.len());
            let _ = classify(&raw.as_bytes()[..cut], true);
        }
    }
}
