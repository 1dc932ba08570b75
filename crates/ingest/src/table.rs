//! Typed rows of a file, one at a time, in bounded memory.

use ahash::AHashMap;
use basis::{Currency, Money};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{
    preview::{Preview, TableKind, open_rows, sniff},
    problem::{Cause, Reason, Reject, Unusable, quoted},
    read::{Input, Rows},
    rules::{
        dates::{DateFault, DateOrder, parse_date},
        items::{Item, read_items, read_title},
        mapping::Mapping,
        money::{Decimal, DecimalMark, NumberFault, currency_named, is_dash, parse_amount},
        record::Cells,
        role::Role,
        status::{OrderStatus, StatusWords},
    },
};

/// What the file does not say and the reader must know.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Where times without an offset are local; also where times with one are turned to.
    pub timezone: TimeZone,
    /// The currency of amounts that name none.
    pub currency: Currency,
}

impl Default for Setting {
    fn default() -> Self {
        Self { timezone: TimeZone::UTC, currency: Currency::UAH }
    }
}

/// A cell longer than this is rejected with its row: no name, address or list of goods is so long.
pub const MAX_CELL: usize = 64 << 10;

/// An open table: iterate with [`Table::next_row`].
pub struct Table {
    file: String,
    rows: Rows,
    cells: Cells,
    shape: Shape,
    /// Number of the data row, from 1.
    number: u64,
    header_row: Option<u64>,
    /// Rows with fewer cells than the header are read as if the others were empty.
    pads_rows: bool,
    /// Rows of a rejects file carry signs against formulas that have to come off again.
    escaped: bool,
}

/// What all rows of a table share.
#[derive(Debug)]
pub struct Shape {
    pub kind: TableKind,
    pub headers: Vec<String>,
    pub roles: Vec<Role>,
    by_role: Vec<Vec<usize>>,
    reading: Reading,
    /// The meaning of each status met so far.
    known_statuses: std::sync::Mutex<AHashMap<String, Option<OrderStatus>>>,
    record_prefix: String,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("file", &self.file).field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// Opens a file: looks at it first, as [`sniff`] does.
///
/// # Errors
/// [`Unusable`] when it is no table, the mapping does not fit, or its dates can be read two ways and nobody says which.
pub fn read_table(input: &Input, mapping: Option<&Mapping>, setting: &Setting) -> Result<Table, Unusable> {
    let preview = sniff(input, mapping)?;
    Table::open(input, &preview, mapping, setting)
}

impl Table {
    /// Opens a file that was looked at already.
    ///
    /// # Errors
    /// As [`read_table`].
    pub fn open(
        input: &Input,
        preview: &Preview,
        mapping: Option<&Mapping>,
        setting: &Setting,
    ) -> Result<Self, Unusable> {
        let roles: Vec<Role> = preview.columns.iter().map(|column| column.role).collect();
        let Some(date_order) = preview.date_order else {
            let column = preview.columns.iter().find(|column| column.role.is_date());
            let sample = column.and_then(|c| c.samples.first()).cloned().unwrap_or_default();
            let problem = input.unusable(Cause::AmbiguousDates(quoted(&sample)));
            return Err(match column {
                Some(column) => problem.in_column(&column.header),
                None => problem,
            });
        };
        let timezone = match mapping.and_then(|m| m.file.timezone.as_deref()) {
            Some(name) => TimeZone::get(name).map_err(|e| input.unusable(Cause::Mapping(e.to_string())))?,
            None => setting.timezone.clone(),
        };
        let headers: Vec<String> = preview.columns.iter().map(|column| column.header.clone()).collect();
        let escaped = headers.iter().any(|header| header == crate::export::REASON_HEADER);
        let reading = Reading {
            date_order,
            decimal: preview.decimal,
            currency: preview.currency.unwrap_or(setting.currency),
            timezone,
            statuses: mapping.map(Mapping::status_words).unwrap_or_default(),
        };
        Ok(Self {
            file: input.name.clone(),
            rows: open_rows(input, preview.source)?,
            cells: Cells::default(),
            shape: Shape::new(preview.kind, headers, roles, reading, &input.name),
            number: 0,
            header_row: preview.header_row,
            pads_rows: false,
            escaped,
        })
    }

    /// Reads short rows too: where a person is looked for, half a row is better than none.
    #[must_use]
    pub const fn padding(mut self) -> Self {
        self.pads_rows = true;
        self
    }

    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    /// The next row, or the reason why it cannot be read; `None` at the end of the file. Values are parsed when asked for.
    ///
    /// # Errors
    /// [`Unusable`] when the file breaks off: a line without an end, a damaged workbook.
    pub fn next_row(&mut self) -> Result<Option<Result<Row<'_>, Reject>>, Unusable> {
        loop {
            let Some(place) = self.rows.next(&mut self.cells)? else { return Ok(None) };
            let line = place.line;
            if self.header_row.is_some_and(|header| line <= header) {
                continue;
            }
            self.number += 1;
            if let Some(reason) = place.fault {
                return Ok(Some(Err(Reject { line, column: None, reason })));
            }
            let expected = self.shape.headers.len();
            if self.rows.pads() || self.pads_rows {
                self.cells.pad(expected);
            }
            let found = self.cells.len();
            let extra = (expected..found).any(|index| !self.cells.get(index).trim().is_empty());
            if found < expected || extra {
                let swallowed = self.rows.keep_first_line(&mut self.cells);
                let reason = if swallowed { Reason::OpenQuote } else { Reason::Ragged { found, expected } };
                return Ok(Some(Err(Reject { line, column: None, reason })));
            }
            if self.escaped {
                self.cells = self.cells.iter().map(crate::export::unescape).collect();
            }
            if let Some((index, length)) = long_cell(&self.cells) {
                let reason = Reason::CellTooLong { length, limit: MAX_CELL };
                let column = self.shape.headers.get(index).cloned();
                return Ok(Some(Err(Reject { line, column, reason })));
            }
            return Ok(Some(Ok(Row { shape: &self.shape, cells: &self.cells, line, number: self.number })));
        }
    }

    /// The cells of the row handed out or rejected last, as they are in the file.
    pub const fn raw(&self) -> &Cells {
        &self.cells
    }
}

fn long_cell(cells: &Cells) -> Option<(usize, usize)> {
    cells
        .iter()
        .enumerate()
        .find(|(_, cell)| cell.len() > MAX_CELL)
        .map(|(index, cell)| (index, cell.chars().count()))
}

/// How the cells of a table are read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub date_order: DateOrder,
    pub decimal: Option<DecimalMark>,
    pub currency: Currency,
    pub timezone: TimeZone,
    pub statuses: StatusWords,
}

impl Shape {
    pub(crate) fn new(
        kind: TableKind,
        headers: Vec<String>,
        roles: Vec<Role>,
        reading: Reading,
        record_prefix: &str,
    ) -> Self {
        let mut by_role = vec![Vec::new(); Role::ALL.len()];
        for (index, role) in roles.iter().enumerate() {
            by_role[role.index()].push(index);
        }
        Self {
            kind,
            headers,
            roles,
            by_role,
            reading,
            known_statuses: std::sync::Mutex::default(),
            record_prefix: record_prefix.to_owned(),
        }
    }

    pub fn has(&self, role: Role) -> bool {
        !self.by_role[role.index()].is_empty()
    }

    /// The currency of amounts that name none.
    pub const fn currency(&self) -> Currency {
        self.reading.currency
    }

    pub const fn timezone(&self) -> &TimeZone {
        &self.reading.timezone
    }

    /// The places of the columns with a role.
    pub fn columns(&self, role: Role) -> &[usize] {
        &self.by_role[role.index()]
    }
}

/// One row. Cells are text as written; the typed readings say why they fail.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    shape: &'a Shape,
    cells: &'a Cells,
    /// First line in the file (row of the sheet), from 1.
    pub line: u64,
    /// Number of the data row, from 1; rejected rows count.
    pub number: u64,
}

impl<'a> Row<'a> {
    pub(crate) const fn made(shape: &'a Shape, cells: &'a Cells, line: u64) -> Self {
        Self { shape, cells, line, number: 0 }
    }

    pub const fn cells(&self) -> &'a Cells {
        self.cells
    }

    pub const fn shape(&self) -> &'a Shape {
        self.shape
    }

    /// The first cell of the role that is not empty, trimmed; "" when there is none.
    pub fn text(&self, role: Role) -> &'a str {
        self.all(role).next().unwrap_or_default()
    }

    /// All cells of the role that are not empty, trimmed.
    pub fn all(&self, role: Role) -> impl Iterator<Item = &'a str> + use<'a> {
        let cells = self.cells;
        self.shape.by_role[role.index()]
            .iter()
            .map(move |index| clean(cells.get(*index)))
            .filter(|c| !c.is_empty())
    }

    /// The number of this record: the order number for a file of orders, else the row id column, else the order number,
    /// else the row number prefixed by the file's name.
    pub fn record_id(&self) -> String {
        let order = self.text(Role::OrderId);
        let row = self.text(Role::RecordId);
        let first = if matches!(self.shape.kind, TableKind::Order | TableKind::Line) {
            [order, row]
        } else {
            [row, order]
        };
        match first.into_iter().find(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => format!("{}:{}", self.shape.record_prefix, self.number),
        }
    }

    /// A date with its time in the zone of the source; `None` for an empty cell.
    ///
    /// # Errors
    /// [`Reject`] with column and reason: no date, no such day, no such hour.
    pub fn date(&self, role: Role) -> Result<Option<At>, Reject> {
        let Some((column, cell)) = self.first(role) else { return Ok(None) };
        if is_dash(cell) {
            return Ok(None);
        }
        let parsed = parse_date(cell, self.shape.reading.date_order).map_err(|fault| {
            let value = quoted(cell);
            let reason = match fault {
                DateFault::Shape => Reason::NotADate { value },
                DateFault::NoSuchDay => Reason::NoSuchDay { value },
                DateFault::NoSuchTime => Reason::NoSuchTime { value },
                DateFault::FarAway => Reason::FarDate { value },
            };
            self.reject(column, reason)
        })?;
        let local = match parsed.offset_seconds {
            None => parsed.at,
            Some(seconds) => {
                let offset = jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC);
                let moment: Option<Timestamp> = offset.to_timestamp(parsed.at).ok();
                moment.map_or(parsed.at, |moment| self.shape.reading.timezone.to_datetime(moment))
            }
        };
        Ok(Some(At { local, has_time: parsed.has_time }))
    }

    /// A number; `None` for an empty cell or a dash.
    ///
    /// # Errors
    /// [`Reject`] for anything that is not a number.
    pub fn decimal(&self, role: Role) -> Result<Option<Decimal>, Reject> {
        Ok(self.number_of(role)?.map(|(amount, _)| amount.value))
    }

    /// An amount of money in the currency of its cell, else of the file; `None` for an empty cell or a dash.
    ///
    /// # Errors
    /// [`Reject`] for anything that is not an amount.
    pub fn money(&self, role: Role) -> Result<Option<Money>, Reject> {
        let Some((amount, column)) = self.number_of(role)? else { return Ok(None) };
        let currency = match amount.currency {
            Some(named) => named,
            None => self.currency()?,
        };
        let money = amount.value.to_money(currency);
        money.map(Some).ok_or_else(|| self.too_large(column))
    }

    /// The currency of the row: that of its own column, else of the file.
    ///
    /// # Errors
    /// [`Reject`] for a word that names none.
    pub fn currency(&self) -> Result<Currency, Reject> {
        match self.first(Role::Currency) {
            None => Ok(self.shape.reading.currency),
            Some((column, cell)) => currency_named(cell)
                .ok_or_else(|| self.reject(column, Reason::UnknownCurrency { value: quoted(cell) })),
        }
    }

    fn number_of(&self, role: Role) -> Result<Option<(crate::rules::money::Amount, usize)>, Reject> {
        let Some((column, cell)) = self.first(role) else { return Ok(None) };
        if is_dash(cell) {
            return Ok(None);
        }
        match parse_amount(cell, self.shape.reading.decimal) {
            Ok(amount) => Ok(Some((amount, column))),
            Err(NumberFault::Shape) => Err(self.reject(column, Reason::NotAnAmount { value: quoted(cell) })),
            Err(NumberFault::TooLong) => Err(self.too_large(column)),
        }
    }

    /// The sum of the row: the amount, else quantity × price rounded once.
    ///
    /// # Errors
    /// [`Reject`] for cells that are not numbers.
    pub fn amount(&self) -> Result<Option<Money>, Reject> {
        if let Some(money) = self.money(Role::Amount)? {
            return Ok(Some(money));
        }
        let Some((price, column)) = self.number_of(Role::Price)? else { return Ok(None) };
        let quantity = self.decimal(Role::Quantity)?.unwrap_or(Decimal::from_whole(1));
        let currency = match price.currency {
            Some(named) => named,
            None => self.currency()?,
        };
        quantity.times(price.value, currency).map(Some).ok_or_else(|| self.too_large(column))
    }

    /// The status; `None` for an empty cell. A cancellation is also told by an order number such as `C536365` over a
    /// negative quantity.
    ///
    /// # Errors
    /// [`Reject`] for words that neither the mapping nor the product knows.
    pub fn status(&self) -> Result<Option<OrderStatus>, Reject> {
        if let Some((column, cell)) = self.first(Role::Status) {
            let mut known =
                self.shape.known_statuses.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let status = match known.get(cell) {
                Some(status) => *status,
                None => {
                    let status = self.shape.reading.statuses.read(cell);
                    if known.len() < 10_000 {
                        known.insert(cell.to_owned(), status);
                    }
                    status
                }
            };
            return match status {
                Some(status) => Ok(Some(status)),
                None => Err(self.reject(column, Reason::UnknownStatus { value: quoted(cell) })),
            };
        }
        let marked = self.cancelled_order().is_some();
        Ok(marked.then_some(OrderStatus::Cancelled))
    }

    /// The number of the order that a cancellation row takes back: `C536365` → `536365`. The letter alone is no proof;
    /// the quantity or the amount has to be below zero.
    pub fn cancelled_order(&self) -> Option<&'a str> {
        let number = self.text(Role::OrderId).strip_prefix(['C', 'c', 'С'])?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let below = |role| self.decimal(role).ok().flatten().is_some_and(Decimal::is_negative);
        (digits && (below(Role::Quantity) || below(Role::Amount) || below(Role::Price))).then_some(number)
    }

    /// What was bought. In a file with one row per product the cell is one title and the quantity has its own column.
    pub fn items(&self) -> Vec<Item> {
        let cell = self.text(Role::Items);
        if self.shape.kind != TableKind::Line {
            return read_items(cell);
        }
        let quantity =
            self.decimal(Role::Quantity).ok().flatten().and_then(Decimal::whole).map(i64::unsigned_abs);
        let quantity = quantity.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        read_title(cell).map(|title| vec![Item { title, quantity }]).unwrap_or_default()
    }

    /// The customer's number in the source; `None` for guests ("", "(blank)", "guest", "null", "0").
    pub fn customer_key(&self) -> Option<&'a str> {
        let key = self.text(Role::CustomerKey);
        let guest = [
            "",
            "(blank)",
            "guest",
            "null",
            "none",
            "nan",
            "n/a",
            "0",
            "-",
            "гость",
            "гість",
            "нет",
            "немає",
        ];
        (!guest.iter().any(|word| key.eq_ignore_ascii_case(word) || key.to_lowercase() == *word))
            .then_some(key)
    }

    fn first(&self, role: Role) -> Option<(usize, &'a str)> {
        let columns = self.shape.by_role[role.index()].iter();
        columns.map(|index| (*index, clean(self.cells.get(*index)))).find(|(_, cell)| !cell.is_empty())
    }

    fn too_large(&self, column: usize) -> Reject {
        self.reject(column, Reason::AmountTooLarge { value: quoted(self.cells.get(column)) })
    }

    /// A rejection of this row for the cell in a column.
    pub fn reject(&self, column: usize, reason: Reason) -> Reject {
        Reject { line: self.line, column: self.shape.headers.get(column).cloned(), reason }
    }

    /// A rejection of this row for the column with a role.
    pub fn reject_role(&self, role: Role, reason: Reason) -> Reject {
        let column = self.shape.by_role[role.index()].first();
        Reject { line: self.line, column: column.and_then(|i| self.shape.headers.get(*i).cloned()), reason }
    }
}

/// A moment on the wall clock of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub local: DateTime,
    /// `false` when the source gave a day only.
    pub has_time: bool,
}

/// A cell without the white space around it and without the `="…"` by which spreadsheets are told "this is text".
fn clean(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') => inner.trim(),
        _ => cell,
    }
}
