use super::{cagr, covariance, finite, mean, ratio, standard_deviation};

/// The slope of the returns against the benchmark's, `cov(r, b) / var(b)`. A constant risk-free rate cancels.
///
/// `None` if the lengths differ, are below two, or the benchmark does not vary.
#[must_use]
pub fn beta(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    let deviation = standard_deviation(benchmark)?;
    ratio(covariance(returns, benchmark)?, deviation * deviation)
}

/// Jensen's alpha: the mean of `(r - risk_free) - beta (b - risk_free)`, annualized by compounding,
/// `(1 + mean)^periods_per_year - 1`.
///
/// `None` where [`beta`] is, and where the compounding does not fit a double.
#[must_use]
pub fn alpha(returns: &[f64], benchmark: &[f64], risk_free: f64, periods_per_year: f64) -> Option<f64> {
    let beta = beta(returns, benchmark)?;
    let per_period = (mean(returns)? - risk_free) - beta * (mean(benchmark)? - risk_free);
    if per_period <= -1.0 {
        return None;
    }
    finite((per_period.ln_1p() * periods_per_year).exp_m1())
}

fn active(returns: &[f64], benchmark: &[f64]) -> Option<Vec<f64>> {
    (returns.len() == benchmark.len()).then(|| returns.iter().zip(benchmark).map(|(r, b)| r - b).collect())
}

/// The annualized standard deviation of the return above the benchmark, `sd(r - b) sqrt(periods_per_year)`.
///
/// `None` if the lengths differ or are below two.
#[must_use]
pub fn tracking_error(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    finite(standard_deviation(&active(returns, benchmark)?)? * periods_per_year.sqrt())
}

/// The annualized information ratio, `mean(r - b) / sd(r - b) sqrt(periods_per_year)`.
///
/// Some packages leave out the annualization; divide by the root for theirs. `None` if the difference does not vary.
#[must_use]
pub fn information_ratio(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    let active = active(returns, benchmark)?;
    finite(ratio(mean(&active)?, standard_deviation(&active)?)? * periods_per_year.sqrt())
}

/// The Treynor ratio: annualized arithmetic return above the risk-free rate per unit of beta,
/// `mean(r - risk_free) periods_per_year / beta` (Treynor, 1965).
///
/// `None` where [`beta`] is, or is zero.
#[must_use]
pub fn treynor(returns: &[f64], benchmark: &[f64], risk_free: f64, periods_per_year: f64) -> Option<f64> {
    ratio((mean(returns)? - risk_free) * periods_per_year, beta(returns, benchmark)?)
}

fn capture(
    returns: &[f64],
    benchmark: &[f64],
    periods_per_year: f64,
    keep: impl Fn(f64) -> bool,
) -> Option<f64> {
    if returns.len() != benchmark.len() {
        return None;
    }
    let (own, other): (Vec<f64>, Vec<f64>) =
        returns.iter().zip(benchmark).filter(|(_, b)| keep(**b)).map(|(r, b)| (*r, *b)).unzip();
    ratio(cagr(&own, periods_per_year)?, cagr(&other, periods_per_year)?)
}

/// The share of the benchmark's rises that was earned: the ratio of the two growth rates ([`cagr`]) over the periods
/// in which the benchmark rose.
///
/// `None` if the lengths differ or the benchmark never rose.
#[must_use]
pub fn up_capture(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    capture(returns, benchmark, periods_per_year, |b| b > 0.0)
}

/// The share of the benchmark's falls that was suffered: the ratio of the two growth rates ([`cagr`]) over the
/// periods in which the benchmark fell. Less is better; below zero means that its falls were gained from.
///
/// `None` if the lengths differ or the benchmark never fell.
#[must_use]
pub fn down_capture(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    capture(returns, benchmark, periods_per_year, |b| b < 0.0)
}
