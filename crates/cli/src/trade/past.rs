//! What a journal tells when no process runs: the engine is brought to where it stood, and asked like one that runs.

use algoflow_execution::Engine;
use algoflow_live::{
    driver::{Guarded, RecentFills, Status, View},
    journal::{Entry, EntryReplay, Replayed, SessionStop, Store, Verified, set_up},
    session::Phase,
};

use super::{folder::StateFolder, record::RunRecord};
use crate::error::CliError;

/// The engine at the end of a journal.
#[derive(Debug)]
pub(crate) struct Past {
    engine: Engine,
    fills: RecentFills,
    status: Status,
    pub(crate) replayed: Replayed,
    /// How the last session ended, if it has said so.
    pub(crate) stop: Option<SessionStop>,
}

impl Past {
    /// Replays the journal of a state folder, which proves that every input leads to the same commands again.
    pub(crate) async fn read(folder: &StateFolder) -> Result<Self, CliError> {
        let mut store = folder.read_store().await?;
        Self::replay(&mut store, &RunRecord::read(&folder.record())?).await
    }

    async fn replay(store: &mut dyn Store, record: &RunRecord) -> Result<Self, CliError> {
        let mut engine = Engine::new(record.run, record.reporting);
        for (label, strategy) in record.strategies()? {
            let id = label.parse().map_err(algoflow_core::error::InstrumentError::from);
            engine
                .add_strategy(
                    id.map_err(algoflow_live::driver::LiveError::from)?,
                    Box::new(Guarded::new(strategy)),
                )
                .map_err(failed)?;
        }
        engine.tolerate().map_err(failed)?;
        engine.set_error_policy(record.on_error);
        let mut fills = RecentFills::default();
        let (mut venues, mut stop, mut next) = (Vec::new(), None, 1);
        let mut replay = EntryReplay::new(&mut engine, set_up);
        loop {
            let entries = store.read(next).await?;
            let Some(last) = entries.last() else { break };
            next = last.sequence() + 1;
            for entry in &entries {
                replay.step(entry)?;
                fills.note(entry);
                match entry {
                    Entry::Start(start) => {
                        stop = None;
                        venues.extend(start.setup.iter().filter_map(|input| match input {
                            algoflow_execution::Input::Venue { id, .. } => Some((*id, false)),
                            _ => None,
                        }));
                    }
                    Entry::Stop(ended) => stop = Some(ended.clone()),
                    _ => {}
                }
            }
        }
        let replayed = replay.done().clone();
        let state = engine.state();
        let asset = state.portfolio.reporting_asset();
        let status = Status {
            phase: Phase::Stopped,
            now: state.now,
            sequence: replayed.sequence,
            durable: replayed.sequence,
            venues,
            open_orders: state.orders.open().count(),
            in_doubt: 0,
            equity: state
                .portfolio
                .equity()
                .ok()
                .map(|amount| algoflow_core::number::Money::new(amount, asset)),
        };
        Ok(Self { engine, fills, status, replayed, stop })
    }

    /// What is seen at the end.
    pub(crate) fn view(&self) -> View<'_> {
        View { status: &self.status, engine: &self.engine, fills: &self.fills }
    }
}

/// Checks every byte of a journal, and replays it.
pub(crate) async fn prove(folder: &StateFolder) -> Result<(Verified, Past), CliError> {
    let mut store = folder.read_store().await?;
    let verified = store.verify().await?;
    let past = Past::replay(&mut store, &RunRecord::read(&folder.record())?).await?;
    Ok((verified, past))
}

fn failed(error: algoflow_execution::EngineError) -> CliError {
    algoflow_live::driver::LiveError::from(error).into()
}
