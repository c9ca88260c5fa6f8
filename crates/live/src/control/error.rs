use std::path::PathBuf;

/// What can go wrong at the control socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Nobody listens there.
    #[error("no process answers at {}", .0.display())]
    NobodyThere(PathBuf),
    /// Somebody listens there already.
    #[error("another process answers at {}", .0.display())]
    Taken(PathBuf),
    /// A file that cannot be made, read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What was said.
        reason: String,
    },
    /// A file of a token that others can read.
    #[error("{} can be read by others (mode {mode:o}): a token is a secret", path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file that does not hold a token.
    #[error("{} does not hold a token: {reason}", path.display())]
    Token {
        /// Which.
        path: PathBuf,
        /// What is wrong, without what is in it.
        reason: &'static str,
    },
    /// The connection broke, or took too long.
    #[error("the connection: {0}")]
    Connection(String),
    /// What came is no reply.
    #[error("the reply is none: {0}")]
    Reply(String),
    /// The other side does not do what was asked for.
    #[error("{message}")]
    Refused {
        /// A stable code.
        code: String,
        /// Why.
        message: String,
    },
}

impl ControlError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NobodyThere(_) => "CONTROL_NOBODY",
            Self::Taken(_) => "CONTROL_TAKEN",
            Self::File { .. } => "CONTROL_FILE",
            Self::Exposed { .. } => "CONTROL_EXPOSED",
            Self::Token { .. } => "CONTROL_TOKEN_FILE",
            Self::Connection(_) => "CONTROL_CONNECTION",
            Self::Reply(_) => "CONTROL_REPLY",
            Self::Refused { code, .. } => code,
        }
    }

    pub(super) fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Self::File { path: path.to_owned(), reason: reason.to_string() }
    }
}
