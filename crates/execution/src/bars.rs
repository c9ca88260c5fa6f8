//! Bars built inside the engine, so that every timeframe of an instrument agrees with the others.
//!
//! A strategy subscribes to a size of bars. Where the venue gives exactly those, they are passed on. Otherwise they
//! are built from the first finer source that arrives: trades, shorter bars, or quotes (their middle) as long as there
//! is neither. A bar is told when it is
//! complete, never before: with the event that completes it, or once its end has passed without one.

use algoflow_core::{
    bar_spec::BarSpec,
    error::NumberError,
    market::{Bar, Quote, Trade},
    number::{Price, Quantity, Rounding, Scale},
    time::{TimeDelta, Timestamp},
};
use rust_decimal::Decimal;

/// Where a builder takes its prices from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Trades,
    Quotes,
    Bars(BarSpec),
}

#[derive(Debug)]
pub(crate) struct Builder {
    spec: BarSpec,
    /// The venue gives these bars itself.
    external: bool,
    source: Option<Source>,
    forming: Option<Forming>,
}

#[derive(Debug)]
struct Forming {
    bar: Bar,
    /// For bars of time, the end of the interval.
    end: Timestamp,
    ticks: u64,
    notional: Decimal,
}

/// One price with what was traded at it, from whatever source.
struct Piece {
    bar: Bar,
    ticks: u64,
}

impl Builder {
    pub(crate) fn new(spec: BarSpec) -> Self {
        Self { spec, external: false, source: None, forming: None }
    }

    #[inline]
    pub(crate) fn spec(&self) -> BarSpec {
        self.spec
    }

    /// When the forming bar is surely complete, if it is one of time.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let forming = self.forming.as_ref()?;
        // Strictly after the end: data of the end itself come first.
        (forming.end < Timestamp::MAX).then(|| forming.end.saturating_add(TimeDelta::from_nanos(1)))
    }

    pub(crate) fn on_bar(&mut self, bar: &Bar, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        if bar.spec == self.spec {
            self.external = true;
            self.forming = None;
            return Ok(());
        }
        if self.external || !self.can_use(bar.spec) || !self.take_source(Source::Bars(bar.spec)) {
            return Ok(());
        }
        self.add(bar.ts_open, Piece { bar: *bar, ticks: 0 }, done)
    }

    pub(crate) fn on_trade(&mut self, trade: &Trade, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        if self.external || !self.take_source(Source::Trades) {
            return Ok(());
        }
        let piece = point(trade.instrument, self.spec, trade.ts_recv, trade.price, trade.quantity);
        self.add(trade.ts_recv, piece, done)
    }

    pub(crate) fn on_quote(&mut self, quote: &Quote, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        if self.external || matches!(self.source, Some(Source::Trades | Source::Bars(_))) {
            return Ok(());
        }
        let two_sided = quote.bid_size.is_positive() && quote.ask_size.is_positive();
        if !two_sided || !self.take_source(Source::Quotes) {
            return Ok(());
        }
        let piece = point(quote.instrument, self.spec, quote.ts_recv, middle(quote)?, Quantity::ZERO);
        self.add(quote.ts_recv, piece, done)
    }

    /// Completes the forming bar if its end has passed.
    pub(crate) fn on_time(&mut self, now: Timestamp, done: &mut Vec<Bar>) {
        if self.forming.as_ref().is_some_and(|forming| forming.end < now) {
            self.emit(now, done);
        }
    }

    /// Whether bars of `finer` add up to ours.
    fn can_use(&self, finer: BarSpec) -> bool {
        let day = TimeDelta::days(1).nanos();
        match (self.spec, finer) {
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
            (self.source, self.forming) = (None, None);
        }
        *self.source.get_or_insert(source) == source
    }

    fn add(&mut self, at: Timestamp, piece: Piece, done: &mut Vec<Bar>) -> Result<(), NumberError> {
        let interval = self.spec.interval(at);
        if let (Some(forming), Some((start, _))) = (&self.forming, interval)
            && forming.bar.ts_open != start
        {
            self.emit(at, done);
        }
        let spec = self.spec;
        let forming = self.forming.get_or_insert_with(|| {
            let (start, end) = interval.unwrap_or((piece.bar.ts_open, Timestamp::MAX));
            let bar = Bar { spec, ts_open: start, volume: Quantity::ZERO, ..piece.bar };
            Forming { bar, end, ticks: 0, notional: Decimal::ZERO }
        });
        let bar = &mut forming.bar;
        bar.high = bar.high.max(piece.bar.high);
        bar.low = bar.low.min(piece.bar.low);
        bar.close = piece.bar.close;
        bar.ts_close = piece.bar.ts_close;
        bar.ts_recv = piece.bar.ts_recv;
        bar.volume = bar.volume.checked_add(piece.bar.volume)?;
        forming.ticks += piece.ticks;
        let complete = match self.spec {
            BarSpec::Ticks(n) => forming.ticks >= n,
            BarSpec::Volume(n) => forming.bar.volume.to_decimal() >= Decimal::from(n),
            BarSpec::Notional(n) => {
                let value = algoflow_core::number::notional(piece.bar.close, piece.bar.volume, Decimal::ONE)?;
                let overflow = NumberError::Overflow { operation: "bar notional" };
                forming.notional = forming.notional.checked_add(value).ok_or(overflow)?;
                forming.notional >= Decimal::from(n)
            }
            // A shorter bar that reaches our end completes us; a trade never does, since more may come.
            _ => matches!(self.source, Some(Source::Bars(_))) && piece.bar.ts_close >= forming.end,
        };
        if complete {
            self.emit(piece.bar.ts_recv, done);
        }
        Ok(())
    }

    fn emit(&mut self, now: Timestamp, done: &mut Vec<Bar>) {
        let Some(forming) = self.forming.take() else { return };
        let mut bar = forming.bar;
        if forming.end < Timestamp::MAX {
            bar.ts_close = forming.end;
        }
        bar.ts_recv = bar.ts_close.max(bar.ts_recv).min(now.max(bar.ts_close));
        done.push(bar);
    }

    /// The bar that is forming, for the explicit accessor.
    pub(crate) fn forming(&self) -> Option<&Bar> {
        self.forming.as_ref().map(|forming| &forming.bar)
    }
}

fn point(
    instrument: algoflow_core::id::InstrumentId,
    spec: BarSpec,
    at: Timestamp,
    price: Price,
    volume: Quantity,
) -> Piece {
    let (ts_open, ts_close, ts_recv) = (at, at, at);
    let bar = Bar {
        instrument,
        spec,
        ts_open,
        ts_close,
        ts_recv,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
    };
    Piece { bar, ticks: 1 }
}

/// The middle between bid and ask, with one more place where it needs one.
pub(crate) fn middle(quote: &Quote) -> Result<Price, NumberError> {
    let sum = quote.bid.checked_add(quote.ask)?;
    if sum.mantissa() % 2 == 0 {
        return Ok(Price::new(sum.mantissa() / 2, sum.scale()));
    }
    let finer = Scale::new(sum.scale().places().saturating_add(1).min(18))?;
    let fine = sum.rescale(finer, Rounding::HalfEven)?;
    Ok(Price::new(fine.mantissa() / 2, finer))
}

#[cfg(test)]
mod tests {
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
