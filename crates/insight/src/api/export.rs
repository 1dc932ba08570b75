use super::list::{CustomerRow, ask, rows};
use crate::figures::Question;
use crate::rules::cohorts::month_name;
use crate::rules::headings::{columns, signal, stage};
use crate::sheet::{Cell, Sheet, money, month, whole};
use crate::snapshot::{self, Snapshot};
use access::{Op, Problem, need};
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use basis::{Fault, Lang};
use serde::Deserialize;
use utoipa::IntoParams;

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Which kind of file; told from the end of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Csv,
    Xlsx,
}

impl Kind {
    /// The name without its end; CSV when there is none.
    fn of(file: &str) -> (&str, Self) {
        match file.strip_suffix(".xlsx") {
            Some(name) => (name, Self::Xlsx),
            None => (file.strip_suffix(".csv").unwrap_or(file), Self::Csv),
        }
    }

    /// `marked` tells spreadsheets that the text is UTF-8.
    async fn answer(self, name: String, sheet: Sheet, marked: bool) -> Result<Response, Problem> {
        let (bytes, kind, end) = snapshot::blocking(move || match self {
            Self::Csv => {
                let mark = if marked { "\u{feff}" } else { "" };
                Ok((format!("{mark}{}", sheet.to_csv()).into_bytes(), CSV, "csv"))
            }
            Self::Xlsx => sheet.to_xlsx().map(|bytes| (bytes, XLSX, "xlsx")),
        })
        .await??;
        let disposition = format!("attachment; filename=\"{name}.{end}\"");
        let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
        Ok((headers, bytes).into_response())
    }
}

const MOST_ROWS: usize = 100_000;

#[derive(Debug, Deserialize, IntoParams)]
pub struct Words {
    /// ru, uk or en: names of columns, stages and signs in words; codes without it.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
}

/// The customers behind a figure as CSV, masked as on the page; 100,000 at most.
#[utoipa::path(get, path = "/api/base-health/list.csv", tag = "insight", params(Question, Words), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn list_csv(
    need::Viewer(op): need::Viewer,
    Query(question): Query<Question>,
    Query(words): Query<Words>,
) -> Result<Response, Problem> {
    list_file(&op, question, words.lang, Kind::Csv).await
}

/// The same as XLSX.
#[utoipa::path(get, path = "/api/base-health/list.xlsx", tag = "insight", params(Question, Words), responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>)))]
pub(super) async fn list_xlsx(
    need::Viewer(op): need::Viewer,
    Query(question): Query<Question>,
    Query(words): Query<Words>,
) -> Result<Response, Problem> {
    list_file(&op, question, words.lang, Kind::Xlsx).await
}

async fn list_file(op: &Op, question: Question, lang: Option<Lang>, kind: Kind) -> Result<Response, Problem> {
    let (snapshot, mut places) = ask(op, question).await?;
    places.sort_by_key(|i| (-snapshot.profiles[*i].revenue_minor, snapshot.purchases.ids[*i]));
    places.truncate(MOST_ROWS);
    let mut sheet = Sheet::new(columns(lang));
    for chunk in places.chunks(2_000) {
        for row in rows(op, &snapshot, chunk).await? {
            sheet.push(customer(&row, lang));
        }
    }
    let mut tx = op.app.db.write().await?;
    let detail = serde_json::json!({ "rows": places.len() });
    op.audit(&mut tx, "insight.export_list", "customers", op.ws().get(), detail).await?;
    tx.commit().await?;
    kind.answer("customers".to_owned(), sheet, lang.is_some()).await
}

fn customer(row: &CustomerRow, lang: Option<Lang>) -> [Cell; 13] {
    let rounded = |v: Option<f64>| Cell::from(v.map(|v| (v * 1e4).round() / 1e4));
    let signals: Vec<&str> = row.signals.iter().map(|s| signal(s.name(), lang)).collect();
    let between = if lang.is_some() { ", " } else { " " };
    [
        row.id.as_str().into(),
        row.name.as_str().into(),
        row.city.as_str().into(),
        whole(row.orders),
        row.last_order_day.as_deref().unwrap_or("").into(),
        stage(row.stage, lang).into(),
        money(row.revenue.minor),
        rounded(row.p_alive),
        rounded(row.expected_orders),
        row.expected_value.map_or(Cell::Empty(()), |m| money(m.minor)),
        rounded(row.risk),
        money(row.value_at_risk.minor),
        signals.join(between).into(),
    ]
}

/// A table of a page as a file: rfm, cohorts, months; `.csv` or `.xlsx` behind the name.
#[utoipa::path(get, path = "/api/insight/export/{table}", tag = "insight", params(("table" = String, Path)), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn table(
    need::Viewer(op): need::Viewer,
    Path(table): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let (name, kind) = Kind::of(&table);
    let name = name.to_owned();
    let (name, sheet) = snapshot::blocking(move || {
        let sheet = match name.as_str() {
            "rfm" => Some(rfm(&snapshot)),
            "cohorts" => Some(cohorts(&snapshot)),
            "months" => Some(months(&snapshot)),
            _ => None,
        };
        (name, sheet)
    })
    .await?;
    let sheet = sheet.ok_or_else(|| Fault::not_found("table", "There is no such table."))?;
    kind.answer(name, sheet, false).await
}

fn rfm(snapshot: &Snapshot) -> Sheet {
    let mut sheet = Sheet::new(&["customer", "recency_days", "purchases", "revenue", "r", "f", "m"]);
    for (id, row) in snapshot.purchases.ids.iter().zip(snapshot.rfm()).filter(|(_, row)| row.r > 0) {
        sheet.push([
            id.to_string().into(),
            whole(row.recency_days),
            whole(row.frequency),
            money(row.monetary_minor),
            whole(row.r),
            whole(row.f),
            whole(row.m),
        ]);
    }
    sheet
}

fn cohorts(snapshot: &Snapshot) -> Sheet {
    let mut sheet = Sheet::new(&["cohort_month", "month_index", "customers", "revenue"]);
    for (cohort, cells) in &snapshot.derived().cohorts {
        for (index, cell) in cells.iter().enumerate().filter(|(_, c)| c.customers > 0) {
            let cohort = month(month_name(*cohort));
            sheet.push([cohort, whole(index as u64), whole(cell.customers), money(cell.revenue_minor)]);
        }
    }
    sheet
}

fn months(snapshot: &Snapshot) -> Sheet {
    let mut sheet = Sheet::new(&[
        "month",
        "active_at_start",
        "new_customers",
        "lapsed",
        "returned",
        "buyers",
        "orders",
        "revenue",
        "revenue_new",
    ]);
    for row in &snapshot.derived().months {
        let p = &row.period;
        sheet.push([
            month(month_name(row.month)),
            whole(p.active_at_start),
            whole(p.new_customers),
            whole(p.lapsed),
            whole(p.returned),
            whole(p.buyers),
            whole(p.orders),
            money(p.revenue_minor),
            money(p.revenue_new_minor),
        ]);
    }
    sheet
}

/// The table beside a chart, as the page shows it, made into a workbook: names of columns and rows of texts and
/// numbers. Nothing is read or kept.
#[utoipa::path(post, path = "/api/insight/xlsx", tag = "insight", request_body = Sheet, responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>)))]
pub(super) async fn workbook(_who: need::Anyone, Json(sheet): Json<Sheet>) -> Result<Response, Problem> {
    Kind::Xlsx.answer("table".to_owned(), sheet, false).await
}
