//! Canonical contact values. How a messy cell becomes one is the work of `identity`; here they are checked and masked.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Fault;

macro_rules! text_value {
    ($name:ident) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
            pub fn into_string(self) -> String {
                self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        /// Personal data stays out of logs, so the debug form is the masked one.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.masked())
            }
        }
        impl TryFrom<String> for $name {
            type Error = Fault;
            fn try_from(value: String) -> Result<Self, Fault> {
                Self::parse(&value)
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

/// A phone number in E.164: `+` and 8 to 15 digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);
text_value!(Phone);

impl Phone {
    /// # Errors
    /// When the text is not E.164.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = text.strip_prefix('+').unwrap_or("");
        if (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::invalid("phone", "a phone is written in E.164, as +380961234567"))
        }
    }
    pub fn masked(&self) -> String {
        mask_phone(&self.0)
    }
}

/// An e-mail address in its canonical form: lower-case domain, one `@`, no spaces.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);
text_value!(Email);

impl Email {
    /// # Errors
    /// When the text cannot be an address to which a letter is sent.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || Fault::invalid("email", "an e-mail is written as name@example.org");
        let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.contains('@')
            && !local.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c));
        let domain_ok = domain.len() <= 253
            && domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        if local_ok && domain_ok {
            Ok(Self(format!("{local}@{}", domain.to_lowercase())))
        } else {
            Err(bad())
        }
    }
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
    pub fn masked(&self) -> String {
        mask_email(&self.0)
    }
}

/// `+380979391155` → `+38097939**55`: the last four digits but two stay hidden, as on the shop's own lists.
pub fn mask_phone(phone: &str) -> String {
    let chars: Vec<char> = phone.chars().collect();
    if chars.len() < 7 {
        return "*".repeat(chars.len());
    }
    let end = chars.len() - 2;
    chars.iter().enumerate().map(|(i, c)| if i >= end - 2 && i < end { '*' } else { *c }).collect()
}

/// `olena.k@ukr.net` → `ol***@ukr.net`.
pub fn mask_email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let shown: String = local.chars().take(if local.chars().count() > 3 { 2 } else { 1 }).collect();
            format!("{shown}***@{domain}")
        }
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_hide_enough_and_keep_the_shape() {
        assert_eq!(mask_phone("+380979391155"), "+38097939**55");
        assert_eq!(mask_phone("12345"), "*****");
        assert_eq!(mask_email("olena.k@ukr.net"), "ol***@ukr.net");
        assert_eq!(mask_email("ab@i.ua"), "a***@i.ua");
    }

    #[test]
    fn addresses_that_would_break_a_header_are_refused() {
        for bad in ["a b@x.ua", "a@x", "@x.ua", "a@", "a@-x.ua", "a\r\nBcc: b@x.ua", "<a@x.ua>", "a@b@x.ua"] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Email::parse("Olena@UKR.net").unwrap().as_str(), "Olena@ukr.net");
    }
}
