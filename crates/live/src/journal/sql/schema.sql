CREATE TABLE journal_meta (
  id {key} CHECK (id = 1),
  version BIGINT NOT NULL,
  last_sequence BIGINT NOT NULL,
  frames BIGINT NOT NULL,
  checksum {bytes} NOT NULL,
  last_at BIGINT NOT NULL
);
CREATE TABLE frames (
  first_sequence {key},
  entries BIGINT NOT NULL,
  checksum {bytes} NOT NULL,
  body TEXT NOT NULL
);
CREATE TABLE snapshots (
  sequence {key},
  checksum {bytes} NOT NULL,
  body {bytes} NOT NULL
);
CREATE TABLE sessions (
  sequence {key},
  run BIGINT NOT NULL,
  software TEXT NOT NULL,
  schema_version BIGINT NOT NULL,
  configuration TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  strategies TEXT NOT NULL,
  stop_sequence BIGINT,
  stopped_at BIGINT,
  clean BIGINT
);
CREATE TABLE orders (
  id TEXT NOT NULL PRIMARY KEY,
  run BIGINT NOT NULL,
  strategy TEXT,
  instrument TEXT NOT NULL,
  venue TEXT NOT NULL,
  side TEXT,
  kind TEXT,
  quantity TEXT,
  quantity_in TEXT,
  limit_price TEXT,
  trigger_price TEXT,
  time_in_force TEXT,
  post_only BIGINT,
  reduce_only BIGINT,
  role TEXT,
  parent TEXT,
  status TEXT NOT NULL,
  filled TEXT NOT NULL,
  average_price TEXT,
  venue_order TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  reason_code TEXT,
  reason TEXT,
  first_sequence BIGINT NOT NULL,
  last_sequence BIGINT NOT NULL,
  state TEXT
);
CREATE TABLE fills (
  order_id TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  strategy TEXT,
  instrument TEXT NOT NULL,
  venue TEXT NOT NULL,
  side TEXT NOT NULL,
  price TEXT NOT NULL,
  quantity TEXT NOT NULL,
  liquidity TEXT NOT NULL,
  fee TEXT NOT NULL,
  fee_asset TEXT NOT NULL,
  happened_at BIGINT NOT NULL,
  known_at BIGINT NOT NULL,
  PRIMARY KEY (order_id, execution_id)
);
CREATE TABLE order_events (
  sequence BIGINT NOT NULL,
  item BIGINT NOT NULL,
  order_id TEXT NOT NULL,
  event TEXT NOT NULL,
  code TEXT,
  reason TEXT,
  happened_at BIGINT NOT NULL,
  known_at BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (sequence, item)
);
CREATE INDEX order_events_by_order ON order_events (order_id, sequence);
CREATE VIEW readable_orders AS
SELECT id, strategy, instrument, side, kind,
  CAST(quantity AS DOUBLE PRECISION) AS quantity, quantity_in,
  CAST(limit_price AS DOUBLE PRECISION) AS limit_price,
  CAST(trigger_price AS DOUBLE PRECISION) AS trigger_price,
  status, CAST(filled AS DOUBLE PRECISION) AS filled,
  CAST(average_price AS DOUBLE PRECISION) AS average_price, venue_order,
  {time of created_at} AS created_at, {time of updated_at} AS updated_at,
  reason_code, reason
FROM orders;
CREATE VIEW readable_fills AS
SELECT execution_id, order_id, strategy, instrument, side,
  CAST(price AS DOUBLE PRECISION) AS price,
  CAST(quantity AS DOUBLE PRECISION) AS quantity, liquidity,
  CAST(fee AS DOUBLE PRECISION) AS fee, fee_asset,
  {time of happened_at} AS happened_at, {time of known_at} AS known_at
FROM fills;
CREATE VIEW entries AS
{entries};
