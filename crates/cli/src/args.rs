//! The command line.

#[cfg(unix)]
mod live;

#[cfg(unix)]
pub(crate) use self::live::{
    FillsArgs, HaltArgs, OrdersArgs, PaperArgs, ResumeArgs, RunArgs, ScopeArgs, SetupArgs, StateArgs,
    StatusArgs, TradeArgs,
};

use std::path::PathBuf;

use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    time::{TimeDelta, Timestamp},
};
use algoflow_data::{Column, ColumnRef, LocalTime, Schema, StampIs, TimeUnit};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{DataKind, PolicyWord};

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  the run failed: a strategy was halted, or a result could not be written
  2  the command line or the configuration is wrong
  3  the data are missing, malformed or empty
  4  trading could not begin or broke off, the journal cannot be used, or the process that was asked did not answer or refused
  5  trading ended, but it is not known what became of some orders
  6  a second signal ended trading at once";

/// Configure, check and run backtests; import and inspect market data; trade on paper and live.
#[derive(Debug, Parser)]
#[command(name = "algoflow", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Global {
    /// Print one JSON object instead of text, also for errors.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more: every check, every gap, every example.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colors. `auto` means on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented configuration and sample data that run at once.
    Init(InitArgs),
    /// Ask what is to be traded and how, check it, also against the venue, and write a configuration.
    #[cfg(unix)]
    Setup(SetupArgs),
    /// Check a configuration and say everything that is wrong with it.
    Check(CheckArgs),
    /// Run the backtest of a configuration.
    Backtest(BacktestArgs),
    /// Trade on paper: live or recorded market data, simulated fills, the whole live stack.
    #[cfg(unix)]
    Paper(PaperArgs),
    /// Trade as the configuration says, on paper or for real money.
    #[cfg(unix)]
    Run(RunArgs),
    /// Replay a journal and prove that every input leads to the same commands again.
    #[cfg(unix)]
    Replay(StateArgs),
    /// Say how a run stands.
    #[cfg(unix)]
    Status(StatusArgs),
    /// List the open orders of a run.
    #[cfg(unix)]
    Orders(OrdersArgs),
    /// List the positions and balances of a run.
    #[cfg(unix)]
    Positions(StateArgs),
    /// List the last fills of a run.
    #[cfg(unix)]
    Fills(FillsArgs),
    /// Stop trading: nothing new is sent, open orders that do not reduce are cancelled.
    #[cfg(unix)]
    Halt(HaltArgs),
    /// Let only orders through that reduce.
    #[cfg(unix)]
    ReduceOnly(ResumeArgs),
    /// Let trading go on.
    #[cfg(unix)]
    Resume(ResumeArgs),
    /// Close positions once, after the orders that are open there are cancelled.
    #[cfg(unix)]
    Flatten(ScopeArgs),
    /// Cancel open orders.
    #[cfg(unix)]
    CancelAll(ScopeArgs),
    /// Read the configuration again, and change limits and parameters of strategies.
    #[cfg(unix)]
    Reload(StateArgs),
    /// End a run as a signal does.
    #[cfg(unix)]
    Stop(StateArgs),
    /// Inspect, import and list market data.
    #[command(subcommand)]
    Data(DataCommand),
    /// List the strategies, or describe one with its parameters.
    Strategies(crate::command::strategies::StrategiesArgs),
    /// Print the JSON Schema of the configuration file, for editors.
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to write into.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Overwrite files that are there.
    #[arg(long)]
    pub(crate) force: bool,
    /// The strategy that the configuration uses; `algoflow strategies` lists them.
    #[arg(long, value_name = "NAME", default_value = "sma_cross")]
    pub(crate) strategy: String,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The configuration.
    #[arg(short, long, value_name = "FILE", default_value = "algoflow.toml")]
    pub(crate) config: PathBuf,
    /// Change a key: `strategy.params.fast=20`. Can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Read the data, too, not only see that the files are there.
    #[arg(long)]
    pub(crate) data: bool,
    /// Do not show progress.
    #[arg(long)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// The configuration.
    #[arg(short, long, value_name = "FILE", default_value = "algoflow.toml")]
    pub(crate) config: PathBuf,
    /// Write the tear sheet to this HTML file, instead of where the configuration says.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write the tear sheet as a picture to this SVG file, instead of where the configuration says.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Write everything into this folder: fills.csv, orders.csv, equity.csv, report.html, result.json.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Change a key: `strategy.params.fast=20`, `venue.0.fees="none"`. Can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The seed, instead of that of the configuration.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Begin with the data known at this time or later: 2020-01-31 or 2020-01-31T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// End before the data known at this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<Timestamp>,
    /// Do not show progress.
    #[arg(long)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Say what a file holds: columns, times, gaps, problems; and which [[data]] section reads it.
    Inspect(InspectArgs),
    /// Read files and store them in a catalog.
    Import(ImportArgs),
    /// List what a catalog holds.
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A CSV or Parquet file, also compressed (.gz, .zip).
    pub(crate) file: PathBuf,
    /// Of which instrument, for the [[data]] section. Named after the file if not given.
    #[arg(long, value_name = "ID")]
    pub(crate) instrument: Option<InstrumentId>,
    #[command(flatten)]
    pub(crate) schema: SchemaArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// CSV or Parquet files, also compressed (.gz, .zip), in the order of time.
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// The folder of the catalog. It is made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: PathBuf,
    /// Of which instrument: SPY.NYSE.
    #[arg(long, value_name = "ID")]
    pub(crate) instrument: InstrumentId,
    /// What the files hold.
    #[arg(long, value_enum)]
    pub(crate) kind: DataKind,
    /// What to do with rows that make no sense.
    #[arg(long, value_enum, default_value = "strict", conflicts_with = "repair")]
    pub(crate) policy: PolicyArg,
    /// Mend what can be mended and drop the rest; the same as --policy repair.
    #[arg(long)]
    pub(crate) repair: bool,
    /// What becomes of a day that is there already.
    #[arg(long, value_enum, default_value = "append")]
    pub(crate) mode: ModeArg,
    /// How long after it happened each record could be known: 250ms.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) delay: Option<TimeDelta>,
    /// What a bar covers: 1m, 4h, 1d, 1w, 1mo, 100t. Found out from the file if not given.
    #[arg(long, value_name = "SPEC")]
    pub(crate) bars: Option<BarSpec>,
    /// Do not show progress.
    #[arg(long)]
    pub(crate) no_progress: bool,
    #[command(flatten)]
    pub(crate) schema: SchemaArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The folder of the catalog.
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: PathBuf,
    /// Read every file and check that it holds what its place says, in order.
    #[arg(long)]
    pub(crate) check: bool,
}

/// What becomes of a day that a catalog has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// New data may follow or precede it, but not overlap.
    Append,
    /// New records are sorted in; one that is there already is kept once.
    Merge,
    /// It is replaced.
    Replace,
}

/// What to do with rows that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyArg {
    /// Stop at the first one.
    Strict,
    /// Leave them out and count them.
    Drop,
    /// Mend what can be mended, sort by time, drop the rest, and count.
    Repair,
}

impl PolicyArg {
    pub(crate) const fn word(self) -> PolicyWord {
        match self {
            Self::Strict => PolicyWord::Strict,
            Self::Drop => PolicyWord::Drop,
            Self::Repair => PolicyWord::Repair,
        }
    }
}

/// What the columns of a file mean, as options.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What the columns mean (found out from the file where not given)")]
pub(crate) struct SchemaArgs {
    /// Which column holds what: close=adj_close, time=0. Can be repeated.
    #[arg(long = "column", value_name = "ROLE=COLUMN", value_parser = column)]
    pub(crate) columns: Vec<(Column, ColumnRef)>,
    /// Which end of a bar its time names.
    #[arg(long, value_name = "open|close", value_parser = word::<StampIs>)]
    pub(crate) stamp: Option<StampIs>,
    /// The unit of times that are numbers.
    #[arg(long, value_name = "s|ms|us|ns", value_parser = word::<TimeUnit>)]
    pub(crate) time_unit: Option<TimeUnit>,
    /// The form of times that are text, in the notation of strptime: %m/%d/%Y.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) time_format: Option<String>,
    /// The time zone of times without an offset: America/New_York. UTC if not given.
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// What to do with local times that do not exist or exist twice.
    #[arg(long, value_name = "refuse|earlier|later", value_parser = word::<LocalTime>)]
    pub(crate) local_time: Option<LocalTime>,
    /// The character between columns.
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<char>,
    /// Whether the first line names the columns.
    #[arg(long, value_name = "BOOL")]
    pub(crate) header: Option<bool>,
    /// Lines to skip at the beginning.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) skip_lines: usize,
    /// Numbers are written 1,5 instead of 1.5.
    #[arg(long)]
    pub(crate) decimal_comma: bool,
    /// Read only the rows with this symbol.
    #[arg(long)]
    pub(crate) symbol: Option<String>,
    /// The file to read inside a zip archive.
    #[arg(long, value_name = "NAME")]
    pub(crate) entry: Option<String>,
    /// Prices may be zero or negative, as those of spreads may.
    #[arg(long)]
    pub(crate) any_price: bool,
}

impl SchemaArgs {
    pub(crate) fn schema(&self) -> Schema {
        Schema {
            columns: self.columns.iter().cloned().collect(),
            delimiter: self.delimiter,
            header: self.header,
            skip_lines: self.skip_lines,
            decimal_comma: self.decimal_comma,
            time_unit: self.time_unit,
            time_format: self.time_format.clone(),
            zone: self.zone.clone(),
            local_time: self.local_time.unwrap_or_default(),
            stamp: self.stamp,
            symbol: self.symbol.clone(),
            any_price: self.any_price,
            entry: self.entry.clone(),
            ..Schema::default()
        }
    }
}

/// A word that a type reads.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    use serde::de::{IntoDeserializer, value::Error};
    T::deserialize(IntoDeserializer::<Error>::into_deserializer(text)).map_err(|error| error.to_string())
}

fn column(text: &str) -> Result<(Column, ColumnRef), String> {
    let (role, at) = text.split_once('=').ok_or("write ROLE=COLUMN, like close=adj_close or time=0")?;
    let role = word::<Column>(role)?;
    let at = at.parse::<usize>().map_or_else(|_| ColumnRef::from(at), ColumnRef::from);
    Ok((role, at))
}
