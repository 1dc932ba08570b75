//! The tables printed in the papers, to their printed digits.

use insight::rules::btyd::bg_nbd::Dropout;
use insight::rules::btyd::gamma_gamma::Spend;
use insight::rules::btyd::{Cell, Fit, PurchaseModel, bg_bb, bg_nbd, cells, gamma_gamma, pareto_nbd, sbg};

struct Row {
    x: u32,
    t_x: f64,
    t: f64,
    later: u32,
    mean: f64,
}

fn cdnow() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(&include_bytes!("data/cdnow_sample_summary.csv")[..]);
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let number = |i: usize| record[i].parse::<f64>().unwrap();
            // The file rounds weeks to four decimals; the truth is whole days.
            let weeks = |i: usize| (number(i) * 7.0).round() / 7.0;
            Row {
                x: record[1].parse().unwrap(),
                t_x: weeks(2),
                t: weeks(3),
                later: record[4].parse().unwrap(),
                mean: number(5),
            }
        })
        .collect()
}

fn histories() -> Vec<Cell> {
    cells::compress(cdnow().iter().map(|r| Cell::one(r.x, r.t_x, r.t)).collect())
}

#[track_caller]
fn printed(fit: &Fit, name: &str, expected: &str) {
    let decimals = expected.split('.').nth(1).map_or(0, str::len);
    let actual = fit.parameter(name).unwrap();
    assert_eq!(format!("{actual:.decimals$}"), expected, "{} {name}", fit.model);
}

#[track_caller]
fn log_likelihood(fit: &Fit, expected: &str) {
    assert!(fit.converged, "{fit:?}");
    assert_eq!(format!("{:.1}", fit.log_likelihood), expected);
    assert!(fit.standard_errors().iter().all(|e| e.is_some_and(|e| e > 0.0 && e.is_finite())));
}

#[test]
fn bg_nbd_cdnow() {
    let fit = bg_nbd::fit(Dropout::AfterRepeat, &histories(), 0.0).unwrap();
    log_likelihood(&fit, "-9582.4");
    assert_eq!(fit.customers, 2357);
    for (name, value) in [("r", "0.243"), ("alpha", "4.414"), ("a", "0.793"), ("b", "2.426")] {
        printed(&fit, name, value);
    }
}

#[test]
fn mbg_nbd_cdnow() {
    let fit = bg_nbd::fit(Dropout::AfterAny, &histories(), 0.0).unwrap();
    for (name, value) in [("r", "0.525"), ("alpha", "6.183"), ("a", "0.891"), ("b", "1.614")] {
        printed(&fit, name, value);
    }
}

#[test]
fn pareto_nbd_cdnow() {
    let fit = pareto_nbd::fit(&histories(), 0.0).unwrap();
    log_likelihood(&fit, "-9595.0");
    for (name, value) in [("r", "0.553"), ("alpha", "10.578"), ("s", "0.606"), ("beta", "11.669")] {
        printed(&fit, name, value);
    }
}

#[test]
fn gamma_gamma_cdnow() {
    let spends: Vec<Spend> = cdnow().iter().map(|r| Spend { x: r.x, mean: r.mean, weight: 1.0 }).collect();
    let fit = gamma_gamma::fit(&spends, 0.0).unwrap();
    assert_eq!(fit.customers, 946);
    for (name, value) in [("p", "6.25"), ("q", "3.74"), ("gamma", "15.44")] {
        printed(&fit, name, value);
    }
    assert!(fit.converged);
}

#[test]
fn bg_bb_donors() {
    let mut reader = csv::Reader::from_reader(&include_bytes!("data/donations_1995_cohort.csv")[..]);
    let cells: Vec<bg_bb::Opportunities> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let number = |i: usize| record[i].parse::<u32>().unwrap();
            bg_bb::Opportunities {
                x: number(0),
                t_x: number(1),
                periods: number(2),
                weight: f64::from(number(3)),
            }
        })
        .collect();
    let fit = bg_bb::fit(&cells, 0.0).unwrap();
    log_likelihood(&fit, "-33225.6");
    assert_eq!(fit.customers, 11_104);
    for (name, value) in [("alpha", "1.204"), ("beta", "0.750"), ("gamma", "0.657"), ("delta", "2.783")] {
        printed(&fit, name, value);
    }
}

#[test]
fn sbg_subscribers() {
    for (survivors, alpha, beta) in [
        ([1000, 631, 468, 382, 326, 289, 262, 241], "0.704", "1.182"),
        ([1000, 869, 743, 653, 593, 551, 517, 491], "0.668", "3.806"),
    ] {
        let fit = sbg::fit(&survivors, 0.0).unwrap();
        assert!(fit.converged);
        printed(&fit, "alpha", alpha);
        printed(&fit, "beta", beta);
    }
}

/// Expected purchases in the 39-week hold-out by the number of repeat purchases in the calibration, and the
/// purchases that came.
#[test]
fn bg_nbd_holdout_by_frequency() {
    let fit = bg_nbd::fit(Dropout::AfterRepeat, &histories(), 0.0).unwrap();
    let model = PurchaseModel::from_fit(&fit).unwrap();
    let mut bins = [(0.0, 0.0); 8];
    let mut later = 0;
    for row in cdnow() {
        let bin = &mut bins[row.x.min(7) as usize];
        bin.0 += model.expected_purchases(row.x, row.t_x, row.t, 39.0);
        bin.1 += 1.0;
        later += row.later;
    }
    assert_eq!(later, 1882);
    let means: Vec<String> = bins.iter().map(|(sum, n)| format!("{:.3}", sum / n)).collect();
    assert_eq!(means, ["0.225", "0.523", "1.044", "1.520", "2.164", "2.654", "3.504", "6.157"]);
}
