use algoflow_core::time::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::reconcile::ExternalPolicy;

/// Where the engine's time comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// The clock on the wall.
    #[default]
    Clock,
    /// The data: recorded data are played back, and time stands still between them.
    Data,
}

/// What becomes of open orders when the journal can no longer be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalFailure {
    /// They are cancelled: it cannot be written down what they fill.
    #[default]
    Cancel,
    /// They stay. What they fill is found out from the venue when the journal is there again.
    Keep,
}

/// How a session deals with venues and its journal. Lengths of time go by the time that the process has run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// After how long a request without an answer is in doubt.
    pub request_timeout: TimeDelta,
    /// How old a new order or a change may be when it can leave at last; older ones are refused. Only a journal that is slow makes
    /// them old.
    pub max_command_age: TimeDelta,
    /// How often the account is compared while all is well.
    pub reconcile_every: TimeDelta,
    /// How soon it is compared again while it is not. Doubles each time, up to `reconcile_every`.
    pub reconcile_retry: TimeDelta,
    /// How far back snapshots are asked for beyond what is needed, for clocks that differ.
    pub history_margin: TimeDelta,
    /// After how long a stream of which nothing is heard is stale. None: never.
    pub stale_after: Option<TimeDelta>,
    /// After how long quotes and books that are subscribed to are stale though the connection is up; bars after their own length more.
    /// Of trades nobody knows when the next one is due. None: never.
    pub stale_data_after: Option<TimeDelta>,
    /// How far a venue's clock may be from ours. None: any.
    pub max_clock_skew: Option<TimeDelta>,
    /// How many bars of each subscription strategies are told of from the venue's past when they begin, or go on after a pause: as
    /// far as they do not know them. Zero: none. Recorded data that are played back are their own past.
    pub warm_up: u32,
    /// What becomes of what is not ours.
    pub external: ExternalPolicy,
    /// How old an order may be, in the engine's time, that is sent again once it is proven that the venue never took it. Zero: only if
    /// the market has not moved since, as when recorded data are played back.
    pub resend_within: TimeDelta,
    /// Whether open orders are cancelled at the end.
    pub cancel_on_stop: bool,
    /// How long the end may take.
    pub stop_within: TimeDelta,
    /// What becomes of open orders when the journal fails.
    pub on_journal_failure: JournalFailure,
    /// Where the engine's time comes from.
    pub time: TimeSource,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            request_timeout: TimeDelta::seconds(10),
            max_command_age: TimeDelta::seconds(5),
            reconcile_every: TimeDelta::seconds(60),
            reconcile_retry: TimeDelta::millis(500),
            history_margin: TimeDelta::minutes(5),
            stale_after: Some(TimeDelta::seconds(60)),
            stale_data_after: Some(TimeDelta::minutes(5)),
            max_clock_skew: Some(TimeDelta::seconds(1)),
            warm_up: 500,
            external: ExternalPolicy::Adopt,
            resend_within: TimeDelta::ZERO,
            cancel_on_stop: true,
            stop_within: TimeDelta::seconds(30),
            on_journal_failure: JournalFailure::Cancel,
            time: TimeSource::Clock,
        }
    }
}
