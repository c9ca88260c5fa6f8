//! Rules RK1 to RK15 of risk management.

use std::collections::VecDeque;

use algoflow_core::{
    order::CancelReason,
    trading::{Standing, TradingState, VenueStanding},
};

use super::*;
use crate::{
    ControlAction, Scope,
    risk::{RiskEventKind, RiskLimits},
};

mod limits;
mod losses;
mod random;
mod standing;
mod states;

type Act = Box<dyn FnOnce(&mut Context<'_>) -> StrategyResult + Send>;

/// Does at the next bar what a test says, and writes down what it is told.
struct Puppet {
    instruments: Vec<InstrumentId>,
    acts: Arc<Mutex<VecDeque<Act>>>,
    log: Log,
    parameter: i64,
}

impl Strategy for Puppet {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        for instrument in &self.instruments {
            for step in [TimeDelta::days(1), TimeDelta::seconds(1), TimeDelta::millis(1)] {
                ctx.subscribe(Subscription::bars(*instrument, BarSpec::Time(step)))?;
            }
        }
        Ok(())
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
        let acts = std::mem::take(&mut *self.acts.lock().unwrap());
        acts.into_iter().try_for_each(|act| act(ctx))
    }
    fn on_order(&mut self, _: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        if let OrderEventKind::Cancelled { reason } = event.kind {
            self.log.lock().unwrap().push(format!("{} cancelled {reason:?}", event.order.sequence));
        }
        Ok(())
    }
    fn on_trading_state(&mut self, ctx: &mut Context<'_>, state: TradingState) -> StrategyResult {
        assert_eq!(ctx.trading_state(), state);
        self.log.lock().unwrap().push(state.to_string());
        Ok(())
    }
    fn on_standing(&mut self, _: &mut Context<'_>, told: &VenueStanding) -> StrategyResult {
        self.log.lock().unwrap().push(format!("{} {}", told.venue, told.standing));
        Ok(())
    }
    fn set_parameters(&mut self, ctx: &mut Context<'_>, parameters: &serde_json::Value) -> StrategyResult {
        ctx.buy(self.instruments[0], q(1)).submit()?;
        let value = parameters.get("value").and_then(serde_json::Value::as_i64);
        self.parameter = value.ok_or_else(|| StrategyError::parameter("value", "must be a number"))?;
        self.log.lock().unwrap().push(format!("parameter {}", self.parameter));
        Ok(())
    }
}

/// A puppet in a harness.
struct Rig {
    h: Harness,
    acts: Arc<Mutex<VecDeque<Act>>>,
    log: Log,
}

fn emulating() -> Capabilities {
    [Feature::ReduceOnly, Feature::Oto, Feature::Oco]
        .into_iter()
        .fold(Capabilities::all_native(), |venue, feature| venue.emulating(feature, "none in a test"))
}

impl Rig {
    fn new(limits: RiskLimits) -> Self {
        Self::with([spy()], emulating(), limits)
    }

    fn with(
        instruments: impl IntoIterator<Item = Instrument>,
        venue: Capabilities,
        limits: RiskLimits,
    ) -> Self {
        let instruments: Vec<_> = instruments.into_iter().collect();
        let (acts, log) = (Arc::default(), Log::default());
        let ids = instruments.iter().map(|instrument| instrument.id).collect();
        let puppet = Puppet { instruments: ids, acts: Arc::clone(&acts), log: log.clone(), parameter: 0 };
        let account = AccountKind::Margin { leverage: Decimal::from(10) };
        let h = Harness::with(instruments, "100000 USD".parse().unwrap(), account, venue, puppet).unwrap();
        Self { h: h.limits(limits).unwrap(), acts, log }
    }

    /// A bar at this price, at which the strategy does something. What is sent.
    fn at(
        &mut self,
        price: &str,
        act: impl FnOnce(&mut Context<'_>) -> StrategyResult + Send + 'static,
    ) -> Vec<Command> {
        self.acts.lock().unwrap().push_back(Box::new(act));
        self.h.close(id(), price).unwrap()
    }

    /// The same with one order, made by `make`; whether it was sent, else why not.
    fn send(
        &mut self,
        price: &str,
        make: impl FnOnce(&mut Context<'_>) -> Result<OrderId, StrategyError> + Send + 'static,
    ) -> Result<OrderId, String> {
        let before = self.h.engine().denials().len();
        let commands = self.at(price, |ctx| make(ctx).map(drop));
        match self.h.engine().denials().get(before).map(|event| event.kind.clone()) {
            None => Ok(Harness::submitted(&commands).last().unwrap().order),
            Some(OrderEventKind::Denied { code, text }) => {
                assert!(Harness::submitted(&commands).is_empty());
                Err(if code == RejectCode::RiskLimit { text } else { format!("{code}: {text}") })
            }
            Some(other) => panic!("{other:?}"),
        }
    }

    /// A market order; whether it was sent, else the code of the limit.
    fn market(&mut self, price: &str, side: Side, quantity: i64) -> Result<OrderId, String> {
        let sent = self.send(price, move |ctx| ctx.trade(id(), side, q(quantity)).submit());
        sent.map_err(code)
    }

    /// Buys and fills.
    fn hold(&mut self, price: &str, quantity: i64) {
        let side = if quantity < 0 { Side::Sell } else { Side::Buy };
        let order = self.market(price, side, quantity.abs()).unwrap();
        self.h.fill(order, price).unwrap();
    }

    /// All that happens at this time has.
    fn pass(&mut self) -> Vec<Command> {
        self.h.wait_until(self.h.now()).unwrap()
    }

    fn held(&self) -> i64 {
        self.h.position(id()).quantity.mantissa()
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn events(&self) -> Vec<String> {
        let words = |kind: &RiskEventKind| match kind {
            RiskEventKind::Breach { code, text } => format!("{code}: {text}"),
            RiskEventKind::CoolDown { text, until } => format!("{text} until {until}"),
            RiskEventKind::State { from, to, why } => format!("{from} to {to}: {why}"),
            RiskEventKind::Refused { what, code, text } => format!("{what} {code}: {text}"),
            other => format!("{other:?}"),
        };
        self.h.engine().risk_events().map(|event| words(&event.kind)).collect()
    }
}

/// The code in front of a refusal.
fn code(text: String) -> String {
    text.split(':').next().unwrap_or_default().to_owned()
}

fn limits() -> RiskLimits {
    RiskLimits::new()
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}
