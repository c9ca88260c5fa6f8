//! A strategy that risks too much, and limits that do not let it.
//!
//! Buys new highs of the S&P 500 for up to twice the equity, sized by its average true range. Run without limits it goes
//! through 2000 and 2008 as it likes; with limits its orders are refused or its positions closed, and every refusal and
//! every breach says why.
//!
//! `cargo run --release --example risk_limits`

use std::{collections::BTreeMap, error::Error};

use algoflow::{
    core::sizing::{Sizer, SizingInput},
    execution::risk::{CoolDown, LossLimit, RiskEventKind, RiskLimits},
    prelude::*,
};

/// Long above the highest close of twenty days, flat below the lowest of ten.
struct Breakout {
    instrument: InstrumentId,
    high: RollingMax,
    low: RollingMin,
    atr: Atr,
    sizer: Sizer,
    /// How often the state of trading has changed.
    changes: u32,
}

impl Breakout {
    fn new(instrument: InstrumentId) -> Result<Self, Box<dyn Error>> {
        // Three percent of the equity are lost when the price falls by two average true ranges.
        let sizer = Sizer::AtrRisk { risk: 0.03, multiple: 2.0, max_weight: 2.0 };
        let (high, low, atr) = (RollingMax::new(20)?, RollingMin::new(10)?, Atr::new(20)?);
        Ok(Self { instrument, high, low, atr, sizer, changes: 0 })
    }
}

impl Strategy for Breakout {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let (high, low) = (self.high.update(bar.close), self.low.update(bar.close));
        let (Some(high), Some(low), Some(atr)) = (high, low, self.atr.update(bar)) else { return Ok(()) };
        let (close, flat) = (bar.close.to_f64(), ctx.position(self.instrument).is_flat());
        if !flat && close <= low {
            return ctx.close(self.instrument);
        }
        // What a limit would refuse need not be asked for.
        if flat && close >= high && ctx.trading_state() == TradingState::Active {
            let equity = ctx.equity()?;
            let input = SizingInput::new(ctx.instrument(self.instrument)?, equity, bar.close).atr(atr);
            let quantity = self.sizer.quantity(&input)?;
            if quantity.is_positive() {
                ctx.buy(self.instrument, quantity).submit()?;
            }
        }
        Ok(())
    }

    fn on_trading_state(&mut self, _ctx: &mut Context<'_>, _state: TradingState) -> StrategyResult {
        self.changes += 1;
        Ok(())
    }
}

fn backtest() -> Result<Backtest, Box<dyn Error>> {
    let spx = Instrument::equity("SPX.INDEX", "USD")?.with_margin("0.5".parse()?, "0.25".parse()?);
    let (bars, _) = CsvBars::from_bytes("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY)
        .instrument(spx.id)
        .spec(BarSpec::day())
        .load()?;
    let breakout = Breakout::new(spx.id)?;
    let venue = SimVenue::new("INDEX").instrument(spx).fees(Fees::bps(1)).slippage(Slippage::bps(2.0));
    let account = AccountKind::Margin { leverage: Decimal::TWO };
    Ok(Backtest::new().venue_with(venue, account).cash("1000000 USD").strategy(breakout).data(bars))
}

fn limits() -> Result<RiskLimits, Box<dyn Error>> {
    let limits = RiskLimits::new()
        .max_leverage("1.5".parse()?)
        .max_order_notional(Decimal::from(5_000_000))
        .max_daily_loss(LossLimit::share("0.03".parse()?).halt().flatten().resume_next_day())
        .max_drawdown(LossLimit::share("0.3".parse()?))
        .cool_down(CoolDown { losses: Some(4), loss: None, pause: TimeDelta::days(30) });
    limits.validate()?;
    Ok(limits)
}

fn main() -> Result<(), Box<dyn Error>> {
    let free = backtest()?.run()?;
    let limited = backtest()?.limits(limits()?).run()?;

    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    for event in &limited.denials {
        if let OrderEventKind::Denied { code: RejectCode::RiskLimit, text } = &event.kind {
            let limit = text.split(':').next().unwrap_or_default();
            *refused.entry(limit.to_owned()).or_default() += 1;
        }
    }
    println!("Refused by the limits:");
    for (limit, count) in refused {
        println!("  {limit:<24} {count:>5}");
    }
    println!("\nWhat the limits did:");
    for event in &limited.risk_events {
        let (year, month, day) = event.at.date();
        match &event.kind {
            RiskEventKind::Breach { code, text } => println!("  {year}-{month:02}-{day:02}  {code}: {text}"),
            RiskEventKind::CoolDown { text, .. } => println!("  {year}-{month:02}-{day:02}  pause: {text}"),
            RiskEventKind::State { from, to, .. } => println!("  {year}-{month:02}-{day:02}  {from} to {to}"),
            _ => {}
        }
    }
    for (name, result) in [("without limits", &free), ("with limits", &limited)] {
        println!("\n{name}:\n{}", result.summary()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use algoflow::execution::ControlAction;

    #[test]
    fn an_order_beyond_a_limit_is_refused_with_the_numbers() -> Result<(), Box<dyn Error>> {
        let spx = Instrument::equity("SPX.INDEX", "USD")?;
        let id = spx.id;
        let limits = RiskLimits::new().max_position_quantity(Quantity::from_int(10));
        let mut harness = Harness::new([spx], "1000000 USD".parse()?, Breakout::new(id)?)?.limits(limits)?;
        for day in 0..25 {
            assert!(harness.close(id, &format!("{}", 100 + day))?.is_empty());
        }
        let Some(OrderEventKind::Denied { code, text }) = harness.engine().denials().first().map(|e| &e.kind)
        else {
            panic!("not refused")
        };
        assert_eq!(*code, RejectCode::RiskLimit);
        assert!(text.starts_with("RISK_MAX_POSITION: a position with open orders of "), "{text}");
        Ok(())
    }

    #[test]
    fn a_kill_switch_closes_what_is_held() -> Result<(), Box<dyn Error>> {
        let spx = Instrument::equity("SPX.INDEX", "USD")?;
        let id = spx.id;
        let mut harness = Harness::new([spx], "1000000 USD".parse()?, Breakout::new(id)?)?;
        let mut day = 0;
        let order = loop {
            let commands = harness.close(id, &format!("{}", 100 + day))?;
            if let [order] = Harness::submitted(&commands)[..] {
                break order;
            }
            day += 1;
        };
        harness.fill(order.order, "120")?;
        let halt =
            ControlAction::Halt { strategy: None, cancel_all: true, flatten: true, why: "enough".into() };
        let close = Harness::submitted(&harness.control(halt)?)[0];
        assert_eq!((close.spec.side, close.spec.quantity), (Side::Sell, order.spec.quantity));
        Ok(())
    }
}
