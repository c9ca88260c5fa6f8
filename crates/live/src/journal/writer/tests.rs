use std::time::Duration;

use super::*;
use crate::journal::{
    Fault, Faults, MemoryDisk, MemoryStore,
    samples::{all, session, stops},
};

fn writer(disk: &MemoryDisk, faults: Faults) -> JournalWriter {
    JournalWriter::spawn(Box::new(MemoryStore::open(disk, faults).unwrap()))
}

fn slow() -> Faults {
    Faults::none().latency_between(1, Duration::from_millis(10), Duration::from_millis(10))
}

#[tokio::test(start_paused = true)]
async fn what_gathers_is_written_as_one_group() {
    let disk = MemoryDisk::default();
    let writer = writer(&disk, slow());
    let start = tokio::time::Instant::now();
    let mut durable = writer.durable();
    for entry in stops(1, 1) {
        writer.append(entry).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    for entry in stops(2, 5_000) {
        writer.append(entry).await.unwrap();
    }
    durable.wait_for(|durable| durable.sequence == 1).await.unwrap();
    assert_eq!(start.elapsed().as_millis(), 10);
    durable.wait_for(|durable| durable.sequence == 5_001).await.unwrap();
    assert_eq!(start.elapsed().as_millis(), 20, "W2: two appends");
    let mut store = writer.shutdown().await.unwrap();
    assert_eq!(all(&mut *store, 1).await.unwrap(), stops(1, 5_001), "W1");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_writes_what_was_taken() {
    let disk = MemoryDisk::default();
    let writer = writer(&disk, slow());
    let entries = session(50);
    for entry in entries.clone() {
        writer.append(entry).await.unwrap();
    }
    writer.save_snapshot(7, b"state".to_vec()).await.unwrap();
    let mut store = writer.shutdown().await.unwrap();
    assert_eq!(all(&mut *store, 1).await.unwrap(), entries, "W4");
    assert_eq!(store.latest_snapshot().await.unwrap().unwrap().body, b"state");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_and_ends_the_writer() {
    let disk = MemoryDisk::default();
    let writer = writer(&disk, Faults::none().at(2, Fault::Full));
    let mut durable = writer.durable();
    writer.append(stops(1, 1).remove(0)).await.unwrap();
    durable.wait_for(|durable| durable.sequence == 1).await.unwrap();
    writer.append(stops(2, 1).remove(0)).await.unwrap();
    let told = durable.wait_for(|durable| durable.failure.is_some()).await.unwrap().clone();
    assert_eq!((told.sequence, told.failure.unwrap().0), (1, "STORE_FULL"));
    let error = loop {
        // The queue closes a moment later.
        match writer.append(stops(3, 1).remove(0)).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, StoreError::Ended { reason } if reason.starts_with("STORE_FULL")), "{error}");
    assert!(matches!(writer.try_append(stops(3, 1).remove(0)), Err(StoreError::Ended { .. })));
    let error = writer.shutdown().await.err().unwrap();
    assert!(matches!(error, StoreError::Full { .. }), "W3: {error}");
    let mut store = MemoryStore::open(&disk, Faults::none()).unwrap();
    assert_eq!(all(&mut store, 1).await.unwrap(), stops(1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_makes_wait() {
    let disk = MemoryDisk::default();
    let writer = writer(&disk, slow());
    // The task has not run yet: nothing yields in between.
    for entry in stops(1, MAX_QUEUED_ENTRIES as u64) {
        assert_eq!(writer.try_append(entry).unwrap(), None);
    }
    let one_more = stops(MAX_QUEUED_ENTRIES as u64 + 1, 1).remove(0);
    assert_eq!(writer.try_append(one_more.clone()).unwrap(), Some(one_more.clone()));
    let start = tokio::time::Instant::now();
    writer.append(one_more).await.unwrap();
    let mut store = writer.shutdown().await.unwrap();
    // In groups of at most so many.
    let groups = (MAX_QUEUED_ENTRIES / MAX_GROUP_ENTRIES) as u128 + 1;
    assert_eq!(start.elapsed().as_millis(), 10 * groups);
    assert_eq!(store.verify().await.unwrap().entries, MAX_QUEUED_ENTRIES as u64 + 1);
}
