//! The end.

use algoflow_core::{
    command::{Command, OrderRef},
    order::{Order, OrderStatus},
    time::TimeDelta,
};
use algoflow_execution::{Control, ControlAction, Input, Scope};

use super::{Effect, JournalFailure, Now, Phase, Request, Session, SessionError};
use crate::journal::SessionStop;

/// How often what is open at the end is cancelled anew.
const CANCEL_ALL_EVERY: TimeDelta = TimeDelta::seconds(1);

impl Session {
    /// Strategies are told, and open orders are cancelled if that is wanted.
    pub(super) fn begin_to_stop(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        if matches!(self.phase, Phase::Stopping { .. } | Phase::Stopped) {
            return Ok(());
        }
        let started = self.engine.is_started();
        self.phase = Phase::Stopping { since: now.running };
        if !started {
            return Ok(());
        }
        let at = self.clock(now);
        self.feed(Input::Stop(at), now, effects)?;
        self.cancel_again_at = now.running.saturating_add(CANCEL_ALL_EVERY);
        if self.config.cancel_on_stop {
            let action = ControlAction::CancelAll { scope: Scope::default() };
            self.feed(Input::Control(Control { at, action }), now, effects)?;
        }
        Ok(())
    }

    /// It is over when nothing is open that should not be, or when it took too long.
    pub(super) fn try_to_stop(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        let Phase::Stopping { since } = self.phase else { return Ok(()) };
        self.cancel_what_is_left(now, effects)?;
        let waits = now.running < since.saturating_add(self.config.stop_within);
        let in_doubt = self.links.iter().any(|link| !link.doubts.is_empty() || link.snapshot.is_some());
        let open = self.config.cancel_on_stop
            && self.engine.state().orders.open().any(|order| order.status.is_at_venue());
        let unsettled = !self.waiting.is_empty() || self.asked.values().any(|asked| !asked.overdue);
        let clean = !(in_doubt || open || unsettled);
        if waits && !clean && !self.journal_failed {
            return Ok(());
        }
        self.end(clean, now, effects);
        Ok(())
    }

    /// It is over.
    pub(super) fn end(&mut self, clean: bool, now: Now, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Stopped {
            return;
        }
        self.phase = Phase::Stopped;
        if !self.journal_failed {
            self.sequence += 1;
            let (sequence, at) = (self.sequence, self.clock(now));
            effects.push(Effect::Append(Box::new(SessionStop { sequence, at, clean }.into())));
        }
        effects.push(Effect::Stopped { clean: clean && !self.journal_failed });
    }

    /// A cancellation that came before its order, or was refused for another reason that has passed, is asked for again.
    fn cancel_what_is_left(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        let wanted = self.config.cancel_on_stop && !self.journal_failed && self.engine.is_started();
        if !wanted || now.running < self.cancel_again_at || !self.is_settled() {
            return Ok(());
        }
        self.cancel_again_at = now.running.saturating_add(CANCEL_ALL_EVERY);
        let is_left =
            |order: &Order| order.status.is_at_venue() && order.status != OrderStatus::PendingCancel;
        if !self.engine.state().orders.open().any(is_left) {
            return Ok(());
        }
        let (at, action) = (self.clock(now), ControlAction::CancelAll { scope: Scope::default() });
        self.feed(Input::Control(Control { at, action }), now, effects)
    }

    /// The journal takes nothing more (N7).
    pub(super) fn on_journal_failed(&mut self, reason: String, now: Now, effects: &mut Vec<Effect>) {
        if self.journal_failed {
            return;
        }
        self.journal_failed = true;
        self.waiting.clear();
        effects.push(Effect::Alert { code: "JOURNAL_FAILED", about: String::new(), text: reason });
        if self.config.on_journal_failure == JournalFailure::Cancel {
            let open: Vec<Command> = self
                .engine
                .state()
                .orders
                .open()
                .filter(|order| order.status.is_at_venue() && order.status != OrderStatus::Submitted)
                .filter(|order| !self.engine.is_worked(order.id))
                .map(|order| {
                    let (id, instrument) = (order.id, order.spec.instrument);
                    Command::Cancel(OrderRef {
                        order: id,
                        venue_order: order.venue_order.clone(),
                        instrument,
                    })
                })
                .collect();
            for command in open {
                let name = command.instrument().venue();
                let venue = self.links.iter().position(|link| link.facts.id == name && link.up);
                if let (Some(venue), Command::Cancel(order)) = (venue, command) {
                    self.ask(venue, Request::Cancel(order), now, effects);
                }
            }
        }
        self.phase = Phase::Stopping { since: now.running };
    }
}
