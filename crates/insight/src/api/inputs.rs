use crate::orders::{parse_day, parse_minor};
use crate::rules::cohorts::{month_name, month_of};
use crate::store::{self, InputRow};
use access::{Answer, Op, need};
use axum::Json;
use basis::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds of entered figures.
const KINDS: [&str; 5] =
    ["margin_share", "acquisition_spend", "advertising_spend", "leads", "retention_spend"];

/// Entered costs and margins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Costs {
    pub margin_share: Option<f64>,
    rows: Vec<InputRow>,
}

impl Costs {
    pub(crate) fn of(rows: &[InputRow]) -> Self {
        let margin = rows.iter().rfind(|r| r.kind == "margin_share").map(|r| r.amount);
        Self { margin_share: margin, rows: rows.to_vec() }
    }

    /// Sum of a kind over the months that a period touches, the touched part of each month counted by days;
    /// `None` when nothing was entered.
    pub(super) fn sum(&self, kind: &str, from: i32, to: i32) -> Option<f64> {
        let mut total = None;
        for row in self.rows.iter().filter(|r| r.kind == kind && r.month > 0) {
            let Ok(month) = i32::try_from(row.month) else { continue };
            let Some((start, end)) = super::month_days(month, i32::MAX) else { continue };
            let inside = (end.min(to) - start.max(from) + 1).max(0);
            if inside > 0 {
                let part = f64::from(inside) / f64::from(end - start + 1);
                total = Some(total.unwrap_or(0.0) + row.amount * part);
            }
        }
        total
    }

    /// Cost of a campaign as entered.
    pub(crate) fn campaign(&self, campaign: i64) -> Option<f64> {
        let kind = format!("campaign_cost:{campaign}");
        self.rows.iter().find(|r| r.kind == kind).map(|r| r.amount)
    }
}

/// A cost or share as entered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Input {
    /// 2024-09, or absent for a figure of all months.
    month: Option<String>,
    /// margin_share, acquisition_spend, advertising_spend, leads, retention_spend, campaign_cost:ID.
    kind: String,
    /// Minor units for spends, a count for leads, 0 to 1 for shares; null removes it.
    amount: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Inputs {
    items: Vec<Input>,
}

/// Entered costs and margins.
#[utoipa::path(get, path = "/api/insight/inputs", tag = "insight", responses((status = 200, body = Inputs)))]
pub(super) async fn inputs(need::Viewer(op): need::Viewer) -> Answer<Inputs> {
    let mut tx = op.app.db.read().await?;
    let rows = store::inputs(&mut tx, op.ws()).await?;
    let items = rows
        .into_iter()
        .map(|r| Input {
            month: i32::try_from(r.month).ok().filter(|m| *m > 0).map(month_name),
            kind: r.kind,
            amount: Some(r.amount),
        })
        .collect();
    Ok(Json(Inputs { items }))
}

/// Enters, changes or removes costs and margins.
#[utoipa::path(put, path = "/api/insight/inputs", tag = "insight", request_body = Inputs, responses((status = 200, body = Inputs)))]
pub(super) async fn set_inputs(
    need::Marketer(op): need::Marketer,
    Json(body): Json<Inputs>,
) -> Answer<Inputs> {
    let mut rows = Vec::new();
    for (at, input) in body.items.iter().enumerate() {
        let wrong =
            |what: String| Fault::invalid("inputs", what.clone()).with_field(format!("items[{at}]"), what);
        rows.push(checked(input).map_err(wrong)?);
    }
    keep(op, rows).await
}

/// A cost that fits its kind: (month, kind, amount).
fn checked(input: &Input) -> Result<Entry, String> {
    let campaign = input.kind.strip_prefix("campaign_cost:").is_some_and(|id| id.parse::<i64>().is_ok());
    if !campaign && !KINDS.contains(&input.kind.as_str()) {
        return Err(format!("\"{}\" is not a kind of cost", input.kind));
    }
    let month = match &input.month {
        None => 0,
        Some(text) => {
            let day = parse_day(&format!("{text}-01"), None)
                .ok_or_else(|| format!("\"{text}\" is not a month like 2024-09"))?;
            i64::from(month_of(day))
        }
    };
    if let Some(amount) = input.amount {
        let highest = if input.kind == "margin_share" { 1.0 } else { 9e15 };
        if !(0.0..=highest).contains(&amount) {
            return Err(format!("{amount} is not between 0 and {highest}"));
        }
    }
    if month == 0 && input.kind != "margin_share" && !campaign {
        return Err("a spend belongs to a month".to_owned());
    }
    Ok((month, input.kind.clone(), input.amount))
}

type Entry = (i64, String, Option<f64>);

async fn keep(op: Op, rows: Vec<Entry>) -> Answer<Inputs> {
    let mut tx = op.app.db.write().await?;
    for (month, kind, amount) in rows {
        match amount {
            Some(amount) => store::set_input(&mut tx, op.ws(), &InputRow { month, kind, amount }).await?,
            None => store::remove_input(&mut tx, op.ws(), month, &kind).await?,
        }
    }
    tx.commit().await?;
    inputs(need::Viewer(op)).await
}

/// Costs from a table with the columns month, kind and amount: amounts of spends in major units, leads as a count, the
/// margin as a share or in percent. All of the table is taken, or none of it.
#[utoipa::path(post, path = "/api/insight/inputs/import", tag = "insight", request_body(content = String, content_type = "text/csv"), responses((status = 200, body = Inputs)))]
pub(super) async fn import(need::Marketer(op): need::Marketer, table: String) -> Answer<Inputs> {
    let rows = parse_table(&table)?;
    keep(op, rows).await
}

fn parse_table(table: &str) -> Result<Vec<Entry>, Fault> {
    let table = table.trim_start_matches('\u{feff}');
    let head = table.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t', b','].into_iter().find(|d| head.contains(char::from(*d))).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(table.as_bytes());
    let fault = |line: u64, column: &str, what: String| {
        let place = format!("line {line}, column {column}");
        Fault::invalid("inputs", format!("{place}: {what}")).with_field(place, what)
    };
    let names = reader.headers().map_err(|e| fault(1, "1", e.to_string()))?.clone();
    let place = |name: &str| {
        names
            .iter()
            .position(|n| n.trim().eq_ignore_ascii_case(name))
            .ok_or_else(|| fault(1, name, "there is no such column".to_owned()))
    };
    let (month, kind, amount) = (place("month")?, place("kind")?, place("amount")?);
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| fault(e.position().map_or(0, csv::Position::line), "1", e.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let wrong = || fault(line, "amount", format!("\"{}\" is not an amount", cell(amount)));
        let number = |text: &str| text.replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite());
        let value = match cell(kind) {
            "margin_share" => match cell(amount).strip_suffix('%') {
                Some(percent) => number(percent.trim()).map(|v| v / 100.0),
                None => number(cell(amount)),
            },
            "leads" => number(cell(amount)),
            _ => parse_minor(cell(amount)).map(|minor| minor as f64),
        };
        let input = Input {
            month: Some(cell(month)).filter(|m| !m.is_empty()).map(str::to_owned),
            kind: cell(kind).to_owned(),
            amount: Some(value.ok_or_else(wrong)?),
        };
        rows.push(checked(&input).map_err(|what| fault(line, "kind", what))?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_costs_is_read_or_refused_with_its_line() {
        let table = "\u{feff}Month;kind;amount\n2024-08;acquisition_spend;1 200,50\n;margin_share;35 %\n2024-08;leads;40\n";
        let month = i64::from(month_of(parse_day("2024-08-01", None).unwrap()));
        assert_eq!(
            parse_table(table).unwrap(),
            [
                (month, "acquisition_spend".to_owned(), Some(120_050.0)),
                (0, "margin_share".to_owned(), Some(0.35)),
                (month, "leads".to_owned(), Some(40.0)),
            ]
        );
        let told = |table: &str| parse_table(table).unwrap_err().to_string();
        assert!(told("month,kind,amount\n2024-08,leads,many\n").contains("line 2, column amount"));
        assert!(told("month,kind,amount\n2024-13,leads,1\n").contains("not a month"));
        assert!(told("month,kind,amount\n2024-08,leads,-4\n").contains("not between 0"));
        assert!(told("month,kind\n").contains("column amount"));
    }
}
