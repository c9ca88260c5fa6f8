//! Simulated venues: explicit models of how orders fill on bars, quotes and trades, what that costs, and how long
//! messages travel.
//!
//! A [`SimVenue`] says what trades and by which models; [`SimVenue::start`] makes a [`SimExchange`] of it, which a
//! driver feeds with market data, commands and time, and from which it takes reports. Everything happens in plain
//! synchronous functions on simulated time; the only randomness is that of the [`RejectModel`], from a seed.
//!
//! # Invariants
//!
//! - Nothing fills on data older than the order, and data that come later change no report that came before.
//! - A limit order fills at its limit or better; no fill lies outside the range of its bar except by slippage.
//! - Fills never exceed the order, the participation cap, the displayed size or the trade that they fill against.
//! - Every report is a legal step of the order's state machine; equal inputs give equal reports.
//!
//! The rules themselves are the numbered conditions of [`policy`]; tests cite them.
//!
//! # Models
//!
//! | | |
//! |---|---|
//! | Where orders fill | [`FillPolicy`]: [`BarFill`], [`BarPath`], [`LimitFill`], [`TradeFill`], [`Depth`] |
//! | How much | [`SimVenue::participation`] |
//! | How much worse | [`Slippage`], or your own [`SlippageModel`] |
//! | What it costs | [`Fees`], or your own [`FeeModel`] |
//! | How long it takes | [`Latency`] |
//! | What goes wrong | [`RejectModel`] |
//! | What can be asked for | [`default_capabilities`], [`SimVenue::with_capabilities`] |
//!
//! All of them but custom models can be read from a file as a [`SimConfig`].
//!
//! # Example
//!
//! ```
//! use algoflow_core::{
//!     bar_spec::BarSpec,
//!     command::{Command, Submit},
//!     id::OrderId,
//!     instrument::Instrument,
//!     market::{Bar, MarketData},
//!     number::Quantity,
//!     order::{OrderSpec, Side},
//!     time::{TimeDelta, Timestamp},
//! };
//! use algoflow_sim::{Fees, SimVenue, Slippage};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let venue = SimVenue::new("NYSE").instrument(spy.clone()).fees(Fees::bps(1)).slippage(Slippage::half_spread());
//! let mut exchange = venue.start(42)?;
//!
//! let bar = |minute: i64, open: &str, close: &str| -> Result<MarketData, Box<dyn std::error::Error>> {
//!     let ts_close = Timestamp::EPOCH.saturating_add(TimeDelta::minutes(minute));
//!     let (open, close) = (open.parse()?, close.parse()?);
//!     Ok(MarketData::Bar(Bar {
//!         instrument: spy.id,
//!         spec: BarSpec::minutes(1),
//!         ts_open: ts_close.saturating_sub(TimeDelta::minutes(1)),
//!         ts_close,
//!         ts_recv: ts_close,
//!         open,
//!         high: open.max(close),
//!         low: open.min(close),
//!         close,
//!         volume: Quantity::from_int(1_000),
//!     }))
//! };
//!
//! // The first bar ends; the strategy sees its close and buys.
//! let first = bar(1, "470.10", "470.55")?;
//! exchange.on_market(&first)?;
//! let order = OrderId { run: 1, strategy: 0, sequence: 1 };
//! let spec = OrderSpec::market(spy.id, Side::Buy, Quantity::from_int(10));
//! exchange.execute(&Command::Submit(Submit { order, spec }), first.ts_recv())?;
//! assert!(exchange.poll()?.is_some(), "accepted");
//!
//! // It fills at the next bar's open, a tick worse for half a spread, with a fee of one basis point.
//! exchange.on_market(&bar(2, "470.60", "470.90")?)?;
//! let report = exchange.poll()?.ok_or("no report")?;
//! let fill = report.fill().ok_or("no fill")?;
//! assert_eq!(fill.price.to_string(), "470.61");
//! assert_eq!(fill.fee.to_string(), "0.470610 USD");
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! Order books, queues, liquidity pools, margin calls and the costs of borrowing are not part of this version; funding is
//! paid by the engine, where the data have it. A bar, a quote or a trade does not show the queue in which a limit order
//! waits, which is why [`LimitFill::Through`] is the default. A bar does not show the way that the price took inside it either: run [`BarPath::Worst`] beside the
//! default and take the difference for the uncertainty of the result.

mod book;
mod config;
mod context;
mod desk;
mod error;
mod exchange;
mod fees;
mod latency;
mod path;
pub mod policy;
mod reject;
mod slippage;
mod venue;
mod words;

pub use self::{
    book::Calm,
    config::SimConfig,
    context::FillContext,
    error::SimError,
    exchange::{OpenOrder, SimExchange},
    fees::{FeeModel, FeePer, FeeTier, Fees},
    latency::Latency,
    policy::{BarFill, BarPath, Depth, FillPolicy, LimitFill, TradeFill},
    reject::RejectModel,
    slippage::{Slippage, SlippageModel, Spread},
    venue::{SimVenue, default_capabilities},
};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
