use std::collections::VecDeque;

use algoflow_core::time::{TimeDelta, Timestamp};

use super::Priority;
use crate::error::NetError;

/// Into how many slots a window is cut: what bounds the memory of one.
pub const SLOTS: i64 = 64;

/// One limit of a venue.
#[derive(Clone, Debug)]
pub struct Quota {
    most: u32,
    reserved: u32,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Window {
        length: TimeDelta,
        /// What was granted, by the end of the slot in which it was. At most `SLOTS + 2`.
        slots: VecDeque<(Timestamp, u32)>,
        sum: u32,
    },
    Bucket {
        /// How long one unit takes to come back.
        per_unit: TimeDelta,
        /// When it will be full: the further ahead, the emptier it is.
        full_at: Timestamp,
    },
}

impl Quota {
    /// At most `limit` in any span of `length` (L1): for venues that count in windows.
    ///
    /// # Errors
    /// [`NetError::Setting`] if the limit or the length is not above zero.
    pub fn window(limit: u32, length: TimeDelta) -> Result<Self, NetError> {
        positive("the limit of a window", limit)?;
        if length <= TimeDelta::ZERO {
            return Err(NetError::setting("the length of a window", length, "it must be above zero"));
        }
        Ok(Self { most: limit, reserved: 0, kind: Kind::Window { length, slots: VecDeque::new(), sum: 0 } })
    }

    /// A bucket of `burst` that gains `rate` each `per` (L2): for venues whose counters decay.
    ///
    /// # Errors
    /// [`NetError::Setting`] if one of them is not above zero, or a unit would come back in less than a nanosecond.
    pub fn bucket(burst: u32, rate: u32, per: TimeDelta) -> Result<Self, NetError> {
        positive("the burst of a bucket", burst)?;
        positive("the rate of a bucket", rate)?;
        let (per, rate) = (per.nanos(), i64::from(rate));
        let per_unit = per / rate + i64::from(per % rate > 0);
        if per_unit <= 0 {
            let per = TimeDelta::from_nanos(per);
            return Err(NetError::setting("the period of a bucket", per, "it must be above zero"));
        }
        let kind = Kind::Bucket { per_unit: TimeDelta::from_nanos(per_unit), full_at: Timestamp::MIN };
        Ok(Self { most: burst, reserved: 0, kind })
    }

    /// The same, with a part for cancels alone (L4).
    ///
    /// # Errors
    /// [`NetError::Setting`] if nothing would be left for the others.
    pub fn reserving(mut self, part: u32) -> Result<Self, NetError> {
        if part >= self.most {
            return Err(NetError::setting("the reserved part", part, "it must be below the limit"));
        }
        self.reserved = part;
        Ok(self)
    }

    /// How much a request of this priority can have at most.
    pub(super) const fn usable(&self, priority: Priority) -> u32 {
        match priority {
            Priority::Cancel => self.most,
            Priority::Order | Priority::Query => self.most - self.reserved,
        }
    }

    /// How much is used at `now`, beyond the limit if the venue said so.
    pub(super) fn used(&mut self, now: Timestamp) -> u32 {
        match &mut self.kind {
            Kind::Window { length, slots, sum } => {
                while let Some((_, weight)) =
                    slots.front().copied().filter(|(end, _)| end.saturating_add(*length) <= now)
                {
                    slots.pop_front();
                    *sum = sum.saturating_sub(weight);
                }
                *sum
            }
            Kind::Bucket { per_unit, full_at } => {
                let missing = full_at.since(now).nanos().max(0);
                // A unit that has come back in part is still used.
                let units = missing / per_unit.nanos() + i64::from(missing % per_unit.nanos() > 0);
                u32::try_from(units).unwrap_or(u32::MAX)
            }
        }
    }

    /// When `weight` can be had; `None` is now.
    pub(super) fn ready_at(&mut self, weight: u32, priority: Priority, now: Timestamp) -> Option<Timestamp> {
        let room = self.usable(priority).saturating_sub(weight);
        let excess = self.used(now).checked_sub(room).filter(|excess| *excess > 0)?;
        match &self.kind {
            Kind::Window { length, slots, .. } => {
                let mut freed = 0_u32;
                let mut ends = slots.iter().filter(|(_, weight)| {
                    freed = freed.saturating_add(*weight);
                    freed >= excess
                });
                ends.next().map(|(end, _)| end.saturating_add(*length))
            }
            Kind::Bucket { per_unit, full_at } => {
                let back = per_unit.nanos().saturating_mul(i64::from(room));
                Some(full_at.saturating_sub(TimeDelta::from_nanos(back)))
            }
        }
    }

    /// Counts `weight`, whether there is room for it or not.
    pub(super) fn take(&mut self, weight: u32, now: Timestamp) {
        if weight == 0 {
            return;
        }
        match &mut self.kind {
            Kind::Window { length, slots, sum } => {
                let slot = TimeDelta::from_nanos((length.nanos() / SLOTS).max(1));
                let end = now.floor_to(slot).saturating_add(slot);
                // The sum that is counted is the sum that is taken off later, also at its end.
                let weight = weight.min(u32::MAX - *sum);
                *sum += weight;
                match slots.back_mut().filter(|(last, _)| *last >= end) {
                    Some((_, counted)) => *counted = counted.saturating_add(weight),
                    None => slots.push_back((end, weight)),
                }
            }
            Kind::Bucket { per_unit, full_at } => {
                let units = per_unit.nanos().saturating_mul(i64::from(weight));
                *full_at = (*full_at).max(now).saturating_add(TimeDelta::from_nanos(units));
            }
        }
    }
}

fn positive(name: &'static str, value: u32) -> Result<(), NetError> {
    if value == 0 { Err(NetError::setting(name, value, "it must be above zero")) } else { Ok(()) }
}
