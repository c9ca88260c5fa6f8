//! What the strategy does.

use algoflow_core::order::algorithm::Chunks;

use super::*;

fn route(policy: u8, limits: u8) -> Route {
    let listings = ids().map(|id| {
        let bound = |bit: u8, units| (limits >> bit & 1 == 1).then(|| q(units));
        Listing::new(id).limits(ListingLimits {
            max_order_quantity: bound(0, 7),
            max_position: bound(1, 40),
            max_open_orders: (limits >> 2 & 1 == 1).then_some(2),
            max_order_notional: (limits >> 3 & 1 == 1).then(|| Decimal::from(90)),
        })
    });
    match policy % 8 {
        0 => Route::round_robin(listings),
        1 => Route::least_used(listings),
        2 => Route::by_balance(listings),
        3 => Route::random(listings, 5),
        4 => Route::sticky(listings),
        5 => Route::best_price(listings.map(|listing| listing.fixed_cost(Decimal::ONE))),
        6 => Route::best_price(listings).max_age(TimeDelta::seconds(20)),
        _ => Route::best_price(listings),
    }
}

pub(super) fn ask(ctx: &mut Context<'_>, habits: Habits, (what, which, how): (u8, u8, u8)) -> StrategyResult {
    let size = 4 + i64::from(how % 40);
    let open: Vec<_> = ctx.orders().map(|o| (o.id, o.spec.kind)).collect();
    let pick = (!open.is_empty()).then(|| open[usize::from(which) % open.len()]);
    match (what % 8, pick) {
        (0..=2, _) if open.len() < 3 => {
            let sells = how.is_multiple_of(5);
            let side = if sells { Side::Sell } else { Side::Buy };
            let mut order = ctx.trade(listing("A"), side, q(size));
            if which % 3 == 0 {
                order =
                    order.limit(p(if sells { "9.60" } else { "10.50" })).max_fee("1 USD".parse().unwrap());
            }
            if which % 4 == 1 {
                order = order.max_slippage(200);
            }
            if sells && which % 2 == 0 {
                order = order.reduce_only();
            }
            let over = |order: algoflow_core::context::OrderBuilder<'_, '_>| {
                order.route(route(habits.policy, habits.limits)).submit().map(drop)
            };
            let timed = || Twap::new(TimeDelta::seconds(1 + i64::from(how % 60)), 1 + u32::from(how % 5));
            match which % 5 {
                0 => {
                    let chunks = Chunks::of(q(5), TimeDelta::seconds(1));
                    order.via(chunks).route(route(habits.policy, habits.limits)).submit().map(drop)
                }
                1 => order.route(route(habits.policy, habits.limits)).via(timed()).submit().map(drop),
                2 => over(order.tif(TimeInForce::Ioc)),
                _ => over(order),
            }
        }
        (3, Some((order, _))) if how % 3 == 0 => ctx.cancel(order),
        (4, Some((order, kind))) => ctx.amend(order, kind, q(size)).or(Ok(())),
        (7, _) if how.is_multiple_of(16) => ctx.cancel_all(listing("A")),
        _ => Ok(()),
    }
}
