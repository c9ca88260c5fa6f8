//! Opening a journal: who may, whether it is one, and of which version.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use algoflow_core::time::Timestamp;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use super::{
    Database, Head, Location, SqlStore, Value, corrupt,
    failure::{Kind, failed, kind},
    projection::Projection,
    schema,
};
use crate::journal::{Checksum, SCHEMA_VERSION, StoreError};

/// How long a statement waits for a reader that is in its way.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// After how many pages that were written ahead SQLite copies them to their places.
const CHECKPOINT_PAGES: &str = "4000";

impl SqlStore {
    /// Opens a journal for writing. One that is not there yet begins; its directory must be there.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another has it open for writing, [`StoreError::Permission`], [`StoreError::Missing`] if
    /// there is no such directory, [`StoreError::Version`], [`StoreError::NotAJournal`], [`StoreError::Corrupt`],
    /// [`StoreError::Location`], [`StoreError::Full`], [`StoreError::Database`].
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => {
                let name = location.to_string();
                let lock = lock(path, &name)?;
                make_private(path).map_err(|error| io_error(&name, &error))?;
                let mut database = connect_sqlite(path, false, &name).await?;
                if prepare(&mut database, &name).await?.is_none() {
                    create(&mut database, schema::SQLITE).await?;
                }
                let wal = database.row("PRAGMA journal_mode = WAL", []).await.map_err(opening(&name))?;
                let mode = wal.map(|row| row.text(0)).transpose().map_err(opening(&name))?;
                if mode.as_deref() != Some("wal") {
                    let reason = format!("no write-ahead log: the mode stays {}", mode.unwrap_or_default());
                    return Err(StoreError::Database { action: "opening", reason });
                }
                Self::with(database, name, false, Some(lock)).await
            }
            Location::Postgres(url) => open_postgres(url, false).await,
        }
    }

    /// Opens a journal for reading, while another process may write.
    ///
    /// # Errors
    /// As [`SqlStore::open`], but that nothing is locked, and [`StoreError::Missing`] if there is no journal.
    pub async fn open_read_only(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => {
                let name = location.to_string();
                File::open(path).map_err(|error| io_error(&name, &error))?;
                let mut database = connect_sqlite(path, true, &name).await?;
                if prepare(&mut database, &name).await?.is_none() {
                    return Err(StoreError::Missing { location: name });
                }
                Self::with(database, name, true, None).await
            }
            Location::Postgres(url) => open_postgres(url, true).await,
        }
    }

    async fn with(
        mut database: Database,
        location: String,
        is_read_only: bool,
        lock: Option<File>,
    ) -> Result<Self, StoreError> {
        let head = head(&mut database, &location).await?;
        let mut projection = Projection::default();
        if !is_read_only {
            projection.resume(&mut database, head.at).await.map_err(failed("reading sessions"))?;
        }
        let cursor = (1, Checksum::genesis());
        let broken = None;
        let mut store =
            Self { database, location, is_read_only, head, projection, broken, cursor, _lock: lock };
        if head.last > 0 {
            // What follows is chained to it, so it had better be true.
            let frame = store.frame_of(head.last).await?;
            store.decode(&frame).await?;
            if frame.last() != head.last {
                return Err(corrupt(head.last, "entries follow that were never written"));
            }
        }
        Ok(store)
    }
}

/// Sees to it that nobody else writes. The lock ends with the process, however it ends.
fn lock(path: &Path, name: &str) -> Result<File, StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let file = private(&PathBuf::from(beside)).map_err(|error| io_error(name, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { location: name.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io_error(name, &error)),
    }
}

/// A new file is for its owner only: it tells of money.
fn make_private(path: &Path) -> io::Result<()> {
    private(path).map(drop)
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn io_error(name: &str, error: &io::Error) -> StoreError {
    let (location, reason) = (name.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::NotFound => StoreError::Missing { location },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StoreError::Permission { location, reason }
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { reason },
        _ => StoreError::Location { location, reason },
    }
}

fn opening(name: &str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| {
        let (location, reason) = (name.to_owned(), error.to_string());
        match kind(&error) {
            Kind::Permission => StoreError::Permission { location, reason },
            Kind::NotADatabase => StoreError::NotAJournal { location, reason },
            Kind::Busy => StoreError::Locked { location },
            Kind::Full => StoreError::Full { reason },
            Kind::Corrupt => StoreError::Corrupt { sequence: 0, reason },
            Kind::Other => StoreError::Database { action: "opening", reason },
        }
    }
}

async fn connect_sqlite(path: &Path, is_read_only: bool, name: &str) -> Result<Database, StoreError> {
    // A path with a colon would be taken for a URL.
    let path = std::path::absolute(path).map_err(|error| io_error(name, &error))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(is_read_only)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    options.connect().await.map(Database::Sqlite).map_err(opening(name))
}

/// The version of the journal that is there; none if nothing is. Nothing is changed.
async fn prepare(database: &mut Database, name: &str) -> Result<Option<u32>, StoreError> {
    let tables = if database.is_sqlite() {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    } else {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
    };
    let tables = database.rows(tables, []).await.map_err(opening(name))?;
    if tables.is_empty() {
        return Ok(None);
    }
    let foreign =
        |reason: &str| StoreError::NotAJournal { location: name.to_owned(), reason: reason.to_owned() };
    if database.is_sqlite() {
        let id = database.row("PRAGMA application_id", []).await.map_err(opening(name))?;
        if id.map(|row| row.integer(0)).transpose().map_err(opening(name))? != Some(schema::APPLICATION_ID) {
            return Err(foreign("it is a database of another application"));
        }
        check_schema_text(database, name).await?;
    }
    if !tables.iter().any(|row| row.text(0).is_ok_and(|table| table == "journal_meta")) {
        return Err(foreign("it holds tables, but none named journal_meta"));
    }
    let row =
        database.row("SELECT version FROM journal_meta WHERE id = 1", []).await.map_err(opening(name))?;
    let row = row.ok_or_else(|| corrupt(0, "the table journal_meta is empty"))?;
    let found = row.integer(0).map_err(opening(name))?;
    match u32::try_from(found) {
        Ok(SCHEMA_VERSION) => Ok(Some(SCHEMA_VERSION)),
        _ => Err(StoreError::Version { location: name.to_owned(), found, known: SCHEMA_VERSION }),
    }
}

/// Whether what SQLite keeps of the statements that made the tables is text. The driver panics on declared types that are not.
async fn check_schema_text(database: &mut Database, name: &str) -> Result<(), StoreError> {
    const SQL: &str = "SELECT CAST(sql AS BLOB) FROM sqlite_master WHERE sql IS NOT NULL";
    for row in database.rows(SQL, []).await.map_err(opening(name))? {
        if std::str::from_utf8(&row.bytes(0).map_err(opening(name))?).is_err() {
            return Err(corrupt(0, "the schema of the database is not text"));
        }
    }
    Ok(())
}

async fn create(database: &mut Database, script: &'static str) -> Result<(), StoreError> {
    database.begin().await.map_err(failed("creating"))?;
    database.script(script).await.map_err(failed("creating"))?;
    const META: &str = "INSERT INTO journal_meta (id, version, last_sequence, frames, checksum, last_at) \
                        VALUES (1, $1, 0, 0, $2, 0)";
    let values = [i64::from(SCHEMA_VERSION).into(), Value::from(&Checksum::genesis().0[..])];
    database.execute(META, values).await.map_err(failed("creating"))?;
    database.script("COMMIT").await.map_err(failed("creating"))
}

/// How far the journal goes.
pub(super) async fn head(database: &mut Database, name: &str) -> Result<Head, StoreError> {
    const HEAD: &str = "SELECT last_sequence, frames, checksum, last_at FROM journal_meta WHERE id = 1";
    let row = database.row(HEAD, []).await.map_err(opening(name))?;
    let row = row.ok_or_else(|| corrupt(0, "the table journal_meta is empty"))?;
    let read = || -> Result<_, sqlx::Error> {
        Ok((row.integer(0)?, row.integer(1)?, row.bytes(2)?, row.integer(3)?))
    };
    let (last, frames, checksum, at) = read().map_err(|error| corrupt(0, &error.to_string()))?;
    let head = || {
        let (last, frames) = (u64::try_from(last).ok()?, u64::try_from(frames).ok()?);
        let checksum = Checksum::from_slice(&checksum)?;
        let is_consistent = (last == 0) == (frames == 0) && (last > 0 || checksum == Checksum::genesis());
        is_consistent.then_some(Head { last, frames, checksum, at: Timestamp::from_nanos(at) })
    };
    head().ok_or_else(|| corrupt(0, "the table journal_meta makes no sense"))
}

#[cfg(not(feature = "postgres"))]
async fn open_postgres(_: &secrecy::SecretString, _: bool) -> Result<SqlStore, StoreError> {
    let reason = "this build has no PostgreSQL: it needs the feature `postgres`".to_owned();
    Err(StoreError::Location { location: "postgres".to_owned(), reason })
}

#[cfg(feature = "postgres")]
async fn open_postgres(url: &secrecy::SecretString, is_read_only: bool) -> Result<SqlStore, StoreError> {
    use secrecy::ExposeSecret;
    use sqlx::postgres::PgConnectOptions;

    let options: PgConnectOptions = url.expose_secret().parse().map_err(|error: sqlx::Error| {
        // The error may quote the location, and with it the password.
        let reason = match error {
            sqlx::Error::Configuration(_) => "it is no URL of a PostgreSQL database".to_owned(),
            other => other.to_string(),
        };
        StoreError::Location { location: "postgres".to_owned(), reason }
    })?;
    let place =
        options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let name =
        format!("postgres://{place}:{}/{}", options.get_port(), options.get_database().unwrap_or_default());
    let options = options.application_name("algoflow").disable_statement_logging();
    let mut database = options.connect().await.map(Database::Postgres).map_err(opening(&name))?;
    let settings =
        if is_read_only { "SET default_transaction_read_only = on" } else { "SET synchronous_commit = on" };
    database.script(settings).await.map_err(opening(&name))?;
    if !is_read_only {
        const LOCK: &str = "SELECT CASE WHEN pg_try_advisory_lock(1634494319, hashtext(current_schema())) \
                            THEN 1::int8 ELSE 0::int8 END";
        let row = database.row(LOCK, []).await.map_err(opening(&name))?;
        if row.map(|row| row.integer(0)).transpose().map_err(opening(&name))? != Some(1) {
            return Err(StoreError::Locked { location: name });
        }
    }
    if prepare(&mut database, &name).await?.is_none() {
        if is_read_only {
            return Err(StoreError::Missing { location: name });
        }
        create(&mut database, schema::POSTGRES).await?;
    }
    SqlStore::with(database, name, is_read_only, None).await
}
