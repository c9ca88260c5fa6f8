use std::{sync::Arc, time::Instant};

use algoflow_backtest::{Backtest, BacktestError};
use algoflow_core::prelude::*;
use algoflow_data::TradeSeries;
use algoflow_indicators::Ema;
use algoflow_sim::{Fees, SimVenue};
use rust_decimal::Decimal;

use super::{Outcome, equity_of};

/// How many ticks lie between two orders.
const EVERY: u64 = 10_000;

/// An average of every tick; every ten thousand ticks the old order is replaced by a limit order near the market, on the
/// side of the average.
struct Requote {
    instrument: InstrumentId,
    ema: Ema,
    ticks: u64,
    order: Option<OrderId>,
    offset: Price,
    size: Quantity,
}

impl Strategy for Requote {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(self.instrument))
    }

    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        let average = self.ema.update(trade.price);
        self.ticks += 1;
        if !self.ticks.is_multiple_of(EVERY) {
            return Ok(());
        }
        let Some(average) = average else { return Ok(()) };
        if let Some(order) =
            self.order.take().filter(|id| ctx.order(*id).is_some_and(|order| order.is_open()))
        {
            ctx.cancel(order)?;
        }
        let order = if trade.price.to_f64() > average {
            ctx.buy(self.instrument, self.size).limit(trade.price.checked_sub(self.offset)?)
        } else {
            ctx.sell(self.instrument, self.size).limit(trade.price.checked_add(self.offset)?)
        };
        self.order = Some(order.submit()?);
        Ok(())
    }
}

/// One run over trades.
///
/// # Errors
/// [`BacktestError`] if the run fails.
pub fn ticks(series: &Arc<TradeSeries>) -> Result<Outcome, BacktestError> {
    let id = series.instrument();
    let setup = |error: String| BacktestError::Report(error);
    let ema = Ema::new(100).map_err(|error| setup(error.to_string()))?;
    let instrument = Instrument::spot(id.as_str())?
        .with_price_increment("0.1".parse()?)
        .with_quantity_increment("0.001".parse()?)
        .with_fees(Decimal::new(2, 4), Decimal::new(5, 4));
    let strategy = Requote {
        instrument: id,
        ema,
        ticks: 0,
        order: None,
        offset: "0.5".parse()?,
        size: "0.001".parse()?,
    };
    let venue = SimVenue::new(id.venue().as_str()).instrument(instrument).fees(Fees::Instrument);
    let base = id.symbol().split_once(['-', '/']).map_or("BTC", |(base, _)| base);
    // Some of the base, so that the cash account can sell.
    let backtest = Backtest::new()
        .venue(venue)
        .cash("1000000 USD")
        .cash(format!("10 {base}").as_str())
        .data(series)
        .strategy(strategy);
    let start = Instant::now();
    let result = backtest.run()?;
    let run_s = start.elapsed().as_secs_f64();
    Ok(Outcome {
        events: result.events,
        run_s,
        fills: result.fills.len() as u64,
        equity: equity_of(&result)?,
    })
}
