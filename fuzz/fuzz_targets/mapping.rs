//! Any text as a mapping file: a fault in words, or a mapping that is written and read back the same.
#![no_main]

use ingest::Mapping;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(mapping) = Mapping::parse(text) {
        assert_eq!(Mapping::parse(&mapping.to_toml()).ok().as_ref(), Some(&mapping));
    }
});
