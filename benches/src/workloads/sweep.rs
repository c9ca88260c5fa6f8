use std::{sync::Arc, time::Instant};

use algoflow_backtest::{BacktestError, Sweep};
use algoflow_core::time::TimeDelta;
use algoflow_data::BarSeries;

use super::{Outcome, bars::backtest, equity_of};

/// A thousand pairs of averages: 5 to 43 in steps of two by 50 to 295 in steps of five.
pub fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..20).flat_map(|fast| (0..50).map(move |slow| (5 + 2 * fast, 50 + 5 * slow)))
}

/// One run for each pair, on all cores. Of each run the number of fills and the final equity are kept.
///
/// # Errors
/// [`BacktestError`] if a run fails.
pub fn sweep(series: &Arc<BarSeries>) -> Result<Outcome, BacktestError> {
    let start = Instant::now();
    let runs = Sweep::over(pairs()).run(
        // One point of the equity curve a day is enough to rank runs by.
        |(fast, slow)| Ok(backtest(series, *fast, *slow)?.sample_equity_every(TimeDelta::days(1))),
        |_, result| equity_of(&result).map(|equity| (result.events, result.fills.len() as u64, equity)),
    )?;
    let run_s = start.elapsed().as_secs_f64();
    let mut outcome = Outcome { events: 0, run_s, fills: 0, equity: f64::MIN };
    for run in runs {
        let (events, fills, equity) = run?;
        outcome.events += events;
        outcome.fills += fills;
        outcome.equity = outcome.equity.max(equity);
    }
    Ok(outcome)
}
