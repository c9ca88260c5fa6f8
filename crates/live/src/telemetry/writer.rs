//! [`LogWriter`]: a thread that writes lines, so that who logs does not wait.
//!
//! - **W1** At most [`MAX_LINES`] lines wait. A line for which there is no room is dropped and counted; who logs does not wait.
//! - **W2** After a drop the next line that is written says how many were dropped before it.
//! - **W3** A failure to write is counted, told once on standard error, and tried again with the next line.
//! - **W4** [`LogWriter::flush`] returns once all that was logged before it is written, or after its deadline.

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::error::TelemetryError;

/// The most lines that wait to be written.
pub const MAX_LINES: usize = 8_192;

enum Message {
    Line(String),
    Flush(SyncSender<()>),
}

/// Lines for one output. Clones write to the same one.
#[derive(Clone)]
pub struct LogWriter {
    lines: SyncSender<Message>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl LogWriter {
    /// Starts the thread that writes to `output`. It ends when the last clone is gone.
    ///
    /// # Errors
    /// [`TelemetryError::Thread`] if the system has no thread to give.
    pub fn new(name: &str, output: impl Write + Send + 'static) -> Result<Self, TelemetryError> {
        let (lines, waiting) = sync_channel(MAX_LINES);
        let counts = Arc::new(Counts::default());
        let writer = Writing { output, counts: Arc::clone(&counts), told_drops: 0, has_told_failure: false };
        let thread = thread::Builder::new().name(format!("log-{name}"));
        thread.spawn(move || writer.run(&waiting)).map_err(|source| TelemetryError::Thread { source })?;
        Ok(Self { lines, counts })
    }

    /// Has a line written, without its end of line (W1).
    pub fn line(&self, line: String) {
        if self.lines.try_send(Message::Line(line)).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// How many lines could not be written.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.counts.failed.load(Ordering::Relaxed)
    }

    /// Waits until all that was logged before is written; whether it was within `deadline` (W4).
    #[must_use]
    pub fn flush(&self, deadline: Duration) -> bool {
        const STEP: Duration = Duration::from_millis(5);
        let end = Instant::now() + deadline;
        let (done, is_done) = sync_channel(1);
        // With a full queue there is no room for the question either.
        while self.lines.try_send(Message::Flush(done.clone())).is_err() {
            if Instant::now() >= end {
                return false;
            }
            thread::sleep(STEP);
        }
        drop(done);
        is_done.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok()
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter").field("dropped", &self.dropped()).field("failed", &self.failed()).finish()
    }
}

struct Writing<W> {
    output: W,
    counts: Arc<Counts>,
    told_drops: u64,
    has_told_failure: bool,
}

impl<W: Write> Writing<W> {
    fn run(mut self, waiting: &Receiver<Message>) {
        /// Lines that nothing follows reach the output after this time at the latest.
        const IDLE: Duration = Duration::from_millis(20);
        let mut is_dirty = false;
        loop {
            match waiting.recv_timeout(if is_dirty { IDLE } else { Duration::from_secs(3_600) }) {
                Ok(Message::Line(line)) => {
                    is_dirty = true;
                    self.write(&line);
                }
                Ok(Message::Flush(done)) => {
                    self.flush();
                    is_dirty = false;
                    // Who asked may have stopped waiting.
                    let _ = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.flush();
                    is_dirty = false;
                }
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
        }
    }

    fn write(&mut self, line: &str) {
        let dropped = self.counts.dropped.load(Ordering::Relaxed);
        if dropped > self.told_drops {
            let since = dropped - self.told_drops;
            let result = writeln!(self.output, "{since} log lines were dropped: the output is too slow");
            self.told_drops = dropped;
            self.check(result);
        }
        let result = writeln!(self.output, "{line}");
        self.check(result);
    }

    fn flush(&mut self) {
        let result = self.output.flush();
        self.check(result);
    }

    fn check(&mut self, result: io::Result<()>) {
        let Err(error) = result else { return };
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        if !self.has_told_failure {
            self.has_told_failure = true;
            // There is nobody else to tell, and standard error may be what failed.
            let _ = writeln!(io::stderr(), "a log cannot be written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc::Sender};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// An output that waits for a word before each write.
    struct Stuck(Shared, Receiver<()>);
    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.1.recv();
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn w1_w2_a_stuck_output_drops_lines_and_says_so() {
        let (go, wait): (Sender<()>, _) = std::sync::mpsc::channel();
        let shared = Shared::default();
        let writer = LogWriter::new("test", Stuck(shared.clone(), wait)).unwrap();
        for n in 0..MAX_LINES + 100 {
            writer.line(format!("line {n}"));
        }
        // One line is with the thread, or still in the queue.
        assert!((99..=100).contains(&writer.dropped()), "{writer:?}");
        assert!(!writer.flush(Duration::from_millis(10)));
        drop(go);
        assert!(writer.flush(Duration::from_secs(30)));
        writer.line("the last".to_owned());
        assert!(writer.flush(Duration::from_secs(30)));
        let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains(" log lines were dropped: the output is too slow\n"));
        assert!(text.ends_with("the last\n"));
    }

    #[test]
    fn w3_a_failure_is_counted_and_tried_again() {
        struct Fails(u32, Shared);
        impl Write for Fails {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 == 1 { Err(io::ErrorKind::StorageFull.into()) } else { self.1.write(bytes) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let shared = Shared::default();
        let writer = LogWriter::new("test", Fails(0, shared.clone())).unwrap();
        writer.line("lost".to_owned());
        writer.line("kept".to_owned());
        assert!(writer.flush(Duration::from_secs(30)));
        assert_eq!(writer.failed(), 1);
        assert_eq!(*shared.0.lock().unwrap(), b"kept\n");
    }
}
