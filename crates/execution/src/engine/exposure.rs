//! What orders can still do to positions: the quantities that risk limits are about (RK2 and RK7 of [risk](crate::risk)).

use algoflow_core::{
    Decimal,
    error::AccountError,
    id::OrderId,
    number::{Price, Quantity},
    order::{OrderKind, OrderStatus, Side},
    state::{Hold, OrderEntry},
};

use super::Engine;

/// Whose positions and orders are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of the account: of all strategies.
    All,
    /// Those of one strategy.
    One(usize),
}

/// What wants to leave: an order, or what would be open of it after a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) id: OrderId,
    pub(super) strategy: usize,
    pub(super) instrument: usize,
    pub(super) side: Side,
    pub(super) kind: OrderKind,
    /// In units of the base.
    pub(super) open: Quantity,
    pub(super) reduce_only: bool,
    /// It waited for a parent, or for a trigger that the engine watched.
    pub(super) protects: bool,
}

impl Ask {
    pub(super) fn of(entry: &OrderEntry, kind: OrderKind, open: Quantity) -> Self {
        let (id, spec) = (entry.order.id, &entry.order.spec);
        Self {
            id,
            strategy: usize::from(id.strategy),
            instrument: entry.instrument,
            side: spec.side,
            kind,
            open,
            reduce_only: spec.flags.reduce_only,
            protects: spec.contingency.parent.is_some() || entry.was_triggered,
        }
    }
}

/// What open orders on one side can still fill; the members of a group share it.
#[derive(Clone, Debug, Default)]
struct Tally {
    alone: Quantity,
    groups: Vec<(u64, Quantity)>,
}

impl Tally {
    fn add(&mut self, group: Option<u64>, open: Quantity) -> Result<(), AccountError> {
        match group {
            None => self.alone = self.alone.checked_add(open)?,
            Some(number) => match self.groups.iter_mut().find(|(other, _)| *other == number) {
                Some((_, most)) => *most = (*most).max(open),
                None => self.groups.push((number, open)),
            },
        }
        Ok(())
    }

    fn total(&self) -> Result<Quantity, AccountError> {
        let mut total = self.alone;
        for (_, open) in &self.groups {
            total = total.checked_add(*open)?;
        }
        Ok(total)
    }
}

impl Engine {
    pub(super) fn held(&self, whose: Whose, instrument: usize) -> Quantity {
        match whose {
            Whose::All => self.state.portfolio.position(instrument).quantity,
            Whose::One(strategy) => self.state.portfolio.strategy_quantity(strategy, instrument),
        }
    }

    /// How much of a position an order on `side` is against; zero if it is not.
    pub(super) fn against(&self, whose: Whose, instrument: usize, side: Side) -> Quantity {
        let held = self.held(whose, instrument);
        let reduces = !held.is_zero() && held.is_negative() == (side == Side::Buy);
        if reduces { held.checked_abs().unwrap_or(Quantity::ZERO) } else { Quantity::ZERO }
    }

    /// The most that can still fill of an order, in units of the base: also by changes that are not answered yet.
    pub(super) fn open_at_most(&self, entry: &OrderEntry) -> Result<Quantity, AccountError> {
        let (order, spec) = (&entry.order, &entry.order.spec);
        let mut open = order.leaves();
        if spec.quantity.base(spec.side).is_none() {
            let known = self.state.instruments.get(entry.instrument);
            let price = self.price_of(spec.kind, entry.instrument);
            let (Some(known), Some(price)) = (known, price) else {
                let to = self.state.portfolio.reporting_asset();
                return Err(AccountError::NoRate { asset: known.map_or(to, |known| known.spec.base), to });
            };
            let total = known.spec.base_for(spec.quantity.value(), price)?;
            open = total.checked_sub(order.filled)?.max(Quantity::ZERO);
        }
        if !self.links.amending.is_empty() {
            for (_, total) in self.links.amending.get(&order.id).into_iter().flat_map(|all| &all.asked) {
                open = open.max(total.checked_sub(order.filled)?);
            }
        }
        Ok(open)
    }

    /// What can still fill of the orders at venues on one side, but for those of the group of `ask`, which it shares its own
    /// quantity with.
    fn open_beside(&self, whose: Whose, ask: &Ask) -> Result<Quantity, AccountError> {
        let own = self.links.membership.get(&ask.id);
        let mut tally = Tally::default();
        for entry in self.state.orders.open_entries() {
            let id = entry.order.id;
            let counts = entry.instrument == ask.instrument
                && entry.order.spec.side == ask.side
                && id != ask.id
                && is_of(whose, id)
                && is_out(entry)
                && !(ask.reduce_only && entry.order.status == OrderStatus::PendingCancel);
            let group = self.links.membership.get(&id).copied();
            if counts && (own.is_none() || group.as_ref() != own) {
                tally.add(group, self.open_at_most(entry)?)?;
            }
        }
        tally.total()
    }

    /// Whether it makes a position smaller and no more (RK2).
    pub(super) fn reduces(&self, whose: Whose, ask: &Ask) -> Result<bool, AccountError> {
        let against = self.against(whose, ask.instrument, ask.side);
        if against.is_zero() {
            return Ok(false);
        }
        let is_kept = ask.reduce_only
            && whose == Whose::All
            && self.native(ask.instrument).contains(algoflow_core::capabilities::Feature::ReduceOnly);
        Ok(is_kept || ask.open <= against.checked_sub(self.open_beside(whose, ask)?)?)
    }

    /// The largest position on the side of `ask` once it and the open orders on that side have filled (RK7).
    pub(super) fn position_after(&self, whose: Whose, ask: &Ask) -> Result<Quantity, AccountError> {
        // What the group of the order shares counts with the order, which is for as much as any other member.
        let all = Ask { reduce_only: false, ..*ask };
        let open = self.open_beside(whose, &all)?.checked_add(self.open_of_group(ask)?)?;
        let after = self.held(whose, ask.instrument).checked_add(ask.side.signed(open)?)?;
        Ok(ask.side.signed(after)?.max(Quantity::ZERO))
    }

    /// What the group of an order can still fill on its side, with `ask` in place of the order.
    fn open_of_group(&self, ask: &Ask) -> Result<Quantity, AccountError> {
        let mut most = ask.open;
        for other in self.links.companions(ask.id).filter(|other| *other != ask.id) {
            if let Some(entry) = self.state.orders.entry(other)
                && entry.instrument == ask.instrument
                && entry.order.spec.side == ask.side
                && entry.order.status.is_at_venue()
            {
                most = most.max(self.open_at_most(entry)?);
            }
        }
        Ok(most)
    }

    /// What each instrument would be worth at its larger side, without signs, once `ask` has left: those that are not zero
    /// (RK7).
    pub(super) fn exposures(&self, whose: Whose, ask: &Ask) -> Result<Vec<(usize, Decimal)>, AccountError> {
        let count = self.state.instruments.len();
        let mut sides: Vec<[Tally; 2]> = vec![<[Tally; 2]>::default(); count];
        let place = |side| usize::from(side == Side::Sell);
        for entry in self.state.orders.open_entries() {
            let id = entry.order.id;
            if id == ask.id || !is_of(whose, id) || !is_out(entry) {
                continue;
            }
            if let Some(tally) =
                sides.get_mut(entry.instrument).and_then(|both| both.get_mut(place(entry.order.spec.side)))
            {
                tally.add(self.links.membership.get(&id).copied(), self.open_at_most(entry)?)?;
            }
        }
        if let Some(tally) = sides.get_mut(ask.instrument).and_then(|both| both.get_mut(place(ask.side))) {
            tally.add(self.links.membership.get(&ask.id).copied(), ask.open)?;
        }
        let mut all = Vec::new();
        for (instrument, [buys, sells]) in sides.iter().enumerate() {
            let held = self.held(whose, instrument);
            let long = held.checked_add(buys.total()?)?;
            let short = sells.total()?.checked_sub(held)?;
            let most = long.max(short).max(held.checked_abs()?);
            if most.is_zero() {
                continue;
            }
            let price = if instrument == ask.instrument {
                self.dearest(ask)
            } else {
                self.state.portfolio.mark(instrument)
            };
            all.push((instrument, self.worth(instrument, most, price)?));
        }
        Ok(all)
    }

    /// What a quantity is worth in the reporting asset.
    pub(super) fn worth(
        &self,
        instrument: usize,
        quantity: Quantity,
        price: Option<Price>,
    ) -> Result<Decimal, AccountError> {
        let to = self.state.portfolio.reporting_asset();
        let asset = self.state.instruments.get(instrument).map_or(to, |known| known.spec.base);
        let price = price.ok_or(AccountError::NoRate { asset, to })?;
        self.state.portfolio.worth(instrument, quantity, price)
    }

    /// The price by which an order is valued: its own or the last, whichever is dearer (RK6).
    pub(super) fn dearest(&self, ask: &Ask) -> Option<Price> {
        let own = ask.kind.limit_price().or(ask.kind.trigger_price());
        let mark = self.state.portfolio.mark(ask.instrument);
        let is_inverse =
            self.state.instruments.get(ask.instrument).is_some_and(|known| known.spec.is_inverse());
        match (own, mark) {
            (Some(own), Some(mark)) => {
                let size = |price: Price| price.checked_abs().unwrap_or(price);
                // An inverse contract is worth more where the price is lower.
                Some(if (size(own) > size(mark)) == is_inverse { mark } else { own })
            }
            (own, mark) => own.or(mark),
        }
    }

    /// How many orders are open, but for one: at venues, or held for a trigger.
    pub(super) fn open_count(&self, whose: Whose, but: OrderId) -> usize {
        let open = self.state.orders.open_entries().filter(|entry| {
            let waits = entry.order.status == OrderStatus::Held && entry.hold == Hold::Trigger;
            entry.order.id != but && is_of(whose, entry.order.id) && (is_out(entry) || waits)
        });
        open.count()
    }
}

/// Whether an order is at a venue. One that is worked is not: its slices are.
fn is_out(entry: &OrderEntry) -> bool {
    entry.order.status.is_at_venue() && entry.hold != Hold::Algorithm
}

fn is_of(whose: Whose, id: OrderId) -> bool {
    match whose {
        Whose::All => true,
        Whose::One(strategy) => usize::from(id.strategy) == strategy,
    }
}
