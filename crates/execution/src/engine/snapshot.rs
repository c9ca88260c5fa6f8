//! The whole state of an engine, to go on with in another process.
//!
//! - **SN1** What was saved and restored goes on exactly as the engine that it was taken from: the same inputs lead to the same
//!   commands, refusals and states.
//! - **SN2** It is taken only if every strategy can be saved ([`Strategy::save`](algoflow_core::strategy::Strategy::save)).
//! - **SN3** It is restored only into an engine that has not started, of the same run, to which the same strategies were added under the
//!   same names and in the same order, and the same algorithms of the user's own.
//! - **SN4** A refused snapshot leaves the engine as it was, so that an older one or a replay can be tried.
//! - **SN5** Its format has a version, and another version is refused: the journal leads to the same state.

use std::collections::BTreeMap;

use algoflow_core::{
    error::StrategyError,
    id::{Asset, OrderId, StrategyId},
    number::Quantity,
    order::OrderEvent,
    state::State,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Anomaly, Engine, ErrorPolicy, Halt, VenueRules, emulation::Shown, halt::Closing};
use crate::routing::Listings;
use crate::{
    fills::KnownFills, links::Links, risk::RiskState, routes::Routes, timers::Timers, works::SavedWork,
};

/// The version of the format that is written, and the only one that is read. To be raised with every change of what an engine holds.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Why an engine could not be saved or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A strategy that has no state to save.
    #[error("the strategy {strategy} cannot be saved")]
    NotSaved {
        /// Its name.
        strategy: StrategyId,
    },
    /// A strategy that failed to save its state, or does not take up what was saved.
    #[error("the strategy {strategy}: {source}")]
    Strategy {
        /// Its name.
        strategy: StrategyId,
        /// What it said.
        source: StrategyError,
    },
    /// An execution algorithm that failed to save its state, or does not take up what was saved.
    #[error("an execution algorithm: {reason}")]
    Algorithm {
        /// What is wrong with it.
        reason: String,
    },
    /// Another version of the format.
    #[error("the snapshot has version {found} of the format, this software reads {SNAPSHOT_VERSION}")]
    Version {
        /// That of the snapshot.
        found: u32,
    },
    /// A snapshot of another run.
    #[error("the snapshot is of run {found}, this is run {run}")]
    Run {
        /// That of the snapshot.
        found: u32,
        /// That of the engine.
        run: u32,
    },
    /// A snapshot of an engine that reports in another asset.
    #[error("the snapshot reports in {found}, this engine in {reporting}")]
    Reporting {
        /// That of the snapshot.
        found: Asset,
        /// That of the engine.
        reporting: Asset,
    },
    /// A snapshot of other strategies.
    #[error("the snapshot is of the strategies {found:?}, these are {given:?}")]
    Strategies {
        /// Those of the snapshot.
        found: Vec<StrategyId>,
        /// Those of the engine.
        given: Vec<StrategyId>,
    },
    /// An engine that has begun to trade.
    #[error("a snapshot comes too late for an engine that has started")]
    Started,
    /// A state that does not fit together.
    #[error("the snapshot is damaged: {reason}")]
    Damaged {
        /// In what.
        reason: String,
    },
}

impl SnapshotError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSaved { .. } => "SNAPSHOT_NOT_SAVED",
            Self::Strategy { .. } => "SNAPSHOT_STRATEGY",
            Self::Algorithm { .. } => "SNAPSHOT_ALGORITHM",
            Self::Version { .. } => "SNAPSHOT_VERSION",
            Self::Run { .. } => "SNAPSHOT_RUN",
            Self::Reporting { .. } => "SNAPSHOT_REPORTING",
            Self::Strategies { .. } => "SNAPSHOT_STRATEGIES",
            Self::Started => "SNAPSHOT_STARTED",
            Self::Damaged { .. } => "SNAPSHOT_DAMAGED",
        }
    }
}

/// The state of an engine and of its strategies; see the [rules](Engine::save). It is a copy: to write it down takes no part of
/// the engine, and may be done elsewhere. The same state is written as the same bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngineSnapshot {
    version: u32,
    strategies: Vec<SavedStrategy>,
    state: State,
    venues: Vec<VenueRules>,
    venue_of: Vec<usize>,
    routes: Routes,
    links: Links,
    shown: Vec<Shown>,
    fills: KnownFills,
    timers: Timers,
    works: Vec<SavedWork>,
    on_error: ErrorPolicy,
    halts: Vec<SavedHalt>,
    closing: Vec<Closing>,
    denials: Vec<OrderEvent>,
    risk: Box<RiskState>,
    started: bool,
    stopped: bool,
    warming: bool,
    anomalies: Option<Vec<SavedAnomaly>>,
    adopted: BTreeMap<OrderId, Quantity>,
    listings: Box<Listings>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedStrategy {
    halted: bool,
    state: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedHalt {
    strategy: StrategyId,
    at: Timestamp,
    code: String,
    reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedAnomaly {
    event: OrderEvent,
    code: String,
    reason: String,
}

/// A stable code that was written down. Codes are names without spaces, and few: they are kept like other names.
fn code(text: &str) -> Result<&'static str, SnapshotError> {
    let name = StrategyId::new(text);
    let name = name.map_err(|error| SnapshotError::Damaged { reason: format!("a code: {error}") })?;
    Ok(name.as_str())
}

impl From<&Halt> for SavedHalt {
    fn from(Halt { strategy, at, code, reason }: &Halt) -> Self {
        Self { strategy: *strategy, at: *at, code: (*code).to_owned(), reason: reason.clone() }
    }
}

impl TryFrom<SavedHalt> for Halt {
    type Error = SnapshotError;

    fn try_from(saved: SavedHalt) -> Result<Self, SnapshotError> {
        let SavedHalt { strategy, at, code: text, reason } = saved;
        Ok(Self { strategy, at, code: code(&text)?, reason })
    }
}

impl From<&Anomaly> for SavedAnomaly {
    fn from(Anomaly { event, code, reason }: &Anomaly) -> Self {
        Self { event: event.clone(), code: (*code).to_owned(), reason: reason.clone() }
    }
}

impl TryFrom<SavedAnomaly> for Anomaly {
    type Error = SnapshotError;

    fn try_from(saved: SavedAnomaly) -> Result<Self, SnapshotError> {
        let SavedAnomaly { event, code: text, reason } = saved;
        Ok(Self { event, code: code(&text)?, reason })
    }
}

impl Engine {
    /// Copies the whole state, to be written down and [restored](Engine::restore): whatever the engine and its strategies will
    /// decide by. The restored engine does what this one does (SN1). A journal that is kept in the engine is not part of it.
    ///
    /// # Errors
    /// [`SnapshotError::NotSaved`], [`SnapshotError::Strategy`], [`SnapshotError::Algorithm`].
    pub fn save(&self) -> Result<EngineSnapshot, SnapshotError> {
        // Without dots, so that a field that is added is not forgotten.
        let Self {
            state,
            strategies,
            venues,
            venue_of,
            routes,
            links,
            shown,
            fills,
            timers,
            works,
            on_error,
            halts,
            closing,
            denials,
            guarded: _,
            risk,
            journal: _,
            started,
            stopped,
            warming,
            anomalies,
            adopted,
            listings,
        } = self;
        let states = self.strategy_states()?;
        let slots = strategies.iter().zip(states);
        let works = works.save().map_err(|error| SnapshotError::Algorithm { reason: error.to_string() })?;
        Ok(EngineSnapshot {
            version: SNAPSHOT_VERSION,
            strategies: slots.map(|(slot, state)| SavedStrategy { halted: slot.halted, state }).collect(),
            state: state.clone(),
            venues: venues.clone(),
            venue_of: venue_of.clone(),
            routes: routes.clone(),
            links: links.clone(),
            shown: shown.clone(),
            fills: fills.clone(),
            timers: timers.clone(),
            works,
            on_error: *on_error,
            halts: halts.iter().map(SavedHalt::from).collect(),
            closing: closing.clone(),
            denials: denials.clone(),
            risk: risk.clone(),
            started: *started,
            stopped: *stopped,
            warming: *warming,
            anomalies: anomalies.as_ref().map(|all| all.iter().map(SavedAnomaly::from).collect()),
            adopted: adopted.clone(),
            listings: listings.clone(),
        })
    }

    /// Whether every strategy can be saved (SN2); if not, which cannot.
    ///
    /// # Errors
    /// [`SnapshotError::NotSaved`], [`SnapshotError::Strategy`].
    pub fn can_be_saved(&self) -> Result<(), SnapshotError> {
        self.strategy_states().map(|_| ())
    }

    fn strategy_states(&self) -> Result<Vec<Value>, SnapshotError> {
        let slots = self.strategies.iter().zip(&self.state.strategies);
        let save = |(slot, name): (&super::Slot, &StrategyId)| {
            let strategy = *name;
            let state =
                slot.strategy.save().map_err(|source| SnapshotError::Strategy { strategy, source })?;
            state.ok_or(SnapshotError::NotSaved { strategy })
        };
        slots.map(save).collect()
    }

    /// Takes up a state that [`Engine::save`] gave (SN3). Instruments and venues are in it. A snapshot that is refused changes
    /// nothing (SN4).
    ///
    /// # Errors
    /// [`SnapshotError`]: what does not go together.
    pub fn restore(&mut self, snapshot: EngineSnapshot) -> Result<(), SnapshotError> {
        self.accepts(&snapshot)?;
        let EngineSnapshot {
            version: _,
            strategies,
            state,
            venues,
            venue_of,
            routes,
            links,
            shown,
            fills,
            timers,
            works: saved_works,
            on_error,
            halts,
            closing,
            denials,
            risk,
            started,
            stopped,
            warming,
            anomalies,
            adopted,
            listings,
        } = snapshot;
        let mut works = self.works.anew();
        works.restore(saved_works).map_err(|reason| SnapshotError::Algorithm { reason })?;
        let halts = halts.into_iter().map(Halt::try_from).collect::<Result<_, _>>()?;
        let anomaly = |all: Vec<SavedAnomaly>| all.into_iter().map(Anomaly::try_from).collect();
        let anomalies = anomalies.map(anomaly).transpose()?;
        self.load_strategies(strategies)?;
        self.state = state;
        self.venues = venues;
        self.venue_of = venue_of;
        self.routes = routes;
        self.links = links;
        self.shown = shown;
        self.fills = fills;
        self.timers = timers;
        self.works = works;
        self.on_error = on_error;
        self.halts = halts;
        self.closing = closing;
        self.denials = denials;
        self.listings = listings;
        self.risk = risk;
        self.started = started;
        self.stopped = stopped;
        self.warming = warming;
        self.anomalies = anomalies;
        self.adopted = adopted;
        self.guarded = self.is_to_be_guarded();
        Ok(())
    }

    /// Whether a snapshot is of this engine (SN3, SN5), and its parts are of one size.
    fn accepts(&self, snapshot: &EngineSnapshot) -> Result<(), SnapshotError> {
        if snapshot.version != SNAPSHOT_VERSION {
            return Err(SnapshotError::Version { found: snapshot.version });
        }
        if self.started {
            return Err(SnapshotError::Started);
        }
        let (found, run) = (snapshot.state.orders.run(), self.state.orders.run());
        if found != run {
            return Err(SnapshotError::Run { found, run });
        }
        let (found, reporting) =
            (snapshot.state.portfolio.reporting_asset(), self.state.portfolio.reporting_asset());
        if found != reporting {
            return Err(SnapshotError::Reporting { found, reporting });
        }
        let (found, given) = (&snapshot.state.strategies, &self.state.strategies);
        if found != given {
            return Err(SnapshotError::Strategies { found: found.clone(), given: given.clone() });
        }
        let instruments = snapshot.state.instruments.len();
        for (what, length, wanted) in [
            ("strategies", snapshot.strategies.len(), given.len()),
            ("states of trading", snapshot.state.trading.len(), given.len()),
            ("books of risk", snapshot.risk.strategies.len(), given.len()),
            ("venues of instruments", snapshot.venue_of.len(), instruments),
            ("instruments shown", snapshot.shown.len(), instruments),
        ] {
            if length != wanted {
                return Err(SnapshotError::Damaged { reason: format!("{length} {what}, not {wanted}") });
            }
        }
        Ok(())
    }

    /// Gives each strategy its state, or none of them (SN4).
    fn load_strategies(&mut self, saved: Vec<SavedStrategy>) -> Result<(), SnapshotError> {
        let before = self.strategy_states()?;
        let halted: Vec<bool> = saved.iter().map(|saved| saved.halted).collect();
        let mut failed = None;
        for ((slot, name), saved) in self.strategies.iter_mut().zip(&self.state.strategies).zip(saved) {
            if let Err(source) = slot.strategy.load(saved.state) {
                failed = Some(SnapshotError::Strategy { strategy: *name, source });
                break;
            }
        }
        let Some(error) = failed else {
            for (slot, halted) in self.strategies.iter_mut().zip(halted) {
                slot.halted = halted;
            }
            return Ok(());
        };
        for (slot, before) in self.strategies.iter_mut().zip(before) {
            // What it was just now is a state of it.
            let _ = slot.strategy.load(before);
        }
        Err(error)
    }
}
