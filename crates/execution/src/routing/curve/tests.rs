use algoflow_core::{Decimal, instrument::PoolKind, number::Price, time::Timestamp};

use super::*;

fn kind(fee: i64) -> InstrumentKind {
    InstrumentKind::AmmPool {
        pool: PoolKind::ConstantProduct,
        address: "pool".into(),
        base_decimals: 9,
        quote_decimals: 6,
        fee: Decimal::new(fee, 4),
    }
}

fn update(state: PoolState) -> PoolUpdate {
    PoolUpdate {
        instrument: "SOL-USDC.ORCA".parse().unwrap(),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
        slot: 1,
        state,
        price: Price::ONE,
    }
}

/// 1000 of the base and 100 000 of the quote: 100 a unit.
fn thousand() -> PoolUpdate {
    update(PoolState::ConstantProduct { base_reserve: 1_000_000_000_000, quote_reserve: 100_000_000_000 })
}

fn pool(side: Side, fee: i64, taken: f64) -> Curve {
    Curve::Pool(PoolCurve::new(&kind(fee), &thousand(), side, 0.0, taken).unwrap())
}

/// A pool of whole units.
pub(in crate::routing) fn pool_of(side: Side, base: u64, quote: u64, fee: i64) -> Option<Curve> {
    let state =
        PoolState::ConstantProduct { base_reserve: base * 1_000_000_000, quote_reserve: quote * 1_000_000 };
    PoolCurve::new(&kind(fee), &update(state), side, 0.0, 0.0).map(Curve::Pool)
}

fn near(left: f64, right: f64) {
    assert!((left - right).abs() <= 1e-9 * right.abs().max(1.0), "{left} is not {right}");
}

#[test]
fn a_pool_costs_what_its_product_says() {
    // Swapping by hand, with integers: in = y * q / (x - q) / (1 - f), out = y * (q * (1 - f)) / (x + q * (1 - f)).
    near(pool(Side::Buy, 0, 0.0).between(0.0, 100.0), 100_000.0 * 100.0 / 900.0);
    near(pool(Side::Buy, 30, 0.0).between(0.0, 100.0), 100_000.0 * 100.0 / 900.0 / 0.997);
    near(pool(Side::Sell, 30, 0.0).between(0.0, 100.0), -100_000.0 * 99.7 / 1_099.7);
    near(pool(Side::Buy, 0, 0.0).at(0.0), 100.0);
    near(pool(Side::Sell, 0, 0.0).at(0.0), -100.0);
    // What was taken before is gone.
    near(pool(Side::Buy, 0, 100.0).at(0.0), pool(Side::Buy, 0, 0.0).at(100.0));
    near(pool(Side::Sell, 30, 50.0).at(7.0), pool(Side::Sell, 30, 0.0).at(57.0));
}

#[test]
fn the_quantity_up_to_a_price_is_where_that_is_the_price() {
    for side in [Side::Buy, Side::Sell] {
        let curve = pool(side, 30, 0.0);
        for quantity in [0.5, 10.0, 250.0] {
            near(curve.up_to(curve.at(quantity)), quantity);
            let step = (curve.between(quantity, quantity + 1e-3)) / 1e-3;
            assert!((step - curve.at(quantity)).abs() < 1e-3 * step.abs());
        }
    }
    assert_eq!(pool(Side::Buy, 0, 0.0).up_to(99.0), 0.0);
    assert_eq!(pool(Side::Sell, 0, 0.0).up_to(-101.0), 0.0);
    near(pool(Side::Buy, 0, 0.0).most_within(Some(121.0), 0.0), 1_000.0 * (1.0 - 1.0 / 1.1));
    near(pool(Side::Sell, 0, 0.0).most_within(Some(100.0 / 1.21), 0.0), 100.0);
}

#[test]
fn a_concentrated_pool_is_known_within_its_tick() {
    // Price 1.0001^0 = 1 in base units of nine and six places: 1000 a unit.
    let mid = (tick_price(0) * tick_price(1)).sqrt().sqrt();
    let state = PoolState::Concentrated {
        sqrt_price: (mid * TWO_TO_64) as u128,
        liquidity: 1_000_000_000_000_000,
        tick: 0,
    };
    let curve = |side| PoolCurve::new(&kind(0), &update(state.clone()), side, 0.0, 0.0).map(Curve::Pool);
    let (buy, sell) = (curve(Side::Buy).unwrap(), curve(Side::Sell).unwrap());
    near(buy.at(0.0) / 1_000.0, mid * mid);
    // At the edges of the tick the price is that of the tick.
    near(buy.at(buy.most()) / 1_000.0, tick_price(1));
    near(-sell.at(sell.most()) / 1_000.0, tick_price(0));
    let edge = PoolState::Concentrated { sqrt_price: 1 << 64, liquidity: 1_000_000, tick: 0 };
    assert!(PoolCurve::new(&kind(0), &update(edge), Side::Sell, 0.0, 0.0).is_none(), "nothing known below");
}

#[test]
fn states_that_make_no_sense_are_no_pool() {
    let empty = PoolState::ConstantProduct { base_reserve: 0, quote_reserve: 5 };
    assert!(PoolCurve::new(&kind(0), &update(empty), Side::Buy, 0.0, 0.0).is_none());
    assert!(PoolCurve::new(&kind(10_000), &thousand(), Side::Buy, 0.0, 0.0).is_none(), "all of it is fee");
    assert!(PoolCurve::new(&InstrumentKind::Spot, &thousand(), Side::Buy, 0.0, 0.0).is_none());
    assert!(PoolCurve::new(&kind(0), &thousand(), Side::Buy, 0.0, 1_000.0).is_none(), "all of it is taken");
}

#[test]
fn levels_cost_what_is_taken_of_each() {
    let curve = Curve::levels(Side::Buy, [(10.0, 5.0), (11.0, 5.0)], 0.1);
    near(curve.between(0.0, 7.0), 5.0 * 11.0 + 2.0 * 12.1);
    near(curve.between(4.0, 6.0), 11.0 + 12.1);
    assert_eq!((curve.up_to(10.9), curve.up_to(11.0), curve.up_to(50.0)), (0.0, 5.0, 10.0));
    let sale = Curve::levels(Side::Sell, [(10.0, 5.0), (9.0, f64::INFINITY)], 0.1);
    near(sale.between(0.0, 100.0), -(5.0 * 9.0 + 95.0 * 8.1));
    assert_eq!((sale.up_to(-9.0), sale.most()), (5.0, f64::INFINITY));
    assert_eq!(Curve::levels(Side::Buy, [], 0.0).up_to(1.0), 0.0);
}
