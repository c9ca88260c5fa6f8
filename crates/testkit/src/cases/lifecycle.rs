//! V7 to V12: what becomes of an order.

use algoflow_core::{
    capabilities::Feature,
    command::OrderRef,
    id::OrderId,
    number::Quantity,
    order::{OrderEventKind, OrderKind, OrderQuantity, OrderStatus, Side},
};

use super::{features::quarter, needs};
use crate::scene::{Case, Scene, ensure, fail, ids, is_refusal};

pub(super) async fn legal_steps(scene: &mut Scene<'_>) -> Case {
    let filled = scene.buy(scene.quantity).await?;
    let mut orders = vec![filled];
    if needs(scene, &[Feature::Limit, Feature::Gtc]).is_ok() {
        let cancelled = scene.place(scene.resting()?).await?;
        scene.cancel(cancelled).await.or_else(|error| fail(format!("a cancel: {error}")))?;
        scene.wait_for(cancelled, "end", |order| !order.is_open()).await?;
        orders.push(cancelled);
    }
    // What comes late counts, too.
    scene.quiet().await?;
    ensure(scene.illegal.is_empty(), || scene.illegal.join("; "))?;
    for order in orders {
        for event in scene.order_events(order) {
            let instrument = event.instrument;
            ensure(instrument == scene.instrument.id, || format!("an event of {order} is of {instrument}"))?;
        }
    }
    Ok(())
}

pub(super) async fn fills(scene: &mut Scene<'_>) -> Case {
    let quantity = scene.quantity;
    let order = scene.buy(quantity).await?;
    scene.quiet().await?;
    let snapshot = scene.snapshot().await?;
    let told = scene.fills(order);
    let known = [scene.instrument.base, scene.instrument.quote, scene.instrument.settlement];
    for fill in told {
        let right = fill.instrument == scene.instrument.id && fill.side == Side::Buy && fill.order == order;
        ensure(right, || format!("a fill of {order} is {fill:?}"))?;
        ensure(fill.price.is_positive(), || format!("a fill at {}", fill.price))?;
        let asset = fill.fee.asset;
        let held = snapshot.balances.iter().any(|balance| balance.asset == asset);
        ensure(known.contains(&asset) || held, || format!("a fee is counted in {asset}, which is not held"))?;
    }
    ensure(scene.filled(order) == quantity, || {
        format!("{order} is for {quantity}; its fills add up to {}", scene.filled(order))
    })?;

    let reported: Vec<_> = snapshot.fills.iter().filter(|fill| fill.order == Some(order)).collect();
    let (ours, theirs) = (ids(told.iter().map(|fill| &fill.id)), ids(reported.iter().map(|fill| &fill.id)));
    ensure(ours == theirs, || format!("the stream told the fills {ours:?}, the snapshot {theirs:?}"))?;
    for report in reported {
        let same = told.iter().any(|fill| {
            let quantities = (fill.price, fill.quantity) == (report.price, report.quantity);
            fill.id == report.id && quantities && (fill.side, fill.fee) == (report.side, report.fee)
        });
        ensure(same, || format!("the stream told the fill {} otherwise than the snapshot", report.id))?;
    }
    match snapshot.orders.iter().find(|report| report.order == Some(order)) {
        Some(report) => ensure(report.filled == quantity, || {
            format!("{order} has filled {quantity}; the snapshot says {}", report.filled)
        }),
        None => fail(format!("{order} ended since the time asked for, and is not in the snapshot")),
    }
}

/// The cancellation of an order is surely refused: at once, or in the stream.
async fn cancel_refused(scene: &mut Scene<'_>, reference: OrderRef, what: &str) -> Case {
    let from = scene.events.len();
    match scene.venue.cancel(&reference).await {
        Err(error) if is_refusal(&error) => return Ok(()),
        Err(error) => return fail(format!("{what}: not surely refused but {}: {error}", error.code())),
        Ok(_) => {}
    }
    let refused = scene.wait_for_event(from, "the refusal", |event| match event {
        algoflow_core::venue::VenueEvent::Order(event) => {
            event.order == reference.order && matches!(event.kind, OrderEventKind::CancelRejected { .. })
        }
        _ => false,
    });
    match refused.await {
        Ok(_) => Ok(()),
        Err(_) => fail(format!("{what}: confirmed")),
    }
}

pub(super) async fn cancel_unknown(scene: &mut Scene<'_>) -> Case {
    let order = scene.fresh_id();
    let reference = OrderRef { order, venue_order: None, instrument: scene.instrument.id };
    cancel_refused(scene, reference, "an order that never was").await
}

pub(super) async fn cancel_finished(scene: &mut Scene<'_>) -> Case {
    let filled = scene.buy(scene.quantity).await?;
    let reference = scene.reference(filled);
    cancel_refused(scene, reference, "an order that has filled").await?;
    if needs(scene, &[Feature::Limit, Feature::Gtc]).is_ok() {
        let cancelled = cancelled(scene).await?;
        let reference = scene.reference(cancelled);
        cancel_refused(scene, reference, "an order that was cancelled").await?;
    }
    Ok(())
}

/// A resting order that was cancelled.
async fn cancelled(scene: &mut Scene<'_>) -> Result<OrderId, crate::scene::End> {
    let order = scene.place(scene.resting()?).await?;
    scene.cancel(order).await.or_else(|error| fail(format!("an open order cannot be cancelled: {error}")))?;
    scene.wait_for(order, "be cancelled", |order| order.status == OrderStatus::Cancelled).await?;
    Ok(order)
}

pub(super) async fn cancel_open(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let order = cancelled(scene).await?;
    scene.is_gone(order, Quantity::ZERO).await?;
    let price = scene.away(Side::Buy)?;
    // If the market can come to where it was, it must not fill.
    if let Ok((bid, ask)) = below(scene, price)
        && scene.stage.move_market(bid, ask).await.is_ok()
    {
        scene.quiet().await?;
        let filled = scene.filled(order);
        ensure(filled.is_zero(), || format!("{order} was cancelled, and then filled {filled}"))?;
    }
    Ok(())
}

/// A market whose ask is one step below a price.
pub(super) fn below(
    scene: &Scene<'_>,
    price: algoflow_core::number::Price,
) -> Result<(algoflow_core::number::Price, algoflow_core::number::Price), crate::scene::End> {
    let step = scene.instrument.price_increment;
    let ask = price.checked_sub(step);
    let market = ask.and_then(|ask| Ok((ask.checked_sub(step)?, ask)));
    market.or_else(|error| fail(format!("there is no price below {price}: {error}")))
}

pub(super) async fn amend(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let order = scene.place(scene.resting()?).await?;
    let (_, price) = below(scene, scene.away(Side::Buy)?)?;
    let total = scene.quantity.checked_add(quarter(scene.quantity)?);
    let total = total.or_else(|error| fail(error.to_string()))?;
    let kind = OrderKind::Limit { price };
    let answer = scene.amend(order, kind, total).await;
    if !scene.venue.capabilities().native().contains(Feature::Amend) {
        match answer {
            Err(error) if is_refusal(&error) => {}
            other => return fail(format!("Amend is not native, and was not surely refused: {other:?}")),
        }
        let open = scene.open_reports(order).await?.len();
        return ensure(open == 1, || format!("{order} should have stayed; {open} of it are open"));
    }
    answer.or_else(|error| fail(format!("Amend is native, and was not taken: {error}")))?;
    let wanted = OrderQuantity::Base(total);
    scene.wait_for(order, "change", |order| (order.spec.kind, order.spec.quantity) == (kind, wanted)).await?;
    match &scene.open_reports(order).await?[..] {
        [report] => ensure((report.spec.kind, report.spec.quantity) == (kind, wanted), || {
            format!("{order} was changed to {price} and {total}; the snapshot says {:?}", report.spec)
        }),
        open => fail(format!("{order} was changed; {} of it are open", open.len())),
    }
}
