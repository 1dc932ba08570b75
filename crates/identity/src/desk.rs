//! Corrections made by colleagues: kept as records of a source of their own, so that they survive every re-run and can be undone.

use access::Op;
use basis::{CustomerId, Fault};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::rules::email::Emails;
use crate::rules::phone::{self, Phones, Plan};
use crate::store::load::{DESK, source_named};
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
    /// A contact that cannot be read would be kept nowhere: it is refused before anything is written.
    fn check(&self) -> Result<(), Fault> {
        let given = |cell: &Option<String>| {
            cell.as_deref().map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned)
        };
        if let Some(typed) = given(&self.phone) {
            let mut found = Phones::new();
            for plan in [Plan::Ukraine, Plan::Russia] {
                phone::parse(&typed, plan, &mut found);
            }
            if found.iter().all(|number| phone::is_weak(*number)) {
                return Err(unreadable(
                    "phone_unreadable",
                    "phone",
                    "no phone number can be read here; write it with its code",
                ));
            }
        }
        if let Some(typed) = given(&self.email) {
            let mut emails = Emails::default();
            let mut found = SmallVec::new();
            emails.parse(&typed, &mut found);
            if found.iter().all(|id| emails.parts(*id).filler) {
                return Err(unreadable("email_unreadable", "email", "no e-mail address can be read here"));
            }
        }
        Ok(())
    }

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

fn unreadable(code: &'static str, field: &str, what: &str) -> Fault {
    Fault::invalid(code, what).with_field(field, what)
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
    change.check()?;
    let today = op.campaign_now().timestamp().to_zoned(op.workspace.tz()).date().to_string();
    fields.insert("order_date".to_owned(), today.into());
    let payload = Value::Object(fields).to_string();
    let mut tx = op.app.db.write().await?;
    let ws = op.ws();
    let row = people::customer(&mut tx, op, customer).await?;
    let mates = people::records(&mut tx, ws, CustomerId(row.id), 1).await?;
    let source = match source_named(&mut tx, ws, DESK).await? {
        Some(id) => id,
        None => {
            let id = op.next_id();
            store::execute!(
                tx,
                "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, $2, $3, '', '[]', $4)",
                ws.get(),
                id,
                DESK,
                op.now().millis()
            )?;
            id
        }
    };
    let record = op.next_id();
    store::execute!(
        tx,
        "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload)
         VALUES ($1, $2, 1, TRUE, $3, 0, 'person', $4, '', 0, $5, $6)",
        ws.get(),
        record,
        source,
        record.to_string(),
        blake3::hash(payload.as_bytes()).to_hex().to_string(),
        payload
    )?;
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
