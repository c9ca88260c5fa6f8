//! Ids of fills and orders: a letter and a number that counts up.

/// A letter and the 20 digits that a `u64` can have.
const LENGTH: usize = 21;

/// Gives `F1`, `F2`, ... The number is kept as text and counted up there, which is cheaper than to write it anew for
/// every fill.
#[derive(Clone, Debug)]
pub(super) struct Names {
    text: [u8; LENGTH],
    /// Where the letter stands; the digits follow.
    start: usize,
}

impl Names {
    pub(super) fn new(letter: u8) -> Self {
        let mut text = [b'0'; LENGTH];
        let start = LENGTH - 2;
        if let Some(byte) = text.get_mut(start) {
            *byte = letter;
        }
        Self { text, start }
    }

    /// The next name, in ASCII.
    #[inline]
    pub(super) fn next(&mut self) -> &[u8] {
        match self.text.last_mut() {
            Some(digit @ b'0'..=b'8') => *digit += 1,
            _ => self.carry(),
        }
        self.text.get(self.start..).unwrap_or_default()
    }

    /// Counts up from a number that ends with a nine.
    fn carry(&mut self) {
        let letter = self.text.get(self.start).copied().unwrap_or_default();
        for place in (0..LENGTH).rev() {
            let Some(byte) = self.text.get_mut(place) else { break };
            match byte {
                b'9' => *byte = b'0',
                b'0'..=b'8' => {
                    *byte += 1;
                    break;
                }
                _ => {
                    // One digit more: the letter moves to the left.
                    *byte = b'1';
                    self.start = place.saturating_sub(1);
                    if let Some(byte) = self.text.get_mut(self.start) {
                        *byte = letter;
                    }
                    break;
                }
            }
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
            let name = names.next();
            assert_eq!(name, format!("V{number}").as_bytes());
        }
    }
}
