//! The bytes of a WARC file after gzip, with the place in the file that they came from.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::WarcError;

const CHUNK: usize = 64 << 10;
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// A buffered reader that counts what was taken and can look a few bytes ahead.
struct Counted<R> {
    inner: R,
    buffer: Vec<u8>,
    at: usize,
    taken: u64,
    ended: bool,
}

impl<R: Read> Counted<R> {
    fn peek(&mut self, len: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.at < len && !self.ended {
            self.refill()?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn refill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + CHUNK, 0);
        let read = loop {
            match self.inner.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(kept + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let len = available.len().min(out.len());
        out[..len].copy_from_slice(&available[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, len: usize) {
        self.at += len;
        self.taken += len as u64;
    }
}

enum Source<R> {
    /// Nothing was read yet.
    Fresh(Counted<R>),
    Plain(Counted<R>),
    Member(Box<GzDecoder<Counted<R>>>),
    /// In a gzip file, before the next member.
    Between(Counted<R>),
    /// What was decoded before the file ended within a member has been handed out; the error is next.
    CutOff(io::Error),
    Ended,
}

/// Decoded bytes in chunks, none of which spans two gzip members.
pub(super) struct Stream<R> {
    source: Source<R>,
    chunk: Vec<u8>,
    at: usize,
    /// Where in the file the chunk begins: its first byte, or the first byte of its gzip member.
    origin: u64,
    /// The chunk is the first of its gzip member.
    opens_member: bool,
}

impl<R: Read> Stream<R> {
    pub fn new(inner: R) -> Self {
        let counted = Counted { inner, buffer: Vec::new(), at: 0, taken: 0, ended: false };
        Self { source: Source::Fresh(counted), chunk: Vec::new(), at: 0, origin: 0, opens_member: false }
    }

    /// The place in the file of the next byte; in a gzip file, of the member that holds it.
    pub fn offset(&self) -> u64 {
        match self.source {
            Source::Plain(_) => self.origin + self.at as u64,
            _ => self.origin,
        }
    }

    /// What is decoded and not yet taken; empty only at the end of the file.
    ///
    /// After an error the next call goes on behind the damage, or at the end of the file.
    pub fn fill(&mut self) -> Result<&[u8], WarcError> {
        while self.at == self.chunk.len() && !matches!(self.source, Source::Ended) {
            if let Err(source) = self.next_chunk() {
                return Err(WarcError::Read { offset: self.origin, source });
            }
        }
        Ok(&self.chunk[self.at..])
    }

    pub fn consume(&mut self, len: usize) {
        self.at += len;
    }

    /// True where a gzip member begins with a WARC record: whatever came before has ended.
    pub fn at_record_member(&self) -> bool {
        self.opens_member && self.at == 0 && self.chunk.starts_with(b"WARC/")
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        self.chunk.clear();
        self.at = 0;
        self.opens_member = false;
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Fresh(mut raw) => {
                let gzip = raw.peek(2)?.starts_with(&GZIP[..2]);
                self.source = if gzip { Source::Between(raw) } else { Source::Plain(raw) };
            }
            Source::Plain(mut raw) => {
                self.origin = raw.taken;
                let available = raw.fill_buf()?;
                let len = available.len();
                self.chunk.extend_from_slice(available);
                raw.consume(len);
                if len > 0 {
                    self.source = Source::Plain(raw);
                }
            }
            Source::Between(raw) => self.open_member(raw)?,
            Source::Member(member) => self.read_member(member)?,
            Source::CutOff(error) => return Err(error),
            Source::Ended => {}
        }
        Ok(())
    }

    fn open_member(&mut self, mut raw: Counted<R>) -> io::Result<()> {
        // Zero bytes after the last member are padding, as gzip itself treats them.
        while raw.peek(1)?.first() == Some(&0) {
            raw.consume(1);
        }
        self.origin = raw.taken;
        let next = raw.peek(GZIP.len())?;
        if next.is_empty() {
            return Ok(());
        }
        if !next.starts_with(&GZIP) {
            self.find_member(raw);
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no gzip member where one should begin"));
        }
        self.opens_member = true;
        self.read_member(Box::new(GzDecoder::new(raw)))
    }

    fn read_member(&mut self, mut member: Box<GzDecoder<Counted<R>>>) -> io::Result<()> {
        self.chunk.resize(CHUNK, 0);
        // Fill the chunk, so that what begins a member can be looked at in one piece.
        let mut len = 0;
        let end = loop {
            match member.read(&mut self.chunk[len..]) {
                Ok(0) => break Ok(len < CHUNK),
                Ok(read) => len += read,
                Err(error) => break Err(error),
            }
            if len == CHUNK {
                break Ok(false);
            }
        };
        self.chunk.truncate(len);
        match end {
            Ok(false) => self.source = Source::Member(member),
            Ok(true) => self.source = Source::Between(member.into_inner()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.source = Source::CutOff(error),
            Err(error) => {
                // Bytes decoded before the damage are not trusted: the member has failed its checksum.
                self.chunk.clear();
                self.find_member(member.into_inner());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Moves to the next bytes that look like a gzip member.
    fn find_member(&mut self, mut raw: Counted<R>) {
        loop {
            let Ok(next) = raw.peek(GZIP.len()) else { return };
            if next.len() < GZIP.len() {
                return;
            }
            let found = next.windows(GZIP.len()).position(|window| window == GZIP);
            let skip = found.unwrap_or(next.len() - GZIP.len() + 1);
            raw.consume(skip);
            if found.is_some() {
                self.source = Source::Between(raw);
                return;
            }
        }
    }
}
