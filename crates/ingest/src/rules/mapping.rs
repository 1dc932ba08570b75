//! The mapping file: how the columns of a source are read. Its words are a contract (docs/import.md).

use std::collections::BTreeMap;

use basis::Currency;
use serde::{Deserialize, Serialize};

use super::{
    dates::DateOrder,
    money::DecimalMark,
    role::Role,
    status::{OrderStatus, StatusWords},
};

/// A mapping as written by a person or remembered for a source. Every part may be missing: what is missing is guessed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    #[serde(skip_serializing_if = "FileSection::is_empty")]
    pub file: FileSection,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<Role, Headers>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub status: BTreeMap<OrderStatus, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentSection>,
}

/// `[file]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSection {
    /// A WHATWG label: `utf-8`, `windows-1251`, `koi8-u`, `utf-16le`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// `true`, `false` or the number of the line (row of the sheet) that holds the headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalMark>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// An IANA name, for files whose times carry no offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl FileSection {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeaderAt {
    Present(bool),
    Line(u32),
}

/// One byte between cells; in TOML `","`, `";"`, `"|"`, `"\t"` or the word `"tab"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(pub u8);

impl TryFrom<String> for Delimiter {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_bytes() {
            b"tab" => Ok(Self(b'\t')),
            [one]
                if one.is_ascii()
                    && !one.is_ascii_alphanumeric()
                    && !matches!(one, b'"' | b'\n' | b'\r' | 0) =>
            {
                Ok(Self(*one))
            }
            _ => Err(format!("delimiter {text:?} is not one sign such as \",\" \";\" \"|\" or \"tab\"")),
        }
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        if delimiter.0 == b'\t' { "tab".to_owned() } else { char::from(delimiter.0).to_string() }
    }
}

/// `"Header"` or `["Header", "Header"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Headers {
    One(String),
    Many(Vec<String>),
}

impl Headers {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let slice = match self {
            Self::One(header) => std::slice::from_ref(header),
            Self::Many(headers) => headers.as_slice(),
        };
        slice.iter().map(String::as_str)
    }
}

/// `[consent]`: the legal basis that this source declares for its contacts (docs/import.md, POLICY).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentSection {
    /// `consent`, `soft_opt_in` or `contract`.
    pub basis: String,
    /// `advertising`, `service`, `ad_audiences`, …
    pub purposes: Vec<String>,
    /// `email`, `sms`, `call`, `robocall`, `telegram`, …
    pub channels: Vec<String>,
    /// Where the proof of the consent is.
    pub proof: String,
}

/// A mapping that cannot be used, with the line of the file when the reader knows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MappingFault(pub String);

impl Mapping {
    /// Reads the TOML text and checks what can be checked without the data file.
    ///
    /// # Errors
    /// [`MappingFault`] in words, with line and column of the text where it is a question of syntax.
    pub fn parse(text: &str) -> Result<Self, MappingFault> {
        let mapping: Self = toml::from_str(text).map_err(|error| MappingFault(error.to_string()))?;
        mapping.check()?;
        Ok(mapping)
    }

    /// Reads what was remembered for a source. It may hold several layouts (two headers that were once the same single
    /// role), so it is not checked; an unreadable one is nothing remembered.
    pub fn remembered(text: &str) -> Self {
        toml::from_str(text).unwrap_or_default()
    }

    /// The TOML text of this mapping.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// What holds for any mapping: known encoding and zone, no header with two roles, single roles given once.
    ///
    /// # Errors
    /// [`MappingFault`] names the key.
    pub fn check(&self) -> Result<(), MappingFault> {
        let fault = |text: String| Err(MappingFault(text));
        if let Some(label) = &self.file.encoding
            && encoding_rs::Encoding::for_label(label.as_bytes()).is_none()
        {
            return fault(format!("[file] encoding: \"{label}\" is not a known encoding"));
        }
        if let Some(name) = &self.file.timezone
            && jiff::tz::TimeZone::get(name).is_err()
        {
            return fault(format!("[file] timezone: \"{name}\" is not a known time zone (IANA name)"));
        }
        let mut seen: BTreeMap<&str, Role> = BTreeMap::new();
        for (role, headers) in &self.columns {
            if headers.iter().count() > 1 && !role.repeats() {
                return fault(format!("[columns] {role}: only one column can have this role"));
            }
            for header in headers.iter() {
                if let Some(other) = seen.insert(header, *role) {
                    return fault(format!("[columns] \"{header}\" has two roles: {other} and {role}"));
                }
            }
        }
        if let Some(consent) = &self.consent
            && !matches!(consent.basis.as_str(), "consent" | "soft_opt_in" | "contract")
        {
            let basis = &consent.basis;
            return fault(format!(
                "[consent] basis: \"{basis}\" is not one of consent, soft_opt_in, contract"
            ));
        }
        Ok(())
    }

    pub fn status_words(&self) -> StatusWords {
        StatusWords::new(
            self.status.iter().flat_map(|(status, words)| words.iter().map(|word| (word.clone(), *status))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[file]
encoding = "windows-1251"
delimiter = ";"
header = 3
date_order = "mdy"
decimal = ","
currency = "UAH"
timezone = "Europe/Kyiv"

[columns]
order_id = "Номер"
phone = ["Телефон", "Телефон (2)"]

[status]
paid = ["Склад-7"]

[consent]
basis = "soft_opt_in"
purposes = ["advertising"]
channels = ["email", "sms"]
proof = "orders of the shop"
"#;

    #[test]
    fn the_contract_is_read_and_written_back() {
        let mapping = Mapping::parse(TEXT).unwrap();
        assert_eq!(mapping.file.header, Some(HeaderAt::Line(3)));
        assert_eq!(mapping.file.delimiter, Some(Delimiter(b';')));
        assert_eq!(mapping.columns[&Role::Phone].iter().count(), 2);
        assert_eq!(Mapping::parse(&mapping.to_toml()).unwrap(), mapping);
        assert_eq!(Mapping::parse("").unwrap(), Mapping::default());
    }

    #[test]
    fn mistakes_are_named() {
        let fault = |text: &str| Mapping::parse(text).unwrap_err().to_string();
        assert!(fault("[file]\nseparator = ';'").contains("separator"));
        assert!(fault("[columns]\nphones = 'Phone'").contains("phones"));
        assert!(fault("[file]\nencoding = 'klingon'").contains("klingon"));
        assert!(fault("[file]\ndelimiter = 'ab'").contains("delimiter"));
        assert!(fault("[file]\ntimezone = 'Europe/Kyiw'").contains("Kyiw"));
        assert!(fault("[file]\ncurrency = 'грн'").contains("грн"));
        assert!(fault("[columns]\namount = ['A', 'B']").contains("only one"));
        assert!(fault("[columns]\namount = 'A'\nprice = 'A'").contains("two roles"));
        assert!(fault("[consent]\nbasis = 'we wanted to'").contains("basis"));
    }
}
