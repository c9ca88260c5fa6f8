//! What an operator asks of the task that decides.

use algoflow_core::time::Timestamp;
use algoflow_execution::{Control, ControlAction, Engine, Input, risk::RiskEventKind};
use tokio::sync::oneshot;

use super::{Controlled, LiveError, RecentFills, Status};
use crate::session::Event;

/// What trading knows, between two decisions.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// How it stands.
    pub status: &'a Status,
    /// Orders, positions, accounts, limits.
    pub engine: &'a Engine,
    /// The last fills.
    pub fills: &'a RecentFills,
}

type Look = Box<dyn FnOnce(View<'_>) + Send>;

/// Something that an operator asks for.
pub(super) enum Wish {
    /// That this happens.
    Event(Event),
    /// That the engine does this.
    Control(Box<ControlAction>, Reply),
    /// To look.
    Look(Look),
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) struct Reply(pub(super) oneshot::Sender<Result<Controlled, LiveError>>);

/// An answer that is to be given when the engine has decided.
#[derive(Debug)]
pub(super) struct Owed {
    reply: Reply,
    /// The number of the last thing that risk management wrote down before.
    before: u64,
}

/// The input of an action at a time.
pub(super) fn input(action: ControlAction, at: Timestamp) -> Input {
    Input::Control(Control { at, action })
}

fn newest(engine: &Engine) -> u64 {
    engine.risk_events().next_back().map_or(0, |event| event.number)
}

impl Owed {
    pub(super) fn new(reply: Reply, engine: &Engine) -> Self {
        Self { reply, before: newest(engine) }
    }

    /// Says what came of it.
    pub(super) fn pay(self, engine: &Engine, sequence: u64) {
        let events: Vec<_> =
            engine.risk_events().filter(|event| event.number > self.before).cloned().collect();
        let refused = events.iter().find_map(|event| match &event.kind {
            RiskEventKind::Refused { what, code, text } => {
                Some(LiveError::Refused { what: what.clone(), code: code.clone(), text: text.clone() })
            }
            _ => None,
        });
        let answer = match refused {
            Some(error) => Err(error),
            None => Ok(Controlled { sequence, events }),
        };
        // Whoever asked may have gone.
        let _ = self.reply.0.send(answer);
    }
}
