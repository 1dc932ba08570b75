use basis::{CampaignId, Fault, WorkspaceId};
use store::Tx;

/// A call in which the person was on the line.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TalkRow {
    pub id: i64,
    pub customer_id: i64,
    pub name: Option<String>,
    pub outcome: String,
    /// Campaign clock.
    pub at: i64,
    pub operator_id: i64,
    pub operator: Option<String>,
    pub wave_id: i64,
    pub variant: Option<i64>,
    pub campaign: Option<String>,
    pub note: String,
}

/// The talks of a campaign, or of all of them, the newest first.
pub async fn talks(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: Option<CampaignId>,
) -> Result<Vec<TalkRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        TalkRow,
        "SELECT x.id, COALESCE(a.current_id, x.customer_id) AS customer_id, c.display_name AS name, x.outcome, x.at, x.operator_id,
           COALESCE(NULLIF(u.name, ''), u.email, k.name) AS operator, t.wave_id, g.variant, p.name AS campaign, x.note
         FROM call_attempts x
         JOIN call_tasks t ON t.workspace_id = x.workspace_id AND t.id = x.task_id
         LEFT JOIN messages g ON g.workspace_id = t.workspace_id AND g.id = t.message_id
         LEFT JOIN campaigns p ON p.workspace_id = t.workspace_id AND p.id = t.campaign_id
         LEFT JOIN customer_aliases a ON a.workspace_id = x.workspace_id AND a.customer_id = x.customer_id
         LEFT JOIN customers c ON c.workspace_id = x.workspace_id AND c.id = COALESCE(a.current_id, x.customer_id)
         LEFT JOIN users u ON u.id = x.operator_id
         LEFT JOIN api_tokens k ON k.workspace_id = x.workspace_id AND k.id = x.operator_id
         WHERE x.workspace_id = $1 AND ($2 = 0 OR t.campaign_id = $2) AND x.outcome IN ('agreed', 'refused', 'call_later')
         ORDER BY x.id DESC",
        ws.get(),
        campaign.map_or(0, CampaignId::get)
    )?)
}

/// What was objected in all calls: (call, code, version), in the order in which it was said.
pub async fn objections(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String, i64)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, String, i64),
        "SELECT attempt_id, code, version FROM call_objections WHERE workspace_id = $1 ORDER BY attempt_id, position",
        ws.get()
    )?)
}

/// Who talks with customers: members who may take calls, and programs that did; (id, name).
pub async fn operators(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT u.id AS id, CASE WHEN u.name = '' THEN u.email ELSE u.name END AS name FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.workspace_id = $1 AND u.disabled_at IS NULL
           AND (m.role IN ('operator', 'supervisor') OR EXISTS (SELECT 1 FROM call_attempts x WHERE x.workspace_id = $1 AND x.operator_id = u.id))
         UNION
         SELECT k.id AS id, k.name AS name FROM api_tokens k
         WHERE k.workspace_id = $1 AND EXISTS (SELECT 1 FROM call_attempts x WHERE x.workspace_id = $1 AND x.operator_id = k.id)
         ORDER BY name, id",
        ws.get()
    )?)
}
