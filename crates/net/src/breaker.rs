//! Circuit breakers: a venue that does not answer is left alone for a while.
//!
//! - **B1** *Closed*: requests go. When of the last [`Trip::of`] outcomes at least [`Trip::failures`] were failures, the breaker opens.
//! - **B2** *Open*: nothing goes until the rest is over, and is refused as surely not sent.
//! - **B3** *Half-open*, after the rest: up to [`Trip::probes`] requests at a time go. As many successes in a row close it, one failure opens it
//!   again, for twice as long, up to [`Trip::longest_rest`].
//! - **B4** A failure is what tells of a venue that is ill: connections that fail, unknown outcomes, answers that make no sense. A refusal is
//!   an answer of a healthy one, and so is being asked to slow down. What did not go (B2) is no outcome.
//! - **B5** The outcome of a request that went before the last change of state is not counted: it tells of the past.
//! - **B6** A request that is given up without an outcome counts for nothing and frees its place.

mod circuit;

pub use circuit::{CircuitBreaker, Permit};

use std::collections::VecDeque;

use algoflow_core::{
    error::VenueError,
    time::{TimeDelta, Timestamp},
};

use crate::error::NetError;

/// The most outcomes that a breaker can look back on.
pub const MAX_OUTCOMES: usize = 1_024;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// So many failures open it.
    pub failures: usize,
    /// Among so many of the last outcomes.
    pub of: usize,
    /// How long it stays open at first.
    pub rest: TimeDelta,
    /// How long it stays open at most.
    pub longest_rest: TimeDelta,
    /// How many requests try whether the venue is well again.
    pub probes: usize,
}

impl Default for Trip {
    fn default() -> Self {
        let (rest, longest_rest) = (TimeDelta::seconds(1), TimeDelta::minutes(1));
        Self { failures: 5, of: 10, rest, longest_rest, probes: 2 }
    }
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Requests go.
    Closed,
    /// Nothing goes before this time.
    Open {
        /// When it becomes half-open.
        until: Timestamp,
    },
    /// A few requests go.
    HalfOpen,
}

/// Whether a request is let through, under which state of the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Pass {
    epoch: u64,
}

/// The state machine (see the [module](self) for the rules). It is told the time and never reads a clock.
#[derive(Clone, Debug)]
pub struct Breaker {
    trip: Trip,
    state: BreakerState,
    /// Of the last requests, whether they failed.
    outcomes: VecDeque<bool>,
    failures: usize,
    rest: TimeDelta,
    probing: usize,
    successes: usize,
    /// Counts the changes of state.
    epoch: u64,
}

impl Breaker {
    /// A closed breaker.
    ///
    /// # Errors
    /// [`NetError::Setting`] unless 1 <= failures <= of <= [`MAX_OUTCOMES`], 0 < rest <= `longest_rest`, and there is a probe.
    pub fn new(trip: Trip) -> Result<Self, NetError> {
        if trip.failures == 0 || trip.failures > trip.of {
            let reason = "it must be from 1 to the number of outcomes";
            return Err(NetError::setting("the number of failures that open", trip.failures, reason));
        }
        if trip.of > MAX_OUTCOMES {
            return Err(NetError::setting("the number of outcomes", trip.of, "it must be at most 1024"));
        }
        if trip.rest <= TimeDelta::ZERO || trip.longest_rest < trip.rest {
            let reason = "it must be above zero and not above the longest rest";
            return Err(NetError::setting("the rest of a breaker", trip.rest, reason));
        }
        if trip.probes == 0 {
            return Err(NetError::setting("the number of probes", 0, "it must be above zero"));
        }
        Ok(Self {
            trip,
            state: BreakerState::Closed,
            outcomes: VecDeque::with_capacity(trip.of),
            failures: 0,
            rest: trip.rest,
            probing: 0,
            successes: 0,
            epoch: 0,
        })
    }

    /// How it stands at `now`.
    pub fn state(&mut self, now: Timestamp) -> BreakerState {
        if let BreakerState::Open { until } = self.state
            && now >= until
        {
            self.change(BreakerState::HalfOpen);
        }
        self.state
    }

    /// Whether a request may go at `now`. Each pass is to be given back with [`Breaker::done`] or [`Breaker::given_up`].
    ///
    /// # Errors
    /// How long to wait before it makes sense to ask again (B2); zero while probes are under way (B3).
    pub fn ask(&mut self, now: Timestamp) -> Result<Pass, TimeDelta> {
        match self.state(now) {
            BreakerState::Closed => {}
            BreakerState::Open { until } => return Err(until.since(now)),
            BreakerState::HalfOpen if self.probing >= self.trip.probes => return Err(TimeDelta::ZERO),
            BreakerState::HalfOpen => self.probing += 1,
        }
        Ok(Pass { epoch: self.epoch })
    }

    /// A request ended: well, or in a failure (B4).
    pub fn done(&mut self, pass: Pass, failed: bool, now: Timestamp) {
        if pass.epoch != self.epoch {
            return;
        }
        match self.state {
            BreakerState::Closed => {
                if self.outcomes.len() == self.trip.of && self.outcomes.pop_front() == Some(true) {
                    self.failures = self.failures.saturating_sub(1);
                }
                self.outcomes.push_back(failed);
                self.failures += usize::from(failed);
                if self.failures >= self.trip.failures {
                    self.rest = self.trip.rest;
                    self.open(now);
                }
            }
            BreakerState::HalfOpen if failed => {
                self.rest = self.rest.saturating_add(self.rest).min(self.trip.longest_rest);
                self.open(now);
            }
            BreakerState::HalfOpen => {
                self.probing = self.probing.saturating_sub(1);
                self.successes += 1;
                if self.successes >= self.trip.probes {
                    self.change(BreakerState::Closed);
                }
            }
            BreakerState::Open { .. } => {}
        }
    }

    /// A request was given up; nobody knows how it would have ended (B6).
    pub fn given_up(&mut self, pass: Pass) {
        if pass.epoch == self.epoch && self.state == BreakerState::HalfOpen {
            self.probing = self.probing.saturating_sub(1);
        }
    }

    fn open(&mut self, now: Timestamp) {
        self.change(BreakerState::Open { until: now.saturating_add(self.rest) });
    }

    fn change(&mut self, state: BreakerState) {
        self.state = state;
        self.outcomes.clear();
        (self.failures, self.probing, self.successes) = (0, 0, 0);
        self.epoch += 1;
    }
}

/// Whether an error tells of a venue that is ill (B4).
#[must_use]
pub const fn is_failure(error: &VenueError) -> bool {
    matches!(error, VenueError::Unknown { .. } | VenueError::Connection { .. } | VenueError::Protocol { .. })
}

#[cfg(test)]
mod tests;
