//! A copy of the engine that is made in the middle does from there on what the engine does (SN1).

use super::*;
use crate::{Engine, EngineSnapshot, SnapshotError, journal::replay_input};

/// What is written down of an engine.
fn written(engine: &Engine) -> String {
    serde_json::to_string(&engine.save().unwrap()).unwrap()
}

/// An engine with the strategy of the harness, not started.
fn empty() -> (Engine, Asks) {
    let (asks, touched) = (Asks::default(), Touched::default());
    let queue = asks.clone();
    let (strategy, _) = scripted(BarSpec::day(), move |ctx, _| {
        let asked = std::mem::take(&mut *queue.lock().unwrap());
        asked.into_iter().try_for_each(|what| ask(ctx, &touched, what))
    });
    let mut engine = Engine::new(1, "USD".parse().unwrap());
    engine.add_strategy("test".parse().unwrap(), Box::new(strategy)).unwrap();
    (engine, asks)
}

fn copy(world: &World) -> (Engine, Asks) {
    let (mut engine, asks) = empty();
    let text = written(world.h.engine());
    let snapshot: EngineSnapshot = serde_json::from_str(&text).unwrap();
    engine.restore(snapshot).unwrap();
    assert_eq!(written(&engine), text, "what is saved of the copy is what it was made from");
    asks.lock().unwrap().clone_from(&world.asks.lock().unwrap());
    (engine, asks)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_engine_goes_on_as_the_saved_one(habits in habits(), steps in steps(), at in 0..160usize) {
        let mut world = World::new(habits);
        let mut twin = None;
        for (number, step) in steps.into_iter().enumerate() {
            if number == at {
                twin = Some(copy(&world));
            }
            let Some((engine, asks)) = &mut twin else {
                world.step(step)?;
                continue;
            };
            world.h.engine_mut().start_journal();
            if let Step::Ask(a, b, c) = step {
                asks.lock().unwrap().push((a, b, c));
            }
            world.step(step)?;
            let journal = world.h.engine_mut().take_journal().unwrap();
            for (number, (input, commands, ending)) in journal.entries().enumerate() {
                let replayed = replay_input(engine, number as u64, input, commands, ending);
                prop_assert!(replayed.is_ok(), "{replayed:?}");
            }
            prop_assert_eq!(engine.denials(), world.h.engine().denials());
        }
        if let Some((engine, _)) = twin {
            prop_assert_eq!(written(&engine), written(world.h.engine()));
        }
    }
}

#[test]
fn a_snapshot_of_something_else_is_refused_and_changes_nothing() {
    let habits = Habits {
        amends: true,
        emulate_stop: false,
        at_once: true,
        refuse_orders: 0,
        refuse_amends: 0,
        refuse_cancels: 0,
        lose: 0,
        delay_fills: 0,
        min: 1,
    };
    let mut world = World::new(habits);
    world.step(Step::Ask(0, 1, 2)).unwrap();
    let text = written(world.h.engine());
    let parse = |text: &str| serde_json::from_str::<EngineSnapshot>(text).unwrap();

    let (mut engine, _) = empty();
    let before = written(&engine);
    let other = text.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(engine.restore(parse(&other)), Err(SnapshotError::Version { found: 2 })));
    let mut other: serde_json::Value = serde_json::from_str(&text).unwrap();
    other["strategies"][0]["state"] = "no number".into();
    let refused = engine.restore(serde_json::from_value(other.clone()).unwrap());
    assert!(matches!(refused, Err(SnapshotError::Strategy { .. })), "{refused:?}");
    other["state"]["strategies"][0] = "another".into();
    let refused = engine.restore(serde_json::from_value(other.clone()).unwrap());
    assert!(matches!(refused, Err(SnapshotError::Strategies { .. })), "{refused:?}");
    assert_eq!(written(&engine), before);

    let mut next = Engine::new(2, "USD".parse().unwrap());
    assert!(matches!(next.restore(parse(&text)), Err(SnapshotError::Run { found: 1, run: 2 })));
    engine.restore(parse(&text)).unwrap();
    assert_eq!(written(&engine), text);
    assert!(matches!(engine.restore(parse(&text)), Err(SnapshotError::Started)));
}

#[test]
fn an_engine_with_a_strategy_that_cannot_be_saved_is_not() {
    struct Mute;
    impl Strategy for Mute {}
    let mut engine = Engine::new(1, "USD".parse().unwrap());
    engine.add_strategy("mute".parse().unwrap(), Box::new(Mute)).unwrap();
    assert!(matches!(engine.save(), Err(SnapshotError::NotSaved { .. })));
    assert!(matches!(engine.can_be_saved(), Err(SnapshotError::NotSaved { .. })));
}
