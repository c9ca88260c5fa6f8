//! What an error of a database means.

use crate::journal::StoreError;

/// What kind of failure it is, whichever database it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Full,
    Permission,
    NotADatabase,
    Corrupt,
    Busy,
    Other,
}

pub(super) fn kind(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Database(error) => error.code().map_or(Kind::Other, |code| of_code(&code)),
        sqlx::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::PermissionDenied => Kind::Permission,
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::Full,
            _ => Kind::Other,
        },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Kind::Corrupt,
        _ => Kind::Other,
    }
}

fn of_code(code: &str) -> Kind {
    // PostgreSQL has five characters (SQLSTATE), SQLite a number, of which the last byte is the main code.
    if code.len() == 5 {
        return match code {
            "53100" => Kind::Full,
            "42501" => Kind::Permission,
            "XX001" | "XX002" => Kind::Corrupt,
            _ if code.starts_with("28") => Kind::Permission,
            _ => Kind::Other,
        };
    }
    match code.parse::<u32>().unwrap_or(0) & 0xff {
        3 | 8 | 14 | 23 => Kind::Permission,
        5 | 6 => Kind::Busy,
        11 => Kind::Corrupt,
        13 => Kind::Full,
        26 => Kind::NotADatabase,
        _ => Kind::Other,
    }
}

/// The error of a store that is open.
pub(super) fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| {
        let reason = error.to_string();
        match kind(&error) {
            Kind::Full => StoreError::Full { reason },
            Kind::Corrupt | Kind::NotADatabase => StoreError::Corrupt { sequence: 0, reason },
            _ => StoreError::Database { action, reason },
        }
    }
}

/// A number as databases have it.
pub(super) fn number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| {
        let reason = format!("{value} is more than a database can count");
        StoreError::Database { action: "numbering", reason }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_are_understood() {
        for (code, kind) in [
            ("13", Kind::Full),
            ("53100", Kind::Full),
            ("14", Kind::Permission),
            ("1032", Kind::Permission),
            ("28P01", Kind::Permission),
            ("42501", Kind::Permission),
            ("26", Kind::NotADatabase),
            ("267", Kind::Corrupt),
            ("XX001", Kind::Corrupt),
            ("517", Kind::Busy),
            ("1", Kind::Other),
            ("42P01", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(of_code(code), kind, "{code}");
        }
    }
}
