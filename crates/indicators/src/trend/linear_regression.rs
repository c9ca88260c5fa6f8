use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::{AnchoredWindow, Ramp, Squares};
use crate::{Indicator, IndicatorError, parameter};

/// The values of [`LinearRegression`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearRegressionOutput {
    /// The line at the newest value (TA-Lib's `LINEARREG`).
    pub value: f64,
    /// The rise of the line per update.
    pub slope: f64,
    /// The line at the oldest value of the window.
    pub intercept: f64,
    /// The line one update ahead (TA-Lib's `TSF`).
    pub forecast: f64,
    /// Coefficient of determination, between 0 and 1; 0 where all values are equal.
    pub r_squared: f64,
}

impl LinearRegressionOutput {
    /// The angle of the line in degrees, if one update is as wide as one unit of price is high.
    #[inline]
    pub fn angle(&self) -> f64 {
        self.slope.atan().to_degrees()
    }
}

/// The least-squares line through the latest `period` values.
///
/// What has left the window leaves no rounding error behind, so the line does not drift, and it is computed from
/// deviations from a value inside the window, so it does not suffer from large values with a small slope.
///
/// ```
/// use algoflow_indicators::LinearRegression;
///
/// let mut line = LinearRegression::new(3)?;
/// for price in [7.0, 1.0, 3.0, 5.0] {
///     line.update(price);
/// }
/// let line = line.value().unwrap();
/// assert_eq!((line.slope, line.intercept, line.value, line.forecast), (2.0, 1.0, 5.0, 7.0));
/// assert_eq!(line.r_squared, 1.0);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearRegression {
    window: AnchoredWindow<(Squares, Ramp)>,
    length: f64,
    /// The middle of the positions 0, 1, ... of the window.
    middle: f64,
    /// The sum of the squared distances of the positions from their middle.
    position_squares: f64,
    value: Option<LinearRegressionOutput>,
}

impl LinearRegression {
    /// A line through `period` values.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `2 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period_from(2, "LinearRegression", "period", period)?;
        let length = period as f64;
        Ok(Self {
            window: AnchoredWindow::new(period),
            length,
            middle: (length - 1.0) / 2.0,
            position_squares: length * (length * length - 1.0) / 12.0,
            value: None,
        })
    }

    #[inline]
    fn line(&self, squares: Squares, ramp: Ramp) -> LinearRegressionOutput {
        let (anchor, mean) = (self.window.anchor(), squares.sum / self.length);
        let covariance = ramp.products - self.middle * ramp.sum;
        let slope = covariance / self.position_squares;
        let rise = slope * self.middle;
        let variation = squares.squares - squares.sum * mean;
        LinearRegressionOutput {
            value: anchor + (mean + rise),
            slope,
            intercept: anchor + (mean - rise),
            forecast: anchor + (mean + rise + slope),
            r_squared: ratio_or(slope * covariance, variation, 0.0).clamp(0.0, 1.0),
        }
    }
}

impl Indicator for LinearRegression {
    type Input = f64;
    type Output = LinearRegressionOutput;

    #[inline]
    fn update(&mut self, value: f64) -> Option<LinearRegressionOutput> {
        if !usable(value) {
            return None;
        }
        let (squares, ramp) = self.window.push(value)?;
        let value = Some(self.line(squares, ramp));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<LinearRegressionOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.window.period()
    }

    fn reset(&mut self) {
        self.window.clear();
        self.value = None;
    }
}

inherent_api!(LinearRegression, f64 => LinearRegressionOutput);
