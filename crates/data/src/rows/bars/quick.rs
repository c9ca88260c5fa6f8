//! The short way for bars with nothing unusual about them.

use algoflow_core::time::Timestamp;

#[cfg(feature = "parquet")]
use super::super::Block;
use super::{BarAssembler, Context, Last, notes_gaps};
use crate::{schema::StampIs, series::BarRow};

/// The numbers of a row at the scales of the context, unchecked.
pub(super) struct RawBar {
    pub(super) stamp: i64,
    pub(super) opened: Option<i64>,
    pub(super) received: Option<i64>,
    pub(super) open: i64,
    pub(super) high: i64,
    pub(super) low: i64,
    pub(super) close: i64,
    pub(super) volume: i64,
}

/// What the short way has to know and to remember from bar to bar.
pub(super) struct Quick {
    step: i64,
    delay: i64,
    stamp: StampIs,
    any_price: bool,
    notes_gaps: bool,
    last_stamp: i64,
    last_recv: i64,
    last_close: i64,
    most_price: u64,
    most_volume: u64,
}

impl Quick {
    /// The short way, if it is open.
    #[inline]
    pub(super) fn begin(bars: &BarAssembler, context: &Context) -> Option<Self> {
        let last = bars.last?;
        Some(Self {
            step: bars.quick_step?,
            delay: context.recv_delay.nanos(),
            stamp: bars.stamp,
            any_price: context.any_price,
            notes_gaps: notes_gaps(context),
            last_stamp: last.stamp,
            last_recv: last.recv,
            last_close: last.close?.nanos(),
            most_price: 0,
            most_volume: 0,
        })
    }

    /// The row of a bar with nothing unusual about it; `None`, with nothing changed, for any other.
    #[inline]
    pub(super) fn accept(&mut self, raw: &RawBar, context: &mut Context) -> Option<BarRow> {
        let (ts_open, ts_close) = match (raw.opened, self.stamp) {
            (Some(opened), _) => (opened, raw.stamp),
            (None, StampIs::Close) => (raw.stamp.checked_sub(self.step)?, raw.stamp),
            (None, StampIs::Open) => (raw.stamp, raw.stamp.checked_add(self.step)?),
        };
        let recv = ts_close.checked_add(self.delay)?;
        let overlaps = raw.opened.is_some_and(|opened| opened < self.last_close);
        if raw.stamp <= self.last_stamp || ts_open > ts_close || overlaps {
            return None;
        }
        let mut last_recv = self.last_recv;
        if let Some(received) = raw.received {
            if received != recv || recv < last_recv {
                return None;
            }
            last_recv = recv;
        }
        let &RawBar { open, high, low, close, volume, .. } = raw;
        let inside = (low <= open) & (low <= close) & (open <= high) & (close <= high);
        if !inside || volume < 0 || (low <= 0 && !self.any_price) {
            return None;
        }
        if ts_open > self.last_close && self.notes_gaps {
            let (from, to) = (Timestamp::from_nanos(self.last_close), Timestamp::from_nanos(ts_open));
            context.report.gap(from, to);
        }
        (self.last_stamp, self.last_recv, self.last_close) = (raw.stamp, last_recv, ts_close);
        // The range is the largest magnitude of all four, whatever their signs.
        self.most_price = self.most_price.max(high.unsigned_abs()).max(low.unsigned_abs());
        self.most_volume = self.most_volume.max(volume.unsigned_abs());
        Some(BarRow { ts_open, ts_close, open, high, low, close, volume })
    }

    /// Counts the rows that were accepted since the begin, and remembers the last.
    #[inline]
    pub(super) fn end(self, bars: &mut BarAssembler, rows: &[BarRow], context: &mut Context) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
        let recv = |row: &BarRow| Timestamp::from_nanos(row.ts_close.saturating_add(self.delay));
        context.keep_many(rows.len() as u64, recv(first), recv(last));
        context.admit_quick(self.most_price, self.most_volume);
        let close = Some(Timestamp::from_nanos(self.last_close));
        bars.last = Some(Last { stamp: self.last_stamp, recv: self.last_recv, close });
    }
}

/// The columns of a block of bars.
#[cfg(feature = "parquet")]
pub(super) struct BarColumns<'a> {
    stamps: &'a [i64],
    opened: Option<&'a [i64]>,
    received: Option<&'a [i64]>,
    open: &'a [i64],
    high: &'a [i64],
    low: &'a [i64],
    close: &'a [i64],
    volume: Option<&'a [i64]>,
}

#[cfg(feature = "parquet")]
impl<'a> BarColumns<'a> {
    /// The columns of a block, if they can go the short way.
    pub(super) fn of(bars: &BarAssembler, block: &'a impl Block, context: &Context) -> Option<Self> {
        bars.quick_step?;
        let price = |slot| block.mantissas(slot, context.price.scale);
        let instants = |slot: Option<usize>| slot.map_or(Some(None), |slot| block.instants(slot).map(Some));
        let [open, high, low, close] = bars.prices;
        Some(Self {
            stamps: bars.time.instants(block)?,
            opened: instants(bars.opened)?,
            received: instants(bars.received)?,
            open: price(open)?,
            high: price(high)?,
            low: price(low)?,
            close: price(close)?,
            volume: match bars.volume {
                Some(slot) => Some(block.mantissas(slot, context.quantity.scale)?),
                None => None,
            },
        })
    }

    #[inline]
    pub(super) fn bar(&self, row: usize) -> Option<RawBar> {
        let optional = |column: Option<&[i64]>| column.map(|values| values.get(row).copied());
        Some(RawBar {
            stamp: *self.stamps.get(row)?,
            opened: optional(self.opened).map_or(Some(None), |value| value.map(Some))?,
            received: optional(self.received).map_or(Some(None), |value| value.map(Some))?,
            open: *self.open.get(row)?,
            high: *self.high.get(row)?,
            low: *self.low.get(row)?,
            close: *self.close.get(row)?,
            volume: optional(self.volume).unwrap_or(Some(0))?,
        })
    }
}
