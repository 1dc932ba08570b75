use std::collections::BTreeMap;

use access::{App, Workspace};
use basis::{CampaignId, Fault, Money, Time, WaveId, WorkspaceId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    rules::{
        cell::{FINAL, LEDGER},
        effect,
    },
    store::counts,
    variants::{VariantCounts, counts_of},
};

/// What a campaign came to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CampaignReport {
    #[schema(value_type = String)]
    pub campaign_id: CampaignId,
    pub name: String,
    /// `draft`, `running`, `paused`, `stopped`, `finished`.
    pub state: String,
    pub pause_reason: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub launched_at: Option<Time>,
    /// The moment the figures speak of, on the campaign clock.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Time,
    /// The frozen audience, hold-out included.
    pub people: i64,
    pub holdout: i64,
    pub waves: Vec<WaveReport>,
    #[serde(rename = "final")]
    pub final_: Final,
    pub effect: Effect,
    /// Of a journey: where its treated people are now; `goal`, `refused`, `left`, `dead`, `through` (took the last step) and
    /// `step.N` (waiting for that step) add up to them.
    pub journey: Option<BTreeMap<String, i64>>,
    /// The people are simulated.
    pub simulated: bool,
}

/// One wave; its counts overlap.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WaveReport {
    #[schema(value_type = String)]
    pub id: WaveId,
    /// The first wave is 1.
    pub number: i64,
    pub channel: String,
    pub state: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Time>,
    pub planned: i64,
    /// By the reason that the ledger keeps.
    pub excluded: BTreeMap<String, i64>,
    pub held: i64,
    pub sent: i64,
    pub delivered: i64,
    pub bounced: i64,
    pub clicked: i64,
    pub positive: i64,
    pub negative: i64,
    pub uncertain: i64,
    /// Rows of the ledger by their state now.
    pub ledger: BTreeMap<String, i64>,
    /// How the wave's people were split, the control first; empty without variants.
    pub variants: Vec<VariantCounts>,
}

/// Each treated person once, the strongest outcome first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Final {
    pub excluded: i64,
    pub subscribed: i64,
    pub agreed: i64,
    pub refused: i64,
    pub bought_only: i64,
    pub silent: i64,
    pub dead: i64,
    pub uncertain: i64,
}

impl Final {
    pub fn sum(&self) -> i64 {
        self.excluded
            + self.subscribed
            + self.agreed
            + self.refused
            + self.bought_only
            + self.silent
            + self.dead
            + self.uncertain
    }
}

/// Buyers of the treated against buyers of the hold-out, as assigned, within the goal's window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Effect {
    pub treated: Arm,
    pub holdout: Arm,
    /// Share of buyers among the treated minus that of the hold-out; null while a group is empty.
    pub difference: Option<f64>,
    /// Newcombe's 95 % interval.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Orders count from the launch for so many days.
    pub window_days: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Arm {
    pub people: i64,
    pub bought: i64,
    /// Share of buyers; null for an empty group.
    pub share: Option<f64>,
    /// What the buyers spent within the window.
    #[schema(value_type = Object)]
    pub revenue: Money,
}

/// The report of a campaign as it stands now.
///
/// # Errors
/// No such campaign.
pub async fn funnel(app: &App, ws: WorkspaceId, id: CampaignId) -> Result<CampaignReport, Fault> {
    funnel_on(app, &access::load_workspace(app, ws).await?, id, None).await
}

/// The report of a campaign as it stands now, or as it stood `day` days after the launch.
///
/// # Errors
/// No such campaign.
pub async fn funnel_on(
    app: &App,
    ws: &Workspace,
    id: CampaignId,
    day: Option<u32>,
) -> Result<CampaignReport, Fault> {
    let mut tx = app.db.read().await?;
    let campaign = counts::campaign(&mut tx, ws.id, id).await?;
    let now = ws.campaign_now(app.now());
    let at = moment(campaign.launched_at.map(Time::from_millis), day);
    let goal: Value = serde_json::from_str(&campaign.goal).unwrap_or_default();
    let window_days = goal.get("window_days").and_then(Value::as_i64);
    let past = at < now && day.is_some();
    let mut cells = counts::of_ledger(&mut tx, ws.id, id, at).await?;
    let mut answers = counts::of_reactions(&mut tx, ws.id, id, at).await?;
    let mut excluded = counts::excluded(&mut tx, ws.id, id).await?;
    let mut ledger = counts::ledger(&mut tx, ws.id, id).await?;
    let cells_of_people = counts::partition(&mut tx, ws.id, id, at).await?;
    let arms = counts::arms(&mut tx, ws.id, id, at).await?;
    let planned = campaign::waves(&mut tx, ws.id, id).await?;
    let split = planned.iter().any(|wave| !wave.draft.variants.is_empty());
    let mut of_variants =
        if split { counts::of_variants(&mut tx, ws.id, id, at).await? } else { counts::ByVariant::new() };
    let journey = match campaign.kind == campaign::Kind::Journey.as_str() {
        true => Some(counts::journey(&mut tx, ws.id, id, planned.len()).await?),
        false => None,
    };
    let mut waves = Vec::new();
    for wave in counts::waves(&mut tx, ws.id, id).await? {
        let variants = match planned.iter().find(|planned| planned.id.get() == wave.id) {
            Some(planned) => counts_of(planned, &mut of_variants),
            None => Vec::new(),
        };
        let cells = cells.remove(&wave.id).unwrap_or_default();
        let answers = answers.remove(&wave.id).unwrap_or_default();
        let cell = |name: &str| cells.get(name).or_else(|| answers.get(name)).copied().unwrap_or(0);
        waves.push(WaveReport {
            id: WaveId(wave.id),
            number: wave.position + 1,
            state: wave.state,
            due_at: wave.due_at.map(Time::from_millis),
            started_at: wave.started_at.map(Time::from_millis),
            planned: cell("planned"),
            excluded: excluded.remove(&wave.id).unwrap_or_default(),
            held: cell("held"),
            sent: cell("sent"),
            delivered: cell("delivered"),
            bounced: cell("bounced"),
            clicked: cell("clicked"),
            positive: cell("positive"),
            negative: cell("negative"),
            uncertain: cell("uncertain"),
            ledger: ledger.remove(&wave.id).unwrap_or_default(),
            channel: wave.channel,
            variants,
        });
    }
    drop(tx);
    let arm = |holdout: bool| {
        let row = arms.iter().find(|row| row.holdout == holdout).copied().unwrap_or_default();
        Arm {
            people: row.people,
            bought: row.bought,
            share: share(row.bought, row.people),
            revenue: Money::new(row.revenue, ws.currency),
        }
    };
    let (treated, holdout) = (arm(false), arm(true));
    let size = |n: i64| u64::try_from(n).unwrap_or(0);
    let found = effect::effect(
        size(treated.bought),
        size(treated.people),
        size(holdout.bought),
        size(holdout.people),
    );
    Ok(CampaignReport {
        campaign_id: id,
        name: campaign.name,
        state: campaign.state,
        pause_reason: campaign.pause_reason,
        launched_at: campaign.launched_at.map(Time::from_millis),
        as_of: if past { at } else { now },
        people: treated.people + holdout.people,
        holdout: holdout.people,
        waves,
        final_: partition(&cells_of_people),
        effect: Effect {
            treated,
            holdout,
            difference: found.map(|f| f.difference),
            low: found.map(|f| f.low),
            high: found.map(|f| f.high),
            window_days,
        },
        journey,
        simulated: ws.simulated,
    })
}

/// The moment a funnel is looked at: `day` days after the launch, else the end of time.
pub(crate) fn moment(launched: Option<Time>, day: Option<u32>) -> Time {
    match (launched, day) {
        (Some(launched), Some(day)) => launched.plus_days(i64::from(day)),
        _ => Time::from_millis(i64::MAX),
    }
}

fn share(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "people of a campaign, far below 2^53")]
    let share = part as f64 / whole as f64;
    (whole > 0).then_some(share)
}

fn partition(cells: &BTreeMap<String, i64>) -> Final {
    let cell = |name: &str| cells.get(name).copied().unwrap_or(0);
    Final {
        excluded: cell("excluded"),
        subscribed: cell("subscribed"),
        agreed: cell("agreed"),
        refused: cell("refused"),
        bought_only: cell("bought_only"),
        silent: cell("silent"),
        dead: cell("dead"),
        uncertain: cell("uncertain"),
    }
}

impl WaveReport {
    fn json(&self, with_ledger: bool) -> Value {
        let mut out = json!({
            "channel": self.channel, "planned": self.planned, "excluded": self.excluded, "held": self.held, "sent": self.sent,
            "delivered": self.delivered, "bounced": self.bounced, "clicked": self.clicked, "positive": self.positive,
            "negative": self.negative, "uncertain": self.uncertain,
        });
        if with_ledger && let Some(out) = out.as_object_mut() {
            let states: Map<String, Value> = LEDGER
                .iter()
                .map(|s| ((*s).to_owned(), json!(self.ledger.get(*s).copied().unwrap_or(0))))
                .collect();
            out.insert("ledger".to_owned(), Value::Object(states));
            if !self.variants.is_empty() {
                out.insert("variants".to_owned(), json!(self.variants));
            }
        }
        out
    }
}

impl CampaignReport {
    /// `otklik campaign status ID`.
    pub fn status_json(&self) -> Value {
        json!({
            "campaign_id": self.campaign_id,
            "state": self.state,
            "waves": self.waves.iter().map(|wave| wave.json(true)).collect::<Vec<_>>(),
        })
    }

    /// `otklik demo --headless --json`; `records` are the rows that were imported.
    pub fn headless_json(&self, seed: u64, records: i64) -> Value {
        let f = &self.final_;
        json!({
            "seed": seed,
            "base": { "records": records, "people": self.people, "holdout": self.holdout },
            "final": {
                "excluded": f.excluded, "subscribed": f.subscribed, "agreed": f.agreed, "refused": f.refused,
                "bought_only": f.bought_only, "silent": f.silent, "dead": f.dead, "uncertain": f.uncertain,
            },
            "waves": self.waves.iter().map(|wave| wave.json(false)).collect::<Vec<_>>(),
            "effect": { "difference": self.effect.difference, "low": self.effect.low, "high": self.effect.high },
            "simulated": self.simulated,
        })
    }

    /// The funnel as rows of a table: wave, channel, figure, count.
    pub(crate) fn rows(&self) -> Vec<Vec<String>> {
        let row = |wave: &str, channel: &str, figure: &str, count: i64| {
            vec![wave.to_owned(), channel.to_owned(), figure.to_owned(), count.to_string()]
        };
        let mut rows = Vec::new();
        for wave in &self.waves {
            let number = wave.number.to_string();
            let mut add = |figure: &str, count: i64| rows.push(row(&number, &wave.channel, figure, count));
            add("planned", wave.planned);
            for (reason, count) in &wave.excluded {
                add(&format!("excluded.{reason}"), *count);
            }
            add("held", wave.held);
            add("sent", wave.sent);
            add("delivered", wave.delivered);
            add("bounced", wave.bounced);
            add("clicked", wave.clicked);
            add("positive", wave.positive);
            add("negative", wave.negative);
            add("uncertain", wave.uncertain);
            for variant in &wave.variants {
                for (figure, count) in variant.figures() {
                    add(&format!("variant.{}.{figure}", variant.name), count);
                }
            }
        }
        let f = &self.final_;
        let counts =
            [f.agreed, f.subscribed, f.refused, f.bought_only, f.uncertain, f.silent, f.dead, f.excluded];
        for (name, count) in FINAL.iter().zip(counts) {
            rows.push(row("", "", &format!("final.{name}"), count));
        }
        for (name, count) in [
            ("holdout", self.holdout),
            ("people", self.people),
            ("treated_bought", self.effect.treated.bought),
            ("holdout_bought", self.effect.holdout.bought),
        ] {
            rows.push(row("", "", name, count));
        }
        rows
    }
}
