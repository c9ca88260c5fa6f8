//! A strategy of your own, from nothing: the code of the README, with a test.
//!
//! `cargo run --release --example your_own_strategy [REPORT.html]`

use algoflow::prelude::*;

/// Long while the fast average is above the slow one.
struct Cross {
    instrument: InstrumentId,
    fast: Sma,
    slow: Sma,
}

impl Strategy for Cross {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let (fast, slow) = (self.fast.update(bar.close), self.slow.update(bar.close));
        let (Some(fast), Some(slow)) = (fast, slow) else { return Ok(()) };
        ctx.target_weight(self.instrument, if fast > slow { 0.95 } else { 0.0 })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spx = Instrument::equity("SPX.INDEX", "USD")?;
    let file = CsvBars::from_bytes("sp500.csv.gz", algoflow::samples::SP500_DAILY);
    let (bars, _) = file.instrument(spx.id).spec(BarSpec::day()).load()?;
    let result = Backtest::new()
        .cash("100000 USD")
        .strategy(Cross { instrument: spx.id, fast: Sma::new(50)?, slow: Sma::new(200)? })
        .venue(SimVenue::new("INDEX").instrument(spx).fees(Fees::bps(1)).slippage(Slippage::bps(2.0)))
        .data(bars)
        .run()?;
    println!("{}", result.summary()?);

    let path = std::env::args().nth(1).unwrap_or("target/reports/your_own_strategy.html".into());
    if let Some(folder) = std::path::Path::new(&path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    result.tear_sheet(&path)?;
    println!("The tear sheet is {path}.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Averages of two and three bars, so that three bars are enough for a decision.
    fn harness() -> Result<(Harness, InstrumentId), Box<dyn std::error::Error>> {
        let spx = Instrument::equity("SPX.INDEX", "USD")?;
        let id = spx.id;
        let strategy = Cross { instrument: id, fast: Sma::new(2)?, slow: Sma::new(3)? };
        Ok((Harness::new([spx], "10000 USD".parse()?, strategy)?, id))
    }

    #[test]
    fn nothing_is_sent_before_the_slow_average_is_full() -> Result<(), Box<dyn std::error::Error>> {
        let (mut harness, id) = harness()?;
        assert!(harness.close(id, "100")?.is_empty());
        assert!(harness.close(id, "101")?.is_empty());
        Ok(())
    }

    #[test]
    fn it_buys_with_the_trend_and_sells_against_it() -> Result<(), Box<dyn std::error::Error>> {
        let (mut harness, id) = harness()?;
        for close in ["98", "99"] {
            harness.close(id, close)?;
        }
        // 99.5 is above 99: buy 95 % of 10,000 USD at 100, which is 95 shares.
        let commands = harness.close(id, "100")?;
        let buy = Harness::submitted(&commands)[0];
        assert_eq!((buy.spec.side, buy.spec.quantity), (Side::Buy, Quantity::from_int(95).into()));
        harness.fill(buy.order, "100")?;
        assert_eq!(harness.position(id).quantity, Quantity::from_int(95));

        // 95 is below 96.67: out.
        let commands = harness.close(id, "90")?;
        let sell = Harness::submitted(&commands)[0];
        assert_eq!((sell.spec.side, sell.spec.quantity), (Side::Sell, Quantity::from_int(95).into()));
        Ok(())
    }

    #[test]
    fn a_rejected_order_is_tried_again_with_the_next_bar() -> Result<(), Box<dyn std::error::Error>> {
        let (mut harness, id) = harness()?;
        for close in ["98", "99"] {
            harness.close(id, close)?;
        }
        let commands = harness.close(id, "100")?;
        harness.reject(Harness::submitted(&commands)[0].order, RejectCode::RateLimited)?;
        assert!(harness.position(id).is_flat());
        let commands = harness.close(id, "101")?;
        assert_eq!(Harness::submitted(&commands).len(), 1);
        Ok(())
    }
}
