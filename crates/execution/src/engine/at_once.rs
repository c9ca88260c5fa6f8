//! Market orders that fill at once, in one step.
//!
//! Most orders of many backtests are market orders that the venue fills whole as they come. Between the request and the fill
//! nothing can be seen: no report but the fill, no money set aside that is not given back. So it is all done in one step, which
//! leaves everything as the long way does.

use algoflow_core::{
    capabilities::FeatureSet,
    command::Command,
    error::OrderError,
    id::OrderId,
    number::Quantity,
    order::{Order, OrderEvent, OrderSpec, OrderStatus},
    state::Request,
    strategy::Strategy,
};

use super::{Engine, quiet::Told};
use crate::error::EngineError;

impl Engine {
    /// As [`Engine::rouse`], for a driver that has the venue at hand. If all that the strategy asked for is one market order,
    /// and `venue` can fill it whole at once, then that is done, and the report of the fill comes back. Otherwise `venue` has to
    /// give `None` and must not have changed anything.
    ///
    /// A venue that may tell of a fill twice cannot do this: these fills are not remembered.
    ///
    /// # Errors
    /// Those of `venue`; [`OrderError::Overfill`](algoflow_core::error::OrderError::Overfill) for a report that is not the fill of
    /// the whole order; see [`Engine::process`] for the others.
    #[inline]
    pub fn rouse_at_once<'v, E: From<EngineError>>(
        &mut self,
        told: Told,
        commands: &mut Vec<Command>,
        venue: impl FnOnce(OrderId, &OrderSpec) -> Result<Option<&'v OrderEvent>, E>,
    ) -> Result<Option<&'v OrderEvent>, E> {
        if let [Request::Submit(id)] = self.state.requests.as_slice()
            && !told.failed()
            && self.can_fill_at_once(*id)
        {
            let id = *id;
            if let Some(entry) = self.state.orders.entry(id)
                && let Some(event) = venue(id, &entry.order.spec)?
            {
                self.filled_at_once(id, event, commands)?;
                return Ok(Some(event));
            }
        }
        self.rouse(told, commands)?;
        Ok(None)
    }

    /// Whether an order would be sent as it is, at once and alone.
    fn can_fill_at_once(&self, id: OrderId) -> bool {
        let Some(entry) = self.state.orders.entry(id) else { return false };
        let (spec, instrument) = (&entry.order.spec, entry.instrument);
        let is_new = entry.order.status == OrderStatus::Initialized;
        if self.guarded || !is_new || !self.links.are_idle(instrument) || !self.closing.is_empty() {
            return false;
        }
        let (Some(known), Some(quantity), Some(price)) = (
            self.state.instruments.get(instrument),
            spec.plain_quantity(),
            self.state.portfolio.mark(instrument),
        ) else {
            return false;
        };
        let limits = &known.spec.limits;
        !known.spec.is_inverse()
            && limits.min_notional.is_none()
            && limits.max_notional.is_none()
            && self.check(spec, FeatureSet::PLAIN, instrument).is_ok()
            && self.state.portfolio.affords(instrument, spec.side, quantity, price, known.fee())
    }

    /// An order was sent and has filled whole.
    fn filled_at_once(
        &mut self,
        id: OrderId,
        event: &OrderEvent,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        let spec = &entry.order.spec;
        let whole = event.fill().filter(|fill| {
            let theirs = (fill.order, fill.instrument, fill.side, spec.quantity.base(spec.side));
            theirs == (id, spec.instrument, spec.side, Some(fill.quantity))
        });
        let Some(fill) = whole else { return Err(not_whole(&entry.order, event)) };
        self.state.now = self.state.now.max(event.ts_recv);
        self.state.requests.clear();
        let instrument = entry.instrument;
        let target = entry.order.spec.contingency.role.is_target();
        self.take_fill(id, instrument, fill, target)?;
        self.state.orders.fill_whole(id, fill.price, event.ts_recv)?;
        self.call(usize::from(id.strategy), |strategy, ctx| Strategy::on_order(strategy, ctx, event));
        self.after_halt(event, true);
        if self.is_unsettled() { self.settle(commands) } else { Ok(()) }
    }
}

/// A venue's report that is not what it was asked for.
#[cold]
fn not_whole(order: &Order, event: &OrderEvent) -> EngineError {
    let fill = event.fill().map_or(Quantity::ZERO, |fill| fill.quantity);
    let most = order.spec.quantity.base(order.spec.side);
    OrderError::Overfill { order: order.id, filled: order.filled, fill, most }.into()
}
