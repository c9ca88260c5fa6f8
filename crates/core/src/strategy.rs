//! [`Strategy`]: what a trader writes.

use crate::{
    context::Context,
    error::StrategyError,
    market::{Bar, BookOrder, Depth, MarketData, PoolUpdate, Quote, Trade},
    order::OrderEvent,
    state::Timer,
    trading::{TradingState, VenueStanding},
};

/// What a callback returns. An error halts the strategy: its orders are cancelled, and its positions are kept or closed
/// by the engine's policy.
pub type StrategyResult = Result<(), StrategyError>;

/// What a trader writes. Called by the engine, in order, on one thread; the same in every mode.
///
/// Every callback has a default that does nothing. A callback sees the state as of the event that it is told of, and
/// asks for things through its [`Context`]; orders leave when it returns. It must not read a clock or draw
/// randomness from elsewhere, or a backtest is not repeatable.
///
/// ```
/// use algoflow_core::prelude::*;
///
/// /// Buys ten at the first bar and holds.
/// struct BuyAndHold { instrument: InstrumentId }
///
/// impl Strategy for BuyAndHold {
///     fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
///         ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
///     }
///     fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
///         ctx.target_position(self.instrument, Quantity::from_int(10))
///     }
/// }
/// ```
#[allow(unused_variables)]
pub trait Strategy: Send {
    /// Once, before any data: subscribe here.
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        Ok(())
    }

    /// A bar that was subscribed to is complete.
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        Ok(())
    }

    /// A trade of the market.
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        Ok(())
    }

    /// A new best bid or ask.
    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) -> StrategyResult {
        Ok(())
    }

    /// Levels of an order book.
    fn on_depth(&mut self, ctx: &mut Context<'_>, depth: &Depth) -> StrategyResult {
        Ok(())
    }

    /// One order of an order book.
    fn on_book_order(&mut self, ctx: &mut Context<'_>, order: &BookOrder) -> StrategyResult {
        Ok(())
    }

    /// A new state of a liquidity pool.
    fn on_pool(&mut self, ctx: &mut Context<'_>, pool: &PoolUpdate) -> StrategyResult {
        Ok(())
    }

    /// A corporate action, a change of status, a funding payment, or data of the user's own.
    fn on_event(&mut self, ctx: &mut Context<'_>, event: &MarketData) -> StrategyResult {
        Ok(())
    }

    /// Something happened to an order of this strategy.
    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        Ok(())
    }

    /// A time that was asked for with [`Context::schedule`] has come.
    fn on_timer(&mut self, ctx: &mut Context<'_>, timer: &Timer) -> StrategyResult {
        Ok(())
    }

    /// What this strategy may trade has changed: by a limit, by hand, or because the time for it has come.
    fn on_trading_state(&mut self, ctx: &mut Context<'_>, state: TradingState) -> StrategyResult {
        Ok(())
    }

    /// A venue stands otherwise than before.
    fn on_standing(&mut self, ctx: &mut Context<'_>, standing: &VenueStanding) -> StrategyResult {
        Ok(())
    }

    /// Takes new parameters while it runs: all of them or none. An error must leave the strategy as it was; it does not
    /// halt it, and what it asked for meanwhile is dropped.
    ///
    /// # Errors
    /// [`StrategyError::NoParameters`] unless the strategy says otherwise; [`StrategyError::Parameter`] for a value that makes
    /// no sense.
    fn set_parameters(&mut self, ctx: &mut Context<'_>, parameters: &serde_json::Value) -> StrategyResult {
        Err(StrategyError::NoParameters)
    }

    /// Its own state as JSON, to go on with in another process after [`Strategy::load`]: everything that it will decide by and that
    /// its constructor does not set. `None`, the default, says that it cannot be saved. A driver of live trading then has no
    /// snapshots and replays its whole journal. Numbers that JSON does not have (NaN, infinities) must not be in it.
    ///
    /// # Errors
    /// What the serializer says; [`StrategyError`] otherwise.
    fn save(&self) -> Result<Option<serde_json::Value>, StrategyError> {
        Ok(None)
    }

    /// Takes up what [`Strategy::save`] of a strategy with the same parameters gave. It is called in place of
    /// [`Strategy::on_start`]; what was subscribed to and scheduled is the engine's to restore.
    ///
    /// # Errors
    /// If it is not such a state.
    fn load(&mut self, state: serde_json::Value) -> StrategyResult {
        Err(StrategyError::NotSaved)
    }

    /// Once, at the end.
    fn on_stop(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        Ok(())
    }
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        (**self).on_start(ctx)
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        (**self).on_bar(ctx, bar)
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        (**self).on_trade(ctx, trade)
    }
    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) -> StrategyResult {
        (**self).on_quote(ctx, quote)
    }
    fn on_depth(&mut self, ctx: &mut Context<'_>, depth: &Depth) -> StrategyResult {
        (**self).on_depth(ctx, depth)
    }
    fn on_book_order(&mut self, ctx: &mut Context<'_>, order: &BookOrder) -> StrategyResult {
        (**self).on_book_order(ctx, order)
    }
    fn on_pool(&mut self, ctx: &mut Context<'_>, pool: &PoolUpdate) -> StrategyResult {
        (**self).on_pool(ctx, pool)
    }
    fn on_event(&mut self, ctx: &mut Context<'_>, event: &MarketData) -> StrategyResult {
        (**self).on_event(ctx, event)
    }
    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        (**self).on_order(ctx, event)
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, timer: &Timer) -> StrategyResult {
        (**self).on_timer(ctx, timer)
    }
    fn on_trading_state(&mut self, ctx: &mut Context<'_>, state: TradingState) -> StrategyResult {
        (**self).on_trading_state(ctx, state)
    }
    fn on_standing(&mut self, ctx: &mut Context<'_>, standing: &VenueStanding) -> StrategyResult {
        (**self).on_standing(ctx, standing)
    }
    fn set_parameters(&mut self, ctx: &mut Context<'_>, parameters: &serde_json::Value) -> StrategyResult {
        (**self).set_parameters(ctx, parameters)
    }
    fn save(&self) -> Result<Option<serde_json::Value>, StrategyError> {
        (**self).save()
    }
    fn load(&mut self, state: serde_json::Value) -> StrategyResult {
        (**self).load(state)
    }
    fn on_stop(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        (**self).on_stop(ctx)
    }
}
