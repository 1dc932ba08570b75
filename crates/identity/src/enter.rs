//! A customer entered by hand: a record of the colleagues' own source, as a correction is, so that it survives every re-run and
//! meets the records of files as any other does.

use access::Op;
use basis::{CustomerId, Fault};
use serde_json::{Map, Value};

use crate::by_hand;
use crate::store::run::Touched;
use crate::store::{decide, people, run};

/// What is known of somebody new, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entered {
    pub name: String,
    pub phone: String,
    pub email: String,
    pub address: String,
    pub note: String,
}

/// Records of another customer that the new one is kept apart from.
const MATES: i64 = 200;

/// The longest text of a field.
const LONGEST: usize = 500;

impl Entered {
    fn fields(&self) -> [(&'static str, &'static str, &str); 5] {
        [
            ("name", "full_name", self.name.trim()),
            ("phone", "phone", self.phone.trim()),
            ("email", "email", self.email.trim()),
            ("address", "address", self.address.trim()),
            ("note", "note", self.note.trim()),
        ]
    }

    /// What cannot be used is refused, with the field; what the engine could not read would be lost in silence.
    fn check(&self) -> Result<(), Fault> {
        if self.name.trim().is_empty() && self.phone.trim().is_empty() && self.email.trim().is_empty() {
            let text = "a customer needs a name, a phone or an e-mail";
            return Err(Fault::invalid("nobody_named", text).with_field("name", text));
        }
        for (field, _, text) in self.fields() {
            if text.chars().count() > LONGEST {
                let text = format!("{field} is longer than {LONGEST} characters");
                return Err(Fault::invalid("too_long", &text).with_field(field, text));
            }
        }
        by_hand::check_contacts(&self.phone, &self.email)
    }
}

/// Enters somebody and says who it is now. `others` were looked at and are other people: the new one never joins them.
///
/// # Errors
/// Nothing to go by, a contact that cannot be read, no such customer among the others, or the database's.
pub async fn enter(op: &Op, new: &Entered, others: &[CustomerId]) -> Result<CustomerId, Fault> {
    new.check()?;
    let today = op.campaign_now().timestamp().to_zoned(op.workspace.tz()).date().to_string();
    let mut payload: Map<String, Value> = new
        .fields()
        .into_iter()
        .filter(|(_, _, text)| !text.is_empty())
        .map(|(_, role, text)| (role.to_owned(), text.into()))
        .collect();
    let named: Vec<String> = payload.keys().cloned().collect();
    payload.insert("order_date".to_owned(), today.into());
    // Tells it from a correction on the card's history.
    payload.insert("entered".to_owned(), "new".into());
    let payload = Value::Object(payload).to_string();
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await?;
    let record = by_hand::record(&mut tx, op, &payload).await?;
    for other in others {
        let row = people::customer(&mut tx, op, *other).await?;
        // Each of them: one record that nothing keeps away would leave its card for the new one.
        for mate in people::records(&mut tx, op.ws(), CustomerId(row.id), MATES).await? {
            decide::link(&mut tx, op, mate.id, record, false).await?;
        }
    }
    let detail = serde_json::json!({ "fields": named, "apart_from": others.len() });
    op.audit(&mut tx, "customer.enter", "record", record, detail).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Records(vec![record])).await?;
    let mut tx = op.app.db.read().await?;
    let row = store::fetch_optional!(
        tx,
        (i64,),
        "SELECT customer_id FROM record_customers WHERE workspace_id = $1 AND record_id = $2",
        ws,
        record
    )?;
    row.map(|r| CustomerId(r.0))
        .ok_or_else(|| Fault::internal("record_without_customer", format!("record {record} got no customer")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_refused_with_its_field() {
        let code = |new: Entered| new.check().err().map(|f| (f.code, f.fields[0].0.clone()));
        let it = |phone: &str, email: &str| Entered {
            name: "Олена".into(),
            phone: phone.into(),
            email: email.into(),
            ..Entered::default()
        };
        assert_eq!(code(it("абв", "")), Some(("phone_unreadable", "phone".into())));
        assert_eq!(code(it("12", "")), Some(("phone_unreadable", "phone".into())));
        assert_eq!(code(it("", "olena")), Some(("email_unreadable", "email".into())));
        assert_eq!(code(it("067 123-45-09", "olena@ukr.net")), None);
        assert_eq!(
            code(Entered { note: "x".into(), ..Entered::default() }),
            Some(("nobody_named", "name".into()))
        );
        let long = Entered { name: "я".repeat(501), ..Entered::default() };
        assert_eq!(code(long), Some(("too_long", "name".into())));
    }
}
