//! The three real sources of the product's story.

use std::{collections::BTreeMap, path::PathBuf};

use ingest::{DateOrder, Input, Mapping, OrderStatus, Role, Setting, TableKind, read_table, sniff};

/// The shared data lie beside the repository on a developer's machine; the demo ships its own copy.
fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OTKLIK_SHARED_DATA").map(PathBuf::from);
    let path = root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")).join(name);
    path.exists().then_some(path)
}

fn roles(name: &str) -> Option<BTreeMap<String, Role>> {
    let preview = sniff(&Input::path(data(name)?), None).unwrap();
    Some(preview.columns.into_iter().map(|c| (c.header, c.role)).collect())
}

#[test]
fn show() {
    for name in ["bookshop/orders.csv", "bookshop/addresses.csv", "bookshop/persons.csv", "online_retail/invoices.csv", "cdnow/cdnow_sample_transactions.csv"] {
        let Some(path) = data(name) else { continue };
        let p = sniff(&Input::path(path.clone()), None).unwrap();
        println!("{name} {:?} {:?} {:?} {:?} {:?} {:?} {:?}", p.kind, p.encoding, p.delimiter, p.header_row, p.date_order, p.decimal, p.currency);
        for c in &p.columns { println!("   {} -> {} {}", c.header, c.role, c.confidence); }
        println!("   {:?}", p.warnings);
        let mut t = read_table(&Input::path(path), None, &Setting::default()).unwrap();
        let (mut n, mut bad) = (0, 0);
        let mut why = BTreeMap::new();
        while let Some(r) = t.next_row().unwrap() {
            n += 1;
            match r { Ok(row) => { for e in [row.date(Role::OrderDate).err(), row.date(Role::DeliveryDate).err(), row.amount().err(), row.status().err()].into_iter().flatten() { bad += 1; *why.entry(e.reason.to_string()).or_insert(0) += 1; } }, Err(e) => { bad += 1; println!("{e}"); } }
        }
        println!("   rows {n} bad {bad} {why:?}");
    }
    let _ = (roles("x"), Mapping::default(), OrderStatus::Paid, TableKind::Order, DateOrder::Dmy);
}
