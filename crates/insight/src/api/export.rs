use super::list::{CustomerRow, ask, rows};
use crate::figures::Question;
use crate::rules::cohorts::month_name;
use crate::snapshot;
use access::{Problem, need};
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use basis::Fault;
use std::fmt::Write;

/// A CSV file that a spreadsheet opens as text: cells that look like formulas get an apostrophe.
fn csv_answer(name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    (
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        text,
    )
        .into_response()
}

/// A cell: quoted when needed, and never a formula (OWASP, CSV injection).
fn cell(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

const MOST_ROWS: usize = 100_000;

/// The customers behind a figure as CSV, masked as on the page; 100,000 at most.
#[utoipa::path(get, path = "/api/base-health/list.csv", tag = "insight", params(Question), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn list_csv(
    need::Viewer(op): need::Viewer,
    Query(question): Query<Question>,
) -> Result<Response, Problem> {
    let (snapshot, mut places) = ask(&op, question).await?;
    places.sort_by_key(|i| (-snapshot.profiles[*i].revenue_minor, snapshot.purchases.ids[*i]));
    places.truncate(MOST_ROWS);
    let mut text = String::from(
        "id,name,city,orders,last_order_day,stage,revenue,p_alive,expected_orders,expected_value,risk,value_at_risk,signals\n",
    );
    for chunk in places.chunks(2_000) {
        for row in rows(&op, &snapshot, chunk).await? {
            write_row(&mut text, &row);
        }
    }
    let mut tx = op.app.db.write().await?;
    let detail = serde_json::json!({ "rows": places.len() });
    op.audit(&mut tx, "insight.export_list", "customers", op.ws().get(), detail).await?;
    tx.commit().await?;
    Ok(csv_answer("customers", text))
}

fn write_row(text: &mut String, row: &CustomerRow) {
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.4}"));
    let money = |minor: i64| format!("{:.2}", minor as f64 / 100.0);
    let signals: Vec<&str> = row.signals.iter().map(|s| s.name()).collect();
    let _ = writeln!(
        text,
        "{},{},{},{},{},{},{},{},{},{},{},{},{}",
        row.id,
        cell(&row.name),
        cell(&row.city),
        row.orders,
        row.last_order_day.as_deref().unwrap_or(""),
        row.stage,
        money(row.revenue.minor),
        number(row.p_alive),
        number(row.expected_orders),
        row.expected_value.map_or_else(String::new, |m| money(m.minor)),
        number(row.risk),
        money(row.value_at_risk.minor),
        signals.join(" ")
    );
}

/// A table of a page as CSV: rfm, cohorts, months.
#[utoipa::path(get, path = "/api/insight/export/{table}", tag = "insight", params(("table" = String, Path)), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn table_csv(
    need::Viewer(op): need::Viewer,
    Path(table): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let name = table.trim_end_matches(".csv").to_owned();
    let text = snapshot::blocking(move || {
        let mut text = String::new();
        match name.as_str() {
            "rfm" => {
                text.push_str("customer,recency_days,frequency,monetary_minor,r,f,m\n");
                for (id, row) in snapshot.purchases.ids.iter().zip(snapshot.rfm()).filter(|(_, row)| row.r > 0) {
                    let _ = writeln!(
                        text,
                        "{id},{},{},{},{},{},{}",
                        row.recency_days, row.frequency, row.monetary_minor, row.r, row.f, row.m
                    );
                }
            }
            "cohorts" => {
                text.push_str("cohort_month,month_index,customers,revenue_minor\n");
                for (cohort, cells) in &snapshot.derived().cohorts {
                    for (index, c) in cells.iter().enumerate().filter(|(_, c)| c.customers > 0) {
                        let _ = writeln!(text, "{},{index},{},{}", month_name(*cohort), c.customers, c.revenue_minor);
                    }
                }
            }
            "months" => {
                text.push_str("month,active_at_start,new_customers,lapsed,returned,buyers,orders,revenue_minor,revenue_new_minor\n");
                for row in &snapshot.derived().months {
                    let p = &row.period;
                    let _ = writeln!(
                        text,
                        "{},{},{},{},{},{},{},{},{}",
                        month_name(row.month),
                        p.active_at_start,
                        p.new_customers,
                        p.lapsed,
                        p.returned,
                        p.buyers,
                        p.orders,
                        p.revenue_minor,
                        p.revenue_new_minor
                    );
                }
            }
            _ => return None,
        }
        Some((name, text))
    })
    .await?;
    let (name, text) = text.ok_or_else(|| Fault::not_found("table", "There is no such table."))?;
    Ok(csv_answer(&name, text))
}
