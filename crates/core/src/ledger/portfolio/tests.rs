use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::*;
use crate::{
    id::OrderId,
    order::{Liquidity, RejectCode, Side},
    time::Timestamp,
};

fn usd() -> Asset {
    Asset::new("USD").unwrap()
}

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn fill(instrument: &Instrument, side: Side, quantity: &str, price: &str, fee: &str) -> Fill {
    Fill {
        id: "1".into(),
        order: OrderId { run: 1, strategy: 0, sequence: 1 },
        instrument: instrument.id,
        side,
        price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        liquidity: Liquidity::Taker,
        fee: Money::new(dec(fee), usd()),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
    }
}

fn with(instrument: Instrument, kind: AccountKind, cash: &str) -> Portfolio {
    let mut portfolio = Portfolio::new(usd());
    portfolio.open_account(instrument.venue(), kind);
    portfolio.deposit(instrument.venue(), Money::new(dec(cash), usd())).unwrap();
    portfolio.add_instrument(instrument);
    portfolio.add_strategy();
    portfolio
}

/// Ten trades with partial fills, fees, a reversal through zero, a dividend and a split; every figure by hand.
#[test]
fn ten_trades_by_hand() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Margin { leverage: dec("2") }, "10000");
    let venue = stock.venue();
    let cash = |p: &Portfolio| p.balance(venue, usd()).total;
    let step = |p: &mut Portfolio, side, q: &str, px: &str, fee: &str| {
        let before = p.position(0).realized();
        p.apply_fill(0, 0, &fill(&stock, side, q, px, fee)).unwrap();
        p.position(0).realized() - before
    };
    // 1, 2: one order of 100 in two parts. 10000 - 60*10.00 - 0.60 - 40*10.05 - 0.40 = 8997.00
    assert_eq!(step(&mut p, Side::Buy, "60", "10.00", "0.60"), dec("0"));
    assert_eq!(step(&mut p, Side::Buy, "40", "10.05", "0.40"), dec("0"));
    assert_eq!(cash(&p), dec("8997.00"));
    assert_eq!(p.position(0).average_price(&stock).unwrap(), dec("10.02"));
    // 3: sell 50 at 10.50: cost out 501.00, gain 24.00; cash 8997 + 525 - 0.50 = 9521.50
    assert_eq!(step(&mut p, Side::Sell, "50", "10.50", "0.50"), dec("24.00"));
    assert_eq!(cash(&p), dec("9521.50"));
    // Dividend of 0.24 on 50: 12.00
    p.apply_dividend(0, Money::new(dec("0.24"), usd())).unwrap();
    assert_eq!(cash(&p), dec("9533.50"));
    // 4: sell 80 at 9.90: closes 50 (495 - 501 = -6), opens short 30 at 9.90 (cost -297); cash + 792 - 0.80
    assert_eq!(step(&mut p, Side::Sell, "80", "9.90", "0.80"), dec("-6.00"));
    assert_eq!((p.position(0).quantity, p.position(0).cost()), ("-30".parse().unwrap(), dec("-297.00")));
    assert_eq!(cash(&p), dec("10324.70"));
    // Dividend of 0.10 on short 30: pays 3.00
    p.apply_dividend(0, Money::new(dec("0.10"), usd())).unwrap();
    assert_eq!(cash(&p), dec("10321.70"));
    // 5: buy 10 at 9.50: closes a third: cost -99, gain 99 - 95 = 4; cash - 95 - 0.10
    assert_eq!(step(&mut p, Side::Buy, "10", "9.50", "0.10"), dec("4.00"));
    assert_eq!(cash(&p), dec("10226.60"));
    // Split 3 for 2: short 20 becomes short 30; cost stays -198
    p.set_mark(0, "9.60".parse().unwrap());
    p.apply_split(0, 3, 2).unwrap();
    assert_eq!((p.position(0).quantity, p.position(0).cost()), ("-30".parse().unwrap(), dec("-198.00")));
    assert_eq!(p.mark(0).unwrap().to_decimal(), dec("6.4"));
    assert_eq!(cash(&p), dec("10226.60"));
    // 6: buy 45 at 6.20: closes 30 (198 - 186 = 12), opens long 15 at 6.20 (93); cash - 279 - 0.45
    assert_eq!(step(&mut p, Side::Buy, "45", "6.20", "0.45"), dec("12.00"));
    assert_eq!(cash(&p), dec("9947.15"));
    // 7: buy 5 at 6.40: long 20, cost 125.00; cash - 32 - 0.05
    step(&mut p, Side::Buy, "5", "6.40", "0.05");
    assert_eq!(p.position(0).average_price(&stock).unwrap(), dec("6.25"));
    // 8: sell 8 at 6.50: cost out 50.00, gain 2.00; 9: sell 12 at 6.00: cost out 75, gain -3
    assert_eq!(step(&mut p, Side::Sell, "8", "6.50", "0.08"), dec("2.00"));
    assert_eq!(step(&mut p, Side::Sell, "12", "6.00", "0.12"), dec("-3.00"));
    assert!(p.position(0).is_flat());
    // 9947.15 - 32 - 0.05 + 52 - 0.08 + 72 - 0.12 = 10038.90
    assert_eq!(cash(&p), dec("10038.90"));
    // 10: a rebate: sell 1 short at 6.00, the venue pays 0.01
    step(&mut p, Side::Sell, "1", "6.00", "-0.01");
    p.set_mark(0, "6.00".parse().unwrap());
    // Realized 24 - 6 + 4 + 12 + 2 - 3 = 33, income 12 - 3 = 9, fees 3.09: 10000 + 33 + 9 - 3.09 = 10038.91
    let total = p.position(0);
    assert_eq!((total.realized(), total.income(), total.fees()), (dec("33.00"), dec("9.00"), dec("3.09")));
    assert_eq!(p.equity().unwrap(), dec("10038.91"));
    assert!((p.equity_f64() - 10038.91).abs() < 1e-9);
    assert_eq!(p.strategy_position(0, 0), total);
}

#[test]
fn contracts_pay_only_their_gains() {
    let future = Instrument::perpetual("BTC-USD.X").unwrap().with_multiplier(dec("0.1"));
    let mut p = with(future.clone(), AccountKind::Margin { leverage: dec("10") }, "1000");
    p.apply_fill(0, 0, &fill(&future, Side::Buy, "2.000", "50000", "1")).unwrap();
    assert_eq!(p.balance(future.venue(), usd()).total, dec("999"));
    p.set_mark(0, "50100".parse().unwrap());
    assert_eq!(p.equity().unwrap(), dec("1019.0"), "999 + 2 * 0.1 * 100");
    assert!((p.equity_f64() - 1019.0).abs() < 1e-9);
    p.apply_fill(0, 0, &fill(&future, Side::Sell, "1.000", "50200", "0")).unwrap();
    assert_eq!(p.position(0).realized(), dec("20.0"));
    assert_eq!(p.balance(future.venue(), usd()).total, dec("1019"));
    p.apply_funding(0, dec("0.0001"), "50000".parse().unwrap()).unwrap();
    assert_eq!(p.balance(future.venue(), usd()).total, dec("1018.5"));
}

#[test]
fn inverse_contracts_are_settled_in_the_base() {
    let mut perp = Instrument::perpetual("BTC-USD.X").unwrap().with_quantity_increment(Quantity::ONE);
    perp.kind = InstrumentKind::Perpetual { inverse: true, funding_interval: None };
    perp.settlement = perp.base;
    let mut p = Portfolio::new(usd());
    p.open_account(perp.venue(), AccountKind::Margin { leverage: dec("1") });
    p.deposit(perp.venue(), Money::new(Decimal::ONE, perp.base)).unwrap();
    p.add_instrument(perp.clone());
    p.add_strategy();
    p.apply_fill(0, 0, &fill(&perp, Side::Buy, "1000", "50000", "0")).unwrap();
    p.apply_fill(0, 0, &fill(&perp, Side::Sell, "1000", "62500", "0")).unwrap();
    assert_eq!(p.position(0).realized(), dec("0.004"), "1000/50000 - 1000/62500");
    p.set_mark(0, "62500".parse().unwrap());
    assert_eq!(p.equity().unwrap(), dec("62750.000"));
}

#[test]
fn several_currencies_convert_through_traded_rates() {
    let stock = Instrument::equity("SAP.XETRA", "EUR").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "0");
    let eurusd = Instrument::fx("EUR-USD.FX").unwrap();
    p.add_instrument(eurusd.clone());
    p.deposit(stock.venue(), "1000 EUR".parse().unwrap()).unwrap();
    let mut buy = fill(&stock, Side::Buy, "5", "100", "1");
    buy.fee.asset = stock.quote;
    p.apply_fill(0, 0, &buy).unwrap();
    p.set_mark(0, "110".parse().unwrap());
    assert!(matches!(p.equity(), Err(AccountError::NoRate { .. })), "no euro price yet");
    assert!(p.equity_f64().is_nan());
    p.set_mark(1, "1.20".parse().unwrap());
    // (499 EUR + 5 * 110 EUR) * 1.20
    assert_eq!(p.equity().unwrap(), dec("1258.80"));
    assert!((p.equity_f64() - 1258.8).abs() < 1e-9);
    p.set_mark(1, "1.10".parse().unwrap());
    assert!((p.equity_f64() - 1153.9).abs() < 1e-9, "the curve follows the rate");
}

#[test]
fn a_cash_account_spends_only_what_it_has() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "1000");
    let q = |text: &str| text.parse::<Quantity>().unwrap();
    let price: Price = "10".parse().unwrap();
    let mut first = p.reserve(0, Side::Buy, q("60"), price, dec("0.001")).unwrap().unwrap();
    let refused = p.reserve(0, Side::Buy, q("40"), price, dec("0.001")).unwrap().unwrap_err();
    assert_eq!(
        (refused.code, refused.text.as_str()),
        (RejectCode::InsufficientFunds, "needs 400.400 USD, free are 399.400")
    );
    assert_eq!(
        p.reserve(0, Side::Sell, q("1"), price, dec("0")).unwrap().unwrap_err().code,
        RejectCode::ShortNotAllowed
    );
    p.release(0, &mut first, Some((q("30"), q("60")))).unwrap();
    assert_eq!(p.balance(stock.venue(), usd()).reserved, dec("300.300"));
    p.release(0, &mut first, None).unwrap();
    assert_eq!(p.balance(stock.venue(), usd()).reserved, dec("0.000"));
}

#[test]
fn nothing_stays_set_aside_after_uneven_parts() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "1000");
    let q = |text: &str| text.parse::<Quantity>().unwrap();
    let price: Price = "7.77".parse().unwrap();
    let mut other = p.reserve(0, Side::Buy, q("30"), price, dec("0.001")).unwrap().unwrap();
    let mut order = p.reserve(0, Side::Buy, q("9"), price, dec("0.001")).unwrap().unwrap();
    for left in ["9", "8", "7", "6"] {
        p.release(0, &mut order, Some((q("1"), q(left)))).unwrap();
        p.release(0, &mut other, Some((q("1"), q("30")))).unwrap();
    }
    p.release(0, &mut order, None).unwrap();
    p.release(0, &mut other, None).unwrap();
    assert_eq!(p.balance(stock.venue(), usd()).reserved, dec("0"));
}

#[test]
fn a_reservation_is_raised_if_the_money_is_there_and_set_whether_or_not() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "1000");
    let q = |text: &str| text.parse::<Quantity>().unwrap();
    let price: Price = "10".parse().unwrap();
    let mut order = p.reserve(0, Side::Buy, q("60"), price, dec("0")).unwrap().unwrap();
    let need = |p: &Portfolio, quantity: &str| {
        p.need(0, Side::Buy, q(quantity), price, dec("0"), &Reservation::default()).unwrap()
    };
    let (more, less) = (need(&p, "101"), need(&p, "20"));
    let refused = p.raise_reservation(0, Side::Buy, &mut order, more).unwrap().unwrap_err();
    assert_eq!(refused.text, "needs 410 USD, free are 400");
    assert_eq!((order.amount(), p.balance(stock.venue(), usd()).reserved), (dec("600"), dec("600")));
    p.raise_reservation(0, Side::Buy, &mut order, less).unwrap().unwrap();
    assert_eq!(order.amount(), dec("600"), "it is large enough already");
    p.set_reservation(0, &mut order, less).unwrap();
    assert_eq!(p.balance(stock.venue(), usd()).free(), dec("800"));
    p.set_reservation(0, &mut order, more).unwrap();
    assert_eq!(p.balance(stock.venue(), usd()).free(), dec("-10"));
}

#[test]
fn a_margin_account_is_bound_by_its_equity() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Margin { leverage: dec("2") }, "1000");
    let q = |text: &str| text.parse::<Quantity>().unwrap();
    let price: Price = "10".parse().unwrap();
    p.set_mark(0, price);
    assert!(p.reserve(0, Side::Sell, q("201"), price, dec("0")).unwrap().is_err(), "2010 of 2000");
    let mut held = p.reserve(0, Side::Sell, q("200"), price, dec("0")).unwrap().unwrap();
    assert!(p.reserve(0, Side::Buy, q("1"), price, dec("0")).unwrap().is_err());
    p.release(0, &mut held, None).unwrap();
    p.apply_fill(0, 0, &fill(&stock, Side::Sell, "200", "10", "0")).unwrap();
    assert!(p.reserve(0, Side::Sell, q("1"), price, dec("0")).unwrap().is_err());
    for (quantity, why) in
        [("200", "closing needs nothing"), ("400", "turning around uses what closing frees")]
    {
        let made = p.reserve(0, Side::Buy, q(quantity), price, dec("0")).unwrap();
        p.release(0, &mut made.expect(why), None).unwrap();
    }
    assert!(p.reserve(0, Side::Buy, q("401"), price, dec("0")).unwrap().is_err());
}

#[test]
fn fractions_of_a_split_are_paid_out() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "1000");
    p.apply_fill(0, 0, &fill(&stock, Side::Buy, "100", "3.00", "0")).unwrap();
    p.set_mark(0, "4.00".parse().unwrap());
    p.apply_split(0, 1, 3).unwrap();
    // 33 shares and a third, which is paid at 12.00; its cost is 300/100 = 3.00
    assert_eq!(p.position(0).quantity, "33".parse().unwrap());
    assert_eq!(p.equity().unwrap().round_dp(10), dec("1100"));
    assert_eq!(
        (p.position(0).realized() + p.position(0).cost()).round_dp(10),
        dec("298"),
        "297 of cost and a gain of 1"
    );
}

fn any_fill() -> impl Strategy<Value = (usize, bool, i64, i64, i64)> {
    (0usize..3, any::<bool>(), 1i64..5_000, 1i64..100_000, -50i64..500)
}

proptest! {
    /// Money is conserved at every step: cash plus positions at cost is what was paid in plus profits minus fees, and
    /// the strategies add up to the account.
    #[test]
    fn money_is_conserved(fills in proptest::collection::vec(any_fill(), 1..60)) {
        let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
        let mut p = with(stock.clone(), AccountKind::Margin { leverage: dec("1000") }, "1000000");
        p.add_strategy();
        p.add_strategy();
        let mut expected_cash = dec("1000000");
        let mut expected_quantity = Decimal::ZERO;
        for (strategy, buy, quantity, cents, fee) in fills {
            let side = if buy { Side::Buy } else { Side::Sell };
            let (quantity, price, fee) = (Decimal::new(quantity, 0), Decimal::new(cents, 2), Decimal::new(fee, 3));
            let fill = fill(&stock, side, &quantity.to_string(), &price.to_string(), &fee.to_string());
            p.apply_fill(strategy, 0, &fill).unwrap();
            let sign = Decimal::from(side.sign());
            expected_cash -= sign * quantity * price + fee;
            expected_quantity += sign * quantity;
            p.set_mark(0, fill.price);

            let cash = p.balance(stock.venue(), usd()).total;
            prop_assert_eq!(cash, expected_cash);
            let account = p.position(0);
            prop_assert_eq!(account.quantity.to_decimal(), expected_quantity);
            prop_assert_eq!(p.equity().unwrap(), expected_cash + expected_quantity * price);
            // L4, exact to the 28 digits of a division.
            let books = cash + account.cost() - account.realized() + account.fees();
            prop_assert!((books - dec("1000000")).abs() < dec("0.000000000001"), "{}", books);
            let own: Decimal = (0..3).map(|s| p.strategy_position(s, 0).quantity.to_decimal()).sum();
            prop_assert_eq!(own, account.quantity.to_decimal());
        }
    }
}

/// L2, L6: a fee in the asset that was bought is taken from there, and the books still add up.
#[test]
fn a_fee_in_the_base_asset() {
    let sol = Instrument::spot("SOL-USD.X").unwrap();
    let mut p = with(sol.clone(), AccountKind::Cash, "1000");
    let mut bought = fill(&sol, Side::Buy, "2", "100", "0");
    bought.fee = Money::new(dec("0.002"), sol.base);
    p.apply_fill(0, 0, &bought).unwrap();
    let balance = p.balance(sol.venue(), sol.base);
    assert_eq!((balance.total, balance.paid), (dec("1.998"), dec("-0.002")));
    // What the fee took cannot be sold; selling the rest is in order.
    p.apply_fill(0, 0, &fill(&sol, Side::Sell, "1.998", "110", "0")).unwrap();
    assert_eq!(p.balance(sol.venue(), sol.base).total, dec("0"));
    assert_eq!(p.position(0).quantity.to_string(), "0.002", "the position knows of trades alone");
}

/// L7: a dividend moves money from the price of a share to the balance, not the equity.
#[test]
fn a_dividend_does_not_move_the_equity() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "1000");
    p.apply_fill(0, 0, &fill(&stock, Side::Buy, "10", "50", "0")).unwrap();
    p.set_mark(0, "52".parse().unwrap());
    assert_eq!(p.equity().unwrap(), dec("1020"));
    p.apply_dividend(0, Money::new(dec("1.5"), usd())).unwrap();
    assert_eq!(p.equity().unwrap(), dec("1020"));
    assert_eq!(p.equity_f64(), 1020.0);
    assert_eq!((p.mark(0).unwrap(), p.position(0).income()), ("50.5".parse().unwrap(), dec("15")));
}

/// L5, L7: strategies that hold against each other have costs that the account does not have.
#[test]
fn a_split_keeps_the_cost_of_a_netted_account() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Margin { leverage: dec("2") }, "1000");
    p.add_strategy();
    p.apply_fill(0, 0, &fill(&stock, Side::Buy, "10", "10", "0")).unwrap();
    p.apply_fill(1, 0, &fill(&stock, Side::Sell, "10", "12", "0")).unwrap();
    p.set_mark(0, "12".parse().unwrap());
    p.apply_split(0, 2, 1).unwrap();
    assert_eq!((p.position(0).quantity, p.position(0).cost()), (Quantity::ZERO, dec("0")));
    assert_eq!(p.strategy_position(0, 0).quantity, Quantity::from_int(20));
    assert_eq!(p.equity().unwrap(), dec("1020"));
}

/// L8: of two prices of one share, the account's own counts; one that has no price does not stand in the way.
#[test]
fn holdings_are_valued_by_a_price_that_is_known() {
    let mut p = Portfolio::new(usd());
    let [nyse, bats] = ["ACME.NYSE", "ACME.BATS"].map(|id| Instrument::equity(id, "USD").unwrap());
    for stock in [&nyse, &bats] {
        p.open_account(stock.venue(), AccountKind::Cash);
        p.deposit(stock.venue(), Money::new(dec("1000"), usd())).unwrap();
        p.add_instrument(stock.clone());
    }
    p.add_strategy();
    p.apply_fill(0, 1, &fill(&bats, Side::Buy, "10", "50", "0")).unwrap();
    p.set_mark(1, "51".parse().unwrap());
    assert_eq!((p.equity().unwrap(), p.equity_f64()), (dec("2010"), 2010.0));
    p.set_mark(0, "60".parse().unwrap());
    assert_eq!(
        (p.equity().unwrap(), p.equity_f64()),
        (dec("2010"), 2010.0),
        "not at the other venue's price"
    );
}

#[test]
fn a_specification_changes_but_not_into_another_instrument() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Cash, "1000");
    p.update_instrument(0, stock.clone().with_multiplier(dec("10"))).unwrap();
    p.apply_fill(0, 0, &fill(&stock, Side::Buy, "1", "50", "0")).unwrap();
    assert_eq!(p.balance(stock.venue(), usd()).total, dec("500"));
    let other = Instrument::equity("ACME.NYSE", "EUR").unwrap();
    assert!(matches!(p.update_instrument(0, other), Err(InstrumentError::Invalid { field: "quote", .. })));
}

/// L5: what one strategy held alone stays its own when another comes.
#[test]
fn a_strategy_that_comes_later_changes_nothing() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let mut p = with(stock.clone(), AccountKind::Margin { leverage: dec("2") }, "1000");
    p.apply_fill(0, 0, &fill(&stock, Side::Buy, "10", "10", "0.1")).unwrap();
    let alone = p.strategy_position(0, 0);
    assert_eq!(alone, p.position(0));
    let unknown = p.apply_fill(1, 0, &fill(&stock, Side::Buy, "1", "10", "0")).unwrap_err();
    assert!(matches!(unknown, AccountError::NotConserved { .. }), "{unknown}");
    assert_eq!(p.position(0), alone, "nothing was taken in");
    assert_eq!(p.add_strategy(), 1);
    assert_eq!((p.strategy_position(0, 0), p.strategy_position(1, 0)), (alone, Position::default()));
    p.apply_fill(1, 0, &fill(&stock, Side::Sell, "4", "11", "0.2")).unwrap();
    assert_eq!((p.strategy_position(0, 0), p.strategy_quantity(1, 0)), (alone, Quantity::from_int(-4)));
    assert_eq!((p.position(0).quantity, p.position(0).fees()), (Quantity::from_int(6), dec("0.3")));
    p.add_instrument(Instrument::equity("BETA.NYSE", "USD").unwrap());
    assert_eq!((p.strategy_quantity(0, 1), p.strategy_quantity(1, 1)), (Quantity::ZERO, Quantity::ZERO));
}

#[test]
fn the_quick_equity_is_the_exact_one() {
    let stock = Instrument::equity("ACME.NYSE", "USD").unwrap();
    let euro = Instrument::fx("EUR/USD.NYSE").unwrap();
    let mut p = with(stock.clone(), AccountKind::Margin { leverage: dec("2") }, "1000");
    p.set_mark(0, "10".parse().unwrap());
    let same = |p: &mut Portfolio, wanted: &str| {
        assert_eq!((p.equity().unwrap(), p.equity_f64()), (dec(wanted), wanted.parse().unwrap()));
    };
    let mut bought = fill(&stock, Side::Buy, "10", "10", "0");
    p.apply_fill(0, 0, &bought).unwrap();
    same(&mut p, "1000");
    // A fee in an asset that was not known before, which has a price later.
    bought.fee = Money::new(dec("2"), Asset::new("EUR").unwrap());
    p.apply_fill(0, 0, &bought).unwrap();
    assert!(p.equity().is_err() && p.equity_f64().is_nan(), "nobody knows what a euro is worth");
    p.add_instrument(euro);
    p.set_mark(1, "1.25".parse().unwrap());
    same(&mut p, "997.5");
    p.set_mark(0, "11".parse().unwrap());
    same(&mut p, "1017.5");
    p.update_instrument(0, stock.with_multiplier(dec("3"))).unwrap();
    same(&mut p, "1457.5");
}
