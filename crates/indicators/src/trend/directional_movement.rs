use crate::average::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::volatility::true_range;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`DirectionalMovement`], between 0 and 100.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DirectionalMovementOutput {
    /// +DI: the share of upward movement in the true range, in percent.
    pub plus_di: f64,
    /// -DI: the share of downward movement in the true range, in percent.
    pub minus_di: f64,
    /// DX: `100 |+DI - -DI| / (+DI + -DI)`.
    pub dx: f64,
}

/// Wilder's directional movement: +DI, -DI and DX (Wilder 1978).
///
/// Upward movement is the rise of the high if that exceeds the fall of the low and zero, downward movement the
/// reverse. They and the true range are smoothed by Wilder's average, begun with the first `period` of them.
/// TA-Lib begins with the sum of one fewer: [`DirectionalMovement::ta_lib`]. The first value comes after
/// `period + 1` updates. A share of nothing is 0.
///
/// ```
/// use algoflow_indicators::{DirectionalMovement, Ohlcv};
///
/// let bar = |high, low, close| Ohlcv { open: close, high, low, close, volume: 0.0 };
/// let mut movement = DirectionalMovement::new(2)?;
/// movement.update(bar(10.0, 8.0, 9.0));
/// movement.update(bar(11.0, 9.0, 10.0)); // up 1, true range 2
/// let value = movement.update(bar(10.5, 7.0, 8.0)).unwrap(); // down 2, true range 3.5
/// assert!((value.plus_di - 100.0 / 5.5).abs() < 1e-12);
/// assert!((value.minus_di - 200.0 / 5.5).abs() < 1e-12);
/// assert!((value.dx - 100.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DirectionalMovement {
    plus: Smoother,
    minus: Smoother,
    range: Smoother,
    previous: Option<Ohlcv>,
    value: Option<DirectionalMovementOutput>,
}

impl DirectionalMovement {
    /// Movement over `period` bars, begun as Wilder does.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("DirectionalMovement", "period", period)?;
        Ok(Self::with_smoother(Smoother::wilder(period, Seed::Sma)))
    }

    /// Movement over `period` bars, begun as TA-Lib does.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn ta_lib(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("DirectionalMovement", "period", period)?;
        Ok(Self::with_smoother(Smoother::wilder_short_seed(period)))
    }

    fn with_smoother(smoother: Smoother) -> Self {
        Self { plus: smoother.clone(), minus: smoother.clone(), range: smoother, previous: None, value: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, bar: Ohlcv) -> Option<DirectionalMovementOutput> {
        let previous = self.previous.replace(bar)?;
        let up = bar.high - previous.high;
        let down = previous.low - bar.low;
        let plus = self.plus.push(if up > down && up > 0.0 { up } else { 0.0 });
        let minus = self.minus.push(if down > up && down > 0.0 { down } else { 0.0 });
        let range = self.range.push(true_range(&bar, previous.close));
        let (plus, minus, range) = (plus?, minus?, range?);
        let value = Some(DirectionalMovementOutput {
            plus_di: 100.0 * ratio_or(plus, range, 0.0),
            minus_di: 100.0 * ratio_or(minus, range, 0.0),
            dx: 100.0 * ratio_or((plus - minus).abs(), plus + minus, 0.0),
        });
        self.value = value;
        value
    }
}

impl Indicator for DirectionalMovement {
    type Input = Ohlcv;
    type Output = DirectionalMovementOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<DirectionalMovementOutput> {
        if usable(bar.high) && usable(bar.low) && usable(bar.close) { self.push(bar) } else { None }
    }

    #[inline]
    fn value(&self) -> Option<DirectionalMovementOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.range.warm_up() + 1
    }

    fn reset(&mut self) {
        self.plus.clear();
        self.minus.clear();
        self.range.clear();
        self.previous = None;
        self.value = None;
    }
}

inherent_api!(DirectionalMovement, Ohlcv => DirectionalMovementOutput);
