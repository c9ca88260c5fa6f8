use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use secrecy::SecretString;

use crate::journal::StoreError;

/// Where a journal is: `sqlite:PATH` or a path alone, or `postgres://USER:PASSWORD@HOST/DATABASE` (feature `postgres`).
///
/// Several journals share one PostgreSQL database by a schema each, which the location names with
/// `?options=-csearch_path%3DNAME` and which exists. A password is never shown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(SecretString),
}

impl Location {
    /// A SQLite file.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_owned())
    }
}

impl FromStr for Location {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Ok(Self::Postgres(text.to_owned().into()));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        if path.is_empty() {
            let reason = "the path is empty".to_owned();
            return Err(StoreError::Location { location: text.to_owned(), reason });
        }
        Ok(Self::sqlite(path))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(_) => f.write_str("a PostgreSQL database"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_understood_and_keep_their_secrets() {
        let sqlite: Location = "sqlite:/var/lib/algoflow/journal.db".parse().unwrap();
        assert_eq!(sqlite.to_string(), "/var/lib/algoflow/journal.db");
        assert!(
            matches!("journal.db".parse().unwrap(), Location::Sqlite(path) if path == Path::new("journal.db"))
        );
        let postgres: Location = "postgres://me:hunter2@db/trading".parse().unwrap();
        assert!(!format!("{postgres:?} {postgres}").contains("hunter2"));
        assert!(matches!("sqlite:".parse::<Location>(), Err(StoreError::Location { .. })));
    }
}
