//! Where bytes come from: files, memory, readers; plain, gzip or zip.

use std::{
    borrow::Cow,
    fmt,
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::{Crc, bufread::DeflateDecoder, bufread::MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use crate::error::DataError;

/// The longest member list of an archive that is shown in an error.
const MAX_LISTED: usize = 10;

/// A file, or bytes that stand for one.
pub(crate) struct Input {
    name: Arc<str>,
    origin: Origin,
}

enum Origin {
    File(PathBuf),
    Bytes(Arc<[u8]>),
    Reader(Box<dyn Read + Send>),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Something that can be read at any place.
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Input {
    /// A file, which must exist.
    pub(crate) fn file(path: &Path) -> Result<Self, DataError> {
        let meta = std::fs::metadata(path).map_err(|error| DataError::io(path, error))?;
        if meta.is_dir() {
            return Err(DataError::format(path.display().to_string(), "it is a folder, not a file"));
        }
        Ok(Self { name: path.display().to_string().into(), origin: Origin::File(path.into()) })
    }

    /// Bytes in memory, called `name` in messages.
    pub(crate) fn bytes(name: &str, bytes: Cow<'static, [u8]>) -> Self {
        Self { name: name.into(), origin: Origin::Bytes(bytes.into_owned().into()) }
    }

    /// Anything that can be read once, called `name` in messages.
    pub(crate) fn reader(name: &str, reader: Box<dyn Read + Send>) -> Self {
        Self { name: name.into(), origin: Origin::Reader(reader) }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn io(&self, error: io::Error) -> DataError {
        DataError::Io { file: self.name.to_string(), source: error }
    }

    /// The bytes as they are, at any place; `None` for a reader, which can be read only once.
    pub(crate) fn seekable(&self) -> Result<Option<Box<dyn ReadSeek>>, DataError> {
        Ok(match &self.origin {
            Origin::File(path) => {
                Some(Box::new(File::open(path).map_err(|error| DataError::io(path, error))?))
            }
            Origin::Bytes(bytes) => Some(Box::new(Cursor::new(Arc::clone(bytes)))),
            Origin::Reader(_) => None,
        })
    }

    /// The text inside, decompressed as it is read. `entry` names the file inside a zip archive.
    pub(crate) fn text(self, entry: Option<&str>) -> Result<Box<dyn Read + Send>, DataError> {
        let mut plain: Box<dyn Read + Send> = match self.seekable()? {
            Some(seekable) => Box::new(seekable),
            None => match self.origin {
                Origin::Reader(reader) => return decompressed(&self.name, reader, entry),
                Origin::File(_) | Origin::Bytes(_) => Box::new(io::empty()),
            },
        };
        let mut magic = [0; 4];
        let count = read_up_to(&mut plain, &mut magic).map_err(|error| self.io(error))?;
        if magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06") {
            return self.zip_entry(entry);
        }
        let head = Cursor::new(magic).take(count as u64);
        decompressed(&self.name, Box::new(head.chain(plain)), entry)
    }

    /// The bytes as they are, made into what a reader of a binary format wants.
    #[cfg(feature = "parquet")]
    pub(crate) fn chunks<T>(
        &self,
        of_file: impl FnOnce(File) -> T,
        of_bytes: impl FnOnce(Arc<[u8]>) -> T,
    ) -> Result<T, DataError> {
        match &self.origin {
            Origin::File(path) => File::open(path).map(of_file).map_err(|error| DataError::io(path, error)),
            Origin::Bytes(bytes) => Ok(of_bytes(Arc::clone(bytes))),
            Origin::Reader(_) => Err(DataError::format(self.name.as_ref(), "it cannot be read at any place")),
        }
    }

    fn zip_entry(&self, entry: Option<&str>) -> Result<Box<dyn Read + Send>, DataError> {
        let bad = |reason: String| DataError::format(self.name.as_ref(), reason);
        let Some(seekable) = self.seekable()? else {
            return Err(bad("a zip cannot be read as a stream".into()));
        };
        let mut archive =
            ZipArchive::new(BufReader::new(seekable)).map_err(|error| bad(format!("not a zip: {error}")))?;
        let names: Vec<String> =
            archive.file_names().filter(|name| !name.ends_with('/')).map(String::from).collect();
        let wanted = match (entry, names.as_slice()) {
            (Some(entry), _) => entry.to_string(),
            (None, [only]) => only.clone(),
            (None, []) => return Err(bad("the zip holds no file".into())),
            (None, _) => {
                let list = names.iter().take(MAX_LISTED).cloned().collect::<Vec<_>>().join(", ");
                return Err(bad(format!("the zip holds {} files ({list}); name one as entry", names.len())));
            }
        };
        let index =
            archive.index_for_name(&wanted).ok_or_else(|| bad(format!("the zip holds no {wanted:?}")))?;
        let (start, length, size, crc, method) = {
            let file = archive.by_index_raw(index).map_err(|error| bad(format!("{wanted}: {error}")))?;
            if file.encrypted() {
                return Err(bad(format!("{wanted} is encrypted")));
            }
            (file.data_start(), file.compressed_size(), file.size(), file.crc32(), file.compression())
        };
        let mut raw = archive.into_inner();
        raw.seek(SeekFrom::Start(start)).map_err(|error| self.io(error))?;
        let raw = raw.take(length);
        let inner: Box<dyn Read + Send> = match method {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(raw)),
            other => return Err(bad(format!("{wanted} is compressed with {other}, which is not supported"))),
        };
        Ok(Box::new(Checked { inner, crc: Crc::new(), want_crc: crc, left: size }))
    }
}

/// Decompresses what says that it is gzip; refuses what is no text.
fn decompressed(
    name: &str,
    mut reader: Box<dyn Read + Send>,
    entry: Option<&str>,
) -> Result<Box<dyn Read + Send>, DataError> {
    let mut magic = [0; 6];
    let count = read_up_to(&mut reader, &mut magic)
        .map_err(|source| DataError::Io { file: name.to_string(), source })?;
    let head = magic.get(..count).unwrap_or_default().to_vec();
    let bad = |reason: &str| Err(DataError::format(name, reason));
    if entry.is_some() {
        return bad("an entry is named, but this is no zip");
    }
    let all = Cursor::new(head).chain(reader);
    match magic.as_slice() {
        [0x1f, 0x8b, ..] => Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 << 10, all)))),
        [b'P', b'K', 3, 4, ..] => bad("a zip cannot be read from a stream; give the file or its bytes"),
        [b'P', b'A', b'R', b'1', ..] => bad("this is a Parquet file, not CSV"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => bad("it is compressed with zstd; gzip and zip are supported"),
        [b'B', b'Z', b'h', ..] => bad("it is compressed with bzip2; gzip and zip are supported"),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => bad("it is compressed with xz; gzip and zip are supported"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => bad("it is UTF-16 text; save it as UTF-8"),
        _ => Ok(Box::new(all)),
    }
}

fn read_up_to(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(rest) = buffer.get_mut(count..)
        && !rest.is_empty()
    {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(n) => count += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Checks the length and the checksum of a member of a zip archive as it is read.
struct Checked {
    inner: Box<dyn Read + Send>,
    crc: Crc,
    want_crc: u32,
    left: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let corrupt = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let count = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        self.left = match self.left.checked_sub(count as u64) {
            Some(left) => left,
            None => return Err(corrupt("the zip entry is longer than it says")),
        };
        if count == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return Err(corrupt("the zip entry is cut off"));
            }
            if self.crc.sum() != self.want_crc {
                return Err(corrupt("the checksum of the zip entry is wrong"));
            }
        }
        Ok(count)
    }
}
