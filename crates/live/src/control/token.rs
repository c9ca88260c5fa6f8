use std::{
    fmt, fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use secrecy::{ExposeSecret, SecretString};

use super::ControlError;

/// How many random bytes a token has.
pub const TOKEN_BYTES: usize = 32;

/// The bits of a mode that let others in.
const OTHERS: u32 = 0o077;

/// The secret that a call bears.
#[derive(Clone)]
pub struct Token(SecretString);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// The token of a file, which is made with a new one if it is not there.
    ///
    /// # Errors
    /// As [`Token::read`], and if it cannot be made.
    pub fn read_or_make(path: &Path) -> Result<Self, ControlError> {
        let failed = |error: std::io::Error| ControlError::file(path, error);
        match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                let mut bytes = [0_u8; TOKEN_BYTES];
                fs::File::open("/dev/urandom")
                    .and_then(|mut random| random.read_exact(&mut bytes))
                    .map_err(failed)?;
                let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
                Ok(Self(text.into()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(failed(error)),
        }
    }

    /// The token of a file.
    ///
    /// # Errors
    /// [`ControlError::File`], [`ControlError::Exposed`] if others can read it, [`ControlError::Token`] if it holds none.
    pub fn read(path: &Path) -> Result<Self, ControlError> {
        let failed = |error: std::io::Error| ControlError::file(path, error);
        let mode = fs::metadata(path).map_err(failed)?.mode();
        if mode & OTHERS != 0 {
            return Err(ControlError::Exposed { path: path.to_owned(), mode: mode & 0o777 });
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let text = text.trim();
        if text.len() != 2 * TOKEN_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let reason =
                "it is not 64 hexadecimal digits; remove it to have a new one made at the next start";
            return Err(ControlError::Token { path: path.to_owned(), reason });
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The text of a call.
    pub(super) fn text(&self) -> String {
        self.0.expose_secret().to_owned()
    }

    /// Whether `given` is this token, in a time that does not depend on where they differ.
    pub(super) fn is(&self, given: &str) -> bool {
        // Digests are compared in constant time.
        blake3::hash(self.0.expose_secret().as_bytes()) == blake3::hash(given.as_bytes())
    }
}
