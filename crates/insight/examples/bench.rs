//! CPU seconds of the analysis kernels, for the side-by-side run of bench/insight/run.sh.
//!
//! `bench gen-orders CUSTOMERS ORDERS FILE`, `bench gen-summary|gen-exact CUSTOMERS FILE` write Parquet;
//! `bench fit|fit-cells|fit-exact|summary|rfm-cohorts|score|refresh FILE` print one JSON line each.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark talks to its terminal and stops at the first fault; its numbers are made small by itself"
)]

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch};
use insight::orders::{Columns, Summary, load, read_cells, read_summary};
use insight::rules::btyd::bg_nbd::{Dropout, fit};
use insight::rules::btyd::{Cell, Fit};
use insight::rules::cohorts::Cohorts;
use insight::rules::model::{KeptFit, Model};
use insight::rules::occasions::{History, Occasion};
use insight::rules::profile::{Forecaster, Trouble};
use insight::rules::purchases::{DayRow, Purchases};
use insight::rules::rfm::{Rfm, score};
use insight::rules::scatter::{fold_customers, histories, per_customer};
use parquet::arrow::ArrowWriter;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The product's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// CPU seconds of the process, all threads.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Gamma of a shape below one or not, by Ahrens-Dieter / sums.
    fn gamma(&mut self, shape: f64) -> f64 {
        let mut sum = 0.0;
        for _ in 0..shape.floor() as u32 {
            sum += self.exponential();
        }
        let rest = shape.fract();
        if rest > 0.0 {
            loop {
                let b = 1.0 + rest / std::f64::consts::E;
                let p = b * self.unit();
                if p <= 1.0 {
                    let x = p.powf(1.0 / rest);
                    if self.unit() <= (-x).exp() {
                        return sum + x;
                    }
                } else {
                    let x = -((b - p) / rest).ln();
                    if self.unit() <= x.powf(rest - 1.0) {
                        return sum + x;
                    }
                }
            }
        }
        sum
    }
}

fn writer(path: &str, batch: &RecordBatch) -> ArrowWriter<File> {
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap()
}

fn gen_orders(customers: u64, orders: u64, path: &str) {
    let mut dice = Dice(42);
    let mut out: Option<ArrowWriter<File>> = None;
    const CHUNK: u64 = 1 << 20;
    let mut done = 0;
    while done < orders {
        let n = CHUNK.min(orders - done);
        let (mut ids, mut days, mut minors) = (Vec::new(), Vec::new(), Vec::new());
        for i in done..done + n {
            // In the order of time; some customers buy far more often than others.
            days.push(19_000 + ((i as f64 / orders as f64) * 730.0) as i32);
            ids.push((customers as f64 * dice.unit().powf(1.5)) as i64 + 1);
            minors.push((500.0 + 5_000.0 * dice.exponential()) as i64);
        }
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", Arc::new(Int64Array::from(ids))),
            ("day", Arc::new(Date32Array::from(days))),
            ("amount_minor", Arc::new(Int64Array::from(minors))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        out.get_or_insert_with(|| writer(path, &batch)).write(&batch).unwrap();
        done += n;
    }
    out.unwrap().close().unwrap();
}

/// Histories of a simulated base: whole days with orders of one day as one occasion, or exact moments.
fn gen_summary(customers: u64, path: &str, exact: bool) {
    let mut dice = Dice(7);
    let (mut xs, mut txs, mut ts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut last_moments, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..customers {
        let end = 1.0 + dice.unit() * 545.0;
        let t = end as i32;
        let limit = if exact { end } else { f64::from(t) };
        let mut moment = 0.0;
        let rate = dice.gamma(0.243) / 30.898;
        let (g1, g2) = (dice.gamma(0.793), dice.gamma(2.426));
        let leave = g1 / (g1 + g2);
        let (mut now, mut x, mut last) = (0.0, 0, 0);
        loop {
            now += dice.exponential() / rate.max(1e-300);
            if now > limit {
                break;
            }
            moment = now;
            let day = (now as i32).max(1);
            if exact || day > last {
                x += 1;
                last = day;
            }
            if dice.unit() < leave {
                break;
            }
        }
        xs.push(x);
        if exact {
            last_moments.push(moment);
            ends.push(end);
        } else {
            txs.push(last);
            ts.push(t);
        }
    }
    let (t_x, t): (ArrayRef, ArrayRef) = if exact {
        (Arc::new(Float64Array::from(last_moments)), Arc::new(Float64Array::from(ends)))
    } else {
        (Arc::new(Int32Array::from(txs)), Arc::new(Int32Array::from(ts)))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![("x", Arc::new(Int32Array::from(xs))), ("t_x", t_x), ("T", t)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut out = writer(path, &batch);
    out.write(&batch).unwrap();
    out.close().unwrap();
}

fn summary(path: &str) -> Summary {
    read_summary(Path::new(path)).unwrap()
}

fn cells(path: &str) -> Vec<Cell> {
    read_cells(Path::new(path), 1.0 / 7.0).unwrap()
}

fn say(task: &str, cpu: f64, detail: &str) {
    println!("{{\"task\":\"{task}\",\"cpu_seconds\":{cpu:.4},\"peak_mib\":{},{detail}}}", peak_mib());
}

fn parameters(fit: &Fit, cells: usize) -> String {
    format!(
        "\"converged\":{},\"iterations\":{},\"parameters\":{:?},\"log_likelihood\":{},\"cells\":{cells}",
        fit.converged, fit.iterations, fit.parameters, fit.log_likelihood
    )
}

fn columns() -> Columns {
    Columns {
        customer: "customer_id".into(),
        date: "day".into(),
        amount: Some("amount_minor".into()),
        date_order: None,
    }
}

/// Purchases of an order file, customers as ids.
fn purchases(path: &str) -> (Purchases, i32) {
    let loaded = load(Path::new(path), &columns(), None).unwrap();
    let until = loaded.until;
    let rows: Vec<(i64, Vec<Occasion>)> =
        per_customer(loaded.scatter, |code, occasions| Some((i64::from(code), occasions.to_vec())));
    let ids = rows.iter().map(|r| r.0).collect();
    let days: Vec<DayRow> = rows
        .iter()
        .flat_map(|(customer, o)| {
            o.iter().map(|o| DayRow { customer: *customer, day: o.day, minor: o.minor, orders: 1 })
        })
        .collect();
    (Purchases::assemble(ids, &days, &[]), until)
}

fn model(base: &Purchases, until: i32) -> Model {
    // Fixed models: the fit is a task of its own.
    let kept = |model: &str, parameters: Vec<f64>| KeptFit {
        model: model.into(),
        standard_errors: vec![None; parameters.len()],
        parameters,
        covariance: Vec::new(),
        log_likelihood: 0.0,
        customers: 0,
        converged: true,
        iterations: 0,
        with_prior: false,
    };
    Model {
        version: 1,
        made_day: until,
        customers: base.ids.len() as u64,
        lapse_days: 120.0,
        lapse_is_default: false,
        gaps: 1,
        median_gap: 50.0,
        lapse_day: None,
        lapse_by_hand: false,
        campaign_gaps: 0,
        purchases: Some(kept("bg-nbd", vec![0.243, 30.898, 0.793, 2.426])),
        spend: Some(kept("gamma-gamma", vec![6.25, 3.74, 1544.0])),
        spend_correlation: None,
        mean_minor: 3500.0,
        candidates: Vec::new(),
        check: None,
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["gen-orders", customers, orders, path] => {
            gen_orders(customers.parse().unwrap(), orders.parse().unwrap(), path);
        }
        ["gen-summary", customers, path] => gen_summary(customers.parse().unwrap(), path, false),
        ["gen-exact", customers, path] => gen_summary(customers.parse().unwrap(), path, true),
        ["fit", path] => {
            let cells = cells(path);
            let fit = fit(Dropout::AfterRepeat, &cells, 0.0).unwrap();
            say("fit", cpu(), &parameters(&fit, cells.len()));
        }
        ["fit-cells", path] => {
            let cells = cells(path);
            let before = cpu();
            let fit = fit(Dropout::AfterRepeat, &cells, 0.0).unwrap();
            say("fit-cells", cpu() - before, &parameters(&fit, cells.len()));
        }
        ["fit-exact", path] => {
            let cells = cells(path);
            let fit = fit(Dropout::AfterRepeat, &cells, 0.0).unwrap();
            say("fit-exact", cpu(), &parameters(&fit, cells.len()));
        }
        ["summary", path] => {
            let loaded = load(Path::new(path), &columns(), None).unwrap();
            let until = loaded.until;
            let decode = cpu();
            let rows = histories(loaded.scatter, until);
            let repeats: u64 = rows.iter().map(|h| u64::from(h.x)).sum();
            let detail = format!("\"decode\":{decode:.2},\"customers\":{},\"repeats\":{repeats}", rows.len());
            say("summary", cpu(), &detail);
        }
        ["rfm-cohorts", path] => {
            let loaded = load(Path::new(path), &columns(), None).unwrap();
            let until = loaded.until;
            let (mut rows, cohorts) = fold_customers(
                loaded.scatter,
                || (Vec::<Rfm>::new(), Cohorts::default()),
                |acc, code, o| {
                    acc.0.extend(Rfm::of(code, o, until));
                    acc.1.add(o, until);
                },
                |mut a, b| {
                    a.0.extend(b.0);
                    (a.0, a.1.merge(b.1))
                },
            );
            score(&mut rows, |code| code);
            let best = rows.iter().filter(|r| (r.r, r.f, r.m) == (5, 5, 5)).count();
            let cells = cohorts.cells().filter(|c| c.2 > 0).count();
            let detail = format!("\"customers\":{},\"best\":{best},\"cohort_cells\":{cells}", rows.len());
            say("rfm-cohorts", cpu(), &detail);
        }
        ["score", path] => {
            let Summary::Whole { x, t_x, t } = summary(path) else {
                panic!("the summary is not in whole days")
            };
            let base = Purchases::default();
            let model = model(&base, 0);
            // Each round begins without memory; one alone is a few ticks of the clock.
            const ROUNDS: u32 = 20;
            let before = cpu();
            let (mut alive, mut value) = (0.0, 0.0);
            for _ in 0..ROUNDS {
                let mut forecaster = Forecaster::new(&model);
                (alive, value) = (0.0, 0.0);
                for i in 0..x.len() {
                    let history = History {
                        customer: 0,
                        x: x[i],
                        t_x: t_x[i],
                        t: t[i],
                        repeat_minor: i64::from(x[i]) * 3_000,
                        paid: x[i],
                    };
                    if let Some((p, _, minor)) = forecaster.score(&history) {
                        alive += p;
                        value += minor;
                    }
                }
            }
            let detail = format!("\"customers\":{},\"alive\":{alive},\"value_minor\":{value}", x.len());
            say("score", (cpu() - before) / f64::from(ROUNDS), &detail);
        }
        ["refresh", path] => {
            let (mut base, until) = purchases(path);
            let model = model(&base, until);
            let mut forecaster = Forecaster::new(&model);
            let mut profiles: Vec<_> = (0..base.ids.len())
                .map(|i| forecaster.profile(base.base().of(i), Trouble::default(), until))
                .collect();
            let orders: usize = (0..base.ids.len()).map(|i| base.base().of(i).len()).sum();
            // 0.1% new orders of today, each of some customer; repeated, because one is below the clock's tick.
            const ROUNDS: u32 = 20;
            let mut dice = Dice(99);
            let changes: Vec<(Vec<i64>, Vec<DayRow>)> = (0..ROUNDS)
                .map(|_| {
                    let mut places: Vec<usize> =
                        (0..orders / 1000).map(|_| (dice.unit() * base.ids.len() as f64) as usize).collect();
                    places.sort_unstable();
                    places.dedup();
                    let mut rows = Vec::new();
                    for place in &places {
                        let customer = base.ids[*place];
                        let days = base.base().of(*place);
                        rows.extend(days.iter().filter(|o| o.day < until).map(|o| DayRow {
                            customer,
                            day: o.day,
                            minor: o.minor,
                            orders: 1,
                        }));
                        rows.push(DayRow { customer, day: until, minor: 5_000, orders: 1 });
                    }
                    (places.iter().map(|p| base.ids[*p]).collect(), rows)
                })
                .collect();
            let before = cpu();
            let mut touched = 0;
            for (customers, rows) in &changes {
                let places = base.replace(customers, &[], rows, &[]).places;
                touched += places.len();
                for place in places {
                    profiles[place] = forecaster.profile(base.base().of(place), Trouble::default(), until);
                }
            }
            let each = (cpu() - before) / f64::from(ROUNDS);
            let revenue: i64 = profiles.iter().map(|p| p.revenue_minor).sum();
            println!(
                "{{\"task\":\"refresh\",\"cpu_seconds\":{each:.4},\"peak_mib\":{},\"customers\":{},\"touched\":{},\"revenue\":{revenue}}}",
                peak_mib(),
                base.ids.len(),
                touched / ROUNDS as usize
            );
        }
        _ => {
            println!("see the first lines of this file");
            std::process::exit(2);
        }
    }
}
