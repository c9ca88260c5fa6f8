//! The path of the price inside a bar.

use algoflow_core::{
    error::NumberError,
    market::Bar,
    number::{Price, Rounding},
    time::Timestamp,
};

/// The number of legs: open to first extreme, to second extreme, to close.
pub(crate) const LEGS: u8 = 3;

/// A bar as a path, and how far along it the simulation is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Path {
    points: [Price; 4],
    /// The leg that the cursor is on; [`LEGS`] once it is at the close.
    pub(crate) leg: u8,
    /// The price at the cursor.
    pub(crate) at: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    ts_open: Timestamp,
    pub(crate) ts_close: Timestamp,
}

impl Path {
    pub(crate) fn new(bar: &Bar, high_first: bool) -> Self {
        let (first, second) = if high_first { (bar.high, bar.low) } else { (bar.low, bar.high) };
        Self {
            points: [bar.open, first, second, bar.close],
            leg: 0,
            at: bar.open,
            high: bar.high,
            low: bar.low,
            ts_open: bar.ts_open,
            ts_close: bar.ts_close,
        }
    }

    /// Where the present leg ends.
    pub(crate) fn end_of_leg(&self) -> Price {
        let [_, first, second, close] = self.points;
        match self.leg {
            0 => first,
            1 => second,
            _ => close,
        }
    }

    pub(crate) fn close(&self) -> Price {
        let [.., close] = self.points;
        close
    }

    /// The mean of high, low and close, exact to 28 digits.
    pub(crate) fn typical(&self) -> Result<rust_decimal::Decimal, NumberError> {
        let sum = self.high.to_decimal().checked_add(self.low.to_decimal());
        sum.and_then(|sum| sum.checked_add(self.close().to_decimal()))
            .and_then(|sum| sum.checked_div(rust_decimal::Decimal::from(3)))
            .ok_or(NumberError::Overflow { operation: "typical price" })
    }

    /// On which leg, and at which price, the path stands at `time`, a time inside the bar: the price runs along the
    /// path at constant speed and stands on whole steps of `tick` (B2).
    pub(crate) fn join(&self, time: Timestamp, tick: Price) -> Result<(u8, Price), NumberError> {
        let [open, first, second, close] = self.points;
        let scale = [first, second, close].iter().fold(open.scale(), |scale, p| scale.max(p.scale()));
        let fine = |price: Price| price.rescale(scale, Rounding::HalfEven).map(Price::mantissa);
        let points = [fine(open)?, fine(first)?, fine(second)?, fine(close)?];
        let length = |a: i64, b: i64| u128::from(a.abs_diff(b));
        let total: u128 = points.windows(2).map(|p| if let [a, b] = p { length(*a, *b) } else { 0 }).sum();
        let elapsed = u128::from(time.nanos().abs_diff(self.ts_open.nanos()));
        let whole = u128::from(self.ts_close.nanos().abs_diff(self.ts_open.nanos())).max(1);
        // The product has at most 66 + 64 bits; where it does not fit, the path is cut into `whole` parts first.
        let mut left = match total.checked_mul(elapsed) {
            Some(product) => product / whole,
            None => (total / whole).saturating_mul(elapsed),
        };
        let last = points.len() - 2;
        for (leg, pair) in points.windows(2).enumerate() {
            let [from, to] = pair else { continue };
            let step = length(*from, *to);
            if left < step || leg == last {
                let moved = i64::try_from(left.min(step)).unwrap_or(i64::MAX);
                let price = if to >= from { from.saturating_add(moved) } else { from.saturating_sub(moved) };
                let leg = u8::try_from(leg).unwrap_or(LEGS);
                return Ok((leg, reached(Price::new(*from, scale), Price::new(price, scale), tick)?));
            }
            left -= step;
        }
        Ok((LEGS, close))
    }
}

/// The last whole step of `tick` that a price moving from `from` to `to` has reached.
fn reached(from: Price, to: Price, tick: Price) -> Result<Price, NumberError> {
    Ok(if to >= from {
        to.round_to(tick, Rounding::Floor)?.max(from)
    } else {
        to.round_to(tick, Rounding::Ceil)?.min(from)
    })
}

#[cfg(test)]
mod tests {
    use algoflow_core::{bar_spec::BarSpec, number::Quantity};

    use super::*;

    fn bar(open: &str, high: &str, low: &str, close: &str) -> Bar {
        let price = |text: &str| text.parse().unwrap();
        Bar {
            instrument: "SPY.NYSE".parse().unwrap(),
            spec: BarSpec::minutes(1),
            ts_open: Timestamp::EPOCH,
            ts_close: Timestamp::from_seconds(60).unwrap(),
            ts_recv: Timestamp::from_seconds(60).unwrap(),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Quantity::ZERO,
        }
    }

    #[test]
    fn the_price_runs_along_the_path_at_constant_speed() {
        // 100 to 104 to 98 to 100: a length of 4 + 6 + 2 = 12 in 60 seconds, so a point takes 5 seconds.
        let path = Path::new(&bar("100", "104", "98", "100.00"), true);
        let tick: Price = "0.01".parse().unwrap();
        for (millis, leg, price) in [
            (1, 0, "100"),
            (49, 0, "100"),
            (50, 0, "100.01"),
            (99, 0, "100.01"),
            (10_000, 0, "102"),
            (19_999, 0, "103.99"),
            (20_000, 1, "104"),
            (20_049, 1, "104"),
            (20_050, 1, "103.99"),
            (50_000, 2, "98"),
            (55_000, 2, "99"),
        ] {
            let at = Timestamp::from_millis(millis).unwrap();
            let (got_leg, got) = path.join(at, tick).unwrap();
            assert_eq!((got_leg, got), (leg, price.parse().unwrap()), "{millis} ms");
        }
    }

    #[test]
    fn a_bar_that_does_not_move_is_joined_at_its_price() {
        let path = Path::new(&bar("100", "100", "100", "100"), false);
        let (leg, price) = path.join(Timestamp::from_seconds(30).unwrap(), Price::ONE).unwrap();
        assert_eq!((leg, price), (2, Price::from_int(100)));
    }

    #[test]
    fn prices_between_ticks_stay_on_the_path() {
        // Data finer than the tick: one tick on from 100.005 would be 100.01, not yet reached.
        let path = Path::new(&bar("100.005", "100.009", "100.005", "100.005"), true);
        let (_, price) = path.join(Timestamp::from_seconds(20).unwrap(), "0.01".parse().unwrap()).unwrap();
        assert_eq!(price, "100.005".parse().unwrap());
    }

    #[test]
    fn extremes_of_the_number_range_do_not_panic() {
        let mut wild = bar("0", "0", "0", "0");
        (wild.high, wild.low) = (Price::from_int(i64::MAX), Price::from_int(i64::MIN));
        (wild.ts_open, wild.ts_close) = (Timestamp::MIN, Timestamp::MAX);
        let path = Path::new(&wild, true);
        for time in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::from_nanos(i64::MAX - 1)] {
            let (leg, price) = path.join(time, Price::ONE).unwrap();
            assert!(leg <= 2 && price >= wild.low && price <= wild.high);
        }
    }
}
