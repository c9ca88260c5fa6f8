mod quick;

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    bar_spec::BarSpec,
    market::Bar,
    number::Quantity,
    time::{TimeDelta, Timestamp},
};

#[cfg(feature = "parquet")]
use self::quick::BarColumns;
use self::quick::{Quick, RawBar};
#[cfg(feature = "parquet")]
use super::Block;
use super::{Assemble, Cells, Context, Fault, Slots, TimeSlots, Wanted, context::Verdict};
use crate::{
    error::DataError,
    policy::{OnDisorder, OnDuplicate, Position, Problem},
    schema::{Column, Schema, StampIs},
    series::BarRow,
};

/// How many bars are looked at to find out what each covers.
const SAMPLE: usize = 1_000;

/// Makes bars of rows. A bar's times need the spec; until that is known, bars are held back with `ts_open` and
/// `ts_close` both at the stamp.
#[derive(Debug)]
pub(crate) struct BarAssembler {
    time: TimeSlots,
    opened: Option<usize>,
    received: Option<usize>,
    /// Open, high, low, close.
    prices: [usize; 4],
    volume: Option<usize>,
    stamp: StampIs,
    spec: Option<BarSpec>,
    /// Whether the first bars have gone out, so that the others need not wait.
    decided: bool,
    /// Whether stamps are dates; decided by the first.
    dates: Option<bool>,
    sorts: bool,
    keeps_last: bool,
    /// Set once bars need no more than their step: the short way is open.
    quick_step: Option<i64>,
    last: Option<Last>,
    waiting: Vec<(Bar, Position)>,
    ready: VecDeque<Bar>,
    /// Under [`OnDuplicate::KeepLast`], the bar that a duplicate would replace.
    held: Option<Bar>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    stamp: i64,
    recv: i64,
    close: Option<Timestamp>,
}

impl Assemble for BarAssembler {
    type Record = Bar;
    type Row = BarRow;

    const WANTED: Wanted = Wanted {
        required: &[Column::Time, Column::Open, Column::High, Column::Low, Column::Close],
        optional: &[Column::TimeOfDay, Column::TimeOpen, Column::Received, Column::Volume],
        positional: &[Column::Time, Column::Open, Column::High, Column::Low, Column::Close, Column::Volume],
    };

    fn new(slots: Slots, schema: &Schema, context: &Context) -> Result<Self, DataError> {
        let need = |column| slots.need(column, context);
        Ok(Self {
            time: TimeSlots::new(&slots, context)?,
            opened: slots.get(Column::TimeOpen),
            received: slots.get(Column::Received),
            prices: [need(Column::Open)?, need(Column::High)?, need(Column::Low)?, need(Column::Close)?],
            volume: slots.get(Column::Volume),
            stamp: context.report.stamp.or(schema.stamp).unwrap_or(StampIs::Close),
            spec: context.report.spec,
            decided: false,
            dates: None,
            sorts: context.repairs.out_of_order == OnDisorder::Sort,
            keeps_last: context.repairs.duplicate == OnDuplicate::KeepLast
                && context.repairs.out_of_order != OnDisorder::Sort,
            quick_step: None,
            last: None,
            waiting: Vec::new(),
            ready: VecDeque::new(),
            held: None,
        })
    }

    #[inline]
    fn row<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Result<Option<Bar>, DataError> {
        let Some(bar) = self.read(cells, context)? else { return Ok(None) };
        let Some(bar) = mended(bar, cells.position(), context)? else { return Ok(None) };
        if !context.admit(&[bar.open, bar.high, bar.low, bar.close], &[bar.volume], cells.position())? {
            return Ok(None);
        }
        if !self.in_order(&bar, cells.position(), context)? {
            return Ok(None);
        }
        let Some(spec) = self.spec.filter(|_| self.decided) else {
            self.waiting.push((bar, cells.position()));
            if self.spec.is_some() || self.waiting.len() >= SAMPLE {
                self.decide(context)?;
            }
            return Ok(None);
        };
        self.timed(bar, spec, cells.position(), context)
    }

    #[inline]
    fn quick<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Option<BarRow> {
        // Asked before anything is read, so that a way that is closed costs nothing.
        self.quick_step?;
        let stamp = self.time.read(cells, &mut context.times).ok()?;
        if stamp.is_date {
            return None;
        }
        let mut instant = |slot: usize| Some(cells.stamp(slot, &mut context.times).ok()?.nanos);
        let opened = self.opened.map_or(Some(None), |slot| instant(slot).map(Some))?;
        let received = self.received.map_or(Some(None), |slot| instant(slot).map(Some))?;
        let [open, high, low, close] = self.prices;
        let raw = RawBar {
            stamp: stamp.nanos,
            opened,
            received,
            open: context.quick_price(cells, open)?,
            high: context.quick_price(cells, high)?,
            low: context.quick_price(cells, low)?,
            close: context.quick_price(cells, close)?,
            volume: self.volume.map_or(Some(0), |slot| context.quick_quantity(cells, slot))?,
        };
        let mut quick = Quick::begin(self, context)?;
        let row = quick.accept(&raw, context)?;
        quick.end(self, std::slice::from_ref(&row), context);
        Some(row)
    }

    #[cfg(feature = "parquet")]
    fn quick_run(
        &mut self,
        block: &impl Block,
        from: usize,
        context: &mut Context,
        out: &mut Vec<BarRow>,
    ) -> usize {
        let (Some(columns), Some(mut quick)) =
            (BarColumns::of(self, block, context), Quick::begin(self, context))
        else {
            return 0;
        };
        let before = out.len();
        out.reserve(block.len().saturating_sub(from));
        for row in from..block.len() {
            let Some(bar) = columns.bar(row).and_then(|raw| quick.accept(&raw, context)) else { break };
            out.push(bar);
        }
        quick.end(self, out.get(before..).unwrap_or_default(), context);
        out.len() - before
    }

    #[inline]
    fn ready(&mut self) -> Option<Bar> {
        self.ready.pop_front()
    }

    fn end(&mut self, context: &mut Context) -> Result<(), DataError> {
        self.decide(context)?;
        if let Some(bar) = self.held.take() {
            context.keep(bar.ts_recv);
            self.ready.push_back(bar);
        }
        Ok(())
    }

    fn sort_key(bar: &Bar) -> Timestamp {
        bar.ts_close
    }

    fn after_sort(bars: Vec<Bar>, context: &mut Context) -> Result<Vec<Bar>, DataError> {
        let mut kept: Vec<Bar> = Vec::with_capacity(bars.len());
        for bar in bars {
            if let Some(last) = kept.last_mut() {
                if last.ts_close == bar.ts_close {
                    let fault = duplicate(bar.ts_close);
                    context.judge(&fault, Position::Row(0))?;
                    context.report.dropped += 1;
                    if context.repairs.duplicate == OnDuplicate::KeepLast {
                        *last = bar;
                    }
                    continue;
                }
                note_gap(last.ts_close, bar.ts_open, context);
            }
            kept.push(bar);
        }
        context.report.kept = kept.len() as u64;
        context.report.first = kept.first().map(|bar| bar.ts_recv);
        context.report.last = kept.last().map(|bar| bar.ts_recv);
        Ok(kept)
    }
}

impl BarAssembler {
    #[inline]
    fn read<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Result<Option<Bar>, DataError> {
        let stamp = self.time.read(cells, &mut context.times);
        let Some(stamp) = context.unless_bad(stamp, cells)? else { return Ok(None) };
        if *self.dates.get_or_insert(stamp.is_date) != stamp.is_date {
            let fault = Fault::row(Problem::Unparsable, "some times are dates and others have a time of day");
            context.reject(&fault, cells.position())?;
            return Ok(None);
        }
        let stamp = stamp.nanos;
        let (mut opened, mut recv) = (stamp, i64::MIN);
        for (slot, place) in [(self.opened, &mut opened), (self.received, &mut recv)] {
            if let Some(slot) = slot {
                let stamp = cells.stamp(slot, &mut context.times);
                let Some(stamp) = context.unless_bad(stamp, cells)? else { return Ok(None) };
                *place = stamp.nanos;
            }
        }
        let [open, high, low, close] = self.prices;
        let Some(open) = context.price(cells, open)? else { return Ok(None) };
        let Some(high) = context.price(cells, high)? else { return Ok(None) };
        let Some(low) = context.price(cells, low)? else { return Ok(None) };
        let Some(close) = context.price(cells, close)? else { return Ok(None) };
        let volume = match self.volume {
            None => Quantity::ZERO,
            Some(slot) => match context.quantity(cells, slot)? {
                Some(volume) => volume,
                None => return Ok(None),
            },
        };
        Ok(Some(Bar {
            instrument: context.instrument,
            spec: self.spec.unwrap_or(BarSpec::Ticks(1)),
            ts_open: Timestamp::from_nanos(opened),
            ts_close: Timestamp::from_nanos(stamp),
            ts_recv: Timestamp::from_nanos(recv),
            open,
            high,
            low,
            close,
            volume,
        }))
    }

    /// Whether the bar follows the last one; otherwise the policy is asked.
    #[inline]
    fn in_order(&mut self, bar: &Bar, position: Position, context: &mut Context) -> Result<bool, DataError> {
        let (stamp, recv) = (bar.ts_close.nanos(), bar.ts_recv.nanos());
        if let Some(last) = self.last {
            if stamp < last.stamp || (stamp > last.stamp && recv < last.recv) {
                let reason = format!(
                    "{} comes after {} in the file but not in time",
                    Timestamp::from_nanos(stamp.min(if recv < last.recv { recv } else { stamp })),
                    Timestamp::from_nanos(if stamp < last.stamp { last.stamp } else { last.recv }),
                );
                let verdict = context.judge(&Fault::row(Problem::OutOfOrder, reason), position)?;
                if verdict == Verdict::Drop {
                    context.report.dropped += 1;
                }
                return Ok(verdict == Verdict::Fix);
            }
            if stamp == last.stamp && !self.sorts {
                context.judge(&duplicate(bar.ts_close), position)?;
                context.report.dropped += 1;
                if self.keeps_last {
                    self.replace_last(bar);
                }
                return Ok(false);
            }
        }
        self.last = Some(Last { stamp, recv, close: self.last.and_then(|last| last.close) });
        Ok(true)
    }

    /// Puts the values of `bar` into the bar of the same time that is still held.
    fn replace_last(&mut self, bar: &Bar) {
        let place = self.held.as_mut().or_else(|| self.waiting.last_mut().map(|(bar, _)| bar));
        if let Some(place) = place {
            (place.open, place.high, place.low, place.close) = (bar.open, bar.high, bar.low, bar.close);
            place.volume = bar.volume;
        }
    }

    /// Finds out what bars cover, and lets go those that waited for it.
    fn decide(&mut self, context: &mut Context) -> Result<(), DataError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let spec = match self.spec {
            Some(spec) => spec,
            None => self.most_frequent_step(&waiting, context)?,
        };
        (self.spec, self.decided) = (Some(spec), true);
        context.report.spec = Some(spec);
        if let BarSpec::Time(step) = spec
            && self.dates == Some(false)
            && !self.sorts
            && !self.keeps_last
        {
            self.quick_step = Some(step.nanos());
        }
        for (bar, position) in waiting {
            if let Some(bar) = self.timed(Bar { spec, ..bar }, spec, position, context)? {
                self.ready.push_back(bar);
            }
        }
        Ok(())
    }

    fn most_frequent_step(
        &self,
        waiting: &[(Bar, Position)],
        context: &Context,
    ) -> Result<BarSpec, DataError> {
        let mut steps: BTreeMap<i64, u64> = BTreeMap::new();
        let mut count = |from: Timestamp, to: Timestamp| {
            let step = to.nanos().saturating_sub(from.nanos()).saturating_abs();
            if step > 0 {
                *steps.entry(step).or_default() += 1;
            }
        };
        if self.opened.is_some() {
            waiting.iter().for_each(|(bar, _)| count(bar.ts_open, bar.ts_close));
        } else {
            for pair in waiting.windows(2) {
                if let [(previous, _), (next, _)] = pair {
                    count(previous.ts_close, next.ts_close);
                }
            }
        }
        // Of steps that are equally frequent, the shortest.
        let most = steps.iter().rev().max_by_key(|(_, count)| **count).map(|(step, _)| *step);
        let Some(step) = most else {
            return Err(DataError::option(
                "spec",
                format!("{} has too few bars to tell what each covers; declare it", context.file()),
            ));
        };
        let day = TimeDelta::days(1).nanos();
        Ok(match step / day {
            // In a file of dates, days differ by 23 or 25 hours when the clocks change.
            0 | 1 if self.dates == Some(true) => BarSpec::day(),
            7 if step % day == 0 => BarSpec::Week,
            28..=31 if step % day == 0 => BarSpec::Month,
            _ => BarSpec::Time(TimeDelta::from_nanos(step)),
        })
    }

    /// Sets the times of a bar whose stamp is known, and hands it on.
    #[inline]
    fn timed(
        &mut self,
        mut bar: Bar,
        spec: BarSpec,
        position: Position,
        context: &mut Context,
    ) -> Result<Option<Bar>, DataError> {
        if self.opened.is_none() {
            match self.interval(bar.ts_close, spec, context) {
                Ok((open, close)) => (bar.ts_open, bar.ts_close) = (open, close),
                Err(reason) => {
                    context.reject(&Fault::row(Problem::Unparsable, reason), position)?;
                    return Ok(None);
                }
            }
        } else if bar.ts_open > bar.ts_close {
            let reason = format!("the bar opens at {} and closes at {}", bar.ts_open, bar.ts_close);
            context.reject(&Fault::row(Problem::Unparsable, reason), position)?;
            return Ok(None);
        }
        if bar.ts_recv.nanos() == i64::MIN {
            bar.ts_recv = context.received(bar.ts_close);
        } else if bar.ts_recv < bar.ts_close {
            let fault = Fault::row(Problem::Unparsable, "the bar is received before it is complete");
            context.reject(&fault, position)?;
            return Ok(None);
        }
        if self.sorts {
            return Ok(Some(bar));
        }
        if let Some(last) = &mut self.last {
            if let Some(previous) = last.close {
                note_gap(previous, bar.ts_open, context);
            }
            last.close = Some(bar.ts_close);
        }
        if self.keeps_last {
            let out = self.held.replace(bar);
            if let Some(bar) = &out {
                context.keep(bar.ts_recv);
            }
            return Ok(out);
        }
        context.keep(bar.ts_recv);
        Ok(Some(bar))
    }

    #[inline]
    fn interval(
        &self,
        stamp: Timestamp,
        spec: BarSpec,
        context: &Context,
    ) -> Result<(Timestamp, Timestamp), String> {
        if self.dates == Some(true) && matches!(spec, BarSpec::Time(_)) {
            let (open, close) = context.times.day(stamp.nanos())?;
            return Ok((Timestamp::from_nanos(open), Timestamp::from_nanos(close)));
        }
        let out_of_range = || "it lies outside the years 1678 to 2262".to_string();
        let nanosecond = TimeDelta::from_nanos(1);
        match spec {
            BarSpec::Time(step) => match self.stamp {
                StampIs::Close => {
                    let open = stamp.nanos().checked_sub(step.nanos()).ok_or_else(out_of_range)?;
                    Ok((Timestamp::from_nanos(open), stamp))
                }
                StampIs::Open => Ok((stamp, stamp.checked_add(step).ok_or_else(out_of_range)?)),
            },
            BarSpec::Week | BarSpec::Month => {
                // A date names a day inside; a close names the end, which belongs to the next.
                let inside = match self.stamp {
                    StampIs::Close if self.dates != Some(true) => stamp.saturating_sub(nanosecond),
                    _ => stamp,
                };
                spec.interval(inside).ok_or_else(out_of_range)
            }
            // Bars of ticks and volume begin where the last one ended.
            _ => Ok((self.last.and_then(|last| last.close).unwrap_or(stamp), stamp)),
        }
    }
}

fn duplicate(time: Timestamp) -> Box<Fault> {
    Fault::row(Problem::Duplicate, format!("a second bar at {time}"))
}

/// Whether time without bars is a gap.
#[inline]
fn notes_gaps(context: &Context) -> bool {
    matches!(context.report.spec, Some(BarSpec::Time(_) | BarSpec::Week | BarSpec::Month))
}

#[inline]
fn note_gap(previous_close: Timestamp, open: Timestamp, context: &mut Context) {
    if open > previous_close && notes_gaps(context) {
        context.report.gap(previous_close, open);
    }
}

/// Checks the range of a bar, and mends it as the policy says. `None` if it is dropped.
#[inline]
fn mended(mut bar: Bar, position: Position, context: &mut Context) -> Result<Option<Bar>, DataError> {
    let in_range = |bar: &Bar| {
        bar.low <= bar.open && bar.low <= bar.close && bar.open <= bar.high && bar.close <= bar.high
    };
    if in_range(&bar) && bar.low <= bar.high {
        return Ok(Some(bar));
    }
    if bar.high < bar.low {
        let reason = format!("high {} is below low {}", bar.high, bar.low);
        if context.judge(&Fault::row(Problem::HighBelowLow, reason), position)? == Verdict::Drop {
            context.report.dropped += 1;
            return Ok(None);
        }
        (bar.high, bar.low) = (bar.low, bar.high);
    } else {
        let (name, price) =
            if bar.open > bar.high || bar.open < bar.low { ("open", bar.open) } else { ("close", bar.close) };
        let reason = format!("{name} {price} lies outside {} to {}", bar.low, bar.high);
        if context.judge(&Fault::row(Problem::OutsideRange, reason), position)? == Verdict::Drop {
            context.report.dropped += 1;
            return Ok(None);
        }
    }
    bar.high = bar.high.max(bar.open).max(bar.close);
    bar.low = bar.low.min(bar.open).min(bar.close);
    context.report.fixed += 1;
    Ok(Some(bar))
}
