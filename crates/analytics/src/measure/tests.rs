use super::*;

fn close(actual: Option<f64>, expected: f64) {
    let actual = actual.unwrap();
    assert!((actual - expected).abs() <= 1e-14 * expected.abs().max(1.0), "{actual} is not {expected}");
}

/// Returns 10 %, -5 %, 2 %, -1 %: mean 0.015, deviations 0.085, -0.065, 0.005, -0.025.
const R: [f64; 4] = [0.10, -0.05, 0.02, -0.01];

#[test]
fn moments_by_hand() {
    close(mean(&R), 0.015);
    let squares = 0.085_f64.powi(2) + 0.065_f64.powi(2) + 0.005_f64.powi(2) + 0.025_f64.powi(2);
    close(standard_deviation(&R), (squares / 3.0).sqrt());
    let cubes = 0.085_f64.powi(3) - 0.065_f64.powi(3) + 0.005_f64.powi(3) - 0.025_f64.powi(3);
    let g1 = (cubes / 4.0) / (squares / 4.0).powf(1.5);
    close(population_skewness(&R), g1);
    close(skewness(&R), g1 * 12_f64.sqrt() / 2.0);
    let fourth = 0.085_f64.powi(4) + 0.065_f64.powi(4) + 0.005_f64.powi(4) + 0.025_f64.powi(4);
    let g2 = (fourth / 4.0) / (squares / 4.0).powi(2) - 3.0;
    close(population_kurtosis(&R), g2);
    close(kurtosis(&R), 3.0 / 2.0 * (5.0 * g2 + 6.0));
}

#[test]
fn growth_by_hand() {
    let product = 1.10 * 0.95 * 1.02 * 0.99;
    close(total_return(&R), product - 1.0);
    // Four quarters are a year.
    close(cagr(&R, 4.0), product - 1.0);
    close(cagr(&R, 2.0), product.sqrt() - 1.0);
    close(Some(per_period(0.21, 2.0)), 0.1);
    assert_eq!(streaks([0.1, 0.2, 0.0, 0.1, -0.1, -0.2, -0.1]), Streaks { wins: 2, losses: 3 });
    close(stability(&[0.01; 10]), 1.0);
}

#[test]
fn ratios_by_hand() {
    let deviation = standard_deviation(&R).unwrap();
    close(volatility(&R, 4.0), 2.0 * deviation);
    close(sharpe(&R, 0.005, 4.0), 0.01 / deviation * 2.0);
    let down = ((0.05_f64.powi(2) + 0.01_f64.powi(2)) / 4.0).sqrt();
    close(downside_deviation(&R, 0.0, 4.0), 2.0 * down);
    close(sortino(&R, 0.0, 4.0), 0.015 / down * 2.0);
    close(omega(&R, 0.0), 0.12 / 0.06);
    close(gain_to_pain(&R), 1.0);
    close(calmar(0.2, 0.1), 2.0);
    close(recovery_factor(&R, 0.05), (1.10 * 0.95 * 1.02 * 0.99 - 1.0) / 0.05);
}

#[test]
fn tails_by_hand() {
    // In order: -0.05, -0.01, 0.02, 0.10. The 5 % quantile lies 0.15 of the way from the first to the second.
    close(value_at_risk(&R, 0.95), 0.05 - 0.15 * 0.04);
    close(conditional_value_at_risk(&R, 0.95), 0.05);
    close(conditional_value_at_risk(&R, 0.5), 0.03);
    close(tail_ratio(&R), (0.10 - 0.15 * 0.08) / (0.05 - 0.15 * 0.04));
    close(median(&R), 0.005);
    assert_eq!((quantile(&R, -0.1), quantile(&R, 1.1)), (None, None));
}

#[test]
fn relative_figures_by_hand() {
    let b = [0.02, -0.02, 0.02, -0.02];
    // The deviations of b are itself, its squares sum to 0.0016; with those of R: 0.02 * (0.085 + 0.065 + 0.005 + 0.025).
    let slope = 0.02 * 0.18 / 0.0016;
    close(beta(&R, &b), slope);
    close(alpha(&R, &b, 0.0, 1.0), 0.015);
    close(alpha(&R, &b, 0.0, 2.0), 1.015_f64.powi(2) - 1.0);
    close(up_capture(&R, &b, 2.0), (1.10 * 1.02 - 1.0) / (1.02 * 1.02 - 1.0));
    close(down_capture(&R, &b, 2.0), (0.95 * 0.99 - 1.0) / (0.98 * 0.98 - 1.0));
    close(treynor(&R, &b, 0.005, 4.0), 0.04 / slope);
    assert_eq!(beta(&R, &b[..3]), None, "of other lengths");
    assert_eq!(information_ratio(&R, &R, 252.0), None, "the benchmark itself");
}

#[test]
fn the_normal_distribution_is_exact_to_many_digits() {
    // By mpmath with 25 digits.
    for (x, expected) in [
        (0.0, 0.5),
        (1.0, 0.841_344_746_068_542_9),
        (-1.0, 0.158_655_253_931_457_05),
        (2.5, 0.993_790_334_674_223_8),
        (-3.6, 0.000_159_108_590_157_533_63),
        (-8.0, 6.220_960_574_271_784e-16),
        (-20.0, 2.753_624_118_606_233_7e-89),
    ] {
        let actual = normal_cdf(x);
        assert!((actual / expected - 1.0).abs() < 1e-13, "{x}: {actual:e} is not {expected:e}");
    }
    assert_eq!((normal_cdf(f64::INFINITY), normal_cdf(f64::NEG_INFINITY)), (1.0, 0.0));
    assert!(normal_cdf(f64::NAN).is_nan());
}

#[test]
fn what_is_not_defined_is_none() {
    let none: [Option<f64>; 12] = [
        mean(&[]),
        standard_deviation(&[0.1]),
        sharpe(&[0.01; 5], 0.0, 252.0),
        sortino(&[0.01, 0.02], 0.0, 252.0),
        omega(&[0.01], 0.0),
        skewness(&[0.1, 0.2]),
        kurtosis(&[0.1, 0.2, 0.3]),
        calmar(0.1, 0.0),
        tail_ratio(&[0.0, 0.0]),
        stability(&[-1.0, 0.1, 0.1]),
        cagr(&[1e300; 3], 1e6),
        probabilistic_sharpe(&[0.01; 5], 0.0, 0.0),
    ];
    assert_eq!(none, [None; 12]);
    // A NaN anywhere gives none, not NaN.
    let bad = [0.01, f64::NAN, -0.02, 0.03];
    assert_eq!(
        [
            mean(&bad),
            standard_deviation(&bad),
            total_return(&bad),
            cagr(&bad, 252.0),
            sharpe(&bad, 0.0, 252.0),
            sortino(&bad, 0.0, 252.0),
            downside_deviation(&bad, 0.0, 252.0),
            omega(&bad, 0.0),
            value_at_risk(&bad, 0.95),
            conditional_value_at_risk(&bad, 0.95),
            tail_ratio(&bad),
            stability(&bad),
            skewness(&bad),
            kurtosis(&bad),
        ],
        [None; 14]
    );
}

#[test]
fn rounding_is_not_variation() {
    // Growing by 0.1 % a day, returns differ in their last bits only.
    let equity: Vec<f64> = (0..500).map(|day| 1_000.0 * 1.001_f64.powi(day)).collect();
    let returns: Vec<f64> = equity.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    assert!(returns.windows(2).any(|pair| pair[0] != pair[1]), "the case is as meant");
    assert_eq!(volatility(&returns, 252.0), Some(0.0));
    assert_eq!(sharpe(&returns, 0.0, 252.0), None);
}

#[test]
fn total_loss_stays_lost() {
    assert_eq!(total_return(&[0.5, -1.0, 3.0]), Some(-1.0));
    assert_eq!(cagr(&[-1.0], 252.0), Some(-1.0));
}
