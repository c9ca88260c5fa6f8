//! One strategy over the same tape sends the same in a backtest and on paper, whatever the venue is like.

#![allow(clippy::unwrap_used, clippy::panic)]

use algoflow_backtest::Backtest;
use algoflow_core::{
    command::Command, ledger::AccountKind, market::MarketData, number::Scale, prelude::*, state::State,
    strategy::Strategy,
};
use algoflow_data::EventSource;
use algoflow_live::{
    driver::{Live, LiveConfig, Outcome},
    journal::{Entry, Faults, MemoryDisk, MemoryStore, Store},
    paper::PaperVenue,
    session::TimeSource,
};
use algoflow_sim::{BarFill, BarPath, Fees, Latency, RejectModel, SimVenue, Slippage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const MARGIN: AccountKind = AccountKind::Margin { leverage: Decimal::TEN };

fn stock() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(TimeDelta::minutes(minutes))
}

fn cents(value: i64) -> Price {
    Price::new(value.max(1), Scale::new(2).unwrap())
}

/// Does something at random at every bar, trade, timer and report.
struct Whim {
    random: ChaCha8Rng,
    id: InstrumentId,
    orders: Vec<OrderId>,
}

impl Whim {
    fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), id: stock().id, orders: Vec::new() }
    }

    fn act(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        let Some(last) = ctx.last_price(self.id) else { return Ok(()) };
        let last = (last.to_f64() * 100.0) as i64;
        let quantity = Quantity::from_int(self.random.random_range(1..20));
        let off = self.random.random_range(-60..60);
        let id = self.id;
        match self.random.random_range(0..14) {
            0 | 1 => ctx.target_position(id, Quantity::from_int(self.random.random_range(-20..40)))?,
            2 => self.orders.push(ctx.buy(id, quantity).submit()?),
            3 => self.orders.push(ctx.sell(id, quantity).limit(cents(last + off)).submit()?),
            4 => self.orders.push(ctx.buy(id, quantity).limit(cents(last + off)).submit()?),
            5 => self.orders.push(ctx.sell(id, quantity).stop(cents(last + off)).submit()?),
            6 => self.orders.push(
                ctx.buy(id, quantity)
                    .limit(cents(last - 10))
                    .bracket(cents(last + 40), cents(last - 50))
                    .submit()?,
            ),
            7 => {
                if let Some(order) = self.orders.pop() {
                    // It may be over.
                    let _ = ctx.cancel(order);
                }
            }
            8 => {
                let after = TimeDelta::seconds(self.random.random_range(1..400));
                ctx.schedule("later", ctx.now().saturating_add(after));
            }
            9 => ctx.close(id)?,
            _ => {}
        }
        Ok(())
    }
}

impl Strategy for Whim {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.id, BarSpec::minutes(1)))?;
        ctx.subscribe(Subscription::bars(self.id, BarSpec::minutes(5)))?;
        ctx.subscribe(Subscription::Trades(self.id))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
        self.act(ctx)
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, _: &Trade) -> StrategyResult {
        self.act(ctx)
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
        self.act(ctx)
    }
    fn on_order(&mut self, ctx: &mut Context<'_>, _: &OrderEvent) -> StrategyResult {
        if self.random.random_bool(0.2) { self.act(ctx) } else { Ok(()) }
    }
    fn on_stop(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.close(self.id)
    }
}

fn bars(random: &mut ChaCha8Rng, count: i64) -> Vec<MarketData> {
    let mut last = 10_000;
    let bar = |minute: i64| {
        let open = last + random.random_range(-20..20);
        let close = open + random.random_range(-40..40);
        let high = open.max(close) + random.random_range(0..30);
        let low = open.min(close) - random.random_range(0..30);
        last = close;
        Bar {
            instrument: stock().id,
            spec: BarSpec::minutes(1),
            ts_open: at(minute),
            ts_close: at(minute + 1),
            ts_recv: at(minute + 1),
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(close),
            volume: Quantity::from_int(random.random_range(0..200)),
        }
        .into()
    };
    (0..count).map(bar).collect()
}

fn trades(random: &mut ChaCha8Rng, count: i64) -> Vec<MarketData> {
    let (mut last, mut time) = (10_000, at(0));
    let trade = |_: i64| {
        last += random.random_range(-12..12);
        // Often several at one time.
        time = time.saturating_add(TimeDelta::seconds(random.random_range(0..20)));
        let quantity = Quantity::from_int(random.random_range(1..50));
        let (instrument, price) = (stock().id, cents(last));
        Trade { instrument, ts_event: time, ts_recv: time, price, quantity, aggressor: None }.into()
    };
    (0..count).map(trade).collect()
}

fn venue(random: &mut ChaCha8Rng) -> SimVenue {
    let mut venue = SimVenue::new("NYSE").instrument(stock()).fees(Fees::bps(2));
    if random.random_bool(0.5) {
        venue = venue.slippage(Slippage::half_spread());
    }
    if random.random_bool(0.5) {
        venue = venue.bar_fill(BarFill::NextOpen).bar_path(BarPath::Adaptive);
    }
    if random.random_bool(0.4) {
        venue = venue.reject(RejectModel::new(0.2));
    }
    if random.random_bool(0.4) {
        venue = venue.participation(0.1);
    }
    if random.random_bool(0.5) {
        let mut leg = || TimeDelta::millis(random.random_range(0..90_000));
        let (entry, ack) = (leg(), leg());
        venue = venue.latency(Latency { entry, ack, ..Latency::NONE });
    }
    venue
}

fn backtest(venue: SimVenue, tape: &[MarketData], seed: u64) -> (Vec<Command>, State) {
    let result = Backtest::new()
        .venue_with(venue, MARGIN)
        .cash("1000000 USD".parse::<Money>().unwrap())
        .data(EventSource::new("tape", tape.to_vec()))
        .named_strategy("whim", Whim::new(seed))
        .seed(seed)
        .journal()
        .run()
        .unwrap();
    assert!(result.halts.is_empty(), "{:?}", result.halts);
    let commands = result.journal.unwrap().commands().to_vec();
    let mut state = State::new(1, "USD".parse().unwrap());
    state.portfolio = result.portfolio;
    state.orders = result.orders;
    (commands, state)
}

fn paper_venue(venue: &SimVenue, tape: &[MarketData], seed: u64) -> PaperVenue {
    let cash = ["1000000 USD".parse().unwrap()];
    let data: Vec<_> = tape.iter().cloned().map(Ok).collect();
    PaperVenue::replay(venue, data.into_iter(), MARGIN, &cash, seed).unwrap()
}

fn config() -> LiveConfig {
    let mut config = LiveConfig::new("USD".parse().unwrap());
    config.session.time = TimeSource::Data;
    config.session.cancel_on_stop = false;
    config
}

async fn run(paper: PaperVenue, disk: &MemoryDisk, seed: u64) -> Outcome {
    let store = MemoryStore::open(disk, Faults::none()).unwrap();
    Live::new(config()).store(store).paper(paper).strategy("whim", Whim::new(seed)).run().await.unwrap()
}

async fn commands(disk: &MemoryDisk) -> Vec<Command> {
    let mut store = MemoryStore::open(disk, Faults::none()).unwrap();
    let (mut commands, mut next) = (Vec::new(), 1);
    loop {
        let entries = store.read(next).await.unwrap();
        let Some(last) = entries.last() else { return commands };
        next = last.sequence() + 1;
        for entry in entries {
            if let Entry::Record(record) = entry {
                commands.extend(record.commands);
            }
        }
    }
}

fn same(seed: u64, what: &str, expected: &[Command], found: &[Command]) {
    let differs = |at: &usize| expected.get(*at) != found.get(*at);
    if let Some(at) = (0..expected.len().max(found.len())).find(differs) {
        panic!("seed {seed}, command {at}: backtest {:?}\n{what} {:?}", expected.get(at), found.get(at));
    }
}

#[tokio::test(start_paused = true)]
async fn a_backtest_and_paper_send_the_same() {
    let mut sent = 0;
    for seed in 0..60 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let tape = if seed % 2 == 0 { bars(&mut random, 300) } else { trades(&mut random, 400) };
        let venue = venue(&mut random);
        let (expected, state) = backtest(venue.clone(), &tape, seed);
        let disk = MemoryDisk::default();
        let outcome = run(paper_venue(&venue, &tape, seed), &disk, seed).await;
        same(seed, "paper", &expected, &commands(&disk).await);
        // The same at a pace, with pauses in which time passes.
        let disk = MemoryDisk::default();
        run(paper_venue(&venue, &tape, seed).at_speed(60.0), &disk, seed).await;
        same(seed, "paper at a pace", &expected, &commands(&disk).await);
        let id = stock().id;
        let position = |state: &State| {
            state.portfolio.positions().find(|(known, _)| *known == id).map(|(_, p)| p.quantity)
        };
        assert_eq!(position(&state), position(&outcome.state), "seed {seed}");
        let balance =
            |state: &State| state.portfolio.balance("NYSE".parse().unwrap(), "USD".parse().unwrap()).total;
        assert_eq!(balance(&state), balance(&outcome.state), "seed {seed}");
        sent += expected.len();
    }
    assert!(sent > 3_000, "only {sent} commands were compared");
}
