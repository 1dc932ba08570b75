//! Orders after the launch, for treated and held-out people alike.

use access::{App, Workspace};
use basis::{CampaignId, CustomerId, Fault, MessageId, Time, WaveId};
use serde_json::{Value, json};
use store::Tx;

use crate::{
    rules::credit::{Contact, earned},
    store::{NewReaction, add_reaction, contacts},
};

/// The kind of the job that runs after imports.
pub const JOB_ATTRIBUTE: &str = "response.attribute_orders";

/// Orders count so long when a campaign names no window.
const DEFAULT_WINDOW_DAYS: i64 = 30;

#[derive(Debug, sqlx::FromRow)]
struct Bought {
    customer_id: i64,
    holdout: bool,
    known_at: Option<i64>,
    known_minor: i64,
    /// Of the orders that count.
    first_at: Option<i64>,
    minor: i64,
    /// Of a journey: the first order since entering, also of that very day, by whoever still walks.
    goal_at: Option<i64>,
}

/// Finds the first order of each person within the goal's window and what they spent in it, for every launched campaign. The window
/// begins on the shop's day of the launch, as in the proof; of a journey on the day after the person entered it. Running it again
/// changes nothing. Answers how many people were new or changed.
///
/// # Errors
/// Of the database.
pub async fn attribute_orders(app: &App, workspace: &Workspace) -> Result<usize, Fault> {
    let ws = workspace.id;
    let mut tx = app.db.read().await?;
    let campaigns = store::fetch_all!(
        tx,
        (i64, String, i64),
        "SELECT id, goal, launched_at FROM campaigns WHERE workspace_id = $1 AND launched_at IS NOT NULL ORDER BY id",
        ws.get()
    )?;
    drop(tx);
    let zone = workspace.tz();
    let mut changed = 0;
    for (id, goal, launched) in campaigns {
        let goal: Value = serde_json::from_str(&goal).unwrap_or_default();
        let days = goal.get("window_days").and_then(Value::as_i64).unwrap_or(DEFAULT_WINDOW_DAYS);
        let from = Time::from_millis(launched).day(&zone);
        changed += of_campaign(app, workspace, CampaignId(id), from, days).await?;
    }
    Ok(changed)
}

async fn of_campaign(
    app: &App,
    workspace: &Workspace,
    campaign: CampaignId,
    from: i64,
    days: i64,
) -> Result<usize, Fault> {
    let ws = workspace.id;
    let mut tx = app.db.read().await?;
    // Cancelled and returned orders are no purchases; amounts of other currencies are not added.
    let found = store::fetch_all!(
        tx,
        Bought,
        "SELECT m.customer_id, m.holdout, m.bought_at AS known_at, m.bought_minor AS known_minor,
           MIN(CASE WHEN o.day >= COALESCE(m.entered_day + 1, $3) THEN o.ordered_at END) AS first_at,
           CAST(SUM(CASE WHEN o.currency = $5 AND o.day >= COALESCE(m.entered_day + 1, $3) THEN o.amount_minor ELSE 0 END) AS BIGINT) AS minor,
           MIN(CASE WHEN m.entered_at IS NOT NULL AND m.ended_at IS NULL AND NOT m.holdout AND o.ordered_at >= m.entered_at THEN o.ordered_at END) AS goal_at
         FROM campaign_members m
         LEFT JOIN customer_aliases a ON a.workspace_id = m.workspace_id AND a.customer_id = m.customer_id
         JOIN record_customers rc ON rc.workspace_id = m.workspace_id AND rc.customer_id = COALESCE(a.current_id, m.customer_id)
         JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 AND o.status IN ('paid', 'new')
           AND o.day >= COALESCE(m.entered_day, $3) AND o.day <= COALESCE(m.entered_day + 1, $3) + $4
         GROUP BY m.customer_id, m.holdout, m.bought_at, m.bought_minor ORDER BY m.customer_id",
        ws.get(),
        campaign.get(),
        from,
        days,
        workspace.currency.as_str()
    )?;
    drop(tx);
    let fresh = |b: &Bought| b.first_at.is_some() && (b.known_at != b.first_at || b.known_minor != b.minor);
    let news: Vec<Bought> = found.into_iter().filter(|b| fresh(b) || b.goal_at.is_some()).collect();
    for some in news.chunks(200) {
        let mut tx = app.db.write().await?;
        for bought in some {
            let customer = CustomerId(bought.customer_id);
            if let Some(at) = bought.goal_at {
                campaign::note_goal(&mut tx, ws, campaign, customer, Time::from_millis(at)).await?;
            }
            let Some(at) = bought.first_at.filter(|_| fresh(bought)).map(Time::from_millis) else { continue };
            campaign::record_order(&mut tx, ws, campaign, customer, at, bought.minor).await?;
            if bought.known_at.is_none() && !bought.holdout {
                note(&mut tx, app, workspace, campaign, customer, at).await?;
            }
        }
        tx.commit().await?;
    }
    if !news.is_empty() {
        app.hub.publish(ws, format!("campaign:{campaign}"), json!({ "orders": news.len() }));
    }
    Ok(news.len())
}

/// The order as a reaction to the last contact before it; shown as attributed, never as proof.
async fn note(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    campaign: CampaignId,
    customer: CustomerId,
    at: Time,
) -> Result<(), Fault> {
    let contacts = contacts(tx, workspace.id, campaign, customer).await?;
    let none = Contact { message: 0, wave: 0, sent_at: None };
    let credit = earned(none, &contacts, at.millis());
    if credit == none {
        return Ok(());
    }
    let data = json!({});
    let reaction = NewReaction {
        id: app.next_id(),
        campaign,
        wave: WaveId(credit.wave),
        message: MessageId(credit.message),
        customer,
        kind: "order",
        human: true,
        at,
        data: &data,
    };
    add_reaction(tx, workspace.id, &reaction).await
}
