#![doc = include_str!("../README.md")]

mod backup;
mod cli;
mod config;
mod exit;
mod headers;
mod inbound;
mod jobs;
mod openapi;
mod play;
mod problems;
mod routes;
mod serve;
mod subscriptions;
mod ui;

use std::process::ExitCode;

/// Small texts of many rows on two or three threads: a fifth of an import's time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = match config::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    // The first provider that is installed wins; there is only this one.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            exit::say(&format!("the runtime does not start: {error}"));
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(cli::run(matches)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => exit::fault(&fault),
    }
}
