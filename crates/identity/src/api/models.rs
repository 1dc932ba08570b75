use access::{Answer, need, page::Page};
use axum::{Json, extract::Path};
use basis::{Fault, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::rules::frozen::Frozen;
use crate::store::{models, run};

/// A version of the beliefs by which records are told to be one person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelVersion {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    learned_at: Time,
    /// `first`, `growth` of the base by a third, `asked` by a person.
    reason: String,
    /// Records it was learned from, and people it found in them.
    records: i64,
    customers: i64,
    /// Customers that went into others when it came into force, and parts that left.
    merged: i64,
    split: i64,
    /// Bits of evidence needed before two records of any name are as likely one person as not.
    evidence_needed: f64,
    in_force: bool,
    /// Whether there is an earlier version to go back to.
    can_undo: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    undone_at: Option<Time>,
}

/// What a change of the version did to the people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relearned {
    records: i64,
    customers: i64,
    merged: i64,
    split: i64,
}

impl From<run::Refreshed> for Relearned {
    fn from(done: run::Refreshed) -> Self {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            records: number(done.records),
            customers: number(done.customers),
            merged: number(done.merged),
            split: number(done.split),
        }
    }
}

/// Versions of the beliefs, newest first.
#[utoipa::path(get, path = "/api/dedup/models", tag = "identity", responses((status = 200, body = Page<ModelVersion>)))]
pub(super) async fn list(need::Viewer(op): need::Viewer) -> Answer<Page<ModelVersion>> {
    let mut tx = op.app.db.read().await?;
    let in_force = models::state(&mut tx, op.ws()).await?.map(|s| s.model_id);
    let items = models::versions(&mut tx, op.ws())
        .await?
        .into_iter()
        .map(|v| ModelVersion {
            id: v.id.to_string(),
            learned_at: Time::from_millis(v.learned_at),
            reason: v.reason,
            records: v.records,
            customers: v.customers,
            merged: v.merged,
            split: v.split,
            evidence_needed: serde_json::from_str::<Frozen>(&v.beliefs).map_or(0.0, |f| -f64::from(f.prior)),
            in_force: in_force == Some(v.id),
            can_undo: in_force == Some(v.id) && v.previous_id.is_some(),
            undone_at: v.undone_at.map(Time::from_millis),
        })
        .collect();
    Ok(Json(Page::whole(items)))
}

/// Learns anew from the base as it is and puts the new version in force.
#[utoipa::path(post, path = "/api/dedup/relearn", tag = "identity", responses((status = 200, body = Relearned)))]
pub(super) async fn relearn(need::Supervisor(op): need::Supervisor) -> Answer<Relearned> {
    Ok(Json(run::relearn(&op).await?.into()))
}

/// Takes the version in force back: people are what the version before it finds in the records as they are now.
#[utoipa::path(post, path = "/api/dedup/models/{id}/undo", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = Relearned), (status = 404), (status = 409)))]
pub(super) async fn undo(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<String>,
) -> Answer<Relearned> {
    let id = id
        .parse()
        .map_err(|_| Fault::not_found("identity_model", format!("there is no version {id} here")))?;
    Ok(Json(run::undo_relearn(&op, id).await?.into()))
}
