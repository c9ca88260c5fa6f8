use std::sync::Arc;

use algoflow_core::{
    id::{Asset, InstrumentId},
    number::{Price, Quantity, Scale},
    time::{TimeDelta, Timestamp},
};

use super::{Cells, Fault};
use crate::{
    decimal::{Decimal64, rounded_to},
    error::DataError,
    policy::{OnBadValue, Position, Problem, Repairs, RowError},
    report::{LoadReport, MAX_EXAMPLES},
    schema::Schema,
    stamp::StampReader,
};

/// What happens to a row with a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Drop,
    Fix,
}

/// What all rows of one reading share: the policy, the scales, the counts.
#[derive(Debug)]
pub(crate) struct Context {
    file: Arc<str>,
    pub(crate) instrument: InstrumentId,
    pub(crate) recv_delay: TimeDelta,
    pub(crate) currency: Option<Asset>,
    pub(crate) repairs: Repairs,
    pub(crate) times: StampReader,
    pub(crate) report: LoadReport,
    pub(crate) any_price: bool,
    pub(crate) price: ScaleRule,
    pub(crate) quantity: ScaleRule,
    /// The names of the columns in use, by slot.
    names: Vec<String>,
}

const MAX_MANTISSA: u64 = i64::MAX as u64;

/// The scale of one kind of number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScaleRule {
    pub(crate) scale: Scale,
    declared: bool,
    /// The largest magnitude of a mantissa that was admitted: it must still fit when the scale grows.
    most: u64,
}

/// The scales before a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BeforeRow {
    price: ScaleRule,
    quantity: ScaleRule,
    dropped: u64,
}

impl ScaleRule {
    fn new(declared: Option<Scale>) -> Self {
        Self { scale: declared.unwrap_or(Scale::ZERO), declared: declared.is_some(), most: 0 }
    }

    /// The mantissa at the scale, which grows if it may and must. `None` if the number does not fit.
    #[inline]
    fn take(&mut self, number: Decimal64) -> Option<i64> {
        match self.exactly(number) {
            None if number.places > self.scale.places() => self.take_finer(number),
            mantissa => mantissa,
        }
    }

    /// The mantissa at the scale, without letting it grow.
    #[inline]
    fn exactly(&self, number: Decimal64) -> Option<i64> {
        let have = self.scale.places();
        if number.places == have {
            Some(number.mantissa)
        } else if number.places < have {
            let factor = self.scale.factor() / Scale::new(number.places).ok()?.factor().max(1);
            number.mantissa.checked_mul(factor)
        } else {
            // More places than the scale has are fine if they are zeros: `42283.58000000`.
            let divisor = Scale::new(number.places).ok()?.factor() / self.scale.factor().max(1);
            (number.mantissa % divisor == 0).then_some(number.mantissa / divisor)
        }
    }

    fn take_finer(&mut self, number: Decimal64) -> Option<i64> {
        let (mut mantissa, mut places) = (number.mantissa, number.places);
        while places > self.scale.places() && mantissa % 10 == 0 {
            mantissa /= 10;
            places -= 1;
        }
        if places > self.scale.places() {
            let finer = Scale::new(places).ok()?;
            let most =
                self.most.checked_mul(finer.factor().unsigned_abs() / self.scale.factor().unsigned_abs())?;
            if self.declared || most > MAX_MANTISSA {
                return None;
            }
            (self.scale, self.most) = (finer, most);
        }
        Some(mantissa)
    }

    /// Whether a number fits at the scale; if so, it is remembered.
    #[inline]
    fn admit(&mut self, mantissa: i64, scale: Scale) -> bool {
        let mut magnitude = mantissa.unsigned_abs();
        if scale != self.scale {
            let factor = self.scale.factor().unsigned_abs() / scale.factor().unsigned_abs().max(1);
            match magnitude.checked_mul(factor) {
                Some(scaled) if scaled <= MAX_MANTISSA => magnitude = scaled,
                _ => return false,
            }
        }
        self.most = self.most.max(magnitude);
        true
    }
}

impl Context {
    pub(crate) fn new(
        file: Arc<str>,
        instrument: InstrumentId,
        recv_delay: TimeDelta,
        schema: &Schema,
        repairs: Repairs,
    ) -> Result<Self, DataError> {
        Ok(Self {
            report: LoadReport { file: file.to_string(), ..LoadReport::default() },
            file,
            instrument,
            recv_delay,
            currency: None,
            repairs,
            times: StampReader::new(schema)?,
            any_price: schema.any_price,
            price: ScaleRule::new(schema.price_scale),
            quantity: ScaleRule::new(schema.quantity_scale),
            names: Vec::new(),
        })
    }

    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    pub(crate) fn set_names(&mut self, names: Vec<String>) {
        self.names = names;
    }

    /// Asks the policy about a fault. An error if it refuses; otherwise the fault is counted, and what is to be done.
    #[cold]
    pub(crate) fn judge(&mut self, fault: &Fault, position: Position) -> Result<Verdict, DataError> {
        let error = RowError {
            file: Arc::clone(&self.file),
            position,
            column: fault.slot.map(|slot| self.names.get(slot).cloned().unwrap_or_default()),
            value: fault.value.clone(),
            problem: fault.problem,
            reason: fault.reason.clone(),
        };
        let verdict = match self.repairs.action(fault.problem) {
            OnBadValue::Refuse => return Err(Box::new(error).into()),
            OnBadValue::Drop => Verdict::Drop,
            OnBadValue::Fix => Verdict::Fix,
        };
        *self.report.problems.entry(fault.problem).or_default() += 1;
        if self.report.examples.len() < MAX_EXAMPLES {
            self.report.examples.push(error);
        }
        Ok(verdict)
    }

    /// Asks the policy about a fault that cannot be mended: the row is dropped, or it is an error.
    #[cold]
    pub(crate) fn reject(&mut self, fault: &Fault, position: Position) -> Result<(), DataError> {
        self.judge(fault, position)?;
        self.report.dropped += 1;
        Ok(())
    }

    /// What was read from a row. `None` if it is bad and the row is to be dropped; the fault is counted.
    #[inline]
    pub(crate) fn unless_bad<T, C: Cells>(
        &mut self,
        read: Result<T, Box<Fault>>,
        cells: &C,
    ) -> Result<Option<T>, DataError> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(fault) => self.reject(&fault, cells.position()).map(|()| None),
        }
    }

    /// The price in a slot. `None` if the row is to be dropped; the fault is counted.
    #[inline]
    pub(crate) fn price<C: Cells>(&mut self, cells: &C, slot: usize) -> Result<Option<Price>, DataError> {
        match cells.number(slot, self.price.scale) {
            Ok(number) => {
                let Some(mantissa) = self.price.take(number) else {
                    return Ok(self
                        .too_fine(cells, slot, number, true)?
                        .map(|m| Price::new(m, self.price.scale)));
                };
                if mantissa <= 0 && !self.any_price {
                    let fault = Fault::cell(
                        Problem::NonPositivePrice,
                        slot,
                        &cells.text(slot),
                        "a price must be above zero",
                    );
                    self.reject(&fault, cells.position())?;
                    return Ok(None);
                }
                Ok(Some(Price::new(mantissa, self.price.scale)))
            }
            Err(fault) => self.unless_bad(Err(fault), cells),
        }
    }

    /// The quantity in a slot, which must not be negative. `None` if the row is to be dropped.
    #[inline]
    pub(crate) fn quantity<C: Cells>(
        &mut self,
        cells: &C,
        slot: usize,
    ) -> Result<Option<Quantity>, DataError> {
        let fault = match cells.number(slot, self.quantity.scale) {
            Ok(number) => {
                let Some(mantissa) = self.quantity.take(number) else {
                    let rounded = self.too_fine(cells, slot, number, false)?;
                    return Ok(rounded.map(|m| Quantity::new(m, self.quantity.scale)));
                };
                if mantissa >= 0 {
                    return Ok(Some(Quantity::new(mantissa, self.quantity.scale)));
                }
                Fault::cell(Problem::Quantity, slot, &cells.text(slot), "a quantity must not be negative")
            }
            Err(fault) => fault,
        };
        let verdict = self.judge(&fault, cells.position())?;
        if verdict == Verdict::Fix && matches!(fault.problem, Problem::Quantity | Problem::NotFinite) {
            self.report.fixed += 1;
            return Ok(Some(Quantity::new(0, self.quantity.scale)));
        }
        self.report.dropped += 1;
        Ok(None)
    }

    /// Whether the numbers of a record fit at the scales that the file has now. Otherwise the row is rejected.
    #[inline]
    pub(crate) fn admit(
        &mut self,
        prices: &[Price],
        quantities: &[Quantity],
        position: Position,
    ) -> Result<bool, DataError> {
        if prices.iter().all(|price| self.price.admit(price.mantissa(), price.scale()))
            && quantities.iter().all(|quantity| self.quantity.admit(quantity.mantissa(), quantity.scale()))
        {
            return Ok(true);
        }
        let fault = Fault::row(Problem::OutOfScale, "its numbers do not all fit at one scale");
        self.reject(&fault, position)?;
        Ok(false)
    }

    /// Remembers magnitudes of mantissas that went the short way.
    #[inline]
    pub(crate) fn admit_quick(&mut self, price: u64, quantity: u64) {
        self.price.most = self.price.most.max(price);
        self.quantity.most = self.quantity.most.max(quantity);
    }

    /// The mantissa of a price that needs no attention.
    #[inline]
    pub(crate) fn quick_price<C: Cells>(&self, cells: &C, slot: usize) -> Option<i64> {
        self.price.exactly(cells.unrounded(slot, self.price.scale)?)
    }

    /// The mantissa of a quantity that needs no attention.
    #[inline]
    pub(crate) fn quick_quantity<C: Cells>(&self, cells: &C, slot: usize) -> Option<i64> {
        self.quantity.exactly(cells.unrounded(slot, self.quantity.scale)?)
    }

    #[cold]
    fn too_fine<C: Cells>(
        &mut self,
        cells: &C,
        slot: usize,
        number: Decimal64,
        is_price: bool,
    ) -> Result<Option<i64>, DataError> {
        let rule = if is_price { self.price } else { self.quantity };
        let places = rule.scale.places();
        let reason = if rule.declared {
            format!("it does not fit at the {places} places that are declared")
        } else {
            format!("it and what came before do not fit at one scale; so far it is {places} places")
        };
        let fault = Fault::cell(Problem::OutOfScale, slot, &cells.text(slot), reason);
        let verdict = self.judge(&fault, cells.position())?;
        if verdict == Verdict::Fix
            && let Some(mantissa) = rounded_to(number, rule.scale)
            && (mantissa > 0 || !is_price || self.any_price)
        {
            self.report.fixed += 1;
            return Ok(Some(mantissa));
        }
        self.report.dropped += 1;
        Ok(None)
    }

    /// What a row that is dropped must not have changed: its digits say nothing about the others.
    #[inline]
    pub(crate) fn before_row(&self) -> BeforeRow {
        BeforeRow { price: self.price, quantity: self.quantity, dropped: self.report.dropped }
    }

    #[inline]
    pub(crate) fn after_row(&mut self, before: BeforeRow) {
        if self.report.dropped != before.dropped {
            (self.price, self.quantity) = (before.price, before.quantity);
        }
    }

    /// Notes a record that goes out.
    #[inline]
    pub(crate) fn keep(&mut self, time: Timestamp) {
        self.keep_many(1, time, time);
    }

    /// Notes several records that go out, by the times of the first and the last.
    #[inline]
    pub(crate) fn keep_many(&mut self, count: u64, first: Timestamp, last: Timestamp) {
        self.report.kept += count;
        if self.report.first.is_none() {
            self.report.first = Some(first);
        }
        self.report.last = Some(last);
    }

    /// When a record of `event` time is received, unless the file says it.
    #[inline]
    pub(crate) fn received(&self, event: Timestamp) -> Timestamp {
        event.saturating_add(self.recv_delay)
    }

    /// The report, finished.
    pub(crate) fn finished_report(&self) -> LoadReport {
        let mut report = self.report.clone();
        report.price_scale = Some(self.price.scale);
        report.quantity_scale = Some(self.quantity.scale);
        report
    }
}
