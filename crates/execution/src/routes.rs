//! Who wants which data.

use algoflow_core::{bar_spec::BarSpec, state::Subscription};

/// The subscriptions to one instrument, each a list of strategy indices in the order of subscription.
#[derive(Debug, Default)]
pub(crate) struct Route {
    pub(crate) bars: Vec<(BarSpec, usize)>,
    pub(crate) trades: Vec<usize>,
    pub(crate) quotes: Vec<usize>,
    pub(crate) books: Vec<usize>,
    pub(crate) pools: Vec<usize>,
    pub(crate) events: Vec<usize>,
    /// Bars that are built here because the venue does not give them.
    pub(crate) builders: Vec<crate::bars::Builder>,
}

#[derive(Debug, Default)]
pub(crate) struct Routes {
    by_instrument: Vec<Route>,
}

impl Routes {
    pub(crate) fn ensure(&mut self, instrument: usize) {
        if self.by_instrument.len() <= instrument {
            self.by_instrument.resize_with(instrument + 1, Route::default);
        }
    }

    #[inline]
    pub(crate) fn get(&self, instrument: usize) -> Option<&Route> {
        self.by_instrument.get(instrument)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, instrument: usize) -> Option<&mut Route> {
        self.by_instrument.get_mut(instrument)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_instrument.len()
    }

    /// Adds a subscription; saying it twice is saying it once.
    pub(crate) fn subscribe(&mut self, instrument: usize, strategy: usize, subscription: &Subscription) {
        let Some(route) = self.by_instrument.get_mut(instrument) else { return };
        let add = |list: &mut Vec<usize>| {
            if !list.contains(&strategy) {
                list.push(strategy);
            }
        };
        match subscription {
            Subscription::Bars { spec, .. } => {
                if !route.bars.contains(&(*spec, strategy)) {
                    route.bars.push((*spec, strategy));
                }
                if !route.builders.iter().any(|builder| builder.spec() == *spec) {
                    route.builders.push(crate::bars::Builder::new(*spec));
                    // Short bars are told before long ones.
                    route.builders.sort_by_key(|builder| builder.spec().rank());
                }
            }
            Subscription::Trades(_) => add(&mut route.trades),
            Subscription::Quotes(_) => add(&mut route.quotes),
            Subscription::Book(_) => add(&mut route.books),
            Subscription::Pools(_) => add(&mut route.pools),
            Subscription::Events(_) => add(&mut route.events),
            _ => {}
        }
    }
}
