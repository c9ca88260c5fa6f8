use std::{sync::Arc, time::Instant};

use algoflow_backtest::{Backtest, BacktestError, BacktestResult};
use algoflow_core::prelude::*;
use algoflow_data::BarSeries;
use algoflow_indicators::RollingSum;
use algoflow_sim::{BarFill, Fees, SimVenue};

use super::{Outcome, equity_of};

/// Long one unit while the fast average of the closes is above the slow one, else flat.
///
/// The averages are compared exactly, as integer sums, so that ties are ties.
#[derive(Debug)]
pub struct CrossOfSums {
    instrument: InstrumentId,
    spec: BarSpec,
    fast: RollingSum,
    slow: RollingSum,
}

impl CrossOfSums {
    /// A cross of the averages over `fast` and `slow` bars.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for a length of zero.
    pub fn new(
        instrument: InstrumentId,
        spec: BarSpec,
        fast: usize,
        slow: usize,
    ) -> Result<Self, StrategyError> {
        let sum = |length| {
            RollingSum::new(length).map_err(|error| StrategyError::parameter("length", error.to_string()))
        };
        Ok(Self { instrument, spec, fast: sum(fast)?, slow: sum(slow)? })
    }
}

impl Strategy for CrossOfSums {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.instrument, self.spec))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let close = bar.close.mantissa();
        self.fast.update(close);
        self.slow.update(close);
        let Some(order) = self.fast.compare_mean(&self.slow) else { return Ok(()) };
        ctx.target_position(self.instrument, if order.is_gt() { Quantity::ONE } else { Quantity::ZERO })
    }
}

/// The backtest of the workload, ready to run.
///
/// # Errors
/// [`BacktestError`] if the parameters make no sense.
pub fn backtest(series: &Arc<BarSeries>, fast: usize, slow: usize) -> Result<Backtest, BacktestError> {
    let id = series.instrument();
    let strategy = CrossOfSums::new(id, series.spec(), fast, slow)?;
    let instrument = Instrument::equity(id.as_str(), "USD")?;
    let venue = SimVenue::new(id.venue().as_str())
        .instrument(instrument)
        .bar_fill(BarFill::SameClose)
        .fees(Fees::bps(10));
    Ok(Backtest::new().venue(venue).cash("10000000 USD").data(series).strategy(strategy))
}

/// One run of the 10/30 cross: cash of ten million, a fee of 0.1 % a side, fills at the close that decided.
///
/// # Errors
/// [`BacktestError`] if the run fails.
pub fn bars(series: &Arc<BarSeries>) -> Result<(Outcome, BacktestResult), BacktestError> {
    let backtest = backtest(series, 10, 30)?;
    let start = Instant::now();
    let result = backtest.run()?;
    let run_s = start.elapsed().as_secs_f64();
    let outcome = Outcome {
        events: result.events,
        run_s,
        fills: result.fills.len() as u64,
        equity: equity_of(&result)?,
    };
    Ok((outcome, result))
}
