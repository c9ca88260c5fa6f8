//! A process that trades is killed again and again, at random moments, and in the end nothing is different from a process that was
//! left alone: the same orders, the same fills, the same money.
//!
//! `ALGOFLOW_KILLS=200 cargo test -p algoflow-live --test crash` kills that often.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(unix)]

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use algoflow_core::{ledger::AccountKind, market::MarketData, number::Scale, prelude::*, state::State};
use algoflow_live::{
    Live, LiveConfig,
    journal::{Location, SqlStore, Store},
    paper::PaperVenue,
    session::TimeSource,
};
use algoflow_sim::{Fees, Latency, RejectModel, SimVenue, Slippage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CHILD: &str = "ALGOFLOW_CRASH_CHILD";
const MARGIN: AccountKind = AccountKind::Margin { leverage: Decimal::TEN };

fn stock() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

fn cents(value: i64) -> Price {
    Price::new(value.max(1), Scale::new(2).unwrap())
}

/// Does something at random at every trade, timer and report.
struct Whim {
    random: ChaCha8Rng,
    orders: Vec<OrderId>,
}

impl Whim {
    fn act(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        let id = stock().id;
        let Some(last) = ctx.last_price(id) else { return Ok(()) };
        let last = (last.to_f64() * 100.0) as i64;
        let quantity = Quantity::from_int(self.random.random_range(1..20));
        let off = self.random.random_range(-60..60);
        match self.random.random_range(0..16) {
            0 => ctx.target_position(id, Quantity::from_int(self.random.random_range(-20..40)))?,
            1 => self.orders.push(ctx.buy(id, quantity).submit()?),
            2 => self.orders.push(ctx.sell(id, quantity).limit(cents(last + off)).submit()?),
            3 => self.orders.push(ctx.sell(id, quantity).stop(cents(last + off)).submit()?),
            4 => {
                let entry = ctx.buy(id, quantity).limit(cents(last - 10));
                self.orders.push(entry.bracket(cents(last + 40), cents(last - 50)).submit()?);
            }
            5 => {
                if let Some(order) = self.orders.pop() {
                    // It may be over.
                    let _ = ctx.cancel(order);
                }
            }
            6 => ctx.schedule("later", ctx.now().saturating_add(TimeDelta::seconds(30))),
            _ => {}
        }
        Ok(())
    }
}

impl Strategy for Whim {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(stock().id))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, _: &Trade) -> StrategyResult {
        self.act(ctx)
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
        self.act(ctx)
    }
    fn on_order(&mut self, ctx: &mut Context<'_>, _: &OrderEvent) -> StrategyResult {
        if self.random.random_bool(0.1) { self.act(ctx) } else { Ok(()) }
    }
}

fn tape(seed: u64) -> Vec<MarketData> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut last, mut time) = (10_000, Timestamp::EPOCH);
    let trade = |_: i64| {
        last += random.random_range(-12..12);
        time = time.saturating_add(TimeDelta::seconds(random.random_range(0..20)));
        let quantity = Quantity::from_int(random.random_range(1..50));
        let (instrument, price) = (stock().id, cents(last));
        Trade { instrument, ts_event: time, ts_recv: time, price, quantity, aggressor: None }.into()
    };
    (0..1_200).map(trade).collect()
}

/// Trades to the end, on the journal in this directory. What came of it, as text.
async fn trade(directory: &Path, seed: u64) -> String {
    let latency = Latency { entry: TimeDelta::millis(300), ack: TimeDelta::millis(200), ..Latency::NONE };
    let venue = SimVenue::new("NYSE")
        .instrument(stock())
        .fees(Fees::bps(2))
        .slippage(Slippage::half_spread())
        .reject(RejectModel::new(0.05))
        .participation(0.3)
        .latency(if seed.is_multiple_of(2) { latency } else { Latency::NONE });
    let cash = ["1000000 USD".parse().unwrap()];
    let paper = PaperVenue::replay(&venue, tape(seed).into_iter().map(Ok), MARGIN, &cash, seed).unwrap();
    let store = SqlStore::open(&Location::sqlite(directory.join("journal.db"))).await.unwrap();
    assert!(store.last_sequence() < u64::MAX);
    let mut config = LiveConfig::new("USD".parse().unwrap());
    config.session.time = TimeSource::Data;
    let whim = Whim { random: ChaCha8Rng::seed_from_u64(seed), orders: Vec::new() };
    let outcome = Live::new(config).store(store).paper(paper).strategy("whim", whim).run().await.unwrap();
    assert!(outcome.clean && outcome.halts.is_empty(), "{:?}", outcome.halts);
    digest(&outcome.state)
}

fn digest(state: &State) -> String {
    let mut text = String::new();
    for order in state.orders.iter() {
        writeln!(text, "{:?}", *order).unwrap();
    }
    for (id, position) in state.portfolio.positions() {
        writeln!(text, "{id} {position:?}").unwrap();
    }
    for (venue, asset, balance) in state.portfolio.balances() {
        writeln!(text, "{venue} {asset} {balance:?}").unwrap();
    }
    text
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The process that is killed. Without the variable it is a test that has nothing to do.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let directory = PathBuf::from(directory);
    let seed = std::fs::read_to_string(directory.join("seed")).unwrap().parse().unwrap();
    let result = runtime().block_on(trade(&directory, seed));
    std::fs::write(directory.join("result.part"), result).unwrap();
    std::fs::rename(directory.join("result.part"), directory.join("result")).unwrap();
}

fn spawn(directory: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Kills the process that trades until it has come to its end all the same. How often it was killed.
fn disturb(seed: u64, random: &mut ChaCha8Rng, most: u64) -> (u64, String) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("seed"), seed.to_string()).unwrap();
    let mut kills = 0;
    loop {
        let mut child = spawn(directory.path());
        if kills < most {
            std::thread::sleep(Duration::from_micros(random.random_range(3_000..150_000)));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                kills += 1;
            }
        }
        let status = child.wait().unwrap();
        if let Ok(result) = std::fs::read_to_string(directory.path().join("result")) {
            return (kills, result);
        }
        assert!(
            !status.success() && status.code().is_none(),
            "seed {seed}: the process failed by itself: {status}"
        );
    }
}

#[test]
fn a_process_that_is_killed_goes_on_as_if_nothing_had_been() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let wanted = std::env::var("ALGOFLOW_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(40_u64);
    let mut random = ChaCha8Rng::seed_from_u64(wanted);
    let mut kills = 0;
    for seed in 0.. {
        let calm = tempfile::tempdir().unwrap();
        let expected = runtime().block_on(trade(calm.path(), seed));
        assert!(expected.lines().count() > 200, "too little happens: {expected}");
        let (count, found) = disturb(seed, &mut random, 25);
        let differs = expected.lines().zip(found.lines()).find(|(a, b)| a != b);
        assert_eq!(differs, None, "seed {seed} after {count} kills");
        assert_eq!(expected, found, "seed {seed} after {count} kills");
        kills += count;
        if kills >= wanted {
            println!("{kills} kills in {} runs", seed + 1);
            break;
        }
    }
}
