use crate::rules::benchmarks::{Benchmark, BenchmarkUnit, SHIPPED, benchmarks};
use crate::store;
use access::page::Page;
use access::{Answer, Op, need};
use axum::Json;
use axum::extract::Path;
use basis::{Fault, visible};
use serde::Deserialize;
use utoipa::ToSchema;

/// Claims of the market with their sources; never figures of the own base.
#[utoipa::path(get, path = "/api/benchmarks", tag = "insight", responses((status = 200, body = Page<Benchmark>)))]
pub(super) async fn list(need::Viewer(op): need::Viewer) -> Answer<Page<Benchmark>> {
    all(&op).await
}

async fn all(op: &Op) -> Answer<Page<Benchmark>> {
    let mut tx = op.app.db.read().await?;
    let own = store::own_benchmarks(&mut tx, op.ws()).await?;
    Ok(Json(Page::whole(benchmarks(&own))))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct BenchmarkChange {
    /// A share of 0 to 1, or so many to one.
    value: f64,
    source: String,
}

fn unit(code: &str) -> Result<BenchmarkUnit, Fault> {
    let known = SHIPPED.iter().find(|b| b.code == code).map(|b| b.unit);
    known.ok_or_else(|| Fault::not_found("benchmark", format!("there is no benchmark \"{code}\"")))
}

/// Sets the workspace's own value and source.
#[utoipa::path(put, path = "/api/benchmarks/{code}", tag = "insight", params(("code" = String, Path)), request_body = BenchmarkChange,
    responses((status = 200, body = Page<Benchmark>), (status = 404), (status = 422)))]
pub(super) async fn set(
    need::Marketer(op): need::Marketer,
    Path(code): Path<String>,
    Json(change): Json<BenchmarkChange>,
) -> Answer<Page<Benchmark>> {
    let highest = match unit(&code)? {
        BenchmarkUnit::Share => 1.0,
        BenchmarkUnit::Times => 1_000.0,
    };
    if !(0.0..=highest).contains(&change.value) {
        let what = format!("{} is not between 0 and {highest}", change.value);
        return Err(Fault::invalid("value", what.clone()).with_field("value", what).into());
    }
    let source: String = visible(&change.source).chars().take(200).collect();
    if source.is_empty() {
        let what = "whose figure it is";
        return Err(Fault::invalid("source", "A benchmark without a source is a rumour.")
            .with_field("source", what)
            .into());
    }
    let mut tx = op.app.db.write().await?;
    store::set_benchmark(&mut tx, op.ws(), &code, change.value, &source).await?;
    let detail = serde_json::json!({ "value": change.value, "source": source });
    op.audit(&mut tx, "benchmark.set", "benchmark", &code, detail).await?;
    tx.commit().await?;
    all(&op).await
}

/// Back to the value and source that were shipped.
#[utoipa::path(delete, path = "/api/benchmarks/{code}", tag = "insight", params(("code" = String, Path)),
    responses((status = 200, body = Page<Benchmark>), (status = 404)))]
pub(super) async fn reset(
    need::Marketer(op): need::Marketer,
    Path(code): Path<String>,
) -> Answer<Page<Benchmark>> {
    unit(&code)?;
    let mut tx = op.app.db.write().await?;
    store::remove_benchmark(&mut tx, op.ws(), &code).await?;
    op.audit(&mut tx, "benchmark.reset", "benchmark", &code, serde_json::json!({})).await?;
    tx.commit().await?;
    all(&op).await
}
