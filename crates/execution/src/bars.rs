//! Bars built inside the engine, so that every timeframe of an instrument agrees with the others.
//!
//! A strategy subscribes to a size of bars. Where the venue gives exactly those, they are passed on. Otherwise they
//! are built from the first finer source that arrives: trades, shorter bars, or quotes (their middle) as long as there
//! is neither. A bar is told when it is
//! complete, never before: with the event that completes it, or once its end has passed without one.

pub(crate) use algoflow_core::bar_builder::middle;
use algoflow_core::{
    bar_builder::{BarBuilder, BarInput},
    bar_spec::BarSpec,
    error::NumberError,
    market::{Bar, Quote, Trade},
    time::{TimeDelta, Timestamp},
};

/// Where a builder takes its prices from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Source {
    Trades,
    Quotes,
    Bars(BarSpec),
}

/// Builds the bars of one subscription. Trades and quotes belong to the interval in which they are received, as that is
/// the time the engine lives on.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Builder {
    bars: BarBuilder,
    /// The venue gives these bars itself.
    external: bool,
    /// The end of the last bar that was built.
    built_until: Timestamp,
    source: Option<Source>,
    /// How long after an interval has ended the last bar that belongs to it may come.
    lag: TimeDelta,
}

const NANOSECOND: TimeDelta = TimeDelta::from_nanos(1);

impl Builder {
    pub(crate) fn new(spec: BarSpec) -> Self {
        Self {
            bars: BarBuilder::new(spec),
            external: false,
            built_until: Timestamp::MIN,
            source: None,
            lag: TimeDelta::ZERO,
        }
    }

    #[inline]
    pub(crate) fn spec(&self) -> BarSpec {
        self.bars.spec()
    }

    /// Whether the venue gives these bars itself, so that none is built.
    pub(crate) fn is_external(&self) -> bool {
        self.external
    }

    /// Whether a bar of the venue was told already, as it was built here.
    pub(crate) fn has_built(&self, bar: &Bar) -> bool {
        bar.spec == self.spec() && bar.ts_close <= self.built_until
    }

    /// When the forming bar is surely complete, if it is one of time.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let end = self.bars.ends_at().filter(|end| *end < Timestamp::MAX)?;
        // Strictly after the end: data of the end itself come first.
        Some(end.saturating_add(self.lag).saturating_add(NANOSECOND))
    }

    pub(crate) fn on_bar(&mut self, bar: &Bar, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        if bar.spec == self.spec() {
            self.external = true;
            self.bars.clear();
            return Ok(());
        }
        if self.external || !self.can_use(bar.spec) || !self.take_source(Source::Bars(bar.spec)) {
            return Ok(());
        }
        self.lag = lag_of(bar);
        self.add(&BarInput::bar(bar), done)
    }

    pub(crate) fn on_trade(&mut self, trade: &Trade, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        if self.external || !self.take_source(Source::Trades) {
            return Ok(());
        }
        self.add(&BarInput::trade(trade, trade.ts_recv), done)
    }

    pub(crate) fn on_quote(&mut self, quote: &Quote, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        if self.external || matches!(self.source, Some(Source::Trades | Source::Bars(_))) {
            return Ok(());
        }
        let Some(input) = BarInput::quote(quote, quote.ts_recv)? else { return Ok(()) };
        if !self.take_source(Source::Quotes) {
            return Ok(());
        }
        self.add(&input, done)
    }

    fn add(&mut self, input: &BarInput, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        let until = &mut self.built_until;
        self.bars.add(input, |bar| {
            *until = bar.ts_close;
            done.push(bar);
        })
    }

    /// Completes the forming bar if nothing that belongs to it can come any more.
    pub(crate) fn on_time(&mut self, now: Timestamp, done: &mut Vec<Bar>) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            let lag = self.lag;
            let known = |bar: Bar| Bar { ts_recv: bar.ts_recv.max(bar.ts_close.saturating_add(lag)), ..bar };
            if let Some(bar) = self.bars.end(now).map(known) {
                self.built_until = bar.ts_close;
                done.push(bar);
            }
        }
    }

    /// Whether bars of `finer` add up to ours.
    fn can_use(&self, finer: BarSpec) -> bool {
        let day = TimeDelta::days(1).nanos();
        match (self.spec(), finer) {
            (BarSpec::Time(ours), BarSpec::Time(step)) => {
                step.nanos() < ours.nanos() && ours.nanos() % step.nanos() == 0
            }
            (BarSpec::Week | BarSpec::Month, BarSpec::Time(step)) => {
                step.nanos() <= day && day % step.nanos() == 0
            }
            (BarSpec::Volume(_) | BarSpec::Notional(_), BarSpec::Time(_)) => true,
            _ => false,
        }
    }

    /// The first source that arrives is kept, so that nothing is counted twice; but anything is better than quotes.
    fn take_source(&mut self, source: Source) -> bool {
        if self.source == Some(Source::Quotes) && source != Source::Quotes {
            self.source = None;
            self.bars.clear();
        }
        *self.source.get_or_insert(source) == source
    }

    /// The bar that is forming, for the explicit accessor.
    pub(crate) fn forming(&self) -> Option<&Bar> {
        self.bars.forming()
    }
}

/// How long after the end of an interval a bar like `bar` that belongs to it may come: as late after its own end as
/// this one; and where bars reach over the ends of intervals (hours from half past to half past), by what they do.
fn lag_of(bar: &Bar) -> TimeDelta {
    let delay = bar.ts_recv.nanos().saturating_sub(bar.ts_close.nanos()).max(0);
    let BarSpec::Time(step) = bar.spec else { return TimeDelta::from_nanos(delay) };
    let beyond = bar.ts_close.nanos().checked_rem_euclid(step.nanos()).unwrap_or(0);
    let length = bar.ts_close.nanos().saturating_sub(bar.ts_open.nanos());
    TimeDelta::from_nanos(delay.saturating_add(if length > beyond { beyond } else { 0 }))
}

#[cfg(test)]
mod tests {
    use algoflow_core::number::{Price, Quantity};

    use super::*;

    fn trade(seconds: i64, price: i64, quantity: i64) -> Trade {
        let at = Timestamp::from_seconds(seconds).unwrap();
        Trade {
            instrument: "A.X".parse().unwrap(),
            ts_event: at,
            ts_recv: at,
            price: Price::from_int(price),
            quantity: Quantity::from_int(quantity),
            aggressor: None,
        }
    }

    fn minute(index: i64, price: i64) -> Bar {
        let (open, close) =
            (Timestamp::from_seconds(index * 60).unwrap(), Timestamp::from_seconds(index * 60 + 60).unwrap());
        let price = Price::from_int(price);
        Bar {
            instrument: "A.X".parse().unwrap(),
            spec: BarSpec::minutes(1),
            ts_open: open,
            ts_close: close,
            ts_recv: close,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::ONE,
        }
    }

    #[test]
    fn time_bars_from_trades_end_with_the_next_interval() {
        let (mut builder, mut done) = (Builder::new(BarSpec::minutes(1)), Vec::new());
        for t in [trade(5, 10, 1), trade(30, 12, 2), trade(59, 9, 3)] {
            builder.on_trade(&t, &mut done).unwrap();
        }
        assert!(done.is_empty());
        builder.on_trade(&trade(60, 20, 1), &mut done).unwrap();
        let bar = done[0];
        let prices = [bar.open, bar.high, bar.low, bar.close].map(|p| p.mantissa());
        assert_eq!((prices, bar.volume.mantissa()), ([10, 12, 9, 9], 6));
        assert_eq!((bar.ts_open.nanos(), bar.ts_close.nanos()), (0, 60_000_000_000));
        assert_eq!(bar.ts_recv, bar.ts_close, "known when it ended");
        builder.on_time(Timestamp::from_nanos(120_000_000_000), &mut done);
        assert_eq!(done.len(), 1, "data of the end itself may still come");
        builder.on_time(builder.deadline().unwrap(), &mut done);
        assert_eq!(done.len(), 2);
    }

    #[test]
    fn long_bars_are_complete_with_their_last_short_bar() {
        let (mut builder, mut done) = (Builder::new(BarSpec::minutes(5)), Vec::new());
        for index in 0..5 {
            assert!(done.is_empty());
            builder.on_bar(&minute(index, 10 + index), &mut done).unwrap();
        }
        let bar = done[0];
        assert_eq!((bar.open.mantissa(), bar.close.mantissa(), bar.volume.mantissa()), (10, 14, 5));
        assert_eq!(bar.ts_recv, bar.ts_close);
        // A gap: minutes 5 and 6, then 12.
        for index in [5, 6, 12] {
            builder.on_bar(&minute(index, 20), &mut done).unwrap();
        }
        assert_eq!((done[1].volume.mantissa(), done[1].ts_close.nanos()), (2, 600_000_000_000));
        assert!(done[1].validate().is_ok());
    }

    #[test]
    fn bars_that_are_received_late_are_waited_for() {
        let late = |index: i64| {
            let bar = minute(index, 10 + index);
            Bar { ts_recv: bar.ts_close.saturating_add(TimeDelta::seconds(5)), ..bar }
        };
        let (mut builder, mut done) = (Builder::new(BarSpec::minutes(5)), Vec::new());
        for index in 0..4 {
            builder.on_bar(&late(index), &mut done).unwrap();
        }
        let end = Timestamp::from_seconds(300).unwrap();
        builder.on_time(end.saturating_add(TimeDelta::seconds(5)), &mut done);
        assert!(done.is_empty(), "the last minute is known only five seconds after the end");
        builder.on_bar(&late(4), &mut done).unwrap();
        assert_eq!((done.len(), done[0].close.mantissa(), done[0].volume.mantissa()), (1, 14, 5));
        assert_eq!(done[0].ts_recv, late(4).ts_recv);
        // Without a last minute the bar is complete when that could no longer come, and told once.
        builder.on_bar(&late(5), &mut done).unwrap();
        let deadline = builder.deadline().unwrap();
        assert_eq!(deadline.nanos(), 605_000_000_001);
        builder.on_time(deadline, &mut done);
        builder.on_bar(&late(9), &mut done).unwrap();
        assert_eq!((done.len(), done[1].volume.mantissa()), (2, 1));
    }

    #[test]
    fn bars_that_reach_over_an_end_belong_where_they_open() {
        let hour = |start: i64| {
            let (ts_open, ts_close) =
                (Timestamp::from_seconds(start).unwrap(), Timestamp::from_seconds(start + 3_600).unwrap());
            Bar { spec: BarSpec::hours(1), ts_open, ts_close, ts_recv: ts_close, ..minute(0, 10) }
        };
        let (mut builder, mut done) = (Builder::new(BarSpec::hours(2)), Vec::new());
        builder.on_bar(&hour(1_800), &mut done).unwrap();
        builder.on_time(Timestamp::from_seconds(7_200 + 1_800).unwrap(), &mut done);
        assert!(done.is_empty(), "the hour from half past one is still to come");
        builder.on_bar(&hour(5_400), &mut done).unwrap();
        assert_eq!((done.len(), done[0].volume.mantissa()), (1, 2));
        assert_eq!((done[0].ts_close.nanos(), done[0].ts_recv), (7_200_000_000_000, hour(5_400).ts_close));
        // A session within a day reaches over no end.
        let session = Bar {
            spec: BarSpec::day(),
            ts_open: Timestamp::from_seconds(52_200).unwrap(),
            ts_close: Timestamp::from_seconds(75_600).unwrap(),
            ts_recv: Timestamp::from_seconds(75_600).unwrap(),
            ..minute(0, 10)
        };
        assert_eq!(lag_of(&session), TimeDelta::ZERO);
    }

    #[test]
    fn bars_of_the_venue_win_over_built_ones() {
        let (mut builder, mut done) = (Builder::new(BarSpec::minutes(5)), Vec::new());
        builder.on_bar(&minute(0, 10), &mut done).unwrap();
        let five = Bar { spec: BarSpec::minutes(5), ..minute(0, 10) };
        builder.on_bar(&five, &mut done).unwrap();
        for index in 1..20 {
            builder.on_bar(&minute(index, 10), &mut done).unwrap();
        }
        assert!(done.is_empty());
    }

    #[test]
    fn tick_volume_and_notional_bars_count() {
        let trades: Vec<_> = (0..10).map(|i| trade(i, 10, 3)).collect();
        for (spec, expected) in [(BarSpec::Ticks(4), 2), (BarSpec::Volume(7), 3), (BarSpec::Notional(61), 3)]
        {
            let (mut builder, mut done) = (Builder::new(spec), Vec::new());
            for t in &trades {
                builder.on_trade(t, &mut done).unwrap();
            }
            assert_eq!(done.len(), expected, "{spec}");
            assert!(done.iter().all(|bar| bar.validate().is_ok() && bar.spec == spec));
        }
    }

    #[test]
    fn the_middle_of_a_quote_is_exact() {
        let mut quote = Quote {
            instrument: "A.X".parse().unwrap(),
            ts_event: Timestamp::EPOCH,
            ts_recv: Timestamp::EPOCH,
            bid: "10.01".parse().unwrap(),
            bid_size: Quantity::ONE,
            ask: "10.02".parse().unwrap(),
            ask_size: Quantity::ONE,
        };
        assert_eq!(middle(&quote).unwrap().to_string(), "10.015");
        quote.ask = "10.03".parse().unwrap();
        assert_eq!(middle(&quote).unwrap().to_string(), "10.02");
    }
}
