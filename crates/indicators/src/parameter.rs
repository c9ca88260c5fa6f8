//! The checks that every constructor shares.

use crate::IndicatorError;

/// The longest window that an indicator accepts: 16,777,216 updates.
///
/// The bound keeps a mistyped parameter from asking for all memory, and keeps the integer arithmetic of
/// [`RollingSum`](crate::RollingSum) free of overflow.
pub const MAX_PERIOD: usize = 1 << 24;

/// A window length of at least `min`.
pub(crate) fn period_from(
    min: usize,
    indicator: &'static str,
    parameter: &'static str,
    value: usize,
) -> Result<usize, IndicatorError> {
    if (min..=MAX_PERIOD).contains(&value) {
        Ok(value)
    } else {
        Err(IndicatorError::PeriodOutOfRange { indicator, parameter, min, max: MAX_PERIOD, value })
    }
}

/// A window length of at least one.
pub(crate) fn period(
    indicator: &'static str,
    parameter: &'static str,
    value: usize,
) -> Result<usize, IndicatorError> {
    period_from(1, indicator, parameter, value)
}

/// Two window lengths, the first shorter than the second.
pub(crate) fn fast_below_slow(
    indicator: &'static str,
    fast: usize,
    slow: usize,
) -> Result<(), IndicatorError> {
    ascending(indicator, ("fast", fast as f64), ("slow", slow as f64))
}

/// Two named values, the first less than the second.
pub(crate) fn ascending(
    indicator: &'static str,
    (lower, lower_value): (&'static str, f64),
    (upper, upper_value): (&'static str, f64),
) -> Result<(), IndicatorError> {
    if lower_value < upper_value {
        Ok(())
    } else {
        Err(IndicatorError::Order { indicator, lower, lower_value, upper, upper_value })
    }
}

/// A width in standard deviations or average ranges: finite, greater than zero.
pub(crate) fn multiplier(indicator: &'static str, value: f64) -> Result<f64, IndicatorError> {
    if value > 0.0 && value <= 1e6 {
        Ok(value)
    } else {
        Err(IndicatorError::ParameterOutOfRange {
            indicator,
            parameter: "multiplier",
            requirement: "greater than 0 and at most 1000000",
            value,
        })
    }
}

/// A smoothing weight: greater than zero, at most one.
pub(crate) fn weight(
    indicator: &'static str,
    parameter: &'static str,
    value: f64,
) -> Result<f64, IndicatorError> {
    if value > 0.0 && value <= 1.0 {
        Ok(value)
    } else {
        Err(IndicatorError::ParameterOutOfRange {
            indicator,
            parameter,
            requirement: "greater than 0 and at most 1",
            value,
        })
    }
}
