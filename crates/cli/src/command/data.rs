//! `algoflow data`: inspects, imports and lists market data.

mod import;
mod inspect;
mod list;

use crate::{args::DataCommand, error::CliError, term::Term};

pub(crate) fn run(command: &DataCommand, term: &Term) -> Result<(), CliError> {
    match command {
        DataCommand::Inspect(args) => inspect::run(args, term),
        DataCommand::Import(args) => import::run(args, term),
        DataCommand::List(args) => list::run(args, term),
    }
}
