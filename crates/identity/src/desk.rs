//! Corrections made by colleagues: kept as records of a source of their own, so that they survive every re-run and can be undone.

use access::Op;
use basis::{CustomerId, Fault};
use serde_json::{Map, Value};

use crate::by_hand;
use crate::store::run::Touched;
use crate::store::{decide, people, run};

/// What a colleague heard from the person; only what is new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correction {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
}

impl Correction {
    fn fields(&self) -> Map<String, Value> {
        [
            ("full_name", &self.name),
            ("phone", &self.phone),
            ("email", &self.email),
            ("address", &self.address),
        ]
        .into_iter()
        .filter_map(|(role, value)| {
            Some((role.to_owned(), value.as_deref().map(str::trim).filter(|v| !v.is_empty())?.into()))
        })
        .collect()
    }
}

/// Adds what a colleague corrected to the customer's card. Nothing is overwritten: the older values stay as earlier contact points.
///
/// # Errors
/// Nothing to correct, no such customer, or the database's.
pub async fn correct(op: &Op, customer: CustomerId, change: &Correction) -> Result<(), Fault> {
    let mut fields = change.fields();
    if fields.is_empty() {
        return Err(Fault::invalid("nothing_to_correct", "no field of the correction holds anything"));
    }
    by_hand::check_contacts(
        change.phone.as_deref().unwrap_or_default(),
        change.email.as_deref().unwrap_or_default(),
    )?;
    let today = op.campaign_now().timestamp().to_zoned(op.workspace.tz()).date().to_string();
    fields.insert("order_date".to_owned(), today.into());
    let payload = Value::Object(fields).to_string();
    let mut tx = op.app.db.write().await?;
    let ws = op.ws();
    let row = people::customer(&mut tx, op, customer).await?;
    let mates = people::records(&mut tx, ws, CustomerId(row.id), 1).await?;
    let record = by_hand::record(&mut tx, op, &payload).await?;
    if let Some(mate) = mates.first() {
        decide::link(&mut tx, op, mate.id, record, true).await?;
    }
    op.audit(
        &mut tx,
        "customer.correct",
        "customer",
        row.id,
        serde_json::json!({ "fields": change.fields().keys().collect::<Vec<_>>() }),
    )
    .await?;
    tx.commit().await?;
    run::refresh(op, Touched::Records(vec![record])).await?;
    Ok(())
}
