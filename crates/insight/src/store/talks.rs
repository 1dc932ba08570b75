//! The talks in which customers said why they leave.

use basis::WorkspaceId;
use store::{Result, Tx, Value};

/// Which talks; empty codes are all of them.
#[derive(Debug, Clone, Default)]
pub struct TalkFilter {
    pub codes: Vec<String>,
    pub competitor: Option<String>,
    pub employee: Option<String>,
    /// Talks before this one.
    pub before: i64,
    pub limit: i64,
}

/// A refusal.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TalkRow {
    pub id: i64,
    pub customer_id: i64,
    pub name: Option<String>,
    pub reason: String,
    pub at: i64,
    pub competitor: Option<String>,
    pub employee: Option<String>,
    pub order_id: Option<i64>,
    pub order_number: Option<String>,
    pub order_day: Option<i64>,
    pub operator: Option<String>,
    pub campaign: Option<String>,
    pub note: String,
}

/// Talks, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn talks(tx: &mut Tx, ws: WorkspaceId, filter: &TalkFilter) -> Result<Vec<TalkRow>> {
    let mut args = vec![Value::Int(ws.get()), Value::Int(filter.before), Value::Int(filter.limit)];
    let mut only = String::new();
    if !filter.codes.is_empty() {
        let places: Vec<String> = filter
            .codes
            .iter()
            .map(|code| {
                args.push(Value::Text(code.clone()));
                format!("${}", args.len())
            })
            .collect();
        only.push_str(&format!(" AND t.reason IN ({})", places.join(", ")));
    }
    for (column, wanted) in [("competitor", &filter.competitor), ("employee", &filter.employee)] {
        if let Some(wanted) = wanted {
            args.push(Value::Text(wanted.clone()));
            only.push_str(&format!(" AND t.{column} = ${}", args.len()));
        }
    }
    tx.fetch_dyn(
        &format!(
            "SELECT t.id, COALESCE(a.current_id, t.customer_id) AS customer_id, c.display_name AS name, t.reason,
               COALESCE(t.finished_at, 0) AS at, t.competitor, t.employee, t.order_id, o.number AS order_number,
               o.day AS order_day, u.name AS operator, k.name AS campaign, t.note
             FROM call_tasks t
             LEFT JOIN customer_aliases a ON a.workspace_id = t.workspace_id AND a.customer_id = t.customer_id
             LEFT JOIN customers c ON c.workspace_id = t.workspace_id AND c.id = COALESCE(a.current_id, t.customer_id)
             LEFT JOIN orders o ON o.workspace_id = t.workspace_id AND o.id = t.order_id
             LEFT JOIN users u ON u.id = t.taken_by
             LEFT JOIN campaigns k ON k.workspace_id = t.workspace_id AND k.id = t.campaign_id
             WHERE t.workspace_id = $1 AND t.outcome = 'refused' AND t.reason IS NOT NULL AND t.id < $2{only}
             ORDER BY t.id DESC LIMIT $3"
        ),
        &args,
    )
    .await
}
