use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::{builder::Backtest, error::BacktestError, result::BacktestResult};

/// How far a sweep has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepProgress {
    /// Runs that are done.
    pub done: usize,
    /// All runs.
    pub total: usize,
}

/// One backtest for every set of parameters, on all cores.
///
/// Results come in the order of the parameters, and each is what a run of its own would give, whatever the number of
/// threads. Share the data: `Arc<BarSeries>` costs nothing to pass to each run. What is kept of a run is what the
/// `keep` function returns, so thousands of runs need little memory.
///
/// The number of threads is that of the current `rayon` pool: all cores, unless `RAYON_NUM_THREADS` or a pool of
/// your own says otherwise.
pub struct Sweep<P> {
    parameters: Vec<P>,
    #[allow(clippy::type_complexity)]
    progress: Option<Box<dyn Fn(SweepProgress) + Send + Sync>>,
}

impl<P> std::fmt::Debug for Sweep<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sweep").field("parameters", &self.parameters.len()).finish_non_exhaustive()
    }
}

impl<P: Sync> Sweep<P> {
    /// A sweep over these sets of parameters.
    pub fn over(parameters: impl IntoIterator<Item = P>) -> Self {
        Self { parameters: parameters.into_iter().collect(), progress: None }
    }

    /// Calls `f` after every run, from whatever thread it ran on.
    #[must_use]
    pub fn on_progress(mut self, f: impl Fn(SweepProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(f));
        self
    }

    /// Builds and runs a backtest for every set of parameters; returns what `keep` makes of each result.
    ///
    /// # Errors
    /// The error of the first set of parameters, in their order, whose backtest could not be built or run.
    pub fn run<T: Send>(
        &self,
        build: impl Fn(&P) -> Result<Backtest, BacktestError> + Sync,
        keep: impl Fn(&P, BacktestResult) -> T + Sync,
    ) -> Result<Vec<T>, BacktestError> {
        let (done, total) = (AtomicUsize::new(0), self.parameters.len());
        let results: Vec<Result<T, BacktestError>> = self
            .parameters
            .par_iter()
            .map(|parameters| {
                let result = build(parameters)?.run()?;
                let kept = keep(parameters, result);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if let Some(progress) = &self.progress {
                    progress(SweepProgress { done, total });
                }
                Ok(kept)
            })
            .collect();
        // Collected before it is searched, so that which error is returned does not depend on timing.
        results.into_iter().collect()
    }
}
