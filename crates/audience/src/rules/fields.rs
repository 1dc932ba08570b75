//! What a segment may ask about.

use serde::Serialize;

/// How the value of a condition is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Number,
    /// Minor units of the workspace's currency.
    Money,
    Text,
    Date,
    /// A day, asked about by how long ago it was.
    Days,
    Enum,
    Bool,
    /// Ids of categories.
    Category,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    Between,
    In,
    NotIn,
    Contains,
    Set,
    NotSet,
    WithinDays,
    OlderDays,
}

impl Op {
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Gt, "gt"),
        (Self::Gte, "gte"),
        (Self::Lt, "lt"),
        (Self::Lte, "lte"),
        (Self::Between, "between"),
        (Self::In, "in"),
        (Self::NotIn, "not_in"),
        (Self::Contains, "contains"),
        (Self::Set, "set"),
        (Self::NotSet, "not_set"),
        (Self::WithinDays, "within_days"),
        (Self::OlderDays, "older_days"),
    ];

    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(op, _)| *op == self).map_or("", |(_, word)| word)
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(op, _)| *op)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub key: &'static str,
    pub group: &'static str,
    pub kind: Kind,
    pub ops: &'static [Op],
    /// The words of an enum.
    pub options: &'static [&'static str],
    /// Whether `days` may narrow it to the last days.
    pub windowed: bool,
    /// Whether `campaign` may narrow it to one campaign.
    pub of_campaign: bool,
}

const NUMBER: &[Op] = &[Op::Eq, Op::Ne, Op::Gt, Op::Gte, Op::Lt, Op::Lte, Op::Between];
const CHOICE: &[Op] = &[Op::In, Op::NotIn, Op::Eq, Op::Ne];
const PLACE: &[Op] = &[Op::Eq, Op::Ne, Op::In, Op::NotIn, Op::Set, Op::NotSet];
const DAYS: &[Op] = &[Op::OlderDays, Op::WithinDays, Op::Between, Op::Gte, Op::Lte, Op::Set, Op::NotSet];
const SETS: &[Op] = &[Op::In, Op::NotIn];
const YES_NO: &[Op] = &[Op::Eq];
const WORDS: &[&str] = &["given", "withdrawn", "none"];

const fn field(key: &'static str, group: &'static str, kind: Kind, ops: &'static [Op]) -> Field {
    Field { key, group, kind, ops, options: &[], windowed: false, of_campaign: false }
}

const fn choice(key: &'static str, group: &'static str, options: &'static [&'static str]) -> Field {
    Field { key, group, kind: Kind::Enum, ops: CHOICE, options, windowed: false, of_campaign: false }
}

impl Field {
    const fn windowed(self) -> Self {
        Self { windowed: true, ..self }
    }
}

pub const FIELDS: &[Field] = &[
    choice("stage", "lifecycle", &["new", "developing", "at_risk", "lapsed", "returned", "none"]),
    field("last_order", "orders", Kind::Days, DAYS),
    field("first_order", "orders", Kind::Days, DAYS),
    field("orders", "orders", Kind::Number, NUMBER).windowed(),
    field("revenue", "orders", Kind::Money, NUMBER).windowed(),
    field("sent_back", "orders", Kind::Number, NUMBER).windowed(),
    field("average_order", "orders", Kind::Money, NUMBER),
    field("category", "orders", Kind::Category, SETS).windowed(),
    field("product", "orders", Kind::Text, &[Op::Contains]).windowed(),
    // Days since the last order ÷ the person's own mean gap.
    field("overdue", "forecast", Kind::Number, NUMBER),
    field("risk", "forecast", Kind::Number, NUMBER),
    field("p_alive", "forecast", Kind::Number, NUMBER),
    field("expected_orders", "forecast", Kind::Number, NUMBER),
    field("expected_value", "forecast", Kind::Money, NUMBER),
    field("name", "person", Kind::Text, &[Op::Contains]),
    choice("language", "person", &["ru", "uk", "en", "unknown"]),
    field("city", "person", Kind::Text, PLACE),
    field("birth_month", "person", Kind::Number, &[Op::Eq, Op::In, Op::Between, Op::Set, Op::NotSet]),
    choice("contact", "contacts", &["email", "phone", "telegram"]),
    choice("reachable", "contacts", &["email", "sms", "call"]),
    field("dead", "contacts", Kind::Bool, YES_NO),
    choice("consent_email", "consents", WORDS),
    choice("consent_sms", "consents", WORDS),
    choice("consent_call", "consents", WORDS),
    choice("consent_auto_call", "consents", WORDS),
    field("interest", "consents", Kind::Category, SETS),
    Field {
        of_campaign: true,
        ..choice(
            "reaction",
            "reactions",
            &["treated", "clicked", "subscribed", "agreed", "refused", "bought", "silent", "dead", "holdout"],
        )
    },
];

pub fn field_of(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.key == key)
}
