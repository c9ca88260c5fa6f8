use algoflow_core::{
    id::{InstrumentId, OrderId, StrategyId},
    number::Quantity,
    order::{Order, OrderEvent, OrderEventKind, OrderQuantity, OrderSpec, OrderStatus},
    time::Timestamp,
};

use super::{json, name};
use crate::journal::sql::database::{Database, Value};

/// An order as its row has it.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    /// The order; none if the entries do not say what was asked for: it was refused before it was sent, or made elsewhere.
    order: Option<Order>,
    instrument: InstrumentId,
    strategy: Option<String>,
    status: OrderStatus,
    created: Timestamp,
    updated: Timestamp,
    code: Option<String>,
    reason: Option<String>,
    first_sequence: i64,
    last_sequence: i64,
    /// It is not what its row says.
    pub(super) is_changed: bool,
}

impl Tracked {
    /// An order that is being sent.
    pub(super) fn submitted(
        id: OrderId,
        spec: OrderSpec,
        strategy: Option<StrategyId>,
        at: Timestamp,
        sequence: u64,
    ) -> Self {
        let order = Order::new(id, spec, at);
        let known = Self::new(spec.instrument, strategy, at, sequence);
        Self { order: Some(order), ..known }
    }

    /// An order of which nothing is known but an event.
    pub(super) fn unknown(event: &OrderEvent, strategy: Option<StrategyId>, sequence: u64) -> Self {
        Self::new(event.instrument, strategy, event.ts_recv, sequence)
    }

    fn new(instrument: InstrumentId, strategy: Option<StrategyId>, at: Timestamp, sequence: u64) -> Self {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        Self {
            order: None,
            instrument,
            strategy: strategy.map(|name| name.to_string()),
            status: OrderStatus::Initialized,
            created: at,
            updated: at,
            code: None,
            reason: None,
            first_sequence: sequence,
            last_sequence: sequence,
            is_changed: true,
        }
    }

    /// Nothing more is to be expected of it.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_final()
    }

    /// Another total is asked of the venue.
    pub(super) fn ask_total(&mut self, total: Quantity) {
        if let Some(order) = &mut self.order {
            order.ask_total(total);
        }
    }

    /// Takes in what happened. False if it does not fit the order, as the engine sees it too.
    pub(super) fn apply(
        &mut self,
        event: &OrderEvent,
        sequence: u64,
        code: Option<String>,
        reason: Option<String>,
    ) -> bool {
        if code.is_some() || reason.is_some() {
            (self.code, self.reason) = (code, reason);
        }
        self.updated = self.updated.max(event.ts_recv);
        self.last_sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.is_changed = true;
        match &mut self.order {
            Some(order) => {
                let fits = order.apply(event).is_ok();
                self.status = order.status;
                fits
            }
            None => {
                self.status = told(&event.kind).unwrap_or(self.status);
                true
            }
        }
    }

    /// The order as an earlier append left it.
    pub(super) async fn read(database: &mut Database, id: OrderId) -> Result<Option<Self>, sqlx::Error> {
        const READ: &str = "SELECT instrument, strategy, status, created_at, updated_at, reason_code, reason, first_sequence, \
                            last_sequence, state FROM orders WHERE id = $1";
        let Some(row) = database.row(READ, [id.to_string().into()]).await? else { return Ok(None) };
        let decode = |error: String| sqlx::Error::Decode(error.into());
        let status =
            serde_json::from_value(row.text(2)?.into()).map_err(|error| decode(error.to_string()))?;
        let state = row.maybe_text(9)?;
        let order = state.map(|state| serde_json::from_str(&state)).transpose();
        Ok(Some(Self {
            order: order.map_err(|error| decode(error.to_string()))?,
            instrument: row.text(0)?.parse().map_err(|_| decode("no instrument".to_owned()))?,
            strategy: row.maybe_text(1)?,
            status,
            created: Timestamp::from_nanos(row.integer(3)?),
            updated: Timestamp::from_nanos(row.integer(4)?),
            code: row.maybe_text(5)?,
            reason: row.maybe_text(6)?,
            first_sequence: row.integer(7)?,
            last_sequence: row.integer(8)?,
            is_changed: false,
        }))
    }

    /// Writes the row.
    pub(super) async fn write(&mut self, database: &mut Database, id: OrderId) -> Result<(), sqlx::Error> {
        const WRITE: &str = "INSERT INTO orders (id, run, strategy, instrument, venue, side, kind, quantity, quantity_in, \
             limit_price, trigger_price, time_in_force, post_only, reduce_only, role, parent, status, filled, average_price, \
             venue_order, created_at, updated_at, reason_code, reason, first_sequence, last_sequence, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
             $23, $24, $25, $26, $27) ON CONFLICT (id) DO UPDATE SET side = excluded.side, kind = excluded.kind, \
             quantity = excluded.quantity, quantity_in = excluded.quantity_in, limit_price = excluded.limit_price, \
             trigger_price = excluded.trigger_price, status = excluded.status, filled = excluded.filled, \
             average_price = excluded.average_price, venue_order = excluded.venue_order, updated_at = excluded.updated_at, \
             reason_code = excluded.reason_code, reason = excluded.reason, last_sequence = excluded.last_sequence, \
             state = excluded.state";
        let order = self.order.as_ref();
        let spec = order.map(|order| &order.spec);
        let text = |value: Option<String>| Value::from(value);
        let flag = |value: Option<bool>| Value::Integer(value.map(i64::from));
        let filled = order.map_or(Quantity::ZERO, |order| order.filled);
        let values = [
            id.to_string().into(),
            i64::from(id.run).into(),
            self.strategy.clone().into(),
            self.instrument.to_string().into(),
            self.instrument.venue().to_string().into(),
            text(spec.map(|spec| spec.side.to_string())),
            text(spec.map(|spec| spec.kind.name().to_owned())),
            text(spec.map(|spec| spec.quantity.value().to_string())),
            text(spec.map(|spec| counted_in(spec.quantity).to_owned())),
            text(spec.and_then(|spec| spec.kind.limit_price()).map(|price| price.to_string())),
            text(spec.and_then(|spec| spec.kind.trigger_price()).map(|price| price.to_string())),
            text(spec.map(|spec| spec.time_in_force.name().to_owned())),
            flag(spec.map(|spec| spec.flags.post_only)),
            flag(spec.map(|spec| spec.flags.reduce_only)),
            text(spec.map(|spec| name(&spec.contingency.role))),
            text(spec.and_then(|spec| spec.contingency.parent).map(|parent| parent.to_string())),
            name(&self.status).into(),
            filled.to_string().into(),
            text(order.and_then(Order::average_price).map(|price| price.normalize().to_string())),
            text(order.and_then(|order| order.venue_order.as_ref()).map(|id| id.as_str().to_owned())),
            self.created.nanos().into(),
            self.updated.nanos().into(),
            self.code.clone().into(),
            self.reason.clone().into(),
            self.first_sequence.into(),
            self.last_sequence.into(),
            text(order.map(json)),
        ];
        database.execute(WRITE, values).await?;
        self.is_changed = false;
        Ok(())
    }
}

/// What a quantity counts.
const fn counted_in(quantity: OrderQuantity) -> &'static str {
    match quantity {
        OrderQuantity::Base(_) => "base",
        OrderQuantity::Quote(_) => "quote",
        OrderQuantity::ExactIn(_) => "exact_in",
        OrderQuantity::ExactOut(_) => "exact_out",
    }
}

/// Where an event leaves an order of which nothing else is known.
const fn told(kind: &OrderEventKind) -> Option<OrderStatus> {
    use OrderEventKind as E;
    Some(match kind {
        E::Denied { .. } => OrderStatus::Denied,
        E::Held => OrderStatus::Held,
        E::Submitted => OrderStatus::Submitted,
        E::Accepted { .. } | E::Amended { .. } => OrderStatus::Accepted,
        E::Rejected { .. } => OrderStatus::Rejected,
        E::Triggered => OrderStatus::Triggered,
        E::Filled(_) => OrderStatus::PartiallyFilled,
        E::AmendRequested => OrderStatus::PendingAmend,
        E::CancelRequested => OrderStatus::PendingCancel,
        E::Cancelled { .. } => OrderStatus::Cancelled,
        E::Expired => OrderStatus::Expired,
        E::OutcomeUnknown { .. } => OrderStatus::Unknown,
        _ => return None,
    })
}
