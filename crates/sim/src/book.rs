//! The state of one instrument: what the market last said, and the orders that wait.

mod order;
mod orders;

use algoflow_core::{
    bar_spec::BarSpec,
    error::NumberError,
    instrument::Instrument,
    market::{Quote, TradingStatus},
    number::{Price, Quantity, Rounding},
    order::Side,
    time::Timestamp,
};
use rust_decimal::Decimal;

pub use self::orders::Calm;
pub(crate) use self::{
    order::{Stage, Working},
    orders::Orders,
};
use crate::path::Path;

/// The length of no bar.
const NO_STEP: i64 = i64::MIN;

/// Where the last price came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Nothing,
    Bar(BarSpec),
    /// Quotes or trades: bars do not count any more (B1).
    Ticks,
}

/// Against what a fill happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// The volume of the present bar.
    Bar,
    /// The quantity of the last trade.
    Trade,
    /// The size of the bid.
    Bid,
    /// The size of the ask.
    Ask,
}

impl Pool {
    /// The quote that an order on `side` takes.
    pub(crate) const fn facing(side: Side) -> Self {
        match side {
            Side::Buy => Self::Ask,
            Side::Sell => Self::Bid,
        }
    }

    pub(crate) const fn is_quote(self) -> bool {
        matches!(self, Self::Bid | Self::Ask)
    }
}

/// One side of the best quote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuoteSide {
    pub(crate) price: Price,
    pub(crate) size: Quantity,
    used: Quantity,
}

impl QuoteSide {
    const EMPTY: Self = Self { price: Price::ZERO, size: Quantity::ZERO, used: Quantity::ZERO };

    /// What was used up comes back only with another price or size (Q3).
    #[inline]
    fn update(&mut self, price: Price, size: Quantity) {
        if self.price != price || self.size != size {
            *self = Self { price, size, used: Quantity::ZERO };
        }
    }
}

/// How much of what the market shows our fills may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// The part of it, if it is not all.
    pub(crate) part: Option<Decimal>,
    /// Whether bars have a cap at all.
    pub(crate) bars: bool,
    /// Whether quotes and trades do.
    pub(crate) ticks: bool,
}

/// What the market last said of an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Market {
    /// The close of the last bar, or the price of the last trade; meaningless while `source` is `Nothing`.
    pub(crate) last: Price,
    /// Its volume.
    pub(crate) volume: Quantity,
    /// What our fills took of that.
    used: Quantity,
    /// When it was received.
    pub(crate) time: Timestamp,
    pub(crate) source: Source,
    /// The length of the bars that count, if they are bars of time; else a length that no bar has.
    step: i64,
    pub(crate) status: TradingStatus,
    /// Whether there ever was a trade.
    pub(crate) traded: bool,
    /// Whether there ever was a quote.
    pub(crate) quoted: bool,
    pub(crate) bid: QuoteSide,
    pub(crate) ask: QuoteSide,
}

impl Market {
    pub(crate) const fn new() -> Self {
        Self {
            last: Price::ZERO,
            volume: Quantity::ZERO,
            used: Quantity::ZERO,
            time: Timestamp::MIN,
            source: Source::Nothing,
            step: NO_STEP,
            status: TradingStatus::Open,
            traded: false,
            quoted: false,
            bid: QuoteSide::EMPTY,
            ask: QuoteSide::EMPTY,
        }
    }

    /// Whether bars of this length count (B1).
    #[inline]
    pub(crate) fn counts(&self, spec: BarSpec) -> bool {
        match spec {
            BarSpec::Time(step) => step.nanos() == self.step,
            _ => self.source == Source::Bar(spec),
        }
    }

    /// From now on bars of this length count.
    pub(crate) fn count(&mut self, spec: BarSpec) {
        self.source = Source::Bar(spec);
        self.step = if let BarSpec::Time(step) = spec { step.nanos() } else { NO_STEP };
    }

    /// From now on no bars count.
    pub(crate) fn count_ticks(&mut self) {
        self.source = Source::Ticks;
        self.step = NO_STEP;
    }

    #[inline]
    pub(crate) fn print(&mut self, price: Price, volume: Quantity, time: Timestamp) {
        self.last = price;
        self.volume = volume;
        self.used = Quantity::ZERO;
        self.time = time;
    }

    #[inline]
    pub(crate) fn quote(&mut self, quote: &Quote) {
        self.bid.update(quote.bid, quote.bid_size);
        self.ask.update(quote.ask, quote.ask_size);
    }

    /// Forgets the quote, as after a split.
    pub(crate) fn clear_quote(&mut self) {
        self.bid = QuoteSide::EMPTY;
        self.ask = QuoteSide::EMPTY;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status == TradingStatus::Open
    }

    /// The best price that an order on `side` can take, if that side of the quote is not empty.
    pub(crate) fn facing(&self, side: Side) -> Option<Price> {
        let quote = match side {
            Side::Buy => &self.ask,
            Side::Sell => &self.bid,
        };
        quote.size.is_positive().then_some(quote.price)
    }

    /// The last price for an order on `side`: the quote that it faces, else the last bar or trade.
    pub(crate) fn reference(&self, side: Side) -> Option<Price> {
        if let Some(price) = self.facing(side) {
            return Some(price);
        }
        match self.source {
            Source::Bar(_) => Some(self.last),
            Source::Ticks if self.traded => Some(self.last),
            _ => None,
        }
    }

    /// The volume of `pool`, where it is known.
    pub(crate) fn volume_of(&self, pool: Pool) -> Option<Quantity> {
        let size = match pool {
            Pool::Bar | Pool::Trade => self.volume,
            Pool::Bid => self.bid.size,
            Pool::Ask => self.ask.size,
        };
        size.is_positive().then_some(size)
    }

    /// How much of `pool` our fills may still take; `None` is without end.
    pub(crate) fn available(
        &self,
        pool: Pool,
        share: &Share,
        step: Quantity,
    ) -> Result<Option<Quantity>, NumberError> {
        if !(if pool == Pool::Bar { share.bars } else { share.ticks }) {
            return Ok(None);
        }
        let (size, used) = match pool {
            Pool::Bar | Pool::Trade => (self.volume, self.used),
            Pool::Bid => (self.bid.size, self.bid.used),
            Pool::Ask => (self.ask.size, self.ask.used),
        };
        let ours = match share.part {
            None => size,
            Some(part) => {
                let exact = size.to_decimal().checked_mul(part);
                let exact = exact.ok_or(NumberError::Overflow { operation: "participation" })?;
                Quantity::from_decimal_rounded(exact, size.scale().max(step.scale()), Rounding::Floor)?
            }
        };
        let left = ours.round_to(step, Rounding::Floor)?.checked_sub(used)?;
        Ok(Some(if left.is_negative() { Quantity::ZERO } else { left }))
    }

    /// Notes that a fill took `quantity` of `pool`.
    pub(crate) fn consume(&mut self, pool: Pool, quantity: Quantity) -> Result<(), NumberError> {
        let used = match pool {
            Pool::Bar | Pool::Trade => &mut self.used,
            Pool::Bid => &mut self.bid.used,
            Pool::Ask => &mut self.ask.used,
        };
        *used = used.checked_add(quantity)?;
        Ok(())
    }
}

/// One instrument of the venue.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    pub(crate) market: Market,
    pub(crate) orders: Orders,
    /// The path of the bar that is being worked through.
    pub(crate) path: Path,
    pub(crate) instrument: Instrument,
}

impl Book {
    pub(crate) fn new(instrument: Instrument) -> Self {
        Self { market: Market::new(), orders: Orders::new(), path: Path::default(), instrument }
    }
}
