use std::{sync::Arc, time::Duration};

use algoflow_core::{
    error::VenueError,
    time::{TimeDelta, Timestamp},
};
use bytes::{Bytes, BytesMut};

use super::{
    Effect, Judge, Method, Request, Response,
    outcome::{judge, retry_after, unanswered},
};
use crate::{
    breaker::CircuitBreaker,
    clock::{VenueClock, duration, wall_clock},
    error::NetError,
    rate::{RateLimiter, Waiting},
    retry::Retry,
    sign::Signer,
    tls::Tls,
};

/// What a client is made of. Everything that is not set is left out: no limiter, no breaker, no retries, no signatures.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    base: String,
    tls: Option<Tls>,
    connect_timeout: TimeDelta,
    timeout: TimeDelta,
    max_body: usize,
    max_wait: TimeDelta,
    limiter: Option<RateLimiter>,
    used_headers: Vec<(String, &'static str)>,
    breaker: Option<CircuitBreaker>,
    retry: Option<Retry>,
    signer: Option<Arc<dyn Signer>>,
    clock: Option<VenueClock>,
    judge: Option<Judge>,
}

impl HttpSettings {
    /// A client for `base`, like `https://api.venue.com`, to which paths are appended: connects within 5 seconds, gives up on an answer after
    /// 10, takes bodies of up to 16 MiB and waits up to 5 seconds for its turn. It uses no proxy.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            tls: None,
            connect_timeout: TimeDelta::seconds(5),
            timeout: TimeDelta::seconds(10),
            max_body: 16 << 20,
            max_wait: TimeDelta::seconds(5),
            limiter: None,
            used_headers: Vec::new(),
            breaker: None,
            retry: None,
            signer: None,
            clock: None,
            judge: None,
        }
    }

    /// Secured like this, instead of [`Tls::public`].
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How long a connection may take, and how long the whole request.
    #[must_use]
    pub const fn timeouts(mut self, connect: TimeDelta, whole: TimeDelta) -> Self {
        (self.connect_timeout, self.timeout) = (connect, whole);
        self
    }

    /// The largest body of an answer, in bytes.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Requests wait for their turn at this limiter, for `longest` at most.
    #[must_use]
    pub fn limiter(mut self, limiter: RateLimiter, longest: TimeDelta) -> Self {
        (self.limiter, self.max_wait) = (Some(limiter), longest);
        self
    }

    /// The answer's header `header` says how much of the limit named `limit` is used.
    #[must_use]
    pub fn used_header(mut self, header: &str, limit: &'static str) -> Self {
        self.used_headers.push((header.to_ascii_lowercase(), limit));
        self
    }

    /// Requests are held back while this breaker is open.
    #[must_use]
    pub fn breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Requests that surely had no effect are tried again by this policy.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Signs the requests that are to be signed.
    #[must_use]
    pub fn signer(mut self, signer: impl Signer + 'static) -> Self {
        self.signer = Some(Arc::new(signer));
        self
    }

    /// Requests are dated by this clock, instead of ours.
    #[must_use]
    pub fn clock(mut self, clock: VenueClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// What the venue means by its answers (O3).
    #[must_use]
    pub fn judge(mut self, judge: Judge) -> Self {
        self.judge = Some(judge);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`NetError::Address`] if `base` is no HTTP address without a query, [`NetError::Tls`] if the transport cannot be set up.
    pub fn build(mut self) -> Result<HttpClient, NetError> {
        let shown = || self.base.split('?').next().unwrap_or_default().to_owned();
        let refused = |reason: &str| NetError::Address { url: shown(), reason: reason.to_owned() };
        let url = url::Url::parse(&self.base).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(refused("it must begin with http:// or https://"));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(refused("it must not have a query, a fragment or a user"));
        }
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => Tls::public()?,
        };
        let inner = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.for_http())
            .connect_timeout(duration(self.connect_timeout))
            .timeout(duration(self.timeout))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| NetError::Tls { reason: chain(&error) })?;
        let length = self.base.trim_end_matches('/').len();
        self.base.truncate(length);
        Ok(HttpClient { inner, settings: Arc::new(self) })
    }
}

/// A client of one venue: see the [module](super) for what its errors say. Clones share connections and limits.
///
/// Each attempt waits for the limiter, passes the breaker, is dated and signed anew, and is sent.
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: reqwest::Client,
    settings: Arc<HttpSettings>,
}

impl HttpClient {
    /// Sends a request, again if the policy allows it.
    ///
    /// # Errors
    /// What became of it: see the [module](super).
    pub async fn send(&self, request: &Request) -> Result<Response, VenueError> {
        match &self.settings.retry {
            Some(retry) => retry.run(|| self.attempt(request)).await,
            None => self.attempt(request).await,
        }
    }

    /// Asks the venue for its time and takes the answer into the clock that was set; `read` finds the time in it.
    ///
    /// # Errors
    /// As [`HttpClient::send`], and [`VenueError::Protocol`] if `read` finds none.
    pub async fn time(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Option<Timestamp>,
    ) -> Result<Timestamp, VenueError> {
        let sent = wall_clock();
        // Not tried again: a second attempt would count as one long round trip.
        let response = self.attempt(request).await?;
        let received = wall_clock();
        let time = read(&response)
            .ok_or_else(|| VenueError::Protocol { reason: format!("no time in: {}", response.words()) })?;
        if let Some(clock) = &self.settings.clock {
            clock.observe(sent, time, received);
        }
        Ok(time)
    }

    async fn attempt(&self, request: &Request) -> Result<Response, VenueError> {
        // While the breaker is open nobody has to wait for the limiter to be told so.
        if let Some(breaker) = &self.settings.breaker {
            drop(breaker.permit()?);
        }
        // The limiter first: a permit of the breaker that waits for it would hold up the other probes.
        if let Some(limiter) = &self.settings.limiter {
            let waiting = Waiting::AtMost(self.settings.max_wait);
            limiter.acquire(&request.cost, request.priority, waiting).await?;
        }
        let permit = self.settings.breaker.as_ref().map(CircuitBreaker::permit).transpose()?;
        let outcome = self.exchange(request).await;
        if let Some(permit) = permit {
            permit.done(&outcome);
        }
        outcome
    }

    async fn exchange(&self, request: &Request) -> Result<Response, VenueError> {
        let effect = request.effect;
        let built = self.built(request)?;
        let answer = self.inner.execute(built).await.map_err(|error| failure(&error, effect))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().filter_map(|(name, value)| {
            value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned()))
        });
        let mut response = Response { status, headers: headers.collect(), body: Bytes::new() };
        // The body may never come whole; what the venue says of its limits holds all the same.
        self.hints(&response);
        response.body = self.body(answer, effect).await?;
        judge(response, effect, self.settings.judge)
    }

    fn built(&self, request: &Request) -> Result<reqwest::Request, VenueError> {
        let mut request = request.clone();
        if request.signed {
            let Some(signer) = &self.settings.signer else {
                return Err(VenueError::NotSent {
                    reason: "there is no signer for a signed request".to_owned(),
                });
            };
            let now = self.settings.clock.as_ref().map_or_else(wall_clock, VenueClock::now);
            signer.sign(&mut request, now)?;
        }
        let method = match request.method() {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let address = format!("{}{}", self.settings.base, request.path_and_query());
        let mut builder = self.inner.request(method, address);
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        let body = request.take_body();
        if !body.is_empty() {
            builder = builder.body(body);
        }
        builder.build().map_err(|error| VenueError::NotSent { reason: chain(&error.without_url()) })
    }

    async fn body(&self, mut answer: reqwest::Response, effect: Effect) -> Result<Bytes, VenueError> {
        let mut body = BytesMut::new();
        // The loop ends with the body, the timeout or the size.
        while let Some(part) = answer.chunk().await.map_err(|error| failure(&error, effect))? {
            if body.len().saturating_add(part.len()) > self.settings.max_body {
                let reason = format!("an answer of more than {} bytes", self.settings.max_body);
                return Err(match effect {
                    Effect::Possible => VenueError::Unknown { evidence: reason },
                    Effect::None => VenueError::Protocol { reason },
                });
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }

    /// Tells the limiter what the answer says of the limits.
    fn hints(&self, response: &Response) {
        let Some(limiter) = &self.settings.limiter else { return };
        for (header, limit) in &self.settings.used_headers {
            let used = response.header(header).and_then(|text| text.trim().parse().ok());
            if let Some(used) = used
                && let Err(error) = limiter.observe_used(limit, used)
            {
                tracing::warn!(%error, header, "a header of a limit that is not set");
            }
        }
        if matches!(response.status, 418 | 429) {
            limiter.observe_retry_after(retry_after(response));
        }
    }
}

/// What became of a request that got no whole answer (O1, O2).
fn failure(error: &reqwest::Error, effect: Effect) -> VenueError {
    let reason = chain(error);
    if error.is_builder() {
        VenueError::NotSent { reason }
    } else if error.is_connect() {
        VenueError::Connection { reason }
    } else {
        unanswered(effect, reason)
    }
}

/// An error and what caused it, without the address, whose query can hold a key.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "timed out".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the request failed".to_owned()
    };
    let mut source = std::error::Error::source(error);
    // An error has few causes; a circle would be a defect of another crate.
    for _ in 0..8 {
        let Some(cause) = source else { break };
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
