use basis::{Fault, WorkspaceId};
use store::Tx;

#[derive(Debug, Clone)]
pub struct MentionRow {
    pub id: i64,
    pub platform: String,
    pub external_id: String,
    pub profile: String,
    pub email: String,
    pub phone: String,
    pub url: String,
    pub rating: Option<i64>,
    pub product: String,
    pub order_number: String,
    pub negative: &'static str,
    pub linked_by: &'static str,
    pub source: String,
}

/// Adds a mention; false when it is known already.
pub async fn add(tx: &mut Tx, ws: WorkspaceId, m: &MentionRow) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "INSERT INTO mentions (workspace_id, id, platform, external_id, profile, email, phone, url, rating, product, order_number, negative, linked_by, source)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
        ws.get(),
        m.id,
        m.platform.as_str(),
        m.external_id.as_str(),
        m.profile.as_str(),
        m.email.as_str(),
        m.phone.as_str(),
        m.url.as_str(),
        m.rating,
        m.product.as_str(),
        m.order_number.as_str(),
        m.negative,
        m.linked_by,
        m.source.as_str()
    )?;
    Ok(touched == 1)
}

pub async fn set_linked(tx: &mut Tx, ws: WorkspaceId, id: i64, by: &str) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE mentions SET linked_by = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id,
        by
    )?;
    Ok(())
}

pub async fn set_negative(tx: &mut Tx, ws: WorkspaceId, id: i64, word: &str) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE mentions SET negative = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id,
        word
    )?;
    Ok(())
}

/// Mentions of nobody known that name a profile, an e-mail or a phone somebody has.
pub async fn joinable(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String, String, String)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, String, String, String),
        "SELECT m.id, m.profile, m.email, m.phone FROM mentions m JOIN care_items i ON i.workspace_id = m.workspace_id AND i.id = m.id
         WHERE m.workspace_id = $1 AND i.customer_id IS NULL AND m.linked_by = '' AND (m.profile <> '' OR m.email <> '' OR m.phone <> '')
           AND EXISTS (SELECT 1 FROM contact_points p WHERE p.workspace_id = m.workspace_id
             AND ((p.kind = 'social' AND p.value = m.profile) OR (p.kind = 'email' AND p.value = m.email) OR (p.kind = 'phone' AND p.value = m.phone)))
         ORDER BY m.id LIMIT 5000",
        ws.get()
    )?)
}
