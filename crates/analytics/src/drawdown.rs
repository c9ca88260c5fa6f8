//! Falls from a peak: how deep, how long, and whether they were made good.

use algoflow_core::time::{TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{measure, returns::ReturnSeries};

/// One fall from a peak until the peak was reached again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawdown {
    /// When the peak was, the last time that it was touched before the fall.
    pub start: Timestamp,
    /// When the lowest point was.
    pub valley: Timestamp,
    /// When the peak was reached again; `None` if it was not by the end.
    pub recovery: Option<Timestamp>,
    /// The fall from the peak to the lowest point as a fraction of the peak: above 0, at most 1.
    pub depth: f64,
    /// The time from the peak to the recovery, or to the end of the data.
    pub length: TimeDelta,
}

/// A difference to the peak below this fraction of it is the rounding of compounded returns, not a fall.
const NOISE: f64 = 1e-12;

/// The drawdown after each return, `1 - wealth / (highest wealth so far)`, where the highest begins with the capital
/// at the start: 0 at a peak, at most 1.
///
/// Values that are not finite count as no return.
#[must_use]
pub fn drawdown_series(returns: &[f64]) -> Vec<f64> {
    let mut peak = 1.0_f64;
    let mut wealth = 1.0_f64;
    returns
        .iter()
        .map(|value| {
            if value.is_finite() {
                wealth = (wealth * (1.0 + value)).clamp(0.0, f64::MAX);
            }
            peak = peak.max(wealth);
            let depth = ((peak - wealth) / peak).clamp(0.0, 1.0);
            if depth < NOISE { 0.0 } else { depth }
        })
        .collect()
}

/// The deepest drawdown as a fraction, 0 to 1. 0 if there was none.
#[must_use]
pub fn max_drawdown(returns: &[f64]) -> f64 {
    drawdown_series(returns).into_iter().fold(0.0, f64::max)
}

/// The ulcer index: the root of the mean squared drawdown, as a fraction (Martin and McCann, 1989).
///
/// Some packages divide by `n - 1`. `None` of nothing.
#[must_use]
pub fn ulcer_index(returns: &[f64]) -> Option<f64> {
    let squares: Vec<f64> = drawdown_series(returns).into_iter().map(|depth| depth * depth).collect();
    measure::mean(&squares).map(f64::sqrt)
}

/// The pain index: the mean drawdown, as a fraction (Becker, 2006). `None` of nothing.
#[must_use]
pub fn pain_index(returns: &[f64]) -> Option<f64> {
    measure::mean(&drawdown_series(returns))
}

/// Every drawdown, in order of time.
#[must_use]
pub fn drawdowns(series: &ReturnSeries) -> Vec<Drawdown> {
    let mut found = Vec::new();
    let mut peak = series.start();
    let mut open: Option<Drawdown> = None;
    for (&ts, depth) in series.times().iter().zip(drawdown_series(series.values())) {
        if depth > 0.0 {
            let fall = open.get_or_insert(Drawdown {
                start: peak,
                valley: ts,
                recovery: None,
                depth,
                length: TimeDelta::ZERO,
            });
            if depth > fall.depth {
                (fall.depth, fall.valley) = (depth, ts);
            }
            fall.length = ts.since(fall.start);
        } else {
            if let Some(fall) = open.take() {
                found.push(Drawdown { recovery: Some(ts), length: ts.since(fall.start), ..fall });
            }
            peak = ts;
        }
    }
    found.extend(open);
    found
}

/// The `count` deepest drawdowns, the deepest first; of equal ones the earlier first.
#[must_use]
pub fn worst_drawdowns(series: &ReturnSeries, count: usize) -> Vec<Drawdown> {
    let mut all = drawdowns(series);
    all.sort_by(|a, b| b.depth.total_cmp(&a.depth).then(a.start.cmp(&b.start)));
    all.truncate(count);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EquityPoint, Period};

    fn series(equity: &[f64]) -> ReturnSeries {
        let points: Vec<EquityPoint> = equity
            .iter()
            .zip(0..)
            .map(|(equity, day)| {
                EquityPoint::new(Timestamp::from_nanos(TimeDelta::days(day).nanos()), *equity)
            })
            .collect();
        ReturnSeries::from_equity(&points, Period::Daily).unwrap()
    }

    fn day(count: i64) -> Timestamp {
        Timestamp::from_nanos(TimeDelta::days(count).nanos())
    }

    #[test]
    fn a_fall_runs_from_its_peak_to_the_same_height() {
        // 100 -> 120 (peak, day 1) -> 90 (valley, day 2) -> 110 -> 120 (recovered, day 4) -> 108 (open).
        let all = drawdowns(&series(&[100.0, 120.0, 90.0, 110.0, 120.0, 108.0]));
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].start, all[0].valley, all[0].recovery), (day(1), day(2), Some(day(4))));
        assert!((all[0].depth - 0.25).abs() < 1e-15, "{}", all[0].depth);
        assert_eq!(all[0].length, TimeDelta::days(3));
        assert_eq!((all[1].start, all[1].recovery, all[1].length), (day(4), None, TimeDelta::days(1)));
        let worst = worst_drawdowns(&series(&[100.0, 99.0, 100.0, 50.0, 60.0]), 1);
        assert_eq!(worst.len(), 1);
        assert!((worst[0].depth - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_loss_from_the_first_capital_counts() {
        assert!((max_drawdown(&[-0.2, 0.1]) - 0.2).abs() < 1e-15);
        assert_eq!(max_drawdown(&[0.1, 0.2]), 0.0);
        assert_eq!(max_drawdown(&[-1.0, 5.0]), 1.0, "nothing comes of nothing");
        assert_eq!(max_drawdown(&[]), 0.0);
    }

    #[test]
    fn the_ulcer_index_is_the_root_mean_square() {
        // Drawdowns 0.2, 0.1, 0.
        let index = ulcer_index(&[-0.2, 0.125, 1.0]).unwrap();
        assert!((index - ((0.04 + 0.01) / 3.0_f64).sqrt()).abs() < 1e-15, "{index}");
        assert_eq!(ulcer_index(&[]), None);
    }
}
