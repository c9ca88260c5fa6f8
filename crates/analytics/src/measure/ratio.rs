use super::{
    finite, mean, normal_cdf, population_kurtosis, population_skewness, ratio, standard_deviation,
    total_return,
};

/// The annualized standard deviation of returns, `sd sqrt(periods_per_year)`. `None` of fewer than two returns.
#[must_use]
pub fn volatility(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    finite(standard_deviation(returns)? * periods_per_year.sqrt())
}

/// The annualized deviation below a target, `sqrt(sum(min(r - target, 0)^2) / n) sqrt(periods_per_year)`, over
/// **all** returns, not only those below (Sortino and Price, 1994). `None` of nothing.
#[must_use]
pub fn downside_deviation(returns: &[f64], target: f64, periods_per_year: f64) -> Option<f64> {
    // `min` drops a NaN, so it is looked for.
    mean(returns)?;
    let squares: f64 = returns.iter().map(|value| (value - target).min(0.0).powi(2)).sum();
    finite((ratio(squares, returns.len() as f64)? * periods_per_year).sqrt())
}

/// The annualized Sharpe ratio, `mean(r - risk_free) / sd(r) sqrt(periods_per_year)` (Sharpe, 1994), with the
/// arithmetic mean and no adjustment for serial correlation.
///
/// `None` of fewer than two returns or returns that do not vary.
#[must_use]
pub fn sharpe(returns: &[f64], risk_free: f64, periods_per_year: f64) -> Option<f64> {
    let per_period = ratio(mean(returns)? - risk_free, standard_deviation(returns)?)?;
    finite(per_period * periods_per_year.sqrt())
}

/// The annualized Sortino ratio, `mean(r - target) periods_per_year / downside deviation` (Sortino and Price, 1994).
///
/// `None` if no return is below the target.
#[must_use]
pub fn sortino(returns: &[f64], target: f64, periods_per_year: f64) -> Option<f64> {
    let excess = (mean(returns)? - target) * periods_per_year;
    ratio(excess, downside_deviation(returns, target, periods_per_year)?)
}

/// The Calmar ratio, `cagr / max drawdown`, over the whole time (Young, 1991, takes 36 months).
///
/// `None` if there was no drawdown.
#[must_use]
pub fn calmar(cagr: f64, max_drawdown: f64) -> Option<f64> {
    ratio(cagr, max_drawdown)
}

/// The omega ratio, `sum(max(r - threshold, 0)) / sum(max(threshold - r, 0))` (Keating and Shadwick, 2002).
///
/// `None` if no return is below the threshold.
#[must_use]
pub fn omega(returns: &[f64], threshold: f64) -> Option<f64> {
    let gains: f64 = returns.iter().map(|value| (value - threshold).max(0.0)).sum();
    let losses: f64 = returns.iter().map(|value| (threshold - value).max(0.0)).sum();
    // `max` drops a NaN, so it is looked for.
    mean(returns)?;
    ratio(gains, losses)
}

/// The gain-to-pain ratio, `sum(r) / sum(|r| of the losses)` (Schwager, 2012): omega at zero, less one.
///
/// `None` if there is no loss.
#[must_use]
pub fn gain_to_pain(returns: &[f64]) -> Option<f64> {
    finite(omega(returns, 0.0)? - 1.0)
}

/// The probability that the true Sharpe ratio is above `benchmark`, given the sample's length, skewness and kurtosis
/// (Bailey and Lopez de Prado, 2012):
/// `Phi((sr - benchmark) sqrt(n - 1) / sqrt(1 - g1 sr + (k - 1) / 4 sr^2))`, where `sr` and `benchmark` are
/// **per period**, `g1` is the population skewness and `k` the population kurtosis, not in excess.
///
/// `None` of fewer than two returns, returns that do not vary, or where the variance under the root is not positive.
#[must_use]
pub fn probabilistic_sharpe(returns: &[f64], risk_free: f64, benchmark: f64) -> Option<f64> {
    let sr = sharpe(returns, risk_free, 1.0)?;
    let kurtosis = population_kurtosis(returns)? + 3.0;
    let variance = 1.0 - population_skewness(returns)? * sr + (kurtosis - 1.0) / 4.0 * sr * sr;
    if variance <= 0.0 {
        return None;
    }
    let n = returns.len() as f64;
    finite(normal_cdf((sr - benchmark) * (n - 1.0).sqrt() / variance.sqrt()))
}

/// The return earned for each unit lost at worst, `total return / max drawdown`. `None` if there was no drawdown.
#[must_use]
pub fn recovery_factor(returns: &[f64], max_drawdown: f64) -> Option<f64> {
    ratio(total_return(returns)?, max_drawdown)
}
