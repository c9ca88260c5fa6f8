//! Performance statistics, trade analysis and tear sheets for trading strategies.
//!
//! What goes in is plain: the equity of an account over time ([`EquityPoint`]), and, if there are any, the fills
//! ([`algoflow_core::order::Fill`]), prices, and a benchmark. What comes out:
//!
//! - [`ReturnSeries`]: returns over days, weeks, months or any step;
//! - [`Statistics`]: some forty figures in one struct; each is also a plain function in [`measure`], whose doc has the
//!   formula and its source;
//! - [`drawdown`], [`rolling`], [`distribution`] and [`MonthlyTable`]: the series and tables behind them;
//! - [`trade`]: fills matched into round trips with exact profits, their statistics, exposure and turnover;
//! - [`Report`]: everything together, as text for a terminal, as JSON, as one self-contained HTML page, as SVG and (feature
//!   `png`) as PNG.
//!
//! ```
//! use algoflow_analytics::{EquityPoint, Options, Report};
//!
//! let equity: Vec<EquityPoint> = [("2024-01-01", 100_000.0), ("2024-01-02", 101_000.0), ("2024-01-03", 99_990.0),
//!     ("2024-01-04", 102_000.0), ("2024-01-05", 103_500.0)]
//!     .into_iter()
//!     .map(|(day, equity)| Ok(EquityPoint::at_close_of(day.parse()?, equity)))
//!     .collect::<Result<_, algoflow_core::error::TimeError>>()?;
//! let report = Report::builder("My first run", equity)
//!     .strategy("SMA cross")
//!     .parameter("fast", "10")
//!     .options(Options { periods_per_year: Some(252.0), ..Options::default() })
//!     .build()?;
//! assert!((report.statistics().max_drawdown - 0.01).abs() < 1e-12);
//! println!("{}", report.summary());
//! let page = report.to_html()?;
//! assert!(page.starts_with("<!DOCTYPE html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds
//!
//! - **Nothing is NaN or infinite.** A figure that is not defined (no losing trade, no variation, too few returns) is
//!   `None`, and so is one that does not fit a double.
//! - **Money is exact.** Profits and fees of trades are decimals; they are split so that the parts add up.
//! - **A value tells of the time that ends at its stamp.** One stamped at midnight belongs to the day before, in every
//!   table by day, month or year; see [`calendar::closing_date`] and [`EquityPoint::at_close_of`].
//! - **Days off are no returns of zero**, if the times of the market are given; see
//!   [`ReturnSeries::from_equity_on_market`].
//! - **Conventions are said.** How many periods a year has is given, or derived from the data and shown. Losses (drawdowns,
//!   values at risk) are positive fractions in structs and have a minus sign where they are shown.
//! - **The same input gives the same bytes**, in every output, on every machine.
//!
//! Where packages define a figure differently, the doc of the function says which definition is meant. The tests compare
//! with empyrical, quantstats, scipy and skfolio on real prices, to 1e-9 relative.
//!
//! # Limits
//!
//! Returns are of one account in one currency, without deposits and withdrawals: take these out of the equity first.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod calendar;
pub mod distribution;
pub mod drawdown;
pub mod equity;
mod error;
pub mod measure;
mod picture;
mod report;
mod returns;
pub mod rolling;
mod statistics;
pub mod trade;

pub use calendar::MonthlyTable;
pub use equity::EquityPoint;
pub use error::{AnalyticsError, Result};
pub use report::{Report, ReportBuilder};
pub use returns::{PairedReturns, Period, ReturnSeries};
pub use statistics::{BenchmarkStatistics, Options, Statistics};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
