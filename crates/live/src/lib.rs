//! Live and paper trading: the deterministic engine over real venues.
//!
//! - [`Live`]: venues, strategies and a journal, put together and run. [`driver`] says how.
//! - [`session`]: the engine, its venues and its journal as one state machine without I/O, under rules N1 to N8.
//! - [`reconcile`]: our books against the venue's, a pure function under rules Y1 to Y8.
//! - [`journal`]: every input and what it led to, durable before anything is sent.
//! - [`paper`]: the simulated matching of a backtest over recorded or live data, as a venue. [`shadow`]: beside a real one.
//! - [`telemetry`], [`alerts`]: logs, metrics, health, spans; and who is told when something is wrong.
//!
//! # Paper trading
//!
//! ```
//! use algoflow_core::{ledger::AccountKind, market::MarketData, prelude::*};
//! use algoflow_live::{Live, LiveConfig, journal::{Faults, MemoryDisk, MemoryStore}, paper::PaperVenue, session::TimeSource};
//! use algoflow_sim::SimVenue;
//!
//! /// Buys one at the first trade.
//! struct First { instrument: InstrumentId }
//!
//! impl Strategy for First {
//!     fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
//!         ctx.subscribe(Subscription::Trades(self.instrument))
//!     }
//!     fn on_trade(&mut self, ctx: &mut Context<'_>, _: &Trade) -> StrategyResult {
//!         ctx.target_position(self.instrument, Quantity::ONE)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let trade = |second| -> Result<MarketData, Box<dyn std::error::Error>> {
//!     let at = Timestamp::from_seconds(second)?;
//!     let (instrument, price, quantity) = (spy.id, "470.10".parse()?, Quantity::from_int(100));
//!     Ok(Trade { instrument, ts_event: at, ts_recv: at, price, quantity, aggressor: None }.into())
//! };
//! let tape = vec![trade(1)?, trade(2)?];
//!
//! // The venue plays the tape back; the journal is in memory here, in a file elsewhere.
//! let venue = SimVenue::new("NYSE").instrument(spy.clone());
//! let cash = ["10000 USD".parse()?];
//! let paper = PaperVenue::replay(&venue, tape.into_iter().map(Ok), AccountKind::Cash, &cash, 1)?;
//! let mut config = LiveConfig::new("USD".parse()?);
//! config.session.time = TimeSource::Data;
//! let outcome = Live::new(config)
//!     .store(MemoryStore::open(&MemoryDisk::default(), Faults::none())?)
//!     .paper(paper)
//!     .strategy("first", First { instrument: spy.id })
//!     .run()
//!     .await?;
//! assert!(outcome.clean);
//! assert_eq!(outcome.state.position(0, 0).quantity, Quantity::ONE);
//! # Ok(())
//! # }
//! ```

pub mod alerts;
#[cfg(all(unix, feature = "control"))]
pub mod control;
pub mod driver;
pub mod journal;
pub mod paper;
pub mod reconcile;
pub mod session;
pub mod shadow;
pub mod telemetry;

pub use driver::{Live, LiveConfig, LiveError};
