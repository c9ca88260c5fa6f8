//! V18, V19: snapshots of the account.

use std::collections::BTreeMap;

use algoflow_core::{id::Asset, number::Quantity, venue::AccountSnapshot};
use rust_decimal::Decimal;

use crate::scene::{Case, Scene, ensure, fail};

pub(super) async fn watermark(scene: &mut Scene<'_>) -> Case {
    let before = scene.snapshot().await?;
    let order = scene.buy(scene.quantity).await?;
    let after = scene.snapshot().await?;
    let (from, to) = (before.watermark, after.watermark);
    ensure(to >= from, || format!("the watermark went from {from} back to {to}"))?;
    for snapshot in [&before, &after] {
        let watermark = snapshot.watermark;
        let fills = snapshot.fills.iter().map(|fill| fill.ts_event);
        let orders = snapshot.orders.iter().map(|report| report.ts_event);
        let late = fills.chain(orders).find(|time| *time > watermark);
        ensure(late.is_none(), || format!("it tells of {late:?}, after its watermark {watermark}"))?;
    }
    let Some(fill) = after.fills.iter().find(|fill| fill.order == Some(order)) else {
        return fail(format!("the stream told the fill of {order}, and the snapshot after it does not"));
    };
    let (complete, at) = (after.complete_since, fill.ts_event);
    ensure(complete <= at, || format!("it is complete since {complete}, which is after a fill of {at}"))
}

pub(super) async fn balances(scene: &mut Scene<'_>) -> Case {
    let before = scene.snapshot().await?;
    let order = scene.buy(scene.quantity).await?;
    scene.quiet().await?;
    let after = scene.snapshot().await?;
    for balance in before.balances.iter().chain(&after.balances) {
        let (locked, total) = (balance.locked, balance.total);
        let sane = Decimal::ZERO <= locked && locked <= total.max(Decimal::ZERO);
        ensure(sane, || format!("{locked} of {total} {} are set aside", balance.asset))?;
    }
    let expected = expected(scene, order)?;
    for (asset, change) in &expected {
        let seen = total(&after, *asset) - total(&before, *asset);
        ensure(seen == *change, || {
            format!("the fills change the balance of {asset} by {change}; the snapshots by {seen}")
        })?;
    }
    if !scene.instrument.is_paid_in_full() {
        let (from, to) = (position(scene, &before), position(scene, &after));
        let held = from.checked_add(scene.quantity).or_else(|error| fail(error.to_string()))?;
        ensure(to == held, || format!("{from} and a buy of {} make {to}", scene.quantity))?;
    }
    Ok(())
}

/// By how much the fills of an order change the balances. Of contracts only the fees are certain, as profits may be paid at any time.
fn expected(
    scene: &Scene<'_>,
    order: algoflow_core::id::OrderId,
) -> Result<BTreeMap<Asset, Decimal>, crate::scene::End> {
    let mut changes = BTreeMap::<Asset, Decimal>::new();
    if !scene.instrument.is_paid_in_full() {
        return Ok(changes);
    }
    for fill in scene.fills(order) {
        let paid = scene.instrument.notional(fill.price, fill.quantity);
        let paid = paid.or_else(|error| fail(format!("what a fill cost: {error}")))?;
        *changes.entry(scene.instrument.base).or_default() += fill.quantity.to_decimal();
        *changes.entry(scene.instrument.quote).or_default() -= paid;
        *changes.entry(fill.fee.asset).or_default() -= fill.fee.amount;
    }
    Ok(changes)
}

fn total(snapshot: &AccountSnapshot, asset: Asset) -> Decimal {
    snapshot.balances.iter().filter(|balance| balance.asset == asset).map(|balance| balance.total).sum()
}

fn position(scene: &Scene<'_>, snapshot: &AccountSnapshot) -> Quantity {
    let held = snapshot.positions.iter().find(|(instrument, _)| *instrument == scene.instrument.id);
    held.map_or(Quantity::ZERO, |(_, quantity)| *quantity)
}
