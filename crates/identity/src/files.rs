//! Files into people, without a workspace: `otklik resolve`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

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
    #[serde(skip)]
    pub rejected: usize,
}

impl Resolved {
    #[must_use]
    pub fn sentence(&self) -> String {
        let rejected = if self.rejected == 0 {
            String::new()
        } else {
            format!(" {} rows could not be read.", self.rejected)
        };
        format!(
            "{} records are {} customers; {} pairs need a look; {:.2} s.{rejected}",
            self.records, self.customers, self.review_pairs, self.seconds
        )
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
    let mut rejected = 0;
    for (at, file) in what.files.iter().enumerate() {
        let mapping = mappings.get(at).or_else(|| mappings.first());
        rejected += read_file(file, mapping, u16::try_from(at).unwrap_or(u16::MAX), &mut batch)?;
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
        rejected,
    })
}

/// Appends the rows of a file; answers how many could not be read.
fn read_file(
    path: &Path,
    mapping: Option<&Mapping>,
    source: u16,
    batch: &mut RecordBatch,
) -> Result<usize, Fault> {
    let mut table = read_table(&Input::path(path), mapping, &Setting::default())?;
    let kind = table.shape().kind;
    let has_birth = table.shape().has(Role::BirthDate);
    let mut rejected = 0;
    let mut lines: HashSet<String> = HashSet::new();
    let mut texts = Texts::default();
    while let Some(row) = table.next_row()? {
        let Ok(row) = row else {
            rejected += 1;
            continue;
        };
        let id = row.record_id();
        if kind == TableKind::Line && !lines.insert(id.clone()) {
            continue;
        }
        texts.read(&row, has_birth);
        batch.push(&texts.record(&row, &id, kind, source));
    }
    Ok(rejected)
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
    let fault = |e: String| Fault::invalid("output", format!("{}: {e}", path.display()));
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
