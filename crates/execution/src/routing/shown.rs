use std::collections::BTreeMap;

use algoflow_core::{
    Decimal,
    instrument::Instrument,
    market::{Depth, PoolUpdate, Quote},
    number::{Price, Quantity, Rounding},
    order::Side,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Curve,
    book::Book,
    curve::{PoolCurve, to_f64},
};

/// The books and pools that listings show, by instrument, and what was taken of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shown {
    books: BTreeMap<usize, Book>,
    pools: BTreeMap<usize, PoolUpdate>,
    taken: BTreeMap<usize, Taken>,
    /// What was shown before this is not believed any more.
    lost: BTreeMap<usize, Timestamp>,
}

/// What slices have taken, or are about to, of what was shown at one time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Taken {
    shown_at: Timestamp,
    bought: Quantity,
    sold: Quantity,
}

/// What a listing offers to an order.
pub(crate) struct Offer {
    pub(crate) curve: Curve,
    /// The most that can be had within the bound; `None` if any quantity.
    pub(crate) most: Option<Quantity>,
    /// When it was shown; `None` for a last price, of which nothing is counted as taken.
    pub(crate) shown_at: Option<Timestamp>,
}

/// What is asked of a listing.
pub(crate) struct Inquiry<'a> {
    pub(crate) index: usize,
    pub(crate) instrument: &'a Instrument,
    pub(crate) quote: Option<&'a Quote>,
    pub(crate) last: Option<Price>,
    pub(crate) side: Side,
    pub(crate) bound: Option<Price>,
    /// What was shown before this counts as nothing.
    pub(crate) not_before: Option<Timestamp>,
}

impl Shown {
    /// A change of a book. The best bid and ask, if both are known.
    pub(crate) fn depth(&mut self, index: usize, depth: &Depth) -> Option<Quote> {
        match self.books.get_mut(&index) {
            Some(book) => book.apply(depth),
            None => drop(self.books.insert(index, Book::of(depth)?)),
        }
        let book = self.books.get(&index)?;
        let (bid, bid_size) = *book.against(Side::Sell).first()?;
        let (ask, ask_size) = *book.against(Side::Buy).first()?;
        let (instrument, ts_event, ts_recv) = (depth.instrument, depth.ts_event, depth.ts_recv);
        Some(Quote { instrument, ts_event, ts_recv, bid, bid_size, ask, ask_size })
    }

    pub(crate) fn pool(&mut self, index: usize, pool: &PoolUpdate) {
        self.pools.insert(index, pool.clone());
    }

    /// What an instrument has shown is not known to hold any more.
    pub(crate) fn forget(&mut self, index: usize, now: Timestamp) {
        self.books.remove(&index);
        self.pools.remove(&index);
        self.taken.remove(&index);
        self.lost.insert(index, now);
    }

    /// A slice takes of what was shown.
    pub(crate) fn take(&mut self, index: usize, side: Side, shown_at: Timestamp, quantity: Quantity) {
        let none = Taken { shown_at, bought: Quantity::ZERO, sold: Quantity::ZERO };
        let taken = self.taken.entry(index).or_insert(none);
        if taken.shown_at != shown_at {
            *taken = none;
        }
        let sum = if side == Side::Buy { &mut taken.bought } else { &mut taken.sold };
        *sum = sum.checked_add(quantity).unwrap_or(*sum);
    }

    fn taken(&self, index: usize, side: Side, shown_at: Timestamp) -> Quantity {
        let taken = self.taken.get(&index).filter(|taken| taken.shown_at == shown_at);
        taken.map_or(Quantity::ZERO, |taken| if side == Side::Buy { taken.bought } else { taken.sold })
    }

    /// What a listing offers; `None` if nothing.
    pub(crate) fn offer(&self, inquiry: &Inquiry<'_>) -> Option<Offer> {
        let Inquiry { index, instrument, side, bound, not_before, .. } = *inquiry;
        let lost = self.lost.get(&index);
        let is_new = |at: &Timestamp| {
            not_before.is_none_or(|oldest| *at >= oldest) && lost.is_none_or(|lost| at > lost)
        };
        let taker = to_f64(instrument.fees.taker);
        let quote = inquiry.quote.and_then(|quote| {
            let (price, size) = match side {
                Side::Buy => (quote.ask, quote.ask_size),
                Side::Sell => (quote.bid, quote.bid_size),
            };
            Some((quote.ts_recv, (price, size))).filter(|_| size.is_positive())
        });
        let book = self.books.get(&index).map(|book| (book.at, book.against(side)));
        let book_is_newest =
            book.is_some_and(|(at, _)| inquiry.quote.is_none_or(|quote| quote.ts_recv <= at));
        let (at, levels): (_, &[(Price, Quantity)]) = match (self.pools.get(&index), &book, &quote) {
            (Some(pool), ..) => return self.pool_offer(inquiry, pool).filter(|_| is_new(&pool.ts_recv)),
            (None, Some((at, levels)), _) if book_is_newest => (*at, *levels),
            (None, _, Some((at, level))) => (*at, std::slice::from_ref(level)),
            (None, ..) if inquiry.quote.is_some() => return None,
            (None, ..) => {
                // It never showed how much there is.
                let last =
                    inquiry.last.filter(|last| bound.is_none_or(|bound| side.accepts(*last, bound)))?;
                let curve = Curve::levels(side, [(last.to_f64(), f64::INFINITY)], taker);
                return not_before.is_none().then_some(Offer { curve, most: None, shown_at: None });
            }
        };
        if !is_new(&at) {
            return None;
        }
        let mut taken = self.taken(index, side, at);
        let (mut left, mut most) = (Vec::new(), Quantity::ZERO);
        let within =
            levels.iter().take_while(|(price, _)| bound.is_none_or(|bound| side.accepts(*price, bound)));
        for (price, quantity) in within {
            let gone = taken.min(*quantity);
            taken = taken.checked_sub(gone).ok()?;
            let rest = quantity.checked_sub(gone).ok()?;
            if rest.is_positive() {
                most = most.checked_add(rest).ok()?;
                left.push((price.to_f64(), rest.to_f64()));
            }
        }
        let curve = Curve::levels(side, left, taker);
        most.is_positive().then_some(Offer { curve, most: Some(most), shown_at: Some(at) })
    }

    fn pool_offer(&self, inquiry: &Inquiry<'_>, pool: &PoolUpdate) -> Option<Offer> {
        let Inquiry { index, instrument, side, bound, .. } = *inquiry;
        let taker = to_f64(instrument.fees.taker);
        let taken = self.taken(index, side, pool.ts_recv).to_f64();
        let curve = Curve::Pool(PoolCurve::new(&instrument.kind, pool, side, taker, taken)?);
        let most = curve.most_within(bound.map(Price::to_f64), taker);
        let most = floor(most, instrument.quantity_increment).filter(|most| most.is_positive());
        let shown_at = Some(pool.ts_recv);
        match most {
            Some(most) => Some(Offer { curve, most: Some(most), shown_at }),
            // More than a quantity can be.
            None if curve.most_within(bound.map(Price::to_f64), taker) >= 1e9 => {
                Some(Offer { curve, most: None, shown_at })
            }
            None => None,
        }
    }
}

/// A double as a quantity, rounded down to steps; `None` if it does not fit.
fn floor(quantity: f64, step: Quantity) -> Option<Quantity> {
    let exact = Decimal::try_from(quantity).ok()?;
    let floor = Quantity::from_decimal_rounded(exact, step.scale(), Rounding::Floor).ok()?;
    floor.round_to(step, Rounding::Floor).ok()
}
