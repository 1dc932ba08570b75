use basis::{CareItemId, Fault, WorkspaceId};
use store::{Tx, Value};

/// An item as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ItemRow {
    pub id: i64,
    pub kind: String,
    pub channel: String,
    pub ref_id: i64,
    /// The id under which the person lives on.
    pub customer_id: Option<i64>,
    pub author: String,
    pub topic: String,
    pub text: String,
    pub came_at: i64,
    pub due_at: i64,
    pub status: String,
    pub owner_id: Option<i64>,
    pub answered_at: Option<i64>,
    pub answered_by: Option<i64>,
    pub answer: String,
    pub closed_at: Option<i64>,
    pub outcome: String,
    pub resolution: String,
    pub severity: String,
    pub compensation: String,
    pub order_id: Option<i64>,
    pub employee: String,
    pub parent_id: Option<i64>,
    pub case_id: Option<i64>,
    pub updated_at: i64,
}

impl ItemRow {
    pub fn new(id: i64, kind: &str, channel: &str, came_at: i64) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            channel: channel.to_owned(),
            ref_id: id,
            customer_id: None,
            author: String::new(),
            topic: String::new(),
            text: String::new(),
            came_at,
            due_at: came_at,
            status: "new".to_owned(),
            owner_id: None,
            answered_at: None,
            answered_by: None,
            answer: String::new(),
            closed_at: None,
            outcome: String::new(),
            resolution: String::new(),
            severity: "normal".to_owned(),
            compensation: String::new(),
            order_id: None,
            employee: String::new(),
            parent_id: None,
            case_id: None,
            updated_at: came_at,
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "new" | "in_work")
    }
}

/// An item with what else a line shows.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LineRow {
    #[sqlx(flatten)]
    pub item: ItemRow,
    pub name: Option<String>,
    pub platform: Option<String>,
    pub profile: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub url: Option<String>,
    pub rating: Option<i64>,
    pub product: Option<String>,
    pub order_number: Option<String>,
    pub negative: Option<String>,
    pub linked_by: Option<String>,
    pub source: Option<String>,
}

const LINES: &str = "SELECT i.id, i.kind, i.channel, i.ref_id, COALESCE(a.current_id, i.customer_id) AS customer_id, i.author, i.topic, i.text, i.came_at, i.due_at, \
     i.status, i.owner_id, i.answered_at, i.answered_by, i.answer, i.closed_at, i.outcome, i.resolution, i.severity, i.compensation, i.order_id, \
     i.employee, i.parent_id, i.case_id, i.updated_at, k.display_name AS name, m.platform, m.profile, m.email, m.phone, m.url, m.rating, m.product, \
     m.order_number, m.negative, m.linked_by, m.source \
     FROM care_items i \
     LEFT JOIN customer_aliases a ON a.workspace_id = i.workspace_id AND a.customer_id = i.customer_id \
     LEFT JOIN customers k ON k.workspace_id = i.workspace_id AND k.id = COALESCE(a.current_id, i.customer_id) \
     LEFT JOIN mentions m ON m.workspace_id = i.workspace_id AND m.id = COALESCE(i.parent_id, i.id)";

/// Lines that fit a condition on `i`, `a`, `m`, whose arguments begin with $2; words of the program only.
pub async fn lines(
    tx: &mut Tx,
    ws: WorkspaceId,
    condition: &str,
    args: Vec<Value>,
) -> Result<Vec<LineRow>, Fault> {
    let sql = format!("{LINES} WHERE i.workspace_id = $1 {condition}");
    let mut all = vec![Value::Int(ws.get())];
    all.extend(args);
    Ok(tx.fetch_dyn(&sql, &all).await?)
}

pub async fn line(tx: &mut Tx, ws: WorkspaceId, id: CareItemId) -> Result<LineRow, Fault> {
    lines(tx, ws, "AND i.id = $2", vec![Value::Int(id.get())])
        .await?
        .pop()
        .ok_or_else(|| Fault::not_found("care_item", "There is nothing of this id in the inbox."))
}

pub async fn add(tx: &mut Tx, ws: WorkspaceId, rows: &[ItemRow]) -> Result<u64, Fault> {
    Ok(store::insert_many!(
        *tx,
        "INSERT INTO care_items (workspace_id, id, kind, channel, ref_id, customer_id, author, topic, text, came_at, due_at, status, owner_id, answered_at, answered_by, answer, closed_at, outcome, resolution, severity, compensation, order_id, employee, parent_id, case_id, updated_at)",
        rows,
        |r| [
            ws.get(),
            r.id,
            r.kind.as_str(),
            r.channel.as_str(),
            r.ref_id,
            r.customer_id,
            r.author.as_str(),
            r.topic.as_str(),
            r.text.as_str(),
            r.came_at,
            r.due_at,
            r.status.as_str(),
            r.owner_id,
            r.answered_at,
            r.answered_by,
            r.answer.as_str(),
            r.closed_at,
            r.outcome.as_str(),
            r.resolution.as_str(),
            r.severity.as_str(),
            r.compensation.as_str(),
            r.order_id,
            r.employee.as_str(),
            r.parent_id,
            r.case_id,
            r.updated_at,
        ],
        "ON CONFLICT DO NOTHING"
    )?)
}

/// Writes an item that stood as of `seen`; false when somebody else was quicker.
pub async fn save(tx: &mut Tx, ws: WorkspaceId, r: &ItemRow, seen: i64) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE care_items SET customer_id = $3, topic = $4, due_at = $5, status = $6, owner_id = $7, answered_at = $8, answered_by = $9, answer = $10,
           closed_at = $11, outcome = $12, resolution = $13, severity = $14, compensation = $15, order_id = $16, employee = $17, case_id = $18, updated_at = $19
         WHERE workspace_id = $1 AND id = $2 AND updated_at = $20",
        ws.get(),
        r.id,
        r.customer_id,
        r.topic.as_str(),
        r.due_at,
        r.status.as_str(),
        r.owner_id,
        r.answered_at,
        r.answered_by,
        r.answer.as_str(),
        r.closed_at,
        r.outcome.as_str(),
        r.resolution.as_str(),
        r.severity.as_str(),
        r.compensation.as_str(),
        r.order_id,
        r.employee.as_str(),
        r.case_id,
        r.updated_at,
        seen
    )?;
    Ok(touched == 1)
}

/// What waits, for the badges.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct CountsRow {
    pub waiting: i64,
    pub overdue: i64,
    pub mine: i64,
    pub mentions: i64,
    pub mentions_overdue: i64,
}

pub async fn counts(tx: &mut Tx, ws: WorkspaceId, user: i64, now: i64) -> Result<CountsRow, Fault> {
    Ok(store::fetch_one!(
        *tx,
        CountsRow,
        "SELECT COUNT(CASE WHEN case_id IS NULL THEN 1 END) AS waiting,
           COUNT(CASE WHEN case_id IS NULL AND due_at < $3 THEN 1 END) AS overdue,
           COUNT(CASE WHEN case_id IS NULL AND owner_id = $2 THEN 1 END) AS mine,
           COUNT(CASE WHEN kind IN ('mention', 'review') THEN 1 END) AS mentions,
           COUNT(CASE WHEN kind IN ('mention', 'review') AND due_at < $3 THEN 1 END) AS mentions_overdue
         FROM care_items WHERE workspace_id = $1 AND status <> 'closed' AND status <> 'answered'",
        ws.get(),
        user,
        now
    )?)
}
