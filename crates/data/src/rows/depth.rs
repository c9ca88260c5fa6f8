use std::{collections::VecDeque, sync::Arc};

use algoflow_core::{
    market::{Depth, DepthKind, Level},
    time::Timestamp,
};

use super::{
    Assemble, Cells, Context, Fault, Slots, Wanted,
    ticks::{EventTimes, book_side, flag},
};
use crate::{
    error::DataError,
    policy::Problem,
    schema::{Column, Schema},
};

/// Makes depth records of rows of one level each: rows that follow each other with the same times, sequence and
/// kind are one record.
#[derive(Debug)]
pub(crate) struct DepthAssembler {
    times: EventTimes,
    side: usize,
    price: usize,
    quantity: usize,
    snapshot: Option<usize>,
    sequence: Option<usize>,
    open: Option<Group>,
    ready: VecDeque<Depth>,
}

/// The rows of one record so far.
#[derive(Debug)]
struct Group {
    head: Head,
    levels: Vec<Level>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    ts_event: Timestamp,
    ts_recv: Timestamp,
    kind: DepthKind,
    sequence: Option<u64>,
}

impl Assemble for DepthAssembler {
    type Record = Depth;
    type Row = ();

    const WANTED: Wanted = Wanted {
        required: &[Column::Time, Column::Side, Column::Price, Column::Quantity],
        optional: &[Column::TimeOfDay, Column::Received, Column::Snapshot, Column::Sequence],
        positional: &[Column::Time, Column::Side, Column::Price, Column::Quantity, Column::Snapshot],
    };

    fn new(slots: Slots, _: &Schema, context: &Context) -> Result<Self, DataError> {
        let need = |column| slots.need(column, context);
        Ok(Self {
            times: EventTimes::new(&slots, context)?,
            side: need(Column::Side)?,
            price: need(Column::Price)?,
            quantity: need(Column::Quantity)?,
            snapshot: slots.get(Column::Snapshot),
            sequence: slots.get(Column::Sequence),
            open: None,
            ready: VecDeque::new(),
        })
    }

    fn row<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Result<Option<Depth>, DataError> {
        let Some((ts_event, ts_recv)) = self.times.read(cells, context)? else { return Ok(None) };
        let Some(price) = context.price(cells, self.price)? else { return Ok(None) };
        let Some(quantity) = context.quantity(cells, self.quantity)? else { return Ok(None) };
        let side_text = cells.text(self.side);
        let Some(side) = book_side(&side_text) else {
            let reason = "it is not a side, like bid or ask";
            let fault = Fault::cell(Problem::Unparsable, self.side, &side_text, reason);
            context.reject(&fault, cells.position())?;
            return Ok(None);
        };
        let parts = context.unless_bad(self.kind_and_sequence(cells), cells)?;
        let Some((kind, sequence)) = parts else { return Ok(None) };
        if !context.admit(&[price], &[quantity], cells.position())? {
            return Ok(None);
        }
        let (head, level) = (Head { ts_event, ts_recv, kind, sequence }, Level { side, price, quantity });
        if let Some(group) = &mut self.open
            && group.head == head
        {
            group.levels.push(level);
            return Ok(None);
        }
        if !self.times.in_order(ts_recv, cells.position(), context)? {
            return Ok(None);
        }
        let finished = self.open.replace(Group { head, levels: vec![level] });
        Ok(finished.map(|group| self.finish(group, context)))
    }

    fn ready(&mut self) -> Option<Depth> {
        self.ready.pop_front()
    }

    fn end(&mut self, context: &mut Context) -> Result<(), DataError> {
        if let Some(group) = self.open.take() {
            let depth = self.finish(group, context);
            self.ready.push_back(depth);
        }
        Ok(())
    }

    fn sort_key(depth: &Depth) -> Timestamp {
        depth.ts_recv
    }
}

impl DepthAssembler {
    fn kind_and_sequence<C: Cells>(&self, cells: &C) -> Result<(DepthKind, Option<u64>), Box<Fault>> {
        let kind = match self.snapshot {
            None => DepthKind::Update,
            Some(slot) => {
                let text = cells.text(slot);
                match flag(&text) {
                    Some(true) => DepthKind::Snapshot,
                    Some(false) => DepthKind::Update,
                    None if text.eq_ignore_ascii_case(b"snap") || text.eq_ignore_ascii_case(b"snapshot") => {
                        DepthKind::Snapshot
                    }
                    None if [&b"set"[..], b"update", b"delta"]
                        .iter()
                        .any(|w| text.eq_ignore_ascii_case(w)) =>
                    {
                        DepthKind::Update
                    }
                    None => {
                        let reason = "it does not say whether this is a snapshot";
                        return Err(Fault::cell(Problem::Unparsable, slot, &text, reason));
                    }
                }
            }
        };
        let sequence = match self.sequence {
            None => None,
            Some(slot) => {
                let text = cells.text(slot);
                let parsed = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
                if parsed.is_none() && !text.is_empty() {
                    return Err(Fault::cell(Problem::Unparsable, slot, &text, "it is not a sequence number"));
                }
                parsed
            }
        };
        Ok((kind, sequence))
    }

    fn finish(&self, group: Group, context: &mut Context) -> Depth {
        let Head { ts_event, ts_recv, kind, sequence } = group.head;
        self.times.keep(ts_recv, context);
        let levels: Arc<[Level]> = group.levels.into();
        Depth { instrument: context.instrument, ts_event, ts_recv, kind, sequence, levels }
    }
}
