use crate::{Chain, Map};

/// A quantity that is computed from a stream, one input at a time.
///
/// Every indicator of this crate also has these methods as its own, so the trait only needs to be imported
/// by code that is generic over indicators. The inherent `update` accepts anything that converts into the
/// input (`f64` or [`Ohlcv`](crate::Ohlcv)).
///
/// # Contract
///
/// - After `warm_up()` accepted inputs, and never before, `update` returns `Some`; from then on every accepted
///   input returns `Some`.
/// - An input that is not usable (see the crate documentation) returns `None`, is not counted and changes
///   nothing: `value()` stays what it was.
/// - `reset()` makes the indicator equal to a newly built one with the same parameters.
/// - After construction nothing is allocated.
///
/// ```
/// use algoflow_indicators::{Ema, Indicator, Sma};
///
/// fn last<I: Indicator<Input = f64>>(mut indicator: I, prices: &[f64]) -> Option<I::Output> {
///     prices.iter().filter_map(|price| indicator.update(*price)).last()
/// }
///
/// let prices = [1.0, 2.0, 3.0, 4.0];
/// assert_eq!(last(Sma::new(2)?, &prices), Some(3.5));
/// assert_eq!(last(Ema::new(3)?, &prices), Some(3.0));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
pub trait Indicator {
    /// What one update takes: `f64` for a price series, [`Ohlcv`](crate::Ohlcv) for bars.
    type Input;
    /// What one update gives.
    type Output: Copy;

    /// Takes the next input and returns the new value, or `None` while warming up or for an unusable input.
    fn update(&mut self, input: Self::Input) -> Option<Self::Output>;

    /// The value after the latest accepted input; `None` while warming up.
    fn value(&self) -> Option<Self::Output>;

    /// The number of accepted inputs until the first value: the update with this number returns `Some`.
    fn warm_up(&self) -> usize;

    /// Forgets all inputs, keeping the parameters.
    fn reset(&mut self);

    /// Whether the warm-up is over.
    fn is_ready(&self) -> bool {
        self.value().is_some()
    }

    /// Feeds the values of this indicator to `next`: `rsi.then(ema)` is the EMA of the RSI.
    fn then<N>(self, next: N) -> Chain<Self, N>
    where
        Self: Sized,
        N: Indicator<Input = Self::Output>,
    {
        Chain::new(self, next)
    }

    /// Converts the values of this indicator, for example to one field of its output.
    fn map<T: Copy>(self, convert: fn(Self::Output) -> T) -> Map<Self, T>
    where
        Self: Sized,
    {
        Map::new(self, convert)
    }
}

impl<I: Indicator + ?Sized> Indicator for Box<I> {
    type Input = I::Input;
    type Output = I::Output;

    fn update(&mut self, input: Self::Input) -> Option<Self::Output> {
        (**self).update(input)
    }

    fn value(&self) -> Option<Self::Output> {
        (**self).value()
    }

    fn warm_up(&self) -> usize {
        (**self).warm_up()
    }

    fn reset(&mut self) {
        (**self).reset();
    }
}

/// Gives an indicator the methods of [`Indicator`] as its own, with an `update` that converts its input.
macro_rules! inherent_api {
    ($name:ident, $input:ty => $output:ty) => {
        impl $name {
            /// Takes the next input and returns the new value, or `None` while warming up or for an unusable
            /// input. See [`Indicator::update`](crate::Indicator::update).
            #[inline]
            pub fn update(&mut self, input: impl Into<$input>) -> Option<$output> {
                <Self as $crate::Indicator>::update(self, input.into())
            }

            /// The value after the latest accepted input; `None` while warming up.
            #[inline]
            pub fn value(&self) -> Option<$output> {
                <Self as $crate::Indicator>::value(self)
            }

            /// The number of accepted inputs until the first value.
            #[inline]
            pub fn warm_up(&self) -> usize {
                <Self as $crate::Indicator>::warm_up(self)
            }

            /// Whether the warm-up is over.
            #[inline]
            pub fn is_ready(&self) -> bool {
                <Self as $crate::Indicator>::is_ready(self)
            }

            /// Forgets all inputs, keeping the parameters.
            #[inline]
            pub fn reset(&mut self) {
                <Self as $crate::Indicator>::reset(self)
            }
        }
    };
}
pub(crate) use inherent_api;
