use std::collections::VecDeque;

use algoflow_core::prelude::StrategyError;
use algoflow_indicators::ZScore;

use super::HedgeRatio;
use crate::parameters::refused;

/// What the two prices say at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// How much of the second is worth one of the first, in money.
    pub(super) hedge: f64,
    /// How many standard deviations the spread is away from its mean.
    pub(super) z_score: f64,
}

/// The difference of two log prices, the second one times the hedge ratio.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum Spread {
    Fixed { hedge: f64, z_score: ZScore },
    RollingOls(RollingOls),
}

impl Spread {
    pub(super) fn new(hedge: HedgeRatio, lookback: usize) -> Result<Self, StrategyError> {
        // The indicator checks the length of the window for both.
        let z_score = ZScore::new(lookback).map_err(refused("lookback"))?;
        Ok(match hedge {
            HedgeRatio::Fixed(hedge) => Self::Fixed { hedge, z_score },
            HedgeRatio::RollingOls => Self::RollingOls(RollingOls::new(lookback)),
        })
    }

    /// Takes the next pair of prices. `None` while the window is not full, and for a price that has no
    /// logarithm.
    pub(super) fn update(&mut self, first: f64, second: f64) -> Option<Reading> {
        let (y, x) = (first.ln(), second.ln());
        if !(y.is_finite() && x.is_finite()) {
            return None;
        }
        match self {
            Self::Fixed { hedge, z_score } => {
                Some(Reading { hedge: *hedge, z_score: z_score.update(y - *hedge * x)? })
            }
            Self::RollingOls(regression) => regression.update(y, x),
        }
    }
}

/// The regression of `y` on `x` (with intercept) over a window, by ordinary least squares.
///
/// The sums are taken anew at each update, around the means of the window: an update costs time in proportion
/// to the window, and rounding errors do not add up.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct RollingOls {
    window: VecDeque<(f64, f64)>,
    length: usize,
}

impl RollingOls {
    fn new(length: usize) -> Self {
        Self { window: VecDeque::with_capacity(length), length }
    }

    fn update(&mut self, y: f64, x: f64) -> Option<Reading> {
        if self.window.len() == self.length {
            self.window.pop_front();
        }
        self.window.push_back((y, x));
        if self.window.len() < self.length {
            return None;
        }
        let count = self.length as f64;
        let (sum_y, sum_x) = self.window.iter().fold((0.0, 0.0), |(sy, sx), (y, x)| (sy + y, sx + x));
        let (mean_y, mean_x) = (sum_y / count, sum_x / count);
        let centered = || self.window.iter().map(|(y, x)| (y - mean_y, x - mean_x));
        let xy: f64 = centered().map(|(y, x)| x * y).sum();
        let xx: f64 = centered().map(|(_, x)| x * x).sum();
        let yy: f64 = centered().map(|(y, _)| y * y).sum();
        // A price that does not move explains nothing.
        let hedge = if xx > 0.0 { xy / xx } else { 0.0 };
        let squares: f64 = centered().map(|(y, x)| (y - hedge * x).powi(2)).sum();
        let residual = (y - mean_y) - hedge * (x - mean_x);
        // Residuals that are smaller than this share of what they are left of are rounding errors.
        let is_exact = squares <= 1e-24 * yy;
        let z_score = if is_exact { 0.0 } else { residual / (squares / count).sqrt() };
        Some(Reading { hedge, z_score })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy, of the logarithms: `b, a = np.polyfit(x, y, 1); r = y - a - b * x; b, r[-1] / r.std()`.
    #[test]
    fn the_regression_agrees_with_numpy() {
        let mut spread = Spread::new(HedgeRatio::RollingOls, 5).unwrap();
        let x = [50.0, 51.0, 49.5, 52.0, 53.0, 52.5];
        let y = [100.0, 103.0, 99.0, 104.0, 105.0, 107.0];
        let readings: Vec<_> = y.iter().zip(x).map(|(y, x)| spread.update(*y, x)).collect();
        assert_eq!(readings[..4], [None; 4]);
        let expected = [
            (0.883_234_754_259_794_4, -0.980_971_103_584_334_1),
            (0.987_747_592_452_113_5, 1.577_954_174_979_460_1),
        ];
        for (reading, (hedge, z_score)) in readings[4..].iter().zip(expected) {
            let reading = reading.unwrap();
            assert!((reading.hedge - hedge).abs() < 1e-9, "{reading:?} {hedge}");
            assert!((reading.z_score - z_score).abs() < 1e-9, "{reading:?} {z_score}");
        }
    }

    #[test]
    fn a_perfect_fit_and_a_flat_price_have_no_score() {
        let mut spread = Spread::new(HedgeRatio::RollingOls, 4).unwrap();
        for price in [10.0_f64, 11.0, 9.0, 12.0, 10.5] {
            if let Some(reading) = spread.update(price * price, price) {
                assert!((reading.hedge - 2.0).abs() < 1e-9);
                assert_eq!(reading.z_score, 0.0);
            }
        }
        let mut spread = Spread::new(HedgeRatio::RollingOls, 3).unwrap();
        let flat: Vec<_> = [5.0, 6.0, 7.0].iter().map(|y| spread.update(*y, 20.0)).collect();
        assert_eq!(flat[2].unwrap().hedge, 0.0);
    }

    #[test]
    fn a_fixed_ratio_scores_the_log_spread() {
        let mut spread = Spread::new(HedgeRatio::Fixed(1.0), 4).unwrap();
        let e = std::f64::consts::E;
        for (y, x) in [(e, 1.0), (e, 1.0), (e * e, e.powi(-1))] {
            assert_eq!(spread.update(y, x), None);
        }
        assert_eq!(spread.update(0.0, 1.0), None, "zero has no logarithm, and is not counted");
        // Spreads 1, 1, 3, 3: mean 2, deviation 1.
        let reading = spread.update(e * e * e, 1.0).unwrap();
        assert!((reading.z_score - 1.0).abs() < 1e-12 && reading.hedge == 1.0);
    }
}
