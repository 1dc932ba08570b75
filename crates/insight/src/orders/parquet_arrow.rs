//! Cells of Arrow arrays as ours, for columns and encodings that are not read straight from their pages.

use super::{InputError, dates, money};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};

const SECONDS_PER_DAY: i64 = 86_400;

pub(super) fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef, InputError> {
    batch.column_by_name(name).ok_or_else(|| InputError {
        file: String::new(),
        line: None,
        column: Some(name.to_string()),
        what: "there is no such column".into(),
    })
}

pub(super) fn text(array: &ArrayRef, row: usize) -> &str {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        DataType::Utf8View => array.as_string_view().value(row),
        _ => "",
    }
}

/// Ids minus the base; cells outside u32 belong to empty rows.
pub(super) fn read_codes(array: &ArrayRef, base: i64, out: &mut Vec<u32>) -> Result<(), String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the column's range was checked from its statistics"
    )]
    let code = |v: i64| v.wrapping_sub(base) as u32;
    out.clear();
    match array.data_type() {
        DataType::Int16 => {
            out.extend(array.as_primitive::<Int16Type>().values().iter().map(|v| code(i64::from(*v))));
        }
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| code(i64::from(*v))));
        }
        DataType::Int64 => out.extend(array.as_primitive::<Int64Type>().values().iter().map(|v| code(*v))),
        other => return Err(format!("customers cannot be of type {other}")),
    }
    Ok(())
}

pub(super) fn read_wide(array: &ArrayRef, out: &mut Vec<i64>) -> Result<(), String> {
    out.clear();
    match array.data_type() {
        DataType::Int16 => {
            out.extend(array.as_primitive::<Int16Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::Int64 => out.extend_from_slice(array.as_primitive::<Int64Type>().values()),
        DataType::UInt16 => {
            out.extend(array.as_primitive::<UInt16Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::UInt32 => {
            out.extend(array.as_primitive::<UInt32Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::UInt64 => {
            for v in array.as_primitive::<UInt64Type>().values() {
                out.push(i64::try_from(*v).map_err(|_| format!("the customer id {v} is too large"))?);
            }
        }
        other => return Err(format!("customers cannot be of type {other}")),
    }
    Ok(())
}

pub(super) fn read_days(array: &ArrayRef, out: &mut Vec<i32>) -> Result<(), String> {
    let day = |v: i64, per_second: i64| {
        i32::try_from(v.div_euclid(per_second * SECONDS_PER_DAY)).unwrap_or(i32::MAX)
    };
    out.clear();
    match array.data_type() {
        DataType::Date32 => out.extend_from_slice(array.as_primitive::<Date32Type>().values()),
        DataType::Date64 => {
            out.extend(array.as_primitive::<Date64Type>().values().iter().map(|v| day(*v, 1000)));
        }
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => {
                out.extend(array.as_primitive::<TimestampSecondType>().values().iter().map(|v| day(*v, 1)));
            }
            TimeUnit::Millisecond => {
                out.extend(
                    array.as_primitive::<TimestampMillisecondType>().values().iter().map(|v| day(*v, 1000)),
                );
            }
            TimeUnit::Microsecond => out.extend(
                array.as_primitive::<TimestampMicrosecondType>().values().iter().map(|v| day(*v, 1_000_000)),
            ),
            TimeUnit::Nanosecond => out.extend(
                array
                    .as_primitive::<TimestampNanosecondType>()
                    .values()
                    .iter()
                    .map(|v| day(*v, 1_000_000_000)),
            ),
        },
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            for row in 0..array.len() {
                if array.is_null(row) {
                    out.push(0);
                    continue;
                }
                let value = text(array, row);
                out.push(dates::parse_day(value, None).ok_or_else(|| format!("{value:?} is not a date"))?);
            }
        }
        other => return Err(format!("dates cannot be of type {other}")),
    }
    Ok(())
}

/// Amounts in minor units: whole numbers of a column named `…_minor` are minor units already, every other
/// number is in major units.
pub(super) fn read_minors(array: &ArrayRef, name: &str, out: &mut Vec<i64>) -> Result<(), String> {
    let scale = if name.ends_with("_minor") { 1 } else { 100 };
    let float = |v: f64| money::from_column(v, scale == 1);
    let blank = |row: usize| array.is_null(row);
    match array.data_type() {
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| i64::from(*v) * scale));
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().values();
            if scale == 1 {
                out.extend_from_slice(values);
            } else {
                for v in values {
                    out.push(v.checked_mul(scale).ok_or_else(|| format!("{v} is too large an amount"))?);
                }
            }
        }
        DataType::Float64 => {
            for (row, v) in array.as_primitive::<Float64Type>().values().iter().enumerate() {
                out.push(if blank(row) { 0 } else { float(*v)? });
            }
        }
        DataType::Float32 => {
            for (row, v) in array.as_primitive::<Float32Type>().values().iter().enumerate() {
                out.push(if blank(row) { 0 } else { float(f64::from(*v))? });
            }
        }
        DataType::Decimal128(_, places) => {
            let unit = 10f64.powi(i32::from(*places));
            for (row, v) in array.as_primitive::<Decimal128Type>().values().iter().enumerate() {
                out.push(if blank(row) { 0 } else { float(*v as f64 / unit)? });
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            for row in 0..array.len() {
                let value = if blank(row) { "0" } else { text(array, row) };
                out.push(super::parse_minor(value).ok_or_else(|| format!("{value:?} is not an amount"))?);
            }
        }
        other => return Err(format!("amounts cannot be of type {other}")),
    }
    Ok(())
}
