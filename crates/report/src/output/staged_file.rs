//! One file in the staging folder: counted, hashed, and interruptible.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes to a file through a buffer; every block is hashed, counted, and may be the last.
pub(super) struct StagedFile<'a> {
    buffer: BufWriter<Sink<'a>>,
}

struct Sink<'a> {
    file: File,
    hash: Sha256,
    bytes: u64,
    cancelled: &'a dyn Fn() -> bool,
}

impl<'a> StagedFile<'a> {
    /// Creates the file, empty.
    pub(super) fn create(path: &Path, cancelled: &'a dyn Fn() -> bool) -> io::Result<Self> {
        let file = File::create(path)?;
        let sink = Sink {
            file,
            hash: Sha256::new(),
            bytes: 0,
            cancelled,
        };
        Ok(Self {
            buffer: BufWriter::with_capacity(64 * 1024, sink),
        })
    }

    /// How many bytes have reached the file.
    pub(super) fn bytes(&self) -> u64 {
        self.buffer.get_ref().bytes
    }

    /// Flushes to the disk and returns the SHA-256 in hexadecimal; an error with the number of
    /// bytes that were written.
    pub(super) fn finish(mut self) -> Result<String, (u64, io::Error)> {
        self.buffer.flush().map_err(|error| (self.bytes(), error))?;
        let bytes = self.bytes();
        let sink = self
            .buffer
            .into_inner()
            .map_err(|error| (bytes, error.into_error()))?;
        sink.file.sync_all().map_err(|error| (bytes, error))?;
        Ok(sink
            .hash
            .finalize()
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }))
    }
}

impl Write for StagedFile<'_> {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        self.buffer.write(block)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        // Not `ErrorKind::Interrupted`: `write_all` would try again.
        if (self.cancelled)() {
            return Err(io::Error::other("cancelled"));
        }
        let written = self.file.write(block)?;
        self.hash.update(&block[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
