use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The languages of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    Ru,
    Uk,
    #[default]
    En,
}

impl Lang {
    pub const ALL: [Self; 3] = [Self::Ru, Self::Uk, Self::En];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::Uk => "uk",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lang {
    type Err = crate::Fault;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|lang| lang.as_str() == s).ok_or_else(|| {
            crate::Fault::invalid("language", format!("\"{s}\" is not a language here; use ru, uk or en"))
        })
    }
}
