use std::{fmt, iter::FusedIterator};

use algoflow_core::{
    Decimal,
    id::{Asset, ExecutionId, InstrumentId, OrderId},
    number::{Money, Price, Quantity, Scale},
    order::{Fill, Liquidity, Side},
    time::Timestamp,
};
use serde::{Serialize, Serializer};

/// The most bytes of an id that a row holds.
const ID: usize = 15;

/// The fills of a run, in the order in which they were told.
///
/// A run may have millions. They are held in half of the room that a [`Fill`] needs, which is made when it is read.
#[derive(Clone, Default)]
pub struct Fills {
    rows: Vec<Row>,
    /// The run of all orders of the rows in brief.
    run: Option<u32>,
    instruments: Vec<InstrumentId>,
    /// By an instrument's slot: its place among the instruments, plus one; zero is none.
    by_slot: Vec<u16>,
    assets: Vec<Asset>,
}

#[derive(Clone)]
enum Row {
    Brief(Brief),
    /// It has a long id, was known later than it happened, or has numbers that are too large.
    Full(Box<Fill>),
}

#[derive(Clone, Copy)]
struct Brief {
    id: [u8; ID],
    id_length: u8,
    price: i64,
    quantity: i64,
    fee: i64,
    at: Timestamp,
    order: u32,
    strategy: u16,
    instrument: u16,
    asset: u16,
    price_scale: Scale,
    quantity_scale: Scale,
    fee_places: u8,
    side: Side,
    liquidity: Liquidity,
}

impl Fills {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The fill at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Fill> {
        self.rows.get(index).map(|row| self.read(row))
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<Fill> {
        self.rows.first().map(|row| self.read(row))
    }

    /// The last of them.
    #[must_use]
    pub fn last(&self) -> Option<Fill> {
        self.rows.last().map(|row| self.read(row))
    }

    /// All of them, each made as it is reached.
    #[must_use]
    pub fn iter(&self) -> FillsIter<'_> {
        FillsIter { fills: self, rows: self.rows.iter() }
    }

    /// All of them at once.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Fill> {
        self.iter().collect()
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.rows.reserve(additional);
    }

    /// Appends a fill.
    #[inline]
    pub(crate) fn push(&mut self, fill: &Fill) {
        let row = match self.brief(fill) {
            Some(brief) => Row::Brief(brief),
            None => Row::Full(Box::new(fill.clone())),
        };
        self.rows.push(row);
    }

    #[inline]
    fn brief(&mut self, fill: &Fill) -> Option<Brief> {
        let (text, id_length) = fill.id.in_place()?;
        let id = *text.first_chunk::<ID>()?;
        if usize::from(id_length) > ID
            || fill.ts_event != fill.ts_recv
            || *self.run.get_or_insert(fill.order.run) != fill.order.run
        {
            return None;
        }
        Some(Brief {
            id,
            id_length,
            price: fill.price.mantissa(),
            quantity: fill.quantity.mantissa(),
            fee: i64::try_from(fill.fee.amount.mantissa()).ok()?,
            at: fill.ts_event,
            order: u32::try_from(fill.order.sequence).ok()?,
            strategy: fill.order.strategy,
            instrument: self.place_of(fill.instrument)?,
            asset: self.place_of_asset(fill.fee.asset)?,
            price_scale: fill.price.scale(),
            quantity_scale: fill.quantity.scale(),
            fee_places: u8::try_from(fill.fee.amount.scale()).ok()?,
            side: fill.side,
            liquidity: fill.liquidity,
        })
    }

    #[inline]
    fn place_of(&mut self, instrument: InstrumentId) -> Option<u16> {
        match self.by_slot.get(instrument.slot()) {
            Some(place) if *place > 0 => Some(place - 1),
            _ => self.add_instrument(instrument),
        }
    }

    #[cold]
    fn add_instrument(&mut self, instrument: InstrumentId) -> Option<u16> {
        let place = u16::try_from(self.instruments.len() + 1).ok()?;
        let slot = instrument.slot();
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, 0);
        }
        *self.by_slot.get_mut(slot)? = place;
        self.instruments.push(instrument);
        Some(place - 1)
    }

    #[inline]
    fn place_of_asset(&mut self, asset: Asset) -> Option<u16> {
        match self.assets.iter().position(|known| *known == asset) {
            Some(place) => u16::try_from(place).ok(),
            None => {
                let place = u16::try_from(self.assets.len()).ok()?;
                self.assets.push(asset);
                Some(place)
            }
        }
    }

    fn read(&self, row: &Row) -> Fill {
        match row {
            Row::Full(fill) => (**fill).clone(),
            Row::Brief(brief) => self.read_brief(brief),
        }
    }

    /// The places of a row are always known: it was made here.
    #[expect(
        clippy::indexing_slicing,
        reason = "the row was made with these places, and none is ever taken away"
    )]
    fn read_brief(&self, brief: &Brief) -> Fill {
        let mut text = [0; ExecutionId::IN_PLACE];
        for (to, from) in text.iter_mut().zip(brief.id) {
            *to = from;
        }
        let amount = Decimal::try_from_i128_with_scale(i128::from(brief.fee), brief.fee_places.into());
        Fill {
            id: ExecutionId::from_ascii(text, brief.id_length),
            order: OrderId {
                run: self.run.unwrap_or_default(),
                strategy: brief.strategy,
                sequence: brief.order.into(),
            },
            instrument: self.instruments[usize::from(brief.instrument)],
            side: brief.side,
            price: Price::new(brief.price, brief.price_scale),
            quantity: Quantity::new(brief.quantity, brief.quantity_scale),
            liquidity: brief.liquidity,
            fee: Money::new(amount.unwrap_or_default(), self.assets[usize::from(brief.asset)]),
            ts_event: brief.at,
            ts_recv: brief.at,
        }
    }
}

/// Fills, each made as it is reached: see [`Fills::iter`].
#[derive(Clone)]
pub struct FillsIter<'a> {
    fills: &'a Fills,
    rows: std::slice::Iter<'a, Row>,
}

impl Iterator for FillsIter<'_> {
    type Item = Fill;

    fn next(&mut self) -> Option<Fill> {
        self.rows.next().map(|row| self.fills.read(row))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Fill> {
        self.rows.nth(n).map(|row| self.fills.read(row))
    }
}
impl DoubleEndedIterator for FillsIter<'_> {
    fn next_back(&mut self) -> Option<Fill> {
        self.rows.next_back().map(|row| self.fills.read(row))
    }
}
impl ExactSizeIterator for FillsIter<'_> {}
impl FusedIterator for FillsIter<'_> {}

impl fmt::Debug for FillsIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a Fills {
    type Item = Fill;
    type IntoIter = FillsIter<'a>;

    fn into_iter(self) -> FillsIter<'a> {
        self.iter()
    }
}
impl Serialize for Fills {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}
impl fmt::Debug for Fills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
impl PartialEq for Fills {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}
impl Extend<Fill> for Fills {
    fn extend<I: IntoIterator<Item = Fill>>(&mut self, fills: I) {
        for fill in fills {
            self.push(&fill);
        }
    }
}
impl FromIterator<Fill> for Fills {
    fn from_iter<I: IntoIterator<Item = Fill>>(fills: I) -> Self {
        let mut all = Self::default();
        all.extend(fills);
        all
    }
}

#[cfg(test)]
mod tests {
    use algoflow_core::time::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn any_fill() -> impl Strategy<Value = Fill> {
        let small = (0u32..3, any::<u16>(), prop_oneof![3 => 1u64..1_000_000, 1 => any::<u64>()]);
        let numbers = (
            any::<i64>(),
            any::<i64>(),
            prop_oneof![any::<i64>().prop_map(i128::from), -(1i128 << 95)..1 << 95],
        );
        let scales = (0u8..=18, 0u8..=18, 0u32..=28);
        let words = ("[A-Z0-9]{0,30}", "[ABC]", "[XY]", "(USD|EUR|SOL)");
        (small, numbers, scales, words, any::<(bool, bool, bool)>(), any::<u32>()).prop_map(
            |((run, strategy, sequence), (price, quantity, fee), scales, words, (buy, maker, late), at)| {
                let scale = |places| Scale::new(places).unwrap();
                let ts_event = Timestamp::from_nanos(i64::from(at));
                Fill {
                    id: ExecutionId::new(&words.0),
                    // Nearly all orders are of one run.
                    order: OrderId { run: run / 2, strategy, sequence },
                    instrument: format!("{}.{}", words.1, words.2).parse().unwrap(),
                    side: if buy { Side::Buy } else { Side::Sell },
                    price: Price::new(price, scale(scales.0)),
                    quantity: Quantity::new(quantity, scale(scales.1)),
                    liquidity: if maker { Liquidity::Maker } else { Liquidity::Taker },
                    fee: Money::new(Decimal::from_i128_with_scale(fee, scales.2), words.3.parse().unwrap()),
                    ts_event,
                    ts_recv: ts_event.saturating_add(TimeDelta::from_nanos(late.into())),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_told(told in proptest::collection::vec(any_fill(), 0..40)) {
            let fills: Fills = told.iter().cloned().collect();
            prop_assert_eq!(fills.to_vec(), told.clone());
            prop_assert_eq!(fills.len(), told.len());
            prop_assert_eq!(fills.first(), told.first().cloned());
            prop_assert_eq!(fills.last(), told.last().cloned());
            prop_assert_eq!(fills.get(told.len()), None);
            prop_assert!(fills.iter().rev().eq(told.iter().rev().cloned()));
            prop_assert_eq!((&fills).into_iter().nth(3), told.get(3).cloned());
            // Numbers as they are written, too.
            let texts = |fills: &[Fill]| fills.iter().map(|fill| format!("{fill:?}")).collect::<Vec<_>>();
            prop_assert_eq!(texts(&fills.to_vec()), texts(&told));
        }
    }

    #[test]
    fn a_fill_needs_little_room() {
        assert_eq!((size_of::<Row>(), size_of::<Fill>()), (64, 128));
    }
}
