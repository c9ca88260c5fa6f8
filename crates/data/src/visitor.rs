//! What takes the records of a merge.

use std::ops::ControlFlow;

use algoflow_core::{market::MarketData, time::Timestamp};

use crate::{cursor::Cursor, series::Record};

/// Takes the records of a [`Merge`](crate::Merge), in their order; see [`Merge::visit`](crate::Merge::visit).
pub trait Visitor {
    /// What is returned by a visit that ends early.
    type Break;

    /// Takes one record.
    fn record(&mut self, data: &MarketData) -> ControlFlow<Self::Break>;

    /// Takes as many records as it likes of one series between which no other feed has any. What it leaves goes to
    /// [`record`](Self::record); it leaves all unless it is replaced.
    #[inline]
    fn stretch<E: Record>(&mut self, _stretch: &mut Stretch<'_, E>) -> ControlFlow<Self::Break> {
        ControlFlow::Continue(())
    }
}

/// A function takes each record alike.
pub(crate) struct Each<F>(pub(crate) F);

impl<B, F: FnMut(&MarketData) -> ControlFlow<B>> Visitor for Each<F> {
    type Break = B;

    #[inline]
    fn record(&mut self, data: &MarketData) -> ControlFlow<B> {
        (self.0)(data)
    }
}

/// The records of one series that come before those of all other feeds of a merge.
///
/// Each is written over the one before it, so none is moved.
#[derive(Debug)]
pub struct Stretch<'a, E: Record> {
    cursor: &'a mut Cursor<E>,
    before: Timestamp,
    slot: &'a mut Option<MarketData>,
}

impl<'a, E: Record> Stretch<'a, E> {
    /// The records of `cursor` that could be known before `before`; `None` if there are none.
    #[inline]
    pub(crate) fn new(
        cursor: &'a mut Cursor<E>,
        before: Timestamp,
        slot: &'a mut Option<MarketData>,
    ) -> Option<Self> {
        // What all records have in common is written here, and what sets them apart by `each_before`.
        cursor.lay_out(before, slot).then_some(Self { cursor, before, slot })
    }

    /// The next record; `None` at the end of the stretch.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it holds")]
    #[inline]
    pub fn next(&mut self) -> Option<&MarketData> {
        let mut found = false;
        self.each_before(self.before, |_| {
            found = true;
            ControlFlow::Break(())
        });
        if found { self.last() } else { None }
    }

    /// Hands on the records that could be known before `time`, one after the other, until `take` breaks off.
    #[inline(always)]
    pub fn each_before(&mut self, time: Timestamp, take: impl FnMut(&E) -> ControlFlow<()>) {
        if let Some(place) = self.slot.as_mut().and_then(E::in_event) {
            self.cursor.take_over(time.min(self.before), place, take);
        }
    }

    /// The record that was taken last.
    #[must_use]
    #[inline]
    pub fn last(&self) -> Option<&MarketData> {
        self.slot.as_ref()
    }
}
