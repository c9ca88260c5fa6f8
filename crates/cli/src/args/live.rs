//! The commands of trading.

use std::path::PathBuf;

use algoflow_core::id::{InstrumentId, StrategyId};
use clap::Args;

/// What trading is run with.
#[derive(Clone, Debug, Args)]
pub(crate) struct TradeArgs {
    /// The configuration.
    #[arg(short, long, value_name = "FILE", default_value = "algoflow.toml")]
    pub(crate) config: PathBuf,
    /// Change a key: `live.cancel_on_stop=false`. Can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The state folder, instead of that of the configuration.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The configuration to write.
    #[arg(short, long, value_name = "FILE", default_value = "algoflow.toml")]
    pub(crate) config: PathBuf,
    /// Overwrite it if it is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// An answer that is not asked for then: `instrument=SPY.SIM`. Can be repeated. The keys are connector, api_key_env,
    /// api_secret_env, passphrase_env, venue, account, leverage, instrument, kind, quote, data, strategy, cash,
    /// max_order_notional, max_daily_loss, max_leverage, state, mode. What is left is read from standard input, one answer a line.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) answer: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) trade: TradeArgs,
    /// Say that you mean it: with mode = "live" orders are sent to the venues, for real money.
    #[arg(long)]
    pub(crate) trade_real_money: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PaperArgs {
    #[command(flatten)]
    pub(crate) trade: TradeArgs,
    /// Play back the recorded data of the configuration, without any network.
    #[arg(long)]
    pub(crate) replay: bool,
    /// How many times as fast as they were recorded: 1, 60, 0.5. As fast as they can be read if not given.
    #[arg(long, value_name = "TIMES", requires = "replay", value_parser = speed)]
    pub(crate) speed: Option<f64>,
    /// Do not show progress.
    #[arg(long)]
    pub(crate) no_progress: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    let times: f64 = text.parse().map_err(|_| "write a number: 1, 60, 0.5".to_owned())?;
    if times.is_finite() && times > 0.0 { Ok(times) } else { Err("it must be above zero".to_owned()) }
}

/// Which run is meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct StateArgs {
    /// The state folder of the run.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// The configuration that names the state folder.
    #[arg(short, long, value_name = "FILE", default_value = "algoflow.toml", conflicts_with = "state")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Fail unless a process runs, for checks of its health.
    #[arg(long)]
    pub(crate) running: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Those that are over, too.
    #[arg(long)]
    pub(crate) all: bool,
    /// At most so many, the newest.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct FillsArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// At most so many, the newest.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct HaltArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Only this strategy.
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<StrategyId>,
    /// Cancel the orders that reduce, too: stops and targets.
    #[arg(long)]
    pub(crate) cancel_all: bool,
    /// Close the positions, and keep them closed until trading is resumed.
    #[arg(long)]
    pub(crate) flatten: bool,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) why: String,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Only this strategy.
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<StrategyId>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) why: String,
}

#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Only this strategy.
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<StrategyId>,
    /// Only this instrument.
    #[arg(long, value_name = "ID")]
    pub(crate) instrument: Option<InstrumentId>,
}
