use std::collections::BTreeMap;

use algoflow_core::{
    id::{ExecutionId, OrderId, VenueOrderId},
    number::Quantity,
    order::{CancelReason, Fill, Order, OrderEvent, OrderEventKind, OrderStatus},
    venue::{FillReport, OrderReport, ReportedStatus},
};
use algoflow_execution::{Adopted, Input};

use super::{CONFIRMATIONS, ExternalPolicy, Finding, Reconciliation, View};

/// Compares the orders. What it finds goes into `outcome`.
pub(super) fn compare(view: &View<'_>, outcome: &mut Reconciliation) {
    let ours = Ours::of(view);
    let fills = fills_by_order(view, &ours);
    let reports = reports_by_order(view, &ours, outcome);
    // Every order of ours here that is open, or of which the snapshot says something.
    let open = view
        .engine
        .state()
        .orders
        .open()
        .filter(|order| order.status.is_at_venue() && view.is_here(order.spec.instrument))
        // What the engine works itself is at no venue: its slices are.
        .filter(|order| !view.engine.is_worked(order.id));
    let mut ids: Vec<OrderId> = open.map(|order| order.id).collect();
    ids.extend(reports.keys().chain(fills.keys()));
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let Some(order) = view.engine.state().orders.get(id) else { continue };
        let fills = fills.get(&id).map(Vec::as_slice).unwrap_or_default();
        one(view, &order, reports.get(&id).copied(), fills, outcome);
    }
}

/// How the venue's names lead to our orders.
struct Ours {
    by_name: BTreeMap<VenueOrderId, OrderId>,
}

impl Ours {
    fn of(view: &View<'_>) -> Self {
        // Only what was made elsewhere has no other name than the venue's.
        let external = view.engine.external().and_then(|index| u16::try_from(index).ok());
        let orders = view.engine.state().orders.iter();
        let theirs = orders.filter(|order| Some(order.id.strategy) == external);
        let by_name = theirs.filter_map(|order| Some((order.venue_order.clone()?, order.id))).collect();
        Self { by_name }
    }

    fn find(&self, view: &View<'_>, id: Option<OrderId>, name: Option<&VenueOrderId>) -> Option<OrderId> {
        id.filter(|id| view.engine.state().orders.get(*id).is_some())
            .or_else(|| self.by_name.get(name?).copied())
    }
}

fn fills_by_order<'a>(view: &View<'a>, ours: &Ours) -> BTreeMap<OrderId, Vec<&'a FillReport>> {
    let mut fills: BTreeMap<OrderId, Vec<&FillReport>> = BTreeMap::new();
    for fill in view.snapshot.fills.iter().filter(|fill| view.is_here(fill.instrument)) {
        if let Some(id) = ours.find(view, fill.order, fill.venue_order.as_ref()) {
            fills.entry(id).or_default().push(fill);
        }
    }
    for fills in fills.values_mut() {
        fills.sort_by(|a, b| (a.ts_event, &a.id).cmp(&(b.ts_event, &b.id)));
        fills.dedup_by(|a, b| a.id == b.id);
    }
    fills
}

fn reports_by_order<'a>(
    view: &View<'a>,
    ours: &Ours,
    outcome: &mut Reconciliation,
) -> BTreeMap<OrderId, &'a OrderReport> {
    let mut reports: BTreeMap<OrderId, &OrderReport> = BTreeMap::new();
    let mut others: Vec<&OrderReport> = Vec::new();
    for report in &view.snapshot.orders {
        if !view.is_here(report.spec.instrument) {
            continue;
        }
        match ours.find(view, report.order, report.venue_order.as_ref()) {
            // The same order twice: the later report holds.
            Some(id) => match reports.get(&id) {
                Some(other) if other.ts_event >= report.ts_event => {}
                _ => drop(reports.insert(id, report)),
            },
            None if report.status == ReportedStatus::Open => others.push(report),
            None => {}
        }
    }
    others.sort_by(|a, b| a.venue_order.cmp(&b.venue_order));
    for report in others {
        external(view, report, outcome);
    }
    reports
}

/// An open order that is not ours (Y8).
fn external(view: &View<'_>, report: &OrderReport, outcome: &mut Reconciliation) {
    let name = report.venue_order.as_ref();
    let shown = name.map_or_else(|| "without a name".to_owned(), ToString::to_string);
    let text = format!(
        "an order at {} that is not of this run: {shown}, {:?} {} {}",
        view.venue,
        report.spec.side,
        report.spec.quantity.value(),
        report.spec.instrument
    );
    match view.policy {
        ExternalPolicy::Ignore => {}
        ExternalPolicy::Halt => {
            outcome.halt = true;
            outcome.findings.push(Finding { code: "EXTERNAL_ORDER", text });
        }
        ExternalPolicy::Adopt => {
            let total = report.spec.quantity.base(report.spec.side);
            let left = total.and_then(|total| total.checked_sub(report.filled).ok());
            let (Some(name), Some(left)) = (name, left.filter(|left| left.is_positive())) else {
                outcome.halt = true;
                outcome.findings.push(Finding { code: "EXTERNAL_ORDER", text });
                return;
            };
            let mut spec = report.spec;
            spec.quantity = left.into();
            let fills = view.snapshot.fills.iter().filter(|fill| fill.venue_order.as_ref() == Some(name));
            let mut fills: Vec<ExecutionId> = fills.map(|fill| fill.id.clone()).collect();
            fills.sort_unstable();
            fills.dedup();
            let (venue_order, filled, at) = (name.clone(), report.filled, view.at);
            let adopted = Adopted { venue_order, spec, filled, fills, at };
            outcome.corrections.push(Input::Adopt(adopted));
            outcome.findings.push(Finding { code: "EXTERNAL_ORDER_ADOPTED", text });
        }
    }
}

/// Compares one order.
fn one(
    view: &View<'_>,
    order: &Order,
    report: Option<&OrderReport>,
    fills: &[&FillReport],
    outcome: &mut Reconciliation,
) {
    let id = order.id;
    let mut filled = order.filled;
    // A trade that is proven is taken in at any time: it cannot be older than anything.
    for fill in fills.iter().filter(|fill| !view.engine.knows_fill(id, &fill.id)) {
        let Ok(sum) = filled.checked_add(fill.quantity) else {
            outcome.open.insert(id, "its fills do not add up");
            return;
        };
        filled = sum;
        let fill = fill_of(id, fill, view);
        outcome.corrections.push(event(order, fill.ts_event, view, OrderEventKind::Filled(fill)));
    }
    if order.status.is_final()
        || order.spec.quantity.base(order.spec.side).is_some_and(|total| filled >= total)
    {
        return;
    }
    if view.known.newest.get(&id).is_some_and(|newest| *newest > view.snapshot.watermark) {
        // The snapshot is older than what the stream told (Y2).
        return;
    }
    if view.known.in_flight.contains(&id) {
        // Its answer tells what became of it.
        return;
    }
    match report {
        Some(report) => match since_adopted(view, order, report) {
            Some(report) => listed(view, order, &report, filled, outcome),
            None => drop(outcome.open.insert(id, "the venue counts fewer fills than when it was adopted")),
        },
        None => unlisted(view, order, filled, outcome),
    }
}

/// The report without what had filled before an order that was made elsewhere was adopted.
fn since_adopted(view: &View<'_>, order: &Order, report: &OrderReport) -> Option<OrderReport> {
    let (mut report, before) = (report.clone(), view.engine.filled_before(order.id));
    if before.is_positive() {
        report.filled = report.filled.checked_sub(before).ok().filter(|left| !left.is_negative())?;
        if let Some(total) = report.spec.quantity.base(report.spec.side) {
            report.spec.quantity = total.checked_sub(before).ok()?.into();
        }
    }
    Some(report)
}

/// The venue lists the order.
fn listed(
    view: &View<'_>,
    order: &Order,
    report: &OrderReport,
    filled: Quantity,
    outcome: &mut Reconciliation,
) {
    let id = order.id;
    if report.filled > filled {
        // The venue knows of fills that it does not list: they are not made up here.
        outcome.open.insert(id, "the venue counts more fills than it lists");
        return;
    }
    let tell = |kind| event(order, report.ts_event, view, kind);
    let kind = match &report.status {
        ReportedStatus::Open => return works(view, order, report, outcome),
        // It is full with less than we know of: a change of it took effect.
        ReportedStatus::Filled if report.spec.quantity.base(report.spec.side) == Some(filled) => {
            OrderEventKind::Amended { kind: report.spec.kind, quantity: filled }
        }
        ReportedStatus::Filled => {
            outcome.open.insert(id, "the venue says that it is filled, its fills say otherwise");
            return;
        }
        ReportedStatus::Cancelled => OrderEventKind::Cancelled { reason: ended_because(order) },
        ReportedStatus::Expired => OrderEventKind::Expired,
        ReportedStatus::Rejected { code, text } if order.filled.is_zero() => {
            OrderEventKind::Rejected { code: *code, text: text.clone() }
        }
        _ => OrderEventKind::Cancelled { reason: CancelReason::Venue },
    };
    outcome.corrections.push(tell(kind));
}

fn ended_because(order: &Order) -> CancelReason {
    if order.status == OrderStatus::PendingCancel { CancelReason::Requested } else { CancelReason::Venue }
}

/// The venue has the order, and it works.
fn works(view: &View<'_>, order: &Order, report: &OrderReport, outcome: &mut Reconciliation) {
    use OrderStatus as S;
    let tell = |kind| event(order, report.ts_event, view, kind);
    let named = order.venue_order.is_some() || report.venue_order.is_none();
    if matches!(order.status, S::Submitted | S::Unknown) || !named {
        let venue_order = report.venue_order.clone();
        outcome.corrections.push(tell(OrderEventKind::Accepted { venue_order }));
    }
    let pending = matches!(order.status, S::PendingCancel | S::PendingAmend);
    if pending && !view.known.settled.contains(&order.id) {
        if !view.known.in_flight.contains(&order.id) {
            outcome.open.insert(order.id, "a change or a cancellation may still take effect");
        }
        return;
    }
    let total = report.spec.quantity.base(report.spec.side);
    let same = report.spec.kind == order.spec.kind
        && (total.is_none() || total == order.spec.quantity.base(order.spec.side));
    match (order.status, total) {
        (S::PendingAmend, Some(quantity)) if !same => {
            let kind = report.spec.kind;
            outcome.corrections.push(tell(OrderEventKind::Amended { kind, quantity }));
        }
        (S::PendingAmend, _) => {
            let (code, text) = unproven("the change");
            outcome.corrections.push(tell(OrderEventKind::AmendRejected { code, text }));
        }
        (S::PendingCancel, _) => {
            let (code, text) = unproven("the cancellation");
            outcome.corrections.push(tell(OrderEventKind::CancelRejected { code, text }));
        }
        (_, Some(quantity)) if !same && !view.known.in_flight.contains(&order.id) => {
            let kind = report.spec.kind;
            let text = format!("order {} was changed elsewhere: it is {quantity}, {kind:?} now", order.id);
            outcome.findings.push(Finding { code: "EXTERNAL_AMEND", text });
            outcome.corrections.push(tell(OrderEventKind::Amended { kind, quantity }));
        }
        _ => {}
    }
}

fn unproven(what: &str) -> (algoflow_core::order::RejectCode, String) {
    let text = format!("{what} did not take effect while it could, by the venue's record");
    (algoflow_core::order::RejectCode::Lost, text)
}

/// The venue does not list the order.
fn unlisted(view: &View<'_>, order: &Order, filled: Quantity, outcome: &mut Reconciliation) {
    let id = order.id;
    let told = order.venue_order.is_some() || filled.is_positive();
    let had = told || !view.known.doubted.contains(&id);
    if view.known.in_flight.contains(&id) {
        return;
    }
    if !had {
        if !view.known.settled.contains(&id) {
            outcome.open.insert(id, "it may still arrive at the venue");
        } else if view.snapshot.complete_since > order.ts_created {
            outcome.open.insert(id, "the venue's history does not reach back to it");
        } else {
            outcome.lost.push(id);
        }
        return;
    }
    let seen = view.known.missing.get(&id).copied().unwrap_or(0).saturating_add(1);
    if seen < CONFIRMATIONS {
        outcome.missing.insert(id, seen);
        outcome.open.insert(id, "the venue had it and does not list it");
        return;
    }
    let text = format!("order {id} is gone from {}, which says nothing of how it ended", view.venue);
    outcome.findings.push(Finding { code: "ORDER_VANISHED", text });
    let kind = OrderEventKind::Cancelled { reason: CancelReason::Venue };
    outcome.corrections.push(event(order, view.snapshot.watermark, view, kind));
}

fn event(
    order: &Order,
    ts_event: algoflow_core::time::Timestamp,
    view: &View<'_>,
    kind: OrderEventKind,
) -> Input {
    let (order, instrument) = (order.id, order.spec.instrument);
    Input::Order(OrderEvent { order, instrument, ts_event, ts_recv: view.at, kind })
}

fn fill_of(order: OrderId, report: &FillReport, view: &View<'_>) -> Fill {
    Fill {
        id: report.id.clone(),
        order,
        instrument: report.instrument,
        side: report.side,
        price: report.price,
        quantity: report.quantity,
        liquidity: report.liquidity,
        fee: report.fee,
        ts_event: report.ts_event,
        ts_recv: view.at,
    }
}
