//! Any bytes as a file of mentions: read or refused, and what is taken can be used.
#![no_main]

use basis::Time;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let now = Time::from_millis(1_725_181_200_000);
    let Ok(reading) = care::read("fuzz", data, &jiff::tz::TimeZone::UTC, None, now) else { return };
    for mention in &reading.mentions {
        assert!(mention.odd(now).is_none());
    }
});
