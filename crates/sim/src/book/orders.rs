use algoflow_core::{
    error::NumberError,
    id::OrderId,
    market::MarketRef,
    number::{Price, Rounding, Scale},
    order::{OrderKind, Side},
};

use super::Working;

#[derive(Clone, Copy, Debug)]
struct Entry {
    sequence: u64,
    place: usize,
}

/// Prices between which no order of an instrument does anything; see [`SimExchange::calm`](crate::SimExchange::calm).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calm {
    /// At which scale the bounds are; any, if there are no orders.
    scale: Option<Scale>,
    lower: i64,
    upper: i64,
}

impl Calm {
    /// Whether the data lie between the prices.
    #[must_use]
    #[inline]
    pub fn holds(&self, data: MarketRef<'_>) -> bool {
        let Some(scale) = self.scale else { return true };
        let (low, high) = match data {
            MarketRef::Bar(bar) => (bar.low, bar.high),
            MarketRef::Trade(trade) => (trade.price, trade.price),
            _ => return false,
        };
        low.mantissa() > self.lower
            && high.mantissa() < self.upper
            && low.scale() == scale
            && high.scale() == scale
    }
}

/// The open orders of an instrument, in the order in which they arrived.
///
/// Orders lie in slots that are used again, so nothing grows with the orders that were closed.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    queue: Vec<Entry>,
    places: Vec<Working>,
    free: Vec<usize>,
    /// Whether nothing can happen while the price stays between the two bounds.
    quiet: bool,
    lower: Price,
    upper: Price,
    /// The same as mantissas at the scale of the data, which are quick to compare; between them lies no price
    /// where there are no such bounds.
    scale: Scale,
    lower_mantissa: i64,
    upper_mantissa: i64,
    /// Counts the market events that met orders.
    pub(crate) event: u64,
}

impl Orders {
    pub(crate) fn new() -> Self {
        Self {
            queue: Vec::with_capacity(16),
            places: Vec::with_capacity(16),
            free: Vec::with_capacity(16),
            quiet: false,
            lower: Price::ZERO,
            upper: Price::ZERO,
            scale: Scale::ZERO,
            lower_mantissa: i64::MAX,
            upper_mantissa: i64::MIN,
            event: 0,
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The bounds of [`Orders::sleep_lightly`], if they are known.
    #[inline]
    pub(crate) fn calm(&self) -> Option<Calm> {
        if self.queue.is_empty() {
            return Some(Calm { scale: None, lower: i64::MIN, upper: i64::MAX });
        }
        let (lower, upper) = (self.lower_mantissa, self.upper_mantissa);
        (lower < upper).then_some(Calm { scale: Some(self.scale), lower, upper })
    }

    /// As [`Orders::sleep_through`], but quick, and only for the usual case of prices at one scale.
    #[inline]
    pub(crate) fn sleep_lightly(&self, low: Price, high: Price) -> bool {
        self.queue.is_empty()
            || (low.mantissa() > self.lower_mantissa
                && high.mantissa() < self.upper_mantissa
                && low.scale() == self.scale
                && high.scale() == self.scale)
    }

    /// Whether a market between `low` and `high` surely does nothing to any order.
    pub(crate) fn sleep_through(&self, low: Price, high: Price) -> bool {
        self.queue.is_empty() || (self.quiet && low > self.lower && high < self.upper)
    }

    /// Whether the bounds for [`Orders::sleep_through`] must be found again.
    pub(crate) fn disturb(&mut self) {
        (self.quiet, self.lower_mantissa, self.upper_mantissa) = (false, i64::MAX, i64::MIN);
    }

    pub(crate) fn push(&mut self, order: Working) {
        self.disturb();
        let sequence = order.id.sequence;
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(slot) = self.places.get_mut(place) {
                    *slot = order;
                }
                place
            }
            None => {
                self.places.push(order);
                self.places.len() - 1
            }
        };
        self.queue.push(Entry { sequence, place });
    }

    /// The position of an order in the queue.
    pub(crate) fn find(&self, id: OrderId) -> Option<usize> {
        self.queue.iter().position(|entry| {
            entry.sequence == id.sequence && self.places.get(entry.place).is_some_and(|order| order.id == id)
        })
    }

    pub(crate) fn get(&self, position: usize) -> Option<&Working> {
        self.places.get(self.queue.get(position)?.place)
    }

    pub(crate) fn get_mut(&mut self, position: usize) -> Option<&mut Working> {
        self.places.get_mut(self.queue.get(position)?.place)
    }

    /// Takes an order out of the queue; it can be read in its slot until the next order comes.
    pub(crate) fn remove(&mut self, position: usize) -> Option<&Working> {
        if position >= self.queue.len() {
            return None;
        }
        self.disturb();
        let place = self.queue.remove(position).place;
        self.free.push(place);
        self.places.get(place)
    }

    /// Puts an order behind all others.
    pub(crate) fn requeue(&mut self, position: usize) {
        if position < self.queue.len() {
            let entry = self.queue.remove(position);
            self.queue.push(entry);
        }
    }

    /// The position of the first order for which `wanted` holds.
    pub(crate) fn first(&self, wanted: impl FnMut(&Working) -> bool) -> Option<usize> {
        self.iter().position(wanted)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Working> {
        self.queue.iter().filter_map(|entry| self.places.get(entry.place))
    }

    /// Calls `each` with every order, in the order of arrival, until it fails.
    #[inline]
    pub(crate) fn try_each(
        &mut self,
        mut each: impl FnMut(&mut Working) -> Result<(), NumberError>,
    ) -> Result<(), NumberError> {
        for entry in &self.queue {
            if let Some(order) = self.places.get_mut(entry.place) {
                each(order)?;
            }
        }
        Ok(())
    }

    /// Finds the prices between which nothing can happen, if every order waits for a price. `scale` is that of the
    /// data.
    pub(crate) fn settle(&mut self, scale: Scale) {
        self.disturb();
        let mut lower = Price::new(i64::MIN, scale);
        let mut upper = Price::new(i64::MAX, scale);
        for order in self.iter() {
            // What has not met the market yet needs the next event, whatever its price.
            if order.fresh || order.is_auction() || order.live == OrderKind::Market {
                return;
            }
            let sell = order.spec.side == Side::Sell;
            match order.live {
                OrderKind::Limit { price } if sell => upper = upper.min(price),
                OrderKind::Limit { price } => lower = lower.max(price),
                OrderKind::TrailingStop { activation, .. } => {
                    // It sleeps between its stop and the extreme that would move it.
                    let follows = order.trail.map(|trail| trail.extreme).or(activation);
                    match (follows, sell) {
                        (Some(price), true) => upper = upper.min(price),
                        (Some(price), false) => lower = lower.max(price),
                        (None, _) => return,
                    }
                }
                _ => {}
            }
            match order.trigger() {
                Some((price, true)) => upper = upper.min(price),
                Some((price, false)) => lower = lower.max(price),
                None => {}
            }
        }
        (self.lower, self.upper, self.quiet) = (lower, upper, true);
        // Rounded towards each other, so that a price between the mantissas lies between the bounds.
        if let (Ok(lower), Ok(upper)) =
            (lower.rescale(scale, Rounding::Ceil), upper.rescale(scale, Rounding::Floor))
        {
            self.scale = scale;
            (self.lower_mantissa, self.upper_mantissa) = (lower.mantissa(), upper.mantissa());
        }
    }
}

#[cfg(test)]
mod tests {
    use algoflow_core::{number::Quantity, order::OrderSpec, time::Timestamp};

    use super::*;

    fn order(sequence: u64) -> Working {
        let spec = OrderSpec::limit("SPY.NYSE".parse().unwrap(), Side::Buy, Quantity::ONE, Price::ONE);
        Working::new(OrderId { run: 1, strategy: 0, sequence }, &spec, Timestamp::EPOCH, 0)
    }

    #[test]
    fn nothing_grows_with_the_orders_that_were_closed() {
        let mut orders = Orders::new();
        for sequence in 0..1000 {
            orders.push(order(sequence));
            orders.push(order(sequence + 5000));
            let first = orders.find(order(sequence).id).unwrap();
            assert_eq!(orders.remove(first).unwrap().id.sequence, sequence);
            assert_eq!(orders.find(order(sequence).id), None);
            assert_eq!(orders.remove(0).unwrap().id.sequence, sequence + 5000);
        }
        assert!(orders.is_empty() && orders.places.len() == 2 && orders.free.len() == 2);
    }

    #[test]
    fn orders_sleep_between_their_prices() {
        let mut orders = Orders::new();
        let price = |text: &str| text.parse::<Price>().unwrap();
        for (sequence, side, limit) in [(1, Side::Buy, "99.55"), (2, Side::Sell, "101.45")] {
            let spec = OrderSpec::limit("SPY.NYSE".parse().unwrap(), side, Quantity::ONE, price(limit));
            let mut order =
                Working::new(OrderId { run: 1, strategy: 0, sequence }, &spec, Timestamp::EPOCH, 0);
            order.fresh = false;
            orders.push(order);
        }
        let asleep = |orders: &Orders, low: &str, high: &str| {
            (orders.sleep_lightly(price(low), price(high)), orders.sleep_through(price(low), price(high)))
        };
        assert_eq!(asleep(&orders, "100.00", "100.00"), (false, false), "not settled");
        orders.settle(price("0.01").scale());
        assert_eq!(asleep(&orders, "99.56", "101.44"), (true, true));
        assert_eq!(asleep(&orders, "99.55", "101.44"), (false, false));
        assert_eq!(asleep(&orders, "99.56", "101.45"), (false, false));
        assert_eq!(asleep(&orders, "100", "101"), (false, true), "another scale");
        // Data with fewer places than the orders: what lies between the rounded bounds lies between the bounds.
        orders.settle(price("0.1").scale());
        assert_eq!(asleep(&orders, "99.7", "101.3"), (true, true));
        assert_eq!(asleep(&orders, "99.6", "101.3"), (false, true));
        assert_eq!(asleep(&orders, "99.5", "101.3"), (false, false));
        orders.remove(0);
        assert_eq!(asleep(&orders, "100.0", "100.0"), (false, false), "disturbed");
    }

    #[test]
    fn orders_stay_in_the_order_of_their_arrival() {
        let mut orders = Orders::new();
        (1..=4).for_each(|sequence| orders.push(order(sequence)));
        orders.requeue(1);
        orders.remove(0);
        orders.push(order(9));
        let sequences: Vec<u64> = orders.iter().map(|order| order.id.sequence).collect();
        assert_eq!(sequences, [3, 4, 2, 9]);
    }
}
