use super::{correlation, finite, mean};

/// What one unit of capital became after each return, `w[t] = (1 + r[1]) ... (1 + r[t])`, zero for ever once it
/// is zero or less.
pub fn wealth(returns: &[f64]) -> impl Iterator<Item = f64> + '_ {
    returns.iter().scan(1.0_f64, |wealth, value| {
        *wealth = (*wealth * (1.0 + value)).max(0.0);
        Some(*wealth)
    })
}

/// The final wealth of one unit; `None` of nothing or if it is not finite.
fn growth(returns: &[f64]) -> Option<f64> {
    if returns.iter().any(|value| !value.is_finite()) {
        return None;
    }
    finite(wealth(returns).last()?)
}

/// The compounded return over the whole time, `(1 + r[1]) ... (1 + r[n]) - 1`. `None` of nothing.
#[must_use]
pub fn total_return(returns: &[f64]) -> Option<f64> {
    Some(growth(returns)? - 1.0)
}

/// The compound annual growth rate, `(1 + total return)^(periods_per_year / n) - 1`.
///
/// Time is counted in periods, not on the calendar, so that it goes with the other annualized figures. `None` of
/// nothing, and where a short and steep series annualizes to more than a double can hold.
#[must_use]
pub fn cagr(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    finite(growth(returns)?.powf(periods_per_year / returns.len() as f64) - 1.0)
}

/// The rate per period that compounds to an annual rate, `(1 + annual)^(1 / periods_per_year) - 1`.
#[must_use]
pub fn per_period(annual: f64, periods_per_year: f64) -> f64 {
    // The same as the power, without its cancellation for small rates.
    (annual.ln_1p() / periods_per_year).exp_m1()
}

/// How straight the growth was: R squared of the least-squares line through the cumulated log returns against
/// their index. 1 is a constant rate.
///
/// `None` of fewer than two returns, after ruin, and where the line is flat because wealth does not vary.
#[must_use]
pub fn stability(returns: &[f64]) -> Option<f64> {
    let mut sum = 0.0;
    let path: Vec<f64> = returns
        .iter()
        .map(|value| {
            sum += value.ln_1p();
            sum
        })
        .collect();
    mean(&path)?;
    let index: Vec<f64> = (0..path.len()).map(|index| index as f64).collect();
    correlation(&index, &path).map(|r| r * r)
}

/// The longest runs of gains and of losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Streaks {
    /// The most values above zero in a row.
    pub wins: usize,
    /// The most values below zero in a row.
    pub losses: usize,
}

/// The longest runs of values above and below zero; a zero ends both.
#[must_use]
pub fn streaks(values: impl IntoIterator<Item = f64>) -> Streaks {
    let (mut longest, mut wins, mut losses) = (Streaks::default(), 0, 0);
    for value in values {
        wins = if value > 0.0 { wins + 1 } else { 0 };
        losses = if value < 0.0 { losses + 1 } else { 0 };
        longest = Streaks { wins: longest.wins.max(wins), losses: longest.losses.max(losses) };
    }
    longest
}
