use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use algoflow_core::error::VenueError;

use super::{Breaker, BreakerState, Pass, Trip, is_failure};
use crate::{clock::Uptime, error::NetError};

/// A [`Breaker`] that many requests share. Clones are the same breaker. One for each host: an endpoint that is ill should not keep
/// cancels from another that is well.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    breaker: Arc<Mutex<Breaker>>,
    clock: Uptime,
}

impl CircuitBreaker {
    /// A closed breaker.
    ///
    /// # Errors
    /// As [`Breaker::new`].
    pub fn new(trip: Trip) -> Result<Self, NetError> {
        Ok(Self { breaker: Arc::new(Mutex::new(Breaker::new(trip)?)), clock: Uptime::start() })
    }

    /// Asks to send a request.
    ///
    /// # Errors
    /// [`VenueError::NotSent`] while the breaker is open, or enough requests try whether the venue is well.
    pub fn permit(&self) -> Result<Permit<'_>, VenueError> {
        match self.lock().ask(self.clock.now()) {
            Ok(pass) => Ok(Permit { circuit: self, pass: Some(pass) }),
            Err(wait) => {
                let reason = format!("the circuit breaker is open; try again in {wait}");
                Err(VenueError::NotSent { reason })
            }
        }
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.lock().state(self.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to send one request. Dropped without an outcome it counts for nothing.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    circuit: &'a CircuitBreaker,
    pass: Option<Pass>,
}

impl Permit<'_> {
    /// The request ended like this.
    pub fn done<T>(mut self, outcome: &Result<T, VenueError>) {
        let Some(pass) = self.pass.take() else { return };
        match outcome {
            // It did not go: no outcome.
            Err(VenueError::NotSent { .. }) => self.circuit.lock().given_up(pass),
            outcome => {
                let failed = outcome.as_ref().err().is_some_and(is_failure);
                self.circuit.lock().done(pass, failed, self.circuit.clock.now());
            }
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.circuit.lock().given_up(pass);
        }
    }
}
