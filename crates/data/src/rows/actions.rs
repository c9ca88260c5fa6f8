use algoflow_core::{
    market::{CorporateAction, CorporateActionKind},
    number::Money,
    time::Timestamp,
};
use rust_decimal::Decimal;

use super::{Assemble, Cells, Context, Fault, Slots, TimeSlots, Wanted, ticks::EventTimes};
use crate::{
    error::DataError,
    policy::Problem,
    schema::{Column, Schema},
};

/// Makes corporate actions of rows. A date means the begin of that day, or of its session if one is declared.
#[derive(Debug)]
pub(crate) struct ActionAssembler {
    times: EventTimes,
    time: TimeSlots,
    kind: usize,
    value: usize,
}

impl Assemble for ActionAssembler {
    type Record = CorporateAction;
    type Row = ();

    const WANTED: Wanted = Wanted {
        required: &[Column::Time, Column::Kind, Column::Value],
        optional: &[],
        positional: &[Column::Time, Column::Kind, Column::Value],
    };

    fn new(slots: Slots, _: &Schema, context: &Context) -> Result<Self, DataError> {
        Ok(Self {
            times: EventTimes::new(&slots, context)?,
            time: TimeSlots::new(&slots, context)?,
            kind: slots.need(Column::Kind, context)?,
            value: slots.need(Column::Value, context)?,
        })
    }

    fn row<C: Cells>(
        &mut self,
        cells: &C,
        context: &mut Context,
    ) -> Result<Option<CorporateAction>, DataError> {
        let parts = self.time(cells, context).and_then(|time| Ok((time, self.action(cells, context)?)));
        let Some((ts_event, action)) = context.unless_bad(parts, cells)? else { return Ok(None) };
        let ts_recv = context.received(ts_event);
        if !self.times.in_order(ts_recv, cells.position(), context)? {
            return Ok(None);
        }
        self.times.keep(ts_recv, context);
        Ok(Some(CorporateAction { instrument: context.instrument, ts_event, ts_recv, action }))
    }

    fn sort_key(action: &CorporateAction) -> Timestamp {
        action.ts_recv
    }
}

impl ActionAssembler {
    fn time<C: Cells>(&self, cells: &C, context: &mut Context) -> Result<Timestamp, Box<Fault>> {
        let stamp = self.time.read(cells, &mut context.times)?;
        if !stamp.is_date {
            return Ok(Timestamp::from_nanos(stamp.nanos));
        }
        let day = context.times.day(stamp.nanos).map_err(|reason| Fault::row(Problem::Unparsable, reason))?;
        Ok(Timestamp::from_nanos(day.0))
    }

    fn action<C: Cells>(&self, cells: &C, context: &Context) -> Result<CorporateActionKind, Box<Fault>> {
        let (kind, value) = (cells.text(self.kind), cells.text(self.value));
        let bad = |slot, text: &[u8], reason: &str| Err(Fault::cell(Problem::Unparsable, slot, text, reason));
        let text = std::str::from_utf8(&value).unwrap_or_default();
        match kind.to_ascii_lowercase().as_slice() {
            b"dividend" => {
                let Some(currency) = context.currency else {
                    return bad(self.kind, &kind, "say in which currency dividends are paid");
                };
                match Decimal::from_str_exact(text) {
                    Ok(amount) if amount > Decimal::ZERO => {
                        Ok(CorporateActionKind::Dividend { per_share: Money::new(amount, currency) })
                    }
                    _ => bad(self.value, &value, "a dividend is an amount above zero"),
                }
            }
            b"split" => match ratio(text) {
                Some((to, from)) => Ok(CorporateActionKind::Split { to, from }),
                None => bad(self.value, &value, "a split is a ratio of whole numbers, like 4:1"),
            },
            _ => bad(self.kind, &kind, "the kinds are dividend and split"),
        }
    }
}

/// `4:1`, `4/1` or `4`: shares after, shares before.
fn ratio(text: &str) -> Option<(u32, u32)> {
    let (to, from) = text.split_once([':', '/']).unwrap_or((text, "1"));
    let (to, from) = (to.trim().parse().ok()?, from.trim().parse().ok()?);
    (to > 0 && from > 0).then_some((to, from))
}
