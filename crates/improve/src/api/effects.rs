//! The effect of improvements, from own data before and after the day they were in place.

use std::{collections::HashMap, sync::Arc};

use access::Op;
use basis::{Fault, Time};
use insight::{
    orders::{day_name, day_of},
    rules::{dictionary::Dictionary, periods::period},
    snapshot::{self, Snapshot},
};
use serde::Serialize;
use store::Tx;
use utoipa::ToSchema;

use crate::{
    rules::{
        effect::{Change, Side, Span, of_averages, of_shares, spans},
        gap::Gap,
    },
    store::{backlog::ItemRow, calls},
};

/// A figure before and after.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Effect {
    metric: String,
    /// share, money.
    unit: &'static str,
    /// Days on either side.
    days: i32,
    before_from: String,
    before_to: String,
    after_from: String,
    after_to: String,
    before: Side,
    after: Side,
    change: Change,
}

impl Effect {
    /// A comparison of (part, whole) over two spans.
    pub fn of(metric: &str, (before, after): (Span, Span), one: (u64, u64), two: (u64, u64)) -> Self {
        let money = metric == "aov";
        let side = |(part, whole): (u64, u64)| Side::of(part as f64, whole as f64);
        let change = if money { of_averages(side(one), side(two)) } else { of_shares(metric, one, two) };
        Self {
            metric: metric.to_owned(),
            unit: if money { "money" } else { "share" },
            days: after.to - after.from + 1,
            before_from: day_name(before.from),
            before_to: day_name(before.to),
            after_from: day_name(after.from),
            after_to: day_name(after.to),
            before: side(one),
            after: side(two),
            change,
        }
    }
}

/// What the effects of all improvements are measured from, read once.
pub struct Measure {
    snapshot: Arc<Snapshot>,
    dictionary: Dictionary,
    /// (day, reason) of every refusal.
    told: Vec<(i32, String)>,
    /// (day, agreed) of every talk.
    talks: Vec<(i32, bool)>,
    orders: HashMap<(i32, i32), (i64, i64, i64, i64)>,
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Measure {
    pub async fn of(op: &Op, tx: &mut Tx, items: &[ItemRow]) -> Result<Self, Fault> {
        let snapshot = snapshot::current(&op.app, &op.workspace).await?;
        let zone = op.workspace.tz();
        let day = |at: i64| day_of(Time::from_millis(at).date(&zone));
        let dictionary = insight::store::dictionary(tx, op.ws()).await?;
        let reasons = insight::store::leaving_reasons(tx, op.ws()).await?;
        let told = reasons.into_iter().map(|r| (day(r.at), r.reason)).collect();
        let talks = calls::calls(tx, op.ws(), None)
            .await?
            .into_iter()
            .filter(|c| matches!(c.outcome.as_str(), "agreed" | "refused" | "call_later"))
            .map(|c| (day(c.at), c.outcome == "agreed"))
            .collect();
        let mut orders = HashMap::new();
        for item in items.iter().filter(|i| matches!(i.metric.as_str(), "cancelled_share" | "aov")) {
            let Some((before, after)) = place(item, snapshot.as_of) else { continue };
            for span in [before, after] {
                let currency = op.workspace.currency.to_string();
                let found = calls::orders_between(tx, op.ws(), &currency, span.from, span.to).await?;
                orders.insert((span.from, span.to), found);
            }
        }
        Ok(Self { snapshot, dictionary, told, talks, orders })
    }

    pub fn today(&self) -> i32 {
        self.snapshot.as_of
    }

    /// The effect of an improvement; `None` until it is in place.
    pub fn effect(&self, item: &ItemRow) -> Option<Effect> {
        let (before, after) = place(item, self.snapshot.as_of)?;
        let gap = Gap::of(&item.reason, &self.dictionary);
        let (one, two) = (self.counts(item, gap.as_ref(), before)?, self.counts(item, gap.as_ref(), after)?);
        Some(Effect::of(&item.metric, (before, after), one, two))
    }

    /// Part and whole of a metric in a span; `None` where the metric does not fit the gap.
    fn counts(&self, item: &ItemRow, gap: Option<&Gap>, span: Span) -> Option<(u64, u64)> {
        Some(match item.metric.as_str() {
            "reason_share" => {
                let (mut part, mut whole) = (0, 0);
                for (_, reason) in self.told.iter().filter(|(day, _)| span.holds(*day)) {
                    part += u64::from(gap?.holds(reason, &self.dictionary)?);
                    whole += 1;
                }
                (part, whole)
            }
            "consent" => {
                let talks = self.talks.iter().filter(|(day, _)| span.holds(*day));
                let agreed = talks.clone().filter(|(_, agreed)| *agreed).count();
                (agreed as u64, talks.count() as u64)
            }
            "churn" => {
                let p = period(&self.snapshot.purchases, span.from, span.to, self.snapshot.model.lapse_days);
                (p.lapsed.min(p.active_at_start), p.active_at_start)
            }
            "cancelled_share" => {
                let (all, bad, ..) = self.orders.get(&(span.from, span.to))?;
                (count(*bad), count(*all))
            }
            _ => {
                let (_, _, orders, minor) = self.orders.get(&(span.from, span.to))?;
                (count(*minor), count(*orders))
            }
        })
    }
}

fn place(item: &ItemRow, today: i32) -> Option<(Span, Span)> {
    spans(i32::try_from(item.in_place_day?).ok()?, today)
}
