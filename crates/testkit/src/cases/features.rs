//! V3, V4: the table of capabilities is true.

use algoflow_core::{
    capabilities::Feature,
    number::{Money, Quantity},
    order::{
        Contingency, OrderEventKind, OrderFlags, OrderKind, OrderQuantity, OrderSpec, OrderStatus,
        Protection, Side, TimeInForce, TrailingOffset,
    },
    time::TimeDelta,
};
use rust_decimal::Decimal;

use crate::scene::{Case, End, Scene, describe, fail, is_refusal};

pub(super) async fn native(scene: &mut Scene<'_>) -> Case {
    let native = scene.venue.capabilities().native();
    all(scene, native.iter().collect(), true).await
}

pub(super) async fn others(scene: &mut Scene<'_>) -> Case {
    let native = scene.venue.capabilities().native();
    let others = Feature::ALL.iter().copied().filter(|feature| !native.contains(*feature));
    all(scene, others.collect(), false).await
}

/// Tries each feature at a venue that was opened anew, and reports all that are not as they should be.
async fn all(scene: &mut Scene<'_>, features: Vec<Feature>, taken: bool) -> Case {
    let mut wrong = Vec::new();
    for feature in features {
        // V12 is about amendments.
        if feature == Feature::Amend {
            continue;
        }
        scene.again().await?;
        let outcome = match probe(scene, feature).await? {
            Some(spec) if taken => acceptance(scene, spec).await,
            Some(spec) => refusal(scene, spec).await,
            // It cannot be asked for without something else that the venue lacks.
            None => Ok(()),
        };
        match outcome {
            Err(End::Failed(why)) => wrong.push(format!("{feature}: {why}")),
            other => other?,
        }
    }
    if wrong.is_empty() { Ok(()) } else { fail(wrong.join("; ")) }
}

/// An order that is taken, and not refused later.
async fn acceptance(scene: &mut Scene<'_>, spec: OrderSpec) -> Case {
    let order = scene.place(spec).await?;
    // Whatever is told of it first: a venue that refuses in the stream does not confirm it there before.
    scene.wait_for_order_event(order, |_| true).await?;
    if scene.status(order) == OrderStatus::Rejected {
        let events: Vec<_> = scene.order_events(order).map(|event| format!("{:?}", event.kind)).collect();
        return fail(format!("taken, then rejected: {}", events.join(", ")));
    }
    Ok(())
}

/// An order that is surely refused: at once, or in the stream after it was confirmed to be there.
pub(super) async fn refusal(scene: &mut Scene<'_>, spec: OrderSpec) -> Case {
    let (order, answer) = scene.send(spec).await;
    match answer {
        Err(error) if is_refusal(&error) => return Ok(()),
        Err(error) => {
            return fail(format!("not surely refused but {} ({}): {error}", error.code(), describe(&spec)));
        }
        Ok(_) => {}
    }
    if scene.wait_for_order_event(order, |kind| matches!(kind, OrderEventKind::Rejected { .. })).await? {
        return Ok(());
    }
    fail(format!("taken, and is {} ({})", scene.status(order), describe(&spec)))
}

/// An order that asks for a feature and otherwise for what the venue has; `None` if there is none.
async fn probe(scene: &mut Scene<'_>, feature: Feature) -> Result<Option<OrderSpec>, End> {
    let spec = spec(scene, feature).await?;
    let rest = spec.features().without(feature).minus(scene.venue.capabilities().native());
    Ok(rest.is_empty().then_some(spec))
}

async fn spec(scene: &mut Scene<'_>, feature: Feature) -> Result<OrderSpec, End> {
    let (below, above) = (scene.away(Side::Buy)?, scene.away(Side::Sell)?);
    let resting = scene.resting()?;
    let at_market = OrderSpec { kind: OrderKind::Limit { price: scene.ask }, ..resting };
    let taking = scene.taking();
    let kind = |kind| OrderSpec { kind, ..resting };
    let tif = |time_in_force| OrderSpec { time_in_force, ..resting };
    let day_after = scene.stage.now().saturating_add(TimeDelta::days(1));
    Ok(match feature {
        Feature::Market => kind(OrderKind::Market),
        Feature::Stop => kind(OrderKind::Stop { trigger: above }),
        Feature::StopLimit => kind(OrderKind::StopLimit { trigger: above, price: above }),
        Feature::TrailingStop => {
            kind(OrderKind::TrailingStop { offset: TrailingOffset::BasisPoints(500), activation: None })
        }
        Feature::MarketIfTouched => kind(OrderKind::MarketIfTouched { trigger: below }),
        Feature::LimitIfTouched => kind(OrderKind::LimitIfTouched { trigger: below, price: below }),
        Feature::Ioc => OrderSpec { time_in_force: TimeInForce::Ioc, ..at_market },
        Feature::Fok => OrderSpec { time_in_force: TimeInForce::Fok, ..at_market },
        Feature::Gtd => tif(TimeInForce::Gtd(day_after)),
        Feature::Day => tif(TimeInForce::Day),
        Feature::AtOpen => tif(TimeInForce::AtOpen),
        Feature::AtClose => tif(TimeInForce::AtClose),
        Feature::PostOnly => {
            OrderSpec { flags: OrderFlags { post_only: true, ..OrderFlags::default() }, ..resting }
        }
        Feature::ReduceOnly => {
            scene.buy(scene.quantity).await?;
            let flags = OrderFlags { reduce_only: true, ..OrderFlags::default() };
            let kind = OrderKind::Limit { price: above };
            OrderSpec { side: Side::Sell, kind, flags, ..resting }
        }
        Feature::Display => {
            let flags = OrderFlags { display: Some(quarter(scene.quantity)?), ..OrderFlags::default() };
            OrderSpec { flags, ..resting }
        }
        Feature::WorstPrice => {
            let protection = Protection { worst_price: Some(above), ..Protection::default() };
            OrderSpec { protection, ..taking }
        }
        Feature::MaxFee => {
            let most = Money::new(amount(scene)?.to_decimal(), scene.instrument.quote);
            OrderSpec { protection: Protection { max_fee: Some(most), ..Protection::default() }, ..taking }
        }
        Feature::QuoteQuantity => {
            OrderSpec { quantity: OrderQuantity::Quote(amount(scene)?), ..kind(OrderKind::Market) }
        }
        Feature::ExactIn => {
            OrderSpec { quantity: OrderQuantity::ExactIn(amount(scene)?), ..kind(OrderKind::Market) }
        }
        Feature::ExactOut => {
            OrderSpec { quantity: OrderQuantity::ExactOut(scene.quantity), ..kind(OrderKind::Market) }
        }
        Feature::Oto => {
            let (parent, _) = scene.send(resting).await;
            let contingency = Contingency { parent: Some(parent), ..Contingency::default() };
            OrderSpec { side: Side::Sell, kind: OrderKind::Limit { price: above }, contingency, ..resting }
        }
        Feature::Oco => {
            let contingency = Contingency { group: Some(1), ..Contingency::default() };
            OrderSpec { contingency, ..resting }
        }
        // Limit, Gtc, and what may be added to the list.
        _ => resting,
    })
}

/// What the quantity of an order is worth at the ask, in units of the quote.
fn amount(scene: &Scene<'_>) -> Result<Quantity, End> {
    let worth = scene.instrument.notional(scene.ask, scene.quantity);
    let worth = worth.and_then(|worth| Quantity::from_decimal(worth.round_dp(2)));
    worth.or_else(|error| fail(format!("the worth of an order: {error}")))
}

/// A quarter of a quantity, which the stage says is of whole steps.
pub(super) fn quarter(quantity: Quantity) -> Result<Quantity, End> {
    let part = Quantity::from_decimal(quantity.to_decimal() / Decimal::from(4));
    part.or_else(|error| fail(format!("a quarter of {quantity}: {error}")))
}
