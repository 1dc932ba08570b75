//! The words of permission: purposes, channels, bases.

use serde::{Deserialize, Serialize};

basis::words! {
    /// What a contact is for.
    #[derive(Serialize, Deserialize)]
    Purpose, "purpose" {
        /// Advertising, win-back, offers.
        Marketing = "marketing",
        /// About an order the person made.
        Service = "service",
        /// A machine dials or speaks.
        AutomaticCalls = "automatic_calls",
        /// Handing the person's contacts, as hashes, to an advertising network that looks for them among its own people.
        AdAudiences = "ad_audiences",
        /// Keeping the person's data at all. In Russia a document of its own (152-FZ as changed by 156-FZ).
        Processing = "processing",
    }
}

basis::words! {
    /// How a person is reached.
    #[derive(Serialize, Deserialize)]
    Channel, "channel" {
        Email = "email",
        Sms = "sms",
        /// A person dials (preview dialling).
        Call = "call",
        /// A machine dials.
        AutoCall = "auto_call",
        Telegram = "telegram",
        Viber = "viber",
        Whatsapp = "whatsapp",
        Vk = "vk",
        Max = "max",
    }
}

impl Channel {
    pub const fn is_call(self) -> bool {
        matches!(self, Self::Call | Self::AutoCall)
    }

    /// Which kind of contact point carries it.
    pub const fn contact_kind(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms | Self::Call | Self::AutoCall | Self::Viber | Self::Whatsapp => "phone",
            Self::Telegram => "telegram",
            Self::Vk => "vk",
            Self::Max => "max",
        }
    }
}

basis::words! {
    /// Why a contact is lawful.
    #[derive(Serialize, Deserialize)]
    Basis, "basis" {
        /// The person agreed, and the proof is kept.
        Consent = "consent",
        /// An existing customer, own similar goods, a way out in each message (ePrivacy directive, article 13(2)).
        SoftOptIn = "soft_opt_in",
        /// Needed to perform an order.
        Contract = "contract",
    }
}

basis::words! {
    /// What the channels told of a contact value.
    #[derive(Serialize, Deserialize)]
    ContactState, "contact_state" {
        Ok = "ok",
        /// Full mailbox, greylisting; it may work again.
        SoftBounced = "soft_bounced",
        HardBounced = "hard_bounced",
        WrongNumber = "wrong_number",
        Dead = "dead",
    }
}

impl ContactState {
    pub const fn usable(self) -> bool {
        matches!(self, Self::Ok | Self::SoftBounced)
    }
}

basis::words! {
    #[derive(Serialize, Deserialize)]
    Jurisdiction, "jurisdiction" {
        Ru = "ru",
        Ua = "ua",
        Eu = "eu",
        Us = "us",
        Other = "other",
    }
}

const EU: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", // European Economic Area
    "IS", "LI", "NO", // The United Kingdom kept the same rules (PECR 2003).
    "GB",
];

impl Jurisdiction {
    /// By the ISO 3166 code of a country.
    pub fn of_country(country: &str) -> Self {
        match country {
            "RU" => Self::Ru,
            "UA" => Self::Ua,
            "US" => Self::Us,
            c if EU.contains(&c) => Self::Eu,
            _ => Self::Other,
        }
    }
}

/// What a source of contacts declares at import, or a person gave: for whom what is lawful and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredBasis {
    pub purpose: Purpose,
    /// A channel or `all`.
    pub channel: String,
    pub basis: Basis,
    #[serde(default)]
    pub proof: String,
}

impl DeclaredBasis {
    /// The bases that a source declares, as its JSON list. An entry with a word that no rule set knows carries nothing, so it is
    /// passed over; nothing when the text is no list at all.
    pub fn list(json: &str) -> Option<Vec<Self>> {
        if json.is_empty() {
            return Some(Vec::new());
        }
        let entries: Vec<serde_json::Value> = serde_json::from_str(json).ok()?;
        Some(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
    }

    pub fn covers(&self, purpose: Purpose, channel: Channel) -> bool {
        // "all" means every channel on which a person is at the other end; a machine's call is named or it is not meant.
        let channel_fits =
            self.channel == channel.as_str() || (self.channel == "all" && channel != Channel::AutoCall);
        self.purpose == purpose && channel_fits
    }

    /// A consent without a proof is no basis: the sender has to prove it (38-FZ article 18, GDPR article 7(1)).
    pub fn proven(&self) -> bool {
        self.basis != Basis::Consent || !self.proof.trim().is_empty()
    }
}
