//! The vocabulary of Algoflow: what every other crate speaks.
//!
//! - **Names**: [`InstrumentId`](id::InstrumentId), [`VenueId`](id::VenueId), [`Asset`](id::Asset) are `Copy`, compare
//!   fast and order by content; [`OrderId`](id::OrderId) is deterministic.
//! - **Numbers**: [`Price`](number::Price) and [`Quantity`](number::Quantity) are exact fixed-point numbers,
//!   [`Money`](number::Money) a decimal amount of one asset. Arithmetic is checked.
//! - **Time**: [`Timestamp`](time::Timestamp) is nanoseconds since the epoch, UTC. Market data carry when something happened
//!   and when it could be known.
//! - **Markets**: [`Instrument`](instrument::Instrument), [`MarketData`](market::MarketData),
//!   [`Capabilities`](capabilities::Capabilities).
//! - **Orders**: [`OrderSpec`](order::OrderSpec) is what is asked for, [`Order`](order::Order) what became of it; the legal
//!   steps are one table, [`OrderStatus::next`](order::OrderStatus::next).
//! - **Ledgers**: [`Portfolio`](ledger::Portfolio) with numbered rules.
//! - **Interfaces**: [`Strategy`](strategy::Strategy) is what a trader writes against a [`Context`](context::Context);
//!   [`Venue`](venue::Venue) is a place where orders execute.
//!
//! The crate does no I/O, reads no clock and draws no randomness.
//!
//! ```
//! use algoflow_core::prelude::*;
//!
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let order = OrderSpec::limit(spy.id, Side::Buy, Quantity::from_int(10), "412.50".parse()?);
//! assert!(order.validate(&spy).is_ok());
//! assert_eq!(spy.notional("412.50".parse()?, Quantity::from_int(10))?.to_string(), "4125.00");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bar_builder;
pub mod bar_spec;
pub mod capabilities;
pub mod command;
pub mod context;
pub mod error;
pub mod id;
pub mod instrument;
pub mod ledger;
pub mod market;
pub mod number;
pub mod order;
pub mod sizing;
pub mod state;
pub mod strategy;
pub mod time;
pub mod trading;
pub mod venue;

/// The decimal type in which money is counted, from the `rust_decimal` crate.
pub use rust_decimal::Decimal;

/// What a strategy needs, for one `use`.
pub mod prelude {
    pub use crate::{
        bar_spec::BarSpec,
        context::Context,
        error::StrategyError,
        id::{Asset, InstrumentId, OrderId, StrategyId, VenueId},
        instrument::Instrument,
        market::{Bar, MarketData, Quote, Trade},
        number::{Money, Price, Quantity},
        order::{
            Fill, Order, OrderEvent, OrderEventKind, OrderKind, OrderSpec, Side, TimeInForce, TrailingOffset,
        },
        state::{Subscription, Timer},
        strategy::{Strategy, StrategyResult},
        time::{TimeDelta, Timestamp},
        trading::{Standing, TradingState, VenueStanding},
    };
    pub use rust_decimal::Decimal;
}

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
