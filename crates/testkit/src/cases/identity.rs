//! V5, V6, V25: an order is found again by the id that it was given.

use algoflow_core::{
    capabilities::Feature,
    command::Submit,
    error::VenueError,
    order::{OrderEventKind, OrderSpec},
    venue::{OrderReport, ReportedStatus},
};

use super::needs;
use crate::scene::{Case, Scene, ensure, fail, is_refusal};

/// The terms that a report must have as they were asked for.
fn same_terms(report: &OrderReport, spec: &OrderSpec) -> Case {
    let theirs = (report.spec.instrument, report.spec.side, report.spec.quantity, report.spec.kind);
    let ours = (spec.instrument, spec.side, spec.quantity, spec.kind);
    ensure(theirs == ours, || format!("asked for {ours:?}, reported {theirs:?}"))
}

pub(super) async fn client_id(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let spec = scene.resting()?;
    let order = scene.place(spec).await?;
    let told =
        scene.wait_for_order_event(order, |kind| matches!(kind, OrderEventKind::Accepted { .. })).await?;
    ensure(told, || format!("the stream does not tell that {order} was accepted"))?;
    match &scene.open_reports(order).await?[..] {
        [report] => same_terms(report, &spec)?,
        [] => return fail(format!("{order} is not among the open orders of the snapshot")),
        several => return fail(format!("{order} is in the snapshot {} times", several.len())),
    }
    match scene.venue.order(&scene.reference(order)).await {
        Ok(Some(report)) => {
            let named = report.order == Some(order) && report.status == ReportedStatus::Open;
            ensure(named, || format!("asked for {order}, it tells of {report:?}"))?;
            same_terms(&report, &spec)
        }
        Ok(None) => fail(format!("{order} is open, but the venue says that it has none")),
        Err(VenueError::Unsupported { .. }) => Ok(()),
        Err(error) => fail(format!("a question about {order}: {error}")),
    }
}

pub(super) async fn one_order(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let open = |orders: Vec<OrderReport>| {
        orders.into_iter().filter(|report| report.status == ReportedStatus::Open).count()
    };
    let before = open(scene.snapshot().await?.orders);
    let submit = Submit { order: scene.fresh_id(), spec: scene.resting()? };
    if let Err(error) = scene.submit(submit).await {
        return fail(format!("an order was not taken: {error}"));
    }
    if let Err(error) = scene.submit(submit).await
        && !is_refusal(&error)
    {
        return fail(format!("the same id again is neither confirmed nor surely refused: {error}"));
    }
    let made = open(scene.snapshot().await?.orders).saturating_sub(before);
    ensure(made == 1, || format!("the same id twice made {made} orders"))?;
    scene.cancel(submit.order).await.or_else(|error| fail(format!("a cancel: {error}")))?;
    scene.is_gone(submit.order, scene.filled(submit.order)).await
}

pub(super) async fn reconnected(scene: &mut Scene<'_>) -> Case {
    needs(scene, &[Feature::Limit, Feature::Gtc])?;
    let spec = scene.resting()?;
    let order = scene.place(spec).await?;
    let reference = scene.reference(order);
    scene.venue = scene.stage.reopen().await?;
    match &scene.open_reports(order).await?[..] {
        [report] => same_terms(report, &spec)?,
        _ => return fail(format!("{order} is not in the snapshot of another connection")),
    }
    scene
        .venue
        .cancel(&reference)
        .await
        .or_else(|error| fail(format!("{order} cannot be cancelled over another connection: {error}")))?;
    scene.stage.settle().await;
    let open = scene.open_reports(order).await?;
    ensure(open.is_empty(), || format!("{order} was cancelled over another connection, and is open"))
}
