use access::App;
use basis::{CampaignId, Fault, SuppressionId, Time, WorkspaceId};
use serde::Serialize;
use store::{Tx, Value};

use crate::rules::suppression::value_hash;

/// A contact value that must not be used.
#[derive(Debug, Clone)]
pub struct Suppress<'a> {
    pub kind: &'a str,
    pub value: &'a str,
    /// `all`, `email`, `sms`, `call` …
    pub channel: &'a str,
    /// `opt_out`, `complaint`, `refused`, `hard_bounce`, `manual`, `erased`.
    pub reason: &'a str,
    pub campaign_id: Option<CampaignId>,
    pub at: Time,
}

const REASONS: [&str; 6] = ["opt_out", "complaint", "refused", "hard_bounce", "manual", "erased"];

pub(crate) async fn stop_key(app: &App, ws: WorkspaceId) -> Result<[u8; 32], Fault> {
    app.key(ws, "suppression").await
}

/// Puts a value on the stop-list. The same stop twice is one.
pub async fn suppress(tx: &mut Tx, app: &App, ws: WorkspaceId, stop: &Suppress<'_>) -> Result<(), Fault> {
    if !REASONS.contains(&stop.reason) {
        let known = REASONS.join(", ");
        return Err(Fault::invalid(
            "reason",
            format!("\"{}\" is not a reason of a stop; known: {known}", stop.reason),
        ));
    }
    let hash = value_hash(&stop_key(app, ws).await?, stop.kind, stop.value);
    let there = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT id FROM suppressions WHERE workspace_id = $1 AND value_hash = $2 AND channel = $3 AND reason = $4 AND lifted_at IS NULL LIMIT 1",
        ws.get(),
        hash.as_str(),
        stop.channel,
        stop.reason
    )?;
    if there.is_some() {
        return Ok(());
    }
    store::execute!(
        *tx,
        "INSERT INTO suppressions (workspace_id, id, kind, value_hash, channel, reason, campaign_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ws.get(),
        app.next_id(),
        stop.kind,
        hash,
        stop.channel,
        stop.reason,
        stop.campaign_id.map(CampaignId::get),
        stop.at.millis()
    )?;
    Ok(())
}

/// Takes a stop back: a person who was put there by mistake. The row stays, with the time.
pub async fn lift(tx: &mut Tx, ws: WorkspaceId, id: SuppressionId, at: Time) -> Result<(), Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE suppressions SET lifted_at = $3 WHERE workspace_id = $1 AND id = $2 AND lifted_at IS NULL",
        ws.get(),
        id.get(),
        at.millis()
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(Fault::not_found("suppression", "There is no such stop in force."))
    }
}

/// A fresh consent of the person lifts what the person's own refusal had stopped on that channel.
/// Complaints, bounces and stops set by hand stay.
pub(crate) async fn lift_own_refusals(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    kind: &str,
    value: &str,
    channel: &str,
    at: Time,
) -> Result<(), Fault> {
    let hash = value_hash(&stop_key(app, ws).await?, kind, value);
    let lifted = store::fetch_all!(
        *tx,
        (String, String, Option<i64>),
        "UPDATE suppressions SET lifted_at = $5
         WHERE workspace_id = $1 AND value_hash = $2 AND reason IN ('opt_out', 'refused') AND lifted_at IS NULL AND (channel = $3 OR channel = 'all') AND $4 <> ''
         RETURNING channel, reason, campaign_id",
        ws.get(),
        hash.as_str(),
        channel,
        value,
        at.millis()
    )?;
    // A number stopped for all channels and now given for SMS stays stopped for calls.
    if kind == "phone" && channel != "all" {
        for (was, reason, campaign) in lifted.iter().filter(|(was, _, _)| was == "all") {
            debug_assert_eq!(was, "all");
            for other in ["sms", "call"].into_iter().filter(|other| *other != channel) {
                let campaign_id = campaign.map(CampaignId);
                suppress(tx, app, ws, &Suppress { kind, value, channel: other, reason, campaign_id, at })
                    .await?;
            }
        }
    }
    Ok(())
}

/// A row of the stop-list. The value itself is not kept, so it is shown only where a customer still has it.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Stop {
    pub id: i64,
    pub kind: String,
    pub channel: String,
    pub reason: String,
    pub campaign_id: Option<i64>,
    pub at: i64,
    pub lifted_at: Option<i64>,
}

/// Newest first, after the given id; with a value only the stops of that value.
pub async fn list_stops(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    value: Option<(&str, &str)>,
    before: i64,
    limit: u32,
) -> Result<Vec<Stop>, Fault> {
    let mut sql = "SELECT id, kind, channel, reason, campaign_id, at, lifted_at FROM suppressions WHERE workspace_id = $1 AND id < $2".to_owned();
    let mut args = vec![Value::Int(ws.get()), Value::Int(before), Value::Int(i64::from(limit))];
    if let Some((kind, value)) = value {
        sql.push_str(" AND value_hash = $4");
        args.push(Value::Text(value_hash(&stop_key(app, ws).await?, kind, value)));
    }
    sql.push_str(" ORDER BY id DESC LIMIT $3");
    Ok(tx.fetch_dyn(&sql, &args).await?)
}
