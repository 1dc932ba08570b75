//! Contacts as advertising networks want them: normalised, then hashed, one by one.

use basis::CustomerId;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;

basis::words! {
    /// An advertising network that takes lists of hashed contacts.
    #[derive(Serialize, Deserialize, ToSchema)]
    Network, "network" {
        /// Google Ads, Customer Match: SHA-256, numbers in E.164 with their plus.
        Google = "google",
        /// Meta, custom audiences: SHA-256, numbers as digits.
        Meta = "meta",
        /// Yandex Audience: MD5, numbers as digits.
        Yandex = "yandex",
    }
}

impl Network {
    /// The file's head; the networks know columns by these words.
    pub const fn head(self) -> [&'static str; 2] {
        match self {
            Self::Google => ["Email", "Phone"],
            Self::Meta | Self::Yandex => ["email", "phone"],
        }
    }

    /// The fewest rows that the network takes.
    pub const fn least(self) -> usize {
        100
    }

    /// An address as it is hashed: small letters, no space around it.
    pub fn email(self, address: &str) -> String {
        self.hash(&address.trim().to_lowercase())
    }

    /// A number in E.164 (`+380501112233`) as the network hashes it.
    pub fn phone(self, number: &str) -> String {
        match self {
            Self::Google => self.hash(number),
            Self::Meta | Self::Yandex => self.hash(number.trim_start_matches('+')),
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Google | Self::Meta => hex(&<Sha256 as sha2::Digest>::digest(text.as_bytes())),
            Self::Yandex => hex(&<Md5 as md5::Digest>::digest(text.as_bytes())),
        }
    }
}

/// A person whose contacts may be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub customer: CustomerId,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
}

/// The file for a network, a row a person. Hashes are letters and digits: nothing has to be quoted.
pub fn csv(network: Network, targets: &[Target]) -> String {
    let mut out = network.head().join(",");
    out.push('\n');
    for target in targets {
        let email = target.email.as_deref().map(|address| network.email(address)).unwrap_or_default();
        let phone = target.phone.as_deref().map(|number| network.phone(number)).unwrap_or_default();
        out.push_str(&format!("{email},{phone}\n"));
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        use std::fmt::Write as _;
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_networks_own_examples() {
        // Yandex Audience, requirements for files of CRM data.
        assert_eq!(Network::Yandex.phone("+79876543210"), "5c5259938ed3e632bc5e3f94731090af");
        assert_eq!(Network::Yandex.email(" Mail@yandex.ru "), "3c56ff8fef0f6c65b36b2d25720fe276");
        // SHA-256 of "test@gmail.com" and of "+18008888899", the example of the Customer Match template.
        assert_eq!(
            Network::Google.email("Test@gmail.com"),
            "87924606b4131a8aceeeae8868531fbb9712aaa07a5d3a756b26ce0f5d6ca674"
        );
        assert_ne!(Network::Google.phone("+18008888899"), Network::Meta.phone("+18008888899"));
        assert_eq!(Network::Google.email("a@b.c"), Network::Meta.email("A@B.C"));
    }
}
