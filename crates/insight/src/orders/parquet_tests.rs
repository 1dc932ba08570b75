//! Parquet files of any kind against what was written into them.

use super::{Columns, Loaded, Summary, load, read_summary};
use crate::rules::occasions::LeftOut;
use crate::rules::scatter::per_customer;
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt32Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn read(path: &Path, amount: &str) -> Loaded {
    let columns = Columns {
        customer: "customer".into(),
        date: "day".into(),
        amount: Some(amount.into()),
        date_order: None,
    };
    load(path, &columns, None).unwrap()
}

/// Threads that read row groups of one file do not get in each other's way.
#[test]
fn row_groups_are_read_in_parallel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.parquet");
    let rows = 60_000i64;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer", Arc::new(Int64Array::from_iter_values((0..rows).map(|i| (i * 7_919) % 5_000)))),
        ("day", Arc::new(Date32Array::from_iter_values((0..60_000).map(|i| i / 100)))),
        ("amount_minor", Arc::new(Int64Array::from_iter_values(0..rows))),
    ];
    write(&path, columns, WriterProperties::builder().set_max_row_group_row_count(Some(1_000)).build());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
    for _ in 0..5 {
        let loaded = pool.install(|| read(&path, "amount_minor"));
        let totals = per_customer(loaded.scatter, |_, o| Some(o.iter().map(|o| o.minor).sum::<i64>()));
        assert_eq!((loaded.orders, totals.len()), (60_000, 5_000));
        assert_eq!(totals.iter().sum::<i64>(), rows * (rows - 1) / 2);
    }
}

type Row = (Option<i64>, Option<i32>, Option<i64>);

fn ids(rows: &[Row], kind: usize) -> ArrayRef {
    let ids = rows.iter().map(|row| row.0);
    match kind {
        0 => Arc::new(ids.map(|v| v.map(|v| i16::try_from(v).unwrap())).collect::<Int16Array>()),
        1 => Arc::new(ids.map(|v| v.map(|v| i32::try_from(v).unwrap())).collect::<Int32Array>()),
        2 => Arc::new(ids.map(|v| v.map(|v| u32::try_from(v).unwrap())).collect::<UInt32Array>()),
        3 => Arc::new(ids.map(|v| v.map(|v| v.to_string())).collect::<StringArray>()),
        // Far apart: not dense.
        4 => Arc::new(ids.map(|v| v.map(|v| v << 40)).collect::<Int64Array>()),
        _ => Arc::new(ids.collect::<Int64Array>()),
    }
}

fn days(rows: &[Row], kind: usize) -> ArrayRef {
    let seconds = rows.iter().map(|row| row.1.map(|day| i64::from(day) * 86_400 + 86_399));
    match kind {
        0 => Arc::new(seconds.collect::<TimestampSecondArray>()),
        1 => Arc::new(seconds.map(|s| s.map(|s| s * 1_000)).collect::<TimestampMillisecondArray>()),
        2 => Arc::new(seconds.map(|s| s.map(|s| s * 1_000_000)).collect::<TimestampMicrosecondArray>()),
        3 => Arc::new(seconds.map(|s| s.map(|s| s * 1_000_000_000)).collect::<TimestampNanosecondArray>()),
        4 => Arc::new(rows.iter().map(|row| row.1.map(super::day_name)).collect::<StringArray>()),
        _ => Arc::new(rows.iter().map(|row| row.1).collect::<Date32Array>()),
    }
}

fn amounts(rows: &[Row], kind: usize) -> (&'static str, ArrayRef) {
    let minors = rows.iter().map(|row| row.2);
    let small = |v: i64| i32::try_from(v).unwrap();
    match kind {
        0 => ("amount_minor", Arc::new(minors.map(|v| v.map(small)).collect::<Int32Array>())),
        1 => ("amount", Arc::new(minors.map(|v| v.map(|v| v as f64 / 100.0)).collect::<Float64Array>())),
        2 => {
            ("amount", Arc::new(minors.map(|v| v.map(|v| small(v) as f32 / 100.0)).collect::<Float32Array>()))
        }
        3 => ("amount_minor", Arc::new(minors.map(|v| v.map(|v| v as f64)).collect::<Float64Array>())),
        4 => {
            let array = minors.map(|v| v.map(i128::from)).collect::<Decimal128Array>();
            ("amount", Arc::new(array.with_precision_and_scale(10, 2).unwrap()))
        }
        _ => ("amount_minor", Arc::new(minors.collect::<Int64Array>())),
    }
}

fn any_row() -> impl Strategy<Value = Row> {
    (
        prop::option::weighted(0.9, 1i64..60),
        prop::option::weighted(0.9, prop_oneof![Just(19_000i32), -30_000i32..30_000]),
        prop::option::weighted(0.9, prop_oneof![20 => 0i64..50_000, 1 => -500i64..0]),
    )
}

fn any_properties() -> impl Strategy<Value = WriterProperties> {
    let compression = prop_oneof![
        Just(Compression::UNCOMPRESSED),
        Just(Compression::SNAPPY),
        Just(Compression::ZSTD(parquet::basic::ZstdLevel::default())),
    ];
    // Without a dictionary the second version writes differences, which go through Arrow.
    (any::<bool>(), any::<bool>(), compression, 1usize..90, 20usize..400, 1usize..4_000).prop_map(
        |(second, dictionary, compression, page, group, dictionary_bytes)| {
            let version = if second { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
            WriterProperties::builder()
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_dictionary_page_size_limit(dictionary_bytes)
                .set_compression(compression)
                .set_write_batch_size(page)
                .set_data_page_row_count_limit(page)
                .set_max_row_group_row_count(Some(group))
                .build()
        },
    )
}

proptest! {
    #[test]
    fn any_file_is_read_as_it_was_written(
        rows in prop::collection::vec(any_row(), 1..500),
        full in prop::bool::weighted(0.4),
        properties in any_properties(),
        kinds in (0usize..9, 0usize..9, 0usize..9),
    ) {
        let whole = |row: &Row| row.0.is_some() && row.1.is_some() && row.2.is_some();
        let rows: Vec<Row> = rows.into_iter().filter(|row| !full || whole(row)).collect();
        let mut left = LeftOut::default();
        let mut truth: BTreeMap<i64, BTreeMap<i32, i64>> = BTreeMap::new();
        for row in &rows {
            match *row {
                (None, _, _) => left.guests += 1,
                (_, None, _) | (_, _, None) => left.blank += 1,
                (_, _, Some(minor)) if minor < 0 => left.negative += 1,
                (Some(id), Some(day), Some(minor)) => {
                    *truth.entry(id).or_default().entry(day).or_default() += minor;
                }
            }
        }
        prop_assume!(!truth.is_empty());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.parquet");
        let (name, minors) = amounts(&rows, kinds.2);
        // The order of columns is the file's own, and there are others.
        let other: ArrayRef = Arc::new(StringArray::from(vec!["x"; rows.len()]));
        let columns = vec![(name, minors), ("note", other), ("day", days(&rows, kinds.1)), ("customer", ids(&rows, kinds.0))];
        write(&path, columns, properties);
        let loaded = read(&path, name);
        prop_assert_eq!(loaded.left_out, left);
        let names = loaded.ids;
        let got = per_customer(loaded.scatter, |code, occasions| {
            let id: i64 = names.name(code).parse().unwrap();
            let days: BTreeMap<i32, i64> = occasions.iter().map(|o| (o.day, o.minor)).collect();
            Some((if kinds.0 == 4 { id >> 40 } else { id }, days))
        });
        prop_assert_eq!(got.into_iter().collect::<BTreeMap<_, _>>(), truth);
    }
}

proptest! {
    /// A summary in Parquet has the cells of the rows that were written, whole or not.
    #[test]
    fn any_summary_is_read_as_it_was_written(
        rows in prop::collection::vec((0u32..5, 0u32..400, 0u32..400), 1..400),
        kind in 0usize..4,
        properties in any_properties(),
    ) {
        let rows: Vec<(u32, u32, u32)> =
            rows.into_iter().map(|(x, a, b)| if x == 0 { (0, 0, a + b) } else { (x, a, a + b) }).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.parquet");
        let column = |of: &dyn Fn(&(u32, u32, u32)) -> u32, kind: usize| -> ArrayRef {
            let values = rows.iter().map(|row| i64::from(of(row)));
            match kind {
                0 => Arc::new(values.map(|v| i32::try_from(v).unwrap()).collect::<Int32Array>()),
                1 => Arc::new(values.collect::<Int64Array>()),
                2 => Arc::new(values.map(|v| v as f64).collect::<Float64Array>()),
                _ => Arc::new(values.map(Some).collect::<Int64Array>()),
            }
        };
        let columns = vec![
            ("T", column(&|row| row.2, kind)),
            ("x", column(&|row| row.0, 0)),
            ("t_x", column(&|row| row.1, kind)),
        ];
        write(&path, columns, properties);
        let summary = read_summary(&path).unwrap();
        prop_assert!(kind != 2 || matches!(summary, Summary::Exact(_)));
        prop_assert_eq!(summary.len(), rows.len());
        let cells: BTreeMap<(u32, u64, u64), f64> = summary
            .into_cells(0.5)
            .iter()
            .map(|cell| ((cell.x, cell.t_x.to_bits(), cell.t.to_bits()), cell.weight))
            .collect();
        let mut truth: BTreeMap<(u32, u64, u64), f64> = BTreeMap::new();
        for (x, t_x, t) in rows {
            let half = |time: u32| (f64::from(time) * 0.5).to_bits();
            *truth.entry((x, half(t_x), half(t))).or_default() += 1.0;
        }
        prop_assert_eq!(cells, truth);
    }
}

#[test]
fn rows_that_are_no_histories_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.parquet");
    for (x, t_x, t) in [(1, 9, 5), (0, 3, 5), (-1, 0, 5), (2, -1, 5), (1, 2, 1 << 33)] {
        let cell = |v: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![1, v])) };
        let columns = vec![("x", cell(x)), ("t_x", cell(t_x)), ("T", cell(t))];
        write(&path, columns, WriterProperties::default());
        assert!(read_summary(&path).is_err(), "{x} {t_x} {t}");
    }
}
