//! Settings from files, and settings that make no sense.

use algoflow_core::{instrument::Instrument, time::TimeDelta};
use algoflow_sim::{
    BarFill, BarPath, Depth, FeePer, Fees, FillPolicy, Latency, LimitFill, RejectModel, SimConfig, SimVenue,
    Slippage, Spread, TradeFill,
};
use rust_decimal::Decimal;

use crate::rig::{spy, venue};

const FULL: &str = r#"
participation = 0.25

[fill]
bar = "next_close"
path = "worst"
limit = "touch"
trade = "last"
depth = "infinite"

[fees.per_unit]
per_unit = "0.005"
minimum = "1"
maximum_fraction = "0.01"

[slippage.volume_share]
impact = 0.1
max_share = 0.025

[latency]
feed = "1ms"
entry = "2ms"
ack = "3ms"

[reject]
probability = 0.01
code = "RATE_LIMITED"

[capabilities]
market = "native"
limit = "native"
gtc = "native"
"#;

#[test]
fn everything_can_stand_in_a_file() {
    let config: SimConfig = toml::from_str(FULL).unwrap();
    let fill = FillPolicy {
        bar: BarFill::NextClose,
        path: BarPath::Worst,
        limit: LimitFill::Touch,
        trade: TradeFill::Last,
        depth: Depth::Infinite,
    };
    assert_eq!(config.fill, fill);
    assert_eq!(config.latency.ack, TimeDelta::millis(3));
    assert!(matches!(config.fees, Fees::PerUnit { .. }));
    assert_eq!(config.reject.as_ref().unwrap().code.to_string(), "RATE_LIMITED");
    let exchange = venue().config(config.clone()).start(1).unwrap();
    assert_eq!(exchange.feed_latency(), TimeDelta::millis(1));
    let again = toml::to_string(&config).unwrap();
    assert_eq!(toml::to_string(&toml::from_str::<SimConfig>(&again).unwrap()).unwrap(), again);
}

#[test]
fn every_model_round_trips() {
    let fees = [
        Fees::None,
        Fees::Instrument,
        Fees::bps(1),
        Fees::maker_taker(Decimal::ONE, Decimal::TWO),
        Fees::per_unit(Decimal::ONE),
        Fees::Fixed { amount: Decimal::ONE, per: FeePer::Fill },
        Fees::bps(1).rounded(2),
        Fees::Tiered {
            tiers: vec![algoflow_sim::FeeTier {
                volume: Decimal::ZERO,
                maker: Decimal::ONE,
                taker: Decimal::TWO,
            }],
        },
    ];
    for fees in fees {
        let json = serde_json::to_string(&fees).unwrap();
        let back: Fees = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }
    let slippage = [
        Slippage::None,
        Slippage::bps(1.5),
        Slippage::Ticks(2),
        Slippage::half_spread(),
        Slippage::HalfSpread(Spread::Bps(2.0)),
        Slippage::SquareRoot { coefficient: 0.1 },
    ];
    for slippage in slippage {
        let json = serde_json::to_string(&slippage).unwrap();
        let back: Slippage = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }
}

#[test]
fn misspelled_settings_are_refused() {
    for bad in [
        "participaton = 0.1",
        "[fill]\nbars = \"next_open\"",
        "[fill]\nbar = \"yesterday\"",
        "[latency]\nexit = \"1ms\"",
        "fees = \"free\"",
        "fees = { bps = { maker = \"1\", taker = \"1\", rebate = \"1\" } }",
        "slippage = { volume_share = { impact = 0.1 } }",
        "[reject]\nprobability = 0.1\nreason = \"x\"",
    ] {
        assert!(toml::from_str::<SimConfig>(bad).is_err(), "{bad}");
    }
}

#[test]
fn settings_that_make_no_sense_come_out_of_start() {
    let code = |venue: SimVenue| venue.start(0).unwrap_err().code();
    assert_eq!(code(SimVenue::new("")), "SIM_VENUE_NAME");
    assert_eq!(code(SimVenue::new("NEW YORK")), "SIM_VENUE_NAME");
    assert!(SimVenue::new("a b").id().is_err());
    assert_eq!(code(SimVenue::new("NASDAQ").instrument(spy())), "SIM_WRONG_VENUE");
    assert_eq!(code(venue().instrument(spy())), "SIM_DUPLICATE_INSTRUMENT");
    let zero = spy().with_price_increment(algoflow_core::number::Price::ZERO);
    assert_eq!(code(SimVenue::new("NYSE").instrument(zero)), "SIM_INSTRUMENT");
    assert_eq!(code(venue().participation(1.5)), "SIM_SETTING");
    assert_eq!(code(venue().participation(f64::NAN)), "SIM_SETTING");
    assert_eq!(code(venue().reject(RejectModel::new(-0.1))), "SIM_SETTING");
    let back = Latency { ack: TimeDelta::seconds(-1), ..Latency::NONE };
    assert_eq!(code(venue().latency(back)), "SIM_SETTING");
    assert_eq!(code(venue().slippage(Slippage::bps(-1.0))), "SIM_SETTING");
    assert_eq!(code(venue().fees(Fees::bps(1).rounded(99))), "SIM_SETTING");
    let message = venue().participation(1.5).start(0).unwrap_err().to_string();
    assert_eq!(message, "participation is 1.5, but it must be between 0 and 1");
}

#[test]
fn two_venues_keep_to_themselves() {
    let other = SimVenue::new("CME").instrument(Instrument::equity("ES.CME", "USD").unwrap());
    let exchange = other.start(0).unwrap();
    assert_eq!(exchange.id().as_str(), "CME");
    assert_eq!(other.id().unwrap(), exchange.id());
}
