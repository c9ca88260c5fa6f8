use crate::{
    id::OrderId,
    ledger::Reservation,
    order::{CancelReason, Order, OrderSpec},
    time::Timestamp,
};

/// Why the engine holds an order back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// It does not.
    #[default]
    None,
    /// Until the parent order fills.
    Parent,
    /// Until the trigger is reached, because the venue does not watch it.
    Trigger,
}

/// Why the engine asked a venue to end an order. The venue only knows that it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is to be cancelled, for this reason.
    Cancel(CancelReason),
    /// Its time is over, which the venue does not watch.
    Expire,
}

/// An order and what the engine keeps beside it.
#[derive(Clone, Debug)]
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

/// Every order of a run, by sequence. Finding one takes the same time however many there are.
#[derive(Clone, Debug)]
pub struct Orders {
    run: u32,
    entries: Vec<OrderEntry>,
    /// Sequences of the orders that can still change, ascending.
    open: Vec<u64>,
    /// By number, from one: whose one-cancels-other group it is, and the parent that its members must have.
    groups: Vec<(usize, Option<OrderId>)>,
}

impl Orders {
    /// No orders yet.
    #[must_use]
    pub fn new(run: u32) -> Self {
        Self { run, entries: Vec::new(), open: Vec::new(), groups: Vec::new() }
    }

    /// Makes an order of `strategy`.
    #[inline]
    pub fn create(&mut self, strategy: usize, instrument: usize, spec: OrderSpec, now: Timestamp) -> OrderId {
        let sequence = self.entries.len() as u64 + 1;
        let strategy = u16::try_from(strategy).unwrap_or(u16::MAX);
        let id = OrderId { run: self.run, strategy, sequence };
        let order = Order::new(id, spec, now);
        self.entries.push(OrderEntry {
            order,
            instrument,
            reservation: Reservation::default(),
            hold: Hold::None,
            ending: None,
            was_triggered: false,
            last_fill: 0,
        });
        self.open.push(sequence);
        id
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

    /// An order with what is kept beside it.
    #[must_use]
    #[inline]
    pub fn entry(&self, id: OrderId) -> Option<&OrderEntry> {
        self.entries.get(self.index(id)?)
    }

    /// An order with what is kept beside it, to change it.
    #[inline]
    pub fn entry_mut(&mut self, id: OrderId) -> Option<&mut OrderEntry> {
        let index = self.index(id)?;
        self.entries.get_mut(index)
    }

    #[inline]
    fn index(&self, id: OrderId) -> Option<usize> {
        let index = usize::try_from(id.sequence.checked_sub(1)?).ok()?;
        (id.run == self.run && self.entries.get(index)?.order.id == id).then_some(index)
    }

    /// An order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.entry(id).map(|entry| &entry.order)
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
            usize::try_from(*sequence - 1).ok().and_then(|index| self.entries.get(index))
        })
    }

    /// Every order of the run, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.entries.iter().map(|entry| &entry.order)
    }

    /// How many orders were made.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none was made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
