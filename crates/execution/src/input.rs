use algoflow_core::{
    capabilities::Capabilities, id::VenueId, instrument::Instrument, ledger::AccountKind, market::MarketData,
    number::Money, order::OrderEvent, time::Timestamp, trading::VenueStanding,
};
use serde::{Deserialize, Serialize};

use crate::{
    control::Control,
    engine::{Adjustment, Adopted, ErrorPolicy},
};

/// Everything that can reach an engine once trading has begun. The same inputs give the same commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Input {
    /// Trading begins: strategies are started. After an end it goes on, and they are not started again.
    Start(Timestamp),
    /// Market data.
    Market(MarketData),
    /// Something happened to an order.
    Order(OrderEvent),
    /// A time has come; see [`Engine::next_wakeup`](crate::Engine::next_wakeup).
    Time(Timestamp),
    /// Trading ends: strategies are stopped.
    Stop(Timestamp),
    /// [`Engine::add_venue`](crate::Engine::add_venue) after the start.
    Venue {
        /// Which venue.
        id: VenueId,
        /// What it can do.
        capabilities: Capabilities,
        /// Which kind of account is held there.
        account: AccountKind,
    },
    /// [`Engine::add_instrument`](crate::Engine::add_instrument) after the start.
    Instrument(Box<Instrument>),
    /// [`Engine::deposit`](crate::Engine::deposit) after the start.
    Deposit {
        /// At which venue.
        venue: VenueId,
        /// How much.
        money: Money,
    },
    /// [`Engine::set_error_policy`](crate::Engine::set_error_policy) after the start.
    ErrorPolicy(ErrorPolicy),
    /// Past data that strategies are to know before they trade: they are told, and what they ask of orders is dropped.
    WarmUp(MarketData),
    /// An open order of the account that was made elsewhere is ours from now on.
    Adopt(Adopted),
    /// What an account holds is what the venue says, though no order of ours explains it.
    Adjust(Adjustment),
    /// Somebody who watches over trading asks for something.
    Control(Control),
    /// A venue stands otherwise than before.
    Standing(VenueStanding),
}
