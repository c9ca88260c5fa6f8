//! The cases, by rule.

mod account;
mod features;
mod identity;
mod lifecycle;
mod reference;
mod stream;
mod terms;

use algoflow_core::capabilities::Feature;

use crate::{
    rule::Rule,
    scene::{Case, Scene, skip},
};

pub(crate) async fn play(rule: Rule, scene: &mut Scene<'_>) -> Case {
    match rule {
        Rule::Instruments => reference::instruments(scene).await,
        Rule::Reasons => reference::reasons(scene),
        Rule::UnknownInstrument => reference::unknown_instrument(scene).await,
        Rule::Increments => reference::increments(scene).await,
        Rule::Clock => reference::clock(scene).await,
        Rule::NativeAccepted => features::native(scene).await,
        Rule::OthersRefused => features::others(scene).await,
        Rule::ClientId => identity::client_id(scene).await,
        Rule::OneOrder => identity::one_order(scene).await,
        Rule::Reconnected => identity::reconnected(scene).await,
        Rule::LegalSteps => lifecycle::legal_steps(scene).await,
        Rule::Fills => lifecycle::fills(scene).await,
        Rule::CancelUnknown => lifecycle::cancel_unknown(scene).await,
        Rule::CancelFinished => lifecycle::cancel_finished(scene).await,
        Rule::CancelOpen => lifecycle::cancel_open(scene).await,
        Rule::Amend => lifecycle::amend(scene).await,
        Rule::ImmediateOrCancel => terms::immediate_or_cancel(scene).await,
        Rule::FillOrKill => terms::fill_or_kill(scene).await,
        Rule::PostOnly => terms::post_only(scene).await,
        Rule::ReduceOnly => terms::reduce_only(scene).await,
        Rule::LimitPrice => terms::limit_price(scene).await,
        Rule::Watermark => account::watermark(scene).await,
        Rule::Balances => account::balances(scene).await,
        Rule::TwoSubscribers => stream::two_subscribers(scene).await,
        Rule::DroppedStream => stream::dropped(scene).await,
        Rule::Disconnect => stream::disconnect(scene).await,
        Rule::MarketData => stream::market_data(scene).await,
    }
}

/// Skips the case unless the venue does all of these itself.
fn needs(scene: &Scene<'_>, features: &[Feature]) -> Case {
    let native = scene.venue.capabilities().native();
    match features.iter().find(|feature| !native.contains(**feature)) {
        Some(missing) => skip(format!("{missing} is not native")),
        None => Ok(()),
    }
}
