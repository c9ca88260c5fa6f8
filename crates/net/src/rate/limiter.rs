use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use algoflow_core::{
    error::VenueError,
    time::{TimeDelta, Timestamp},
};
use tokio::sync::Notify;

use super::{
    Cost, Priority, RateLimits,
    queue::{Place, Queue, Turn},
};
use crate::{
    clock::{Uptime, duration},
    error::NetError,
};

/// How long a request may wait for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Not at all.
    Never,
    /// At most this long.
    AtMost(TimeDelta),
}

/// [`RateLimits`] that are waited for. Clones share the limits: one for all connections that a venue counts together.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<(RateLimits, Queue)>,
    changed: Notify,
    clock: Uptime,
}

impl RateLimiter {
    /// A limiter whose limits are unused.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        let state = Mutex::new((limits, Queue::default()));
        Self { shared: Arc::new(Shared { state, changed: Notify::new(), clock: Uptime::start() }) }
    }

    /// Waits until a request may go, and counts it. Dropping the future gives the place up.
    ///
    /// # Errors
    /// [`VenueError::RateLimited`] if it would have to wait longer than `waiting` or the queue is full,
    /// [`VenueError::NotSent`] if it could never go.
    pub async fn acquire(&self, cost: &Cost, priority: Priority, waiting: Waiting) -> Result<(), VenueError> {
        self.lock().0.check(cost, priority)?;
        let patience = match waiting {
            Waiting::Never => TimeDelta::ZERO,
            Waiting::AtMost(longest) => longest,
        };
        let give_up = self.shared.clock.now().saturating_add(patience);
        let Some(place) = self.lock().1.join(cost.clone(), priority) else {
            // As full a queue as this moves only when somebody ahead goes; that is not known, so any time is a guess.
            return Err(VenueError::RateLimited { retry_after: TimeDelta::seconds(1) });
        };
        let _given_up_on_drop = Ticket { limiter: self, place };
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // Whatever changes from here on wakes us, even before we wait.
            changed.as_mut().enable();
            let now = self.shared.clock.now();
            let turn = {
                let (limits, queue) = &mut *self.lock();
                queue.turn(place, limits, now)?
            };
            let wake = match turn {
                Turn::Go => return Ok(()),
                Turn::At(time) if time > give_up => {
                    return Err(VenueError::RateLimited { retry_after: time.since(now) });
                }
                Turn::At(time) => time,
                Turn::After if now >= give_up => {
                    return Err(VenueError::RateLimited { retry_after: TimeDelta::seconds(1) });
                }
                Turn::After => give_up,
            };
            tokio::select! {
                () = &mut changed => {}
                () = tokio::time::sleep(duration(wake.since(now))) => {}
            }
        }
    }

    /// What the venue says of a limit: see [`RateLimits::observe_used`].
    ///
    /// # Errors
    /// [`NetError::UnknownLimit`].
    pub fn observe_used(&self, limit: &str, used: u32) -> Result<(), NetError> {
        let now = self.shared.clock.now();
        self.lock().0.observe_used(limit, used, now)
    }

    /// The venue says to come back later: see [`RateLimits::observe_retry_after`].
    pub fn observe_retry_after(&self, wait: TimeDelta) {
        let now = self.shared.clock.now();
        self.lock().0.observe_retry_after(wait, now);
    }

    /// How much of a limit is used.
    ///
    /// # Errors
    /// [`NetError::UnknownLimit`].
    pub fn used(&self, limit: &str) -> Result<u32, NetError> {
        let now: Timestamp = self.shared.clock.now();
        self.lock().0.used(limit, now)
    }

    /// Never held across an await. A panic of a holder leaves counts that are too high at worst.
    fn lock(&self) -> MutexGuard<'_, (RateLimits, Queue)> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is given up when it is dropped, and whose end lets the next one look.
struct Ticket<'a> {
    limiter: &'a RateLimiter,
    place: Place,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.limiter.lock().1.leave(self.place);
        self.limiter.shared.changed.notify_waiters();
    }
}
