use super::drivers::query_value;
use super::inputs::Costs;
use crate::journeys::{self, Journeys, Whose};
use crate::orders::{day_name, parse_day};
use crate::rules::cohorts::{month_name, month_of};
use crate::rules::journey::{Step, median};
use crate::rules::stat::proportion::{Share, wilson};
use crate::snapshot::{self, Snapshot};
use crate::store;
use access::{Answer, need};
use axum::Json;
use axum::extract::{Path, Query};
use basis::{Currency, CustomerId, Fault, Money};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
pub struct JourneyQuery {
    /// The months of one channel; of all without it.
    channel: Option<String>,
}

/// A step of the path.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyStep {
    /// touched, lead, first, second, regular, lapsed, returned.
    step: &'static str,
    customers: u64,
    /// The step that share and days are counted from.
    of: Option<&'static str>,
    share: Option<f64>,
    /// Wilson's 95% interval.
    low: Option<f64>,
    high: Option<f64>,
    median_days: Option<f64>,
    list: String,
}

/// Customers of one channel or of one month of first touch.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyRow {
    channel: Option<String>,
    /// 2024-09.
    month: Option<String>,
    steps: Vec<JourneyStep>,
    /// Margin of what they brought, in the workspace's currency alone.
    #[schema(value_type = Object)]
    realised: Money,
    /// Margin expected within the next twelve months; absent without a model.
    #[schema(value_type = Option<Object>)]
    expected: Option<Money>,
    /// (realised + expected) ÷ buyers.
    #[schema(value_type = Option<Object>)]
    ltv: Option<Money>,
    /// Entered spend on acquisition ÷ first purchases of the days that it covers.
    #[schema(value_type = Option<Object>)]
    cac: Option<Money>,
    ltv_to_cac: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Journey {
    as_of: String,
    lapse_days: f64,
    /// The margin was not entered: amounts are revenue.
    margin_is_default: bool,
    total: JourneyRow,
    /// The largest first.
    channels: Vec<JourneyRow>,
    /// By first touch, of the channel asked for; the newest first.
    months: Vec<JourneyRow>,
}

struct Sums<'a> {
    snapshot: &'a Snapshot,
    journeys: &'a Journeys,
    costs: &'a Costs,
    currency: Currency,
}

fn list_of(step: Step, whose: &Whose) -> String {
    let mut query = format!("figure=journey&value={}", step.name());
    if let Some(channel) = &whose.channel {
        query.push_str(&format!("&channel={}", query_value(channel)));
    }
    if let Some(month) = whose.month {
        query.push_str(&format!("&month={}", month_name(month)));
    }
    query
}

impl Sums<'_> {
    fn money(&self, minor: f64) -> Option<Money> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to lie within the exact range of a double"
        )]
        (minor.is_finite() && minor.abs() < 9e15).then(|| Money::new(minor.round() as i64, self.currency))
    }

    fn step(&self, step: Step, places: &[usize], whose: &Whose) -> JourneyStep {
        let paths = || places.iter().map(|place| &self.journeys.paths[*place]);
        let count = |step: Step| paths().filter(|p| p.day(step).is_some()).count() as u64;
        let customers = count(step);
        let share = step.before().and_then(|before| Share::new(customers, count(before)).ok());
        let interval = share.and_then(|s| wilson(s, 0.95).ok());
        JourneyStep {
            step: step.name(),
            customers,
            of: step.before().map(Step::name),
            share: share.map(Share::rate),
            low: interval.map(|i| i.low),
            high: interval.map(|i| i.high),
            median_days: median(paths().filter_map(|p| p.took(step)).collect()),
            list: list_of(step, whose),
        }
    }

    /// Spend ÷ first purchases, over the days that the spend covers. A month of first touch is paid for by that month's spend.
    fn cac(&self, places: &[usize], whose: &Whose) -> Option<f64> {
        let (from, to) = match whose.month {
            Some(month) => super::month_days(month, self.snapshot.as_of)?,
            None => {
                let start =
                    self.snapshot.purchases.base().iter().filter_map(|o| o.first()).map(|o| o.day).min()?;
                (start, self.snapshot.as_of)
            }
        };
        // Channels are typed by people on both sides.
        let folded = |name: &str| basis::fold(name);
        let entered = match &whose.channel {
            Some(channel) => {
                Some(self.costs.channels().into_iter().find(|known| folded(known) == folded(channel))?)
            }
            None => None,
        };
        let covered = self.costs.covered(&["acquisition_spend"], entered, from, to)?;
        let counted = |step: Step| {
            places
                .iter()
                .filter_map(|place| self.journeys.paths[*place].day(step))
                .filter(|day| covered.spans.iter().any(|(from, to)| (*from..=*to).contains(day)))
                .count()
        };
        // Of a month all who were touched in it and bought since are its customers.
        let bought = match whose.month {
            Some(_) => places.iter().filter(|p| self.journeys.paths[**p].day(Step::First).is_some()).count(),
            None => counted(Step::First),
        };
        (bought > 0).then(|| covered.amounts[0] / bought as f64)
    }

    fn row(&self, whose: &Whose) -> JourneyRow {
        let places: Vec<usize> = self.journeys.places(whose).collect();
        self.row_of(whose, &places)
    }

    fn row_of(&self, whose: &Whose, places: &[usize]) -> JourneyRow {
        let margin = self.costs.margin_share.unwrap_or(1.0);
        let profiles = || places.iter().map(|place| &self.snapshot.profiles[*place]);
        let realised = profiles().map(|p| p.revenue_minor as f64).sum::<f64>() * margin;
        let expected =
            self.snapshot.derived().value.map(|_| {
                profiles().map(|p| p.expected_value_minor.unwrap_or(0) as f64).sum::<f64>() * margin
            });
        let buyers = profiles().filter(|p| p.purchases > 0).count() as f64;
        let ltv = expected.filter(|_| buyers > 0.0).map(|expected| (realised + expected) / buyers);
        let cac = self.cac(places, whose);
        JourneyRow {
            channel: whose.channel.clone(),
            month: whose.month.map(month_name),
            steps: Step::ALL.into_iter().map(|step| self.step(step, places, whose)).collect(),
            realised: self.money(realised).unwrap_or_else(|| Money::new(0, self.currency)),
            expected: expected.and_then(|v| self.money(v)),
            ltv: ltv.and_then(|v| self.money(v)),
            cac: cac.and_then(|v| self.money(v)),
            ltv_to_cac: ltv.zip(cac).filter(|(_, cac)| *cac > 0.0).map(|(ltv, cac)| ltv / cac),
        }
    }
}

/// From first touch to lifetime value: how many customers of each channel and month took which step, how long it took, what they
/// cost and what they are worth.
#[utoipa::path(get, path = "/api/insight/journey", tag = "insight", params(JourneyQuery), responses((status = 200, body = Journey), (status = 422)))]
pub(super) async fn journey(
    need::Viewer(op): need::Viewer,
    Query(query): Query<JourneyQuery>,
) -> Answer<Journey> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let journeys = journeys::load(&op, &snapshot).await?;
    if let Some(channel) = &query.channel
        && !journeys.channels.contains(channel)
    {
        let what = format!("nobody came from \"{channel}\"");
        return Err(Fault::invalid("journey_channel", what.clone()).with_field("channel", what).into());
    }
    let mut tx = op.app.db.read().await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    let currency = op.workspace.currency;
    let answer = snapshot::blocking(move || {
        let sums = Sums { snapshot: &snapshot, journeys: &journeys, costs: &costs, currency };
        let names: BTreeSet<&String> = journeys.channels.iter().collect();
        let mut channels: Vec<JourneyRow> = names
            .into_iter()
            .map(|name| sums.row(&Whose { channel: Some(name.clone()), month: None }))
            .collect();
        channels.sort_by_key(|row| std::cmp::Reverse(row.steps[0].customers));
        let of = Whose { channel: query.channel, month: None };
        let mut months: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for place in journeys.places(&of) {
            if let Some(day) = journeys.paths[place].day(Step::Touched) {
                months.entry(month_of(day)).or_default().push(place);
            }
        }
        let months = months
            .iter()
            .rev()
            .map(|(month, places)| {
                sums.row_of(&Whose { channel: of.channel.clone(), month: Some(*month) }, places)
            })
            .collect();
        Journey {
            as_of: day_name(snapshot.as_of),
            lapse_days: snapshot.model.lapse_days,
            margin_is_default: costs.margin_share.is_none(),
            total: sums.row(&Whose::default()),
            channels,
            months,
        }
    })
    .await?;
    Ok(Json(answer))
}

/// A step that a customer took.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenStep {
    step: &'static str,
    /// Absent for a step that was not taken.
    day: Option<String>,
    days: Option<i32>,
}

/// The path of one customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerJourney {
    channel: String,
    steps: Vec<TakenStep>,
    #[schema(value_type = Object)]
    realised: Money,
    #[schema(value_type = Option<Object>)]
    expected: Option<Money>,
}

/// The path of one customer from the first touch.
#[utoipa::path(get, path = "/api/insight/journey/{id}", tag = "insight", params(("id" = String, Path)),
    responses((status = 200, body = CustomerJourney), (status = 404)))]
pub(super) async fn of_customer(
    need::Viewer(op): need::Viewer,
    Path(id): Path<CustomerId>,
) -> Answer<CustomerJourney> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let journeys = journeys::load(&op, &snapshot).await?;
    let mut tx = op.app.db.read().await?;
    let id = store::current_id(&mut tx, op.ws(), id.get()).await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    let place = snapshot.purchases.place(id);
    let place = place.ok_or_else(|| Fault::not_found("customer", "There is no such customer."))?;
    let (path, profile) = (&journeys.paths[place], &snapshot.profiles[place]);
    let sums =
        Sums { snapshot: &snapshot, journeys: &journeys, costs: &costs, currency: op.workspace.currency };
    let margin = costs.margin_share.unwrap_or(1.0);
    Ok(Json(CustomerJourney {
        channel: journeys.channels.get(journeys.channel_of[place]).cloned().unwrap_or_default(),
        steps: Step::ALL
            .into_iter()
            .map(|step| TakenStep {
                step: step.name(),
                day: path.day(step).map(day_name),
                days: path.took(step),
            })
            .collect(),
        realised: sums
            .money(profile.revenue_minor as f64 * margin)
            .unwrap_or_else(|| Money::new(0, op.workspace.currency)),
        expected: profile.expected_value_minor.and_then(|v| sums.money(v as f64 * margin)),
    }))
}

/// Places of the list behind a step.
pub(super) fn listed(
    journeys: &Journeys,
    step: Option<&str>,
    channel: Option<String>,
    month: Option<&str>,
) -> Result<Vec<usize>, Fault> {
    let step = step.and_then(Step::of).ok_or_else(|| {
        let known: Vec<&str> = Step::ALL.into_iter().map(Step::name).collect();
        Fault::invalid("value", format!("a step of the path is one of: {}", known.join(", ")))
    })?;
    let month = month
        .map(|text| {
            parse_day(&format!("{text}-01"), None)
                .map(month_of)
                .ok_or_else(|| Fault::invalid("month", format!("\"{text}\" is not a month like 2024-09")))
        })
        .transpose()?;
    let whose = Whose { channel, month };
    Ok(journeys.places(&whose).filter(|place| journeys.paths[*place].day(step).is_some()).collect())
}
