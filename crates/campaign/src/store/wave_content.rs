//! A wave as senders, operators and the pages of letters need it.

use std::borrow::Cow;

use basis::{CampaignId, CustomerId, Fault, Time, WaveId, WorkspaceId};
use store::Tx;

use super::{WaveRow, WaveState, campaign, odd, waves};
use crate::rules::variants::{Bodies, Split, VariantDraft, VariantNo, shares, texts};
use crate::rules::{Channel, Kind, LanguageRule, State, Target, expires_at};

/// What a sender needs to know of a wave.
#[derive(Debug, Clone)]
pub struct WaveContent {
    pub id: WaveId,
    pub campaign_id: CampaignId,
    pub kind: Kind,
    pub position: i64,
    pub channel: Channel,
    pub target: Target,
    pub state: WaveState,
    pub campaign_state: State,
    pub language: LanguageRule,
    bodies: Bodies,
    pub from_name: String,
    pub from_address: String,
    pub rate_per_second: Option<f64>,
    /// Known once the wave before has started.
    pub due_at: Option<Time>,
    expires_at: Option<Time>,
    variants: Vec<VariantDraft>,
    /// Absent without variants, and in a campaign that has no frozen audience.
    split: Option<Split>,
}

impl WaveContent {
    /// The variant that a person of the wave draws; `None` where the wave has none.
    pub fn variant_of(&self, customer: CustomerId) -> Option<VariantNo> {
        self.split.as_ref()?.variant_of(customer)
    }

    /// What the wave says to the people of a variant.
    pub fn texts(&self, variant: Option<VariantNo>) -> Cow<'_, Bodies> {
        texts(&self.bodies, &self.variants, variant)
    }

    /// What the variants are called, in the order of their numbers.
    pub fn variant_names(&self) -> impl Iterator<Item = &str> {
        self.variants.iter().map(|variant| variant.name.as_str())
    }

    /// `None`, the wave's own text, and each of its variants.
    pub fn variant_numbers(&self) -> impl Iterator<Item = Option<VariantNo>> + use<> {
        let count = i64::try_from(self.variants.len()).unwrap_or(0);
        std::iter::once(None).chain((0..count).map(|no| Some(VariantNo(no))))
    }
}

/// What a wave says and in which state it and its campaign are.
pub async fn wave_content(tx: &mut Tx, ws: WorkspaceId, id: WaveId) -> Result<WaveContent, Fault> {
    let row = store::fetch_optional!(
        *tx,
        WaveRow,
        "SELECT id, campaign_id, position, channel, after_days, target, content, rate_per_second, state, due_at, expires_at
         FROM waves WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("wave", "There is no such wave."))?;
    let owner = campaign(tx, ws, CampaignId(row.campaign_id)).await?;
    let content = row.content()?;
    let salt = match owner.audience_id {
        Some(audience) if !content.variants.is_empty() => audience::salt(tx, ws, audience).await?,
        _ => None,
    };
    let split = match salt {
        Some(salt) => {
            let shares =
                shares(&content.variants).map_err(|_| odd("waves", "content", row.id, &row.content))?;
            Some(Split { salt, campaign: owner.id, position: row.position, shares })
        }
        None => None,
    };
    Ok(WaveContent {
        id,
        campaign_id: owner.id,
        kind: owner.kind,
        position: row.position,
        channel: row.channel()?,
        target: row.target()?,
        state: row.state()?,
        campaign_state: owner.state,
        language: owner.language,
        bodies: content.bodies,
        from_name: content.from_name,
        from_address: content.from_address,
        rate_per_second: row.rate_per_second,
        due_at: row.due_at.map(Time::from_millis),
        expires_at: row.expires_at.map(Time::from_millis),
        variants: content.variants,
        split,
    })
}

/// When a contact that is planned now is given up: counted from the wave's own start, also when a bounce brings the person here
/// long before it.
pub async fn contact_expires_at(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: &WaveContent,
    now: Time,
) -> Result<Time, Fault> {
    if let Some(known) = wave.expires_at {
        return Ok(known);
    }
    let mut due: Option<Time> = None;
    for one in waves(tx, ws, wave.campaign_id).await?.iter().take_while(|w| w.position <= wave.position) {
        due = one.due_at.or_else(|| due.map(|before| before.plus_days(one.draft.after_days)));
    }
    Ok(expires_at(due.map_or(now, |due| due.max(now))))
}
