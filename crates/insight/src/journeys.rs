//! The paths of all customers of a snapshot, read once a revision.

use crate::orders::day_of;
use crate::rules::journey::Path;
use crate::snapshot::{self, Snapshot};
use crate::store;
use access::Op;
use basis::{Fault, Time, WorkspaceId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One path a customer of the snapshot, by place.
#[derive(Debug)]
pub struct Journeys {
    revision: i64,
    as_of: i32,
    pub paths: Vec<Path>,
    /// Where each came from: a place of `channels`.
    pub channel_of: Vec<usize>,
    pub channels: Vec<String>,
}

#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<WorkspaceId, Arc<Journeys>>>);

/// What the records say of one customer.
#[derive(Debug, Clone, Default)]
struct First {
    touch: Option<i64>,
    contact: Option<i64>,
    /// The earliest record that names a channel, and the earliest of all.
    channel: Option<(i64, String)>,
    source: Option<(i64, String)>,
}

fn earlier(have: &mut Option<(i64, String)>, at: i64, name: &str) {
    if have.as_ref().is_none_or(|(before, known)| (at, name) < (*before, known.as_str())) {
        *have = Some((at, name.to_owned()));
    }
}

/// The paths at a snapshot.
///
/// # Errors
/// When the database fails.
pub async fn load(op: &Op, snapshot: &Arc<Snapshot>) -> Result<Arc<Journeys>, Fault> {
    let kept = op.app.kept::<Kept>();
    let lock = || kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(&op.ws()).cloned();
    if let Some(known) = known.filter(|k| k.revision == snapshot.revision && k.as_of == snapshot.as_of) {
        return Ok(known);
    }
    let mut tx = op.app.db.read().await?;
    let rows = store::touches(&mut tx, op.ws()).await?;
    drop(tx);
    let (zone, at) = (op.workspace.tz(), Arc::clone(snapshot));
    let made = snapshot::blocking(move || {
        let mut firsts: HashMap<i64, First> = HashMap::new();
        for row in rows {
            let first = firsts.entry(row.customer_id).or_default();
            first.touch = first.touch.into_iter().chain([row.at]).min();
            if row.kind == "person" || row.kind == "address" {
                first.contact = first.contact.into_iter().chain([row.at]).min();
            }
            if let Some(channel) = &row.channel {
                earlier(&mut first.channel, row.at, channel);
            }
            earlier(&mut first.source, row.at, &row.source);
        }
        let day = |at: i64| day_of(Time::from_millis(at).date(&zone));
        let lapse = at.model.lapse_days;
        let mut channels: Vec<String> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let (mut paths, mut channel_of) = (Vec::new(), Vec::new());
        for (place, id) in at.purchases.ids.iter().enumerate() {
            let first = firsts.remove(id).unwrap_or_default();
            let occasions = at.purchases.base().of(place);
            paths.push(Path::of(occasions, first.touch.map(day), first.contact.map(day), at.as_of, lapse));
            let name = first.channel.or(first.source).map(|(_, name)| name).unwrap_or_default();
            channel_of.push(*places.entry(name.clone()).or_insert_with(|| {
                channels.push(name);
                channels.len() - 1
            }));
        }
        Journeys { revision: at.revision, as_of: at.as_of, paths, channel_of, channels }
    })
    .await?;
    let made = Arc::new(made);
    lock().insert(op.ws(), Arc::clone(&made));
    Ok(made)
}

/// Whose paths: of a channel, of a month of first touch.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    pub channel: Option<String>,
    pub month: Option<i32>,
}

impl Journeys {
    /// Places of the customers asked for.
    pub fn places<'a>(&'a self, whose: &Whose) -> impl Iterator<Item = usize> + 'a {
        use crate::rules::cohorts::month_of;
        use crate::rules::journey::Step;
        let channel = whose.channel.as_ref().map(|name| self.channels.iter().position(|c| c == name));
        let month = whose.month;
        (0..self.paths.len()).filter(move |place| {
            channel.is_none_or(|wanted| wanted == Some(self.channel_of[*place]))
                && month.is_none_or(|m| self.paths[*place].day(Step::Touched).map(month_of) == Some(m))
        })
    }
}
