//! Who may this be? Asked while a form is being filled in or a call comes in, before a double is made.

use std::borrow::Cow;

use access::Op;
use ahash::{AHashMap, AHashSet};
use basis::{CustomerId, Fault, WorkspaceId, collation_key};
use store::{Tx, Value};

use super::load::{Loaded, Stored};
use super::people;
use crate::rules::batch::PersonRecord;
use crate::rules::card::Base;
use crate::rules::compare;
use crate::rules::model::{self, Model};
use crate::rules::phone;
use crate::rules::resolve::reasons;
use crate::rules::spellings;

/// What is known of the person so far, as typed.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub name: String,
    pub phone: String,
    pub email: String,
    pub address: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub customer: CustomerId,
    pub probability: f64,
    /// Codes with the bits each adds.
    pub reasons: Vec<(&'static str, f32)>,
}

/// Customers looked at in detail.
const LOOKED_AT: i64 = 30;
/// Records read of each.
const RECORDS: i64 = 6;

/// The likeliest customers, best first.
///
/// # Errors
/// The database's.
pub async fn candidates(op: &Op, draft: &Draft) -> Result<Vec<Candidate>, Fault> {
    let mut tx = op.app.db.read().await?;
    let ws = op.ws();
    let found = reach(&mut tx, ws, draft).await?;
    let mut loaded = Loaded::default();
    let mut owner: Vec<CustomerId> = Vec::new();
    for customer in found {
        for record in people::records(&mut tx, ws, customer, RECORDS).await? {
            loaded.push(Stored::of(&record), 0);
            owner.push(customer);
        }
    }
    let (customers,) =
        store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM customers WHERE workspace_id = $1", ws.get())?;
    drop(tx);
    loaded.batch.push(&PersonRecord {
        id: "draft",
        full_name: &half_typed(&draft.name),
        phone: &draft.phone,
        email: &draft.email,
        address: &draft.address,
        ..PersonRecord::default()
    });
    let base = Base::read(&loaded.batch);
    let model = Model::learn_frequencies(&base).sized(usize::try_from(customers).unwrap_or(usize::MAX));
    let Some(me) = base.card_of.last().map(|c| *base.card(*c)) else { return Ok(Vec::new()) };
    let mut best: AHashMap<CustomerId, Candidate> = AHashMap::new();
    for (row, customer) in owner.iter().enumerate() {
        let c = compare::compare(&base, &model, &me, base.card(base.card_of[row]));
        if c.veto.is_some() {
            continue;
        }
        let bits = model.prior + model.sum(&c.levels) + c.rarity;
        let probability = model::probability(bits);
        if probability < 0.02 || best.get(customer).is_some_and(|b| b.probability >= probability) {
            continue;
        }
        best.insert(*customer, Candidate { customer: *customer, probability, reasons: reasons(&model, &c) });
    }
    let mut out: Vec<Candidate> = best.into_values().collect();
    out.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.customer.cmp(&b.customer)));
    out.truncate(8);
    Ok(out)
}

/// The last word of a name that is still being typed stands for all names that begin so.
fn half_typed(name: &str) -> Cow<'_, str> {
    let last = name.split_whitespace().next_back().unwrap_or_default();
    let begun = name.split_whitespace().count() >= 2 && (1..=2).contains(&last.chars().count());
    if begun && !name.ends_with('.') {
        Cow::Owned(format!("{}.", name.trim_end()))
    } else {
        Cow::Borrowed(name)
    }
}

/// Customers that share a contact or whose surname begins with a word of the name: all by index.
async fn reach(tx: &mut Tx, ws: WorkspaceId, draft: &Draft) -> Result<Vec<CustomerId>, Fault> {
    let mut base = Base::default();
    let id = base.add(&PersonRecord {
        id: "draft",
        phone: &draft.phone,
        email: &draft.email,
        ..PersonRecord::default()
    });
    let card = *base.card(id);
    let mut found: Vec<CustomerId> = Vec::new();
    let mut seen: AHashSet<i64> = AHashSet::new();
    let mut values: Vec<(&str, String)> =
        base.phones(&card).iter().filter_map(|p| phone::e164(*p)).map(|v| ("phone", v)).collect();
    values.extend(base.emails(&card).iter().map(|e| ("email", base.emails.text(*e).to_owned())));
    for (kind, value) in values {
        let rows = store::fetch_all!(
            *tx,
            (i64,),
            "SELECT DISTINCT customer_id FROM contact_points WHERE workspace_id = $1 AND kind = $2 AND value = $3 LIMIT $4",
            ws.get(),
            kind,
            value,
            LOOKED_AT
        )?;
        found.extend(rows.into_iter().filter(|(id,)| seen.insert(*id)).map(|(id,)| CustomerId(id)));
    }
    let words = draft.name.split_whitespace().filter(|w| w.chars().count() >= 3).take(3);
    for key in words.flat_map(spellings::of).map(|spelling| collation_key(&spelling)) {
        if key.is_empty() {
            continue;
        }
        // Keys hold small letters and digits only, so nothing that begins with the key sorts after key + zzz in any locale.
        let sql = "SELECT id FROM customers WHERE workspace_id = $1 AND sort_key >= $2 AND sort_key < $3 ORDER BY sort_key, id LIMIT $4";
        let args = [
            Value::Int(ws.get()),
            Value::Text(key.clone()),
            Value::Text(format!("{key}zzzz")),
            Value::Int(LOOKED_AT),
        ];
        let rows: Vec<(i64,)> = tx.fetch_dyn(sql, &args).await?;
        found.extend(rows.into_iter().filter(|(id,)| seen.insert(*id)).map(|(id,)| CustomerId(id)));
    }
    found.truncate(usize::try_from(LOOKED_AT * 2).unwrap_or(60));
    Ok(found)
}
