//! Journals: what is written can be read, and replays to the same.
#![allow(clippy::unwrap_used)]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use algoflow_core::{
    bar_spec::BarSpec,
    capabilities::{Capabilities, Feature},
    instrument::Instrument,
    ledger::AccountKind,
    market::{MarketData, Trade},
    prelude::*,
};
use algoflow_execution::{
    Engine, EngineError, ErrorPolicy, Journal,
    journal::{Ending, JOURNAL_VERSION},
    replay, replay_stream,
};

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

/// Orders at every bar; the size depends on the bars so far.
struct Busy {
    bars: i64,
    size: i64,
}

impl Strategy for Busy {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(spy().id, BarSpec::day()))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
        self.bars += 1;
        ctx.buy(spy().id, Quantity::ONE).stop(Price::from_int(150)).submit()?;
        ctx.target_position(spy().id, Quantity::from_int(self.bars * self.size % 5))
    }
}

fn engine(size: i64) -> Engine {
    let mut engine = Engine::new(1, Asset::new("USD").unwrap());
    let account = AccountKind::Margin { leverage: Decimal::TEN };
    let venue = Capabilities::all_native().emulating(Feature::Stop, "late");
    engine.add_venue(spy().venue(), venue, account);
    engine.add_instrument(spy()).unwrap();
    engine.deposit(spy().venue(), "100000 USD".parse().unwrap()).unwrap();
    engine.add_strategy(StrategyId::new("s").unwrap(), Box::new(Busy { bars: 0, size })).unwrap();
    engine
}

fn day(count: i64) -> Timestamp {
    Timestamp::from_seconds(count * 86_400).unwrap()
}

fn bar(count: i64) -> MarketData {
    let price = Price::from_int(100 + count % 3);
    MarketData::Bar(Bar {
        instrument: spy().id,
        spec: BarSpec::day(),
        ts_open: day(count - 1),
        ts_close: day(count),
        ts_recv: day(count),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Quantity::ONE,
    })
}

/// A writer whose bytes can be looked at while something else owns it. It fails after so many bytes.
#[derive(Clone, Default)]
struct Tape {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: Option<usize>,
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.bytes.lock().unwrap();
        if self.room.is_some_and(|room| all.len() + bytes.len() > room) {
            return Err(io::Error::other("the disk is full"));
        }
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tape {
    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }
}

/// Runs `days` bars with a streamed journal.
fn recorded(days: i64) -> String {
    let (mut engine, tape) = (engine(7), Tape::default());
    engine.stream_journal(tape.clone());
    let mut commands = Vec::new();
    engine.start(day(0), &mut commands).unwrap();
    for count in 1..=days {
        engine.market(&bar(count), &mut commands).unwrap();
    }
    tape.text()
}

fn replayed(text: &str) -> Result<(), EngineError> {
    replay(&mut engine(7), &Journal::read(text.as_bytes())?)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| format!("{line}\n")).collect()
}

#[test]
fn each_input_is_followed_by_what_it_led_to() {
    let text = recorded(3);
    let kinds: Vec<_> = text.lines().map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(kinds[..5], ["journal", "input", "commands", "input", "commands"]);
    assert_eq!(kinds.len(), 1 + 2 * 4);
    assert_eq!(text.lines().next().unwrap(), format!(r#"{{"journal":{{"version":{JOURNAL_VERSION}}}}}"#));
    replayed(&text).unwrap();
}

#[test]
fn an_engine_without_a_journal_does_the_same() {
    // It takes a quicker way, which must not forget that the venue gives these bars: else the trades make one too.
    let trade = |count: i64| {
        MarketData::Trade(Trade {
            instrument: spy().id,
            ts_event: day(count),
            ts_recv: day(count),
            price: Price::from_int(100),
            quantity: Quantity::ONE,
            aggressor: None,
        })
    };
    let (mut first, tape) = (engine(7), Tape::default());
    first.stream_journal(tape.clone());
    let mut commands = Vec::new();
    first.start(day(0), &mut commands).unwrap();
    for data in [bar(1), trade(1), trade(2), trade(3), bar(4)] {
        first.market(&data, &mut commands).unwrap();
    }
    replayed(&tape.text()).unwrap();
}

#[test]
fn streaming_and_keeping_write_the_same() {
    let mut engine = engine(7);
    engine.start_journal();
    let mut commands = Vec::new();
    engine.start(day(0), &mut commands).unwrap();
    for count in 1..=20 {
        engine.market(&bar(count), &mut commands).unwrap();
    }
    let journal = engine.take_journal().unwrap();
    let mut bytes = Vec::new();
    journal.write(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), recorded(20));
    assert_eq!(journal.commands(), commands);
}

#[test]
fn an_input_is_on_record_before_the_engine_acts_on_it() {
    struct Looks(Tape);
    impl Strategy for Looks {
        fn on_start(&mut self, _: &mut Context<'_>) -> StrategyResult {
            assert!(self.0.text().ends_with("{\"input\":{\"start\":\"1970-01-02T00:00:00Z\"}}\n"));
            Ok(())
        }
    }
    let tape = Tape::default();
    let mut engine = Engine::new(1, Asset::new("USD").unwrap());
    engine.add_strategy(StrategyId::new("s").unwrap(), Box::new(Looks(tape.clone()))).unwrap();
    engine.stream_journal(tape.clone());
    engine.start(day(1), &mut Vec::new()).unwrap();
    assert!(engine.halts().is_empty() && tape.text().ends_with("{\"commands\":[]}\n"));
}

#[test]
fn a_command_that_moves_to_another_input_is_found() {
    let mut all = lines(&recorded(4));
    // The commands of the second bar come with the third: the flat list is the same.
    let (second, third) = (all[6].clone(), all[8].clone());
    let inner = |line: &str| line.trim_end()[13..line.len() - 3].to_owned();
    all[6] = "{\"commands\":[]}\n".into();
    all[8] = format!("{{\"commands\":[{},{}]}}\n", inner(&second), inner(&third));
    let error = replayed(&all.concat()).unwrap_err();
    let EngineError::Diverged { input, command, replayed, recorded } = error else { panic!("{error}") };
    assert_eq!((input, command, recorded.as_str()), (3, 1, "nothing"));
    assert!(replayed.starts_with(r#"{"command":"submit""#), "{replayed}");
}

#[test]
fn a_number_that_is_written_differently_is_found() {
    let text = recorded(1);
    let other = text.replacen(r#"{"base":"2"}"#, r#"{"base":"2.0"}"#, 1);
    assert_ne!(text, other);
    assert!(matches!(replayed(&other), Err(EngineError::Diverged { input: 2, command: 1, .. })));
}

#[test]
fn another_strategy_diverges_at_its_first_other_command() {
    let journal = Journal::read(recorded(5).as_bytes()).unwrap();
    let error = replay(&mut engine(8), &journal).unwrap_err();
    assert!(matches!(error, EngineError::Diverged { input: 2, .. }), "{error}");
}

#[test]
fn the_error_of_an_input_is_on_record_with_its_commands() {
    let (mut engine_, tape) = (engine(7), Tape::default());
    engine_.stream_journal(tape.clone());
    engine_.start(day(0), &mut Vec::new()).unwrap();
    let unknown = MarketData::Trade(Trade {
        instrument: "QQQ.NYSE".parse().unwrap(),
        ts_event: day(1),
        ts_recv: day(1),
        price: Price::ONE,
        quantity: Quantity::ONE,
        aggressor: None,
    });
    engine_.market(&unknown, &mut Vec::new()).unwrap_err();
    let text = tape.text();
    assert!(
        lines(&text)[4].starts_with(r#"{"failed":{"code":"ENGINE_UNKNOWN_INSTRUMENT","text":"#),
        "{text}"
    );
    replayed(&text).unwrap();
    let fine = text.replace("ENGINE_UNKNOWN_INSTRUMENT", "ENGINE_UNKNOWN_VENUE");
    let error = replayed(&fine).unwrap_err();
    assert!(matches!(error, EngineError::Diverged { input: 2, command: 1, .. }), "{error}");
}

#[test]
fn what_changes_the_engine_after_the_start_is_an_input() {
    let (mut first, tape) = (engine(7), Tape::default());
    first.stream_journal(tape.clone());
    first.start(day(0), &mut Vec::new()).unwrap();
    let late = Instrument::equity("SAP.XETRA", "USD").unwrap();
    first.add_venue(late.venue(), Capabilities::all_native(), AccountKind::Cash);
    first.add_instrument(late.clone()).unwrap();
    first.add_instrument(Instrument::equity("BAD.NOWHERE", "USD").unwrap()).unwrap_err();
    first.deposit(late.venue(), "5 USD".parse().unwrap()).unwrap();
    first.set_error_policy(ErrorPolicy::Flatten);
    let strategy = Box::new(Busy { bars: 0, size: 1 });
    let error = first.add_strategy(StrategyId::new("late").unwrap(), strategy).unwrap_err();
    assert!(matches!(error, EngineError::Started { .. }));

    let mut second = engine(7);
    let done = replay_stream(&mut second, tape.text().as_bytes()).unwrap();
    assert_eq!((done.inputs, done.cut_off), (6, false));
    assert!(second.state().instruments.index(late.id).is_some());
    assert_eq!(second.portfolio().balance(late.venue(), Asset::new("USD").unwrap()).total, Decimal::from(5));
}

#[test]
fn a_journal_that_was_cut_off_replays_to_where_it_stood() {
    let text = recorded(3);
    let cut = &text[..text.len() - 5];
    let mut again = engine(7);
    let done = replay_stream(&mut again, cut.as_bytes()).unwrap();
    assert_eq!((done.inputs, done.cut_off, done.unrecorded.is_empty()), (4, true, false));
    assert_eq!(again.state().now, day(3));
    let journal = Journal::read(cut.as_bytes()).unwrap();
    assert_eq!(journal.entries().last().unwrap().2, &Ending::Unknown);
    assert!(matches!(replay(&mut engine(7), &journal), Err(EngineError::Diverged { input: 4, .. })));
}

#[test]
fn an_input_that_cannot_be_written_is_not_acted_on() {
    let text = recorded(2);
    let room = lines(&text)[..5].concat().len() + 10;
    let mut engine = engine(7);
    engine.stream_journal(Tape { room: Some(room), ..Tape::default() });
    let mut commands = Vec::new();
    engine.start(day(0), &mut commands).unwrap();
    engine.market(&bar(1), &mut commands).unwrap();
    let before = commands.len();
    for _ in 0..2 {
        let error = engine.market(&bar(2), &mut commands).unwrap_err();
        assert!(matches!(&error, EngineError::JournalWrite { .. }), "{error}");
    }
    assert_eq!((commands.len(), engine.state().now), (before, day(1)));
}

#[test]
fn what_is_no_journal_is_refused_by_line() {
    let text = recorded(2);
    let all = lines(&text);
    let cases = [
        (String::new(), 1, "begins"),
        (all[1..].concat(), 1, "begins"),
        (text.replacen("\"version\":1", "\"version\":2", 1), 1, "version 2"),
        ([&all[0], &all[2]].map(String::as_str).concat(), 2, "expected an input"),
        ([&all[0], &all[1], &all[3]].map(String::as_str).concat(), 3, "expected the outcome"),
        (text.replacen("\"market\"", "\"rumor\"", 1), 4, "rumor"),
    ];
    for (text, at, says) in cases {
        let error = Journal::read(text.as_bytes()).unwrap_err();
        let EngineError::Journal { line, reason } = &error else { panic!("{error}") };
        assert!(*line == at && reason.contains(says), "{error}");
    }
}
