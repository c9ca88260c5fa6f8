//! The tables. `docs/guides/journal.md` describes them for those who query.

use super::database::Database;

/// What a SQLite file of ours says that it is (`PRAGMA application_id`): "algo".
pub(super) const APPLICATION_ID: i64 = 0x616c_676f;

/// What is derived from the entries, and can be made again of them.
pub(super) const CLEAR_PROJECTIONS: &str =
    "DELETE FROM order_events; DELETE FROM fills; DELETE FROM orders; DELETE FROM sessions;";

/// The columns that views show as times.
const TIMES: [&str; 4] = ["created_at", "updated_at", "happened_at", "known_at"];

/// The statements that make the tables, in the words of a database.
pub(super) fn script(database: &Database) -> String {
    let is_sqlite = database.is_sqlite();
    let (key, bytes, entries) = if is_sqlite {
        let entries = "SELECT frames.first_sequence + line.key AS sequence, line.value AS body\n\
                       FROM frames, json_each(frames.body) AS line";
        ("INTEGER NOT NULL PRIMARY KEY", "BLOB", entries)
    } else {
        let entries = "SELECT frames.first_sequence + line.ordinality - 1 AS sequence, line.value AS body\n\
                       FROM frames, json_array_elements(frames.body::json) WITH ORDINALITY AS line";
        ("BIGINT NOT NULL PRIMARY KEY", "BYTEA", entries)
    };
    let text = include_str!("schema.sql").replace("{key}", key).replace("{bytes}", bytes);
    let mut text = text.replace("{entries}", entries);
    for column in TIMES {
        let time = if is_sqlite {
            format!("strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1e9, 'unixepoch')")
        } else {
            format!("to_timestamp({column} / 1e9)")
        };
        text = text.replace(&format!("{{time of {column}}}"), &time);
    }
    if is_sqlite {
        text.push_str(&format!("PRAGMA application_id = {APPLICATION_ID};"));
    }
    text
}
