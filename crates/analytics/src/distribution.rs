//! How returns are spread: histogram and quantiles.

use serde::{Deserialize, Serialize};

use crate::measure;

/// Counts of values in bins of equal width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The lower edge of the first bin.
    pub start: f64,
    /// The width of each bin.
    pub width: f64,
    /// How many values lie in each bin: at or above its lower edge and below its upper one; the last bin may hold its
    /// upper edge too.
    pub counts: Vec<usize>,
}

/// The most bins.
const MAX_BINS: f64 = 10_000.0;

impl Histogram {
    /// Bins of the given width whose edges are multiples of it, so that zero is an edge.
    ///
    /// `None` without values, of values that are not finite, for a width that is not above zero, and for more than
    /// 10,000 bins.
    #[must_use]
    pub fn with_width(values: &[f64], width: f64) -> Option<Self> {
        let low = values.iter().copied().reduce(f64::min)?;
        let high = values.iter().copied().reduce(f64::max)?;
        if values.iter().any(|value| !value.is_finite()) || !width.is_finite() || width <= 0.0 {
            return None;
        }
        let (first, last) = ((low / width).floor(), (high / width).floor());
        // A highest value that is an edge belongs to the bin below it, if there is one.
        let last = if last > first && last * width == high { last - 1.0 } else { last };
        let bins = last - first + 1.0;
        if bins > MAX_BINS {
            return None;
        }
        let bins = bins as usize;
        let mut counts = vec![0; bins];
        for value in values {
            let index = ((value / width).floor() - first).max(0.0) as usize;
            if let Some(count) = counts.get_mut(index.min(bins - 1)) {
                *count += 1;
            }
        }
        Some(Self { start: first * width, width, counts })
    }

    /// Bins of the width `2 IQR / n^(1/3)` (Freedman and Diaconis, 1981), made wider or narrower to give 5 to 80 bins;
    /// edges are multiples of the width.
    ///
    /// `None` without values and of values that are not finite or do not differ.
    #[must_use]
    pub fn new(values: &[f64]) -> Option<Self> {
        let quantile = |q| measure::quantile(values, q);
        let range = quantile(1.0)? - quantile(0.0)?;
        if range <= 0.0 {
            return None;
        }
        let width = 2.0 * (quantile(0.75)? - quantile(0.25)?) / (values.len() as f64).cbrt();
        Self::with_width(values, width.clamp(range / 79.0, range / 5.0))
    }

    /// The lower edge of bin `index`.
    #[must_use]
    pub fn edge(&self, index: usize) -> f64 {
        self.start + self.width * index as f64
    }
}

/// The values that 1, 5, 25, 50, 75, 95 and 99 % of all values do not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// 1 %.
    pub p01: f64,
    /// 5 %.
    pub p05: f64,
    /// 25 %.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// 75 %.
    pub p75: f64,
    /// 95 %.
    pub p95: f64,
    /// 99 %.
    pub p99: f64,
}

impl Quantiles {
    /// The quantiles, with linear interpolation (see [`measure::quantile`]). `None` without values or of values that
    /// are not finite.
    #[must_use]
    pub fn new(values: &[f64]) -> Option<Self> {
        let quantile = |q| measure::quantile(values, q);
        Some(Self {
            p01: quantile(0.01)?,
            p05: quantile(0.05)?,
            p25: quantile(0.25)?,
            p50: quantile(0.5)?,
            p75: quantile(0.75)?,
            p95: quantile(0.95)?,
            p99: quantile(0.99)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        let histogram = Histogram::with_width(&[-0.1, 0.0, 0.1, 0.25, 0.5, 0.75, 1.0], 0.25).unwrap();
        assert_eq!(histogram.counts, [1, 2, 1, 1, 2]);
        assert_eq!((histogram.edge(0), histogram.edge(1), histogram.edge(3)), (-0.25, 0.0, 0.5));
        assert_eq!(Histogram::new(&[1.0; 10]), None);
        assert_eq!(Histogram::new(&[1.0, f64::NAN]), None);
        assert_eq!(Histogram::with_width(&[0.0, 1.0], 0.0), None);
        assert_eq!(Histogram::with_width(&[0.0, 1.0], 1e-9), None, "too many bins");
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i) / 7.0).collect();
        let histogram = Histogram::new(&values).unwrap();
        assert_eq!(histogram.counts.iter().sum::<usize>(), 1000);
        assert_eq!(histogram.counts.len(), 11, "ten widths, and one more for the edges");
    }

    #[test]
    fn quantiles_interpolate() {
        let values: Vec<f64> = (0..=200).map(|i| f64::from(200 - i)).collect();
        let quantiles = Quantiles::new(&values).unwrap();
        assert_eq!((quantiles.p01, quantiles.p50, quantiles.p95), (2.0, 100.0, 190.0));
        assert_eq!(Quantiles::new(&[]), None);
    }
}
