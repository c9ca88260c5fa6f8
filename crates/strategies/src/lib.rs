//! Ready-made strategies: six classic ideas, each in one readable file.
//!
//! | strategy | idea | instruments |
//! |---|---|---|
//! | [`SmaCross`] | follow the trend while a fast average is above a slow one | one |
//! | [`RsiReversion`] | buy what has fallen too fast, behind a bracket | one |
//! | [`DonchianBreakout`] | follow a breakout from a price channel, behind a trailing stop | one |
//! | [`PairsReversion`] | trade the gap between two related prices back to its mean | two |
//! | [`TrendMomentum`] | follow past returns, sized by volatility | several |
//! | [`Rebalance`] | hold fixed weights | several |
//!
//! They are meant to be read, tested, copied and changed. None of them is advice: the documentation of each
//! says where the idea comes from, what its rules are, and how it loses money.
//!
//! # Running one
//!
//! Each strategy has a short constructor and a struct of parameters; parameters that make no sense are
//! refused by name.
//!
//! ```
//! use algoflow_core::prelude::*;
//! use algoflow_execution::Harness;
//! use algoflow_strategies::SmaCross;
//!
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let id = spy.id;
//! let strategy = SmaCross::new(id, 2, 3)?.size(Quantity::from_int(10));
//!
//! // The harness of `algoflow-execution` feeds events and shows the commands that come back.
//! let mut harness = Harness::new([spy], "10000 USD".parse()?, strategy)?;
//! assert!(harness.close(id, "100")?.is_empty());
//! assert!(harness.close(id, "101")?.is_empty(), "two bars are too few for the slow average");
//! let commands = harness.close(id, "102")?;
//! let order = Harness::submitted(&commands)[0];
//! assert_eq!((order.spec.side, order.spec.quantity), (Side::Buy, Quantity::from_int(10).into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # By name
//!
//! [`registry`] lists the strategies with the schema and the defaults of their parameters, and builds them
//! from parameters that were read from a file.
//!
//! ```
//! let info = algoflow_strategies::find("sma_cross").ok_or("no such strategy")?;
//! assert_eq!(info.defaults()["fast"], 20);
//! let params = serde_json::json!({ "instrument": "SPY.NYSE", "fast": 10, "slow": 30 });
//! let strategy = info.build(params)?;
//!
//! let params = serde_json::json!({ "instrument": "SPY.NYSE", "fast": 50, "slow": 30 });
//! let refusal = info.build(params).err().ok_or("not refused")?;
//! assert_eq!(refusal.to_string(), "parameter fast: must be below slow (30), is 50");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What all of them keep to
//!
//! - **Completed bars only.** A decision uses bars that are complete; several instruments are compared once
//!   all bars of one time have arrived. Later data never change an earlier decision.
//! - **No order before the warm-up is over.** Before an indicator has a value, nothing is traded.
//! - **No order is left behind.** Protective orders are cancelled before a position is closed, and the
//!   closing order waits until that is confirmed, so a stop that fills in between cannot turn the position
//!   around.
//! - **A refusal is not the end.** A refused target is tried again with the next bar, a refused entry of a
//!   protected position waits for the next signal, and a position whose stop is refused is closed.
//! - **A weight is a share of the whole portfolio's equity** at the moment of the decision. A weight of 1
//!   leaves nothing for fees or for a price that moves before the fill; a cash account refuses the order
//!   then. Money at one venue does not pay for orders at another.
//!
//! Prices must be continuous: use bars that are adjusted for splits (and dividends, where they matter), or a
//! split looks like a crash to every one of them.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod allocation;
mod donchian_breakout;
mod exit;
mod pairs_reversion;
mod parameters;
mod protected_position;
mod rebalance;
mod registry;
mod rsi_reversion;
mod sma_cross;
mod trend_momentum;

pub use donchian_breakout::{DonchianBreakout, DonchianBreakoutParams};
pub use pairs_reversion::{HedgeRatio, PairsReversion, PairsReversionParams};
pub use parameters::{Direction, Sizing};
pub use rebalance::{Rebalance, RebalanceParams, Schedule};
pub use registry::{StrategyInfo, find, registry};
pub use rsi_reversion::{RsiReversion, RsiReversionParams};
pub use sma_cross::{SmaCross, SmaCrossParams};
pub use trend_momentum::{TrendMomentum, TrendMomentumParams};
