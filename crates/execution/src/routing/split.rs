//! How a quantity is split over listings so that it costs least.
//!
//! Each listing's price of one unit more never falls, so the best split of what can be cut at will is where these prices are equal
//! (water filling). From there on lots are counted: where all listings have the same step, the result is the cheapest split into
//! whole lots there is; with different steps it is within a lot of each. Which listings with a fixed cost take part is found
//! by looking at each choice. More of the quantity comes before a lower cost.

use super::curve::Curve;

/// What can be had at a listing. Quantities are whole numbers of one small unit.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) curve: Curve,
    pub(crate) step: i64,
    /// The most that may be sent there, in whole steps.
    pub(crate) capacity: i64,
    /// The least that may be sent there.
    pub(crate) least: i64,
    /// What sending there costs however much it is.
    pub(crate) fixed: f64,
}

impl Source {
    fn supply(&self, cost: f64, per: f64) -> f64 {
        (self.curve.up_to(cost) * per).min(self.capacity as f64)
    }

    fn between(&self, from: i64, to: i64, per: f64) -> f64 {
        self.curve.between(from as f64 / per, to as f64 / per)
    }
}

struct Split {
    parts: Vec<i64>,
    sum: i64,
    cost: f64,
}

/// How much of `total` goes to each source; `per` is how many small units a unit of the curves has.
pub(crate) fn split(sources: &[Source], total: i64, per: f64) -> Vec<i64> {
    let dear: Vec<usize> =
        sources.iter().enumerate().filter(|(_, source)| source.fixed > 0.0).map(|(at, _)| at).collect();
    let mut best: Option<Split> = None;
    for without in 0..1_u32 << dear.len().min(algoflow_core::order::route::MAX_FIXED_COSTS) {
        let mut takes_part = vec![true; sources.len()];
        for (bit, at) in dear.iter().enumerate() {
            if without >> bit & 1 == 1
                && let Some(takes_part) = takes_part.get_mut(*at)
            {
                *takes_part = false;
            }
        }
        let found = fill_up(sources, &mut takes_part, total, per);
        let is_better = best
            .as_ref()
            .is_none_or(|best| found.sum > best.sum || (found.sum == best.sum && found.cost < best.cost));
        if is_better {
            best = Some(found);
        }
    }
    best.map(|best| best.parts).unwrap_or_default()
}

/// The split over those that take part, without those for which it would be too little.
fn fill_up(sources: &[Source], takes_part: &mut [bool], total: i64, per: f64) -> Split {
    loop {
        let parts = water(sources, takes_part, total, per);
        let placed = || parts.iter().zip(sources).enumerate();
        let too_small = placed().filter(|(_, (part, source))| **part > 0 && **part < source.least);
        match too_small.min_by_key(|(at, (part, _))| (**part, std::cmp::Reverse(*at))) {
            Some((at, _)) => {
                if let Some(takes_part) = takes_part.get_mut(at) {
                    *takes_part = false;
                }
            }
            None => {
                let cost = placed()
                    .filter(|(_, (part, _))| **part > 0)
                    .map(|(_, (part, source))| source.fixed + source.between(0, *part, per))
                    .sum();
                let sum = parts.iter().sum();
                return Split { parts, sum, cost };
            }
        }
    }
}

/// The cheapest split without fixed costs and least quantities.
fn water(sources: &[Source], takes_part: &[bool], total: i64, per: f64) -> Vec<i64> {
    let active: Vec<(usize, &Source)> = sources
        .iter()
        .enumerate()
        .filter(|(at, source)| takes_part.get(*at) == Some(&true) && source.capacity > 0)
        .collect();
    let mut parts = vec![0; sources.len()];
    let all = active.iter().fold(0_i64, |sum, (_, source)| sum.saturating_add(source.capacity));
    let exact: Vec<f64> = match all <= total {
        true => active.iter().map(|(_, source)| source.capacity as f64).collect(),
        false => level(&active, total as f64, per),
    };
    let is_even =
        active.iter().zip(active.iter().skip(1)).all(|((_, one), (_, other))| one.step == other.step);
    // The cheapest lots are among those below the water line and a few beside it.
    let back = if is_even && all > total { active.len() as i64 } else { 0 };
    let mut left = total;
    for ((at, source), exact) in active.iter().zip(exact) {
        // Doubles may be a little too large, the sum never is.
        let lots = (exact as i64 / source.step - back).min(left / source.step).max(0);
        if let Some(part) = parts.get_mut(*at) {
            *part = lots * source.step;
            left -= *part;
        }
    }
    loop {
        let lots = active.iter().filter_map(|(at, source)| {
            let part = parts.get(*at).copied().unwrap_or(0);
            let room = (source.capacity - part).min(left) / source.step;
            let cost = source.between(part, part + source.step, per) / source.step as f64;
            (room > 0).then_some((*at, cost, room, source.step))
        });
        let cheapest = lots.min_by(|one, other| one.1.total_cmp(&other.1));
        let Some((at, _, room, step)) = cheapest else { return parts };
        // With different steps what is left is small beside a large step, and many times a small one.
        let lots = if is_even { 1 } else { room };
        if let Some(part) = parts.get_mut(at) {
            *part += lots * step;
        }
        left -= lots * step;
    }
}

/// How much each would give if quantities could be cut at will, together `total`: all up to one price, and of what costs just that
/// the first come first.
fn level(active: &[(usize, &Source)], total: f64, per: f64) -> Vec<f64> {
    let ends = active
        .iter()
        .map(|(_, source)| (source.curve.at(0.0), source.curve.at(source.capacity as f64 / per)));
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (first, last)| {
        (low.min(first), high.max(last))
    });
    let (mut low, mut high) = (low - low.abs() - 1.0, high + high.abs() * 1e-9 + 1e-9);
    let supply = |cost: f64| active.iter().map(|(_, source)| source.supply(cost, per)).sum::<f64>();
    // Until the two are neighbors among the doubles.
    for _ in 0..MAX_HALVINGS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if supply(middle) > total { high = middle } else { low = middle }
    }
    let mut left = (total - supply(low)).max(0.0);
    let part = |(_, source): &(usize, &Source)| {
        let sure = source.supply(low, per);
        let more = (source.supply(high, per) - sure).clamp(0.0, left);
        left -= more;
        sure + more
    };
    active.iter().map(part).collect()
}

/// How often an interval of prices is halved: more often than a double has digits.
const MAX_HALVINGS: u32 = 200;

#[cfg(test)]
mod tests;
