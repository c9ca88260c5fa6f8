//! Streaming technical indicators in `f64`.
//!
//! Every indicator takes one input at a time and keeps what it needs for the next: a backtest, a paper session and
//! a live session compute the same numbers, bar by bar. Parameters are checked when an indicator is built.
//!
//! ```
//! use algoflow_indicators::{Atr, Indicator, Macd, Ohlcv, Rsi, Sma};
//!
//! let bars = (0..60).map(|i| {
//!     let close = 100.0 + f64::from(i % 13) - f64::from(i % 7);
//!     Ohlcv { open: close - 0.5, high: close + 1.0, low: close - 1.0, close, volume: 1_000.0 }
//! });
//!
//! let mut sma = Sma::new(20)?;
//! let mut atr = Atr::new(14)?;
//! let mut macd = Macd::new(12, 26, 9)?;
//! let mut smoothed_rsi = Rsi::new(14)?.then(Sma::new(3)?);
//!
//! for bar in bars {
//!     let average = sma.update(bar.close);
//!     let range = atr.update(bar);
//!     let histogram = macd.update(bar.close).map(|macd| macd.histogram);
//!     let rsi = smoothed_rsi.update(bar.close);
//!     if let (Some(average), Some(range), Some(histogram), Some(rsi)) = (average, range, histogram, rsi) {
//!         let stretched = (bar.close - average) / range;
//!         assert!(stretched.is_finite() && histogram.is_finite() && (0.0..=100.0).contains(&rsi));
//!     }
//! }
//! assert_eq!(macd.warm_up(), 34);
//! # Ok::<(), algoflow_indicators::IndicatorError>(())
//! ```
//!
//! # What is promised
//!
//! - **Constant time.** An update costs O(1) amortized, whatever the period ([`Cci`] alone reads its window), and
//!   allocates nothing.
//! - **No drift.** Sums over a window never subtract what leaves it: after any number of updates, and after any
//!   spike, a window gives what a fresh computation over it gives, to within a few units in the last places.
//! - **Exact warm-up.** The first value comes with update number [`Indicator::warm_up`], and from then on each
//!   update gives one.
//! - **Finite values.** No output is ever NaN or infinite. Where a formula divides by zero (a flat market, no
//!   volume), the documentation of the indicator says what it gives instead.
//!
//! # Unusable inputs
//!
//! A number is unusable if it is NaN, infinite or greater than 1e100 in magnitude; a volume also if it is
//! negative. An update with an unusable input (for a bar: in a field that the indicator reads) returns `None`, is
//! not counted as an update and changes nothing. One bad tick thus costs one decision and never poisons
//! the state.
//!
//! # Definitions
//!
//! Each indicator follows the book in which it was published; the documentation names the formula, with what
//! it begins and where TA-Lib differs. Options select the other common choices: [`Seed`] for exponential
//! averages, [`Estimator`] for standard deviations, [`FirstBar`] for true ranges, [`DonchianWindow`],
//! [`ObvStart`], and a constructor `ta_lib` where that library has a rule of its own.
//!
//! # Features
//!
//! `serde`: `Serialize` and `Deserialize` for [`Ohlcv`], the output structs and the option enums.

mod average;
mod chain;
mod cross;
mod error;
mod indicator;
mod input;
mod momentum;
mod ohlcv;
mod parameter;
mod rolling;
mod trend;
mod volatility;
mod volume;

pub use average::{Dema, Ema, Hma, Kama, Rma, Seed, Sma, Tema, Wma};
pub use chain::{Chain, Map};
pub use cross::{Cross, Crossing};
pub use error::IndicatorError;
pub use indicator::Indicator;
pub use momentum::{Cci, Momentum, Roc, Rsi, StochRsi, Stochastic, StochasticOutput, WilliamsR};
pub use ohlcv::Ohlcv;
pub use parameter::MAX_PERIOD;
pub use rolling::{Estimator, RollingMax, RollingMin, RollingSum, StdDev, Variance};
pub use trend::{
    Adx, AdxOutput, Aroon, AroonOutput, DirectionalMovement, DirectionalMovementOutput, Ichimoku,
    IchimokuOutput, LinearRegression, LinearRegressionOutput, Macd, MacdOutput, ParabolicSar,
    ParabolicSarOutput, SuperTrend, SuperTrendOutput, Trend,
};
pub use volatility::{
    Atr, BollingerBands, BollingerBandsOutput, Channel, Donchian, DonchianWindow, FirstBar, Keltner,
    TrueRange, ZScore,
};
pub use volume::{Mfi, Obv, ObvStart, RollingVwap, Vwap};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
