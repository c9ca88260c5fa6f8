//! Algorithms that follow the clock: TWAP, VWAP, implementation shortfall.

use algoflow_core::{
    id::OrderId,
    number::Quantity,
    order::algorithm::{AtEnd, Jitter, Shortfall, Twap, VolumeProfile, Vwap},
    order::{CancelReason, OrderEventKind},
    time::{TimeDelta, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{
    Actions, Draws, ExecutionAlgorithm, Occasion, Slice, View,
    finale::Finale,
    saved_as_data,
    slicing::{apportion, of_steps, steps},
};

/// How the sizes of slices relate.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Shape {
    Even,
    Profile(VolumeProfile),
    Weights(Vec<f64>),
}

/// Slices at times that are known before, each for what should be out by then and is not.
///
/// What a slice does not fill is made up for by the next, unless it is still out. A change of the order's quantity is spread over
/// the slices to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Schedule {
    shape: Shape,
    duration: TimeDelta,
    count: u32,
    jitter: Jitter,
    draws: Option<Draws>,
    at_end: AtEnd,
    plan: Option<Plan>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Plan {
    times: Vec<Timestamp>,
    weights: Vec<f64>,
    /// How many steps are to be filled or out with each slice.
    targets: Vec<i64>,
    /// How many slices are due.
    due: usize,
    /// A slice that was due could not be sent, or was refused.
    owed: bool,
    finale: Finale,
}

impl Schedule {
    pub(super) fn twap(twap: &Twap, parent: OrderId) -> Self {
        Self {
            shape: Shape::Even,
            duration: twap.duration,
            count: twap.slices,
            jitter: twap.jitter,
            draws: Some(Draws::new(parent, twap.seed)),
            at_end: twap.at_end,
            plan: None,
        }
    }

    pub(super) fn vwap(vwap: Vwap, parent: OrderId) -> Self {
        Self {
            shape: Shape::Profile(vwap.profile),
            duration: vwap.duration,
            count: vwap.slices,
            jitter: vwap.jitter,
            draws: Some(Draws::new(parent, vwap.seed)),
            at_end: vwap.at_end,
            plan: None,
        }
    }

    pub(super) fn shortfall(shortfall: &Shortfall) -> Self {
        Self {
            shape: Shape::Weights(shortfall_weights(shortfall)),
            duration: shortfall.duration,
            count: shortfall.slices,
            jitter: Jitter::default(),
            draws: None,
            at_end: shortfall.at_end,
            plan: None,
        }
    }

    fn plan(&mut self, view: &View<'_>) -> Plan {
        let (start, count) = (view.started(), i128::from(self.count.max(1)));
        let at = |number: i128| {
            let offset = i128::from(self.duration.nanos()) * number / count;
            start.saturating_add(TimeDelta::from_nanos(i64::try_from(offset).unwrap_or(i64::MAX)))
        };
        let grid: Vec<Timestamp> = (0..=count).map(at).collect();
        let between = || grid.iter().zip(grid.iter().skip(1));
        let mut weights: Vec<f64> = match &self.shape {
            Shape::Even => vec![1.0; grid.len().saturating_sub(1)],
            Shape::Profile(profile) => between().map(|(from, to)| profile.between(*from, *to)).collect(),
            Shape::Weights(weights) => weights.clone(),
        };
        if weights.iter().all(|weight| *weight <= 0.0) {
            weights.fill(1.0);
        }
        let mut times: Vec<Timestamp> = between().map(|(from, _)| *from).collect();
        if let Some(draws) = &mut self.draws {
            for weight in &mut weights {
                *weight *= draws.around_one(self.jitter.size);
            }
            for (time, (from, to)) in times.iter_mut().zip(between()) {
                if self.jitter.delay > 0.0 {
                    let late = to.since(*from).nanos() as f64 * self.jitter.delay * draws.unit();
                    *time = from.saturating_add(TimeDelta::from_nanos(late as i64));
                }
            }
        }
        let finale = Finale::new(start.saturating_add(self.duration), self.at_end);
        let mut plan = Plan { times, weights, targets: Vec::new(), due: 0, owed: false, finale };
        plan.aim(view);
        plan
    }
}

impl Plan {
    /// Spreads what is neither filled nor out over the slices to come.
    fn aim(&mut self, view: &View<'_>) {
        let step = view.instrument().quantity_increment;
        let committed = steps(view.committed(), step);
        let to_come = self.weights.get(self.due..).unwrap_or_default();
        let parts = apportion(steps(view.remaining(), step), to_come);
        self.targets.truncate(self.due);
        let mut sum = committed;
        for part in parts {
            sum = sum.saturating_add(part);
            self.targets.push(sum);
        }
        // All slices have left: what is new is for now.
        if self.due >= self.weights.len()
            && let Some(last) = self.targets.last_mut()
        {
            *last = steps(view.total(), step);
            self.owed = true;
        }
    }

    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let before = self.due;
        let by_the_clock = !matches!(occasion, Occasion::Slice(_));
        while by_the_clock && self.times.get(self.due).is_some_and(|time| *time <= view.now()) {
            self.due += 1;
        }
        if let Some(next) = self.times.get(self.due) {
            act.wake_at(*next);
        }
        if self.due == before && !self.owed {
            return;
        }
        self.owed = !view.can_send();
        let target = self.due.checked_sub(1).and_then(|at| self.targets.get(at)).copied().unwrap_or(0);
        let target = of_steps(target, view.instrument().quantity_increment);
        let need = target.checked_sub(view.committed()).unwrap_or(Quantity::ZERO);
        // After the last slice nothing is to be left, also if it is a fraction of a step.
        let is_last = self.due >= self.times.len();
        let slice = view.fit(if is_last { view.remaining() } else { need });
        if slice.is_positive() && view.can_send() {
            act.slice(Slice::market(slice));
        }
    }
}

impl ExecutionAlgorithm for Schedule {
    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let mut plan = match self.plan.take() {
            Some(plan) => plan,
            None => self.plan(view),
        };
        match occasion {
            Occasion::Amended => plan.aim(view),
            Occasion::Slice(event) if was_refused(&event.kind) => plan.owed = true,
            _ => {}
        }
        if !plan.finale.step(view, occasion, act) {
            plan.step(view, occasion, act);
        }
        self.plan = Some(plan);
    }

    saved_as_data!();
}

/// Whether a slice came back because somebody would not have it.
fn was_refused(kind: &OrderEventKind) -> bool {
    use OrderEventKind as E;
    matches!(
        kind,
        E::Denied { .. }
            | E::Rejected { .. }
            | E::Cancelled { reason: CancelReason::Venue | CancelReason::Requested }
    )
}

/// How large the slices of an implementation shortfall are, relative to each other: `2 sinh(k tau / 2) / sinh(k T) *
/// cosh(k (T - (j - 1/2) tau))` for `j` from 1 (equation 19 of Almgren and Chriss, 2000), whose sum is 1, where `tau` is the
/// time between two slices and `2 (cosh(k tau) - 1) / tau^2 = risk_aversion * volatility^2 / (temporary_impact - permanent_impact *
/// tau / 2)` (equation 16 and what precedes it). The trajectory is then `sinh(k (T - j tau)) / sinh(k T)`.
#[must_use]
pub fn shortfall_weights(shortfall: &Shortfall) -> Vec<f64> {
    let (tau, count) = (shortfall.interval(), shortfall.slices.max(1));
    let urgency = shortfall.risk_aversion * shortfall.volatility.powi(2) / shortfall.net_impact();
    // cosh(k tau) - 1, from which k tau = acosh(1 + x), written so that a small x keeps its digits.
    let x = 0.5 * urgency * tau * tau;
    let step = (x + (x * (x + 2.0)).sqrt()).ln_1p();
    let (even, whole) = (vec![1.0 / f64::from(count); count as usize], step * f64::from(count));
    if !step.is_finite() || whole < 1e-9 {
        // No risk aversion or no risk: equal slices. If the urgency does not fit, all at once.
        return if step.is_finite() {
            even
        } else {
            std::iter::once(1.0).chain(std::iter::repeat(0.0)).take(count as usize).collect()
        };
    }
    // The remaining share sinh(a) / sinh(b), as powers below one, so that nothing overflows.
    let left = |number: u32| {
        let rest = step * f64::from(count - number);
        (rest - whole).exp() * (-2.0 * rest).exp_m1() / (-2.0 * whole).exp_m1()
    };
    (0..count).map(|number| (left(number) - left(number + 1)).max(0.0)).collect()
}

#[cfg(test)]
mod tests;
