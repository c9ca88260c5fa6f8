use crate::number::Quantity;

/// What open target and closing orders of each strategy will still add to its positions.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Pending {
    /// How many are not zero: nearly always none, which is quick to see.
    open: usize,
    /// By strategy, then by instrument.
    all: Vec<Vec<Quantity>>,
    instruments: usize,
}

impl Pending {
    /// Makes room for one more instrument.
    pub fn add_instrument(&mut self) {
        self.instruments += 1;
        for quantities in &mut self.all {
            quantities.push(Quantity::ZERO);
        }
    }

    /// Makes room for one more strategy.
    pub fn add_strategy(&mut self) {
        self.all.push(vec![Quantity::ZERO; self.instruments]);
    }

    /// What orders of a strategy will still add to its position in an instrument.
    #[must_use]
    #[inline]
    pub fn get(&self, strategy: usize, instrument: usize) -> Quantity {
        if self.open == 0 {
            return Quantity::ZERO;
        }
        self.all.get(strategy).and_then(|all| all.get(instrument)).copied().unwrap_or_default()
    }

    /// Orders will add so much more. A sum that does not fit is left as it was: it cannot be of an order that passes the checks.
    #[inline]
    pub fn raise(&mut self, strategy: usize, instrument: usize, signed: Quantity) {
        self.update(strategy, instrument, |quantity| quantity.checked_add(signed).unwrap_or(quantity));
    }

    /// Orders will add so much less.
    #[inline]
    pub fn lower(&mut self, strategy: usize, instrument: usize, signed: Quantity) {
        self.update(strategy, instrument, |quantity| quantity.checked_sub(signed).unwrap_or(Quantity::ZERO));
    }

    #[inline]
    fn update(&mut self, strategy: usize, instrument: usize, change: impl FnOnce(Quantity) -> Quantity) {
        let place = self.all.get_mut(strategy).and_then(|all| all.get_mut(instrument));
        if let Some(place) = place {
            let (before, after) = (*place, change(*place));
            self.open = self.open + usize::from(before.is_zero()) - usize::from(after.is_zero());
            // Nothing is one value, whatever its scale.
            *place = if after.is_zero() { Quantity::ZERO } else { after };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_adds_up() {
        let mut pending = Pending::default();
        pending.add_strategy();
        pending.add_instrument();
        pending.add_strategy();
        pending.raise(1, 0, Quantity::from_int(3));
        pending.raise(1, 0, Quantity::from_int(-1));
        pending.raise(0, 0, Quantity::ONE);
        assert_eq!([0, 1, 2].map(|strategy| pending.get(strategy, 0)), [1, 2, 0].map(Quantity::from_int));
        pending.lower(1, 0, Quantity::from_int(2));
        assert_eq!((pending.open, pending.get(1, 0), pending.get(0, 1)), (1, Quantity::ZERO, Quantity::ZERO));
        pending.lower(0, 0, "1.00".parse().unwrap());
        assert_eq!((pending.open, pending.get(0, 0).scale()), (0, crate::number::Scale::ZERO));
    }
}
