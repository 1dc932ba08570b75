//! Mentions come in: known ones change nothing, new ones find their customer, negative ones become cases.

use access::Op;
use basis::{CustomerId, Email, Fault, InteractionId, Time, WorkspaceId, visible};
use identity::rules::profile_links;
use insight::complaints::{self, Complaint};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use timeline::Interaction;
use utoipa::ToSchema;

use crate::{
    rules::{
        deadline::CareSettings,
        step::{TOPICS, one_of},
    },
    store::{
        item::{self, ItemRow},
        mention::{self, MentionRow},
        person, settings,
    },
};

/// Mentions in one transaction.
const BATCH: usize = 100;
const LONGEST_TEXT: usize = 20_000;

/// What somebody said of the shop outside of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// google, facebook, instagram, vk, telegram, a marketplace, …
    pub platform: String,
    /// The platform's own id of it; without one the address, or the words themselves, tell it from others.
    #[serde(default)]
    pub external_id: String,
    /// The author's name.
    #[serde(default)]
    pub author: String,
    /// The author's profile: a link or a name on the platform.
    #[serde(default)]
    pub profile: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub url: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub published_at: Option<Time>,
    /// 1 to 5.
    #[serde(default)]
    pub rating: Option<i64>,
    #[serde(default)]
    pub product: String,
    /// Number of the order that it is about.
    #[serde(default)]
    pub order: String,
    /// delivery, product, service, price, payment, return, site, other.
    #[serde(default)]
    pub topic: String,
    /// A person has called it negative.
    #[serde(default)]
    pub negative: bool,
    /// When the shop has answered it already, and with what.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub answered_at: Option<Time>,
    #[serde(default)]
    pub answer: String,
}

impl Mention {
    /// The first field that cannot be used, and what it should be.
    pub fn odd(&self, now: Time) -> Option<(&'static str, String)> {
        if visible(&self.platform).is_empty() {
            return Some(("platform", "where it was said: google, facebook, instagram, …".to_owned()));
        }
        if visible(&self.text).is_empty() && self.rating.is_none() {
            return Some(("text", "the words, or a rating".to_owned()));
        }
        if self.text.chars().count() > LONGEST_TEXT {
            return Some(("text", format!("at most {LONGEST_TEXT} characters")));
        }
        let Some(published) = self.published_at else {
            return Some(("published_at", "when it was said, as 2024-09-01T12:00:00Z".to_owned()));
        };
        if published.millis() > now.plus_days(1).millis() {
            return Some(("published_at", "not a day of the future".to_owned()));
        }
        if self.rating.is_some_and(|r| !(1..=5).contains(&r)) {
            return Some(("rating", "a whole number from 1 to 5".to_owned()));
        }
        if !["https://", "http://"].iter().any(|s| self.url.starts_with(s)) && !self.url.is_empty() {
            return Some(("url", "an address that begins with https://".to_owned()));
        }
        if self.answered_at.is_some_and(|at| at.millis() < published.millis()) {
            return Some(("answered_at", "not before it was said".to_owned()));
        }
        if !self.topic.is_empty()
            && let Err(fault) = one_of("topic", &self.topic, &TOPICS)
        {
            return Some(("topic", fault.detail));
        }
        None
    }

    /// By what it is known on its platform.
    fn key(&self) -> String {
        let own = visible(&self.external_id);
        if !own.is_empty() {
            return own.chars().take(200).collect();
        }
        let rest = if self.url.is_empty() {
            let at = self.published_at.map_or(0, Time::millis);
            format!("{}\n{}\n{at}\n{}", self.author, self.profile, self.text)
        } else {
            self.url.clone()
        };
        // A digest: an address may name its author.
        format!("~{}", &blake3::hash(rest.as_bytes()).to_hex()[..32])
    }

    /// The author's profile in the one spelling of contact points.
    fn profile_key(&self) -> String {
        let read = |cell: &str| {
            let mut found = None;
            profile_links::each(cell, |name, network| found = Some((network.to_owned(), name.to_owned())));
            found
        };
        let profile = visible(&self.profile);
        if profile.contains('/') || profile.contains(':') {
            return read(&profile).map(|(network, name)| format!("{network}:{name}")).unwrap_or_default();
        }
        // A bare name belongs to the platform that it stands on; one that is no network has names of its own.
        let name = profile.trim_start_matches('@');
        match read(&format!("{}: {name}", self.platform)) {
            Some((network, name)) if network != "profile" => format!("{network}:{name}"),
            _ if name.is_empty() => String::new(),
            _ => format!("{}:{}", visible(&self.platform), name).to_lowercase(),
        }
    }
}

/// What became of the mentions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Intake {
    pub added: u64,
    /// Were there already and are as they were.
    pub known: u64,
    /// Of the added: joined to a customer.
    pub joined: u64,
    /// Of the added: became cases.
    pub cases: u64,
}

/// Takes mentions in; `source` is the file's name, `api` or `hand`.
///
/// # Errors
/// A mention that cannot be used; then nothing was taken.
pub async fn take_in(op: &Op, source: &str, mentions: &[Mention]) -> Result<Intake, Fault> {
    let now = op.campaign_now();
    for (n, m) in mentions.iter().enumerate() {
        if let Some((field, what)) = m.odd(now) {
            return Err(Fault::invalid("mention", format!("mention {}, {field}: {what}", n + 1))
                .with_field(format!("mentions[{n}].{field}"), what));
        }
    }
    let mut intake = Intake::default();
    for part in mentions.chunks(BATCH) {
        let mut tx = op.app.db.write().await?;
        let settings = settings::settings(&mut tx, op.ws()).await?;
        for m in part {
            one(&mut tx, op, &settings, source, m, &mut intake).await?;
        }
        op.audit(&mut tx, "mentions.take_in", "mention", 0, json!({ "rows": part.len() })).await?;
        tx.commit().await?;
    }
    op.app.hub.publish(op.ws(), "care", json!({ "added": intake.added }));
    Ok(intake)
}

async fn one(
    tx: &mut Tx,
    op: &Op,
    settings: &CareSettings,
    source: &str,
    m: &Mention,
    intake: &mut Intake,
) -> Result<(), Fault> {
    let ws = op.ws();
    let came_at = m.published_at.unwrap_or_else(|| op.campaign_now());
    let profile = m.profile_key();
    let email = Email::parse(m.email.trim()).map(|e| e.into_string().to_lowercase()).unwrap_or_default();
    let phones = desk::rules::number::readings(&m.phone);
    let (customer, phone) = customer_of(tx, ws, &profile, &email, &phones).await?;
    let negative = if settings.is_negative(m.rating) {
        "rating"
    } else if m.negative {
        "person"
    } else {
        ""
    };
    let id = op.next_id();
    let row = MentionRow {
        id,
        platform: visible(&m.platform).to_lowercase().chars().take(60).collect(),
        external_id: m.key(),
        profile,
        email,
        phone,
        url: m.url.clone(),
        rating: m.rating,
        product: visible(&m.product),
        order_number: visible(&m.order),
        negative,
        linked_by: if customer.is_some() { "contact" } else { "" },
        source: source.to_owned(),
    };
    if !mention::add(tx, ws, &row).await? {
        intake.known += 1;
        return Ok(());
    }
    let kind = if m.rating.is_some() { "review" } else { "mention" };
    let channel = if m.rating.is_some() { "review" } else { "social" };
    let mut item = ItemRow::new(id, kind, channel, came_at.millis());
    item.customer_id = customer.map(CustomerId::get);
    item.author =
        [visible(&m.author), visible(&m.profile)].into_iter().find(|n| !n.is_empty()).unwrap_or_default();
    item.topic.clone_from(&m.topic);
    item.text.clone_from(&m.text);
    item.due_at = settings.due(kind, "", item.came_at);
    if let Some(at) = m.answered_at {
        item.status = "answered".to_owned();
        item.answered_at = Some(at.millis());
        item.answer = m.answer.chars().take(LONGEST_TEXT).collect();
    }
    if let Some(customer) = customer {
        if !row.order_number.is_empty() {
            item.order_id = person::order(tx, ws, customer, &row.order_number).await?.map(|o| o.get());
        }
        remember(tx, op, &item, &row.platform).await?;
        intake.joined += 1;
    }
    if !negative.is_empty() {
        let case = case_of(op, settings, &item, m.rating);
        item.case_id = Some(case.id);
        complain(tx, op, &case).await?;
        item::add(tx, ws, std::slice::from_ref(&case)).await?;
        intake.cases += 1;
    }
    item::add(tx, ws, std::slice::from_ref(&item)).await?;
    intake.added += 1;
    Ok(())
}

/// The case of a mention; it stands as far as the mention does.
pub fn case_of(op: &Op, settings: &CareSettings, item: &ItemRow, rating: Option<i64>) -> ItemRow {
    let id = op.next_id();
    let severity = if rating == Some(1) { "high" } else { "normal" };
    ItemRow {
        id,
        ref_id: id,
        kind: "case".to_owned(),
        severity: severity.to_owned(),
        due_at: settings.due("case", severity, item.came_at),
        parent_id: Some(item.id),
        case_id: None,
        ..item.clone()
    }
}

/// A profile is the surest sign, then the e-mail, then the phone.
async fn customer_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    profile: &str,
    email: &str,
    phones: &[String],
) -> Result<(Option<CustomerId>, String), Fault> {
    let list = |value: &str| if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
    // The fullest reading, with its country.
    let phone = phones.iter().max_by_key(|p| p.len()).cloned().unwrap_or_default();
    for (kind, values) in [("social", list(profile)), ("email", list(email)), ("phone", phones.to_vec())] {
        if let Some(found) = person::owner(tx, ws, kind, &values).await? {
            return Ok((Some(found), phone));
        }
    }
    Ok((None, phone))
}

/// The entry of the customer's timeline.
pub async fn remember(tx: &mut Tx, op: &Op, item: &ItemRow, title: &str) -> Result<(), Fault> {
    let Some(customer) = item.customer_id else { return Ok(()) };
    let kind = if item.kind == "case" { "case_opened" } else { item.kind.as_str() };
    let text: String = item.text.chars().take(300).collect();
    let entry = Interaction {
        direction: "in".to_owned(),
        actor_kind: "customer".to_owned(),
        data: json!({ "title": title, "text": text, "item": item.id.to_string() }),
        id: InteractionId(op.next_id()),
        ..Interaction::system(0, CustomerId(customer), Time::from_millis(item.came_at), kind, &item.channel)
    };
    timeline::record(tx, op.ws(), &entry).await?;
    Ok(())
}

/// A case of a known customer is a sign of a bad experience, unless it was opened by mistake.
pub async fn complain(tx: &mut Tx, op: &Op, case: &ItemRow) -> Result<(), Fault> {
    let complaint = case.customer_id.filter(|_| case.outcome != "mistake").map(|customer| Complaint {
        id: case.id,
        customer: CustomerId(customer),
        at: Time::from_millis(case.came_at),
    });
    complaints::set(tx, &op.app, op.ws(), case.id, complaint).await
}

/// Mentions of nobody known whose author has come into the base since. Answers how many were joined.
///
/// # Errors
/// Of the database.
pub async fn join_unknown(op: &Op) -> Result<u64, Fault> {
    let ws = op.ws();
    let mut tx = op.app.db.read().await?;
    let waiting = mention::joinable(&mut tx, ws).await?;
    drop(tx);
    let mut joined = 0;
    for (id, profile, email, phone) in waiting {
        let mut tx = op.app.db.write().await?;
        let phones = if phone.is_empty() { Vec::new() } else { vec![phone] };
        let (found, _) = customer_of(&mut tx, ws, &profile, &email, &phones).await?;
        let Some(customer) = found else { continue };
        if crate::act::link(&mut tx, op, basis::CareItemId(id), customer).await? {
            joined += 1;
        }
        tx.commit().await?;
    }
    if joined > 0 {
        op.app.hub.publish(ws, "care", json!({ "joined": joined }));
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::Mention;

    #[test]
    fn a_bare_name_belongs_to_its_platform() {
        let key = |platform: &str, profile: &str| {
            let m =
                Mention { platform: platform.to_owned(), profile: profile.to_owned(), ..Mention::default() };
            m.profile_key()
        };
        assert_eq!(key("vk", "id77"), "vk:id77");
        assert_eq!(key("VK", "https://vk.com/id77"), "vk:id77");
        assert_eq!(key("telegram", "@olga_p"), "telegram:olga_p");
        assert_eq!(key("Instagram", "@olga.p"), "instagram:olga.p");
        assert_eq!(key("rozetka", "@olga_p"), "rozetka:olga_p");
        assert_eq!(key("rozetka", ""), "");
    }
}
