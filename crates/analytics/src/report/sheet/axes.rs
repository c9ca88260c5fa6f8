//! Round values and round dates.

use algoflow_core::time::{TimeDelta, Timestamp};

use crate::calendar::MONTH_NAMES;

/// Multiples of a round step from `low` to `high`, about `count` of them, and the decimal places that they need.
pub(super) fn values(low: f64, high: f64, count: usize) -> (Vec<f64>, usize) {
    let rough = (high - low) / count.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return (vec![low], 2);
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    let places = (0..9).find(|places| (step * 10_f64.powi(*places)).fract().abs() < 1e-6).unwrap_or(8);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    // The step keeps them few; the bound is for rounding at sizes where a step is lost.
    let ticks = (first..=last).take(4 * count + 4).map(|index| index as f64 * step).collect();
    (ticks, usize::try_from(places).unwrap_or(0))
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Steps in seconds, up to a week.
const STEPS: [i64; 14] = [
    1,
    5,
    15,
    30,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
];
const MONTH_STEPS: [i64; 9] = [1, 3, 6, 12, 24, 60, 120, 240, 600];
const MONTH_SECONDS: f64 = 2_629_746.0;

/// Round times from `from` to `to` (seconds since 1970), at most `count`, with what is written there.
pub(super) fn times(from: f64, to: f64, count: usize) -> Vec<(f64, String)> {
    let least = (to - from) / count.max(1) as f64;
    match STEPS.into_iter().find(|step| *step as f64 >= least) {
        Some(step) => within_weeks(from, to, step),
        None => months(from, to, least / MONTH_SECONDS),
    }
}

fn within_weeks(from: f64, to: f64, step: i64) -> Vec<(f64, String)> {
    // Weeks begin on Monday; the epoch was a Thursday.
    let shift = if step == 7 * DAY { 4 * DAY } else { 0 };
    let first = ((from - shift as f64) / step as f64).ceil() as i64;
    let last = ((to - shift as f64) / step as f64).floor() as i64;
    (first..=last)
        .filter_map(|index| {
            let seconds = index * step + shift;
            let ts = Timestamp::from_seconds(seconds).ok()?;
            let (_, month, day) = ts.date();
            let name = MONTH_NAMES.get(usize::try_from(month - 1).ok()?)?;
            let rest = seconds.rem_euclid(DAY);
            let label = if rest == 0 {
                format!("{name} {day}")
            } else if step < MINUTE {
                format!("{:02}:{:02}:{:02}", rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE)
            } else {
                format!("{:02}:{:02}", rest / HOUR, rest % HOUR / MINUTE)
            };
            Some((seconds as f64, label))
        })
        .collect()
}

fn months(from: f64, to: f64, least: f64) -> Vec<(f64, String)> {
    let step = MONTH_STEPS.into_iter().find(|step| *step as f64 >= least).unwrap_or(1200);
    let start = Timestamp::EPOCH.saturating_add(TimeDelta::seconds(from as i64));
    let (year, month, _) = start.date();
    let first = (i64::from(year) * 12 + i64::from(month) - 1) / step * step;
    (first..)
        .step_by(usize::try_from(step).unwrap_or(12))
        .map_while(|index| {
            let (year, month) = (i16::try_from(index / 12).ok()?, i8::try_from(index % 12).ok()?);
            let seconds = Timestamp::from_date(year, month + 1, 1).ok()?.as_seconds_f64();
            let name = if month == 0 {
                year.to_string()
            } else {
                (*MONTH_NAMES.get(usize::try_from(month).ok()?)?).to_owned()
            };
            (seconds <= to).then_some((seconds, name))
        })
        .filter(|(seconds, _)| *seconds >= from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> f64 {
        text.parse::<Timestamp>().unwrap().as_seconds_f64()
    }

    #[test]
    fn values_are_round() {
        assert_eq!(values(0.0, 10.0, 5), (vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0], 0));
        let (ticks, places) = values(-0.34, 0.0, 4);
        assert_eq!((ticks.len(), places), (4, 1));
        assert!((ticks[0] + 0.3).abs() < 1e-12 && ticks[3] == 0.0, "{ticks:?}");
        assert_eq!(values(1.0, 1.0, 4), (vec![1.0], 2));
        assert_eq!(values(1.02, 1.11, 4).1, 3, "a step of 0.025 needs three places");
    }

    #[test]
    fn times_are_round() {
        let labels = |from: &str, to: &str, count| -> Vec<String> {
            times(seconds(from), seconds(to), count).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(
            labels("2015-06-01", "2019-02-01", 8),
            ["Jul", "2016", "Jul", "2017", "Jul", "2018", "Jul", "2019"]
        );
        assert_eq!(labels("2024-01-01", "2024-01-03", 4), ["Jan 1", "12:00", "Jan 2", "12:00", "Jan 3"]);
        assert_eq!(labels("2024-01-01", "2024-02-01", 6), ["Jan 1", "Jan 8", "Jan 15", "Jan 22", "Jan 29"]);
        assert_eq!(labels("1999-01-04", "2018-12-31", 8).first().map(String::as_str), Some("2000"));
    }
}
