use std::future::Future;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        Error,
        client::IntoClientRequest,
        error::ProtocolError,
        handshake::client::Request,
        http::{HeaderName, HeaderValue},
        protocol::WebSocketConfig,
    },
};

use super::{Dropped, Endpoint};
use crate::{error::NetError, tls::Tls};

/// How a connection is made: over TCP, or in a test in memory.
pub(super) trait Dial: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    fn dial(
        &mut self,
        endpoint: &Endpoint,
        config: WebSocketConfig,
    ) -> impl Future<Output = Result<WebSocketStream<Self::Stream>, Dropped>> + Send;
}

/// Over TCP, with TLS for `wss`.
pub(super) struct Tcp(Connector);

impl Tcp {
    pub(super) fn new(tls: Option<Tls>) -> Result<Self, NetError> {
        let tls = match tls {
            Some(tls) => tls,
            None => Tls::public()?,
        };
        Ok(Self(Connector::Rustls(tls.for_websocket())))
    }
}

impl Dial for Tcp {
    type Stream = MaybeTlsStream<TcpStream>;

    async fn dial(
        &mut self,
        endpoint: &Endpoint,
        config: WebSocketConfig,
    ) -> Result<WebSocketStream<Self::Stream>, Dropped> {
        let request = request(endpoint)?;
        let connector = Some(self.0.clone());
        match connect_async_tls_with_config(request, Some(config), true, connector).await {
            Ok((stream, _)) => Ok(stream),
            Err(error) => Err(not_connected(error)),
        }
    }
}

/// The request of the handshake.
pub(super) fn request(endpoint: &Endpoint) -> Result<Request, Dropped> {
    let no = |reason: String| Dropped::NoConnection { reason };
    let mut request = endpoint.url.as_str().into_client_request().map_err(|error| no(error.to_string()))?;
    for (name, value) in &endpoint.headers {
        let header =
            HeaderName::try_from(name).map_err(|_| no(format!("no header can be named {name:?}")))?;
        // The value can be a secret, so the error does not show it.
        let value = HeaderValue::try_from(value)
            .map_err(|_| no(format!("the value of the header {name} cannot be sent")))?;
        request.headers_mut().insert(header, value);
    }
    Ok(request)
}

/// Why an attempt failed.
pub(super) fn not_connected(error: Error) -> Dropped {
    match error {
        Error::Http(response) => {
            let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            let retry_after = retry_after.and_then(crate::http::wait_from_header);
            let body = response.body().as_deref().unwrap_or_default();
            let text = crate::http::words(body);
            Dropped::Refused { status: response.status().as_u16(), text, retry_after }
        }
        error => Dropped::NoConnection { reason: error.to_string() },
    }
}

/// Why a connection that was up is no more.
pub(super) fn dropped(error: &Error) -> Dropped {
    let reason = error.to_string();
    match error {
        Error::Capacity(_) => Dropped::TooLarge { reason },
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Dropped::Ended { reason },
        Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => Dropped::Protocol { reason },
        _ => Dropped::Ended { reason },
    }
}
