//! Each figure as a plain function of a slice of returns.
//!
//! Conventions, the same in all of them:
//!
//! - Returns are simple, per period, as fractions (0.01 is one percent), oldest first.
//! - `periods_per_year` annualizes: 252 for daily returns of exchanges that close, 365 for those that never do.
//! - `risk_free`, `threshold` and `target` are **per period**; [`per_period`] makes them from annual rates.
//! - Standard deviations divide by `n - 1` unless the doc says otherwise.
//! - The answer is `None` where a figure is not defined (too few returns, no variation, division by zero) or would
//!   not be a finite number; NaN and infinities never come out, and any that go in give `None`.

mod descriptive;
mod growth;
mod normal;
mod ratio;
mod relative;
mod tail;

pub use descriptive::{
    correlation, covariance, kurtosis, mean, median, population_kurtosis, population_skewness, quantile,
    skewness, standard_deviation,
};
pub use growth::{Streaks, cagr, per_period, stability, streaks, total_return, wealth};
pub use normal::normal_cdf;
pub use ratio::{
    calmar, downside_deviation, gain_to_pain, omega, probabilistic_sharpe, recovery_factor, sharpe, sortino,
    volatility,
};
pub use relative::{alpha, beta, down_capture, information_ratio, tracking_error, treynor, up_capture};
pub use tail::{conditional_value_at_risk, tail_ratio, value_at_risk};

/// The value if it is a finite number.
pub(crate) fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// `numerator / denominator` if that is a finite number and the denominator is not zero.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    if denominator == 0.0 { None } else { finite(numerator / denominator) }
}

#[cfg(test)]
mod tests;
