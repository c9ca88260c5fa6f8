use super::Wma;
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// Hull moving average (Hull 2005): `WMA(2 WMA(x, n / 2) - WMA(x, n), √n)`.
///
/// `n / 2` and `√n` are rounded down, as in Hull's formula. The first value comes after `n + ⌊√n⌋ - 1` updates.
///
/// ```
/// use algoflow_indicators::Hma;
///
/// let mut hma = Hma::new(4)?;
/// assert_eq!(hma.warm_up(), 5);
/// for price in [1.0, 2.0, 3.0, 4.0, 5.0] {
///     hma.update(price);
/// }
/// assert_eq!(hma.value(), Some(5.0));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hma {
    half: Wma,
    full: Wma,
    smooth: Wma,
}

impl Hma {
    /// An average of the given period.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `2 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period_from(2, "Hma", "period", period)?;
        Ok(Self {
            half: Wma::unchecked(period / 2),
            full: Wma::unchecked(period),
            smooth: Wma::unchecked(period.isqrt()),
        })
    }
}

impl Indicator for Hma {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            return None;
        }
        let half = self.half.push(value);
        let full = self.full.push(value)?;
        self.smooth.push(2.0 * half? - full)
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.smooth.value()
    }

    fn warm_up(&self) -> usize {
        self.full.warm_up() + self.smooth.warm_up() - 1
    }

    fn reset(&mut self) {
        self.half.reset();
        self.full.reset();
        self.smooth.reset();
    }
}

inherent_api!(Hma, f64 => f64);
