//! Estimates against the optimum found by another road: the papers' likelihoods written down in numpy, climbed by
//! scipy's Nelder-Mead and then by Newton's method on differences of the fourth order until a step was below 1e-10.
//! And data that has no optimum, or hardly one: a fit says so, and never answers with what is no number.

use insight::rules::btyd::bg_nbd::Dropout;
use insight::rules::btyd::gamma_gamma::Spend;
use insight::rules::btyd::{
    Cell, Fit, FitError, ModelKind, PurchaseModel, bg_bb, bg_nbd, cells, gamma_gamma, pareto_nbd, sbg,
};

fn table(bytes: &[u8]) -> Vec<Vec<f64>> {
    let mut reader = csv::Reader::from_reader(bytes);
    reader.records().map(|row| row.unwrap().iter().map(|cell| cell.parse().unwrap()).collect()).collect()
}

/// x, t_x and T in weeks, mean spend of a repeat purchase.
fn cdnow() -> Vec<(Cell, f64)> {
    // The file rounds weeks to four decimals; the truth is whole days.
    let weeks = |rounded: f64| (rounded * 7.0).round() / 7.0;
    table(include_bytes!("data/cdnow_sample_summary.csv"))
        .iter()
        .map(|row| (Cell::one(count(row[1]), weeks(row[2]), weeks(row[3])), row[5]))
        .collect()
}

fn count(value: f64) -> u32 {
    format!("{value}").parse().unwrap()
}

fn donors() -> Vec<bg_bb::Opportunities> {
    table(include_bytes!("data/donations_1995_cohort.csv"))
        .iter()
        .map(|row| bg_bb::Opportunities {
            x: count(row[0]),
            t_x: count(row[1]),
            periods: count(row[2]),
            weight: row[3],
        })
        .collect()
}

/// The issue asks for 1e-4; the search stops far nearer.
#[track_caller]
fn at_the_optimum(fit: &Fit, parameters: &[f64], log_likelihood: f64) {
    assert!(fit.converged, "{fit:?}");
    for ((name, mine), reference) in fit.model.parameter_names().iter().zip(&fit.parameters).zip(parameters) {
        assert!((mine / reference - 1.0).abs() < 1e-6, "{} {name}: {mine} is not {reference}", fit.model);
    }
    assert!((fit.log_likelihood / log_likelihood - 1.0).abs() < 1e-9, "{fit:?} is not {log_likelihood}");
}

#[test]
fn purchases() {
    let histories: Vec<Cell> = cells::compress(cdnow().iter().map(|(cell, _)| *cell).collect());
    at_the_optimum(
        &bg_nbd::fit(Dropout::AfterRepeat, &histories, 0.0).unwrap(),
        &[0.242_594_522_430_589_7, 4.413_602_019_028_851, 0.792_922_017_239_348_4, 2.425_906_776_883_271],
        -9_582.429_206_673_93,
    );
    at_the_optimum(
        &bg_nbd::fit(Dropout::AfterAny, &histories, 0.0).unwrap(),
        &[0.524_843_159_111_067_8, 6.183_085_279_596_6, 0.891_359_390_713_498_2, 1.614_002_240_111_593],
        -9_582.135_715_553_752,
    );
    at_the_optimum(
        &pareto_nbd::fit(&histories, 0.0).unwrap(),
        &[0.553_277_046_848_454_9, 10.577_683_463_279_353, 0.606_239_989_188_613_4, 11.668_735_290_886_564],
        -9_594.976_178_939_543,
    );
}

#[test]
fn spend() {
    let spends: Vec<Spend> =
        cdnow().iter().map(|(cell, mean)| Spend { x: cell.x, mean: *mean, weight: 1.0 }).collect();
    at_the_optimum(
        &gamma_gamma::fit(&spends, 0.0).unwrap(),
        &[6.249_568_419_244_136, 3.744_226_271_589_963, 15.443_538_788_004_73],
        -4_055.917_612_579_946_8,
    );
}

#[test]
fn opportunities_and_contracts() {
    at_the_optimum(
        &bg_bb::fit(&donors(), 0.0).unwrap(),
        &[1.203_522_351_615_187, 0.749_716_358_176_807_2, 0.656_718_208_419_971_4, 2.783_442_232_443_656],
        -33_225.581_274_347,
    );
    for (survivors, parameters, log_likelihood) in [
        (
            [1000, 631, 468, 382, 326, 289, 262, 241],
            [0.704_077_298_473_467_3, 1.182_043_026_209_303],
            -1_680.265_188_463_286_7,
        ),
        (
            [1000, 869, 743, 653, 593, 551, 517, 491],
            [0.668_088_351_103_243_6, 3.806_094_964_040_234],
            -1_611.158_147_391_156,
        ),
    ] {
        at_the_optimum(&sbg::fit(&survivors, 0.0).unwrap(), &parameters, log_likelihood);
    }
}

/// A base so large that its start comes from samples, in whole days and with times of their own.
#[test]
fn large_bases_end_where_small_ones_do() {
    // The CDNOW histories, each many times and a little older each time: one optimum for both forms of times.
    let histories: Vec<Cell> = cdnow().into_iter().map(|(cell, _)| cell).collect();
    let older = |step: f64| -> Vec<Cell> {
        let shift = |(i, cell): (usize, &Cell)| Cell {
            t: cell.t + if step > 0.0 { step * i as f64 } else { 0.0 },
            ..*cell
        };
        histories.iter().cycle().take(60 * histories.len()).enumerate().map(shift).collect()
    };
    let few = bg_nbd::fit(Dropout::AfterRepeat, &histories, 0.0).unwrap();
    // Sixty times 946 who came back, in days; then with times that no two share.
    for step in [0.0, 1e-13] {
        let many = bg_nbd::fit(Dropout::AfterRepeat, &older(step), 0.0).unwrap();
        at_the_optimum(&many, &few.parameters, 60.0 * few.log_likelihood);
        let mbg = bg_nbd::fit(Dropout::AfterAny, &older(step), 0.0).unwrap();
        assert!(mbg.converged);
    }
}

/// The estimates and what they say, or a refusal in words.
#[track_caller]
fn numbers_or_words(outcome: Result<Fit, FitError>, what: &str) {
    match outcome.and_then(Fit::require_converged) {
        Ok(fit) => {
            assert!(fit.parameters.iter().all(|p| p.is_finite() && *p > 0.0), "{what}: {fit:?}");
            assert!(fit.log_likelihood.is_finite(), "{what}: {fit:?}");
            assert!(fit.standard_errors().iter().flatten().all(|e| e.is_finite()), "{what}: {fit:?}");
            let Some(model) = PurchaseModel::from_fit(&fit).filter(|_| fit.model != ModelKind::BgBb) else {
                return;
            };
            for (x, t_x, t) in [(0, 0.0, 3650.0), (1, 1.0, 3650.0), (132, 200.0, 200.0), (132, 20.0, 3650.0)]
            {
                let (alive, next) = (model.p_alive(x, t_x, t), model.expected_purchases(x, t_x, t, 365.0));
                assert!((0.0..=1.0).contains(&alive) && next.is_finite() && next >= 0.0, "{what}: {fit:?}");
            }
        }
        Err(error) => {
            let words = error.to_string();
            assert!(words.len() > 10 && !words.contains("NaN"), "{what}: {words}");
        }
    }
}

#[test]
fn odd_histories() {
    let ages = |n: u32| (1..=n).map(f64::from);
    let bases: Vec<(&str, Vec<Cell>)> = vec![
        ("nobody", Vec::new()),
        ("one customer who bought once", vec![Cell::one(0, 0.0, 38.86)]),
        ("one customer who came back", vec![Cell::one(2, 30.43, 38.86)]),
        ("one customer of today", vec![Cell::one(0, 0.0, 0.0)]),
        ("132 purchases in 200 weeks", vec![Cell::one(132, 200.0, 200.0)]),
        ("all one-time buyers", ages(1000).map(|t| Cell::one(0, 0.0, t)).collect()),
        ("all of one day", vec![Cell { weight: 500.0, ..Cell::one(0, 0.0, 0.0) }]),
        ("all alike", vec![Cell { weight: 500.0, ..Cell::one(3, 60.0, 90.0) }]),
        ("nobody leaves", ages(500).map(|t| Cell::one(12, t, t)).collect()),
        ("all leave at once", ages(500).map(|t| Cell::one(1, 0.01, t + 1.0)).collect()),
        (
            "ten years",
            (0..800u32)
                .map(|i| {
                    let (x, t) = (i % 40, 3650.0 - f64::from(i % 7));
                    Cell::one(x, if x == 0 { 0.0 } else { t * f64::from(i % 11 + 1) / 12.0 }, t)
                })
                .collect(),
        ),
        (
            "one heavy buyer among one-time buyers",
            ages(300).map(|t| Cell::one(0, 0.0, t)).chain([Cell::one(132, 200.0, 200.0)]).collect(),
        ),
    ];
    for (what, base) in &bases {
        for dropout in [Dropout::AfterRepeat, Dropout::AfterAny] {
            numbers_or_words(bg_nbd::fit(dropout, base, 0.0), what);
            numbers_or_words(bg_nbd::fit_with_prior(dropout, base), what);
        }
        numbers_or_words(pareto_nbd::fit(base, 0.0), what);
    }
}

#[test]
fn odd_spends_opportunities_and_survivors() {
    let spend = |x, mean| Spend { x, mean, weight: 1.0 };
    for (what, spends) in [
        ("one customer", vec![spend(3, 35.0)]),
        ("nobody came back", vec![spend(0, 0.0); 10]),
        ("gifts", vec![spend(2, 0.0); 10]),
        ("all alike", vec![spend(2, 35.0); 100]),
        (
            "cents and millions",
            (1..50).map(|i| spend(i, 10f64.powi(i32::try_from(i % 9).unwrap() - 2))).collect(),
        ),
    ] {
        numbers_or_words(gamma_gamma::fit(&spends, 0.0), what);
    }
    let cell = |x, t_x, periods| bg_bb::Opportunities { x, t_x, periods, weight: 1.0 };
    for (what, base) in [
        ("nobody", vec![]),
        ("one donor", vec![cell(2, 5, 6)]),
        ("nobody gave again", vec![cell(0, 0, 6); 100]),
        ("all gave always", vec![cell(6, 6, 6); 100]),
        ("132 of 200", vec![cell(132, 200, 200), cell(0, 0, 200), cell(1, 1, 200)]),
    ] {
        numbers_or_words(bg_bb::fit(&base, 0.0), what);
    }
    for survivors in [&[][..], &[0], &[1000], &[1000, 1000, 1000], &[1000, 0, 0], &[1, 1], &[10, 9, 9, 8]] {
        numbers_or_words(sbg::fit(survivors, 0.0), &format!("{survivors:?}"));
    }
}
