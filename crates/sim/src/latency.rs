use algoflow_core::time::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::SimError;

/// How long messages travel. Each leg is constant.
///
/// ```
/// use algoflow_core::time::TimeDelta;
/// use algoflow_sim::Latency;
/// let latency = Latency { entry: TimeDelta::millis(20), ..Latency::NONE };
/// assert_eq!(latency.ack, TimeDelta::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// From the venue's market data to the engine. The driver applies it: the venue itself sees data at once.
    pub feed: TimeDelta,
    /// From the engine to the venue: new orders, amendments and cancellations.
    pub entry: TimeDelta,
    /// From the venue back to the engine: every report.
    pub ack: TimeDelta,
}

impl Latency {
    /// Everything arrives at once.
    pub const NONE: Self = Self { feed: TimeDelta::ZERO, entry: TimeDelta::ZERO, ack: TimeDelta::ZERO };

    /// The three legs.
    #[must_use]
    pub const fn new(feed: TimeDelta, entry: TimeDelta, ack: TimeDelta) -> Self {
        Self { feed, entry, ack }
    }

    pub(crate) fn validate(&self) -> Result<(), SimError> {
        let legs = [("latency.feed", self.feed), ("latency.entry", self.entry), ("latency.ack", self.ack)];
        match legs.into_iter().find(|(_, leg)| *leg < TimeDelta::ZERO) {
            Some((name, leg)) => Err(SimError::setting(name, leg, "a latency cannot be negative")),
            None => Ok(()),
        }
    }
}
