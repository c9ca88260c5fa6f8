//! The state that a strategy sees: instruments and their last prices, orders, positions, recorded series.
//!
//! Only the engine changes it; a strategy reads it through its [`Context`](crate::context::Context).

mod instruments;
mod orders;
mod pending;
mod requests;
mod series;

pub use instruments::{InstrumentState, Instruments};
pub use orders::{Ending, Hold, OrderEntry, OrderView, Orders};
pub use pending::Pending;
pub use requests::{Request, Subscription, Timer};
pub use series::{BarHistory, Recorded};

use crate::{
    error::StrategyError,
    id::{InstrumentId, StrategyId},
    ledger::{CombinedPosition, Portfolio, Position},
    number::Quantity,
    time::Timestamp,
    trading::TradingState,
};

/// The whole state of an engine that strategies can read.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct State {
    /// The time of the input that is being processed.
    pub now: Timestamp,
    /// The instruments and their last prices.
    pub instruments: Instruments,
    /// Every order of the run.
    pub orders: Orders,
    /// Accounts and positions.
    pub portfolio: Portfolio,
    /// The names of the strategies, by index.
    pub strategies: Vec<StrategyId>,
    /// By strategy: what it may trade. One that is not listed may trade everything.
    pub trading: Vec<TradingState>,
    /// What open target and closing orders will still add to positions.
    pub pending: Pending,
    /// Bars that strategies asked to keep.
    pub bars: BarHistory,
    /// Series that strategies record.
    pub recorded: Recorded,
    /// What strategies have asked for and the engine has not yet done.
    pub requests: Vec<Request>,
}

impl State {
    /// An empty state for the run with this number, whose portfolio reports in `reporting`.
    #[must_use]
    pub fn new(run: u32, reporting: crate::id::Asset) -> Self {
        Self {
            now: Timestamp::MIN,
            instruments: Instruments::default(),
            orders: Orders::new(run),
            portfolio: Portfolio::new(reporting),
            strategies: Vec::new(),
            trading: Vec::new(),
            pending: Pending::default(),
            bars: BarHistory::default(),
            recorded: Recorded::default(),
            requests: Vec::new(),
        }
    }

    /// The position of a strategy in the instrument with this index.
    #[must_use]
    #[inline]
    pub fn position(&self, strategy: usize, instrument: usize) -> Position {
        self.portfolio.strategy_position(strategy, instrument)
    }

    /// Positions in several listings of one thing, added up: of one strategy, or of the accounts.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`], and those of [`Portfolio::combined`].
    pub fn combined_position(
        &self,
        strategy: Option<usize>,
        listings: &[InstrumentId],
    ) -> Result<CombinedPosition, StrategyError> {
        let indexed = listings.iter().map(|id| Ok((self.instruments.require(*id)?, *id)));
        let indexed: Vec<_> = indexed.collect::<Result<_, StrategyError>>()?;
        Ok(self.portfolio.combined(strategy, &indexed)?)
    }

    /// What open target orders will still add to the position.
    #[must_use]
    #[inline]
    pub fn pending_target(&self, strategy: usize, instrument: usize) -> Quantity {
        self.pending.get(strategy, instrument)
    }
}
