//! Every number opens: a figure carries its formula, its parts and the question whose answer is its list.

use crate::contacts::{CHANNELS, Contacts, Reach};
use crate::derived::at_risk_now;
use crate::leaving::Told;
use crate::orders::{day_name, parse_day};
use crate::rules::cohorts::month_of;
use crate::rules::coverage::Covered;
use crate::rules::dictionary::Driver;
use crate::rules::lifecycle::Stage;
use crate::rules::periods::in_period;
use crate::snapshot::Snapshot;
use basis::{Currency, Fault, Money};
use serde::{Deserialize, Serialize};

/// A number, or an amount with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FigureValue {
    Count(u64),
    Number(f64),
    Money(Money),
}

/// Days of a period for which costs were entered; the figure counts these alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CoveredDays {
    pub days: i32,
    pub of: i32,
    /// The first and the last of them.
    pub from: String,
    pub to: String,
}

/// A figure of a page.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Figure {
    pub id: String,
    /// Absent when it is not defined, e.g. a share of nobody.
    #[schema(value_type = Option<Object>)]
    pub value: Option<FigureValue>,
    /// count, share, money, days, months, times.
    pub unit: &'static str,
    pub numerator: Option<f64>,
    pub denominator: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// What the numerator counts: count, money.
    pub numerator_unit: &'static str,
    pub denominator_unit: &'static str,
    /// Code of the formula's words.
    pub formula: String,
    /// The part of the period that was entered, when that is not all of it.
    pub covered: Option<CoveredDays>,
    /// Query of the list behind the figure, for /api/base-health/list; absent when it has none.
    pub list: Option<String>,
}

impl Figure {
    fn new(id: &str, value: Option<FigureValue>, unit: &'static str) -> Self {
        Self {
            id: id.to_owned(),
            value,
            unit,
            numerator: None,
            denominator: None,
            low: None,
            high: None,
            numerator_unit: "count",
            denominator_unit: "count",
            formula: id.to_owned(),
            covered: None,
            list: None,
        }
    }

    #[must_use]
    pub fn count(id: &str, n: u64) -> Self {
        Self::new(id, Some(FigureValue::Count(n)), "count")
    }

    #[must_use]
    pub fn number(id: &str, value: Option<f64>, unit: &'static str) -> Self {
        Self::new(id, value.filter(|v| v.is_finite()).map(FigureValue::Number), unit)
    }

    /// A share or ratio of its two parts; undefined over nothing.
    #[must_use]
    pub fn ratio(id: &str, numerator: f64, denominator: f64, unit: &'static str) -> Self {
        let value = (denominator > 0.0).then(|| numerator / denominator);
        let mut figure = Self::number(id, value, unit);
        figure.numerator = Some(numerator);
        figure.denominator = Some(denominator);
        figure
    }

    /// Money from minor units.
    #[must_use]
    pub fn money(id: &str, minor: Option<f64>, currency: Currency) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to lie within the exact range of a double"
        )]
        let money = minor.filter(|m| m.abs() < 9e15).map(|m| Money::new(m.round() as i64, currency));
        Self::new(id, money.map(FigureValue::Money), "money")
    }

    /// Money of a ratio, with its parts.
    #[must_use]
    pub fn money_ratio(id: &str, numerator: f64, denominator: f64, currency: Currency) -> Self {
        let mut figure = Self::money(id, (denominator > 0.0).then(|| numerator / denominator), currency);
        figure.numerator = Some(numerator);
        figure.denominator = Some(denominator);
        figure.numerator_unit = "money";
        figure
    }

    /// How often one amount goes into another; both in minor units.
    #[must_use]
    pub fn times(id: &str, numerator: f64, denominator: f64) -> Self {
        let mut figure = Self::ratio(id, numerator, denominator, "times");
        figure.numerator_unit = "money";
        figure.denominator_unit = "money";
        figure
    }

    /// Undefined for a reason that the numbers do not show.
    #[must_use]
    pub fn unless(mut self, undefined: bool) -> Self {
        if undefined {
            (self.value, self.numerator, self.denominator) = (None, None, None);
        }
        self
    }

    /// Of the covered part of a period alone.
    #[must_use]
    pub fn over(mut self, covered: Option<&Covered>) -> Self {
        self.covered = covered.filter(|c| !c.whole()).map(|c| {
            let (from, to) = c.ends();
            CoveredDays { days: c.days, of: c.of, from: day_name(from), to: day_name(to) }
        });
        self
    }

    #[must_use]
    pub fn listed(mut self, query: impl Into<String>) -> Self {
        self.list = Some(query.into());
        self
    }

    #[must_use]
    pub fn between(mut self, low: f64, high: f64) -> Self {
        self.low = Some(low);
        self.high = Some(high);
        self
    }

    #[must_use]
    pub fn by(mut self, formula: &str) -> Self {
        formula.clone_into(&mut self.formula);
        self
    }
}

fn no_reasons() -> Fault {
    Fault::internal("reasons", "the reasons were not read")
}

/// Whether the customer at a place complained within the last year.
pub(crate) fn complained(snapshot: &Snapshot, place: usize) -> bool {
    let trouble = &snapshot.purchases.troubles[place];
    trouble.complaints > 0 && trouble.complained_day > snapshot.as_of - 365
}

/// Whom a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
pub struct Question {
    /// customers, buyers, no_orders, one_time, repeat, active, stage, age, first_month, reachable, unreachable,
    /// consent, basis, given, withdrawn, dead, at_risk_now, signal, complained (in the last year), reason, driver, competitor,
    /// employee, named_order, told, controllable_lapsed, bought_times, rfm, cohort, and of a period: new, bought,
    /// lapsed, churned, returned, bought_again, active_at_start, active_at_end, active_in, became_repeat, one_time_at_start,
    /// refused, moved; and journey, a step of the path from the first touch.
    pub figure: Option<String>,
    /// Which stage, channel, month or signal.
    pub value: Option<String>,
    /// Scores of `figure=rfm`.
    pub r: Option<u8>,
    pub f: Option<u8>,
    pub m: Option<u8>,
    /// Months since the first purchase, of `figure=cohort`.
    pub index: Option<i32>,
    /// Where they came from, of `figure=journey`.
    pub channel: Option<String>,
    /// Month of the first touch, of `figure=journey`.
    pub month: Option<String>,
    /// First day of a period.
    pub from: Option<String>,
    /// Last day of a period.
    pub to: Option<String>,
}

impl Question {
    /// Whether the contacts are needed to answer.
    #[must_use]
    pub fn needs_contacts(&self) -> bool {
        matches!(
            self.figure.as_deref(),
            Some("reachable" | "unreachable" | "consent" | "basis" | "given" | "withdrawn" | "dead")
        )
    }

    /// Whether the told reasons of leaving are needed to answer.
    #[must_use]
    pub fn needs_reasons(&self) -> bool {
        matches!(
            self.figure.as_deref(),
            Some(
                "reason"
                    | "driver"
                    | "competitor"
                    | "employee"
                    | "named_order"
                    | "told"
                    | "controllable_lapsed"
            )
        )
    }

    /// Whether the list is worked from the top by what may be lost.
    #[must_use]
    pub fn by_value_at_risk(&self) -> bool {
        matches!(self.figure.as_deref(), Some("at_risk_now" | "signal"))
    }

    pub(crate) fn days(&self) -> Result<(i32, i32), Fault> {
        let day = |text: &Option<String>, name: &'static str| {
            text.as_deref()
                .and_then(|t| parse_day(t, None))
                .ok_or_else(|| Fault::invalid(name, format!("\"{name}\" must be a day like 2024-09-01")))
        };
        let (from, to) = (day(&self.from, "from")?, day(&self.to, "to")?);
        if from > to {
            return Err(Fault::invalid("from", "the period ends before it begins"));
        }
        Ok((from, to))
    }

    fn text(&self) -> Result<&str, Fault> {
        self.value.as_deref().ok_or_else(|| Fault::invalid("value", "this list needs a value"))
    }

    /// The step between stages that `figure=moved` asks for: from, to and cause.
    pub(crate) fn step(&self) -> Result<[&str; 3], Fault> {
        let text = self.text()?;
        let mut parts = text.split(',');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(from), Some(to), Some(cause), None) => Ok([from, to, cause]),
            _ => {
                Err(Fault::invalid("value", format!("\"{text}\" is not a step like at_risk,lapsed,silence")))
            }
        }
    }

    fn month(&self) -> Result<i32, Fault> {
        let text = self.text()?;
        parse_day(&format!("{text}-01"), None)
            .map(month_of)
            .ok_or_else(|| Fault::invalid("value", format!("\"{text}\" is not a month like 2024-09")))
    }

    /// Places of the customers asked for, in the order of their ids.
    ///
    /// # Errors
    /// An unknown figure, or a value that does not fit it.
    pub fn places(
        &self,
        snapshot: &Snapshot,
        contacts: Option<&Contacts>,
        told: Option<&Told>,
    ) -> Result<Vec<usize>, Fault> {
        let everyone = 0..snapshot.purchases.ids.len();
        let profiles = &snapshot.profiles;
        let base = snapshot.purchases.base();
        let pick =
            |keep: &dyn Fn(usize) -> bool| everyone.clone().filter(|i| keep(*i)).collect::<Vec<usize>>();
        let reach = |keep: &dyn Fn(Reach) -> bool| -> Result<Vec<usize>, Fault> {
            let contacts =
                contacts.ok_or_else(|| Fault::internal("contacts", "the contacts were not read"))?;
            let channel = self.value.as_deref().unwrap_or("any");
            if channel == "any" {
                return Ok(pick(&|i| contacts.by_place[i].iter().any(|r| keep(*r))));
            }
            let channel = if channel == "phone" { "call" } else { channel };
            let at = CHANNELS
                .iter()
                .position(|c| *c == channel)
                .ok_or_else(|| Fault::invalid("value", format!("there is no channel \"{channel}\" here")))?;
            Ok(pick(&|i| keep(contacts.by_place[i][at])))
        };
        let of_contacts = |keep: &dyn Fn(&Contacts, usize) -> bool| -> Result<Vec<usize>, Fault> {
            let contacts =
                contacts.ok_or_else(|| Fault::internal("contacts", "the contacts were not read"))?;
            Ok(pick(&|i| keep(contacts, i)))
        };
        let month_is = |day: Option<i32>, wanted: i32| day.is_some_and(|d| month_of(d) == wanted);
        Ok(match self.figure.as_deref().unwrap_or("customers") {
            "customers" => pick(&|_| true),
            "buyers" => pick(&|i| profiles[i].purchases > 0),
            "no_orders" => pick(&|i| profiles[i].purchases == 0),
            "one_time" => pick(&|i| profiles[i].purchases == 1),
            "repeat" => pick(&|i| profiles[i].purchases > 1),
            "active" => pick(&|i| !matches!(profiles[i].stage, Stage::Lapsed | Stage::None)),
            "stage" => {
                let name = self.text()?;
                let stage = Stage::from_name(name)
                    .ok_or_else(|| Fault::invalid("value", format!("there is no stage \"{name}\"")))?;
                pick(&|i| profiles[i].stage == stage)
            }
            "age" => {
                let month = self.month()?;
                pick(&|i| month_is(profiles[i].last_day, month))
            }
            "first_month" => {
                let month = self.month()?;
                pick(&|i| month_is(profiles[i].first_day, month))
            }
            "reachable" => reach(&|r| r.reachable)?,
            "consent" => reach(&|r| r.lawful())?,
            "basis" => reach(&|r| r.reachable && r.basis)?,
            "given" => reach(&|r| r.given)?,
            "withdrawn" => reach(&|r| r.withdrawn)?,
            "unreachable" => of_contacts(&|c, i| !c.any(i))?,
            "dead" => of_contacts(&|c, i| c.dead[i])?,
            "at_risk_now" => pick(&|i| at_risk_now(&profiles[i])),
            "signal" => {
                let name = self.text()?;
                pick(&|i| at_risk_now(&profiles[i]) && profiles[i].signals.iter().any(|s| s.name() == name))
            }
            "reason" => {
                let wanted = self.text()?;
                let told = told.ok_or_else(no_reasons)?;
                pick(&|i| told.fits(snapshot, i, wanted))
            }
            "told" | "named_order" => {
                let order = self.figure.as_deref() == Some("named_order");
                let told = told.ok_or_else(no_reasons)?;
                pick(&|i| told.word(i).is_some_and(|w| !order || w.order_id.is_some()))
            }
            name @ ("driver" | "competitor" | "employee") => {
                let wanted = self.text()?;
                let told = told.ok_or_else(no_reasons)?;
                pick(&|i| {
                    told.word(i).is_some_and(|word| match name {
                        "driver" => told.driver(&word.reason).as_str() == wanted,
                        "competitor" => word.competitor.as_deref() == Some(wanted),
                        _ => word.employee.as_deref() == Some(wanted),
                    })
                })
            }
            // Lapsed, and not for a natural reason.
            "controllable_lapsed" => {
                let told = told.ok_or_else(no_reasons)?;
                pick(&|i| {
                    let natural = told.word(i).is_some_and(|w| told.driver(&w.reason) == Driver::Natural);
                    profiles[i].stage == Stage::Lapsed && !natural
                })
            }
            "bought_times" => {
                let wanted: u32 = self
                    .text()?
                    .parse()
                    .map_err(|_| Fault::invalid("value", "a number of purchases, 3 for three and more"))?;
                pick(&|i| {
                    if wanted >= 3 {
                        profiles[i].purchases >= wanted
                    } else {
                        profiles[i].purchases == wanted
                    }
                })
            }
            "complained" => pick(&|i| complained(snapshot, i)),
            "rfm" => pick(&|i| {
                let row = &snapshot.rfm()[i];
                let fits = |wanted: Option<u8>, score: u8| wanted.is_none_or(|w| w == score);
                profiles[i].purchases > 0 && fits(self.r, row.r) && fits(self.f, row.f) && fits(self.m, row.m)
            }),
            "cohort" => {
                let cohort = self.month()?;
                let index = self.index.unwrap_or(0);
                pick(&|i| {
                    month_is(profiles[i].first_day, cohort)
                        && profiles[i].first_day.is_some_and(|first| {
                            let month = month_of(first) + index;
                            base.of(i).iter().any(|o| month_of(o.day) == month)
                        })
                })
            }
            name @ ("new" | "bought" | "bought_again" | "lapsed" | "churned" | "returned"
            | "active_at_start" | "active_at_end" | "active_in" | "became_repeat"
            | "one_time_at_start") => {
                let (from, to) = self.days()?;
                let lapse = snapshot.model.lapse_days;
                pick(&|i| {
                    let occasions = base.of(i);
                    if occasions.is_empty() {
                        return false;
                    }
                    let p = in_period(occasions, from, to, lapse);
                    match name {
                        "new" => p.new,
                        "bought" => p.bought,
                        "bought_again" => p.bought_again,
                        "lapsed" => p.lapsed,
                        "churned" => p.churned,
                        "returned" => p.returned,
                        "active_at_start" => p.active_at_start,
                        "active_at_end" => p.active_at_end,
                        "active_in" => p.was_active(),
                        "became_repeat" => p.became_repeat,
                        _ => p.one_time_at_start,
                    }
                })
            }
            other => return Err(Fault::invalid("figure", format!("there is no list \"{other}\""))),
        })
    }
}
