//! [`OrderTrace`]: one trace from a market event to the venue's acknowledgement of the order that it led to.
//!
//! ```text
//! event          an event of a venue is decided on, until the last of its orders is answered
//!   decide       the engine
//!   order        from the command to the first answer of the venue, with the outcome
//!     journal    until the record is durable
//!     send       until the connector has sent it and its answer is here
//! ```
//!
//! - **K1** With spans switched off (level above `debug`, or no subscriber) each call is a comparison, and nothing is kept.
//! - **K2** At most [`MAX_TRACED`] orders are followed at once. One more ends the oldest with the outcome `lost_sight_of`.
//! - **K3** An order that is answered is not followed any more.

use algoflow_core::{
    command::Command,
    id::{InstrumentId, OrderId, VenueId},
};
use indexmap::IndexMap;
use tracing::{Level, Span, field::Empty};

/// The most orders that are followed at once.
pub const MAX_TRACED: usize = 4_096;

/// How the way of an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceOutcome {
    /// The venue confirmed it.
    Acknowledged,
    /// The venue refused it.
    Rejected,
    /// It surely was not sent.
    NotSent,
    /// Nobody knows.
    Unknown,
}

impl TraceOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Rejected => "rejected",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// The spans of one order.
#[derive(Debug)]
struct Followed {
    order: Span,
    journal: Option<Span>,
    send: Option<Span>,
}

/// Follows orders from the event that led to them. One for each session; the driver calls it as things happen.
#[derive(Debug, Default)]
pub struct OrderTrace {
    followed: IndexMap<OrderId, Followed>,
}

impl OrderTrace {
    /// One that follows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A span for an event that is about to be decided on. Hold it until its commands are known.
    #[must_use]
    pub fn event(venue: VenueId, kind: &'static str, instrument: Option<InstrumentId>) -> Span {
        if !tracing::enabled!(Level::DEBUG) {
            return Span::none();
        }
        let span = tracing::debug_span!(parent: None, "event", %venue, kind, instrument = Empty);
        if let Some(instrument) = instrument {
            span.record("instrument", tracing::field::display(instrument));
        }
        span
    }

    /// A span for the engine's part. Drop it when the engine has decided.
    #[must_use]
    pub fn decide(event: &Span) -> Span {
        if event.is_none() { Span::none() } else { tracing::debug_span!(parent: event, "decide") }
    }

    /// The event led to a command, which waits for its record to become durable.
    pub fn decided(&mut self, event: &Span, command: &Command) {
        if event.is_none() {
            return;
        }
        let what = match command {
            Command::Submit(_) => "submit",
            Command::Amend(_) => "amend",
            Command::Cancel(_) => "cancel",
            _ => "other",
        };
        let (id, instrument) = (command.order(), command.instrument());
        let order = tracing::debug_span!(parent: event, "order", %id, %instrument, what, outcome = Empty);
        let journal = tracing::debug_span!(parent: &order, "journal");
        let followed = Followed { order, journal: Some(journal), send: None };
        // An order that is changed or ended before it was answered is followed by its last command.
        if let Some(before) = self.followed.shift_remove(&id) {
            before.order.record("outcome", "superseded");
        }
        if self.followed.len() >= MAX_TRACED
            && let Some((_, oldest)) = self.followed.shift_remove_index(0)
        {
            oldest.order.record("outcome", "lost_sight_of");
        }
        self.followed.insert(id, followed);
    }

    /// The record is durable, and the command is handed to the venue's connector.
    pub fn sent(&mut self, order: OrderId) {
        if let Some(followed) = self.followed.get_mut(&order) {
            followed.journal = None;
            followed.send = Some(tracing::debug_span!(parent: &followed.order, "send"));
        }
    }

    /// The span in which the connector works on the command, so that its own spans and lines belong to it.
    #[must_use]
    pub fn send_span(&self, order: OrderId) -> Span {
        self.followed.get(&order).and_then(|followed| followed.send.clone()).unwrap_or_else(Span::none)
    }

    /// The venue has answered, or will not (K3).
    pub fn answered(&mut self, order: OrderId, outcome: TraceOutcome) {
        if let Some(followed) = self.followed.shift_remove(&order) {
            followed.order.record("outcome", outcome.as_str());
        }
    }

    /// How many orders are followed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.followed.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.followed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use algoflow_core::command::OrderRef;
    use tracing::{
        Subscriber,
        field::{Field, Visit},
        span,
    };
    use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _, registry::LookupSpan};

    use super::*;

    /// Notes each span that ends, as `parent/name fields`.
    #[derive(Clone, Default)]
    struct Ended(Arc<Mutex<Vec<String>>>);
    struct Fields(String);
    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.0.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Ended {
        fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
            let mut fields = Fields(String::new());
            attributes.record(&mut fields);
            context.span(id).unwrap().extensions_mut().insert(fields);
        }
        fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
            let span = context.span(id).unwrap();
            values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
        }
        fn on_close(&self, id: span::Id, context: Context<'_, S>) {
            let span = context.span(&id).unwrap();
            let parent = span.parent().map_or("", |parent| parent.name());
            let text = format!("{parent}/{}{}", span.name(), span.extensions().get::<Fields>().unwrap().0);
            self.0.lock().unwrap().push(text);
        }
    }

    fn cancel(sequence: u64) -> Command {
        let order = OrderId { run: 1, strategy: 0, sequence };
        Command::Cancel(OrderRef { order, venue_order: None, instrument: "SOL-USDC.ORCA".parse().unwrap() })
    }

    fn event() -> Span {
        OrderTrace::event("ORCA".parse().unwrap(), "market", Some("SOL-USDC.ORCA".parse().unwrap()))
    }

    #[test]
    fn one_trace_from_the_event_to_the_answer() {
        let ended = Ended::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(ended.clone()), || {
            let mut trace = OrderTrace::new();
            let span = event();
            drop(OrderTrace::decide(&span));
            trace.decided(&span, &cancel(1));
            drop(span);
            let order = cancel(1).order();
            trace.sent(order);
            assert_eq!(trace.send_span(order).metadata().unwrap().name(), "send");
            trace.answered(order, TraceOutcome::Acknowledged);
            trace.answered(order, TraceOutcome::Unknown);
            assert!(trace.is_empty());
        });
        let ended = ended.0.lock().unwrap().clone();
        assert_eq!(
            ended,
            [
                "event/decide",
                "order/journal",
                "order/send",
                "event/order id=r1-s0-1 instrument=SOL-USDC.ORCA what=\"cancel\" outcome=\"acknowledged\"",
                "/event venue=ORCA kind=\"market\" instrument=SOL-USDC.ORCA",
            ]
        );
    }

    #[test]
    fn k1_switched_off_nothing_is_kept() {
        let mut trace = OrderTrace::new();
        let span = tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::new(), event);
        trace.decided(&span, &cancel(1));
        trace.sent(cancel(1).order());
        assert!(trace.is_empty() && OrderTrace::decide(&span).is_none());
    }

    #[test]
    fn k2_the_oldest_is_lost_sight_of() {
        let ended = Ended::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(ended.clone()), || {
            let mut trace = OrderTrace::new();
            let span = event();
            for sequence in 0..=MAX_TRACED as u64 {
                trace.decided(&span, &cancel(sequence));
            }
            assert_eq!(trace.len(), MAX_TRACED);
            trace.decided(&span, &cancel(7));
            assert_eq!(trace.len(), MAX_TRACED);
        });
        let ended = ended.0.lock().unwrap();
        let outcomes = |outcome: &str| ended.iter().filter(|line| line.contains(outcome)).count();
        assert_eq!((outcomes("lost_sight_of"), outcomes("superseded")), (1, 1));
    }
}
