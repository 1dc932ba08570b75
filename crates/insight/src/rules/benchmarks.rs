//! Claims of the market, with where they come from. They say nothing of the own base: they are shown beside it, labelled, and
//! a workspace may set a value and a source of its own.

use serde::Serialize;

/// How a value reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BenchmarkUnit {
    Share,
    /// So many to one.
    Times,
}

/// A benchmark as shipped; a value is missing where only the workspace can know it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shipped {
    pub code: &'static str,
    pub value: Option<f64>,
    pub unit: BenchmarkUnit,
    pub source: &'static str,
}

/// Silent leavers for each one who complains.
pub const SILENT_PER_COMPLAINT: &str = "silent_per_complaint";
/// Conversion of cold traffic into a sale.
pub const COLD_CONVERSION: &str = "cold_conversion";

const fn shipped(code: &'static str, value: f64, unit: BenchmarkUnit, source: &'static str) -> Shipped {
    Shipped { code, value: Some(value), unit, source }
}

pub const SHIPPED: [Shipped; 9] = [
    shipped(SILENT_PER_COMPLAINT, 25.0, BenchmarkUnit::Times, "TARP, after Goodman (1999)"),
    Shipped { code: COLD_CONVERSION, value: None, unit: BenchmarkUnit::Share, source: "" },
    shipped(
        "try_a_rival",
        0.59,
        BenchmarkUnit::Share,
        "American Express Global Customer Service Barometer (2011)",
    ),
    shipped(
        "deal_dropped",
        0.78,
        BenchmarkUnit::Share,
        "American Express Global Customer Service Barometer (2011)",
    ),
    // Cited everywhere, and nowhere with its study: the page says that the source is unknown.
    shipped("complain_in_public", 0.20, BenchmarkUnit::Share, ""),
    shipped("unanswered_churn", 0.15, BenchmarkUnit::Share, "Gartner (2012)"),
    shipped("loyal_buys_more", 5.0, BenchmarkUnit::Times, "Temkin Group"),
    shipped("loyal_forgives", 5.0, BenchmarkUnit::Times, "Temkin Group"),
    shipped("loyal_recommends", 4.0, BenchmarkUnit::Times, "Temkin Group"),
];

/// A benchmark of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Benchmark {
    pub code: String,
    pub value: Option<f64>,
    pub unit: BenchmarkUnit,
    pub source: String,
    /// Set by the workspace.
    pub own: bool,
}

/// The shipped ones under the workspace's values: (code, value, source).
#[must_use]
pub fn benchmarks(own: &[(String, f64, String)]) -> Vec<Benchmark> {
    SHIPPED
        .iter()
        .map(|b| {
            let set = own.iter().find(|(code, ..)| code == b.code);
            Benchmark {
                code: b.code.to_owned(),
                value: set.map(|(_, value, _)| *value).or(b.value),
                unit: b.unit,
                source: set.map_or_else(|| b.source.to_owned(), |(.., source)| source.clone()),
                own: set.is_some(),
            }
        })
        .collect()
}
