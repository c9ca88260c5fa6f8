use algoflow_core::{
    market::{Quote, Trade},
    number::Quantity,
    order::Side,
    time::Timestamp,
};

#[cfg(feature = "parquet")]
use super::Block;
use super::{Assemble, Cells, Context, Fault, Slots, TimeSlots, Wanted, context::Verdict};
use crate::{
    error::DataError,
    policy::{OnDisorder, Position, Problem},
    schema::{Column, Schema},
    series::{QuoteRow, TradeRow},
};

/// The times of a record without extent, and whether they run back.
#[derive(Debug)]
pub(super) struct EventTimes {
    time: TimeSlots,
    received: Option<usize>,
    sorts: bool,
    last: Timestamp,
}

impl EventTimes {
    pub(super) fn new(slots: &Slots, context: &Context) -> Result<Self, DataError> {
        Ok(Self {
            time: TimeSlots::new(slots, context)?,
            received: slots.get(Column::Received),
            sorts: context.repairs.out_of_order == OnDisorder::Sort,
            last: Timestamp::MIN,
        })
    }

    /// When it happened and when it was received. `None` if the row is dropped.
    #[inline]
    pub(super) fn read<C: Cells>(
        &self,
        cells: &C,
        context: &mut Context,
    ) -> Result<Option<(Timestamp, Timestamp)>, DataError> {
        let stamp = self.time.read(cells, &mut context.times);
        let Some(stamp) = context.unless_bad(stamp, cells)? else { return Ok(None) };
        let event = Timestamp::from_nanos(stamp.nanos);
        let Some(slot) = self.received else { return Ok(Some((event, context.received(event)))) };
        let stamp = cells.stamp(slot, &mut context.times);
        let received = context.unless_bad(stamp, cells)?;
        Ok(received.map(|stamp| (event, Timestamp::from_nanos(stamp.nanos))))
    }

    /// Whether a record may follow those before; otherwise the policy is asked.
    #[inline]
    pub(super) fn in_order(
        &mut self,
        recv: Timestamp,
        position: Position,
        context: &mut Context,
    ) -> Result<bool, DataError> {
        if recv >= self.last {
            self.last = recv;
            return Ok(true);
        }
        let reason = format!("{recv} comes after {} in the file but not in time", self.last);
        let verdict = context.judge(&Fault::row(Problem::OutOfOrder, reason), position)?;
        if verdict == Verdict::Drop {
            context.report.dropped += 1;
        }
        Ok(verdict == Verdict::Fix)
    }

    /// When it happened and when it was received, if the file says that, where nothing has to be put to the policy.
    #[inline]
    fn quick<C: Cells>(&self, cells: &C, context: &mut Context) -> Option<(i64, Option<i64>)> {
        if self.sorts {
            return None;
        }
        let event = self.time.read(cells, &mut context.times).ok()?.nanos;
        let received = match self.received {
            Some(slot) => Some(cells.stamp(slot, &mut context.times).ok()?.nanos),
            None => None,
        };
        Some((event, received))
    }

    /// The same for the rows of a block.
    #[cfg(feature = "parquet")]
    fn columns<'a>(&self, block: &'a impl Block) -> Option<(&'a [i64], Option<&'a [i64]>)> {
        if self.sorts {
            return None;
        }
        let received = match self.received {
            Some(slot) => Some(block.instants(slot)?),
            None => None,
        };
        Some((self.time.instants(block)?, received))
    }

    /// When it was received, if that is after the usual delay and in order. To be followed by `keep_quick`.
    #[inline]
    fn usual(&self, (event, received): (i64, Option<i64>), context: &Context) -> Option<Timestamp> {
        let recv = event.checked_add(context.recv_delay.nanos())?;
        let usual = recv >= self.last.nanos() && received.is_none_or(|received| received == recv);
        usual.then_some(Timestamp::from_nanos(recv))
    }

    #[inline]
    fn keep_quick(&mut self, recv: Timestamp, context: &mut Context) {
        self.last = recv;
        context.keep(recv);
    }

    /// Counts a record that goes out, unless that is done after sorting.
    #[inline]
    pub(super) fn keep(&self, recv: Timestamp, context: &mut Context) {
        if !self.sorts {
            context.keep(recv);
        }
    }
}

/// Makes trades of rows.
#[derive(Debug)]
pub(crate) struct TradeAssembler {
    times: EventTimes,
    price: usize,
    quantity: usize,
    side: Option<usize>,
    buyer_maker: Option<usize>,
}

impl Assemble for TradeAssembler {
    type Record = Trade;
    type Row = TradeRow;

    const WANTED: Wanted = Wanted {
        required: &[Column::Time, Column::Price, Column::Quantity],
        optional: &[Column::TimeOfDay, Column::Received, Column::Side, Column::BuyerMaker],
        positional: &[Column::Time, Column::Price, Column::Quantity, Column::Side],
    };

    fn new(slots: Slots, _: &Schema, context: &Context) -> Result<Self, DataError> {
        Ok(Self {
            times: EventTimes::new(&slots, context)?,
            price: slots.need(Column::Price, context)?,
            quantity: slots.need(Column::Quantity, context)?,
            side: slots.get(Column::Side),
            buyer_maker: slots.get(Column::BuyerMaker),
        })
    }

    #[inline]
    fn row<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Result<Option<Trade>, DataError> {
        let Some((ts_event, ts_recv)) = self.times.read(cells, context)? else { return Ok(None) };
        let Some(price) = context.price(cells, self.price)? else { return Ok(None) };
        let Some(quantity) = context.quantity(cells, self.quantity)? else { return Ok(None) };
        if !quantity.is_positive() {
            let text = cells.text(self.quantity);
            let fault = Fault::cell(Problem::Quantity, self.quantity, &text, "a trade must be of something");
            context.reject(&fault, cells.position())?;
            return Ok(None);
        }
        let Some(aggressor) = context.unless_bad(self.aggressor(cells), cells)? else { return Ok(None) };
        if !context.admit(&[price], &[quantity], cells.position())?
            || !self.times.in_order(ts_recv, cells.position(), context)?
        {
            return Ok(None);
        }
        self.times.keep(ts_recv, context);
        Ok(Some(Trade { instrument: context.instrument, ts_event, ts_recv, price, quantity, aggressor }))
    }

    #[inline]
    fn quick<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Option<TradeRow> {
        let times = self.times.quick(cells, context)?;
        let price = context.quick_price(cells, self.price)?;
        let quantity = context.quick_quantity(cells, self.quantity)?;
        self.accept(times, price, quantity, cells, context)
    }

    #[cfg(feature = "parquet")]
    fn quick_run(
        &mut self,
        block: &impl Block,
        from: usize,
        context: &mut Context,
        out: &mut Vec<TradeRow>,
    ) -> usize {
        let before = out.len();
        if let Some(times) = self.times.columns(block)
            && let Some(prices) = block.mantissas(self.price, context.price.scale)
            && let Some(quantities) = block.mantissas(self.quantity, context.quantity.scale)
        {
            for row in from..block.len() {
                let Some(times) = times_at(times, row) else { break };
                let (Some(price), Some(quantity)) = (prices.get(row), quantities.get(row)) else { break };
                let trade = self.accept(times, *price, *quantity, &block.cells(row), context);
                let Some(trade) = trade else { break };
                out.push(trade);
            }
        }
        out.len() - before
    }

    fn sort_key(trade: &Trade) -> Timestamp {
        trade.ts_recv
    }
}

/// The times of one row of a block.
#[cfg(feature = "parquet")]
#[inline]
fn times_at((events, received): (&[i64], Option<&[i64]>), row: usize) -> Option<(i64, Option<i64>)> {
    let received = match received {
        Some(received) => Some(*received.get(row)?),
        None => None,
    };
    Some((*events.get(row)?, received))
}

impl TradeAssembler {
    /// The row of a trade with nothing unusual about it, counted as kept; `None`, with nothing changed, for any other.
    #[inline]
    fn accept<C: Cells>(
        &mut self,
        times: (i64, Option<i64>),
        price: i64,
        quantity: i64,
        cells: &C,
        context: &mut Context,
    ) -> Option<TradeRow> {
        let recv = self.times.usual(times, context)?;
        if quantity <= 0 || (price <= 0 && !context.any_price) {
            return None;
        }
        let aggressor = self.aggressor(cells).ok()?;
        self.times.keep_quick(recv, context);
        context.admit_quick(price.unsigned_abs(), quantity.unsigned_abs());
        Some(TradeRow { ts_event: times.0, price, quantity, aggressor })
    }

    #[inline]
    fn aggressor<C: Cells>(&self, cells: &C) -> Result<Option<Side>, Box<Fault>> {
        if let Some(slot) = self.side {
            return trade_side(slot, &cells.text(slot));
        }
        let Some(slot) = self.buyer_maker else { return Ok(None) };
        let text = cells.text(slot);
        match flag(&text) {
            // The maker bought, so the taker sold.
            Some(true) => Ok(Some(Side::Sell)),
            Some(false) => Ok(Some(Side::Buy)),
            None => Err(Fault::cell(Problem::Unparsable, slot, &text, "it is not true or false")),
        }
    }
}

fn is_any(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

/// The side of a trade's taker, where there is one.
#[inline]
fn trade_side(slot: usize, text: &[u8]) -> Result<Option<Side>, Box<Fault>> {
    match book_side(text) {
        Some(side) => Ok(Some(side)),
        None if text.is_empty() || is_any(text, &["0", "unknown", "none", "n", "null"]) => Ok(None),
        None => Err(Fault::cell(Problem::Unparsable, slot, text, "it is not a side, like buy or sell")),
    }
}

/// A side by its usual spellings.
#[inline]
pub(super) fn book_side(text: &[u8]) -> Option<Side> {
    match text {
        b"1" | b"+1" | b"1.0" => Some(Side::Buy),
        b"-1" | b"-1.0" => Some(Side::Sell),
        _ if is_any(text, &["buy", "b", "bid", "bids", "buyer"]) => Some(Side::Buy),
        _ if is_any(text, &["sell", "s", "ask", "asks", "a", "seller", "offer"]) => Some(Side::Sell),
        _ => None,
    }
}

/// True or false by their usual spellings.
pub(super) fn flag(text: &[u8]) -> Option<bool> {
    if is_any(text, &["true", "t", "1", "yes", "y"]) {
        Some(true)
    } else if is_any(text, &["false", "f", "0", "no", "n"]) {
        Some(false)
    } else {
        None
    }
}

/// Makes quotes of rows.
#[derive(Debug)]
pub(crate) struct QuoteAssembler {
    times: EventTimes,
    bid: usize,
    bid_size: Option<usize>,
    ask: usize,
    ask_size: Option<usize>,
}

impl Assemble for QuoteAssembler {
    type Record = Quote;
    type Row = QuoteRow;

    const WANTED: Wanted = Wanted {
        required: &[Column::Time, Column::Bid, Column::Ask],
        optional: &[Column::TimeOfDay, Column::Received, Column::BidSize, Column::AskSize],
        positional: &[Column::Time, Column::Bid, Column::BidSize, Column::Ask, Column::AskSize],
    };

    fn new(slots: Slots, _: &Schema, context: &Context) -> Result<Self, DataError> {
        Ok(Self {
            times: EventTimes::new(&slots, context)?,
            bid: slots.need(Column::Bid, context)?,
            bid_size: slots.get(Column::BidSize),
            ask: slots.need(Column::Ask, context)?,
            ask_size: slots.get(Column::AskSize),
        })
    }

    #[inline]
    fn row<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Result<Option<Quote>, DataError> {
        let Some((ts_event, ts_recv)) = self.times.read(cells, context)? else { return Ok(None) };
        let Some(bid) = context.price(cells, self.bid)? else { return Ok(None) };
        let Some(ask) = context.price(cells, self.ask)? else { return Ok(None) };
        let Some(bid_size) = size(self.bid_size, cells, context)? else { return Ok(None) };
        let Some(ask_size) = size(self.ask_size, cells, context)? else { return Ok(None) };
        let mut quote =
            Quote { instrument: context.instrument, ts_event, ts_recv, bid, bid_size, ask, ask_size };
        if bid > ask && bid_size.is_positive() && ask_size.is_positive() {
            let fault = Fault::row(Problem::Crossed, format!("bid {bid} is above ask {ask}"));
            if context.judge(&fault, cells.position())? == Verdict::Drop {
                context.report.dropped += 1;
                return Ok(None);
            }
            (quote.bid, quote.bid_size, quote.ask, quote.ask_size) = (ask, ask_size, bid, bid_size);
            context.report.fixed += 1;
        }
        if !context.admit(&[bid, ask], &[bid_size, ask_size], cells.position())?
            || !self.times.in_order(ts_recv, cells.position(), context)?
        {
            return Ok(None);
        }
        self.times.keep(ts_recv, context);
        Ok(Some(quote))
    }

    #[inline]
    fn quick<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Option<QuoteRow> {
        let times = self.times.quick(cells, context)?;
        let bid = context.quick_price(cells, self.bid)?;
        let ask = context.quick_price(cells, self.ask)?;
        let bid_size = context.quick_quantity(cells, self.bid_size?)?;
        let ask_size = context.quick_quantity(cells, self.ask_size?)?;
        self.accept(times, QuoteRow { ts_event: times.0, bid, bid_size, ask, ask_size }, context)
    }

    #[cfg(feature = "parquet")]
    fn quick_run(
        &mut self,
        block: &impl Block,
        from: usize,
        context: &mut Context,
        out: &mut Vec<QuoteRow>,
    ) -> usize {
        let before = out.len();
        let (price, quantity) = (context.price.scale, context.quantity.scale);
        if let (Some(bid_size), Some(ask_size)) = (self.bid_size, self.ask_size)
            && let Some(times) = self.times.columns(block)
            && let Some(bids) = block.mantissas(self.bid, price)
            && let Some(bid_sizes) = block.mantissas(bid_size, quantity)
            && let Some(asks) = block.mantissas(self.ask, price)
            && let Some(ask_sizes) = block.mantissas(ask_size, quantity)
        {
            for row in from..block.len() {
                let Some(times) = times_at(times, row) else { break };
                let at = |column: &[i64]| column.get(row).copied();
                let (Some(bid), Some(bid_size)) = (at(bids), at(bid_sizes)) else { break };
                let (Some(ask), Some(ask_size)) = (at(asks), at(ask_sizes)) else { break };
                let quote = QuoteRow { ts_event: times.0, bid, bid_size, ask, ask_size };
                let Some(quote) = self.accept(times, quote, context) else { break };
                out.push(quote);
            }
        }
        out.len() - before
    }

    fn sort_key(quote: &Quote) -> Timestamp {
        quote.ts_recv
    }
}

impl QuoteAssembler {
    /// The row, counted as kept, if there is nothing unusual about it; `None`, with nothing changed, otherwise.
    #[inline]
    fn accept(
        &mut self,
        times: (i64, Option<i64>),
        row: QuoteRow,
        context: &mut Context,
    ) -> Option<QuoteRow> {
        let recv = self.times.usual(times, context)?;
        let QuoteRow { bid, bid_size, ask, ask_size, .. } = row;
        let sane = bid <= ask && bid_size >= 0 && ask_size >= 0 && (bid > 0 || context.any_price);
        if !sane {
            return None;
        }
        self.times.keep_quick(recv, context);
        let larger = |a: i64, b: i64| a.unsigned_abs().max(b.unsigned_abs());
        context.admit_quick(larger(bid, ask), larger(bid_size, ask_size));
        Some(row)
    }
}

/// The size on one side of a quote; one where the file gives none, as zero would mean an empty side.
#[inline]
fn size<C: Cells>(
    slot: Option<usize>,
    cells: &C,
    context: &mut Context,
) -> Result<Option<Quantity>, DataError> {
    slot.map_or(Ok(Some(Quantity::ONE)), |slot| context.quantity(cells, slot))
}
