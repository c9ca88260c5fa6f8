//! Fees and slippage of your own, and what leaving them out would have hidden.
//!
//! `cargo run --release --example custom_models`

use std::{error::Error, sync::Arc};

use algoflow::prelude::*;

/// A broker with a fee for each order that falls with its size and never is below a minimum, and a tax on sales.
#[derive(Debug)]
struct Broker {
    /// From which notional on which part of it is charged, by rising notional.
    steps: Vec<(Decimal, Decimal)>,
    minimum: Decimal,
    sales_tax: Decimal,
}

impl FeeModel for Broker {
    fn fee(&self, fill: &FillContext<'_>) -> Result<Decimal, NumberError> {
        let overflow = || NumberError::Overflow { operation: "a broker's fee" };
        let notional = fill.notional()?;
        let rate = self
            .steps
            .iter()
            .rev()
            .find(|(from, _)| notional >= *from)
            .map_or(Decimal::ZERO, |(_, rate)| *rate);
        // Money is counted in decimals with checked arithmetic: a sum that does not fit ends the run, and does not wrap.
        let commission = notional.checked_mul(rate).ok_or_else(overflow)?.max(self.minimum);
        let tax = match fill.side {
            Side::Buy => Decimal::ZERO,
            Side::Sell => notional.checked_mul(self.sales_tax).ok_or_else(overflow)?,
        };
        Ok(commission.checked_add(tax).ok_or_else(overflow)?.round_dp(2))
    }
}

/// Half a spread in any case, and an impact that grows with the root of our part of the volume.
#[derive(Debug)]
struct SpreadAndImpact {
    half_spread: f64,
    impact: f64,
}

impl SlippageModel for SpreadAndImpact {
    fn slippage(&self, fill: &FillContext<'_>) -> f64 {
        // In units of the price. The venue puts it against the order and rounds it to the tick.
        let share = fill.share().unwrap_or(1.0);
        fill.price.to_f64() * (self.half_spread + self.impact * share.sqrt())
    }
}

fn dec(text: &str) -> Result<Decimal, Box<dyn Error>> {
    Ok(Decimal::from_str_exact(text)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let spx = Instrument::equity("SPX.INDEX", "USD")?;
    let (bars, _) = CsvBars::from_bytes("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY)
        .instrument(spx.id)
        .spec(BarSpec::day())
        .load()?;
    let bars = Arc::new(bars);

    let broker = Broker {
        steps: vec![
            (dec("0")?, dec("0.0010")?),
            (dec("10000")?, dec("0.0005")?),
            (dec("100000")?, dec("0.0002")?),
        ],
        minimum: dec("4.95")?,
        sales_tax: dec("0.0000278")?,
    };
    let impact = SpreadAndImpact { half_spread: 0.0002, impact: 0.1 };
    let (own_fees, own_slippage) = (Fees::custom(broker), Slippage::custom(impact));
    let costs = [
        ("none", Fees::None, Slippage::None),
        ("ready-made", Fees::bps(1), Slippage::bps(2.0)),
        ("own-fees", own_fees.clone(), Slippage::None),
        ("own-slippage", Fees::None, own_slippage.clone()),
        ("own-both", own_fees, own_slippage),
    ];

    println!("A cross of 20 and 60 days on the S&P 500, 20,000 USD, 1999 to 2018\n");
    println!(
        "{:<14}{:>7}{:>12}{:>12}{:>14}{:>9}{:>9}",
        "costs", "fills", "first at", "fees", "final equity", "CAGR", "Sharpe"
    );
    for (name, fees, slippage) in costs {
        let venue = SimVenue::new("INDEX").instrument(spx.clone()).fees(fees).slippage(slippage);
        let result = Backtest::new()
            .cash("20000 USD")
            .named_strategy(name, SmaCross::new(spx.id, 20, 60)?)
            .venue(venue)
            .data(&bars)
            .run()?;
        let fees: Decimal = result.fills.iter().map(|fill| fill.fee.amount).sum();
        let figures = result.report()?.statistics().clone();
        let equity = result.final_equity.map_or(Decimal::ZERO, |money| money.amount);
        println!(
            "{name:<14}{:>7}{:>12.2}{fees:>12.2}{equity:>14.2}{:>8.2}%{:>9.2}",
            result.fills.len(),
            // The same order in every run: what it got shows what slippage does.
            result.fills.first().map_or(f64::NAN, |fill| fill.price.to_f64()),
            figures.cagr.unwrap_or(f64::NAN) * 100.0,
            figures.sharpe.unwrap_or(f64::NAN),
        );
    }
    println!("\nThe same strategy on the same bars: only the costs differ.");
    Ok(())
}
