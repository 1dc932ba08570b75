//! Any text as a cell: dates, money, statuses, lists of goods, and the writers that make cells harmless.
#![no_main]

use ingest::{
    export::{csv_text, neutralise, unescape},
    rules::{dates, guess, items, money, status},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|cell: &str| {
    for order in [dates::DateOrder::Dmy, dates::DateOrder::Mdy, dates::DateOrder::Ymd] {
        if let Ok(parsed) = dates::parse_date(cell, order) {
            assert!((1899..=2101).contains(&parsed.at.year()));
        }
    }
    dates::OrderEvidence::default().add(cell);
    for mark in [None, Some(money::DecimalMark::Comma), Some(money::DecimalMark::Point)] {
        let _ = money::parse_amount(cell, mark);
    }
    money::MarkEvidence::default().add(cell);
    let _ = (status::read_status(cell), guess::header_role(cell), guess::looks_like_data(cell));
    let _ = guess::Looks::of([cell].into_iter()).role();
    for item in items::read_items(cell) {
        assert!(!item.title.is_empty() && item.quantity > 0);
    }
    let safe = neutralise(cell);
    assert!(!safe.starts_with(['=', '+', '-', '@', '\t', '\r']));
    assert_eq!(unescape(&safe), cell);
    let _ = csv_text(&["h"], [vec![cell]]);
});
