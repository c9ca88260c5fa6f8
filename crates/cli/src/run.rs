//! From the arguments to the exit code.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, error::ErrorKind};
use serde_json::json;

use crate::{
    args::{Cli, Command},
    command, config,
    connectors::Connectors,
    document::Source,
    error::{CliError, exit},
    plan::{Plan, Purpose},
    term::Term,
};

/// Runs the command with its arguments, the first of which is the name of the program.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
    run_with(arguments, Connectors::new())
}

/// The same with connectors to real venues.
pub fn run_with(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    connectors: Connectors,
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(misunderstood(&error, json)),
    };
    let term = Term::new(cli.global);
    match dispatch(&cli.command, connectors, &term) {
        Ok(()) => ExitCode::from(exit::OK),
        Err(error) => {
            complain(&error, &term);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Arguments that are none, or that only ask for help: says so, and returns the exit code.
fn misunderstood(error: &clap::Error, json: bool) -> u8 {
    if json && error.use_stderr() {
        let message = error.render().to_string().trim_end().to_owned();
        complain(&CliError::Usage { message, help: None }, &Term::machine());
    } else {
        // A terminal that went away leaves nobody to tell.
        let _ = error.print();
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => exit::OK,
        _ => exit::USAGE,
    }
}

fn dispatch(command: &Command, connectors: Connectors, term: &Term) -> Result<(), CliError> {
    #[cfg(unix)]
    use crate::command::{steer, trade};
    match command {
        Command::Init(args) => command::init::run(args, term),
        #[cfg(unix)]
        Command::Setup(args) => command::setup::run(args, &connectors, term),
        Command::Check(args) => command::check::run(args, &connectors, term),
        Command::Backtest(args) => command::backtest::run(args, term),
        #[cfg(unix)]
        Command::Paper(args) => trade::paper(args, connectors, term),
        #[cfg(unix)]
        Command::Run(args) => trade::run(args, connectors, term),
        #[cfg(unix)]
        Command::Replay(args) => trade::replay(args, term),
        #[cfg(unix)]
        Command::Status(args) => steer::status(args, term),
        #[cfg(unix)]
        Command::Orders(args) => steer::orders(args, term),
        #[cfg(unix)]
        Command::Positions(args) => steer::positions(args, term),
        #[cfg(unix)]
        Command::Fills(args) => steer::fills(args, term),
        #[cfg(unix)]
        Command::Halt(args) => steer::halt(args, term),
        #[cfg(unix)]
        Command::ReduceOnly(args) => steer::reduce_only(args, term),
        #[cfg(unix)]
        Command::Resume(args) => steer::resume(args, term),
        #[cfg(unix)]
        Command::Flatten(args) => steer::flatten(args, term),
        #[cfg(unix)]
        Command::CancelAll(args) => steer::cancel_all(args, term),
        #[cfg(unix)]
        Command::Reload(args) => steer::reload(args, term),
        #[cfg(unix)]
        Command::Stop(args) => steer::stop(args, term),
        Command::Data(args) => command::data::run(args, term),
        Command::Strategies(args) => command::strategies::run(args, term),
        Command::Schema => command::print_json(term, &config::json_schema().to_value()),
    }
}

/// Says what went wrong: to people on standard error, to machines on standard output.
fn complain(error: &CliError, term: &Term) {
    if term.json {
        let places = match error {
            CliError::Config(all) => json!(all),
            _ => json!([]),
        };
        let document = json!({
            "error": {
                "code": error.code(),
                "message": error.to_string(),
                "help": error.help(),
                "exit_code": error.exit_code(),
                "diagnostics": places,
            }
        });
        // A document of strings and numbers can always be written.
        let _ = command::print_json(term, &document);
        return;
    }
    match error {
        CliError::Config(all) => {
            for diagnostic in all {
                term.error(&diagnostic.to_string(), None);
            }
        }
        other => term.error(&other.to_string(), other.help()),
    }
}

/// Checks the text of a configuration whose paths are relative to the current folder.
///
/// # Errors
/// [`CliError::Config`] with everything that is wrong with it.
pub fn check_text(text: &str) -> Result<(), CliError> {
    let source = Source::new("configuration", text);
    Plan::check(&source.parse()?, PathBuf::new(), Purpose::Check(&Connectors::new())).map(|_| ())
}

/// The definition of the command line, for tools that make completions or manual pages of it.
#[must_use]
pub fn command_line() -> clap::Command {
    Cli::command()
}
