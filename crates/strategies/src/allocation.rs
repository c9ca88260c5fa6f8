use std::cmp::Ordering;

use algoflow_core::{order::OrderEventKind, prelude::*};

/// Brings several positions to targets in an order that an account without credit can pay for.
///
/// - **A1** Positions that shrink (or turn around) are sent first.
/// - **A2** Positions that grow are sent once no order of the strategy works any more.
/// - **A3** New targets replace what has not been sent yet; orders that still work count as done.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Allocation {
    /// What waits for the money that the others free.
    growing: Vec<(InstrumentId, Quantity)>,
}

impl Allocation {
    pub(crate) fn set(
        &mut self,
        ctx: &mut Context<'_>,
        targets: impl IntoIterator<Item = (InstrumentId, Quantity)>,
    ) -> StrategyResult {
        self.growing.clear();
        for (instrument, target) in targets {
            let held = ctx.position(instrument).quantity;
            let grows = match held.cmp(&Quantity::ZERO) {
                Ordering::Less => target < held,
                Ordering::Equal => !target.is_zero(),
                Ordering::Greater => target > held,
            };
            if grows {
                self.growing.push((instrument, target));
            } else {
                ctx.target_position(instrument, target)?;
            }
        }
        self.proceed(ctx)
    }

    fn proceed(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        if ctx.orders().next().is_some() {
            return Ok(());
        }
        for (instrument, target) in self.growing.drain(..) {
            ctx.target_position(instrument, target)?;
        }
        Ok(())
    }

    /// Takes note of what happened to an order; says whether it was refused.
    pub(crate) fn on_order(
        &mut self,
        ctx: &mut Context<'_>,
        event: &OrderEvent,
    ) -> Result<bool, StrategyError> {
        self.proceed(ctx)?;
        Ok(matches!(event.kind, OrderEventKind::Denied { .. } | OrderEventKind::Rejected { .. }))
    }
}

/// Whether bringing a position to `target` is worth a trade: the difference is more than `band` of the
/// equity, or the position is to end or to change its side.
pub(crate) fn exceeds_band(
    ctx: &Context<'_>,
    instrument: InstrumentId,
    target: Quantity,
    band: f64,
) -> Result<bool, StrategyError> {
    let held = ctx.position(instrument).quantity;
    let difference = target.checked_sub(held)?.checked_abs()?;
    if difference.is_zero() {
        return Ok(false);
    }
    let keeps_side = held.is_negative() == target.is_negative() && !held.is_zero() && !target.is_zero();
    Ok(!keeps_side || difference > ctx.quantity_for_weight(instrument, band)?)
}
