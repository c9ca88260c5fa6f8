//! The workloads.

mod bars;
pub mod endurance;
pub mod journal;
mod sweep;
pub mod tick_to_order;
mod ticks;
mod wire;

use algoflow_backtest::BacktestError;

pub use bars::{CrossOfSums, backtest, bars};
pub use sweep::{pairs, sweep};
pub use ticks::ticks;

/// What a workload did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Pieces of market data processed; in a sweep, over all runs.
    pub events: u64,
    /// Seconds that the run took, without loading.
    pub run_s: f64,
    /// Fills.
    pub fills: u64,
    /// The final equity; in a sweep, of the best run.
    pub equity: f64,
}

/// The final equity of a result as a double.
fn equity_of(result: &algoflow_backtest::BacktestResult) -> Result<f64, BacktestError> {
    let equity = result.final_equity.and_then(|money| f64::try_from(money.amount).ok());
    equity.ok_or_else(|| BacktestError::Report("the final equity is not known".to_owned()))
}
