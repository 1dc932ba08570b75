//! What is known of people's contacts and words, read for many at once.

use std::collections::HashMap;

use access::App;
use basis::{CustomerId, Fault, WorkspaceId};
use store::{Tx, Value, dialect};

use super::stops::stop_key;
use crate::rules::{
    decide::LastWord,
    suppression::value_hash,
    terms::{Basis, Channel, ContactState, DeclaredBasis, Purpose},
};

/// A contact point with what stands against it.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub kind: String,
    pub value: String,
    pub source_id: i64,
    pub preferred: bool,
    pub last_seen: i64,
    pub state: ContactState,
    /// Channels it is stopped for; `all` for every one.
    pub stops: Vec<String>,
}

impl Contact {
    pub fn stopped_for(&self, channel: Channel) -> bool {
        self.stops.iter().any(|stop| {
            stop == "all"
                || stop == channel.as_str()
                || (channel == Channel::AutoCall && stop == Channel::Call.as_str())
        })
    }
}

#[derive(Debug, Clone)]
struct Word {
    kind: String,
    value: String,
    own: bool,
    purpose: String,
    channel: String,
    given: bool,
    basis: Basis,
    proof: String,
    order: (i64, i64),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub contacts: Vec<Contact>,
    words: Vec<Word>,
    pub dead: bool,
}

impl Person {
    /// The contacts that carry a channel, the best first: preferred, then the one seen last.
    pub fn contacts_for(&self, channel: Channel) -> Vec<&Contact> {
        let mut found: Vec<&Contact> =
            self.contacts.iter().filter(|c| c.kind == channel.contact_kind()).collect();
        found.sort_by_key(|c| {
            (
                std::cmp::Reverse(c.state.usable() && !c.stopped_for(channel)),
                std::cmp::Reverse(c.preferred),
                std::cmp::Reverse(c.last_seen),
            )
        });
        found
    }

    /// The last word on a purpose and channel, said by the person or through this contact.
    pub fn last_word(&self, purpose: Purpose, channel: Channel, kind: &str, value: &str) -> Option<LastWord> {
        let asked = if channel == Channel::AutoCall { Purpose::AutomaticCalls } else { purpose };
        self.words
            .iter()
            .filter(|word| word.own || (word.kind == kind && word.value == value))
            .filter(|word| {
                // A refusal of marketing ends automatic calls and advertising audiences too.
                word.purpose == asked.as_str()
                    || (!word.given
                        && word.purpose == Purpose::Marketing.as_str()
                        && (channel == Channel::AutoCall || asked == Purpose::AdAudiences))
            })
            .filter(|word| {
                word.channel == channel.as_str()
                    || (word.channel == "all" && (channel != Channel::AutoCall || !word.given))
            })
            .max_by_key(|word| word.order)
            .map(|word| {
                if !word.given {
                    return LastWord::Withdrawn;
                }
                let proof = if matches!(word.proof.as_str(), "{}" | "\"\"" | "null") {
                    String::new()
                } else {
                    word.proof.clone()
                };
                LastWord::Given(DeclaredBasis {
                    purpose: asked,
                    channel: word.channel.clone(),
                    basis: word.basis,
                    proof,
                })
            })
    }
}

/// Declared bases of each source.
pub(crate) type Sources = HashMap<i64, Vec<DeclaredBasis>>;

pub(crate) async fn sources(tx: &mut Tx, ws: WorkspaceId) -> Result<Sources, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, legal_basis FROM sources WHERE workspace_id = $1",
        ws.get()
    )?;
    rows.into_iter()
        .map(|(id, json)| {
            let declared = DeclaredBasis::list(&json).ok_or_else(|| store::Error::Impossible {
                table: "sources",
                column: "legal_basis",
                row: id,
                value: json.clone(),
            })?;
            Ok((id, declared))
        })
        .collect()
}

type ContactRow = (i64, String, String, i64, bool, i64, Option<String>);

/// Contacts, words and states of people, by their current ids. Ask for some thousands at a time.
pub(crate) async fn load(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, Person>, Fault> {
    let mut people: HashMap<CustomerId, Person> =
        customers.iter().map(|id| (*id, Person::default())).collect();
    let ids: Vec<i64> = people.keys().map(|id| id.get()).collect();
    let args = [Value::Int(ws.get()), Value::Text(json_list(&ids))];
    let list = dialect::id_list(tx.engine(), 2);
    let rows: Vec<ContactRow> = tx
        .fetch_dyn(
            &format!(
                "SELECT cp.customer_id, cp.kind, cp.value, cp.source_id, cp.preferred, cp.last_seen, s.state FROM contact_points cp
                 LEFT JOIN contact_states s ON s.workspace_id = cp.workspace_id AND s.kind = cp.kind AND s.value = cp.value
                 WHERE cp.workspace_id = $1 AND cp.customer_id IN {list}"
            ),
            &args,
        )
        .await?;
    let key = stop_key(app, ws).await?;
    let hashes: Vec<String> = rows.iter().map(|(_, kind, value, ..)| value_hash(&key, kind, value)).collect();
    let stops = stops_of(tx, ws, &hashes).await?;
    for ((customer, kind, value, source_id, preferred, last_seen, state), hash) in
        rows.into_iter().zip(&hashes)
    {
        let state = match state {
            None => ContactState::Ok,
            Some(text) => text.parse().map_err(|_| store::Error::Impossible {
                table: "contact_states",
                column: "state",
                row: customer,
                value: text,
            })?,
        };
        // Cloned: a number that two people share is stopped for both.
        let stops = stops.get(hash).cloned().unwrap_or_default();
        if let Some(person) = people.get_mut(&CustomerId(customer)) {
            person.contacts.push(Contact { kind, value, source_id, preferred, last_seen, state, stops });
        }
    }
    let lived = former_ids(tx, ws, &ids).await?;
    read_words(tx, ws, &lived, &mut people).await?;
    let sql =
        format!("SELECT customer_id FROM dead_customers WHERE workspace_id = $1 AND customer_id IN {list}");
    let any_id: Vec<i64> = lived.keys().copied().collect();
    let dead: Vec<(i64,)> =
        tx.fetch_dyn(&sql, &[Value::Int(ws.get()), Value::Text(json_list(&any_id))]).await?;
    for (customer,) in dead {
        if let Some(person) = lived.get(&customer).and_then(|current| people.get_mut(current)) {
            person.dead = true;
        }
    }
    Ok(people)
}

/// Every id under which these people ever lived, with the one they have now. Queries that go by it use an index on either engine,
/// where a join with the aliases leaves the choice to a planner that may not know the data yet.
pub(crate) async fn former_ids(
    tx: &mut Tx,
    ws: WorkspaceId,
    current: &[i64],
) -> Result<HashMap<i64, CustomerId>, Fault> {
    let sql = format!(
        "SELECT customer_id, current_id FROM customer_aliases WHERE workspace_id = $1 AND current_id IN {}",
        dialect::id_list(tx.engine(), 2)
    );
    let rows: Vec<(i64, i64)> =
        tx.fetch_dyn(&sql, &[Value::Int(ws.get()), Value::Text(json_list(current))]).await?;
    let own = current.iter().map(|id| (*id, *id));
    Ok(rows.into_iter().chain(own).map(|(any, now)| (any, CustomerId(now))).collect())
}

/// Stopped channels by value hash.
async fn stops_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    hashes: &[String],
) -> Result<HashMap<String, Vec<String>>, Fault> {
    let list = dialect::text_list(tx.engine(), 2);
    let json = serde_json::to_string(hashes).map_err(|e| Fault::internal("json", e.to_string()))?;
    let rows: Vec<(String, String)> = tx
        .fetch_dyn(
            &format!(
                "SELECT value_hash, channel FROM suppressions WHERE workspace_id = $1 AND lifted_at IS NULL AND value_hash IN {list}"
            ),
            &[Value::Int(ws.get()), Value::Text(json)],
        )
        .await?;
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    for (hash, channel) in rows {
        out.entry(hash).or_default().push(channel);
    }
    Ok(out)
}

type WordRow = (i64, String, String, String, String, String, String, String, i64, i64);

const WORD: &str = "SELECT customer_id, kind, value, purpose, channel, state, basis, proof, at, id FROM consents WHERE workspace_id = $1";

/// Words by the people under any of their ids, and through any contact they now have, whoever said it.
async fn read_words(
    tx: &mut Tx,
    ws: WorkspaceId,
    lived: &HashMap<i64, CustomerId>,
    people: &mut HashMap<CustomerId, Person>,
) -> Result<(), Fault> {
    let ids: Vec<i64> = lived.keys().copied().collect();
    let sql = format!("{WORD} AND customer_id IN {}", dialect::id_list(tx.engine(), 2));
    let rows: Vec<WordRow> =
        tx.fetch_dyn(&sql, &[Value::Int(ws.get()), Value::Text(json_list(&ids))]).await?;
    for row in rows {
        let speaker = row.0;
        let word = word_of(row, true)?;
        if let Some(person) = lived.get(&speaker).and_then(|current| people.get_mut(current)) {
            person.words.push(word);
        }
    }
    let mut owners: HashMap<&str, HashMap<&str, Vec<CustomerId>>> = HashMap::new();
    for (id, person) in &*people {
        for contact in &person.contacts {
            owners.entry(&contact.kind).or_default().entry(&contact.value).or_default().push(*id);
        }
    }
    let mut through: Vec<(CustomerId, Word)> = Vec::new();
    for (kind, owners) in owners {
        let sql = format!("{WORD} AND kind = $2 AND value IN {}", dialect::text_list(tx.engine(), 3));
        let values: Vec<&str> = owners.keys().copied().collect();
        let json = serde_json::to_string(&values).map_err(|e| Fault::internal("json", e.to_string()))?;
        let args = [Value::Int(ws.get()), Value::Text(kind.to_owned()), Value::Text(json)];
        let rows: Vec<WordRow> = tx.fetch_dyn(&sql, &args).await?;
        for row in rows {
            let word = word_of(row, false)?;
            for owner in owners.get(word.value.as_str()).into_iter().flatten() {
                through.push((*owner, word.clone()));
            }
        }
    }
    for (owner, word) in through {
        if let Some(person) = people.get_mut(&owner) {
            person.words.push(word);
        }
    }
    Ok(())
}

fn word_of(row: WordRow, own: bool) -> Result<Word, Fault> {
    let (_, kind, value, purpose, channel, state, basis, proof, at, id) = row;
    let basis = basis.parse().map_err(|_| store::Error::Impossible {
        table: "consents",
        column: "basis",
        row: id,
        value: basis,
    })?;
    Ok(Word { kind, value, own, purpose, channel, given: state == "given", basis, proof, order: (at, id) })
}

pub(crate) fn json_list(ids: &[i64]) -> String {
    let mut out = String::with_capacity(ids.len() * 20 + 2);
    out.push('[');
    for (i, id) in ids.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&id.to_string());
    }
    out.push(']');
    out
}
