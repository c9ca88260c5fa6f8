//! The tables. `docs/guides/journal.md` describes them for those who query.

/// What a SQLite file of ours says that it is (`PRAGMA application_id`): "algo".
pub(super) const APPLICATION_ID: i64 = 0x616c_676f;

/// What the types and functions are called that the databases name differently.
macro_rules! schema {
    ($key:literal, $integer:literal, $bytes:literal, $real:literal, $time:literal, $time_end:literal, $entries:literal) => {
        concat!(
            "CREATE TABLE journal_meta (id ", $key, " CHECK (id = 1), version ", $integer, " NOT NULL,
                last_sequence ", $integer, " NOT NULL, frames ", $integer, " NOT NULL, checksum ", $bytes, " NOT NULL,
                last_at ", $integer, " NOT NULL);
            CREATE TABLE frames (first_sequence ", $key, ", entries ", $integer, " NOT NULL, checksum ", $bytes, " NOT NULL,
                body TEXT NOT NULL);
            CREATE TABLE snapshots (sequence ", $key, ", checksum ", $bytes, " NOT NULL, body ", $bytes, " NOT NULL);
            ",
            "CREATE TABLE sessions (sequence ", $key, ", run ", $integer, " NOT NULL, software TEXT NOT NULL,
                schema_version ", $integer, " NOT NULL, configuration TEXT NOT NULL, started_at ", $integer, " NOT NULL,
                strategies TEXT NOT NULL, stop_sequence ", $integer, ", stopped_at ", $integer, ", clean ", $integer, ");
            CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY, run ", $integer, " NOT NULL, strategy TEXT,
                instrument TEXT NOT NULL, venue TEXT NOT NULL, side TEXT, kind TEXT, quantity TEXT, quantity_in TEXT,
                limit_price TEXT, trigger_price TEXT, time_in_force TEXT, post_only ", $integer, ", reduce_only ", $integer, ",
                role TEXT, parent TEXT, status TEXT NOT NULL, filled TEXT NOT NULL, average_price TEXT, venue_order TEXT,
                created_at ", $integer, " NOT NULL, updated_at ", $integer, " NOT NULL, reason_code TEXT, reason TEXT,
                first_sequence ", $integer, " NOT NULL, last_sequence ", $integer, " NOT NULL, state TEXT);
            CREATE TABLE fills (order_id TEXT NOT NULL, execution_id TEXT NOT NULL, sequence ", $integer, " NOT NULL,
                strategy TEXT, instrument TEXT NOT NULL, venue TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL,
                quantity TEXT NOT NULL, liquidity TEXT NOT NULL, fee TEXT NOT NULL, fee_asset TEXT NOT NULL,
                happened_at ", $integer, " NOT NULL, known_at ", $integer, " NOT NULL,
                PRIMARY KEY (order_id, execution_id));
            CREATE TABLE order_events (sequence ", $integer, " NOT NULL, item ", $integer, " NOT NULL, order_id TEXT NOT NULL,
                event TEXT NOT NULL, code TEXT, reason TEXT, happened_at ", $integer, " NOT NULL,
                known_at ", $integer, " NOT NULL, body TEXT NOT NULL, PRIMARY KEY (sequence, item));
            CREATE INDEX order_events_by_order ON order_events (order_id, sequence);
            ",
            "CREATE VIEW readable_orders AS SELECT id, strategy, instrument, side, kind, CAST(quantity AS ", $real, ") AS quantity,
                quantity_in, CAST(limit_price AS ", $real, ") AS limit_price, CAST(trigger_price AS ", $real, ") AS trigger_price,
                status, CAST(filled AS ", $real, ") AS filled, CAST(average_price AS ", $real, ") AS average_price, venue_order,
                ", $time, "created_at", $time_end, " AS created_at, ", $time, "updated_at", $time_end, " AS updated_at,
                reason_code, reason FROM orders;
            CREATE VIEW readable_fills AS SELECT execution_id, order_id, strategy, instrument, side,
                CAST(price AS ", $real, ") AS price, CAST(quantity AS ", $real, ") AS quantity, liquidity,
                CAST(fee AS ", $real, ") AS fee, fee_asset, ", $time, "happened_at", $time_end, " AS happened_at,
                ", $time, "known_at", $time_end, " AS known_at FROM fills;
            ",
            $entries
        )
    };
}

pub(super) const SQLITE: &str = schema!(
    "INTEGER NOT NULL PRIMARY KEY",
    "INTEGER",
    "BLOB",
    "REAL",
    "strftime('%Y-%m-%dT%H:%M:%fZ', ",
    " / 1e9, 'unixepoch')",
    "CREATE VIEW entries AS SELECT frames.first_sequence + line.key AS sequence, line.value AS body
        FROM frames, json_each(frames.body) AS line;
    PRAGMA application_id = 1634494319;"
);

#[cfg(feature = "postgres")]
pub(super) const POSTGRES: &str = schema!(
    "BIGINT NOT NULL PRIMARY KEY", "BIGINT", "BYTEA", "DOUBLE PRECISION",
    "to_timestamp(", " / 1e9)",
    "CREATE VIEW entries AS SELECT frames.first_sequence + line.ordinality - 1 AS sequence, line.value AS body
        FROM frames, json_array_elements(frames.body::json) WITH ORDINALITY AS line;"
);

/// What is derived from the entries, and can be made again of them.
pub(super) const CLEAR_PROJECTIONS: &str =
    "DELETE FROM order_events; DELETE FROM fills; DELETE FROM orders; DELETE FROM sessions;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_it_is() {
        assert!(SQLITE.contains(&format!("application_id = {APPLICATION_ID};")));
    }
}
