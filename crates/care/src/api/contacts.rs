use std::collections::BTreeMap;

use access::{Answer, need, page::Page};
use axum::{Json, extract::Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    replies::GroupQuery,
    shapes::{CareItem, CarePerson, GroupChurn, cut, group_churn, people_page},
};
use crate::{
    measured::{self, Judged, Period, Person, contacts},
    rules::{first_contact::Verdict, groups::Rate, step::one_of},
};

const GROUPS: [&str; 2] = ["solved", "not_solved"];
const CELLS: [&str; 9] =
    ["all", "measured", "solved", "repeated", "unhandled", "again", "pending", "unknown", "said"];

/// Solved at first contact, of one channel, one owner or all.
#[derive(Debug, Serialize, ToSchema)]
pub struct FirstContact {
    /// A channel, the id of an owner, or empty.
    key: String,
    /// The owner's name.
    name: String,
    /// Solved ÷ measured.
    solved: Rate,
    repeated: usize,
    unhandled: usize,
    /// "Was it solved?": closed as solved ÷ closed as solved or not.
    said: Rate,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FirstContactReport {
    /// A repeat within so many days counts.
    repeat_days: i64,
    contacts: usize,
    /// Repeats of other contacts.
    again: usize,
    /// Their days are not over.
    pending: usize,
    /// Without a topic or a person.
    unknown: usize,
    total: FirstContact,
    by_channel: Vec<FirstContact>,
    by_owner: Vec<FirstContact>,
    /// solved, not_solved; each customer counts by the first contact that is measured.
    groups: Vec<GroupChurn>,
}

fn said(j: &Judged) -> bool {
    matches!(j.line.item.outcome.as_str(), "solved" | "not_solved")
}

fn of(key: String, name: String, part: &[&Judged]) -> FirstContact {
    let count = |fits: &dyn Fn(&Judged) -> bool| part.iter().filter(|j| fits(j)).count() as u64;
    let is = |verdict: Verdict| part.iter().filter(|j| j.verdict == verdict).count();
    FirstContact {
        key,
        name,
        solved: Rate::of(count(&|j| j.verdict == Verdict::Solved), count(&|j| j.verdict.measured())),
        repeated: is(Verdict::Repeated),
        unhandled: is(Verdict::Unhandled),
        said: Rate::of(count(&|j| j.line.item.outcome == "solved"), count(&said)),
    }
}

fn split(judged: &[Judged], key: impl Fn(&Judged) -> String) -> BTreeMap<String, Vec<&Judged>> {
    let mut parts: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for j in judged {
        parts.entry(key(j)).or_default().push(j);
    }
    parts
}

async fn grouped(op: &access::Op, judged: &[Judged]) -> Result<Vec<Person>, basis::Fault> {
    let contacts: Vec<_> = judged
        .iter()
        .map(|j| {
            let group = match j.verdict {
                Verdict::Solved => Some("solved"),
                Verdict::Repeated | Verdict::Unhandled => Some("not_solved"),
                _ => None,
            };
            (&j.line, group)
        })
        .collect();
    measured::people(op, &contacts).await
}

/// How often one contact was enough, by channel and owner, and whether those customers stayed.
#[utoipa::path(get, path = "/api/contacts/first", tag = "care", params(Period), responses((status = 200, body = FirstContactReport)))]
pub(super) async fn report(
    need::Anyone(op): need::Anyone,
    Query(period): Query<Period>,
) -> Answer<FirstContactReport> {
    let (judged, repeat_days) = contacts(&op, &period).await?;
    let people = grouped(&op, &judged).await?;
    let mut tx = op.app.db.read().await?;
    let members = access::members(&mut tx, op.ws()).await?;
    let all: Vec<&Judged> = judged.iter().collect();
    let is = |verdict: Verdict| judged.iter().filter(|j| j.verdict == verdict).count();
    let by_channel = split(&judged, |j| j.line.item.channel.clone())
        .into_iter()
        .map(|(key, part)| of(key, String::new(), &part))
        .collect();
    let by_owner = split(&judged, |j| j.line.item.owner_id.map(|id| id.to_string()).unwrap_or_default())
        .into_iter()
        .map(|(key, part)| {
            let name = members.iter().find(|(id, _)| id.to_string() == key).map(|(_, n)| n.clone());
            of(key, name.unwrap_or_default(), &part)
        })
        .collect();
    Ok(Json(FirstContactReport {
        repeat_days,
        contacts: judged.len(),
        again: is(Verdict::Again),
        pending: is(Verdict::Pending),
        unknown: is(Verdict::Unknown),
        total: of(String::new(), String::new(), &all),
        by_channel,
        by_owner,
        groups: group_churn(&people, &GROUPS, op.campaign_now().millis()),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct ContactQuery {
    from: Option<String>,
    to: Option<String>,
    /// all, measured, solved, repeated, unhandled, again, pending, unknown; said (told whether it was solved).
    cell: Option<String>,
    channel: Option<String>,
    /// A user, or `none`.
    owner: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// A contact with its verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactLine {
    item: CareItem,
    /// solved, repeated, unhandled, again, pending, unknown.
    verdict: &'static str,
}

/// The contacts behind a figure, the newest first.
#[utoipa::path(get, path = "/api/contacts", tag = "care", params(ContactQuery), responses((status = 200, body = Page<ContactLine>)))]
pub(super) async fn list(
    need::Anyone(op): need::Anyone,
    Query(query): Query<ContactQuery>,
) -> Answer<Page<ContactLine>> {
    let cell = one_of("cell", query.cell.as_deref().unwrap_or("all"), &CELLS)?;
    let (mut judged, _) = contacts(&op, &Period { from: query.from, to: query.to }).await?;
    judged.retain(|j| match cell {
        "all" => true,
        "measured" => j.verdict.measured(),
        "said" => said(j),
        name => j.verdict.name() == name,
    });
    if let Some(channel) = query.channel.as_deref().filter(|c| !c.is_empty()) {
        judged.retain(|j| j.line.item.channel == channel);
    }
    match query.owner.as_deref() {
        None | Some("") => {}
        Some("none") => judged.retain(|j| j.line.item.owner_id.is_none()),
        Some(owner) => {
            judged.retain(|j| j.line.item.owner_id.map(|id| id.to_string()).as_deref() == Some(owner));
        }
    }
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = cut(judged, (query.cursor.as_deref(), limit), |j| (j.line.item.came_at, j.line.item.id));
    let mut tx = op.app.db.read().await?;
    let members = access::members(&mut tx, op.ws()).await?;
    let items = page
        .items
        .iter()
        .map(|j| ContactLine { item: CareItem::of(&op, &members, &j.line), verdict: j.verdict.name() })
        .collect();
    Ok(Json(Page { items, next: page.next }))
}

/// The customers of a group.
#[utoipa::path(get, path = "/api/contacts/people", tag = "care", params(GroupQuery), responses((status = 200, body = Page<CarePerson>)))]
pub(super) async fn people(
    need::Anyone(op): need::Anyone,
    Query(query): Query<GroupQuery>,
) -> Answer<Page<CarePerson>> {
    one_of("group", &query.group, &GROUPS)?;
    let (judged, _) = contacts(&op, &query.period()).await?;
    let people = grouped(&op, &judged).await?;
    Ok(Json(people_page(people, &query.group, query.cell.as_deref().unwrap_or("all"))))
}
