use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    id::InstrumentId,
    instrument::Instrument,
    order::{Fill, Side},
};
use serde::{Deserialize, Serialize};

use super::{OpenTrade, PriceRange, RoundTrip, Trades, excursion};
use crate::error::{AnalyticsError, Result};

mod fifo;
mod position;
mod value;

use fifo::Lot;
use position::Position;
use value::Part;

/// How closing fills are matched with opening ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Matching {
    /// One trade from flat to flat: everything between two moments without a position is one trade at its average
    /// prices, however often it was added to or reduced.
    #[default]
    AverageCost,
    /// First in, first out: each closing fill closes the oldest open fills, one trade for each.
    Fifo,
}

/// Matches fills into trades.
///
/// Rules:
///
/// 1. Fills are taken in order of `ts_event`, those of one time in the order given; positions are held per instrument
///    and net.
/// 2. A fill that goes through zero is split: one part closes, the rest opens the other way, at the same price. Its
///    fee is split by quantity.
/// 3. Profit is exact: the values of the closing fills less those of the opening ones, with the multiplier, in the
///    settlement asset of the instrument (for an inverse contract, multiplier over price).
/// 4. A fee in the settlement asset counts in full. A fee in the base asset is valued at the price of its fill.
///    Any other is listed in `other_fees` and is not part of the profit.
/// 5. Quantities are those of the fills: a fee taken in the base asset does not reduce the position.
///
/// `prices` says how far prices went while a trade was open; pass `&()` if that is not known.
///
/// # Errors
/// [`AnalyticsError`] for a fill of an unknown instrument or with a quantity of zero or less, and for amounts that do
/// not fit.
pub fn round_trips<P: PriceRange + ?Sized>(
    fills: &[Fill],
    instruments: &[Instrument],
    matching: Matching,
    prices: &P,
) -> Result<Trades> {
    let known: BTreeMap<InstrumentId, &Instrument> = instruments.iter().map(|i| (i.id, i)).collect();
    let mut books: BTreeMap<InstrumentId, Book<'_>> = BTreeMap::new();
    let mut closed = Vec::new();
    for fill in in_order(fills) {
        let instrument = known
            .get(&fill.instrument)
            .ok_or(AnalyticsError::UnknownInstrument { instrument: fill.instrument })?;
        if !fill.quantity.is_positive() {
            return Err(AnalyticsError::InvalidFill { fill: fill.id.to_string() });
        }
        let book = books.entry(fill.instrument).or_insert_with(|| Book::new(instrument, matching));
        book.apply(fill, &mut closed)?;
    }
    for trip in &mut closed {
        trip.excursion = excursion::measure(trip, prices);
    }
    closed.sort_by_key(|trip| (trip.exit_time, trip.instrument));
    let mut open = Vec::new();
    for book in books.values() {
        book.report_open(&mut open)?;
    }
    Ok(Trades { closed, open })
}

/// The fills by the time at which they happened; those of one time stay in their order.
pub(super) fn in_order(fills: &[Fill]) -> Vec<&Fill> {
    let mut fills: Vec<&Fill> = fills.iter().collect();
    fills.sort_by_key(|fill| fill.ts_event);
    fills
}

/// What is open of one instrument.
struct Book<'a> {
    instrument: &'a Instrument,
    open: Open,
}

enum Open {
    AverageCost(Option<Position>),
    Fifo(VecDeque<Lot>),
}

impl<'a> Book<'a> {
    fn new(instrument: &'a Instrument, matching: Matching) -> Self {
        let open = match matching {
            Matching::AverageCost => Open::AverageCost(None),
            Matching::Fifo => Open::Fifo(VecDeque::new()),
        };
        Self { instrument, open }
    }

    /// The side of what is open; lots are all of one side.
    fn side(&self) -> Option<Side> {
        match &self.open {
            Open::AverageCost(position) => position.as_ref().map(Position::side),
            Open::Fifo(lots) => lots.front().map(Lot::side),
        }
    }

    fn apply(&mut self, fill: &Fill, closed: &mut Vec<RoundTrip>) -> Result<()> {
        let mut part = Part::new(fill, self.instrument);
        while part.is_left() && self.side().is_some_and(|side| side != fill.side) {
            closed.extend(self.close(&mut part)?);
        }
        if part.is_left() {
            self.add(&mut part)?;
        }
        Ok(())
    }

    /// Closes as much as one position or lot and the rest of the fill allow.
    fn close(&mut self, part: &mut Part<'_>) -> Result<Option<RoundTrip>> {
        match &mut self.open {
            Open::AverageCost(open) => {
                let Some(position) = open.as_mut() else { return Ok(None) };
                position.reduce(part)?;
                if position.is_flat() {
                    open.take().map(|p| p.into_round_trip(self.instrument)).transpose()
                } else {
                    Ok(None)
                }
            }
            Open::Fifo(lots) => {
                let Some(lot) = lots.front_mut() else { return Ok(None) };
                let trip = lot.close(part, self.instrument)?;
                if lot.is_used_up() {
                    lots.pop_front();
                }
                Ok(Some(trip))
            }
        }
    }

    fn add(&mut self, part: &mut Part<'_>) -> Result<()> {
        match &mut self.open {
            Open::AverageCost(Some(position)) => position.add(part)?,
            Open::AverageCost(open) => *open = Some(Position::open(part)?),
            Open::Fifo(lots) => lots.push_back(Lot::open(part)?),
        }
        Ok(())
    }

    fn report_open(&self, trades: &mut Vec<OpenTrade>) -> Result<()> {
        match &self.open {
            Open::AverageCost(Some(position)) => trades.push(position.to_open_trade(self.instrument)?),
            Open::AverageCost(None) => {}
            Open::Fifo(lots) => {
                for lot in lots {
                    trades.push(lot.to_open_trade(self.instrument)?);
                }
            }
        }
        Ok(())
    }
}
