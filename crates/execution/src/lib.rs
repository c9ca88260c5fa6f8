//! The trading engine: a deterministic state machine without I/O. Market data, reports about orders and times go in,
//! commands come out; a backtest, paper trading and live trading are drivers around the same [`Engine`].
//!
//! - [`Engine`]: orders with pre-trade checks, linked orders, emulation of what a venue lacks, bars of every timeframe,
//!   timers, accounts and positions of several strategies.
//! - [`Harness`]: one strategy in an engine of its own, with a venue that does what a test says.
//! - [`risk`]: limits before every order and all the time, states of trading, and what may be asked of a running engine
//!   ([`Control`]).
//! - [`journal`]: what went in and what came out, to [`replay`] a run and to prove that it is the same.
//!
//! # An engine by hand
//!
//! ```
//! use algoflow_core::{capabilities::Capabilities, command::Command, ledger::AccountKind, prelude::*};
//! use algoflow_execution::Engine;
//!
//! /// Follows the first trade.
//! struct Follow { instrument: InstrumentId }
//!
//! impl Strategy for Follow {
//!     fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
//!         ctx.subscribe(Subscription::Trades(self.instrument))
//!     }
//!     fn on_trade(&mut self, ctx: &mut Context<'_>, _trade: &Trade) -> StrategyResult {
//!         ctx.target_position(self.instrument, Quantity::from_int(10))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let (instrument, venue) = (spy.id, spy.venue());
//! let mut engine = Engine::new(1, "USD".parse()?);
//! engine.add_venue(venue, Capabilities::all_native(), AccountKind::Cash);
//! engine.add_instrument(spy)?;
//! engine.deposit(venue, "10000 USD".parse()?)?;
//! engine.add_strategy("follow".parse()?, Box::new(Follow { instrument }))?;
//!
//! // The driver owns the buffer of commands, and carries them out.
//! let mut commands = Vec::new();
//! engine.start("2024-01-02T14:30:00Z".parse()?, &mut commands)?;
//! let at = "2024-01-02T14:30:01Z".parse()?;
//! let (price, quantity) = ("470.10".parse()?, Quantity::from_int(100));
//! let trade = Trade { instrument, ts_event: at, ts_recv: at, price, quantity, aggressor: None };
//! engine.market(&trade.into(), &mut commands)?;
//! assert!(matches!(commands[..], [Command::Submit(_)]));
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! 1. *The same inputs give the same commands.* No clock, no environment, no randomness, no order of a hash map.
//! 2. *Linked orders stay right* under partial fills, refusals and races, by rules C1 to C8; what the engine does in place of
//!    a venue follows rules E1 to E9 (triggers) and R1 to R4 (reduce-only). Tests cite them.
//! 3. *The strategies add up to the account*, and what an account holds is what was paid in plus its positions: both are
//!    checked after every fill.
//! 4. *An outcome that is unknown ends only by proof.* Such an order is neither sent again nor forgotten.
//! 5. *A mistake of a strategy is its own*: it is halted, its orders are cancelled, the others go on.
//! 6. *Limits hold for everything that leaves*, by rules RK1 to RK15; exits are never blocked by them.
//!
//! # Execution algorithms
//!
//! An order that a strategy gives to an algorithm ([`OrderBuilder::via`](algoflow_core::context::OrderBuilder::via)) is worked by
//! the engine: slices of it are sent, and it fills with them. It never exceeds its quantity, its price and its fee under partial
//! fills, refusals, unknown outcomes, late fills and amendments, by rules A1 to A14, which tests cite. See [`algorithm`].
//!
//! # Routes
//!
//! An order with a [`Route`](algoflow_core::order::route::Route) is worked over several listings of one thing (exchanges, pools,
//! accounts, wallets): by best price after fees, or in rotation, by rules SR1 to SR13, which tests cite. It goes with every algorithm.
//!
//! # Limits
//!
//! One input leads to at most [`MAX_REQUESTS_PER_INPUT`] requests and [`MAX_TIMERS_PER_INPUT`] timers; repeated fills are
//! told from new ones among the last [`MAX_KNOWN_FILLS`]. An order that is worked has at most [`MAX_OPEN_SLICES`] slices out,
//! and ends after [`MAX_REFUSALS`] refusals in a row. Of a book the best [`MAX_BOOK_LEVELS`] levels of each side are kept; for [`MAX_TURNS`]
//! sets of listings it is known whose turn it is.

pub mod algorithm;
mod bars;
mod control;
mod engine;
mod error;
mod fills;
mod harness;
mod input;
pub mod journal;
mod links;
pub mod risk;
mod routes;
mod routing;
mod timers;
mod works;

pub use control::{Control, ControlAction, Scope};
pub use engine::{
    Adjustment, Adopted, Anomaly, EXTERNAL, Engine, EngineSnapshot, ErrorPolicy, Halt, MAX_ANOMALIES,
    MAX_OPEN_SLICES, MAX_REFUSALS, MAX_REQUESTS_PER_INPUT, MAX_TIMERS_PER_INPUT, Quiet, SNAPSHOT_VERSION,
    SnapshotError, Told,
};
pub use error::EngineError;
pub use fills::MAX_KNOWN_FILLS;
pub use harness::Harness;
pub use input::Input;
pub use journal::{Journal, JournalReader, replay, replay_stream};
pub use routing::{MAX_BOOK_LEVELS, MAX_TURNS};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
