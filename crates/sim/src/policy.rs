//! The rules by which orders fill, as numbered conditions.
//!
//! Tests cite these numbers. `L` is a limit price, `T` a trigger price; what is said for a buy holds for a sell with
//! the signs turned.
//!
//! # Orders (O)
//!
//! | | |
//! |---|---|
//! | O1 | A new order is refused with a report if its instrument is not traded here, the venue is closed, the reject model draws it, the venue lacks what it asks for, it breaks a rule of the instrument, or it expires in the past. |
//! | O2 | `Accepted` (with the venue's id `V1`, `V2`, ...) is sent for every order that is not refused and does not fill completely at the moment of its arrival; an order that does gives `Filled` alone. |
//! | O3 | A quantity in units of the quote becomes units of the base at the first fill: `amount / (price * multiplier)` at the fill price, rounded down to the step, told by `Amended` before the `Filled`. If that is zero or outside the bounds of the instrument, the order is rejected. |
//! | O4 | No fill happens at a price worse than `worst_price`, or than `max_slippage_bps` away from the reference: the last price at arrival (on quotes the ask for a buy, the bid for a sell), or for a conditional order its price when it is set off. What is left of the order is cancelled (`Protection`). Without a price to refer to, the order is refused (`NO_PRICE`). |
//! | O5 | No fill happens that would take the fees of the order above `max_fee`: what is left is cancelled (`Protection`). A bound in another asset than the fee's is refused. |
//! | O6 | A post-only order that accepts the last price (on quotes the ask) when it arrives, is amended or is set off is refused (`POST_ONLY_WOULD_TAKE`). Afterwards it is always the maker. |
//! | O7 | An amendment needs the same kind of order and a total above what has filled, else it is refused. A new price or a larger quantity puts the order behind those that are there. A new price looks at the market like a new order. |
//! | O8 | A cancellation of an order that is not open is refused (`UNKNOWN_ORDER`). |
//! | O9 | A day order ends at the end of the UTC day of its arrival, a good-till-date order at its date. It takes part in data received up to that very time, and not in a bar received later, even if that bar began before. |
//! | O10 | While an instrument is halted, orders are taken and wait (IOC and FOK are cancelled unless they wait for a trigger); while it is closed or delisted, new orders and amendments are refused (`MARKET_CLOSED`). A delisting cancels all orders of the instrument. |
//! | O11 | A split cancels all orders of the instrument (`Venue`), and the last price is restated. |
//! | O12 | Slippage applies to takers only, against the order, rounded to the tick against the order, and never takes a limit order beyond its limit. |
//!
//! # Bars (B)
//!
//! | | |
//! |---|---|
//! | B1 | Bars count until the instrument shows its first quote or trade. Of bars of several lengths only the shortest seen so far count. |
//! | B2 | Nothing fills on data older than the order. A bar that opened at or after the arrival of the order counts from its open; a bar that closed at or before it does not count (but see B7); in a bar between, the order joins the path where the price stands at its arrival, the price running along the path at constant speed in whole ticks. |
//! | B3 | The path of a bar is its open, its two extremes in the order of [`BarPath`], its close. |
//! | B4 | Along a leg of the path, what lies nearer happens first; at one price, a limit order that needs a trade beyond its price comes last, and otherwise the order that arrived first comes first. |
//! | B5 | A command without latency that answers a report from inside the bar acts where the path stands: it can fill on the rest of the path, never on what is past. Once the path is at its end, it is too late for this bar. |
//! | B6 | [`BarFill::NextOpen`]: a market order fills where it joins the path, which is the next bar's open for all that arrive between bars. |
//! | B7 | [`BarFill::SameClose`]: an order that arrives at the very time of the last bar (its `ts_recv`) meets that bar's close: a market order fills there, a limit order if it accepts the close, a stop is set off if the close is beyond it. An order that arrives later is treated as under B6. |
//! | B8 | [`BarFill::NextClose`]: a market order fills at the close of the first bar that it joins. |
//! | B9 | [`BarFill::NextVwap`]: a market order fills at the end of the first bar that counts from its open, at `(high + low + close) / 3` rounded to the tick against the order and kept inside the bar: an approximation, because a bar does not hold its volume-weighted average. |
//! | B10 | A limit order that accepts the price at which it first meets the market fills there as a taker. |
//! | B11 | A resting limit order fills at the open if the bar opens beyond its price (under [`LimitFill::Touch`] also at it), as a taker; a post-only order as a maker. |
//! | B12 | A resting limit order fills at its price as a maker when the path reaches it ([`LimitFill::Touch`]) or goes beyond it ([`LimitFill::Through`]). |
//! | B13 | A stop is set off at the open if the bar opens at or beyond its trigger, and fills there; otherwise when the path reaches the trigger, and fills at the trigger. It is a taker. An if-touched order likewise, on the other side. [`BarFill`] does not matter for it. |
//! | B14 | A stop-limit or limit-if-touched order becomes a limit order where it is set off: it fills there as a taker if it accepts that price (B10), else it rests (B12). |
//! | B15 | A trailing stop follows the path: a new extreme moves the stop only for what comes after. It starts from the last price at arrival, or where the path reaches the activation price, and is set off like a stop (B13). |
//! | B16 | An at-open order fills at the open of the next bar that opens at or after its arrival; a limit order only if it accepts that price. What is left is cancelled. |
//! | B17 | An at-close order fills at the close of the next bar that closes after its arrival (under [`BarFill::SameClose`] also as in B7); a limit order only if it accepts that price. What is left is cancelled. |
//! | B18 | What an IOC order does not fill, and all of a FOK order that does not fill in full, is cancelled when the order first meets the market (B6 to B10), or where it is set off. |
//! | B19 | With a participation cap, the fills in one bar together are at most `participation * volume`, rounded down to the quantity step, in the order in which they happen. What is left of a market order fills at the next bar's open (B6, or as its policy says). A bar without volume fills nothing. |
//! | B20 | No fill lies outside the range of the bar, except by slippage. |
//! | B21 | Orders that are set off by bid and ask use the path of the bar. |
//!
//! # Quotes and trades (Q)
//!
//! | | |
//! |---|---|
//! | Q1 | Once a quote has been seen, takers fill against quotes. A quote stands until the next. |
//! | Q2 | A market buy fills at the ask, as much as is left of the ask's size; the rest waits for the next quote (IOC: is cancelled). |
//! | Q3 | Displayed size that filled us is gone until the price or the size of that side changes ([`Depth::Consume`]); under [`Depth::Infinite`] sizes do not matter. A side of size zero is empty. With a participation, only that part of the size is for us. |
//! | Q4 | A limit buy that accepts the ask when it arrives fills at the ask as a taker. |
//! | Q5 | A resting limit buy fills at its price as a maker when the ask is at or below it, as much as is left of the ask's size. |
//! | Q6 | A resting limit buy fills at its price as a maker when a trade prints below it, under [`LimitFill::Touch`] also at it unless the taker of that trade was a buyer. |
//! | Q7 | While no quote has been seen, a market order fills at the price of the next trade ([`TradeFill::Next`]), or at the last trade if that is of the very time of the order's arrival ([`TradeFill::Last`], then as with `Next`). A limit order that accepts the last price when it arrives (or arrives before there is one) is such a taker too, if it accepts the price of the trade that it meets; otherwise it rests. |
//! | Q8 | The fills at one trade are together at most its quantity (with a participation, that part of it), unless [`Depth::Infinite`]. |
//! | Q9 | `Last` orders are set off by trades, on instruments without any trade by bid and ask; `BidAsk` orders by the ask for a buy and the bid for a sell, on instruments without any quote by trades. What is set off then takes: the standing quote, or as in Q7. |
//! | Q10 | A trailing stop follows the price by which it is set off (Q9). |
//! | Q11 | A trade that happened (`ts_event`) before an order arrived neither fills it nor sets it off. |
//! | Q12 | At one quote or trade, triggers come first, then takers, both in the order of arrival, then resting orders by price and arrival. |
//! | Q13 | There are no auctions in quotes and trades: at-open and at-close orders are refused (`UNSUPPORTED`), or cancelled when the first quote or trade comes. |
//!
//! Order books (`Depth`, `BookOrder`), pools, funding payments, dividends and custom data do not change what fills.

use serde::{Deserialize, Serialize};

/// Where a market order fills on bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BarFill {
    /// At the close of the bar that was just delivered, if nothing lies between (B7).
    SameClose,
    /// At the next bar's open (B6).
    #[default]
    NextOpen,
    /// At the next bar's close (B8).
    NextClose,
    /// At the typical price of the next bar (B9).
    NextVwap,
}

/// In which order a bar reaches its extremes (B3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BarPath {
    /// Open, high, low, close.
    Ohlc,
    /// Open, low, high, close.
    Olhc,
    /// The extreme nearer to the open first; the low if both are equally near.
    #[default]
    Adaptive,
    /// What is worse for the orders that wait at the open, so that stops are hit before limits.
    ///
    /// 1. Among the stop, stop-limit and trailing-stop orders that the bar's range reaches, the one that arrived
    ///    first decides: for a sell the low comes first, for a buy the high.
    /// 2. If there is none, the limit and if-touched order that arrived first among those that the range reaches
    ///    decides: for a buy the high comes first, for a sell the low, so that the move in favor of the new
    ///    position is over before the order fills.
    /// 3. If there is none either, as [`BarPath::Adaptive`].
    Worst,
}

/// When a resting limit order fills on bars and trades (B12, Q6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitFill {
    /// When its price is traded: as if it were first in the queue.
    Touch,
    /// When a price beyond its own is traded: as if it were last in the queue.
    #[default]
    Through,
}

/// Where a taker fills on trades without quotes (Q7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TradeFill {
    /// At the next trade.
    #[default]
    Next,
    /// At the last trade, if it is of the same time.
    Last,
}

/// Whether displayed liquidity is used up by our fills (Q3, Q8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Depth {
    /// What filled us is gone until the quote changes.
    #[default]
    Consume,
    /// There is always enough at the best price.
    Infinite,
}

/// How orders fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FillPolicy {
    /// Market orders on bars.
    pub bar: BarFill,
    /// The path inside a bar.
    pub path: BarPath,
    /// Resting limit orders on bars and trades.
    pub limit: LimitFill,
    /// Takers on trades without quotes.
    pub trade: TradeFill,
    /// Whether displayed liquidity is used up.
    pub depth: Depth,
}
