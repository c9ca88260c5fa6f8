use std::collections::BTreeMap;

use algoflow_core::{
    id::{Asset, ExecutionId, InstrumentId},
    number::{Money, Quantity},
};
use algoflow_execution::{Adjustment, Input};
use rust_decimal::Decimal;

use super::{ExternalPolicy, Finding, Reconciliation, View};

/// Compares positions in contracts, then balances (Y4). A position that differs comes first: setting it right moves money.
pub(super) fn compare(view: &View<'_>, outcome: &mut Reconciliation) {
    if view.policy == ExternalPolicy::Ignore {
        outcome.totals_compared = true;
        return;
    }
    let before = outcome.corrections.len();
    if !positions(view, outcome) {
        return;
    }
    if outcome.corrections.len() == before {
        balances(view, outcome);
    }
    outcome.totals_compared = true;
}

/// False if a position cannot be compared.
fn positions(view: &View<'_>, outcome: &mut Reconciliation) -> bool {
    let state = view.engine.state();
    let mut both: BTreeMap<InstrumentId, (Quantity, Quantity)> = BTreeMap::new();
    for (id, position) in state.portfolio.positions() {
        let contract = state.instruments.index(id).and_then(|index| state.instruments.get(index));
        if view.is_here(id) && contract.is_some_and(|known| !known.spec.is_paid_in_full()) {
            both.entry(id).or_default().0 = position.quantity;
        }
    }
    for (id, quantity) in view.snapshot.positions.iter().filter(|(id, _)| view.is_here(*id)) {
        both.entry(*id).or_default().1 = *quantity;
    }
    for (id, (ours, theirs)) in both.into_iter().filter(|(_, (ours, theirs))| ours != theirs) {
        let text = format!("position in {id}: {ours} in our books, {theirs} at {}", view.venue);
        if view.policy == ExternalPolicy::Halt {
            outcome.halt = true;
            outcome.findings.push(Finding { code: "EXTERNAL_POSITION", text });
            continue;
        }
        let price = state.instruments.index(id).and_then(|index| state.portfolio.mark(index));
        let (Ok(quantity), Some(price)) = (theirs.checked_sub(ours), price) else {
            let text = format!("{text}; without a price it cannot be taken in");
            outcome.findings.push(Finding { code: "EXTERNAL_POSITION", text });
            return false;
        };
        outcome.findings.push(Finding { code: "EXTERNAL_POSITION_ADOPTED", text });
        let name = format!("external:{}:{id}", view.snapshot.watermark.nanos());
        let id = Adjustment::Position {
            instrument: id,
            quantity,
            price,
            id: ExecutionId::new(&name),
            at: view.at,
        };
        outcome.corrections.push(Input::Adjust(id));
    }
    true
}

fn balances(view: &View<'_>, outcome: &mut Reconciliation) {
    let mut both: BTreeMap<Asset, (Decimal, Decimal)> = BTreeMap::new();
    for (venue, asset, balance) in view.engine.portfolio().balances() {
        if venue == view.venue {
            both.entry(asset).or_default().0 = balance.total;
        }
    }
    for balance in &view.snapshot.balances {
        both.entry(balance.asset).or_default().1 = balance.total;
    }
    for (asset, (ours, theirs)) in both.into_iter().filter(|(_, (ours, theirs))| ours != theirs) {
        let text = format!("{asset}: {ours} in our books, {theirs} at {}", view.venue);
        if view.policy == ExternalPolicy::Halt {
            outcome.halt = true;
            outcome.findings.push(Finding { code: "EXTERNAL_BALANCE", text });
            continue;
        }
        let Some(more) = theirs.checked_sub(ours) else {
            outcome.halt = true;
            outcome.findings.push(Finding { code: "EXTERNAL_BALANCE", text });
            continue;
        };
        outcome.findings.push(Finding { code: "EXTERNAL_BALANCE_ADOPTED", text });
        let (venue, money, at) = (view.venue, Money::new(more, asset), view.at);
        outcome.corrections.push(Input::Adjust(Adjustment::Balance { venue, money, at }));
    }
}
