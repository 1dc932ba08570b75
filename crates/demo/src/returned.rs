//! Mail that goes back to the sender of a letter: bounces (RFC 3464), complaints (RFC 5965), automatic answers
//! (RFC 3834) and people's own words; and the small SMTP client that delivers it.

use std::net::SocketAddr;
use std::time::Duration;

use basis::{Fault, Time};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::browser::trouble;
use crate::letter::Letter;

/// A message on its way to the product's receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Empty for mail of machines.
    pub from: String,
    pub to: String,
    pub raw: String,
}

const SERVER: &str = "mx.people.test";

fn head(from: &str, to: &str, subject: &str, at: Time, id: &str) -> String {
    let date = at.timestamp().strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From: {from}\r\nTo: <{to}>\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@{SERVER}>\r\nX-Otklik-Simulated: yes\r\nMIME-Version: 1.0\r\n"
    )
}

/// "It could not be delivered", with the code of the mailbox's server.
pub fn bounce(letter: &Letter, status: &str, diagnostic: &str, at: Time, id: &str) -> Outgoing {
    let mut raw = head(
        &format!("Mail Delivery System <MAILER-DAEMON@{SERVER}>"),
        &letter.return_path,
        "Undelivered Mail Returned to Sender",
        at,
        id,
    );
    let Letter { to, head: original, .. } = letter;
    raw.push_str(&format!(
        "Auto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"=_{id}\"\r\n\r\n\
--=_{id}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is the simulated mail system at host {SERVER}.\r\nYour message could not be delivered.\r\n\r\n<{to}>: {diagnostic}\r\n\r\n\
--=_{id}\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {SERVER}\r\nX-Otklik-Simulated: yes\r\n\r\nFinal-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {diagnostic}\r\n\r\n\
--=_{id}\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n\r\n--=_{id}--\r\n"
    ));
    Outgoing { from: String::new(), to: letter.return_path.clone(), raw }
}

/// "This is spam", as a mailbox provider's feedback loop reports it.
pub fn complaint(letter: &Letter, at: Time, id: &str) -> Outgoing {
    let mut raw = head(&format!("<feedback@{SERVER}>"), &letter.return_path, "Abuse report", at, id);
    let Letter { to, return_path, head: original, .. } = letter;
    raw.push_str(&format!(
        "Content-Type: multipart/report; report-type=feedback-report; boundary=\"=_{id}\"\r\n\r\n\
--=_{id}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is a simulated abuse report.\r\n\r\n\
--=_{id}\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Simulated/1.0\r\nVersion: 1\r\nOriginal-Mail-From: <{return_path}>\r\nOriginal-Rcpt-To: <{to}>\r\n\r\n\
--=_{id}\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n\r\n--=_{id}--\r\n"
    ));
    Outgoing { from: format!("feedback@{SERVER}"), to: letter.return_path.clone(), raw }
}

/// Subjects are other than ASCII only here, so one encoded word a line is enough.
fn encoded(subject: &str) -> String {
    if subject.is_ascii() {
        return subject.to_owned();
    }
    let mut words = Vec::new();
    let mut part = String::new();
    for c in subject.chars() {
        // 75 signs a word (RFC 2047, section 2), three for each of its bytes.
        if part.len() + 3 * c.len_utf8() > 60 {
            words.push(std::mem::take(&mut part));
        }
        let mut bytes = [0; 4];
        for byte in c.encode_utf8(&mut bytes).bytes() {
            part.push_str(&format!("={byte:02X}"));
        }
    }
    words.push(part);
    words.iter().map(|w| format!("=?utf-8?Q?{w}?=")).collect::<Vec<_>>().join("\r\n ")
}

/// A person's own answer above the quoted letter.
pub fn words(letter: &Letter, text: &str, at: Time, id: &str) -> Outgoing {
    let subject = encoded(&format!("Re: {}", letter.subject));
    let mut raw = head(&format!("<{}>", letter.to), &letter.reply_to, &subject, at, id);
    raw.push_str(&format!(
        "In-Reply-To: <{}>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n\r\n> {}\r\n",
        letter.message_id, letter.subject
    ));
    Outgoing { from: letter.to.clone(), to: letter.reply_to.clone(), raw }
}

/// "I am away until Monday": goes to the envelope sender, from nobody (RFC 3834, sections 3.3 and 4).
pub fn away(letter: &Letter, at: Time, id: &str) -> Outgoing {
    let mut raw = head(
        &format!("<{}>", letter.to),
        &letter.return_path,
        &encoded("Автовідповідь: мене немає на місці"),
        at,
        id,
    );
    raw.push_str(&format!(
        "Auto-Submitted: auto-replied\r\nIn-Reply-To: <{}>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nЯ у відпустці до понеділка. [simulated]\r\n",
        letter.message_id
    ));
    Outgoing { from: String::new(), to: letter.return_path.clone(), raw }
}

/// What a mail program sends for its unsubscribe button when the letter offers only an address.
pub fn unsubscribe(letter: &Letter, to: &str, at: Time, id: &str) -> Outgoing {
    let mut raw = head(&format!("<{}>", letter.to), to, "unsubscribe", at, id);
    raw.push_str("Content-Type: text/plain; charset=us-ascii\r\n\r\nunsubscribe\r\n");
    Outgoing { from: letter.to.clone(), to: to.to_owned(), raw }
}

const PATIENCE: Duration = Duration::from_secs(20);

struct Dialogue {
    stream: BufReader<TcpStream>,
}

impl Dialogue {
    async fn say(&mut self, line: &str) -> Result<(), Fault> {
        let lost = |e: std::io::Error| trouble(format!("mail to the product: {e}"));
        self.stream.get_mut().write_all(line.as_bytes()).await.map_err(lost)
    }

    /// The last line of an answer, when its code begins with the wanted digit.
    async fn hear(&mut self, wanted: char) -> Result<String, Fault> {
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.stream.read_line(&mut line)).await;
            match read {
                Ok(Ok(n)) if n > 0 => {}
                _ => return Err(trouble("mail to the product: no answer".to_owned())),
            }
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            return if line.starts_with(wanted) {
                Ok(line)
            } else {
                Err(trouble(format!("mail to the product was refused: {}", line.trim())))
            };
        }
    }
}

/// Delivers one message.
///
/// # Errors
/// The receiver can't be reached or refuses it.
pub async fn deliver(server: SocketAddr, mail: &Outgoing) -> Result<(), Fault> {
    if !server.ip().is_loopback() {
        return Err(Fault::refused("not_loopback", "Simulated mail stays on this machine."));
    }
    let stream =
        TcpStream::connect(server).await.map_err(|e| trouble(format!("mail to the product: {e}")))?;
    stream.set_nodelay(true).map_err(|e| trouble(e.to_string()))?;
    let mut dialogue = Dialogue { stream: BufReader::new(stream) };
    dialogue.hear('2').await?;
    dialogue.say(&format!("EHLO {SERVER}\r\n")).await?;
    dialogue.hear('2').await?;
    dialogue.say(&format!("MAIL FROM:<{}>\r\n", mail.from)).await?;
    dialogue.hear('2').await?;
    dialogue.say(&format!("RCPT TO:<{}>\r\n", mail.to)).await?;
    dialogue.hear('2').await?;
    dialogue.say("DATA\r\n").await?;
    dialogue.hear('3').await?;
    let stuffed: String = mail
        .raw
        .split_inclusive('\n')
        .map(|l| if l.starts_with('.') { format!(".{l}") } else { l.to_owned() })
        .collect();
    dialogue.say(&stuffed).await?;
    dialogue.say(".\r\n").await?;
    dialogue.hear('2').await?;
    dialogue.say("QUIT\r\n").await
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;

    fn letter() -> Letter {
        Letter {
            to: "olena@ukr.net".into(),
            return_path: "b.abc@in.books.test".into(),
            subject: "Дякуємо за «Дюну»".into(),
            reply_to: "r.abc@in.books.test".into(),
            message_id: "1.2@books.test".into(),
            one_click: None,
            unsubscribe_mailto: None,
            links: Vec::new(),
            head: "Subject: x\r\nMessage-ID: <1.2@books.test>".into(),
        }
    }

    #[test]
    fn a_bounce_is_a_delivery_status_report() {
        let mail =
            bounce(&letter(), "5.1.1", "550 5.1.1 No such user", Time::from_millis(1_725_000_000_000), "n1");
        assert_eq!((mail.from.as_str(), mail.to.as_str()), ("", "b.abc@in.books.test"));
        let message = MessageParser::default().parse(mail.raw.as_bytes()).unwrap();
        assert_eq!(message.content_type().unwrap().subtype(), Some("report"));
        let types: Vec<_> =
            message.parts.iter().filter_map(|p| p.content_type().and_then(|c| c.subtype())).collect();
        assert_eq!(types, ["report", "plain", "delivery-status", "rfc822-headers"]);
        assert!(
            mail.raw
                .contains("Final-Recipient: rfc822; olena@ukr.net\r\nAction: failed\r\nStatus: 5.1.1\r\n")
        );
        assert!(mail.raw.contains("Message-ID: <1.2@books.test>"));
        assert!(!mail.raw.replace("\r\n", "").contains('\n'), "only whole line ends");
    }

    #[test]
    fn an_answer_comes_from_the_person_and_keeps_the_subject() {
        let mail = words(&letter(), "Не пишіть мені більше.", Time::from_millis(0), "n2");
        let message = MessageParser::default().parse(mail.raw.as_bytes()).unwrap();
        assert_eq!(message.subject(), Some("Re: Дякуємо за «Дюну»"));
        assert!(message.body_text(0).unwrap().starts_with("Не пишіть мені більше."));
        assert_eq!(mail.from, "olena@ukr.net");
        assert!(mail.raw.lines().all(|l| l.len() < 998));
    }

    #[test]
    fn machines_name_themselves() {
        let mail = away(&letter(), Time::from_millis(0), "n3");
        assert!(mail.from.is_empty() && mail.raw.contains("Auto-Submitted: auto-replied"));
        assert!(complaint(&letter(), Time::from_millis(0), "n4").raw.contains("Feedback-Type: abuse"));
    }
}
