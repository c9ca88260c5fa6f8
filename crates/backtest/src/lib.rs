//! The backtest driver: data in, the engine that would trade live, simulated venues, results.
//!
//! A [`Backtest`] is put together from venues, cash, data and strategies; [`Backtest::run`] reads the data once, in the
//! order in which they could be known, and returns a [`BacktestResult`] with everything that happened. A [`Sweep`] runs
//! one for each set of parameters, on all cores.
//!
//! ```
//! use algoflow_backtest::Backtest;
//! use algoflow_core::prelude::*;
//! use algoflow_data::CsvBars;
//! use algoflow_sim::{Fees, SimVenue};
//!
//! /// Buys ten with the first bar and holds.
//! struct BuyAndHold { instrument: InstrumentId }
//!
//! impl Strategy for BuyAndHold {
//!     fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
//!         ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
//!     }
//!     fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
//!         ctx.target_position(self.instrument, Quantity::from_int(10))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let csv = "date,open,high,low,close,volume\n\
//!            2024-01-02,100,101,99,100,1000\n\
//!            2024-01-03,100,103,100,102,1000\n";
//! let (bars, _) = CsvBars::from_bytes("spy.csv", csv.as_bytes()).instrument(spy.id).spec(BarSpec::day()).load()?;
//! let result = Backtest::new()
//!     .cash("10000 USD")
//!     .strategy(BuyAndHold { instrument: spy.id })
//!     .venue(SimVenue::new("NYSE").instrument(spy).fees(Fees::bps(1)))
//!     .data(bars)
//!     .run()?;
//! // Decided at the close of the first day, filled at the open of the second: that order is the only one.
//! assert_eq!(result.orders.iter().count(), 1);
//! assert_eq!(result.fills.first().map(|fill| fill.price.to_string()).as_deref(), Some("100"));
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! 1. *Nothing is known early.* Data are merged by `ts_recv`; what is due before a piece of data (timers, delayed commands,
//!    data and reports) happens before it, and cutting the data off changes no earlier decision.
//! 2. *The same inputs and seed give the same [`BacktestResult::hash`]*, in any process and on any number of threads.
//! 3. *A mistake of a strategy does not end the run*: it is halted, and [`BacktestResult::halts`] says why. Bad data and
//!    broken invariants do end it.
//! 4. *Memory is bounded by what happens, not by how long it takes*: data are streamed or shared, and the equity curve goes
//!    over to longer intervals by itself, unless [`Backtest::sample_equity_every`] says otherwise.
//!
//! # Limits
//!
//! How orders fill is `algoflow-sim`'s, and its limits are those of a backtest. What is due after the last piece of data
//! never happens. At one time venues may report 100,000 times; more is taken for a loop and ends the run.
mod builder;
mod curve;
mod driver;
mod error;
mod fills;
mod notes;
mod result;
mod sweep;
pub use builder::{Backtest, IntoMoney, Progress};
pub use error::BacktestError;
pub use fills::{Fills, FillsIter};
pub use result::BacktestResult;
pub use sweep::{Sweep, SweepProgress};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
