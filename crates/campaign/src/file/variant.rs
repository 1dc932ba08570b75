//! `[[wave.variant]]` of a campaign file.

use std::{collections::BTreeMap, path::Path};

use basis::{Fault, Lang};
use serde::Deserialize;

use super::{PerLanguage, inline_or_file};
use crate::rules::Channel;
use crate::rules::variants::{TextChange, VariantDraft};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileVariant {
    pub name: String,
    share: Option<f64>,
    subject: Option<PerLanguage>,
    template: Option<PerLanguage>,
    text: Option<PerLanguage>,
    script: Option<PerLanguage>,
}

/// A variant of the file; `place` names it in messages.
///
/// # Errors
/// A field that its channel has no use for, or a template that cannot be read.
pub(super) fn read(
    variant: &FileVariant,
    channel: Channel,
    place: &str,
    folder: &Path,
) -> Result<VariantDraft, Fault> {
    let strange: &[(&str, &Option<PerLanguage>)] = match channel {
        Channel::Email => &[("script", &variant.script)],
        Channel::Sms => &[("subject", &variant.subject), ("script", &variant.script)],
        Channel::Call => &[("subject", &variant.subject), ("template", &variant.template)],
    };
    for (field, given) in strange {
        if given.is_some() {
            return Err(Fault::invalid(
                "variant",
                format!("{place}: `{field}` has no place in a wave of the channel \"{}\"", channel.as_str()),
            ));
        }
    }
    let mut changes = BTreeMap::new();
    for lang in Lang::ALL {
        let own = |field: &Option<PerLanguage>| -> Result<Option<String>, Fault> {
            let text = field.as_ref().and_then(|f| f.of(lang));
            text.map(|text| inline_or_file(text, folder))
                .transpose()
                .map_err(|fault| Fault { detail: format!("{place}: {}", fault.detail), ..fault })
        };
        let change = match channel {
            Channel::Email => TextChange {
                subject: variant.subject.as_ref().and_then(|f| f.of(lang)).map(str::to_owned),
                mjml: own(&variant.template)?,
                text: own(&variant.text)?,
            },
            Channel::Sms => {
                TextChange { text: own(&variant.text)?.or(own(&variant.template)?), ..TextChange::default() }
            }
            Channel::Call => {
                TextChange { text: own(&variant.script)?.or(own(&variant.text)?), ..TextChange::default() }
            }
        };
        if change != TextChange::default() {
            changes.insert(lang, change);
        }
    }
    Ok(VariantDraft { name: variant.name.trim().to_owned(), share: variant.share, changes })
}

#[cfg(test)]
mod tests {
    use super::super::parse_file;
    use super::*;

    fn file(wave: &str) -> Result<Vec<VariantDraft>, Fault> {
        let text = format!("name = \"x\"\n[audience]\nall = true\n[[wave]]\n{wave}");
        Ok(parse_file(&text, Path::new("."))?.draft.waves.remove(0).variants)
    }

    #[test]
    fn a_variant_changes_what_it_names_in_the_languages_it_names() {
        let read = file(
            r#"
            channel = "email"
            [[wave.variant]]
            name = "A"
            [[wave.variant]]
            name = "B"
            share = 0.3
            subject = { ru = "Ваша полка", uk = "Ваша полиця" }
            [[wave.variant]]
            name = "C"
            template = "<mjml></mjml>"
            "#,
        )
        .unwrap();
        assert_eq!(read[0], VariantDraft { name: "A".to_owned(), ..VariantDraft::default() });
        assert_eq!(read[1].share, Some(0.3));
        assert_eq!(read[1].changes.keys().copied().collect::<Vec<_>>(), [Lang::Ru, Lang::Uk]);
        assert_eq!(read[1].changes[&Lang::Uk].subject.as_deref(), Some("Ваша полиця"));
        assert_eq!(read[2].changes.len(), 3);
        assert_eq!(read[2].changes[&Lang::En].mjml.as_deref(), Some("<mjml></mjml>"));
    }

    #[test]
    fn scripts_and_short_messages_have_variants_too() {
        let call = file("channel = \"call\"\n[[wave.variant]]\nname = \"A\"\n[[wave.variant]]\nname = \"B\"\nscript = \"Ask first\"\n").unwrap();
        assert_eq!(call[1].changes[&Lang::Ru].text.as_deref(), Some("Ask first"));
        let sms = file("channel = \"sms\"\n[[wave.variant]]\nname = \"A\"\ntext = \"Hi\"\n").unwrap();
        assert_eq!(sms[0].changes[&Lang::En].text.as_deref(), Some("Hi"));
    }

    #[test]
    fn mistakes_are_named_by_their_place() {
        let said = |wave: &str| file(wave).unwrap_err().detail;
        assert_eq!(
            said("channel = \"email\"\n[[wave.variant]]\nname = \"A\"\nscript = \"x\"\n"),
            "wave 1, variant 1 (\"A\"): `script` has no place in a wave of the channel \"email\""
        );
        let missing =
            said("channel = \"email\"\n[[wave.variant]]\nname = \"A\"\ntemplate = \"no/such.mjml\"\n");
        assert!(missing.starts_with("wave 1, variant 1 (\"A\"): the template"), "{missing}");
        let unknown = said("channel = \"email\"\n[[wave.variant]]\nname = \"A\"\nshares = 0.5\n");
        assert!(unknown.starts_with("line 8, column 1:"), "{unknown}");
        let nameless = said("channel = \"email\"\n[[wave.variant]]\nshare = 0.5\n");
        assert!(nameless.contains("name"), "{nameless}");
        let word = said("channel = \"email\"\n[[wave.variant]]\nname = \"A\"\nshare = \"half\"\n");
        assert!(word.starts_with("line 8, column 9:"), "{word}");
    }
}
