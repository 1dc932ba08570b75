//! SQL of sources, imports, records and rejects.

mod imports;
mod records;
mod sources;

pub(crate) use imports::*;
pub(crate) use records::*;
pub(crate) use sources::*;
