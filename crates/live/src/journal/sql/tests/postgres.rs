//! The same in PostgreSQL: a cluster of its own for the test, in a temporary directory, over a local socket.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::*;

struct Cluster {
    directory: TempDir,
}

/// A program of PostgreSQL; none if it is not here.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.extend((12..30).rev().map(|version| format!("/usr/lib/postgresql/{version}/bin").into()));
    places.into_iter().map(|place| place.join(name)).find(|path| path.is_file())
}

/// A command as a user that PostgreSQL accepts: it refuses to run as root.
fn command(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command = Command::new(program);
    if is_root {
        use std::os::unix::process::CommandExt;
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

const NOBODY: u32 = 65_534;

impl Cluster {
    /// Starts one; none, saying so, without PostgreSQL.
    fn start() -> Option<Self> {
        let (Some(initdb), Some(pg_ctl)) = (program("initdb"), program("pg_ctl")) else {
            println!("skipped: there is no PostgreSQL (initdb, pg_ctl) on this machine");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        let _ = std::os::unix::fs::chown(directory.path(), Some(NOBODY), Some(NOBODY));
        let data = directory.path().join("data");
        let made = command(&initdb).args(["-A", "trust", "-U", "tester", "-D"]).arg(&data).status().unwrap();
        assert!(made.success(), "initdb");
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}'", directory.path().display());
        let mut start = command(&pg_ctl);
        start
            .args(["-w", "-t", "60", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(directory.path().join("log"))
            .args(["-o", &options, "start"]);
        assert!(start.status().unwrap().success(), "pg_ctl start");
        Some(Self { directory })
    }

    fn location(&self, schema: &str) -> Location {
        let host = self.directory.path().display().to_string().replace('/', "%2F");
        let url = format!("postgres://tester:hunter2@{host}/postgres?options=-csearch_path%3D{schema}");
        url.parse().unwrap()
    }

    /// Carries out a statement, beside any journal.
    async fn script(&self, sql: &'static str) {
        let Location::Postgres(url) = self.location("public") else { unreachable!() };
        use secrecy::ExposeSecret;
        use sqlx::{ConnectOptions, Connection};
        let options: sqlx::postgres::PgConnectOptions = url.expose_secret().parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(pg_ctl) = program("pg_ctl") {
            let data = self.directory.path().join("data");
            let _ = command(&pg_ctl).arg("-D").arg(data).args(["-m", "immediate", "stop"]).status();
        }
    }
}

#[tokio::test]
async fn postgres_does_the_same() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.script("CREATE SCHEMA one; CREATE SCHEMA two; CREATE SCHEMA three; CREATE SCHEMA four;").await;
    keeps_the_contract(&cluster.location("one")).await;
    projections::agree_with_the_engine(&cluster.location("two")).await;

    // Journals in two schemas do not lock each other, and the name of one has no secrets.
    let (one, two) = (open(&cluster.location("one")).await, open(&cluster.location("two")).await);
    assert!(
        one.location().starts_with("postgres://") && !one.location().contains("hunter2"),
        "{}",
        one.location()
    );
    close(one).await;
    // A connection that ends lets go of the lock.
    drop(two);
    let mut tries = 0;
    while let Err(error) = SqlStore::open(&cluster.location("two")).await {
        assert!(matches!(error, StoreError::Locked { .. }) && tries < 100, "{error}");
        tries += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    cluster.script("UPDATE two.journal_meta SET version = 9").await;
    let error = SqlStore::open(&cluster.location("two")).await.unwrap_err();
    assert!(matches!(error, StoreError::Version { found: 9, .. }), "{error}");
    cluster.script("CREATE TABLE three.recipes (name TEXT)").await;
    let error = SqlStore::open(&cluster.location("three")).await.unwrap_err();
    assert!(matches!(error, StoreError::NotAJournal { .. }), "{error}");
    let error = SqlStore::open_read_only(&cluster.location("four")).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");

    // S3: the server goes away in the middle of it.
    let mut store = open(&cluster.location("one")).await;
    let last = store.last_sequence();
    drop(cluster);
    let error = store.append(&stops(last + 1, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
    assert!(matches!(store.append(&stops(last + 1, 1)).await, Err(StoreError::Broken { .. })));
}
