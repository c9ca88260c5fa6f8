use std::collections::VecDeque;

use algoflow_core::time::Timestamp;
use rust_decimal::Decimal;

const DAYS: i64 = 30;
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// What was traded on each of the last 30 days, UTC: at most 30 entries.
#[derive(Clone, Debug, Default)]
pub(super) struct RollingVolume {
    days: VecDeque<(i64, Decimal)>,
}

impl RollingVolume {
    /// What was traded on the day of `ts` and the 29 days before.
    pub(super) fn sum(&self, ts: Timestamp) -> Decimal {
        let first = day(ts) - DAYS + 1;
        self.days
            .iter()
            .filter(|(day, _)| *day >= first)
            .fold(Decimal::ZERO, |sum, (_, volume)| sum.saturating_add(*volume))
    }

    /// Adds to the day of `ts`; `None` on overflow.
    pub(super) fn add(&mut self, ts: Timestamp, notional: Decimal) -> Option<()> {
        let today = day(ts);
        while self.days.front().is_some_and(|(day, _)| *day <= today - DAYS) {
            self.days.pop_front();
        }
        match self.days.back_mut() {
            Some((day, volume)) if *day == today => *volume = volume.checked_add(notional)?,
            _ => self.days.push_back((today, notional)),
        }
        Some(())
    }
}

fn day(ts: Timestamp) -> i64 {
    ts.nanos().div_euclid(NANOS_PER_DAY)
}
