//! Conversion of assets through traded rates.

use std::collections::VecDeque;

/// One step of a conversion: through the price of an instrument, or its inverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Hop {
    /// Which instrument.
    pub(super) instrument: usize,
    /// Whether one unit of quote is turned into the base (divide by the price).
    pub(super) inverse: bool,
}

/// An instrument as a way between two assets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) instrument: usize,
    pub(super) base: usize,
    pub(super) quote: usize,
}

/// For every asset the shortest way to `target`: fewest instruments, the earliest registered first.
pub(super) fn routes(assets: usize, edges: &[Edge], target: usize) -> Vec<Option<Vec<Hop>>> {
    let mut neighbours = vec![Vec::new(); assets];
    for edge in edges {
        for (from, to, inverse) in [(edge.quote, edge.base, false), (edge.base, edge.quote, true)] {
            if let Some(reached) = neighbours.get_mut(from) {
                reached.push((to, Hop { instrument: edge.instrument, inverse }));
            }
        }
    }
    let mut found: Vec<Option<Vec<Hop>>> = vec![None; assets];
    let Some(start) = found.get_mut(target) else { return found };
    *start = Some(Vec::new());
    let mut queue = VecDeque::from([target]);
    while let Some(asset) = queue.pop_front() {
        let way = found.get(asset).cloned().flatten().unwrap_or_default();
        for (next, hop) in neighbours.get(asset).map(Vec::as_slice).unwrap_or_default() {
            if let Some(slot @ None) = found.get_mut(*next) {
                let mut hops = vec![*hop];
                hops.extend(&way);
                *slot = Some(hops);
                queue.push_back(*next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_is_found() {
        // 0 USD, 1 EUR, 2 BTC, 3 unreachable
        let edges = [
            Edge { instrument: 0, base: 2, quote: 1 },
            Edge { instrument: 1, base: 1, quote: 0 },
            Edge { instrument: 2, base: 2, quote: 0 },
        ];
        let ways = routes(4, &edges, 0);
        assert_eq!(ways[0], Some(vec![]));
        assert_eq!(ways[1], Some(vec![Hop { instrument: 1, inverse: false }]));
        assert_eq!(ways[2], Some(vec![Hop { instrument: 2, inverse: false }]));
        assert_eq!(ways[3], None);
        let back = routes(4, &edges[..2], 2);
        assert_eq!(
            back[0],
            Some(vec![Hop { instrument: 1, inverse: true }, Hop { instrument: 0, inverse: true }])
        );
    }
}
