//! The rules SR1 to SR13 of orders over several listings.

use algoflow_core::{
    command::Submit,
    market::{Depth, DepthKind, InstrumentStatus, Level, PoolState, PoolUpdate, TradingStatus},
    number::Rounding,
    order::{
        CancelReason, Order,
        algorithm::Twap,
        route::{Listing, ListingLimits, Route},
    },
};

use super::*;

mod best_price;
mod listings;
mod random_venues;

mod rotation;

/// A strategy that acts once a second, and is told of everything.
struct Router {
    listings: Vec<InstrumentId>,
    script: Script,
    times: usize,
    log: Log,
}

impl Strategy for Router {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        for id in &self.listings {
            ctx.subscribe(Subscription::Quotes(*id))?;
            ctx.subscribe(Subscription::Book(*id))?;
            ctx.subscribe(Subscription::Pools(*id))?;
        }
        ctx.schedule_every("go", Timestamp::EPOCH.saturating_add(SECOND), SECOND)
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, _timer: &Timer) -> StrategyResult {
        self.times += 1;
        (self.script)(ctx, self.times)
    }
    fn on_order(&mut self, _ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        let kind = format!("{:?}", event.kind);
        let kind = kind.split([' ', '(']).next().unwrap_or_default().to_owned();
        let place = event.fill().map_or(String::new(), |fill| format!(" {}", fill.instrument.venue()));
        self.log.lock().unwrap().push(format!("{} {kind}{place}", event.order.sequence));
        Ok(())
    }
}

const SECOND: TimeDelta = TimeDelta::seconds(1);

fn listing(venue: &str) -> InstrumentId {
    format!("SOL-USD.{venue}").parse().unwrap()
}

/// One pair at a venue, in whole units and cents, with this taker fee in basis points.
fn sol(venue: &str, taker: i64) -> Instrument {
    let mut sol = Instrument::spot(&format!("SOL-USD.{venue}")).unwrap();
    sol.quantity_increment = Quantity::ONE;
    sol.with_fees(Decimal::ZERO, Decimal::new(taker, 4))
}

fn native() -> Capabilities {
    Capabilities::all_native()
        .emulating(Feature::ReduceOnly, "x")
        .emulating(Feature::Oto, "x")
        .emulating(Feature::Oco, "x")
}

struct Rig {
    h: Harness,
    log: Log,
}

impl Rig {
    /// Runs `script` at each second, with 100 000 USD in a cash account at each venue.
    fn new(
        instruments: impl IntoIterator<Item = Instrument>,
        script: impl FnMut(&mut Context<'_>, usize) -> StrategyResult + Send + 'static,
    ) -> Self {
        let instruments: Vec<Instrument> = instruments.into_iter().collect();
        let listings: Vec<InstrumentId> = instruments.iter().map(|instrument| instrument.id).collect();
        let log = Log::default();
        let router =
            Router { listings: listings.clone(), script: Box::new(script), times: 0, log: log.clone() };
        let cash: Money = "100000 USD".parse().unwrap();
        let mut h = Harness::with(instruments, cash, AccountKind::Cash, native(), router).unwrap();
        for id in &listings[1..] {
            h.engine_mut().deposit(id.venue(), cash).unwrap();
        }
        Self { h, log }
    }

    /// The same, whose script is one order at the first second.
    fn once(
        instruments: impl IntoIterator<Item = Instrument>,
        mut script: impl FnMut(&mut Context<'_>) -> StrategyResult + Send + 'static,
    ) -> Self {
        Self::new(instruments, move |ctx, time| if time == 1 { script(ctx) } else { Ok(()) })
    }

    fn now(&self) -> Timestamp {
        self.h.now().saturating_add(TimeDelta::millis(1))
    }

    /// Quotes of a hundred units of each side, or as many as are said.
    fn quote(&mut self, venue: &str, bid: &str, ask: &str) -> Vec<Command> {
        self.quote_of(venue, (bid, 100), (ask, 100))
    }

    fn quote_of(&mut self, venue: &str, bid: (&str, i64), ask: (&str, i64)) -> Vec<Command> {
        let (instrument, at) = (listing(venue), self.now());
        let (bid_size, ask_size) = (q(bid.1), q(ask.1));
        let (bid, ask) = (p(bid.0), p(ask.0));
        let quote = Quote { instrument, ts_event: at, ts_recv: at, bid, bid_size, ask, ask_size };
        self.h.feed(quote).unwrap()
    }

    fn book(
        &mut self,
        venue: &str,
        kind: DepthKind,
        asks: &[(&str, i64)],
        bids: &[(&str, i64)],
    ) -> Vec<Command> {
        let level = |side| {
            move |(price, quantity): &(&str, i64)| Level { side, price: p(price), quantity: q(*quantity) }
        };
        let levels = asks.iter().map(level(Side::Sell)).chain(bids.iter().map(level(Side::Buy))).collect();
        let (instrument, at) = (listing(venue), self.now());
        self.h
            .feed(Depth { instrument, ts_event: at, ts_recv: at, kind, sequence: None, levels }.into_data())
            .unwrap()
    }

    fn pool(&mut self, venue: &str, base: u64, quote: u64) -> Vec<Command> {
        let (instrument, at) = (listing(venue), self.now());
        let state = PoolState::ConstantProduct {
            base_reserve: base * 1_000_000_000,
            quote_reserve: quote * 1_000_000,
        };
        let exact = Decimal::from(quote) / Decimal::from(base);
        let scale = algoflow_core::number::Scale::new(6).unwrap();
        let price = Price::from_decimal_rounded(exact, scale, Rounding::HalfEven).unwrap();
        let pool = PoolUpdate { instrument, ts_event: at, ts_recv: at, slot: 1, state, price };
        self.h.feed(MarketData::Pool(pool)).unwrap()
    }

    fn status(&mut self, venue: &str, status: TradingStatus) -> Vec<Command> {
        let at = self.now();
        self.status_at(listing(venue), status, at).unwrap()
    }

    fn status_at(
        &mut self,
        instrument: InstrumentId,
        status: TradingStatus,
        at: Timestamp,
    ) -> Result<Vec<Command>, EngineError> {
        self.h.feed(MarketData::Status(InstrumentStatus { instrument, ts_event: at, ts_recv: at, status }))
    }

    /// Lets the time come at which the strategy acts.
    fn go(&mut self) -> Vec<Command> {
        let next = self.h.now().floor_to(SECOND).saturating_add(SECOND);
        self.h.wait_until(next).unwrap()
    }

    fn order(&self, sequence: u64) -> Order {
        self.h.state().orders.get(order(sequence)).unwrap().into_owned()
    }

    fn held(&self, venue: &str) -> Quantity {
        self.h.position(listing(venue)).quantity
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn fill(&mut self, sequence: u64, price: &str) -> Vec<Command> {
        self.h.fill(order(sequence), price).unwrap()
    }
}

trait IntoData {
    fn into_data(self) -> MarketData;
}

impl IntoData for Depth {
    fn into_data(self) -> MarketData {
        MarketData::Depth(self)
    }
}

/// What is sent where: sequences, venues, quantities.
fn sent(commands: &[Command]) -> Vec<(u64, String, i64)> {
    let submitted = Harness::submitted(commands);
    let units = |submit: &Submit| {
        let quantity = submit.spec.quantity.value().to_decimal();
        i64::try_from(quantity).unwrap()
    };
    submitted
        .iter()
        .map(|submit| (submit.order.sequence, submit.spec.instrument.venue().to_string(), units(submit)))
        .collect()
}

fn at(list: &[(u64, &str, i64)]) -> Vec<(u64, String, i64)> {
    list.iter().map(|(sequence, venue, quantity)| (*sequence, (*venue).to_owned(), *quantity)).collect()
}

fn cancelled(commands: &[Command]) -> Vec<u64> {
    let cancel = |command: &Command| match command {
        Command::Cancel(order) => Some(order.order.sequence),
        _ => None,
    };
    commands.iter().filter_map(cancel).collect()
}

fn abc() -> [Instrument; 3] {
    [sol("A", 0), sol("B", 0), sol("C", 0)]
}

fn ids() -> [InstrumentId; 3] {
    ["A", "B", "C"].map(listing)
}
