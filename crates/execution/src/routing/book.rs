use algoflow_core::{
    market::{Depth, DepthKind},
    number::{Price, Quantity},
    order::Side,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// How many price levels of each side of a book are kept; the worst are left out.
pub const MAX_BOOK_LEVELS: usize = 1_000;

/// The price levels that a listing shows. Nothing is known before the first snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    /// Best first.
    bids: Vec<(Price, Quantity)>,
    asks: Vec<(Price, Quantity)>,
    /// When it was last shown.
    pub(crate) at: Timestamp,
}

impl Book {
    /// The book of a snapshot; `None` for what only changes a book.
    pub(crate) fn of(depth: &Depth) -> Option<Self> {
        if depth.kind != DepthKind::Snapshot {
            return None;
        }
        let mut book = Self { bids: Vec::new(), asks: Vec::new(), at: depth.ts_recv };
        book.apply(depth);
        Some(book)
    }

    /// Takes in a record.
    pub(crate) fn apply(&mut self, depth: &Depth) {
        if depth.kind == DepthKind::Snapshot {
            self.bids.clear();
            self.asks.clear();
        }
        for level in depth.levels.iter() {
            self.set(level.side, level.price, level.quantity);
        }
        self.at = depth.ts_recv;
    }

    fn set(&mut self, side: Side, price: Price, quantity: Quantity) {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let place = levels.binary_search_by(|(other, _)| match side {
            Side::Buy => price.cmp(other),
            Side::Sell => other.cmp(&price),
        });
        match place {
            Ok(at) if quantity.is_positive() => {
                if let Some(level) = levels.get_mut(at) {
                    level.1 = quantity;
                }
            }
            Ok(at) => drop(levels.remove(at)),
            Err(at) if quantity.is_positive() && at < MAX_BOOK_LEVELS => {
                levels.insert(at, (price, quantity));
                levels.truncate(MAX_BOOK_LEVELS);
            }
            Err(_) => {}
        }
    }

    /// What an order on `side` meets, best first.
    pub(crate) fn against(&self, side: Side) -> &[(Price, Quantity)] {
        match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use algoflow_core::market::Level;

    fn depth(kind: DepthKind, levels: &[(Side, i64, i64)]) -> Depth {
        let level = |(side, price, quantity): &(Side, i64, i64)| Level {
            side: *side,
            price: Price::from_int(*price),
            quantity: Quantity::from_int(*quantity),
        };
        Depth {
            instrument: "A.X".parse().unwrap(),
            ts_event: Timestamp::EPOCH,
            ts_recv: Timestamp::EPOCH,
            kind,
            sequence: None,
            levels: levels.iter().map(level).collect(),
        }
    }

    fn asks(book: &Book) -> Vec<(i64, i64)> {
        book.against(Side::Buy).iter().map(|(p, q)| (p.mantissa(), q.mantissa())).collect()
    }

    #[test]
    fn levels_are_set_changed_and_removed_in_order() {
        let change = depth(DepthKind::Update, &[(Side::Sell, 11, 1)]);
        assert!(Book::of(&change).is_none(), "what is not known cannot be changed");
        let first = [(Side::Sell, 12, 5), (Side::Sell, 11, 3), (Side::Buy, 9, 2), (Side::Buy, 10, 1)];
        let mut book = Book::of(&depth(DepthKind::Snapshot, &first)).unwrap();
        assert_eq!(asks(&book), [(11, 3), (12, 5)]);
        assert_eq!(book.against(Side::Sell)[0], (Price::from_int(10), Quantity::ONE));
        book.apply(&depth(
            DepthKind::Update,
            &[(Side::Sell, 11, 0), (Side::Sell, 12, 7), (Side::Sell, 13, 1)],
        ));
        assert_eq!(asks(&book), [(12, 7), (13, 1)]);
        book.apply(&depth(DepthKind::Snapshot, &[(Side::Sell, 20, 1)]));
        assert_eq!((asks(&book), book.against(Side::Sell).len()), (vec![(20, 1)], 0));
    }

    #[test]
    fn the_worst_levels_are_left_out() {
        let all: Vec<_> =
            (0..MAX_BOOK_LEVELS as i64 + 5).rev().map(|price| (Side::Sell, price + 1, 1)).collect();
        let book = Book::of(&depth(DepthKind::Snapshot, &all)).unwrap();
        let kept = asks(&book);
        assert_eq!((kept.len(), kept[0], kept[MAX_BOOK_LEVELS - 1].0), (MAX_BOOK_LEVELS, (1, 1), 1_000));
    }
}
