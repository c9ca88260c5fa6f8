//! What strategies ask for: checked, then sent.

use algoflow_core::{
    capabilities::{Feature, FeatureSet},
    command::{Amend, Command, OrderRef, Submit},
    error::AccountError,
    id::OrderId,
    ledger::Shortfall,
    market::TradingStatus,
    number::{Price, Quantity},
    order::{
        CancelReason, OrderEvent, OrderEventKind, OrderKind, OrderRole, OrderSpec, OrderStatus, RejectCode,
        TimeInForce,
    },
    state::{Ending, Hold, Request},
    time::Timestamp,
};

use super::{Engine, MAX_REQUESTS_PER_INPUT, pools::Claim};
use crate::{error::EngineError, timers::Alarm};

/// Why an order is refused before it leaves.
pub(super) struct Refusal {
    pub(super) code: RejectCode,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(code: RejectCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl Refusal {
    /// The engine's books cannot value an order: that is the order's end, and not the run's. A ledger that does not add up
    /// is another matter.
    fn of_account(error: AccountError) -> Result<Self, EngineError> {
        let code = match error {
            AccountError::NoRate { .. } => RejectCode::NoPrice,
            AccountError::Number { .. } => RejectCode::InvalidOrder,
            AccountError::UnknownInstrument { .. } => RejectCode::UnknownInstrument,
            error => return Err(error.into()),
        };
        Ok(Self::new(code, error.to_string()))
    }
}

impl From<Shortfall> for Refusal {
    fn from(shortfall: Shortfall) -> Self {
        Self { code: shortfall.code, text: shortfall.text }
    }
}

impl Engine {
    /// Carries out requests until none is left: what a strategy asks in answer to one is carried out too.
    pub(super) fn settle(&mut self, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let mut handled = 0;
        while self.is_unsettled() {
            let mut requests = std::mem::take(&mut self.state.requests);
            handled += requests.len() + self.links.to_cancel.len();
            if handled > MAX_REQUESTS_PER_INPUT {
                return Err(EngineError::RequestStorm { limit: MAX_REQUESTS_PER_INPUT });
            }
            for request in requests.drain(..) {
                self.carry_out(request, commands)?;
            }
            // Keep the larger buffer, so that the steady state allocates nothing.
            if self.state.requests.is_empty() {
                self.state.requests = requests;
            }
            for (order, reason) in std::mem::take(&mut self.links.to_cancel) {
                self.cancel(order, reason, commands)?;
            }
            self.close_halted(commands)?;
            if self.guarded && self.risk.trim {
                self.trim(commands)?;
            }
        }
        Ok(())
    }

    /// Whether there is something to carry out.
    #[inline]
    pub(super) fn is_unsettled(&self) -> bool {
        !self.state.requests.is_empty()
            || !self.links.to_cancel.is_empty()
            || self.can_close()
            || (self.guarded && self.risk.trim)
    }

    fn carry_out(&mut self, request: Request, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let out_of_hours = self.warming || self.stopped;
        if self.is_dropped(&request) || (out_of_hours && self.refuse_out_of_hours(&request, commands)?) {
            return Ok(());
        }
        match request {
            Request::Submit(order) => self.submit(order, commands),
            Request::Work { order, algorithm, route } => {
                self.work(order, *algorithm, route.as_deref(), commands)
            }
            Request::Cancel(order) => self.cancel(order, CancelReason::Requested, commands),
            Request::Amend { order, kind, quantity } => {
                self.wish(order, quantity);
                self.amend(order, kind, quantity, commands)
            }
            Request::Subscribe { strategy, subscription } => {
                if let Some(index) = self.state.instruments.index(subscription.instrument()) {
                    self.routes.subscribe(index, strategy, &subscription);
                }
                Ok(())
            }
            Request::Schedule { strategy, timer } => {
                self.timers.set(timer.at, Alarm::Strategy { strategy, timer });
                Ok(())
            }
            Request::Unschedule { strategy, name } => {
                self.timers.remove(strategy, &name);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A new order: checked, held back if it waits for something, else sent.
    pub(super) fn submit(&mut self, id: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        if entry.order.status != OrderStatus::Initialized {
            return Ok(());
        }
        // A specification is large: it is looked at where it is.
        let spec = &entry.order.spec;
        // A slice does not wait for its parent.
        let parent = spec.contingency.parent.filter(|_| !spec.is_slice());
        let group = spec.contingency.group;
        if let Err(refusal) = self.check(spec, spec.features(), entry.instrument) {
            return self.deny(id, refusal, commands);
        }
        if (parent.is_some() || group.is_some())
            && let Err(refusal) = self.link(id)
        {
            return self.deny(id, refusal, commands);
        }
        if let Some(parent) = parent {
            self.hold(id, Hold::Parent)?;
            return self.parent_moved(parent, false, commands);
        }
        self.release(id, commands)
    }

    /// The rules that need no money: the instrument's, and what the venue can do.
    #[inline]
    pub(super) fn check(
        &self,
        spec: &OrderSpec,
        features: FeatureSet,
        instrument: usize,
    ) -> Result<(), Refusal> {
        let known = self.state.instruments.get(instrument);
        let known = known.ok_or_else(|| Refusal::new(RejectCode::UnknownInstrument, "unknown instrument"))?;
        if matches!(known.status, TradingStatus::Closed | TradingStatus::Delisted) {
            return Err(Refusal::new(
                RejectCode::MarketClosed,
                format!("{} does not trade now", spec.instrument),
            ));
        }
        spec.validate(&known.spec)
            .map_err(|error| Refusal::new(RejectCode::InvalidOrder, error.to_string()))?;
        let venue = self.venue_of.get(instrument).and_then(|index| self.venues.get(*index));
        let venue = venue.ok_or_else(|| Refusal::new(RejectCode::UnknownInstrument, "unknown venue"))?;
        let mut needs = features.without(Feature::Oto).without(Feature::Oco);
        if spec.contingency.role == OrderRole::Close {
            // Nobody asked for it by name, and the engine can always keep it.
            needs = needs.without(Feature::ReduceOnly);
        }
        if needs.minus(venue.capabilities.native()).is_empty() {
            return Ok(());
        }
        match venue.capabilities.objection(needs) {
            Some(why) => Err(Refusal::new(RejectCode::Unsupported, why)),
            None => Ok(()),
        }
    }

    /// What the venue of an instrument does itself.
    #[inline]
    pub(super) fn native(&self, instrument: usize) -> FeatureSet {
        let venue = self.venue_of.get(instrument).and_then(|index| self.venues.get(*index));
        venue.map(|venue| venue.capabilities.native()).unwrap_or_default()
    }

    /// Sends an order that no longer waits for a parent, unless the engine must watch its trigger.
    pub(super) fn release(&mut self, id: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        let (spec, instrument) = (&entry.order.spec, entry.instrument);
        let native = self.native(instrument);
        let watched = spec.kind.is_conditional() && !spec.features().minus(native).and(TRIGGERS).is_empty();
        // What is held is not at the venue, which then cannot keep its time.
        let kept = if watched { FeatureSet::EMPTY } else { native };
        let deadline = self.deadline(spec.time_in_force, kept);
        if spec.flags.reduce_only
            && !native.contains(Feature::ReduceOnly)
            && let Err(refusal) = self.shrink_to_position(id, instrument)
        {
            return self.deny(id, refusal, commands);
        }
        if let Some(deadline) = deadline {
            if deadline < self.state.now {
                let text = format!("its time was over at {deadline}");
                return self.deny(id, Refusal::new(RejectCode::InvalidOrder, text), commands);
            }
            self.timers.set(deadline, Alarm::Expire(id));
        }
        if watched {
            if self.guarded
                && let Err(refusal) = self.admit(id)
            {
                return self.deny(id, refusal, commands);
            }
            return self.watch(id, instrument);
        }
        self.send(id, instrument, commands)
    }

    /// Sets aside the money, then sends the order.
    pub(super) fn send(
        &mut self,
        id: OrderId,
        instrument: usize,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        if self.guarded
            && let Err(refusal) = self.admit(id)
        {
            return self.deny(id, refusal, commands);
        }
        let reserved = match self.reserve(id, instrument) {
            Err(EngineError::Account(error)) => Err(Refusal::of_account(error)?),
            reserved => reserved?,
        };
        if let Err(refusal) = reserved {
            return self.deny(id, refusal, commands);
        }
        self.note(id, OrderEventKind::Submitted)?;
        if self.guarded {
            self.note_sent(id);
        }
        let native = self.native(instrument);
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        entry.hold = Hold::None;
        commands.push(Command::Submit(Submit { order: id, spec: entry.order.spec }));
        let Some(Command::Submit(Submit { spec, .. })) = commands.last_mut() else { return Ok(()) };
        // The engine keeps the links itself, and the flags that the venue does not know.
        spec.contingency.parent = None;
        spec.contingency.group = None;
        if !native.contains(Feature::ReduceOnly) && spec.flags.reduce_only {
            spec.flags.reduce_only = false;
            self.links.add_reducing(instrument, id);
        }
        if !spec.features().minus(native).and(TIMES).is_empty() {
            spec.time_in_force = TimeInForce::Gtc;
        }
        Ok(())
    }

    /// Sets aside what the order needs of the account (C8).
    pub(super) fn reserve(
        &mut self,
        id: OrderId,
        instrument: usize,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let Some(order) = self.state.orders.get(id) else { return Ok(Ok(())) };
        let spec = &order.spec;
        let Some(known) = self.state.instruments.get(instrument) else {
            return Ok(Err(Refusal::new(RejectCode::UnknownInstrument, "unknown instrument")));
        };
        let Some(price) = self.price_of(spec.kind, instrument) else {
            return Ok(Err(Refusal::new(
                RejectCode::NoPrice,
                format!("no price of {} is known", spec.instrument),
            )));
        };
        let quantity = match spec.quantity.base(spec.side) {
            Some(quantity) => quantity,
            None => {
                let quantity =
                    known.spec.base_for(spec.quantity.value(), price).map_err(AccountError::from)?;
                if quantity.is_zero() {
                    let text = format!("{} pays for nothing at {price}", spec.quantity.value());
                    return Ok(Err(Refusal::new(RejectCode::InvalidOrder, text)));
                }
                quantity
            }
        };
        let limits = &known.spec.limits;
        if limits.min_notional.is_some() || limits.max_notional.is_some() {
            let notional =
                known.spec.notional(price, quantity).map_err(algoflow_core::error::AccountError::from)?.abs();
            let below = limits.min_notional.is_some_and(|min| notional < min);
            if below || limits.max_notional.is_some_and(|max| notional > max) {
                let text = format!(
                    "worth {notional}, allowed are {:?} to {:?}",
                    limits.min_notional, limits.max_notional
                );
                return Ok(Err(Refusal::new(RejectCode::NotionalLimit, text)));
            }
        }
        let fee = known.fee();
        let (side, reduces) = (spec.side, spec.flags.reduce_only);
        if let Some(holder) = self.pool_holder(id, instrument, side).or(reduces.then_some(id)) {
            let claim = Claim { kind: spec.kind, open: quantity, reduces };
            return self.raise(id, holder, instrument, side, claim);
        }
        let reserved = self.state.portfolio.reserve(instrument, side, quantity, price, fee)?;
        Ok(reserved.map_err(Refusal::from).map(|reservation| {
            if let Some(entry) = self.state.orders.entry_mut(id) {
                entry.reservation = reservation;
            }
        }))
    }

    /// The price by which an order is valued: its own, or the last.
    pub(super) fn price_of(&self, kind: OrderKind, instrument: usize) -> Option<Price> {
        kind.limit_price().or(kind.trigger_price()).or(self.state.portfolio.mark(instrument))
    }

    /// The end of an order that is new now, if the engine must see to it because the venue does not.
    pub(super) fn deadline(&self, in_force: TimeInForce, native: FeatureSet) -> Option<Timestamp> {
        match in_force {
            TimeInForce::Gtd(at) if !native.contains(Feature::Gtd) => Some(at),
            TimeInForce::Day if !native.contains(Feature::Day) => {
                let day = algoflow_core::time::TimeDelta::days(1);
                Some(self.state.now.floor_to(day).saturating_add(day))
            }
            _ => None,
        }
    }

    /// Ends an order for a reason, of which the strategy is told when the end is confirmed.
    pub(super) fn cancel(
        &mut self,
        id: OrderId,
        reason: CancelReason,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.end(id, Ending::Cancel(reason), commands)
    }

    /// Ends an order: held ones at once, others by asking the venue.
    fn end(&mut self, id: OrderId, ending: Ending, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        use CancelReason as R;
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        let instrument = entry.order.spec.instrument;
        let venue_order = entry.order.venue_order.clone();
        match entry.order.status {
            OrderStatus::PendingCancel if entry.hold == Hold::Algorithm => {
                self.end_worked(id, ending, commands)
            }
            OrderStatus::Initialized => {
                let text = "cancelled before it was sent";
                self.deny(id, Refusal::new(RejectCode::Other, text), commands)
            }
            OrderStatus::Held => self.tell(id, ended(ending), commands),
            OrderStatus::PendingCancel => {
                // Somebody's wish comes before our own reasons, and those before a mere replacement.
                let stronger =
                    matches!(ending, Ending::Cancel(R::Requested | R::StrategyStopped | R::RiskLimit))
                        || entry.ending == Some(Ending::Cancel(R::Replaced));
                if stronger {
                    entry.ending = Some(ending);
                }
                Ok(())
            }
            status if status.is_final() => Ok(()),
            _ if entry.hold == Hold::Algorithm => self.end_worked(id, ending, commands),
            _ => {
                entry.ending = Some(ending);
                self.note(id, OrderEventKind::CancelRequested)?;
                commands.push(Command::Cancel(OrderRef { order: id, venue_order, instrument }));
                Ok(())
            }
        }
    }

    /// Changes an order: held ones at once, others by asking the venue.
    pub(super) fn amend(
        &mut self,
        id: OrderId,
        kind: OrderKind,
        quantity: Quantity,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        let instrument = entry.instrument;
        let refusal = match entry.order.status {
            OrderStatus::Held => {
                return self.tell(id, OrderEventKind::Amended { kind, quantity }, commands);
            }
            status if status.is_final() || status == OrderStatus::PendingCancel => return Ok(()),
            OrderStatus::Initialized => Refusal::new(RejectCode::Other, "the order was not sent yet"),
            _ if entry.hold == Hold::Algorithm => return self.amend_work(id, kind, quantity, commands),
            OrderStatus::Unknown => {
                Refusal::new(RejectCode::Other, "it is not known whether the venue has the order")
            }
            _ if !self.native(instrument).contains(Feature::Amend) => Refusal::new(
                RejectCode::Unsupported,
                "the venue does not change orders; cancel it and send another",
            ),
            _ => match self.ask_amend(id, kind, quantity, commands)? {
                Ok(()) => return Ok(()),
                Err(refusal) => refusal,
            },
        };
        self.refuse_amend(id, refusal, commands)
    }

    /// Tells a strategy that a change was not asked for. A change that is on its way stays so.
    pub(super) fn refuse_amend(
        &mut self,
        id: OrderId,
        refusal: Refusal,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let kind = OrderEventKind::AmendRejected { code: refusal.code, text: refusal.text };
        let pending = self.state.orders.get(id).filter(|order| order.status == OrderStatus::PendingAmend);
        let Some(order) = pending else { return self.tell(id, kind, commands) };
        if let Some(leg) = self.links.leg_mut(id) {
            leg.wished = None;
        }
        let (now, instrument) = (self.state.now, order.spec.instrument);
        let event = OrderEvent { order: id, instrument, ts_event: now, ts_recv: now, kind };
        self.call(usize::from(id.strategy), |strategy, ctx| strategy.on_order(ctx, &event));
        Ok(())
    }

    /// Asks the venue to change a working order, once what the change needs is set aside (C8).
    pub(super) fn ask_amend(
        &mut self,
        id: OrderId,
        kind: OrderKind,
        quantity: Quantity,
        commands: &mut Vec<Command>,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(Ok(())) };
        let instrument = entry.order.spec.instrument;
        let kind = if entry.was_triggered { kind.triggered() } else { kind };
        if self.guarded
            && let Err(refusal) = self.admit_change(id, kind, quantity)
        {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.cover_change(id, kind, quantity)? {
            return Ok(Err(refusal));
        }
        self.note(id, OrderEventKind::AmendRequested)?;
        if self.guarded {
            self.note_sent(id);
        }
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(Ok(())) };
        entry.order.ask_total(quantity);
        let venue_order = entry.order.venue_order.clone();
        let changes = self.links.amending.entry(id).or_default();
        changes.unanswered += 1;
        changes.asked.push((kind, quantity));
        commands.push(Command::Amend(Amend { order: id, venue_order, instrument, kind, quantity }));
        Ok(Ok(()))
    }

    /// An order's time is over, and the venue does not watch it.
    pub(super) fn expire(&mut self, id: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.end(id, Ending::Expire, commands)
    }

    pub(super) fn deny(
        &mut self,
        id: OrderId,
        refusal: Refusal,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.tell(id, OrderEventKind::Denied { code: refusal.code, text: refusal.text }, commands)
    }

    pub(super) fn hold(&mut self, id: OrderId, hold: Hold) -> Result<(), EngineError> {
        if let Some(entry) = self.state.orders.entry_mut(id) {
            entry.hold = hold;
        }
        self.note(id, OrderEventKind::Held)
    }

    /// An event that the engine makes itself and the strategy need not be told of.
    pub(super) fn note(&mut self, id: OrderId, kind: OrderEventKind) -> Result<(), EngineError> {
        let now = self.state.now;
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        let event = OrderEvent {
            order: id,
            instrument: entry.order.spec.instrument,
            ts_event: now,
            ts_recv: now,
            kind,
        };
        Ok(entry.order.apply(&event)?)
    }

    /// An event that the engine makes itself, with everything that follows from it.
    pub(super) fn tell(
        &mut self,
        id: OrderId,
        kind: OrderEventKind,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let now = self.state.now;
        let Some(order) = self.state.orders.get(id) else { return Ok(()) };
        let event =
            OrderEvent { order: id, instrument: order.spec.instrument, ts_event: now, ts_recv: now, kind };
        self.on_event(&event, commands)
    }
}

/// What a strategy is told of an order that ended as the engine wanted it.
pub(super) const fn ended(ending: Ending) -> OrderEventKind {
    match ending {
        Ending::Cancel(reason) => OrderEventKind::Cancelled { reason },
        Ending::Expire => OrderEventKind::Expired,
    }
}

/// Kinds whose trigger the engine can watch.
const TRIGGERS: FeatureSet = FeatureSet::EMPTY
    .with(Feature::Stop)
    .with(Feature::StopLimit)
    .with(Feature::TrailingStop)
    .with(Feature::MarketIfTouched)
    .with(Feature::LimitIfTouched);

/// Times in force that the engine can keep.
const TIMES: FeatureSet = FeatureSet::EMPTY.with(Feature::Gtd).with(Feature::Day);
