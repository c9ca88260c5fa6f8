use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    market::{Bar, MarketData, MarketRef},
    number::{Price, Quantity, Scale},
    time::Timestamp,
};

use super::{
    Header, Record, Series,
    record::{at_scale, market_record, scale_needed},
};
use crate::error::DataError;

/// One bar of a series: times in nanoseconds, mantissas at the scales of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarRow {
    /// When the interval began.
    pub ts_open: i64,
    /// When the interval ended.
    pub ts_close: i64,
    /// The first price.
    pub open: i64,
    /// The highest price.
    pub high: i64,
    /// The lowest price.
    pub low: i64,
    /// The last price.
    pub close: i64,
    /// The quantity traded.
    pub volume: i64,
}

impl Record for Bar {
    type Row = BarRow;
    type Tag = BarSpec;

    market_record!(Bar);

    #[inline]
    fn tag(&self) -> BarSpec {
        self.spec
    }

    fn tag_text(tag: BarSpec) -> String {
        format!("{tag} bars")
    }

    #[inline]
    fn scales_needed(&self, price: Scale, quantity: Scale) -> (Scale, Scale) {
        let price = [self.open, self.high, self.low, self.close]
            .iter()
            .fold(price, |scale, p| scale_needed(p.mantissa(), p.scale(), scale));
        (price, scale_needed(self.volume.mantissa(), self.volume.scale(), quantity))
    }

    #[inline]
    fn to_row(&self, price: Scale, quantity: Scale) -> Option<BarRow> {
        let at = |p: Price| at_scale(p.mantissa(), p.scale(), price);
        Some(BarRow {
            ts_open: self.ts_open.nanos(),
            ts_close: self.ts_close.nanos(),
            open: at(self.open)?,
            high: at(self.high)?,
            low: at(self.low)?,
            close: at(self.close)?,
            volume: at_scale(self.volume.mantissa(), self.volume.scale(), quantity)?,
        })
    }

    fn scaled_row(row: &BarRow, by_price: i64, by_quantity: i64) -> Option<BarRow> {
        Some(BarRow {
            open: row.open.checked_mul(by_price)?,
            high: row.high.checked_mul(by_price)?,
            low: row.low.checked_mul(by_price)?,
            close: row.close.checked_mul(by_price)?,
            volume: row.volume.checked_mul(by_quantity)?,
            ..*row
        })
    }

    #[inline]
    fn from_row(row: &BarRow, header: &Header<Self>, recv: Timestamp) -> Self {
        Self {
            instrument: header.instrument,
            spec: header.tag,
            ts_open: Timestamp::from_nanos(row.ts_open),
            ts_close: Timestamp::from_nanos(row.ts_close),
            ts_recv: recv,
            open: Price::new(row.open, header.price_scale),
            high: Price::new(row.high, header.price_scale),
            low: Price::new(row.low, header.price_scale),
            close: Price::new(row.close, header.price_scale),
            volume: Quantity::new(row.volume, header.quantity_scale),
        }
    }

    #[inline]
    fn set_row(&mut self, row: &BarRow, recv: Timestamp) {
        self.ts_open = Timestamp::from_nanos(row.ts_open);
        self.ts_close = Timestamp::from_nanos(row.ts_close);
        self.ts_recv = recv;
        self.open = Price::new(row.open, self.open.scale());
        self.high = Price::new(row.high, self.high.scale());
        self.low = Price::new(row.low, self.low.scale());
        self.close = Price::new(row.close, self.close.scale());
        self.volume = Quantity::new(row.volume, self.volume.scale());
    }

    #[inline]
    fn ts_of(row: &BarRow) -> i64 {
        row.ts_close
    }

    #[inline]
    fn in_order(previous: &BarRow, next: &BarRow) -> bool {
        next.ts_close >= previous.ts_close && next.ts_open >= previous.ts_open
    }

    fn rank(tag: BarSpec) -> (u8, i64) {
        (5, tag.rank())
    }
}

impl Series<Bar> {
    /// An empty series of bars.
    #[must_use]
    pub fn new(instrument: InstrumentId, spec: BarSpec) -> Self {
        Self::with_header(Header::empty(instrument, spec))
    }

    /// A series of the bars given, which must be of one instrument and spec and in the order of time.
    ///
    /// # Errors
    /// [`DataError::Empty`] without bars; otherwise as for [`push`](Self::push).
    pub fn from_bars(bars: impl IntoIterator<Item = Bar>) -> Result<Self, DataError> {
        Self::from_records(bars)
    }

    /// What each bar covers.
    #[must_use]
    pub fn spec(&self) -> BarSpec {
        self.header().tag
    }

    /// The open of each bar.
    #[must_use]
    pub fn opens(&self) -> Vec<f64> {
        self.prices(|row| row.open)
    }

    /// The high of each bar.
    #[must_use]
    pub fn highs(&self) -> Vec<f64> {
        self.prices(|row| row.high)
    }

    /// The low of each bar.
    #[must_use]
    pub fn lows(&self) -> Vec<f64> {
        self.prices(|row| row.low)
    }

    /// The close of each bar.
    #[must_use]
    pub fn closes(&self) -> Vec<f64> {
        self.prices(|row| row.close)
    }

    /// The volume of each bar.
    #[must_use]
    pub fn volumes(&self) -> Vec<f64> {
        let scale = self.header().quantity_scale;
        self.rows().iter().map(|row| Quantity::new(row.volume, scale).to_f64()).collect()
    }

    fn prices(&self, mantissa: impl Fn(&BarRow) -> i64) -> Vec<f64> {
        let scale = self.header().price_scale;
        self.rows().iter().map(|row| Price::new(mantissa(row), scale).to_f64()).collect()
    }
}
