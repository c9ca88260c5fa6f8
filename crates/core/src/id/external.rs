//! Ids that a venue gave: text of its own, not interned, because there is no end of them.

use std::{fmt, hash::Hash, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// As many bytes as fit beside the length in three words.
const SHORT: usize = 22;

/// Text of a few bytes in place, longer text on the heap. Equal text is always held in the same way, so the derived
/// comparisons are those of the text.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Arc<str>),
}

impl Text {
    fn new(text: &str) -> Self {
        Self::short(text.as_bytes()).unwrap_or_else(|| Self::Long(text.into()))
    }

    #[inline]
    fn short(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self::Short { length: u8::try_from(text.len()).ok()?, bytes })
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Short { length, bytes } => {
                // It was made from text, so it is text.
                let used = bytes.get(..usize::from(*length)).unwrap_or_default();
                std::str::from_utf8(used).unwrap_or_default()
            }
            Self::Long(text) => text,
        }
    }
}

macro_rules! external_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Text);

        impl $name {
            /// The id that is written `text`.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Text::new(text))
            }

            /// The id that is written with the first `length` of these ASCII characters; the others must be zero, or it is not equal
            /// to the same id made from text. Quicker than from text, for ids that are counted up.
            #[doc(hidden)]
            #[must_use]
            #[inline]
            pub const fn from_ascii(text: [u8; SHORT], length: u8) -> Self {
                Self(Text::Short { length, bytes: text })
            }

            /// How many bytes an id has at most that is held in place.
            #[doc(hidden)]
            pub const IN_PLACE: usize = SHORT;

            /// The text of an id that is held in place, with zeros behind it, and its length: what
            /// `from_ascii` makes the same id of. `None` for longer ids.
            #[doc(hidden)]
            #[must_use]
            #[inline]
            pub const fn in_place(&self) -> Option<(&[u8; SHORT], u8)> {
                match &self.0 {
                    Text::Short { length, bytes } => Some((bytes, *length)),
                    Text::Long(_) => None,
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                self.as_str()
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(&text)
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(deserializer).map(|text| Self::new(&text))
            }
        }
    };
}

external_id! {
    /// A venue's own id of an order.
    VenueOrderId
}
external_id! {
    /// A venue's id of an execution, unique within the venue: the same id twice is the same fill.
    ExecutionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back() {
        for text in ["", "F1", "a name of 22 bytes....", "a name of 23 bytes.....", "Größe", &"5".repeat(88)]
        {
            let id = ExecutionId::new(text);
            assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<ExecutionId>(&json).unwrap(), id);
        }
        let mut text = [0; SHORT];
        text[..2].copy_from_slice(b"F1");
        assert_eq!(ExecutionId::from_ascii(text, 2), ExecutionId::new("F1"));
        assert_eq!(size_of::<Option<ExecutionId>>(), 24);
    }

    #[test]
    fn ids_are_ordered_as_text() {
        let long = "b".repeat(40);
        let mut ids: Vec<_> = ["c", &long, "a", "b"].map(VenueOrderId::new).into();
        ids.sort();
        assert_eq!(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["a", "b", &long, "c"]);
    }
}
