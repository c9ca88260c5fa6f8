use std::{collections::BTreeMap, time::Duration};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How an append of a [`MemoryStore`](super::MemoryStore) goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no room: nothing is written, and nothing more is taken until the store is opened again.
    Full,
    /// The process ends before anything is durable. What a database leaves of a torn write is the same: nothing.
    CrashBefore,
    /// The process ends when all is durable, before it knows.
    CrashAfter,
    /// The process ends while a file without transactions is written: so many thousandths of the group's bytes are there.
    Torn {
        /// How many.
        permille: u16,
    },
}

/// How often appends go wrong, each in so many of 10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// [`Fault::Full`].
    pub full: u16,
    /// [`Fault::CrashBefore`].
    pub crash_before: u16,
    /// [`Fault::CrashAfter`].
    pub crash_after: u16,
    /// [`Fault::Torn`], at a place that is drawn too.
    pub torn: u16,
}

/// Which appends of a [`MemoryStore`](super::MemoryStore) go wrong, and how long they take. The same plan gives the same faults.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    plan: BTreeMap<u64, Fault>,
    drawn: Option<(ChaCha8Rng, FaultRates)>,
    latency: Option<(ChaCha8Rng, Duration, Duration)>,
}

impl Faults {
    /// Nothing goes wrong, and nothing takes any time.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Faults drawn from `seed`.
    #[must_use]
    pub fn seeded(seed: u64, rates: FaultRates) -> Self {
        Self { drawn: Some((ChaCha8Rng::seed_from_u64(seed), rates)), ..Self::default() }
    }

    /// Append number `append` (from one, since the store was opened) goes wrong.
    #[must_use]
    pub fn at(mut self, append: u64, fault: Fault) -> Self {
        self.plan.insert(append, fault);
        self
    }

    /// Each append takes a time between these two, drawn from `seed`.
    #[must_use]
    pub fn latency_between(mut self, seed: u64, least: Duration, most: Duration) -> Self {
        self.latency = Some((ChaCha8Rng::seed_from_u64(seed), least, most.max(least)));
        self
    }

    pub(super) fn of(&mut self, append: u64) -> Option<Fault> {
        let drawn = self.drawn.as_mut().and_then(|(rng, rates)| draw(rng, rates));
        self.plan.get(&append).copied().or(drawn)
    }

    pub(super) fn latency(&mut self) -> Option<Duration> {
        let (rng, least, most) = self.latency.as_mut()?;
        Some(rng.random_range(*least..=*most))
    }
}

fn draw(rng: &mut impl Rng, rates: &FaultRates) -> Option<Fault> {
    // Always two draws, so that a rate that changes does not change what comes after.
    let (mut at, permille) = (rng.random_range(0..10_000_u16), rng.random_range(0..1_000_u16));
    let faults = [
        (rates.full, Fault::Full),
        (rates.crash_before, Fault::CrashBefore),
        (rates.crash_after, Fault::CrashAfter),
        (rates.torn, Fault::Torn { permille }),
    ];
    for (rate, fault) in faults {
        match at.checked_sub(rate) {
            None => return Some(fault),
            Some(rest) => at = rest,
        }
    }
    None
}
