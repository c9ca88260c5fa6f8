use super::DirectionalMovement;
use crate::average::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`Adx`], between 0 and 100.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdxOutput {
    /// +DI: the share of upward movement in the true range, in percent.
    pub plus_di: f64,
    /// -DI: the share of downward movement in the true range, in percent.
    pub minus_di: f64,
    /// DX: `100 |+DI - -DI| / (+DI + -DI)`.
    pub dx: f64,
    /// ADX: Wilder's average of DX.
    pub adx: f64,
}

/// Average directional index (Wilder 1978): the strength of a trend, whichever its direction.
///
/// Wilder's average of the DX of [`DirectionalMovement`], begun with the simple average of the first `period`
/// values. [`Adx::ta_lib`] begins the directional movement as TA-Lib does. The first value comes after `2 period`
/// updates; +DI, -DI and DX alone are known earlier from [`DirectionalMovement`].
///
/// ```
/// use algoflow_indicators::{Adx, Ohlcv};
///
/// let mut adx = Adx::new(3)?;
/// for step in 0..6 {
///     let low = f64::from(step);
///     adx.update(Ohlcv { open: low, high: low + 2.0, low, close: low + 1.0, volume: 0.0 });
/// }
/// assert_eq!(adx.value().unwrap().adx, 100.0); // nothing but upward movement
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Adx {
    movement: DirectionalMovement,
    average: Smoother,
    value: Option<AdxOutput>,
}

impl Adx {
    /// An index over `period` bars, begun as Wilder does.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Adx", "period", period)?;
        Ok(Self::with_movement(DirectionalMovement::new(period)?, period))
    }

    /// An index over `period` bars, begun as TA-Lib does.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn ta_lib(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Adx", "period", period)?;
        Ok(Self::with_movement(DirectionalMovement::ta_lib(period)?, period))
    }

    fn with_movement(movement: DirectionalMovement, period: usize) -> Self {
        Self { movement, average: Smoother::wilder(period, Seed::Sma), value: None }
    }
}

impl Indicator for Adx {
    type Input = Ohlcv;
    type Output = AdxOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<AdxOutput> {
        if !(usable(bar.high) && usable(bar.low) && usable(bar.close)) {
            return None;
        }
        let movement = self.movement.push(bar)?;
        let adx = self.average.push(movement.dx)?;
        let (plus_di, minus_di, dx) = (movement.plus_di, movement.minus_di, movement.dx);
        let value = Some(AdxOutput { plus_di, minus_di, dx, adx });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<AdxOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.movement.warm_up() + self.average.warm_up() - 1
    }

    fn reset(&mut self) {
        self.movement.reset();
        self.average.clear();
        self.value = None;
    }
}

inherent_api!(Adx, Ohlcv => AdxOutput);
