//! Predictions against fifty-digit integration of the models' definitions (mpmath), at ordinary and extreme
//! histories: 132 purchases, ten years, parameters where the published formulas divide by zero.

use insight::rules::btyd::{Cell, ModelKind, PurchaseModel, bg_nbd, cells, pareto_nbd};
use proptest::prelude::*;

type Case<M> = (M, (u32, f64, f64), f64, f64);

#[track_caller]
fn close(actual: f64, expected: f64, what: &str) {
    let tolerance = 1e-9 * expected.abs() + 1e-300;
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual} is not {expected}");
}

/// (is MBG, parameters), (x, t_x, T), P(alive), expected purchases in 52.
#[rustfmt::skip]
const BG: &[Case<(bool, [f64; 4])>] = &[
    ((false, [0.243, 4.414, 0.793, 2.426]), (0, 0.0, 38.86), 1.0, 0.2520730222824589),
    ((false, [0.243, 4.414, 0.793, 2.426]), (2, 30.43, 38.86), 0.726578570080673, 1.5587208064320879),
    ((false, [0.243, 4.414, 0.793, 2.426]), (26, 30.86, 31.0), 0.9689156497175251, 25.758195936483514),
    ((false, [0.243, 4.414, 0.793, 2.426]), (132, 200.0, 200.0), 0.9940917455799849, 30.542832151941194),
    ((false, [0.243, 4.414, 0.793, 2.426]), (132, 150.0, 200.0), 1.3049710825797312e-14, 4.0094400658276844e-13),
    ((false, [0.243, 4.414, 0.793, 2.426]), (132, 20.0, 520.0), 1.184726764539604e-174, 1.4966364062634294e-173),
    ((false, [0.243, 4.414, 0.793, 2.426]), (1, 0.5, 3650.0), 0.0008243864993081476, 1.4537503503534696e-05),
    ((false, [0.243, 4.414, 0.793, 2.426]), (400, 3640.0, 3650.0), 0.9941195392127097, 5.630194165233721),
    ((true, [0.525, 6.183, 0.891, 1.614]), (0, 0.0, 38.86), 0.3897350809187629, 0.19770581741637241),
    ((true, [0.525, 6.183, 0.891, 1.614]), (2, 30.43, 38.86), 0.7062022651184873, 1.59721663081809),
    ((true, [0.525, 6.183, 0.891, 1.614]), (26, 30.86, 31.0), 0.9655661441440616, 24.003922822200092),
    ((true, [0.525, 6.183, 0.891, 1.614]), (132, 200.0, 200.0), 0.9933757109401138, 30.01497573982622),
    ((true, [0.525, 6.183, 0.891, 1.614]), (132, 150.0, 200.0), 1.5521327285251126e-14, 4.689789138047493e-13),
    ((true, [0.525, 6.183, 0.891, 1.614]), (132, 20.0, 520.0), 3.022316203525461e-171, 3.796389261829131e-170),
    ((true, [0.525, 6.183, 0.891, 1.614]), (1, 0.5, 3650.0), 0.00019579731401708105, 4.231708567048143e-06),
    ((true, [0.525, 6.183, 0.891, 1.614]), (400, 3640.0, 3650.0), 0.9933991122832702, 5.623494082974244),
    ((false, [0.243, 4.414, 1.0, 2.426]), (0, 0.0, 38.86), 1.0, 0.2455205364337984),
    ((false, [0.243, 4.414, 1.0, 2.426]), (2, 30.43, 38.86), 0.6781756148544038, 1.3877466907910452),
    ((false, [0.243, 4.414, 1.0, 2.426]), (26, 30.86, 31.0), 0.9611170748597652, 23.39495129725941),
    ((false, [0.243, 4.414, 1.0, 2.426]), (132, 200.0, 200.0), 0.992560962908961, 29.800001855785712),
    ((false, [0.243, 4.414, 1.0, 2.426]), (132, 150.0, 200.0), 1.0348420684857296e-14, 3.1069422145054076e-13),
    ((false, [0.243, 4.414, 1.0, 2.426]), (132, 20.0, 520.0), 9.394883242799059e-175, 1.1754992852944755e-173),
    ((false, [0.243, 4.414, 1.0, 2.426]), (1, 0.5, 3650.0), 0.0006538500721619779, 1.1523251559279012e-05),
    ((false, [0.243, 4.414, 1.0, 2.426]), (400, 3640.0, 3650.0), 0.9925959040206765, 5.613408438013261),
    ((false, [0.6, 0.05, 0.3, 0.4]), (0, 0.0, 38.86), 1.0, 0.5987137682778888),
    ((false, [0.6, 0.05, 0.3, 0.4]), (2, 30.43, 38.86), 0.7120939400707519, 2.0692793902820346),
    ((false, [0.6, 0.05, 0.3, 0.4]), (26, 30.86, 31.0), 0.986855434928438, 37.01715379687524),
    ((false, [0.6, 0.05, 0.3, 0.4]), (132, 200.0, 200.0), 0.9977220956719818, 33.17234441543669),
    ((false, [0.6, 0.05, 0.3, 0.4]), (132, 150.0, 200.0), 1.200591297339309e-14, 3.9917355935363723e-13),
    ((false, [0.6, 0.05, 0.3, 0.4]), (132, 20.0, 520.0), 1.4264617820507794e-185, 1.8639253506698914e-184),
    ((false, [0.6, 0.05, 0.3, 0.4]), (1, 0.5, 3650.0), 1.0229172294921095e-06, 2.3241004040161568e-08),
    ((false, [0.6, 0.05, 0.3, 0.4]), (400, 3640.0, 3650.0), 0.997750759342431, 5.682142379082982),
];

#[test]
fn bg_and_mbg() {
    for ((mbg, parameters), (x, t_x, t), alive, expected) in BG {
        let kind = if *mbg { ModelKind::MbgNbd } else { ModelKind::BgNbd };
        let model = PurchaseModel::new(kind, parameters).unwrap();
        let what = format!("{kind} {parameters:?} {x} {t_x} {t}");
        close(model.p_alive(*x, *t_x, *t), *alive, &what);
        close(model.expected_purchases(*x, *t_x, *t, 52.0), *expected, &what);
    }
}

/// Parameters, (x, t_x, T), P(alive), expected purchases in 52, log-likelihood.
#[rustfmt::skip]
/// Parameters, (x, t_x, T) and three reference values.
type FullCase = ([f64; 4], (u32, f64, f64), f64, f64, f64);

const PARETO: &[FullCase] = &[
    (
        [0.553, 10.578, 0.606, 11.669],
        (0, 0.0, 38.86),
        0.29528660461689415,
        0.13620100592390505,
        -0.5210462940808903,
    ),
    (
        [0.553, 10.578, 0.606, 11.669],
        (2, 30.43, 38.86),
        0.8691675591530111,
        1.8508267207019515,
        -9.554283245150407,
    ),
    (
        [0.553, 10.578, 0.606, 11.669],
        (26, 30.86, 31.0),
        0.9979187310551583,
        25.458472951428767,
        -39.131671540302776,
    ),
    ([0.553, 10.578, 0.606, 11.669], (132, 200.0, 200.0), 1.0, 30.5728444328404, -196.35888358746257),
    (
        [0.553, 10.578, 0.606, 11.669],
        (132, 150.0, 200.0),
        4.664685317703633e-14,
        1.4261269854630788e-12,
        -165.6627126615579,
    ),
    (
        [0.553, 10.578, 0.606, 11.669],
        (132, 20.0, 520.0),
        2.169368148835621e-163,
        2.7388274402705907e-162,
        55.1362610334797,
    ),
    (
        [0.553, 10.578, 0.606, 11.669],
        (1, 0.5, 3650.0),
        1.4388299228970173e-05,
        3.1606466838200157e-07,
        -4.3655837399995185,
    ),
    (
        [0.553, 10.578, 0.606, 11.669],
        (400, 3640.0, 3650.0),
        0.996994255303996,
        5.648689180881837,
        -1291.517067528128,
    ),
    (
        [0.553, 10.578, 1.0, 3.0],
        (0, 0.0, 38.86),
        0.03771532947592245,
        0.014259677276542364,
        -0.21072425017056426,
    ),
    (
        [0.553, 10.578, 1.0, 3.0],
        (2, 30.43, 38.86),
        0.7538331062234853,
        1.3158084792915468,
        -11.15947607174779,
    ),
    (
        [0.553, 10.578, 1.0, 3.0],
        (26, 30.86, 31.0),
        0.9956929985752174,
        20.063013082597195,
        -40.77148554426203,
    ),
    ([0.553, 10.578, 1.0, 3.0], (132, 200.0, 200.0), 1.0, 29.141847942216856, -198.81723596137334),
    (
        [0.553, 10.578, 1.0, 3.0],
        (132, 150.0, 200.0),
        2.3829407383948464e-14,
        6.944329665361658e-13,
        -167.44937998877683,
    ),
    (
        [0.553, 10.578, 1.0, 3.0],
        (132, 20.0, 520.0),
        2.3391536541921888e-164,
        2.897055163751958e-163,
        54.516889452508714,
    ),
    (
        [0.553, 10.578, 1.0, 3.0],
        (1, 0.5, 3650.0),
        1.9780280156885002e-07,
        4.332960073734683e-09,
        -3.6996398793207868,
    ),
    (
        [0.553, 10.578, 1.0, 3.0],
        (400, 3640.0, 3650.0),
        0.9950348338782655,
        5.621847576663506,
        -1295.136056423942,
    ),
    ([2.0, 0.5, 0.2, 40.0], (0, 0.0, 38.86), 0.05620745934478569, 0.14064104955079582, -5.988847638019863),
    ([2.0, 0.5, 0.2, 40.0], (2, 30.43, 38.86), 0.9632398151460804, 4.82039430888551, -14.38384124653601),
    ([2.0, 0.5, 0.2, 40.0], (26, 30.86, 31.0), 0.9995796738730189, 43.53560343264201, -33.54274668749471),
    ([2.0, 0.5, 0.2, 40.0], (132, 200.0, 200.0), 1.0, 34.05855234411669, -191.27258160296896),
    (
        [2.0, 0.5, 0.2, 40.0],
        (132, 150.0, 200.0),
        1.634591522089421e-14,
        5.567182091633192e-13,
        -159.52778324060347,
    ),
    (
        [2.0, 0.5, 0.2, 40.0],
        (132, 20.0, 520.0),
        7.433512396690348e-186,
        9.862199428273776e-185,
        107.00005170777187,
    ),
    (
        [2.0, 0.5, 0.2, 40.0],
        (1, 0.5, 3650.0),
        3.4661630558217295e-09,
        1.4791499977726932e-10,
        -6.725688305253132,
    ),
    (
        [2.0, 0.5, 0.2, 40.0],
        (400, 3640.0, 3650.0),
        0.9990102143246842,
        5.712654452614998,
        -1293.2485533767679,
    ),
];

#[test]
fn pareto() {
    for (parameters, (x, t_x, t), alive, expected, log_likelihood) in PARETO {
        let model = PurchaseModel::new(ModelKind::ParetoNbd, parameters).unwrap();
        let what = format!("{parameters:?} {x} {t_x} {t}");
        close(model.p_alive(*x, *t_x, *t), *alive, &what);
        close(model.expected_purchases(*x, *t_x, *t, 52.0), *expected, &what);
        let [r, alpha, s, beta] = *parameters;
        close(
            pareto_nbd::ParetoNbd { r, alpha, s, beta }.log_likelihood(*x, *t_x, *t),
            *log_likelihood,
            &what,
        );
    }
}

fn positive() -> impl Strategy<Value = f64> {
    (-4.0f64..4.0).prop_map(f64::exp)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the parameters and the history: a probability is one, an expectation grows with the horizon
    /// and is never negative or not a number.
    #[test]
    fn predictions_are_sane(
        p in [positive(), positive(), positive(), positive()],
        x in 0u32..500,
        share in 0.0f64..=1.0,
        t in 0.0f64..4000.0,
        kind in prop::sample::select(vec![ModelKind::BgNbd, ModelKind::MbgNbd, ModelKind::ParetoNbd]),
    ) {
        let model = PurchaseModel::new(kind, &p).unwrap();
        let t_x = if x == 0 { 0.0 } else { share * t };
        let alive = model.p_alive(x, t_x, t);
        prop_assert!((0.0..=1.0).contains(&alive), "p_alive {}", alive);
        let (near, far) = (model.expected_purchases(x, t_x, t, 10.0), model.expected_purchases(x, t_x, t, 52.0));
        prop_assert!(near >= 0.0 && far.is_finite() && far >= near * (1.0 - 1e-6) - 1e-300, "{} {}", near, far);
        // Nobody is expected to buy faster than the posterior rate.
        let rate = (p[0] + f64::from(x)) / (p[1] + t);
        prop_assert!(far <= alive * rate * 52.0 * (1.0 + 1e-6) + 1e-300, "{} {}", far, alive * rate * 52.0);
    }

    /// A fit does not depend on the order or the compression of its customers, and time in weeks instead of
    /// days only scales it.
    #[test]
    fn fits_do_not_depend_on_form(seed in 0u64..40) {
        let rows = simulated(seed, 300);
        let plain = bg_nbd::fit(bg_nbd::Dropout::AfterAny, &rows, 0.0).unwrap();
        let mut reversed = rows.clone();
        reversed.reverse();
        let compressed = bg_nbd::fit(bg_nbd::Dropout::AfterAny, &cells::compress(reversed), 0.0).unwrap();
        let weeks: Vec<Cell> = rows.iter().map(|c| Cell { t_x: c.t_x / 7.0, t: c.t / 7.0, ..*c }).collect();
        let weekly = bg_nbd::fit(bg_nbd::Dropout::AfterAny, &weeks, 0.0).unwrap();
        prop_assume!(plain.converged);
        prop_assert!(compressed.converged && weekly.converged);
        for i in 0..4 {
            prop_assert!((plain.parameters[i] / compressed.parameters[i] - 1.0).abs() < 1e-3);
            let scale = if i == 1 { 7.0 } else { 1.0 };
            prop_assert!((plain.parameters[i] / (scale * weekly.parameters[i]) - 1.0).abs() < 1e-3);
        }
    }
}

/// Whole-day histories of an MBG world, from a small deterministic generator.
fn simulated(seed: u64, customers: usize) -> Vec<Cell> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..customers)
        .map(|_| {
            let t = (200.0 + 500.0 * uniform()).round();
            let rate = -(uniform().ln() + uniform().ln()) / 100.0;
            let leave = uniform() * 0.5;
            let (mut now, mut x, mut last) = (0.0, 0, 0.0);
            while uniform() >= leave {
                now += (-uniform().ln() / rate).ceil();
                if now > t {
                    break;
                }
                x += 1;
                last = now;
            }
            Cell::one(x, last, t)
        })
        .collect()
}
