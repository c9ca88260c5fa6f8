//! Figures over a moving window of periods.
//!
//! Each function answers one value per return from the end of the first full window on; a value is `None` where the
//! figure is not defined. Sums slide along and are made anew once per window, so that rounding cannot build up and
//! the cost per return stays constant.

use std::ops::Range;

use crate::measure;

/// Sums over a window that slides along one or two series.
#[derive(Clone, Copy, Default)]
struct Sums {
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        pairs.fold(Self::default(), |sums, pair| sums.with(pair, 1.0))
    }

    fn with(self, (x, y): (f64, f64), sign: f64) -> Self {
        Self {
            x: self.x + sign * x,
            y: self.y + sign * y,
            xx: self.xx + sign * x * x,
            xy: self.xy + sign * x * y,
            yy: self.yy + sign * y * y,
        }
    }
}

fn slide(x: &[f64], y: &[f64], window: usize, f: impl Fn(Sums, f64) -> Option<f64>) -> Vec<Option<f64>> {
    let length = x.len().min(y.len());
    if window < 2 || length < window {
        return Vec::new();
    }
    let pair = |index: usize| (x.get(index).copied().unwrap_or(0.0), y.get(index).copied().unwrap_or(0.0));
    let sum = |range: Range<usize>| Sums::of(range.map(pair));
    let mut sums = sum(0..window);
    (window..=length)
        .map(|end| {
            if end > window {
                sums = if end % window == 0 {
                    sum(end - window..end)
                } else {
                    sums.with(pair(end - 1), 1.0).with(pair(end - 1 - window), -1.0)
                };
            }
            f(sums, window as f64)
        })
        .collect()
}

/// The variance from sums of values and squares; zero where it is lost in rounding.
fn variance(sum: f64, squares: f64, n: f64) -> f64 {
    let centered = squares - sum * sum / n;
    if centered <= squares * n * f64::EPSILON { 0.0 } else { centered / (n - 1.0) }
}

/// [`measure::sharpe`] over windows. `risk_free` is per period.
#[must_use]
pub fn rolling_sharpe(
    returns: &[f64],
    window: usize,
    risk_free: f64,
    periods_per_year: f64,
) -> Vec<Option<f64>> {
    slide(returns, returns, window, |sums, n| {
        let per_period = measure::ratio(sums.x / n - risk_free, variance(sums.x, sums.xx, n).sqrt())?;
        measure::finite(per_period * periods_per_year.sqrt())
    })
}

/// [`measure::volatility`] over windows.
#[must_use]
pub fn rolling_volatility(returns: &[f64], window: usize, periods_per_year: f64) -> Vec<Option<f64>> {
    slide(returns, returns, window, |sums, n| {
        measure::finite((variance(sums.x, sums.xx, n) * periods_per_year).sqrt())
    })
}

/// [`measure::beta`] over windows, of returns and benchmark returns of the same periods.
#[must_use]
pub fn rolling_beta(returns: &[f64], benchmark: &[f64], window: usize) -> Vec<Option<f64>> {
    slide(returns, benchmark, window, |sums, n| {
        let covariance = (sums.xy - sums.x * sums.y / n) / (n - 1.0);
        measure::ratio(covariance, variance(sums.y, sums.yy, n))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize, phase: f64) -> Vec<f64> {
        (0..n).map(|i| 0.001 + 0.02 * (i as f64 * 0.7 + phase).sin() * (i as f64 * 0.13).cos()).collect()
    }

    fn close(actual: &[Option<f64>], expected: impl Iterator<Item = Option<f64>>) {
        let expected: Vec<_> = expected.collect();
        assert_eq!(actual.len(), expected.len());
        for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
            let (a, e) = (a.unwrap(), e.unwrap());
            assert!((a - e).abs() <= 1e-10 * e.abs().max(1e-3), "{index}: {a} against {e}");
        }
    }

    #[test]
    fn windows_equal_the_figures_of_their_slices() {
        let (x, y) = (wave(500, 0.0), wave(500, 1.0));
        close(&rolling_sharpe(&x, 21, 1e-4, 252.0), x.windows(21).map(|w| measure::sharpe(w, 1e-4, 252.0)));
        close(&rolling_volatility(&x, 60, 252.0), x.windows(60).map(|w| measure::volatility(w, 252.0)));
        close(&rolling_beta(&x, &y, 33), x.windows(33).zip(y.windows(33)).map(|(x, y)| measure::beta(x, y)));
    }

    #[test]
    fn a_window_without_variation_is_not_defined() {
        assert_eq!(rolling_sharpe(&[0.01; 5], 3, 0.0, 252.0), [None; 3]);
        assert_eq!(rolling_sharpe(&[0.01; 5], 6, 0.0, 252.0), []);
        assert_eq!(rolling_volatility(&[0.01; 3], 1, 252.0), []);
    }
}
