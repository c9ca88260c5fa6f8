//! The tasks that read the streams of venues.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use algoflow_core::{
    state::Subscription,
    venue::{Venue, VenueEvent},
};
use futures_util::{FutureExt, StreamExt};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::guard::words_of;
use crate::session::Event;

/// How long to wait before a venue is subscribed to again, the first time and at most. It doubles, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Subscribes to a venue and passes on what it tells, for ever: when the stream ends, or its connector panics, it subscribes again.
pub(super) async fn pump(
    venue: Arc<dyn Venue>,
    index: usize,
    wanted: Vec<Subscription>,
    events: mpsc::Sender<Event>,
    seed: u64,
) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut pause = FIRST_PAUSE;
    loop {
        let read = AssertUnwindSafe(read(&*venue, index, &wanted, &events, &mut pause)).catch_unwind().await;
        let reason = match read {
            Ok(Ok(reason)) => reason,
            Ok(Err(Deaf)) => return,
            Err(panic) => {
                let reason = format!("the connector panicked: {}", words_of(&*panic));
                tracing::error!(venue = %venue.id(), "{reason}");
                reason
            }
        };
        let event = VenueEvent::Disconnected { reason };
        if events.send(Event::Venue { venue: index, event }).await.is_err() {
            return;
        }
        let jitter = random.random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(jitter)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads a stream until it ends. Why it did.
async fn read(
    venue: &dyn Venue,
    index: usize,
    wanted: &[Subscription],
    events: &mpsc::Sender<Event>,
    pause: &mut Duration,
) -> Result<String, Deaf> {
    let mut stream = match venue.subscribe(wanted).await {
        Ok(stream) => stream,
        Err(error) => return Ok(error.to_string()),
    };
    let mut dropped = 0_u64;
    while let Some(event) = stream.next().await {
        *pause = FIRST_PAUSE;
        pass_on(events, index, event, &mut dropped).await?;
    }
    Ok("the stream ended".to_owned())
}

/// Nobody listens any more.
struct Deaf;

/// Market data are dropped when they come faster than they are decided on, and that is said; everything else waits.
async fn pass_on(
    events: &mpsc::Sender<Event>,
    venue: usize,
    event: VenueEvent,
    dropped: &mut u64,
) -> Result<(), Deaf> {
    if *dropped > 0 && events.capacity() > events.max_capacity() / 2 {
        let reason = format!(
            "{dropped} pieces of market data were dropped: they came faster than they were decided on"
        );
        let event = VenueEvent::Gap { instruments: Vec::new(), reason };
        events.send(Event::Venue { venue, event }).await.map_err(|_| Deaf)?;
        *dropped = 0;
    }
    if let VenueEvent::Market(_) = event {
        return match events.try_send(Event::Venue { venue, event }) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                *dropped += 1;
                Ok(())
            }
            Err(TrySendError::Closed(_)) => Err(Deaf),
        };
    }
    events.send(Event::Venue { venue, event }).await.map_err(|_| Deaf)
}
