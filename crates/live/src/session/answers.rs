//! What venues answer.

use algoflow_core::{
    command::Command,
    error::VenueError,
    order::{OrderEventKind, RejectCode},
    time::TimeDelta,
    venue::{Ack, OrderReport, ReportedStatus},
};

use super::{
    Answer, Asked, Effect, MAX_CANCEL_TRIES, Now, Request, RequestId, Session, SessionError,
    asking::command_of, code_of, is_passing, link::Doubt,
};

/// How long a cancellation waits before it is sent again, the first time; it doubles (N6).
const CANCEL_AGAIN_AFTER: TimeDelta = TimeDelta::millis(100);

impl Session {
    pub(super) fn on_answer(
        &mut self,
        request: RequestId,
        answer: Answer,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Some(asked) = self.asked.remove(&request) else { return Ok(()) };
        let venue = asked.venue;
        self.link(venue)?.heard = now.running;
        match answer {
            Answer::Account(Ok(snapshot)) => self.on_snapshot(venue, request, &snapshot, now, effects),
            Answer::Account(Err(error)) => {
                self.snapshot_failed(venue, request, &error.to_string(), now, effects)
            }
            Answer::Order(Ok(report)) => {
                self.on_report(venue, &asked, report.map(|report| *report), now, effects)
            }
            Answer::Order(Err(VenueError::Unsupported { .. })) => {
                self.link(venue)?.no_single_orders = true;
                Ok(())
            }
            // The snapshot that was asked for too will tell.
            Answer::Order(Err(_)) => Ok(()),
            Answer::History(past) => self.on_history(venue, request, past, now, effects),
            Answer::Time(time) => self.on_time(venue, &asked, time, now, effects),
            Answer::Command(Ok(ack)) => self.confirmed(venue, asked, request, ack, now, effects),
            Answer::Command(Err(error)) => self.failed(venue, asked, request, error, now, effects),
        }
    }

    fn confirmed(
        &mut self,
        venue: usize,
        asked: Asked,
        request: RequestId,
        ack: Ack,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let sent = asked.sent;
        let Some(command) = command_of(asked.what) else { return Ok(()) };
        let id = command.order();
        let link = self.link(venue)?;
        link.cancel_tries.remove(&request);
        if let Command::Submit(submit) = command {
            if ack.venue_order.is_none() {
                let submit = Some(submit);
                link.doubts.entry(id).or_insert(Doubt { sent, submit, resent: false });
                return self.forget_what_is_over(venue, id);
            }
            link.doubts.remove(&id);
            let newest = link.newest.entry(id).or_insert(ack.ts_event);
            *newest = (*newest).max(ack.ts_event);
            let kind = OrderEventKind::Accepted { venue_order: ack.venue_order };
            return self.tell(&command, kind, ack.ts_event, now, effects);
        }
        // The venue has the request; what comes of it is told by the stream, or found out when it takes too long.
        let doubt = link.doubts.entry(id).or_insert(Doubt { sent, submit: None, resent: false });
        doubt.sent = doubt.sent.max(sent);
        self.forget_what_is_over(venue, id)
    }

    fn failed(
        &mut self,
        venue: usize,
        asked: Asked,
        request: RequestId,
        error: VenueError,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let tries = self.link(venue)?.cancel_tries.remove(&request).unwrap_or(1);
        if !error.had_no_effect() {
            if asked.overdue {
                // It is in doubt already.
                return Ok(());
            }
            return self.doubt(venue, asked.what, asked.sent, error.to_string(), now, effects);
        }
        let Some(command) = command_of(asked.what) else { return Ok(()) };
        let id = command.order();
        let link = self.link(venue)?;
        if let Command::Submit(_) = command {
            link.doubts.remove(&id);
        }
        if let Command::Cancel(order) = &command
            && is_passing(&error)
            && tries < MAX_CANCEL_TRIES
        {
            let pause = match error {
                VenueError::RateLimited { retry_after } => retry_after,
                _ => CANCEL_AGAIN_AFTER,
            };
            let pause = TimeDelta::from_nanos(pause.nanos().saturating_mul(1 << tries.min(10)));
            link.to_cancel.push_back((now.running.saturating_add(pause), tries, order.clone()));
            return Ok(());
        }
        let (code, text) = (code_of(&error), error.to_string());
        if code == RejectCode::UnknownOrder {
            // It has ended, or never was: what of it is true is in the account.
            link.ask_soon(now);
        }
        let at = self.clock(now);
        let kind = match &command {
            Command::Submit(_) => OrderEventKind::Rejected { code, text },
            Command::Amend(_) => OrderEventKind::AmendRejected { code, text },
            _ => OrderEventKind::CancelRejected { code, text },
        };
        self.tell(&command, kind, at, now, effects)
    }

    /// What a venue knows of one order. Fills are not in it: where it tells of more than we know, the snapshot has to say.
    fn on_report(
        &mut self,
        venue: usize,
        asked: &Asked,
        report: Option<OrderReport>,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Request::Order(order) = &asked.what else { return Ok(()) };
        let id = order.order;
        let link = self.link(venue)?;
        let Some(doubt) = link.doubts.get(&id).copied() else { return Ok(()) };
        let Some(report) = report else {
            // Only an answer to a question that was asked when nothing could arrive any more is a proof (Y1).
            let lifetime = link.facts.lifetime;
            if doubt.submit.is_some() && asked.sent >= doubt.sent.saturating_add(lifetime) {
                self.lost(venue, id, now, effects)?;
            }
            return Ok(());
        };
        let known = self.engine.state().orders.get(id);
        let agrees = known.is_some_and(|known| known.filled == report.filled);
        let Some(submit) = doubt.submit.filter(|_| agrees && report.status == ReportedStatus::Open) else {
            self.link(venue)?.ask_soon(now);
            return Ok(());
        };
        self.link(venue)?.doubts.remove(&id);
        let kind = OrderEventKind::Accepted { venue_order: report.venue_order };
        self.tell(&Command::Submit(submit), kind, report.ts_event, now, effects)
    }
}
