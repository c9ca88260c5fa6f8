//! The equity curve while it grows.

use algoflow_analytics::EquityPoint;
use algoflow_core::time::{TimeDelta, Timestamp};

/// A curve whose interval was not chosen never has many more points than this: 512 kB.
pub(crate) const MAX_POINTS: usize = 1 << 15;

/// The interval with which a curve begins whose interval was not chosen.
const FIRST: TimeDelta = TimeDelta::minutes(1);

/// The intervals to which it goes over, each a part of a day; after that days are doubled.
const COARSER: [TimeDelta; 8] = [
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::minutes(30),
    TimeDelta::hours(1),
    TimeDelta::hours(2),
    TimeDelta::hours(4),
    TimeDelta::hours(12),
    TimeDelta::days(1),
];

/// Takes one point in each interval: the last, after all that happened at its time.
///
/// Intervals are aligned to the epoch and include their end, so that a point at midnight closes the day that ends.
#[derive(Debug)]
pub(crate) struct Curve {
    points: Vec<EquityPoint>,
    every: TimeDelta,
    /// Whether the interval may grow.
    adapts: bool,
    /// The end of the interval in which the present time lies.
    end: Timestamp,
}

impl Curve {
    /// A curve with a point in each interval of this length, zero for one at every time; without a length one that begins
    /// with minutes and goes over to longer intervals as it needs to.
    pub(crate) fn new(every: Option<TimeDelta>) -> Self {
        Self {
            points: Vec::new(),
            every: every.unwrap_or(FIRST),
            adapts: every.is_none(),
            end: Timestamp::MIN,
        }
    }

    /// Makes room for so many events.
    pub(crate) fn reserve(&mut self, events: u64) {
        // The first and the last point are no event's.
        let events = usize::try_from(events.saturating_add(2)).unwrap_or(MAX_POINTS);
        // One more is there for a moment before the curve is thinned, and one comes at the end.
        self.points.reserve(events.min(MAX_POINTS + 2));
    }

    /// The first point.
    pub(crate) fn begin(&mut self, at: Timestamp, equity: f64) {
        self.points.push(EquityPoint { ts: at, equity });
        self.end = end_of(at.saturating_add(TimeDelta::from_nanos(1)), self.every);
    }

    /// Whether a point is due when time goes on to `next`.
    #[inline]
    pub(crate) fn is_due(&self, next: Timestamp) -> bool {
        next > self.end
    }

    /// Takes the point of `now`, as it stands before time goes on to `next`.
    #[inline]
    pub(crate) fn take(&mut self, now: Timestamp, equity: f64, next: Timestamp) {
        self.points.push(EquityPoint { ts: now, equity });
        self.end = end_behind(self.end, next, self.every);
        if self.points.len() > MAX_POINTS && self.adapts {
            self.thin(next);
        }
    }

    /// Goes over to longer intervals until half of the room is free. Time goes on to `next`.
    #[cold]
    fn thin(&mut self, next: Timestamp) {
        while self.points.len() > MAX_POINTS / 2 {
            let longer = COARSER.into_iter().find(|longer| *longer > self.every);
            self.every =
                longer.unwrap_or_else(|| TimeDelta::from_nanos(self.every.nanos().saturating_mul(2).max(1)));
            // The first point is what was paid in; of the others stay those behind which another interval begins.
            let Some(mut point) = self.points.get(1).copied() else { break };
            let (mut kept, mut end) = (1, end_of(point.ts, self.every));
            for index in 2..=self.points.len() {
                let behind = self.points.get(index).copied();
                let ts = behind.map_or(next, |behind| behind.ts);
                if ts > end {
                    if let Some(place) = self.points.get_mut(kept) {
                        *place = point;
                    }
                    kept += 1;
                    end = end_behind(end, ts, self.every);
                }
                point = behind.unwrap_or(point);
            }
            self.points.truncate(kept);
        }
        self.end = end_of(next, self.every);
    }

    /// All points, with one of `now` at the end.
    pub(crate) fn finish(mut self, now: Timestamp, equity: f64) -> Vec<EquityPoint> {
        self.points.push(EquityPoint { ts: now, equity });
        self.points
    }
}

/// The end of the interval in which a time lies that is behind the end of another.
#[inline]
fn end_behind(end: Timestamp, at: Timestamp, every: TimeDelta) -> Timestamp {
    // Nearly always it is the one that follows; a division finds it after a gap.
    let next = end.saturating_add(every);
    if at > next { end_of(at, every) } else { next }
}

/// The end of the interval in which a time lies.
fn end_of(at: Timestamp, every: TimeDelta) -> Timestamp {
    if every <= TimeDelta::ZERO {
        return at;
    }
    let start = at.floor_to(every);
    if start == at { at } else { start.saturating_add(every) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: i64) -> Timestamp {
        Timestamp::EPOCH.saturating_add(TimeDelta::minutes(number))
    }

    /// The curve of a value that is the number of the minute, at the minutes given.
    fn run(every: Option<TimeDelta>, minutes: impl Iterator<Item = i64>) -> Vec<EquityPoint> {
        let mut curve = Curve::new(every);
        let mut now = None;
        for next in minutes {
            match now {
                None => curve.begin(minute(next - 1), 0.0),
                Some(now) if curve.is_due(minute(next)) => curve.take(minute(now), now as f64, minute(next)),
                Some(_) => {}
            }
            now = Some(next);
        }
        let last = now.unwrap();
        curve.finish(minute(last), last as f64)
    }

    fn values(points: &[EquityPoint]) -> Vec<i64> {
        points.iter().map(|point| point.equity as i64).collect()
    }

    #[test]
    fn an_interval_has_its_last_point_and_includes_its_end() {
        let hours = run(Some(TimeDelta::hours(1)), 1..=150);
        assert_eq!(values(&hours), [0, 60, 120, 150]);
        // A market that closes at 90 minutes and opens again at 300: the close is not lost.
        let gap = run(Some(TimeDelta::hours(1)), (1..=90).chain(300..=310));
        assert_eq!(values(&gap), [0, 60, 90, 300, 310]);
        assert_eq!(values(&run(Some(TimeDelta::ZERO), [1, 2, 5, 9].into_iter())), [0, 1, 2, 5, 9]);
        assert_eq!(values(&run(None, 1..=5)), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_long_curve_goes_over_to_longer_intervals() {
        let count = 3 * MAX_POINTS as i64;
        let points = run(None, 1..=count);
        assert!(points.len() <= MAX_POINTS + 2, "{}", points.len());
        let inner = &points[1..points.len() - 1];
        assert_eq!(values(&points)[..3], [0, 5, 10]);
        assert!(inner.windows(2).all(|pair| pair[1].ts.since(pair[0].ts) == TimeDelta::minutes(5)));
        assert!(
            inner.iter().all(|point| point.ts == minute(point.equity as i64)),
            "with the equity of its time"
        );
        assert_eq!(points.last().unwrap().ts, minute(count));
        // Every day's close is there.
        let days = (1..count / 1440).map(|day| minute(1440 * day));
        let mut stamps = points.iter().map(|point| point.ts);
        assert!(days.into_iter().all(|day| stamps.any(|ts| ts == day)));
    }

    #[test]
    fn a_chosen_interval_stays() {
        let points = run(Some(TimeDelta::minutes(1)), 1..=MAX_POINTS as i64 + 10);
        assert_eq!(points.len(), MAX_POINTS + 11);
    }
}
