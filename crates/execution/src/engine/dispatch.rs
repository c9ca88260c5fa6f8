//! Market data and time: what is known changes, then strategies are told.

use algoflow_core::{
    command::Command,
    market::{Bar, CorporateActionKind, MarketData},
    strategy::Strategy,
    time::Timestamp,
};

use super::Engine;
use crate::{bars::middle, error::EngineError, timers::Alarm};

/// Calls each strategy of one subscription list. The lists only change between callbacks.
macro_rules! tell {
    ($self:ident, $instrument:expr, $list:ident, $method:ident, $data:expr) => {{
        let mut at = 0;
        while let Some(strategy) =
            $self.routes.get($instrument).and_then(|route| route.$list.get(at)).copied()
        {
            $self.call(strategy, |strategy, ctx| Strategy::$method(strategy, ctx, $data));
            at += 1;
        }
    }};
}

impl Engine {
    pub(super) fn on_market(
        &mut self,
        data: &MarketData,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let id = data.instrument();
        let index = self
            .state
            .instruments
            .index(id)
            .ok_or_else(|| EngineError::UnknownInstrument { instrument: id })?;
        self.state.now = self.state.now.max(data.ts_recv());
        match data {
            MarketData::Bar(bar) => {
                self.state.portfolio.set_mark(index, bar.close);
                self.watch_bar(index, bar, commands)?;
                self.on_bar(index, bar, commands)?;
            }
            MarketData::Trade(trade) => {
                self.state.portfolio.set_mark(index, trade.price);
                self.watch_price(index, trade.price, commands)?;
                tell!(self, index, trades, on_trade, trade);
                self.build_bars(index, commands, |builder, done| builder.on_trade(trade, done))?;
            }
            MarketData::Quote(quote) => {
                if let Some(known) = self.state.instruments.get_mut(index) {
                    known.quote = Some(*quote);
                }
                if quote.bid_size.is_positive() && quote.ask_size.is_positive() {
                    self.state
                        .portfolio
                        .set_mark(index, middle(quote).map_err(algoflow_core::error::AccountError::from)?);
                }
                self.watch_quote(index, quote, commands)?;
                tell!(self, index, quotes, on_quote, quote);
                self.build_bars(index, commands, |builder, done| builder.on_quote(quote, done))?;
            }
            MarketData::Depth(depth) => tell!(self, index, books, on_depth, depth),
            MarketData::BookOrder(order) => tell!(self, index, books, on_book_order, order),
            MarketData::Pool(pool) => {
                self.state.portfolio.set_mark(index, pool.price);
                self.watch_price(index, pool.price, commands)?;
                tell!(self, index, pools, on_pool, pool);
            }
            MarketData::CorporateAction(action) => {
                match action.action {
                    CorporateActionKind::Dividend { per_share } => {
                        self.state.portfolio.apply_dividend(index, per_share)?;
                    }
                    CorporateActionKind::Split { to, from } => {
                        self.state.portfolio.apply_split(index, to, from)?;
                    }
                    _ => {}
                }
                tell!(self, index, events, on_event, data);
            }
            MarketData::Funding(funding) => {
                let price = funding.mark.or_else(|| self.state.portfolio.mark(index));
                if let Some(price) = price {
                    self.state.portfolio.apply_funding(index, funding.rate, price)?;
                }
                tell!(self, index, events, on_event, data);
            }
            MarketData::Status(status) => {
                if let Some(known) = self.state.instruments.get_mut(index) {
                    known.status = status.status;
                }
                tell!(self, index, events, on_event, data);
            }
            _ => tell!(self, index, events, on_event, data),
        }
        Ok(())
    }

    #[inline]
    fn on_bar(&mut self, index: usize, bar: &Bar, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        if !self.routes.has_built(index, bar) {
            self.tell_bar(index, bar);
        }
        self.build_bars(index, commands, |builder, done| builder.on_bar(bar, done))?;
        // Now it is known that the venue gives these bars.
        self.routes.digest(index);
        Ok(())
    }

    #[inline]
    fn tell_bar(&mut self, index: usize, bar: &Bar) {
        self.state.bars.push(index, bar);
        let mut at = 0;
        while let Some((spec, strategy)) =
            self.routes.get(index).and_then(|route| route.bars.get(at)).copied()
        {
            if spec == bar.spec {
                self.call(strategy, |strategy, ctx| strategy.on_bar(ctx, bar));
            }
            at += 1;
        }
    }

    /// Feeds the builders of an instrument and tells the bars that are complete, short ones first.
    fn build_bars(
        &mut self,
        index: usize,
        commands: &mut Vec<Command>,
        feed: impl Fn(&mut crate::bars::Builder, &mut Vec<Bar>) -> Result<(), algoflow_core::error::NumberError>,
    ) -> Result<(), EngineError> {
        let Some(route) = self.routes.get_mut(index) else { return Ok(()) };
        if route.builders.is_empty() {
            return Ok(());
        }
        let mut done = Vec::new();
        let mut deadlines = Vec::new();
        for builder in &mut route.builders {
            let before = builder.deadline();
            feed(builder, &mut done).map_err(algoflow_core::error::AccountError::from)?;
            deadlines.extend(builder.deadline().filter(|at| before != Some(*at)));
        }
        self.state
            .bars
            .set_forming(index, route.builders.iter().filter_map(crate::bars::Builder::forming).copied());
        for at in deadlines {
            self.timers.set(at, Alarm::Bars { instrument: index });
        }
        self.tell_built(index, &done, commands)
    }

    fn tell_built(
        &mut self,
        index: usize,
        done: &[Bar],
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        for bar in done {
            self.tell_bar(index, bar);
            self.settle(commands)?;
        }
        Ok(())
    }

    pub(super) fn on_time(&mut self, now: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        while let Some((at, alarm)) = self.timers.pop(now) {
            match alarm {
                Alarm::Strategy { strategy, timer } => {
                    if let Some(every) = timer.every {
                        let mut next = timer.clone();
                        next.at = at.saturating_add(every);
                        self.timers.set(next.at, Alarm::Strategy { strategy, timer: next });
                    }
                    self.call(strategy, |strategy, ctx| strategy.on_timer(ctx, &timer));
                }
                Alarm::Expire(order) => self.expire(order, commands)?,
                Alarm::Bars { instrument } => {
                    let mut done = Vec::new();
                    if let Some(route) = self.routes.get_mut(instrument) {
                        for builder in &mut route.builders {
                            builder.on_time(now, &mut done);
                        }
                    }
                    self.tell_built(instrument, &done, commands)?;
                }
            }
            self.settle(commands)?;
        }
        Ok(())
    }

    /// At the end of the data: bars of time whose end has come are complete.
    pub(super) fn flush_bars(&mut self, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let now = self.state.now.saturating_add(algoflow_core::time::TimeDelta::from_nanos(1));
        for instrument in 0..self.routes.len() {
            let mut done = Vec::new();
            if let Some(route) = self.routes.get_mut(instrument) {
                for builder in &mut route.builders {
                    builder.on_time(now, &mut done);
                }
            }
            self.tell_built(instrument, &done, commands)?;
        }
        Ok(())
    }
}
