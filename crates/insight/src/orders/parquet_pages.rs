//! Flat columns of numbers, from the pages of a Parquet row group straight to whole numbers: no arrays between, and
//! a value of a dictionary is converted once. Other columns and encodings go the way through Arrow.

use super::money;
use super::parquet_runs::{Run, Runs, SHORT};
use arrow_schema::DataType;
use parquet::basic::{Compression, ConvertedType, Encoding, LogicalType, TimeUnit, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

const SECONDS_PER_DAY: i64 = 86_400;

/// What the numbers of a column are, and how they become ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Taken as they are, times the scale: ids, days, minor units.
    Whole32 {
        scale: i64,
    },
    Whole64 {
        scale: i64,
    },
    /// Moments, to days since 1970-01-01.
    Ticks {
        per_day: i64,
    },
    /// Amounts, to minor units.
    Single {
        is_minor: bool,
    },
    Double {
        is_minor: bool,
    },
}

impl Kind {
    /// Of a column of ids; `None` when it is not for this reader.
    pub(super) fn of_ids(chunk: &ColumnChunkMetaData, kind: &DataType) -> Option<Self> {
        match kind {
            DataType::Int16 | DataType::Int32 | DataType::Int64 => Self::whole(chunk, 1),
            _ => None,
        }
    }

    /// Of a column of dates or moments.
    pub(super) fn of_days(chunk: &ColumnChunkMetaData, kind: &DataType) -> Option<Self> {
        if !matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)) {
            return None;
        }
        let column = chunk.column_descr();
        // The file's own unit: the one of Arrow's schema may be another.
        let per_second = match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
            (Type::INT32, Some(LogicalType::Date), _) | (Type::INT32, None, ConvertedType::DATE) => {
                return Some(Self::Whole32 { scale: 1 });
            }
            (Type::INT64, Some(LogicalType::Timestamp(moment)), _) => match moment.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            },
            (Type::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => 1_000,
            (Type::INT64, None, ConvertedType::TIMESTAMP_MICROS) => 1_000_000,
            _ => return None,
        };
        Some(Self::Ticks { per_day: per_second * SECONDS_PER_DAY })
    }

    /// Of a column of amounts.
    pub(super) fn of_minors(chunk: &ColumnChunkMetaData, kind: &DataType, name: &str) -> Option<Self> {
        let is_minor = name.ends_with("_minor");
        match (kind, chunk.column_descr().physical_type()) {
            (DataType::Int32 | DataType::Int64, _) => Self::whole(chunk, if is_minor { 1 } else { 100 }),
            (DataType::Float32, Type::FLOAT) => Some(Self::Single { is_minor }),
            (DataType::Float64, Type::DOUBLE) => Some(Self::Double { is_minor }),
            _ => None,
        }
    }

    fn whole(chunk: &ColumnChunkMetaData, scale: i64) -> Option<Self> {
        let column = chunk.column_descr();
        let plain = match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Integer(kind)), _) => kind.is_signed,
            (
                None,
                ConvertedType::NONE | ConvertedType::INT_16 | ConvertedType::INT_32 | ConvertedType::INT_64,
            ) => true,
            _ => false,
        };
        match column.physical_type() {
            Type::INT32 if plain => Some(Self::Whole32 { scale }),
            Type::INT64 if plain => Some(Self::Whole64 { scale }),
            _ => None,
        }
    }

    const fn width(self) -> usize {
        match self {
            Self::Whole32 { .. } | Self::Single { .. } => 4,
            Self::Whole64 { .. } | Self::Ticks { .. } | Self::Double { .. } => 8,
        }
    }

    fn convert(self, bytes: &[u8], out: &mut Vec<i64>) -> Result<(), String> {
        let whole32 = || bytes.as_chunks::<4>().0.iter().map(|b| i64::from(i32::from_le_bytes(*b)));
        let whole64 = || bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b));
        match self {
            Self::Whole32 { scale: 1 } => out.extend(whole32()),
            Self::Whole32 { scale } => out.extend(whole32().map(|v| v * scale)),
            Self::Whole64 { scale: 1 } => out.extend(whole64()),
            Self::Whole64 { scale } => {
                for v in whole64() {
                    out.push(v.checked_mul(scale).ok_or_else(|| format!("{v} is too large an amount"))?);
                }
            }
            Self::Ticks { per_day } => {
                let day = |v: i64| i32::try_from(v.div_euclid(per_day)).unwrap_or(i32::MAX);
                out.extend(whole64().map(|v| i64::from(day(v))));
            }
            Self::Single { is_minor } => {
                for b in bytes.as_chunks::<4>().0 {
                    out.push(money::from_column(f64::from(f32::from_le_bytes(*b)), is_minor)?);
                }
            }
            Self::Double { is_minor } => {
                for b in bytes.as_chunks::<8>().0 {
                    out.push(money::from_column(f64::from_le_bytes(*b), is_minor)?);
                }
            }
        }
        Ok(())
    }
}

/// Whether the pages of a chunk are ones that [`Numbers`] reads.
pub(super) fn reads(chunk: &ColumnChunkMetaData) -> bool {
    let column = chunk.column_descr();
    let flat = column.max_rep_level() == 0 && column.max_def_level() <= 1;
    #[expect(deprecated, reason = "old files hold it")]
    let known = |encoding: Encoding| match encoding {
        Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => true,
        // Writers of old name it for the levels of columns that have none.
        Encoding::BIT_PACKED => column.max_def_level() == 0,
        _ => false,
    };
    flat && chunk.encodings().all(known)
}

/// Values of one column for some rows; those of empty cells are 0.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) values: Vec<i64>,
    /// Whether each row has a value; empty when all have.
    pub(super) present: Vec<bool>,
}

impl Values {
    fn clear(&mut self) {
        self.values.clear();
        self.present.clear();
    }

    /// Moves the values read from `from` on to the rows that have one.
    fn spread(&mut self, from: usize, levels: &[bool]) {
        let mut next = self.values.len();
        self.values.resize(from + levels.len(), 0);
        for (row, present) in levels.iter().enumerate().rev() {
            let at = from + row;
            self.values[at] = if *present {
                next -= 1;
                self.values[next]
            } else {
                0
            };
        }
    }
}

/// Where the values of a page are.
enum Body {
    Plain { at: usize },
    Dictionary(Runs),
}

/// A page that is being read.
struct Open {
    rows_left: usize,
    /// Which rows have a value, and where that is said; `None` when the column has no empty cells.
    levels: Option<(Runs, Range<usize>)>,
    values: Range<usize>,
    body: Body,
}

/// The column of one row group.
pub(super) struct Numbers {
    pages: SerializedPageReader<File>,
    kind: Kind,
    optional: bool,
    dictionary: Vec<i64>,
    /// Whether pages come as they are stored, compressed: decompressing them here needs no new memory for each.
    snappy: bool,
    /// The page, then something else.
    bytes: Vec<u8>,
    page: Option<Open>,
    present: Vec<bool>,
    indices: Vec<u32>,
}

impl Numbers {
    pub(super) fn open(
        file: &Arc<File>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        kind: Kind,
    ) -> Result<Self, String> {
        let snappy = chunk.compression() == Compression::SNAPPY;
        let stored = match snappy {
            true => chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build(),
            false => Ok(chunk.clone()),
        };
        let pages =
            stored.and_then(|stored| SerializedPageReader::new(Arc::clone(file), &stored, rows, None));
        Ok(Self {
            pages: pages.map_err(|e| e.to_string())?,
            snappy,
            bytes: Vec::new(),
            kind,
            optional: chunk.column_descr().max_def_level() > 0,
            dictionary: Vec::new(),
            page: None,
            present: Vec::new(),
            indices: Vec::new(),
        })
    }

    /// Reads the next `rows` rows.
    pub(super) fn read(&mut self, rows: usize, out: &mut Values) -> Result<(), String> {
        out.clear();
        while out.values.len() < rows {
            if self.page.as_ref().is_none_or(|page| page.rows_left == 0) {
                self.turn()?;
                continue;
            }
            self.read_page(rows - out.values.len(), out)?;
        }
        Ok(())
    }

    /// Opens the next page.
    fn turn(&mut self) -> Result<(), String> {
        self.page = None;
        let page = self.pages.get_next_page().map_err(|e| e.to_string())?;
        let (rows, encoding, levels, end) = match page.ok_or(SHORT)? {
            Page::DictionaryPage { buf, num_values, .. } => {
                let end = self.take(&buf, 0, true)?;
                self.dictionary.clear();
                let bytes = self.bytes[..end].get(..num_values as usize * self.kind.width()).ok_or(SHORT)?;
                return self.kind.convert(bytes, &mut self.dictionary);
            }
            Page::DataPage { buf, num_values, encoding, .. } => {
                let end = self.take(&buf, 0, true)?;
                let levels = match self.optional {
                    true => {
                        let (length, _) = self.bytes[..end].split_first_chunk::<4>().ok_or(SHORT)?;
                        4..4 + u32::from_le_bytes(*length) as usize
                    }
                    false => 0..0,
                };
                (num_values, encoding, levels, end)
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                // Levels are never compressed.
                let from = rep_levels_byte_len as usize;
                let levels = from..from + def_levels_byte_len as usize;
                let end = self.take(&buf, levels.end, is_compressed)?;
                (num_values, encoding, levels, end)
            }
        };
        if levels.end > end {
            return Err(SHORT.into());
        }
        let mut values = levels.end..end;
        let body = match encoding {
            Encoding::PLAIN => Body::Plain { at: 0 },
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                // A page of empty cells alone may hold no width.
                let width = self.bytes[values.clone()].first().copied().unwrap_or(0);
                values.start = end.min(values.start + 1);
                Body::Dictionary(Runs::new(u32::from(width))?)
            }
            other => return Err(format!("a page is encoded as {other}, its column is not")),
        };
        let levels = self.optional.then(|| Runs::new(1).map(|runs| (runs, levels))).transpose()?;
        self.page = Some(Open { rows_left: rows as usize, levels, values, body });
        Ok(())
    }

    /// Takes a page over, of which the first bytes are not compressed; answers where it ends.
    fn take(&mut self, page: &[u8], plain: usize, compressed: bool) -> Result<usize, String> {
        let (head, rest) = page.split_at_checked(plain).ok_or(SHORT)?;
        // A page without values may have nothing to decompress.
        if self.snappy && compressed && !rest.is_empty() {
            let length = snap::raw::decompress_len(rest).map_err(|e| e.to_string())?;
            // No element of the format makes more of its bytes than a copy of 64 in three.
            if length / 32 > rest.len() {
                return Err(SHORT.into());
            }
            let end = plain + length;
            if self.bytes.len() < end {
                self.bytes.resize(end, 0);
            }
            self.bytes[..plain].copy_from_slice(head);
            let mut decoder = snap::raw::Decoder::new();
            decoder.decompress(rest, &mut self.bytes[plain..end]).map_err(|e| e.to_string())?;
            return Ok(end);
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(page);
        Ok(page.len())
    }

    /// At most `most` rows of the open page.
    fn read_page(&mut self, most: usize, out: &mut Values) -> Result<(), String> {
        let Some(page) = &mut self.page else { return Ok(()) };
        let rows = most.min(page.rows_left);
        page.rows_left -= rows;
        let mut present = rows;
        self.present.clear();
        if let Some((levels, place)) = &mut page.levels {
            let bytes = &self.bytes[place.clone()];
            let mut seen = 0;
            while seen < rows {
                match levels.next(bytes, rows - seen, &mut self.indices)? {
                    // Nearly always one run of ones.
                    Run::Same { value: 1, count } if count == rows => {}
                    Run::Same { value, count } => self.present.extend(std::iter::repeat_n(value > 0, count)),
                    Run::Each => self.present.extend(self.indices.iter().map(|level| *level > 0)),
                }
                seen = if self.present.is_empty() { rows } else { self.present.len() };
            }
            if !self.present.is_empty() {
                present = self.present.iter().filter(|p| **p).count();
            }
        }
        let before = out.values.len();
        let values = &self.bytes[page.values.clone()];
        match &mut page.body {
            Body::Plain { at } => {
                let end = *at + present * self.kind.width();
                self.kind.convert(values.get(*at..end).ok_or(SHORT)?, &mut out.values)?;
                *at = end;
            }
            Body::Dictionary(runs) => {
                look_up(runs, values, present, &self.dictionary, &mut self.indices, &mut out.values)?;
            }
        }
        if present < rows {
            out.present.resize(before, true);
            out.present.extend_from_slice(&self.present);
            out.spread(before, &self.present);
        } else if !out.present.is_empty() {
            out.present.resize(before + rows, true);
        }
        Ok(())
    }
}

/// Appends the next `count` values that `runs` names by their place in the dictionary.
fn look_up(
    runs: &mut Runs,
    bytes: &[u8],
    count: usize,
    dictionary: &[i64],
    indices: &mut Vec<u32>,
    out: &mut Vec<i64>,
) -> Result<(), String> {
    const OUTSIDE: &str = "a page names a value that its dictionary has not";
    let mut left = count;
    while left > 0 {
        match runs.next(bytes, left, indices)? {
            Run::Same { value, count } => {
                let value = dictionary.get(value as usize).ok_or(OUTSIDE)?;
                out.extend(std::iter::repeat_n(*value, count));
                left -= count;
            }
            Run::Each => {
                if indices.iter().any(|i| *i as usize >= dictionary.len()) {
                    return Err(OUTSIDE.into());
                }
                out.extend(indices.iter().map(|i| dictionary[*i as usize]));
                left -= indices.len();
            }
        }
    }
    Ok(())
}
