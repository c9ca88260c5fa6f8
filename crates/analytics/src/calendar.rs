//! Days, and returns by calendar month and year.

use algoflow_core::time::{TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{measure, returns::ReturnSeries};

/// One calendar year of a [`MonthlyTable`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct YearRow {
    /// The year.
    pub year: i16,
    /// The compounded return of each month, January first; `None` without data.
    pub months: [Option<f64>; 12],
    /// The compounded return of the year, as far as there is data.
    pub total: f64,
}

/// Compounded returns by month (columns) and year (rows), in UTC.
///
/// A return belongs to the month in which its period ended; one that ended exactly at midnight to the day before (see
/// [`closing_date`]). The rows compound to the total return of the series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MonthlyTable {
    /// One row per year with data, the first year first.
    pub years: Vec<YearRow>,
}

/// The first three letters of each month, January first.
pub const MONTH_NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The last instant of the time that ends at `ts`.
pub(crate) const fn last_instant(ts: Timestamp) -> Timestamp {
    ts.saturating_sub(TimeDelta::from_nanos(1))
}

/// The UTC date (year, month, day) of the day that a value stamped `ts` is the close of.
///
/// A value tells of the time that ends at its stamp. So what is stamped exactly at midnight, like the close of a daily
/// bar, belongs to the day before, and not to the one that begins.
///
/// ```
/// use algoflow_analytics::calendar::closing_date;
///
/// assert_eq!(closing_date("2019-01-01T00:00:00Z".parse()?), (2018, 12, 31));
/// assert_eq!(closing_date("2018-12-31T21:00:00Z".parse()?), (2018, 12, 31));
/// # Ok::<(), algoflow_core::error::TimeError>(())
/// ```
#[must_use]
pub fn closing_date(ts: Timestamp) -> (i16, i8, i8) {
    last_instant(ts).date()
}

impl MonthlyTable {
    /// Compounds the returns of each month and year.
    #[must_use]
    pub fn from_returns(series: &ReturnSeries) -> Self {
        Self::from_pairs(series.times(), series.values())
    }

    fn from_pairs(times: &[Timestamp], values: &[f64]) -> Self {
        let mut years: Vec<YearRow> = Vec::new();
        for (ts, value) in times.iter().zip(values) {
            let (year, month, _) = closing_date(*ts);
            if years.last().is_none_or(|row| row.year != year) {
                years.push(YearRow { year, months: [None; 12], total: 0.0 });
            }
            let index = usize::try_from(month - 1).unwrap_or(0);
            if let Some(row) = years.last_mut() {
                row.total = compound(row.total, *value);
                if let Some(cell) = row.months.get_mut(index) {
                    *cell = Some(compound(cell.unwrap_or(0.0), *value));
                }
            }
        }
        Self { years }
    }

    /// The compounded return of all months.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.years.iter().fold(0.0, |total, row| compound(total, row.total))
    }

    /// All months with data, in order: year, month (1 to 12), return.
    pub fn months(&self) -> impl Iterator<Item = (i16, u8, f64)> + '_ {
        self.years.iter().flat_map(|row| {
            (1u8..).zip(&row.months).filter_map(|(month, value)| value.map(|value| (row.year, month, value)))
        })
    }

    /// The share of months with a gain.
    #[must_use]
    pub fn positive_share(&self) -> Option<f64> {
        let gains = self.months().filter(|(_, _, value)| *value > 0.0).count();
        measure::ratio(gains as f64, self.months().count() as f64)
    }

    /// The best and the worst month: year, month (1 to 12), return.
    #[must_use]
    pub fn extremes(&self) -> Option<[(i16, u8, f64); 2]> {
        let best = self.months().max_by(|a, b| a.2.total_cmp(&b.2))?;
        let worst = self.months().min_by(|a, b| a.2.total_cmp(&b.2))?;
        Some([best, worst])
    }
}

fn compound(total: f64, value: f64) -> f64 {
    ((1.0 + total) * (1.0 + value) - 1.0).min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Period;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The close of a day in New York.
    fn close(day: &str) -> Timestamp {
        at(&format!("{day}T21:00:00Z"))
    }

    #[test]
    fn months_and_years_compound() {
        let times =
            ["2023-11-30", "2023-12-29", "2024-01-02", "2024-01-31", "2024-03-01"].map(close).to_vec();
        let series = ReturnSeries::from_returns(
            at("2023-11-01"),
            times,
            vec![0.1, -0.05, 0.02, 0.03, -0.5],
            Period::AsGiven,
        )
        .unwrap();
        let table = MonthlyTable::from_returns(&series);
        assert_eq!(table.years.iter().map(|row| row.year).collect::<Vec<_>>(), [2023, 2024]);
        let january = table.years[1].months[0].unwrap();
        assert!((january - (1.02 * 1.03 - 1.0)).abs() < 1e-15, "{january}");
        assert_eq!(table.years[1].months[1], None, "no return ended in February");
        assert!((table.years[0].total - (1.1 * 0.95 - 1.0)).abs() < 1e-15);
        assert!((table.total() - (1.1 * 0.95 * 1.02 * 1.03 * 0.5 - 1.0)).abs() < 1e-15);
        assert_eq!(table.positive_share(), Some(0.5));
        let [best, worst] = table.extremes().unwrap();
        assert_eq!(((best.0, best.1), (worst.0, worst.1)), ((2023, 11), (2024, 3)));
    }

    #[test]
    fn midnight_ends_a_month() {
        let times = ["2018-12-29", "2019-01-01", "2019-01-03"].map(at).to_vec();
        let series =
            ReturnSeries::from_returns(at("2018-12-28"), times, vec![0.1, 0.2, 0.3], Period::Daily).unwrap();
        let months: Vec<_> = MonthlyTable::from_returns(&series).months().map(|(y, m, _)| (y, m)).collect();
        assert_eq!(months, [(2018, 12), (2019, 1)]);
        assert!((MonthlyTable::from_returns(&series).years[0].total - 0.32).abs() < 1e-15);
    }
}
