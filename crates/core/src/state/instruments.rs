use rust_decimal::Decimal;

use crate::{
    error::StrategyError,
    id::InstrumentId,
    instrument::Instrument,
    market::{Quote, TradingStatus},
};

/// An instrument and what is known of its market.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct InstrumentState {
    /// The specification.
    pub spec: Instrument,
    /// The best bid and ask, for instruments with quotes.
    pub quote: Option<Quote>,
    /// Whether it trades.
    pub status: TradingStatus,
    fee: Decimal,
}

impl InstrumentState {
    /// The higher of its fee rates: what an order sets aside for fees, as a fraction of the notional.
    #[must_use]
    #[inline]
    pub const fn fee(&self) -> Decimal {
        self.fee
    }
}

/// The instruments of an engine, by index and by id.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<InstrumentState>", into = "Vec<InstrumentState>")]
pub struct Instruments {
    all: Vec<InstrumentState>,
    /// From an id's slot to the index plus one; zero is none.
    by_slot: Vec<u32>,
}

impl From<Vec<InstrumentState>> for Instruments {
    fn from(all: Vec<InstrumentState>) -> Self {
        let mut this = Self::default();
        for state in all {
            let index = this.add(state.spec.clone());
            if let Some(known) = this.all.get_mut(index) {
                *known = state;
            }
        }
        this
    }
}

impl From<Instruments> for Vec<InstrumentState> {
    fn from(instruments: Instruments) -> Self {
        instruments.all
    }
}

impl Instruments {
    /// Adds an instrument; its index is the number of instruments before it. Adding an id again replaces its
    /// specification.
    pub fn add(&mut self, spec: Instrument) -> usize {
        let fee = spec.fees.taker.max(spec.fees.maker);
        if let Some(index) = self.index(spec.id) {
            if let Some(known) = self.all.get_mut(index) {
                (known.spec, known.fee) = (spec, fee);
            }
            return index;
        }
        let slot = spec.id.slot();
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, 0);
        }
        self.all.push(InstrumentState { spec, quote: None, status: TradingStatus::Open, fee });
        if let Some(entry) = self.by_slot.get_mut(slot) {
            *entry = u32::try_from(self.all.len()).unwrap_or(0);
        }
        self.all.len() - 1
    }

    /// The index of an id.
    #[must_use]
    #[inline]
    pub fn index(&self, id: InstrumentId) -> Option<usize> {
        (*self.by_slot.get(id.slot())? as usize).checked_sub(1)
    }

    /// The index of an id.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`] if it was never added.
    #[inline]
    pub fn require(&self, id: InstrumentId) -> Result<usize, StrategyError> {
        self.index(id).ok_or_else(|| StrategyError::UnknownInstrument { instrument: id })
    }

    /// The instrument at an index.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&InstrumentState> {
        self.all.get(index)
    }

    /// The instrument at an index, to change what is known of its market.
    #[inline]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut InstrumentState> {
        self.all.get_mut(index)
    }

    /// All of them, by index.
    pub fn iter(&self) -> impl Iterator<Item = &InstrumentState> {
        self.all.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::FeeRates;

    #[test]
    fn an_instrument_that_is_added_again_has_its_new_fees() {
        let rates = |maker, taker| FeeRates { maker: Decimal::new(maker, 4), taker: Decimal::new(taker, 4) };
        let mut spec = Instrument::equity("ACME.NYSE", "USD").unwrap();
        let mut all = Instruments::default();
        for (fees, highest) in [(rates(1, 5), 5), (rates(7, 2), 7)] {
            spec.fees = fees;
            assert_eq!(all.add(spec.clone()), 0);
            assert_eq!(all.get(0).unwrap().fee(), Decimal::new(highest, 4));
        }
    }
}
