//! The input of everything: what an account was worth, over time.

use algoflow_core::time::{TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{AnalyticsError, Result};

/// What an account was worth at a time, in one currency.
///
/// A point tells of the time that **ends** at its stamp: one at midnight is the close of the day before. Curves that are
/// stamped with dates instead are read with [`at_close_of`](Self::at_close_of).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EquityPoint {
    /// When.
    pub ts: Timestamp,
    /// Cash and the value of all positions.
    pub equity: f64,
}

impl EquityPoint {
    /// `equity` at `ts`.
    #[must_use]
    pub const fn new(ts: Timestamp, equity: f64) -> Self {
        Self { ts, equity }
    }

    /// `equity` at the end of the UTC day in which `day` lies: for values that are stamped with the date that they are of.
    #[must_use]
    pub const fn at_close_of(day: Timestamp, equity: f64) -> Self {
        let length = TimeDelta::days(1);
        Self { ts: day.floor_to(length).saturating_add(length), equity }
    }
}

/// Checks that points can be analyzed: at least two, finite, in order of time, above zero at first.
///
/// Equal times are allowed: the last of them counts. An equity of zero or less after the first is allowed: it is
/// ruin, see [`ReturnSeries`](crate::ReturnSeries).
///
/// # Errors
/// [`AnalyticsError`] naming the first point that is wrong.
pub fn validate(points: &[EquityPoint]) -> Result<()> {
    let [first, rest @ ..] = points else { return Err(AnalyticsError::TooFewPoints { count: 0 }) };
    if rest.is_empty() {
        return Err(AnalyticsError::TooFewPoints { count: 1 });
    }
    if let Some(point) = points.iter().find(|point| !point.equity.is_finite()) {
        return Err(AnalyticsError::NotFinite { ts: point.ts, equity: point.equity });
    }
    if first.equity <= 0.0 {
        return Err(AnalyticsError::NoCapital { ts: first.ts, equity: first.equity });
    }
    for (before, after) in points.iter().zip(rest) {
        if after.ts < before.ts {
            return Err(AnalyticsError::TimeOrder { previous: before.ts, next: after.ts });
        }
    }
    Ok(())
}

/// The points that have news of a market, each at the time of its latest news; the first point stays as it is.
///
/// `market` is in order. What a point without news changed is in the next with news, and after the last news in the last.
pub(crate) fn on_market(points: &[EquityPoint], market: &[Timestamp]) -> Vec<EquityPoint> {
    let Some(first) = points.first() else { return Vec::new() };
    let mut times = market.iter().copied().skip_while(|ts| *ts <= first.ts).peekable();
    let mut kept = vec![*first];
    let mut heard = first.ts;
    for point in points {
        let mut news = None;
        while let Some(ts) = times.next_if(|ts| *ts <= point.ts) {
            news = Some(ts);
        }
        match (news, kept.last_mut()) {
            (Some(ts), _) => {
                kept.push(EquityPoint { ts, ..*point });
                heard = point.ts;
            }
            // Of points at one time the last counts.
            (None, Some(last)) if point.ts == heard => last.equity = point.equity,
            (None, _) => {}
        }
    }
    if let ([_, .., last], Some(end)) = (&mut kept[..], points.last()) {
        last.equity = end.equity;
    }
    kept
}

/// The mean equity, each value weighted with the time for which it held. `None` if no time passed.
#[must_use]
pub fn time_weighted_mean(points: &[EquityPoint]) -> Option<f64> {
    let (mut sum, mut seconds) = (0.0, 0.0);
    for (point, next) in points.iter().zip(points.iter().skip(1)) {
        let held = next.ts.since(point.ts).as_seconds_f64();
        sum += point.equity * held;
        seconds += held;
    }
    Some(sum / seconds).filter(|mean| seconds > 0.0 && mean.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, equity: f64) -> EquityPoint {
        EquityPoint::new(Timestamp::from_seconds(seconds).unwrap(), equity)
    }

    #[test]
    fn bad_points_are_refused_by_name() {
        let code = |points: &[EquityPoint]| validate(points).unwrap_err().code();
        assert_eq!(code(&[]), "ANALYTICS_TOO_FEW_POINTS");
        assert_eq!(code(&[at(0, 1.0)]), "ANALYTICS_TOO_FEW_POINTS");
        assert_eq!(code(&[at(0, 1.0), at(1, f64::NAN)]), "ANALYTICS_NOT_FINITE");
        assert_eq!(code(&[at(0, 0.0), at(1, 1.0)]), "ANALYTICS_NO_CAPITAL");
        assert_eq!(code(&[at(1, 1.0), at(0, 1.0)]), "ANALYTICS_TIME_ORDER");
        assert!(validate(&[at(0, 1.0), at(0, 2.0), at(1, -1.0)]).is_ok());
    }

    #[test]
    fn a_date_means_the_end_of_its_day() {
        let day = |text: &str| EquityPoint::at_close_of(text.parse().unwrap(), 1.0).ts.to_string();
        assert_eq!(day("2024-02-29"), "2024-03-01T00:00:00Z");
        assert_eq!(day("2024-02-29T21:00:00Z"), "2024-03-01T00:00:00Z");
    }

    #[test]
    fn the_mean_weighs_by_time() {
        let mean = time_weighted_mean(&[at(0, 100.0), at(3, 200.0), at(4, 999.0)]).unwrap();
        assert_eq!(mean, (3.0 * 100.0 + 200.0) / 4.0);
        assert_eq!(time_weighted_mean(&[at(0, 1.0), at(0, 2.0)]), None);
    }
}
