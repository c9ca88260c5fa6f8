use std::sync::Arc;

use algoflow_core::{
    error::VenueError,
    id::InstrumentId,
    number::{Price, Quantity},
    state::Subscription,
    time::Timestamp,
    venue::Venue,
};
use async_trait::async_trait;

/// Something that a stage cannot do, and why: the cases that need it are skipped with these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cannot(pub String);

impl Cannot {
    /// It cannot be done because of this.
    #[must_use]
    pub fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The world around a venue that is tested: its account, its market, its connection. A simulated venue can do all of it; with a test net
/// of a real one, leave what it cannot do as it is.
#[async_trait]
pub trait Stage: Send {
    /// The venue at the beginning of a case: connected, its account without positions and open orders, with money for four orders of
    /// [`Stage::quantity`] at the market's price.
    ///
    /// # Errors
    /// Why there is none; the case has failed then.
    async fn open(&mut self) -> Result<Arc<dyn Venue>, VenueError>;

    /// What is traded.
    fn instrument(&self) -> InstrumentId;

    /// How much an order is for: a multiple of four steps, and four times as much trades at once at the best price.
    fn quantity(&self) -> Quantity;

    /// The venue's time, or ours if it is near.
    fn now(&self) -> Timestamp;

    /// The best bid and ask now.
    ///
    /// # Errors
    /// Why they are not known; the case has failed then.
    async fn market(&mut self) -> Result<(Price, Price), VenueError>;

    /// Moves the market, so that there is trading at the new bid and ask.
    ///
    /// # Errors
    /// [`Cannot`], which is what there is by default.
    async fn move_market(&mut self, bid: Price, ask: Price) -> Result<(), Cannot> {
        Err(Cannot(format!("the stage cannot move the market to {bid} and {ask}")))
    }

    /// Breaks the connection of the venue's streams, which are to come back by themselves.
    ///
    /// # Errors
    /// [`Cannot`], which is what there is by default.
    async fn disconnect(&mut self) -> Result<(), Cannot> {
        Err(Cannot::because("the stage cannot break the connection"))
    }

    /// Another connection to the same account, as after a restart.
    ///
    /// # Errors
    /// [`Cannot`], which is what there is by default.
    async fn reopen(&mut self) -> Result<Arc<dyn Venue>, Cannot> {
        Err(Cannot::because("the stage has only one connection"))
    }

    /// How many streams the venue serves now, if that can be known.
    fn open_streams(&self) -> Option<usize> {
        None
    }

    /// What a stream of the venue is asked for.
    fn subscriptions(&self) -> Vec<Subscription> {
        vec![Subscription::Quotes(self.instrument())]
    }

    /// Lets the venue do what it has to do: a simulation that does not run by itself moves its time here.
    async fn settle(&mut self) {}
}
