//! One connection to either database: the same statements with the same values.

use sqlx::{Connection, Row as _};

/// A value of a statement or a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(Some(i64::from(value)))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

#[derive(Debug)]
pub(super) enum Database {
    Sqlite(sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgConnection),
}

pub(super) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Integer(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

macro_rules! each {
    ($self:expr, $on:ident => $then:expr) => {
        match $self {
            Self::Sqlite($on) => $then,
            #[cfg(feature = "postgres")]
            Self::Postgres($on) => $then,
        }
    };
}

impl Database {
    /// Carries out a statement. How many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64, sqlx::Error> {
        each!(self, on => Ok(bound!(sql, values).execute(on).await?.rows_affected()))
    }

    /// The rows of a query.
    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(on) => {
                let rows = bound!(sql, values).fetch_all(on).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(on) => {
                let rows = bound!(sql, values).fetch_all(on).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query.
    pub(super) async fn row(
        &mut self,
        sql: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Carries out several statements.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        each!(self, on => sqlx::raw_sql(sql).execute(on).await.map(drop))
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        let sql = match self {
            // So that it need not be upgraded, which can fail half way.
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "BEGIN",
        };
        self.script(sql).await
    }

    /// Ends the connection, and with it every lock.
    #[cfg_attr(not(feature = "postgres"), allow(unused_mut))]
    pub(super) async fn close(mut self) -> Result<(), sqlx::Error> {
        #[cfg(feature = "postgres")]
        if matches!(self, Self::Postgres(_)) {
            // The server would do it, but after this returns.
            self.script("SELECT pg_advisory_unlock_all()").await?;
        }
        each!(self, on => on.close().await)
    }

    pub(super) const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

impl Row {
    pub(super) fn integer(&self, column: usize) -> Result<i64, sqlx::Error> {
        each!(self, row => row.try_get(column))
    }

    pub(super) fn text(&self, column: usize) -> Result<String, sqlx::Error> {
        each!(self, row => row.try_get(column))
    }

    pub(super) fn maybe_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        each!(self, row => row.try_get(column))
    }

    pub(super) fn bytes(&self, column: usize) -> Result<Vec<u8>, sqlx::Error> {
        each!(self, row => row.try_get(column))
    }
}
