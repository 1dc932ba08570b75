//! Bodies that several answers share.

use access::Op;
use basis::{CustomerId, Money, Time, mask_email, mask_phone};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::people::ContactRow;

/// A line of a list of customers; phones and e-mails are masked by role.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerLine {
    #[schema(value_type = String)]
    pub id: CustomerId,
    pub name: String,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    pub city: String,
    /// Purchase occasions.
    pub orders: i64,
    /// The shop's local day.
    #[schema(value_type = Option<String>, format = Date)]
    pub last_order_day: Option<String>,
    pub stage: String,
    #[schema(value_type = Object)]
    pub revenue: Money,
}

/// A contact point of a card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CardContact {
    pub id: String,
    /// `phone`, `email`.
    pub kind: String,
    pub value: String,
    pub masked: bool,
    /// `ok`, `soft_bounced`, `hard_bounced`, `wrong_number`, `dead`.
    pub status: String,
    pub preferred: bool,
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Time,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Time,
    pub source: String,
    /// Records that name it.
    pub records: i64,
}

/// A value as this role may see it.
pub fn shown(op: &Op, kind: &str, value: &str) -> String {
    match kind {
        _ if op.unmasked() => value.to_owned(),
        "email" => mask_email(value),
        "social" => mask_profile(value),
        _ => mask_phone(value),
    }
}

/// `vk:id•••`: the network is no secret.
fn mask_profile(value: &str) -> String {
    let (network, name) = value.split_once(':').unwrap_or(("", value));
    format!("{network}:{}•••", name.chars().take(2).collect::<String>())
}

impl CardContact {
    pub fn of(op: &Op, row: &ContactRow, unmasked: bool) -> Self {
        let full = unmasked || op.unmasked();
        Self {
            id: row.id.to_string(),
            kind: row.kind.clone(),
            value: if full { row.value.clone() } else { shown(op, &row.kind, &row.value) },
            masked: !full,
            status: row.state.clone(),
            preferred: row.preferred,
            first_seen: Time::from_millis(row.first_seen),
            last_seen: Time::from_millis(row.last_seen),
            source: row.source.clone(),
            records: row.seen,
        }
    }
}

/// One reason of a link: which field, how it compares, how many bits it adds.
#[derive(Debug, Clone, Serialize, serde::Deserialize, ToSchema)]
pub struct LinkReason {
    pub field: String,
    pub level: String,
    pub weight: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
}

/// Reasons as stored.
pub fn reasons_of(text: &str) -> Vec<LinkReason> {
    serde_json::from_str(text).unwrap_or_default()
}

/// A code such as `phone_same` as field and level.
pub fn reason_of(code: &str, weight: f32) -> LinkReason {
    let known = [
        "given_name",
        "surname",
        "patronymic",
        "phone",
        "email",
        "birth_date",
        "document",
        "profile",
        "home",
        "house",
        "street",
        "town",
        "branch",
        "address",
        "postcode",
        "region",
        "other",
    ];
    let field = known
        .into_iter()
        .find(|f| code.strip_prefix(f).is_some_and(|r| r.starts_with('_')))
        .unwrap_or("other");
    let level = code.strip_prefix(field).unwrap_or(code).trim_start_matches('_');
    let (field, level) = match field {
        "home" | "house" | "street" | "town" | "branch" => ("address", code),
        _ => (field, level),
    };
    LinkReason {
        field: field.to_owned(),
        level: level.to_owned(),
        weight: (f64::from(weight) * 100.0).round() / 100.0,
        a: None,
        b: None,
    }
}
