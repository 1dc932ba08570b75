use std::collections::HashMap;

use access::{App, Workspace};
use basis::{CampaignId, CustomerId, Fault, Time, WorkspaceId};
use jiff::tz::TimeZone;
use store::{Tx, Value, dialect};

use super::people::{self, Contact, Person, Sources, former_ids, json_list};
use crate::rules::{
    decide::{Decision, Reason, Situation, Touch, decide},
    sets::{OwnRules, RuleSet},
    terms::{Channel, Jurisdiction, Purpose},
    zones::{Place, country_of, zones_of, zones_of_number},
};

/// One contact that is about to be made.
#[derive(Debug, Clone)]
pub struct GateQuery {
    pub customer_id: CustomerId,
    pub channel: Channel,
    /// The e-mail or number that would be used.
    pub address: String,
    pub purpose: Purpose,
    /// On the campaign clock.
    pub at: Time,
    pub campaign_id: Option<CampaignId>,
    pub expires_at: Option<Time>,
}

/// The rule set of the workspace's place; a word the product does not know is held to the general one.
pub(crate) fn jurisdiction_of(workspace: &Workspace) -> Jurisdiction {
    workspace.jurisdiction.parse().unwrap_or(Jurisdiction::Other)
}

/// The workspace's own, stricter rules, from `contact_rules` of its settings.
pub fn own_rules(workspace: &Workspace) -> OwnRules {
    workspace
        .settings
        .get("contact_rules")
        .and_then(|json| serde_json::from_value(json.clone()).ok())
        .unwrap_or_default()
}

/// May this contact be made now? Reads the live state in the caller's transaction, so that a refusal which commits first wins.
pub async fn gate(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    query: &GateQuery,
) -> Result<Decision, Fault> {
    let decisions = gate_many(tx, app, workspace, std::slice::from_ref(query)).await?;
    decisions.into_iter().next().ok_or_else(|| Fault::internal("gate", "the gate gave no answer"))
}

/// The same for some hundreds at once, in their order.
pub async fn gate_many(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    queries: &[GateQuery],
) -> Result<Vec<Decision>, Fault> {
    let ws = workspace.id;
    let current = current_ids(tx, ws, queries.iter().map(|q| q.customer_id)).await?;
    let now_id = |id: CustomerId| current.get(&id).copied().unwrap_or(id);
    let ids: Vec<CustomerId> = queries.iter().map(|q| now_id(q.customer_id)).collect();
    let people = people::load(tx, app, ws, &ids).await?;
    let gate = Gate::open(tx, workspace).await?;
    let from = queries.iter().map(|q| q.at.millis()).min().unwrap_or(0);
    let touches = touches(tx, ws, &ids, from - gate.longest_cap_ms()).await?;
    let places = addresses(tx, ws, &people).await?;
    let unknown = Person::default();
    Ok(queries
        .iter()
        .zip(&ids)
        .map(|(query, id)| {
            let person = people.get(id).unwrap_or(&unknown);
            // An address that is no longer the person's is no contact of theirs.
            let contact = person.contacts.iter().find(|c| {
                c.kind == query.channel.contact_kind() && same_value(&c.kind, &c.value, &query.address)
            });
            let postcode = places.get(id).map(String::as_str);
            let touched = touches.get(id).map(Vec::as_slice).unwrap_or_default();
            gate.decide(person, contact, query, postcode, touched)
        })
        .collect())
}

fn same_value(kind: &str, a: &str, b: &str) -> bool {
    if kind == "email" { a.eq_ignore_ascii_case(b) } else { a == b }
}

/// What is the same for every question of a batch.
pub(crate) struct Gate<'a> {
    workspace: &'a Workspace,
    own: OwnRules,
    home: &'static RuleSet,
    sources: Sources,
}

impl<'a> Gate<'a> {
    pub async fn open(tx: &mut Tx, workspace: &'a Workspace) -> Result<Self, Fault> {
        let sources = people::sources(tx, workspace.id).await?;
        Ok(Self {
            workspace,
            own: own_rules(workspace),
            home: RuleSet::of(jurisdiction_of(workspace)),
            sources,
        })
    }

    fn longest_cap_ms(&self) -> i64 {
        self.own.caps.iter().map(|cap| i64::from(cap.days)).max().unwrap_or(0) * 86_400_000
    }

    /// The workspace's rules and, where the person's number is from elsewhere, the rules of there as well.
    fn rules(&self, person: &Person) -> Vec<&'static RuleSet> {
        let mut rules = vec![self.home];
        for contact in person.contacts.iter().filter(|c| c.kind == "phone") {
            let there = country_of(&contact.value).map(Jurisdiction::of_country);
            if let Some(there) = there.filter(|there| rules.iter().all(|set| set.jurisdiction != *there)) {
                rules.push(RuleSet::of(there));
            }
        }
        rules
    }

    fn zones(&self, person: &Person, contact: &Contact, postcode: Option<&str>) -> Vec<TimeZone> {
        let mut phones: Vec<&str> =
            person.contacts.iter().filter(|c| c.kind == "phone").map(|c| c.value.as_str()).collect();
        if contact.kind == "phone" {
            phones.sort_by_key(|phone| *phone != contact.value);
        }
        zones_of(&Place {
            phones: &phones,
            country: None,
            postcode,
            workspace_zone: &self.workspace.timezone,
        })
    }

    fn decide(
        &self,
        person: &Person,
        contact: Option<&Contact>,
        query: &GateQuery,
        postcode: Option<&str>,
        touches: &[Touch],
    ) -> Decision {
        let Some(contact) = contact else { return Decision::Refused(Reason::NoContact) };
        let declared = self.sources.get(&contact.source_id).map(Vec::as_slice).unwrap_or_default();
        let (rules, zones) = (self.rules(person), self.zones(person, contact, postcode));
        decide(&Situation {
            at: query.at,
            purpose: query.purpose,
            channel: query.channel,
            rules: &rules,
            own: &self.own,
            has_contact: true,
            suppressed: contact.stopped_for(query.channel),
            person_dead: person.dead,
            contact: contact.state,
            said: person.last_word(query.purpose, query.channel, &contact.kind, &contact.value),
            declared,
            zones: &zones,
            touches,
            expires_at: query.expires_at,
        })
    }

    /// Whether a person may be reached on a channel at all, hours and caps aside: the address to use, or why not.
    pub fn reach(&self, person: &Person, channel: Channel, purpose: Purpose) -> Result<String, Reason> {
        let mut reason = Reason::NoContact;
        let rules = self.rules(person);
        for contact in person.contacts_for(channel) {
            let declared = self.sources.get(&contact.source_id).map(Vec::as_slice).unwrap_or_default();
            let decision = decide(&Situation {
                at: Time::from_millis(0),
                purpose,
                channel,
                rules: &rules,
                own: &self.own,
                has_contact: true,
                suppressed: contact.stopped_for(channel),
                person_dead: person.dead,
                contact: contact.state,
                said: person.last_word(purpose, channel, &contact.kind, &contact.value),
                declared,
                // Without zones every hour is open.
                zones: &[],
                touches: &[],
                expires_at: None,
            });
            match decision {
                Decision::Allow | Decision::Held { .. } => return Ok(contact.value.clone()),
                // The best contact's reason speaks for the person.
                Decision::Refused(why) if reason == Reason::NoContact => reason = why,
                Decision::Refused(_) => {}
            }
        }
        Err(reason)
    }
}

/// The ids under which people live on.
pub(crate) async fn current_ids(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: impl Iterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, CustomerId>, Fault> {
    let ids: Vec<i64> = customers.map(CustomerId::get).collect();
    let list = dialect::id_list(tx.engine(), 2);
    let rows: Vec<(i64, i64)> = tx
        .fetch_dyn(
            &format!("SELECT customer_id, current_id FROM customer_aliases WHERE workspace_id = $1 AND customer_id IN {list}"),
            &[Value::Int(ws.get()), Value::Text(json_list(&ids))],
        )
        .await?;
    Ok(rows.into_iter().map(|(old, now)| (CustomerId(old), CustomerId(now))).collect())
}

/// Contacts made with people since a moment, under any of their ids.
async fn touches(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: &[CustomerId],
    since: i64,
) -> Result<HashMap<CustomerId, Vec<Touch>>, Fault> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let lived = former_ids(tx, ws, &ids).await?;
    let ids: Vec<i64> = lived.keys().copied().collect();
    let sql = format!(
        "SELECT customer_id, channel, at FROM interactions WHERE workspace_id = $1 AND customer_id IN {} AND at > $3 AND direction = 'out'",
        dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(json_list(&ids)), Value::Int(since)];
    let rows: Vec<(i64, String, i64)> = tx.fetch_dyn(&sql, &args).await?;
    let mut out: HashMap<CustomerId, Vec<Touch>> = HashMap::new();
    for (customer, channel, at) in rows {
        let Some(current) = lived.get(&customer).copied() else { continue };
        // Other words are not contacts: a page shown, a file imported.
        if let Ok(channel) = channel.parse() {
            out.entry(current).or_default().push(Touch { channel, at: Time::from_millis(at) });
        }
    }
    Ok(out)
}

/// Postcodes of people whose numbers leave several zones open.
async fn addresses(
    tx: &mut Tx,
    ws: WorkspaceId,
    people: &HashMap<CustomerId, Person>,
) -> Result<HashMap<CustomerId, String>, Fault> {
    let open = |person: &Person| {
        let mut zones =
            person.contacts.iter().filter(|c| c.kind == "phone").filter_map(|c| zones_of_number(&c.value));
        zones.all(|zones| zones.len() > 1)
    };
    let ids: Vec<i64> = people.iter().filter(|(_, p)| open(p)).map(|(id, _)| id.get()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let list = dialect::id_list(tx.engine(), 2);
    let rows: Vec<(i64, String)> = tx
        .fetch_dyn(
            &format!(
                "SELECT customer_id, text FROM addresses WHERE workspace_id = $1 AND NOT pickup AND customer_id IN {list} ORDER BY last_seen"
            ),
            &[Value::Int(ws.get()), Value::Text(json_list(&ids))],
        )
        .await?;
    Ok(rows.into_iter().filter_map(|(id, text)| Some((CustomerId(id), postcode_in(&text)?))).collect())
}

/// Six digits on their own: a Russian postcode.
fn postcode_in(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postcodes_stand_alone() {
        assert_eq!(postcode_in("690001, Владивосток, ул. Светланская, 10"), Some("690001".to_owned()));
        assert_eq!(postcode_in("Київ, вул. Східна 7/12"), None);
        assert_eq!(postcode_in("тел. 79991234567"), None);
    }
}
