//! What the tables say of orders and fills.

use algoflow_core::{command::Command, order::OrderStatus, prelude::*};
use algoflow_execution::Input;

use super::*;
use crate::journal::samples::engine;

/// All rows of a table as text.
async fn table(store: &mut SqlStore, sql: &'static str) -> Vec<String> {
    let rows = store.database.rows(sql, []).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap()).collect()
}

const ORDERS: &str = "SELECT id || ' ' || coalesce(strategy, '-') || ' ' || coalesce(side, '-') || ' ' || coalesce(kind, '-') || ' ' || \
    coalesce(quantity, '-') || ' ' || coalesce(limit_price, '-') || ' ' || status || ' ' || filled || ' ' || \
    coalesce(average_price, '-') || ' ' || coalesce(venue_order, '-') || ' ' || coalesce(reason_code, '-') || ' ' || \
    CAST(created_at AS TEXT) || ' ' || CAST(updated_at AS TEXT) || ' ' || coalesce(state, '-') FROM orders ORDER BY first_sequence";
const FILLS: &str = "SELECT order_id || ' ' || execution_id || ' ' || side || ' ' || price || ' ' || quantity || ' ' || liquidity || ' ' || \
    fee || ' ' || fee_asset FROM fills ORDER BY sequence, execution_id";
const EVENTS: &str = "SELECT CAST(sequence AS TEXT) || ' ' || CAST(item AS TEXT) || ' ' || order_id || ' ' || event || ' ' || \
    coalesce(code, '-') || ' ' || body FROM order_events ORDER BY sequence, item";
const SESSIONS: &str = "SELECT CAST(sequence AS TEXT) || ' ' || strategies || ' ' || CAST(coalesce(clean, -1) AS TEXT) || ' ' || \
    CAST(coalesce(stop_sequence, -1) AS TEXT) FROM sessions ORDER BY sequence";

async fn dump(store: &mut SqlStore) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [ORDERS, FILLS, EVENTS, SESSIONS] {
        all.extend(table(store, sql).await);
    }
    all
}

/// The tables agree with the engine that made the entries, whatever the groups and restarts; made anew they are the same.
pub(super) async fn agree_with_the_engine(location: &Location) {
    let entries = session(60);
    let mut engine = engine();
    let mut commands: Vec<Command> = Vec::new();
    for entry in &entries {
        match entry {
            Entry::Start(start) => {
                start.setup.iter().for_each(|input| engine.process(input, &mut commands).unwrap())
            }
            Entry::Record(record) => engine.process(&record.input, &mut commands).unwrap(),
            Entry::Stop(_) => {}
        }
    }
    let mut store = open(location).await;
    for (count, group) in entries.chunks(5).enumerate() {
        if count % 4 == 3 {
            // Orders that are open are read again.
            close(store).await;
            store = open(location).await;
        }
        store.append(group).await.unwrap();
    }
    let states: Vec<Option<Order>> = store
        .database
        .rows("SELECT state FROM orders ORDER BY first_sequence", [])
        .await
        .unwrap()
        .iter()
        .map(|row| row.maybe_text(0).unwrap().map(|state| serde_json::from_str(&state).unwrap()))
        .collect();
    let sent = engine.state().orders.iter().filter(|order| order.status != OrderStatus::Denied);
    let sent: Vec<Order> = sent.map(|order| order.into_owned()).collect();
    assert!(sent.len() > 10 && sent.iter().any(|order| order.status == OrderStatus::Cancelled));
    assert_eq!(states.iter().flatten().collect::<Vec<_>>(), sent.iter().collect::<Vec<_>>());
    assert_eq!(states.iter().filter(|state| state.is_none()).count(), engine.denials().len());

    let fills = entries.iter().filter(|entry| {
        matches!(entry, Entry::Record(record) if matches!(&record.input, Input::Order(event) if event.fill().is_some()))
    });
    assert_eq!(table(&mut store, FILLS).await.len(), fills.count());
    assert_eq!(table(&mut store, SESSIONS).await, [format!("1 [\"trader\"] 1 {}", entries.len())]);
    let before = dump(&mut store).await;
    store.rebuild_projections().await.unwrap();
    assert_eq!(dump(&mut store).await, before);
    store.database.script(schema::CLEAR_PROJECTIONS).await.unwrap();
    store.rebuild_projections().await.unwrap();
    assert_eq!(dump(&mut store).await, before);
    let readable = store.database.rows("SELECT price, quantity, fee FROM readable_fills", []).await.unwrap();
    assert!(!readable.is_empty());
    close(store).await;
}

#[tokio::test]
async fn tables_agree_with_the_engine() {
    let (_directory, _, location) = place();
    agree_with_the_engine(&location).await;
}

#[tokio::test]
async fn a_row_says_what_became_of_an_order() {
    let (_directory, _, location) = place();
    let mut store = open(&location).await;
    store.append(&session(10)).await.unwrap();
    let orders = table(&mut store, ORDERS).await;
    let words: Vec<Vec<&str>> = orders.iter().map(|row| row.split(' ').take(11).collect()).collect();
    assert_eq!(
        words,
        [
            ["r1-s0-1", "trader", "buy", "limit", "4", "100", "filled", "4", "100.5", "V3", "-"],
            ["r1-s0-2", "trader", "buy", "limit", "4", "100", "cancelled", "1", "100.5", "V6", "venue"],
            ["r1-s0-3", "trader", "buy", "limit", "4", "100", "filled", "4", "100.5", "V9", "-"],
            ["r1-s0-4", "trader", "-", "-", "-", "-", "denied", "0", "-", "-", "INSUFFICIENT_FUNDS"],
        ]
    );
    let fills = table(&mut store, FILLS).await;
    assert_eq!(fills[0], "r1-s0-1 F3-1 buy 100.5 1 maker 0.01 USD");
    let readable =
        table(&mut store, "SELECT known_at || ' ' || CAST(price AS TEXT) FROM readable_fills LIMIT 1").await;
    assert_eq!(readable, ["2023-11-14T22:13:23.000Z 100.5"]);
}

#[tokio::test]
async fn a_fill_that_is_told_again_counts_once() {
    let (_directory, _, location) = place();
    let mut entries = session(5);
    let fill = entries.iter().find_map(|entry| match entry {
        Entry::Record(record) => match &record.input {
            Input::Order(event) if event.fill().is_some() => Some(record.clone()),
            _ => None,
        },
        _ => None,
    });
    let mut again = fill.unwrap();
    again.sequence = entries.len() as u64 + 1;
    entries.push(again.into());
    let mut store = open(&location).await;
    store.append(&entries).await.unwrap();
    let row = store.database.row("SELECT filled, status FROM orders", []).await.unwrap().unwrap();
    assert_eq!((row.text(0).unwrap().as_str(), row.text(1).unwrap().as_str()), ("4", "filled"));
    assert_eq!(table(&mut store, FILLS).await.len(), 2);
    let told = table(&mut store, "SELECT event FROM order_events WHERE event = 'filled'").await;
    assert_eq!(told.len(), 3, "every event is there");
}
