//! What the entries say of orders, fills and sessions, as tables. Nothing here decides anything: the tables are for people.

mod tracked;

use std::collections::BTreeMap;

use algoflow_core::{
    command::Command,
    id::{OrderId, StrategyId},
    order::{Fill, OrderEvent, OrderEventKind},
    time::Timestamp,
};
use algoflow_execution::Input;
use serde::Serialize;

use self::tracked::Tracked;
use super::database::{Database, Value};
use crate::journal::{Entry, Record, SessionStart, SessionStop};

/// How many orders are kept in memory between appends. With more, all of them are forgotten and read again from the database
/// when something happens to them.
pub const MAX_ORDERS_IN_MEMORY: usize = 10_000;

/// What is known between appends.
#[derive(Debug, Default)]
pub(super) struct Projection {
    /// The time of the newest entry: when commands were made.
    now: Timestamp,
    strategies: Vec<StrategyId>,
    orders: BTreeMap<OrderId, Tracked>,
}

impl Projection {
    /// Reads what an earlier process has left behind an entry of time `now`.
    pub(super) async fn resume(
        &mut self,
        database: &mut Database,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        self.now = now;
        const LAST: &str = "SELECT strategies FROM sessions ORDER BY sequence DESC LIMIT 1";
        if let Some(row) = database.row(LAST, []).await? {
            // Names only, and made again with the next session.
            self.strategies = serde_json::from_str(&row.text(0)?).unwrap_or_default();
        }
        Ok(())
    }

    /// Writes what entries say, within the transaction that writes them.
    pub(super) async fn apply(
        &mut self,
        database: &mut Database,
        entries: &[Entry],
    ) -> Result<(), sqlx::Error> {
        let result = self.apply_all(database, entries).await;
        if result.is_err() {
            // They may be ahead of what will be there.
            self.orders.clear();
        }
        result
    }

    async fn apply_all(&mut self, database: &mut Database, entries: &[Entry]) -> Result<(), sqlx::Error> {
        for entry in entries {
            self.now = self.now.max(entry.at().unwrap_or(self.now));
            match entry {
                Entry::Start(start) => self.start(database, start).await?,
                Entry::Record(record) => self.record(database, record).await?,
                Entry::Stop(stop) => stop_session(database, stop).await?,
            }
        }
        for (id, order) in &mut self.orders {
            if order.is_changed {
                order.write(database, *id).await?;
            }
        }
        self.orders.retain(|_, order| !order.is_over());
        if self.orders.len() > MAX_ORDERS_IN_MEMORY {
            self.orders.clear();
        }
        Ok(())
    }

    async fn start(&mut self, database: &mut Database, start: &SessionStart) -> Result<(), sqlx::Error> {
        self.strategies.clone_from(&start.strategies);
        const INSERT: &str = "INSERT INTO sessions (sequence, run, software, schema_version, configuration, started_at, \
                              strategies) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            count(start.sequence),
            i64::from(start.run).into(),
            start.software.as_str().into(),
            i64::from(start.schema).into(),
            start.configuration.as_str().into(),
            start.at.nanos().into(),
            json(&start.strategies).into(),
        ];
        database.execute(INSERT, values).await.map(drop)
    }

    async fn record(&mut self, database: &mut Database, record: &Record) -> Result<(), sqlx::Error> {
        let mut item = 0;
        if let Input::Order(event) = &record.input {
            self.event(database, record.sequence, &mut item, event).await?;
        }
        for event in &record.denied {
            self.event(database, record.sequence, &mut item, event).await?;
        }
        for command in &record.commands {
            self.command(database, record.sequence, &mut item, command).await?;
        }
        Ok(())
    }

    async fn command(
        &mut self,
        database: &mut Database,
        sequence: u64,
        item: &mut i64,
        command: &Command,
    ) -> Result<(), sqlx::Error> {
        let kind = match command {
            Command::Submit(submit) => {
                let strategy = self.strategy_of(submit.order);
                let order = Tracked::submitted(submit.order, submit.spec, strategy, self.now, sequence);
                self.orders.insert(submit.order, order);
                OrderEventKind::Submitted
            }
            Command::Amend(_) => OrderEventKind::AmendRequested,
            Command::Cancel(_) => OrderEventKind::CancelRequested,
            _ => return Ok(()),
        };
        let (order, instrument) = (command.order(), command.instrument());
        let event = OrderEvent { order, instrument, ts_event: self.now, ts_recv: self.now, kind };
        let body = json(command);
        self.event_with(database, sequence, item, &event, body).await?;
        if let (Command::Amend(amend), Some(known)) = (command, self.orders.get_mut(&order)) {
            known.ask_total(amend.quantity);
        }
        Ok(())
    }

    async fn event(
        &mut self,
        database: &mut Database,
        sequence: u64,
        item: &mut i64,
        event: &OrderEvent,
    ) -> Result<(), sqlx::Error> {
        self.event_with(database, sequence, item, event, json(event)).await
    }

    async fn event_with(
        &mut self,
        database: &mut Database,
        sequence: u64,
        item: &mut i64,
        event: &OrderEvent,
        body: String,
    ) -> Result<(), sqlx::Error> {
        *item += 1;
        let (code, reason) = reason(&event.kind);
        const INSERT: &str = "INSERT INTO order_events (sequence, item, order_id, event, code, reason, happened_at, known_at, \
                              body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = [
            count(sequence),
            (*item).into(),
            event.order.to_string().into(),
            event_name(&event.kind).into(),
            code.clone().into(),
            reason.clone().into(),
            event.ts_event.nanos().into(),
            event.ts_recv.nanos().into(),
            body.into(),
        ];
        database.execute(INSERT, values).await?;
        let strategy = self.strategy_of(event.order);
        if let Some(fill) = event.fill()
            && !insert_fill(database, sequence, strategy, fill).await?
        {
            // Told again.
            return Ok(());
        }
        let known = self.known(database, event, sequence).await?;
        if !known.apply(event, sequence, code, reason) && event.fill().is_some() {
            const REMOVE: &str = "DELETE FROM fills WHERE order_id = $1 AND sequence = $2";
            // It cannot have happened, and the engine did not take it in either.
            database.execute(REMOVE, [event.order.to_string().into(), count(sequence)]).await?;
        }
        Ok(())
    }

    /// An order as it stands: in memory, in the database, or one that nothing is known of but this.
    async fn known(
        &mut self,
        database: &mut Database,
        event: &OrderEvent,
        sequence: u64,
    ) -> Result<&mut Tracked, sqlx::Error> {
        let id = event.order;
        if !self.orders.contains_key(&id) {
            let strategy = self.strategy_of(id);
            let order = match Tracked::read(database, id).await? {
                Some(order) => order,
                None => Tracked::unknown(event, strategy, sequence),
            };
            self.orders.insert(id, order);
        }
        self.orders.get_mut(&id).ok_or(sqlx::Error::RowNotFound)
    }

    fn strategy_of(&self, order: OrderId) -> Option<StrategyId> {
        self.strategies.get(usize::from(order.strategy)).copied()
    }
}

async fn stop_session(database: &mut Database, stop: &SessionStop) -> Result<(), sqlx::Error> {
    const UPDATE: &str = "UPDATE sessions SET stop_sequence = $1, stopped_at = $2, clean = $3 WHERE stop_sequence IS NULL \
                          AND sequence = (SELECT MAX(sequence) FROM sessions WHERE sequence < $1)";
    let values = [count(stop.sequence), stop.at.nanos().into(), stop.clean.into()];
    database.execute(UPDATE, values).await.map(drop)
}

/// Whether it is new.
async fn insert_fill(
    database: &mut Database,
    sequence: u64,
    strategy: Option<StrategyId>,
    fill: &Fill,
) -> Result<bool, sqlx::Error> {
    const INSERT: &str = "INSERT INTO fills (order_id, execution_id, sequence, strategy, instrument, venue, side, price, \
                          quantity, liquidity, fee, fee_asset, happened_at, known_at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";
    let values = [
        fill.order.to_string().into(),
        fill.id.as_str().into(),
        count(sequence),
        strategy.map(|name| name.to_string()).into(),
        fill.instrument.to_string().into(),
        fill.instrument.venue().to_string().into(),
        fill.side.to_string().into(),
        fill.price.to_string().into(),
        fill.quantity.to_string().into(),
        name(&fill.liquidity).into(),
        fill.fee.amount.to_string().into(),
        fill.fee.asset.to_string().into(),
        fill.ts_event.nanos().into(),
        fill.ts_recv.nanos().into(),
    ];
    Ok(database.execute(INSERT, values).await? == 1)
}

/// The code and the words of an event that has them.
fn reason(kind: &OrderEventKind) -> (Option<String>, Option<String>) {
    use OrderEventKind as E;
    match kind {
        E::Denied { code, text }
        | E::Rejected { code, text }
        | E::AmendRejected { code, text }
        | E::CancelRejected { code, text } => (Some(code.to_string()), Some(text.clone())),
        E::Cancelled { reason } => (Some(name(reason)), None),
        E::OutcomeUnknown { evidence } => (None, Some(evidence.clone())),
        _ => (None, None),
    }
}

/// The name of an event, as in the journal.
fn event_name(kind: &OrderEventKind) -> String {
    let value = serde_json::to_value(kind).unwrap_or_default();
    value.get("event").and_then(|event| event.as_str()).unwrap_or("unknown").to_owned()
}

/// The name of a value that is only a name, as in the journal.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "unknown".to_owned(),
    }
}

/// A value as in the journal. What is in an entry can be written, or the entry could not have been.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A number of an entry. It fits, or the entry could not have been written.
fn count(sequence: u64) -> Value {
    i64::try_from(sequence).unwrap_or(i64::MAX).into()
}
