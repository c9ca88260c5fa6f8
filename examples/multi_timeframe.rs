//! One instrument on several timeframes: the engine builds them from one feed, and never shows a bar before its end.
//!
//! First three minutes of SOL trades as bars of 1 second, 15 seconds and 1 minute; then a strategy on the S&P 500 that
//! takes its direction from weeks, its size from months and its entries from days.
//!
//! `cargo run --release --example multi_timeframe`

use std::error::Error;

use algoflow::prelude::*;

/// Prints the bars that it subscribed to as they arrive, from one time to another.
struct Logger {
    instrument: InstrumentId,
    bars: Vec<BarSpec>,
    from: Timestamp,
    to: Timestamp,
}

impl Strategy for Logger {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.bars.iter().try_for_each(|spec| ctx.subscribe(Subscription::bars(self.instrument, *spec)))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        if (self.from..self.to).contains(&bar.ts_close) {
            let (now, spec, open, close) = (ctx.now(), bar.spec, bar.ts_open, bar.ts_close);
            println!("  {now:<30}  {spec:>3}  {open} to {close}  close {}", bar.close);
        }
        Ok(())
    }
}

/// Buys dips of a few days while the market is above its average of 40 weeks; half as much if it is below its
/// average of 10 months.
struct DipsInATrend {
    instrument: InstrumentId,
    rsi: Rsi,
    weekly: Sma,
    monthly: Sma,
    trend_is_up: bool,
    weight: f64,
}

impl Strategy for DipsInATrend {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        // Only daily bars are in the data. Weeks and months are built from them.
        for spec in [BarSpec::day(), BarSpec::Week, BarSpec::Month] {
            ctx.subscribe(Subscription::bars(self.instrument, spec))?;
        }
        Ok(())
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        match bar.spec {
            BarSpec::Week => {
                self.trend_is_up =
                    self.weekly.update(bar.close).is_some_and(|mean| bar.close.to_f64() > mean);
            }
            BarSpec::Month => {
                let above = self.monthly.update(bar.close).is_some_and(|mean| bar.close.to_f64() > mean);
                self.weight = if above { 0.95 } else { 0.475 };
            }
            _ => {
                let Some(rsi) = self.rsi.update(bar.close) else { return Ok(()) };
                let held = !ctx.position(self.instrument).is_flat();
                // The targets are set when something changes, not with every bar: a target weight that is said
                // again every day is a daily rebalancing.
                if !held && self.trend_is_up && rsi < 25.0 {
                    return ctx.target_weight(self.instrument, self.weight);
                }
                if held && (rsi > 65.0 || !self.trend_is_up) {
                    return ctx.close(self.instrument);
                }
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let sol = Instrument::spot("SOL-USDT.BINANCE")?;
    let (trades, _) = CsvTrades::from_bytes("solusdt_trades.csv.gz", algoflow::samples::SOLUSDT_TRADES)
        .instrument(sol.id)
        .load()?;
    println!("{} trades of {} as bars, around the turn of a minute:", trades.len(), sol.id);
    println!("  known at                       bar  from and to");
    let ticks = Logger {
        instrument: sol.id,
        bars: vec![BarSpec::minutes(1), BarSpec::seconds(15), BarSpec::seconds(1)],
        from: "2025-03-25T23:07:58Z".parse()?,
        to: "2025-03-25T23:08:02Z".parse()?,
    };
    Backtest::new()
        .cash("1000 USDT")
        .strategy(ticks)
        .venue(SimVenue::new("BINANCE").instrument(sol))
        .data(trades)
        .run()?;

    let spx = Instrument::equity("SPX.INDEX", "USD")?;
    let (bars, _) = CsvBars::from_bytes("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY)
        .instrument(spx.id)
        .spec(BarSpec::day())
        .load()?;
    println!("\nThe S&P 500 at the end of April 2000, which was the end of a week too:");
    let days = Logger {
        instrument: spx.id,
        bars: vec![BarSpec::Month, BarSpec::Week, BarSpec::day()],
        from: "2000-04-28".parse()?,
        to: "2000-05-03".parse()?,
    };
    let dips = DipsInATrend {
        instrument: spx.id,
        rsi: Rsi::new(3)?,
        weekly: Sma::new(40)?,
        monthly: Sma::new(10)?,
        trend_is_up: false,
        weight: 0.475,
    };
    // Two strategies share one account and one feed; each has its own positions.
    let result = Backtest::new()
        .cash("100000 USD")
        .strategy(days)
        .strategy(dips)
        .venue(SimVenue::new("INDEX").instrument(spx).fees(Fees::bps(1)).slippage(Slippage::bps(2.0)))
        .data(bars)
        .run()?;
    println!("\n{}", result.summary()?);
    Ok(())
}
