//! Returns over equal periods, made from equity.

use algoflow_core::time::{TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    calendar,
    equity::{self, EquityPoint},
    error::{AnalyticsError, Result},
};

/// Seconds of a mean Gregorian year of 365.2425 days.
pub(crate) const SECONDS_PER_YEAR: f64 = 365.2425 * 86_400.0;

/// The conventional numbers of periods per year that an observed density is rounded to when it is within 5 %.
const CONVENTIONS: [f64; 12] = [
    1.0,
    4.0,
    12.0,
    52.0,
    252.0,
    365.0,
    // Hours of exchange sessions of 6.5 hours, hours of all days; likewise minutes.
    252.0 * 6.5,
    365.0 * 24.0,
    252.0 * 390.0,
    365.0 * 1440.0,
    252.0 * 390.0 * 60.0,
    365.0 * 86_400.0,
];

/// Into which periods equity is cut before returns are taken.
///
/// A point belongs to the period that lasts until its stamp: one exactly at midnight to the day, week or month that
/// ends there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Period {
    /// Daily where there are returns of at least ten UTC days, else as given.
    #[default]
    Auto,
    /// One return per point; of points at the same time the last counts.
    AsGiven,
    /// Steps of a fixed length, aligned to the epoch; the last point in each counts.
    Every(TimeDelta),
    /// UTC days; the last point of each counts.
    Daily,
    /// Weeks that begin on Monday, UTC; the last point of each counts.
    Weekly,
    /// Calendar months, UTC; the last point of each counts.
    Monthly,
}

const DAY: TimeDelta = TimeDelta::days(1);
/// The fewest daily returns for which [`Period::Auto`] means daily.
const MIN_DAYS: usize = 10;

impl Period {
    /// What `Auto` means for these points; any other period is itself.
    #[must_use]
    pub fn resolve(self, points: &[EquityPoint]) -> Self {
        if self != Self::Auto {
            return self;
        }
        let Some(first) = points.first() else { return Self::AsGiven };
        let (mut days, mut last) = (0, None);
        // A day of the first point alone has no return: that point is the base.
        for point in points.iter().filter(|point| point.ts > first.ts) {
            let day = Some(Self::Daily.bucket(point.ts));
            if day != last {
                days += 1;
                last = day;
            }
            if days >= MIN_DAYS {
                return Self::Daily;
            }
        }
        Self::AsGiven
    }

    /// A number that is equal for times in one period and grows with time.
    #[must_use]
    pub(crate) fn bucket(self, ts: Timestamp) -> i64 {
        let within = calendar::last_instant(ts);
        match self {
            Self::Auto | Self::AsGiven => ts.nanos(),
            Self::Every(step) => within.floor_to(step).nanos(),
            Self::Daily => within.floor_to(DAY).nanos(),
            // The epoch was a Thursday, so weeks that begin on Monday are three days ahead of it.
            Self::Weekly => within.saturating_add(TimeDelta::days(3)).floor_to(TimeDelta::days(7)).nanos(),
            Self::Monthly => {
                let (year, month, _) = within.date();
                i64::from(year) * 12 + i64::from(month)
            }
        }
    }

    /// What one period is called: `day`, `week`, `period`.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Daily => "day",
            Self::Weekly => "week",
            Self::Monthly => "month",
            Self::Auto | Self::AsGiven | Self::Every(_) => "period",
        }
    }
}

/// Simple returns `r[t] = equity[t] / equity[t-1] - 1` over consecutive periods.
///
/// The base is the first equity point. If the first period holds more points than that one, its return (from the
/// base to its last point) is the first of the series, so that all returns together compound to the last equity
/// over the first. Periods without a point are left out: the next return spans them.
///
/// **Ruin.** Where equity falls to zero or below, the return is -1 and the series ends: nothing can be earned on
/// nothing, and a debt has no return. [`ruined`](Self::ruined) says when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnSeries {
    period: Period,
    start: Timestamp,
    times: Vec<Timestamp>,
    values: Vec<f64>,
    ruined: Option<Timestamp>,
}

impl ReturnSeries {
    /// Cuts equity into periods and takes the return of each.
    ///
    /// Every period with a point has a return. Where points also come at times at which no market moved (a dividend on a
    /// Sunday, a curve that is sampled around the clock), use [`from_equity_on_market`](Self::from_equity_on_market).
    ///
    /// # Errors
    /// [`AnalyticsError`] if the points are not valid (see [`equity::validate`]) or lie in one period, or for a
    /// step of zero or less.
    pub fn from_equity(points: &[EquityPoint], period: Period) -> Result<Self> {
        equity::validate(points)?;
        Self::from_valid(points, period)
    }

    /// The same, with a return only for periods in which the market spoke. `market` are the times of market data, in
    /// order: the close of each bar, or the times of trades and quotes, of everything that was held.
    ///
    /// 1. A point tells of the latest market data at or before it: it belongs to the period of **their** time, so that a
    ///    daily close that is received minutes after midnight still counts for its day.
    /// 2. A point without market data since the point before it has no period: what changed there (a dividend, a fee, a
    ///    payment on a weekend) is part of the next return, after the last market data of the last one.
    ///
    /// So no calendar has to be given: shares make about 252 daily returns a year, what trades around the clock 365, and
    /// both together 365, since on a weekend the account moves with the one. That a period without a market would count
    /// as a return of zero is what this rules out. It would make deviations and Sharpe ratios smaller wherever the
    /// number of periods per year does not count it too.
    ///
    /// # Errors
    /// As [`from_equity`](Self::from_equity); also if `market` is not in order or has no time after the first point
    /// and up to the last.
    pub fn from_equity_on_market(
        points: &[EquityPoint],
        period: Period,
        market: &[Timestamp],
    ) -> Result<Self> {
        equity::validate(points)?;
        for (before, after) in market.iter().zip(market.iter().skip(1)) {
            if after < before {
                return Err(AnalyticsError::TimeOrder { previous: *before, next: *after });
            }
        }
        Self::from_valid(&equity::on_market(points, market), period)
    }

    /// The returns of points that are known to be valid.
    fn from_valid(points: &[EquityPoint], period: Period) -> Result<Self> {
        if let Period::Every(step) = period
            && step <= TimeDelta::ZERO
        {
            let value = step.as_seconds_f64();
            return Err(AnalyticsError::InvalidOption {
                name: "period",
                value,
                expected: "above zero seconds",
            });
        }
        let period = period.resolve(points);
        let closes = closes(points, period);
        let [base, ..] = points else { return Err(AnalyticsError::TooFewPoints { count: 0 }) };
        // A first period of a single point is the base itself; as given, the last of equal times is.
        let first_is_base = closes.first().is_some_and(|close| close.ts == base.ts);
        let base = if first_is_base { closes.first().copied().unwrap_or(*base) } else { *base };
        if base.equity <= 0.0 {
            return Err(AnalyticsError::NoCapital { ts: base.ts, equity: base.equity });
        }
        let mut series = Self { period, start: base.ts, times: Vec::new(), values: Vec::new(), ruined: None };
        let mut previous = base.equity;
        for close in closes.iter().skip(usize::from(first_is_base)) {
            let value = (close.equity / previous - 1.0).max(-1.0);
            if !value.is_finite() {
                return Err(AnalyticsError::InvalidReturn { ts: close.ts, value });
            }
            series.times.push(close.ts);
            series.values.push(value);
            previous = close.equity;
            if close.equity <= 0.0 {
                series.ruined = Some(close.ts);
                break;
            }
        }
        if series.values.is_empty() {
            return Err(AnalyticsError::TooFewPoints { count: 1 });
        }
        Ok(series)
    }

    /// A series of returns that are known already: `values[i]` was earned from the time before (`start` for the
    /// first) to `times[i]`.
    ///
    /// # Errors
    /// [`AnalyticsError`] if there are no values, the lengths differ, a time does not follow the one before, or a
    /// value is not a finite number of at least -1.
    pub fn from_returns(
        start: Timestamp,
        times: Vec<Timestamp>,
        values: Vec<f64>,
        period: Period,
    ) -> Result<Self> {
        if times.len() != values.len() {
            let (left, right) = (times.len(), values.len());
            return Err(AnalyticsError::LengthMismatch { what: "times and returns", left, right });
        }
        if values.is_empty() {
            return Err(AnalyticsError::TooFewPoints { count: 0 });
        }
        let mut previous = start;
        for (&ts, &value) in times.iter().zip(&values) {
            if ts <= previous {
                return Err(AnalyticsError::TimeOrder { previous, next: ts });
            }
            if !value.is_finite() || value < -1.0 {
                return Err(AnalyticsError::InvalidReturn { ts, value });
            }
            previous = ts;
        }
        let ruin = values.iter().position(|value| *value <= -1.0);
        let mut series = Self { period, start, times, values, ruined: None };
        if let Some(index) = ruin {
            series.times.truncate(index + 1);
            series.values.truncate(index + 1);
            series.ruined = series.times.last().copied();
        }
        Ok(series)
    }

    /// The period of one return. Never `Auto` if made from equity.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The time of the base, from which the first return is counted.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The time of the last return.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.times.last().copied().unwrap_or(self.start)
    }

    /// When each return was complete.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The returns, as fractions: 0.01 is one percent.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The number of returns; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no return.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// When equity was gone, if it was.
    #[must_use]
    pub const fn ruined(&self) -> Option<Timestamp> {
        self.ruined
    }

    /// The time from the base to the last return in years of 365.2425 days.
    #[must_use]
    pub fn years(&self) -> f64 {
        self.end().since(self.start).as_seconds_f64() / SECONDS_PER_YEAR
    }

    /// How many such periods a year has: 52 weeks, 12 months, else as observed, which is the number of returns over the
    /// years they span, rounded to a convention of the field (1, 4, 12, 52, 252, 365; hours, minutes and seconds of 252
    /// sessions of 6.5 hours or of 365 days) if it is within 5 % of one. 1 if no time passed.
    #[must_use]
    pub fn observed_periods_per_year(&self) -> f64 {
        match self.period {
            Period::Weekly => return 52.0,
            Period::Monthly => return 12.0,
            _ => {}
        }
        let observed = self.len() as f64 / self.years();
        if !observed.is_finite() || observed <= 0.0 {
            return 1.0;
        }
        let distance = |convention: &f64| (observed / convention).ln().abs();
        let nearest = CONVENTIONS.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.filter(|convention| (observed / convention - 1.0).abs() <= 0.05).unwrap_or(observed)
    }

    /// What one unit of capital became: 1 at [`start`](Self::start), then one value per return.
    #[must_use]
    pub fn wealth(&self) -> Vec<f64> {
        std::iter::once(1.0).chain(crate::measure::wealth(&self.values)).collect()
    }

    /// The returns of `other` over the periods of this series, paired with this series' own: the other is valued
    /// as of the end of each period here (its last value in that period, else the last one before).
    ///
    /// Periods before the other's base and after its last value are left out.
    #[must_use]
    pub fn pair_with(&self, other: &Self) -> PairedReturns {
        let other_wealth = other.wealth();
        let other_times: Vec<i64> = std::iter::once(other.start)
            .chain(other.times.iter().copied())
            .map(|ts| self.period.bucket(ts))
            .collect();
        let end = self.period.bucket(other.end());
        let as_of = |ts: Timestamp| {
            let bucket = self.period.bucket(ts);
            if bucket > end {
                return None;
            }
            let count = other_times.partition_point(|time| *time <= bucket);
            count.checked_sub(1).and_then(|index| other_wealth.get(index)).copied()
        };
        let mut paired = PairedReturns::default();
        let mut before = as_of(self.start);
        for (&ts, &value) in self.times.iter().zip(&self.values) {
            let after = as_of(ts);
            if let (Some(before), Some(after)) = (before, after)
                && before > 0.0
            {
                paired.times.push(ts);
                paired.own.push(value);
                paired.other.push(after / before - 1.0);
            }
            before = after;
        }
        paired
    }
}

/// The last point of each period.
fn closes(points: &[EquityPoint], period: Period) -> Vec<EquityPoint> {
    let mut closes: Vec<EquityPoint> = Vec::new();
    let mut last_bucket = None;
    for point in points {
        let bucket = period.bucket(point.ts);
        match closes.last_mut() {
            Some(close) if last_bucket == Some(bucket) => *close = *point,
            _ => closes.push(*point),
        }
        last_bucket = Some(bucket);
    }
    closes
}

/// The returns of two series over the same periods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairedReturns {
    /// The end of each period.
    pub times: Vec<Timestamp>,
    /// The returns of the series itself.
    pub own: Vec<f64>,
    /// The returns of the other, such as a benchmark.
    pub other: Vec<f64>,
}

#[cfg(test)]
mod tests;
