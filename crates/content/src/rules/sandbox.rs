//! The template engine, locked in: no files, no assignment, a fuel limit and an output limit.
//!
//! `set`, `with`, `macro`, `filter` and recursive loops are refused because they let a short template double a text
//! until memory ends; `include`, `import` and `extends` because a letter is one piece. What remains is `if` and `for`
//! over the person's own data.

use std::{fmt, io};

use basis::Lang;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, value::ValueKind};

use super::grammar;

/// Instructions one part of a letter may run. The shipped letter takes about 600.
pub const FUEL: u64 = 50_000;
/// Bytes one part of a letter may have. Mail services cut letters at about 100 KB.
pub const MAX_OUTPUT: usize = 400_000;
pub const MAX_SOURCE: usize = 200_000;

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// Which part: `subject`, `html`, `text`, `sms`, `script`.
    pub part: &'static str,
    /// 1-based line of the template as its author wrote it.
    pub line: Option<usize>,
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.part, self.message),
            None => write!(f, "{}: {}", self.part, self.message),
        }
    }
}

impl TemplateError {
    pub fn new(part: &'static str, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { part, line, message: message.into() }
    }

    pub fn from_engine(part: &'static str, error: &Error) -> Self {
        let detail = error.detail().unwrap_or_default();
        let message = match error.kind() {
            ErrorKind::OutOfFuel => {
                "the template runs too long: a loop within a loop, or a loop over too much".to_owned()
            }
            ErrorKind::UndefinedError if detail.is_empty() => {
                "this name is not known to letters; see the list of merge fields".to_owned()
            }
            ErrorKind::WriteFailure => {
                format!("the letter grows past {MAX_OUTPUT} bytes; mail services cut letters at about 100 KB")
            }
            ErrorKind::SyntaxError => format!("the template cannot be read: {detail}"),
            ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
                format!("{}: {detail}", error.kind())
            }
            kind if detail.is_empty() => kind.to_string(),
            kind => format!("{kind}: {detail}"),
        };
        Self { part, line: error.line(), message }
    }
}

const STATEMENTS: [&str; 9] = ["if", "elif", "else", "endif", "for", "endfor", "raw", "endraw", "verbatim"];

/// A piece of a template source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// `{{ … }}`
    Expression(&'a str),
    /// `{% … %}`
    Statement(&'a str),
    /// `{# … #}`
    Remark(&'a str),
}

/// Splits a source into text and tags. A tag ends at its own bracket outside of quotes; an unclosed one runs to the
/// end and is reported by the engine.
pub fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find('{') {
        let (before, tail) = rest.split_at(start);
        let close = match tail.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                let (text, next) = rest.split_at(start + 1);
                out.push(Piece::Text(text));
                rest = next;
                continue;
            }
        };
        if !before.is_empty() {
            out.push(Piece::Text(before));
        }
        let end = tag_end(tail, close);
        let (tag, next) = tail.split_at(end);
        out.push(match close {
            "}}" => Piece::Expression(tag),
            "%}" => Piece::Statement(tag),
            _ => Piece::Remark(tag),
        });
        rest = next;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest));
    }
    out
}

fn tag_end(tag: &str, close: &str) -> usize {
    let bytes = tag.as_bytes();
    let mut quote = None;
    let mut at = 2;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(q), c) if c == q => quote = None,
            (None, c @ (b'"' | b'\'')) if close != "#}" => quote = Some(c),
            (None, _) if bytes[at..].starts_with(close.as_bytes()) => return at + 2,
            _ => {}
        }
        at += 1;
    }
    tag.len()
}

/// Refuses what a letter may not hold.
///
/// # Errors
/// The first forbidden statement, or a source past [`MAX_SOURCE`].
pub fn check_statements(part: &'static str, source: &str) -> Result<(), TemplateError> {
    if source.len() > MAX_SOURCE {
        return Err(TemplateError::new(
            part,
            None,
            format!("the template is longer than {MAX_SOURCE} bytes"),
        ));
    }
    let mut line = 1;
    for piece in pieces(source) {
        let (Piece::Text(body) | Piece::Expression(body) | Piece::Statement(body) | Piece::Remark(body)) =
            piece;
        if let Piece::Statement(tag) = piece {
            let inner = tag.trim_start_matches("{%").trim_end_matches("%}").trim_matches(['-', '+']).trim();
            let word = inner.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if !STATEMENTS.contains(&word) {
                let message = format!(
                    "\"{word}\" is not allowed in letters; a letter knows if, for and {{{{ fields }}}}"
                );
                return Err(TemplateError::new(part, Some(line), message));
            }
            if word == "for" && inner.ends_with("recursive") {
                return Err(TemplateError::new(
                    part,
                    Some(line),
                    "recursive loops are not allowed in letters",
                ));
            }
        }
        line += body.matches('\n').count();
    }
    Ok(())
}

/// An engine for one language. Templates named `*.html` escape what they print, others print as it is.
pub fn engine(lang: Lang) -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(20);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_debug(false);
    env.set_auto_escape_callback(
        |name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None },
    );
    env.add_filter("default", minijinja::filters::default);
    env.add_filter("upper", minijinja::filters::upper);
    env.add_filter("lower", minijinja::filters::lower);
    env.add_filter("capitalize", minijinja::filters::capitalize);
    env.add_filter("trim", |text: &str| text.trim().to_owned());
    env.add_filter("length", minijinja::filters::length);
    env.add_filter("first", minijinja::filters::first);
    env.add_filter("last", minijinja::filters::last);
    env.add_filter("cut", |text: &str, limit: usize| -> String {
        if text.chars().count() <= limit {
            text.to_owned()
        } else {
            text.chars().take(limit).chain(['…']).collect()
        }
    });
    env.add_filter("quoted", move |text: &str| grammar::quoted(&grammar::clean_title(text), lang));
    env.add_filter("list", move |items: Value| -> Result<String, Error> {
        Ok(grammar::list(&strings(&items)?, lang))
    });
    env.add_filter("plural", move |n: i64, one: &str, few: &str, many: Option<&str>| {
        grammar::plural(n, lang, one, few, many.unwrap_or(few)).to_owned()
    });
    env.add_function("range", minijinja::functions::range);
    env.add_test("defined", minijinja::tests::is_defined);
    env
}

fn strings(items: &Value) -> Result<Vec<String>, Error> {
    if items.kind() != ValueKind::Seq {
        return Err(Error::new(ErrorKind::InvalidOperation, "list joins a list of texts"));
    }
    let mut out = Vec::new();
    for item in items.try_iter()?.take(100) {
        let Some(text) = item.as_str() else {
            return Err(Error::new(ErrorKind::InvalidOperation, "list joins a list of texts"));
        };
        out.push(text.to_owned());
    }
    Ok(out)
}

/// Renders into a string that may not pass [`MAX_OUTPUT`].
///
/// # Errors
/// What the engine says, with the line.
pub fn render(
    env: &Environment<'_>,
    name: &str,
    part: &'static str,
    context: &Value,
) -> Result<String, TemplateError> {
    let template = env.get_template(name).map_err(|e| TemplateError::from_engine(part, &e))?;
    let mut out = Capped(Vec::with_capacity(16 * 1024));
    template.render_captured_to(context, &mut out).map_err(|e| TemplateError::from_engine(part, &e))?;
    String::from_utf8(out.0).map_err(|_| TemplateError::new(part, None, "the output is not text"))
}

struct Capped(Vec<u8>);

impl io::Write for Capped {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.0.len() + data.len() > MAX_OUTPUT {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(data);
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
