use algoflow_core::{
    Decimal,
    capabilities::{Feature, FeatureSet},
    id::OrderId,
    instrument::Instrument,
    market::Quote,
    number::{Price, Quantity, Rounding},
    order::{Order, OrderKind, Side},
    state::Orders,
    time::Timestamp,
};

/// An order that is being worked, and its market, as its algorithm sees them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) now: Timestamp,
    pub(crate) started: Timestamp,
    pub(crate) order: &'a Order,
    pub(crate) orders: &'a Orders,
    pub(crate) slices: &'a [OrderId],
    pub(crate) instrument: &'a Instrument,
    pub(crate) quote: Option<&'a Quote>,
    pub(crate) last: Option<Price>,
    pub(crate) arrival: Price,
    pub(crate) bound: Option<Price>,
    pub(crate) native: FeatureSet,
    pub(crate) open: Quantity,
    pub(crate) can_send: bool,
    /// Whether slices that take are split over listings by what these show.
    pub(crate) is_split: bool,
}

impl<'a> View<'a> {
    /// The time of what has happened.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// When the order began.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// The order that is worked.
    #[must_use]
    pub const fn order(&self) -> &'a Order {
        self.order
    }

    /// Its open slices, oldest first.
    pub fn slices(&self) -> impl DoubleEndedIterator<Item = &'a Order> {
        let orders = self.orders;
        self.slices.iter().filter_map(move |id| orders.entry(*id).map(|entry| &entry.order))
    }

    /// The rules of its instrument.
    #[must_use]
    pub const fn instrument(&self) -> &'a Instrument {
        self.instrument
    }

    /// The best bid and ask, for instruments with quotes.
    #[must_use]
    pub const fn quote(&self) -> Option<&'a Quote> {
        self.quote
    }

    /// The last price: of a trade, a bar's close, or the middle of a quote.
    #[must_use]
    pub const fn last(&self) -> Option<Price> {
        self.last
    }

    /// The price when the order began: the middle of the quote, else the last one.
    #[must_use]
    pub const fn arrival(&self) -> Price {
        self.arrival
    }

    /// The worst price at which a slice may fill, if there is one: the limit of the order, its worst price, or `max_slippage`
    /// away from the arrival price, whichever is nearest, on the price step.
    #[must_use]
    pub const fn bound(&self) -> Option<Price> {
        self.bound
    }

    /// What the venue does itself.
    #[must_use]
    pub const fn native(&self) -> FeatureSet {
        self.native
    }

    /// Whether a slice can be sent now: the market is open, and no pause after a slice without a fill goes on. At the end of the
    /// pause the algorithm is called with [`Occasion::Time`](super::Occasion::Time).
    #[must_use]
    pub const fn can_send(&self) -> bool {
        self.can_send
    }

    /// Whether the venue changes the price of an open order.
    #[must_use]
    pub const fn can_move(&self) -> bool {
        self.native.contains(Feature::Amend)
    }

    /// What is bought or sold.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.order.spec.side
    }

    /// Whether the order has a limit price.
    #[must_use]
    pub const fn has_limit(&self) -> bool {
        !matches!(self.order.spec.kind, OrderKind::Market)
    }

    /// The quantity of the order.
    #[must_use]
    pub fn total(&self) -> Quantity {
        self.order.spec.quantity.base(self.side()).unwrap_or(Quantity::ZERO)
    }

    /// What its slices have filled.
    #[must_use]
    pub const fn filled(&self) -> Quantity {
        self.order.filled
    }

    /// What its slices may still fill, for all that is known.
    #[must_use]
    pub const fn open(&self) -> Quantity {
        self.open
    }

    /// What has filled or may still fill.
    #[must_use]
    pub fn committed(&self) -> Quantity {
        self.order.filled.checked_add(self.open).unwrap_or(Quantity::ZERO)
    }

    /// What is neither filled nor out.
    #[must_use]
    pub fn remaining(&self) -> Quantity {
        self.total().checked_sub(self.committed()).unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
    }

    /// The smallest order that the venue takes now.
    #[must_use]
    pub fn least(&self) -> Quantity {
        least(self.instrument, self.bound.or(self.last))
    }

    /// The largest slice of at most this quantity that the venue takes and that leaves no rest too small to be sent; zero if there
    /// is none.
    #[must_use]
    pub fn fit(&self, quantity: Quantity) -> Quantity {
        fit(self.instrument, quantity, self.remaining(), self.least())
    }
}

/// The smallest order that a venue takes at a price.
pub(crate) fn least(instrument: &Instrument, price: Option<Price>) -> Quantity {
    let step = instrument.quantity_increment;
    let least = instrument.limits.min_quantity.map_or(step, |min| min.max(step));
    let worth = instrument.limits.min_notional.zip(price).and_then(|(min, price)| {
        let unit = instrument.notional(price, Quantity::ONE).ok()?.abs();
        let exact = if unit > Decimal::ZERO { min.checked_div(unit)? } else { return None };
        let rounded = Quantity::from_decimal_rounded(exact, step.scale(), Rounding::Ceil).ok()?;
        rounded.round_to(step, Rounding::Ceil).ok()
    });
    let least = worth.map_or(least, |worth| worth.max(least));
    least.round_to(step, Rounding::Ceil).unwrap_or(least)
}

/// The largest slice of at most `quantity` out of `remaining` that leaves no rest below `least`.
pub(crate) fn fit(
    instrument: &Instrument,
    quantity: Quantity,
    remaining: Quantity,
    least: Quantity,
) -> Quantity {
    let step = instrument.quantity_increment;
    let floor = |quantity: Quantity| quantity.round_to(step, Rounding::Floor).unwrap_or(Quantity::ZERO);
    let most = instrument.limits.max_quantity.map_or(remaining, |max| remaining.min(max));
    let slice = floor(quantity.min(most));
    let rest = remaining.checked_sub(slice).unwrap_or(Quantity::ZERO);
    let slice = match (rest.is_positive() && rest < least, remaining <= most) {
        (false, _) => slice,
        // What would be too small alone goes along.
        (true, true) => floor(remaining),
        (true, false) => floor(remaining.checked_sub(least).unwrap_or(Quantity::ZERO)),
    };
    if slice < least { Quantity::ZERO } else { slice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn a_slice_leaves_no_rest_that_is_too_small() {
        let mut acme = Instrument::equity("ACME.NYSE", "USD").unwrap();
        acme.limits.min_quantity = Some(q("5"));
        let cut = |acme: &Instrument, quantity, remaining| {
            fit(acme, q(quantity), q(remaining), least(acme, Some(Price::from_int(10))))
        };
        assert_eq!(cut(&acme, "7.9", "20"), q("7"));
        assert_eq!(cut(&acme, "4", "20"), q("0"), "below the least");
        assert_eq!(cut(&acme, "17", "20"), q("20"), "3 could not be sent alone");
        assert_eq!(cut(&acme, "30", "20"), q("20"));
        assert_eq!(cut(&acme, "4", "4"), q("0"), "nothing can be done about it");
        acme.limits.max_quantity = Some(q("8"));
        assert_eq!(cut(&acme, "20", "20"), q("8"));
        assert_eq!(cut(&acme, "8", "12"), q("7"), "5 have to stay");
    }

    #[test]
    fn the_least_order_counts_its_worth() {
        let mut acme = Instrument::equity("ACME.NYSE", "USD").unwrap().with_quantity_increment(q("0.5"));
        assert_eq!(least(&acme, Some(Price::from_int(3))), q("0.5"));
        acme.limits.min_notional = Some(Decimal::TEN);
        assert_eq!(least(&acme, Some(Price::from_int(3))), q("3.5"));
        assert_eq!(least(&acme, Some(Price::from_int(2))), q("5.0"));
        assert_eq!(least(&acme, None), q("0.5"));
    }
}
