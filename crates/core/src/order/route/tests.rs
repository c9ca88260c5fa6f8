use super::*;
use crate::{instrument::PoolKind, order::Side};

fn spot(id: &str) -> Instrument {
    Instrument::spot(id).unwrap()
}

fn pool(id: &str) -> Instrument {
    let mut pool = spot(id);
    pool.kind = InstrumentKind::AmmPool {
        pool: PoolKind::ConstantProduct,
        address: "pool".into(),
        base_decimals: 9,
        quote_decimals: 6,
        fee: Decimal::new(25, 4),
    };
    pool
}

fn problem(route: &Route, known: &[Instrument]) -> Option<String> {
    let home = known[0].id;
    let spec = OrderSpec::market(home, Side::Buy, Quantity::ONE);
    let find = |id| known.iter().find(|instrument| instrument.id == id);
    match route.validate(&spec, find) {
        Ok(()) => None,
        Err(OrderError::Route { problem }) => Some(problem),
        Err(other) => panic!("{other}"),
    }
}

fn over(known: &[Instrument]) -> Route {
    Route::best_price(known.iter().map(|instrument| instrument.id))
}

#[test]
fn books_and_pools_of_one_pair_are_listings_of_one_thing() {
    let mut coarse = spot("SOL-USDC.B").with_quantity_increment(Quantity::ONE);
    coarse.fees.taker = Decimal::new(1, 2);
    let known = [spot("SOL-USDC.A"), coarse, pool("SOL-USDC.ORCA")];
    assert_eq!(problem(&over(&known), &known), None);
}

#[test]
fn what_is_not_the_same_thing_is_refused_with_the_reason() {
    let home = spot("SOL-USDC.A");
    let other = |other: Instrument, says: &str| {
        let known = [home.clone(), other];
        let found = problem(&over(&known), &known).unwrap();
        assert!(found.contains(says), "{found}");
    };
    other(spot("SOL-USDT.B"), "its quote is USDT, not USDC");
    other(spot("ETH-USDC.B"), "its base is ETH");
    other(spot("SOL-USDC.B").with_multiplier(Decimal::TEN), "multiplier is 10, not 1");
    other(Instrument::perpetual("SOL-USDC.B").unwrap(), "of another kind");
}

#[test]
fn a_list_that_makes_no_sense_is_refused() {
    let known = [spot("SOL-USDC.A"), spot("SOL-USDC.B")];
    let [a, b] = [known[0].id, known[1].id];
    let says = |route: Route, says: &str| {
        let found = problem(&route, &known).unwrap();
        assert!(found.contains(says), "{found}");
    };
    says(Route::sticky([b, a]), "first listing must be the order's own");
    says(Route::sticky([] as [Listing; 0]), "first listing");
    says(Route::sticky([a, b, b]), "SOL-USDC.B is listed twice");
    says(Route::sticky([a, "SOL-USDC.C".parse().unwrap()]), "SOL-USDC.C is not known");
    says(Route::sticky([a; MAX_LISTINGS + 1]), "17 listings");
    says(Route::sticky([a, b]).max_age(TimeDelta::ZERO), "above zero");
    says(Route::sticky([Listing::new(a).fixed_cost(Decimal::NEGATIVE_ONE)]), "fixed cost");
    says(Route::sticky([Listing::new(a).fixed_cost(Decimal::ONE); MAX_FIXED_COSTS + 1]), "9 listings have");
    let bound = |limits| Route::sticky([Listing::new(a).limits(limits)]);
    let none = ListingLimits::default();
    says(bound(ListingLimits { max_open_orders: Some(0), ..none }), "max_open_orders");
    says(bound(ListingLimits { max_order_quantity: Some(Quantity::ZERO), ..none }), "max_order_quantity");
    says(bound(ListingLimits { max_order_notional: Some(Decimal::ZERO), ..none }), "max_order_notional");
    says(bound(ListingLimits { max_position: Some(Quantity::from_int(-1)), ..none }), "max_position");
}

#[test]
fn a_route_is_written_as_data() {
    let listing = Listing::new("SOL-USDC.A".parse().unwrap());
    let route = Route::random([listing], 7).max_age(TimeDelta::seconds(2));
    let json = serde_json::to_string(&route).unwrap();
    assert!(json.starts_with(r#"{"policy":{"policy":"random","seed":7},"listings":["#), "{json}");
    assert_eq!(serde_json::from_str::<Route>(&json).unwrap(), route);
    let brief = r#"{"policy":{"policy":"best_price"},"listings":[{"instrument":"SOL-USDC.A"}]}"#;
    assert_eq!(serde_json::from_str::<Route>(brief).unwrap(), Route::best_price([listing]));
}
