//! Recorded data, played back in step.

use std::{sync::Arc, time::Duration};

use algoflow_core::{
    command::Command,
    id::VenueId,
    market::MarketData,
    order::OrderEvent,
    time::{TimeDelta, Timestamp},
    venue::{EventStream, VenueEvent},
};
use algoflow_execution::Input;
use tokio::time::Instant;

use super::{Inner, PaperError, PaperVenue, State};
use crate::journal::Record;

/// What comes next.
enum Step {
    Tell(Box<VenueEvent>),
    /// Nothing before this time of the data, which the venue has come to at the other; then on.
    Wait {
        from: Timestamp,
        until: Timestamp,
    },
    /// Nothing before something is asked of the venue.
    Idle,
}

/// The data and the reports, each once the one before it was dealt with. They begin with that the venue is connected.
pub(super) fn stream(inner: Arc<Inner>) -> EventStream {
    inner.state().told.push_front(VenueEvent::Connected);
    let pace = inner.speed.map(Pace::new);
    Box::pin(futures_util::stream::unfold((inner, pace), |(inner, mut pace)| async move {
        loop {
            let step = inner.state().step(inner.speed.is_some());
            match step {
                Step::Tell(event) => return Some((*event, (inner, pace))),
                Step::Wait { from, until } => {
                    let Some(due) = pace.as_mut().and_then(|pace| pace.due(from, until)) else { continue };
                    tokio::select! {
                        biased;
                        // A command has come meanwhile, and what it leads to may come before what was to be told after the pause.
                        () = inner.stirred.notified() => inner.state().forget_the_wait(),
                        () = tokio::time::sleep_until(due) => {}
                    }
                }
                Step::Idle => inner.stirred.notified().await,
            }
        }
    }))
}

/// How far the data may lag behind their pace before it begins anew: what was missed while the machine slept is not made up for.
const MAX_LAG: Duration = Duration::from_secs(1);

/// Keeps data at their speed over any length: each pause is measured from where the pace began, so that no rounding of it adds up.
struct Pace {
    speed: f64,
    began: Option<(Instant, Timestamp)>,
}

impl Pace {
    const fn new(speed: f64) -> Self {
        Self { speed, began: None }
    }

    /// When data of the time `until` are due that follow those of `from`; `None` if they are already.
    fn due(&mut self, from: Timestamp, until: Timestamp) -> Option<Instant> {
        let now = Instant::now();
        let (began, first) = *self.began.get_or_insert((now, from));
        let due = began.checked_add(self.span(first, until)?)?;
        if now.saturating_duration_since(due) > MAX_LAG {
            self.began = Some((now, until));
        }
        (due > now).then_some(due)
    }

    fn span(&self, from: Timestamp, until: Timestamp) -> Option<Duration> {
        let seconds = until.since(from).nanos().max(0) as f64 / 1e9 / self.speed;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl State {
    /// What was to be told after a pause is found out anew.
    fn forget_the_wait(&mut self) {
        self.told.retain(|event| !matches!(event, VenueEvent::Time(_)));
        self.bound = self.now;
    }

    /// The next event, as if nothing went wrong; what does ends the data.
    fn step(&mut self, waits: bool) -> Step {
        match self.try_step(waits) {
            Ok(step) => step,
            Err(error) => {
                self.ended = true;
                Step::Tell(Box::new(VenueEvent::Disconnected { reason: error.to_string() }))
            }
        }
    }

    fn try_step(&mut self, waits: bool) -> Result<Step, PaperError> {
        let tell = |event| Ok(Step::Tell(Box::new(event)));
        loop {
            if let Some(event) = self.told.pop_front() {
                return tell(event);
            }
            if let Some(event) = self.report()? {
                return tell(event);
            }
            if self.ended {
                return Ok(Step::Idle);
            }
            if let Some(data) = self.shown.take() {
                return tell(VenueEvent::Market(data));
            }
            if self.next.is_none() {
                self.next = self.recording.as_mut().and_then(Iterator::next).transpose()?;
            }
            let at = match &self.next {
                Some(data) => data.ts_recv(),
                None => self.now.saturating_add(TimeDelta::from_nanos(1)),
            };
            // What the venue does by itself before then: delayed commands and reports, ends of orders.
            let due = self.exchange.next_wakeup();
            let next = due.min(at);
            if self.bound < next {
                self.bound = next;
                if waits && self.now > Timestamp::MIN {
                    // It is told after the pause.
                    self.told.push_back(VenueEvent::Time(next));
                    return Ok(Step::Wait { from: self.now, until: next });
                }
                return tell(VenueEvent::Time(next));
            }
            if due < at {
                self.now = self.now.max(due);
                self.exchange.advance(due)?;
                continue;
            }
            let Some(data) = self.next.take() else {
                self.ended = true;
                return tell(VenueEvent::End);
            };
            self.show(data)?;
        }
    }

    /// The venue sees data; their reports come before them.
    fn show(&mut self, data: MarketData) -> Result<(), PaperError> {
        self.now = self.now.max(data.ts_recv());
        self.exchange.on_market(&data)?;
        self.shown = Some(data);
        Ok(())
    }
}

impl PaperVenue {
    /// Brings the venue to where it stood when these entries of the journal were written (P6), from its beginning: recorded data are read
    /// once more as far as they had come, live ones are those of the journal. Every command of an entry was received.
    ///
    /// # Errors
    /// [`PaperError::Rebuild`] if the recorded data are others, [`PaperError::Sim`].
    pub fn rebuild<'r>(&self, records: impl IntoIterator<Item = &'r Record>) -> Result<(), PaperError> {
        let mut state = self.state();
        let recorded = state.recording.is_some();
        for record in records {
            match &record.input {
                Input::Start(at) | Input::Time(at) | Input::Stop(at) => state.now = state.now.max(*at),
                input if recorded => state.expect(self.inner.id, input, record.sequence)?,
                input => state.follow(self.inner.id, input)?,
            }
            for command in &record.commands {
                if command.instrument().venue() == self.inner.id && self.inner.objection(command).is_none() {
                    if let Command::Submit(submit) = command {
                        let now = state.now;
                        state.account.receive(submit, now);
                    }
                    let now = state.now;
                    state.exchange.execute(command, now)?;
                }
            }
        }
        Ok(())
    }
}

impl State {
    /// What the journal has of this venue has to follow from the recording.
    fn expect(&mut self, venue: VenueId, input: &Input, sequence: u64) -> Result<(), PaperError> {
        match input {
            Input::Market(data) if data.instrument().venue() == venue => self.expect_data(data, sequence),
            Input::Order(event) if event.instrument.venue() == venue => self.expect_report(event),
            _ => Ok(()),
        }
    }

    fn expect_data(&mut self, known: &MarketData, sequence: u64) -> Result<(), PaperError> {
        loop {
            let reason = match self.try_step(false)? {
                Step::Tell(event) => match *event {
                    VenueEvent::Time(_) | VenueEvent::Connected | VenueEvent::End => continue,
                    VenueEvent::Market(data) if data == *known => return Ok(()),
                    event => format!("the recording has {event:?} there"),
                },
                _ => "the recording ends before".to_owned(),
            };
            return Err(PaperError::Rebuild { sequence, reason });
        }
    }

    /// A report of the journal is the next one of the venue, perhaps one that the next data lead to; or the session made it itself, and
    /// the venue stays as it was.
    fn expect_report(&mut self, known: &OrderEvent) -> Result<(), PaperError> {
        let (exchange, now) = (self.exchange.clone(), self.now);
        let mut seen = None;
        loop {
            if let Some(event) = self.exchange.poll()? {
                if event != known {
                    break;
                }
                self.account.take(known);
                if seen.is_some() {
                    self.shown = seen;
                }
                return Ok(());
            }
            if self.shown.is_some() || seen.is_some() {
                break;
            }
            if self.next.is_none() {
                self.next = self.recording.as_mut().and_then(Iterator::next).transpose()?;
            }
            let Some(at) = self.next.as_ref().map(MarketData::ts_recv) else { break };
            let due = self.exchange.next_wakeup();
            if due < at {
                self.now = self.now.max(due);
                self.exchange.advance(due)?;
                continue;
            }
            let Some(data) = self.next.take() else { break };
            self.now = self.now.max(at);
            self.exchange.on_market(&data)?;
            seen = Some(data);
        }
        (self.exchange, self.now) = (exchange, now);
        if seen.is_some() {
            self.next = seen;
        }
        Ok(())
    }

    /// Live data of the journal are shown to the venue once more; its reports are told again, and known already.
    fn follow(&mut self, venue: VenueId, input: &Input) -> Result<(), PaperError> {
        if let Input::Market(data) = input
            && data.instrument().venue() == venue
        {
            self.see_until(data, data.ts_recv())?;
        }
        Ok(())
    }
}
