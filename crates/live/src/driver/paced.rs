//! Recorded data, played back in step: the next event is taken when all that the last one led to is done.

use std::{collections::VecDeque, sync::Arc};

use algoflow_core::{
    time::Timestamp,
    venue::{EventStream, Venue, VenueEvent},
};
use futures_util::{FutureExt, StreamExt};

use super::{
    LiveError,
    run::{Runner, ask, sleep_until},
    wish::Wish,
};
use crate::session::{Effect, Event, Phase, Request, RequestId};

/// A stream of recorded data.
struct Track {
    venue: Arc<dyn Venue>,
    stream: Option<EventStream>,
    /// When its next event comes, if it has said so and has not been told to go on.
    head: Option<Timestamp>,
    ended: bool,
}

/// What is to be asked, in order.
type Questions = VecDeque<(RequestId, usize, Request)>;

impl Runner {
    pub(super) async fn run_paced(&mut self) -> Result<(), LiveError> {
        let venues = self.venues.iter().cloned();
        let track = |venue| Track { venue, stream: None, head: None, ended: false };
        let mut tracks: Vec<Track> = venues.map(track).collect();
        let mut questions = Questions::new();
        let now = self.now();
        self.session.begin(now, &mut self.effects)?;
        self.perform_paced(&mut tracks, &mut questions).await?;
        for action in std::mem::take(&mut self.at_start) {
            self.step(self.at_once(action), &mut tracks, &mut questions).await?;
        }
        while self.ended.is_none() {
            self.settle(&mut tracks, &mut questions).await?;
            if self.ended.is_some() {
                break;
            }
            if self.session.has_timer_due() {
                self.step(Event::Tick, &mut tracks, &mut questions).await?;
                continue;
            }
            // What is owed to the data is not lost when a wish comes first: it stays in the tracks.
            let beat = self.next_beat();
            let wakeup = self.end_of_stop();
            let event = tokio::select! {
                biased;
                Some(wish) = self.controls.recv() => {
                    self.fulfil(wish, &mut tracks, &mut questions).await?;
                    continue;
                }
                event = next_event(&mut tracks, self.session.data_bound()) => event,
                () = sleep_until(wakeup) => Some(Event::Tick),
                () = sleep_until(beat) => {
                    self.tell_status(true);
                    continue;
                }
            };
            let Some(event) = event else {
                self.come_to_an_end(&mut tracks, &mut questions).await?;
                continue;
            };
            if let Event::Venue { venue, event: VenueEvent::Disconnected { reason } } = &event
                && let Some(track) = tracks.get(*venue)
            {
                let (venue, reason) = (track.venue.id(), reason.clone());
                return Err(LiveError::Recording { venue, reason });
            }
            self.step(event, &mut tracks, &mut questions).await?;
        }
        Ok(())
    }

    /// When the end may take no longer.
    fn end_of_stop(&self) -> Option<tokio::time::Instant> {
        let Phase::Stopping { since } = self.session.phase() else { return None };
        Some(self.instant(since.saturating_add(self.session.config().stop_within)))
    }

    async fn fulfil(
        &mut self,
        wish: Wish,
        tracks: &mut [Track],
        questions: &mut Questions,
    ) -> Result<(), LiveError> {
        if let Some((event, owed)) = self.grant(wish) {
            self.step(event, tracks, questions).await?;
            self.settle_up(owed);
        }
        Ok(())
    }

    /// The data are over: trading ends, and what that leads to still happens, as far as it needs no time.
    async fn come_to_an_end(
        &mut self,
        tracks: &mut [Track],
        questions: &mut Questions,
    ) -> Result<(), LiveError> {
        let event =
            if matches!(self.session.phase(), Phase::Stopping { .. }) { Event::End } else { Event::Stop };
        self.step(event, tracks, questions).await
    }

    async fn step(
        &mut self,
        event: Event,
        tracks: &mut [Track],
        questions: &mut Questions,
    ) -> Result<(), LiveError> {
        let result = self.decide(event);
        self.perform_paced(tracks, questions).await?;
        self.take_snapshot().await;
        self.tell_status(false);
        Ok(result?)
    }

    /// Waits until everything that was begun is done.
    async fn settle(&mut self, tracks: &mut [Track], questions: &mut Questions) -> Result<(), LiveError> {
        loop {
            while let Ok(event) = self.told.try_recv() {
                self.step(event, tracks, questions).await?;
            }
            while let Ok(wish) = self.controls.try_recv() {
                self.fulfil(wish, tracks, questions).await?;
            }
            if let Some((request, venue, what)) = questions.pop_front() {
                let Some(track) = tracks.get(venue) else { continue };
                track.venue.set_time(self.session.engine().state().now);
                let commands = matches!(what, Request::Submit(_) | Request::Amend(_) | Request::Cancel(_));
                let answer = ask(&*track.venue, what).await;
                if let Some(track) = tracks.get_mut(venue).filter(|_| commands) {
                    // It says anew what comes next.
                    track.head = None;
                }
                self.step(Event::Answer { request, answer }, tracks, questions).await?;
                continue;
            }
            if self.session.is_settled() || self.ended.is_some() {
                return Ok(());
            }
            let now = self.now();
            let wakeup = self.session.next_wakeup(now).map(|at| self.instant(at));
            let event = tokio::select! {
                biased;
                Some(event) = self.told.recv() => event,
                () = sleep_until(wakeup) => Event::Tick,
            };
            self.step(event, tracks, questions).await?;
        }
    }

    async fn perform_paced(
        &mut self,
        tracks: &mut [Track],
        questions: &mut Questions,
    ) -> Result<(), LiveError> {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Append(entry) => self.append(*entry).await,
                Effect::Ask { request, venue, what } => questions.push_back((request, venue, what)),
                Effect::Subscribe { venue, wanted } => {
                    if let Some(track) = tracks.get_mut(venue) {
                        let stream = track.venue.subscribe(&wanted).await;
                        let id = track.venue.id();
                        let stream = stream.map_err(|source| LiveError::Venue { venue: id, source })?;
                        track.stream = Some(stream);
                    }
                }
                Effect::Alert { code, about, text } => tracing::warn!(code, about, "{text}"),
                Effect::Reconciled { .. } => {}
                Effect::Stopped { clean } => self.ended = Some(clean),
            }
        }
        Ok(())
    }
}

/// The next event of all tracks: the earliest of what they say comes next, by the order of the tracks at equal times. `None` when all are
/// over and have nothing to tell.
async fn next_event(tracks: &mut [Track], bound: Timestamp) -> Option<Event> {
    if let Some(event) = heads(tracks).await {
        return Some(event);
    }
    let (at, venue) = first(tracks)?;
    if bound < at {
        return Some(Event::Venue { venue, event: VenueEvent::Time(at) });
    }
    // Everything that is due before is done.
    tracks.get_mut(venue)?.head = None;
    heads(tracks).await.or_else(|| {
        let (at, venue) = first(tracks)?;
        Some(Event::Venue { venue, event: VenueEvent::Time(at) })
    })
}

/// The earliest of what comes next.
fn first(tracks: &[Track]) -> Option<(Timestamp, usize)> {
    tracks.iter().enumerate().filter_map(|(venue, track)| Some((track.head?, venue))).min()
}

/// Asks every track that has not said what comes next, until one tells of something else.
async fn heads(tracks: &mut [Track]) -> Option<Event> {
    for (venue, track) in tracks.iter_mut().enumerate() {
        if track.head.is_some() {
            continue;
        }
        let Some(stream) = track.stream.as_mut() else { continue };
        // Once its data are over a venue speaks only when it was asked something.
        let event = if track.ended { stream.next().now_or_never().flatten() } else { stream.next().await };
        match event {
            Some(VenueEvent::Time(at)) => track.head = Some(at),
            Some(VenueEvent::End) => track.ended = true,
            Some(event) => return Some(Event::Venue { venue, event }),
            None => track.ended = true,
        }
    }
    None
}
