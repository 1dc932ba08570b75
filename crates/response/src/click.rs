//! A tracked link was asked for: an observation, appended; only a person's own click makes them less silent.

use access::{App, Workspace};
use basis::{Fault, InteractionId};
use channel::ledger::{self, Row};
use serde_json::json;
use timeline::Interaction;

use crate::{
    rules::verdict::{BURST_CAMPAIGN_MS, BURST_MS, Visit, is_burst, machine},
    store::{Click, NewReaction, add_reaction, clicks, has_human_click, to_machine},
};

/// A letter whose links are asked for more often than this is in the hands of a robot; what follows is not written down.
const MOST_CLICKS: usize = 60;

/// What the request says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    pub head: bool,
    pub user_agent: &'a str,
    pub purpose: &'a str,
    pub fetch_dest: &'a str,
    pub has_language: bool,
}

/// Writes a click down with its verdict; true for a person's.
pub async fn observe(
    app: &App,
    workspace: &Workspace,
    row: &Row,
    link: u16,
    links: usize,
    asked: Asked<'_>,
) -> Result<bool, Fault> {
    let ws = workspace.id;
    let real = app.now();
    let at = workspace.campaign_now(real);
    let mut tx = app.db.write().await?;
    let earlier = clicks(&mut tx, ws, row.customer_id, row.id).await?;
    if earlier.len() >= MOST_CLICKS {
        return Ok(false);
    }
    let together = |c: &&Click| {
        (0..=BURST_MS).contains(&(real.millis() - c.real))
            && (0..=BURST_CAMPAIGN_MS).contains(&(at.millis() - c.at))
    };
    let recent: Vec<&Click> = earlier.iter().filter(together).collect();
    let mut different: Vec<u16> = recent.iter().map(|c| c.link).chain([link]).collect();
    different.sort_unstable();
    different.dedup();
    let visit = Visit {
        head: asked.head,
        user_agent: asked.user_agent,
        purpose: asked.purpose,
        fetch_dest: asked.fetch_dest,
        has_language: asked.has_language,
        // A clock that stands tells nothing of how soon.
        since_sent: row
            .sent_at
            .filter(|_| workspace.clock.speed > 0.0)
            .map(|sent| at.millis() - sent.millis()),
        links,
        burst: different.len(),
        after_machine: recent.iter().any(|c| !c.human),
    };
    let why = machine(&visit);
    let mut data = json!({ "link": link, "real": real.millis() });
    if let Some(why) = why {
        data["machine"] = json!(why.as_str());
    }
    let ids = app.next_ids(2);
    let reaction = NewReaction {
        id: ids[0],
        campaign: row.campaign_id,
        wave: row.wave_id,
        message: row.id,
        customer: row.customer_id,
        kind: "click",
        human: why.is_none(),
        at,
        data: &data,
    };
    add_reaction(&mut tx, ws, &reaction).await?;
    if why.is_none() {
        campaign::note_click(&mut tx, ws, row.campaign_id, row.customer_id).await?;
        ledger::mark_delivered(&mut tx, ws, row.id, at).await?;
    } else if is_burst(links, different.len()) {
        // The first links of a burst looked like a person's clicks until the rest came.
        let ids: Vec<i64> = recent.iter().filter(|c| c.human).map(|c| c.id).collect();
        if to_machine(&mut tx, ws, &ids).await? > 0
            && !has_human_click(&mut tx, ws, row.campaign_id, row.customer_id).await?
        {
            campaign::forget_click(&mut tx, ws, row.campaign_id, row.customer_id).await?;
        }
    }
    let entry = Interaction {
        id: InteractionId(ids[1]),
        customer_id: row.customer_id,
        at,
        kind: "click".to_owned(),
        channel: row.channel.clone(),
        direction: "in".to_owned(),
        campaign_id: Some(row.campaign_id),
        wave_id: Some(row.wave_id),
        message_id: Some(row.id),
        actor_kind: if why.is_none() { "customer" } else { "machine" }.to_owned(),
        actor_id: 0,
        data,
    };
    timeline::record(&mut tx, ws, &entry).await?;
    tx.commit().await?;
    app.hub.publish(ws, format!("campaign:{}", row.campaign_id), json!({ "click": why.is_none() }));
    Ok(why.is_none())
}
