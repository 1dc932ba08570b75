use super::fit::TimeUnit;
use super::{CliError, ErrorKind, day_option, note_left_out};
use crate::orders::{Columns, DateOrder, Loaded, day_name, load};
use crate::rules::cohorts::{Cohorts, month_name};
use crate::rules::occasions::{History, Occasion};
use crate::rules::rfm::{Rfm, score};
use crate::rules::scatter::{fold_customers, histories, per_customer};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct TableArgs {
    /// Orders: a CSV file with a header, or Parquet.
    orders: PathBuf,
    /// Column of the customer's id; rows without one are guests and counted.
    #[arg(long)]
    customer: String,
    /// Column of the order's date (the shop's local day).
    #[arg(long)]
    date: String,
    /// Column of the order's amount.
    #[arg(long)]
    amount: Option<String>,
    /// Last day of the observation; by default the day of the last order that is not in the future.
    #[arg(long)]
    until: Option<String>,
    /// Order of the parts in dates like 03/04/2024.
    #[arg(long)]
    date_order: Option<DateOrder>,
    /// CSV file to write.
    #[arg(long)]
    out: PathBuf,
    /// One JSON object on one line about the run.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct SummaryArgs {
    #[command(flatten)]
    table: TableArgs,
    /// Unit of t_x and T.
    #[arg(long, value_enum, default_value_t = TimeUnit::Day)]
    unit: TimeUnit,
}

/// Minor units as a decimal number.
fn major(minor: f64) -> f64 {
    minor / 100.0
}

impl TableArgs {
    fn load(&self, today: i32, notes: &mut dyn Write) -> Result<Loaded, CliError> {
        let until = self.until.as_deref().map(|text| day_option("--until", text)).transpose()?;
        let columns = Columns {
            customer: self.customer.clone(),
            date: self.date.clone(),
            amount: self.amount.clone(),
            date_order: self.date_order,
        };
        let mut loaded = load(&self.orders, &columns, until)?;
        if until.is_none() && loaded.until > today {
            // One slip of a year would age everybody by it: read again without the future.
            let past = load(&self.orders, &columns, Some(today))?;
            let last_day = |last: &mut i32, _: u32, days: &[Occasion]| {
                *last = days.last().map_or(*last, |o| o.day.max(*last));
            };
            let last = fold_customers(past.scatter, || i32::MIN, last_day, i32::max);
            loaded = load(&self.orders, &columns, Some(today))?;
            loaded.until = last;
            writeln!(
                notes,
                "{} orders are dated after today, {}, and are left out; give --until to say where the observation ends",
                loaded.left_out.later,
                day_name(today)
            )?;
        }
        note_left_out(notes, &loaded.left_out, loaded.orders)?;
        Ok(loaded)
    }

    fn create(&self) -> Result<BufWriter<File>, CliError> {
        let file = File::create(&self.out)
            .map_err(|e| CliError::new(ErrorKind::Failed, format!("{}: {e}", self.out.display())))?;
        Ok(BufWriter::with_capacity(1 << 18, file))
    }

    fn report(
        &self,
        out: &mut dyn Write,
        rows: usize,
        (orders, until): (u64, i32),
        left: &crate::rules::occasions::LeftOut,
    ) -> Result<(), CliError> {
        if self.json {
            let report = json!({
                "rows": rows,
                "orders": orders,
                "until": day_name(until),
                "left_out": left,
                "out": self.out.display().to_string(),
            });
            writeln!(out, "{report}")?;
        } else {
            writeln!(
                out,
                "{rows} rows from {orders} orders until {} in {}",
                day_name(until),
                self.out.display()
            )?;
        }
        Ok(())
    }

    pub(super) fn rfm(&self, today: i32, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), CliError> {
        let Loaded { scatter, ids, orders, left_out, until } = self.load(today, notes)?;
        let mut rows: Vec<Rfm> = per_customer(scatter, |code, occasions| Rfm::of(code, occasions, until));
        score(&mut rows, |code| ids.rank(code));
        rows.sort_unstable_by_key(|r| ids.rank(r.customer));
        let mut file = self.create()?;
        writeln!(file, "customer,recency_days,frequency,monetary_minor,r,f,m")?;
        for row in &rows {
            writeln!(
                file,
                "{},{},{},{},{},{},{}",
                quoted(&ids.name(row.customer)),
                row.recency_days,
                row.frequency,
                row.monetary_minor,
                row.r,
                row.f,
                row.m
            )?;
        }
        file.flush()?;
        self.report(out, rows.len(), (orders, until), &left_out)
    }

    pub(super) fn cohorts(
        &self,
        today: i32,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> Result<(), CliError> {
        let Loaded { scatter, orders, left_out, until, .. } = self.load(today, notes)?;
        let cohorts = fold_customers(
            scatter,
            Cohorts::default,
            |acc, _, occasions| acc.add(occasions, until),
            Cohorts::merge,
        );
        let mut file = self.create()?;
        writeln!(file, "cohort_month,month_index,customers")?;
        let mut rows = 0;
        for (cohort, index, customers) in cohorts.cells().filter(|cell| cell.2 > 0) {
            writeln!(file, "{},{index},{customers}", month_name(cohort))?;
            rows += 1;
        }
        file.flush()?;
        self.report(out, rows, (orders, until), &left_out)
    }
}

impl SummaryArgs {
    pub(super) fn run(&self, today: i32, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), CliError> {
        let Loaded { scatter, ids, orders, left_out, until } = self.table.load(today, notes)?;
        let mut rows: Vec<History> = histories(scatter, until);
        rows.sort_unstable_by_key(|r| ids.rank(r.customer));
        let unit = self.unit.days();
        let mut file = self.table.create()?;
        writeln!(file, "customer,x,t_x,T,m_x")?;
        for row in &rows {
            writeln!(
                file,
                "{},{},{},{},{}",
                quoted(&ids.name(row.customer)),
                row.x,
                f64::from(row.t_x) / unit,
                f64::from(row.t) / unit,
                major(row.mean_minor())
            )?;
        }
        file.flush()?;
        self.table.report(out, rows.len(), (orders, until), &left_out)
    }
}

/// A CSV cell; ids rarely need quotes.
fn quoted(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}
