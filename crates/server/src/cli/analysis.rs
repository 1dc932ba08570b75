//! `fit`, `predict`, `summary`, `rfm`, `cohorts`, `stat`: the insight slice's own commands.

use basis::Fault;
use clap::Subcommand;
use insight::cli::{AnalysisCommand, ErrorKind};

use crate::exit;

#[derive(Debug, Subcommand)]
pub enum Analysis {
    #[command(flatten)]
    Command(AnalysisCommand),
}

impl Analysis {
    pub fn run(&self) -> Result<(), Fault> {
        let Self::Command(command) = self;
        command.run(&mut std::io::stdout().lock(), &mut std::io::stderr().lock()).map_err(|error| match error
            .kind
        {
            ErrorKind::Input => Fault::invalid("input", error.message),
            ErrorKind::Refused => Fault::refused("refused", error.message),
            ErrorKind::Usage => Fault::invalid(exit::USAGE, error.message),
            ErrorKind::Failed => Fault::internal("analysis", error.message),
        })
    }
}
