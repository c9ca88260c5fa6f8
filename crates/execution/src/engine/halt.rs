//! Strategies that fail.
//!
//! - **H1** A strategy that returned an error is called no more, and what it asked for and was not yet carried out is
//!   dropped. So is a strategy that keeps the engine busy with timers ([`MAX_TIMERS_PER_INPUT`](super::MAX_TIMERS_PER_INPUT)).
//! - **H2** Its open orders are cancelled (`StrategyStopped`).
//! - **H3** Under [`ErrorPolicy::Flatten`] what it holds of an instrument is closed with one reduce-only market order, once none
//!   of its orders there is open any more: only then is free what they had set aside, and known what is held. An order
//!   whose cancellation the venue refuses is not waited for.

use algoflow_core::{
    command::Command,
    error::StrategyError,
    id::OrderId,
    order::{CancelReason, OrderEvent, OrderEventKind, OrderRole, OrderSpec, OrderStatus, Side},
    state::Request,
    trading::Standing,
};
use serde::{Deserialize, Serialize};

use super::{Engine, ErrorPolicy, Halt, exposure::Whose};
use crate::error::EngineError;

/// What a strategy holds of an instrument, which is to be closed.
#[derive(Debug, Serialize, Deserialize, Clone)]
pub(super) struct Closing {
    strategy: usize,
    instrument: usize,
    /// Orders that have to end before.
    waits_for: Vec<OrderId>,
    /// Orders that the venue would not cancel.
    refused: Vec<OrderId>,
    /// Why orders are cancelled for it.
    reason: CancelReason,
    /// What is ordered meanwhile is cancelled too.
    insist: bool,
}

impl Engine {
    #[cold]
    pub(super) fn halt(&mut self, index: usize, error: &StrategyError) {
        if let Some(slot) = self.strategies.get_mut(index) {
            slot.halted = true;
        }
        if let Some(strategy) = self.state.strategies.get(index) {
            let (at, code) = (self.state.now, error.code());
            self.halts.push(Halt { strategy: *strategy, at, code, reason: error.to_string() });
        }
        self.state.requests.retain(|request| strategy_of(request) != Some(index));
        let open = self.state.orders.open().map(|order| order.id);
        let of_ours = open.filter(|id| usize::from(id.strategy) == index);
        self.links.to_cancel.extend(of_ours.map(|id| (id, CancelReason::StrategyStopped)));
        if self.on_error == ErrorPolicy::Flatten {
            for instrument in 0..self.state.instruments.len() {
                self.close_out(index, instrument, CancelReason::StrategyStopped, true);
            }
        }
    }

    /// Closes what a strategy holds of an instrument, once its open orders there are over (H3, RK15).
    pub(super) fn close_out(
        &mut self,
        strategy: usize,
        instrument: usize,
        reason: CancelReason,
        insist: bool,
    ) {
        let waits_for = self.open_orders(strategy, instrument, &[]);
        let flat = self.state.position(strategy, instrument).quantity.is_zero();
        if flat && waits_for.is_empty() {
            return;
        }
        self.links.to_cancel.extend(waits_for.iter().map(|id| (*id, reason)));
        let closes = |closing: &Closing| closing.strategy == strategy && closing.instrument == instrument;
        if let Some(closing) = self.closing.iter_mut().find(|closing| closes(closing)) {
            // It is on its way, and looks for open orders again before it closes.
            closing.insist |= insist;
            return;
        }
        let refused = Vec::new();
        self.closing.push(Closing { strategy, instrument, waits_for, refused, reason, insist });
    }

    /// An order of a halted strategy filled after its end: what is held is to be closed once more (L3 of late fills).
    pub(super) fn close_again(&mut self, strategy: usize, instrument: usize) {
        let halted = self.strategies.get(strategy).is_some_and(|slot| slot.halted);
        let closes = |closing: &Closing| closing.strategy == strategy && closing.instrument == instrument;
        let is_kept = (halted && self.on_error == ErrorPolicy::Flatten) || self.risk.is_kept_flat(strategy);
        if is_kept && !self.closing.iter().any(closes) {
            let (waits_for, refused) = (Vec::new(), Vec::new());
            let reason = if halted { CancelReason::StrategyStopped } else { CancelReason::RiskLimit };
            self.closing.push(Closing { strategy, instrument, waits_for, refused, reason, insist: true });
        }
    }

    /// A fill while only exits pass: orders are cut (RK11), and what is to be kept closed is closed (RK15).
    pub(super) fn after_guarded(&mut self, event: &OrderEvent, instrument: usize) {
        let strategy = usize::from(event.order.strategy);
        let Some(order) = self.state.orders.get(event.order) else { return };
        let closes = order.spec.contingency.role == OrderRole::Close;
        let ended = order.status.is_final() && order.status != OrderStatus::Filled;
        let filled = event.fill().is_some();
        let left = filled && !closes;
        // A closing order that the venue ended before it was done; it has filled something, or it would be asked for ever.
        let undone = closes && ended && order.filled.is_positive();
        if filled && self.risk.is_restricted(strategy, self.state.now) {
            self.risk.trim = true;
        }
        let flat = self.state.position(strategy, instrument).quantity.is_zero();
        if (left || undone) && !flat && self.risk.is_kept_flat(strategy) {
            self.close_again(strategy, instrument);
        }
    }

    fn open_orders(&self, strategy: usize, instrument: usize, but: &[OrderId]) -> Vec<OrderId> {
        let ours = self.state.orders.open_entries().filter(|entry| {
            usize::from(entry.order.id.strategy) == strategy && entry.instrument == instrument
        });
        ours.map(|entry| entry.order.id).filter(|id| !but.contains(id)).collect()
    }

    /// Whether the strategy that made a request was halted since (H1).
    #[inline]
    pub(super) fn is_dropped(&self, request: &Request) -> bool {
        !self.halts.is_empty()
            && strategy_of(request)
                .and_then(|strategy| self.strategies.get(strategy))
                .is_some_and(|slot| slot.halted)
    }

    /// An order ended, or the venue will not end it: a position may be free to be closed (H3).
    #[inline]
    pub(super) fn after_halt(&mut self, event: &OrderEvent, is_final: bool) {
        let refused = matches!(event.kind, OrderEventKind::CancelRejected { .. });
        if self.closing.is_empty() || !(is_final || refused) {
            return;
        }
        for closing in &mut self.closing {
            let before = closing.waits_for.len();
            closing.waits_for.retain(|id| *id != event.order);
            if refused && closing.waits_for.len() < before {
                closing.refused.push(event.order);
            }
        }
    }

    /// Whether a position is free to be closed.
    #[inline]
    pub(super) fn can_close(&self) -> bool {
        self.closing.iter().any(|closing| self.is_free(closing))
    }

    /// Whether nothing holds up the closing of a position: no order, and not its venue (RK5).
    fn is_free(&self, closing: &Closing) -> bool {
        if !closing.waits_for.is_empty() {
            return false;
        }
        let standing = if self.guarded { self.standing_at(closing.instrument) } else { None };
        match standing {
            None | Some(Standing::Ready) => true,
            Some(Standing::Down { .. }) => false,
            Some(Standing::Uncertain { .. }) => {
                let held = self.state.position(closing.strategy, closing.instrument).quantity;
                let side = if held.is_negative() { Side::Buy } else { Side::Sell };
                let against = self.against(Whose::All, closing.instrument, side);
                held.checked_abs().is_ok_and(|quantity| quantity <= against)
            }
        }
    }

    /// Closes the positions of halted strategies that no order holds up any more (H3).
    pub(super) fn close_halted(&mut self, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        while let Some(at) = self.closing.iter().position(|closing| self.is_free(closing)) {
            let mut closing = self.closing.swap_remove(at);
            if closing.insist {
                // Links may have made orders since.
                closing.waits_for = self.open_orders(closing.strategy, closing.instrument, &closing.refused);
            }
            if closing.waits_for.is_empty() {
                self.close_position(closing.strategy, closing.instrument, commands)?;
            } else {
                let orders = closing.waits_for.iter().map(|id| (*id, closing.reason));
                self.links.to_cancel.extend(orders);
                self.closing.push(closing);
            }
        }
        Ok(())
    }

    fn close_position(
        &mut self,
        strategy: usize,
        instrument: usize,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let held = self.state.position(strategy, instrument).quantity;
        let (Ok(quantity), Some(known)) = (held.checked_abs(), self.state.instruments.get(instrument)) else {
            return Ok(());
        };
        if quantity.is_zero() {
            return Ok(());
        }
        let side = if held.is_negative() { Side::Buy } else { Side::Sell };
        let mut spec = OrderSpec::market(known.spec.id, side, quantity);
        spec.contingency.role = OrderRole::Close;
        spec.flags.reduce_only = true;
        let id = self.state.orders.create(strategy, instrument, spec, self.state.now);
        self.unexpect(strategy, instrument, held);
        self.risk.exempt = Some(id);
        let result = self.submit(id, commands);
        self.risk.exempt = None;
        result
    }
}

fn strategy_of(request: &Request) -> Option<usize> {
    match request {
        Request::Submit(order)
        | Request::Work { order, .. }
        | Request::Cancel(order)
        | Request::Amend { order, .. } => Some(usize::from(order.strategy)),
        Request::Subscribe { strategy, .. }
        | Request::Schedule { strategy, .. }
        | Request::Unschedule { strategy, .. } => Some(*strategy),
        _ => None,
    }
}
