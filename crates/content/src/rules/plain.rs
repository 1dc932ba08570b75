//! The plain-text part, when its author wrote none: the letter's words with each link's address after its text.

use super::links::read_entities;

/// Text of an HTML part. Works on finished HTML and on HTML that still holds template tags, which stay as they are.
pub fn from_html(html: &str) -> String {
    let mut out = String::new();
    let mut href: Option<String> = None;
    let mut rest = html;
    let mut hidden: Option<&'static str> = None;
    loop {
        let Some(at) = rest.find('<') else {
            if hidden.is_none() {
                push_text(&mut out, rest);
            }
            break;
        };
        let (before, tail) = rest.split_at(at);
        if hidden.is_none() {
            push_text(&mut out, before);
        }
        if let Some(after) = tail.strip_prefix("<!--") {
            rest = after.find("-->").map_or("", |end| &after[end + 3..]);
            continue;
        }
        let end = tail.find('>').unwrap_or(tail.len() - 1);
        let tag = &tail[1..end];
        rest = &tail[end + 1..];
        let closing = tag.starts_with('/');
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match (name.to_ascii_lowercase().as_str(), closing) {
            ("style", false) => hidden = Some("style"),
            ("head", false) => hidden = Some("head"),
            ("title", false) if hidden.is_none() => hidden = Some("title"),
            (name, true) if hidden == Some(name) => hidden = None,
            // The preview line of the inbox list is hidden in the letter itself.
            ("div", false) if tag.contains("display:none") => hidden = Some("div"),
            ("a", false) => href = attribute(tag, "href"),
            ("a", true) => {
                if let Some(url) = href.take().filter(|url| url.starts_with("http") || url.contains("{{"))
                    && !out.ends_with(&url)
                {
                    out.push_str(" (");
                    out.push_str(&url);
                    out.push(')');
                }
            }
            ("br", _) => out.push('\n'),
            ("li", false) => out.push_str("\n- "),
            ("td" | "th", true) => out.push(' '),
            ("p" | "div" | "tr" | "table" | "h1" | "h2" | "h3" | "ul" | "ol", _) => paragraph(&mut out),
            _ => {}
        }
    }
    tidy(&out)
}

fn push_text(out: &mut String, html: &str) {
    let text = read_entities(html);
    for (i, word) in text.split_whitespace().enumerate() {
        let spaced = i > 0 || text.starts_with(char::is_whitespace);
        if spaced && !out.is_empty() && !out.ends_with(char::is_whitespace) {
            out.push(' ');
        }
        out.push_str(word);
    }
    if text.ends_with(char::is_whitespace) && !out.is_empty() && !out.ends_with(char::is_whitespace) {
        out.push(' ');
    }
}

fn paragraph(out: &mut String) {
    let kept = out.trim_end_matches(' ').len();
    out.truncate(kept);
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push_str(if out.ends_with('\n') { "\n" } else { "\n\n" });
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let value = tag.get(at..)?;
    Some(read_entities(&value[..value.find('"')?]))
}

fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(|line| line.trim_matches([' ', '\u{a0}', '\t'])) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty > 1 || (line.is_empty() && out.is_empty()) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_addresses_remain() {
        let html = "<html><head><title>T</title><style>a{}</style></head><body><!-- x --><div><p>Hi,&nbsp;<b>Ann</b>!</p>\
            <p>Look <a href=\"https://x.ua/?a=1&amp;b=2\">here</a>.</p><ul><li>one</li><li>two</li></ul></div></body></html>";
        assert_eq!(from_html(html), "Hi, Ann!\n\nLook here (https://x.ua/?a=1&b=2).\n\n- one\n- two");
    }

    #[test]
    fn template_tags_stay() {
        assert_eq!(from_html("<p>{% if a %}{{ name }}{% endif %}</p>"), "{% if a %}{{ name }}{% endif %}");
        assert_eq!(from_html("<a href=\"{{ url }}\">go</a>"), "go ({{ url }})");
    }
}
