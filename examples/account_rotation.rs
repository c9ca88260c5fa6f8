//! One strategy, three wallets: the same orders under each policy of rotation, and where they went.
//!
//! Each wallet is a venue of its own, with its own account and its own listing of the pair. The prices are three minutes of quotes of
//! Binance, which all three wallets see.
//!
//! `cargo run --release --example account_rotation`

use std::error::Error;
use std::sync::Arc;

use algoflow::prelude::algorithm::Chunks;
use algoflow::prelude::route::{Listing, ListingLimits, Route, RoutePolicy};
use algoflow::prelude::*;

/// Buys for a while, then sells all that the wallets hold together.
struct Trader {
    wallets: Vec<InstrumentId>,
    policy: RoutePolicy,
    minutes: u32,
}

impl Trader {
    fn route(&self) -> Route {
        let limits = ListingLimits { max_position: "0.5".parse().ok(), ..ListingLimits::default() };
        Route::new(self.policy, self.wallets.iter().map(|wallet| Listing::new(*wallet).limits(limits)))
    }
}

impl Strategy for Trader {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        for wallet in &self.wallets {
            ctx.subscribe(Subscription::Quotes(*wallet))?;
        }
        let every = TimeDelta::seconds(20);
        ctx.schedule_every("trade", ctx.now().saturating_add(every), every)
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, _timer: &Timer) -> StrategyResult {
        self.minutes += 1;
        let Some(home) = self.wallets.first().copied() else { return Ok(()) };
        let route = self.route();
        match self.minutes {
            1..=4 => {
                let chunk = Quantity::from_decimal(Decimal::new(5, 2))?;
                let order = ctx.buy(home, Quantity::from_decimal(Decimal::new(2, 1))?);
                order.via(Chunks::of(chunk, TimeDelta::seconds(2))).route(route).submit()?;
            }
            6 => {
                let held = ctx.combined_position(&self.wallets)?;
                ctx.record("held", held.total.quantity.to_f64());
                ctx.record("average", held.average_price.unwrap_or_default().try_into().unwrap_or(f64::NAN));
                let order = ctx.sell(home, held.total.quantity).reduce_only();
                order.route(route).submit()?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The pair in a wallet.
fn wallet(name: &str) -> Result<Instrument, Box<dyn Error>> {
    Ok(Instrument::spot(&format!("BTC-USDT.{name}"))?
        .with_price_increment("0.01".parse()?)
        .with_quantity_increment("0.00001".parse()?))
}

/// The quotes of Binance as a wallet sees them.
fn quotes(instrument: InstrumentId) -> Result<QuoteSeries, Box<dyn Error>> {
    let (quotes, _) = CsvQuotes::from_bytes("btcusdt_quotes.csv.gz", algoflow::samples::BTCUSDT_QUOTES)
        .instrument(instrument)
        .load()?;
    Ok(quotes)
}

fn main() -> Result<(), Box<dyn Error>> {
    let wallets = [wallet("WALLET-1")?, wallet("WALLET-2")?, wallet("WALLET-3")?];
    let ids: Vec<InstrumentId> = wallets.iter().map(|wallet| wallet.id).collect();
    let feeds = ids.iter().map(|id| quotes(*id).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    let policies = [
        ("round robin", RoutePolicy::RoundRobin),
        ("least used", RoutePolicy::LeastUsed),
        ("by balance", RoutePolicy::ByBalance),
        ("random", RoutePolicy::Random { seed: 7 }),
        ("sticky", RoutePolicy::Sticky),
    ];
    println!("Buying 0.8 BTC in chunks with three wallets, at most 0.5 in each, then selling all of it:\n");
    println!("  policy         WALLET-1   WALLET-2   WALLET-3      held    average price   left");
    for (name, policy) in policies {
        let mut backtest = Backtest::new().strategy(Trader { wallets: ids.clone(), policy, minutes: 0 });
        for ((wallet, feed), cash) in wallets.iter().zip(&feeds).zip(["40000", "60000", "50000"]) {
            let venue =
                SimVenue::new(wallet.venue().to_string()).instrument(wallet.clone()).fees(Fees::bps(10));
            let cash = format!("{cash} USDT");
            backtest = backtest.venue(venue).cash_at(wallet.venue(), cash.as_str()).data(Arc::clone(feed));
        }
        let result = backtest.run()?;
        let bought = |id: &InstrumentId| {
            let buys = result.fills.iter().filter(|fill| fill.instrument == *id && fill.side == Side::Buy);
            buys.fold(0.0, |sum, fill| sum + fill.quantity.to_f64())
        };
        let parts: String = ids.iter().map(|id| format!("{:>11.5}", bought(id))).collect();
        let recorded = |name: &str| {
            let series = result.recorded.iter().find(|(known, _)| *known == name);
            series.and_then(|(_, values)| values.last().map(|(_, value)| *value)).unwrap_or(f64::NAN)
        };
        let left: f64 = result.portfolio.positions().map(|(_, position)| position.quantity.to_f64()).sum();
        println!(
            "  {name:<12}{parts}   {:>7.5}   {:>14.2}   {left:>4.2}",
            recorded("held"),
            recorded("average"),
        );
    }
    Ok(())
}
