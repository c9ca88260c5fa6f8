//! Bars out of trades, quotes or shorter bars.

use algoflow_core::{
    bar_builder::{BarBuilder, BarInput},
    bar_spec::BarSpec,
    error::NumberError,
    id::InstrumentId,
    market::{Bar, Quote, Trade},
    time::Timestamp,
};

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

/// Makes bars of one instrument out of trades, quotes or shorter bars.
///
/// It is a [`BarBuilder`] for data as they are stored, whose rules for when a bar is complete hold here too:
///
/// 1. Inputs belong to the interval of their event time, of shorter bars the open.
/// 2. A bar is received when the input that completed it is received, or at the time of the [`flush`](Self::flush), and
///    never before it ends.
/// 3. An input that cannot become part of a bar is an error: one of another instrument, a shorter bar that does not lie
///    within one interval, a quote for bars of volume.
///
/// Of quotes, the middle between bid and ask counts, exactly; quotes with an empty side are passed over. The volume
/// of bars of quotes is zero.
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
    builder: BarBuilder,
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
        Ok(Self { instrument, builder: BarBuilder::new(spec) })
    }

    /// What each bar covers.
    #[must_use]
    pub fn spec(&self) -> BarSpec {
        self.builder.spec()
    }

    /// The bar that is not complete yet, as it is so far. Its `ts_close` is, for bars of time, the end to come.
    #[must_use]
    pub fn forming(&self) -> Option<&Bar> {
        self.builder.forming()
    }

    /// Inputs that came too late.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.builder.late()
    }

    /// Adds a trade; hands every bar that is complete now to `emit`.
    ///
    /// # Errors
    /// [`AggregateError`] for another instrument, or if the volume does not fit. The trade is left out.
    #[inline]
    pub fn on_trade(&mut self, trade: &Trade, emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        self.check(trade.instrument)?;
        self.add(&BarInput::trade(trade, trade.ts_event), emit)
    }

    /// Adds the middle of a quote; hands every bar that is complete now to `emit`.
    ///
    /// # Errors
    /// [`AggregateError`] for another instrument, or for bars of volume or notional, which quotes have not.
    #[inline]
    pub fn on_quote(&mut self, quote: &Quote, emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        self.check(quote.instrument)?;
        if matches!(self.spec(), BarSpec::Volume(_) | BarSpec::Notional(_)) {
            return Err(AggregateError::Unsupported { spec: self.spec(), input: "quotes" });
        }
        match BarInput::quote(quote, quote.ts_event)? {
            Some(input) => self.add(&input, emit),
            None => Ok(()),
        }
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
        let spec = self.spec();
        match spec {
            BarSpec::Ticks(_) => return Err(AggregateError::Unsupported { spec, input: "bars" }),
            BarSpec::Volume(_) | BarSpec::Notional(_) => {}
            _ => {
                if spec.interval(bar.ts_open).is_none_or(|(_, end)| bar.ts_close > end) {
                    return Err(AggregateError::Straddles { spec, from: bar.ts_open, to: bar.ts_close });
                }
            }
        }
        self.add(&BarInput::bar(bar), emit)
    }

    /// Says that it is `now`: a bar of time that has ended is complete.
    #[inline]
    pub fn flush(&mut self, now: Timestamp) -> Option<Bar> {
        self.builder.end(now).map(|bar| received_at(bar, now))
    }

    fn check(&self, found: InstrumentId) -> Result<(), AggregateError> {
        if found == self.instrument {
            Ok(())
        } else {
            Err(AggregateError::Instrument { wanted: self.instrument, found })
        }
    }

    #[inline]
    fn add(&mut self, input: &BarInput, mut emit: impl FnMut(Bar)) -> Result<(), AggregateError> {
        Ok(self.builder.add(input, |bar| emit(received_at(bar, input.recv)))?)
    }
}

/// The bar, as known at a time, but not before its end.
#[inline]
fn received_at(bar: Bar, time: Timestamp) -> Bar {
    Bar { ts_recv: time.max(bar.ts_close), ..bar }
}

#[cfg(test)]
mod tests;
