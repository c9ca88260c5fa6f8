//! A long run: recorded data are played back faster than they came through the driver, a paper venue and a journal in a file, and the
//! memory and the tasks are counted.

use std::{error::Error, path::Path, time::Duration};

use algoflow_core::{ledger::AccountKind, market::Trade, number::Scale, prelude::*};
use algoflow_live::{
    driver::{Handle, Live, LiveConfig},
    journal::{Location, SqlStore},
    paper::{PaperError, PaperVenue},
    session::TimeSource,
};
use algoflow_sim::SimVenue;
use tokio::time::Instant;

use super::tick_to_order::{instrument, limits};
use crate::data::pair;

/// How many trades there are in a second of the busy day: twenty million in a day.
pub const BUSY_DAY_RATE: i64 = 231;

/// How many times as fast as they came the data are played back.
pub const SPEED: f64 = 20.0;

/// After how many trades the strategy replaces its order.
const TRADES_AN_ORDER: u64 = 100;

/// Which part of the time is warm-up: a quarter, at least this long.
const SHORTEST_WARM_UP: Duration = Duration::from_secs(10);

/// How the process stood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Seconds since trading began.
    pub at_s: f64,
    /// Memory that is held, in kilobytes.
    pub rss_kb: u64,
    /// Tasks of the runtime that are alive.
    pub tasks: usize,
    /// Trades that were decided on.
    pub trades: u64,
    /// Entries of the journal.
    pub entries: u64,
    /// Orders that were made, open or over.
    pub orders: usize,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// When the warm-up was over, then at equal distances, then at the end.
    pub samples: Vec<Sample>,
}

impl Measured {
    /// By how many kilobytes the memory grew after the warm-up.
    #[must_use]
    pub fn growth_kb(&self) -> u64 {
        let end = self.samples.last().map_or(0, |last| last.rss_kb);
        end.saturating_sub(self.samples.first().map_or(0, |first| first.rss_kb))
    }

    /// How many orders were made after the warm-up. The state of a run keeps all of them, so memory grows with them.
    #[must_use]
    pub fn new_orders(&self) -> usize {
        let end = self.samples.last().map_or(0, |last| last.orders);
        end.saturating_sub(self.samples.first().map_or(0, |first| first.orders))
    }
}

/// The memory that the process holds, in kilobytes; zero where the system does not say.
fn rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Replaces its order at each hundredth trade, in turn with one near the market, which mostly fills, and one away from it.
struct Requote {
    instrument: InstrumentId,
    quantity: Quantity,
    trades: u64,
    order: Option<OrderId>,
}

impl Strategy for Requote {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(self.instrument))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.trades += 1;
        if !self.trades.is_multiple_of(TRADES_AN_ORDER) {
            return Ok(());
        }
        let open = self.order.take().filter(|id| ctx.order(*id).is_some_and(|order| order.is_open()));
        if let Some(order) = open {
            ctx.cancel(order)?;
        }
        let turn = self.trades / TRADES_AN_ORDER % 4;
        let off = Price::from_int(if turn < 2 { 0 } else { 500 });
        let order = if turn.is_multiple_of(2) {
            ctx.buy(self.instrument, self.quantity).limit(trade.price.checked_sub(off)?)
        } else {
            ctx.sell(self.instrument, self.quantity).limit(trade.price.checked_add(off)?)
        };
        self.order = Some(order.submit()?);
        Ok(())
    }
}

/// Trades of a busy day without end.
fn tape(
    start: Timestamp,
) -> Result<impl Iterator<Item = Result<MarketData, PaperError>> + Send, Box<dyn Error>> {
    let (instrument, cents, thousandths) = (pair(), Scale::new(2)?, Scale::new(3)?);
    Ok((1_i64..).map(move |number| {
        let time =
            start.saturating_add(TimeDelta::from_nanos(number.saturating_mul(1_000_000_000 / BUSY_DAY_RATE)));
        let price = Price::new(5_000_000 + number.wrapping_mul(7_919) % 1_000, cents);
        let quantity = Quantity::new(1 + number % 50, thousandths);
        let aggressor = Some(if number % 2 == 0 { Side::Sell } else { Side::Buy });
        Ok(Trade { instrument, ts_event: time, ts_recv: time, price, quantity, aggressor }.into())
    }))
}

/// Trades for so many seconds, with the journal in this directory, and takes a sample at the end of the warm-up and each `every` after it.
///
/// # Errors
/// What the driver says.
pub fn run(directory: &Path, seconds: u64, every: Duration) -> Result<Measured, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(endure(directory, Duration::from_secs(seconds), every))
}

async fn endure(directory: &Path, length: Duration, every: Duration) -> Result<Measured, Box<dyn Error>> {
    let start = Timestamp::from_nanos(1_767_225_600_000_000_000);
    let venue = SimVenue::new(pair().venue().as_str()).instrument(instrument()?);
    let cash = ["1000000 USD".parse()?, "10 BTC".parse()?];
    let paper = PaperVenue::replay(&venue, tape(start)?, AccountKind::Cash, &cash, 1)?.at_speed(SPEED);
    let mut config = LiveConfig::new("USD".parse()?);
    config.session.time = TimeSource::Data;
    let strategy = Requote { instrument: pair(), quantity: "0.004".parse()?, trades: 0, order: None };
    let store = SqlStore::open(&Location::sqlite(directory.join("journal.db"))).await?;
    let live = Live::new(config).store(store).paper(paper).setup(limits()?).strategy("requote", strategy);
    let ready = live.ready().await?;
    let handle = ready.handle();
    let begun = Instant::now();
    let running = tokio::spawn(ready.run());
    let mut measured = Measured::default();
    let mut at = SHORTEST_WARM_UP.max(length / 4).min(length);
    loop {
        tokio::time::sleep_until(begun + at).await;
        measured.samples.push(sample(&handle, start, begun).await?);
        if at >= length {
            break;
        }
        at = (at + every).min(length);
    }
    handle.stop().await?;
    running.await??;
    Ok(measured)
}

async fn sample(handle: &Handle, start: Timestamp, begun: Instant) -> Result<Sample, Box<dyn Error>> {
    let (orders, now) =
        handle.look(|view| (view.engine.state().orders.len(), view.engine.state().now)).await?;
    let entries = handle.status().map_or(0, |status| status.sequence);
    let trades = u64::try_from(now.since(start).nanos() / (1_000_000_000 / BUSY_DAY_RATE))?;
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let sample =
        Sample { at_s: begun.elapsed().as_secs_f64(), rss_kb: rss_kb(), tasks, trades, entries, orders };
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_after_the_warm_up() {
        let sample = |rss_kb, orders| Sample { rss_kb, orders, ..Sample::default() };
        let measured = Measured { samples: vec![sample(100, 5), sample(900, 20), sample(140, 25)] };
        assert_eq!((measured.growth_kb(), measured.new_orders()), (40, 20));
        assert_eq!(Measured { samples: vec![sample(100, 5), sample(90, 5)] }.growth_kb(), 0);
    }

    #[test]
    fn the_tape_has_the_rate_of_a_busy_day() {
        let start = Timestamp::EPOCH;
        let second = start.saturating_add(TimeDelta::seconds(1));
        let trades = tape(start).unwrap().map(Result::unwrap).take_while(|trade| trade.ts_recv() <= second);
        assert_eq!(i64::try_from(trades.count()).unwrap(), BUSY_DAY_RATE);
    }
}
