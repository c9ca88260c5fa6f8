use algoflow_core::{order::OrderRole, prelude::*};

use crate::exit::Exit;

/// A position that is opened with a bracket and never held without a stop.
///
/// - **P1** It is only opened when nothing is held and nothing works.
/// - **P2** If the stop ends (refused, expired, or filled for less than what was bought) while something is
///   held or the entry still works, the position is left. So is one that both legs of a bracket, filling at
///   once, have turned around.
/// - **P3** It is left as [`Exit`] says: protective orders first, then what is held.
/// - **P4** A protective order that is left over when nothing is held any more (its cancellation was refused)
///   is cancelled with the next bar.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct ProtectedPosition {
    instrument: InstrumentId,
    exit: Exit,
}

impl ProtectedPosition {
    pub(crate) fn new(instrument: InstrumentId) -> Self {
        Self { instrument, exit: Exit::new(instrument) }
    }

    /// Whether a new position may be opened (P1).
    pub(crate) fn is_idle(&self, ctx: &Context<'_>) -> bool {
        ctx.position(self.instrument).is_flat() && self.orders(ctx).next().is_none()
    }

    /// The side of the position, or of the entry that still works. `None` if there is neither, or it is being
    /// left.
    pub(crate) fn side(&self, ctx: &Context<'_>) -> Option<Side> {
        if self.exit.is_active() { None } else { self.exposure(ctx) }
    }

    /// Leaves the position (P3).
    pub(crate) fn leave(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.exit.begin(ctx)
    }

    /// To be called with every bar, before anything is decided.
    pub(crate) fn on_bar(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        if self.exposure(ctx).is_none() && !self.is_idle(ctx) {
            return self.exit.begin(ctx);
        }
        self.exit.proceed(ctx)
    }

    /// To be called with every order event.
    pub(crate) fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        match self.side(ctx) {
            Some(side) if !self.is_protected(ctx, side) => self.exit.begin(ctx),
            _ => self.exit.on_order(ctx, event),
        }
    }

    fn is_protected(&self, ctx: &Context<'_>, side: Side) -> bool {
        let stops = |order: &Order| {
            order.spec.contingency.role == OrderRole::StopLoss && order.spec.side == side.opposite()
        };
        self.orders(ctx).any(stops)
    }

    /// The side of what is held, or may be soon.
    fn exposure(&self, ctx: &Context<'_>) -> Option<Side> {
        let held = ctx.position(self.instrument).quantity;
        if held.is_zero() {
            let mut orders = self.orders(ctx);
            let entry = orders.find(|order| order.spec.contingency.role == OrderRole::Entry)?;
            return Some(entry.spec.side);
        }
        Some(if held.is_negative() { Side::Sell } else { Side::Buy })
    }

    fn orders<'c>(&self, ctx: &'c Context<'_>) -> impl Iterator<Item = &'c Order> {
        let instrument = self.instrument;
        ctx.orders().filter(move |order| order.spec.instrument == instrument)
    }
}
