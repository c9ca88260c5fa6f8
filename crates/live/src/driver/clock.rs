use algoflow_core::time::{TimeDelta, Timestamp};
use tokio::time::Instant;

use crate::session::Now;

/// What the clock on the wall says. A simulation has one of its own, which may jump.
pub trait Clock: Send + Sync {
    /// The time.
    fn wall(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        crate::paper::wall()
    }
}

/// The time as a session wants it: that which the process has run goes by the runtime's clock, which never jumps.
pub(super) struct Watch {
    begin: Instant,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self { begin: Instant::now() }
    }

    pub(super) fn now(&self, clock: &dyn Clock) -> Now {
        let running = i64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        Now { wall: clock.wall(), running: TimeDelta::from_nanos(running) }
    }

    /// The instant of a time that the process has run.
    pub(super) fn instant(&self, running: TimeDelta) -> Instant {
        let nanos = u64::try_from(running.nanos()).unwrap_or(0);
        self.begin + std::time::Duration::from_nanos(nanos)
    }
}
