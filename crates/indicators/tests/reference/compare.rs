//! Running an indicator over a series and comparing it with a reference.

use algoflow_indicators::{Indicator, Ohlcv};

/// How far a value may be from its reference: `absolute + relative × |reference|`.
#[derive(Clone, Copy)]
pub(crate) struct Tolerance {
    pub(crate) relative: f64,
    pub(crate) absolute: f64,
}

impl Tolerance {
    pub(crate) const fn relative(relative: f64) -> Self {
        Self { relative, absolute: 0.0 }
    }

    /// For references that were written with a number of decimals.
    pub(crate) const fn absolute(absolute: f64) -> Self {
        Self { relative: 0.0, absolute }
    }

    pub(crate) const fn or_absolute(self, absolute: f64) -> Self {
        Self { absolute, ..self }
    }
}

/// The values of an indicator over prices, one per price.
pub(crate) fn over_prices<I: Indicator<Input = f64>>(
    mut indicator: I,
    prices: &[f64],
    field: impl Fn(I::Output) -> f64,
) -> Vec<Option<f64>> {
    prices.iter().map(|price| indicator.update(*price).map(&field)).collect()
}

/// The values of an indicator over bars, one per bar.
pub(crate) fn over_bars<I: Indicator<Input = Ohlcv>>(
    mut indicator: I,
    bars: &[Ohlcv],
    field: impl Fn(I::Output) -> f64,
) -> Vec<Option<f64>> {
    bars.iter().map(|bar| indicator.update(*bar).map(&field)).collect()
}

pub(crate) fn closes(bars: &[Ohlcv]) -> Vec<f64> {
    bars.iter().map(|bar| bar.close).collect()
}

/// Compares values with references at the given rows, at least `least` of them, and the same values missing.
pub(crate) fn assert_same(
    name: &str,
    actual: &[Option<f64>],
    expected: &[(usize, Option<f64>)],
    tolerance: Tolerance,
    least: usize,
) {
    for (row, expected) in expected {
        assert_eq!(
            actual[*row].is_some(),
            expected.is_some(),
            "{name}, row {row}: got {:?}, expected {expected:?}",
            actual[*row]
        );
    }
    assert_same_where_known(name, actual, expected, tolerance, least);
}

/// Compares values with references at the given rows where both exist, at least `least` of them.
pub(crate) fn assert_same_where_known(
    name: &str,
    actual: &[Option<f64>],
    expected: &[(usize, Option<f64>)],
    tolerance: Tolerance,
    least: usize,
) {
    let mut compared = 0;
    for (row, expected) in expected {
        if let (Some(actual), Some(expected)) = (actual[*row], *expected) {
            let allowed = tolerance.absolute + tolerance.relative * expected.abs();
            let error = (actual - expected).abs();
            assert!(
                error <= allowed,
                "{name}, row {row}: got {actual}, expected {expected}, off by {error:e}"
            );
            compared += 1;
        }
    }
    assert!(compared >= least, "{name}: only {compared} values were compared, expected {least}");
}
