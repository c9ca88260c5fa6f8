//! Ids of fills and orders: a letter and a number that counts up.

use algoflow_core::id::ExecutionId;

/// As much as an id holds in place: enough for a letter and the 20 digits that a `u64` can have.
const LENGTH: usize = ExecutionId::IN_PLACE;

/// Gives `F1`, `F2`, ... The number is kept as text and counted up there, which is cheaper than to write it anew for
/// every fill.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The next name, and zeros behind it.
    text: [u8; LENGTH],
    length: u8,
}

impl Names {
    pub(super) fn new(letter: u8) -> Self {
        let mut text = [0; LENGTH];
        (text[0], text[1]) = (letter, b'1');
        Self { text, length: 2 }
    }

    /// The next name in ASCII with zeros behind it, and its length.
    #[inline(always)]
    pub(super) fn next(&mut self) -> ([u8; LENGTH], u8) {
        let name = (self.text, self.length);
        match self.text.get_mut(usize::from(self.length) - 1) {
            Some(digit @ b'0'..=b'8') => *digit += 1,
            _ => self.carry(),
        }
        name
    }

    /// Counts up from a number that ends with a nine.
    #[inline(never)]
    fn carry(&mut self) {
        let length = usize::from(self.length).min(LENGTH);
        for place in (1..length).rev() {
            match self.text.get_mut(place) {
                Some(digit @ b'0'..=b'8') => {
                    *digit += 1;
                    return;
                }
                Some(digit) => *digit = b'0',
                None => {}
            }
        }
        // All nines: a one and so many zeros.
        if let (Some(first), Ok(longer)) = (self.text.get_mut(1), u8::try_from(length + 1)) {
            *first = b'1';
            self.length = longer.min(LENGTH as u8);
        }
        if let Some(digit) = self.text.get_mut(length) {
            *digit = b'0';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_up() {
        let mut names = Names::new(b'V');
        for number in 1..=100_001 {
            let (text, length) = names.next();
            assert_eq!(ExecutionId::from_ascii(text, length), ExecutionId::new(&format!("V{number}")));
        }
    }
}
