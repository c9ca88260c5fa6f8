//! One large order, worked in every way there is: what each paid, compared with the price when the order began.
//!
//! Buys five bitcoin in three minutes of trades and quotes of Binance, about a fifteenth of what was traded.
//!
//! `cargo run --release --example execution_algorithms`

use std::error::Error;

use algoflow::prelude::algorithm::{
    Algorithm, AtEnd, Chunks, Iceberg, Participation, Peg, PegTo, Shortfall, Sniper, Twap, VolumeProfile,
    Vwap,
};
use algoflow::prelude::*;

/// Places one order, a few seconds after the start of the data.
struct Buyer {
    instrument: InstrumentId,
    quantity: Quantity,
    /// How it is worked; at once as one market order if not at all.
    algorithm: Option<Algorithm>,
    /// Its limit.
    limit: Option<Price>,
    done: bool,
}

impl Strategy for Buyer {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Quotes(self.instrument))?;
        ctx.schedule("buy", ctx.now().saturating_add(TimeDelta::seconds(5)));
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, _timer: &Timer) -> StrategyResult {
        if self.done {
            return Ok(());
        }
        self.done = true;
        if let Some(quote) = ctx.quote(self.instrument) {
            let mid = quote.mid();
            ctx.record("arrival", mid);
        }
        // At most ten basis points away from the price when the order begins, whatever the algorithm would do.
        let mut order = ctx.buy(self.instrument, self.quantity).max_slippage(10);
        if let Some(limit) = self.limit {
            order = order.limit(limit);
        }
        match self.algorithm.take() {
            Some(algorithm) => order.via(algorithm).submit()?,
            None => order.submit()?,
        };
        Ok(())
    }
}

/// A name, an algorithm, and the limit that it needs.
type Way = (&'static str, Option<Algorithm>, Option<Price>);

/// The ways to work the order.
fn ways(profile: VolumeProfile, limit: Price) -> Result<Vec<Way>, Box<dyn Error>> {
    let span = TimeDelta::seconds(150);
    let take = AtEnd::Take;
    // Recorded trades do not show what we fill, so there is nothing to take off.
    let share = Participation::new(0.1).unseen().min_slice("0.02".parse()?);
    Ok(vec![
        ("one market order", None, None),
        ("TWAP", Some(Twap::new(span, 30).jitter(0.3, 0.3).seed(7).at_end(take).into()), None),
        ("VWAP", Some(Vwap::new(span, 30, profile).at_end(take).into()), None),
        // A day of trading at this pace would move the price by a dollar for each 1,000 bitcoin.
        ("shortfall", Some(Shortfall::new(span, 30, 1e-3, 2_000.0, 0.001).at_end(take).into()), None),
        ("participation", Some(share.within(span).at_end(take).into()), None),
        ("chunks", Some(Chunks::of("0.25".parse()?, TimeDelta::seconds(5)).jitter(0.3, 0.3).into()), None),
        ("peg to the bid", Some(Peg::new(PegTo::Own).within(span).at_end(take).into()), None),
        ("iceberg", Some(Iceberg::new("0.5".parse()?).into()), Some(limit)),
        ("sniper", Some(Sniper::new().min_size("0.5".parse()?).into()), Some(limit)),
    ])
}

fn main() -> Result<(), Box<dyn Error>> {
    let btc = Instrument::spot("BTC-USDT.BINANCE")?
        .with_price_increment("0.01".parse()?)
        .with_quantity_increment("0.00001".parse()?);
    let (trades, _) = CsvTrades::from_bytes("btcusdt_trades.csv.gz", algoflow::samples::BTCUSDT_TRADES)
        .instrument(btc.id)
        .load()?;
    let (quotes, _) = CsvQuotes::from_bytes("btcusdt_quotes.csv.gz", algoflow::samples::BTCUSDT_QUOTES)
        .instrument(btc.id)
        .load()?;
    let (trades, quotes) = (std::sync::Arc::new(trades), std::sync::Arc::new(quotes));
    // There is no other day to learn the profile from here. In earnest it is made of the bars of days before.
    let even = VolumeProfile::new(TimeDelta::hours(6), vec![1.0; 4])?;
    let (quantity, hop): (Quantity, _) = ("5".parse()?, TimeDelta::millis(20));

    println!("Buying {quantity} {}:\n", btc.id);
    println!("  way                 filled    average price   against arrival   slices   seconds");
    for (name, algorithm, limit) in ways(even, "87230".parse()?)? {
        let buyer = Buyer { instrument: btc.id, quantity, algorithm, limit, done: false };
        let result = Backtest::new()
            .venue(SimVenue::new("BINANCE").instrument(btc.clone()).latency(Latency::new(
                TimeDelta::ZERO,
                hop,
                hop,
            )))
            .cash("1000000 USDT")
            .data(std::sync::Arc::clone(&trades))
            .data(std::sync::Arc::clone(&quotes))
            .strategy(buyer)
            .run()?;
        // The order itself never left the engine: it has what its slices have filled.
        let Some(order) = result.orders.iter().find(|order| !order.spec.is_slice()) else { continue };
        let slices = result.orders.iter().filter(|slice| slice.spec.is_slice_of(order.id)).count();
        let arrival = result.recorded.iter().find_map(|(_, values)| values.first().map(|(_, value)| *value));
        let (Some(average), Some(arrival)) = (order.average_price(), arrival) else {
            println!("  {name:<17} {:>8}", order.filled);
            continue;
        };
        let average = f64::try_from(average)?;
        let seconds = order.ts_updated.since(order.ts_created).as_seconds_f64();
        println!(
            "  {name:<17} {:>8}   {average:>14.2}   {:>+12.2} bp   {slices:>6}   {seconds:>7.1}",
            order.filled.normalized(),
            (average / arrival - 1.0) * 10_000.0,
        );
    }
    println!("\nAgainst arrival: above zero is dearer than the middle of the quote when the order began.");
    Ok(())
}
