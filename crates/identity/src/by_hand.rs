//! What colleagues write by hand: the source that holds it, and contacts that can be read.

use access::Op;
use basis::Fault;
use smallvec::SmallVec;
use store::Tx;

use crate::rules::email::Emails;
use crate::rules::phone::{self, Phones, Plan};
use crate::store::load::{DESK, source_named};

/// A contact that cannot be read would be kept nowhere: it is refused before anything is written. Empty texts are no contacts.
pub(crate) fn check_contacts(phone: &str, email: &str) -> Result<(), Fault> {
    let (typed_phone, typed_email) = (phone.trim(), email.trim());
    let mut numbers = Phones::new();
    for plan in [Plan::Ukraine, Plan::Russia] {
        phone::parse(typed_phone, plan, &mut numbers);
    }
    if !typed_phone.is_empty() && numbers.iter().all(|number| phone::is_weak(*number)) {
        let text = "this is no telephone number; write it as +380 67 123 45 09";
        return Err(Fault::invalid("phone_unreadable", text).with_field("phone", text));
    }
    let mut emails = Emails::default();
    let mut found = SmallVec::new();
    emails.parse(typed_email, &mut found);
    if !typed_email.is_empty() && found.iter().all(|id| emails.parts(*id).filler) {
        let text = "this is no e-mail; write it as name@example.org";
        return Err(Fault::invalid("email_unreadable", text).with_field("email", text));
    }
    Ok(())
}

/// The source of what colleagues write; made when it is not there yet.
async fn source(tx: &mut Tx, op: &Op) -> Result<i64, Fault> {
    if let Some(id) = source_named(tx, op.ws(), DESK).await? {
        return Ok(id);
    }
    let id = op.next_id();
    store::execute!(
        *tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, $2, $3, '', '[]', $4)",
        op.ws().get(),
        id,
        DESK,
        op.now().millis()
    )?;
    Ok(id)
}

/// Stores what a colleague wrote as a record of a person; answers its number.
pub(crate) async fn record(tx: &mut Tx, op: &Op, payload: &str) -> Result<i64, Fault> {
    let source = source(tx, op).await?;
    let record = op.next_id();
    store::execute!(
        *tx,
        "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload)
         VALUES ($1, $2, 1, TRUE, $3, 0, 'person', $4, '', 0, $5, $6)",
        op.ws().get(),
        record,
        source,
        record.to_string(),
        blake3::hash(payload.as_bytes()).to_hex().to_string(),
        payload
    )?;
    Ok(record)
}
