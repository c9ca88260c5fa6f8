//! Strategies that panic are halted like those that fail.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use algoflow_core::{
    context::Context,
    error::StrategyError,
    market::{Bar, BookOrder, Depth, MarketData, PoolUpdate, Quote, Trade},
    order::OrderEvent,
    state::Timer,
    strategy::{Strategy, StrategyResult},
    trading::{TradingState, VenueStanding},
};

/// A strategy whose panics are errors: it is halted, and the others trade on. [`Live`](super::Live) guards every strategy, so a replay of
/// its journal has to do so too. What the strategy itself holds may be half changed after a panic, but it is never called again.
///
/// A program that is built to abort on panics ends there all the same.
pub struct Guarded(Box<dyn Strategy>);

impl Guarded {
    /// Guards a strategy.
    #[must_use]
    pub fn new(strategy: Box<dyn Strategy>) -> Self {
        Self(strategy)
    }

    fn call(&mut self, call: impl FnOnce(&mut dyn Strategy) -> StrategyResult) -> StrategyResult {
        let strategy = &mut *self.0;
        catch_unwind(AssertUnwindSafe(|| call(strategy))).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}

fn panicked(panic: &(dyn Any + Send)) -> StrategyError {
    StrategyError::other(format!("the strategy panicked: {}", words_of(panic)))
}

/// What a panic said.
pub(super) fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it does not say why")
}

macro_rules! guarded {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method(&mut self, ctx: &mut Context<'_>, $($name: $type),*) -> StrategyResult {
            self.call(|strategy| strategy.$method(ctx, $($name),*))
        }
    )*};
}

impl Strategy for Guarded {
    guarded! {
        on_start();
        on_bar(bar: &Bar);
        on_trade(trade: &Trade);
        on_quote(quote: &Quote);
        on_depth(depth: &Depth);
        on_book_order(order: &BookOrder);
        on_pool(pool: &PoolUpdate);
        on_event(event: &MarketData);
        on_order(event: &OrderEvent);
        on_timer(timer: &Timer);
        on_trading_state(state: TradingState);
        on_standing(standing: &VenueStanding);
        set_parameters(parameters: &serde_json::Value);
        on_stop();
    }

    fn save(&self) -> Result<Option<serde_json::Value>, StrategyError> {
        let strategy = &*self.0;
        catch_unwind(AssertUnwindSafe(|| strategy.save())).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    fn load(&mut self, state: serde_json::Value) -> StrategyResult {
        self.call(|strategy| strategy.load(state))
    }
}

#[cfg(test)]
mod tests {
    use algoflow_core::prelude::*;
    use algoflow_execution::Harness;

    use super::*;

    /// Buys at the first bar, and panics at the third.
    struct Clumsy(usize);

    impl Strategy for Clumsy {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::bars("SPY.X".parse().unwrap(), BarSpec::day()))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
            self.0 += 1;
            let known = [(); 3];
            let () = known[self.0];
            if self.0 == 1 {
                ctx.buy(bar.instrument, Quantity::ONE).limit("9".parse().unwrap()).submit()?;
            }
            Ok(())
        }
    }

    #[test]
    fn a_panic_halts_the_strategy_and_its_orders_are_cancelled() {
        let id: InstrumentId = "SPY.X".parse().unwrap();
        let spy = Instrument::equity("SPY.X", "USD").unwrap();
        let strategy = Guarded::new(Box::new(Clumsy(0)));
        let mut h = Harness::new([spy], "1000 USD".parse().unwrap(), strategy).unwrap();
        assert_eq!(Harness::submitted(&h.close(id, "10").unwrap()).len(), 1);
        h.close(id, "10").unwrap();
        let commands = h.close(id, "10").unwrap();
        assert_eq!(commands.len(), 1, "{commands:?}");
        let halts = h.engine().halts();
        assert!(halts[0].reason.contains("panicked: index out of bounds"), "{halts:?}");
        assert!(h.close(id, "10").unwrap().is_empty());
    }
}
