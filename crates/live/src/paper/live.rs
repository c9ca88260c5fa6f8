//! Live data of another venue.

use std::sync::Arc;

use algoflow_core::{
    market::MarketData,
    time::Timestamp,
    venue::{EventStream, VenueEvent},
};
use futures_util::StreamExt;

use super::{Inner, PaperError, State, wall};

/// The data of another venue, each followed by what the simulated venue makes of it. What the other venue says of orders and of its
/// account is not ours.
pub(super) fn stream(inner: Arc<Inner>, data: EventStream) -> EventStream {
    Box::pin(futures_util::stream::unfold((inner, data), |(inner, mut data)| async move {
        loop {
            let told = inner.state().told.pop_front();
            if let Some(event) = told {
                return Some((event, (inner, data)));
            }
            let stirred = inner.stirred.notified();
            let event = tokio::select! {
                biased;
                () = stirred => None,
                event = data.next() => Some(event?),
            };
            let mut state = inner.state();
            let done = match event {
                None => state.collect(),
                Some(VenueEvent::Market(data)) => {
                    state.told.push_back(VenueEvent::Market(data.clone()));
                    state.see(&data)
                }
                Some(VenueEvent::Order(_) | VenueEvent::Account { .. }) => Ok(()),
                Some(other) => {
                    state.told.push_back(other);
                    Ok(())
                }
            };
            if let Err(error) = done {
                // The venue goes on without the data that it could not take.
                let (instruments, reason) = (Vec::new(), error.to_string());
                state.told.push_back(VenueEvent::Gap { instruments, reason });
            }
        }
    }))
}

impl State {
    /// The venue sees data as they come: never earlier than what it saw before.
    pub(super) fn see(&mut self, data: &MarketData) -> Result<(), PaperError> {
        let until = self.now.max(data.ts_recv()).max(wall());
        self.see_until(data, until)
    }

    pub(super) fn see_until(&mut self, data: &MarketData, until: Timestamp) -> Result<(), PaperError> {
        self.now = self.now.max(data.ts_recv());
        if data.ts_recv() < self.now {
            let mut later = data.clone();
            later.set_ts_recv(self.now);
            self.exchange.on_market(&later)?;
        } else {
            self.exchange.on_market(data)?;
        }
        self.collect_until(until)
    }

    /// Everything that the venue has to report by now.
    pub(super) fn collect(&mut self) -> Result<(), PaperError> {
        self.collect_until(self.now.max(wall()))
    }

    /// Everything that the venue has to report by a time.
    pub(super) fn collect_until(&mut self, until: Timestamp) -> Result<(), PaperError> {
        loop {
            while let Some(report) = self.report()? {
                self.told.push_back(report);
            }
            let due = self.exchange.next_wakeup();
            if due > until {
                return Ok(());
            }
            self.now = self.now.max(due);
            self.exchange.advance(self.now)?;
        }
    }
}
