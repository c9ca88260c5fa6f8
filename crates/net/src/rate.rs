//! Rate limits: what a venue allows a client to ask in a time, kept on our side so that it never has to say no.
//!
//! [`RateLimits`] is the core: it is handed times and never waits. [`RateLimiter`] waits for it.
//!
//! - **L1** *Window*: in no span of the window's length is more granted than the limit, wherever the venue's own windows begin. Grants
//!   are counted in [`SLOTS`] slots and held against the limit until the end of their slot is one window old, so a grant can be
//!   held back a slot too long, never let through too early.
//! - **L2** *Bucket*: it holds `burst` at most and gains `rate` for each period, evenly.
//! - **L3** A request takes from every limit that it names, or from none.
//! - **L4** The part of a limit that is reserved is for [`Priority::Cancel`]: what takes risk off is never kept waiting by what puts it on.
//! - **L5** What the venue says goes: if it counts more than we do (others use the same address or account), the difference is
//!   added; if it says to wait, nothing is granted until then, cancels included, since it would answer them with a ban.
//! - **L6** Who waits is served by priority, then in the order of coming; but one that waits for a limit does not hold up another that
//!   needs none of the same. At most [`MAX_WAITING`] wait; the next one is told so at once, as is one that would wait too long.

mod limiter;
mod queue;
mod quota;

pub use limiter::{RateLimiter, Waiting};
pub use queue::MAX_WAITING;
pub use quota::{Quota, SLOTS};

use algoflow_core::time::{TimeDelta, Timestamp};

use crate::error::NetError;

/// How urgent a request is. The first is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Takes risk off: cancels, reduce-only orders. May use the reserved part.
    Cancel,
    /// Puts risk on: orders, amendments.
    Order,
    /// Asks: accounts, history, reference data.
    Query,
}

/// Which limits a request counts against, and how much: at most a few, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost(Vec<(&'static str, u32)>);

impl Cost {
    /// A request that no limit counts.
    #[must_use]
    pub const fn free() -> Self {
        Self(Vec::new())
    }

    /// A request that counts `weight` against the limit named `limit`.
    #[must_use]
    pub fn of(limit: &'static str, weight: u32) -> Self {
        Self::free().and(limit, weight)
    }

    /// The same, and `weight` against another limit. The same limit twice adds up.
    #[must_use]
    pub fn and(mut self, limit: &'static str, weight: u32) -> Self {
        match self.0.iter_mut().find(|(name, _)| *name == limit) {
            Some((_, sum)) => *sum = sum.saturating_add(weight),
            None => self.0.push((limit, weight)),
        }
        self
    }

    fn shares_with(&self, other: &Self) -> bool {
        self.0.iter().any(|(name, _)| other.0.iter().any(|(theirs, _)| theirs == name))
    }
}

/// Whether a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go, and is counted.
    Go,
    /// It may not go before this time. Nothing is counted.
    Wait(Timestamp),
}

/// The limits of a venue (see the [module](self) for the rules). Times come from any one clock that never runs backwards; one that does is
/// treated as standing still.
#[derive(Clone, Debug, Default)]
pub struct RateLimits {
    quotas: Vec<(&'static str, Quota)>,
    blocked_until: Option<Timestamp>,
    now: Timestamp,
}

impl RateLimits {
    /// No limit at all.
    #[must_use]
    pub fn none() -> Self {
        Self { now: Timestamp::MIN, ..Self::default() }
    }

    /// The same, and one more limit. A second limit of the same name takes the place of the first.
    #[must_use]
    pub fn with(mut self, name: &'static str, quota: Quota) -> Self {
        self.quotas.retain(|(known, _)| *known != name);
        self.quotas.push((name, quota));
        self
    }

    /// Asks for a request to go at `now` (L3, L4, L5).
    ///
    /// # Errors
    /// [`NetError::UnknownLimit`], or [`NetError::Weight`] if it could never go.
    pub fn ask(&mut self, cost: &Cost, priority: Priority, now: Timestamp) -> Result<Verdict, NetError> {
        match self.earliest(cost, priority, now)? {
            Some(time) => Ok(Verdict::Wait(time)),
            None => {
                let now = self.now;
                for (name, weight) in &cost.0 {
                    if let Some(quota) = self.quota(name) {
                        quota.take(*weight, now);
                    }
                }
                Ok(Verdict::Go)
            }
        }
    }

    /// Checks that a request can ever go, without asking for it.
    ///
    /// # Errors
    /// As [`RateLimits::ask`].
    pub fn check(&self, cost: &Cost, priority: Priority) -> Result<(), NetError> {
        for (name, weight) in &cost.0 {
            let Some((name, quota)) = self.quotas.iter().find(|(known, _)| known == name) else {
                return Err(NetError::UnknownLimit { name: (*name).to_owned() });
            };
            let most = quota.usable(priority);
            if *weight > most {
                return Err(NetError::Weight { name, weight: *weight, most });
            }
        }
        Ok(())
    }

    /// When the request can go; `None` is now.
    fn earliest(
        &mut self,
        cost: &Cost,
        priority: Priority,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, NetError> {
        self.check(cost, priority)?;
        self.now = self.now.max(now);
        let now = self.now;
        let mut earliest = self.blocked_until.filter(|until| *until > now);
        for (name, weight) in &cost.0 {
            let wait = self.quota(name).and_then(|quota| quota.ready_at(*weight, priority, now));
            earliest = earliest.max(wait);
        }
        Ok(earliest)
    }

    fn quota(&mut self, name: &str) -> Option<&mut Quota> {
        self.quotas.iter_mut().find(|(known, _)| *known == name).map(|(_, quota)| quota)
    }

    /// The venue says how much of a limit is used, as in a used-weight header (L5).
    ///
    /// # Errors
    /// [`NetError::UnknownLimit`].
    pub fn observe_used(&mut self, limit: &str, used: u32, now: Timestamp) -> Result<(), NetError> {
        self.now = self.now.max(now);
        let now = self.now;
        let quota = self.quota(limit).ok_or_else(|| NetError::UnknownLimit { name: limit.to_owned() })?;
        let ours = quota.used(now);
        quota.take(used.saturating_sub(ours), now);
        Ok(())
    }

    /// The venue says to come back later, as with a status of 429 (L5). A shorter wait than the one that holds changes nothing.
    pub fn observe_retry_after(&mut self, wait: TimeDelta, now: Timestamp) {
        self.now = self.now.max(now);
        self.blocked_until = self.blocked_until.max(Some(self.now.saturating_add(wait)));
    }

    /// How much of a limit is used.
    ///
    /// # Errors
    /// [`NetError::UnknownLimit`].
    pub fn used(&mut self, limit: &str, now: Timestamp) -> Result<u32, NetError> {
        self.now = self.now.max(now);
        let now = self.now;
        let quota = self.quota(limit).ok_or_else(|| NetError::UnknownLimit { name: limit.to_owned() })?;
        Ok(quota.used(now))
    }
}

#[cfg(test)]
mod tests;
