//! MJML to HTML, with the template tags kept whole.
//!
//! The MJML reader would take the `<` of `{% if a < b %}` for a tag, and drops text that stands between sections. So
//! each template tag travels through it as one plain word, and a statement between sections travels inside `mj-raw`.

use super::sandbox::{Piece, TemplateError, pieces};

/// Elements whose content is text or HTML; everywhere else only elements may stand.
const CONTENT: [&str; 13] = [
    "mj-text",
    "mj-button",
    "mj-raw",
    "mj-table",
    "mj-title",
    "mj-preview",
    "mj-style",
    "mj-accordion-title",
    "mj-accordion-text",
    "mj-navbar-link",
    "mj-social-element",
    "mj-font",
    "mj-breakpoint",
];
/// Elements that take `mj-raw` beside their parts.
const TAKES_RAW: [&str; 7] =
    ["mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"];
/// The other elements of MJML.
const STRUCTURE: &[&str] = &[
    "mjml",
    "mj-attributes",
    "mj-all",
    "mj-class",
    "mj-html-attributes",
    "mj-selector",
    "mj-html-attribute",
    "mj-divider",
    "mj-spacer",
    "mj-image",
    "mj-carousel",
    "mj-carousel-image",
    "mj-accordion",
    "mj-accordion-element",
    "mj-navbar",
    "mj-social",
];

fn known(name: &str) -> bool {
    [&CONTENT[..], &TAKES_RAW, STRUCTURE].iter().any(|names| names.contains(&name))
}

/// Where the shipped sender and unsubscribe block goes.
pub const FOOTER: &str = "<letter-footer />";

const PART: &str = "html";

/// HTML whose template tags are still in place.
///
/// # Errors
/// What is wrong and on which line of the MJML.
pub fn to_html(source: &str, footer: &str) -> Result<String, TemplateError> {
    // On one line, so that the lines after it keep their numbers.
    let source = source.replace(FOOTER, &footer.replace('\n', " "));
    let (plain, tags) = hide_tags(&source)?;
    let parsed = mrml::parse(&plain).map_err(|e| parse_error(&e, &plain))?;
    if let Some(warning) = parsed.warnings.first() {
        let line = line_at(&plain, warning.span.start);
        return Err(TemplateError::new(PART, Some(line), "this attribute is not known to MJML here"));
    }
    let options = mrml::prelude::render::RenderOptions {
        fonts: std::collections::HashMap::new(),
        ..Default::default()
    };
    let html = parsed.element.render(&options).map_err(|e| TemplateError::new(PART, None, e.to_string()))?;
    Ok(show_tags(&html, &tags))
}

fn word(index: usize) -> String {
    format!("xq{index:04}qx")
}

fn show_tags(html: &str, tags: &[String]) -> String {
    let mut out = String::with_capacity(html.len() + tags.iter().map(String::len).sum::<usize>());
    let mut rest = html;
    while let Some(at) = rest.find("xq") {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let index =
            tail.get(2..6).filter(|_| tail.get(6..8) == Some("qx")).and_then(|n| n.parse::<usize>().ok());
        match index.and_then(|i| tags.get(i)) {
            Some(tag) => {
                out.push_str(tag);
                rest = &tail[8..];
            }
            None => {
                out.push_str("xq");
                rest = &tail[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Where the reader stands in the markup.
#[derive(Default)]
struct Place {
    open: Vec<String>,
    /// Within `<…>`, and the quote of the attribute's value.
    tag: Option<String>,
    quote: Option<char>,
    remark: bool,
}

fn hide_tags(source: &str) -> Result<(String, Vec<String>), TemplateError> {
    let mut out = String::with_capacity(source.len());
    let mut tags = Vec::new();
    let mut place = Place::default();
    let mut line = 1;
    for piece in pieces(source) {
        let tag = match piece {
            Piece::Text(text) => {
                place.read(text, line)?;
                line += text.matches('\n').count();
                out.push_str(text);
                continue;
            }
            Piece::Remark(tag) => {
                line += tag.matches('\n').count();
                out.extend(tag.matches('\n'));
                continue;
            }
            Piece::Expression(tag) | Piece::Statement(tag) => tag,
        };
        if tags.len() >= 10_000 {
            return Err(TemplateError::new(PART, Some(line), "too many template tags for one letter"));
        }
        let name = word(tags.len());
        let between = place.tag.is_none() && !place.remark && place.structural();
        if between && matches!(piece, Piece::Expression(_)) {
            return Err(TemplateError::new(
                PART,
                Some(line),
                "a field must stand inside <mj-text> or another element with text",
            ));
        }
        if between && !place.open.last().is_some_and(|name| TAKES_RAW.contains(&name.as_str())) {
            let parent = place.open.last().map_or("the document", String::as_str);
            return Err(TemplateError::new(
                PART,
                Some(line),
                format!("if and for cannot stand directly in {parent}"),
            ));
        }
        if between {
            out.push_str("<mj-raw>");
            out.push_str(&name);
            out.push_str("</mj-raw>");
        } else {
            out.push_str(&name);
        }
        out.extend(tag.matches('\n'));
        line += tag.matches('\n').count();
        tags.push(tag.to_owned());
    }
    Ok((out, tags))
}

impl Place {
    fn structural(&self) -> bool {
        !self.open.iter().any(|name| CONTENT.contains(&name.as_str()))
    }

    fn read(&mut self, text: &str, mut line: usize) -> Result<(), TemplateError> {
        for (at, c) in text.char_indices() {
            if c == '\n' {
                line += 1;
            }
            if self.remark {
                self.remark = !text[..=at].ends_with("-->");
                continue;
            }
            if let Some(tag) = &mut self.tag {
                match (self.quote, c) {
                    (Some(q), c) if c == q => self.quote = None,
                    (Some(_), _) => {}
                    (None, '"' | '\'') => self.quote = Some(c),
                    (None, '>') => {
                        let tag = std::mem::take(tag);
                        self.tag = None;
                        self.close(&tag, line)?;
                        continue;
                    }
                    _ => {}
                }
                tag.push(c);
                continue;
            }
            if c == '<' {
                if text[at..].starts_with("<!--") {
                    self.remark = true;
                } else {
                    self.tag = Some(String::new());
                }
            } else if !c.is_whitespace() && self.structural() {
                let message = "text must stand inside <mj-text>; here it would be lost";
                return Err(TemplateError::new(PART, Some(line), message));
            }
        }
        Ok(())
    }

    fn close(&mut self, tag: &str, line: usize) -> Result<(), TemplateError> {
        let closing = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '!'))
            .collect();
        if !(name == "mjml" || name.starts_with("mj-")) {
            if self.structural() && name != "!DOCTYPE" && name != "!doctype" {
                let hint = if name == "letter-footer" { "; write it as <letter-footer />" } else { "" };
                return Err(TemplateError::new(
                    PART,
                    Some(line),
                    format!("<{name}> must stand inside <mj-text> or <mj-raw>{hint}"),
                ));
            }
            return Ok(());
        }
        if name == "mj-include" {
            return Err(TemplateError::new(
                PART,
                Some(line),
                "mj-include is not allowed: a letter reads no files",
            ));
        }
        // Within <mj-attributes> an element's name stands for its defaults, with or without content.
        if !known(&name) {
            return Err(TemplateError::new(PART, Some(line), format!("<{name}> is not an element of MJML")));
        }
        if closing {
            if self.open.pop().as_deref() != Some(name.as_str()) {
                return Err(TemplateError::new(
                    PART,
                    Some(line),
                    format!("</{name}> closes nothing that is open here"),
                ));
            }
        } else if !tag.ends_with('/') {
            self.open.push(name);
        }
        Ok(())
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

fn parse_error(error: &mrml::prelude::parser::Error, plain: &str) -> TemplateError {
    use mrml::prelude::parser::Error;
    let (line, message) = match error {
        Error::UnexpectedElement { position, .. } => {
            (Some(position.start), "this element is not allowed here".to_owned())
        }
        Error::UnexpectedToken { position, .. } => {
            (Some(position.start), "this is not allowed here".to_owned())
        }
        Error::MissingAttribute { name, position, .. } => {
            (Some(position.start), format!("the attribute {name} is missing"))
        }
        Error::InvalidAttribute { position, .. } => {
            (Some(position.start), "this attribute cannot be read".to_owned())
        }
        Error::InvalidFormat { position, .. } => (Some(position.start), "this cannot be read".to_owned()),
        Error::IncludeLoaderError { position, .. } => {
            (Some(position.start), "a letter reads no files".to_owned())
        }
        Error::EndOfStream { .. } => {
            return TemplateError::new(PART, None, "an element is opened and never closed");
        }
        Error::ParserError { source, .. } => {
            let row = usize::try_from(source.pos().row).ok();
            return TemplateError::new(PART, row, "the markup cannot be read; write < in text as &lt;");
        }
        Error::NoRootNode | Error::SizeLimit { .. } => (None, "a letter is one <mjml> document".to_owned()),
    };
    let line = line.map(|offset| line_at(plain, offset));
    TemplateError::new(PART, line, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(inner: &str) -> String {
        format!("<mjml><mj-body>\n{inner}\n</mj-body></mjml>")
    }

    #[test]
    fn tags_come_through_whole() {
        let source = body(
            "{% if a < 3 and b %}\n<mj-section><mj-column>{% for x in xs %}<mj-text>{{ x }} & {{ \"a}}b\" }}</mj-text>{% endfor %}\
             <mj-button href=\"{{ url }}?a=1\">go</mj-button></mj-column></mj-section>{# no #}\n{% endif %}",
        );
        let html = to_html(&source, "").unwrap();
        for tag in [
            "{% if a < 3 and b %}",
            "{% for x in xs %}",
            "{{ x }}",
            "{{ \"a}}b\" }}",
            "{{ url }}?a=1",
            "{% endif %}",
        ] {
            assert!(html.contains(tag), "{tag} in {html}");
        }
        assert!(!html.contains("xq0"));
        let at = |tag: &str| html.find(tag).unwrap();
        assert!(
            at("{% if") < at("{% for") && at("{% for") < at("{% endfor") && at("{% endfor") < at("{% endif")
        );
    }

    #[test]
    fn mistakes_name_their_line() {
        for (inner, line, part) in [
            ("<mj-section>\nhello</mj-section>", Some(3), "would be lost"),
            ("\n\n<mj-foo></mj-foo>", Some(4), "not an element"),
            ("<mj-section><mj-column><mj-text>{{ a\n}}</mj-text></mj-section>", Some(3), "closes nothing"),
            ("<mj-include path=\"/etc/passwd\" />", Some(2), "reads no files"),
            ("<mj-section>{{ name }}</mj-section>", Some(2), "inside <mj-text>"),
            ("\n<p>hi</p>", Some(3), "inside <mj-text>"),
        ] {
            let error = to_html(&body(inner), "").unwrap_err();
            assert!(error.message.contains(part), "{error} for {inner}");
            assert_eq!(error.line, line, "{error} for {inner}");
        }
        assert!(to_html("hello", "").is_err());
        assert!(to_html("", "").is_err());
    }
}
