//! What is said on the socket.

use algoflow_core::id::{InstrumentId, StrategyId};
use algoflow_execution::{
    ControlAction, Scope,
    risk::{RiskEvent, RiskLimits},
};
use serde::{Deserialize, Serialize};

use super::{FillsReport, OrdersReport, PositionsReport, StatusReport};

/// The version of what is said on the socket.
pub const PROTOCOL_VERSION: u32 = 1;

/// A line that is sent to a process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// [`PROTOCOL_VERSION`].
    pub version: u32,
    /// The token in hexadecimal digits.
    pub token: String,
    /// What is asked for.
    pub request: Request,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("request", &self.request).finish_non_exhaustive()
    }
}

/// What a process is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// How trading stands.
    Status,
    /// Orders, newest first.
    Orders {
        /// Those that are over too, as far as they are still known.
        #[serde(default)]
        all: bool,
        /// At most so many; [`MAX_ROWS`](super::MAX_ROWS) if not given.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// Positions and balances.
    Positions,
    /// The last fills, newest first.
    Fills {
        /// At most so many; [`MAX_ROWS`](super::MAX_ROWS) if not given.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// [`ControlAction::Halt`].
    Halt {
        /// For one strategy.
        #[serde(default)]
        strategy: Option<StrategyId>,
        /// Orders that reduce are cancelled too.
        #[serde(default)]
        cancel_all: bool,
        /// Positions are closed and kept closed.
        #[serde(default)]
        flatten: bool,
        /// Why.
        #[serde(default)]
        why: String,
    },
    /// [`ControlAction::ReduceOnly`].
    ReduceOnly {
        /// For one strategy.
        #[serde(default)]
        strategy: Option<StrategyId>,
        /// Why.
        #[serde(default)]
        why: String,
    },
    /// [`ControlAction::Resume`].
    Resume {
        /// For one strategy.
        #[serde(default)]
        strategy: Option<StrategyId>,
        /// Why.
        #[serde(default)]
        why: String,
    },
    /// [`ControlAction::CancelAll`].
    CancelAll {
        /// Of one strategy.
        #[serde(default)]
        strategy: Option<StrategyId>,
        /// In one instrument.
        #[serde(default)]
        instrument: Option<InstrumentId>,
    },
    /// [`ControlAction::Flatten`].
    Flatten {
        /// Of one strategy.
        #[serde(default)]
        strategy: Option<StrategyId>,
        /// In one instrument.
        #[serde(default)]
        instrument: Option<InstrumentId>,
    },
    /// [`ControlAction::Limits`]. They hold until the configuration is read again.
    Limits {
        /// Of one strategy; of the account if none.
        #[serde(default)]
        strategy: Option<StrategyId>,
        /// The limits.
        limits: Box<RiskLimits>,
    },
    /// [`ControlAction::Parameters`]. They hold until the configuration is read again.
    Parameters {
        /// Of which strategy.
        strategy: StrategyId,
        /// The parameters.
        parameters: serde_json::Value,
    },
    /// The configuration is read again, and what may change while trading goes on is changed.
    Reload,
    /// Trading ends, as it does at a signal.
    Stop,
}

impl Request {
    /// The action of the engine that is asked for; none for questions, and for what is not the engine's.
    #[must_use]
    pub fn action(&self) -> Option<ControlAction> {
        Some(match self.clone() {
            Self::Halt { strategy, cancel_all, flatten, why } => {
                ControlAction::Halt { strategy, cancel_all, flatten, why }
            }
            Self::ReduceOnly { strategy, why } => ControlAction::ReduceOnly { strategy, why },
            Self::Resume { strategy, why } => ControlAction::Resume { strategy, why },
            Self::CancelAll { strategy, instrument } => {
                ControlAction::CancelAll { scope: Scope { strategy, instrument } }
            }
            Self::Flatten { strategy, instrument } => {
                ControlAction::Flatten { scope: Scope { strategy, instrument } }
            }
            Self::Limits { strategy, limits } => ControlAction::Limits { strategy, limits },
            Self::Parameters { strategy, parameters } => ControlAction::Parameters { strategy, parameters },
            Self::Status
            | Self::Orders { .. }
            | Self::Positions
            | Self::Fills { .. }
            | Self::Reload
            | Self::Stop => return None,
        })
    }
}

/// A line that a process sends back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// [`PROTOCOL_VERSION`].
    pub version: u32,
    /// What came of it.
    pub answer: Answer,
}

/// Something that a new configuration changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The key: `risk`, `strategy.trend.params`.
    pub what: String,
    /// The entry of the journal that holds it.
    pub sequence: u64,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// How trading stands.
    Status(Box<StatusReport>),
    /// Orders.
    Orders(OrdersReport),
    /// Positions and balances.
    Positions(PositionsReport),
    /// Fills.
    Fills(FillsReport),
    /// It was done.
    Done {
        /// The entry of the journal that holds it.
        sequence: u64,
        /// What risk management did.
        events: Vec<RiskEvent>,
    },
    /// The configuration was read again.
    Reloaded {
        /// What it changed.
        changes: Vec<Change>,
    },
    /// Trading ends.
    Stopping,
    /// It was not done.
    Error {
        /// A stable code.
        code: String,
        /// Why.
        message: String,
    },
}
