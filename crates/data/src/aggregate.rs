//! Bars out of trades, quotes or shorter bars.

use algoflow_core::{
    bar_spec::BarSpec,
    error::NumberError,
    id::InstrumentId,
    market::{Bar, Quote, Trade},
    number::{Price, Quantity, Rounding, Scale, notional},
    time::Timestamp,
};
use rust_decimal::Decimal;

/// Why an input could not become part of a bar.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// A spec that covers nothing.
    #[error("{spec} covers nothing")]
    Spec {
        /// The spec.
        spec: BarSpec,
    },
    /// An input that does not say what the spec counts.
    #[error("{spec} bars cannot be made of {input}")]
    Unsupported {
        /// The spec.
        spec: BarSpec,
        /// The kind of input.
        input: &'static str,
    },
    /// An input of another instrument.
    #[error("an input of {found} for bars of {wanted}")]
    Instrument {
        /// The instrument of the bars.
        wanted: InstrumentId,
        /// The instrument of the input.
        found: InstrumentId,
    },
    /// A bar that does not lie within one of the bars to be made.
    #[error("a bar from {from} to {to} does not lie within one bar of {spec}")]
    Straddles {
        /// The spec.
        spec: BarSpec,
        /// When the bar begins.
        from: Timestamp,
        /// When it ends.
        to: Timestamp,
    },
    /// Volumes that do not add up to a number that fits.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl AggregateError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Spec { .. } => "AGGREGATE_SPEC",
            Self::Unsupported { .. } => "AGGREGATE_UNSUPPORTED",
            Self::Instrument { .. } => "AGGREGATE_INSTRUMENT",
            Self::Straddles { .. } => "AGGREGATE_STRADDLES",
            Self::Number(error) => error.code(),
        }
    }
}

/// A bar that is not complete.
#[derive(Clone, Copy, Debug)]
struct Forming {
    bar: Bar,
    /// Trades or quotes in it.
    count: u64,
    /// The sum of price times quantity.
    notional: Decimal,
}

/// What one input adds to a bar.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: Timestamp,
    to: Timestamp,
    recv: Timestamp,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume: Quantity,
}

/// Makes bars of one instrument out of trades, quotes or shorter bars.
///
/// 1. A bar comes out when it is complete, never before. A bar of time is complete when an input at or past its end
///    arrives, when a shorter bar that ends where it ends arrives, or when [`flush`](Self::flush) says that its end
///    has come. A bar of ticks, volume or notional is complete with the input that fills it.
/// 2. Inputs belong to the interval of their event time, of shorter bars the open. An interval without inputs makes
///    no bar.
/// 3. An input is never split: a trade that overshoots a volume or notional belongs to the bar that it fills.
/// 4. An input earlier than the forming bar is too late; it is left out and counted by [`late`](Self::late).
/// 5. A bar is received when the input that completed it is received, or at the time of the flush, and never before
///    it ends.
///
/// Of quotes, the middle between bid and ask counts, exactly; quotes with an empty side are passed over. The volume
/// of bars of quotes is zero. Notional is counted in units of quote asset per unit of price times quantity; of
/// shorter bars, close times volume.
///
/// ```
/// use algoflow_core::{bar_spec::BarSpec, market::Trade, number::Quantity, time::Timestamp};
/// use algoflow_data::BarAggregator;
/// let instrument = "BTC-USD.X".parse()?;
/// let mut bars = Vec::new();
/// let mut aggregator = BarAggregator::new(instrument, BarSpec::minutes(1))?;
/// for (second, price) in [(5, "10"), (30, "12"), (59, "11"), (60, "13")] {
///     let time = Timestamp::from_seconds(second)?;
///     let trade = Trade {
///         instrument, ts_event: time, ts_recv: time, price: price.parse()?, quantity: Quantity::ONE, aggressor: None,
///     };
///     aggregator.on_trade(&trade, |bar| bars.push(bar))?;
/// }
/// assert_eq!(bars.len(), 1);
/// assert_eq!((bars[0].high, bars[0].close, bars[0].volume), ("12".parse()?, "11".parse()?, "3".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BarAggregator {
    instrument: InstrumentId,
    spec: BarSpec,
    forming: Option<Forming>,
    /// Nothing before this can still be added.
    closed_until: Timestamp,
    late: u64,
}

impl BarAggregator {
    /// An aggregator without inputs so far.
    ///
    /// # Errors
    /// [`AggregateError::Spec`] for a spec that covers nothing.
    pub fn new(instrument: InstrumentId, spec: BarSpec) -> Result<Self, AggregateError> {
        if !spec.is_valid() {
            return Err(AggregateError::Spec { spec });
        }
        Ok(Self { instrument, spec, forming: None, closed_until: Timestamp::MIN, late: 0 })
    }

    /// What each bar covers.
    #[must_use]
    pub fn spec(&self) -> BarSpec {
        self.spec
    }

    /// The bar that is not complete yet, as it is so far. Its `ts_close` is, for bars of time, the end to come.
    #[must_use]
    pub fn forming(&self) -> Option<&Bar> {
        self.forming.as_ref().map(|forming| &forming.bar)
    }

    /// Inputs that came too late.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Adds a trade; hands every bar that is complete now to `emit`.
    ///
    /// # Errors
    /// [`AggregateError`] for another instrument, or if the volume does not fit. The trade is left out.
    #[inline]
    pub fn on_trade(&mut self, trade: &Trade, emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        self.check(trade.instrument)?;
        let price = trade.price;
        let piece = Piece {
            from: trade.ts_event,
            to: trade.ts_event,
            recv: trade.ts_recv,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: trade.quantity,
        };
        self.add(&piece, false, emit)
    }

    /// Adds the middle of a quote; hands every bar that is complete now to `emit`.
    ///
    /// # Errors
    /// [`AggregateError`] for another instrument, or for bars of volume or notional, which quotes have not.
    #[inline]
    pub fn on_quote(&mut self, quote: &Quote, emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        self.check(quote.instrument)?;
        if matches!(self.spec, BarSpec::Volume(_) | BarSpec::Notional(_)) {
            return Err(AggregateError::Unsupported { spec: self.spec, input: "quotes" });
        }
        if !quote.bid_size.is_positive() || !quote.ask_size.is_positive() {
            return Ok(());
        }
        let mid = middle(quote.bid, quote.ask)?;
        let piece = Piece {
            from: quote.ts_event,
            to: quote.ts_event,
            recv: quote.ts_recv,
            open: mid,
            high: mid,
            low: mid,
            close: mid,
            volume: Quantity::ZERO,
        };
        self.add(&piece, false, emit)
    }

    /// Adds a shorter bar; hands every bar that is complete now to `emit`: at most two, one that should have been
    /// filled by bars that never came, and the one that this bar completes.
    ///
    /// # Errors
    /// [`AggregateError`] for another instrument, for a bar that does not lie within one interval, for bars of ticks,
    /// or if the volume does not fit. The bar is left out.
    #[inline]
    pub fn on_bar(&mut self, bar: &Bar, emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        self.check(bar.instrument)?;
        match self.spec {
            BarSpec::Ticks(_) => {
                return Err(AggregateError::Unsupported { spec: self.spec, input: "bars" });
            }
            BarSpec::Volume(_) | BarSpec::Notional(_) => {}
            _ => {
                if self.spec.interval(bar.ts_open).is_none_or(|(_, end)| bar.ts_close > end) {
                    let (from, to) = (bar.ts_open, bar.ts_close);
                    return Err(AggregateError::Straddles { spec: self.spec, from, to });
                }
            }
        }
        let piece = Piece {
            from: bar.ts_open,
            to: bar.ts_close,
            recv: bar.ts_recv,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
        };
        self.add(&piece, true, emit)
    }

    /// Says that it is `now`: a bar of time that has ended is complete.
    #[inline]
    pub fn flush(&mut self, now: Timestamp) -> Option<Bar> {
        let forming = self.forming.as_ref()?;
        let ended = self.is_timed() && forming.bar.ts_close <= now;
        if ended { self.close(now) } else { None }
    }

    fn is_timed(&self) -> bool {
        !matches!(self.spec, BarSpec::Ticks(_) | BarSpec::Volume(_) | BarSpec::Notional(_))
    }

    fn check(&self, found: InstrumentId) -> Result<(), AggregateError> {
        if found == self.instrument {
            Ok(())
        } else {
            Err(AggregateError::Instrument { wanted: self.instrument, found })
        }
    }

    /// Takes the forming bar as complete.
    fn close(&mut self, recv: Timestamp) -> Option<Bar> {
        let mut bar = self.forming.take()?.bar;
        bar.ts_recv = recv.max(bar.ts_close);
        self.closed_until = bar.ts_close;
        Some(bar)
    }

    #[inline]
    fn add(&mut self, piece: &Piece, is_bar: bool, mut emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        let timed = self.is_timed();
        if piece.from < self.closed_until {
            self.late += 1;
            return Ok(());
        }
        if let Some(forming) = &self.forming {
            if timed && piece.from >= forming.bar.ts_close {
                if let Some(bar) = self.close(piece.recv) {
                    emit(bar);
                }
            } else if piece.from < forming.bar.ts_open {
                self.late += 1;
                return Ok(());
            }
        }
        let forming = match &self.forming {
            None => self.begin(piece)?,
            Some(forming) => self.extended(forming, piece)?,
        };
        let full = match self.spec {
            BarSpec::Ticks(most) => forming.count >= most,
            BarSpec::Volume(least) => forming.bar.volume.to_decimal() >= Decimal::from(least),
            BarSpec::Notional(least) => forming.notional >= Decimal::from(least),
            _ => is_bar && piece.to >= forming.bar.ts_close,
        };
        self.forming = Some(forming);
        if full && let Some(bar) = self.close(piece.recv) {
            emit(bar);
        }
        Ok(())
    }

    fn begin(&self, piece: &Piece) -> Result<Forming, AggregateError> {
        let (ts_open, ts_close) = self.spec.interval(piece.from).unwrap_or((piece.from, piece.to));
        let bar = Bar {
            instrument: self.instrument,
            spec: self.spec,
            ts_open,
            ts_close,
            ts_recv: piece.recv.max(ts_close),
            open: piece.open,
            high: piece.high,
            low: piece.low,
            close: piece.close,
            volume: piece.volume,
        };
        Ok(Forming { bar, count: 1, notional: self.notional_of(piece)? })
    }

    fn extended(&self, forming: &Forming, piece: &Piece) -> Result<Forming, AggregateError> {
        let mut next = *forming;
        next.bar.high = next.bar.high.max(piece.high);
        next.bar.low = next.bar.low.min(piece.low);
        next.bar.close = piece.close;
        next.bar.volume = next.bar.volume.checked_add(piece.volume)?;
        if !self.is_timed() {
            next.bar.ts_close = next.bar.ts_close.max(piece.to);
        }
        next.bar.ts_recv = piece.recv.max(next.bar.ts_close);
        next.count = next.count.saturating_add(1);
        let sum = next.notional.checked_add(self.notional_of(piece)?);
        next.notional = sum.ok_or(NumberError::Overflow { operation: "adding up notionals" })?;
        Ok(next)
    }

    fn notional_of(&self, piece: &Piece) -> Result<Decimal, AggregateError> {
        match self.spec {
            BarSpec::Notional(_) => Ok(notional(piece.close, piece.volume, Decimal::ONE)?),
            _ => Ok(Decimal::ZERO),
        }
    }
}

/// The middle of two prices, exactly; at 18 places, rounded half to even.
fn middle(bid: Price, ask: Price) -> Result<Price, NumberError> {
    let sum = bid.checked_add(ask)?;
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
