//! Client order ids for venues that do not take an [`OrderId`] as it is written (up to 40 of `[0-9a-z-]`): shorter ones, and UUIDs.
//!
//! - **I1** Every id that is made reads back as the order that it was made from.
//! - **I2** Everything else reads as nothing: an order with such a client id is not ours.

use algoflow_core::id::OrderId;

/// What ids of [`compact`] begin with.
const PREFIX: &str = "af";

/// The twelve bits of a UUID by which ours are told from others.
const TAG: u64 = 0xa1f;

/// The largest sequence of an order that fits into a UUID.
pub const MAX_UUID_SEQUENCE: u64 = (1 << 62) - 1;

/// Thirty characters of `[0-9a-f]`, for venues that take no more than 32 letters and digits.
///
/// ```
/// use algoflow_net::client_id::{compact, from_compact};
///
/// let order = "r7-s1-300".parse()?;
/// assert_eq!(compact(order), "af000000070001000000000000012c");
/// assert_eq!(from_compact("af000000070001000000000000012c"), Some(order));
/// assert_eq!(from_compact("web_order_1"), None);
/// # Ok::<(), algoflow_core::error::IdError>(())
/// ```
#[must_use]
pub fn compact(order: OrderId) -> String {
    format!("{PREFIX}{:08x}{:04x}{:016x}", order.run, order.strategy, order.sequence)
}

/// The order whose [`compact`] id this is.
#[must_use]
pub fn from_compact(text: &str) -> Option<OrderId> {
    let digits = text.strip_prefix(PREFIX)?;
    let order = OrderId {
        run: u32::from_str_radix(digits.get(..8)?, 16).ok()?,
        strategy: u16::from_str_radix(digits.get(8..12)?, 16).ok()?,
        sequence: u64::from_str_radix(digits.get(12..)?, 16).ok()?,
    };
    // Only as it is written: the parser takes capitals and signs, too.
    (compact(order) == text).then_some(order)
}

/// A UUID of version 8 (RFC 9562, section 5.8): the run and the strategy, a tag, and the sequence. `None` for a sequence above
/// [`MAX_UUID_SEQUENCE`].
///
/// ```
/// use algoflow_net::client_id::{from_uuid, uuid};
///
/// let order = "r7-s1-300".parse()?;
/// assert_eq!(uuid(order).as_deref(), Some("00000007-0001-8a1f-8000-00000000012c"));
/// assert_eq!(from_uuid("00000007-0001-8A1F-8000-00000000012C"), Some(order));
/// assert_eq!(from_uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), None);
/// # Ok::<(), algoflow_core::error::IdError>(())
/// ```
#[must_use]
pub fn uuid(order: OrderId) -> Option<String> {
    if order.sequence > MAX_UUID_SEQUENCE {
        return None;
    }
    let (high, low) = (order.sequence >> 48, order.sequence & 0xffff_ffff_ffff);
    let variant = 0x8000 | high;
    Some(format!("{:08x}-{:04x}-8{TAG:03x}-{variant:04x}-{low:012x}", order.run, order.strategy))
}

/// The order whose [`uuid`] this is, in small letters or capitals.
#[must_use]
pub fn from_uuid(text: &str) -> Option<OrderId> {
    let text = text.to_ascii_lowercase();
    let mut parts = text.split('-');
    let run = u32::from_str_radix(parts.next()?, 16).ok()?;
    let strategy = u16::from_str_radix(parts.next()?, 16).ok()?;
    let _version_and_tag = parts.next()?;
    let high = u64::from_str_radix(parts.next()?, 16).ok()? & 0x3fff;
    let low = u64::from_str_radix(parts.next()?, 16).ok()?;
    let order = OrderId { run, strategy, sequence: high << 48 | low & 0xffff_ffff_ffff };
    // Whatever was not looked at is compared here.
    (uuid(order)? == text).then_some(order)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn i1_the_largest_ids_fit() {
        let order = OrderId { run: u32::MAX, strategy: u16::MAX, sequence: u64::MAX };
        assert_eq!((compact(order).len(), from_compact(&compact(order))), (30, Some(order)));
        assert_eq!(uuid(order), None);
        let order = OrderId { sequence: MAX_UUID_SEQUENCE, ..order };
        assert_eq!(uuid(order).unwrap(), "ffffffff-ffff-8a1f-bfff-ffffffffffff");
    }

    #[test]
    fn i2_other_spellings_are_not_ours() {
        let bad = [
            "",
            "af",
            "AF000000070001000000000000012c",
            "af000000070001000000000000012C",
            "af+00000070001000000000000012c",
            "af000000070001000000000000012",
            "af00000007000100000000000012c0",
            "af0000000700010000000000000012c",
            "afé00000070001000000000000012c",
        ];
        for text in bad {
            assert!(from_compact(text).is_none_or(|order| compact(order) == text), "{text:?}");
        }
        assert_eq!(from_compact("af+00000070001000000000000012c"), None);
        let bad = [
            "00000007-0001-8a1f-8000-00000000012c-",
            "00000007-0001-8a1f-0000-00000000012c",
            "00000007-0001-4a1f-8000-00000000012c",
            "00000007-0001-8a1e-8000-00000000012c",
            "7-1-8a1f-8000-12c",
            "00000007-0001-8a1f-8000-ff00000000012c",
            "000000070001-8a1f-8000-00000000012c",
        ];
        for text in bad {
            assert_eq!(from_uuid(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn i1_every_id_reads_back(run: u32, strategy: u16, sequence: u64) {
            let order = OrderId { run, strategy, sequence };
            prop_assert_eq!(from_compact(&compact(order)), Some(order));
            let order = OrderId { sequence: sequence & MAX_UUID_SEQUENCE, ..order };
            prop_assert_eq!(uuid(order).and_then(|text| from_uuid(&text)), Some(order));
        }

        /// I2: whatever a venue sends, reading neither panics nor takes what we did not write.
        #[test]
        fn i2_any_text_can_be_read(text in "\\PC{0,40}|af[0-9a-fA-F+]{28}|[0-9a-f]{8}-[0-9a-f]{4}-8a1f-[0-9a-f]{4}-[0-9a-f]{12}") {
            if let Some(order) = from_compact(&text) {
                prop_assert_eq!(compact(order), text.clone());
            }
            if let Some(order) = from_uuid(&text) {
                prop_assert_eq!(uuid(order), Some(text.to_ascii_lowercase()));
            }
        }
    }
}
