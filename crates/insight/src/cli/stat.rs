use super::{CliError, ErrorKind, Table, cell_number};
use crate::rules::stat::mean::{Moments, cuped, lift, welch};
use crate::rules::stat::proportion::{
    Share, SizeMethod, newcombe, nps, probability_better, sample_size, smallest_difference, srm, wilson,
};
use crate::rules::stat::sequential::{Boundary, confidence_sequence, group_sequential, msprt};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct StatArgs {
    #[command(subcommand)]
    what: Stat,
    /// Confidence level of two-sided intervals.
    #[arg(long, global = true, default_value_t = 0.95)]
    level: f64,
    /// One JSON object on one line instead of a sentence.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Method {
    Unpooled,
    Pooled,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Pocock,
    ObrienFleming,
}

#[derive(Debug, clap::Subcommand)]
enum Stat {
    /// Wilson's score interval of a share.
    Wilson { x: u64, n: u64 },
    /// Newcombe's hybrid score interval of p1 − p2.
    Newcombe { x1: u64, n1: u64, x2: u64, n2: u64 },
    /// People per arm that show an effect.
    #[command(allow_negative_numbers = true)]
    SampleSize {
        #[arg(long)]
        baseline: f64,
        /// Minimal detectable effect, absolute unless --relative.
        #[arg(long)]
        mde: f64,
        #[arg(long)]
        relative: bool,
        #[arg(long, default_value_t = 0.05)]
        alpha: f64,
        #[arg(long, default_value_t = 0.8)]
        power: f64,
        #[arg(long, value_enum, default_value_t = Method::Unpooled)]
        method: Method,
    },
    /// The smallest difference from the baseline that two groups of a given size show.
    SmallestDifference {
        n1: u64,
        n2: u64,
        #[arg(long)]
        baseline: f64,
        #[arg(long, default_value_t = 0.05)]
        alpha: f64,
        #[arg(long, default_value_t = 0.8)]
        power: f64,
    },
    /// Sample-ratio mismatch: was the split as planned?
    Srm {
        n1: u64,
        n2: u64,
        /// Planned ratio, e.g. 9:1.
        #[arg(long, default_value = "1:1")]
        expected: String,
    },
    /// Net promoter score in points.
    Nps {
        promoters: u64,
        detractors: u64,
        n: u64,
        /// Adjusted Wald, for fewer than a hundred answers.
        #[arg(long)]
        adjusted: bool,
    },
    /// Welch's interval of mean2 − mean1 from sums.
    #[command(allow_negative_numbers = true)]
    Welch {
        sum1: f64,
        sumsq1: f64,
        n1: u64,
        sum2: f64,
        sumsq2: f64,
        n2: u64,
        /// Lift mean2 ÷ mean1 − 1 by the delta method.
        #[arg(long)]
        relative: bool,
    },
    /// CUPED on a file with columns x (before) and y (after).
    Cuped { file: PathBuf },
    /// P(p2 > p1) with uniform priors.
    ProbBetter { x1: u64, n1: u64, x2: u64, n2: u64 },
    /// Mixture sequential probability ratio test of a mean difference of pairs.
    #[command(allow_negative_numbers = true)]
    Msprt {
        #[arg(long)]
        n: u64,
        #[arg(long)]
        difference: f64,
        /// Variance of one pair's difference.
        #[arg(long)]
        variance: f64,
        /// Variance of the mixture.
        #[arg(long)]
        tau2: f64,
    },
    /// Asymptotic confidence sequence of p2 − p1: valid at any look.
    ConfidenceSequence {
        x1: u64,
        n1: u64,
        x2: u64,
        n2: u64,
        /// Lift p2 ÷ p1 − 1.
        #[arg(long)]
        relative: bool,
        /// People at which the sequence is tightest.
        #[arg(long)]
        tuning: u64,
    },
    /// Constant of a group-sequential boundary, overall alpha 1 − level.
    GroupSequential {
        #[arg(long)]
        looks: u32,
        #[arg(long, value_enum)]
        kind: Kind,
    },
}

impl StatArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<(), CliError> {
        let (value, sentence) = self.answer()?;
        if self.json {
            writeln!(out, "{value}")?;
        } else {
            writeln!(out, "{sentence}")?;
        }
        Ok(())
    }

    fn answer(&self) -> Result<(Value, String), CliError> {
        let level = self.level;
        let percent = level * 100.0;
        Ok(match &self.what {
            Stat::Wilson { x, n } => {
                let share = Share::new(*x, *n)?;
                let i = wilson(share, level)?;
                let sentence = format!(
                    "{:.4} with a {percent}% interval from {:.4} to {:.4}",
                    share.rate(),
                    i.low,
                    i.high
                );
                (json!(i), sentence)
            }
            Stat::Newcombe { x1, n1, x2, n2 } => {
                let d = newcombe(Share::new(*x1, *n1)?, Share::new(*x2, *n2)?, level)?;
                let sentence = interval("p1 − p2", d.difference, d.low, d.high, percent);
                (json!(d), sentence)
            }
            Stat::SampleSize { baseline, mde, relative, alpha, power, method } => {
                // Twelve digits: what was typed comes back as it was typed.
                let effect = if *relative { (baseline * mde * 1e12).round() / 1e12 } else { *mde };
                let method = match method {
                    Method::Unpooled => SizeMethod::Unpooled,
                    Method::Pooled => SizeMethod::Pooled,
                };
                let n = sample_size(*baseline, effect, *alpha, *power, method)?;
                (
                    json!({ "per_arm": n }),
                    format!(
                        "{n} people per arm show {effect} over {baseline} with power {power} at alpha {alpha}"
                    ),
                )
            }
            Stat::SmallestDifference { n1, n2, baseline, alpha, power } => {
                let found = smallest_difference(*baseline, *n1, *n2, *alpha, *power)?;
                let sentence = found.map_or_else(
                    || format!("groups of {n1} and {n2} show no difference from {baseline} with power {power}"),
                    |d| format!("groups of {n1} and {n2} show {d:.6} over {baseline} with power {power} at alpha {alpha}"),
                );
                (json!({ "difference": found }), sentence)
            }
            Stat::Srm { n1, n2, expected } => {
                let check = srm(*n1, *n2, ratio(expected)?)?;
                let verdict =
                    if check.p < 0.001 { "the split is not as planned" } else { "no sign of a mismatch" };
                (json!(check), format!("chi-squared {:.4}, p = {:.6}: {verdict}", check.chi2, check.p))
            }
            Stat::Nps { promoters, detractors, n, adjusted } => {
                let score = nps(*promoters, *detractors, *n, *adjusted, level)?;
                let sentence = format!(
                    "NPS {:.1} with a {percent}% interval from {:.1} to {:.1} points",
                    score.nps, score.low, score.high
                );
                (json!(score), sentence)
            }
            Stat::Welch { sum1, sumsq1, n1, sum2, sumsq2, n2, relative } => {
                let one = Moments { sum: *sum1, sum_of_squares: *sumsq1, n: *n1 as f64 };
                let two = Moments { sum: *sum2, sum_of_squares: *sumsq2, n: *n2 as f64 };
                let (d, what) = if *relative {
                    (lift(&one, &two, level)?, "mean2 ÷ mean1 − 1")
                } else {
                    (welch(&one, &two, level)?, "mean2 − mean1")
                };
                let sentence =
                    format!("{}, p = {:.6}", interval(what, d.difference, d.low, d.high, percent), d.p);
                (json!(d), sentence)
            }
            Stat::Cuped { file } => {
                let c = cuped(&read_pairs(file)?)?;
                let sentence = format!(
                    "theta {:.6}; {:.1}% of the variance is left; adjusted mean {:.6}",
                    c.theta,
                    100.0 * c.variance_ratio,
                    c.mean
                );
                (json!(c), sentence)
            }
            Stat::ProbBetter { x1, n1, x2, n2 } => {
                let p = probability_better(Share::new(*x1, *n1)?, Share::new(*x2, *n2)?);
                (json!({ "p": p }), format!("the second is better with probability {p:.4}"))
            }
            Stat::Msprt { n, difference, variance, tau2 } => {
                let m = msprt(*n, *difference, *variance, *tau2)?;
                (json!(m), format!("likelihood ratio {:.4}, always-valid p = {:.6}", m.lambda, m.p))
            }
            Stat::ConfidenceSequence { x1, n1, x2, n2, relative, tuning } => {
                let d = confidence_sequence(
                    Share::new(*x1, *n1)?,
                    Share::new(*x2, *n2)?,
                    *relative,
                    *tuning,
                    level,
                )?;
                let what = if *relative { "p2 ÷ p1 − 1" } else { "p2 − p1" };
                (json!(d), interval(what, d.difference, d.low, d.high, percent))
            }
            Stat::GroupSequential { looks, kind } => {
                let boundary = match kind {
                    Kind::Pocock => Boundary::Pocock,
                    Kind::ObrienFleming => Boundary::ObrienFleming,
                };
                let constant = group_sequential(*looks, boundary, 1.0 - level)?;
                (json!({ "constant": constant }), format!("constant {constant:.4} for {looks} looks"))
            }
        })
    }
}

fn interval(what: &str, difference: f64, low: f64, high: f64, percent: f64) -> String {
    format!("{what} = {difference:.6} with a {percent}% interval from {low:.6} to {high:.6}")
}

fn ratio(text: &str) -> Result<(f64, f64), CliError> {
    text.split_once(':').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?))).ok_or_else(
        || CliError::new(ErrorKind::Usage, format!("--expected {text:?} is not a ratio like 9:1")),
    )
}

fn read_pairs(path: &std::path::Path) -> Result<Vec<(f64, f64)>, CliError> {
    let mut table = Table::open(path)?;
    let (x, y) = (table.column(path, "x")?, table.column(path, "y")?);
    let mut record = csv::StringRecord::new();
    let mut pairs = Vec::new();
    while table.next(path, &mut record)? {
        pairs.push((cell_number(path, &record, x, "x")?, cell_number(path, &record, y, "y")?));
    }
    Ok(pairs)
}
