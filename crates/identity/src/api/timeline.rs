use access::{Answer, need};
use axum::{
    Json,
    extract::{Path, Query},
};
use basis::{CustomerId, Fault, InteractionId, Time};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::store::{
    history::{self, Part},
    people,
};

#[derive(Debug, Deserialize, IntoParams)]
pub struct StoryQuery {
    /// `orders`, `messages`, `calls`, `consents`, `card` (imports, merges, corrections, stages); everything when absent.
    part: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What happened with a customer under all ids it ever had, newest first: orders, messages, calls, consents, and what happened with
/// the card itself.
#[utoipa::path(get, path = "/api/customers/{id}/timeline", tag = "identity", params(("id" = String, Path), StoryQuery), responses((status = 200, body = Object)))]
pub(super) async fn show(
    need::Viewer(op): need::Viewer,
    Path(id): Path<CustomerId>,
    Query(query): Query<StoryQuery>,
) -> Answer<serde_json::Value> {
    let part = match query.part.as_deref() {
        None | Some("") => None,
        Some(word) => Some(Part::named(word).ok_or_else(|| {
            let text =
                format!("\"{word}\" is no part of a history; use orders, messages, calls, consents or card");
            Fault::invalid("part", text)
        })?),
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let before =
        query.cursor.as_deref().and_then(|c| c.split_once('~')).and_then(|(at, id)| {
            Some((Time::from_millis(at.parse().ok()?), InteractionId(id.parse().ok()?)))
        });
    let mut tx = op.app.db.read().await?;
    people::customer(&mut tx, &op, id).await?;
    let ids = people::current_ids(&mut tx, op.ws(), id).await?;
    let kinds = part.map_or(&[][..], Part::kinds);
    let mut items = timeline::of_customer(&mut tx, op.ws(), &ids, kinds, before, limit + 1).await?;
    let told = history::told(&mut tx, &op, &ids, part).await?;
    items.extend(told.into_iter().filter(|e| before.is_none_or(|b| (e.at, e.id) < b)));
    items.sort_by_key(|e| std::cmp::Reverse((e.at, e.id)));
    let more = items.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = items.last().filter(|_| more).map(|e| format!("{}~{}", e.at.millis(), e.id));
    Ok(Json(serde_json::json!({ "items": items, "next": next })))
}
