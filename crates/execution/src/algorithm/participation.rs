use algoflow_core::{
    Decimal,
    market::MarketRef,
    number::{Quantity, Rounding},
    order::algorithm::Participation,
    time::{TimeDelta, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{Actions, ExecutionAlgorithm, Occasion, Slice, View, finale::Finale, saved_as_data};

/// A share of what others trade.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Participating {
    participation: Participation,
    /// What has traded since the order began.
    observed: Decimal,
    /// A trade was seen: bars, which are made of trades, do not count any more.
    by_trades: bool,
    finale: Option<Finale>,
}

impl Participating {
    pub(super) fn new(participation: Participation) -> Self {
        Self { participation, observed: Decimal::ZERO, by_trades: false, finale: None }
    }

    fn observe(&mut self, data: MarketRef<'_>, since: Timestamp) {
        let volume = match data {
            MarketRef::Trade(trade) if trade.ts_event >= since => {
                if !self.by_trades {
                    // Bars may have told of this time already.
                    self.by_trades = true;
                }
                trade.quantity
            }
            MarketRef::Bar(bar) if bar.ts_open >= since && !self.by_trades => bar.volume,
            _ => return,
        };
        self.observed = self.observed.checked_add(volume.to_decimal()).unwrap_or(self.observed);
    }

    /// What should have filled or be out by now.
    fn target(&self, view: &View<'_>) -> Option<Quantity> {
        let own = if self.participation.sees_itself { view.filled().to_decimal() } else { Decimal::ZERO };
        let others = self.observed.checked_sub(own)?.max(Decimal::ZERO);
        let share = others.checked_mul(Decimal::from_f64_retain(self.participation.rate)?)?;
        let step = view.instrument().quantity_increment;
        Quantity::from_decimal_rounded(share, step.scale(), Rounding::Floor).ok()
    }
}

impl ExecutionAlgorithm for Participating {
    fn listens(&self) -> bool {
        true
    }

    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let ends = |duration: TimeDelta| view.started().saturating_add(duration);
        let ends = self.participation.duration.map_or(Timestamp::MAX, ends);
        let mut finale = self.finale.unwrap_or_else(|| Finale::new(ends, self.participation.at_end));
        let is_over = finale.step(view, occasion, act);
        self.finale = Some(finale);
        if is_over {
            return;
        }
        if let Occasion::Market(data) = occasion {
            self.observe(data, view.started());
        }
        let need = self.target(view).and_then(|target| target.checked_sub(view.committed()).ok());
        let Some(need) = need.filter(|need| need.is_positive() && view.can_send()) else { return };
        let most = self.participation.max_slice.map_or(need, |max| need.min(max));
        let slice = view.fit(most);
        // The last one may be smaller.
        let least = self.participation.min_slice.map_or(Quantity::ZERO, |min| min.min(view.remaining()));
        // A slice is not rounded up to all that is left while that is more than the share.
        if slice >= least && slice <= need {
            act.slice(Slice::market(slice));
        }
    }

    saved_as_data!();
}
