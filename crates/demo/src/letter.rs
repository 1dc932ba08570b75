//! A letter as its reader sees it: links, the buttons of the mail program, the addresses to answer to.

use html5gum::{Token, Tokenizer};
use mail_parser::{HeaderValue, MessageParser};

/// What is kept of a letter that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub to: String,
    /// The envelope sender.
    pub return_path: String,
    pub subject: String,
    pub reply_to: String,
    /// Without brackets.
    pub message_id: String,
    /// Address of the one-click form (RFC 8058), when the letter offers one.
    pub one_click: Option<String>,
    pub unsubscribe_mailto: Option<String>,
    /// Addresses of the links, each once, in their order.
    pub links: Vec<String>,
    /// The head as it came, for those who return it.
    pub head: String,
}

impl Letter {
    /// `None` when the bytes are no message.
    pub fn read(return_path: &str, to: &str, raw: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(raw)?;
        let mut links = Vec::new();
        for n in 0..message.html_body_count() {
            if let Some(html) = message.body_html(n) {
                links_of(&html, &mut links);
            }
        }
        for n in 0..message.text_body_count() {
            if let Some(text) = message.body_text(n) {
                web_addresses(&text).for_each(|url| push(&mut links, url));
            }
        }
        let list: String = message
            .header_raw("List-Unsubscribe")
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let offers: Vec<&str> =
            list.split(',').map(|o| o.trim_start_matches('<').trim_end_matches('>')).collect();
        let one_click_offered = message
            .header_raw("List-Unsubscribe-Post")
            .is_some_and(|v| v.trim().eq_ignore_ascii_case("List-Unsubscribe=One-Click"));
        let from = message.from().and_then(|a| a.first()).and_then(|a| a.address()).unwrap_or_default();
        let reply_to = match message.header("Reply-To") {
            Some(HeaderValue::Address(a)) => a.first().and_then(|a| a.address()).unwrap_or(from),
            _ => from,
        };
        let end = raw.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(raw.len());
        Some(Self {
            to: to.to_owned(),
            return_path: return_path.to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            reply_to: reply_to.to_owned(),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            one_click: offers
                .iter()
                .find(|o| one_click_offered && o.starts_with("http"))
                .map(|o| (*o).to_owned()),
            unsubscribe_mailto: offers
                .iter()
                .find_map(|o| o.strip_prefix("mailto:"))
                .map(|o| o.split('?').next().unwrap_or(o).to_owned()),
            links,
            head: String::from_utf8_lossy(&raw[..end]).into_owned(),
        })
    }
}

fn push(links: &mut Vec<String>, url: &str) {
    if !links.iter().any(|known| known == url) {
        links.push(url.to_owned());
    }
}

fn links_of(html: &str, links: &mut Vec<String>) {
    for Ok(token) in Tokenizer::new(html) {
        if let Token::StartTag(tag) = token
            && tag.name.as_slice() == b"a"
            && let Some(href) = tag.attributes.get(b"href".as_slice())
        {
            let url = String::from_utf8_lossy(href).into_owned();
            if url.starts_with("http") {
                push(links, &url);
            }
        }
    }
}

/// Web addresses that stand in a plain text.
pub fn web_addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"'))
        .map(|word| word.trim_end_matches(['.', ',', ';', '!']))
        .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
}

/// What a public page of the product is for, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Tracked,
    Interests,
    Unsubscribe,
    Browser,
}

/// The page a link leads to and its path with the query; `None` for everything that is not the product's, which nobody
/// here may visit.
pub fn page_of(link: &str) -> Option<(Page, String)> {
    let url = url::Url::parse(link).ok()?;
    let page = match url.path().get(..3)? {
        "/r/" => Page::Tracked,
        "/p/" => Page::Interests,
        "/u/" => Page::Unsubscribe,
        "/v/" => Page::Browser,
        _ => return None,
    };
    let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
    Some((page, format!("{}{query}", url.path())))
}

/// The first link of a kind, as a path.
pub fn first_of(links: &[String], wanted: Page) -> Option<String> {
    links.iter().filter_map(|l| page_of(l)).find(|(page, _)| *page == wanted).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "From: =?utf-8?B?0JrQvdC40LPQsNGA0L3Rjw==?= <shop@books.test>\r\nTo: olena@ukr.net\r\nReply-To: <r.abc@in.books.test>\r\nSubject: =?utf-8?B?0JTRj9C60YPRlNC80L4=?=\r\nMessage-ID: <1.2@books.test>\r\nList-Unsubscribe: <http://127.0.0.1:8080/u/TOKEN>,\r\n <mailto:u.abc@in.books.test?subject=unsubscribe>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhttp://127.0.0.1:8080/p/PREF\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<a href=\"http://127.0.0.1:8080/p/PREF\">x</a> <a href='http://127.0.0.1:8080/r/SHOP?a=1&amp;b=2'>y</a><a href=\"mailto:x@y\">z</a>\r\n--x--\r\n";

    #[test]
    fn a_letter_is_read_like_a_mail_program_reads_it() {
        let letter = Letter::read("b.abc@in.books.test", "olena@ukr.net", RAW.as_bytes()).unwrap();
        assert_eq!(letter.subject, "Дякуємо");
        assert_eq!(letter.reply_to, "r.abc@in.books.test");
        assert_eq!(letter.message_id, "1.2@books.test");
        assert_eq!(letter.one_click.as_deref(), Some("http://127.0.0.1:8080/u/TOKEN"));
        assert_eq!(letter.unsubscribe_mailto.as_deref(), Some("u.abc@in.books.test"));
        assert_eq!(letter.links, ["http://127.0.0.1:8080/p/PREF", "http://127.0.0.1:8080/r/SHOP?a=1&b=2"]);
        assert_eq!(first_of(&letter.links, Page::Interests).as_deref(), Some("/p/PREF"));
        assert_eq!(first_of(&letter.links, Page::Tracked).as_deref(), Some("/r/SHOP?a=1&b=2"));
        assert!(letter.head.starts_with("From:") && !letter.head.contains("--x\r\n"));
    }

    #[test]
    fn without_the_second_header_there_is_no_button() {
        let raw = RAW.replace("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "");
        assert_eq!(Letter::read("", "a@b.c", raw.as_bytes()).unwrap().one_click, None);
    }

    #[test]
    fn nobody_leaves_the_product() {
        assert_eq!(page_of("https://shop.example/catalogue"), None);
        assert_eq!(
            page_of("file:///p/x"),
            Some((Page::Interests, "/p/x".to_owned())),
            "only the path is used"
        );
        assert_eq!(page_of("/p/x"), None);
        let texts: Vec<&str> = web_addresses("Олено, http://127.0.0.1/p/abc. Відмова: СТОП").collect();
        assert_eq!(texts, ["http://127.0.0.1/p/abc"]);
    }
}
