//! Brackets from entry to exit: a take-profit and a trailing stop that follow partial fills.
//!
//! Buys dips of the S&P 500 for a fund that is too large to get its order in a day: fills are capped by the volume, so
//! entries and exits come in parts, and what protects them has to grow and shrink with them.
//!
//! `cargo run --release --example bracket_orders`

use std::{collections::BTreeMap, error::Error};

use algoflow::prelude::*;

/// Buys when the price has fallen fast in a rising market.
struct Dips {
    instrument: InstrumentId,
    rsi: Rsi,
    trend: Sma,
    /// How many brackets are told in full.
    told: u32,
    brackets: u32,
}

impl Strategy for Dips {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let (rsi, trend) = (self.rsi.update(bar.close), self.trend.update(bar.close));
        let (Some(rsi), Some(trend)) = (rsi, trend) else { return Ok(()) };
        // `orders` are the open ones: while an entry still fills, or a bracket still works, there is no second.
        let idle = ctx.position(self.instrument).is_flat() && ctx.orders().next().is_none();
        if !idle || rsi > 10.0 || bar.close.to_f64() < trend {
            return Ok(());
        }
        let quantity = ctx.quantity_for_weight(self.instrument, 0.9)?;
        let target = ctx.instrument(self.instrument)?.price(bar.close.to_f64() * 1.02)?;
        self.brackets += 1;
        if self.brackets <= self.told {
            println!(
                "\nBracket {}: close {}, RSI {rsi:.1}, take profit at {target}",
                self.brackets, bar.close
            );
        }
        // One call, three orders. The two exits wait until the entry fills, and then have exactly what it has filled;
        // what one of them sells, the other loses.
        ctx.buy(self.instrument, quantity)
            .take_profit(target)
            .trailing_stop_loss(TrailingOffset::BasisPoints(250))
            .submit()?;
        Ok(())
    }

    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        if self.brackets > self.told {
            return Ok(());
        }
        let Some(order) = ctx.order(event.order) else { return Ok(()) };
        let role = match order.spec.contingency.role {
            OrderRole::Entry => "entry",
            OrderRole::TakeProfit => "take profit",
            OrderRole::StopLoss => "trailing stop",
            _ => "other",
        };
        let what = match &event.kind {
            OrderEventKind::Filled(fill) => format!("fills {} at {}", fill.quantity, fill.price),
            OrderEventKind::Amended { quantity, .. } => format!("now for {quantity}"),
            OrderEventKind::Accepted { .. } => format!("works, for {}", order.leaves()),
            OrderEventKind::Cancelled { reason } => format!("cancelled ({reason:?})"),
            other => format!("{other:?}"),
        };
        let held = ctx.position(self.instrument).quantity;
        let (year, month, day) = ctx.now().date();
        println!("  {year}-{month:02}-{day:02}  {role:<13}  {what:<32}  held {held}");
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let spx = Instrument::equity("SPX.INDEX", "USD")?;
    let (bars, _) = CsvBars::from_bytes("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY)
        .instrument(spx.id)
        .spec(BarSpec::day())
        .load()?;
    let dips = Dips { instrument: spx.id, rsi: Rsi::new(2)?, trend: Sma::new(200)?, told: 3, brackets: 0 };
    let venue = SimVenue::new("INDEX")
        .instrument(spx)
        .fees(Fees::bps(1))
        .slippage(Slippage::bps(2.0))
        // At most two in a hundred thousand of the day's volume are ours.
        .participation(0.000_02)
        // If a day reaches both exits, nobody knows which came first. This says: the worse one.
        .bar_path(BarPath::Worst);
    let result = Backtest::new().cash("50000000 USD").strategy(dips).venue(venue).data(bars).run()?;

    // A bracket is an entry and the orders that name it as their parent.
    let mut ends: BTreeMap<&str, (u32, Decimal)> = BTreeMap::new();
    let mut in_parts = 0;
    let entries = result.orders.iter().filter(|order| order.spec.contingency.role == OrderRole::Entry);
    for entry in entries {
        let fills = result.fills.iter().filter(|fill| fill.order == entry.id).count();
        in_parts += u32::from(fills > 1);
        let exits: Vec<_> =
            result.orders.iter().filter(|order| order.spec.contingency.parent == Some(entry.id)).collect();
        let sold = exits.iter().filter(|order| order.filled.is_positive());
        let name = match *sold.map(|order| order.spec.contingency.role).collect::<Vec<_>>() {
            [OrderRole::TakeProfit] => "take profit",
            [OrderRole::StopLoss] => "trailing stop",
            [] => "still open",
            _ => "both, in parts",
        };
        let paid = entry.average_price().unwrap_or_default() * entry.filled.to_decimal();
        let got: Decimal = exits
            .iter()
            .map(|order| order.average_price().unwrap_or_default() * order.filled.to_decimal())
            .sum();
        let (count, profit) = ends.entry(name).or_default();
        *count += 1;
        if name != "still open" {
            *profit += got - paid;
        }
    }
    println!("\n{in_parts} entries filled in more than one part. How the brackets ended:");
    for (name, (count, profit)) in ends {
        println!("  {name:<15} {count:>4}   {:>14} USD before fees", profit.round_dp(0));
    }
    println!("\n{}", result.summary()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Buys thirty behind a bracket with the first bar.
    struct Once(InstrumentId);

    impl Strategy for Once {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::bars(self.0, BarSpec::day()))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
            if ctx.position(self.0).is_flat() && ctx.orders().next().is_none() {
                let (target, stop) = ("110".parse()?, "95".parse()?);
                ctx.buy(self.0, Quantity::from_int(30)).bracket(target, stop).submit()?;
            }
            Ok(())
        }
    }

    #[test]
    fn the_exits_have_what_the_entry_has_filled() -> Result<(), Box<dyn Error>> {
        let spx = Instrument::equity("SPX.INDEX", "USD")?;
        let id = spx.id;
        let mut harness = Harness::new([spx], "10000 USD".parse()?, Once(id))?;

        let commands = harness.close(id, "100")?;
        let [entry] = Harness::submitted(&commands)[..] else {
            panic!("only the entry is sent: {commands:?}")
        };
        harness.accept(entry.order)?;

        let commands = harness.fill_part(entry.order, Quantity::from_int(10), "100")?;
        let [target, stop] = Harness::submitted(&commands)[..] else {
            panic!("both exits are sent: {commands:?}")
        };
        for exit in [target, stop] {
            assert_eq!((exit.spec.side, exit.spec.quantity), (Side::Sell, Quantity::from_int(10).into()));
            harness.accept(exit.order)?;
        }

        // The rest of the entry fills: both exits are to grow to 30.
        let commands = harness.fill(entry.order, "100")?;
        let grown = commands.iter().filter(
            |command| matches!(command, Command::Amend(amend) if amend.quantity == Quantity::from_int(30)),
        );
        assert_eq!(grown.count(), 2, "{commands:?}");
        Ok(())
    }
}
