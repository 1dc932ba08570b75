//! What became of the people who spoke up. Every figure is counted over rows that its list hands out.

use std::collections::{BTreeMap, BTreeSet};

use access::Op;
use basis::{Fault, Time};
use insight::{orders::parse_day, outcomes, rules::since::Since};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    rules::{
        deadline::Reply,
        first_contact::{Contact, Verdict, verdicts},
    },
    store::{
        item::{self, LineRow},
        settings,
    },
};

const DAY: i64 = 86_400_000;

/// Which of what came.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Period {
    /// The first day, as 2024-09-01.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
}

impl Period {
    /// From when until before when.
    fn bounds(&self, op: &Op) -> Result<(i64, i64), Fault> {
        let day = |text: &Option<String>, field: &'static str| match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => parse_day(text, None).map(Some).ok_or_else(|| {
                let what = format!("\"{text}\" is not a day like 2024-09-01");
                Fault::invalid("day", what.clone()).with_field(field, what)
            }),
        };
        let (from, to) = (day(&self.from, "from")?, day(&self.to, "to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Fault::invalid("care_period", "The first day lies after the last one.")
                .with_field("to", "not before the first day"));
        }
        // The shop's own midnight.
        let start = |day: i32| {
            let date = jiff::civil::Date::constant(1970, 1, 1)
                .checked_add(jiff::Span::new().days(i64::from(day)))
                .ok()?;
            Some(Time::from(date.to_zoned(op.workspace.tz()).ok()?.timestamp()).millis())
        };
        Ok((
            from.and_then(start).unwrap_or(i64::MIN),
            to.and_then(|day| start(day.saturating_add(1))).unwrap_or(i64::MAX),
        ))
    }
}

/// A mention with what it tells.
#[derive(Debug, Clone)]
pub struct Told {
    pub line: LineRow,
    pub reply: Reply,
    pub negative: bool,
}

/// Mentions and reviews of a period, the newest first.
pub async fn mentions(op: &Op, period: &Period) -> Result<Vec<Told>, Fault> {
    let (from, until) = period.bounds(op)?;
    let now = op.campaign_now().millis();
    let mut tx = op.app.db.read().await?;
    let lines = item::lines(
        &mut tx,
        op.ws(),
        "AND i.kind IN ('mention', 'review') AND i.came_at >= $2 AND i.came_at < $3 ORDER BY i.came_at DESC, i.id DESC",
        vec![store::Value::Int(from), store::Value::Int(until)],
    )
    .await?;
    Ok(lines
        .into_iter()
        .map(|line| Told {
            reply: Reply::of(line.item.answered_at, line.item.due_at, now),
            negative: matches!(line.negative.as_deref(), Some("rating" | "person")),
            line,
        })
        .collect())
}

/// A line of the review log.
#[derive(Debug, Clone)]
pub struct Logged {
    pub told: Told,
    /// Of a negative one of a known customer.
    pub since: Option<Since>,
    /// The customer's newest negative one among these: the money is counted here and nowhere else.
    pub counts: bool,
}

/// Puts beside each negative mention what its customer spent before and after.
pub async fn logged(op: &Op, told: Vec<Told>) -> Result<Vec<Logged>, Fault> {
    let moments: Vec<(i64, Time)> = told
        .iter()
        .filter(|t| t.negative)
        .filter_map(|t| Some((t.line.item.customer_id?, Time::from_millis(t.line.item.came_at))))
        .collect();
    let (since, _) = outcomes::since_moments(&op.app, &op.workspace, moments).await?;
    let mut since = since.into_iter();
    let mut seen = BTreeSet::new();
    Ok(told
        .into_iter()
        .map(|told| {
            let customer = told.line.item.customer_id.filter(|_| told.negative);
            let since = customer.and_then(|_| since.next().flatten());
            let counts = since.is_some() && customer.is_some_and(|c| seen.insert(c));
            Logged { told, since, counts }
        })
        .collect())
}

/// A customer of a group, and whether they have left since.
#[derive(Debug, Clone)]
pub struct Person {
    pub customer: i64,
    pub name: String,
    pub item: i64,
    pub at: i64,
    pub group: &'static str,
    pub since: Since,
}

/// The first contact of each customer puts them into a group, once; contacts without a group are passed by.
pub async fn people(op: &Op, contacts: &[(&LineRow, Option<&'static str>)]) -> Result<Vec<Person>, Fault> {
    let mut first: BTreeMap<i64, (&LineRow, &'static str)> = BTreeMap::new();
    for (line, group) in contacts {
        let (Some(customer), Some(group)) = (line.item.customer_id, group) else { continue };
        let known = first.entry(customer).or_insert((line, group));
        if (line.item.came_at, line.item.id) < (known.0.item.came_at, known.0.item.id) {
            *known = (line, group);
        }
    }
    let moments = first.iter().map(|(c, (l, _))| (*c, Time::from_millis(l.item.came_at))).collect();
    let (since, _) = outcomes::since_moments(&op.app, &op.workspace, moments).await?;
    Ok(first
        .into_iter()
        .zip(since)
        .filter_map(|((customer, (line, group)), since)| {
            Some(Person {
                customer,
                name: line.name.clone().unwrap_or_default(),
                item: line.item.id,
                at: line.item.came_at,
                group,
                since: since?,
            })
        })
        .collect())
}

/// The group of a mention by its reply; while the deadline is ahead it has none.
pub const fn reply_group(reply: Reply) -> Option<&'static str> {
    match reply {
        Reply::InTime => Some("in_time"),
        Reply::Late => Some("late"),
        Reply::Breached => Some("unanswered"),
        Reply::Waiting => None,
    }
}

/// A contact with its verdict.
#[derive(Debug, Clone)]
pub struct Judged {
    pub line: LineRow,
    pub verdict: Verdict,
}

/// Contacts of a period, the newest first: all that came but promised calls, mistakes and what needed nothing. A case stands for
/// its mention. Repeats are looked for outside of the period too.
pub async fn contacts(op: &Op, period: &Period) -> Result<(Vec<Judged>, i64), Fault> {
    let (from, until) = period.bounds(op)?;
    let now = op.campaign_now().millis();
    let mut tx = op.app.db.read().await?;
    let days = settings::settings(&mut tx, op.ws()).await?.repeat_days;
    let margin = 2 * days * DAY;
    let lines = item::lines(
        &mut tx,
        op.ws(),
        "AND i.case_id IS NULL AND i.kind <> 'callback' AND i.outcome NOT IN ('mistake', 'needless') AND i.came_at >= $2 AND i.came_at < $3
         ORDER BY i.came_at DESC, i.id DESC",
        vec![
            store::Value::Int(from.saturating_sub(margin)),
            store::Value::Int(until.saturating_add(margin)),
        ],
    )
    .await?;
    let contacts: Vec<Contact> = lines
        .iter()
        .map(|l| Contact {
            person: match (l.item.customer_id, l.profile.as_deref()) {
                (Some(customer), _) => customer.to_string(),
                (None, Some(profile)) => profile.to_owned(),
                (None, None) => String::new(),
            },
            topic: l.item.topic.clone(),
            came_at: l.item.came_at,
            handled_at: l.item.answered_at.into_iter().chain(l.item.closed_at).min(),
        })
        .collect();
    let verdicts = verdicts(&contacts, now, days);
    let judged = lines
        .into_iter()
        .zip(verdicts)
        .filter(|(l, _)| l.item.came_at >= from && l.item.came_at < until)
        .map(|(line, verdict)| Judged { line, verdict })
        .collect();
    Ok((judged, days))
}
