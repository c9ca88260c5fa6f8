use algoflow_core::{
    error::NumberError,
    id::OrderId,
    instrument::Instrument,
    number::{Price, Quantity},
    order::{OrderKind, OrderSpec, Side, TimeInForce},
    time::Timestamp,
};

use crate::fees::Paid;

/// How an order stands to the bar that is being worked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It takes no part, or not any more.
    Out,
    /// It joins the path on this leg at this price; `whole` if that is the open.
    Joining { leg: u8, at: Price, whole: bool },
    /// It is on the path; `whole` since the open.
    Live { whole: bool },
    /// It meets the close when the path is at its end (B7).
    AfterClose,
}

/// Where a trailing stop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trail {
    /// The best price since it is active.
    pub(crate) extreme: Price,
    pub(crate) stop: Price,
}

/// An order at the venue.
#[derive(Clone, Debug)]
pub(crate) struct Working {
    pub(crate) id: OrderId,
    pub(crate) spec: OrderSpec,
    /// What it is now: its own kind, or what it became when it was set off.
    pub(crate) live: OrderKind,
    /// Its quantity in units of the base; `None` while that depends on the fill price.
    pub(crate) total: Option<Quantity>,
    pub(crate) paid: Paid,
    pub(crate) arrival: Timestamp,
    /// The market event after which it arrived, counted by the book.
    pub(crate) born: u64,
    /// After this time it has expired.
    pub(crate) expiry: Option<Timestamp>,
    /// The number by which its expiry is kept.
    pub(crate) ticket: u64,
    /// The worst price that its protection allows.
    pub(crate) worst: Option<Price>,
    pub(crate) accepted: bool,
    /// Whether its trigger was reached.
    pub(crate) triggered: bool,
    /// Whether it has not met the market yet, so that it may take.
    pub(crate) fresh: bool,
    /// Where its trailing stop stands, once it is active.
    pub(crate) trail: Option<Trail>,
    pub(crate) stage: Stage,
}

impl Working {
    pub(crate) fn new(id: OrderId, spec: &OrderSpec, arrival: Timestamp, born: u64) -> Self {
        Self {
            id,
            spec: *spec,
            live: spec.kind,
            total: spec.quantity.base(spec.side),
            paid: Paid::default(),
            arrival,
            born,
            expiry: None,
            ticket: 0,
            worst: None,
            accepted: false,
            triggered: false,
            fresh: true,
            trail: None,
            stage: Stage::Out,
        }
    }

    #[inline]
    pub(crate) fn filled(&self) -> Quantity {
        self.paid.quantity
    }

    /// Whether it waits for a trigger.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.live.is_conditional()
    }

    /// Whether what does not fill when it meets the market is cancelled.
    #[inline]
    pub(crate) fn is_immediate(&self) -> bool {
        matches!(self.spec.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) || self.is_auction()
    }

    #[inline]
    pub(crate) fn is_auction(&self) -> bool {
        matches!(self.spec.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose)
    }

    /// Whether the price sets it off: at or beyond its trigger.
    #[inline]
    pub(crate) fn is_set_off_by(&self, price: Price) -> bool {
        match self.trigger() {
            Some((trigger, true)) => price >= trigger,
            Some((trigger, false)) => price <= trigger,
            None => false,
        }
    }

    /// The trigger of an order that waits for one, and whether a rising price reaches it.
    #[inline]
    pub(crate) fn trigger(&self) -> Option<(Price, bool)> {
        let buy = self.spec.side == Side::Buy;
        match self.live {
            OrderKind::Stop { trigger } | OrderKind::StopLimit { trigger, .. } => Some((trigger, buy)),
            OrderKind::MarketIfTouched { trigger } | OrderKind::LimitIfTouched { trigger, .. } => {
                Some((trigger, !buy))
            }
            OrderKind::TrailingStop { .. } => self.trail.map(|trail| (trail.stop, buy)),
            _ => None,
        }
    }

    /// Lets a trailing stop see a price at which it was not set off (B15).
    #[inline]
    pub(crate) fn follow(&mut self, price: Price, instrument: &Instrument) -> Result<(), NumberError> {
        let OrderKind::TrailingStop { activation, .. } = self.live else { return Ok(()) };
        let moves = match (self.trail, activation) {
            (Some(trail), _) => !self.spec.side.accepts(trail.extreme, price),
            // A sell waits for a rise to its activation price, a buy for a fall.
            (None, Some(activation)) => self.spec.side.accepts(price, activation),
            (None, None) => true,
        };
        if moves { self.trail_from(price, instrument) } else { Ok(()) }
    }

    /// Puts a trailing stop behind `extreme`.
    pub(crate) fn trail_from(&mut self, extreme: Price, instrument: &Instrument) -> Result<(), NumberError> {
        if let OrderKind::TrailingStop { offset, .. } = self.live {
            let stop = offset.stop_from(self.spec.side, extreme, instrument.price_increment)?;
            self.trail = Some(Trail { extreme, stop });
        }
        Ok(())
    }
}
