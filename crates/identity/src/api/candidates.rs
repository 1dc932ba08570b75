use access::{Answer, need, page::Page};
use ahash::AHashMap;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::line;
use super::shapes::{CustomerLine, LinkReason, reason_of};
use crate::store::candidates::{Draft, candidates};
use crate::store::people::{self, ListRow};
use crate::store::write::list_of;

/// What has been typed so far.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HalfKnown {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateFound {
    customer: CustomerLine,
    probability: f64,
    reasons: Vec<LinkReason>,
}

/// Customers this may be, the likeliest first: asked while typing, so that no double is made.
#[utoipa::path(post, path = "/api/customers/candidates", tag = "identity", request_body = HalfKnown, responses((status = 200, body = Page<CandidateFound>)))]
pub(super) async fn find(
    need::Anyone(op): need::Anyone,
    Json(typed): Json<HalfKnown>,
) -> Answer<Page<CandidateFound>> {
    let draft = Draft {
        name: typed.name.unwrap_or_default(),
        phone: typed.phone.unwrap_or_default(),
        email: typed.email.unwrap_or_default(),
        address: typed.address.unwrap_or_default(),
    };
    let found = candidates(&op, &draft).await?;
    let ids: Vec<i64> = found.iter().map(|c| c.customer.get()).collect();
    if ids.is_empty() {
        return Ok(Json(Page::whole(Vec::new())));
    }
    let mut tx = op.app.db.read().await?;
    let sql = format!("{} WHERE c.workspace_id = $1 AND c.id IN ({})", people::LIST, list_of(&ids));
    let rows: Vec<ListRow> = tx.fetch_dyn(&sql, &[store::Value::Int(op.ws().get())]).await?;
    let mut contacts: AHashMap<i64, Vec<people::ContactRow>> = AHashMap::new();
    for contact in people::contacts(&mut tx, op.ws(), &ids).await? {
        contacts.entry(contact.customer_id).or_default().push(contact);
    }
    let items = found
        .into_iter()
        .filter_map(|c| {
            let row = rows.iter().find(|r| r.id == c.customer.get())?;
            Some(CandidateFound {
                customer: line(&op, row, &contacts.remove(&row.id).unwrap_or_default()),
                probability: c.probability,
                reasons: c.reasons.iter().map(|(code, bits)| reason_of(code, *bits)).collect(),
            })
        })
        .collect();
    Ok(Json(Page::whole(items)))
}
