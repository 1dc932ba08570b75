use crate::orders::{parse_day, parse_minor};
use crate::rules::cohorts::{month_name, month_of};
use crate::rules::coverage::{Covered, Entered, covered};
use crate::store::{self, InputRow};
use access::{Answer, Op, need};
use axum::Json;
use basis::Fault;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Kinds of entered figures.
const KINDS: [&str; 6] =
    ["margin_share", "acquisition_spend", "advertising_spend", "leads", "new_customers", "retention_spend"];

/// Kinds that may be entered by channel: where customers come from.
const BY_CHANNEL: [&str; 4] = ["acquisition_spend", "advertising_spend", "leads", "new_customers"];

/// Characters of a channel's name.
const LONGEST_CHANNEL: usize = 60;

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

    /// Entries of a kind by month: of one channel, or all channels and what belongs to none together.
    fn entered(&self, kind: &str, channel: Option<&str>) -> Vec<Entered> {
        let mut months: BTreeMap<i64, f64> = BTreeMap::new();
        for row in self.rows.iter().filter(|r| r.month > 0) {
            let (name, of) = split_kind(&row.kind);
            if name == kind && (channel.is_none() || channel == of) {
                *months.entry(row.month).or_default() += row.amount;
            }
        }
        months
            .into_iter()
            .filter_map(|(month, amount)| {
                let (start, end) = super::month_days(i32::try_from(month).ok()?, i32::MAX)?;
                Some(Entered { start, end, amount })
            })
            .collect()
    }

    /// Sums of kinds over the months of a period for which each has an entry; `None` when there are none.
    pub(super) fn covered(
        &self,
        kinds: &[&str],
        channel: Option<&str>,
        from: i32,
        to: i32,
    ) -> Option<Covered> {
        let entered: Vec<Vec<Entered>> = kinds.iter().map(|kind| self.entered(kind, channel)).collect();
        covered(&entered, from, to)
    }

    /// Sum of a kind in a month; `None` when nothing was entered.
    pub(super) fn of_month(&self, kind: &str, month: i32) -> Option<f64> {
        let mut rows = self
            .rows
            .iter()
            .filter(|r| r.month == i64::from(month) && split_kind(&r.kind).0 == kind)
            .peekable();
        rows.peek()?;
        Some(rows.map(|r| r.amount).sum())
    }

    /// Channels that something was entered for.
    pub(super) fn channels(&self) -> BTreeSet<&str> {
        self.rows.iter().filter(|r| r.month > 0).filter_map(|r| split_kind(&r.kind).1).collect()
    }

    /// Cost of a campaign as entered.
    pub(crate) fn campaign(&self, campaign: i64) -> Option<f64> {
        let kind = format!("campaign_cost:{campaign}");
        self.rows.iter().find(|r| r.kind == kind).map(|r| r.amount)
    }
}

/// Kind and channel of a row.
fn split_kind(kind: &str) -> (&str, Option<&str>) {
    match kind.split_once(':') {
        Some((name, channel)) if BY_CHANNEL.contains(&name) => (name, Some(channel)),
        _ => (kind, None),
    }
}

/// A cost or share as entered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Input {
    /// 2024-09, or absent for a figure of all months.
    month: Option<String>,
    /// margin_share, acquisition_spend, advertising_spend, leads, new_customers, retention_spend, campaign_cost:ID.
    kind: String,
    /// Where customers come from: of spends on acquisition and advertising, leads and new customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Minor units for spends, a count for leads and new customers, 0 to 1 for shares; null removes it.
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
        .map(|r| {
            let (kind, channel) = split_kind(&r.kind);
            Input {
                month: i32::try_from(r.month).ok().filter(|m| *m > 0).map(month_name),
                kind: kind.to_owned(),
                channel: channel.map(str::to_owned),
                amount: Some(r.amount),
            }
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
        rows.push(checked(input).map_err(|wrong| {
            Fault::invalid(wrong.code, wrong.what.clone())
                .with_field(format!("items[{at}].{}", wrong.column), wrong.what)
        })?);
    }
    keep(op, rows).await
}

/// What does not fit, and which column of the table holds it.
#[derive(Debug)]
struct Wrong {
    code: &'static str,
    column: &'static str,
    what: String,
}

/// A cost that fits its kind: (month, kind, amount).
fn checked(input: &Input) -> Result<Entry, Wrong> {
    let wrong = |code, column, what: String| Err(Wrong { code, column, what });
    let campaign = input.kind.strip_prefix("campaign_cost:").is_some_and(|id| id.parse::<i64>().is_ok());
    if !campaign && !KINDS.contains(&input.kind.as_str()) {
        return wrong("input_kind", "kind", format!("\"{}\" is not a kind of cost", input.kind));
    }
    let channel = input.channel.as_deref().map(str::trim).filter(|c| !c.is_empty());
    if let Some(channel) = channel {
        if !BY_CHANNEL.contains(&input.kind.as_str()) {
            return wrong("input_channel", "channel", format!("\"{}\" has no channels", input.kind));
        }
        if channel.chars().count() > LONGEST_CHANNEL || channel.chars().any(char::is_control) {
            return wrong(
                "input_channel",
                "channel",
                format!("a channel is named in at most {LONGEST_CHANNEL} characters"),
            );
        }
    }
    let month = match &input.month {
        None => 0,
        Some(text) => match parse_day(&format!("{text}-01"), None) {
            Some(day) => i64::from(month_of(day)),
            None => return wrong("input_month", "month", format!("\"{text}\" is not a month like 2024-09")),
        },
    };
    if let Some(amount) = input.amount {
        let highest = if input.kind == "margin_share" { 1.0 } else { 9e15 };
        if !(0.0..=highest).contains(&amount) {
            return wrong("input_amount", "amount", format!("{amount} is not between 0 and {highest}"));
        }
    }
    if month == 0 && input.kind != "margin_share" && !campaign {
        return wrong("input_month", "month", "a spend belongs to a month".to_owned());
    }
    let kind = channel.map_or_else(|| input.kind.clone(), |channel| format!("{}:{channel}", input.kind));
    Ok((month, kind, input.amount))
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

/// Costs from a table with the columns month, kind, amount and, where customers come from, channel: amounts of spends
/// in major units, leads and new customers as counts, the margin as a share or in percent. All of the table is taken, or none of it.
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
    // The place stands in the field alone: a page puts both together.
    let fault = |line: u64, code: &'static str, column: &str, what: String| {
        let place = format!("line {line}, column {column}");
        Fault::invalid(code, "The table of costs cannot be read.").with_field(place, what)
    };
    let names = reader.headers().map_err(|e| fault(1, "input_table", "1", e.to_string()))?.clone();
    let find = |name: &str| names.iter().position(|n| n.trim().eq_ignore_ascii_case(name));
    let place = |name: &str| {
        find(name).ok_or_else(|| fault(1, "input_column", name, format!("there is no column \"{name}\"")))
    };
    let (month, kind, amount) = (place("month")?, place("kind")?, place("amount")?);
    let channel = find("channel");
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| {
            fault(e.position().map_or(0, csv::Position::line), "input_table", "1", e.to_string())
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let text = |at: usize| Some(cell(at)).filter(|text| !text.is_empty()).map(str::to_owned);
        let wrong =
            || fault(line, "input_amount", "amount", format!("\"{}\" is not an amount", cell(amount)));
        let number = |text: &str| text.replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite());
        let value = match cell(kind) {
            "margin_share" => match cell(amount).strip_suffix('%') {
                Some(percent) => number(percent.trim()).map(|v| v / 100.0),
                None => number(cell(amount)),
            },
            "leads" | "new_customers" => number(cell(amount)),
            _ => parse_minor(cell(amount)).map(|minor| minor as f64),
        };
        let mut input = Input {
            month: text(month),
            kind: cell(kind).to_owned(),
            channel: channel.and_then(text),
            amount: None,
        };
        // The kind and the month are told before the amount, whose reading depends on the kind.
        let of_cell = |w: Wrong| fault(line, w.code, w.column, w.what);
        checked(&input).map_err(of_cell)?;
        input.amount = Some(value.ok_or_else(wrong)?);
        rows.push(checked(&input).map_err(of_cell)?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_parts_of_their_kind() {
        let table = "month,kind,amount,channel\n2024-08,acquisition_spend,100,google\n2024-08,acquisition_spend,50,\n\
                     2024-08,new_customers,4,google\n";
        let rows: Vec<InputRow> = parse_table(table)
            .unwrap()
            .into_iter()
            .map(|(month, kind, amount)| InputRow { month, kind, amount: amount.unwrap() })
            .collect();
        assert_eq!(rows[0].kind, "acquisition_spend:google");
        let costs = Costs::of(&rows);
        let (from, to) =
            super::super::month_days(month_of(parse_day("2024-08-01", None).unwrap()), i32::MAX).unwrap();
        let sum = |kinds: &[&str], channel| costs.covered(kinds, channel, from, to).map(|c| c.amounts);
        assert_eq!(sum(&["acquisition_spend"], None), Some(vec![15_000.0]));
        assert_eq!(sum(&["acquisition_spend", "new_customers"], Some("google")), Some(vec![10_000.0, 4.0]));
        assert_eq!(sum(&["acquisition_spend"], Some("fair")), None);
        assert_eq!(costs.channels().into_iter().collect::<Vec<_>>(), ["google"]);
    }

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
        for (table, code, column, what) in [
            (
                "month,kind,amount\n2024-08,leads,many\n",
                "input_amount",
                "line 2, column amount",
                "not an amount",
            ),
            ("month,kind,amount\n2024-13,leads,1\n", "input_month", "line 2, column month", "not a month"),
            ("month,kind,amount\n,leads,1\n", "input_month", "line 2, column month", "belongs to a month"),
            (
                "month,kind,amount\n2024-08,leads,-4\n",
                "input_amount",
                "line 2, column amount",
                "not between 0",
            ),
            ("month,kind,amount\n2024-08,rent,4\n", "input_kind", "line 2, column kind", "not a kind"),
            (
                "month,kind,amount,channel\n2024-08,retention_spend,4,x\n",
                "input_channel",
                "line 2, column channel",
                "no channels",
            ),
            ("month,kind\n", "input_column", "line 1, column amount", "no column"),
        ] {
            let fault = parse_table(table).unwrap_err();
            assert_eq!(fault.code, code, "{table}");
            assert_eq!(fault.fields.len(), 1);
            assert_eq!(fault.fields[0].0, column, "{table}");
            assert!(fault.fields[0].1.contains(what), "{fault}");
            // Said once.
            assert!(!fault.detail.contains(&fault.fields[0].1));
        }
    }
}
