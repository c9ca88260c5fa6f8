use super::*;
use proptest::prelude::*;

fn close_to(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }
}

fn weights(days: i64, slices: u32, numbers: [f64; 4]) -> Vec<f64> {
    let [risk_aversion, volatility, eta, gamma] = numbers;
    let shortfall = Shortfall::new(TimeDelta::days(days), slices, risk_aversion, volatility, eta);
    shortfall_weights(&shortfall.permanent_impact(gamma))
}

/// The reference does not use the closed form: the cost `eta' / tau * sum (x_{k-1} - x_k)^2 + lambda sigma^2 tau sum x_k^2` with
/// `x_0 = 1` and `x_N = 0` was minimised in exact fractions (Python, elimination of its tridiagonal system).
#[test]
fn the_shortfall_schedule_costs_the_least() {
    // The parameters of table 1 of the paper.
    close_to(&weights(5, 5, [1e-6, 0.95, 2.5e-6, 2.5e-7]), &PAPER);
    close_to(&weights(5, 5, [2e-6, 0.95, 2.5e-6, 2.5e-7]), &TWICE_AS_AVERSE);
    close_to(&weights(1, 4, [1e-4, 1.2, 1e-7, 0.0]), &URGENT);
    close_to(&weights(5, 5, [1e-12, 0.95, 2.5e-6, 2.5e-7]), &NEARLY_EVEN);
}

/// The paper gives a half-life of one over 0.61 days for these parameters.
#[test]
fn the_urgency_of_the_paper_is_found() {
    let shares = weights(5, 5, [1e-6, 0.95, 2.5e-6, 2.5e-7]);
    let left: Vec<f64> = (0..5).map(|day| 1.0 - shares.iter().take(day).sum::<f64>()).collect();
    // x_0 = 1, x_1, x_2 follow x_0 + x_2 = 2 cosh(k) x_1.
    let kappa = ((left[0] + left[2]) / (2.0 * left[1])).acosh();
    assert!((kappa - 0.61).abs() < 0.01, "{kappa}");
}

#[test]
fn without_risk_the_shortfall_schedule_is_even() {
    for numbers in [[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0], [1e-300, 1.0, 1.0, 0.0]] {
        close_to(&weights(1, 4, numbers), &[0.25; 4]);
    }
    // Far beyond what doubles hold, all of it comes first.
    close_to(&weights(1, 3, [f64::MAX, 1e9, 1e-9, 0.0]), &[1.0, 0.0, 0.0]);
    close_to(&weights(1, 3, [1e9, 1.0, 1e-6, 0.0]), &[1.0, 0.0, 0.0]);
    close_to(&weights(1, 1, [1e-6, 1.0, 1e-6, 0.0]), &[1.0]);
}

proptest! {
    #[test]
    fn a_shortfall_schedule_is_one_at_any_urgency(
        slices in 1..200u32,
        risk_aversion in -12.0..6.0f64,
        volatility in 0.0..50.0f64,
        impact in -9.0..3.0f64,
    ) {
        let numbers = [10f64.powf(risk_aversion), volatility, 10f64.powf(impact), 0.0];
        let shares = weights(1, slices, numbers);
        prop_assert_eq!(shares.len(), slices as usize);
        prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        prop_assert!(shares.windows(2).all(|pair| pair[0] >= pair[1] - 1e-12), "{:?}", shares);
    }
}

const PAPER: [f64; 5] = [
    0.458_044_445_626_077_7,
    0.252_101_334_963_987_23,
    0.141_956_731_588_211_93,
    0.085_755_686_215_957_11,
    0.062_141_801_605_766_024,
];
const TWICE_AS_AVERSE: [f64; 5] = [
    0.571_401_154_252_982_7,
    0.245_666_031_485_249_57,
    0.106_637_092_646_306_1,
    0.048_652_344_218_555_243,
    0.027_643_377_396_906_39,
];
const URGENT: [f64; 4] = [
    0.989_129_150_267_692_9,
    0.010_752_674_360_054_669,
    0.000_116_890_857_336_635_39,
    0.000_001_284_514_915_787_202,
];
const NEARLY_EVEN: [f64; 5] = [
    0.200_000_455_999_618_8,
    0.200_000_151_999_792_07,
    0.199_999_924_000_023_12,
    0.199_999_772_000_225_26,
    0.199_999_696_000_340_8,
];
