use algoflow_core::{
    order::{OrderRole, OrderStatus},
    prelude::*,
};

/// Leaves a position without leaving an order behind.
///
/// - **X1** What still works in the instrument is cancelled first. A stop that fills meanwhile just makes the
///   position smaller.
/// - **X2** When nothing works any more, what is then held is closed.
/// - **X3** A cancellation or a closing order that was refused is asked for again with the next bar, not at
///   once: the venue would only refuse it again.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Exit {
    instrument: InstrumentId,
    active: bool,
}

impl Exit {
    pub(crate) fn new(instrument: InstrumentId) -> Self {
        Self { instrument, active: false }
    }

    /// Whether it was begun and something still works or is held.
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    pub(crate) fn begin(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.active = true;
        self.proceed(ctx)
    }

    /// Does the next step, if it was begun. To be called with every bar.
    pub(crate) fn proceed(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        if !self.active {
            return Ok(());
        }
        let working: Vec<_> = ctx
            .orders()
            .filter(|order| {
                order.spec.instrument == self.instrument && order.spec.contingency.role != OrderRole::Close
            })
            .map(|order| (order.id, order.status))
            .collect();
        for (order, status) in &working {
            if *status != OrderStatus::PendingCancel {
                ctx.cancel(*order)?;
            }
        }
        if !working.is_empty() {
            return Ok(());
        }
        self.active = !ctx.position(self.instrument).is_flat();
        ctx.close(self.instrument)
    }

    /// Takes note of what happened to an order.
    pub(crate) fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        let Some(order) = ctx.order(event.order) else { return Ok(()) };
        let ended = !order.is_open() && order.spec.instrument == self.instrument;
        let refused_to_close = order.spec.contingency.role == OrderRole::Close && event.fill().is_none();
        if ended && !refused_to_close { self.proceed(ctx) } else { Ok(()) }
    }
}
