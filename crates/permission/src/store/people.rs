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
                // A refusal of marketing ends automatic calls too.
                word.purpose == asked.as_str()
                    || (!word.given
                        && word.purpose == Purpose::Marketing.as_str()
                        && channel == Channel::AutoCall)
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
    read_words(tx, &list, &args, &mut people).await?;
    let dead: Vec<(i64,)> = tx
        .fetch_dyn(
            &format!(
                "SELECT COALESCE(a.current_id, d.customer_id) FROM dead_customers d
                 LEFT JOIN customer_aliases a ON a.workspace_id = d.workspace_id AND a.customer_id = d.customer_id
                 WHERE d.workspace_id = $1 AND COALESCE(a.current_id, d.customer_id) IN {list}"
            ),
            &args,
        )
        .await?;
    for (customer,) in dead {
        if let Some(person) = people.get_mut(&CustomerId(customer)) {
            person.dead = true;
        }
    }
    Ok(people)
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

type WordRow = (i64, String, String, String, String, String, String, String, i64, i64, i64);

async fn read_words(
    tx: &mut Tx,
    list: &str,
    args: &[Value],
    people: &mut HashMap<CustomerId, Person>,
) -> Result<(), Fault> {
    const COLUMNS: &str = "c.kind, c.value, c.purpose, c.channel, c.state, c.basis, c.proof, c.at, c.id";
    // By the person under any of their ids, and through any contact the person now has, whoever said it.
    let sql = format!(
        "SELECT COALESCE(a.current_id, c.customer_id), {COLUMNS}, CAST(1 AS BIGINT) FROM consents c
           LEFT JOIN customer_aliases a ON a.workspace_id = c.workspace_id AND a.customer_id = c.customer_id
           WHERE c.workspace_id = $1 AND c.customer_id IN (SELECT customer_id FROM customer_aliases WHERE workspace_id = $1 AND current_id IN {list} UNION SELECT id FROM customers WHERE workspace_id = $1 AND id IN {list})
         UNION ALL
         SELECT cp.customer_id, {COLUMNS}, CAST(0 AS BIGINT) FROM contact_points cp
           JOIN consents c ON c.workspace_id = cp.workspace_id AND c.kind = cp.kind AND c.value = cp.value
           WHERE cp.workspace_id = $1 AND cp.customer_id IN {list}"
    );
    let rows: Vec<WordRow> = tx.fetch_dyn(&sql, args).await?;
    for (customer, kind, value, purpose, channel, state, basis, proof, at, id, own) in rows {
        let basis = basis.parse().map_err(|_| store::Error::Impossible {
            table: "consents",
            column: "basis",
            row: id,
            value: basis,
        })?;
        if let Some(person) = people.get_mut(&CustomerId(customer)) {
            let given = state == "given";
            person.words.push(Word {
                kind,
                value,
                own: own == 1,
                purpose,
                channel,
                given,
                basis,
                proof,
                order: (at, id),
            });
        }
    }
    Ok(())
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
