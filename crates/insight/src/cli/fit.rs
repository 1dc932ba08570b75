use super::{CliError, ErrorKind, Table, cell_number, day_option, note_left_out, write_json};
use crate::orders::{Columns, DateOrder, InputError, load};
use crate::rules::btyd::bg_nbd::Dropout;
use crate::rules::btyd::gamma_gamma::Spend;
use crate::rules::btyd::{Cell, Fit, ModelKind, bg_bb, bg_nbd, cells, gamma_gamma, pareto_nbd, sbg};
use crate::rules::occasions::History;
use crate::rules::scatter::histories;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A model's name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ModelName {
    BgNbd,
    MbgNbd,
    ParetoNbd,
    GammaGamma,
    BgBb,
    Sbg,
}

impl From<ModelName> for ModelKind {
    fn from(name: ModelName) -> Self {
        match name {
            ModelName::BgNbd => Self::BgNbd,
            ModelName::MbgNbd => Self::MbgNbd,
            ModelName::ParetoNbd => Self::ParetoNbd,
            ModelName::GammaGamma => Self::GammaGamma,
            ModelName::BgBb => Self::BgBb,
            ModelName::Sbg => Self::Sbg,
        }
    }
}

/// Unit of time of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TimeUnit {
    Day,
    Week,
}

impl TimeUnit {
    pub(super) fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct FitArgs {
    /// Which model.
    model: ModelName,
    /// A summary (x, t_x, T[, m_x]), a table of opportunities, survivors, or orders with --transactions. Orders and
    /// summaries of histories may be Parquet.
    data: PathBuf,
    /// L2 penalty on the parameters; 0 is plain maximum likelihood.
    #[arg(long, default_value_t = 0.0, env = "OTKLIK_FIT_PENALTY")]
    penalty: f64,
    /// The data is orders, not a summary.
    #[arg(long, requires_all = ["customer", "date", "calibration_end"])]
    transactions: bool,
    /// Column of the customer's id.
    #[arg(long, requires = "transactions")]
    customer: Option<String>,
    /// Column of the order's date.
    #[arg(long, requires = "transactions")]
    date: Option<String>,
    /// Column of the order's amount.
    #[arg(long, requires = "transactions")]
    amount: Option<String>,
    /// Last day of the calibration period.
    #[arg(long, requires = "transactions")]
    calibration_end: Option<String>,
    /// Unit of time of the estimates.
    #[arg(long, requires = "transactions", value_enum, default_value_t = TimeUnit::Day)]
    unit: TimeUnit,
    /// Order of the parts in dates like 03/04/2024.
    #[arg(long, requires = "transactions")]
    date_order: Option<DateOrder>,
    /// One JSON object on one line (the default; kept for scripts).
    #[arg(long)]
    json: bool,
}

/// Histories and spends of one base.
struct Base {
    histories: Vec<Cell>,
    spends: Vec<Spend>,
}

impl FitArgs {
    pub(super) fn run(&self, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), CliError> {
        if !(self.penalty >= 0.0 && self.penalty.is_finite()) {
            return Err(CliError::new(ErrorKind::Usage, "--penalty must be zero or positive"));
        }
        let fit = self.fit(notes).map_err(|error| error.of_file(&self.data))?;
        write_json(out, &fit_json(&fit))?;
        fit.require_converged()?;
        Ok(())
    }

    fn fit(&self, notes: &mut dyn Write) -> Result<Fit, CliError> {
        Ok(match self.model {
            ModelName::BgBb => bg_bb::fit(&read_opportunities(&self.data)?, self.penalty)?,
            ModelName::Sbg => sbg::fit(&read_survivors(&self.data)?, self.penalty)?,
            ModelName::BgNbd | ModelName::MbgNbd | ModelName::ParetoNbd | ModelName::GammaGamma => {
                let base = if self.transactions {
                    self.base_of_orders(notes)?
                } else {
                    read_summary(&self.data, self.model == ModelName::GammaGamma)?
                };
                self.fit_base(base, notes)?
            }
        })
    }

    fn fit_base(&self, base: Base, notes: &mut dyn Write) -> Result<Fit, CliError> {
        let Base { histories, spends } = base;
        Ok(match self.model {
            ModelName::GammaGamma => {
                if let Some(correlation) = gamma_gamma::frequency_spend_correlation(&spends) {
                    writeln!(
                        notes,
                        "correlation of frequency and spend: {correlation:.3} (the model assumes none)"
                    )?;
                }
                gamma_gamma::fit(&spends, self.penalty)?
            }
            ModelName::ParetoNbd => pareto_nbd::fit(&cells::compress(histories), self.penalty)?,
            ModelName::MbgNbd => bg_nbd::fit(Dropout::AfterAny, &cells::compress(histories), self.penalty)?,
            _ => bg_nbd::fit(Dropout::AfterRepeat, &cells::compress(histories), self.penalty)?,
        })
    }

    fn base_of_orders(&self, notes: &mut dyn Write) -> Result<Base, CliError> {
        let (Some(customer), Some(date), Some(end)) = (&self.customer, &self.date, &self.calibration_end)
        else {
            return Err(CliError::new(
                ErrorKind::Usage,
                "--transactions needs --customer, --date and --calibration-end",
            ));
        };
        if self.model == ModelName::GammaGamma && self.amount.is_none() {
            return Err(CliError::new(ErrorKind::Usage, "gamma-gamma needs --amount"));
        }
        let until = day_option("--calibration-end", end)?;
        let columns = Columns {
            customer: customer.clone(),
            date: date.clone(),
            amount: self.amount.clone(),
            date_order: self.date_order,
        };
        let loaded = load(&self.data, &columns, Some(until))?;
        note_left_out(notes, &loaded.left_out, loaded.orders)?;
        let unit = self.unit.days();
        let histories: Vec<History> = histories(loaded.scatter, until);
        Ok(Base {
            histories: histories
                .iter()
                .map(|h| Cell::one(h.x, f64::from(h.t_x) / unit, f64::from(h.t) / unit))
                .collect(),
            spends: histories
                .iter()
                .map(|h| Spend { x: h.x, mean: h.mean_minor() / 100.0, weight: 1.0 })
                .collect(),
        })
    }
}

pub(super) fn fit_json(fit: &Fit) -> Value {
    let names = fit.model.parameter_names();
    let parameters: Map<String, Value> =
        names.iter().zip(&fit.parameters).map(|(n, v)| ((*n).to_string(), json!(v))).collect();
    let errors: Map<String, Value> =
        names.iter().zip(fit.standard_errors()).map(|(n, v)| ((*n).to_string(), json!(v))).collect();
    json!({
        "model": fit.model.name(),
        "parameters": parameters,
        "standard_errors": errors,
        "log_likelihood": fit.log_likelihood,
        "customers": fit.customers,
        "converged": fit.converged,
        "iterations": fit.iterations,
    })
}

fn whole(value: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range and the fraction are checked"
    )]
    (value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0).then_some(value as u32)
}

/// One row of a summary, checked.
pub(super) struct SummaryRow {
    pub x: u32,
    pub t_x: f64,
    pub t: f64,
}

pub(super) fn read_history(
    path: &Path,
    record: &csv::StringRecord,
    [x, t_x, t]: [usize; 3],
) -> Result<SummaryRow, CliError> {
    let line = record.position().map_or(0, csv::Position::line);
    let fault = |column: &str, what: String| CliError::from(InputError::at(path, line, column, what));
    let count = cell_number(path, record, x, "x")?;
    let x = whole(count).ok_or_else(|| fault("x", format!("{count} is not a number of repeat purchases")))?;
    let (t_x, t) = (cell_number(path, record, t_x, "t_x")?, cell_number(path, record, t, "T")?);
    if t < 0.0 {
        return Err(fault("T", format!("{t} is negative")));
    }
    if t_x < 0.0 || t_x > t {
        return Err(fault("t_x", format!("{t_x} does not lie between 0 and T = {t}")));
    }
    if x == 0 && t_x > 0.0 {
        return Err(fault("t_x", format!("{t_x} without a repeat purchase (x = 0)")));
    }
    Ok(SummaryRow { x, t_x, t })
}

fn read_summary(path: &Path, spend: bool) -> Result<Base, CliError> {
    if !spend && crate::orders::is_parquet(path) {
        let histories = crate::orders::read_cells(path, 1.0)?;
        return Ok(Base { histories, spends: Vec::new() });
    }
    let mut table = Table::open(path)?;
    let mut base = Base { histories: Vec::new(), spends: Vec::new() };
    let mut record = csv::StringRecord::new();
    if spend {
        let (x_at, mean_at) = (table.column(path, "x")?, table.column(path, "m_x")?);
        while table.next(path, &mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let count = cell_number(path, &record, x_at, "x")?;
            let x = whole(count).ok_or_else(|| {
                InputError::at(path, line, "x", format!("{count} is not a number of repeat purchases"))
            })?;
            let blank = record.get(mean_at).is_none_or(|t| t.trim().is_empty());
            let mean = if blank && x == 0 { 0.0 } else { cell_number(path, &record, mean_at, "m_x")? };
            if mean < 0.0 {
                return Err(InputError::at(path, line, "m_x", format!("{mean} is negative")).into());
            }
            base.spends.push(Spend { x, mean, weight: 1.0 });
        }
        return Ok(base);
    }
    let places = [table.column(path, "x")?, table.column(path, "t_x")?, table.column(path, "T")?];
    while table.next(path, &mut record)? {
        let row = read_history(path, &record, places)?;
        base.histories.push(Cell::one(row.x, row.t_x, row.t));
    }
    Ok(base)
}

fn read_opportunities(path: &Path) -> Result<Vec<bg_bb::Opportunities>, CliError> {
    let mut table = Table::open(path)?;
    let x = table.column(path, "frequency")?;
    let t_x = table.column(path, "recency")?;
    let n = table.column(path, "periods")?;
    let weights = table.find("weights");
    let mut cells = Vec::new();
    let mut record = csv::StringRecord::new();
    while table.next(path, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let count = |at: usize, name: &str| -> Result<u32, CliError> {
            let value = cell_number(path, &record, at, name)?;
            whole(value).ok_or_else(|| {
                InputError::at(path, line, name, format!("{value} is not a whole number")).into()
            })
        };
        let (x, t_x, periods) = (count(x, "frequency")?, count(t_x, "recency")?, count(n, "periods")?);
        if x > t_x || t_x > periods || (x == 0) != (t_x == 0) {
            return Err(InputError::at(
                path,
                line,
                "recency",
                format!("{x} purchases, the last at opportunity {t_x} of {periods}, cannot be"),
            )
            .into());
        }
        let weight = match weights {
            Some(at) => cell_number(path, &record, at, "weights")?,
            None => 1.0,
        };
        if weight < 0.0 {
            return Err(InputError::at(path, line, "weights", format!("{weight} is negative")).into());
        }
        cells.push(bg_bb::Opportunities { x, t_x, periods, weight });
    }
    Ok(cells)
}

fn read_survivors(path: &Path) -> Result<Vec<u64>, CliError> {
    let mut table = Table::open(path)?;
    let at = table.column(path, "survivors")?;
    let mut survivors: Vec<u64> = Vec::new();
    let mut record = csv::StringRecord::new();
    while table.next(path, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let value = cell_number(path, &record, at, "survivors")?;
        let n = whole(value).map(u64::from).ok_or_else(|| {
            CliError::from(InputError::at(path, line, "survivors", format!("{value} is not a whole number")))
        })?;
        if let Some(before) = survivors.last().filter(|before| n > **before) {
            return Err(InputError::at(
                path,
                line,
                "survivors",
                format!("{n} are more than {before} before"),
            )
            .into());
        }
        survivors.push(n);
    }
    Ok(survivors)
}
