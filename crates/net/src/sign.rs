//! Signed requests.
//!
//! A [`Signer`] is handed a request just before it is sent, each time that it is sent, with the venue's time: it adds what proves
//! who asks. [`HmacSigner`] covers the schemes that sign a line of text made of parts of the request; others (public keys, tokens) implement
//! the trait.
//!
//! Secrets are held in [`secrecy`] types: they are wiped when they are dropped, and no `Debug` or error shows them.

mod hmac_signer;

pub use hmac_signer::{Digest, Encoding, HmacSigner, Part, Place, Stamp};

use algoflow_core::time::Timestamp;

use crate::{error::NetError, http::Request};

/// Proves to a venue who asks.
pub trait Signer: Send + Sync + std::fmt::Debug {
    /// Adds to `request` what the venue wants to see, as of `at` by the venue's clock.
    ///
    /// # Errors
    /// [`NetError::Signing`], which must not hold a secret.
    fn sign(&self, request: &mut Request, at: Timestamp) -> Result<(), NetError>;
}

#[cfg(test)]
mod tests;
