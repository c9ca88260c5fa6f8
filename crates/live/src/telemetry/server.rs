//! [`HttpServer`]: `/metrics`, `/healthz` and `/readyz` (feature `http`).
//!
//! - **N1** At most [`MAX_CONNECTIONS`] are served at once. More wait to be accepted.
//! - **N2** A connection serves one request and ends after [`CONNECTION_TIME`], whatever the other side does.
//! - **N3** `/healthz` is 200 if the session is alive, else 503; `/readyz` is 200 only if it is ready, else 503 with the
//!   conditions that are not met and why, as JSON.
//! - **N4** [`HttpServer::stop`] accepts nothing more, lets what is being answered end, and waits for at most
//!   [`CONNECTION_TIME`].

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
    serve::Listener,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::JoinHandle,
    time::{Sleep, sleep, timeout},
};

use super::{error::TelemetryError, health::Health, registry::MetricRegistry, settings::HttpSettings};

#[cfg(test)]
mod tests;

/// The most connections at once.
pub const MAX_CONNECTIONS: usize = 64;

/// How long a connection lives at most.
pub const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// The content type of the exposition format.
const PROMETHEUS_TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

#[derive(Clone)]
struct Served {
    metrics: MetricRegistry,
    health: Health,
}

impl HttpServer {
    /// Listens, and serves in a task of the current runtime.
    ///
    /// # Errors
    /// [`TelemetryError::Listen`] if the address is taken or not ours.
    pub async fn start(
        settings: &HttpSettings,
        metrics: &MetricRegistry,
        health: &Health,
    ) -> Result<Self, TelemetryError> {
        let failed = |source| TelemetryError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let served = Served { metrics: metrics.clone(), health: health.clone() };
        let routes = Router::new()
            .route("/metrics", get(show_metrics))
            .route("/healthz", get(show_liveness))
            .route("/readyz", get(show_readiness))
            .layer(middleware::map_response(close))
            .with_state(served);
        let listener = Bounded { listener, permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)) };
        let (stop, stopped) = oneshot::channel::<()>();
        // A sender that was dropped stops it too.
        let server = axum::serve(listener, routes).with_graceful_shutdown(async move {
            let _ = stopped.await;
        });
        let task = tokio::spawn(server.into_future());
        Ok(Self { address, stop: Some(stop), task })
    }

    /// Where it listens: with port 0 in the settings, the port that the system gave.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it (N4).
    ///
    /// # Errors
    /// [`TelemetryError::Http`] if it had failed before, or did not end in time.
    pub async fn stop(mut self) -> Result<(), TelemetryError> {
        drop(self.stop.take());
        let failed = |reason: String| TelemetryError::Http { reason };
        match timeout(CONNECTION_TIME, &mut self.task).await {
            Ok(Ok(result)) => result.map_err(|error| failed(error.to_string())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => {
                self.task.abort();
                Err(failed(format!("it did not stop within {} s", CONNECTION_TIME.as_secs())))
            }
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn show_metrics(State(served): State<Served>) -> Response {
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], served.metrics.render()).into_response()
}

async fn show_liveness(State(served): State<Served>) -> Response {
    let liveness = served.health.liveness();
    (status(liveness.alive), Json(liveness)).into_response()
}

async fn show_readiness(State(served): State<Served>) -> Response {
    let readiness = served.health.readiness();
    (status(readiness.ready), Json(readiness)).into_response()
}

const fn status(is_well: bool) -> StatusCode {
    if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// A connection is for one request (N2).
async fn close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A listener that serves a bounded number of connections (N1).
struct Bounded {
    listener: TcpListener,
    permits: Arc<Semaphore>,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        /// After a failure to accept, for instance for want of file descriptors.
        const PAUSE: Duration = Duration::from_millis(100);
        loop {
            // The semaphore is never closed; if it were, nothing more would be accepted.
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
                std::future::pending::<()>().await;
                continue;
            };
            match TcpListener::accept(&self.listener).await {
                Ok((stream, address)) => {
                    let end = Box::pin(sleep(CONNECTION_TIME));
                    return (Connection { stream, end, _permit: permit }, address);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection to the HTTP endpoint was not accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection with an end (N2), which holds a place of the listener.
struct Connection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
