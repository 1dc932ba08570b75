use basis::{CampaignId, Fault, Money, WorkspaceId};
use store::Tx;

/// An ended call; merged customers answer under the id that lives on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CallRow {
    pub customer_id: i64,
    pub name: Option<String>,
    pub outcome: String,
    /// Campaign clock.
    pub at: i64,
    pub operator: Option<String>,
}

/// The calls of a campaign, or of all of them, in the order of time. Calls of lost or released tasks are none.
pub async fn calls(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: Option<CampaignId>,
) -> Result<Vec<CallRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        CallRow,
        "SELECT COALESCE(a.current_id, x.customer_id) AS customer_id, c.display_name AS name, x.outcome, x.at, u.name AS operator
         FROM call_attempts x
         JOIN call_tasks t ON t.workspace_id = x.workspace_id AND t.id = x.task_id
         LEFT JOIN customer_aliases a ON a.workspace_id = x.workspace_id AND a.customer_id = x.customer_id
         LEFT JOIN customers c ON c.workspace_id = x.workspace_id AND c.id = COALESCE(a.current_id, x.customer_id)
         LEFT JOIN users u ON u.id = x.operator_id
         WHERE x.workspace_id = $1 AND ($2 = 0 OR t.campaign_id = $2)
           AND x.outcome IN ('agreed', 'refused', 'call_later', 'wrong_number', 'no_answer')
         ORDER BY x.at, x.id",
        ws.get(),
        campaign.map_or(0, CampaignId::get)
    )?)
}

/// A purchase.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OrderRow {
    pub customer_id: i64,
    pub id: i64,
    pub number: String,
    pub ordered_at: i64,
    pub amount_minor: i64,
    pub currency: String,
}

impl OrderRow {
    /// # Errors
    /// A stored currency that is none.
    pub fn amount(&self) -> Result<Money, Fault> {
        let currency = self.currency.parse().map_err(|_| {
            Fault::internal("orders", format!("orders.currency of {}: {}", self.id, self.currency))
        })?;
        Ok(Money::new(self.amount_minor, currency))
    }
}

/// Purchases of people who were called, since a moment, in the order of time.
pub async fn orders_of_called(tx: &mut Tx, ws: WorkspaceId, since: i64) -> Result<Vec<OrderRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        OrderRow,
        "SELECT r.customer_id, o.id, o.number, o.ordered_at, o.amount_minor, o.currency
         FROM orders o JOIN record_customers r ON r.workspace_id = o.workspace_id AND r.record_id = o.record_id
         WHERE o.workspace_id = $1 AND o.status IN ('paid', 'new') AND o.ordered_at >= $2
           AND r.customer_id IN (
             SELECT COALESCE(a.current_id, x.customer_id) FROM call_attempts x
             LEFT JOIN customer_aliases a ON a.workspace_id = x.workspace_id AND a.customer_id = x.customer_id
             WHERE x.workspace_id = $1)
         ORDER BY o.ordered_at, o.id",
        ws.get(),
        since
    )?)
}

/// Orders of some days: (all, cancelled or returned, purchases in the currency, their amounts).
pub async fn orders_between(
    tx: &mut Tx,
    ws: WorkspaceId,
    currency: &str,
    from: i32,
    to: i32,
) -> Result<(i64, i64, i64, i64), Fault> {
    Ok(store::fetch_one!(
        *tx,
        (i64, i64, i64, i64),
        "SELECT COUNT(*), COUNT(CASE WHEN status IN ('cancelled', 'returned') THEN 1 END),
           COUNT(CASE WHEN status IN ('paid', 'new') AND currency = $2 THEN 1 END),
           CAST(COALESCE(SUM(CASE WHEN status IN ('paid', 'new') AND currency = $2 THEN amount_minor ELSE 0 END), 0) AS BIGINT)
         FROM orders WHERE workspace_id = $1 AND day BETWEEN $3 AND $4",
        ws.get(),
        currency,
        i64::from(from),
        i64::from(to)
    )?)
}
