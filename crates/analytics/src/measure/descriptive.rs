use super::{finite, ratio};

/// The arithmetic mean, `sum(x) / n`. `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    ratio(values.iter().sum(), values.len() as f64)
}

/// The sum of `f` over the deviations from the mean.
fn deviation_sum(values: &[f64], f: impl Fn(f64) -> f64) -> Option<f64> {
    let mean = mean(values)?;
    finite(values.iter().map(|value| f(value - mean)).sum())
}

/// The largest deviation from the mean that rounding alone explains.
///
/// A return is a quotient near one, less one, so whatever its size it is off by up to half a unit in the last
/// place of one; a spread below that is no spread, and dividing by it would give a meaningless figure.
fn rounding_noise(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    4.0 * f64::EPSILON * (1.0 + largest)
}

/// The sample standard deviation, `sqrt(sum((x - mean)^2) / (n - 1))`.
///
/// Zero where the spread is within the rounding error of returns. `None` of fewer than two values.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let squares = deviation_sum(values, |d| d * d)?;
    let deviation = (squares / (values.len() - 1) as f64).sqrt();
    if deviation <= rounding_noise(values) { Some(0.0) } else { finite(deviation) }
}

/// The sample covariance, `sum((x - mean(x)) (y - mean(y))) / (n - 1)`.
///
/// `None` if the lengths differ or are below two.
#[must_use]
pub fn covariance(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let sum: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    finite(sum / (x.len() - 1) as f64)
}

/// Pearson's correlation, `cov(x, y) / (sd(x) sd(y))`, in -1 to 1. `None` if either does not vary.
#[must_use]
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let value = ratio(covariance(x, y)?, standard_deviation(x)? * standard_deviation(y)?)?;
    Some(value.clamp(-1.0, 1.0))
}

/// The moments `m2` and `mk` about the mean, divided by n. `None` if the values do not vary.
fn central_moments(values: &[f64], k: i32) -> Option<(f64, f64)> {
    if standard_deviation(values)? == 0.0 {
        return None;
    }
    let n = values.len() as f64;
    Some((deviation_sum(values, |d| d * d)? / n, deviation_sum(values, |d| d.powi(k))? / n))
}

/// The skewness of the values taken as the whole population, `g1 = m3 / m2^1.5`.
///
/// This is `scipy.stats.skew` by default. `None` of fewer than two values or values that do not vary.
#[must_use]
pub fn population_skewness(values: &[f64]) -> Option<f64> {
    let (m2, m3) = central_moments(values, 3)?;
    ratio(m3, m2.powf(1.5))
}

/// The skewness of a sample, `G1 = g1 sqrt(n (n - 1)) / (n - 2)` (Joanes and Gill, 1998), as in pandas, Excel and
/// SAS.
///
/// `None` of fewer than three values or values that do not vary.
#[must_use]
pub fn skewness(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 3 {
        return None;
    }
    finite(population_skewness(values)? * (n * (n - 1.0)).sqrt() / (n - 2.0))
}

/// The **excess** kurtosis of the values taken as the whole population, `g2 = m4 / m2^2 - 3`; a normal
/// distribution has 0.
///
/// This is `scipy.stats.kurtosis` by default. `None` of fewer than two values or values that do not vary.
#[must_use]
pub fn population_kurtosis(values: &[f64]) -> Option<f64> {
    let (m2, m4) = central_moments(values, 4)?;
    finite(ratio(m4, m2 * m2)? - 3.0)
}

/// The **excess** kurtosis of a sample, `G2 = (n - 1) / ((n - 2)(n - 3)) ((n + 1) g2 + 6)` (Joanes and Gill,
/// 1998), as in pandas, Excel and SAS.
///
/// `None` of fewer than four values or values that do not vary.
#[must_use]
pub fn kurtosis(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 4 {
        return None;
    }
    let g2 = population_kurtosis(values)?;
    finite((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g2 + 6.0))
}

/// The `q`-quantile with linear interpolation between the two nearest values (Hyndman and Fan, 1996, type 7; the
/// default of numpy, pandas and R). `q` is a fraction, 0 to 1.
///
/// `None` of nothing, of values that are not all finite, and for a `q` outside 0 to 1.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    if !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// [`quantile`] of values that are finite and in order already.
pub(crate) fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let position = sorted.len().checked_sub(1)? as f64 * q;
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    finite(below + (above - below) * position.fract())
}

/// The median: [`quantile`] at one half.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}
