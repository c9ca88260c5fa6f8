//! Commands that leave, and requests that take too long.

use std::collections::BTreeMap;

use algoflow_core::{
    command::{Command, Submit},
    error::VenueError,
    id::OrderId,
    order::{OrderEventKind, OrderStatus, RejectCode},
    time::TimeDelta,
};

use super::{
    Asked, Effect, Now, Request, RequestId, Session, SessionError, TimeSource, Waiting, link::Doubt,
};

impl Session {
    /// After a restart nobody knows which of the last commands were sent.
    pub(super) fn doubt_what_is_open(&mut self, submits: &BTreeMap<OrderId, Submit>) {
        let open: Vec<_> = self.engine.state().orders.open().cloned().collect();
        for order in open {
            use OrderStatus as S;
            let unanswered =
                matches!(order.status, S::Submitted | S::Unknown | S::PendingAmend | S::PendingCancel);
            let name = order.spec.instrument.venue();
            let sent = unanswered && !self.engine.is_worked(order.id);
            let link = self.links.iter_mut().find(|link| link.facts.id == name);
            if let Some(link) = link.filter(|_| sent) {
                let new = order.venue_order.is_none() && order.filled.is_zero();
                let submit = submits.get(&order.id).copied().filter(|_| new);
                link.doubts.insert(order.id, Doubt { sent: TimeDelta::ZERO, submit, resent: false });
            }
        }
    }

    /// What is durable leaves, in order (N1).
    pub(super) fn send_what_is_durable(
        &mut self,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        while let Some(waiting) = self.waiting.pop_front_if(|waiting| waiting.sequence <= self.durable) {
            self.send(waiting, now, effects)?;
        }
        Ok(())
    }

    fn send(&mut self, waiting: Waiting, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        let Waiting { venue, command, made, .. } = waiting;
        let up = self.link(venue)?.up;
        let old = self.config.time == TimeSource::Clock
            && now.running.nanos().saturating_sub(made.nanos()) > self.config.max_command_age.nanos();
        let refusal = if !up {
            Some("the venue is not connected")
        } else if old && !matches!(command, Command::Cancel(_)) {
            Some("it waited too long for the journal")
        } else {
            None
        };
        match (refusal, request_of(&command)) {
            (None, Some(request)) => {
                self.ask(venue, request, now, effects);
                Ok(())
            }
            (None, None) => Ok(()),
            (Some(why), _) => self.refuse(venue, &command, RejectCode::NotSent, why.to_owned(), now, effects),
        }
    }

    /// A command surely has no effect: the strategy is told, or a cancellation waits for a better time (N6).
    pub(super) fn refuse(
        &mut self,
        venue: usize,
        command: &Command,
        code: RejectCode,
        text: String,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let at = self.clock(now);
        match command {
            Command::Submit(_) => {
                self.tell(command, OrderEventKind::Rejected { code, text }, at, now, effects)
            }
            Command::Amend(_) => {
                self.tell(command, OrderEventKind::AmendRejected { code, text }, at, now, effects)
            }
            Command::Cancel(order) => {
                let due = now.running;
                self.link(venue)?.to_cancel.push_back((due, 0, order.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Asks a venue for something.
    pub(super) fn ask(
        &mut self,
        venue: usize,
        what: Request,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> RequestId {
        self.requests += 1;
        let (request, sent) = (RequestId(self.requests), now.running);
        self.asked.insert(request, Asked { venue, what: what.clone(), sent, overdue: false });
        effects.push(Effect::Ask { request, venue, what });
        request
    }

    /// Requests without an answer are in doubt after a time (N2).
    pub(super) fn overdue(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        let timeout = self.config.request_timeout;
        let is_late = |asked: &Asked| {
            !asked.overdue && now.running.nanos().saturating_sub(asked.sent.nanos()) >= timeout.nanos()
        };
        let late: Vec<RequestId> =
            self.asked.iter().filter(|(_, asked)| is_late(asked)).map(|(id, _)| *id).collect();
        for request in late {
            let Some(asked) = self.asked.get_mut(&request) else { continue };
            asked.overdue = true;
            let (venue, what, sent) = (asked.venue, asked.what.clone(), asked.sent);
            let evidence = format!("no answer within {timeout}");
            match what {
                Request::Account { .. } => self.snapshot_failed(venue, request, &evidence, now, effects)?,
                Request::Order(_) | Request::Time => {}
                Request::History(_) => {
                    let answer = Err(VenueError::Connection { reason: evidence });
                    self.on_history(venue, request, answer, now, effects)?;
                }
                what => self.doubt(venue, what, sent, evidence, now, effects)?,
            }
        }
        Ok(())
    }

    /// It is not known what became of a request.
    pub(super) fn doubt(
        &mut self,
        venue: usize,
        what: Request,
        sent: TimeDelta,
        evidence: String,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Some(command) = command_of(what) else { return Ok(()) };
        let id = command.order();
        let submit = match &command {
            Command::Submit(submit) => Some(*submit),
            _ => None,
        };
        let link = self.link(venue)?;
        let doubt = link.doubts.entry(id).or_insert(Doubt { sent, submit: None, resent: false });
        doubt.sent = doubt.sent.max(sent);
        doubt.submit = doubt.submit.or(submit);
        link.ask_soon(now);
        let single = !link.no_single_orders && link.up;
        let status = self.engine.state().orders.get(id).map(|order| order.status);
        if submit.is_some() && status == Some(OrderStatus::Submitted) {
            let at = self.clock(now);
            self.tell(&command, OrderEventKind::OutcomeUnknown { evidence }, at, now, effects)?;
        }
        // An order that is over, or for which nothing was asked any more, is in no doubt.
        self.forget_what_is_over(venue, id)?;
        if single && self.link(venue)?.doubts.contains_key(&id) {
            // Quicker than a snapshot of all, where the venue has it.
            let venue_order = self.engine.state().orders.get(id).and_then(|order| order.venue_order.clone());
            let instrument = command.instrument();
            let question = algoflow_core::command::OrderRef { order: id, venue_order, instrument };
            self.ask(venue, Request::Order(question), now, effects);
        }
        Ok(())
    }

    /// Sends cancellations again that had no effect (N6).
    pub(super) fn cancel_again(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let link = self.link(venue)?;
        if !link.up || link.to_cancel.is_empty() {
            return Ok(());
        }
        let (due, later): (Vec<_>, Vec<_>) =
            link.to_cancel.drain(..).partition(|(due, ..)| *due <= now.running);
        link.to_cancel.extend(later);
        for (_, tries, mut order) in due {
            let known = self.engine.state().orders.get(order.order);
            let Some(known) = known.filter(|known| known.is_open()) else { continue };
            order.venue_order = known.venue_order.clone().or(order.venue_order);
            let request = self.ask(venue, Request::Cancel(order), now, effects);
            self.link(venue)?.cancel_tries.insert(request, tries + 1);
        }
        Ok(())
    }
}

/// What a venue is asked; `None` for a kind of command that is not known here.
fn request_of(command: &Command) -> Option<Request> {
    match command {
        Command::Submit(submit) => Some(Request::Submit(*submit)),
        Command::Amend(amend) => Some(Request::Amend(amend.clone())),
        Command::Cancel(order) => Some(Request::Cancel(order.clone())),
        _ => None,
    }
}

pub(super) fn command_of(request: Request) -> Option<Command> {
    match request {
        Request::Submit(submit) => Some(Command::Submit(submit)),
        Request::Amend(amend) => Some(Command::Amend(amend)),
        Request::Cancel(order) => Some(Command::Cancel(order)),
        Request::Account { .. } | Request::Order(_) | Request::History(_) | Request::Time => None,
    }
}
