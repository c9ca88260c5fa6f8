//! One order over two order books and a liquidity pool, split by marginal price after fees.
//!
//! The books and the pool stand still, so that what each split costs can be computed: the route is compared with sending all of it to
//! one place. The engine is driven by hand, with a venue that fills what is shown.
//!
//! `cargo run --release --example smart_order_routing`

use std::error::Error;

use algoflow::core::{
    capabilities::Capabilities,
    command::Submit,
    id::ExecutionId,
    instrument::PoolKind,
    market::{Depth, DepthKind, Level, PoolState, PoolUpdate},
};
use algoflow::execution::Engine;
use algoflow::prelude::route::{Listing, Route};
use algoflow::prelude::*;

/// Buys once, over all listings of a pair.
struct Buyer {
    home: InstrumentId,
    quantity: Quantity,
    /// Only here, if anywhere.
    only: Option<InstrumentId>,
}

impl Strategy for Buyer {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        // What listings show is known where it is asked for.
        for id in ctx.listings(self.home)? {
            ctx.subscribe(Subscription::Book(id))?;
            ctx.subscribe(Subscription::Pools(id))?;
        }
        ctx.schedule("buy", ctx.now().saturating_add(TimeDelta::seconds(1)));
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, _timer: &Timer) -> StrategyResult {
        let gas = "0.20".parse().unwrap_or_default();
        let listings = match self.only {
            Some(only) => vec![only],
            None => ctx.listings(self.home)?,
        };
        // A swap costs its fee and gas, however large it is.
        let listings = listings.into_iter().map(|id| match id.venue().as_str() {
            "ORCA" => Listing::new(id).fixed_cost(gas),
            _ => Listing::new(id),
        });
        let home = self.only.unwrap_or(self.home);
        let order = ctx.buy(home, self.quantity).max_slippage(100).tif(TimeInForce::Ioc);
        order.route(Route::best_price(listings)).submit()?;
        Ok(())
    }
}

/// A pair at a place, in hundredths of a coin, with its taker fee in basis points.
fn listing(venue: &str, taker: i64) -> Result<Instrument, Box<dyn Error>> {
    Ok(Instrument::spot(&format!("SOL-USDC.{venue}"))?
        .with_quantity_increment("0.01".parse()?)
        .with_fees(Decimal::ZERO, Decimal::new(taker, 4)))
}

/// The pool: 20 000 SOL and 3 000 000 USDC at a fee of four basis points.
fn pool() -> Result<Instrument, Box<dyn Error>> {
    let mut pool = listing("ORCA", 0)?;
    pool.kind = InstrumentKind::AmmPool {
        pool: PoolKind::ConstantProduct,
        address: "an address".to_owned(),
        base_decimals: 9,
        quote_decimals: 6,
        fee: Decimal::new(4, 4),
    };
    Ok(pool)
}

const RESERVES: (i64, i64) = (20_000, 3_000_000);

/// The asks of a book: prices and quantities.
fn asks(venue: &str) -> &'static [(&'static str, i64)] {
    match venue {
        "BINANCE" => &[("150.02", 40), ("150.05", 60), ("150.12", 120), ("150.30", 400)],
        "KRAKEN" => &[("149.95", 25), ("150.00", 80), ("150.10", 150), ("150.40", 300)],
        _ => &[],
    }
}

fn book(instrument: InstrumentId, at: Timestamp) -> Result<Depth, Box<dyn Error>> {
    let asks = asks(instrument.venue().as_str()).iter().map(|(price, quantity)| {
        Ok(Level { side: Side::Sell, price: price.parse()?, quantity: Quantity::from_int(*quantity) })
    });
    let bid = Level { side: Side::Buy, price: "149.90".parse()?, quantity: Quantity::from_int(100) };
    let levels = asks.chain([Ok(bid)]).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let kind = DepthKind::Snapshot;
    Ok(Depth { instrument, ts_event: at, ts_recv: at, kind, sequence: None, levels: levels.into() })
}

/// What an order pays where it was sent: its average price, and the fee beside it.
fn execute(order: &Submit, taker: Decimal) -> Result<(Price, Decimal), Box<dyn Error>> {
    let quantity = order.spec.quantity.value().to_decimal();
    let cost = match order.spec.instrument.venue().as_str() {
        "ORCA" => {
            let (base, quote) = (Decimal::from(RESERVES.0), Decimal::from(RESERVES.1));
            quote * quantity / (base - quantity) / (Decimal::ONE - Decimal::new(4, 4))
        }
        venue => {
            let (mut left, mut cost) = (quantity, Decimal::ZERO);
            for (price, size) in asks(venue) {
                let taken = left.min(Decimal::from(*size));
                cost += taken * price.parse::<Decimal>()?;
                left -= taken;
            }
            cost
        }
    };
    let price = (cost / quantity).round_dp(9);
    Ok((Price::from_decimal(price)?, price * quantity * taker))
}

/// The fill of an order, in full.
fn fill(order: &Submit, taker: Decimal, at: Timestamp) -> Result<OrderEvent, Box<dyn Error>> {
    let (price, fee) = execute(order, taker)?;
    let fill = Fill {
        id: ExecutionId::new(&order.order.sequence.to_string()),
        order: order.order,
        instrument: order.spec.instrument,
        side: order.spec.side,
        price,
        quantity: order.spec.quantity.value(),
        liquidity: Liquidity::Taker,
        fee: Money::new(fee, "USDC".parse()?),
        ts_event: at,
        ts_recv: at,
    };
    let (order, instrument) = (order.order, order.spec.instrument);
    Ok(OrderEvent { order, instrument, ts_event: at, ts_recv: at, kind: OrderEventKind::Filled(fill) })
}

/// Buys, and says what went where and what all of it cost with fees and gas.
fn run(quantity: i64, only: Option<&str>) -> Result<(Vec<Submit>, Option<Decimal>), Box<dyn Error>> {
    let listings = [listing("BINANCE", 10)?, listing("KRAKEN", 16)?, pool()?];
    let ids = listings.clone().map(|listing| listing.id);
    let mut engine = Engine::new(1, "USDC".parse()?);
    for instrument in listings.clone() {
        engine.add_venue(instrument.venue(), Capabilities::all_native(), AccountKind::Cash);
        engine.deposit(instrument.venue(), "1000000 USDC".parse()?)?;
        engine.add_instrument(instrument)?;
    }
    let only = only.and_then(|venue| ids.into_iter().find(|id| id.venue().as_str() == venue));
    let buyer = Buyer { home: ids[0], quantity: Quantity::from_int(quantity), only };
    engine.add_strategy("buyer".parse()?, Box::new(buyer))?;

    let start: Timestamp = "2025-01-01T00:00:00Z".parse()?;
    let mut commands = Vec::new();
    engine.start(start, &mut commands)?;
    for instrument in [ids[0], ids[1]] {
        engine.market(&MarketData::Depth(book(instrument, start)?), &mut commands)?;
    }
    let state = PoolState::ConstantProduct {
        base_reserve: RESERVES.0 as u64 * 1_000_000_000,
        quote_reserve: RESERVES.1 as u64 * 1_000_000,
    };
    let (instrument, price) = (ids[2], Price::from_int(RESERVES.1 / RESERVES.0));
    let shown = PoolUpdate { instrument, ts_event: start, ts_recv: start, slot: 1, state, price };
    engine.market(&MarketData::Pool(shown), &mut commands)?;
    let later = start.saturating_add(TimeDelta::seconds(1));
    engine.time(later, &mut commands)?;

    let sent = Harness::submitted(&commands);
    let mut cost = Decimal::ZERO;
    for order in &sent {
        let known = listings.iter().find(|listing| listing.id == order.spec.instrument);
        let taker = known.map_or(Decimal::ZERO, |known| known.fees.taker);
        let event = fill(order, taker, later)?;
        if let Some(fill) = event.fill() {
            cost += fill.price.to_decimal() * fill.quantity.to_decimal() + fill.fee.amount;
        }
        if order.spec.instrument.venue().as_str() == "ORCA" {
            cost += Decimal::new(20, 2);
        }
        engine.order(&event, &mut Vec::new())?;
    }
    let bought = engine.state().combined_position(Some(0), &ids)?.total.quantity;
    let is_whole = bought == Quantity::from_int(quantity);
    Ok((sent, is_whole.then_some(cost)))
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("Buying SOL on two books (10 and 16 bp) and in a pool (4 bp and gas):\n");
    println!(
        "  quantity   BINANCE    KRAKEN      ORCA      all in    only BINANCE    only KRAKEN      only ORCA"
    );
    for quantity in [1, 20, 100, 400, 500] {
        let (sent, cost) = run(quantity, None)?;
        let at = |venue: &str| {
            let order = sent.iter().find(|order| order.spec.instrument.venue().as_str() == venue);
            order.map_or(Quantity::ZERO, |order| order.spec.quantity.value()).to_f64()
        };
        let places = ["BINANCE", "KRAKEN", "ORCA"];
        let parts: String = places.iter().map(|venue| format!("{:>10.2}", at(venue))).collect();
        let each = |cost: Option<Decimal>| {
            cost.map_or_else(|| "-".to_owned(), |cost| format!("{:.3}", cost / Decimal::from(quantity)))
        };
        let mut line = format!("  {quantity:>8}{parts}  {:>10}", each(cost));
        for venue in places {
            line += &format!("  {:>13}", each(run(quantity, Some(venue))?.1));
        }
        println!("{line}");
    }
    println!(
        "\nThe price of a coin with fees and gas; - where one place does not show enough within the bound."
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_route_is_never_dearer_than_one_place() -> Result<(), Box<dyn Error>> {
        for quantity in [1, 5, 20, 65, 100, 250, 400, 500] {
            let all = run(quantity, None)?.1.ok_or("not filled whole")?;
            for venue in ["BINANCE", "KRAKEN", "ORCA"] {
                if let Some(alone) = run(quantity, Some(venue))?.1 {
                    assert!(all <= alone, "{quantity}: {all} and {alone} at {venue}");
                }
            }
        }
        Ok(())
    }
}
