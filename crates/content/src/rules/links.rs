//! Finds the links of a finished letter and changes where they lead.

/// A link as it stands in a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// Where it leads, HTML entities already read.
    pub url: &'a str,
    /// Its place among the links of the part, from 0.
    pub index: usize,
}

/// Every `href="…"` of the HTML goes through `change`; `None` leaves it. Attributes are double-quoted, as the MJML
/// renderer and the escaping of fields make them.
pub fn rewrite_html(html: &str, change: &mut dyn FnMut(Link<'_>) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len() + 512);
    let mut rest = html;
    let mut index = 0;
    while let Some(at) = rest.find(HREF) {
        let start = at + HREF.len();
        let Some(len) = rest[start..].find('"') else { break };
        let value = &rest[start..start + len];
        out.push_str(&rest[..start]);
        let url = read_entities(value);
        match change(Link { url: url.trim(), index }) {
            Some(new) => out.push_str(&write_attribute(&new)),
            None => out.push_str(value),
        }
        index += 1;
        rest = &rest[start + len..];
    }
    out.push_str(rest);
    out
}

const HREF: &str = "href=\"";

/// Every `http(s)://…` of a plain text goes through `change`.
pub fn rewrite_text(text: &str, change: &mut dyn FnMut(Link<'_>) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 256);
    let mut rest = text;
    let mut index = 0;
    while let Some(at) = rest.find("http") {
        let tail = &rest[at..];
        out.push_str(&rest[..at]);
        if !tail.starts_with("http://") && !tail.starts_with("https://") {
            out.push_str("http");
            rest = &tail[4..];
            continue;
        }
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | '»'))
            .unwrap_or(tail.len());
        let url = tail[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        match change(Link { url, index }) {
            Some(new) => out.push_str(&new),
            None => out.push_str(url),
        }
        index += 1;
        rest = &tail[url.len()..];
    }
    out.push_str(rest);
    out
}

/// The addresses of all links of an HTML part.
pub fn html_links(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    rewrite_html(html, &mut |link| {
        found.push(link.url.to_owned());
        None
    });
    found
}

/// `&amp;` and the other entities that a template writes.
pub fn read_entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = tail.char_indices().take(10).find(|(_, c)| *c == ';').map(|(i, _)| i);
        match end.and_then(|end| entity(&tail[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &tail[end + 1..];
            }
            None => {
                out.push('&');
                rest = &tail[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "laquo" => '«',
        "raquo" => '»',
        "mdash" => '—',
        "ndash" => '–',
        "hellip" => '…',
        "copy" => '©',
        "middot" => '·',
        "bull" => '•',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

fn write_attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_read_and_written_as_html() {
        let html = r#"<a href="https://x.ua/?a=1&amp;b=2">x</a> <a href="mailto:a@x.ua">m</a>"#;
        let seen = html_links(html);
        assert_eq!(seen, ["https://x.ua/?a=1&b=2", "mailto:a@x.ua"]);
        let out = rewrite_html(html, &mut |l| {
            l.url.starts_with("http").then(|| format!("https://t/{}?q=\"&", l.index))
        });
        assert_eq!(out, r#"<a href="https://t/0?q=&quot;&amp;">x</a> <a href="mailto:a@x.ua">m</a>"#);
    }

    #[test]
    fn links_of_a_text_keep_the_marks_after_them() {
        let out =
            rewrite_text("See https://x.ua/a, (http://y.ua). httpd", &mut |l| Some(format!("[{}]", l.url)));
        assert_eq!(out, "See [https://x.ua/a], ([http://y.ua]). httpd");
    }

    proptest! {
        #[test]
        fn leaving_every_link_leaves_the_letter(text in "\\PC{0,80}(href=\")?\\PC{0,20}(\")?\\PC{0,40}(http://)?\\PC{0,9}") {
            prop_assert_eq!(&rewrite_html(&text, &mut |_| None), &text);
            prop_assert_eq!(rewrite_text(&text, &mut |_| None), text);
        }
    }
}
