//! What can go wrong, with stable codes.
//!
//! Each area has its own enum; every variant names the value that was wrong, and `code()` gives a name that does
//! not change between versions.

mod data;
mod order;
mod sizing;
mod strategy;
mod venue;

pub use data::{IdError, InstrumentError, MarketDataError, NumberError, TimeError};
pub use order::{AccountError, OrderError};
pub use sizing::SizingError;
pub use strategy::StrategyError;
pub use venue::VenueError;

macro_rules! codes {
    ($type:ty { $($variant:ident => $code:literal,)* }) => {
        impl $type {
            /// A name of the kind of error that stays the same between versions.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)* }
            }
        }
    };
}
use codes;
