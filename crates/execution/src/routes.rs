//! Who wants which data.

use algoflow_core::{bar_spec::BarSpec, id::InstrumentId, market::Bar, state::Subscription};

/// The subscriptions to one instrument, each a list of strategy indices in the order of subscription.
#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
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

#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Routes {
    by_instrument: Vec<Route>,
    /// By instrument: where its data go if that is one place. A digest of the routes, small enough to stay in the cache.
    single: Vec<Single>,
    /// How many subscriptions were made.
    count: u64,
}

/// No strategy.
const NOBODY: u32 = u32::MAX;

/// The one strategy that wants the bars or trades of an instrument, if it is one and no bars are built from them.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Single {
    spec: BarSpec,
    bars: u32,
    trades: u32,
}

impl Single {
    fn of(route: &Route) -> Self {
        let number = |strategy: usize| u32::try_from(strategy).unwrap_or(NOBODY);
        let (spec, bars) = match (route.bars.as_slice(), route.builders.as_slice()) {
            ([(spec, strategy)], [builder]) if builder.spec() == *spec && builder.is_external() => {
                (*spec, number(*strategy))
            }
            _ => (BarSpec::Month, NOBODY),
        };
        let trades = match (route.trades.as_slice(), route.builders.as_slice()) {
            ([strategy], []) => number(*strategy),
            _ => NOBODY,
        };
        Self { spec, bars, trades }
    }
}

impl Routes {
    pub(crate) fn ensure(&mut self, instrument: usize) {
        if self.by_instrument.len() <= instrument {
            self.by_instrument.resize_with(instrument + 1, Route::default);
            self.single.resize(instrument + 1, Single::of(&Route::default()));
        }
    }

    /// Finds out again where the data of an instrument go.
    pub(crate) fn digest(&mut self, instrument: usize) {
        if let (Some(route), Some(single)) =
            (self.by_instrument.get(instrument), self.single.get_mut(instrument))
        {
            *single = Single::of(route);
        }
    }

    /// Whether a strategy has subscribed to bars of this size.
    pub(crate) fn is_wanted(&self, instrument: usize, spec: BarSpec) -> bool {
        self.get(instrument).is_some_and(|route| route.bars.iter().any(|(wanted, _)| *wanted == spec))
    }

    /// Whether a bar of the venue was told already, as it was built here.
    pub(crate) fn has_built(&self, instrument: usize, bar: &Bar) -> bool {
        self.get(instrument).is_some_and(|route| route.builders.iter().any(|builder| builder.has_built(bar)))
    }

    /// The only strategy that wants bars of this size, if nothing else is made of them.
    #[inline]
    pub(crate) fn only_for_bars(&self, instrument: usize, spec: BarSpec) -> Option<usize> {
        let single = self.single.get(instrument)?;
        (single.bars != NOBODY && single.spec == spec).then_some(single.bars as usize)
    }

    /// The only strategy that wants trades, if nothing else is made of them.
    #[inline]
    pub(crate) fn only_for_trades(&self, instrument: usize) -> Option<usize> {
        let single = self.single.get(instrument)?;
        (single.trades != NOBODY).then_some(single.trades as usize)
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
        self.count += 1;
        self.digest(instrument);
    }

    /// How many subscriptions were made.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What is wanted of an instrument, each thing once.
    pub(crate) fn subscriptions(&self, index: usize, id: InstrumentId) -> Vec<Subscription> {
        let Some(route) = self.get(index) else { return Vec::new() };
        let mut wanted = Vec::new();
        for (spec, _) in &route.bars {
            let bars = Subscription::bars(id, *spec);
            if !wanted.contains(&bars) {
                wanted.push(bars);
            }
        }
        let lists = [
            (&route.trades, Subscription::Trades(id)),
            (&route.quotes, Subscription::Quotes(id)),
            (&route.books, Subscription::Book(id)),
            (&route.pools, Subscription::Pools(id)),
            (&route.events, Subscription::Events(id)),
        ];
        wanted.extend(lists.into_iter().filter(|(who, _)| !who.is_empty()).map(|(_, what)| what));
        wanted
    }
}
