//! How a command ends.

use std::{io::Write, process::ExitCode};

use basis::{Fault, FaultKind};

/// A sentence for the person, on stderr.
pub fn say(text: &str) {
    // A closed stderr is nobody listening.
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// One JSON object, or a sentence, on stdout.
///
/// # Errors
/// When stdout is closed.
pub fn print(text: &str) -> Result<(), Fault> {
    writeln!(std::io::stdout(), "{text}")
        .map_err(|e| Fault::internal("stdout", format!("stdout cannot be written: {e}")))
}

/// The JSON of a value on stdout.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Fault> {
    let text = serde_json::to_string(value).map_err(|e| Fault::internal("json", e.to_string()))?;
    print(&text)
}

/// The code of a fault that is wrong usage which clap cannot see (options that contradict each other).
pub const USAGE: &str = "usage";

/// 3 = the input cannot be used, 4 = a rule forbids it, 1 = anything else.
pub const fn code(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::Invalid | FaultKind::TooLarge => 3,
        FaultKind::Refused | FaultKind::Forbidden => 4,
        FaultKind::NotFound
        | FaultKind::Conflict
        | FaultKind::Unauthenticated
        | FaultKind::TooMany
        | FaultKind::Internal => 1,
    }
}

pub fn fault(fault: &Fault) -> ExitCode {
    say(&format!("otklik: {fault}"));
    ExitCode::from(if fault.code == USAGE { 2 } else { code(fault.kind) })
}
