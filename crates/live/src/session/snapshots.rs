//! What venues tell, and the snapshots by which it is checked.

use algoflow_core::{
    command::{Command, OrderRef},
    id::OrderId,
    order::{OrderEvent, OrderEventKind, OrderStatus, RejectCode},
    time::TimeDelta,
    trading::{Standing, VenueStanding},
    venue::{AccountSnapshot, VenueEvent},
};
use algoflow_execution::Input;

use super::{
    Asked, Effect, MAX_HELD, Now, Phase, Request, RequestId, Session, SessionError, UNCLEAN_SNAPSHOTS,
    link::Pending, warm_up::WarmUp,
};
use crate::reconcile::{Knowledge, MAX_PASSES, Reconciliation, reconcile};
use crate::telemetry::ReconcileOutcome;

impl Session {
    pub(super) fn subscribe(&mut self, venue: usize, now: Now, effects: &mut Vec<Effect>) {
        let Some(link) = self.links.get_mut(venue) else { return };
        link.heard = now.running;
        let id = link.facts.id;
        let wanted = self.engine.subscriptions();
        let wanted: Vec<_> = wanted.into_iter().filter(|what| what.instrument().venue() == id).collect();
        if let Some(link) = self.links.get_mut(venue) {
            link.hearing.expect(&wanted, now);
        }
        effects.push(Effect::Subscribe { venue, wanted });
    }

    pub(super) fn on_venue(
        &mut self,
        venue: usize,
        event: VenueEvent,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let link = self.link(venue)?;
        link.heard = now.running;
        match event {
            VenueEvent::Market(data) => {
                self.data_time = self.data_time.max(data.ts_recv());
                self.hear(venue, &data, now)?;
                let at = self.clock(now);
                self.link(venue)?.last_data = Some(at);
                if self.phase == Phase::Starting && !self.engine.is_started() {
                    return Ok(());
                }
                if let WarmUp::Asked(past) = &mut self.link(venue)?.warm_up {
                    past.wait(data);
                    return Ok(());
                }
                self.feed(Input::Market(data), now, effects)
            }
            VenueEvent::Order(event) => {
                if link.snapshot.is_none() {
                    return self.on_order(venue, event, now, effects);
                }
                if link.held.len() >= MAX_HELD {
                    link.held.clear();
                    link.snapshot = None;
                    link.ask_soon(now);
                    return Ok(());
                }
                link.held.push(event);
                Ok(())
            }
            VenueEvent::Account { .. } => {
                link.ask_soon(now);
                Ok(())
            }
            VenueEvent::Time(at) => {
                self.data_bound = at;
                if self.phase == Phase::Starting {
                    self.data_time = self.data_time.max(at);
                }
                Ok(())
            }
            VenueEvent::Gap { reason, .. } => {
                link.ask_soon(now);
                self.stand(venue, Standing::Uncertain { why: reason }, now, effects)
            }
            VenueEvent::Connected => {
                link.up = true;
                link.snapshot = None;
                link.hearing.begin_anew(now);
                link.next_clock = None;
                link.ask_soon(now);
                Ok(())
            }
            VenueEvent::Disconnected { reason } => {
                link.up = false;
                link.snapshot = None;
                // What was held back is in the snapshot that comes after the connection is up again.
                link.held.clear();
                self.lose_sight(venue)?;
                self.stand(venue, Standing::Down { why: reason }, now, effects)
            }
            _ => Ok(()),
        }
    }

    /// The stream told of an order.
    fn on_order(
        &mut self,
        venue: usize,
        event: OrderEvent,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let id = event.order;
        let is_fill = event.fill().is_some();
        let link = self.link(venue)?;
        let newest = link.newest.entry(id).or_insert(event.ts_event);
        *newest = (*newest).max(event.ts_event);
        if is_fill {
            link.newest_fill = link.newest_fill.max(Some(event.ts_event));
        }
        self.data_time = self.data_time.max(event.ts_recv);
        self.feed(Input::Order(event), now, effects)?;
        self.forget_what_is_over(venue, id)
    }

    /// An order that is over needs no watching, and one that is known to work is in no doubt.
    pub(super) fn forget_what_is_over(&mut self, venue: usize, id: OrderId) -> Result<(), SessionError> {
        use OrderStatus as S;
        let status = self.engine.state().orders.get(id).map(|order| order.status);
        let link = self.link(venue)?;
        match status {
            Some(S::Submitted | S::Unknown | S::PendingAmend | S::PendingCancel) => {}
            Some(status) if !status.is_final() => drop(link.doubts.remove(&id)),
            _ => {
                link.doubts.remove(&id);
                link.newest.remove(&id);
                link.missing.remove(&id);
            }
        }
        Ok(())
    }

    /// What is due at a venue.
    pub(super) fn watch(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        self.cancel_again(venue, now, effects)?;
        let stale_after = self.config.stale_after;
        let link = self.link(venue)?;
        let mute = now.running.nanos().saturating_sub(link.heard.nanos());
        if link.up && !link.facts.is_paced && stale_after.is_some_and(|after| mute >= after.nanos()) {
            let text = format!("nothing was heard of {} for {}", link.facts.id, TimeDelta::from_nanos(mute));
            link.up = false;
            link.snapshot = None;
            link.held.clear();
            let about = link.facts.id.to_string();
            self.lose_sight(venue)?;
            effects.push(Effect::Alert { code: "VENUE_STALE", about, text: text.clone() });
            self.stand(venue, Standing::Uncertain { why: text }, now, effects)?;
            self.subscribe(venue, now, effects);
            return Ok(());
        }
        let due = link.next_snapshot.is_some_and(|due| due <= now.running);
        if link.up && link.snapshot.is_none() && due {
            self.ask_for_snapshot(venue, now, effects)?;
        }
        self.compare_clocks(venue, now, effects)?;
        self.listen(venue, now, effects)
    }

    fn ask_for_snapshot(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let margin = self.config.history_margin;
        let facts = self.link(venue)?.facts;
        let orders = self.engine.state().orders.open();
        let here = orders.filter(|order| order.spec.instrument.venue() == facts.id);
        let oldest = here.map(|order| order.ts_created).min();
        let link = self.link(venue)?;
        let since = oldest.map_or(link.since, |oldest| link.since.min(oldest)).saturating_sub(margin);
        // What can take no effect any more, by the time that has run.
        let is_settled = |sent: TimeDelta| sent.saturating_add(facts.lifetime) <= now.running;
        let doubts = link.doubts.iter().filter(|(_, doubt)| is_settled(doubt.sent));
        let settled = doubts.map(|(id, _)| *id).collect();
        let request = self.ask(venue, Request::Account { since }, now, effects);
        self.link(venue)?.snapshot = Some(Pending { request, settled });
        Ok(())
    }

    pub(super) fn snapshot_failed(
        &mut self,
        venue: usize,
        request: RequestId,
        reason: &str,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let config = self.config.clone();
        let link = self.link(venue)?;
        if link.snapshot.take_if(|pending| pending.request == request).is_none() {
            return Ok(());
        }
        link.unclean = link.unclean.saturating_add(1);
        link.next_snapshot = Some(now.running.saturating_add(link.pause(&config)));
        let unclean = link.unclean;
        effects.push(Effect::Reconciled { venue, outcome: ReconcileOutcome::Failed });
        self.release_held(venue, now, effects)?;
        if unclean >= UNCLEAN_SNAPSHOTS {
            let why = format!("its account cannot be read: {reason}");
            self.stand(venue, Standing::Uncertain { why }, now, effects)?;
        }
        Ok(())
    }

    pub(super) fn on_snapshot(
        &mut self,
        venue: usize,
        request: RequestId,
        snapshot: &AccountSnapshot,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Some(pending) = self.link(venue)?.snapshot.take_if(|pending| pending.request == request) else {
            return Ok(());
        };
        if snapshot.watermark < self.link(venue)?.since {
            self.link(venue)?.snapshot = Some(pending);
            let why = "a snapshot that is older than one before";
            return self.snapshot_failed(venue, request, why, now, effects);
        }
        let before = self.sequence;
        let outcome = self.set_right(venue, &pending, snapshot, now, effects)?;
        let told = match (outcome.is_clean(), self.sequence == before) {
            (true, true) => ReconcileOutcome::Clean,
            (true, false) => ReconcileOutcome::Corrected,
            (false, _) => ReconcileOutcome::Failed,
        };
        effects.push(Effect::Reconciled { venue, outcome: told });
        self.release_held(venue, now, effects)?;
        let clean = outcome.is_clean();
        for (order, why) in &outcome.open {
            tracing::debug!(%order, why, "in doubt after a snapshot");
        }
        let config = self.config.clone();
        let link = self.link(venue)?;
        link.missing.clone_from(&outcome.missing);
        if clean {
            link.since = link.since.max(snapshot.watermark);
            link.unclean = 0;
        } else {
            link.unclean = link.unclean.saturating_add(1);
        }
        link.next_snapshot = Some(now.running.saturating_add(link.pause(&config)));
        let unclean = link.unclean;
        if clean {
            return self.stand(venue, Standing::Ready, now, effects);
        }
        if unclean >= UNCLEAN_SNAPSHOTS || outcome.halt {
            let open = outcome.open.iter().map(|(id, why)| format!("order {id}: {why}"));
            let found = outcome.findings.iter().map(|finding| finding.text.clone());
            let why: Vec<String> = open.chain(found).collect();
            return self.stand(venue, Standing::Uncertain { why: why.join("; ") }, now, effects);
        }
        Ok(())
    }

    /// Compares until nothing differs that can be set right ([Y4](crate::reconcile)). What the last comparison found.
    fn set_right(
        &mut self,
        venue: usize,
        pending: &Pending,
        snapshot: &AccountSnapshot,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<Reconciliation, SessionError> {
        let mut outcome = Reconciliation::default();
        for _ in 0..MAX_PASSES {
            let at = self.clock(now);
            let knowledge = self.knowledge(venue, pending)?;
            let id = self.link(venue)?.facts.id;
            outcome = reconcile(&self.engine, id, snapshot, &knowledge, self.config.external, at);
            for finding in &outcome.findings {
                effects.push(Effect::Alert {
                    code: finding.code,
                    about: id.to_string(),
                    text: finding.text.clone(),
                });
            }
            let (corrections, lost) = (outcome.corrections.clone(), outcome.lost.clone());
            if corrections.is_empty() && lost.is_empty() {
                break;
            }
            for correction in corrections {
                let order = match &correction {
                    Input::Order(event) => Some(event.order),
                    _ => None,
                };
                self.feed(correction, now, effects)?;
                if let Some(order) = order {
                    self.forget_what_is_over(venue, order)?;
                }
            }
            for order in lost {
                self.lost(venue, order, now, effects)?;
            }
        }
        Ok(outcome)
    }

    fn knowledge(&mut self, venue: usize, pending: &Pending) -> Result<Knowledge, SessionError> {
        let asked = self.asked.values().filter(|asked| asked.venue == venue && !asked.overdue);
        let sent = asked.filter_map(|Asked { what, .. }| match what {
            Request::Submit(submit) => Some(submit.order),
            Request::Amend(amend) => Some(amend.order),
            Request::Cancel(order) => Some(order.order),
            Request::Account { .. } | Request::Order(_) | Request::History(_) | Request::Time => None,
        });
        let waiting = self.waiting.iter().filter(|waiting| waiting.venue == venue);
        let in_flight: std::collections::BTreeSet<OrderId> =
            sent.chain(waiting.map(|waiting| waiting.command.order())).collect();
        let id = self.link(venue)?.facts.id;
        let open = self.engine.state().orders.open();
        let here: Vec<OrderId> =
            open.filter(|order| order.spec.instrument.venue() == id).map(|order| order.id).collect();
        let link = self.link(venue)?;
        let again = link.to_cancel.iter().map(|(.., order)| order.order);
        let new = link.doubts.iter().filter(|(_, doubt)| doubt.submit.is_some());
        let mut known = Knowledge {
            settled: pending.settled.clone(),
            doubted: new.map(|(id, _)| *id).collect(),
            in_flight,
            newest: link.newest.clone(),
            newest_fill: link.newest_fill,
            missing: link.missing.clone(),
        };
        known.in_flight.extend(again);
        if link.facts.is_paced {
            // Nothing is lost on the way there and back: what is under way arrives when its time comes in the data.
            known.in_flight.extend(here);
        }
        // What was sent again since is as new as it was the first time.
        known.settled.retain(|id| !known.in_flight.contains(id));
        Ok(known)
    }

    /// What the stream told while the snapshot was on its way (N4).
    fn release_held(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let held = std::mem::take(&mut self.link(venue)?.held);
        for event in held {
            self.on_order(venue, event, now, effects)?;
        }
        Ok(())
    }

    /// It is proven that the venue never took an order (N3).
    pub(super) fn lost(
        &mut self,
        venue: usize,
        id: OrderId,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Some(order) = self.engine.state().orders.get(id) else { return Ok(()) };
        let (instrument, status, created) = (order.spec.instrument, order.status, order.ts_created);
        if status.is_final() {
            return Ok(());
        }
        let age = self.engine.state().now.since(created);
        let young = age <= self.config.resend_within && status != OrderStatus::PendingCancel;
        let link = self.link(venue)?;
        if let Some(doubt) = link.doubts.get_mut(&id)
            && let Some(submit) = doubt.submit.filter(|_| young && !doubt.resent)
        {
            doubt.resent = true;
            doubt.sent = now.running;
            self.ask(venue, Request::Submit(submit), now, effects);
            return Ok(());
        }
        link.doubts.remove(&id);
        let order = Command::Cancel(OrderRef { order: id, venue_order: None, instrument });
        let (code, text) = (RejectCode::Lost, "the venue never took it, by its own record".to_owned());
        let at = self.clock(now);
        self.tell(&order, OrderEventKind::Rejected { code, text }, at, now, effects)
    }

    /// The engine is told how far a venue can be relied on, if that changes (N5).
    pub(super) fn stand(
        &mut self,
        venue: usize,
        standing: Standing,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let at = self.clock(now);
        let link = self.link(venue)?;
        let standing = match (standing, link.doubtful.values().next()) {
            (Standing::Ready, Some(why)) => Standing::Uncertain { why: why.clone() },
            (standing, _) => standing,
        };
        link.ready = standing == Standing::Ready;
        let same = |known: &Standing| std::mem::discriminant(known) == std::mem::discriminant(&standing);
        if link.standing.as_ref().is_some_and(same) {
            return Ok(());
        }
        link.standing = Some(standing.clone());
        let id = link.facts.id;
        match &standing {
            Standing::Ready => {}
            Standing::Uncertain { why } => {
                let text = format!("{id} is uncertain, only what reduces is sent: {why}");
                effects.push(Effect::Alert { code: "VENUE_UNCERTAIN", about: id.to_string(), text });
            }
            Standing::Down { why } => {
                let text = format!("{id} cannot be reached: {why}");
                effects.push(Effect::Alert { code: "VENUE_DOWN", about: id.to_string(), text });
            }
        }
        self.feed(Input::Standing(VenueStanding { venue: id, standing, at }), now, effects)
    }
}
