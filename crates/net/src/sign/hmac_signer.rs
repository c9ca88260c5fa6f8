use std::fmt;

use algoflow_core::time::{TimeDelta, Timestamp};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Sha256, Sha512};

use super::Signer;
use crate::{error::NetError, http::Request};

/// The hash function of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower case hexadecimal.
    Hex,
    /// Base 64 with padding (RFC 4648, section 4).
    Base64,
}

/// How the time of a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Seconds since the epoch.
    Seconds,
    /// Milliseconds since the epoch.
    Millis,
    /// Microseconds since the epoch.
    Micros,
    /// RFC 3339 with milliseconds: `2020-12-08T09:08:57.715Z`.
    Rfc3339,
}

impl Stamp {
    fn write(self, at: Timestamp) -> String {
        match self {
            Self::Seconds => at.nanos().div_euclid(1_000_000_000).to_string(),
            Self::Millis => at.nanos().div_euclid(1_000_000).to_string(),
            Self::Micros => at.nanos().div_euclid(1_000).to_string(),
            Self::Rfc3339 => {
                let second = at.floor_to(TimeDelta::seconds(1)).to_string();
                let millis = at.nanos().rem_euclid(1_000_000_000) / 1_000_000;
                format!("{}.{millis:03}Z", second.trim_end_matches('Z'))
            }
        }
    }
}

/// Where a value goes in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header of this name.
    Header(&'static str),
    /// A parameter of this name in the query, at its end.
    Query(&'static str),
}

/// A part of the line that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The time, as the request has it.
    Time,
    /// The API key.
    Key,
    /// The lifetime of the request in milliseconds; nothing if none is set.
    Lifetime,
    /// The method in capitals.
    Method,
    /// The path.
    Path,
    /// The path, and `?` with the query if there is one.
    PathAndQuery,
    /// The query, encoded as it is sent.
    Query,
    /// The body.
    Body,
    /// These characters.
    Text(&'static str),
}

/// Signs with an HMAC (RFC 2104) over parts of the request.
///
/// ```
/// use algoflow_net::sign::{HmacSigner, Part, Place, Stamp};
///
/// // As Binance wants it.
/// let signer = HmacSigner::new("my-key", "my-secret".into())
///     .over([Part::Query, Part::Body])
///     .key(Place::Header("X-MBX-APIKEY"))
///     .time(Place::Query("timestamp"), Stamp::Millis)
///     .signature(Place::Query("signature"));
/// assert!(!format!("{signer:?}").contains("my-secret"));
/// ```
#[derive(Clone)]
pub struct HmacSigner {
    key: String,
    secret: SecretSlice<u8>,
    digest: Digest,
    encoding: Encoding,
    parts: Vec<Part>,
    key_at: Option<Place>,
    time_at: Option<(Place, Stamp)>,
    lifetime: Option<(Place, TimeDelta)>,
    signature_at: Option<Place>,
}

impl HmacSigner {
    /// A signer with SHA-256 and hexadecimal, whose secret is used as it is written. It signs nothing yet: say what and where.
    #[must_use]
    pub fn new(key: impl Into<String>, secret: SecretString) -> Self {
        Self {
            key: key.into(),
            secret: secret.expose_secret().as_bytes().to_vec().into(),
            digest: Digest::Sha256,
            encoding: Encoding::Hex,
            parts: Vec::new(),
            key_at: None,
            time_at: None,
            lifetime: None,
            signature_at: None,
        }
    }

    /// The same, for a secret that is written in base 64.
    ///
    /// # Errors
    /// [`NetError::Signing`] if it is not.
    pub fn with_base64_secret(mut self) -> Result<Self, NetError> {
        let decoded = STANDARD.decode(self.secret.expose_secret());
        // The error would show a character of the secret.
        let decoded =
            decoded.map_err(|_| NetError::Signing { reason: "the secret is not base 64".to_owned() })?;
        self.secret = decoded.into();
        Ok(self)
    }

    /// The same with another hash function.
    #[must_use]
    pub const fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// The same with another writing.
    #[must_use]
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// What is signed, in this order with nothing in between.
    #[must_use]
    pub fn over(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.parts = parts.into_iter().collect();
        self
    }

    /// Where the key goes.
    #[must_use]
    pub const fn key(mut self, place: Place) -> Self {
        self.key_at = Some(place);
        self
    }

    /// Where the time goes, and how it is written.
    #[must_use]
    pub const fn time(mut self, place: Place, stamp: Stamp) -> Self {
        self.time_at = Some((place, stamp));
        self
    }

    /// How long after its time the venue may still act on a request, in whole milliseconds: what a venue's `request_lifetime` is
    /// made of.
    #[must_use]
    pub const fn lifetime(mut self, place: Place, lifetime: TimeDelta) -> Self {
        self.lifetime = Some((place, lifetime));
        self
    }

    /// Where the signature goes. It is added last.
    #[must_use]
    pub const fn signature(mut self, place: Place) -> Self {
        self.signature_at = Some(place);
        self
    }

    /// The signature of `bytes`: for what is not a request, as the login of a WebSocket.
    ///
    /// # Errors
    /// [`NetError::Signing`] if the secret cannot be a key.
    pub fn signature_of(&self, bytes: &[u8]) -> Result<String, NetError> {
        let secret = self.secret.expose_secret();
        let mac = match self.digest {
            Digest::Sha256 => mac::<Hmac<Sha256>>(secret, bytes)?,
            Digest::Sha512 => mac::<Hmac<Sha512>>(secret, bytes)?,
        };
        Ok(match self.encoding {
            Encoding::Hex => mac.iter().map(|byte| format!("{byte:02x}")).collect(),
            Encoding::Base64 => STANDARD.encode(mac),
        })
    }

    fn line(&self, request: &Request, time: &str, lifetime: &str) -> Vec<u8> {
        let mut line = Vec::new();
        for part in &self.parts {
            match part {
                Part::Time => line.extend_from_slice(time.as_bytes()),
                Part::Key => line.extend_from_slice(self.key.as_bytes()),
                Part::Lifetime => line.extend_from_slice(lifetime.as_bytes()),
                Part::Method => line.extend_from_slice(request.method().as_str().as_bytes()),
                Part::Path => line.extend_from_slice(request.path().as_bytes()),
                Part::PathAndQuery => line.extend_from_slice(request.path_and_query().as_bytes()),
                Part::Query => line.extend_from_slice(request.query_string().as_bytes()),
                Part::Body => line.extend_from_slice(request.body()),
                Part::Text(text) => line.extend_from_slice(text.as_bytes()),
            }
        }
        line
    }
}

impl Signer for HmacSigner {
    fn sign(&self, request: &mut Request, at: Timestamp) -> Result<(), NetError> {
        let Some(signature_at) = self.signature_at else {
            return Err(NetError::Signing { reason: "nothing says where the signature goes".to_owned() });
        };
        if let Some(place) = self.key_at {
            put(request, place, self.key.clone());
        }
        let lifetime =
            self.lifetime.map(|(place, lifetime)| (place, (lifetime.nanos() / 1_000_000).to_string()));
        if let Some((place, lifetime)) = &lifetime {
            put(request, *place, lifetime.clone());
        }
        let time = self.time_at.map(|(place, stamp)| (place, stamp.write(at)));
        if let Some((place, time)) = &time {
            put(request, *place, time.clone());
        }
        let text = |value: &Option<(Place, String)>| {
            value.as_ref().map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let signature = self.signature_of(&self.line(request, &text(&time), &text(&lifetime)))?;
        put(request, signature_at, signature);
        Ok(())
    }
}

fn mac<M: Mac + KeyInit>(secret: &[u8], bytes: &[u8]) -> Result<Vec<u8>, NetError> {
    let mut mac = <M as KeyInit>::new_from_slice(secret)
        .map_err(|_| NetError::Signing { reason: "the secret has a length that cannot be".to_owned() })?;
    mac.update(bytes);
    Ok(mac.finalize().into_bytes().to_vec())
}

fn put(request: &mut Request, place: Place, value: String) {
    match place {
        Place::Header(name) => request.add_header(name, value),
        Place::Query(name) => request.add_query(name, value),
    }
}

impl fmt::Debug for HmacSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacSigner")
            .field("digest", &self.digest)
            .field("encoding", &self.encoding)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}
