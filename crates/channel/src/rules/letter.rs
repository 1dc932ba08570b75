//! One letter as bytes: headers and a text + HTML body.

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

/// What a letter is made of. Texts come rendered; addresses come parsed.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    pub from_name: &'a str,
    pub from: &'a str,
    pub to_name: &'a str,
    pub to: &'a str,
    pub reply_to: Option<&'a str>,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// Seconds since 1970, on the campaign's clock.
    pub date: i64,
    /// Without angle brackets; unique for the ledger row, the same at every try.
    pub message_id: &'a str,
    /// `List-Unsubscribe`: the https link that takes the one-click POST of RFC 8058, and the mailto.
    pub unsubscribe_url: Option<&'a str>,
    pub unsubscribe_mailto: Option<&'a str>,
    /// `Feedback-ID` of Gmail's postmaster tools: `campaign:workspace:kind:sender`.
    pub feedback_id: Option<&'a str>,
    /// Marketing is `bulk`; a test letter or a single answer is not.
    pub bulk: bool,
    /// Labels letters of a simulated workspace.
    pub simulated: bool,
}

/// A header value must stay on its own line whatever a customer's name holds.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn raw(value: impl Into<String>) -> HeaderType<'static> {
    HeaderType::Raw(Raw::new(one_line(&value.into())))
}

fn address<'a>(name: &str, email: &'a str) -> Address<'a> {
    let name = one_line(name);
    Address::new_address((!name.is_empty()).then_some(name), email)
}

/// Serialises the letter. The same letter gives the same bytes: the boundary comes from the message id.
#[must_use]
pub fn build(letter: &Letter<'_>) -> Vec<u8> {
    let mut message = MessageBuilder::new()
        .date(letter.date)
        .from(address(letter.from_name, letter.from))
        .to(address(letter.to_name, letter.to))
        .subject(one_line(letter.subject))
        .message_id(letter.message_id);
    if let Some(reply_to) = letter.reply_to {
        message = message.reply_to(Address::new_address(None::<&str>, reply_to));
    }
    let targets: Vec<String> = letter
        .unsubscribe_url
        .map(str::to_owned)
        .into_iter()
        .chain(letter.unsubscribe_mailto.map(|m| format!("mailto:{m}?subject=unsubscribe")))
        .map(|target| format!("<{target}>"))
        .collect();
    if !targets.is_empty() {
        message = message.header("List-Unsubscribe", raw(targets.join(", ")));
    }
    // RFC 8058 §3.1: only together with an https target.
    if letter.unsubscribe_url.is_some() {
        message = message.header("List-Unsubscribe-Post", raw("List-Unsubscribe=One-Click"));
    }
    if let Some(id) = letter.feedback_id {
        message = message.header("Feedback-ID", raw(id));
    }
    // RFC 3834 §5: a mailing is automatic but answers nobody, and vacation responders must leave it.
    message = message.header("Auto-Submitted", raw("auto-generated"));
    if letter.bulk {
        message = message.header("Precedence", raw("bulk"));
    }
    if letter.simulated {
        message = message.header("X-Otklik-Simulated", raw("yes"));
    }
    let boundary: String = letter.message_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let alternative =
        ContentType::new("multipart/alternative").attribute("boundary", format!("=_{boundary}"));
    let parts = vec![
        MimePart::new("text/plain", BodyPart::Text(letter.text.into())),
        MimePart::new("text/html", BodyPart::Text(letter.html.into())),
    ];
    let mut out = Vec::with_capacity(letter.text.len() + letter.html.len() * 3 / 2 + 1024);
    message.body(MimePart::new(alternative, parts)).serialize(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{HeaderName, MessageParser};
    use proptest::prelude::*;

    fn letter<'a>(subject: &'a str, to_name: &'a str, text: &'a str, html: &'a str) -> Letter<'a> {
        Letter {
            from_name: "Книжковий двір",
            from: "shop@books.example",
            to_name,
            to: "olena@mail.example",
            reply_to: Some("r.x@bounce.books.example"),
            subject,
            text,
            html,
            date: 1_725_181_200,
            message_id: "77.abc@books.example",
            unsubscribe_url: Some("https://books.example/u/abc"),
            unsubscribe_mailto: Some("u.x@bounce.books.example"),
            feedback_id: Some("7:3:activation:otklik"),
            bulk: true,
            simulated: false,
        }
    }

    #[test]
    fn carries_the_headers_that_mailbox_providers_ask_for() {
        let bytes = build(&letter("Дякуємо за «Дюну»", "Олена", "Привіт", "<p>Привіт</p>"));
        let text = String::from_utf8(bytes.clone()).unwrap();
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.subject(), Some("Дякуємо за «Дюну»"));
        assert_eq!(parsed.body_text(0).unwrap().trim_end(), "Привіт");
        assert_eq!(parsed.body_html(0).unwrap().trim_end(), "<p>Привіт</p>");
        assert_eq!(parsed.message_id(), Some("77.abc@books.example"));
        assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        let list = parsed.header_raw(HeaderName::ListUnsubscribe).unwrap();
        assert!(list.contains("<https://books.example/u/abc>"), "{list}");
        assert!(list.contains("<mailto:u.x@bounce.books.example?subject=unsubscribe>"), "{list}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(text.lines().all(|l| l.len() <= 998));
        assert_eq!(bytes, build(&letter("Дякуємо за «Дюну»", "Олена", "Привіт", "<p>Привіт</p>")));
    }

    #[test]
    fn a_name_cannot_add_headers() {
        let bytes = build(&letter("a\r\nBcc: evil@x", "b\nX-Evil: 1", "t", "h"));
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert!(parsed.bcc().is_none());
        assert!(parsed.header("X-Evil").is_none());
    }

    proptest! {
        #[test]
        fn any_text_survives(subject in "[а-яa-zіїє0-9 ,.!«»-]{1,80}", name in "\\PC{0,30}", body in "[а-яa-z0-9 .\\n]{0,400}") {
            let bytes = build(&letter(&subject, &name, &body, &body));
            let parsed = MessageParser::default().parse(&bytes).unwrap();
            let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(squeeze(parsed.subject().unwrap_or_default()), squeeze(&subject));
            prop_assert_eq!(squeeze(&parsed.body_text(0).unwrap()), squeeze(&body));
            prop_assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("olena@mail.example"));
        }
    }
}
