//! Streams of market data: what a replay reads from.

use algoflow_core::market::MarketData;

use crate::error::DataError;

/// A stream of market data in the order of `ts_recv`. Implement it to replay data of your own.
///
/// ```
/// use algoflow_core::market::MarketData;
/// use algoflow_data::{DataError, DataSource, Merge};
///
/// struct Signals(Vec<MarketData>);
///
/// impl DataSource for Signals {
///     fn next(&mut self) -> Result<Option<MarketData>, DataError> {
///         Ok(self.0.pop())
///     }
///     fn describe(&self) -> String {
///         "signals".into()
///     }
/// }
///
/// let mut merge = Merge::new([Signals(Vec::new()).into()]);
/// assert!(merge.next()?.is_none());
/// # Ok::<(), DataError>(())
/// ```
pub trait DataSource: Send {
    /// The next record, or `None` at the end.
    ///
    /// # Errors
    /// [`DataError`] if the source fails; a source of your own uses [`DataError::Custom`].
    fn next(&mut self) -> Result<Option<MarketData>, DataError>;

    /// What this is, for messages: a file, a range of a catalog.
    fn describe(&self) -> String;
}

impl<S: DataSource + ?Sized> DataSource for Box<S> {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        (**self).next()
    }
    fn describe(&self) -> String {
        (**self).describe()
    }
}

/// A source over records that are already in memory, of any kind.
#[derive(Clone, Debug)]
pub struct EventSource {
    name: String,
    events: std::vec::IntoIter<MarketData>,
}

impl EventSource {
    /// A source that delivers `events` as they come; `name` is for messages.
    pub fn new(name: impl Into<String>, events: impl IntoIterator<Item = MarketData>) -> Self {
        Self { name: name.into(), events: events.into_iter().collect::<Vec<_>>().into_iter() }
    }
}

impl DataSource for EventSource {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        Ok(self.events.next())
    }
    fn describe(&self) -> String {
        self.name.clone()
    }
}
