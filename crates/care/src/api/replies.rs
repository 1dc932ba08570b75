use access::{Answer, need, page::Page};
use axum::{Json, extract::Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shapes::{CarePerson, GroupChurn, group_churn, people_page};
use crate::{
    measured::{self, Period, Person, Told, mentions, reply_group},
    rules::{
        deadline::{Reply, median},
        groups::Rate,
        step::one_of,
    },
    store::settings,
};

const GROUPS: [&str; 3] = ["in_time", "late", "unanswered"];

/// How soon mentions are answered, and what silence costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplyReport {
    reply_hours: i64,
    mentions: usize,
    answered: usize,
    unanswered: usize,
    /// Of the unanswered: the deadline has passed.
    breached: usize,
    /// Hours that the oldest unanswered one has waited.
    oldest_hours: Option<i64>,
    /// Median minutes from the words to the first reply.
    median_minutes: Option<i64>,
    /// Answered in time ÷ (answered + breached).
    in_sla: Rate,
    by_platform: Vec<PlatformReplies>,
    /// in_time, late, unanswered; each customer counts by the first mention.
    groups: Vec<GroupChurn>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformReplies {
    platform: String,
    mentions: usize,
    unanswered: usize,
    breached: usize,
    median_minutes: Option<i64>,
    in_sla: Rate,
}

fn is_open(told: &Told) -> bool {
    matches!(told.reply, Reply::Waiting | Reply::Breached)
}

fn minutes(told: &[&Told]) -> Option<i64> {
    let waits = told.iter().filter_map(|t| Some((t.line.item.answered_at? - t.line.item.came_at) / 60_000));
    median(waits.collect())
}

fn in_sla(told: &[&Told]) -> Rate {
    let of = |reply: Reply| told.iter().filter(|t| t.reply == reply).count() as u64;
    let (in_time, rest) = (of(Reply::InTime), of(Reply::Late) + of(Reply::Breached));
    Rate::of(in_time, in_time + rest)
}

async fn grouped(op: &access::Op, told: &[Told]) -> Result<Vec<Person>, basis::Fault> {
    let contacts: Vec<_> = told.iter().map(|t| (&t.line, reply_group(t.reply))).collect();
    measured::people(op, &contacts).await
}

/// Unanswered mentions, time to the first reply, and churn of those answered in time, late and never.
#[utoipa::path(get, path = "/api/replies", tag = "care", params(Period), responses((status = 200, body = ReplyReport)))]
pub(super) async fn report(
    need::Anyone(op): need::Anyone,
    Query(period): Query<Period>,
) -> Answer<ReplyReport> {
    let told = mentions(&op, &period).await?;
    let now = op.campaign_now().millis();
    let all: Vec<&Told> = told.iter().collect();
    let count = |of: &[&Told], fits: &dyn Fn(&Told) -> bool| of.iter().filter(|t| fits(t)).count();
    let mut platforms: Vec<&str> = told.iter().filter_map(|t| t.line.platform.as_deref()).collect();
    platforms.sort_unstable();
    platforms.dedup();
    let by_platform = platforms
        .into_iter()
        .map(|platform| {
            let of: Vec<&Told> =
                told.iter().filter(|t| t.line.platform.as_deref() == Some(platform)).collect();
            PlatformReplies {
                platform: platform.to_owned(),
                mentions: of.len(),
                unanswered: count(&of, &is_open),
                breached: count(&of, &|t| t.reply == Reply::Breached),
                median_minutes: minutes(&of),
                in_sla: in_sla(&of),
            }
        })
        .collect();
    let people = grouped(&op, &told).await?;
    let mut tx = op.app.db.read().await?;
    let settings = settings::settings(&mut tx, op.ws()).await?;
    Ok(Json(ReplyReport {
        reply_hours: settings.reply_hours,
        mentions: told.len(),
        answered: count(&all, &|t| !is_open(t)),
        unanswered: count(&all, &is_open),
        breached: count(&all, &|t| t.reply == Reply::Breached),
        oldest_hours: told
            .iter()
            .filter(|t| is_open(t))
            .map(|t| (now - t.line.item.came_at) / 3_600_000)
            .max(),
        median_minutes: minutes(&all),
        in_sla: in_sla(&all),
        by_platform,
        groups: group_churn(&people, &GROUPS, now),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct GroupQuery {
    from: Option<String>,
    to: Option<String>,
    /// Of the replies: in_time, late, unanswered. Of the contacts: solved, not_solved.
    pub(super) group: String,
    /// all (default), active (customers then), left.
    pub(super) cell: Option<String>,
}

impl GroupQuery {
    pub fn period(&self) -> Period {
        Period { from: self.from.clone(), to: self.to.clone() }
    }
}

/// The customers of a group.
#[utoipa::path(get, path = "/api/replies/people", tag = "care", params(GroupQuery), responses((status = 200, body = Page<CarePerson>)))]
pub(super) async fn people(
    need::Anyone(op): need::Anyone,
    Query(query): Query<GroupQuery>,
) -> Answer<Page<CarePerson>> {
    one_of("group", &query.group, &GROUPS)?;
    let told = mentions(&op, &query.period()).await?;
    let people = grouped(&op, &told).await?;
    Ok(Json(people_page(people, &query.group, query.cell.as_deref().unwrap_or("all"))))
}
