mod damage;
mod opening;
#[cfg(feature = "postgres")]
mod postgres;
mod projections;

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::journal::samples::{all, session, stops};

/// A directory that goes with the test, and a journal in it.
fn place() -> (TempDir, PathBuf, Location) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let location = Location::sqlite(&path);
    (directory, path, location)
}

async fn open(location: &Location) -> SqlStore {
    SqlStore::open(location).await.unwrap()
}

async fn close(store: SqlStore) {
    Box::new(store).close().await.unwrap();
}

/// What every database has to do, S1 to S5.
async fn keeps_the_contract(location: &Location) {
    let entries = session(30);
    let mut store = open(location).await;
    assert_eq!((store.last_sequence(), all(&mut store, 1).await.unwrap()), (0, vec![]));
    for group in entries.chunks(7) {
        store.append(group).await.unwrap();
    }
    let last = entries.len() as u64;
    // S2: what does not follow is refused, and harms nothing.
    for wrong in [stops(last, 1), stops(last + 2, 1), [stops(last + 1, 1), stops(last + 1, 1)].concat()] {
        assert!(matches!(store.append(&wrong).await, Err(StoreError::Sequence { .. })));
    }
    store.append(&[]).await.unwrap();
    // S5
    assert!(matches!(SqlStore::open(location).await, Err(StoreError::Locked { .. })));
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.entries, verified.frames), (last, entries.len().div_ceil(7) as u64));
    close(store).await;

    let mut store = open(location).await;
    assert_eq!(store.last_sequence(), last);
    for from in 0..=entries.len() + 2 {
        let wanted = entries.get(from.saturating_sub(1)..).unwrap_or_default();
        assert_eq!(all(&mut store, from as u64).await.unwrap(), wanted, "from {from}");
    }
    // A reader sees what is added while it reads, and adds nothing.
    let mut reader = SqlStore::open_read_only(location).await.unwrap();
    assert_eq!(all(&mut reader, 1).await.unwrap(), entries);
    store.append(&stops(last + 1, 10_000)).await.unwrap();
    assert_eq!(all(&mut reader, last + 1).await.unwrap(), stops(last + 1, 10_000));
    assert!(matches!(reader.append(&stops(last + 10_001, 1)).await, Err(StoreError::ReadOnly)));
    assert!(matches!(reader.save_snapshot(1, b"x").await, Err(StoreError::ReadOnly)));
    assert!(matches!(reader.rebuild_projections().await, Err(StoreError::ReadOnly)));
    assert_eq!(reader.verify().await.unwrap().entries, last + 10_000);
    assert_eq!(reader.verify().await.unwrap(), store.verify().await.unwrap());
    close(reader).await;
    close(store).await;
    keeps_snapshots(location, last + 10_000).await;
}

async fn keeps_snapshots(location: &Location, last: u64) {
    let mut store = open(location).await;
    assert_eq!(store.latest_snapshot().await.unwrap(), None);
    for sequence in [3, 5, 9] {
        store.save_snapshot(sequence, &sequence.to_le_bytes()).await.unwrap();
    }
    store.save_snapshot(9, b"again").await.unwrap();
    let error = store.save_snapshot(last + 1, b"").await.unwrap_err();
    assert!(matches!(error, StoreError::SnapshotAhead { .. }), "{error}");
    close(store).await;
    let mut store = open(location).await;
    let newest = Snapshot { sequence: 9, body: b"again".to_vec() };
    assert_eq!(store.latest_snapshot().await.unwrap(), Some(newest));
    // One that is damaged is passed over.
    store
        .database
        .execute("UPDATE snapshots SET body = $1 WHERE sequence = 9", [Value::from(&b"agaim"[..])])
        .await
        .unwrap();
    let before = Snapshot { sequence: 5, body: 5_u64.to_le_bytes().to_vec() };
    assert_eq!(store.latest_snapshot().await.unwrap(), Some(before));
    let kept = store.database.row("SELECT COUNT(*) FROM snapshots", []).await.unwrap().unwrap();
    assert_eq!(kept.integer(0).unwrap(), MAX_SNAPSHOTS as i64);
    close(store).await;
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let (_directory, _, location) = place();
    keeps_the_contract(&location).await;
}

#[tokio::test]
async fn a_full_disk_writes_nothing_and_ends_the_store() {
    let (_directory, _, location) = place();
    let entries = session(20);
    let mut store = open(&location).await;
    store.append(&entries).await.unwrap();
    let last = store.last_sequence();
    let before = store.verify().await.unwrap();
    let pages = store.database.row("PRAGMA page_count", []).await.unwrap().unwrap().integer(0).unwrap();
    let room: &'static str = format!("PRAGMA max_page_count = {}", pages + 2).leak();
    store.database.script(room).await.unwrap();
    let error = store.append(&stops(last + 1, 2_000)).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    // S3: also what would still fit.
    let error = store.append(&stops(last + 1, 1)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Broken { reason } if reason.contains("room")), "{error}");
    assert!(matches!(store.save_snapshot(1, b"x").await, Err(StoreError::Broken { .. })));
    assert_eq!(all(&mut store, 1).await.unwrap(), entries, "what was there can be read");
    close(store).await;
    let mut store = open(&location).await;
    assert_eq!(store.verify().await.unwrap(), before);
    store.append(&stops(last + 1, 2_000)).await.unwrap();
    assert_eq!(store.verify().await.unwrap().entries, last + 2_000);
}

#[tokio::test]
async fn an_append_that_is_given_up_is_not_gone_on_from() {
    let (_directory, _, location) = place();
    let mut store = open(&location).await;
    store.append(&stops(1, 3)).await.unwrap();
    {
        let entries = stops(4, 3);
        let mut append = std::pin::pin!(store.append(&entries));
        let waker = std::task::Waker::noop();
        // It has begun, and waits for the database.
        assert!(append.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    assert!(matches!(store.append(&stops(4, 3)).await, Err(StoreError::Broken { .. })));
    close(store).await;
    let mut store = open(&location).await;
    assert_eq!(all(&mut store, 1).await.unwrap(), stops(1, 3));
}

#[tokio::test]
async fn a_second_writer_that_got_past_the_lock_is_found_out() {
    let (_directory, path, location) = place();
    let mut first = open(&location).await;
    first.append(&stops(1, 3)).await.unwrap();
    std::fs::remove_file(path.with_file_name("journal.db.lock")).unwrap();
    let mut second = open(&location).await;
    second.append(&stops(4, 1)).await.unwrap();
    let error = first.append(&stops(4, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. } | StoreError::Locked { .. }), "{error}");
    assert!(matches!(first.append(&stops(4, 1)).await, Err(StoreError::Broken { .. })));
    second.append(&stops(5, 1)).await.unwrap();
    assert_eq!(second.verify().await.unwrap().entries, 5);
}

#[tokio::test]
async fn entries_can_be_taken_apart_with_sql() {
    let (_directory, _, location) = place();
    let entries = session(12);
    let mut store = open(&location).await;
    for group in entries.chunks(5) {
        store.append(group).await.unwrap();
    }
    let rows = store.database.rows("SELECT sequence, body FROM entries ORDER BY sequence", []).await.unwrap();
    let read = rows.iter().map(|row| {
        let entry: Entry = serde_json::from_str(&row.text(1).unwrap()).unwrap();
        assert_eq!(row.integer(0).unwrap() as u64, entry.sequence());
        entry
    });
    assert_eq!(read.collect::<Vec<_>>(), entries);
}
