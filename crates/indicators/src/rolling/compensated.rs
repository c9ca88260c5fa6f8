/// A growing sum that keeps the rounding error of every addition (Neumaier's variant of Kahan summation, in the
/// branch-free form of Knuth's two-sum).
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct CompensatedSum {
    sum: f64,
    error: f64,
}

impl CompensatedSum {
    #[inline]
    pub(crate) fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        let term_rounded = sum - self.sum;
        self.error += (self.sum - (sum - term_rounded)) + (term - term_rounded);
        self.sum = sum;
    }

    #[inline]
    pub(crate) fn total(&self) -> f64 {
        self.sum + self.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_beside_large_ones_are_not_lost() {
        let mut sum = CompensatedSum::default();
        for term in [0.1, 1e17, 0.2, -1e17, 0.3] {
            sum.add(term);
        }
        assert!((sum.total() - 0.6).abs() < 1e-15, "{}", sum.total());
    }
}
