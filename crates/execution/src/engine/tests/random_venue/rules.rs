//! The rules of `engine/contingent.rs`, seen from outside.

use super::*;

impl World {
    pub(super) fn orders(&self) -> Vec<OrderView<'_>> {
        self.h.state().orders.iter().collect()
    }

    fn filled(&self, of: &[OrderView<'_>]) -> i64 {
        of.iter().map(|order| order.filled.mantissa()).sum()
    }

    /// The rules, once nothing is on its way.
    pub(super) fn check_calm(&self) -> Result<(), TestCaseError> {
        for order in self.orders() {
            let truth = self.venue.get(&order.id.sequence);
            let known = truth.map_or(0, |truth| truth.filled);
            prop_assert_eq!(order.filled.mantissa(), known, "fills of {:?}", order);
            let open = truth.is_some_and(|truth| truth.open);
            // A rest that it would not end, however often it was asked (L5).
            let is_rest = order.status == OrderStatus::Filled
                && self.kept.get(&order.id.sequence).is_some_and(|refusals| *refusals >= MAX_ASKS);
            let agree = order.status.is_at_venue() == open || (open && is_rest);
            prop_assert!(agree, "{order:?} at the venue: {truth:?}");
        }
        for parent in self.orders() {
            self.check_children(&parent)?;
        }
        Ok(())
    }

    fn check_children(&self, parent: &Order) -> Result<(), TestCaseError> {
        let orders = self.orders();
        let children: Vec<_> =
            orders.into_iter().filter(|o| o.spec.contingency.parent == Some(parent.id)).collect();
        if children.is_empty() {
            return Ok(());
        }
        let left = parent.filled.mantissa() - self.filled(&children);
        if !self.raced && !self.refused_cancel {
            prop_assert!(left >= 0, "exits of {:?} filled {} too much", parent, -left);
        }
        let open: Vec<_> = children.iter().filter(|child| child.is_open()).collect();
        let bracket = parent.spec.contingency.role == OrderRole::Entry;
        if left <= 0 && parent.filled.is_positive() {
            prop_assert!(self.refused_cancel || open.is_empty(), "nothing is left for {:?}", open);
            prop_assert!(self.refused_cancel || !bracket || !parent.is_open(), "{:?} goes on", parent);
            return Ok(());
        }
        for child in &open {
            let fits = child.leaves().mantissa() <= left || child.status == OrderStatus::Held;
            prop_assert!(fits || self.refused_cancel, "{} left for {:?}", left, child);
        }
        if bracket && open.is_empty() {
            prop_assert!(self.refused_cancel || !parent.is_open(), "{:?} fills without an exit", parent);
        }
        self.check_cover(parent, &children, left)
    }

    /// What has filled is covered in full, unless somebody ended, limited or refused an exit (C5, C6).
    fn check_cover(
        &self,
        parent: &Order,
        children: &[OrderView<'_>],
        left: i64,
    ) -> Result<(), TestCaseError> {
        let touched = self.touched.lock().unwrap();
        let refused = |o: &Order| matches!(o.status, OrderStatus::Rejected | OrderStatus::Denied);
        // After a race the account may not hold what an exit should grow to (C8).
        let log = self.log.lock().unwrap();
        let poor = |o: &Order| o.is_open() && log.contains(&format!("{} AmendRejected", o.id.sequence));
        let spared = self.refused_cancel
            || (self.raced && children.iter().any(|child| poor(child)))
            || left < self.habits.min
            || children.iter().any(|child| touched.contains(&child.id.sequence))
            || children.iter().any(|child| refused(child));
        if spared {
            return Ok(());
        }
        for role in [OrderRole::TakeProfit, OrderRole::StopLoss, OrderRole::Plain] {
            let of_role: Vec<_> = children.iter().filter(|o| o.spec.contingency.role == role).collect();
            let open: i64 = of_role.iter().filter(|o| o.is_open()).map(|o| o.leaves().mantissa()).sum();
            prop_assert!(
                of_role.is_empty() || open == left,
                "{left} of {parent:?} are left, {role:?} has {open}: {children:#?}"
            );
        }
        Ok(())
    }
}
