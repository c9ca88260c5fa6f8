use std::{any::Any, io};

use ::parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};
use bytes::Bytes;

use crate::error::DataError;

/// A file or bytes, as the Parquet reader wants them.
pub(super) enum Chunks {
    File(std::fs::File),
    Bytes(Bytes),
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl ChunkReader for Chunks {
    type T = Box<dyn io::Read + Send>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(match self {
            Self::File(file) => Box::new(ChunkReader::get_read(file, start)?),
            Self::Bytes(bytes) => Box::new(io::Cursor::new(self.slice(bytes, start, None)?)),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Bytes(bytes) => self.slice(bytes, start, Some(length)),
        }
    }
}

impl Chunks {
    fn slice(&self, bytes: &Bytes, start: u64, length: Option<usize>) -> Result<Bytes, ParquetError> {
        let beyond = || ParquetError::EOF("a range lies beyond the end of the file".into());
        let start = usize::try_from(start).map_err(|_| beyond())?;
        let end = match length {
            Some(length) => start.checked_add(length).ok_or_else(beyond)?,
            None => bytes.len(),
        };
        if start > end || end > bytes.len() { Err(beyond()) } else { Ok(bytes.slice(start..end)) }
    }
}

/// Runs code of the Parquet library, which may panic on a corrupt file.
pub(super) fn guarded<T>(file: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, DataError> {
    let panicked = |payload: Box<dyn Any + Send>| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_string()));
        format!("it is corrupt: {}", text.unwrap_or_default())
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(panicked(payload)))
        .map_err(|reason| DataError::format(file, reason))
}
