//! Stretches of data in which only one strategy has anything to do.

use algoflow_core::{
    command::Command,
    context::Context,
    error::StrategyError,
    market::{MarketData, MarketRef},
    state::State,
    strategy::Strategy,
};

use super::Engine;
use crate::error::EngineError;

/// The way of nearly every event of a backtest: bars or trades of one instrument go to one strategy, and nothing else
/// happens in the engine. What is found out once for all of them is kept here.
///
/// Made by [`Engine::quiet`]. It stays right until [`Quiet::tell`] says that there is more to do.
pub struct Quiet<'e> {
    state: &'e mut State,
    strategy: &'e mut dyn Strategy,
    index: usize,
    instrument: usize,
    failure: Option<StrategyError>,
}

impl std::fmt::Debug for Quiet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quiet")
            .field("strategy", &self.index)
            .field("instrument", &self.instrument)
            .finish_non_exhaustive()
    }
}

/// How a quiet stretch ended. Hand it to [`Engine::rouse`].
#[derive(Debug)]
#[must_use]
pub struct Told {
    /// The strategy whose callback failed, and how.
    failure: Option<(usize, StrategyError)>,
}

impl Told {
    /// Whether the strategy's callback failed.
    #[inline]
    pub(super) const fn failed(&self) -> bool {
        self.failure.is_some()
    }
}

impl Quiet<'_> {
    /// Tells the strategy of the next data: bars of the same spec or trades of the instrument for which this was made, and
    /// with times that never fall. Data of other kinds are not told. False if the engine has something to do about it.
    #[inline(always)]
    pub fn tell(&mut self, data: MarketRef<'_>) -> bool {
        let result = match data {
            MarketRef::Bar(bar) => {
                self.state.now = bar.ts_recv;
                self.state.portfolio.set_mark(self.instrument, bar.close);
                if self.state.bars.keeps_any() {
                    self.state.bars.push(self.instrument, bar);
                }
                self.strategy.on_bar(&mut Context::new(self.state, self.index), bar)
            }
            MarketRef::Trade(trade) => {
                self.state.now = trade.ts_recv;
                self.state.portfolio.set_mark(self.instrument, trade.price);
                self.strategy.on_trade(&mut Context::new(self.state, self.index), trade)
            }
            _ => return true,
        };
        match result {
            Ok(()) => self.state.requests.is_empty(),
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    #[cold]
    fn fail(&mut self, error: StrategyError) {
        self.failure = Some(error);
    }

    /// What the engine has to do about it.
    pub fn end(self) -> Told {
        let index = self.index;
        Told { failure: self.failure.map(|error| (index, error)) }
    }

    /// As [`Engine::equity_f64`].
    #[inline]
    pub fn equity_f64(&mut self) -> f64 {
        self.state.portfolio.equity_f64()
    }
}

impl Engine {
    /// The quick way for `data` and what follows of their kind, if there is one: they go to one strategy, no order waits
    /// for a trigger that the engine watches, no algorithm listens, no bars are built, no risk is managed, and no journal is
    /// kept.
    #[inline]
    pub fn quiet(&mut self, data: &MarketData) -> Option<Quiet<'_>> {
        let watched = self.guarded || self.links.waiting_count > 0 || !self.works.are_deaf();
        if self.journal.is_some() || watched {
            return None;
        }
        let (instrument, index) = match data {
            MarketData::Bar(bar) => {
                let instrument = self.state.instruments.index(bar.instrument)?;
                (instrument, self.routes.only_for_bars(instrument, bar.spec)?)
            }
            MarketData::Trade(trade) => {
                let instrument = self.state.instruments.index(trade.instrument)?;
                (instrument, self.routes.only_for_trades(instrument)?)
            }
            _ => return None,
        };
        if data.ts_recv() < self.state.now {
            return None;
        }
        let slot = self.strategies.get_mut(index).filter(|slot| !slot.halted)?;
        if let Some(shown) = self.shown.get_mut(instrument) {
            match data {
                MarketData::Bar(bar) => shown.bar(bar.spec),
                _ => shown.trade(),
            }
        }
        Some(Quiet {
            state: &mut self.state,
            strategy: &mut *slot.strategy,
            index,
            instrument,
            failure: None,
        })
    }

    /// Does what a strategy asked for in a quiet stretch.
    ///
    /// # Errors
    /// See [`Engine::process`].
    #[inline]
    pub fn rouse(&mut self, told: Told, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        if let Some((index, error)) = &told.failure {
            self.halt(*index, error);
        }
        if self.state.requests.is_empty() && self.links.to_cancel.is_empty() {
            return Ok(());
        }
        self.settle(commands)
    }
}
