use crate::indicator::inherent_api;
use crate::input::usable;
use crate::rolling::{Ring, RollingMax, RollingMin};
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`Ichimoku`], in units of price.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IchimokuOutput {
    /// Tenkan-sen: the middle of the range of the conversion period.
    pub conversion: f64,
    /// Kijun-sen: the middle of the range of the base period.
    pub base: f64,
    /// Senkou span A over this bar: the leading span A of `displacement` bars ago.
    pub span_a: f64,
    /// Senkou span B over this bar: the leading span B of `displacement` bars ago.
    pub span_b: f64,
    /// `(conversion + base) / 2` of this bar, drawn `displacement` bars ahead.
    pub leading_span_a: f64,
    /// The middle of the range of the span period of this bar, drawn `displacement` bars ahead.
    pub leading_span_b: f64,
    /// Chikou span: the close of this bar, drawn `displacement` bars back.
    pub lagging_span: f64,
}

/// Ichimoku Kinko Hyo (Hosoda 1969): ranges of three lengths, two of them drawn ahead as a cloud.
///
/// Nothing looks ahead: `span_a` and `span_b` are the cloud at the current bar, known since `displacement` bars;
/// `leading_span_a` and `leading_span_b` are the cloud that the current bar adds in front. To compare the lagging
/// span with the price that it is drawn over, compare it with the close of `displacement` bars ago. The first
/// value comes after `span + displacement` updates (all fields known).
///
/// ```
/// use algoflow_indicators::{Ichimoku, Ohlcv};
///
/// let mut ichimoku = Ichimoku::new(9, 26, 52, 26)?;
/// assert_eq!(ichimoku.warm_up(), 78);
/// for step in 0..78 {
///     let low = f64::from(step);
///     ichimoku.update(Ohlcv { open: low, high: low + 1.0, low, close: low + 1.0, volume: 0.0 });
/// }
/// let value = ichimoku.value().unwrap();
/// assert_eq!((value.conversion, value.base), (73.5, 65.0));
/// assert_eq!(value.leading_span_a - value.span_a, 26.0); // a steady rise of one per bar
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ichimoku {
    conversion: RangeMiddle,
    base: RangeMiddle,
    span: RangeMiddle,
    ahead: Ring<(f64, f64)>,
    warm_up: usize,
    value: Option<IchimokuOutput>,
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct RangeMiddle {
    highest: RollingMax,
    lowest: RollingMin,
}

impl RangeMiddle {
    fn new(parameter: &'static str, period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Ichimoku", parameter, period)?;
        Ok(Self { highest: RollingMax::new(period)?, lowest: RollingMin::new(period)? })
    }

    #[inline]
    fn push(&mut self, bar: &Ohlcv) -> Option<f64> {
        let highest = self.highest.push(bar.high);
        let lowest = self.lowest.push(bar.low);
        Some((highest? + lowest?) / 2.0)
    }

    fn clear(&mut self) {
        self.highest.reset();
        self.lowest.reset();
    }
}

impl Ichimoku {
    /// Ranges of the given numbers of bars, the cloud drawn `displacement` bars ahead.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless all lie between 1 and `MAX_PERIOD`, and
    /// [`IndicatorError::Order`] unless `conversion < base < span`.
    pub fn new(
        conversion: usize,
        base: usize,
        span: usize,
        displacement: usize,
    ) -> Result<Self, IndicatorError> {
        let displacement = parameter::period("Ichimoku", "displacement", displacement)?;
        let lines = Self {
            conversion: RangeMiddle::new("conversion", conversion)?,
            base: RangeMiddle::new("base", base)?,
            span: RangeMiddle::new("span", span)?,
            ahead: Ring::new(displacement),
            warm_up: span + displacement,
            value: None,
        };
        parameter::ascending("Ichimoku", ("conversion", conversion as f64), ("base", base as f64))?;
        parameter::ascending("Ichimoku", ("base", base as f64), ("span", span as f64))?;
        Ok(lines)
    }
}

impl Indicator for Ichimoku {
    type Input = Ohlcv;
    type Output = IchimokuOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<IchimokuOutput> {
        if !(usable(bar.high) && usable(bar.low) && usable(bar.close)) {
            return None;
        }
        let conversion = self.conversion.push(&bar);
        let base = self.base.push(&bar);
        // The longest range comes last: when it is known, so are the others.
        let leading_span_b = self.span.push(&bar)?;
        let (conversion, base) = (conversion?, base?);
        let leading_span_a = (conversion + base) / 2.0;
        let (span_a, span_b) = self.ahead.push((leading_span_a, leading_span_b))?;
        let value = Some(IchimokuOutput {
            conversion,
            base,
            span_a,
            span_b,
            leading_span_a,
            leading_span_b,
            lagging_span: bar.close,
        });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<IchimokuOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.warm_up
    }

    fn reset(&mut self) {
        self.conversion.clear();
        self.base.clear();
        self.span.clear();
        self.ahead.clear();
        self.value = None;
    }
}

inherent_api!(Ichimoku, Ohlcv => IchimokuOutput);
