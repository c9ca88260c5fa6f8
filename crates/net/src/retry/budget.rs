use std::sync::{Arc, Mutex, PoisonError};

use crate::error::NetError;

/// The most tokens that a budget can hold.
pub const MAX_BUDGET: u32 = 1_000;

/// A token in units in which parts of it are paid in.
const TOKEN: u32 = 1_000;

/// What retries are paid from (R3). Clones share it.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    /// In thousandths of a token.
    balance: Arc<Mutex<u32>>,
    most: u32,
    deposit: u32,
}

impl RetryBudget {
    /// A full budget of `most` tokens, into which each request pays `part` of one: 0.1 lets one in ten requests be a retry in the
    /// long run.
    ///
    /// # Errors
    /// [`NetError::Setting`] if `most` is above [`MAX_BUDGET`], or `part` is not from 0 to 1.
    pub fn new(most: u32, part: f64) -> Result<Self, NetError> {
        if most > MAX_BUDGET {
            return Err(NetError::setting("the retry budget", most, "it must be at most 1000"));
        }
        if !(0.0..=1.0).contains(&part) {
            return Err(NetError::setting("the part that a request pays in", part, "it must be from 0 to 1"));
        }
        let most = most * TOKEN;
        // In range: the part is from 0 to 1.
        let deposit = (part * f64::from(TOKEN)).round() as u32;
        Ok(Self { balance: Arc::new(Mutex::new(most)), most, deposit })
    }

    pub(super) fn deposit(&self) {
        let mut balance = self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        *balance = balance.saturating_add(self.deposit).min(self.most);
    }

    /// Takes one token, if there is one.
    pub(super) fn withdraw(&self) -> bool {
        let mut balance = self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        match balance.checked_sub(TOKEN) {
            Some(rest) => {
                *balance = rest;
                true
            }
            None => false,
        }
    }

    /// How many retries it can pay for now.
    #[must_use]
    pub fn left(&self) -> u32 {
        *self.balance.lock().unwrap_or_else(PoisonError::into_inner) / TOKEN
    }
}
