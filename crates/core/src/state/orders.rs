mod brief;
mod view;

pub use self::view::OrderView;

use self::brief::Brief;
use crate::{
    error::OrderError,
    id::{InstrumentId, OrderId},
    ledger::Reservation,
    number::{Price, Quantity},
    order::{CancelReason, Order, OrderSpec, Side},
    time::Timestamp,
};

/// Why the engine holds an order back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Hold {
    /// It does not.
    #[default]
    None,
    /// Until the parent order fills.
    Parent,
    /// Until the trigger is reached, because the venue does not watch it.
    Trigger,
    /// For good: it has an algorithm, and only slices of it are sent.
    Algorithm,
}

/// Why the engine asked a venue to end an order. The venue only knows that it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Ending {
    /// It is to be cancelled, for this reason.
    Cancel(CancelReason),
    /// Its time is over, which the venue does not watch.
    Expire,
}

/// An order and what the engine keeps beside it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct OrderEntry {
    /// The order.
    pub order: Order,
    /// The index of its instrument.
    pub instrument: usize,
    /// What it has set aside in the account.
    pub reservation: Reservation,
    /// Why it is held back.
    pub hold: Hold,
    /// Why the engine asked the venue to end it, once it did.
    pub ending: Option<Ending>,
    /// The engine watched its trigger, and sent it as what it becomes: the venue knows it as a market or limit order.
    pub was_triggered: bool,
    /// The engine's number of its newest fill, by which it knows a fill that is reported again; zero before the first.
    pub last_fill: u64,
}

impl OrderEntry {
    fn new(order: Order, instrument: usize) -> Self {
        Self {
            order,
            instrument,
            reservation: Reservation::default(),
            hold: Hold::None,
            ending: None,
            was_triggered: false,
            last_fill: 0,
        }
    }

    /// Makes a new order of an old one, field by field: an order is large, and to move it costs more than to write it.
    #[inline(always)]
    fn renew(&mut self, id: OrderId, instrument: usize, now: Timestamp, ask: impl FnOnce(&mut OrderSpec)) {
        ask(&mut self.order.spec);
        self.order.renew(id, now);
        self.instrument = instrument;
        self.reservation = Reservation::default();
        self.hold = Hold::None;
        self.ending = None;
        self.was_triggered = false;
        self.last_fill = 0;
    }
}

/// An order in full, or in brief once it is over and there is little to say of it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
enum Slot {
    Full(Box<OrderEntry>),
    Brief(Brief),
}

/// Every order of a run, by sequence. Finding one takes the same time however many there are.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Orders {
    run: u32,
    slots: Vec<Slot>,
    /// By index: the instruments of orders in brief.
    instruments: Vec<Option<InstrumentId>>,
    /// The room of an order that is kept in brief now, for the next one.
    #[serde(skip)]
    spare: Option<Box<OrderEntry>>,
    /// Sequences of the orders that can still change, ascending.
    open: Vec<u64>,
    /// By number, from one: whose one-cancels-other group it is, and the parent that its members must have.
    groups: Vec<(usize, Option<OrderId>)>,
}

impl Orders {
    /// No orders yet.
    #[must_use]
    pub fn new(run: u32) -> Self {
        Self {
            run,
            slots: Vec::new(),
            instruments: Vec::new(),
            spare: None,
            open: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Makes an order of `strategy`.
    #[inline]
    pub fn create(&mut self, strategy: usize, instrument: usize, spec: OrderSpec, now: Timestamp) -> OrderId {
        self.create_as(strategy, instrument, spec.instrument, now, |asked| *asked = spec)
    }

    /// The same, for a specification that is written where it stays. Before it is that of another order.
    #[inline(always)]
    pub(crate) fn create_as(
        &mut self,
        strategy: usize,
        index: usize,
        instrument: InstrumentId,
        now: Timestamp,
        ask: impl FnOnce(&mut OrderSpec),
    ) -> OrderId {
        let sequence = self.slots.len() as u64 + 1;
        let strategy = u16::try_from(strategy).unwrap_or(u16::MAX);
        let id = OrderId { run: self.run, strategy, sequence };
        let mut entry = match self.spare.take() {
            Some(entry) => entry,
            None => Self::room(id, instrument, now),
        };
        entry.renew(id, index, now, ask);
        self.slots.push(Slot::Full(entry));
        self.open.push(sequence);
        id
    }

    #[inline(never)]
    fn room(id: OrderId, instrument: InstrumentId, now: Timestamp) -> Box<OrderEntry> {
        let spec = OrderSpec::market(instrument, Side::Buy, Quantity::ONE);
        Box::new(OrderEntry::new(Order::new(id, spec, now), 0))
    }

    /// Makes room for `additional` more orders, so that it need not be found again and again while they come.
    pub fn reserve(&mut self, additional: usize) {
        self.slots.reserve(additional);
    }

    /// The number of a new one-cancels-other group of `strategy`. With a parent, only children of it can be members.
    pub fn new_group(&mut self, strategy: usize, parent: Option<OrderId>) -> u64 {
        self.groups.push((strategy, parent));
        self.groups.len() as u64
    }

    /// Whether an order of `strategy` that waits for `parent` may join a group.
    #[must_use]
    pub fn may_join(&self, group: u64, strategy: usize, parent: Option<OrderId>) -> bool {
        let index = group.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let known = index.and_then(|index| self.groups.get(index));
        known.is_some_and(|(owner, only)| *owner == strategy && (only.is_none() || *only == parent))
    }

    /// An order with what is kept beside it; `None` also for one of which nothing is kept any more
    /// ([`Orders::fill_whole`]).
    #[must_use]
    #[inline]
    pub fn entry(&self, id: OrderId) -> Option<&OrderEntry> {
        match self.slots.get(self.index(id)?)? {
            Slot::Full(entry) if entry.order.id == id => Some(entry),
            _ => None,
        }
    }

    /// An order with what is kept beside it, to change it.
    #[inline]
    pub fn entry_mut(&mut self, id: OrderId) -> Option<&mut OrderEntry> {
        let index = self.index(id)?;
        let slot = self.slots.get_mut(index)?;
        if let Slot::Brief(brief) = slot
            && brief.strategy() == id.strategy
        {
            let instrument = self.instruments.get(brief.instrument()).copied().flatten()?;
            let order = brief.order(self.run, id.sequence, instrument);
            *slot = Slot::Full(Box::new(OrderEntry::new(order, brief.instrument())));
        }
        match slot {
            Slot::Full(entry) if entry.order.id == id => Some(entry),
            _ => None,
        }
    }

    #[inline]
    fn index(&self, id: OrderId) -> Option<usize> {
        if id.run == self.run { usize::try_from(id.sequence.checked_sub(1)?).ok() } else { None }
    }

    /// An order. One that is kept in brief ([`Orders::fill_whole`]) is written out, and so is not lent.
    #[must_use]
    #[inline]
    pub fn get(&self, id: OrderId) -> Option<OrderView<'_>> {
        let order = self.order(self.slots.get(self.index(id)?)?, id.sequence)?;
        (order.id == id).then_some(order)
    }

    #[inline]
    fn order<'a>(&self, slot: &'a Slot, sequence: u64) -> Option<OrderView<'a>> {
        Some(match slot {
            Slot::Full(entry) => OrderView::lent(&entry.order),
            Slot::Brief(brief) => {
                let instrument = self.instruments.get(brief.instrument()).copied().flatten()?;
                OrderView::made(brief.order(self.run, sequence, instrument))
            }
        })
    }

    /// Takes in that a new order was sent and filled whole at `price`, in one step: it is as after an
    /// [`apply`](Order::apply) of the two events. A plain market order is kept in brief from now on, without what stood beside
    /// it; any other stays in full.
    ///
    /// # Errors
    /// [`OrderError::Overfill`] if the value of the fill does not fit. The order is unchanged then.
    #[inline]
    pub fn fill_whole(&mut self, id: OrderId, price: Price, now: Timestamp) -> Result<(), OrderError> {
        let Some(slot) = self.index(id).and_then(|index| self.slots.get_mut(index)) else { return Ok(()) };
        let Slot::Full(entry) = slot else { return Ok(()) };
        if entry.order.id != id {
            return Ok(());
        }
        let (index, instrument) = (entry.instrument, entry.order.spec.instrument);
        let known = match self.instruments.get(index) {
            Some(Some(known)) => *known == instrument,
            _ => note(&mut self.instruments, index, instrument),
        };
        match Brief::filled(&entry.order, index, price, now).filter(|_| known) {
            Some(brief) => {
                if let Slot::Full(entry) = std::mem::replace(slot, Slot::Brief(brief)) {
                    self.spare = Some(entry);
                }
            }
            None => entry.order.fill_whole(price, now)?,
        }
        self.close(id);
        Ok(())
    }

    /// Takes a finished order off the list of open ones.
    #[inline]
    pub fn close(&mut self, id: OrderId) {
        // The newest order is the likeliest to end first.
        if self.open.last() == Some(&id.sequence) {
            self.open.pop();
        } else if let Ok(position) = self.open.binary_search(&id.sequence) {
            self.open.remove(position);
        }
    }

    /// The orders that can still change, oldest first.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.open_entries().map(|entry| &entry.order)
    }

    /// The orders that can still change, with what is kept beside them, oldest first.
    pub fn open_entries(&self) -> impl DoubleEndedIterator<Item = &OrderEntry> {
        self.open.iter().filter_map(|sequence| {
            let index = usize::try_from(*sequence - 1).ok()?;
            match self.slots.get(index)? {
                Slot::Full(entry) => Some(&**entry),
                Slot::Brief(_) => None,
            }
        })
    }

    /// Every order of the run, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = OrderView<'_>> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| self.order(slot, index as u64 + 1))
    }

    /// The number of the run, which is in the ids of its orders.
    #[must_use]
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// How many orders were made.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none was made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// Notes the instrument at an index.
#[cold]
fn note(instruments: &mut Vec<Option<InstrumentId>>, index: usize, instrument: InstrumentId) -> bool {
    if instruments.len() <= index {
        instruments.resize(index + 1, None);
    }
    if let Some(place) = instruments.get_mut(index) {
        *place = Some(instrument);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::ExecutionId,
        number::{Money, Scale},
        order::{Fill, Liquidity, OrderEvent, OrderEventKind, OrderRole, TriggerBy},
    };

    fn cents(value: i64) -> Price {
        Price::new(value, Scale::new(2).unwrap())
    }

    /// The events of an order that is sent and filled whole.
    fn events(order: &Order, at: Timestamp) -> [OrderEvent; 2] {
        let fill = Fill {
            id: ExecutionId::new("F1"),
            order: order.id,
            instrument: order.spec.instrument,
            side: order.spec.side,
            price: cents(10_050),
            quantity: order.spec.quantity.base(order.spec.side).unwrap(),
            liquidity: Liquidity::Taker,
            fee: Money::zero("USD".parse().unwrap()),
            ts_event: at,
            ts_recv: at,
        };
        [OrderEventKind::Submitted, OrderEventKind::Filled(fill)].map(|kind| OrderEvent {
            order: order.id,
            instrument: order.spec.instrument,
            ts_event: at,
            ts_recv: at,
            kind,
        })
    }

    #[test]
    fn an_order_in_brief_reads_as_it_was() {
        let at = |nanos| Timestamp::from_nanos(nanos);
        let instruments = ["A.X", "B.X"].map(|id| id.parse::<InstrumentId>().unwrap());
        let mut role = OrderSpec::market(instruments[1], Side::Sell, Quantity::from_int(5));
        role.contingency.role = OrderRole::Target;
        let mut bounded = role;
        bounded.trigger_by = TriggerBy::BidAsk;
        let cases = [
            (
                0,
                OrderSpec::market(instruments[0], Side::Buy, Quantity::new(300, Scale::new(2).unwrap())),
                0,
                true,
            ),
            (1, role, 7, true),
            (1, bounded, 7, false),
            // Seconds do not fit.
            (1, role, 1 << 40, false),
        ];
        let mut orders = Orders::new(3);
        let mut wanted = Vec::new();
        for (index, spec, after, is_brief) in cases {
            let id = orders.create(2, index, spec, at(5));
            let mut order = orders.get(id).unwrap().into_owned();
            assert!((order.is_open(), orders.open().count()) == (true, 1));
            for event in events(&order, at(5 + after)) {
                order.apply(&event).unwrap();
            }
            orders.fill_whole(OrderId { strategy: 1, ..id }, cents(1), at(5)).unwrap();
            assert!(orders.get(id).unwrap().is_open(), "another order's");
            orders.fill_whole(id, cents(10_050), at(5 + after)).unwrap();
            assert_eq!((orders.open().count(), orders.entry(id).is_none()), (0, is_brief), "{order:?}");
            assert_eq!(orders.get(id).unwrap().into_owned(), order);
            assert_eq!(
                format!("{:?}", orders.get(id).unwrap()),
                format!("{order:?}"),
                "as it is written, too"
            );
            wanted.push(order);
        }
        assert!(orders.iter().eq(wanted.iter().map(OrderView::lent)));
        let first = wanted[0].id;
        assert_eq!(orders.get(OrderId { strategy: 1, ..first }), None);
        assert_eq!(orders.get(OrderId { run: 4, ..first }), None);
        // A fill that is told late needs it in full again.
        assert_eq!(orders.entry_mut(first).unwrap().order, wanted[0]);
        assert_eq!((orders.entry(first).unwrap().instrument, orders.len()), (0, 4));
        assert!(orders.iter().eq(wanted.iter().map(OrderView::lent)));
        assert_eq!(size_of::<Slot>(), 40);
    }
}
