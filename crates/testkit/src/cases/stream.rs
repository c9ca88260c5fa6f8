//! V20, V21, V22, V24: what streams tell.

use algoflow_core::{
    id::OrderId,
    order::{OrderEventKind, OrderStatus},
    venue::{EventStream, VenueEvent},
};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::scene::{Case, End, MAX_EVENTS, Scene, ensure, fail};

async fn subscribe(scene: &Scene<'_>) -> Result<EventStream, End> {
    let wanted = scene.stage.subscriptions();
    scene.venue.subscribe(&wanted).await.or_else(|error| fail(format!("another stream: {error}")))
}

/// What a stream tells of an order until the deadline.
async fn told(stream: &mut EventStream, order: OrderId, deadline: Instant) -> Vec<OrderEventKind> {
    let mut kinds = Vec::new();
    for _ in 0..MAX_EVENTS {
        match tokio::time::timeout_at(deadline, stream.next()).await {
            Ok(Some(VenueEvent::Order(event))) if event.order == order => kinds.push(event.kind),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    kinds
}

pub(super) async fn two_subscribers(scene: &mut Scene<'_>) -> Case {
    let mut second = subscribe(scene).await?;
    let order = scene.buy(scene.quantity).await?;
    scene.quiet().await?;
    let first: Vec<_> = scene.order_events(order).map(|event| event.kind.clone()).collect();
    let second = told(&mut second, order, scene.deadline()).await;
    ensure(first == second, || format!("one stream told {first:?}, the other {second:?}"))
}

pub(super) async fn dropped(scene: &mut Scene<'_>) -> Case {
    let before = scene.stage.open_streams();
    let second = subscribe(scene).await?;
    drop(second);
    scene.quiet().await?;
    let after = scene.stage.open_streams();
    ensure(before == after, || {
        format!("{before:?} streams were open, one came and went, {after:?} are open")
    })?;
    scene.buy(scene.quantity).await.map(|_| ())
}

pub(super) async fn disconnect(scene: &mut Scene<'_>) -> Case {
    scene.quiet().await?;
    let from = scene.events.len();
    scene.stage.disconnect().await?;
    let lost = scene
        .wait_for_event(from, "the lost connection", |event| matches!(event, VenueEvent::Disconnected { .. }))
        .await?;
    let is_up = |event: &VenueEvent| matches!(event, VenueEvent::Connected);
    let early = scene.events.iter().take(lost).skip(from).any(is_up);
    ensure(!early, || "it is connected again before it was lost".to_owned())?;
    let up = scene.wait_for_event(lost, "the new connection", is_up).await?;
    let is_gap = |event: &VenueEvent| matches!(event, VenueEvent::Gap { .. });
    scene.wait_for_event(up, "the gap", is_gap).await?;
    let order = scene.place(scene.taking()).await?;
    scene.wait_for(order, "fill", |order| order.status == OrderStatus::Filled).await
}

pub(super) async fn market_data(scene: &mut Scene<'_>) -> Case {
    scene.quiet().await?;
    let from = scene.events.len();
    let step = scene.instrument.price_increment;
    let market = scene.bid.checked_add(step).and_then(|bid| Ok((bid, scene.ask.checked_add(step)?)));
    let (bid, ask) = market.or_else(|error| fail(error.to_string()))?;
    scene.stage.move_market(bid, ask).await?;
    scene.wait_for_event(from, "the market", |event| matches!(event, VenueEvent::Market(_))).await?;
    scene.quiet().await?;
    let wanted: Vec<_> = scene.stage.subscriptions().iter().map(|wanted| wanted.instrument()).collect();
    for event in &scene.events {
        let VenueEvent::Market(data) = event else { continue };
        let instrument = data.instrument();
        ensure(wanted.contains(&instrument), || format!("{instrument} was not asked for"))?;
        let (happened, known) = (ts_event(data), data.ts_recv());
        let sane = happened.is_none_or(|happened| happened <= known);
        ensure(sane, || format!("it happened at {happened:?} and was known at {known}"))?;
    }
    Ok(())
}

/// When ticks and books happened; of other data it is not compared.
const fn ts_event(data: &algoflow_core::market::MarketData) -> Option<algoflow_core::time::Timestamp> {
    use algoflow_core::market::MarketData as M;
    match data {
        M::Trade(trade) => Some(trade.ts_event),
        M::Quote(quote) => Some(quote.ts_event),
        M::Depth(depth) => Some(depth.ts_event),
        M::BookOrder(order) => Some(order.ts_event),
        _ => None,
    }
}
