//! What the next twelve months bring, with intervals: by simulation of the customer's own posterior, and for
//! the base with the uncertainty of the parameters on top.

use super::btyd::PurchaseModel;
use super::btyd::bg_nbd::{BgNbd, Dropout};
use super::btyd::gamma_gamma::GammaGamma;
use super::btyd::pareto_nbd::ParetoNbd;
use super::model::{HORIZON_DAYS, KeptFit, Model};
use super::occasions::History;
use basis::Rng;
use serde::Serialize;

/// A forecast with its 80% interval: eight of ten such customers end inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Forecast {
    pub expected: f64,
    pub low: f64,
    pub high: f64,
}

/// Purchases and value of one customer in twelve months.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CustomerForecast {
    pub purchases: Forecast,
    /// Minor units.
    pub value: Forecast,
    /// P(no purchase at all).
    pub none: f64,
    /// Days from now to the next purchase: its median if one comes.
    pub next_in_days: Option<f64>,
}

/// Standard normal, by the polar method.
fn normal(rng: &mut Rng) -> f64 {
    loop {
        let (u, v) = (2.0 * rng.unit() - 1.0, 2.0 * rng.unit() - 1.0);
        let s = u * u + v * v;
        if s > 0.0 && s < 1.0 {
            return u * (-2.0 * s.ln() / s).sqrt();
        }
    }
}

/// Gamma(shape, 1) by Marsaglia & Tsang 2000.
fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = rng.unit().max(f64::MIN_POSITIVE).powf(1.0 / shape);
        return gamma(rng, shape + 1.0) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && rng.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

fn beta(rng: &mut Rng, a: f64, b: f64) -> f64 {
    let x = gamma(rng, a);
    let y = gamma(rng, b);
    if x + y > 0.0 { x / (x + y) } else { a / (a + b) }
}

fn waiting(rng: &mut Rng, rate: f64) -> f64 {
    -(1.0 - rng.unit()).ln() / rate
}

/// Times of the purchases of one possible future.
fn future(rng: &mut Rng, model: &PurchaseModel, h: &History, times: &mut Vec<f64>) {
    const MOST: usize = 10_000;
    times.clear();
    let (x, t) = (f64::from(h.x), f64::from(h.t));
    if !rng.chance(model.p_alive(h.x, f64::from(h.t_x), t)) {
        return;
    }
    match model {
        PurchaseModel::BgNbd(BgNbd { r, alpha, a, b, dropout }) => {
            let rate = gamma(rng, r + x) / (alpha + t);
            let chances = x + if *dropout == Dropout::AfterAny { 1.0 } else { 0.0 };
            let leave = beta(rng, *a, b + chances);
            let mut now = waiting(rng, rate);
            while now <= HORIZON_DAYS && times.len() < MOST {
                times.push(now);
                if rng.chance(leave) {
                    break;
                }
                now += waiting(rng, rate);
            }
        }
        PurchaseModel::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => {
            let rate = gamma(rng, r + x) / (alpha + t);
            let leave = gamma(rng, *s) / (beta + t);
            let end = waiting(rng, leave).min(HORIZON_DAYS);
            let mut now = waiting(rng, rate);
            while now <= end && times.len() < MOST {
                times.push(now);
                now += waiting(rng, rate);
            }
        }
        PurchaseModel::BgBb(_) => {}
    }
}

/// Value of `n` purchases of a customer: spends with the customer's own mean drawn from its posterior.
fn spend(rng: &mut Rng, model: Option<&GammaGamma>, mean_minor: f64, h: &History, n: usize) -> f64 {
    let Some(m) = model else { return mean_minor * n as f64 };
    if n == 0 {
        return 0.0;
    }
    let rate = gamma(rng, m.p * f64::from(h.paid) + m.q) / (m.gamma + h.repeat_minor as f64);
    gamma(rng, m.p * n as f64) / rate.max(f64::MIN_POSITIVE)
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a length")]
    let below = place.floor() as usize;
    let low = sorted.get(below).copied().unwrap_or(0.0);
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    low + (high - low) * (place - place.floor())
}

/// Forecast of one customer; the same seed gives the same interval.
#[must_use]
pub fn forecast(model: &Model, history: &History, seed: u64) -> Option<CustomerForecast> {
    const DRAWS: usize = 4_000;
    let purchase_model = model.purchase_model()?;
    let spend_model = model.spend_model();
    let mut rng = Rng::seeded(seed);
    let (mut counts, mut values, mut nexts) =
        (Vec::with_capacity(DRAWS), Vec::with_capacity(DRAWS), Vec::new());
    let mut times = Vec::new();
    for _ in 0..DRAWS {
        future(&mut rng, &purchase_model, history, &mut times);
        nexts.extend(times.first().copied());
        counts.push(times.len() as f64);
        values.push(spend(&mut rng, spend_model.as_ref(), model.mean_minor, history, times.len()));
    }
    counts.sort_by(f64::total_cmp);
    values.sort_by(f64::total_cmp);
    nexts.sort_by(f64::total_cmp);
    let (t_x, t) = (f64::from(history.t_x), f64::from(history.t));
    let expected = purchase_model.expected_purchases(history.x, t_x, t, HORIZON_DAYS);
    let mean = if history.paid == 0 { 0.0 } else { history.repeat_minor as f64 / f64::from(history.paid) };
    let worth = spend_model.and_then(|m| m.expected_value(history.paid, mean)).unwrap_or(model.mean_minor);
    let none = counts.iter().filter(|n| **n == 0.0).count() as f64 / DRAWS as f64;
    Some(CustomerForecast {
        purchases: Forecast { expected, low: quantile(&counts, 0.1), high: quantile(&counts, 0.9) },
        value: Forecast {
            expected: expected * worth,
            low: quantile(&values, 0.1),
            high: quantile(&values, 0.9),
        },
        none,
        next_in_days: (!nexts.is_empty()).then(|| quantile(&nexts, 0.5)),
    })
}

/// Lower triangle of the Cholesky factor; `None` when the matrix is not positive definite.
fn factor(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i].get(j)? - dot;
            if i == j {
                if rest <= 0.0 {
                    return None;
                }
                lower[i][i] = rest.sqrt();
            } else {
                lower[i][j] = rest / lower[j][j];
            }
        }
    }
    Some(lower)
}

/// Parameters drawn from their sampling distribution, in logs so that they stay positive.
fn draw(rng: &mut Rng, fit: &KeptFit) -> Option<Vec<f64>> {
    let n = fit.parameters.len();
    let logs: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            (0..n)
                .map(|j| {
                    let covariance = fit.covariance.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0.0);
                    covariance / (fit.parameters[i] * fit.parameters[j])
                })
                .collect()
        })
        .collect();
    let lower = factor(&logs)?;
    let z: Vec<f64> = (0..n).map(|_| normal(rng)).collect();
    Some(
        (0..n)
            .map(|i| {
                let shift: f64 = (0..=i).map(|k| lower[i][k] * z[k]).sum();
                fit.parameters[i] * shift.clamp(-3.0, 3.0).exp()
            })
            .collect(),
    )
}

/// The value that the base is `expected` to bring in the next twelve months (the sum of its customers' forecasts),
/// with its 95% interval, in minor units: the sampling error of the parameters and the chance of the customers' own
/// futures.
#[must_use]
pub fn base_value(model: &Model, histories: &[History], expected: f64, seed: u64) -> Option<Forecast> {
    const SAMPLE: usize = 4_000;
    const DRAWS: usize = 60;
    let purchase_model = model.purchase_model()?;
    let fit = model.purchases.as_ref()?;
    let spend_model = model.spend_model();
    let worth = |m: Option<&GammaGamma>, h: &History| {
        let mean = if h.paid == 0 { 0.0 } else { h.repeat_minor as f64 / f64::from(h.paid) };
        m.and_then(|m| m.expected_value(h.paid, mean)).unwrap_or(model.mean_minor)
    };
    let step = histories.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&History> = histories.iter().step_by(step).collect();
    if sample.is_empty() {
        return Some(Forecast { expected, low: expected, high: expected });
    }
    let scale = histories.len() as f64 / sample.len() as f64;
    let mut rng = Rng::seeded(seed);
    // Chance of the futures: the squared distance of one drawn future per customer from its expectation.
    let mut times = Vec::new();
    let mut chance = 0.0;
    for h in &sample {
        future(&mut rng, &purchase_model, h, &mut times);
        let value = spend(&mut rng, spend_model.as_ref(), model.mean_minor, h, times.len());
        let mean = purchase_model.expected_purchases(h.x, f64::from(h.t_x), f64::from(h.t), HORIZON_DAYS)
            * worth(spend_model.as_ref(), h);
        chance += (value - mean).powi(2);
    }
    // Error of the parameters: the same sample under other likely parameters.
    let kind = super::btyd::ModelKind::from_name(&fit.model)?;
    let mut totals = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let Some(drawn) = draw(&mut rng, fit).and_then(|p| PurchaseModel::new(kind, &p)) else { continue };
        let drawn_spend =
            model.spend.as_ref().and_then(|s| draw(&mut rng, s)).and_then(|p| match p.as_slice() {
                &[p, q, gamma] if q > 1.05 => Some(GammaGamma { p, q, gamma }),
                _ => None,
            });
        let spend = drawn_spend.or(spend_model);
        let total: f64 = sample
            .iter()
            .step_by(sample.len().div_ceil(250).max(1))
            .map(|h| {
                drawn.expected_purchases(h.x, f64::from(h.t_x), f64::from(h.t), HORIZON_DAYS)
                    * worth(spend.as_ref(), h)
            })
            .sum();
        totals.push(total);
    }
    let mean = totals.iter().sum::<f64>() / (totals.len().max(1)) as f64;
    let spread = if totals.len() > 1 && mean > 0.0 {
        let variance = totals.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (totals.len() - 1) as f64;
        variance.sqrt() / mean
    } else {
        0.0
    };
    let half = 1.959_964 * (scale * chance + (spread * expected).powi(2)).sqrt();
    Some(Forecast { expected, low: (expected - half).max(0.0), high: expected + half })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mbg() -> Model {
        Model {
            version: 1,
            made_day: 0,
            customers: 100,
            lapse_days: 100.0,
            lapse_is_default: false,
            gaps: 10,
            median_gap: 50.0,
            lapse_day: None,
            lapse_by_hand: false,
            campaign_gaps: 0,
            purchases: Some(KeptFit {
                model: "mbg-nbd".into(),
                parameters: vec![0.525, 43.281, 0.891, 1.614],
                standard_errors: vec![Some(0.02); 4],
                covariance: (0..4)
                    .map(|i| (0..4).map(|j| if i == j { 1e-4 } else { 0.0 }).collect())
                    .collect(),
                log_likelihood: 0.0,
                customers: 100,
                converged: true,
                iterations: 5,
                with_prior: false,
            }),
            spend: Some(KeptFit {
                model: "gamma-gamma".into(),
                parameters: vec![6.25, 3.74, 1544.0],
                standard_errors: vec![None; 3],
                covariance: Vec::new(),
                log_likelihood: 0.0,
                customers: 100,
                converged: true,
                iterations: 5,
                with_prior: false,
            }),
            spend_correlation: None,
            mean_minor: 3500.0,
            candidates: Vec::new(),
            check: None,
        }
    }

    /// The simulated mean meets the closed form, so the interval belongs to it.
    #[test]
    fn simulation_meets_the_formula() {
        let model = mbg();
        let h = History { customer: 0, x: 4, t_x: 200, t: 220, repeat_minor: 16_000, paid: 4 };
        let purchases = model.purchase_model().unwrap();
        let mut rng = Rng::seeded(3);
        let mut times = Vec::new();
        let (mut n, mut value) = (0.0, 0.0);
        const DRAWS: u32 = 60_000;
        for _ in 0..DRAWS {
            future(&mut rng, &purchases, &h, &mut times);
            n += times.len() as f64;
            value += spend(&mut rng, model.spend_model().as_ref(), 0.0, &h, times.len());
        }
        let f = forecast(&model, &h, 1).unwrap();
        let (mean, mean_value) = (n / f64::from(DRAWS), value / f64::from(DRAWS));
        assert!((mean / f.purchases.expected - 1.0).abs() < 0.03, "{mean} {}", f.purchases.expected);
        assert!((mean_value / f.value.expected - 1.0).abs() < 0.04, "{mean_value} {}", f.value.expected);
        assert!(f.purchases.low <= f.purchases.expected && f.purchases.expected <= f.purchases.high);
        assert_eq!(f, forecast(&model, &h, 1).unwrap());
    }

    #[test]
    fn interval_of_a_base_is_narrower_than_its_customers() {
        let model = mbg();
        let histories: Vec<History> = (0..500)
            .map(|i| History {
                customer: i,
                x: i % 5,
                t_x: if i % 5 == 0 { 0 } else { 100 },
                t: 150,
                repeat_minor: i64::from(i % 5) * 4000,
                paid: i % 5,
            })
            .collect();
        let (purchases, spend) = (model.purchase_model().unwrap(), model.spend_model().unwrap());
        let expected = histories
            .iter()
            .map(|h| {
                let mean = if h.paid == 0 { 0.0 } else { h.repeat_minor as f64 / f64::from(h.paid) };
                purchases.expected_purchases(h.x, f64::from(h.t_x), f64::from(h.t), HORIZON_DAYS)
                    * spend.expected_value(h.paid, mean).unwrap()
            })
            .sum();
        let base = base_value(&model, &histories, expected, 9).unwrap();
        assert!(base.low < base.expected && base.expected < base.high);
        assert!((base.high - base.low) / base.expected < 0.8, "{base:?}");
    }
}
