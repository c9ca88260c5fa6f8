//! [`RotatingFile`]: a log file that is begun anew, with a bounded number of old ones beside it.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use algoflow_core::time::Timestamp;

use super::settings::{LogFile, Rotation};

/// Bytes of a log are handed to the system in pieces of about this size, or when nothing more comes.
const BUFFER: usize = 64 * 1_024;

/// A file that is renamed to `NAME.1` (and that to `NAME.2`, ...) when its day or its size is over. The oldest beyond
/// the number to keep is deleted. A line is never split between two files, if it is written at once.
pub(super) struct RotatingFile {
    path: PathBuf,
    rotation: Rotation,
    keep: usize,
    clock: Box<dyn Fn() -> Timestamp + Send>,
    file: io::BufWriter<File>,
    size: u64,
    day: (i16, i8, i8),
    /// The last byte that was written ended a line.
    is_line_done: bool,
}

impl RotatingFile {
    /// Opens the file to append to it, making the folders above it.
    pub(super) fn open(
        settings: &LogFile,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> io::Result<Self> {
        if let Some(folder) = settings.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = append(&settings.path)?;
        let metadata = file.metadata()?;
        let modified =
            metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified =
            modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).map(Timestamp::from_nanos);
        // What a run of another day left is another day's file.
        let day = modified.filter(|_| metadata.len() > 0).unwrap_or_else(&clock).date();
        Ok(Self {
            path: settings.path.clone(),
            rotation: settings.rotate,
            keep: settings.keep,
            clock: Box::new(clock),
            file: io::BufWriter::with_capacity(BUFFER, file),
            size: metadata.len(),
            day,
            is_line_done: true,
        })
    }

    fn is_over(&self, today: (i16, i8, i8)) -> bool {
        match self.rotation {
            Rotation::Daily => today != self.day,
            Rotation::Mib(mib) => self.size >= mib.saturating_mul(1_024 * 1_024),
        }
    }

    fn rotate(&mut self, today: (i16, i8, i8)) -> io::Result<()> {
        self.file.flush()?;
        if self.keep == 0 {
            fs::remove_file(&self.path)?;
        } else {
            for number in (1..self.keep).rev() {
                let older = numbered(&self.path, number);
                if older.exists() {
                    fs::rename(older, numbered(&self.path, number + 1))?;
                }
            }
            fs::rename(&self.path, numbered(&self.path, 1))?;
        }
        self.file = io::BufWriter::with_capacity(BUFFER, append(&self.path)?);
        self.size = 0;
        self.day = today;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

impl Write for RotatingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_line_done && self.size > 0 {
            let today = if self.rotation == Rotation::Daily { (self.clock)().date() } else { self.day };
            if self.is_over(today)
                && let Err(error) = self.rotate(today)
            {
                // Lines are worth more than sizes: it goes on with the same file, for as long as a file lasts.
                let _ =
                    writeln!(io::stderr(), "the log file {} cannot be rotated: {error}", self.path.display());
                (self.size, self.day) = (1, today);
            }
        }
        let written = self.file.write(bytes)?;
        self.size = self.size.saturating_add(written as u64);
        self.is_line_done = bytes.get(..written).and_then(<[u8]>::last) == Some(&b'\n');
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;
    use crate::telemetry::settings::LogFormat;

    fn settings(folder: &Path, rotate: Rotation, keep: usize) -> LogFile {
        LogFile { path: folder.join("deep/a.log"), format: LogFormat::Json, rotate, keep }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder.join("deep")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn by_size_with_a_bounded_number_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut file =
            RotatingFile::open(&settings(folder.path(), Rotation::Mib(1), 2), || Timestamp::EPOCH).unwrap();
        let line = "x".repeat(300 * 1_024);
        for n in 0..20 {
            write!(file, "{n} {line}").unwrap();
            writeln!(file).unwrap();
        }
        file.flush().unwrap();
        assert_eq!(names(folder.path()), ["a.log", "a.log.1", "a.log.2"]);
        let all = ["a.log.2", "a.log.1", "a.log"]
            .map(|name| fs::read_to_string(folder.path().join("deep").join(name)).unwrap());
        // Each file has whole lines, the last ones are all there.
        let starts: Vec<_> = all
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| line.split_once(' ').unwrap().0.to_owned())
            .collect();
        assert_eq!(starts, (8..20).map(|n: i32| n.to_string()).collect::<Vec<_>>());
        assert!(all.iter().all(|text| text.len() < 1_300 * 1_024 && text.ends_with('\n')));
    }

    #[test]
    fn by_day_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), Rotation::Daily, 3);
        let today = super::super::log::now().nanos();
        let now = Arc::new(AtomicI64::new(today));
        let clock = {
            let now = Arc::clone(&now);
            move || Timestamp::from_nanos(now.load(Ordering::Relaxed))
        };
        let mut file = RotatingFile::open(&settings, clock.clone()).unwrap();
        writeln!(file, "one").unwrap();
        writeln!(file, "two").unwrap();
        now.store(today + 86_400_000_000_000, Ordering::Relaxed);
        writeln!(file, "three").unwrap();
        drop(file);
        now.store(today + 2 * 86_400_000_000_000, Ordering::Relaxed);
        // The system says that the file was written today, which is two days ago.
        let mut file = RotatingFile::open(&settings, clock).unwrap();
        writeln!(file, "four").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), ["a.log", "a.log.1", "a.log.2"]);
        let read = |name| fs::read_to_string(folder.path().join("deep").join(name)).unwrap();
        assert_eq!(
            (read("a.log.2"), read("a.log.1"), read("a.log")),
            ("one\ntwo\n".into(), "three\n".into(), "four\n".into())
        );
    }

    #[test]
    fn a_file_that_cannot_be_rotated_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut file =
            RotatingFile::open(&settings(folder.path(), Rotation::Mib(1), 1), || Timestamp::EPOCH).unwrap();
        // A folder with something in it is in the way of the renamed file.
        fs::create_dir_all(folder.path().join("deep/a.log.1/full")).unwrap();
        let line = "x".repeat(600 * 1_024);
        for _ in 0..5 {
            writeln!(file, "{line}").unwrap();
        }
        file.flush().unwrap();
        let length = fs::metadata(folder.path().join("deep/a.log")).unwrap().len();
        assert_eq!(length, 5 * (600 * 1_024 + 1));
    }

    #[test]
    fn none_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut file =
            RotatingFile::open(&settings(folder.path(), Rotation::Mib(1), 0), || Timestamp::EPOCH).unwrap();
        let line = "x".repeat(600 * 1_024);
        for _ in 0..10 {
            writeln!(file, "{line}").unwrap();
        }
        assert_eq!(names(folder.path()), ["a.log"]);
    }
}
