use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

use super::{ANSWER_TIMEOUT, Answer, Call, ControlError, PROTOCOL_VERSION, Reply, Request, Token};

/// How large a reply is at most.
pub const MAX_REPLY_BYTES: u64 = 64 << 20;

/// How much longer than the other side we wait.
const GRACE: Duration = Duration::from_secs(5);

/// Asks and steers a process by its socket.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    token: Token,
}

impl Client {
    /// Of the process that listens at `socket`.
    #[must_use]
    pub fn new(socket: impl AsRef<Path>, token: Token) -> Self {
        Self { socket: socket.as_ref().to_owned(), token }
    }

    /// Asks for something, over a connection of its own.
    ///
    /// # Errors
    /// [`ControlError::NobodyThere`], [`ControlError::Refused`], and what else goes wrong on the way.
    pub async fn ask(&self, request: Request) -> Result<Answer, ControlError> {
        let done = timeout(ANSWER_TIMEOUT + GRACE, self.exchange(request)).await;
        done.unwrap_or_else(|_| Err(ControlError::Connection("no answer in time".to_owned())))
    }

    async fn exchange(&self, request: Request) -> Result<Answer, ControlError> {
        let mut stream = UnixStream::connect(&self.socket).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                ControlError::NobodyThere(self.socket.clone())
            }
            _ => ControlError::file(&self.socket, error),
        })?;
        let broken = |error: std::io::Error| ControlError::Connection(error.to_string());
        let call = Call { version: PROTOCOL_VERSION, token: self.token.text(), request };
        let mut line =
            serde_json::to_vec(&call).map_err(|error| ControlError::Connection(error.to_string()))?;
        line.push(b'\n');
        stream.write_all(&line).await.map_err(broken)?;
        stream.shutdown().await.map_err(broken)?;
        let mut text = Vec::new();
        stream.take(MAX_REPLY_BYTES).read_to_end(&mut text).await.map_err(broken)?;
        let reply: Reply =
            serde_json::from_slice(&text).map_err(|error| ControlError::Reply(error.to_string()))?;
        match reply.answer {
            Answer::Error { code, message } => Err(ControlError::Refused { code, message }),
            answer => Ok(answer),
        }
    }
}
