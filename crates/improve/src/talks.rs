//! The talks of a campaign with what was objected in them; every figure and list of objections is a selection of these rows.

use std::collections::HashMap;

use access::Op;
use basis::{CampaignId, Fault, Time};
use insight::orders::day_of;
use store::Tx;

use crate::{
    rules::talk::Talk,
    store::{
        calls::{self, OrderRow},
        talks::{self, TalkRow},
    },
};

const DAY_MS: i64 = 86_400_000;

/// A talk as the rules count it, beside what a list shows of it.
#[derive(Debug, Clone)]
pub struct Heard {
    pub talk: Talk,
    pub row: TalkRow,
    /// The first purchase after the talk, within the window.
    pub order: Option<OrderRow>,
}

/// All talks, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn heard(
    op: &Op,
    tx: &mut Tx,
    campaign: Option<CampaignId>,
    window_days: i64,
) -> Result<Vec<Heard>, Fault> {
    let ws = op.ws();
    let rows = talks::talks(tx, ws, campaign).await?;
    let mut said: HashMap<i64, Vec<String>> = HashMap::new();
    for (attempt, code, _) in talks::objections(tx, ws).await? {
        said.entry(attempt).or_default().push(code);
    }
    let mut orders: HashMap<i64, Vec<OrderRow>> = HashMap::new();
    if let Some(since) = rows.iter().map(|row| row.at).min() {
        for order in calls::orders_of_called(tx, ws, since).await? {
            orders.entry(order.customer_id).or_default().push(order);
        }
    }
    let zone = op.workspace.tz();
    Ok(rows
        .into_iter()
        .map(|row| {
            let until = row.at.saturating_add(window_days * DAY_MS);
            let order = orders
                .get(&row.customer_id)
                .and_then(|of| of.iter().find(|o| o.ordered_at > row.at && o.ordered_at <= until))
                .cloned();
            let talk = Talk {
                attempt: row.id,
                customer: row.customer_id,
                day: day_of(Time::from_millis(row.at).date(&zone)),
                agreed: row.outcome == "agreed",
                bought: order.is_some(),
                operator: row.operator_id,
                wave: row.wave_id,
                variant: row.variant,
                objections: said.remove(&row.id).unwrap_or_default(),
            };
            Heard { talk, row, order }
        })
        .collect())
}
