//! The campaign file of the command line.

mod variant;

use std::{collections::BTreeMap, path::Path};

use basis::{Fault, Lang};
use content::LetterSource;
use serde::Deserialize;

use crate::rules::{Channel, Draft, Entry, Goal, Kind, LanguageRule, Target, WaveDraft};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    kind: Kind,
    language: Option<String>,
    #[serde(default)]
    audience: Audience,
    #[serde(default)]
    holdout: Holdout,
    goal: Option<Goal>,
    #[serde(default)]
    wave: Vec<FileWave>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Audience {
    /// Of a journey; with `hand` nobody is named.
    #[serde(default)]
    entry: Entry,
    segment: Option<String>,
    #[serde(default)]
    all: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Holdout {
    share: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWave {
    channel: String,
    #[serde(default)]
    after_days: i64,
    to: Option<String>,
    subject: Option<PerLanguage>,
    template: Option<PerLanguage>,
    text: Option<PerLanguage>,
    script: Option<PerLanguage>,
    from: Option<String>,
    rate_per_second: Option<f64>,
    #[serde(default)]
    variant: Vec<variant::FileVariant>,
}

/// One text for every language, or one each: `subject = "…"` or `subject = { ru = "…", uk = "…" }`.
#[derive(Deserialize)]
#[serde(untagged)]
enum PerLanguage {
    One(String),
    Each(BTreeMap<Lang, String>),
}

impl PerLanguage {
    fn of(&self, lang: Lang) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Each(texts) => texts.get(&lang).map(String::as_str),
        }
    }
}

/// A draft and the name of its segment (nothing = the whole base).
#[derive(Debug)]
pub struct FileDraft {
    pub draft: Draft,
    pub segment: Option<String>,
}

/// Reads a campaign file. Paths of templates are relative to `folder`; what is left out is the shipped letter, SMS or script.
///
/// # Errors
/// The message names line and column of the file, or the template that cannot be read.
pub fn parse_file(text: &str, folder: &Path) -> Result<FileDraft, Fault> {
    let file: File = toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        Fault::invalid("campaign_file", format!("line {line}, column {column}: {}", e.message()))
    })?;
    let named = usize::from(file.audience.all) + usize::from(file.audience.segment.is_some());
    if named != usize::from(file.audience.entry != Entry::Hand) {
        return Err(Fault::invalid(
            "audience",
            "[audience] names one thing: `segment = \"NAME\"` or `all = true`; a journey with `entry = \"hand\"` names neither",
        ));
    }
    let language: LanguageRule = file.language.as_deref().unwrap_or("by-customer").parse()?;
    let waves = file
        .wave
        .iter()
        .enumerate()
        .map(|(n, wave)| read_wave(n, wave, file.kind, folder))
        .collect::<Result<_, _>>()?;
    let draft = Draft {
        name: file.name,
        kind: file.kind,
        entry: file.audience.entry,
        language,
        segment_id: None,
        holdout_share: file.holdout.share.unwrap_or(0.1),
        goal: file.goal.unwrap_or_default(),
        waves,
    };
    Ok(FileDraft { draft, segment: file.audience.segment })
}

fn read_wave(n: usize, wave: &FileWave, kind: Kind, folder: &Path) -> Result<WaveDraft, Fault> {
    let channel: Channel = wave.channel.parse().map_err(|_| {
        Fault::invalid(
            "channel",
            format!("wave {}: \"{}\" is not a channel; use email, sms or call", n + 1, wave.channel),
        )
    })?;
    let target = match wave.to.as_deref() {
        Some(word) => word.parse()?,
        // A step of a journey is for whoever has not reached the goal; a later wave for the silent.
        None if n == 0 || kind == Kind::Journey => Target::All,
        None => Target::Silent,
    };
    let mut bodies = BTreeMap::new();
    for lang in Lang::ALL {
        if let Some(body) = body_of(channel, wave, lang, folder)? {
            bodies.insert(lang, body);
        }
    }
    let (from_name, from_address) = match wave.from.as_deref().map(str::trim) {
        Some(from) => match from.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').to_owned(), address.trim().to_owned()),
            None => (String::new(), from.to_owned()),
        },
        None => (String::new(), String::new()),
    };
    let variants = wave
        .variant
        .iter()
        .enumerate()
        .map(|(at, variant)| {
            let place = format!("wave {}, variant {} (\"{}\")", n + 1, at + 1, variant.name);
            variant::read(variant, channel, &place, folder)
        })
        .collect::<Result<_, _>>()?;
    Ok(WaveDraft {
        channel,
        after_days: wave.after_days,
        target,
        bodies,
        from_name,
        from_address,
        rate_per_second: wave.rate_per_second,
        variants,
    })
}

fn body_of(
    channel: Channel,
    wave: &FileWave,
    lang: Lang,
    folder: &Path,
) -> Result<Option<LetterSource>, Fault> {
    let own = |field: &Option<PerLanguage>| field.as_ref().and_then(|f| f.of(lang)).map(str::to_owned);
    let written = |text: Option<String>| match text {
        Some(text) => inline_or_file(&text, folder).map(Some),
        None => Ok(None),
    };
    let given =
        wave.template.is_some() || wave.text.is_some() || wave.script.is_some() || wave.subject.is_some();
    Ok(match channel {
        Channel::Email => {
            let shipped = content::defaults::first_letter(lang);
            let template = written(own(&wave.template))?;
            // A letter in one's own words for some languages only is no letter in the others.
            if template.is_none() && wave.template.is_some() {
                return Ok(None);
            }
            let text = match written(own(&wave.text))? {
                Some(text) => text,
                None if template.is_some() => String::new(),
                None => shipped.text,
            };
            Some(LetterSource {
                subject: own(&wave.subject).unwrap_or(shipped.subject),
                mjml: template.unwrap_or(shipped.mjml),
                text,
            })
        }
        Channel::Sms => match written(own(&wave.text).or_else(|| own(&wave.template)))? {
            Some(text) => Some(LetterSource { text, ..LetterSource::default() }),
            None if given => None,
            None => Some(LetterSource {
                text: content::defaults::sms(lang).to_owned(),
                ..LetterSource::default()
            }),
        },
        Channel::Call => match written(own(&wave.script).or_else(|| own(&wave.text)))? {
            Some(text) => Some(LetterSource { text, ..LetterSource::default() }),
            None if given => None,
            None => Some(LetterSource {
                text: content::defaults::call_script(lang).to_owned(),
                ..LetterSource::default()
            }),
        },
    })
}

/// A path of a file that is there, else the text itself.
fn inline_or_file(text: &str, folder: &Path) -> Result<String, Fault> {
    let looks_like_path = !text.contains('\n')
        && text.len() < 1024
        && Path::new(text)
            .extension()
            .is_some_and(|e| ["mjml", "txt", "html", "j2", "md"].iter().any(|known| e == *known));
    if !looks_like_path {
        return Ok(text.to_owned());
    }
    let path = folder.join(text);
    std::fs::read_to_string(&path).map_err(|e| {
        Fault::invalid("template", format!("the template {} cannot be read: {e}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_file_is_the_shipped_story() {
        let file = r#"
            name = "Осінь"
            [audience]
            all = true
            [[wave]]
            channel = "email"
            from = "Книгарня <shop@example.org>"
            [[wave]]
            channel = "sms"
            after_days = 7
            [[wave]]
            channel = "call"
            after_days = 3
        "#;
        let read = parse_file(file, Path::new(".")).unwrap();
        assert_eq!(read.segment, None);
        let waves = &read.draft.waves;
        assert_eq!(waves[0].from_name, "Книгарня");
        assert_eq!(waves[0].from_address, "shop@example.org");
        assert_eq!(
            waves.iter().map(|w| w.target).collect::<Vec<_>>(),
            [Target::All, Target::Silent, Target::Silent]
        );
        assert_eq!(waves[1].bodies.len(), 3);
        assert!((read.draft.holdout_share - 0.1).abs() < 1e-12);
    }

    #[test]
    fn mistakes_are_named_by_line_and_column() {
        let fault = parse_file("name = \"x\"\n[audience]\nal = true\n", Path::new(".")).unwrap_err();
        assert!(fault.detail.starts_with("line 3, column 1:"), "{fault}");
        let both = parse_file("name = \"x\"\n[audience]\nall = true\nsegment = \"y\"\n", Path::new("."))
            .unwrap_err();
        assert_eq!(both.code, "audience");
        let channel = "name = \"x\"\n[audience]\nall = true\n[[wave]]\nchannel = \"pigeon\"\n";
        assert!(parse_file(channel, Path::new(".")).unwrap_err().detail.contains("\"pigeon\""));
    }
}
