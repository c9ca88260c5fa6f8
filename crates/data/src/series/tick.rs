use algoflow_core::{
    id::InstrumentId,
    market::{MarketData, MarketRef, Quote, Trade},
    number::{Price, Quantity, Scale},
    order::Side,
    time::Timestamp,
};

use super::{
    Header, Record, Series,
    record::{at_scale, market_record, scale_needed},
};
use crate::error::DataError;

/// One trade of a series: time in nanoseconds, mantissas at the scales of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeRow {
    /// When it happened.
    pub ts_event: i64,
    /// At which price.
    pub price: i64,
    /// How much.
    pub quantity: i64,
    /// The side of the taker, where it is known.
    pub aggressor: Option<Side>,
}

impl Record for Trade {
    type Row = TradeRow;
    type Tag = ();

    market_record!(Trade);

    fn tag(&self) {}

    fn tag_text((): ()) -> String {
        "trades".into()
    }

    #[inline]
    fn scales_needed(&self, price: Scale, quantity: Scale) -> (Scale, Scale) {
        (
            scale_needed(self.price.mantissa(), self.price.scale(), price),
            scale_needed(self.quantity.mantissa(), self.quantity.scale(), quantity),
        )
    }

    #[inline]
    fn to_row(&self, price: Scale, quantity: Scale) -> Option<TradeRow> {
        Some(TradeRow {
            ts_event: self.ts_event.nanos(),
            price: at_scale(self.price.mantissa(), self.price.scale(), price)?,
            quantity: at_scale(self.quantity.mantissa(), self.quantity.scale(), quantity)?,
            aggressor: self.aggressor,
        })
    }

    fn scaled_row(row: &TradeRow, by_price: i64, by_quantity: i64) -> Option<TradeRow> {
        Some(TradeRow {
            price: row.price.checked_mul(by_price)?,
            quantity: row.quantity.checked_mul(by_quantity)?,
            ..*row
        })
    }

    #[inline]
    fn from_row(row: &TradeRow, header: &Header<Self>, recv: Timestamp) -> Self {
        Self {
            instrument: header.instrument,
            ts_event: Timestamp::from_nanos(row.ts_event),
            ts_recv: recv,
            price: Price::new(row.price, header.price_scale),
            quantity: Quantity::new(row.quantity, header.quantity_scale),
            aggressor: row.aggressor,
        }
    }

    #[inline]
    fn set_row(&mut self, row: &TradeRow, recv: Timestamp) {
        self.ts_event = Timestamp::from_nanos(row.ts_event);
        self.ts_recv = recv;
        self.price = Price::new(row.price, self.price.scale());
        self.quantity = Quantity::new(row.quantity, self.quantity.scale());
        self.aggressor = row.aggressor;
    }

    #[inline]
    fn ts_of(row: &TradeRow) -> i64 {
        row.ts_event
    }

    fn rank((): ()) -> (u8, i64) {
        (4, 0)
    }
}

/// One quote of a series: time in nanoseconds, mantissas at the scales of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteRow {
    /// When it was quoted.
    pub ts_event: i64,
    /// The highest price that somebody pays.
    pub bid: i64,
    /// How much they buy.
    pub bid_size: i64,
    /// The lowest price at which somebody sells.
    pub ask: i64,
    /// How much they sell.
    pub ask_size: i64,
}

impl Record for Quote {
    type Row = QuoteRow;
    type Tag = ();

    market_record!(Quote);

    fn tag(&self) {}

    fn tag_text((): ()) -> String {
        "quotes".into()
    }

    #[inline]
    fn scales_needed(&self, price: Scale, quantity: Scale) -> (Scale, Scale) {
        let price = scale_needed(self.bid.mantissa(), self.bid.scale(), price);
        let quantity = scale_needed(self.bid_size.mantissa(), self.bid_size.scale(), quantity);
        (
            scale_needed(self.ask.mantissa(), self.ask.scale(), price),
            scale_needed(self.ask_size.mantissa(), self.ask_size.scale(), quantity),
        )
    }

    #[inline]
    fn to_row(&self, price: Scale, quantity: Scale) -> Option<QuoteRow> {
        Some(QuoteRow {
            ts_event: self.ts_event.nanos(),
            bid: at_scale(self.bid.mantissa(), self.bid.scale(), price)?,
            bid_size: at_scale(self.bid_size.mantissa(), self.bid_size.scale(), quantity)?,
            ask: at_scale(self.ask.mantissa(), self.ask.scale(), price)?,
            ask_size: at_scale(self.ask_size.mantissa(), self.ask_size.scale(), quantity)?,
        })
    }

    fn scaled_row(row: &QuoteRow, by_price: i64, by_quantity: i64) -> Option<QuoteRow> {
        Some(QuoteRow {
            ts_event: row.ts_event,
            bid: row.bid.checked_mul(by_price)?,
            bid_size: row.bid_size.checked_mul(by_quantity)?,
            ask: row.ask.checked_mul(by_price)?,
            ask_size: row.ask_size.checked_mul(by_quantity)?,
        })
    }

    #[inline]
    fn from_row(row: &QuoteRow, header: &Header<Self>, recv: Timestamp) -> Self {
        Self {
            instrument: header.instrument,
            ts_event: Timestamp::from_nanos(row.ts_event),
            ts_recv: recv,
            bid: Price::new(row.bid, header.price_scale),
            bid_size: Quantity::new(row.bid_size, header.quantity_scale),
            ask: Price::new(row.ask, header.price_scale),
            ask_size: Quantity::new(row.ask_size, header.quantity_scale),
        }
    }

    #[inline]
    fn set_row(&mut self, row: &QuoteRow, recv: Timestamp) {
        self.ts_event = Timestamp::from_nanos(row.ts_event);
        self.ts_recv = recv;
        self.bid = Price::new(row.bid, self.bid.scale());
        self.bid_size = Quantity::new(row.bid_size, self.bid_size.scale());
        self.ask = Price::new(row.ask, self.ask.scale());
        self.ask_size = Quantity::new(row.ask_size, self.ask_size.scale());
    }

    #[inline]
    fn ts_of(row: &QuoteRow) -> i64 {
        row.ts_event
    }

    fn rank((): ()) -> (u8, i64) {
        (3, 0)
    }
}

impl Series<Trade> {
    /// An empty series of trades.
    #[must_use]
    pub fn new(instrument: InstrumentId) -> Self {
        Self::with_header(Header::empty(instrument, ()))
    }

    /// A series of the trades given, which must be of one instrument and in the order of receipt.
    ///
    /// # Errors
    /// [`DataError::Empty`] without trades; otherwise as for [`push`](Self::push).
    pub fn from_trades(trades: impl IntoIterator<Item = Trade>) -> Result<Self, DataError> {
        Self::from_records(trades)
    }

    /// The price of each trade.
    #[must_use]
    pub fn prices(&self) -> Vec<f64> {
        let scale = self.header().price_scale;
        self.rows().iter().map(|row| Price::new(row.price, scale).to_f64()).collect()
    }

    /// The quantity of each trade.
    #[must_use]
    pub fn quantities(&self) -> Vec<f64> {
        let scale = self.header().quantity_scale;
        self.rows().iter().map(|row| Quantity::new(row.quantity, scale).to_f64()).collect()
    }
}

impl Series<Quote> {
    /// An empty series of quotes.
    #[must_use]
    pub fn new(instrument: InstrumentId) -> Self {
        Self::with_header(Header::empty(instrument, ()))
    }

    /// A series of the quotes given, which must be of one instrument and in the order of receipt.
    ///
    /// # Errors
    /// [`DataError::Empty`] without quotes; otherwise as for [`push`](Self::push).
    pub fn from_quotes(quotes: impl IntoIterator<Item = Quote>) -> Result<Self, DataError> {
        Self::from_records(quotes)
    }

    /// The middle between bid and ask of each quote.
    #[must_use]
    pub fn mids(&self) -> Vec<f64> {
        self.iter().map(|quote| quote.mid()).collect()
    }
}
