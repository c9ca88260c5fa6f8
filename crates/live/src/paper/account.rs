use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    command::Submit,
    id::{OrderId, VenueId},
    instrument::Instrument,
    ledger::{AccountKind, Portfolio},
    number::Money,
    order::{Fill, Order, OrderEvent, OrderEventKind, OrderStatus, RejectCode},
    time::Timestamp,
    venue::{AccountSnapshot, BalanceReport, FillReport, OrderReport, ReportedStatus},
};

use super::PaperError;

/// How many orders that are over an account remembers; then it forgets the oldest.
const MAX_ENDED: usize = 65_536;

/// How many fills an account remembers; then it forgets the oldest.
const MAX_FILLS: usize = 65_536;

struct Kept {
    order: Order,
    /// What the venue said when it refused it.
    refusal: Option<(RejectCode, String)>,
}

/// What a paper account holds, and its orders as the venue sees them.
pub(super) struct PaperAccount {
    venue: VenueId,
    portfolio: Portfolio,
    instruments: Vec<Instrument>,
    orders: BTreeMap<OrderId, Kept>,
    /// The orders that are over, in the order in which they ended.
    ended: VecDeque<OrderId>,
    fills: VecDeque<Fill>,
    /// What is older than this may be forgotten.
    complete_since: Timestamp,
}

impl PaperAccount {
    pub(super) fn new(
        venue: VenueId,
        instruments: &[Instrument],
        kind: AccountKind,
        cash: &[Money],
    ) -> Result<Self, PaperError> {
        // Nothing is valued here, so any asset will do to value it in.
        let first = cash.first().map(|money| money.asset).or(instruments.first().map(|first| first.quote));
        let mut portfolio = Portfolio::new(first.ok_or(PaperError::Empty { venue })?);
        portfolio.open_account(venue, kind);
        portfolio.add_strategy();
        for instrument in instruments {
            portfolio.add_instrument(instrument.clone());
        }
        for money in cash {
            portfolio.deposit(venue, *money)?;
        }
        Ok(Self {
            venue,
            portfolio,
            instruments: instruments.to_vec(),
            orders: BTreeMap::new(),
            ended: VecDeque::new(),
            fills: VecDeque::new(),
            complete_since: Timestamp::MIN,
        })
    }

    /// A new order arrives. False if it is here already.
    pub(super) fn receive(&mut self, submit: &Submit, now: Timestamp) -> bool {
        if self.orders.contains_key(&submit.order) {
            return false;
        }
        let order = Order::new(submit.order, submit.spec, now);
        let mut kept = Kept { order, refusal: None };
        let sent = OrderEvent {
            order: submit.order,
            instrument: submit.spec.instrument,
            ts_event: now,
            ts_recv: now,
            kind: OrderEventKind::Submitted,
        };
        let _ = kept.order.apply(&sent);
        self.orders.insert(submit.order, kept);
        true
    }

    /// Takes in what happened to an order here.
    pub(super) fn take(&mut self, event: &OrderEvent) {
        let Some(kept) = self.orders.get_mut(&event.order) else { return };
        let was_open = kept.order.is_open();
        // The matching makes no report that is not a step of an order; one that were would be seen by the engine.
        let _ = kept.order.apply(event);
        if let OrderEventKind::Rejected { code, text } = &event.kind {
            kept.refusal = Some((*code, text.clone()));
        }
        if was_open && !kept.order.is_open() {
            self.ended.push_back(event.order);
        }
        if let OrderEventKind::Filled(fill) = &event.kind {
            let place = self.instruments.iter().position(|known| known.id == fill.instrument);
            if let Some(place) = place {
                // A number that does not fit leaves the account as it was; the engine then stops on the same fill.
                let _ = self.portfolio.apply_fill(0, place, fill);
            }
            self.fills.push_back(fill.clone());
        }
        while self.fills.len() > MAX_FILLS {
            let gone = self.fills.pop_front();
            self.complete_since = self.complete_since.max(gone.map_or(Timestamp::MIN, |fill| fill.ts_event));
        }
        while self.ended.len() > MAX_ENDED {
            let gone = self.ended.pop_front().and_then(|id| self.orders.remove(&id));
            self.complete_since =
                self.complete_since.max(gone.map_or(Timestamp::MIN, |kept| kept.order.ts_updated));
        }
    }

    pub(super) fn order(&self, id: OrderId) -> Option<OrderReport> {
        self.orders.get(&id).map(report)
    }

    pub(super) fn snapshot(&self, since: Timestamp, now: Timestamp) -> AccountSnapshot {
        let balances = self.portfolio.balances().filter(|(venue, ..)| *venue == self.venue);
        let balances = balances.filter(|(_, _, balance)| !balance.total.is_zero());
        let positions = self.portfolio.positions().filter(|(id, position)| {
            let known = self.instruments.iter().find(|known| known.id == *id);
            known.is_some_and(|known| !known.is_paid_in_full()) && !position.quantity.is_zero()
        });
        let orders = self.orders.values();
        let orders = orders.filter(|kept| kept.order.is_open() || kept.order.ts_updated >= since);
        let fills = self.fills.iter().filter(|fill| fill.ts_event >= since);
        AccountSnapshot {
            balances: balances
                .map(|(_, asset, balance)| BalanceReport {
                    asset,
                    total: balance.total,
                    locked: rust_decimal::Decimal::ZERO,
                })
                .collect(),
            positions: positions.map(|(id, position)| (id, position.quantity)).collect(),
            orders: orders.map(report).collect(),
            fills: fills.map(fill_report).collect(),
            complete_since: since.max(self.complete_since),
            watermark: now,
        }
    }
}

fn report(kept: &Kept) -> OrderReport {
    let order = &kept.order;
    let status = match order.status {
        OrderStatus::Filled => ReportedStatus::Filled,
        OrderStatus::Cancelled => ReportedStatus::Cancelled,
        OrderStatus::Expired => ReportedStatus::Expired,
        OrderStatus::Rejected => {
            let (code, text) = kept.refusal.clone().unwrap_or((RejectCode::Other, String::new()));
            ReportedStatus::Rejected { code, text }
        }
        _ => ReportedStatus::Open,
    };
    OrderReport {
        order: Some(order.id),
        venue_order: order.venue_order.clone(),
        spec: order.spec,
        status,
        filled: order.filled,
        ts_event: order.ts_updated,
    }
}

fn fill_report(fill: &Fill) -> FillReport {
    FillReport {
        order: Some(fill.order),
        venue_order: None,
        id: fill.id.clone(),
        instrument: fill.instrument,
        side: fill.side,
        price: fill.price,
        quantity: fill.quantity,
        liquidity: fill.liquidity,
        fee: fill.fee,
        ts_event: fill.ts_event,
    }
}
