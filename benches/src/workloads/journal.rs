//! The journal: trades through an engine whose strategy trades now and then, every input recorded.

use std::{error::Error, path::Path, time::Instant};

use algoflow_core::{
    capabilities::Capabilities, command::Command, instrument::Instrument, ledger::AccountKind, market::Trade,
    order::Liquidity, prelude::*,
};
use algoflow_execution::{Engine, Input, journal::Ending};
use algoflow_live::journal::{
    Entry, JournalWriter, Location, Record, SCHEMA_VERSION, SessionStart, SqlStore, Store, replay, set_up,
};

/// After how many trades the strategy sends an order.
const TRADES_AN_ORDER: u64 = 100;

/// What was measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Entries that were written in groups.
    pub events: u64,
    /// How long that took, until the last was durable, in seconds.
    pub write_s: f64,
    /// How large the journal is, in megabytes.
    pub size_mb: f64,
    /// The median time from an entry to its being durable, one at a time, in microseconds.
    pub durable_p50_us: f64,
    /// The same that one in a hundred exceeds.
    pub durable_p99_us: f64,
    /// How long it took to read and decode all entries, in seconds.
    pub read_s: f64,
    /// How long it took to read and decode all entries, run them through an engine and compare, in seconds.
    pub recovery_s: f64,
    /// How many commands were compared.
    pub commands: u64,
}

/// Buys and sells in turn.
struct Turns {
    instrument: InstrumentId,
    trades: u64,
}

impl Strategy for Turns {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(self.instrument))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.trades += 1;
        if !self.trades.is_multiple_of(TRADES_AN_ORDER) {
            return Ok(());
        }
        let order = if (self.trades / TRADES_AN_ORDER).is_multiple_of(2) {
            ctx.sell(self.instrument, Quantity::ONE)
        } else {
            ctx.buy(self.instrument, Quantity::ONE)
        };
        order.limit(trade.price).submit().map(drop)
    }
}

/// Makes entries: a trade, or what became of the last order.
struct Source {
    engine: Engine,
    instrument: InstrumentId,
    sequence: u64,
    trades: u64,
    /// What the venue still has to say.
    events: Vec<OrderEvent>,
    commands: Vec<Command>,
}

fn spy() -> Result<Instrument, Box<dyn Error>> {
    Ok(Instrument::equity("SPY.NYSE", "USD")?)
}

fn engine() -> Result<Engine, Box<dyn Error>> {
    let mut engine = Engine::new(1, "USD".parse()?);
    engine.add_strategy("turns".parse()?, Box::new(Turns { instrument: spy()?.id, trades: 0 }))?;
    Ok(engine)
}

fn session() -> Result<SessionStart, Box<dyn Error>> {
    let spy = spy()?;
    let account = AccountKind::Margin { leverage: algoflow_core::Decimal::TEN };
    let setup = vec![
        Input::Venue { id: spy.venue(), capabilities: Capabilities::all_native(), account },
        Input::Deposit { venue: spy.venue(), money: "1000000 USD".parse()? },
        Input::Instrument(Box::new(spy)),
        Input::Start(Timestamp::EPOCH),
    ];
    Ok(SessionStart {
        sequence: 1,
        run: 1,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        schema: SCHEMA_VERSION,
        configuration: String::new(),
        at: Timestamp::EPOCH,
        setup,
        strategies: vec!["turns".parse()?],
    })
}

impl Source {
    fn new() -> Result<(Self, Entry), Box<dyn Error>> {
        let (mut engine, start) = (engine()?, session()?);
        set_up(&mut engine, &start)?;
        let instrument = spy()?.id;
        let this =
            Self { engine, instrument, sequence: 1, trades: 0, events: Vec::new(), commands: Vec::new() };
        Ok((this, start.into()))
    }

    fn input(&mut self) -> Input {
        if let Some(event) = self.events.pop() {
            return Input::Order(event);
        }
        self.trades += 1;
        let at = Timestamp::from_nanos(self.trades.cast_signed() * 1_000_003);
        let price = Price::from_int(400 + (self.trades % 17).cast_signed());
        let (instrument, quantity) = (self.instrument, Quantity::from_int(100));
        let trade =
            Trade { instrument, ts_event: at, ts_recv: at, price, quantity, aggressor: Some(Side::Buy) };
        Input::Market(trade.into())
    }

    fn entry(&mut self) -> Result<Entry, Box<dyn Error>> {
        let input = self.input();
        let denials = self.engine.denials().len();
        self.commands.clear();
        self.engine.process(&input, &mut self.commands)?;
        if let Some(Command::Submit(submit)) = self.commands.first() {
            let at = self.engine.state().now;
            let fill = Fill {
                id: format!("F{}", self.sequence).as_str().into(),
                order: submit.order,
                instrument: self.instrument,
                side: submit.spec.side,
                price: submit.spec.kind.limit_price().unwrap_or(Price::ONE),
                quantity: Quantity::ONE,
                liquidity: Liquidity::Maker,
                fee: "0.01 USD".parse()?,
                ts_event: at,
                ts_recv: at,
            };
            let event = |kind| OrderEvent {
                order: submit.order,
                instrument: self.instrument,
                ts_event: at,
                ts_recv: at,
                kind,
            };
            let venue_order = Some("V1".into());
            // The last comes first.
            self.events =
                vec![event(OrderEventKind::Filled(fill)), event(OrderEventKind::Accepted { venue_order })];
        }
        self.sequence += 1;
        let denied = self.engine.denials().get(denials..).unwrap_or_default().to_vec();
        let record = Record {
            sequence: self.sequence,
            input,
            commands: self.commands.clone(),
            ending: Ending::Done,
            denied,
        };
        Ok(record.into())
    }
}

/// Writes `events` entries as fast as they become durable, then `single` one at a time; reads and replays all of them.
///
/// # Errors
/// What the journal or the engine says.
pub fn run(directory: &Path, events: u64, single: u64) -> Result<Measured, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(directory, events, single))
}

async fn measure(directory: &Path, events: u64, single: u64) -> Result<Measured, Box<dyn Error>> {
    let path = directory.join("journal.db");
    let location = Location::sqlite(&path);
    let writer = JournalWriter::spawn(Box::new(SqlStore::open(&location).await?));
    let (mut source, start) = Source::new()?;
    let mut measured = Measured { events, ..Measured::default() };
    let begun = Instant::now();
    writer.append(start).await?;
    for _ in 1..events {
        writer.append(source.entry()?).await?;
    }
    wait(&writer, events).await?;
    measured.write_s = begun.elapsed().as_secs_f64();
    let mut times = Vec::new();
    for sequence in events + 1..=events + single {
        let entry = source.entry()?;
        let begun = Instant::now();
        writer.append(entry).await?;
        wait(&writer, sequence).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let part = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(0.0);
    (measured.durable_p50_us, measured.durable_p99_us) = (part(50), part(99));
    writer.shutdown().await?.close().await?;
    measured.size_mb = std::fs::metadata(&path)?.len() as f64 / 1e6;

    let mut store = SqlStore::open(&location).await?;
    let begun = Instant::now();
    let mut next = 1;
    while let Some(last) = store.read(next).await?.last() {
        next = last.sequence() + 1;
    }
    measured.read_s = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let done = replay(&mut store, 1, &mut engine()?, set_up).await?;
    measured.recovery_s = begun.elapsed().as_secs_f64();
    measured.commands = done.commands;
    Box::new(store).close().await?;
    Ok(measured)
}

async fn wait(writer: &JournalWriter, sequence: u64) -> Result<(), Box<dyn Error>> {
    let mut durable = writer.durable();
    let reached =
        durable.wait_for(|durable| durable.sequence >= sequence || durable.failure.is_some()).await?.clone();
    match reached.failure {
        None => Ok(()),
        Some((code, text)) => Err(format!("{code}: {text}").into()),
    }
}
