use algoflow_core::{
    instrument::{Instrument, InstrumentKind},
    order::Side,
};

use super::*;

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

struct Account {
    schedule: FeeSchedule,
    instrument: Instrument,
    paid: Paid,
}

impl Account {
    fn new(fees: &Fees, instrument: Instrument) -> Self {
        Self { schedule: FeeSchedule::new(fees).unwrap(), instrument, paid: Paid::default() }
    }

    fn fill_at(&mut self, day: i64, price: &str, quantity: &str, liquidity: Liquidity) -> Decimal {
        let fill = FillContext {
            instrument: &self.instrument,
            side: Side::Buy,
            price: price.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            liquidity,
            volume: None,
            ts: Timestamp::from_seconds(day * 86_400 + 7).unwrap(),
        };
        let notional = fill.notional().unwrap();
        let fee = self.schedule.fee(&fill, notional, &self.paid).unwrap();
        self.schedule.record(fill.ts, notional).unwrap();
        self.paid.quantity = self.paid.quantity.checked_add(fill.quantity).unwrap();
        self.paid.notional += notional;
        self.paid.fee += fee;
        fee
    }

    fn fill(&mut self, price: &str, quantity: &str, liquidity: Liquidity) -> Decimal {
        self.fill_at(0, price, quantity, liquidity)
    }
}

fn sol() -> Instrument {
    Instrument::spot("SOL-USDC.X").unwrap().with_fees(dec("-0.0001"), dec("0.00055"))
}

#[test]
fn rates_are_exact_to_the_last_digit() {
    use Liquidity::{Maker, Taker};
    assert_eq!(Account::new(&Fees::None, sol()).fill("1", "1", Taker), Decimal::ZERO);
    let mut own = Account::new(&Fees::Instrument, sol());
    assert_eq!(own.fill("123.45", "0.12345678", Taker), dec("0.0083824067200500"));
    assert_eq!(own.fill("123.45", "2", Maker), dec("-0.024690"), "a rebate");
    let mut bps = Account::new(&Fees::maker_taker(dec("0.5"), dec("7.5")), sol());
    assert_eq!(bps.fill("99.99", "3.3", Taker), dec("0.24747525"));
    assert_eq!(bps.fill("99.99", "3.3", Maker), dec("0.016498350"));
    assert_eq!(Account::new(&Fees::bps(1), sol()).fill("101.07", "7", Maker), dec("0.0707490"));
    let future = Instrument::equity("ES.CME", "USD").unwrap().with_multiplier(Decimal::from(50));
    assert_eq!(Account::new(&Fees::bps(1), future).fill("5000.25", "2", Taker), dec("50.0025"));
}

#[test]
fn inverse_contracts_pay_in_the_settlement_asset() {
    let mut perp = Instrument::perpetual("BTC-USD.X").unwrap();
    perp.kind = InstrumentKind::Perpetual { inverse: true, funding_interval: None };
    perp.settlement = perp.base;
    let fee = Account::new(&Fees::bps(5), perp).fill("50000", "100", Liquidity::Taker);
    assert_eq!(fee, dec("0.000001"), "100 / 50000 coins times 0.0005");
}

#[test]
fn per_unit_fees_bound_the_order_and_not_the_fill() {
    let fees =
        Fees::PerUnit { per_unit: dec("0.005"), minimum: Decimal::ONE, maximum_fraction: Some(dec("0.01")) };
    let spy = || Instrument::equity("SPY.NYSE", "USD").unwrap();
    assert_eq!(Account::new(&fees, spy()).fill("100", "1000", Liquidity::Taker), dec("5"));
    assert_eq!(Account::new(&fees, spy()).fill("100", "10", Liquidity::Taker), dec("1"), "the minimum");
    assert_eq!(Account::new(&fees, spy()).fill("0.25", "100", Liquidity::Taker), dec("0.25"), "the maximum");
    let mut parts = Account::new(&fees, spy());
    let paid: Vec<Decimal> =
        ["100", "150", "750"].map(|q| parts.fill("100", q, Liquidity::Maker)).into_iter().collect();
    assert_eq!(paid, [dec("1"), dec("0.25"), dec("3.75")], "together what one fill of 1000 pays");
}

#[test]
fn fixed_fees_are_paid_once_or_each_time() {
    let mut order = Account::new(&Fees::per_order(dec("4.95")), sol());
    assert_eq!(order.fill("10", "1", Liquidity::Taker), dec("4.95"));
    assert_eq!(order.fill("10", "1", Liquidity::Taker), Decimal::ZERO);
    let mut fill = Account::new(&Fees::Fixed { amount: dec("0.35"), per: FeePer::Fill }, sol());
    assert_eq!(fill.fill("10", "1", Liquidity::Taker), dec("0.35"));
    assert_eq!(fill.fill("10", "1", Liquidity::Taker), dec("0.35"));
}

#[test]
fn tiers_follow_the_volume_of_thirty_days() {
    let tier = |volume: i64, maker: &str, taker: &str| FeeTier {
        volume: Decimal::from(volume),
        maker: dec(maker),
        taker: dec(taker),
    };
    let tiers = vec![tier(0, "10", "20"), tier(1_000, "8", "16"), tier(5_000, "0", "10")];
    let mut account = Account::new(&Fees::Tiered { tiers }, sol());
    let mut fee = |day, quantity: &str| account.fill_at(day, "100", quantity, Liquidity::Taker);
    assert_eq!(fee(0, "9.99"), dec("1.998"), "nothing traded before: 20 bp of 999");
    assert_eq!(fee(0, "1"), dec("0.2"), "999 before");
    assert_eq!(fee(1, "40"), dec("6.4"), "1099 before: 16 bp of 4000");
    assert_eq!(fee(29, "1"), dec("0.1"), "5099 before, day 0 still counts: 10 bp");
    assert_eq!(fee(30, "1"), dec("0.16"), "day 0 is out: 4100 before");
    assert_eq!(fee(31, "1"), dec("0.2"), "day 1 is out: 200 before");
}

#[test]
fn rounding_is_only_done_where_asked() {
    let mut account = Account::new(&Fees::bps(1).rounded(2), sol());
    assert_eq!(account.fill("50.00", "1", Liquidity::Taker), dec("0.01"), "0.005 rounds away from zero");
    assert_eq!(account.fill("49.99", "1", Liquidity::Taker), dec("0.00"));
    let mut rebate = Account::new(&Fees::bps(-1).rounded(2), sol());
    assert_eq!(rebate.fill("50.00", "1", Liquidity::Taker), dec("-0.01"));
}

#[test]
fn schedules_that_make_no_sense_are_refused() {
    let tier =
        |volume: i64| FeeTier { volume: Decimal::from(volume), maker: Decimal::ONE, taker: Decimal::ONE };
    for bad in [
        Fees::Tiered { tiers: vec![] },
        Fees::Tiered { tiers: vec![tier(5)] },
        Fees::Tiered { tiers: vec![tier(0), tier(9), tier(9)] },
        Fees::per_unit(-1),
        Fees::bps(1).rounded(29),
    ] {
        assert_eq!(FeeSchedule::new(&bad).unwrap_err().code(), "SIM_SETTING", "{bad:?}");
    }
}

#[test]
fn custom_models_see_the_fill() {
    #[derive(Debug)]
    struct StampDuty;
    impl FeeModel for StampDuty {
        fn fee(&self, fill: &FillContext<'_>) -> Result<Decimal, NumberError> {
            let rate = if fill.side == Side::Buy { Decimal::new(5, 3) } else { Decimal::ZERO };
            fill.notional()?.checked_mul(rate).ok_or_else(overflow)
        }
    }
    assert_eq!(Account::new(&Fees::custom(StampDuty), sol()).fill("10", "3", Liquidity::Maker), dec("0.150"));
}

#[test]
fn the_highest_rates_are_known_beforehand_where_they_are_fractions() {
    let own = FeeRates { maker: dec("0.001"), taker: dec("0.002") };
    let both = |maker: &str, taker: &str| FeeRates { maker: dec(maker), taker: dec(taker) };
    assert_eq!(Fees::None.rates(own), FeeRates::default());
    assert_eq!(Fees::Instrument.rates(own), own);
    assert_eq!(Fees::maker_taker(dec("-1"), dec("5")).rounded(2).rates(own), both("-0.0001", "0.0005"));
    assert_eq!(Fees::per_order(dec("1")).rates(own), own);
    let tiers = vec![
        FeeTier { volume: dec("0"), maker: dec("2"), taker: dec("4") },
        FeeTier { volume: dec("1000"), maker: dec("0"), taker: dec("3") },
    ];
    assert_eq!(Fees::Tiered { tiers }.rates(own), both("0.0002", "0.0004"));
}
