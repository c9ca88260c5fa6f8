use crate::Indicator;

/// One indicator applied to the values of another: [`Indicator::then`].
///
/// ```
/// use algoflow_indicators::{Ema, Indicator, Rsi};
///
/// let mut smoothed = Rsi::new(2)?.then(Ema::new(3)?);
/// assert_eq!(smoothed.warm_up(), 5);
/// let values: Vec<_> = [1.0, 2.0, 3.0, 4.0, 5.0].into_iter().map(|x| smoothed.update(x)).collect();
/// assert_eq!(values, [None, None, None, None, Some(100.0)]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Chain<A, B> {
    first: A,
    second: B,
}

impl<A, B> Chain<A, B>
where
    A: Indicator,
    B: Indicator<Input = A::Output>,
{
    /// Feeds the values of `first` to `second`.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }

    /// The indicator that sees the input.
    pub fn first(&self) -> &A {
        &self.first
    }

    /// The indicator that sees the values of the first.
    pub fn second(&self) -> &B {
        &self.second
    }
}

impl<A, B> Indicator for Chain<A, B>
where
    A: Indicator,
    B: Indicator<Input = A::Output>,
{
    type Input = A::Input;
    type Output = B::Output;

    #[inline]
    fn update(&mut self, input: A::Input) -> Option<B::Output> {
        let value = self.first.update(input)?;
        self.second.update(value)
    }

    fn value(&self) -> Option<B::Output> {
        self.second.value()
    }

    fn warm_up(&self) -> usize {
        self.first.warm_up() + self.second.warm_up() - 1
    }

    fn reset(&mut self) {
        self.first.reset();
        self.second.reset();
    }
}

/// An indicator whose values are converted: [`Indicator::map`].
///
/// ```
/// use algoflow_indicators::{Indicator, Macd, Sma};
///
/// let average_histogram = Macd::new(12, 26, 9)?.map(|macd| macd.histogram).then(Sma::new(5)?);
/// assert_eq!(average_histogram.warm_up(), 34 + 5 - 1);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Map<I: Indicator, T> {
    inner: I,
    convert: fn(I::Output) -> T,
}

impl<I: Indicator, T: Copy> Map<I, T> {
    /// Applies `convert` to every value of `inner`.
    pub fn new(inner: I, convert: fn(I::Output) -> T) -> Self {
        Self { inner, convert }
    }

    /// The indicator whose values are converted.
    pub fn inner(&self) -> &I {
        &self.inner
    }
}

impl<I: Indicator, T: Copy> Indicator for Map<I, T> {
    type Input = I::Input;
    type Output = T;

    #[inline]
    fn update(&mut self, input: I::Input) -> Option<T> {
        self.inner.update(input).map(self.convert)
    }

    fn value(&self) -> Option<T> {
        self.inner.value().map(self.convert)
    }

    fn warm_up(&self) -> usize {
        self.inner.warm_up()
    }

    fn reset(&mut self) {
        self.inner.reset();
    }
}
