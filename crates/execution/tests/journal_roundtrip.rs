//! A journal of any inputs at all reads as it was written, and replays.
#![allow(clippy::unwrap_used)]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use algoflow_core::{
    Decimal,
    bar_spec::BarSpec,
    capabilities::Capabilities,
    context::Context,
    id::{Asset, InstrumentId, OrderId, StrategyId},
    instrument::Instrument,
    ledger::AccountKind,
    market::{
        Bar, BookAction, BookOrder, CorporateAction, CorporateActionKind, CustomData, Depth, DepthKind,
        FundingRate, InstrumentStatus, Level, MarketData, PoolState, PoolUpdate, Quote, Trade, TradingStatus,
    },
    number::{Money, Price, Quantity, Scale},
    order::{
        CancelReason, Fill, Liquidity, OrderEvent, OrderEventKind, OrderKind, RejectCode, Side,
        TrailingOffset,
    },
    state::Subscription,
    strategy::{Strategy as Trader, StrategyResult},
    time::{TimeDelta, Timestamp},
    trading::{Standing, VenueStanding},
};
use algoflow_execution::{
    Control, ControlAction, Engine, Input, Journal, JournalReader, Scope, replay, replay_stream,
    risk::{CoolDown, LossLimit, RiskLimits},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// Answers every bar, trade and quote with an order.
struct Answers;

impl Trader for Answers {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(spy().id, BarSpec::day()))?;
        ctx.subscribe(Subscription::Trades(spy().id))?;
        ctx.subscribe(Subscription::Quotes(spy().id))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        ctx.buy(spy().id, Quantity::ONE).stop(bar.high).submit().map(drop)
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, _: &Trade) -> StrategyResult {
        ctx.buy(spy().id, Quantity::ONE).limit(Price::from_int(9)).submit().map(drop)
    }
    fn on_quote(&mut self, ctx: &mut Context<'_>, _: &Quote) -> StrategyResult {
        ctx.sell(spy().id, Quantity::ONE).limit(Price::from_int(9)).submit().map(drop)
    }
}

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

fn usd() -> Asset {
    Asset::new("USD").unwrap()
}

fn engine() -> Engine {
    let mut engine = Engine::new(1, usd());
    engine.add_venue(
        spy().venue(),
        Capabilities::all_native(),
        AccountKind::Margin { leverage: Decimal::TEN },
    );
    engine.add_instrument(spy()).unwrap();
    engine.deposit(spy().venue(), "1000 USD".parse().unwrap()).unwrap();
    engine.add_strategy(StrategyId::new("s").unwrap(), Box::new(Answers)).unwrap();
    engine
}

#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), 0..1_000_000_000_i64].prop_map(Timestamp::from_nanos)
}

fn fixed() -> impl Strategy<Value = (i64, Scale)> {
    (prop_oneof![any::<i64>(), -1_000_000..1_000_000_i64], 0..=18_u8)
        .prop_map(|(mantissa, places)| (mantissa, Scale::new(places).unwrap()))
}

fn price() -> impl Strategy<Value = Price> {
    fixed().prop_map(|(mantissa, scale)| Price::new(mantissa, scale))
}

fn quantity() -> impl Strategy<Value = Quantity> {
    fixed().prop_map(|(mantissa, scale)| Quantity::new(mantissa, scale))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0..=28_u32).prop_map(|(number, places)| Decimal::new(number, places))
}

fn money() -> impl Strategy<Value = Money> {
    decimal().prop_map(|amount| Money::new(amount, usd()))
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

fn text() -> impl Strategy<Value = String> {
    // Quotes, escapes, line ends and letters beyond ASCII.
    select(vec!["", "a \"b\"\\", "two\nlines\r\n", "\u{0}\u{7f}", "\u{2028}é漢"]).prop_map(str::to_owned)
}

/// To which instrument, when it happened, when it was known.
fn stamp() -> impl Strategy<Value = (InstrumentId, Timestamp, Timestamp)> {
    let known = prop_oneof![3 => Just(spy().id), 1 => Just("SOL-USDC.ORCA".parse().unwrap())];
    (known, time(), time())
}

fn action() -> impl Strategy<Value = MarketData> {
    let kind = prop_oneof![
        money().prop_map(|per_share| CorporateActionKind::Dividend { per_share }),
        (0..5_u32, any::<u32>()).prop_map(|(to, from)| CorporateActionKind::Split { to, from }),
    ];
    (stamp(), kind).prop_map(|((instrument, ts_event, ts_recv), action)| {
        CorporateAction { instrument, ts_event, ts_recv, action }.into()
    })
}

fn status() -> impl Strategy<Value = MarketData> {
    use TradingStatus as T;
    let status = select(vec![T::Open, T::Halted, T::Closed, T::Delisted]);
    (stamp(), status).prop_map(|((instrument, ts_event, ts_recv), status)| {
        InstrumentStatus { instrument, ts_event, ts_recv, status }.into()
    })
}

fn funding() -> impl Strategy<Value = MarketData> {
    (stamp(), decimal(), option::of(price())).prop_map(|((instrument, ts_event, ts_recv), rate, mark)| {
        FundingRate { instrument, ts_event, ts_recv, rate, mark }.into()
    })
}

fn depth() -> impl Strategy<Value = MarketData> {
    let level =
        (side(), price(), quantity()).prop_map(|(side, price, quantity)| Level { side, price, quantity });
    let kind = select(vec![DepthKind::Snapshot, DepthKind::Update]);
    (stamp(), kind, any::<Option<u64>>(), vec(level, 0..4)).prop_map(
        |((instrument, ts_event, ts_recv), kind, sequence, levels)| {
            Depth { instrument, ts_event, ts_recv, kind, sequence, levels: levels.into() }.into()
        },
    )
}

fn book_order() -> impl Strategy<Value = MarketData> {
    use BookAction as B;
    let action = select(vec![B::Add, B::Modify, B::Delete, B::Fill, B::Clear]);
    (stamp(), action, side(), any::<u64>(), price(), quantity()).prop_map(
        |((instrument, ts_event, ts_recv), action, side, order, price, quantity)| {
            BookOrder { instrument, ts_event, ts_recv, action, side, order, price, quantity }.into()
        },
    )
}

fn quote() -> impl Strategy<Value = MarketData> {
    (stamp(), price(), quantity(), price(), quantity()).prop_map(
        |((instrument, ts_event, ts_recv), bid, bid_size, ask, ask_size)| {
            Quote { instrument, ts_event, ts_recv, bid, bid_size, ask, ask_size }.into()
        },
    )
}

fn pool() -> impl Strategy<Value = MarketData> {
    let state = prop_oneof![
        any::<(u64, u64)>().prop_map(|(base_reserve, quote_reserve)| PoolState::ConstantProduct {
            base_reserve,
            quote_reserve
        }),
        any::<(u128, u128, i32)>().prop_map(|(sqrt_price, liquidity, tick)| PoolState::Concentrated {
            sqrt_price,
            liquidity,
            tick
        }),
    ];
    (stamp(), any::<u64>(), state, price()).prop_map(
        |((instrument, ts_event, ts_recv), slot, state, price)| {
            PoolUpdate { instrument, ts_event, ts_recv, slot, state, price }.into()
        },
    )
}

fn trade() -> impl Strategy<Value = MarketData> {
    (stamp(), price(), quantity(), option::of(side())).prop_map(
        |((instrument, ts_event, ts_recv), price, quantity, aggressor)| {
            Trade { instrument, ts_event, ts_recv, price, quantity, aggressor }.into()
        },
    )
}

fn bar() -> impl Strategy<Value = MarketData> {
    let day = TimeDelta::days(1).nanos();
    let spec = prop_oneof![
        3 => Just(BarSpec::day()),
        1 => (1..=day).prop_map(|step| BarSpec::Time(TimeDelta::from_nanos(step))),
        1 => Just(BarSpec::Week),
        1 => Just(BarSpec::Month),
        1 => (1..u64::MAX).prop_map(BarSpec::Ticks),
        1 => (1..u64::MAX).prop_map(BarSpec::Volume),
        1 => (1..u64::MAX).prop_map(BarSpec::Notional),
    ];
    (stamp(), time(), spec, (price(), price(), price(), price()), quantity()).prop_map(
        |((instrument, ts_open, ts_close), ts_recv, spec, (open, high, low, close), volume)| {
            Bar { instrument, spec, ts_open, ts_close, ts_recv, open, high, low, close, volume }.into()
        },
    )
}

fn custom() -> impl Strategy<Value = MarketData> {
    let value = any::<u64>().prop_map(f64::from_bits).prop_map(|v| if v.is_nan() { f64::NAN } else { v });
    (stamp(), text(), vec(value, 0..4)).prop_map(|((instrument, ts_event, ts_recv), name, values)| {
        CustomData { instrument, ts_event, ts_recv, name: name.into(), values: values.into() }.into()
    })
}

fn market() -> impl Strategy<Value = MarketData> {
    prop_oneof![
        action(),
        status(),
        funding(),
        depth(),
        book_order(),
        quote(),
        pool(),
        trade(),
        bar(),
        custom()
    ]
}

fn kind() -> impl Strategy<Value = OrderKind> {
    let offset = prop_oneof![
        price().prop_map(TrailingOffset::Price),
        any::<u32>().prop_map(TrailingOffset::BasisPoints)
    ];
    prop_oneof![
        Just(OrderKind::Market),
        price().prop_map(|price| OrderKind::Limit { price }),
        price().prop_map(|trigger| OrderKind::Stop { trigger }),
        (price(), price()).prop_map(|(trigger, price)| OrderKind::StopLimit { trigger, price }),
        (offset, option::of(price()))
            .prop_map(|(offset, activation)| OrderKind::TrailingStop { offset, activation }),
        price().prop_map(|trigger| OrderKind::MarketIfTouched { trigger }),
        (price(), price()).prop_map(|(trigger, price)| OrderKind::LimitIfTouched { trigger, price }),
    ]
}

fn order_id() -> impl Strategy<Value = OrderId> {
    prop_oneof![
        3 => (1..8_u64).prop_map(|sequence| OrderId { run: 1, strategy: 0, sequence }),
        1 => any::<(u32, u16, u64)>().prop_map(|(run, strategy, sequence)| OrderId { run, strategy, sequence }),
    ]
}

fn fill(order: OrderId) -> impl Strategy<Value = OrderEventKind> {
    let liquidity = select(vec![Liquidity::Maker, Liquidity::Taker]);
    let quantity = prop_oneof![Just(Quantity::ONE), quantity()];
    (stamp(), text(), side(), price(), quantity, liquidity, money()).prop_map(
        move |((instrument, ts_event, ts_recv), id, side, price, quantity, liquidity, fee)| {
            let id = id.into();
            OrderEventKind::Filled(Fill {
                id,
                order,
                instrument,
                side,
                price,
                quantity,
                liquidity,
                fee,
                ts_event,
                ts_recv,
            })
        },
    )
}

fn event() -> impl Strategy<Value = OrderEvent> {
    use CancelReason as C;
    use OrderEventKind as E;
    use RejectCode as R;
    let code = || {
        select(vec![
            R::UnknownInstrument,
            R::MarketClosed,
            R::InvalidOrder,
            R::NotionalLimit,
            R::InsufficientFunds,
            R::ShortNotAllowed,
            R::ReduceOnly,
            R::PostOnlyWouldTake,
            R::CannotFillInFull,
            R::NoPrice,
            R::SlippageExceeded,
            R::FeeExceeded,
            R::Unsupported,
            R::RiskLimit,
            R::RateLimited,
            R::UnknownOrder,
            R::Simulated,
            R::Other,
        ])
    };
    let reason = || {
        select(vec![
            C::Requested,
            C::NotFilledAtOnce,
            C::Contingent,
            C::ReduceOnly,
            C::Protection,
            C::StrategyStopped,
            C::Venue,
        ])
    };
    order_id().prop_flat_map(move |order| {
        let kind = prop_oneof![
            (code(), text()).prop_map(|(code, text)| E::Denied { code, text }),
            Just(E::Held),
            Just(E::Submitted),
            option::of(text()).prop_map(|id| E::Accepted { venue_order: id.map(Into::into) }),
            (code(), text()).prop_map(|(code, text)| E::Rejected { code, text }),
            Just(E::Triggered),
            fill(order),
            Just(E::AmendRequested),
            (kind(), quantity()).prop_map(|(kind, quantity)| E::Amended { kind, quantity }),
            (code(), text()).prop_map(|(code, text)| E::AmendRejected { code, text }),
            Just(E::CancelRequested),
            reason().prop_map(|reason| E::Cancelled { reason }),
            (code(), text()).prop_map(|(code, text)| E::CancelRejected { code, text }),
            Just(E::Expired),
            text().prop_map(|evidence| E::OutcomeUnknown { evidence }),
        ];
        (stamp(), kind).prop_map(move |((instrument, ts_event, ts_recv), kind)| OrderEvent {
            order,
            instrument,
            ts_event,
            ts_recv,
            kind,
        })
    })
}

fn limits() -> impl Strategy<Value = Box<RiskLimits>> {
    (decimal(), decimal(), 1..100_u32).prop_map(|(most, loss, count)| {
        let pause = TimeDelta::seconds(i64::from(count));
        let limits = RiskLimits::new()
            .max_order_notional(most)
            .max_leverage(most)
            .price_collar_bps(count)
            .max_open_orders(count)
            .max_drawdown(LossLimit::amount(loss).halt().flatten())
            .max_daily_loss(LossLimit::amount(loss).resume_next_day())
            .cool_down(CoolDown { losses: Some(count), loss: None, pause });
        Box::new(limits)
    })
}

fn asked() -> impl Strategy<Value = ControlAction> {
    let strategy = || select(vec![None, StrategyId::new("s").ok(), StrategyId::new("nobody").ok()]);
    let scope = (strategy(), select(vec![None, Some(spy().id)]))
        .prop_map(|(strategy, instrument)| Scope { strategy, instrument });
    prop_oneof![
        (strategy(), any::<bool>(), any::<bool>(), text()).prop_map(
            |(strategy, cancel_all, flatten, why)| {
                ControlAction::Halt { strategy, cancel_all, flatten, why }
            }
        ),
        (strategy(), text()).prop_map(|(strategy, why)| ControlAction::ReduceOnly { strategy, why }),
        (strategy(), text()).prop_map(|(strategy, why)| ControlAction::Resume { strategy, why }),
        scope.clone().prop_map(|scope| ControlAction::CancelAll { scope }),
        scope.prop_map(|scope| ControlAction::Flatten { scope }),
        (strategy(), limits()).prop_map(|(strategy, limits)| ControlAction::Limits { strategy, limits }),
        any::<i64>().prop_map(|value| ControlAction::Parameters {
            strategy: StrategyId::new("s").unwrap(),
            parameters: serde_json::json!({ "value": [value, 0.1, null] }),
        }),
    ]
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Ready),
        text().prop_map(|why| Standing::Uncertain { why }),
        text().prop_map(|why| Standing::Down { why }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let account =
        prop_oneof![Just(AccountKind::Cash), decimal().prop_map(|leverage| AccountKind::Margin { leverage })];
    prop_oneof![
        8 => market().prop_map(Input::Market),
        8 => event().prop_map(Input::Order),
        1 => time().prop_map(Input::Time),
        1 => account.prop_map(|account| {
            let capabilities = Capabilities::all_native();
            Input::Venue { id: spy().venue(), capabilities, account }
        }),
        1 => Just(Input::Instrument(Box::new(Instrument::spot("SOL-USDC.NYSE").unwrap()))),
        1 => money().prop_map(|money| Input::Deposit { venue: spy().venue(), money }),
        2 => (time(), asked()).prop_map(|(at, action)| Input::Control(Control { at, action })),
        1 => (time(), standing()).prop_map(|(at, standing)| {
            Input::Standing(VenueStanding { venue: spy().venue(), standing, at })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens to the engine, even what cannot be: a record is kept, reads as it was written, and replays.
    #[test]
    fn journals_read_as_they_were_written_and_replay(inputs in vec(input(), 0..24)) {
        let (mut first, tape) = (engine(), Tape::default());
        first.stream_journal(tape.clone());
        let mut commands = Vec::new();
        let all = [Input::Start(Timestamp::EPOCH)].into_iter().chain(inputs);
        let all: Vec<_> = all.chain([Input::Stop(Timestamp::MAX)]).collect();
        for input in &all {
            // An error is on record too.
            let _ = first.process(input, &mut commands);
        }
        let bytes = tape.0.lock().unwrap().clone();

        let journal = Journal::read(bytes.as_slice()).unwrap();
        prop_assert_eq!(journal.inputs().len(), all.len());
        for (read, input) in journal.inputs().iter().zip(&all) {
            // As text, since a NaN is not equal to itself.
            prop_assert_eq!(serde_json::to_string(read).unwrap(), serde_json::to_string(input).unwrap());
        }
        prop_assert_eq!(journal.commands(), commands.as_slice());
        let mut again = Vec::new();
        journal.write(&mut again).unwrap();
        prop_assert!(again == bytes);

        replay(&mut engine(), &journal).unwrap();
        let done = replay_stream(&mut engine(), bytes.as_slice()).unwrap();
        prop_assert_eq!(done.inputs, all.len() as u64);
    }

    /// Bytes that are no journal give an error or a journal, and never a panic.
    #[test]
    fn any_bytes_can_be_tried(bytes in vec(any::<u8>(), 0..200), cut in 0..100_usize) {
        let mut text = b"{\"journal\":{\"version\":1}}\n{\"input\":{\"time\":\"1970-01-01T00:00:00Z\"}}\n".to_vec();
        text.truncate(cut);
        text.extend(bytes);
        if let Ok(reader) = JournalReader::new(text.as_slice()) {
            let _ = reader.count();
        }
    }
}
