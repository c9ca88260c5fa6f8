//! V1, V2, V23, V26, V27: what the venue says of itself, and orders that make no sense.

use algoflow_core::{
    capabilities::{Feature, FeatureSet, Support},
    error::VenueError,
    id::InstrumentId,
    number::{Price, Quantity},
    order::{OrderKind, OrderSpec},
    time::TimeDelta,
};
use rust_decimal::Decimal;

use super::{features::refusal, needs};
use crate::scene::{Case, Scene, ensure, fail, skip};

pub(super) async fn instruments(scene: &mut Scene<'_>) -> Case {
    let venue = scene.venue.id();
    let listed = scene.venue.instruments().await;
    let listed = listed.or_else(|error| fail(format!("instruments: {error}")))?;
    let mut ids: Vec<_> = listed.iter().map(|instrument| instrument.id).collect();
    ids.sort_unstable();
    if let [twice, ..] = ids.iter().zip(ids.iter().skip(1)).filter(|(a, b)| a == b).collect::<Vec<_>>()[..] {
        return fail(format!("{} is listed twice", twice.0));
    }
    for instrument in &listed {
        let id = instrument.id;
        ensure(id.venue() == venue, || format!("{id} is not of {venue}"))?;
        if let Err(error) = instrument.validate() {
            return fail(format!("{id}: {error}"));
        }
    }
    Ok(())
}

pub(super) fn reasons(scene: &Scene<'_>) -> Case {
    let capabilities = scene.venue.capabilities();
    for feature in Feature::ALL {
        match capabilities.support(*feature) {
            Some(Support::Unsupported { why }) => {
                ensure(!why.trim().is_empty(), || format!("{feature} is unsupported without a reason"))?;
            }
            Some(Support::Emulated { risk }) => {
                ensure(!risk.trim().is_empty(), || format!("{feature} is emulated without a risk"))?;
                let possible = FeatureSet::EMULATED_BY_ENGINE.contains(*feature);
                ensure(possible, || format!("{feature} is left to the engine, which cannot do it"))?;
            }
            Some(Support::Native) | None => {}
        }
    }
    let lifetime = scene.venue.request_lifetime();
    ensure(lifetime > TimeDelta::ZERO, || format!("the lifetime of a request is {lifetime}"))
}

pub(super) async fn unknown_instrument(scene: &mut Scene<'_>) -> Case {
    let unknown = InstrumentId::new("NO-SUCH-THING", scene.venue.id());
    let unknown = unknown.or_else(|error| fail(error.to_string()))?;
    let spec = OrderSpec { instrument: unknown, ..scene.taking() };
    refusal(scene, spec).await
}

pub(super) async fn increments(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let resting = scene.resting()?;
    let half = |step: Decimal| step / Decimal::TWO;
    let between = scene.quantity.to_decimal() + half(scene.instrument.quantity_increment.to_decimal());
    let price = scene.away(algoflow_core::order::Side::Buy)?;
    let price_between = price.to_decimal() + half(scene.instrument.price_increment.to_decimal());
    let (Ok(between), Ok(price_between)) =
        (Quantity::from_decimal(between), Price::from_decimal(price_between))
    else {
        return skip("the steps are too fine to be halved");
    };
    let specs = [
        OrderSpec { quantity: between.into(), ..resting },
        OrderSpec { kind: OrderKind::Limit { price: price_between }, ..resting },
        OrderSpec { quantity: Quantity::ZERO.into(), ..resting },
    ];
    for spec in specs {
        refusal(scene, spec).await?;
    }
    Ok(())
}

pub(super) async fn clock(scene: &mut Scene<'_>) -> Case {
    let first = match scene.venue.time().await {
        Ok(time) => time,
        Err(VenueError::Unsupported { .. }) => return skip("the venue tells no time"),
        Err(error) => return fail(format!("the clock: {error}")),
    };
    scene.quiet().await?;
    match scene.venue.time().await {
        Ok(second) => ensure(second >= first, || format!("the clock went from {first} back to {second}")),
        Err(error) => fail(format!("the clock, asked again: {error}")),
    }
}
