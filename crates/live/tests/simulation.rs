//! The whole stack under a seed: session, driver, journal, venue, network and clock, with faults in all of them and the process killed again
//! and again. Whatever happened, the books agree with the venue's at the end.
//!
//! `ALGOFLOW_SEEDS=10000 cargo test -p algoflow-live --release --test simulation` runs longer, `ALGOFLOW_SEED=17` one seed.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "simulation/world.rs"]
mod world;

use std::{collections::BTreeSet, time::Duration};

use algoflow_core::{
    error::StrategyError, ledger::AccountKind, order::OrderKind, prelude::*, state::State, strategy::Strategy,
};
use algoflow_live::{
    driver::{Live, LiveConfig, LiveError, Outcome},
    journal::{Fault, Faults, MemoryDisk, MemoryStore, Store},
    reconcile::ExternalPolicy,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use world::{Rates, SkewedClock, World, instrument};

/// Trades at random.
struct Whim {
    random: ChaCha8Rng,
    orders: Vec<OrderId>,
}

impl Whim {
    fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), orders: Vec::new() }
    }
}

impl Strategy for Whim {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(instrument().id))?;
        ctx.schedule("later", ctx.now().saturating_add(TimeDelta::seconds(7)));
        Ok(())
    }

    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        let id = instrument().id;
        let quantity = Quantity::from_int(self.random.random_range(1..6));
        let off = Price::new(self.random.random_range(1..80), trade.price.scale());
        match self.random.random_range(0..24) {
            0 => self.orders.push(ctx.buy(id, quantity).submit()?),
            1 => self.orders.push(ctx.sell(id, quantity).submit()?),
            2 => self.orders.push(ctx.buy(id, quantity).limit(trade.price.checked_sub(off)?).submit()?),
            3 => self.orders.push(ctx.sell(id, quantity).limit(trade.price.checked_add(off)?).submit()?),
            4 => {
                let (up, down) = (trade.price.checked_add(off)?, trade.price.checked_sub(off)?);
                self.orders.push(ctx.buy(id, quantity).bracket(up, down).submit()?);
            }
            5 | 6 => {
                let at = self.random.random_range(0..self.orders.len().max(1));
                if at < self.orders.len() {
                    // It may be over.
                    let _ = ctx.cancel(self.orders.swap_remove(at));
                }
            }
            7 => {
                let at = self.random.random_range(0..self.orders.len().max(1));
                if let Some(order) = self.orders.get(at).copied() {
                    let price = trade.price.checked_sub(off)?;
                    let _ = ctx.amend(order, OrderKind::Limit { price }, quantity);
                }
            }
            8 => ctx.target_position(id, quantity)?,
            9 => ctx.close(id)?,
            _ => {}
        }
        Ok(())
    }

    fn save(&self) -> Result<Option<serde_json::Value>, StrategyError> {
        let place = self.random.get_word_pos().to_string();
        serde_json::to_value((place, &self.orders)).map(Some).map_err(StrategyError::other)
    }

    fn load(&mut self, state: serde_json::Value) -> StrategyResult {
        let (place, orders): (String, Vec<OrderId>) =
            serde_json::from_value(state).map_err(StrategyError::other)?;
        self.random.set_word_pos(place.parse().map_err(StrategyError::other)?);
        self.orders = orders;
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
        ctx.schedule("later", ctx.now().saturating_add(TimeDelta::seconds(7)));
        ctx.close(instrument().id)
    }
}

fn config(seed: u64) -> LiveConfig {
    let mut config = LiveConfig::new("USD".parse().unwrap());
    config.seed = seed;
    // Every second seed goes on from snapshots, the others replay their whole journal.
    config.snapshot_every = seed.is_multiple_of(2).then_some(5 + seed % 60);
    config.session.request_timeout = TimeDelta::seconds(5);
    config.session.reconcile_every = TimeDelta::seconds(15);
    config.session.stale_after = Some(TimeDelta::seconds(12));
    config.session.external = ExternalPolicy::Adopt;
    config.session.stop_within = TimeDelta::minutes(5);
    config
}

fn live(seed: u64, world: &World, disk: &MemoryDisk, faults: Faults) -> Result<Live, LiveError> {
    let store = MemoryStore::open(disk, faults)?;
    Ok(Live::new(config(seed))
        .store(store)
        .clock(SkewedClock(world.clone()))
        .venue(world.clone(), AccountKind::Cash)
        .strategy("whim", Whim::new(seed)))
}

/// What the journal does wrong this time.
fn journal_faults(random: &mut ChaCha8Rng) -> Faults {
    let at = random.random_range(2..120);
    match random.random_range(0..6) {
        0 => Faults::none().at(at, Fault::CrashBefore),
        1 => Faults::none().at(at, Fault::CrashAfter),
        2 => Faults::none().at(at, Fault::Full),
        3 => Faults::none().at(at, Fault::Torn { permille: random.random_range(0..1_000) }),
        _ => Faults::none(),
    }
}

/// Runs one seed; what it did, to see that it is worth something.
async fn simulate(seed: u64) -> Done {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
    let world = World::new(seed);
    let turning = tokio::spawn(world.clone().turn());
    let disk = MemoryDisk::default();
    let mut done = Done::default();
    for _ in 0..random.random_range(1..5) {
        let span = Duration::from_millis(random.random_range(500..60_000));
        let faults = journal_faults(&mut random);
        match live(seed, &world, &disk, faults) {
            // Killed after a time: everything of the process is gone at once.
            Ok(live) => match tokio::time::timeout(span, live.run()).await {
                Err(_) => done.crashes += 1,
                Ok(Ok(_)) => done.ends += 1,
                Ok(Err(error)) => {
                    assert!(error.code().starts_with("STORE"), "seed {seed}: {error}");
                    done.ends += 1;
                }
            },
            Err(error) => panic!("seed {seed}: {error}"),
        }
        // What was aborted is gone once the runtime has come around: the next process begins later than that.
        let pause = random.random_range(0..5_000).max(1);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    world.heal();
    let live = live(seed, &world, &disk, Faults::none()).unwrap();
    let (sender, handle) = tokio::sync::oneshot::channel();
    let running = live.run_with(move |handle| drop(sender.send(handle)));
    let stopping = async {
        let handle = handle.await.unwrap();
        tokio::time::sleep(Duration::from_secs(90)).await;
        handle.stop().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(running, stopping);
    let outcome = outcome.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    turning.abort();
    check(seed, &world, &outcome, &mut done);
    let newest = MemoryStore::open(&disk, Faults::none()).unwrap().latest_snapshot().await.unwrap();
    assert_eq!(
        newest.is_some(),
        seed.is_multiple_of(2),
        "seed {seed}: snapshots are taken as they were asked for"
    );
    done
}

#[derive(Default, Debug)]
struct Done {
    crashes: u64,
    ends: u64,
    orders: usize,
    fills: usize,
}

fn check(seed: u64, world: &World, outcome: &Outcome, done: &mut Done) {
    let world = world.lock();
    let state: &State = &outcome.state;
    let open: Vec<_> = state.orders.open().map(|order| (order.id, order.status)).collect();
    if !outcome.clean {
        for order in state.orders.open() {
            println!("{order:?}\n{:?}", world.orders.iter().find(|known| known.client == Some(order.id)));
        }
    }
    assert!(outcome.clean, "seed {seed}: something is left in doubt; open are {open:?}");
    assert!(outcome.halts.is_empty(), "seed {seed}: {:?}", outcome.halts);
    // No order twice, none that we do not know, each as the venue has it.
    let mut seen = BTreeSet::new();
    for order in world.orders.iter() {
        let Some(id) = order.client else { continue };
        assert!(seen.insert(id), "seed {seed}: order {id} is at the venue twice");
        let ours = state.orders.get(id).unwrap_or_else(|| panic!("seed {seed}: {id} is not in our books"));
        assert_eq!(ours.filled, order.filled, "seed {seed}: what {id} filled: {ours:?} {order:?}");
        assert_eq!(
            ours.is_open(),
            order.is_open(),
            "seed {seed}: {id} is {:?} with us, {order:?}",
            ours.status
        );
    }
    for order in state.orders.iter().filter(|order| order.status.is_at_venue()) {
        assert!(
            seen.contains(&order.id) || order.venue_order.is_some(),
            "seed {seed}: {order:?} is not there"
        );
    }
    // Money and positions.
    let venue = instrument().venue();
    for (asset, total) in &world.balances {
        let ours = state.portfolio.balance(venue, *asset).total;
        assert_eq!(ours, *total, "seed {seed}: {asset}");
    }
    done.orders = seen.len();
    done.fills = world.fills.len();
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn whatever_happens_the_books_agree_with_the_venue() {
    let seeds = match number("ALGOFLOW_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ALGOFLOW_SEEDS").unwrap_or(200),
    };
    if number("ALGOFLOW_SEED").is_some() {
        tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr).init();
    }
    let count = seeds.end - seeds.start;
    let mut all = Done::default();
    for seed in seeds {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let done =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(simulate(seed))));
        let done = done.unwrap_or_else(|_| panic!("seed {seed} failed: ALGOFLOW_SEED={seed} repeats it"));
        all.crashes += done.crashes;
        all.ends += done.ends;
        all.orders += done.orders;
        all.fills += done.fills;
    }
    println!("{count} seeds: {all:?}");
    let _ = Rates::NONE;
    if count >= 100 {
        assert!(
            all.crashes > count / 2 && all.orders as u64 > 5 * count && all.fills as u64 > 4 * count,
            "{all:?}"
        );
    }
}
