//! Bars out of trades, quotes and shorter bars: one machine for stored data and for the engine.

use rust_decimal::Decimal;

use crate::{
    bar_spec::BarSpec,
    error::NumberError,
    id::InstrumentId,
    market::{Bar, Quote, Trade},
    number::{Price, Quantity, Rounding, Scale, notional},
    time::Timestamp,
};

/// What one trade, quote or shorter bar adds to a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarInput {
    /// Whose price.
    pub instrument: InstrumentId,
    /// When it begins: the interval that holds this time is the one that it belongs to.
    pub from: Timestamp,
    /// When it ends; for trades and quotes the same.
    pub to: Timestamp,
    /// When it could be known.
    pub recv: Timestamp,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// The quantity traded.
    pub volume: Quantity,
    /// Whether it is a bar, so that one that ends where the bar to be made ends completes it.
    pub is_bar: bool,
}

impl BarInput {
    /// A trade, which belongs to the interval of `at`: its event time, or its receipt where that is the clock.
    #[inline]
    #[must_use]
    pub fn trade(trade: &Trade, at: Timestamp) -> Self {
        Self::point(trade.instrument, at, trade.ts_recv, trade.price, trade.quantity)
    }

    /// The middle of a quote, without volume; `None` if a side of the quote is empty. `at` is as for
    /// [`trade`](Self::trade).
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if bid and ask do not add up to a number that fits.
    #[inline]
    pub fn quote(quote: &Quote, at: Timestamp) -> Result<Option<Self>, NumberError> {
        if !quote.bid_size.is_positive() || !quote.ask_size.is_positive() {
            return Ok(None);
        }
        let mid = middle(quote)?;
        Ok(Some(Self::point(quote.instrument, at, quote.ts_recv, mid, Quantity::ZERO)))
    }

    /// A shorter bar, which belongs to the interval in which it opens.
    #[inline]
    #[must_use]
    pub fn bar(bar: &Bar) -> Self {
        Self {
            instrument: bar.instrument,
            from: bar.ts_open,
            to: bar.ts_close,
            recv: bar.ts_recv,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            is_bar: true,
        }
    }

    #[inline]
    fn point(
        instrument: InstrumentId,
        at: Timestamp,
        recv: Timestamp,
        price: Price,
        volume: Quantity,
    ) -> Self {
        let (open, high, low, close) = (price, price, price, price);
        Self { instrument, from: at, to: at, recv, open, high, low, close, volume, is_bar: false }
    }
}

/// A bar that is not complete.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Forming {
    bar: Bar,
    /// Trades or quotes in it.
    ticks: u64,
    /// The sum of price times quantity, for bars of notional.
    notional: Decimal,
}

/// Makes bars of one spec out of the inputs of one instrument. It allocates nothing.
///
/// 1. A bar comes out when it is complete, never before. A bar of time is complete when an input at or past its end
///    arrives, when a shorter bar that ends where it ends arrives, or when [`end`](Self::end) says that its end has
///    come. A bar of ticks, volume or notional is complete with the input that fills it.
/// 2. An input belongs to the interval that holds its `from`. An interval without inputs makes no bar.
/// 3. An input is never split: a trade that overshoots a volume or notional belongs to the bar that it fills.
/// 4. An input earlier than the forming bar, or than the end of the last one, is too late; it is left out and counted
///    by [`late`](Self::late).
/// 5. A bar that comes out has the times of its interval, and is received when it ends, or with its last input if that
///    is later. Whoever learns of the end only by what comes after it sets a later receipt.
///
/// Notional is counted in units of quote asset per unit of price times quantity; of shorter bars, close times volume.
///
/// ```
/// use algoflow_core::{bar_builder::{BarBuilder, BarInput}, bar_spec::BarSpec, market::Trade, prelude::*};
/// let instrument = "BTC-USD.X".parse()?;
/// let mut bars = Vec::new();
/// let mut builder = BarBuilder::new(BarSpec::minutes(1));
/// for (second, price) in [(5, "10"), (30, "12"), (59, "11"), (60, "13")] {
///     let time = Timestamp::from_seconds(second)?;
///     let trade = Trade {
///         instrument, ts_event: time, ts_recv: time, price: price.parse()?, quantity: Quantity::ONE, aggressor: None,
///     };
///     builder.add(&BarInput::trade(&trade, time), |bar| bars.push(bar))?;
/// }
/// assert_eq!(bars.len(), 1);
/// assert_eq!((bars[0].high, bars[0].close, bars[0].volume), ("12".parse()?, "11".parse()?, "3".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct BarBuilder {
    spec: BarSpec,
    forming: Option<Forming>,
    /// Nothing before this can still be added.
    closed_until: Timestamp,
    late: u64,
}

impl BarBuilder {
    /// A builder without inputs so far. A spec that is not [valid](BarSpec::is_valid) makes no sensible bars.
    #[must_use]
    pub const fn new(spec: BarSpec) -> Self {
        Self { spec, forming: None, closed_until: Timestamp::MIN, late: 0 }
    }

    /// What each bar covers.
    #[inline]
    #[must_use]
    pub const fn spec(&self) -> BarSpec {
        self.spec
    }

    /// The bar that is not complete yet, as it is so far. Its `ts_close` is, for bars of time, the end to come; its
    /// `ts_recv` is that of its last input.
    #[inline]
    #[must_use]
    pub fn forming(&self) -> Option<&Bar> {
        self.forming.as_ref().map(|forming| &forming.bar)
    }

    /// When the forming bar ends, if it is one of time.
    #[inline]
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.forming.as_ref().filter(|_| self.is_timed()).map(|forming| forming.bar.ts_close)
    }

    /// Inputs that came too late.
    #[must_use]
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Forgets the forming bar.
    pub fn clear(&mut self) {
        self.forming = None;
    }

    /// Adds an input; hands every bar that is complete now to `emit`: at most two, one that ended before the input and
    /// one that the input completes.
    ///
    /// # Errors
    /// [`NumberError`] if volume or notional do not fit. The input is left out then.
    #[inline]
    pub fn add(&mut self, input: &BarInput, mut emit: impl FnMut(Bar)) -> Result<(), NumberError> {
        let timed = self.is_timed();
        if input.from < self.closed_until {
            self.late += 1;
            return Ok(());
        }
        if let Some(forming) = &self.forming {
            if timed && input.from >= forming.bar.ts_close {
                if let Some(bar) = self.take() {
                    emit(bar);
                }
            } else if input.from < forming.bar.ts_open {
                self.late += 1;
                return Ok(());
            }
        }
        let next = match &self.forming {
            None => self.begun(input)?,
            Some(forming) => self.extended(forming, input)?,
        };
        let full = match self.spec {
            BarSpec::Ticks(most) => next.ticks >= most,
            BarSpec::Volume(least) => holds(next.bar.volume, least),
            BarSpec::Notional(least) => next.notional >= Decimal::from(least),
            _ => input.is_bar && input.to >= next.bar.ts_close,
        };
        self.forming = Some(next);
        if full && let Some(bar) = self.take() {
            emit(bar);
        }
        Ok(())
    }

    /// Says that it is `now`: the forming bar is complete if it is one of time whose end is not after that.
    #[inline]
    pub fn end(&mut self, now: Timestamp) -> Option<Bar> {
        if self.ends_at()? <= now { self.take() } else { None }
    }

    #[inline]
    fn is_timed(&self) -> bool {
        !matches!(self.spec, BarSpec::Ticks(_) | BarSpec::Volume(_) | BarSpec::Notional(_))
    }

    /// Takes the forming bar as complete.
    #[inline]
    fn take(&mut self) -> Option<Bar> {
        let mut bar = self.forming.take()?.bar;
        bar.ts_recv = bar.ts_recv.max(bar.ts_close);
        self.closed_until = bar.ts_close;
        Some(bar)
    }

    fn begun(&self, input: &BarInput) -> Result<Forming, NumberError> {
        let (ts_open, ts_close) = self.spec.interval(input.from).unwrap_or((input.from, input.to));
        let bar = Bar {
            instrument: input.instrument,
            spec: self.spec,
            ts_open,
            ts_close,
            ts_recv: input.recv,
            open: input.open,
            high: input.high,
            low: input.low,
            close: input.close,
            volume: input.volume,
        };
        Ok(Forming { bar, ticks: u64::from(!input.is_bar), notional: self.notional_of(input)? })
    }

    #[inline]
    fn extended(&self, forming: &Forming, input: &BarInput) -> Result<Forming, NumberError> {
        let mut next = *forming;
        next.bar.high = next.bar.high.max(input.high);
        next.bar.low = next.bar.low.min(input.low);
        next.bar.close = input.close;
        next.bar.volume = next.bar.volume.checked_add(input.volume)?;
        next.bar.ts_recv = next.bar.ts_recv.max(input.recv);
        if !self.is_timed() {
            next.bar.ts_close = next.bar.ts_close.max(input.to);
        }
        next.ticks = next.ticks.saturating_add(u64::from(!input.is_bar));
        let sum = next.notional.checked_add(self.notional_of(input)?);
        next.notional = sum.ok_or(NumberError::Overflow { operation: "adding up notionals" })?;
        Ok(next)
    }

    #[inline]
    fn notional_of(&self, input: &BarInput) -> Result<Decimal, NumberError> {
        match self.spec {
            BarSpec::Notional(_) => notional(input.close, input.volume, Decimal::ONE),
            _ => Ok(Decimal::ZERO),
        }
    }
}

/// Whether a volume is at least a number of whole units.
#[inline]
fn holds(volume: Quantity, least: u64) -> bool {
    i128::from(volume.mantissa()) >= i128::from(least) * i128::from(volume.scale().factor())
}

/// The middle between bid and ask, exactly, with one more place where it needs one; at 18 places, rounded half to even.
///
/// # Errors
/// [`NumberError::Overflow`] if bid and ask do not add up to a number that fits.
pub fn middle(quote: &Quote) -> Result<Price, NumberError> {
    let sum = quote.bid.checked_add(quote.ask)?;
    if sum.mantissa() % 2 == 0 {
        return Ok(Price::new(sum.mantissa() / 2, sum.scale()));
    }
    match (Scale::new(sum.scale().places() + 1), sum.mantissa().checked_mul(5)) {
        (Ok(scale), Some(mantissa)) => Ok(Price::new(mantissa, scale)),
        _ => Price::from_decimal_rounded(sum.to_decimal() / Decimal::TWO, sum.scale(), Rounding::HalfEven),
    }
}

#[cfg(test)]
mod tests;
