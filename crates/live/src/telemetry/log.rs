//! The layer that turns events of `tracing` into redacted lines.
//!
//! - **G1** Every value passes the [`Redactor`] before it is escaped, cut or joined to other text. The rest of a line (names,
//!   targets, levels) is text of the program.
//! - **G2** A text of a field or message is cut behind [`MAX_VALUE`] bytes, after it was redacted.
//! - **G3** A line is handed to a thread that writes it ([`LogWriter`]): who logs never waits for a disk or a terminal.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use algoflow_core::time::Timestamp;
use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{redact::Redactor, settings::LogFormat, writer::LogWriter};

mod line;
#[cfg(test)]
mod tests;

/// A text in a log line is cut behind this many bytes.
pub const MAX_VALUE: usize = 16 * 1_024;

/// The fields of a span or an event, redacted, in order.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

/// One event as it is to be printed.
struct Entry<'a> {
    at: Timestamp,
    level: Level,
    target: &'a str,
    message: String,
    fields: &'a Fields,
    /// From the outermost.
    spans: Vec<(&'static str, Vec<(&'static str, Value)>)>,
}

pub(super) struct LogLayer {
    pub(super) format: LogFormat,
    pub(super) color: bool,
    pub(super) redactor: Redactor,
    pub(super) writer: LogWriter,
}

/// The fields of a span as one layer keeps them: two layers have two, which are the same.
struct SpanFields(Fields);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if extensions.get_mut::<SpanFields>().is_none() {
            let mut fields = Fields::default();
            attributes.record(&mut Collect { fields: &mut fields, redactor: &self.redactor });
            extensions.insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(SpanFields(fields)) = span.extensions_mut().get_mut::<SpanFields>() {
            values.record(&mut Collect { fields, redactor: &self.redactor });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut Collect { fields: &mut fields, redactor: &self.redactor });
        let message = match fields.0.iter().position(|(name, _)| *name == "message") {
            Some(at) => line::text(&fields.0.remove(at).1).into_owned(),
            None => String::new(),
        };
        let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
        let spans = scope.map(|span| {
            let fields = span.extensions().get::<SpanFields>().map(|SpanFields(fields)| fields.0.clone());
            (span.name(), fields.unwrap_or_default())
        });
        let metadata = event.metadata();
        let entry = Entry {
            at: now(),
            level: *metadata.level(),
            target: metadata.target(),
            message,
            fields: &fields,
            spans: spans.collect(),
        };
        self.writer.line(entry.line(self.format, self.color));
    }
}

/// The time by the clock of this machine: log lines have it, decisions never do.
pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

/// Takes the fields of a span or an event (G1, G2).
struct Collect<'a> {
    fields: &'a mut Fields,
    redactor: &'a Redactor,
}

impl Collect<'_> {
    fn text(&mut self, field: &Field, text: &str) {
        let value = cut(&self.redactor.field(field.name(), text));
        self.value(field, Value::from(value));
    }

    /// A number, unless its name says that it is secret, or it is registered. The seed of a simulation is no secret.
    fn number(&mut self, field: &Field, value: impl Into<Value>) {
        let value = value.into();
        let has_name = Redactor::is_secret_name(field.name()) && field.name() != "seed";
        let hides = has_name || matches!(self.redactor.text(&value.to_string()), Cow::Owned(_));
        self.value(field, if hides { Value::from(super::redact::MARK) } else { value });
    }

    fn value(&mut self, field: &Field, value: Value) {
        match self.fields.0.iter_mut().find(|(name, _)| *name == field.name()) {
            Some(slot) => slot.1 = value,
            None => self.fields.0.push((field.name(), value)),
        }
    }
}

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        /// An error with more causes than this is cut.
        const MAX_CAUSES: usize = 16;
        let mut text = value.to_string();
        let causes = std::iter::successors(value.source(), |error| error.source());
        for cause in causes.take(MAX_CAUSES) {
            // Writing to a string cannot fail.
            let _ = write!(text, ": {cause}");
        }
        self.text(field, &text);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity and no NaN.
        let value = if value.is_finite() { Value::from(value) } else { Value::from(value.to_string()) };
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value);
    }
}

fn cut(text: &str) -> String {
    if text.len() <= MAX_VALUE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_VALUE);
    format!("{} ... ({} bytes more)", text.get(..end).unwrap_or_default(), text.len() - end)
}
