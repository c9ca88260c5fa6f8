//! Data of your own beside prices: a monthly survey that is published late, merged with daily bars.
//!
//! `cargo run --release --example custom_data_source`

use std::{error::Error, sync::Arc};

use algoflow::{data::Merge, prelude::*};

/// A survey of investors, one number a month. Made up by a small generator with a fixed start; a source of your own
/// would read a file or a table, record by record.
struct Survey {
    instrument: InstrumentId,
    year: i16,
    month: i8,
    state: u64,
    mood: f64,
}

impl Survey {
    fn new(instrument: InstrumentId) -> Self {
        Self { instrument, year: 1999, month: 1, state: 7, mood: 0.0 }
    }

    /// The next pseudo-random number from -1 to 1.
    fn draw(&mut self) -> f64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as f64 / f64::from(1u32 << 30) - 1.0
    }
}

impl DataSource for Survey {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        (self.year, self.month) =
            if self.month == 12 { (self.year + 1, 1) } else { (self.year, self.month + 1) };
        if self.year > 2018 {
            return Ok(None);
        }
        self.mood = 0.8 * self.mood + self.draw();
        // The month is over at its end, but the survey of it is published on the 10th of the next. A run that used
        // `ts_event` would know it ten days too early, so everything is ordered by `ts_recv`.
        let ts_event = Timestamp::from_date(self.year, self.month, 1)?;
        let ts_recv = Timestamp::from_date(self.year, self.month, 10)?;
        let values = Arc::from([self.mood]);
        let record =
            CustomData { instrument: self.instrument, ts_event, ts_recv, name: "survey".into(), values };
        Ok(Some(record.into()))
    }

    fn describe(&self) -> String {
        "the survey of investors".into()
    }
}

/// Holds the index while the mood is bad: what everybody fears is paid for.
struct Contrarian {
    instrument: InstrumentId,
}

impl Strategy for Contrarian {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        // Bars are needed for prices, although nothing is decided on them.
        ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))?;
        ctx.subscribe(Subscription::Events(self.instrument))
    }

    fn on_event(&mut self, ctx: &mut Context<'_>, event: &MarketData) -> StrategyResult {
        let MarketData::Custom(survey) = event else { return Ok(()) };
        let Some(mood) = survey.values.first() else { return Ok(()) };
        ctx.record("mood", *mood);
        if ctx.last_price(self.instrument).is_none() {
            return Ok(());
        }
        ctx.target_weight(self.instrument, if *mood < 0.0 { 0.95 } else { 0.0 })
    }
}

fn load(name: &str, bytes: &'static [u8], instrument: InstrumentId) -> Result<Arc<BarSeries>, DataError> {
    let (bars, _) = CsvBars::from_bytes(name, bytes).instrument(instrument).spec(BarSpec::day()).load()?;
    Ok(Arc::new(bars))
}

fn main() -> Result<(), Box<dyn Error>> {
    let spx = Instrument::equity("SPX.INDEX", "USD")?;
    let nasdaq = Instrument::equity("COMP.INDEX", "USD")?;
    let spx_bars = load("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY, spx.id)?;
    let nasdaq_bars = load("nasdaq_daily.csv.gz", algoflow::samples::NASDAQ_DAILY, nasdaq.id)?;

    // What a backtest does with its feeds can be looked at on its own. A record comes when it could be known; at one
    // time bars come before data of your own, and feeds take turns in the order in which they were given.
    println!("Three feeds merged, around the first survey:");
    let mut merge = Merge::new([Survey::new(spx.id).into(), (&nasdaq_bars).into(), (&spx_bars).into()]);
    let (from, to): (Timestamp, Timestamp) = ("1999-02-09".parse()?, "1999-02-11".parse()?);
    while let Some(data) = merge.next()? {
        if data.ts_recv() > to {
            break;
        }
        if data.ts_recv() >= from {
            let what = match &data {
                MarketData::Bar(bar) => format!("bar of {}, close {}", bar.ts_open, bar.close),
                MarketData::Custom(custom) => {
                    format!("{} of the month to {}: {:+.2}", custom.name, custom.ts_event, custom.values[0])
                }
                other => format!("{other:?}"),
            };
            println!("  known {}  {:<11} {what}", data.ts_recv(), data.instrument());
        }
    }

    let id = spx.id;
    let result = Backtest::new()
        .cash("100000 USD")
        .strategy(Contrarian { instrument: id })
        .venue(
            SimVenue::new("INDEX")
                .instrument(spx)
                .instrument(nasdaq)
                .fees(Fees::bps(1))
                .slippage(Slippage::bps(2.0)),
        )
        .data(Survey::new(id))
        .data(nasdaq_bars)
        .data(spx_bars)
        .run()?;
    println!("\n{}", result.summary()?);

    // What a strategy records comes back as a series.
    let moods = result.recorded.get("mood").unwrap_or_default();
    let fearful = moods.iter().filter(|(_, mood)| *mood < 0.0).count();
    println!(
        "{} surveys, {fearful} of them fearful. The survey is invented, so the result means nothing.",
        moods.len()
    );
    Ok(())
}
