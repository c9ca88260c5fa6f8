//! Recorded data that are played back at a speed keep it, however close to each other they lie (P2).

#![allow(clippy::unwrap_used, clippy::panic)]

use algoflow_core::{
    ledger::AccountKind,
    prelude::*,
    venue::{EventStream, Venue, VenueEvent},
};
use algoflow_live::paper::PaperVenue;
use algoflow_sim::SimVenue;
use futures_util::StreamExt;
use tokio::time::{Duration, Instant};

const MICROS_BETWEEN: i64 = 4_000;

fn id() -> InstrumentId {
    "ACME.NYSE".parse().unwrap()
}

async fn play(trades: i64, speed: f64) -> EventStream {
    let venue = SimVenue::new("NYSE").instrument(Instrument::equity("ACME.NYSE", "USD").unwrap());
    let trade = |number: i64| {
        let at = Timestamp::EPOCH.saturating_add(TimeDelta::from_nanos(number * MICROS_BETWEEN * 1_000));
        let (price, quantity) = (Price::from_int(10), Quantity::ONE);
        Ok(Trade { instrument: id(), ts_event: at, ts_recv: at, price, quantity, aggressor: None }.into())
    };
    let cash = ["1000 USD".parse().unwrap()];
    let paper = PaperVenue::replay(&venue, (1..=trades).map(trade), AccountKind::Cash, &cash, 0).unwrap();
    paper.at_speed(speed).subscribe(&[]).await.unwrap()
}

/// Reads so many trades.
async fn read(stream: &mut EventStream, trades: usize) {
    for _ in 0..trades {
        while !matches!(stream.next().await.unwrap(), VenueEvent::Market(_)) {}
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_that_are_shorter_than_a_tick_of_the_timer_do_not_add_up() {
    let begun = Instant::now();
    let mut stream = play(5_001, 20.0).await;
    // 5,000 times 4 ms at twenty times the speed: a second, of which each pause is a fifth of a tick.
    read(&mut stream, 5_001).await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(999) && took <= Duration::from_millis(1_003), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_for_long_is_not_made_up_for() {
    let mut stream = play(2_001, 1.0).await;
    read(&mut stream, 1_001).await;
    // The machine sleeps for a minute in which fifteen thousand trades would have come.
    tokio::time::advance(Duration::from_secs(60)).await;
    let begun = Instant::now();
    read(&mut stream, 1_000).await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(3_980) && took <= Duration::from_millis(4_010), "{took:?}");
}
