//! What is looked at before a letter may leave.

use basis::Lang;
use serde::{Deserialize, Serialize};

use super::{
    letter::{Letter, LetterSource, RenderedLetter, Short, untracked},
    links,
    merge::{Links, Merge, Sender},
    mjml,
    phrases::{self, Found},
    plain, sms,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The launch is refused.
    Refuse,
    /// The author is told and decides.
    Warn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Subject,
    Html,
    Text,
    Sms,
    Script,
    Sender,
}

/// Stable codes; screens have a sentence for each in three languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    TemplateError,
    EmptySubject,
    NoUnsubscribe,
    UnsubscribeNotLast,
    NoSenderIdentity,
    UnsafeLink,
    Flattery,
    SellingInFirstLetter,
    FewLinks,
    NoInterestsLink,
    LongSubject,
    LoudSubject,
    MissingText,
    ImageOnly,
    ImageWithoutText,
    TooLarge,
    LongSms,
    NoStopWord,
}

impl FindingCode {
    pub const fn severity(self) -> Severity {
        match self {
            Self::TemplateError
            | Self::EmptySubject
            | Self::NoUnsubscribe
            | Self::UnsubscribeNotLast
            | Self::NoSenderIdentity
            | Self::UnsafeLink => Severity::Refuse,
            _ => Severity::Warn,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    pub part: Part,
    /// 1-based line of the author's text.
    pub line: Option<usize>,
    /// The words it is about.
    pub excerpt: String,
    /// One sentence in English, for the command line and the API.
    pub message: String,
}

impl Finding {
    fn new(code: FindingCode, part: Part, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            part,
            line: None,
            excerpt: String::new(),
            message: message.into(),
        }
    }
    fn about(mut self, excerpt: &str, source: &str) -> Self {
        self.line = source.find(excerpt).map(|at| 1 + source[..at].matches('\n').count());
        excerpt.clone_into(&mut self.excerpt);
        self
    }
}

/// Any refusal among the findings?
pub fn refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Refuse)
}

/// Where sample letters lead; nothing is ever sent with these.
fn sample_links() -> Links {
    Links {
        interests: "https://interests.invalid/i/sample".to_owned(),
        unsubscribe: "https://unsubscribe.invalid/u/sample".to_owned(),
    }
}

/// All that is wrong with a letter, refusals first. `first`: the letter that asks for permission and must not sell.
pub fn check_letter(lang: Lang, source: &LetterSource, sender: &Sender, first: bool) -> Vec<Finding> {
    let mut findings = check_sender(sender);
    let letter = match Letter::compile(lang, source) {
        Ok(letter) => letter,
        Err(errors) => {
            findings.extend(errors.iter().map(template_finding));
            return findings;
        }
    };
    let links = sample_links();
    let samples = Merge::samples(lang, sender, &links);
    let mut rendered = Vec::new();
    for merge in &samples {
        match letter.render(merge, &mut untracked) {
            Ok(done) => rendered.push(done),
            Err(error) => {
                findings.push(template_finding(&error));
                return findings;
            }
        }
    }
    // What must be there must be there for everyone; the shortest form of the letter is the one without data.
    if let [full, bare] = rendered.as_slice() {
        check_obligations(bare, &links, sender, &mut findings);
        if findings.iter().all(|f| f.code != FindingCode::NoUnsubscribe) {
            check_obligations(full, &links, sender, &mut findings);
        }
        check_subject(source, full, &mut findings);
        check_words(source, full, first, &mut findings);
        check_shape(source, full, &links, first, &mut findings);
    }
    findings.sort_by_key(|finding| finding.severity);
    findings.dedup_by(|a, b| a.code == b.code && a.part == b.part && a.excerpt == b.excerpt);
    findings
}

fn template_finding(error: &super::sandbox::TemplateError) -> Finding {
    let part = match error.part {
        "subject" => Part::Subject,
        "text" => Part::Text,
        "sms" => Part::Sms,
        "script" => Part::Script,
        _ => Part::Html,
    };
    Finding { line: error.line, ..Finding::new(FindingCode::TemplateError, part, error.message.clone()) }
}

fn check_sender(sender: &Sender) -> Vec<Finding> {
    let missing: Vec<&str> = [
        ("the shop's name", &sender.shop_name),
        ("the shop's address on the web", &sender.shop_url),
        ("the legal name", &sender.legal_name),
        ("the postal address", &sender.postal_address),
    ]
    .into_iter()
    .filter(|(_, value)| value.trim().is_empty())
    .map(|(what, _)| what)
    .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let message = format!("the workspace does not say who sends: {} is missing", missing.join(", "));
    vec![Finding::new(FindingCode::NoSenderIdentity, Part::Sender, message)]
}

fn check_obligations(letter: &RenderedLetter, links: &Links, sender: &Sender, findings: &mut Vec<Finding>) {
    let found = links::html_links(&letter.html);
    if !found.contains(&links.unsubscribe) {
        let message = "the letter has no unsubscribe link; add <letter-footer /> at its end";
        findings.push(Finding::new(FindingCode::NoUnsubscribe, Part::Html, message));
    } else if let Some(at) = letter.html.rfind(&links.unsubscribe) {
        let after = letter.html[at..].split_once('>').map_or("", |(_, rest)| rest);
        if plain::from_html(after).chars().filter(|c| c.is_alphanumeric()).count() > 250 {
            let message = "the unsubscribe block must be the last of the letter";
            findings.push(Finding::new(FindingCode::UnsubscribeNotLast, Part::Html, message));
        }
    }
    if !letter.text.contains(&links.unsubscribe) {
        findings.push(Finding::new(
            FindingCode::NoUnsubscribe,
            Part::Text,
            "the text part has no unsubscribe link",
        ));
    }
    let words = plain::from_html(&letter.html);
    for (what, value) in [("legal name", &sender.legal_name), ("postal address", &sender.postal_address)] {
        let value = basis::visible(value);
        if !value.is_empty() && !basis::visible(&words).contains(&value) {
            let message =
                format!("the letter does not show the sender's {what}; add <letter-footer /> at its end");
            findings.push(Finding::new(FindingCode::NoSenderIdentity, Part::Html, message));
        }
    }
    for url in found {
        let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel") || !url.contains(':') {
            let message =
                format!("a letter's link starts with https://, http://, mailto: or tel:, not \"{url}\"");
            findings
                .push(Finding { excerpt: url, ..Finding::new(FindingCode::UnsafeLink, Part::Html, message) });
        }
    }
}

fn check_subject(source: &LetterSource, letter: &RenderedLetter, findings: &mut Vec<Finding>) {
    let subject = &letter.subject;
    let length = subject.chars().count();
    if length == 0 || source.subject.trim().is_empty() {
        findings.push(Finding::new(FindingCode::EmptySubject, Part::Subject, "the subject is empty"));
    } else if length > 60 {
        let message =
            format!("the subject has {length} characters; phones show about 40 and most programs 60");
        findings.push(Finding::new(FindingCode::LongSubject, Part::Subject, message));
    }
    let letters = subject.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = subject.chars().filter(|c| c.is_uppercase()).count();
    if (letters > 8 && capitals * 2 > letters) || subject.contains("!!") {
        let message = "capitals and exclamation marks in the subject look like spam";
        findings.push(Finding::new(FindingCode::LoudSubject, Part::Subject, message));
    }
}

fn check_words(source: &LetterSource, letter: &RenderedLetter, first: bool, findings: &mut Vec<Finding>) {
    let body = plain::from_html(&letter.html);
    let parts = [
        (Part::Subject, &letter.subject, &source.subject),
        (Part::Html, &body, &source.mjml),
        (Part::Text, &letter.text, &source.text),
    ];
    for (part, words, author) in parts {
        if part == Part::Text && source.text.trim().is_empty() {
            continue;
        }
        let mut add = |code, found: Vec<Found>, message: &str| {
            for hit in found {
                findings.push(
                    Finding::new(code, part, format!("{message}: \"{}\"", hit.excerpt))
                        .about(&hit.excerpt, author),
                );
            }
        };
        let message = "tells the person that nobody knows them; use the name or nothing";
        add(FindingCode::Flattery, phrases::flattery(words), message);
        if first {
            let message = "the first letter thanks and asks, it does not sell";
            add(FindingCode::SellingInFirstLetter, phrases::selling(words), message);
        }
    }
}

fn check_shape(
    source: &LetterSource,
    letter: &RenderedLetter,
    links: &Links,
    first: bool,
    findings: &mut Vec<Finding>,
) {
    let found = body_links(source, letter, links);
    if found.len() < 2 {
        let message = format!(
            "the letter has {} links above its footer; two or more bring the person to the shop",
            found.len()
        );
        findings.push(Finding::new(FindingCode::FewLinks, Part::Html, message));
    }
    if first && !found.contains(&links.interests) {
        let message = "the first letter has no link to the interests page";
        findings.push(Finding::new(FindingCode::NoInterestsLink, Part::Html, message));
    }
    if source.text.trim().is_empty() {
        let message = "no plain-text part is written; it will be derived from the letter";
        findings.push(Finding::new(FindingCode::MissingText, Part::Text, message));
    }
    let images = letter.html.matches("<img ").count();
    let words = plain::from_html(&letter.html).chars().filter(|c| c.is_alphabetic()).count();
    // The shipped footer alone has about 150 letters.
    if images > 0 && words < 300 {
        let message = "the letter is almost only pictures; many programs do not show them";
        findings.push(Finding::new(FindingCode::ImageOnly, Part::Html, message));
    }
    let no_alt = letter.html.split("<img ").skip(1).filter(|tag| {
        let tag = tag.split('>').next().unwrap_or_default();
        !tag.contains("alt=\"") || tag.contains("alt=\"\"")
    });
    if no_alt.count() > 0 {
        let message = "a picture has no alt text for those who do not see it";
        findings.push(Finding::new(FindingCode::ImageWithoutText, Part::Html, message));
    }
    if letter.html.len() > 100_000 {
        let message = format!("the letter has {} KB; Gmail cuts letters at 102 KB", letter.html.len() / 1000);
        findings.push(Finding::new(FindingCode::TooLarge, Part::Html, message));
    }
}

/// Web links but for the ones of the shipped footer, which each letter has.
fn body_links(source: &LetterSource, letter: &RenderedLetter, links: &Links) -> Vec<String> {
    let mut found = links::html_links(&letter.html);
    if source.mjml.contains(mjml::FOOTER) {
        let kept = found.len().saturating_sub(FOOTER_LINKS);
        found.truncate(kept);
    }
    found.retain(|url| *url != links.unsubscribe && url.starts_with("http"));
    found
}

/// Shop, interests, unsubscribe.
const FOOTER_LINKS: usize = 3;

/// What is wrong with a short message.
pub fn check_sms(lang: Lang, source: &str, sender: &Sender) -> Vec<Finding> {
    let rendered = Short::compile(lang, "sms", source).and_then(|short| {
        Merge::samples(lang, sender, &sample_links())
            .iter()
            .map(|merge| short.render(merge, &mut untracked))
            .collect()
    });
    let texts: Vec<String> = match rendered {
        Ok(texts) => texts,
        Err(error) => return vec![template_finding(&error)],
    };
    let mut findings = Vec::new();
    for text in &texts {
        let size = sms::sms_size(text);
        if size.parts > 2 {
            let message = format!("the message takes {} parts of an SMS; each is paid for", size.parts);
            findings.push(Finding::new(FindingCode::LongSms, Part::Sms, message));
            break;
        }
    }
    let full = texts.first().map_or("", String::as_str);
    let way_out = full.to_uppercase().contains("STOP")
        || full.to_uppercase().contains("СТОП")
        || full.contains(&sample_links().unsubscribe);
    if !way_out {
        let message = "the message does not say how to refuse; add STOP or the unsubscribe link";
        findings.push(Finding::new(FindingCode::NoStopWord, Part::Sms, message));
    }
    for hit in phrases::flattery(full) {
        let message = format!("tells the person that nobody knows them: \"{}\"", hit.excerpt);
        findings.push(Finding::new(FindingCode::Flattery, Part::Sms, message).about(&hit.excerpt, source));
    }
    findings
}

/// What is wrong with a call script.
pub fn check_script(lang: Lang, source: &str, sender: &Sender) -> Vec<Finding> {
    let rendered: Result<Vec<String>, _> = Short::compile(lang, "script", source).and_then(|short| {
        Merge::samples(lang, sender, &sample_links())
            .iter()
            .map(|merge| short.render(merge, &mut untracked))
            .collect()
    });
    match rendered {
        Err(error) => vec![template_finding(&error)],
        Ok(texts) => texts
            .first()
            .into_iter()
            .flat_map(|text| phrases::flattery(text))
            .map(|hit| {
                let message = format!("tells the person that nobody knows them: \"{}\"", hit.excerpt);
                Finding::new(FindingCode::Flattery, Part::Script, message).about(&hit.excerpt, source)
            })
            .collect(),
    }
}
