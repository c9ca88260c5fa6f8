use algoflow_core::{error::StrategyError, prelude::*};
use algoflow_execution::Input;

use super::*;
use crate::journal::Record;

/// Counts what it was told.
struct Counter(u64);

impl Strategy for Counter {
    fn save(&self) -> Result<Option<serde_json::Value>, StrategyError> {
        Ok(Some(self.0.into()))
    }
    fn load(&mut self, state: serde_json::Value) -> StrategyResult {
        self.0 = serde_json::from_value(state).map_err(StrategyError::other)?;
        Ok(())
    }
}

fn engine(name: &str) -> Engine {
    let mut engine = Engine::new(1, "USD".parse().unwrap());
    engine.add_strategy(name.parse().unwrap(), Box::new(Counter(7))).unwrap();
    engine
}

fn written(engine: &Engine) -> String {
    serde_json::to_string(&engine.save().unwrap()).unwrap()
}

async fn taken(engine: &Engine, past: Past) -> Snapshot {
    let mut snapshots = Snapshots::new(Some(1), ErrorPolicy::KeepPositions, past);
    snapshots.take(3, engine);
    let (sequence, pending) = snapshots.pending.take().unwrap();
    Snapshot { sequence, body: pending.await.unwrap().unwrap() }
}

#[tokio::test]
async fn what_was_taken_is_restored() {
    let mut saved = engine("a");
    saved.process(&Input::Start(Timestamp::from_nanos(5)), &mut Vec::new()).unwrap();
    let snapshot = taken(&saved, Past::default()).await;
    let mut other = engine("a");
    let past = restore(&snapshot, &mut other, ErrorPolicy::KeepPositions).unwrap();
    assert_eq!((past.from, written(&other)), (3, written(&saved)));
}

#[tokio::test]
async fn what_is_of_something_else_is_refused_with_the_reason_and_changes_nothing() {
    let snapshot = taken(&engine("a"), Past::default()).await;
    let text = String::from_utf8(snapshot.body.clone()).unwrap();
    let refused = |body: String, name: &str, policy| {
        let mut engine = engine(name);
        let before = written(&engine);
        let reason = restore(&Snapshot { sequence: 3, body: body.into_bytes() }, &mut engine, policy);
        assert_eq!(written(&engine), before);
        reason.unwrap_err()
    };
    let keep = ErrorPolicy::KeepPositions;
    let format = text.replacen("{\"format\":1", "{\"format\":9", 1);
    assert!(refused(format, "a", keep).contains("format 9"));
    let software = format!("\"software\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let older = text.replacen(&software, "\"software\":\"0.0.1\"", 1);
    assert!(refused(older, "a", keep).contains("version 0.0.1"));
    assert!(refused(text.clone(), "b", keep).contains("strategies"));
    assert!(refused(text.clone(), "a", ErrorPolicy::Flatten).contains("error policy"));
    assert!(refused(text[..text.len() / 2].to_owned(), "a", keep).contains("cannot be read"));
}

#[tokio::test]
async fn orders_that_are_over_are_not_kept() {
    let engine = engine("a");
    let instrument: InstrumentId = "ACME.NYSE".parse().unwrap();
    let order = OrderId { run: 1, strategy: 0, sequence: 1 };
    let spec = algoflow_core::order::OrderSpec::market(instrument, Side::Buy, Quantity::ONE);
    let record = Record {
        sequence: 1,
        input: Input::Time(Timestamp::EPOCH),
        commands: vec![Command::Submit(Submit { order, spec })],
        ending: algoflow_execution::journal::Ending::Done,
        denied: Vec::new(),
    };
    let mut past = Past::default();
    past.note(&record.into(), &engine);
    assert_eq!(past.submits.len(), 1);
    past.forget(&engine);
    assert!(past.submits.is_empty(), "the engine does not have it");
}
