//! The variants of a campaign's waves, counted and compared.

use std::collections::HashSet;

use access::{App, Workspace};
use basis::{CampaignId, Fault, Time, WaveId};
use campaign::{VariantNo, Wave};
use insight::outcomes::{Outcomes, Spent, outcomes};
use insight::rules::stat::StatError;
use insight::rules::variants::{Arm, Comparison, Measure, Person, compare};
use insight::snapshot::blocking;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    funnel::moment,
    store::counts::{self, DrawnRow},
};

/// All comparisons of a wave hold together with this probability.
const LEVEL: f64 = 0.95;

/// The waves of a campaign that have variants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CampaignVariants {
    #[schema(value_type = String)]
    pub campaign_id: CampaignId,
    pub currency: String,
    pub simulated: bool,
    /// Orders count for so many days from the wave's start.
    pub window_days: i64,
    pub waves: Vec<WaveVariants>,
}

/// One wave and its variants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WaveVariants {
    #[schema(value_type = String)]
    pub id: WaveId,
    /// The first wave is 1.
    pub number: i64,
    pub channel: String,
    pub state: String,
    /// The day on which the wave started; nothing is compared before.
    pub from_day: Option<String>,
    /// Last day that counts: the window's end or today.
    pub until_day: Option<String>,
    /// The window is not over: a verdict needs the interval that holds at every look.
    pub open: bool,
    /// The control first.
    pub variants: Vec<VariantFigures>,
    pub comparison: Comparison,
    /// People who drew a variant and whose card was merged with another's since; they count once.
    pub merged: u64,
}

/// A variant of a wave; its counts overlap.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VariantCounts {
    pub name: String,
    /// As planned, summing to 1.
    pub share: f64,
    /// Whoever drew it, reached or not.
    pub assigned: i64,
    pub sent: i64,
    pub delivered: i64,
    pub bounced: i64,
    pub clicked: i64,
    pub positive: i64,
}

impl VariantCounts {
    pub(crate) fn figures(&self) -> [(&'static str, i64); 6] {
        [
            ("assigned", self.assigned),
            ("sent", self.sent),
            ("delivered", self.delivered),
            ("bounced", self.bounced),
            ("clicked", self.clicked),
            ("positive", self.positive),
        ]
    }
}

/// What the people of a variant did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VariantFigures {
    #[serde(flatten)]
    pub counts: VariantCounts,
    /// Those who count: each person once.
    pub people: u64,
    pub buyers: u64,
    pub revenue_minor: i64,
    /// Revenue ÷ people, zeros included.
    pub revenue_per_person_minor: Option<f64>,
}

/// The variants of a campaign as they stand now.
///
/// # Errors
/// No such campaign.
pub async fn of_campaign(
    app: &App,
    workspace: &Workspace,
    id: CampaignId,
) -> Result<CampaignVariants, Fault> {
    let ws = workspace.id;
    let mut tx = app.db.read().await?;
    let owner = campaign::campaign(&mut tx, ws, id).await?;
    let waves = campaign::waves(&mut tx, ws, id).await?;
    let mut cells = counts::of_variants(&mut tx, ws, id, moment(None, None)).await?;
    let rows = counts::waves(&mut tx, ws, id).await?;
    drop(tx);
    // An order is the goal unless the campaign asks for consents.
    let measure = if owner.goal.kind == "consent" { Measure::Positive } else { Measure::Bought };
    let mut out = Vec::new();
    for wave in waves.iter().filter(|wave| !wave.draft.variants.is_empty()) {
        let started = rows.iter().find(|row| row.id == wave.id.get()).and_then(|row| row.started_at);
        let seen = seen(app, workspace, id, wave.id, started, owner.goal.window_days).await?;
        let counted = counts_of(wave, &mut cells);
        let mut arms: Vec<Arm> = counted
            .iter()
            .map(|c| Arm {
                share: c.share,
                assigned: u64::try_from(c.assigned).unwrap_or(0),
                people: Vec::new(),
            })
            .collect();
        for (row, spent) in seen.people() {
            let place = usize::try_from(row.variant).ok().and_then(|place| arms.get_mut(place));
            if let Some(arm) = place {
                arm.people.push(Person {
                    before_minor: spent.before_minor,
                    after_minor: spent.after_minor,
                    bought: spent.orders > 0,
                    positive: row.positive,
                });
            }
        }
        let open = seen.outcomes.as_ref().is_none_or(|o| o.open);
        let (found, arms) = blocking(move || (compare(&arms, measure, open, LEVEL), arms)).await?;
        let comparison = found.map_err(|e: StatError| Fault::internal("variants", e.to_string()))?;
        out.push(WaveVariants {
            id: wave.id,
            number: wave.position + 1,
            channel: wave.draft.channel.as_str().to_owned(),
            state: wave.state.as_str().to_owned(),
            from_day: seen.outcomes.as_ref().map(|o| o.from_day.clone()),
            until_day: seen.outcomes.as_ref().map(|o| o.until_day.clone()),
            open,
            variants: counted.into_iter().zip(&arms).map(|(counts, arm)| figures(counts, arm)).collect(),
            comparison,
            merged: seen.merged,
        });
    }
    Ok(CampaignVariants {
        campaign_id: id,
        currency: workspace.currency.to_string(),
        simulated: workspace.simulated,
        window_days: owner.goal.window_days,
        waves: out,
    })
}

/// The figures of a wave's variants.
pub(crate) fn counts_of(wave: &Wave, counted: &mut counts::ByVariant) -> Vec<VariantCounts> {
    // Shares that cannot be stand in drafts only, and nobody drew anything there.
    let shares = campaign::shares(&wave.draft.variants).unwrap_or_default();
    let named = wave.draft.variants.iter().zip(shares);
    (0_i64..)
        .zip(named)
        .map(|(no, (variant, share))| {
            let cells = counted.remove(&(wave.id.get(), no)).unwrap_or_default();
            let cell = |name: &str| cells.get(name).copied().unwrap_or(0);
            VariantCounts {
                name: variant.name.clone(),
                share,
                assigned: cell("assigned"),
                sent: cell("sent"),
                delivered: cell("delivered"),
                bounced: cell("bounced"),
                clicked: cell("clicked"),
                positive: cell("positive"),
            }
        })
        .collect()
}

fn figures(counts: VariantCounts, arm: &Arm) -> VariantFigures {
    let revenue_minor: i64 = arm.people.iter().map(|p| p.after_minor).sum();
    let people = arm.people.len();
    #[expect(clippy::cast_precision_loss, reason = "people and minor units of a campaign, far below 2^53")]
    let mean = revenue_minor as f64 / people as f64;
    VariantFigures {
        counts,
        people: u64::try_from(people).unwrap_or(u64::MAX),
        buyers: u64::try_from(arm.people.iter().filter(|p| p.bought).count()).unwrap_or(u64::MAX),
        revenue_minor,
        revenue_per_person_minor: (people > 0).then_some(mean),
    }
}

/// Everybody who drew a variant of a wave, each person once, with what they bought since the wave's start.
struct Seen {
    drawn: Vec<DrawnRow>,
    /// Absent until the wave starts.
    outcomes: Option<Outcomes>,
    merged: u64,
}

impl Seen {
    fn people(&self) -> impl Iterator<Item = (&DrawnRow, Spent)> {
        let spent = self.outcomes.iter().flat_map(|o| o.people.iter().copied());
        self.drawn.iter().zip(spent)
    }
}

async fn seen(
    app: &App,
    workspace: &Workspace,
    id: CampaignId,
    wave: WaveId,
    started: Option<i64>,
    window_days: i64,
) -> Result<Seen, Fault> {
    let mut tx = app.db.read().await?;
    let mut drawn = counts::drawn(&mut tx, workspace.id, id, wave).await?;
    drop(tx);
    let all = drawn.len();
    let mut known = HashSet::with_capacity(all);
    drawn.retain(|row| known.insert(row.customer_id));
    let merged = u64::try_from(all - drawn.len()).unwrap_or(0);
    let outcomes = match started {
        Some(at) => {
            let customers = drawn.iter().map(|row| row.customer_id).collect();
            Some(outcomes(app, workspace, customers, Time::from_millis(at), window_days).await?)
        }
        None => None,
    };
    Ok(Seen { drawn, outcomes, merged })
}

/// The members behind the buyers of a variant.
///
/// # Errors
/// No such campaign.
pub async fn buyers(
    app: &App,
    workspace: &Workspace,
    id: CampaignId,
    wave: WaveId,
    variant: VariantNo,
) -> Result<Vec<i64>, Fault> {
    let mut tx = app.db.read().await?;
    let owner = campaign::campaign(&mut tx, workspace.id, id).await?;
    let rows = counts::waves(&mut tx, workspace.id, id).await?;
    drop(tx);
    let started = rows.iter().find(|row| row.id == wave.get()).and_then(|row| row.started_at);
    let seen = seen(app, workspace, id, wave, started, owner.goal.window_days).await?;
    Ok(seen
        .people()
        .filter(|(row, spent)| row.variant == variant.get() && spent.orders > 0)
        .map(|(row, _)| row.member)
        .collect())
}
