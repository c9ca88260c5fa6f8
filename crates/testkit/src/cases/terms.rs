//! V13 to V17: the terms of an order are kept.

use algoflow_core::{
    capabilities::Feature,
    number::Quantity,
    order::{Liquidity, OrderKind, OrderSpec, OrderStatus, Side, TimeInForce},
};

use super::{lifecycle::below, needs};
use crate::scene::{Case, Scene, ensure, fail, is_refusal};

/// Sends an order that must end without a fill, or be surely refused.
async fn ends_unfilled(scene: &mut Scene<'_>, spec: OrderSpec) -> Case {
    let (order, answer) = scene.send(spec).await;
    match answer {
        Ok(_) => scene.is_gone(order, Quantity::ZERO).await,
        Err(error) if is_refusal(&error) => Ok(()),
        Err(error) => fail(format!("neither taken nor surely refused: {error}")),
    }
}

pub(super) async fn immediate_or_cancel(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Ioc])?;
    let spec = OrderSpec { time_in_force: TimeInForce::Ioc, ..scene.resting()? };
    ends_unfilled(scene, spec).await
}

pub(super) async fn fill_or_kill(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Fok])?;
    let away = OrderSpec { time_in_force: TimeInForce::Fok, ..scene.resting()? };
    ends_unfilled(scene, away).await?;
    let order = scene.place(OrderSpec { kind: OrderKind::Limit { price: scene.ask }, ..away }).await?;
    scene.wait_for(order, "fill in full", |order| order.status == OrderStatus::Filled).await
}

pub(super) async fn post_only(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc, Feature::PostOnly])?;
    let mut resting = scene.resting()?;
    resting.flags.post_only = true;
    let order = scene.place(resting).await?;
    scene.quiet().await?;
    let open = scene.open_reports(order).await?.len();
    ensure(open == 1, || {
        format!("a post-only order away from the market should rest; {open} of it are open")
    })?;

    let (order, answer) =
        scene.send(OrderSpec { kind: OrderKind::Limit { price: scene.ask }, ..resting }).await;
    match answer {
        Err(error) if is_refusal(&error) => return Ok(()),
        Err(error) => return fail(format!("neither taken nor surely refused: {error}")),
        Ok(_) => scene.quiet().await?,
    }
    let taken = scene.fills(order).iter().any(|fill| fill.liquidity == Liquidity::Taker);
    ensure(!taken, || "a post-only order took liquidity".to_owned())
}

pub(super) async fn reduce_only(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::ReduceOnly])?;
    let quantity = scene.quantity;
    let mut opening = scene.taking();
    opening.flags.reduce_only = true;
    ends_unfilled(scene, opening).await?;

    scene.buy(quantity).await?;
    let twice = quantity.checked_add(quantity).or_else(|error| fail(error.to_string()))?;
    let mut closing = scene.taking_on(Side::Sell, twice);
    closing.flags.reduce_only = true;
    let (order, answer) = scene.send(closing).await;
    match answer {
        Err(error) if is_refusal(&error) => return Ok(()),
        Err(error) => return fail(format!("neither taken nor surely refused: {error}")),
        Ok(_) => scene.quiet().await?,
    }
    let sold = scene.filled(order);
    ensure(sold <= quantity, || format!("a reduce-only order sold {sold} of a position of {quantity}"))
}

pub(super) async fn limit_price(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let spec = scene.resting()?;
    let order = scene.place(spec).await?;
    let limit = scene.away(Side::Buy)?;
    let (bid, ask) = below(scene, limit)?;
    scene.stage.move_market(bid, ask).await?;
    scene.wait_for(order, "fill", |order| order.status == OrderStatus::Filled).await?;
    for fill in scene.fills(order) {
        let price = fill.price;
        ensure(Side::Buy.accepts(price, limit), || format!("a buy at {limit} filled at {price}"))?;
    }
    Ok(())
}
