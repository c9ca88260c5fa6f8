//! Live data of another venue.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use algoflow_core::{
    market::MarketData,
    time::Timestamp,
    venue::{EventStream, VenueEvent},
};
use futures_util::StreamExt;
use tokio::sync::Notify;

use super::{Inner, PaperError, State, wall};

/// How many events wait for the reader of a stream. When there are more they are dropped, and it is told of a gap.
pub const MAX_WAITING_EVENTS: usize = 65_536;

/// A stream that is open.
struct Listener {
    number: u64,
    waiting: VecDeque<VenueEvent>,
    stirred: Arc<Notify>,
}

impl Listener {
    fn push(&mut self, event: VenueEvent) {
        if self.waiting.len() >= MAX_WAITING_EVENTS {
            self.waiting.clear();
            let reason = format!("more than {MAX_WAITING_EVENTS} events waited to be read");
            self.waiting.push_back(VenueEvent::Gap { instruments: Vec::new(), reason });
        }
        self.waiting.push_back(event);
    }
}

/// The streams that are open, oldest first.
#[derive(Default)]
pub(super) struct Listeners {
    open: Vec<Listener>,
    opened: u64,
}

/// The end of a stream that its reader holds.
struct Ear {
    inner: Arc<Inner>,
    number: u64,
    stirred: Arc<Notify>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.inner.state().listeners.open.retain(|listener| listener.number != self.number);
    }
}

impl Ear {
    fn new(inner: Arc<Inner>) -> Self {
        let stirred = Arc::new(Notify::new());
        let mut state = inner.state();
        state.listeners.opened += 1;
        let number = state.listeners.opened;
        let listener = Listener { number, waiting: VecDeque::new(), stirred: Arc::clone(&stirred) };
        state.listeners.open.push(listener);
        drop(state);
        Self { inner, number, stirred }
    }

    fn next(&self) -> Option<VenueEvent> {
        let mut state = self.inner.state();
        state.listeners.open.iter_mut().find(|listener| listener.number == self.number)?.waiting.pop_front()
    }

    /// Takes in what the other venue tells. What it says of orders and of its account is not ours.
    fn take(&self, event: VenueEvent) {
        let mut state = self.inner.state();
        // Two streams bring the same data; the simulation sees them once.
        let leads = state.listeners.open.last().is_some_and(|newest| newest.number == self.number);
        let seen = match event {
            VenueEvent::Order(_) | VenueEvent::Account { .. } => return,
            VenueEvent::Market(data) => {
                let seen = if leads { state.see(&data) } else { Ok(()) };
                state.tell(self.number, VenueEvent::Market(data));
                seen
            }
            other => {
                state.tell(self.number, other);
                Ok(())
            }
        };
        if let Err(error) = seen {
            // The venue goes on without the data that it could not take.
            state.tell(self.number, VenueEvent::Gap { instruments: Vec::new(), reason: error.to_string() });
        }
        state.distribute();
    }

    /// Waits until the simulated venue has something to do by itself.
    async fn due(&self) {
        let due = self.inner.state().exchange.next_wakeup();
        if due == Timestamp::MAX {
            return std::future::pending().await;
        }
        let nanos = u64::try_from(due.since(wall()).nanos()).unwrap_or(0);
        tokio::time::sleep(Duration::from_nanos(nanos).max(SHORTEST_PAUSE)).await;
    }
}

/// How long to wait at least before the simulated venue is looked at again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// The data of another venue, each followed by what the simulated venue makes of it.
pub(super) fn stream(inner: Arc<Inner>, data: EventStream) -> EventStream {
    let ear = Ear::new(inner);
    Box::pin(futures_util::stream::unfold((ear, data), |(ear, mut data)| async move {
        loop {
            if let Some(event) = ear.next() {
                return Some((event, (ear, data)));
            }
            tokio::select! {
                biased;
                () = ear.stirred.notified() => {}
                event = data.next() => ear.take(event?),
                () = ear.due() => ear.inner.state().tell_listeners(),
            }
        }
    }))
}

impl State {
    /// Tells one stream.
    fn tell(&mut self, number: u64, event: VenueEvent) {
        let listener = self.listeners.open.iter_mut().find(|listener| listener.number == number);
        if let Some(listener) = listener {
            listener.push(event);
        }
    }

    /// Tells every stream what became of orders (P8). If nobody listens it is in the account.
    fn distribute(&mut self) {
        for event in self.told.drain(..) {
            for listener in &mut self.listeners.open {
                listener.push(event.clone());
                listener.stirred.notify_one();
            }
        }
    }

    /// What the venue has to report by now is told to every stream.
    pub(super) fn tell_listeners(&mut self) {
        if let Err(error) = self.collect() {
            self.told.push_back(VenueEvent::Gap { instruments: Vec::new(), reason: error.to_string() });
        }
        self.distribute();
    }

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
