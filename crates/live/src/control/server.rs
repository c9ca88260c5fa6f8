use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use super::{
    Answer, Call, ControlError, FillsReport, OrdersReport, PROTOCOL_VERSION, PositionsReport, Reply, Request,
    StatusReport, Token,
};
use crate::driver::{Handle, LiveError};

/// How many connections there are at a time (T3). One more is told so and ended.
pub const MAX_CONNECTIONS: usize = 16;

/// How long a line is at most (T3).
pub const MAX_CALL_BYTES: usize = 256 << 10;

/// How many calls one connection may make (T3).
pub const MAX_CALLS: usize = 1_000;

/// How long a call may take to come in (T3).
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may take (T3). What was asked for may still happen.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// What the process does that is not the engine's.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Reads the configuration again, changes what may change, and says what that was.
    ///
    /// # Errors
    /// A stable code and the reason. Nothing was changed then.
    async fn reload(&self) -> Result<Vec<super::Change>, (String, String)>;
}

/// Listens at the socket. The file is removed when it is dropped.
pub struct ControlServer {
    listener: UnixListener,
    socket: PathBuf,
    /// Whose the socket is: whose calls are heard.
    owner: u32,
    shared: Arc<Shared>,
}

struct Shared {
    token: Token,
    handle: Handle,
    operator: Box<dyn Operator>,
}

impl std::fmt::Debug for ControlServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ControlServer").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        // What is left behind is removed at the next start (T6).
        let _ = fs::remove_file(&self.socket);
    }
}

impl ControlServer {
    /// Listens at `socket`, for calls that bear `token`. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`ControlError::Taken`] if a process answers there, [`ControlError::File`].
    pub fn listen(
        socket: &Path,
        token: Token,
        handle: Handle,
        operator: Box<dyn Operator>,
    ) -> Result<Self, ControlError> {
        let failed = |error: std::io::Error| ControlError::file(socket, error);
        if std::os::unix::net::UnixStream::connect(socket).is_ok() {
            return Err(ControlError::Taken(socket.to_owned()));
        }
        match fs::symlink_metadata(socket) {
            Ok(there) if std::os::unix::fs::FileTypeExt::is_socket(&there.file_type()) => {
                fs::remove_file(socket).map_err(failed)?;
            }
            Ok(_) => return Err(ControlError::file(socket, "there is a file that is no socket")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(socket).map_err(failed)?;
        fs::set_permissions(socket, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = fs::symlink_metadata(socket).map_err(failed)?.uid();
        let shared = Arc::new(Shared { token, handle, operator });
        Ok(Self { listener, socket: socket.to_owned(), owner, shared })
    }

    /// Answers, for ever.
    pub async fn serve(self) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = self.listener.accept().await;
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = accepted else {
                // No more files can be opened, for one: others may be closed meanwhile.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let peer = stream.peer_cred().map(|peer| peer.uid());
            let allowed = peer.is_ok_and(|uid| uid == self.owner || uid == 0);
            let room = Arc::clone(&room).try_acquire_owned();
            let shared = Arc::clone(&self.shared);
            connections.spawn(async move {
                match room {
                    _ if !allowed => {
                        turn_away(stream, "CONTROL_PEER", "this is the socket of another user").await
                    }
                    Err(_) => turn_away(stream, "CONTROL_BUSY", "too many connections").await,
                    Ok(_room) => shared.converse(stream).await,
                }
            });
        }
    }
}

fn error(code: impl Into<String>, message: impl Into<String>) -> Answer {
    Answer::Error { code: code.into(), message: message.into() }
}

async fn turn_away(stream: UnixStream, code: &str, message: &str) {
    let (_, mut write) = stream.into_split();
    let _ = timeout(IDLE_TIMEOUT, send(&mut write, error(code, message))).await;
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), answer: Answer) -> std::io::Result<()> {
    let reply = Reply { version: PROTOCOL_VERSION, answer };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// Whether a connection goes on.
enum Next {
    Call,
    End,
}

impl Shared {
    async fn converse(&self, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        for _ in 0..MAX_CALLS {
            let mut line = Vec::new();
            // One byte more than is allowed, to see that it is.
            let mut limited = (&mut read).take(MAX_CALL_BYTES as u64 + 1);
            let (answer, next) = match timeout(IDLE_TIMEOUT, limited.read_until(b'\n', &mut line)).await {
                Err(_) => (error("CONTROL_IDLE", "no call came in time"), Next::End),
                Ok(Err(_) | Ok(0)) => return,
                Ok(Ok(_)) if line.len() > MAX_CALL_BYTES => (
                    error("CONTROL_TOO_LONG", format!("a call has at most {MAX_CALL_BYTES} bytes")),
                    Next::End,
                ),
                Ok(Ok(_)) => self.hear(&line).await,
            };
            let sent = timeout(ANSWER_TIMEOUT, send(&mut write, answer)).await;
            if !matches!((sent, next), (Ok(Ok(())), Next::Call)) {
                return;
            }
        }
    }

    /// Checks a call, and does what it asks for (T2, T4).
    async fn hear(&self, line: &[u8]) -> (Answer, Next) {
        let call: Call = match serde_json::from_slice(line) {
            Ok(call) => call,
            // Without where it stands, which could hold a secret.
            Err(wrong) if wrong.is_data() => {
                return (error("CONTROL_CALL", self.words(line, &wrong)), Next::End);
            }
            Err(_) => return (error("CONTROL_CALL", "not a line of JSON"), Next::End),
        };
        if !self.token.is(&call.token) {
            return (error("CONTROL_TOKEN", "the token is wrong"), Next::End);
        }
        if call.version != PROTOCOL_VERSION {
            let message = format!("version {} is not known, only {PROTOCOL_VERSION}", call.version);
            return (error("CONTROL_VERSION", message), Next::End);
        }
        let done = timeout(ANSWER_TIMEOUT, self.fulfil(call.request)).await;
        let answer =
            done.unwrap_or_else(|_| error("CONTROL_TIMEOUT", "no answer in time; it may still happen"));
        (answer, Next::Call)
    }

    /// What is wrong with a call is told only to who knows the token.
    fn words(&self, line: &[u8], wrong: &serde_json::Error) -> String {
        #[derive(serde::Deserialize)]
        struct Bearer {
            token: String,
        }
        match serde_json::from_slice::<Bearer>(line) {
            Ok(bearer) if self.token.is(&bearer.token) => format!("no call: {wrong}"),
            _ => "no call with a token".to_owned(),
        }
    }

    async fn fulfil(&self, request: Request) -> Answer {
        let done = match request.action() {
            Some(action) => {
                let done = self.handle.control(action).await;
                done.map(|done| Answer::Done { sequence: done.sequence, events: done.events })
            }
            None => self.answer(request).await,
        };
        done.unwrap_or_else(|wrong| match wrong {
            LiveError::Refused { what, code, text } => error(code, format!("{what}: {text}")),
            other => error(other.code(), other.to_string()),
        })
    }

    async fn answer(&self, request: Request) -> Result<Answer, LiveError> {
        let handle = &self.handle;
        match request {
            Request::Status => handle.look(|view| Answer::Status(Box::new(StatusReport::of(view)))).await,
            Request::Orders { all, limit } => {
                handle.look(move |view| Answer::Orders(OrdersReport::of(view, all, limit))).await
            }
            Request::Positions => handle.look(|view| Answer::Positions(PositionsReport::of(view))).await,
            Request::Fills { limit } => {
                handle.look(move |view| Answer::Fills(FillsReport::of(view, limit))).await
            }
            Request::Reload => Ok(match self.operator.reload().await {
                Ok(changes) => Answer::Reloaded { changes },
                Err((code, message)) => error(code, message),
            }),
            Request::Stop => handle.stop().await.map(|()| Answer::Stopping),
            other => Ok(error("CONTROL_CALL", format!("{other:?} is no question"))),
        }
    }
}
