use basis::{CallTaskId, CustomerId, Fault, OfferId, WorkspaceId};
use store::Tx;

use crate::rules::offers::Promised;

/// An offer of the catalogue.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct OfferRow {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub percent: i64,
    pub cost_minor: i64,
    pub words: String,
    pub valid_days: i64,
    pub month_limit: Option<i64>,
    pub month_budget_minor: Option<i64>,
    pub gaps: String,
    pub least_value_minor: i64,
    pub retired: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

pub async fn offers(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<OfferRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        OfferRow,
        "SELECT id, name, kind, percent, cost_minor, words, valid_days, month_limit, month_budget_minor, gaps, least_value_minor, retired, created_at, updated_at
         FROM offers WHERE workspace_id = $1 ORDER BY retired, id LIMIT 500",
        ws.get()
    )?)
}

pub async fn offer(tx: &mut Tx, ws: WorkspaceId, id: OfferId) -> Result<OfferRow, Fault> {
    store::fetch_optional!(
        *tx,
        OfferRow,
        "SELECT id, name, kind, percent, cost_minor, words, valid_days, month_limit, month_budget_minor, gaps, least_value_minor, retired, created_at, updated_at
         FROM offers WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("offer", "There is no such offer."))
}

/// Writes an offer down; one that is there is replaced when it still is what was seen. False when it is not.
pub async fn set(tx: &mut Tx, ws: WorkspaceId, row: &OfferRow, seen: i64) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "INSERT INTO offers (workspace_id, id, name, kind, percent, cost_minor, words, valid_days, month_limit, month_budget_minor, gaps, least_value_minor, retired, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, percent = excluded.percent,
           cost_minor = excluded.cost_minor, words = excluded.words, valid_days = excluded.valid_days, month_limit = excluded.month_limit,
           month_budget_minor = excluded.month_budget_minor, gaps = excluded.gaps, least_value_minor = excluded.least_value_minor,
           retired = excluded.retired, updated_at = excluded.updated_at
         WHERE offers.updated_at = $16",
        ws.get(),
        row.id,
        row.name.as_str(),
        row.kind.as_str(),
        row.percent,
        row.cost_minor,
        row.words.as_str(),
        row.valid_days,
        row.month_limit,
        row.month_budget_minor,
        row.gaps.as_str(),
        row.least_value_minor,
        row.retired,
        row.created_at,
        row.updated_at,
        seen
    )?;
    Ok(touched == 1)
}

/// What each offer promised in a month.
pub async fn promised(tx: &mut Tx, ws: WorkspaceId, month: i64) -> Result<Vec<(i64, Promised)>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, i64, i64),
        "SELECT offer_id, issued, promised_minor FROM offer_months WHERE workspace_id = $1 AND month = $2",
        ws.get(),
        month
    )?;
    Ok(rows.into_iter().map(|(id, issued, minor)| (id, Promised { issued, minor })).collect())
}

/// Takes room for one code; false when the month has none. The database decides, so that two operators at once cannot both
/// have the last one.
pub async fn reserve(tx: &mut Tx, ws: WorkspaceId, offer: &OfferRow, month: i64) -> Result<bool, Fault> {
    store::execute!(
        *tx,
        "INSERT INTO offer_months (workspace_id, offer_id, month, issued, promised_minor) VALUES ($1, $2, $3, 0, 0) ON CONFLICT DO NOTHING",
        ws.get(),
        offer.id,
        month
    )?;
    let touched = store::execute!(
        *tx,
        "UPDATE offer_months SET issued = issued + 1, promised_minor = promised_minor + $4
         WHERE workspace_id = $1 AND offer_id = $2 AND month = $3 AND issued < $5 AND promised_minor + $4 <= $6",
        ws.get(),
        offer.id,
        month,
        offer.cost_minor,
        offer.month_limit.unwrap_or(i64::MAX),
        offer.month_budget_minor.unwrap_or(i64::MAX)
    )?;
    Ok(touched == 1)
}

/// A code as it was issued.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct CodeRow {
    pub id: i64,
    pub offer_id: i64,
    pub code: String,
    pub task_id: i64,
    pub customer_id: i64,
    pub operator_kind: String,
    pub operator_id: i64,
    pub issued_at: i64,
    pub month: i64,
    pub expires_day: i64,
    pub cost_minor: i64,
    pub percent: i64,
    pub why: String,
    pub state: String,
}

pub async fn add_code(tx: &mut Tx, ws: WorkspaceId, row: &CodeRow) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO offer_codes (workspace_id, id, offer_id, code, task_id, customer_id, operator_kind, operator_id, issued_at, month, expires_day, cost_minor, percent, why, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        ws.get(),
        row.id,
        row.offer_id,
        row.code.as_str(),
        row.task_id,
        row.customer_id,
        row.operator_kind.as_str(),
        row.operator_id,
        row.issued_at,
        row.month,
        row.expires_day,
        row.cost_minor,
        row.percent,
        row.why.as_str(),
        row.state.as_str()
    )?;
    Ok(())
}

/// The code that stands for a task.
pub async fn code_of(tx: &mut Tx, ws: WorkspaceId, task: CallTaskId) -> Result<Option<CodeRow>, Fault> {
    Ok(store::fetch_optional!(
        *tx,
        CodeRow,
        "SELECT id, offer_id, code, task_id, customer_id, operator_kind, operator_id, issued_at, month, expires_day, cost_minor, percent, why, state
         FROM offer_codes WHERE workspace_id = $1 AND task_id = $2 AND state = 'issued'",
        ws.get(),
        task.get()
    )?)
}

/// Takes a code back and gives its room in the month back; false when it was undone already.
pub async fn undo(tx: &mut Tx, ws: WorkspaceId, code: &CodeRow) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE offer_codes SET state = 'undone' WHERE workspace_id = $1 AND id = $2 AND state = 'issued'",
        ws.get(),
        code.id
    )?;
    if touched == 1 {
        store::execute!(
            *tx,
            "UPDATE offer_months SET issued = issued - 1, promised_minor = promised_minor - $4 WHERE workspace_id = $1 AND offer_id = $2 AND month = $3",
            ws.get(),
            code.offer_id,
            code.month,
            code.cost_minor
        )?;
    }
    Ok(touched == 1)
}

/// Revenue and signs of leaving of a customer: (minor, JSON).
pub async fn profile(tx: &mut Tx, ws: WorkspaceId, customer: CustomerId) -> Result<(i64, String), Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64, String),
        "SELECT revenue_minor, signals FROM profiles WHERE workspace_id = $1 AND customer_id = $2",
        ws.get(),
        customer.get()
    )?;
    Ok(row.unwrap_or_else(|| (0, "[]".to_owned())))
}

/// A code with the first purchase that was made with it while it was good.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct IssuedRow {
    pub id: i64,
    pub offer_id: i64,
    pub code: String,
    pub customer_id: i64,
    pub name: Option<String>,
    pub operator: Option<String>,
    pub issued_at: i64,
    pub expires_day: i64,
    pub cost_minor: i64,
    pub percent: i64,
    pub why: String,
    pub order_id: Option<i64>,
    pub order_number: Option<String>,
    pub order_day: Option<i64>,
    pub amount_minor: Option<i64>,
    pub currency: Option<String>,
}

/// All codes that stand, the newest first.
pub async fn issued(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<IssuedRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        IssuedRow,
        "SELECT k.id, k.offer_id, k.code, COALESCE(a.current_id, k.customer_id) AS customer_id, c.display_name AS name,
           COALESCE(NULLIF(u.name, ''), u.email, t.name) AS operator, k.issued_at, k.expires_day, k.cost_minor, k.percent, k.why,
           o.id AS order_id, o.number AS order_number, o.day AS order_day, o.amount_minor, o.currency
         FROM offer_codes k
         LEFT JOIN orders o ON o.workspace_id = k.workspace_id AND o.id = (
           SELECT p.id FROM orders p WHERE p.workspace_id = k.workspace_id AND p.promo_code = k.code AND p.status IN ('paid', 'new')
             AND p.ordered_at >= k.issued_at AND p.day <= k.expires_day ORDER BY p.ordered_at, p.id LIMIT 1)
         LEFT JOIN customer_aliases a ON a.workspace_id = k.workspace_id AND a.customer_id = k.customer_id
         LEFT JOIN customers c ON c.workspace_id = k.workspace_id AND c.id = COALESCE(a.current_id, k.customer_id)
         LEFT JOIN users u ON u.id = k.operator_id
         LEFT JOIN api_tokens t ON t.workspace_id = k.workspace_id AND t.id = k.operator_id
         WHERE k.workspace_id = $1 AND k.state = 'issued' ORDER BY k.id DESC",
        ws.get()
    )?)
}
