use algoflow_strategies::{
    DonchianBreakoutParams, PairsReversionParams, RebalanceParams, RsiReversionParams, SmaCrossParams,
    TrendMomentumParams, find, registry,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::market::{TestResult, instrument, refused, spy};

/// Parameters that are required, for each strategy.
fn required(name: &str) -> Value {
    match name {
        "pairs_reversion" => json!({ "first": "KO.NYSE", "second": "PEP.NASDAQ" }),
        "trend_momentum" => json!({ "instruments": ["SPY.NYSE", "TLT.NASDAQ"] }),
        "rebalance" => json!({ "weights": { "SPY.NYSE": 0.6, "TLT.NASDAQ": 0.4 } }),
        _ => json!({ "instrument": "SPY.NYSE" }),
    }
}

#[test]
fn names_are_unique_and_in_order() {
    let names: Vec<_> = registry().iter().map(|info| info.name).collect();
    let expected =
        ["donchian_breakout", "pairs_reversion", "rebalance", "rsi_reversion", "sma_cross", "trend_momentum"];
    assert_eq!(names, expected);
    assert!(find("buy_low_sell_high").is_none());
}

#[test]
fn each_is_built_from_what_is_required() {
    for info in registry() {
        assert!(info.build(required(info.name)).is_ok(), "{}", info.name);
        assert!(!info.summary.is_empty() && !info.summary.contains('\n'));
        let mut params = required(info.name);
        let with_defaults = params.as_object_mut().unwrap();
        with_defaults.extend(info.defaults().as_object().unwrap().clone());
        assert!(info.build(params).is_ok(), "{}", info.name);
    }
}

#[test]
fn what_is_required_or_unknown_is_named() {
    for info in registry() {
        let required = required(info.name);
        for name in required.as_object().unwrap().keys() {
            let mut params = required.clone();
            params.as_object_mut().unwrap().remove(name);
            let error = info.build(params).err().unwrap().to_string();
            assert!(error.contains(&format!("missing field `{name}`")), "{}: {error}", info.name);
        }
        let mut params = required.clone();
        params["colour"] = json!("red");
        assert_eq!(refused(info.build(params)), "colour");
        assert_eq!(refused(info.build(json!([1]))), info.name);
    }
}

#[test]
fn a_value_of_the_wrong_type_is_named() {
    let info = find("sma_cross").unwrap();
    let wrong = |name: &str, value: Value| {
        let mut params = json!({ "instrument": "SPY.NYSE", "fast": 5, "slow": 9 });
        params[name] = value;
        refused(info.build(params))
    };
    assert_eq!(wrong("fast", json!("ten")), "fast");
    assert_eq!(wrong("slow", json!(-3)), "slow");
    assert_eq!(wrong("instrument", json!("SPY")), "instrument");
    assert_eq!(wrong("bars", json!("5y")), "bars");
    assert_eq!(wrong("sizing", json!({ "lots": 3 })), "sizing");
    assert_eq!(wrong("direction", json!("up")), "direction");
    assert_eq!(wrong("fast", json!(9)), "fast");
}

#[test]
fn every_parameter_is_described_and_defaulted_or_required() {
    for info in registry() {
        let schema = info.schema();
        let properties = schema["properties"].as_object().unwrap();
        let required = schema["required"].as_array().unwrap();
        let defaults = info.defaults();
        for (name, property) in properties {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{name}");
            let is_required = required.contains(&json!(name));
            assert_ne!(is_required, defaults.get(name).is_some(), "{}: {name}", info.name);
        }
        assert_eq!(schema["additionalProperties"], json!(false));
    }
    assert_eq!(find("sma_cross").unwrap().defaults()["bars"], "1d");
}

#[test]
fn instruments_are_found_in_the_parameters() -> TestResult {
    for info in registry() {
        let expected: Vec<_> = match info.name {
            "pairs_reversion" => vec!["KO.NYSE", "PEP.NASDAQ"],
            "trend_momentum" | "rebalance" => vec!["SPY.NYSE", "TLT.NASDAQ"],
            _ => vec!["SPY.NYSE"],
        };
        let expected: Vec<_> = expected.into_iter().map(|id| instrument(id).id).collect();
        assert_eq!(info.instruments(&required(info.name))?, expected);
        assert!(info.instruments(&json!({})).is_err());
    }
    Ok(())
}

/// Parameters survive JSON, and are those that the defaults say.
fn round_trip<P>(params: P)
where
    P: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let json = serde_json::to_value(&params).unwrap();
    assert_eq!(serde_json::from_value::<P>(json).unwrap(), params);
}

#[test]
fn parameters_round_trip_as_json() {
    let (ko, pep) = (instrument("KO.NYSE").id, instrument("PEP.NASDAQ").id);
    round_trip(SmaCrossParams::new(spy()));
    round_trip(RsiReversionParams::new(spy()));
    round_trip(DonchianBreakoutParams::new(spy()));
    round_trip(PairsReversionParams::new(ko, pep));
    round_trip(TrendMomentumParams::new([ko, pep]));
    round_trip(RebalanceParams::new([(ko, 0.5), (pep, -0.25)]));
    let read: SmaCrossParams = serde_json::from_value(required("sma_cross")).unwrap();
    assert_eq!(read, SmaCrossParams::new(spy()), "the defaults of the reader and of `new` are the same");
    let read: RsiReversionParams = serde_json::from_value(required("rsi_reversion")).unwrap();
    assert_eq!(read, RsiReversionParams::new(spy()));
    let read: DonchianBreakoutParams = serde_json::from_value(required("donchian_breakout")).unwrap();
    assert_eq!(read, DonchianBreakoutParams::new(spy()));
    let read: PairsReversionParams = serde_json::from_value(required("pairs_reversion")).unwrap();
    assert_eq!(read, PairsReversionParams::new(ko, pep));
    let read: TrendMomentumParams = serde_json::from_value(required("trend_momentum")).unwrap();
    assert_eq!(read, TrendMomentumParams::new([spy(), instrument("TLT.NASDAQ").id]));
    let read: RebalanceParams = serde_json::from_value(required("rebalance")).unwrap();
    assert_eq!(read, RebalanceParams::new([(spy(), 0.6), (instrument("TLT.NASDAQ").id, 0.4)]));
}
