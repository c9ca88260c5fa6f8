//! What risk management did: a record that can be asked for.

use std::collections::VecDeque;

use algoflow_core::{
    id::StrategyId,
    time::Timestamp,
    trading::{TradingState, VenueStanding},
};
use serde::{Deserialize, Serialize};

use super::RiskCode;

/// How many events are kept; then the oldest is forgotten. Their numbers go on, so that a gap can be seen.
pub const MAX_RISK_EVENTS: usize = 4_096;

/// Something that risk management did, or would not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskEvent {
    /// Events are numbered from one, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Of which strategy; of all if none.
    pub strategy: Option<StrategyId>,
    /// What.
    pub kind: RiskEventKind,
}

/// What risk management did, or would not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RiskEventKind {
    /// A loss limit was reached.
    Breach {
        /// Which.
        code: RiskCode,
        /// The numbers.
        text: String,
    },
    /// Losses in a row: a pause begins.
    CoolDown {
        /// The numbers.
        text: String,
        /// Until when.
        until: Timestamp,
    },
    /// What may be traded has changed.
    State {
        /// What it was.
        from: TradingState,
        /// What it is.
        to: TradingState,
        /// Why.
        why: String,
    },
    /// A venue stands otherwise than before.
    Standing(VenueStanding),
    /// Other limits hold.
    Limits,
    /// A strategy has other parameters.
    Parameters,
    /// Something that was asked for was not done.
    Refused {
        /// What.
        what: String,
        /// A stable code.
        code: String,
        /// Why.
        text: String,
    },
    /// A fee whose value in the reporting asset is not known: it is not counted as a loss of the strategy.
    Unvalued {
        /// The fee, and why.
        text: String,
    },
}

/// The last events.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RiskLog {
    events: VecDeque<RiskEvent>,
    count: u64,
}

impl RiskLog {
    pub(crate) fn push(&mut self, at: Timestamp, strategy: Option<StrategyId>, kind: RiskEventKind) {
        if self.events.len() >= MAX_RISK_EVENTS {
            self.events.pop_front();
        }
        self.count += 1;
        self.events.push_back(RiskEvent { number: self.count, at, strategy, kind });
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &RiskEvent> + ExactSizeIterator {
        self.events.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_the_numbers_go_on() {
        let mut log = RiskLog::default();
        for _ in 0..MAX_RISK_EVENTS + 2 {
            log.push(Timestamp::EPOCH, None, RiskEventKind::Limits);
        }
        assert_eq!(log.iter().len(), MAX_RISK_EVENTS);
        assert_eq!(log.iter().next().unwrap().number, 3);
        assert_eq!(log.iter().next_back().unwrap().number, MAX_RISK_EVENTS as u64 + 2);
    }
}
