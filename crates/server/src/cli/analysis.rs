//! `fit`, `predict`, `summary`, `rfm`, `cohorts`, `stat`: the insight slice's own commands.

use basis::{Clock, Fault, SystemClock};
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
        command.run(today(), &mut std::io::stdout().lock(), &mut std::io::stderr().lock()).map_err(|error| {
            match error.kind {
                ErrorKind::Input => Fault::invalid("input", error.message),
                ErrorKind::Refused => Fault::refused("refused", error.message),
                ErrorKind::Usage => Fault::invalid(exit::USAGE, error.message),
                ErrorKind::Failed => Fault::internal("analysis", error.message),
            }
        })
    }
}

/// The day that this machine's clock shows, in its own time zone: an analysis has no workspace to tell another.
fn today() -> i32 {
    let now = Clock::now(&SystemClock);
    insight::orders::day_of(now.date(&jiff::tz::TimeZone::system()))
}
