//! Ledgers: positions, accounts and the portfolio that they make.
//!
//! Pure data with checked transitions; a strategy sees them read-only. The rules, which the tests cite:
//!
//! - **L1** A trade that is paid in full (shares, spot, currencies, option premiums) moves the base into the account
//!   and the quote out of it, or the reverse. A contract (future, perpetual) moves only what it gained or lost, in
//!   the settlement asset, when the position gets smaller.
//! - **L2** A fee is taken from the balance of its own asset.
//! - **L3** A position is netted: its cost is the exact sum of price times quantity of what it holds. Reducing takes
//!   out the cost in proportion (average cost); a fill that goes through zero first closes, then opens.
//! - **L4** Realized profit plus the cost that remains is always the cost put in plus the proceeds: what rounding a
//!   division takes from one it leaves in the other.
//! - **L5** The positions of the strategies add up to the position of the account, always.
//! - **L6** What an account holds of an asset that is only ever a base is what was deposited, plus what was paid (fees,
//!   dividends), plus the positions in instruments of that base.
//! - **L7** A dividend pays each unit held; a short position pays it. The price by which it is valued falls by as much. A
//!   split multiplies the quantity and keeps the cost; what falls between two quantity steps is paid out at the last price.
//! - **L8** What is held is valued by the price of its own instrument where there is one, else through the fewest
//!   instruments whose prices are known, the earliest registered first.

mod account;
mod portfolio;
mod position;
mod rates;
mod sum;

pub use account::{Account, AccountKind, Balance};
pub use portfolio::{CombinedPosition, Portfolio, Reservation, Shortfall};
pub use position::Position;
