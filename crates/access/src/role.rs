use std::{fmt, str::FromStr};

use basis::Fault;
use serde::{Deserialize, Serialize};

/// What a member of a workspace may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, users and secrets included.
    Administrator,
    /// Imports, people, segments, campaigns.
    Marketer,
    /// Operators' work and the reports of it.
    Supervisor,
    /// The call tasks in hand.
    Operator,
    /// The outsourcer's client: reads reports, with masks.
    Client,
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Administrator, Self::Marketer, Self::Supervisor, Self::Operator, Self::Client];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Marketer => "marketer",
            Self::Supervisor => "supervisor",
            Self::Operator => "operator",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Fault;
    fn from_str(s: &str) -> Result<Self, Fault> {
        Self::ALL.into_iter().find(|role| role.as_str() == s).ok_or_else(|| {
            Fault::invalid(
                "role",
                format!("\"{s}\" is not a role; use administrator, marketer, supervisor, operator or client"),
            )
        })
    }
}
