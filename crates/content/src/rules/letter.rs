//! A template read once for a campaign, and the letters made from it.

use basis::{Lang, visible};
use minijinja::Environment;
use serde::{Deserialize, Serialize};

use super::{
    defaults,
    links::{self, Link},
    merge::Merge,
    mjml, plain,
    sandbox::{self, TemplateError},
};

/// A letter as its author writes it, in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSource {
    pub subject: String,
    /// MJML with merge fields.
    pub mjml: String,
    /// The plain-text part; derived from the MJML when empty.
    #[serde(default)]
    pub text: String,
}

/// A compiled letter: cheap to share between threads, renders thousands of times a second.
#[derive(Debug)]
pub struct Letter {
    env: Environment<'static>,
    /// Runtime errors speak of lines of the HTML; the author's own text is kept to name the line in it.
    author: Environment<'static>,
    text: TextPart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextPart {
    Template,
    /// The tags of the HTML do not make a template once the markup is gone; each letter's text is derived from its HTML.
    FromHtml,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenderedLetter {
    pub subject: String,
    pub html: String,
    pub text: String,
}

impl Letter {
    /// Reads all parts and reports the mistakes of all.
    ///
    /// # Errors
    /// Each part's first mistake with its line.
    pub fn compile(lang: Lang, source: &LetterSource) -> Result<Self, Vec<TemplateError>> {
        let mut errors = Vec::new();
        let (mut env, mut author) = (sandbox::engine(lang), sandbox::engine(lang));
        let mut add =
            |env: &mut Environment<'static>, name: &'static str, part: &'static str, text: String| {
                let added = sandbox::check_statements(part, &text).and_then(|()| {
                    env.add_template_owned(name, text).map_err(|e| TemplateError::from_engine(part, &e))
                });
                added.map_err(|error| errors.push(error)).is_ok()
            };
        add(&mut env, "subject", "subject", source.subject.clone());
        let given = !source.text.trim().is_empty();
        if given {
            add(&mut env, "text", "text", with_footer(&source.text, lang));
        }
        let mut text = if given { TextPart::Template } else { TextPart::FromHtml };
        // The author's own text first: its errors carry the author's lines.
        if add(&mut author, "author.html", "html", source.mjml.clone()) {
            match mjml::to_html(&source.mjml, defaults::footer_mjml(lang)) {
                Ok(html) => {
                    let derived = plain::from_html(&html);
                    if !given && env.add_template_owned("text", derived).is_ok() {
                        text = TextPart::Template;
                    }
                    if let Err(e) = env.add_template_owned("letter.html", html) {
                        errors.push(TemplateError::from_engine("html", &e));
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self { env, author, text }) } else { Err(errors) }
    }

    /// One person's letter. Web links pass through `track`, which answers where they shall lead instead; links to
    /// the person's own pages (interests, unsubscribe) are never touched.
    ///
    /// # Errors
    /// When the template fails on this person: an unknown field, too much work, too long.
    pub fn render(
        &self,
        merge: &Merge,
        track: &mut dyn FnMut(Link<'_>) -> Option<String>,
    ) -> Result<RenderedLetter, TemplateError> {
        let context = merge.context();
        let subject = visible(&sandbox::render(&self.env, "subject", "subject", &context)?);
        let html = sandbox::render(&self.env, "letter.html", "html", &context)
            .map_err(|error| self.in_authors_lines(error, &context))?;
        let text = match self.text {
            TextPart::Template => tidy_text(&sandbox::render(&self.env, "text", "text", &context)?),
            TextPart::FromHtml => plain::from_html(&html),
        };
        let mut change = |link: Link<'_>| {
            let web = link.url.starts_with("https://") || link.url.starts_with("http://");
            let own = link.url == merge.unsubscribe_url || link.url == merge.interests_url;
            // A kept link is written anew: the engine's escaping of `/` is right but triples a link's length.
            if web && !own { track(link) } else { None }.or_else(|| Some(link.url.to_owned()))
        };
        let html = links::rewrite_html(&html, &mut change);
        let text = links::rewrite_text(&text, &mut change);
        Ok(RenderedLetter { subject, html, text })
    }

    fn in_authors_lines(&self, error: TemplateError, context: &minijinja::Value) -> TemplateError {
        match sandbox::render(&self.author, "author.html", "html", context) {
            Err(own) => own,
            Ok(_) => TemplateError { line: None, ..error },
        }
    }
}

/// Says nothing of links: every link stays.
pub fn untracked(_: Link<'_>) -> Option<String> {
    None
}

fn with_footer(text: &str, lang: Lang) -> String {
    if text.contains("unsubscribe_url") {
        text.to_owned()
    } else {
        format!("{}\n\n{}", text.trim_end(), defaults::footer_text(lang))
    }
}

fn tidy_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

/// A one-part text: an SMS, a messenger message, a call script.
#[derive(Debug)]
pub struct Short {
    env: Environment<'static>,
    part: &'static str,
}

impl Short {
    /// # Errors
    /// The first mistake with its line.
    pub fn compile(lang: Lang, part: &'static str, source: &str) -> Result<Self, TemplateError> {
        sandbox::check_statements(part, source)?;
        let mut env = sandbox::engine(lang);
        env.add_template_owned("text", source.to_owned())
            .map_err(|e| TemplateError::from_engine(part, &e))?;
        Ok(Self { env, part })
    }

    /// # Errors
    /// When the template fails on this person.
    pub fn render(
        &self,
        merge: &Merge,
        track: &mut dyn FnMut(Link<'_>) -> Option<String>,
    ) -> Result<String, TemplateError> {
        let text = tidy_text(&sandbox::render(&self.env, "text", self.part, &merge.context())?);
        Ok(links::rewrite_text(&text, &mut |link| {
            let own = link.url == merge.unsubscribe_url || link.url == merge.interests_url;
            if own { None } else { track(link) }
        }))
    }
}
