//! What readers of every format are told.

use std::sync::Arc;

use algoflow_core::{
    bar_spec::BarSpec,
    id::{Asset, InstrumentId},
    time::TimeDelta,
};

use crate::{
    error::DataError,
    policy::{OnDisorder, RowPolicy},
    rows::Context,
    schema::Schema,
};

/// What a reader is told before it begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadOptions {
    pub(crate) instrument: Option<InstrumentId>,
    pub(crate) spec: Option<BarSpec>,
    pub(crate) schema: Schema,
    pub(crate) policy: RowPolicy,
    pub(crate) recv_delay: TimeDelta,
    /// What the dividends of corporate actions are paid in.
    pub(crate) currency: Option<Asset>,
    /// Whether a file that names another instrument than the declared one is refused.
    #[cfg(feature = "parquet")]
    pub(crate) must_match: bool,
}

impl ReadOptions {
    pub(crate) fn context(&self, file: &Arc<str>) -> Result<Context, DataError> {
        let instrument = self.instrument.ok_or_else(|| {
            DataError::option("instrument", format!("say which instrument {file} is about"))
        })?;
        if self.recv_delay.nanos() < 0 {
            return Err(DataError::option("recv_delay", format!("{} is negative", self.recv_delay)));
        }
        if let Some(spec) = self.spec
            && !spec.is_valid()
        {
            return Err(DataError::option("spec", format!("{spec} covers nothing")));
        }
        let repairs = self.policy.repairs();
        let mut context = Context::new(Arc::clone(file), instrument, self.recv_delay, &self.schema, repairs)?;
        context.report.spec = self.spec;
        context.currency = self.currency;
        Ok(context)
    }

    pub(crate) fn sorts(&self) -> bool {
        self.policy.repairs().out_of_order == OnDisorder::Sort
    }

    pub(crate) fn refuse_sorting(&self) -> Result<(), DataError> {
        if self.sorts() {
            return Err(DataError::option(
                "policy",
                "rows can be sorted only by load(), which holds them all in memory",
            ));
        }
        Ok(())
    }
}
