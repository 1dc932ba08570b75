use super::fit::{ModelName, read_history};
use super::{CliError, ErrorKind, Table, cell_number, write_json};
use crate::orders::InputError;
use crate::rules::btyd::gamma_gamma::GammaGamma;
use crate::rules::btyd::sbg::Sbg;
use crate::rules::btyd::{ModelKind, PurchaseModel};
use crate::rules::forecast_tables::Forecasts;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct PredictArgs {
    /// Which model.
    model: ModelName,
    /// Parameters, e.g. r=0.243,alpha=4.414,a=0.793,b=2.426.
    #[arg(long, conflicts_with = "fit")]
    params: Option<String>,
    /// The JSON that `fit` printed.
    #[arg(long)]
    fit: Option<PathBuf>,
    /// Repeat purchases (gamma-gamma: purchases behind the mean; sbg: unused).
    #[arg(long)]
    x: Option<u32>,
    /// Time of the last purchase (bg-bb: its opportunity).
    #[arg(long)]
    t_x: Option<f64>,
    /// Time observed (bg-bb, sbg: opportunities or renewals passed).
    #[arg(long = "T")]
    t: Option<f64>,
    /// How far to look ahead.
    #[arg(long)]
    horizon: Option<f64>,
    /// A new customer, at the first purchase.
    #[arg(long, conflicts_with_all = ["x", "t_x", "t"])]
    new: bool,
    /// Mean spend seen (gamma-gamma).
    #[arg(long)]
    m_x: Option<f64>,
    /// Add the predictions to each row of this summary.
    #[arg(long, requires = "out", conflicts_with = "new")]
    summary: Option<PathBuf>,
    /// Where to write the summary with predictions.
    #[arg(long, requires = "summary")]
    out: Option<PathBuf>,
    /// One JSON object on one line (the default; kept for scripts).
    #[arg(long)]
    json: bool,
}

enum Model {
    Purchases(PurchaseModel),
    Spend(GammaGamma),
    Renewals(Sbg),
}

impl PredictArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<(), CliError> {
        let model = self.model()?;
        if let (Some(summary), Some(target)) = (&self.summary, &self.out) {
            return self.many(&model, summary, target, out);
        }
        write_json(out, &self.one(&model)?)
    }

    fn model(&self) -> Result<Model, CliError> {
        let kind = ModelKind::from(self.model);
        let parameters = match (&self.params, &self.fit) {
            (Some(text), _) => from_text(kind, text)?,
            (None, Some(path)) => from_file(kind, path)?,
            (None, None) => return Err(usage("give --params or --fit")),
        };
        Ok(match (kind, parameters.as_slice()) {
            (ModelKind::GammaGamma, &[p, q, gamma]) => Model::Spend(GammaGamma { p, q, gamma }),
            (ModelKind::Sbg, &[alpha, beta]) => Model::Renewals(Sbg { alpha, beta }),
            _ => Model::Purchases(
                PurchaseModel::new(kind, &parameters).ok_or_else(|| usage("wrong number of parameters"))?,
            ),
        })
    }

    fn horizon(&self) -> Result<f64, CliError> {
        let horizon = self.horizon.ok_or_else(|| usage("--horizon is needed"))?;
        if horizon >= 0.0 && horizon.is_finite() {
            Ok(horizon)
        } else {
            Err(usage("--horizon must be zero or positive"))
        }
    }

    fn one(&self, model: &Model) -> Result<Value, CliError> {
        match model {
            Model::Spend(model) => {
                let x = if self.new { 0 } else { self.x.ok_or_else(|| usage("--x is needed"))? };
                let mean = if x == 0 { 0.0 } else { self.m_x.ok_or_else(|| usage("--m-x is needed"))? };
                if !(mean >= 0.0 && mean.is_finite()) {
                    return Err(usage("--m-x must be zero or positive"));
                }
                Ok(json!({ "expected_value": spend(model, x, mean)? }))
            }
            Model::Renewals(model) => {
                let horizon = self.horizon()?;
                if self.new {
                    return Ok(json!({ "expected_purchases": model.expected_renewals(0.0, horizon) }));
                }
                let t = self.t.or(self.t_x).unwrap_or(0.0);
                Ok(json!({
                    "expected_purchases": model.expected_renewals(t, horizon),
                    "p_alive": model.survival_from(t, horizon),
                }))
            }
            Model::Purchases(model) => {
                let horizon = self.horizon()?;
                if self.new {
                    return Ok(json!({ "expected_purchases": model.expected_purchases_new(horizon) }));
                }
                let (Some(x), Some(t)) = (self.x, self.t) else {
                    return Err(usage("--x, --t-x and --T are needed"));
                };
                let t_x = match (self.t_x, x) {
                    (Some(t_x), _) => t_x,
                    (None, 0) => 0.0,
                    (None, _) => return Err(usage("--t-x is needed")),
                };
                check(model, x, t_x, t).map_err(usage)?;
                Ok(json!({
                    "expected_purchases": model.expected_purchases(x, t_x, t, horizon),
                    "p_alive": model.p_alive(x, t_x, t),
                }))
            }
        }
    }

    fn many(
        &self,
        model: &Model,
        summary: &Path,
        target: &Path,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let mut table = Table::open(summary)?;
        let file = File::create(target)
            .map_err(|e| CliError::new(ErrorKind::Failed, format!("{}: {e}", target.display())))?;
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        let mut header = table.header.clone();
        let mut record = csv::StringRecord::new();
        let mut rows = 0u64;
        match model {
            Model::Renewals(_) => return Err(usage("sbg predicts for a cohort; give --T and --horizon")),
            Model::Spend(model) => {
                let (x_at, mean_at) = (table.column(summary, "x")?, table.column(summary, "m_x")?);
                header.push_field("expected_value");
                writer.write_record(&header)?;
                while table.next(summary, &mut record)? {
                    let x = cell_number(summary, &record, x_at, "x")?;
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "clamped to the range"
                    )]
                    let x = x.clamp(0.0, f64::from(u32::MAX)) as u32;
                    let mean = if x == 0 { 0.0 } else { cell_number(summary, &record, mean_at, "m_x")? };
                    record.push_field(&spend(model, x, mean)?.to_string());
                    writer.write_record(&record)?;
                    rows += 1;
                }
            }
            Model::Purchases(model) => {
                let horizon = self.horizon()?;
                let places =
                    [table.column(summary, "x")?, table.column(summary, "t_x")?, table.column(summary, "T")?];
                header.push_field("expected_purchases");
                header.push_field("p_alive");
                writer.write_record(&header)?;
                let mut forecasts = Forecasts::new(model, horizon);
                while table.next(summary, &mut record)? {
                    let row = read_history(summary, &record, places)?;
                    let line = record.position().map_or(0, csv::Position::line);
                    check(model, row.x, row.t_x, row.t)
                        .map_err(|what| InputError::at(summary, line, "t_x", what))?;
                    let (purchases, alive) = forecasts.of(row.x, row.t_x, row.t);
                    record.push_field(&purchases.to_string());
                    record.push_field(&alive.to_string());
                    writer.write_record(&record)?;
                    rows += 1;
                }
            }
        }
        writer.flush()?;
        write_json(out, &json!({ "rows": rows, "out": target.display().to_string() }))
    }
}

fn check(model: &PurchaseModel, x: u32, t_x: f64, t: f64) -> Result<(), String> {
    if !(t_x >= 0.0 && t >= t_x && t.is_finite()) {
        return Err(format!("t_x = {t_x} and T = {t} must satisfy 0 ≤ t_x ≤ T"));
    }
    if x == 0 && t_x > 0.0 {
        return Err(format!("t_x = {t_x} without a repeat purchase (x = 0)"));
    }
    if let PurchaseModel::BgBb(_) = model
        && (t_x.fract() != 0.0 || t.fract() != 0.0 || f64::from(x) > t_x)
    {
        return Err(format!("{x} purchases, the last at opportunity {t_x} of {t}, cannot be"));
    }
    Ok(())
}

fn spend(model: &GammaGamma, x: u32, mean: f64) -> Result<f64, CliError> {
    model.expected_value(x, mean).ok_or_else(|| {
        CliError::new(
            ErrorKind::Refused,
            "the mean spend of the base does not exist for q ≤ 1 and nothing was seen",
        )
    })
}

fn usage(message: impl Into<String>) -> CliError {
    CliError::new(ErrorKind::Usage, message)
}

fn from_text(kind: ModelKind, text: &str) -> Result<Vec<f64>, CliError> {
    let mut values: Vec<Option<f64>> = vec![None; kind.parameter_names().len()];
    for pair in text.split(',').filter(|p| !p.trim().is_empty()) {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| usage(format!("{pair:?} is not NAME=VALUE")))?;
        let at = kind.parameter_names().iter().position(|n| *n == name.trim()).ok_or_else(|| {
            usage(format!(
                "{kind} has no parameter {:?}; it has {}",
                name.trim(),
                kind.parameter_names().join(", ")
            ))
        })?;
        let value: f64 = value.trim().parse().map_err(|_| usage(format!("{value:?} is not a number")))?;
        values[at] = Some(value);
    }
    complete(kind, values, ErrorKind::Usage)
}

fn from_file(kind: ModelKind, path: &Path) -> Result<Vec<f64>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
    let fit: Value = serde_json::from_str(&text)
        .map_err(|e| InputError::of_file(path, format!("not the JSON of a fit: {e}")))?;
    if let Some(model) = fit["model"].as_str().filter(|m| *m != kind.name()) {
        return Err(InputError::of_file(path, format!("holds a fit of {model}, not of {kind}")).into());
    }
    if fit["converged"] == Value::Bool(false) {
        return Err(CliError::new(
            ErrorKind::Refused,
            format!("{}: the fit did not converge", path.display()),
        ));
    }
    let values = kind.parameter_names().iter().map(|name| fit["parameters"][*name].as_f64()).collect();
    complete(kind, values, ErrorKind::Input)
}

fn complete(kind: ModelKind, values: Vec<Option<f64>>, error: ErrorKind) -> Result<Vec<f64>, CliError> {
    kind.parameter_names()
        .iter()
        .zip(values)
        .map(|(name, value)| match value {
            Some(v) if v > 0.0 && v.is_finite() => Ok(v),
            Some(v) => Err(CliError::new(error, format!("parameter {name} = {v} must be positive"))),
            None => Err(CliError::new(error, format!("parameter {name} is missing"))),
        })
        .collect()
}
