//! Files into people, without a workspace: `otklik resolve`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ahash::AHashMap;
use basis::Fault;
use ingest::{Input, Mapping, Role, Row, Setting, TableKind, read_table};
use serde::Serialize;

use crate::rules::batch::{PersonRecord, RecordBatch};
use crate::rules::model;
use crate::rules::phone;
use crate::rules::resolve::{Bands, Decisions, LinkKind, Resolution, resolve};

/// What to read and where to write.
#[derive(Debug, Clone, Copy)]
pub struct ResolveFiles<'a> {
    pub files: &'a [PathBuf],
    /// The n-th belongs to the n-th file; a single one serves all.
    pub mappings: &'a [PathBuf],
    /// `record_id,customer_id`
    pub out: &'a Path,
    /// `customer_id,phones,emails`
    pub cards: Option<&'a Path>,
    /// `record_a,record_b,weight,probability,reasons`
    pub explain: Option<&'a Path>,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Resolved {
    pub records: usize,
    pub customers: usize,
    pub pairs_compared: u64,
    /// Pairs of records put together.
    pub merged_pairs: u64,
    /// Pairs of customers that a person should look at.
    pub review_pairs: usize,
    pub seconds: f64,
    /// Rows that could not be read.
    pub rejected: usize,
    /// Where and why, as far as a person reads: the first of them.
    #[serde(skip)]
    pub rejects: Vec<String>,
    /// Ids that stand on more than one row.
    pub repeated_ids: usize,
}

/// Rejected rows that are named one by one.
const NAMED: usize = 20;

impl Resolved {
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "{} records are {} customers; {} pairs need a look; {:.2} s.",
            self.records, self.customers, self.review_pairs, self.seconds
        )
    }

    /// What a person should know of the input, line by line.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut out = self.rejects.clone();
        if self.rejected > self.rejects.len() {
            out.push(format!("and {} rows more", self.rejected - self.rejects.len()));
        }
        if self.rejected > 0 {
            out.push(format!("{} rows could not be read and are in no customer", self.rejected));
        }
        if self.repeated_ids > 0 {
            out.push(format!("{} ids stand on more than one row", self.repeated_ids));
        }
        out
    }
}

/// Reads the files, resolves them and writes the results.
///
/// # Errors
/// A file that cannot be read (exit 3) or written.
pub fn resolve_files(what: &ResolveFiles<'_>) -> Result<Resolved, Fault> {
    let begun = Instant::now();
    if what.mappings.len() > 1 && what.mappings.len() != what.files.len() {
        return Err(Fault::invalid(
            "mapping",
            format!(
                "{} mappings for {} files: give one for all or one for each",
                what.mappings.len(),
                what.files.len()
            ),
        ));
    }
    let outputs: Vec<&Path> = [Some(what.out), what.cards, what.explain].into_iter().flatten().collect();
    if let Some(twice) = outputs.iter().enumerate().find(|(at, path)| outputs[..*at].contains(path)) {
        return Err(Fault::invalid("output", format!("{}: named for two outputs", twice.1.display())));
    }
    let mut mappings = Vec::with_capacity(what.mappings.len());
    for path in what.mappings {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Fault::invalid("mapping", format!("{}: {e}", path.display())))?;
        mappings.push(
            Mapping::parse(&text)
                .map_err(|e| Fault::invalid("mapping", format!("{}: {e}", path.display())))?,
        );
    }
    let mut batch = RecordBatch::new();
    let mut rejects = Rejects::default();
    for (at, file) in what.files.iter().enumerate() {
        let mapping = mappings.get(at).or_else(|| mappings.first());
        read_file(file, mapping, u16::try_from(at).unwrap_or(u16::MAX), &mut batch, &mut rejects)?;
    }
    batch.shrink();
    let found = resolve(&batch, &Decisions::default(), Bands::default());
    write(what.out, |out| clusters(out, &batch, &found))?;
    if let Some(path) = what.cards {
        write(path, |out| cards(out, &found))?;
    }
    if let Some(path) = what.explain {
        write(path, |out| links(out, &batch, &found))?;
    }
    let mut sizes = vec![0_u64; found.counts.customers];
    for customer in &found.customer_of {
        sizes[*customer as usize] += 1;
    }
    Ok(Resolved {
        records: found.counts.records,
        customers: found.counts.customers,
        pairs_compared: found.counts.pairs_compared,
        merged_pairs: sizes.iter().map(|n| n * (n - 1) / 2).sum(),
        review_pairs: found.questions.len(),
        seconds: begun.elapsed().as_secs_f64(),
        rejected: rejects.count,
        rejects: rejects.named,
        repeated_ids: repeated_ids(&batch),
    })
}

/// How many ids stand on more than one row.
fn repeated_ids(batch: &RecordBatch) -> usize {
    let mut seen: AHashMap<&str, u32> = AHashMap::with_capacity(batch.len());
    for row in 0..batch.len() {
        *seen.entry(batch.id(row)).or_default() += 1;
    }
    seen.values().filter(|n| **n > 1).count()
}

/// Rows that could not be read.
#[derive(Default)]
struct Rejects {
    count: usize,
    named: Vec<String>,
}

impl Rejects {
    fn add(&mut self, file: &Path, what: impl std::fmt::Display) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("{}: {what}", file.display()));
        }
    }
}

/// Roles that tell who a row is of.
const WHO: [Role; 13] = [
    Role::FullName,
    Role::GivenName,
    Role::FamilyName,
    Role::Patronymic,
    Role::Email,
    Role::Phone,
    Role::Social,
    Role::Address,
    Role::Street,
    Role::BirthDate,
    Role::NationalId,
    Role::CustomerKey,
    Role::OrderId,
];

/// Whether rows are named by the customer's number of their source: a list of people where each number stands once.
fn named_by_key(path: &Path, mapping: Option<&Mapping>) -> Result<bool, Fault> {
    let mut table = read_table(&Input::path(path), mapping, &Setting::default())?.padding();
    let shape = table.shape();
    let other_id = shape.has(Role::RecordId) || shape.has(Role::OrderId);
    if other_id || !shape.has(Role::CustomerKey) {
        return Ok(false);
    }
    let mut seen: HashSet<String> = HashSet::new();
    while let Some(row) = table.next_row()? {
        let Ok(row) = row else { continue };
        let Some(key) = row.customer_key() else { return Ok(false) };
        if !seen.insert(key.to_owned()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends the rows of a file.
fn read_file(
    path: &Path,
    mapping: Option<&Mapping>,
    source: u16,
    batch: &mut RecordBatch,
    rejects: &mut Rejects,
) -> Result<(), Fault> {
    let by_key = named_by_key(path, mapping)?;
    let mut table = read_table(&Input::path(path), mapping, &Setting::default())?.padding();
    if !WHO.iter().any(|role| table.shape().has(*role)) {
        let headers = table.shape().headers.join("\", \"");
        let what = format!(
            "no column says who a row is of; the file has \"{headers}\": name the columns in a mapping"
        );
        return Err(Fault::invalid("no_person_columns", format!("{}: {what}", path.display()))
            .with_field(path.display().to_string(), what));
    }
    let kind = table.shape().kind;
    let has_birth = table.shape().has(Role::BirthDate);
    let mut lines: HashSet<String> = HashSet::new();
    let mut texts = Texts::default();
    while let Some(row) = table.next_row()? {
        let row = match row {
            Ok(row) => row,
            Err(reject) => {
                rejects.add(path, reject);
                continue;
            }
        };
        let id = match row.customer_key().filter(|_| by_key) {
            Some(key) => key.to_owned(),
            None => row.record_id(),
        };
        if kind == TableKind::Line && !lines.insert(id.clone()) {
            continue;
        }
        texts.read(&row, has_birth);
        batch.push(&texts.record(&row, &id, kind, source));
    }
    Ok(())
}

/// Cells that may come from several columns.
#[derive(Debug, Default)]
struct Texts {
    name: String,
    phone: String,
    email: String,
    address: String,
    birth: String,
    social: String,
}

impl Texts {
    fn read(&mut self, row: &Row<'_>, has_birth: bool) {
        join(row.all(Role::FullName), " ", &mut self.name);
        join(row.all(Role::Phone), ", ", &mut self.phone);
        join(row.all(Role::Email), ", ", &mut self.email);
        join(row.all(Role::Address), ", ", &mut self.address);
        join(row.all(Role::Social), ", ", &mut self.social);
        self.birth.clear();
        if has_birth {
            match row.date(Role::BirthDate) {
                Ok(Some(at)) => self.birth = at.local.date().to_string(),
                _ => row.text(Role::BirthDate).clone_into(&mut self.birth),
            }
        }
    }

    fn record<'a>(&'a self, row: &Row<'a>, id: &'a str, kind: TableKind, source: u16) -> PersonRecord<'a> {
        PersonRecord {
            id,
            order: if matches!(kind, TableKind::Order | TableKind::Line) {
                ""
            } else {
                row.text(Role::OrderId)
            },
            account: row.customer_key().unwrap_or_default(),
            source,
            day: 0,
            value: 0,
            full_name: &self.name,
            given_name: row.text(Role::GivenName),
            family_name: row.text(Role::FamilyName),
            patronymic: row.text(Role::Patronymic),
            phone: &self.phone,
            email: &self.email,
            address: &self.address,
            street: row.text(Role::Street),
            house: row.text(Role::House),
            city: row.text(Role::City),
            region: row.text(Role::Region),
            postcode: row.text(Role::Postcode),
            birth_date: &self.birth,
            national_id: row.text(Role::NationalId),
            other: row.text(Role::Other),
            social: &self.social,
        }
    }
}

fn join<T: AsRef<str>>(cells: impl Iterator<Item = T>, by: &str, out: &mut String) {
    out.clear();
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push_str(by);
        }
        out.push_str(cell.as_ref());
    }
}

type Out = csv::Writer<BufWriter<File>>;

fn write(path: &Path, body: impl FnOnce(&mut Out) -> csv::Result<()>) -> Result<(), Fault> {
    let fault = |e: String| Fault::not_found("output", format!("{}: {e}", path.display()));
    let file = File::create(path).map_err(|e| fault(e.to_string()))?;
    let mut out = csv::Writer::from_writer(BufWriter::new(file));
    body(&mut out).map_err(|e| fault(e.to_string()))?;
    out.flush().map_err(|e| fault(e.to_string()))
}

fn clusters(out: &mut Out, batch: &RecordBatch, found: &Resolution<'_>) -> csv::Result<()> {
    out.write_record(["record_id", "customer_id"])?;
    let mut name = String::new();
    for (row, customer) in found.customer_of.iter().enumerate() {
        name_customer(*customer, &mut name)?;
        out.write_record([batch.id(row), &name])?;
    }
    Ok(())
}

/// `C1` for the first customer.
fn name_customer(customer: u32, out: &mut String) -> csv::Result<()> {
    out.clear();
    write!(out, "C{}", customer + 1).map_err(|e| std::io::Error::other(e).into())
}

fn cards(out: &mut Out, found: &Resolution<'_>) -> csv::Result<()> {
    out.write_record(["customer_id", "phones", "emails"])?;
    let (mut name, mut phones, mut emails) = (String::new(), String::new(), String::new());
    for (customer, contacts) in (0..).zip(&found.contacts()) {
        name_customer(customer, &mut name)?;
        join(contacts.phones.iter().filter_map(|p| phone::e164(*p)), " ", &mut phones);
        let addresses = contacts.emails.iter().filter(|e| !found.base.emails.parts(**e).profile);
        join(addresses.map(|e| found.base.emails.text(*e)), " ", &mut emails);
        out.write_record([&name, &phones, &emails])?;
    }
    Ok(())
}

fn links(out: &mut Out, batch: &RecordBatch, found: &Resolution<'_>) -> csv::Result<()> {
    out.write_record(["record_a", "record_b", "weight", "probability", "reasons"])?;
    for link in found.row_links() {
        let parts = found.reasons(link.row_a, link.row_b);
        let mut reasons: Vec<String> =
            parts.iter().map(|(code, bits)| format!("{code}:{bits:+.1}")).collect();
        let mut bits = found.model.prior + parts.iter().map(|p| p.1).sum::<f32>();
        match link.kind {
            LinkKind::SameCard => reasons.insert(0, "written_the_same".to_owned()),
            LinkKind::SameOrder => {
                reasons.insert(0, format!("same_order_or_account:{:+.1}", link.bits));
                bits += link.bits;
            }
            LinkKind::Manual => reasons.insert(0, "decided_by_hand".to_owned()),
            LinkKind::Evidence => {}
        }
        out.write_record([
            batch.id(link.row_a),
            batch.id(link.row_b),
            &format!("{bits:.3}"),
            &format!("{:.6}", model::probability(bits)),
            &reasons.join(" "),
        ])?;
    }
    Ok(())
}
