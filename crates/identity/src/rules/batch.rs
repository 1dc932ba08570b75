//! What goes in: records of people as sources keep them, column by column.

/// One record of one source. Every text may be empty and is taken as typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct PersonRecord<'a> {
    /// Unique in the batch: the order number, else the row's own id.
    pub id: &'a str,
    /// The order this record belongs to when it is no order itself (a delivery address, a call).
    pub order: &'a str,
    /// The source's own key of the person: a customer number, an account of a social network.
    pub account: &'a str,
    pub source: u16,
    /// Day of the record, days since 1970-01-01; 0 is unknown.
    pub day: i32,
    /// Money at stake in minor units: orders the question of which doubtful pairs to show first.
    pub value: i64,
    pub full_name: &'a str,
    pub given_name: &'a str,
    pub family_name: &'a str,
    pub patronymic: &'a str,
    pub phone: &'a str,
    pub email: &'a str,
    pub address: &'a str,
    pub street: &'a str,
    pub house: &'a str,
    pub city: &'a str,
    pub region: &'a str,
    pub postcode: &'a str,
    pub birth_date: &'a str,
    pub national_id: &'a str,
    pub other: &'a str,
    /// Profiles in social networks.
    pub social: &'a str,
}

/// A name as typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct NameCells<'a> {
    pub full: &'a str,
    pub given: &'a str,
    pub family: &'a str,
    pub patronymic: &'a str,
}

const TEXTS: usize = 19;

impl<'a> PersonRecord<'a> {
    pub(super) fn name(&self) -> NameCells<'a> {
        NameCells {
            full: self.full_name,
            given: self.given_name,
            family: self.family_name,
            patronymic: self.patronymic,
        }
    }

    fn texts(&self) -> [&'a str; TEXTS] {
        [
            self.id,
            self.order,
            self.full_name,
            self.given_name,
            self.family_name,
            self.patronymic,
            self.phone,
            self.email,
            self.address,
            self.street,
            self.house,
            self.city,
            self.region,
            self.postcode,
            self.birth_date,
            self.national_id,
            self.other,
            self.account,
            self.social,
        ]
    }
}

#[derive(Clone, Debug, Default)]
struct Column {
    text: String,
    /// End of each cell; shorter than the batch when all later cells are empty.
    ends: Vec<usize>,
}

impl Column {
    fn put(&mut self, row: usize, cell: &str) {
        if cell.is_empty() {
            return;
        }
        let last = self.text.len();
        self.ends.resize(row, last);
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    fn get(&self, row: usize) -> &str {
        let Some(end) = self.ends.get(row) else { return "" };
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.text.get(start..*end).unwrap_or_default()
    }
}

/// Records in columns: a million of them cost little more than their own text.
#[derive(Clone, Debug, Default)]
pub struct RecordBatch {
    columns: [Column; TEXTS],
    sources: Vec<u16>,
    days: Vec<i32>,
    values: Vec<i64>,
    /// 03/04/1970 is the fourth of March.
    pub month_first: bool,
}

impl RecordBatch {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, record: &PersonRecord<'_>) {
        let row = self.sources.len();
        for (column, cell) in self.columns.iter_mut().zip(record.texts()) {
            column.put(row, cell);
        }
        self.sources.push(record.source);
        self.days.push(record.day);
        self.values.push(record.value);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The id of a record.
    #[must_use]
    pub fn id(&self, row: usize) -> &str {
        self.columns[0].get(row)
    }

    #[must_use]
    pub fn order(&self, row: usize) -> &str {
        self.columns[1].get(row)
    }

    #[must_use]
    pub fn account(&self, row: usize) -> &str {
        self.columns[17].get(row)
    }

    #[must_use]
    pub fn source(&self, row: usize) -> u16 {
        self.sources.get(row).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn phone(&self, row: usize) -> &str {
        self.columns[6].get(row)
    }

    #[must_use]
    pub fn value(&self, row: usize) -> i64 {
        self.values.get(row).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn day(&self, row: usize) -> i32 {
        self.days.get(row).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn get(&self, row: usize) -> PersonRecord<'_> {
        let cell = |i: usize| self.columns[i].get(row);
        PersonRecord {
            id: cell(0),
            order: cell(1),
            source: self.sources.get(row).copied().unwrap_or(0),
            day: self.day(row),
            value: self.value(row),
            full_name: cell(2),
            given_name: cell(3),
            family_name: cell(4),
            patronymic: cell(5),
            phone: cell(6),
            email: cell(7),
            address: cell(8),
            street: cell(9),
            house: cell(10),
            city: cell(11),
            region: cell(12),
            postcode: cell(13),
            birth_date: cell(14),
            national_id: cell(15),
            other: cell(16),
            account: cell(17),
            social: cell(18),
        }
    }

    /// The cells that names are read from.
    #[must_use]
    pub fn name(&self, row: usize) -> NameCells<'_> {
        let cell = |i: usize| self.columns[i].get(row);
        NameCells { full: cell(2), given: cell(3), family: cell(4), patronymic: cell(5) }
    }

    /// A hash of everything a row says about who it is: rows with one hash are read once.
    #[must_use]
    pub fn content_hash(&self, row: usize, hasher: &impl std::hash::BuildHasher) -> u64 {
        use std::hash::Hasher as _;
        let mut h = hasher.build_hasher();
        // The first two columns are numbers of the row and of its order.
        for (at, column) in (0_u8..).zip(&self.columns).skip(2) {
            let cell = column.get(row);
            if !cell.is_empty() {
                h.write_u8(at);
                h.write(cell.as_bytes());
            }
        }
        if !self.account(row).is_empty() {
            h.write_u16(self.source(row));
        }
        h.finish()
    }

    /// Frees spare capacity after the last push.
    pub fn shrink(&mut self) {
        for column in &mut self.columns {
            column.text.shrink_to_fit();
            column.ends.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back() {
        let mut batch = RecordBatch::new();
        batch.push(&PersonRecord { id: "1", ..PersonRecord::default() });
        batch.push(&PersonRecord { id: "2", email: "a@b.c", value: 5, ..PersonRecord::default() });
        batch.push(&PersonRecord { id: "3", phone: "1", ..PersonRecord::default() });
        assert_eq!((batch.get(0).email, batch.get(1).email, batch.get(2).email), ("", "a@b.c", ""));
        assert_eq!((batch.get(0).phone, batch.get(2).phone), ("", "1"));
        assert_eq!((batch.id(2), batch.value(1), batch.len()), ("3", 5, 3));
    }
}
