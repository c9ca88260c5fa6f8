//! Acceptance, changes, ends: conditions O1 to O11.

use algoflow_core::{
    capabilities::{Capabilities, Feature},
    instrument::{Instrument, OrderLimits},
    market::{
        CorporateAction, CorporateActionKind, CustomData, FundingRate, InstrumentStatus, MarketData,
        TradingStatus,
    },
    number::Money,
    order::{OrderQuantity, OrderSpec},
    time::{TimeDelta, Timestamp},
};
use algoflow_sim::{Fees, SimVenue, default_capabilities};
use rust_decimal::Decimal;

use crate::rig::{Rig, at, bar, id, order, parse, spy, venue};

const FLAT: &str = "100 100 100 100";

fn status(seconds: f64, status: TradingStatus) -> MarketData {
    InstrumentStatus { instrument: spy().id, ts_event: at(seconds), ts_recv: at(seconds), status }.into()
}

fn action(seconds: f64, action: CorporateActionKind) -> MarketData {
    CorporateAction { instrument: spy().id, ts_event: at(seconds), ts_recv: at(seconds), action }.into()
}

#[test]
fn o1_what_is_refused() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    let mut refused = |spec: OrderSpec| {
        rig.send(spec);
        rig.drain().pop().unwrap_or_default()
    };
    let elsewhere = OrderSpec { instrument: parse("QQQ.NYSE"), ..order("buy 1 market") };
    assert_eq!(refused(elsewhere), "1 rejected UNKNOWN_INSTRUMENT");
    assert_eq!(refused(order("buy 1.5 market")), "2 rejected INVALID_ORDER", "between two steps");
    assert_eq!(refused(order("buy 1 limit 99.999")), "3 rejected INVALID_ORDER");
    assert_eq!(refused(order("buy 1 limit 99 gtd=30")), "4 rejected INVALID_ORDER", "it ended at 30 s");
    let swap = OrderSpec { quantity: OrderQuantity::ExactIn(parse("5")), ..order("buy 1 market") };
    assert_eq!(refused(swap), "5 rejected UNSUPPORTED");
    let mut iceberg = order("buy 10 limit 99");
    iceberg.flags.display = Some(parse("1"));
    assert_eq!(refused(iceberg), "6 rejected UNSUPPORTED");
    let mut euros = order("buy 1 market");
    euros.protection.max_fee = Some(parse("1 EUR"));
    assert_eq!(refused(euros), "7 rejected INVALID_ORDER");
    let mut reduce = order("buy 1 limit 99");
    reduce.flags.reduce_only = true;
    assert_eq!(refused(reduce), "", "left to the engine");
}

#[test]
fn o1_limits_of_the_instrument() {
    let limits = OrderLimits {
        min_notional: Some(Decimal::from(500)),
        max_notional: Some(Decimal::from(5_000)),
        min_quantity: Some(parse("2")),
        ..OrderLimits::default()
    };
    let mut rig = Rig::new(&SimVenue::new("NYSE").instrument(spy().with_limits(limits)));
    rig.bar(0, FLAT);
    assert_eq!(rig.place("buy 4 market"), ["1 rejected NOTIONAL_LIMIT"]);
    assert_eq!(rig.place("buy 51 market"), ["2 rejected NOTIONAL_LIMIT"]);
    assert_eq!(rig.place("buy 6 limit 80"), ["3 rejected NOTIONAL_LIMIT"]);
    assert_eq!(rig.place("buy $499 market"), ["4 rejected NOTIONAL_LIMIT"]);
    assert_eq!(rig.place("buy 1 market"), ["5 rejected INVALID_ORDER"]);
    assert!(rig.place("buy 5 market").is_empty());
    // 600 USD pay for one unit at 400, less than the smallest quantity.
    rig.place("buy $600 market");
    assert_eq!(rig.bar(1, "400 400 400 400"), ["6 take 5@400", "7 rejected INVALID_ORDER"]);
}

#[test]
fn o1_capabilities_are_those_of_the_real_venue() {
    let table = default_capabilities()
        .without(Feature::Fok, "the matching engine has none")
        .without(Feature::Amend, "cancel and replace");
    let mut rig = Rig::new(&venue().with_capabilities(table));
    rig.bar(0, FLAT);
    assert_eq!(rig.place("buy 1 market fok"), ["1 rejected UNSUPPORTED"]);
    rig.place("buy 1 limit 99");
    assert_eq!(rig.amend(2, "buy 1 limit 98"), ["2 amend refused UNSUPPORTED"]);
    for feature in [Feature::Display, Feature::ExactIn, Feature::ReduceOnly, Feature::Oco] {
        let table = Capabilities::none().with(feature, algoflow_core::capabilities::Support::Native);
        let error = venue().with_capabilities(table).start(0).unwrap_err();
        assert_eq!(error.code(), "SIM_CAPABILITY", "{feature}");
    }
}

#[test]
fn o7_amendments() {
    let mut rig = Rig::with("cap=0.1");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    assert_eq!(rig.amend(1, "buy 10 limit 98"), ["1 amended 10"]);
    assert!(rig.bar(1, "100 100 98.5 100 1000").is_empty(), "it is at 98 now");
    assert_eq!(rig.bar(2, "100 100 97 100 40"), ["1 make 4@98"]);
    assert_eq!(rig.amend(1, "buy 4 limit 98"), ["1 amend refused INVALID_ORDER"], "4 have filled");
    assert_eq!(rig.amend(1, "buy 9 stop 98"), ["1 amend refused INVALID_ORDER"], "another kind");
    assert_eq!(rig.amend(1, "buy 9 limit 98.001"), ["1 amend refused INVALID_ORDER"]);
    assert_eq!(rig.amend(7, "buy 9 limit 98"), ["7 amend refused UNKNOWN_ORDER"]);
    assert_eq!(rig.amend(1, "buy 6 limit 98"), ["1 amended 6"]);
    let open: Vec<_> = rig.exchange.open_orders().collect();
    assert_eq!(
        (open.len(), open[0].filled, open[0].spec.quantity),
        (1, parse("4"), OrderQuantity::Base(parse("6")))
    );
    assert_eq!(rig.bar(3, "100 100 97 100 1000"), ["1 make 2@98"]);
    assert_eq!(rig.exchange.open_orders().count(), 0);
}

#[test]
fn o7_a_new_price_meets_the_market_like_a_new_order() {
    let mut rig = Rig::with("");
    rig.quote(1.0, "99x10/101x20");
    rig.place("buy 5 limit 98");
    rig.place("buy 5 limit 98 post");
    assert_eq!(rig.amend(1, "buy 5 limit 101"), ["1 amended 5", "1 take 5@101"]);
    assert_eq!(rig.amend(2, "buy 5 limit 101"), ["2 amend refused POST_ONLY_WOULD_TAKE"]);
    // On bars: inside the bar, where the path stands.
    let mut rig = Rig::with("ohlc touch");
    rig.bar(0, FLAT);
    rig.place("sell 5 limit 103");
    rig.place("buy 5 limit 90");
    rig.now = at(120.0);
    rig.exchange.on_market(&bar(1, "100 103 95 97").into()).unwrap();
    assert_eq!(rig.poll().unwrap(), "1 make 5@103");
    assert_eq!(rig.amend(2, "buy 5 limit 96"), ["2 amended 5", "2 make 5@96"]);
}

#[test]
fn o7_priority_is_lost_by_a_price_or_a_larger_quantity() {
    let fills = |change: &str| {
        let mut rig = Rig::with("");
        rig.trade(1.0, "9@100");
        rig.place("buy 5 limit 99");
        rig.place("buy 5 limit 99");
        rig.amend(1, change);
        rig.trade(2.0, "5@98")
    };
    assert_eq!(fills("buy 4 limit 99"), ["1 make 4@99", "2 make 1@99"]);
    assert_eq!(fills("buy 6 limit 99"), ["2 make 5@99"]);
}

#[test]
fn o7_a_trailing_stop_keeps_its_extreme() {
    let mut rig = Rig::with("ohlc");
    rig.bar(0, FLAT);
    rig.place("sell 5 trail 5");
    rig.bar(1, "101 104 101 103");
    assert_eq!(rig.amend(1, "sell 5 trail 2"), ["1 amended 5"]);
    assert_eq!(rig.bar(2, "103 103 101 103"), ["1 set off", "1 take 5@102"]);
}

#[test]
fn o8_cancellations() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    assert_eq!(rig.cancel(1), ["1 cancelled"]);
    assert_eq!(rig.cancel(1), ["1 cancel refused UNKNOWN_ORDER"]);
    assert_eq!(rig.cancel(99), ["99 cancel refused UNKNOWN_ORDER"]);
    assert!(rig.bar(1, "90 90 90 90").is_empty());
}

#[test]
fn o9_day_orders_end_with_the_day_of_their_arrival() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99 day");
    let midnight = Timestamp::from_seconds(86_400).unwrap();
    assert_eq!(rig.exchange.next_wakeup(), midnight.saturating_add(TimeDelta::from_nanos(1)));
    assert_eq!(rig.bar(1440, FLAT), ["1 expired"], "that bar ends a minute after midnight");
    assert_eq!(rig.events.last().unwrap().ts_event, midnight);
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX);
    // At midnight itself the next day has begun, and data of the last moment count.
    let mut rig = Rig::with("");
    rig.bar(1439, FLAT);
    rig.place("buy 10 limit 99 day");
    assert_eq!(rig.bar(2879, "100 100 98 98"), ["1 make 10@99"]);
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX, "a filled order does not expire");
}

#[test]
fn o9_good_till_date() {
    for by_driver in [true, false] {
        let mut rig = Rig::with("");
        rig.bar(0, FLAT);
        rig.place("buy 10 limit 99 gtd=90");
        rig.place("buy 10 limit 98 gtd=120");
        if by_driver {
            assert!(rig.advance(90.0).is_empty(), "its last moment");
            assert_eq!(rig.advance(91.0), ["1 expired"]);
            assert_eq!(rig.bar(1, "100 100 97 97"), ["2 make 10@98"]);
        } else {
            assert_eq!(rig.bar(1, "100 100 97 97"), ["1 expired", "2 make 10@98"]);
        }
    }
}

#[test]
fn o10_halts_closes_and_delistings() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    rig.feed(status(70.0, TradingStatus::Halted));
    assert!(rig.place("buy 10 market").is_empty());
    assert_eq!(rig.place("buy 10 market ioc"), ["3 cancelled unfilled"]);
    assert!(rig.bar(1, "98 98 98 98").is_empty(), "nothing trades");
    rig.feed(status(130.0, TradingStatus::Closed));
    assert_eq!(rig.place("buy 10 market"), ["4 rejected MARKET_CLOSED"]);
    assert_eq!(rig.amend(1, "buy 10 limit 98"), ["1 amend refused MARKET_CLOSED"]);
    rig.feed(status(180.0, TradingStatus::Open));
    assert_eq!(rig.bar(3, "97 97 97 97"), ["1 take 10@97", "2 take 10@97"]);
    rig.place("buy 10 limit 90");
    assert_eq!(rig.feed(status(250.0, TradingStatus::Delisted)), ["5 cancelled venue"]);
    assert_eq!(rig.place("buy 10 market"), ["6 rejected MARKET_CLOSED"]);
}

#[test]
fn o10_a_quote_is_met_when_trading_resumes() {
    let mut rig = Rig::with("");
    rig.quote(1.0, "99x10/101x20");
    rig.feed(status(2.0, TradingStatus::Halted));
    rig.place("buy 5 market");
    assert!(rig.quote(3.0, "98x10/102x20").is_empty());
    assert_eq!(rig.feed(status(4.0, TradingStatus::Open)), ["1 take 5@102"]);
}

#[test]
fn o11_splits_cancel_and_restate() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    rig.place("sell 10 stop 90 gtd=500");
    let split = CorporateActionKind::Split { to: 4, from: 1 };
    assert_eq!(rig.feed(action(70.0, split)), ["1 cancelled venue", "2 cancelled venue"]);
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX);
    // The last price is 25 now: a bound of 1 % lets 25.20 through and 25.30 not.
    rig.place("buy 10 market slip=100");
    assert_eq!(rig.bar(2, "25.2 25.2 25.2 25.2"), ["3 take 10@25.2"]);
    rig.place("buy 10 limit 20");
    let dividend = CorporateActionKind::Dividend { per_share: Money::new(Decimal::ONE, spy().quote) };
    assert!(rig.feed(action(200.0, dividend)).is_empty(), "a dividend leaves orders alone");
}

#[test]
fn other_data_change_nothing() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    let (ts_event, ts_recv) = (at(70.0), at(70.0));
    let instrument = spy().id;
    let funding = FundingRate { instrument, ts_event, ts_recv, rate: Decimal::ONE, mark: None };
    assert!(rig.feed(funding).is_empty());
    let custom = CustomData { instrument, ts_event, ts_recv, name: "mood".into(), values: [1.0].into() };
    assert!(rig.feed(custom).is_empty());
    let mut elsewhere = bar(2, FLAT);
    elsewhere.instrument = parse("QQQ.NYSE");
    let error = rig.exchange.on_market(&elsewhere.into()).unwrap_err();
    assert_eq!(error.code(), "SIM_UNKNOWN_INSTRUMENT");
}

#[test]
fn fees_are_paid_in_the_settlement_asset_and_bounded_by_the_order() {
    let mut rig = Rig::new(
        &SimVenue::new("NYSE").instrument(spy()).fees(Fees::maker_taker(Decimal::ONE, Decimal::from(2))),
    );
    rig.bar(0, FLAT);
    rig.place("buy 7 market");
    rig.place("buy 3 limit 99");
    rig.bar(1, "100.01 100.01 98 98");
    let fees: Vec<String> =
        rig.events.iter().filter_map(|event| event.fill()).map(|fill| fill.fee.to_string()).collect();
    // 7 * 100.01 * 0.0002 and 3 * 99 * 0.0001.
    assert_eq!(fees, ["0.140014 USD", "0.0297 USD"]);
}

#[test]
fn order_ids_are_used_once_at_a_time() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    let spec = order("buy 10 limit 99");
    rig.send(spec);
    let again =
        algoflow_core::command::Command::Submit(algoflow_core::command::Submit { order: id(1), spec });
    assert_eq!(rig.exchange.execute(&again, rig.now).unwrap_err().code(), "SIM_DUPLICATE_ORDER");
}

#[test]
fn instruments_keep_to_themselves() {
    let two = Instrument::equity("QQQ.NYSE", "USD").unwrap();
    let venue =
        venue().instrument(two.clone()).with_instruments([Instrument::equity("IWM.NYSE", "USD").unwrap()]);
    assert_eq!(venue.instruments().len(), 3);
    let mut rig = Rig::new(&venue);
    rig.bar(0, FLAT);
    let mut other = bar(0, "50 50 50 50");
    other.instrument = two.id;
    rig.feed(other);
    rig.send(OrderSpec { instrument: two.id, ..order("buy 1 market") });
    assert!(rig.bar(1, FLAT).is_empty(), "another instrument");
    let mut other = bar(1, "51 51 51 51");
    other.instrument = two.id;
    assert_eq!(rig.feed(other), ["1 take 1@51"]);
}
