//! Retries that do no harm.
//!
//! - **R1** A request that may have had an effect is not sent again: only errors after which it surely had none
//!   ([`VenueError::had_no_effect`]) are retried.
//! - **R2** Nor is one whose answer will not change: refused, unsupported, or with credentials that were refused. What is left: it was not sent,
//!   the connection failed, or the venue was too busy.
//! - **R3** Each retry takes one token of a [`RetryBudget`] that all requests of a client share, and each first attempt pays a part
//!   of one in. When a venue is down, requests so grow by that part at most, and not by a multiple (Google, "Site Reliability
//!   Engineering", 2016, chapter 22).
//! - **R4** There are at most [`MAX_ATTEMPTS`] attempts, and none that would begin after the deadline.
//! - **R5** Between attempts there is a wait with full jitter, and never less than the venue asked for.

mod budget;

pub use budget::{MAX_BUDGET, RetryBudget};

use std::future::Future;

use algoflow_core::{
    error::VenueError,
    time::{TimeDelta, Timestamp},
};

use crate::{
    backoff::Backoff,
    clock::{Uptime, duration},
    error::NetError,
};

/// The most attempts that a policy can allow (R4).
pub const MAX_ATTEMPTS: u32 = 16;

/// What is to be done after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this long. The budget has paid for it.
    Again(TimeDelta),
    /// The error is final.
    GiveUp(GiveUp),
}

/// Why there is no other attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GiveUp {
    /// The request may have had an effect (R1).
    MayHaveHadEffect,
    /// The answer would be the same (R2).
    Final,
    /// The shared budget is spent (R3).
    Budget,
    /// That were all attempts (R4).
    Attempts,
    /// The next attempt would come too late (R4).
    Deadline,
}

/// How often, how fast and on whose account requests are tried again. Clones share the budget.
///
/// ```
/// use algoflow_core::{error::VenueError, time::TimeDelta};
/// use algoflow_net::{backoff::Backoff, retry::{Retry, RetryBudget}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
/// let backoff = Backoff::new(TimeDelta::millis(50), TimeDelta::seconds(2), 7)?;
/// let retry = Retry::new(backoff, RetryBudget::new(10, 0.1)?).attempts(3)?.within(TimeDelta::seconds(10));
/// let mut tries = 0;
/// let answer = retry
///     .run(|| {
///         tries += 1;
///         let first = tries == 1;
///         async move {
///             if first { Err(VenueError::Connection { reason: "reset".into() }) } else { Ok(42) }
///         }
///     })
///     .await;
/// assert_eq!((answer, tries), (Ok(42), 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Retry {
    backoff: Backoff,
    budget: RetryBudget,
    attempts: u32,
    within: TimeDelta,
}

impl Retry {
    /// Three attempts within ten seconds.
    #[must_use]
    pub const fn new(backoff: Backoff, budget: RetryBudget) -> Self {
        Self { backoff, budget, attempts: 3, within: TimeDelta::seconds(10) }
    }

    /// The same with `count` attempts in all; one is no retry.
    ///
    /// # Errors
    /// [`NetError::Setting`] unless `count` is from 1 to [`MAX_ATTEMPTS`].
    pub fn attempts(mut self, count: u32) -> Result<Self, NetError> {
        if !(1..=MAX_ATTEMPTS).contains(&count) {
            return Err(NetError::setting("the number of attempts", count, "it must be from 1 to 16"));
        }
        self.attempts = count;
        Ok(self)
    }

    /// The same, with no attempt later than this after the first.
    #[must_use]
    pub const fn within(mut self, longest: TimeDelta) -> Self {
        self.within = longest;
        self
    }

    /// Begins a request: its first attempt pays into the budget.
    #[must_use]
    pub fn begin(&self, now: Timestamp) -> Attempts {
        self.budget.deposit();
        Attempts { policy: self.clone(), made: 1, deadline: now.saturating_add(self.within) }
    }

    /// Runs `request` until it succeeds or must not be tried again.
    ///
    /// # Errors
    /// The last error of `request`.
    pub async fn run<T, F>(&self, mut request: impl FnMut() -> F) -> Result<T, VenueError>
    where
        F: Future<Output = Result<T, VenueError>>,
    {
        let clock = Uptime::start();
        let mut attempts = self.begin(clock.now());
        loop {
            let error = match request().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match attempts.failed(&error, clock.now()) {
                Decision::Again(wait) => {
                    tracing::debug!(code = error.code(), %wait, "trying again");
                    tokio::time::sleep(duration(wait)).await;
                }
                Decision::GiveUp(why) => {
                    tracing::debug!(code = error.code(), ?why, "not tried again");
                    return Err(error);
                }
            }
        }
    }
}

/// The attempts of one request.
#[derive(Debug)]
pub struct Attempts {
    policy: Retry,
    made: u32,
    deadline: Timestamp,
}

impl Attempts {
    /// The attempt failed at `now`: whether there is another one (R1 to R5).
    pub fn failed(&mut self, error: &VenueError, now: Timestamp) -> Decision {
        if !error.had_no_effect() {
            return Decision::GiveUp(GiveUp::MayHaveHadEffect);
        }
        let at_least = match error {
            VenueError::NotSent { .. } | VenueError::Connection { .. } => TimeDelta::ZERO,
            VenueError::RateLimited { retry_after } => *retry_after,
            _ => return Decision::GiveUp(GiveUp::Final),
        };
        if self.made >= self.policy.attempts {
            return Decision::GiveUp(GiveUp::Attempts);
        }
        // On top of what the venue asked for: all who were told the same would come back at once.
        let wait = at_least.max(TimeDelta::ZERO).saturating_add(self.policy.backoff.wait());
        if now.saturating_add(wait) > self.deadline {
            return Decision::GiveUp(GiveUp::Deadline);
        }
        if !self.policy.budget.withdraw() {
            return Decision::GiveUp(GiveUp::Budget);
        }
        self.made += 1;
        Decision::Again(wait)
    }
}

#[cfg(test)]
mod tests;
