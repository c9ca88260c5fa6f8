//! A warm-up: strategies are told of the past (X5, X7).

use algoflow_core::{command::Command, market::MarketData, strategy::Strategy};

use super::{Engine, dispatch::tell};
use crate::{error::EngineError, input::Input};

impl Engine {
    /// [`Input::WarmUp`] without the wrapping (X5, X7).
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn warm_up(&mut self, data: &MarketData, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::WarmUp(data.clone()),
            commands,
            |engine, commands| {
                engine.warming = true;
                let told = engine.on_past(data, commands).and_then(|()| engine.settle(commands));
                engine.warming = false;
                told
            },
        )
    }

    fn on_past(&mut self, data: &MarketData, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let id = data.instrument();
        let index = self.state.instruments.index(id);
        let index = index.ok_or_else(|| EngineError::UnknownInstrument { instrument: id })?;
        if let Some(price) = price_of(data)
            && self.state.portfolio.mark(index).is_none()
        {
            self.state.portfolio.set_mark(index, price);
        }
        match data {
            // That the past is known in bars says nothing of how the venue gives the present.
            MarketData::Bar(bar) if self.routes.is_wanted(index, bar.spec) => {
                if !self.routes.has_built(index, bar) {
                    self.tell_bar(index, bar);
                }
            }
            MarketData::Bar(bar) => {
                self.build_bars(index, commands, |builder, done| builder.on_bar(bar, done))?;
            }
            MarketData::Trade(trade) => {
                tell!(self, index, trades, on_trade, trade);
                self.build_bars(index, commands, |builder, done| builder.on_trade(trade, done))?;
            }
            MarketData::Quote(quote) => {
                tell!(self, index, quotes, on_quote, quote);
                self.build_bars(index, commands, |builder, done| builder.on_quote(quote, done))?;
            }
            MarketData::Depth(depth) => tell!(self, index, books, on_depth, depth),
            MarketData::BookOrder(order) => tell!(self, index, books, on_book_order, order),
            MarketData::Pool(pool) => tell!(self, index, pools, on_pool, pool),
            _ => tell!(self, index, events, on_event, data),
        }
        Ok(())
    }
}

/// A price that is better than none.
const fn price_of(data: &MarketData) -> Option<algoflow_core::number::Price> {
    match data {
        MarketData::Bar(bar) => Some(bar.close),
        MarketData::Trade(trade) => Some(trade.price),
        MarketData::Pool(pool) => Some(pool.price),
        _ => None,
    }
}
