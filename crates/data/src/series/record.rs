use std::fmt;

use algoflow_core::{
    id::InstrumentId,
    market::{MarketData, MarketRef},
    number::Scale,
    time::{TimeDelta, Timestamp},
};

mod sealed {
    pub trait Sealed {}
    impl Sealed for algoflow_core::market::Bar {}
    impl Sealed for algoflow_core::market::Trade {}
    impl Sealed for algoflow_core::market::Quote {}
}

/// What all records of a [`Series`](super::Series) have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header<E: Record> {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The spec of bars; nothing for trades and quotes.
    pub tag: E::Tag,
    /// The scale of prices.
    pub price_scale: Scale,
    /// The scale of volumes and sizes.
    pub quantity_scale: Scale,
    /// How long after it happened a record is received.
    pub recv_delay: TimeDelta,
}

impl<E: Record> Header<E> {
    /// The header of a series without records.
    pub(crate) fn empty(instrument: InstrumentId, tag: E::Tag) -> Self {
        let (price_scale, quantity_scale) = (Scale::ZERO, Scale::ZERO);
        Self { instrument, tag, price_scale, quantity_scale, recv_delay: TimeDelta::ZERO }
    }
}

impl<E: Record> fmt::Display for Header<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.instrument, E::tag_text(self.tag))
    }
}

/// A record that a [`Series`](super::Series) can hold: bars, trades and quotes. Not for implementing outside.
pub trait Record:
    sealed::Sealed + Copy + fmt::Debug + PartialEq + Into<MarketData> + Send + Sync + 'static
{
    /// What a series holds of each record.
    type Row: Copy + fmt::Debug + PartialEq + Send + Sync + 'static;
    /// What sets apart series of one instrument: the spec of bars.
    type Tag: Copy + fmt::Debug + PartialEq + Send + Sync + 'static;

    /// The instrument.
    fn instrument(&self) -> InstrumentId;
    /// The tag of the series that holds this record.
    fn tag(&self) -> Self::Tag;
    /// The tag as it is shown.
    fn tag_text(tag: Self::Tag) -> String;
    /// The header of a series that holds this record, at scale zero.
    fn header(&self) -> Header<Self> {
        Header::empty(self.instrument(), self.tag())
    }
    /// Whether the record is of the series' instrument and tag.
    #[inline]
    fn belongs_to(&self, header: &Header<Self>) -> bool {
        self.instrument() == header.instrument && self.tag() == header.tag
    }
    /// When it could be known.
    fn ts_recv(&self) -> Timestamp;
    /// The smallest scales, no coarser than the given ones, that hold the record exactly.
    fn scales_needed(&self, price: Scale, quantity: Scale) -> (Scale, Scale);
    /// The row at the scales given; `None` if a number does not fit or is not exact.
    fn to_row(&self, price: Scale, quantity: Scale) -> Option<Self::Row>;
    /// The row with mantissas multiplied; `None` if they do not fit.
    fn scaled_row(row: &Self::Row, by_price: i64, by_quantity: i64) -> Option<Self::Row>;
    /// The record that a row stands for.
    fn from_row(row: &Self::Row, header: &Header<Self>, recv: Timestamp) -> Self;
    /// Makes this record of a series another one of the same series.
    fn set_row(&mut self, row: &Self::Row, recv: Timestamp);
    /// When it happened, in nanoseconds: the time to which the delay is added.
    fn ts_of(row: &Self::Row) -> i64;
    /// Whether `next` may follow `previous`, apart from the time of receipt. Reports may overtake each other on the way,
    /// so of trades and quotes the order of receipt alone counts.
    #[inline]
    fn in_order(previous: &Self::Row, next: &Self::Row) -> bool {
        let _ = (previous, next);
        true
    }
    /// The record as it is handed on.
    fn view(&self) -> MarketRef<'_>;
    /// The record inside an event of its kind.
    fn in_event(event: &mut MarketData) -> Option<&mut Self>;
    /// The rank of the records among data of one time.
    fn rank(tag: Self::Tag) -> (u8, i64);
}

/// What every record has in the same way, for the implementations of [`Record`].
macro_rules! market_record {
    ($record:ident) => {
        #[inline]
        fn instrument(&self) -> InstrumentId {
            self.instrument
        }

        #[inline]
        fn ts_recv(&self) -> Timestamp {
            self.ts_recv
        }

        #[inline]
        fn view(&self) -> MarketRef<'_> {
            MarketRef::$record(self)
        }

        #[inline]
        fn in_event(event: &mut MarketData) -> Option<&mut Self> {
            match event {
                MarketData::$record(record) => Some(record),
                _ => None,
            }
        }
    };
}
pub(super) use market_record;

/// The smallest scale, no coarser than `have`, that holds `mantissa` at `scale` exactly.
#[inline]
pub(super) fn scale_needed(mantissa: i64, scale: Scale, have: Scale) -> Scale {
    if scale <= have { have } else { trimmed(mantissa, scale, have) }
}

#[cold]
fn trimmed(mantissa: i64, scale: Scale, have: Scale) -> Scale {
    let (mut mantissa, mut places) = (mantissa, scale.places());
    while places > have.places() && mantissa % 10 == 0 {
        mantissa /= 10;
        places -= 1;
    }
    Scale::new(places).unwrap_or(scale)
}

/// The mantissa at another scale; `None` if it does not fit or is not exact there.
#[inline]
pub(super) fn at_scale(mantissa: i64, from: Scale, to: Scale) -> Option<i64> {
    if from == to {
        Some(mantissa)
    } else if from < to {
        mantissa.checked_mul(to.factor() / from.factor().max(1))
    } else {
        let divisor = from.factor() / to.factor().max(1);
        (mantissa % divisor == 0).then_some(mantissa / divisor)
    }
}
