//! Where the options come from: the command line, then `OTKLIK_…` of the environment, then `otklik.toml`, then the default.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgAction, Command, CommandFactory, FromArgMatches};

use crate::{cli::Cli, exit};

/// Parses the command line with the file's values as defaults.
///
/// # Errors
/// The exit code of wrong usage, after clap said what is wrong.
pub fn parse() -> Result<Cli, ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let file = match read_file(&arguments) {
        Ok(file) => file,
        Err(why) => {
            exit::say(&format!("otklik: {why}"));
            return Err(ExitCode::from(2));
        }
    };
    let command = with_defaults(Cli::command(), &file);
    let matches = command.get_matches_from(arguments);
    Cli::from_arg_matches(&matches).map_err(|error| {
        drop(error.print());
        ExitCode::from(2)
    })
}

/// `--config FILE`, else `OTKLIK_CONFIG`, else `otklik.toml` here when it is there.
fn read_file(arguments: &[OsString]) -> Result<toml::Table, String> {
    let text = |s: &OsString| s.to_string_lossy().into_owned();
    let named = arguments
        .iter()
        .enumerate()
        .find_map(|(place, argument)| {
            let argument = text(argument);
            if argument == "--config" {
                arguments.get(place + 1).map(text)
            } else {
                argument.strip_prefix("--config=").map(str::to_owned)
            }
        })
        .or_else(|| std::env::var("OTKLIK_CONFIG").ok())
        .map(PathBuf::from);
    let path = match &named {
        Some(path) => path.as_path(),
        None if Path::new("otklik.toml").exists() => Path::new("otklik.toml"),
        None => return Ok(toml::Table::new()),
    };
    let content =
        std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    content.parse().map_err(|e| format!("{}: {e}", path.display()))
}

/// Keys of the file are the long options with `_` for `-`: `data`, `database_url`, `public_url`.
fn with_defaults(command: Command, file: &toml::Table) -> Command {
    command
        .mut_args(|argument| {
            let value = match file.get(argument.get_id().as_str()) {
                Some(toml::Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => return argument,
            };
            match argument.get_action() {
                ArgAction::Set | ArgAction::SetTrue => argument.default_value(value).required(false),
                _ => argument,
            }
        })
        .mut_subcommands(|sub| with_defaults(sub, file))
}
