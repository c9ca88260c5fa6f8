use serde::{Deserialize, Serialize};

use crate::{drawdown, measure, returns::PairedReturns};

/// The figures of a series against a benchmark, over the periods that both have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkStatistics {
    /// The number of periods that both have.
    pub observations: usize,
    /// [`measure::alpha`].
    pub alpha: Option<f64>,
    /// [`measure::beta`].
    pub beta: Option<f64>,
    /// [`measure::correlation`].
    pub correlation: Option<f64>,
    /// The square of the correlation: the share of the variance that the benchmark explains.
    pub r_squared: Option<f64>,
    /// [`measure::tracking_error`].
    pub tracking_error: Option<f64>,
    /// [`measure::information_ratio`].
    pub information_ratio: Option<f64>,
    /// [`measure::treynor`].
    pub treynor: Option<f64>,
    /// [`measure::up_capture`].
    pub up_capture: Option<f64>,
    /// [`measure::down_capture`].
    pub down_capture: Option<f64>,
    /// The benchmark's own [`measure::total_return`].
    pub total_return: Option<f64>,
    /// The benchmark's own [`measure::cagr`].
    pub cagr: Option<f64>,
    /// The benchmark's own [`measure::volatility`].
    pub volatility: Option<f64>,
    /// The benchmark's own [`measure::sharpe`].
    pub sharpe: Option<f64>,
    /// The benchmark's own [`measure::sortino`] against zero.
    pub sortino: Option<f64>,
    /// The benchmark's own [`drawdown::max_drawdown`] at the ends of the periods.
    pub max_drawdown: f64,
}

impl BenchmarkStatistics {
    /// The figures of paired returns; `risk_free` is per year. `None` without a period that both have.
    #[must_use]
    pub fn new(paired: &PairedReturns, risk_free: f64, periods_per_year: f64) -> Option<Self> {
        let (own, other) = (&paired.own[..], &paired.other[..]);
        if own.is_empty() {
            return None;
        }
        let rate = measure::per_period(risk_free, periods_per_year);
        let correlation = measure::correlation(own, other);
        Some(Self {
            observations: own.len(),
            alpha: measure::alpha(own, other, rate, periods_per_year),
            beta: measure::beta(own, other),
            correlation,
            r_squared: correlation.map(|r| r * r),
            tracking_error: measure::tracking_error(own, other, periods_per_year),
            information_ratio: measure::information_ratio(own, other, periods_per_year),
            treynor: measure::treynor(own, other, rate, periods_per_year),
            up_capture: measure::up_capture(own, other, periods_per_year),
            down_capture: measure::down_capture(own, other, periods_per_year),
            total_return: measure::total_return(other),
            cagr: measure::cagr(other, periods_per_year),
            volatility: measure::volatility(other, periods_per_year),
            sharpe: measure::sharpe(other, rate, periods_per_year),
            sortino: measure::sortino(other, 0.0, periods_per_year),
            max_drawdown: drawdown::max_drawdown(other),
        })
    }
}
