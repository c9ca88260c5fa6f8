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
            S::Denied | S::Filled | S::Cancelled | S::Rejected | S::Expired => &[],
        }
    }

    /// Whether nothing can happen to the order any more.
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
    pub fn allows(self, next: Self) -> bool {
        self.next().contains(&next)
    }
}

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
            venue_order: None,
            ts_created: now,
            ts_updated: now,
        }
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
        total.checked_sub(self.filled).unwrap_or(Quantity::ZERO)
    }

    /// The average price of its fills, if it has any.
    #[must_use]
    pub fn average_price(&self) -> Option<Decimal> {
        self.filled_value.checked_div(self.filled.to_decimal())
    }

    /// Takes in what happened.
    ///
    /// # Errors
    /// [`OrderError::IllegalTransition`] naming both states, [`OrderError::Overfill`] if more filled than was
    /// ordered. The order is unchanged then.
    pub fn apply(&mut self, event: &OrderEvent) -> Result<(), OrderError> {
        use OrderEventKind as E;
        use OrderStatus as S;
        let late =
            matches!(event.kind, E::AmendRejected { .. } | E::CancelRejected { .. } | E::Accepted { .. });
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
            E::Amended { .. } | E::AmendRejected { .. } => match self.status {
                S::PendingAmend => self.resume,
                status => status,
            },
            E::CancelRequested => S::PendingCancel,
            E::Cancelled { .. } => S::Cancelled,
            E::CancelRejected { .. } => match self.status {
                S::PendingCancel => self.resume,
                status => status,
            },
            E::Expired => S::Expired,
            E::OutcomeUnknown { .. } => S::Unknown,
        };
        if !(self.status.allows(next) || (next == self.status && !self.status.is_final())) {
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

    /// The status of an order that is known to work at the venue.
    fn proven(&self) -> OrderStatus {
        if self.filled.is_positive() { OrderStatus::PartiallyFilled } else { OrderStatus::Accepted }
    }

    fn name_at_venue(&mut self, name: Option<&VenueOrderId>) {
        if let Some(name) = name {
            self.venue_order = Some(name.clone());
        }
    }

    /// Replaces prices and quantity; the order's other terms stay.
    fn amend(&mut self, kind: OrderKind, quantity: Quantity) {
        self.spec.kind = kind;
        self.spec.quantity = quantity.into();
    }

    fn apply_fill(&mut self, fill: &super::Fill, pending: bool, now: Timestamp) -> Result<(), OrderError> {
        use OrderStatus as S;
        let overflow = |_| OrderError::Overfill { order: self.id, filled: self.filled, fill: fill.quantity };
        let filled = self.filled.checked_add(fill.quantity).map_err(overflow)?;
        let total = self.spec.quantity.base(self.spec.side);
        if !fill.quantity.is_positive() || total.is_some_and(|total| filled > total) {
            return Err(OrderError::Overfill { order: self.id, filled: self.filled, fill: fill.quantity });
        }
        let full = total == Some(filled);
        let next = if full {
            S::Filled
        } else if pending {
            self.status
        } else {
            S::PartiallyFilled
        };
        if !self.status.allows(next) {
            return Err(OrderError::IllegalTransition { order: self.id, from: self.status, to: next });
        }
        let value = crate::number::notional(fill.price, fill.quantity, Decimal::ONE).map_err(overflow)?;
        let value = self.filled_value.checked_add(value).ok_or_else(|| OrderError::Overfill {
            order: self.id,
            filled: self.filled,
            fill: fill.quantity,
        })?;
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
