//! What one slice's event means to another, and the jobs that join slices. Adapts types; has no rule of its own.

use std::collections::BTreeMap;

use access::{App, Op};
use basis::{Fault, ImportId, RecordId, SourceId, WorkspaceId};
use futures::future::BoxFuture;
use ingest::import::{Change, PeopleStep, RUN_JOB, Steps, UNDO_JOB};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{jobs, jobs::NewJob, outbox};

/// People out of records: the identity slice, then everything that follows from new orders.
#[derive(Default)]
struct People;

impl PeopleStep for People {
    fn apply<'a>(
        &'a self,
        op: &'a Op,
        source: SourceId,
        changes: Vec<Change>,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(identity::apply_changes(op, source, changes))
    }

    fn withdraw<'a>(&'a self, op: &'a Op, records: &'a [RecordId]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            // Once the records have left, nobody can tell whose orders they were.
            insight::changes::mark_records(&op.app, op.ws(), records).await?;
            identity::withdraw_records(op, records).await
        })
    }

    fn finish<'a>(&'a self, op: &'a Op, import: ImportId) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            identity::finish_import(op, import).await?;
            after_orders(op, import).await
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

/// Orders changed: the profiles of their customers are refreshed, and orders are credited to the campaigns that run.
async fn after_orders(op: &Op, import: ImportId) -> Result<(), Fault> {
    care::join_unknown(op).await?;
    insight::changes::after_import(&op.app, op.ws(), import).await?;
    let mut tx = op.app.db.write().await?;
    let job = NewJob {
        id: op.next_id(),
        kind: "response.attribute_orders",
        payload: json!({}).to_string(),
        dedup_key: Some("all"),
        run_after: op.now(),
    };
    jobs::enqueue(&mut tx, op.ws(), job, op.now()).await?;
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
        insight::JOB_REFRESH => {
            insight::refresh(&op.app, op.ws()).await?;
        }
        insight::JOB_REFRESH_CHANGED => {
            insight::refresh_changed(&op.app, op.ws()).await?;
        }
        "response.attribute_orders" => {
            response::attribute_orders(&op.app, &op.workspace).await?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Customers marked in one transaction.
const MARKS: usize = 2_000;

/// The customers that an event is about: whose records, contacts or complaints changed.
fn customers_of(event: &outbox::Event) -> Vec<i64> {
    let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let id = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_i64());
    let one = ["customer_id", "merged_id", "part_id"].iter().filter_map(|name| id(&payload[*name]));
    let many = payload["customer_ids"].as_array().into_iter().flatten().filter_map(id);
    one.chain(many).collect()
}

/// Hands waiting events to those who listen; answers how many there were.
pub async fn deliver(app: &App) -> Result<usize, Fault> {
    let mut heard = 0;
    loop {
        let events = outbox::waiting(&app.db, 200).await?;
        if events.is_empty() {
            break;
        }
        let mut tx = app.db.write().await?;
        let mut due: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut marks = 0;
        for event in &events {
            // Merges and splits move orders between people, so their profiles are due.
            if event.kind.starts_with("customer") {
                let customers = customers_of(event);
                marks += customers.len();
                due.entry(event.workspace_id).or_default().extend(customers);
            }
            outbox::delivered(&mut tx, event).await?;
            heard += 1;
            if marks >= MARKS {
                break;
            }
        }
        for (workspace, customers) in due {
            insight::changes::mark_customers(&mut tx, WorkspaceId(workspace), &customers).await?;
            insight::changes::enqueue(&mut tx, app, WorkspaceId(workspace)).await?;
        }
        tx.commit().await?;
    }
    Ok(heard)
}
