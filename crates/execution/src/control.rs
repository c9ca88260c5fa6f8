//! What somebody who watches over trading asks for.

use algoflow_core::{
    id::{InstrumentId, StrategyId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::risk::RiskLimits;

/// Something that is asked of the engine from outside. What cannot be done is written down among
/// [`Engine::risk_events`](crate::Engine::risk_events), and changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: ControlAction,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ControlAction {
    /// Nothing new is sent. Open orders that do not reduce are cancelled.
    Halt {
        /// For one strategy; for all if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<StrategyId>,
        /// Orders that reduce are cancelled too.
        #[serde(default)]
        cancel_all: bool,
        /// Positions are closed, and kept closed until trading is resumed.
        #[serde(default)]
        flatten: bool,
        /// Why, for the record.
        #[serde(default)]
        why: String,
    },
    /// Only what reduces is sent. Open orders that do not are cancelled.
    ReduceOnly {
        /// For one strategy; for all if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<StrategyId>,
        /// Why, for the record.
        #[serde(default)]
        why: String,
    },
    /// Trading goes on. Losses are counted from now on.
    Resume {
        /// For one strategy; for all if none. What was stopped by itself goes on by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<StrategyId>,
        /// Why, for the record.
        #[serde(default)]
        why: String,
    },
    /// Open orders are cancelled.
    CancelAll {
        /// Whose.
        #[serde(default)]
        scope: Scope,
    },
    /// Positions are closed once, after the orders that are open there are cancelled.
    Flatten {
        /// Whose.
        #[serde(default)]
        scope: Scope,
    },
    /// Other limits hold for what is sent from now on.
    Limits {
        /// For one strategy; for the account as a whole if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<StrategyId>,
        /// The limits.
        limits: Box<RiskLimits>,
    },
    /// A strategy gets other parameters:
    /// [`Strategy::set_parameters`](algoflow_core::strategy::Strategy::set_parameters).
    Parameters {
        /// Which.
        strategy: StrategyId,
        /// The parameters.
        parameters: serde_json::Value,
    },
}

impl ControlAction {
    /// What it is called in records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Halt { .. } => "halt",
            Self::ReduceOnly { .. } => "reduce_only",
            Self::Resume { .. } => "resume",
            Self::CancelAll { .. } => "cancel_all",
            Self::Flatten { .. } => "flatten",
            Self::Limits { .. } => "limits",
            Self::Parameters { .. } => "parameters",
        }
    }
}

/// Which orders or positions are meant: those that fit all that is said; all if nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Those of one strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyId>,
    /// Those in one instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentId>,
}
