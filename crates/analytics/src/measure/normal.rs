use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The standard normal distribution function, to about 15 digits.
///
/// From the error function: its Maclaurin series near zero and the continued fraction of its complement further out
/// (Abramowitz and Stegun, 1964, 7.1.6 and 7.1.14).
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    let tail = half_erfc(x.abs() * FRAC_1_SQRT_2);
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// `erfc(z) / 2` for a `z` of zero or more.
fn half_erfc(z: f64) -> f64 {
    let gauss = (-z * z).exp() / PI.sqrt();
    if gauss == 0.0 {
        return 0.0;
    }
    if z < 2.5 {
        // erf(z) = 2 / sqrt(pi) exp(-z^2) sum(2^n z^(2n+1) / (1 3 ... (2n+1))): all terms positive, no cancellation.
        let (mut term, mut sum, mut n) = (z, z, 0.0);
        while term > sum * f64::EPSILON / 4.0 {
            n += 1.0;
            term *= 2.0 * z * z / (2.0 * n + 1.0);
            sum += term;
        }
        0.5 - gauss * sum
    } else {
        // sqrt(pi) exp(z^2) erfc(z) = 1 / (z + (1/2) / (z + 1 / (z + (3/2) / (z + ...)))), from the inside out.
        let fraction = (1..=120).rev().fold(z, |inner, k| z + 0.5 * f64::from(k) / inner);
        0.5 * gauss / fraction
    }
}
