use algoflow_core::order::OrderEventKind;

use super::*;
use crate::journal::{
    Faults, MemoryDisk, MemoryStore, Record,
    samples::{engine, session},
};

async fn replayed(entries: &[Entry]) -> Result<Replayed, StoreError> {
    let mut store = MemoryStore::open(&MemoryDisk::default(), Faults::none()).unwrap();
    for group in entries.chunks(11) {
        store.append(group).await.unwrap();
    }
    replay(&mut store, 1, &mut engine(), set_up).await
}

fn records(entries: &mut [Entry]) -> impl Iterator<Item = &mut Record> {
    entries.iter_mut().filter_map(|entry| match entry {
        Entry::Record(record) => Some(record),
        _ => None,
    })
}

#[tokio::test]
async fn a_journal_replays_to_the_same() {
    let mut entries = session(40);
    let last = entries.len() as u64;
    let commands = records(&mut entries).map(|record| record.commands.len() as u64).sum();
    let done = replayed(&entries).await.unwrap();
    assert_eq!(done, Replayed { sequence: last, inputs: last - 2, commands, sessions: 1 });
    assert!(commands > 5);
}

#[tokio::test]
async fn the_first_difference_is_found() {
    type Change = fn(&mut Record) -> bool;
    let changes: [Change; 5] = [
        |record| record.commands.pop().is_some(),
        |record| {
            let more = record.commands.clone();
            record.commands.extend(more);
            record.commands.len() > 1
        },
        |record| record.denied.pop().is_some(),
        |record| match record.denied.first_mut().map(|event| &mut event.kind) {
            Some(OrderEventKind::Denied { text, .. }) => {
                text.push('.');
                true
            }
            _ => false,
        },
        |record| {
            let is_market = matches!(record.input, algoflow_execution::Input::Market(_));
            if is_market {
                record.ending = Ending::Failed { code: "X".to_owned(), text: "x".to_owned() };
            }
            is_market
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut entries = session(40);
        let mut changed = 0;
        for record in records(&mut entries) {
            if change(record) {
                changed = record.sequence;
                break;
            }
        }
        assert!(changed > 0, "change {number}");
        let error = replayed(&entries).await.unwrap_err();
        let StoreError::Replay { sequence, source: EngineError::Diverged { input, .. } } = &error else {
            panic!("{error}")
        };
        assert_eq!((*sequence, *input), (changed, changed), "change {number}: {error}");
    }
}

#[tokio::test]
async fn an_engine_that_is_not_set_up_diverges() {
    let mut entries = session(10);
    if let Some(Entry::Start(start)) = entries.first_mut() {
        start.setup.pop();
    }
    assert!(matches!(replayed(&entries).await, Err(StoreError::Replay { .. })));
}
