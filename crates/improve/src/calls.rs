//! The calls of a campaign, one entry a customer; the funnel and every list of calls are selections of it.

use std::collections::{BTreeMap, HashMap};

use basis::{CampaignId, Fault, WorkspaceId};
use store::Tx;

use crate::store::calls::{self, OrderRow};

const DAY_MS: i64 = 86_400_000;

/// A customer who was called.
#[derive(Debug, Clone)]
pub struct Called {
    pub customer: i64,
    pub name: String,
    /// Of the talk that counts: the agreement, else the first talk, else the last attempt.
    pub at: i64,
    pub outcome: String,
    pub operator: Option<String>,
    pub attempts: u64,
    pub reached: bool,
    pub agreed: bool,
    /// The first purchase after the first talk, within the window.
    pub order: Option<OrderRow>,
}

/// The cells of the funnel, from contact to order.
pub const CELLS: [&str; 5] = ["dialled", "reached", "agreed", "bought", "agreed_bought"];

impl Called {
    /// Whether a cell holds the customer; `None` for a cell that does not exist.
    pub fn fits(&self, cell: &str) -> Option<bool> {
        Some(match cell {
            "dialled" => true,
            "reached" => self.reached,
            "agreed" => self.agreed,
            "bought" => self.order.is_some(),
            "agreed_bought" => self.agreed && self.order.is_some(),
            _ => return None,
        })
    }
}

/// Everybody who was called, by id.
///
/// # Errors
/// When the database fails.
pub async fn called(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: Option<CampaignId>,
    window_days: i64,
) -> Result<Vec<Called>, Fault> {
    let rows = calls::calls(tx, ws, campaign).await?;
    let mut people: BTreeMap<i64, (Called, Option<i64>)> = BTreeMap::new();
    for row in rows {
        let reached = matches!(row.outcome.as_str(), "agreed" | "refused" | "call_later");
        let (person, first_talk) = people.entry(row.customer_id).or_insert_with(|| {
            let called = Called {
                customer: row.customer_id,
                name: row.name.clone().unwrap_or_default(),
                at: row.at,
                outcome: row.outcome.clone(),
                operator: row.operator.clone(),
                attempts: 0,
                reached: false,
                agreed: false,
                order: None,
            };
            (called, None)
        });
        person.attempts += 1;
        let agreed = row.outcome == "agreed";
        if !person.agreed && (agreed || reached || !person.reached) {
            (person.at, person.outcome, person.operator) = (row.at, row.outcome, row.operator);
        }
        person.agreed |= agreed;
        person.reached |= reached;
        if reached && first_talk.is_none() {
            *first_talk = Some(row.at);
        }
    }
    if let Some(since) = people.values().filter_map(|(_, talk)| *talk).min() {
        let mut by_customer: HashMap<i64, Vec<OrderRow>> = HashMap::new();
        for order in calls::orders_of_called(tx, ws, since).await? {
            by_customer.entry(order.customer_id).or_default().push(order);
        }
        for (person, talk) in people.values_mut() {
            let Some(talk) = *talk else { continue };
            let until = talk.saturating_add(window_days * DAY_MS);
            person.order = by_customer
                .get(&person.customer)
                .and_then(|orders| orders.iter().find(|o| o.ordered_at > talk && o.ordered_at <= until))
                .cloned();
        }
    }
    Ok(people.into_values().map(|(person, _)| person).collect())
}
