use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{OrderEvent, OrderEventKind, OrderKind, OrderSpec};
use crate::{
    error::OrderError,
    id::{OrderId, VenueOrderId},
    number::{Price, Quantity},
    time::Timestamp,
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Made by a strategy, not yet checked.
    Initialized,
    /// Refused by the engine. Final.
    Denied,
    /// Kept by the engine until its parent fills or its trigger is reached.
    Held,
    /// Sent; no answer yet.
    Submitted,
    /// Working at the venue.
    Accepted,
    /// Its trigger was reached; it now works as a market or limit order.
    Triggered,
    /// Working, and filled in part.
    PartiallyFilled,
    /// A change was asked for; no answer yet.
    PendingAmend,
    /// Its end was asked for; no answer yet.
    PendingCancel,
    /// Nobody knows whether the venue has it.
    Unknown,
    /// Filled in full. Final.
    Filled,
    /// Cancelled. Final.
    Cancelled,
    /// Refused by the venue. Final.
    Rejected,
    /// Its time ran out. Final.
    Expired,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 14] = [
        Self::Initialized,
        Self::Denied,
        Self::Held,
        Self::Submitted,
        Self::Accepted,
        Self::Triggered,
        Self::PartiallyFilled,
        Self::PendingAmend,
        Self::PendingCancel,
        Self::Unknown,
        Self::Filled,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
    ];

    /// The one table of legal transitions: what an order in this state may become. Staying in a state that
    /// allows it (another partial fill, a second trigger move) is listed too.
    ///
    /// Out of a final state leads nothing but a fill that is reported late. A trade that a venue proves has happened,
    /// whatever was told before it: the order has filled that much more, and stays what it is, or is filled if that was
    /// all. An order that was denied never left, so it cannot have traded.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        use OrderStatus as S;
        match self {
            S::Initialized => &[S::Denied, S::Held, S::Submitted],
            S::Held => &[S::Held, S::Submitted, S::Denied, S::Cancelled, S::Expired],
            S::Submitted => &[
                S::Accepted,
                S::Rejected,
                S::Triggered,
                S::PartiallyFilled,
                S::Filled,
                S::PendingAmend,
                S::PendingCancel,
                S::Cancelled,
                S::Expired,
                S::Unknown,
            ],
            S::Accepted => &[
                S::Accepted,
                S::Triggered,
                S::PartiallyFilled,
                S::Filled,
                S::PendingAmend,
                S::PendingCancel,
                S::Cancelled,
                S::Expired,
                S::Rejected,
                S::Unknown,
            ],
            S::Triggered => &[
                S::Triggered,
                S::PartiallyFilled,
                S::Filled,
                S::PendingAmend,
                S::PendingCancel,
                S::Cancelled,
                S::Expired,
                S::Rejected,
                S::Unknown,
            ],
            S::PartiallyFilled => &[
                S::PartiallyFilled,
                S::Filled,
                S::Triggered,
                S::PendingAmend,
                S::PendingCancel,
                S::Cancelled,
                S::Expired,
                S::Unknown,
            ],
            S::PendingAmend => &[
                S::PendingAmend,
                S::Submitted,
                S::Accepted,
                S::Triggered,
                S::PartiallyFilled,
                S::Filled,
                S::PendingCancel,
                S::Cancelled,
                S::Rejected,
                S::Expired,
                S::Unknown,
            ],
            S::PendingCancel => &[
                S::PendingCancel,
                S::Submitted,
                S::Accepted,
                S::Triggered,
                S::PartiallyFilled,
                S::Filled,
                S::Cancelled,
                S::Rejected,
                S::Expired,
                S::Unknown,
            ],
            S::Unknown => &[
                S::Unknown,
                S::Accepted,
                S::Triggered,
                S::PartiallyFilled,
                S::Filled,
                S::Cancelled,
                S::Rejected,
                S::Expired,
                S::PendingCancel,
            ],
            S::Denied => &[],
            S::Filled => &[S::Filled],
            S::Cancelled => &[S::Cancelled, S::Filled],
            S::Rejected => &[S::Rejected, S::Filled],
            S::Expired => &[S::Expired, S::Filled],
        }
    }

    /// Whether nothing can happen to the order any more, but for a fill that is reported late.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Denied | Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }

    /// Whether the order is, or may be, at the venue.
    #[must_use]
    pub const fn is_at_venue(self) -> bool {
        !self.is_final() && !matches!(self, Self::Initialized | Self::Held)
    }

    /// Whether `next` may follow.
    #[must_use]
    #[inline]
    pub fn allows(self, next: Self) -> bool {
        ALLOWED.get(self as usize).is_some_and(|allowed| allowed >> next as u16 & 1 == 1)
    }
}

/// [`OrderStatus::next`] by status, as one bit for each status that may follow.
const ALLOWED: [u16; OrderStatus::ALL.len()] = {
    let mut allowed = [0; OrderStatus::ALL.len()];
    let mut from = 0;
    while from < allowed.len() {
        let (status, mut to) = (OrderStatus::ALL[from], 0);
        while to < status.next().len() {
            allowed[status as usize] |= 1 << status.next()[to] as u16;
            to += 1;
        }
        from += 1;
    }
    allowed
};

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// An order and what has become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its identity.
    pub id: OrderId,
    /// What was asked for, with later amendments applied.
    pub spec: OrderSpec,
    /// Where it stands.
    pub status: OrderStatus,
    /// The status that holds again if a pending amendment or cancellation is refused.
    resume: OrderStatus,
    /// How much has filled, in units of the base.
    pub filled: Quantity,
    /// The sum of price times quantity of its fills, exact.
    filled_value: Decimal,
    /// The largest total that was ever asked of the venue, in units of the base; zero while only one was.
    #[serde(default)]
    most: Quantity,
    /// The venue's id, once it gave one.
    pub venue_order: Option<VenueOrderId>,
    /// When the strategy made it.
    pub ts_created: Timestamp,
    /// When it last changed.
    pub ts_updated: Timestamp,
}

impl Order {
    /// A new order, not yet checked.
    #[must_use]
    #[inline]
    pub fn new(id: OrderId, spec: OrderSpec, now: Timestamp) -> Self {
        Self {
            id,
            spec,
            status: OrderStatus::Initialized,
            resume: OrderStatus::Initialized,
            filled: Quantity::ZERO,
            filled_value: Decimal::ZERO,
            most: Quantity::ZERO,
            venue_order: None,
            ts_created: now,
            ts_updated: now,
        }
    }

    /// Makes it a new order of its specification.
    #[inline(always)]
    pub(crate) fn renew(&mut self, id: OrderId, now: Timestamp) {
        self.id = id;
        self.status = OrderStatus::Initialized;
        self.resume = OrderStatus::Initialized;
        self.filled = Quantity::ZERO;
        self.filled_value = Decimal::ZERO;
        self.most = Quantity::ZERO;
        self.venue_order = None;
        self.ts_created = now;
        self.ts_updated = now;
    }

    /// Whether something can still happen to it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.status.is_final()
    }

    /// What is left to fill in units of the base. Zero for orders counted in the quote.
    #[must_use]
    pub fn leaves(&self) -> Quantity {
        let total = self.spec.quantity.base(self.spec.side).unwrap_or(self.filled);
        total.checked_sub(self.filled).unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
    }

    /// Whether a report of a fill can still be true: the order left, and has not filled all that was ever asked for.
    #[must_use]
    pub fn may_have_filled_more(&self) -> bool {
        self.status != OrderStatus::Denied && self.most().is_none_or(|most| self.filled < most)
    }

    /// The most that it can have filled, in units of the base: the largest total that was ever asked of the venue, which
    /// may have taken it without our knowing yet. None for an order that is counted in the quote.
    fn most(&self) -> Option<Quantity> {
        self.spec.quantity.base(self.spec.side).map(|total| total.max(self.most))
    }

    /// Another total is asked of the venue. Until it answers (and after, if the answer comes later than the fills), the order
    /// may fill up to the larger one.
    pub fn ask_total(&mut self, total: Quantity) {
        self.most = self.most.max(total);
    }

    /// The average price of its fills, if it has any.
    #[must_use]
    pub fn average_price(&self) -> Option<Decimal> {
        self.filled_value.checked_div(self.filled.to_decimal())
    }

    /// Takes in what happened. Answers that come after the order's end change nothing; fills that do are taken in.
    ///
    /// # Errors
    /// [`OrderError::IllegalTransition`] naming both states, [`OrderError::Overfill`] if more filled than was ever
    /// asked of the venue. The order is unchanged then.
    pub fn apply(&mut self, event: &OrderEvent) -> Result<(), OrderError> {
        use OrderEventKind as E;
        use OrderStatus as S;
        let late = matches!(
            event.kind,
            E::Amended { .. }
                | E::AmendRejected { .. }
                | E::CancelRejected { .. }
                | E::Accepted { .. }
                | E::OutcomeUnknown { .. }
        );
        // Nothing that is known of a filled order is left to end.
        let ends = matches!(event.kind, E::Cancelled { .. } | E::Expired);
        let late = late || (self.status == S::Filled && ends);
        if late && self.status.is_final() {
            // The order ended while the answer was on its way: it is true, and changes nothing.
            if let E::Accepted { venue_order } = &event.kind {
                self.name_at_venue(venue_order.as_ref());
            }
            return Ok(());
        }
        let pending = matches!(self.status, S::PendingAmend | S::PendingCancel);
        let next = match &event.kind {
            E::Denied { .. } => S::Denied,
            E::Held => S::Held,
            E::Submitted => S::Submitted,
            E::Accepted { .. } => match self.status {
                // An acknowledgement that comes after what it acknowledges takes nothing back.
                S::PendingAmend | S::PendingCancel | S::Triggered | S::PartiallyFilled => self.status,
                S::Unknown => self.proven(),
                _ => S::Accepted,
            },
            E::Rejected { .. } => S::Rejected,
            E::Triggered => {
                if pending {
                    self.status
                } else {
                    S::Triggered
                }
            }
            E::Filled(fill) => return self.apply_fill(fill, pending, event.ts_recv),
            E::AmendRequested => S::PendingAmend,
            E::Amended { quantity, .. } if self.filled.is_positive() && *quantity <= self.filled => S::Filled,
            E::Amended { .. } if self.status == S::Unknown => self.proven(),
            E::Amended { .. } if self.status == S::PendingAmend => self.resume,
            E::AmendRejected { .. } if self.status == S::PendingAmend => self.resumed(),
            E::Amended { .. } | E::AmendRejected { .. } => self.status,
            E::CancelRequested => S::PendingCancel,
            E::Cancelled { .. } => S::Cancelled,
            E::CancelRejected { .. } => match self.status {
                S::PendingCancel => self.resumed(),
                status => status,
            },
            E::Expired => S::Expired,
            E::OutcomeUnknown { .. } => S::Unknown,
        };
        // Out of a final state leads only a fill.
        if self.status.is_final() || !(self.status.allows(next) || next == self.status) {
            return Err(OrderError::IllegalTransition { order: self.id, from: self.status, to: next });
        }
        match &event.kind {
            E::Accepted { venue_order } => {
                self.name_at_venue(venue_order.as_ref());
                if pending && matches!(self.resume, S::Submitted | S::Unknown) {
                    self.resume = self.proven();
                }
            }
            E::Triggered if pending => self.resume = S::Triggered,
            E::AmendRequested | E::CancelRequested if !pending => self.resume = self.status,
            E::Amended { kind, quantity } => self.amend(*kind, (*quantity).max(self.filled)),
            _ => {}
        }
        self.status = next;
        self.ts_updated = event.ts_recv;
        Ok(())
    }

    /// Makes a new order one that was sent and filled whole at `price`: what [`Order::apply`] makes of the two events.
    pub(crate) fn fill_whole(&mut self, price: Price, now: Timestamp) -> Result<(), OrderError> {
        let whole = self.spec.quantity.base(self.spec.side).unwrap_or_default();
        let value = crate::number::notional(price, whole, Decimal::ONE).map_err(|_| {
            OrderError::Overfill { order: self.id, filled: self.filled, fill: whole, most: Some(whole) }
        })?;
        self.filled = whole;
        self.filled_value = value;
        self.status = OrderStatus::Filled;
        self.ts_updated = now;
        Ok(())
    }

    /// The status of an order that is known to work at the venue.
    fn proven(&self) -> OrderStatus {
        if self.filled.is_positive() { OrderStatus::PartiallyFilled } else { OrderStatus::Accepted }
    }

    /// The status after a refused change or cancellation. One that filled beyond its total, because a change was believed to
    /// be on its way, has nothing left now.
    fn resumed(&self) -> OrderStatus {
        let full = self.spec.quantity.base(self.spec.side).is_some_and(|total| self.filled > total);
        if full { OrderStatus::Filled } else { self.resume }
    }

    fn name_at_venue(&mut self, name: Option<&VenueOrderId>) {
        if let Some(name) = name {
            self.venue_order = Some(name.clone());
        }
    }

    /// Replaces prices and quantity; the order's other terms stay.
    fn amend(&mut self, kind: OrderKind, quantity: Quantity) {
        if let Some(total) = self.spec.quantity.base(self.spec.side).filter(|_| self.status.is_at_venue()) {
            // A fill that happened before the change may be told after it.
            self.most = self.most.max(total);
        }
        self.spec.kind = kind;
        self.spec.quantity = quantity.into();
    }

    fn apply_fill(&mut self, fill: &super::Fill, pending: bool, now: Timestamp) -> Result<(), OrderError> {
        use OrderStatus as S;
        let total = self.spec.quantity.base(self.spec.side);
        let overfill = || OrderError::Overfill {
            order: self.id,
            filled: self.filled,
            fill: fill.quantity,
            most: self.most(),
        };
        let filled = self.filled.checked_add(fill.quantity).map_err(|_| overfill())?;
        let beyond = total.is_some_and(|total| filled > total);
        if !fill.quantity.is_positive() || (beyond && self.most().is_some_and(|most| filled > most)) {
            return Err(overfill());
        }
        // Beyond the total only because of a change whose answer is still on its way: that tells the new total.
        let unanswered = beyond && filled < self.most && (pending || self.status == S::Unknown);
        let full = total.is_some_and(|total| filled >= total) && !unanswered;
        let next = if full {
            S::Filled
        } else if pending || unanswered || self.status.is_final() {
            self.status
        } else {
            S::PartiallyFilled
        };
        if !self.status.allows(next) {
            return Err(OrderError::IllegalTransition { order: self.id, from: self.status, to: next });
        }
        let value =
            crate::number::notional(fill.price, fill.quantity, Decimal::ONE).map_err(|_| overfill())?;
        let value = self.filled_value.checked_add(value).ok_or_else(overfill)?;
        self.filled = filled;
        self.filled_value = value;
        if pending {
            self.resume = S::PartiallyFilled;
        }
        self.status = next;
        self.ts_updated = now;
        Ok(())
    }

    /// The trigger or trail moved: the price at which the order is now set off, for display.
    #[must_use]
    pub const fn trigger_price(&self) -> Option<Price> {
        self.spec.kind.trigger_price()
    }
}

#[cfg(test)]
mod tests;
