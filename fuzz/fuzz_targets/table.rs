//! Any bytes as a file: sniffed, opened, read to the end. Nothing may fall, hang or lose a row.
#![no_main]

use ingest::{Input, Setting, import, read_table, sniff};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let input = Input::bytes("fuzz", data);
    let Ok(preview) = sniff(&input, None) else { return };
    // What a preview remembers must be a mapping that reads the same file.
    let mapping = preview.mapping();
    assert!(mapping.check().is_ok(), "{}", mapping.to_toml());
    let Ok(mut table) = read_table(&input, Some(&mapping), &Setting::default()) else { return };
    let mut handed_out = 0_u64;
    while let Ok(Some(_)) = table.next_row() {
        handed_out += 1;
    }
    let Ok(mut table) = read_table(&input, Some(&mapping), &Setting::default()) else { return };
    let (mut keys, size) = (import::Keys::default(), import::PortionSize::default());
    let mut counted = 0_u64;
    let whole = import::read_portions(&mut table, 0, &mut keys, &size, |portion| {
        let taken: u64 = portion.drafts.iter().map(|draft| u64::from(draft.rows)).sum();
        assert_eq!(portion.rows, taken + portion.rejects.len() as u64, "a row was dropped");
        counted += portion.rows;
        true
    });
    if whole.is_ok() {
        assert_eq!(counted, handed_out);
    }
});
