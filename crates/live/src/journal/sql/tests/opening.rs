//! What is there is not what was expected.

use std::{fs, io::Write};

use super::*;

async fn refused(location: &Location) -> StoreError {
    let error = SqlStore::open(location).await.err();
    error.expect("it must not be opened")
}

async fn one(location: &Location) {
    let mut store = open(location).await;
    store.append(&stops(1, 1)).await.unwrap();
    close(store).await;
}

async fn script(path: &std::path::Path, sql: &'static str) {
    use sqlx::{ConnectOptions, Connection};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn another_version_is_refused_with_both() {
    let (_directory, path, location) = place();
    one(&location).await;
    script(&path, "UPDATE journal_meta SET version = 7").await;
    for error in [refused(&location).await, SqlStore::open_read_only(&location).await.unwrap_err()] {
        let StoreError::Version { found, known, .. } = error else { panic!("{error}") };
        assert_eq!((found, known), (7, crate::journal::SCHEMA_VERSION));
    }
}

#[tokio::test]
async fn what_is_no_journal_is_left_alone() {
    let (_directory, path, location) = place();
    fs::write(&path, "this is a letter, and a long one: ".repeat(40)).unwrap();
    let before = fs::read(&path).unwrap();
    let error = refused(&location).await;
    assert!(matches!(error, StoreError::NotAJournal { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::remove_file(&path).unwrap();
    script(&path, "CREATE TABLE recipes (name TEXT)").await;
    let before = fs::read(&path).unwrap();
    let error = refused(&location).await;
    assert!(error.to_string().contains("another application"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_truncated_file_is_corrupt() {
    let (_directory, path, location) = place();
    let mut store = open(&location).await;
    store.append(&session(100)).await.unwrap();
    close(store).await;
    let whole = fs::read(&path).unwrap();
    for part in [1, 2, 3] {
        fs::write(&path, &whole[..whole.len() * part / 4]).unwrap();
        let error = match SqlStore::open(&location).await {
            Err(error) => error,
            Ok(mut store) => store.verify().await.unwrap_err(),
        };
        assert!(matches!(error, StoreError::Corrupt { .. }), "{part}/4: {error}");
    }
    // Nothing left at all is a new journal.
    fs::write(&path, "").unwrap();
    assert_eq!(open(&location).await.last_sequence(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    let (directory, _, location) = place();
    let error = SqlStore::open_read_only(&location).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was made");
    let nowhere = Location::sqlite(directory.path().join("none").join("journal.db"));
    assert!(matches!(refused(&nowhere).await, StoreError::Missing { .. }));
    let folder = Location::sqlite(directory.path());
    let error = refused(&folder).await;
    assert!(matches!(error, StoreError::Location { .. } | StoreError::Permission { .. }), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_are_asked_for_and_given_to_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, path, location) = place();
    one(&location).await;
    for name in ["journal.db", "journal.db.lock"] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let set =
        |path: &std::path::Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    set(&path, 0o400);
    if fs::OpenOptions::new().write(true).open(&path).is_ok_and(|mut file| file.flush().is_ok()) {
        println!("skipped: this user may write to everything");
        return;
    }
    assert!(matches!(refused(&location).await, StoreError::Permission { .. }));
    set(&path, 0o000);
    let error = SqlStore::open_read_only(&location).await.unwrap_err();
    assert!(matches!(error, StoreError::Permission { .. }), "{error}");
    let elsewhere = Location::sqlite(directory.path().join("other.db"));
    set(directory.path(), 0o500);
    let error = refused(&elsewhere).await;
    set(directory.path(), 0o700);
    assert!(matches!(error, StoreError::Permission { .. }), "{error}");
}

#[tokio::test]
async fn the_lock_ends_with_its_holder() {
    let (_directory, _, location) = place();
    let store = open(&location).await;
    assert!(matches!(refused(&location).await, StoreError::Locked { .. }));
    drop(store);
    assert_eq!(open(&location).await.last_sequence(), 0);
}
