//! Files into people, without a workspace.

use std::path::PathBuf;

use basis::Fault;
use clap::Args;

use crate::exit;

#[derive(Debug, Args)]
pub struct Resolve {
    /// Order and address files; the kind of each is told from its columns.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to write `record_id,customer_id`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write `customer_id,phones,emails`.
    #[arg(long, value_name = "FILE")]
    cards: Option<PathBuf>,
    /// Where to write `record_a,record_b,weight,probability,reasons`.
    #[arg(long, value_name = "FILE")]
    explain: Option<PathBuf>,
    /// Mapping files: the n-th belongs to the n-th file, one serves all.
    #[arg(long, value_name = "FILE.toml")]
    mapping: Vec<PathBuf>,
    #[arg(long)]
    json: bool,
}

impl Resolve {
    pub fn run(self) -> Result<(), Fault> {
        let done = identity::resolve_files(&identity::ResolveFiles {
            files: &self.files,
            mappings: &self.mapping,
            out: &self.out,
            cards: self.cards.as_deref(),
            explain: self.explain.as_deref(),
        })?;
        for remark in done.remarks() {
            exit::say(&remark);
        }
        if self.json { exit::print_json(&done) } else { exit::print(&done.sentence()) }
    }
}
