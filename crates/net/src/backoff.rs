//! [`Backoff`]: how long to wait before the next attempt.

use algoflow_core::time::TimeDelta;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::NetError;

/// Exponential back-off with full jitter: before attempt n the wait is drawn evenly from zero to the smaller of `cap` and
/// `base` doubled n times (Brooker, "Exponential backoff and jitter", AWS architecture blog, 2015). Many clients that lost
/// one server at one moment come back spread out.
///
/// The draws come from a seed, so a test sees the same waits each time. Give each client another seed.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: TimeDelta,
    cap: TimeDelta,
    attempt: u32,
    random: ChaCha8Rng,
}

impl Backoff {
    /// Waits that start within `base` and never exceed `cap`.
    ///
    /// # Errors
    /// [`NetError::Setting`] unless zero < `base` <= `cap`.
    pub fn new(base: TimeDelta, cap: TimeDelta, seed: u64) -> Result<Self, NetError> {
        if base <= TimeDelta::ZERO {
            return Err(NetError::setting("the base of the back-off", base, "it must be above zero"));
        }
        if cap < base {
            return Err(NetError::setting("the cap of the back-off", cap, "it must not be below the base"));
        }
        Ok(Self { base, cap, attempt: 0, random: ChaCha8Rng::seed_from_u64(seed) })
    }

    /// The longest wait that the next call of [`Backoff::wait`] can give.
    #[must_use]
    pub fn ceiling(&self) -> TimeDelta {
        let factor = 1_i64.checked_shl(self.attempt).filter(|factor| *factor > 0).unwrap_or(i64::MAX);
        TimeDelta::from_nanos(self.base.nanos().saturating_mul(factor)).min(self.cap)
    }

    /// How long to wait now. The next wait can be twice as long.
    pub fn wait(&mut self) -> TimeDelta {
        let ceiling = self.ceiling().nanos();
        self.attempt = self.attempt.saturating_add(1);
        TimeDelta::from_nanos(self.random.random_range(0..=ceiling))
    }

    /// It went well: the next wait is short again. The draws go on.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let mut backoff = Backoff::new(TimeDelta::millis(100), TimeDelta::millis(500), 1).unwrap();
        let mut ceilings = Vec::new();
        for _ in 0..100 {
            ceilings.push(backoff.ceiling());
            backoff.wait();
        }
        assert_eq!(ceilings[..4], [100, 200, 400, 500].map(TimeDelta::millis));
        assert!(ceilings[3..].iter().all(|ceiling| *ceiling == TimeDelta::millis(500)), "no overflow");
        backoff.reset();
        assert_eq!(backoff.ceiling(), TimeDelta::millis(100));
    }

    #[test]
    fn seeds_tell_clients_apart_and_repeat() {
        let waits = |seed| {
            let mut backoff = Backoff::new(TimeDelta::seconds(1), TimeDelta::minutes(1), seed).unwrap();
            [(); 5].map(|()| backoff.wait())
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn bounds_that_make_no_sense_are_refused() {
        assert_eq!(
            Backoff::new(TimeDelta::ZERO, TimeDelta::seconds(1), 0).unwrap_err().code(),
            "NET_SETTING"
        );
        assert!(Backoff::new(TimeDelta::seconds(2), TimeDelta::seconds(1), 0).is_err());
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_ceiling(seed: u64, base in 1_i64..i64::MAX, cap in 1_i64..i64::MAX) {
            let (base, cap) = (base.min(cap), cap.max(base));
            let mut backoff =
                Backoff::new(TimeDelta::from_nanos(base), TimeDelta::from_nanos(cap), seed).unwrap();
            for _ in 0..70 {
                let ceiling = backoff.ceiling();
                let wait = backoff.wait();
                prop_assert!(TimeDelta::ZERO <= wait && wait <= ceiling && ceiling.nanos() <= cap);
            }
        }
    }
}
