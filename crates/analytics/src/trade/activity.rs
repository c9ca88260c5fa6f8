//! How much a strategy was in the market and how much it traded.

use std::collections::BTreeMap;

use algoflow_core::{
    id::{Asset, InstrumentId},
    instrument::Instrument,
    number::Quantity,
    order::Fill,
    time::Timestamp,
};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::matching::in_order;
use crate::{
    equity::{EquityPoint, time_weighted_mean},
    error::{AnalyticsError, Result},
    measure,
    returns::SECONDS_PER_YEAR,
};

/// The share of the time from `start` to `end` in which any position was open, 0 to 1.
///
/// Positions are flat before the first fill. `None` if no time passed.
///
/// # Errors
/// [`AnalyticsError::Number`] for positions that do not fit.
pub fn exposure(fills: &[Fill], start: Timestamp, end: Timestamp) -> Result<Option<f64>> {
    let mut positions: BTreeMap<InstrumentId, Quantity> = BTreeMap::new();
    let (mut open, mut since, mut held) = (0_usize, start, 0.0);
    for fill in in_order(fills) {
        let now = fill.ts_event.clamp(start, end.max(start));
        if open > 0 {
            held += now.since(since).as_seconds_f64();
        }
        since = now;
        let position = positions.entry(fill.instrument).or_insert(Quantity::ZERO);
        let was_open = !position.is_zero();
        *position = position.checked_add(fill.side.signed(fill.quantity)?)?;
        match (was_open, !position.is_zero()) {
            (false, true) => open += 1,
            (true, false) => open -= 1,
            _ => {}
        }
    }
    if open > 0 {
        held += end.since(since).as_seconds_f64();
    }
    Ok(measure::ratio(held, end.since(start).as_seconds_f64()))
}

/// The value traded per year over the mean equity: buys and sells both count, so turning the whole account over once
/// (selling all and buying anew) counts 2.
///
/// The mean equity is weighted by time (see [`time_weighted_mean`]). `None` if no time passed, if the mean equity is not
/// above zero, or if the fills are valued in different assets, which do not add up.
///
/// # Errors
/// [`AnalyticsError`] for a fill of an unknown instrument and for values that do not fit.
pub fn turnover(fills: &[Fill], instruments: &[Instrument], points: &[EquityPoint]) -> Result<Option<f64>> {
    let known: BTreeMap<InstrumentId, &Instrument> = instruments.iter().map(|i| (i.id, i)).collect();
    let mut traded = Decimal::ZERO;
    let mut asset: Option<Asset> = None;
    for fill in fills {
        let instrument = known
            .get(&fill.instrument)
            .ok_or(AnalyticsError::UnknownInstrument { instrument: fill.instrument })?;
        if *asset.get_or_insert(instrument.settlement) != instrument.settlement {
            return Ok(None);
        }
        let value = instrument.notional(fill.price, fill.quantity)?.abs();
        let overflow = algoflow_core::error::NumberError::Overflow { operation: "the value traded" };
        traded = traded.checked_add(value).ok_or(overflow)?;
    }
    let years = match points {
        [first, .., last] => last.ts.since(first.ts).as_seconds_f64() / SECONDS_PER_YEAR,
        _ => 0.0,
    };
    let mean = time_weighted_mean(points).filter(|mean| *mean > 0.0);
    Ok(mean.and_then(|mean| measure::ratio(traded.to_f64()? / mean, years)))
}
