//! What one slice's event means to another, and the jobs that join slices. Adapts types; has no rule of its own.

use access::{App, Op};
use basis::{Fault, ImportId, RecordId};
use futures::future::BoxFuture;
use ingest::import::{Change, PeopleStep, RUN_JOB, Steps, UNDO_JOB};
use serde::Deserialize;
use serde_json::json;
use store::{jobs, jobs::NewJob, outbox};

/// People out of records: the identity slice, then everything that follows from new orders.
#[derive(Default)]
struct People;

impl PeopleStep for People {
    fn apply<'a>(&'a self, op: &'a Op, changes: &'a [Change]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(identity::apply_changes(op, changes))
    }

    fn withdraw<'a>(&'a self, op: &'a Op, records: &'a [RecordId]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(identity::withdraw_records(op, records))
    }

    fn finish<'a>(&'a self, op: &'a Op, import: ImportId) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            identity::finish_import(op, import).await?;
            after_orders(op).await
        })
    }
}

/// What an import does with its records; one value an import, since it remembers which titles are which products.
#[derive(Default)]
pub struct ImportSteps {
    orders: commerce::Orders,
    people: People,
}

impl ImportSteps {
    pub fn steps(&self) -> Steps<'_> {
        Steps { orders: &self.orders, people: &self.people }
    }
}

/// Orders changed: profiles are refreshed, and orders are credited to the campaigns that run.
async fn after_orders(op: &Op) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    for kind in ["insight.refresh", "response.attribute_orders"] {
        let job = NewJob {
            id: op.next_id(),
            kind,
            payload: json!({}).to_string(),
            dedup_key: Some("all"),
            run_after: op.now(),
        };
        jobs::enqueue(&mut tx, op.ws(), job, op.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[derive(Deserialize)]
struct OfImport {
    import_id: ImportId,
}

fn read<'a, T: Deserialize<'a>>(payload: &'a str) -> Result<T, Fault> {
    serde_json::from_str(payload)
        .map_err(|e| Fault::invalid("job", format!("the payload of the job is odd: {e}")))
}

/// Does a job that joins slices; false for a kind that is not known here.
pub async fn run_job(op: &Op, kind: &str, payload: &str) -> Result<bool, Fault> {
    match kind {
        RUN_JOB => {
            ingest::run_import(op, read::<OfImport>(payload)?.import_id, ImportSteps::default().steps())
                .await?;
        }
        UNDO_JOB => {
            ingest::undo_import(op, read::<OfImport>(payload)?.import_id, ImportSteps::default().steps())
                .await?;
        }
        "insight.refresh" => {
            insight::refresh(&op.app, op.ws()).await?;
        }
        "response.attribute_orders" => {
            response::attribute_orders(&op.app, &op.workspace).await?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Hands waiting events to those who listen; answers how many there were.
pub async fn deliver(app: &App) -> Result<usize, Fault> {
    let events = outbox::waiting(&app.db, 200).await?;
    if events.is_empty() {
        return Ok(0);
    }
    let mut tx = app.db.write().await?;
    for event in &events {
        // Merges and splits move orders between people, so their profiles are due.
        if event.kind.starts_with("customer_") {
            let job = NewJob {
                id: app.next_id(),
                kind: "insight.refresh",
                payload: json!({}).to_string(),
                dedup_key: Some("all"),
                run_after: app.now(),
            };
            jobs::enqueue(&mut tx, basis::WorkspaceId(event.workspace_id), job, app.now()).await?;
        }
        outbox::delivered(&mut tx, event).await?;
    }
    tx.commit().await?;
    Ok(events.len())
}
