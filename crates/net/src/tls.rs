//! Secure transport: rustls with ring, and the root certificates of Mozilla (`webpki-roots`). The provider is part of each
//! configuration; nothing is installed for the process.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::error::NetError;

/// How connections are secured. Clones share the configuration and its session cache.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts the public authorities.
    ///
    /// # Errors
    /// [`NetError::Tls`] if the provider lacks a protocol version, which is a defect of the build.
    pub fn public() -> Result<Self, NetError> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| NetError::Tls { reason: error.to_string() })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// A configuration of your own: another authority, a client certificate.
    #[must_use]
    pub const fn custom(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }

    /// For HTTP, which may agree on its second version.
    pub(crate) fn for_http(&self) -> ClientConfig {
        let mut config = ClientConfig::clone(&self.0);
        if config.alpn_protocols.is_empty() {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        config
    }

    /// For WebSockets, which begin with HTTP/1.1.
    pub(crate) fn for_websocket(&self) -> Arc<ClientConfig> {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}
