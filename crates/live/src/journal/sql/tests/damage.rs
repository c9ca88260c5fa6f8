//! Every byte of a small journal is changed in turn.

use std::fs;

use sqlx::{ConnectOptions, Connection};

use super::*;

/// A small journal in a file with small pages: the entries are the same.
async fn small() -> (TempDir, PathBuf, Location, Vec<Entry>) {
    let (directory, path, location) = place();
    let entries = session(3);
    let mut store = open(&location).await;
    for group in entries.chunks(4) {
        store.append(group).await.unwrap();
    }
    close(store).await;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    for sql in ["PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    close(open(&location).await).await;
    (directory, path, location, entries)
}

/// What recovery does: opens it and reads all of it.
async fn recovered(location: &Location) -> Result<Vec<Entry>, StoreError> {
    let mut store = SqlStore::open(location).await?;
    let entries = all(&mut store, 1).await;
    let _ = Box::new(store).close().await;
    entries
}

#[tokio::test]
async fn each_flipped_byte_is_seen_or_changes_nothing() {
    let (directory, path, location, entries) = small().await;
    let whole = fs::read(&path).unwrap();
    assert_eq!(recovered(&location).await.unwrap(), entries);
    let (mut seen, mut harmless) = (0, 0);
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        for beside in ["journal.db-wal", "journal.db-shm"] {
            let _ = fs::remove_file(directory.path().join(beside));
        }
        fs::write(&path, &flipped).unwrap();
        match recovered(&location).await {
            Ok(read) => {
                assert_eq!(read, entries, "byte {at} of {}", whole.len());
                harmless += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty() && error.code().starts_with("STORE_"));
                seen += 1;
            }
        }
    }
    println!("{} bytes: {seen} seen, {harmless} harmless", whole.len());
    // The entries alone are most of the file's bytes that mean something to recovery.
    let body: usize =
        Frame::encode(&entries, 0, Checksum::genesis()).unwrap().iter().map(|frame| frame.body.len()).sum();
    assert!(seen > body, "{seen} of {body}");
}

#[tokio::test]
async fn frames_that_are_gone_moved_or_altered_are_seen() {
    let cases = [
        "DELETE FROM frames WHERE first_sequence = 1",
        "DELETE FROM frames WHERE first_sequence = 5",
        "DELETE FROM frames WHERE first_sequence = (SELECT MAX(first_sequence) FROM frames)",
        "UPDATE frames SET first_sequence = first_sequence + 1 WHERE first_sequence = 5",
        "UPDATE frames SET entries = entries - 1 WHERE first_sequence = 5",
        "UPDATE frames SET body = replace(body, 'SPY', 'SPX') WHERE first_sequence = 5",
        "UPDATE frames SET body = x'ff' WHERE first_sequence = 5",
        "UPDATE frames SET checksum = x'00' WHERE first_sequence = 5",
        "UPDATE frames SET checksum = zeroblob(32) WHERE first_sequence = 1",
        "UPDATE frames SET body = (SELECT body FROM frames WHERE first_sequence = 1) WHERE first_sequence = 5",
        "INSERT INTO frames SELECT 1000, entries, checksum, body FROM frames WHERE first_sequence = 5",
        "UPDATE journal_meta SET last_sequence = last_sequence - 1",
        "UPDATE journal_meta SET last_sequence = 4, frames = 1",
        "UPDATE journal_meta SET last_sequence = last_sequence + 1",
        "UPDATE journal_meta SET frames = frames + 1",
        "UPDATE journal_meta SET checksum = zeroblob(32)",
        "UPDATE journal_meta SET last_sequence = 0, frames = 0",
        "DELETE FROM journal_meta",
    ];
    let (_directory, path, location, _) = small().await;
    let whole = fs::read(&path).unwrap();
    for sql in cases {
        fs::write(&path, &whole).unwrap();
        let mut connection =
            sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let result = match SqlStore::open(&location).await {
            Err(error) => Err(error),
            Ok(mut store) => {
                let result = store.verify().await;
                close(store).await;
                result
            }
        };
        let error = result.expect_err(sql);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{sql}: {error}");
    }
}
