//! The rules A1 to A14 of orders that are worked.

use algoflow_core::{
    command::Submit,
    order::{
        CancelReason, OrderRole,
        algorithm::{
            Algorithm, AtEnd, Chunks, Iceberg, Participation, Peg, PegTo, Shortfall, Sniper, Twap,
            VolumeProfile, Vwap,
        },
    },
};

use super::*;

mod each;
mod random_venue;
mod rules;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// An engine whose strategy acts at the first bar, at price 10; a bar is a minute.
struct Rig {
    h: Harness,
    log: Log,
}

fn native() -> Capabilities {
    Capabilities::all_native()
        .emulating(Feature::ReduceOnly, "x")
        .emulating(Feature::Oto, "x")
        .emulating(Feature::Oco, "x")
}

impl Rig {
    fn at(
        instrument: Instrument,
        venue: Capabilities,
        mut script: impl FnMut(&mut Context<'_>) -> StrategyResult + Send + 'static,
    ) -> (Self, Vec<Command>) {
        let (strategy, log) = scripted(BarSpec::Time(MINUTE), move |ctx, bar| match bar {
            1 => script(ctx),
            _ => Ok(()),
        });
        let account = AccountKind::Margin { leverage: Decimal::from(10) };
        let cash = "1000000 USD".parse().unwrap();
        let h = Harness::with([instrument], cash, account, venue, strategy).unwrap().step(MINUTE);
        let mut rig = Self { h, log };
        let commands = rig.h.close(id(), "10").unwrap();
        (rig, commands)
    }

    fn new(script: impl FnMut(&mut Context<'_>) -> StrategyResult + Send + 'static) -> (Self, Vec<Command>) {
        Self::at(spy(), native(), script)
    }

    /// Buys `quantity` in that way, without a limit.
    fn buy(quantity: i64, algorithm: impl Into<Algorithm>) -> (Self, Vec<Command>) {
        let algorithm = algorithm.into();
        Self::new(move |ctx| ctx.buy(id(), q(quantity)).via(algorithm.clone()).submit().map(drop))
    }

    /// Lets a minute pass.
    fn minute(&mut self) -> Vec<Command> {
        self.after(60)
    }

    fn after(&mut self, seconds: i64) -> Vec<Command> {
        self.h.wait_until(self.h.now().saturating_add(TimeDelta::seconds(seconds))).unwrap()
    }

    fn order(&self, sequence: u64) -> algoflow_core::order::Order {
        self.h.state().orders.get(order(sequence)).unwrap().into_owned()
    }

    fn status(&self, sequence: u64) -> OrderStatus {
        status(&self.h, sequence)
    }

    fn held(&self) -> Quantity {
        self.h.position(id()).quantity
    }

    /// What the strategy was told since it was last asked, bars apart.
    fn told(&self) -> Vec<String> {
        let mut log = self.log.lock().unwrap();
        std::mem::take(&mut *log).into_iter().filter(|line| !line.starts_with("bar")).collect()
    }

    fn quote(&mut self, bid: &str, ask: &str) -> Vec<Command> {
        self.quote_of(bid, 100, ask, 100)
    }

    fn quote_of(&mut self, bid: &str, bid_size: i64, ask: &str, ask_size: i64) -> Vec<Command> {
        let at = self.h.now().saturating_add(TimeDelta::millis(1));
        let quote = Quote {
            instrument: id(),
            ts_event: at,
            ts_recv: at,
            bid: p(bid),
            bid_size: q(bid_size),
            ask: p(ask),
            ask_size: q(ask_size),
        };
        self.h.feed(quote).unwrap()
    }

    fn trade(&mut self, price: &str, quantity: i64) -> Vec<Command> {
        let at = self.h.now().saturating_add(TimeDelta::millis(1));
        let (price, quantity) = (p(price), q(quantity));
        let trade = Trade { instrument: id(), ts_event: at, ts_recv: at, price, quantity, aggressor: None };
        self.h.feed(trade).unwrap()
    }
}

/// The only order that is sent.
fn sent(commands: &[Command]) -> Submit {
    let submitted = Harness::submitted(commands);
    assert_eq!((submitted.len(), commands.len()), (1, 1), "{commands:?}");
    submitted[0]
}

/// What is sent: sequences and quantities.
fn sizes(commands: &[Command]) -> Vec<(u64, i64)> {
    let submitted = Harness::submitted(commands).into_iter();
    submitted.map(|s| (s.order.sequence, s.spec.quantity.value().to_decimal().try_into().unwrap())).collect()
}

fn cancelled(commands: &[Command]) -> Vec<u64> {
    let cancel = |command: &Command| match command {
        Command::Cancel(order) => Some(order.order.sequence),
        _ => None,
    };
    commands.iter().filter_map(cancel).collect()
}

fn twap(minutes: i64, slices: u32) -> Twap {
    Twap::new(TimeDelta::minutes(minutes), slices)
}
