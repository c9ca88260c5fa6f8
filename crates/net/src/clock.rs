//! Time: [`Uptime`], the clock of the async shells, and [`ClockSkew`] with [`VenueClock`], how far a venue's clock is from ours.
//!
//! - **K1** A sample is a round trip: when the request left, what the venue's clock said, when the answer came. The venue's
//!   clock was read somewhere in between, so the offset is that of the middle, and wrong by half the round trip at most.
//! - **K2** Of the last [`MAX_SAMPLES`] samples the one with the shortest round trip counts: its error is bounded best
//!   (Mills, RFC 5905, section 10, the clock filter).
//! - **K3** A sample grows old: for each second of age its bound grows by [`DRIFT_PPM`] microseconds, as clocks drift apart. What is older
//!   than the longest age that was set counts no more.
//! - **K4** A sample whose answer came before the request left, or whose offset cannot be held, is refused.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use algoflow_core::time::{TimeDelta, Timestamp};
use tokio::time::Instant;

/// How many round trips are kept.
pub const MAX_SAMPLES: usize = 32;

/// By how much two clocks are assumed to drift apart, in microseconds a second. Quartz is good to about 15 (RFC 5905).
pub const DRIFT_PPM: i64 = 15;

/// The time since it was made, as a [`Timestamp`] from the epoch on: monotonic, and under tokio's paused time deterministic.
/// The cores of this crate only compare times, so it does not matter to them where zero is.
#[derive(Clone, Copy, Debug)]
pub struct Uptime(Instant);

impl Uptime {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it runs.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_nanos(i64::try_from(self.0.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }
}

/// The wall clock, by which requests are dated. Read by the shells only.
#[must_use]
pub fn wall_clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The venue's time: the wall clock and what is known of its [`ClockSkew`]. Clones share it.
#[derive(Clone, Debug)]
pub struct VenueClock(Arc<Mutex<ClockSkew>>);

impl VenueClock {
    /// A clock that is ours until round trips are observed, which count for `longest_age`.
    #[must_use]
    pub fn new(longest_age: TimeDelta) -> Self {
        Self(Arc::new(Mutex::new(ClockSkew::new(longest_age))))
    }

    /// What the venue's clock says now, as far as is known.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.skew().to_venue(wall_clock())
    }

    /// Takes in a round trip: see [`ClockSkew::observe`].
    pub fn observe(&self, sent: Timestamp, venue: Timestamp, received: Timestamp) -> bool {
        self.skew().observe(sent, venue, received)
    }

    /// How far the venue's clock is ahead of ours, and how wrong that can be.
    #[must_use]
    pub fn offset(&self) -> Option<(TimeDelta, TimeDelta)> {
        let (now, skew) = (wall_clock(), self.skew());
        skew.offset(now).zip(skew.uncertainty(now))
    }

    fn skew(&self) -> MutexGuard<'_, ClockSkew> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A delta as tokio wants it; zero for a negative one.
pub(crate) fn duration(delta: TimeDelta) -> std::time::Duration {
    std::time::Duration::from_nanos(u64::try_from(delta.nanos()).unwrap_or(0))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    offset: TimeDelta,
    /// Half the round trip.
    bound: TimeDelta,
    taken: Timestamp,
}

impl Sample {
    /// How wrong the offset can be at `now` (K1, K3).
    fn error(&self, now: Timestamp) -> TimeDelta {
        let age = now.since(self.taken).nanos().max(0);
        self.bound.saturating_add(TimeDelta::from_nanos((age / 1_000_000).saturating_mul(DRIFT_PPM)))
    }
}

/// How far a venue's clock is ahead of ours.
///
/// ```
/// use algoflow_core::time::{TimeDelta, Timestamp};
/// use algoflow_net::clock::ClockSkew;
///
/// let at = |millis| Timestamp::from_millis(millis);
/// let mut skew = ClockSkew::new(TimeDelta::minutes(10));
/// // Asked at 1000, answered at 1040; the venue's clock said 1520.
/// assert!(skew.observe(at(1_000)?, at(1_520)?, at(1_040)?));
/// assert_eq!(skew.offset(at(1_040)?), Some(TimeDelta::millis(500)));
/// assert_eq!(skew.to_venue(at(2_000)?), at(2_500)?);
/// # Ok::<(), algoflow_core::error::TimeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClockSkew {
    samples: VecDeque<Sample>,
    longest_age: TimeDelta,
}

impl ClockSkew {
    /// An estimator that has seen nothing. Samples count for `longest_age`.
    #[must_use]
    pub fn new(longest_age: TimeDelta) -> Self {
        Self { samples: VecDeque::with_capacity(MAX_SAMPLES), longest_age }
    }

    /// Takes in a round trip: asked at `sent` and answered at `received` by our clock, when the venue's clock said `venue`.
    /// False if it was refused (K4).
    pub fn observe(&mut self, sent: Timestamp, venue: Timestamp, received: Timestamp) -> bool {
        let Some(trip) = received.nanos().checked_sub(sent.nanos()).filter(|trip| *trip >= 0) else {
            return false;
        };
        // Half of the trip rounds up, so that the bound holds for odd ones.
        let (middle, bound) = (sent.nanos() + trip / 2, trip / 2 + trip % 2);
        let Some(offset) = venue.nanos().checked_sub(middle) else { return false };
        if self.samples.len() == MAX_SAMPLES {
            self.samples.pop_front();
        }
        let (offset, bound) = (TimeDelta::from_nanos(offset), TimeDelta::from_nanos(bound));
        self.samples.push_back(Sample { offset, bound, taken: received });
        true
    }

    fn best(&self, now: Timestamp) -> Option<&Sample> {
        let fresh = self.samples.iter().filter(|sample| now.since(sample.taken) <= self.longest_age);
        fresh.min_by_key(|sample| sample.error(now))
    }

    /// By how much the venue's clock is ahead of ours at `now`; `None` if that is not known (any more).
    #[must_use]
    pub fn offset(&self, now: Timestamp) -> Option<TimeDelta> {
        self.best(now).map(|sample| sample.offset)
    }

    /// How wrong [`ClockSkew::offset`] can be.
    #[must_use]
    pub fn uncertainty(&self, now: Timestamp) -> Option<TimeDelta> {
        self.best(now).map(|sample| sample.error(now))
    }

    /// What the venue's clock says when ours says `ours`; the same if the offset is not known.
    #[must_use]
    pub fn to_venue(&self, ours: Timestamp) -> Timestamp {
        ours.saturating_add(self.offset(ours).unwrap_or(TimeDelta::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn k2_the_shortest_round_trip_counts() {
        let mut skew = ClockSkew::new(TimeDelta::minutes(1));
        assert_eq!(skew.offset(at(0)), None);
        skew.observe(at(0), at(900), at(1_000));
        skew.observe(at(2_000), at(2_110), at(2_020));
        skew.observe(at(3_000), at(3_900), at(4_000));
        assert_eq!(skew.offset(at(4_000)), Some(TimeDelta::from_nanos(100)));
        assert_eq!(skew.uncertainty(at(4_000)), Some(TimeDelta::from_nanos(10)));
    }

    #[test]
    fn k3_old_samples_count_less_and_then_no_more() {
        let mut skew = ClockSkew::new(TimeDelta::seconds(100));
        skew.observe(at(0), at(7), at(0));
        let later = at(0).saturating_add(TimeDelta::seconds(10));
        assert_eq!(skew.uncertainty(later), Some(TimeDelta::micros(150)), "15 microseconds a second");
        // A worse, fresh one wins once the drift of the old one is larger.
        let sent = later.saturating_sub(TimeDelta::micros(200));
        skew.observe(sent, sent, later);
        assert_eq!(skew.offset(later), Some(TimeDelta::micros(-100)));
        assert_eq!(skew.offset(later.saturating_add(TimeDelta::seconds(101))), None);
    }

    #[test]
    fn k4_impossible_samples_are_refused() {
        let mut skew = ClockSkew::new(TimeDelta::seconds(1));
        assert!(!skew.observe(at(2), at(2), at(1)));
        assert!(!skew.observe(Timestamp::MIN, at(0), Timestamp::MAX));
        assert!(!skew.observe(at(10), Timestamp::MIN, at(10)));
        assert_eq!(skew.offset(at(2)), None);
    }

    proptest! {
        /// K1: whenever the venue read its clock between the request and the answer, the true offset is within the bound.
        #[test]
        fn k1_the_true_offset_is_within_the_bound(
            offset in -1_000_000_000_000_i64..1_000_000_000_000,
            trips in prop::collection::vec((0_i64..5_000_000, 0_i64..5_000_000, 0_i64..1_000_000), 1..100),
        ) {
            let mut skew = ClockSkew::new(TimeDelta::hours(1));
            let mut now = 1_000_000_000_000_i64;
            for (there, back, pause) in trips {
                let (sent, read) = (now, now + there);
                now = read + back;
                prop_assert!(skew.observe(at(sent), at(read + offset), at(now)));
                let wrong = (skew.offset(at(now)).unwrap().nanos() - offset).abs();
                prop_assert!(wrong <= skew.uncertainty(at(now)).unwrap().nanos());
                now += pause;
            }
        }
    }
}
