use access::{Op, Role, page::Page};
use basis::{CareItemId, CustomerId, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    measured::Person,
    rules::{
        groups::{ChurnDifference, Rate},
        hint::hint,
    },
    store::item::LineRow,
};

/// Why a mention may be a complaint: a word of a list, no judgement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hint {
    topic: &'static str,
    /// The beginning of the word that was met.
    word: &'static str,
}

/// What is known of a mention besides its words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MentionFacts {
    platform: String,
    profile: String,
    /// Masked as the role may see it.
    contact: String,
    url: String,
    rating: Option<i64>,
    product: String,
    order_number: String,
    /// rating, person, not (a person said so), or empty.
    negative: String,
    /// contact, person, or empty.
    linked_by: String,
    /// The file's name, api, hand.
    source: String,
    /// While nobody has judged it.
    hint: Option<Hint>,
}

/// Something that came in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CareItem {
    #[schema(value_type = String)]
    pub id: CareItemId,
    /// mention, review, reply, callback, case.
    kind: String,
    /// social, review, email, sms, call, letter, other.
    channel: String,
    customer_id: Option<String>,
    /// The customer's name, else the author's.
    name: String,
    text: String,
    topic: String,
    #[schema(value_type = String, format = DateTime)]
    came_at: Time,
    #[schema(value_type = String, format = DateTime)]
    due_at: Time,
    /// Waits, and the deadline has passed.
    overdue: bool,
    /// new, in_work, answered, closed.
    status: String,
    owner_id: Option<String>,
    owner: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Time>,
    answer: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Time>,
    outcome: String,
    resolution: String,
    severity: String,
    compensation: String,
    employee: String,
    /// Of a mention: the case that stands for it.
    case_id: Option<String>,
    /// Of a case: its mention.
    parent_id: Option<String>,
    mention: Option<MentionFacts>,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

impl CareItem {
    pub fn of(op: &Op, members: &[(i64, String)], row: &LineRow) -> Self {
        let i = &row.item;
        let now = op.campaign_now().millis();
        let text = |id: Option<i64>| id.map(|id| id.to_string());
        // What colleagues write among themselves is not for the client.
        let inner = |words: &String| if op.role == Role::Client { String::new() } else { words.clone() };
        Self {
            id: CareItemId(i.id),
            kind: i.kind.clone(),
            channel: i.channel.clone(),
            customer_id: text(i.customer_id),
            name: row.name.clone().unwrap_or_else(|| i.author.clone()),
            text: i.text.clone(),
            topic: i.topic.clone(),
            came_at: Time::from_millis(i.came_at),
            due_at: Time::from_millis(i.due_at),
            overdue: i.is_open() && i.due_at < now,
            status: i.status.clone(),
            owner_id: text(i.owner_id),
            owner: i.owner_id.and_then(|id| members.iter().find(|(m, _)| *m == id)).map(|(_, n)| n.clone()),
            answered_at: i.answered_at.map(Time::from_millis),
            answer: i.answer.clone(),
            closed_at: i.closed_at.map(Time::from_millis),
            outcome: i.outcome.clone(),
            resolution: inner(&i.resolution),
            severity: i.severity.clone(),
            compensation: inner(&i.compensation),
            employee: inner(&i.employee),
            case_id: text(i.case_id),
            parent_id: text(i.parent_id),
            mention: facts(op, row),
            updated_at: Time::from_millis(i.updated_at),
        }
    }
}

fn facts(op: &Op, row: &LineRow) -> Option<MentionFacts> {
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    let contact = [("email", &row.email), ("phone", &row.phone)].into_iter().find_map(|(kind, value)| {
        Some(identity::shown(op, kind, value.as_deref().filter(|v| !v.is_empty())?))
    });
    let negative = word(&row.negative);
    Some(MentionFacts {
        platform: row.platform.clone()?,
        profile: word(&row.profile),
        contact: contact.unwrap_or_default(),
        url: word(&row.url),
        rating: row.rating,
        product: word(&row.product),
        order_number: word(&row.order_number),
        linked_by: word(&row.linked_by),
        source: word(&row.source),
        hint: hint(&row.item.text).filter(|_| negative.is_empty()).map(|(topic, word)| Hint { topic, word }),
        negative,
    })
}

/// A customer of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct CarePerson {
    customer_id: String,
    name: String,
    /// By which item they are in the group.
    #[schema(value_type = String)]
    item_id: CareItemId,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    group: &'static str,
    /// Neither lapsed nor without purchases then.
    active_then: bool,
    /// Crossed the lapse threshold since.
    left_since: bool,
    last_order_day: Option<String>,
}

/// How many of a group left. Churn is counted among those who were customers then.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupChurn {
    group: &'static str,
    /// All known customers of the group.
    customers: usize,
    /// Left ÷ active then.
    churn: Rate,
    /// Against the first group.
    difference: Option<ChurnDifference>,
    /// Half of the active ones have been watched for so many days or more.
    watched_days: Option<i64>,
}

pub fn group_churn(people: &[Person], groups: &[&'static str], now: i64) -> Vec<GroupChurn> {
    let rate = |group: &str| {
        let active = people.iter().filter(|p| p.group == group && p.since.active_then);
        let left = active.clone().filter(|p| p.since.left_since).count();
        Rate::of(left as u64, active.count() as u64)
    };
    let first = groups.first().map(|g| rate(g));
    groups
        .iter()
        .enumerate()
        .map(|(n, group)| {
            let churn = rate(group);
            let watched = people
                .iter()
                .filter(|p| p.group == *group && p.since.active_then)
                .map(|p| (now - p.at) / 86_400_000)
                .collect();
            GroupChurn {
                group,
                customers: people.iter().filter(|p| p.group == *group).count(),
                churn,
                difference: first.filter(|_| n > 0).and_then(|f| ChurnDifference::between(churn, f)),
                watched_days: crate::rules::deadline::median(watched),
            }
        })
        .collect()
}

/// People of a group: all, those who were customers then, or those of them who left.
pub fn people_page(people: Vec<Person>, group: &str, cell: &str) -> Page<CarePerson> {
    let fits = |p: &Person| match cell {
        "left" => p.since.left_since,
        "active" => p.since.active_then,
        _ => true,
    };
    let items = people.into_iter().filter(|p| p.group == group && fits(p)).map(|p| CarePerson {
        customer_id: CustomerId(p.customer).to_string(),
        name: p.name,
        item_id: CareItemId(p.item),
        at: Time::from_millis(p.at),
        group: p.group,
        active_then: p.since.active_then,
        left_since: p.since.left_since,
        last_order_day: p.since.last_day.map(insight::orders::day_name),
    });
    Page::whole(items.collect())
}

/// One page of rows sorted from the newest: those after the cursor `came_at~id`.
pub fn cut<T>(rows: Vec<T>, query: (Option<&str>, u32), key: impl Fn(&T) -> (i64, i64)) -> Page<T> {
    let (cursor, limit) = query;
    let after = cursor
        .and_then(|c| c.split_once('~'))
        .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.parse::<i64>().ok()?)));
    let surplus = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let rows: Vec<T> =
        rows.into_iter().filter(|row| after.is_none_or(|after| key(row) < after)).take(surplus).collect();
    Page::cut(rows, limit, |row| {
        let (at, id) = key(row);
        format!("{at}~{id}")
    })
}
