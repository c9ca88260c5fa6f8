use super::{descriptive::quantile_of_sorted, finite, ratio};

fn sorted(returns: &[f64]) -> Option<Vec<f64>> {
    let mut sorted = returns.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.iter().all(|value| value.is_finite()).then_some(sorted)
}

/// The historical value at risk of one period: the loss that is not exceeded with probability `level` (0.95 for
/// 95 %), `-quantile(r, 1 - level)` with linear interpolation.
///
/// A loss is positive; the figure is negative if even that quantile is a gain. `None` of nothing or for a level
/// outside 0 to 1.
#[must_use]
pub fn value_at_risk(returns: &[f64], level: f64) -> Option<f64> {
    quantile_of_sorted(&sorted(returns)?, 1.0 - level).map(|quantile| -quantile)
}

/// The historical conditional value at risk (expected shortfall) of one period: the mean loss of the worst
/// `floor((n - 1) (1 - level)) + 1` returns.
///
/// A loss is positive. Never below [`value_at_risk`] at the same level. `None` of nothing or for a level outside 0
/// to 1.
#[must_use]
pub fn conditional_value_at_risk(returns: &[f64], level: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&level) {
        return None;
    }
    let sorted = sorted(returns)?;
    let count = (sorted.len().checked_sub(1)? as f64 * (1.0 - level)).floor() as usize + 1;
    let worst = sorted.get(..count)?;
    finite(-worst.iter().sum::<f64>() / count as f64)
}

/// The size of the gains against that of the losses in the tails, `|quantile(r, 0.95)| / |quantile(r, 0.05)|`.
///
/// `None` of nothing, or if the lower quantile is zero.
#[must_use]
pub fn tail_ratio(returns: &[f64]) -> Option<f64> {
    let sorted = sorted(returns)?;
    ratio(quantile_of_sorted(&sorted, 0.95)?.abs(), quantile_of_sorted(&sorted, 0.05)?.abs())
}
