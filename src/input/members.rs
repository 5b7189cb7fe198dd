//! The members of a gzip file and the frames of a zstd file, one after the other.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Packed bytes, those first that were read to see what they are.
pub(super) type Packed<R> = BufReader<Chain<Cursor<Vec<u8>>, CheckedRead<R>>>;

/// Reads once, whatever signals come.
pub(super) fn read(reader: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Knows why an unpacker has no more to read.
pub(super) struct CheckedRead<R> {
    reader: R,
    pub(super) ended: bool,
    pub(super) error: Option<(io::ErrorKind, String)>,
}

impl<R> CheckedRead<R> {
    pub(super) fn new(reader: R) -> CheckedRead<R> {
        CheckedRead {
            reader,
            ended: false,
            error: None,
        }
    }
}

impl<R: Read> Read for CheckedRead<R> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let given = read(&mut self.reader, block);
        match &given {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => self.error = Some((error.kind(), error.to_string())),
        }
        given
    }
}

/// The members of a gzip file.
pub(super) struct Members<R: Read> {
    /// `None` only while one member's reader is handed to the next.
    decoder: Option<GzDecoder<Packed<R>>>,
}

impl<R: Read> Members<R> {
    pub(super) fn new(reader: Packed<R>) -> Members<R> {
        Members {
            decoder: Some(GzDecoder::new(reader)),
        }
    }

    pub(super) fn reader(&self) -> Option<&Packed<R>> {
        self.decoder.as_ref().map(GzDecoder::get_ref)
    }

    /// Reads on, through the end of a member to the next; zeros behind one are filling, as on a tape.
    pub(super) fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = read(decoder, block)?;
            if count > 0 {
                return Ok(count);
            }
            let reader = decoder.get_mut();
            loop {
                let filled = reader.fill_buf()?;
                if filled.is_empty() {
                    return Ok(0);
                }
                let zeros = filled.iter().take_while(|&&b| b == 0).count();
                let next = filled.get(zeros).copied();
                reader.consume(zeros);
                match next {
                    None => {}
                    Some(0x1f) => break,
                    Some(_) => return Err(io::Error::other("what follows is no gzip")),
                }
            }
            let reader = self.decoder.take().map(GzDecoder::into_inner);
            self.decoder = reader.map(GzDecoder::new);
        }
        Ok(0)
    }
}

/// The frames of a zstd file.
pub(super) struct Frames<R: Read> {
    pub(super) reader: Packed<R>,
    decoder: FrameDecoder,
    /// Whether a frame was begun.
    open: bool,
    /// How far back the widest frame so far may refer, in bytes.
    window: u64,
    /// Why no more can be unpacked: said when all that was unpacked before is given.
    failed: Option<io::Error>,
}

/// The most that a block unpacks to.
const BLOCK: usize = 128 << 10;
/// What a decoder takes beside its ring: tables, and what a block is put together from.
const BESIDE_RING: usize = 512 << 10;
/// So many bytes of a frame tell its window, and no frame has fewer.
const DESCRIPTION: usize = 6;

/// How far back a frame that begins so may refer; `None` where that is as far as it is long.
fn window(head: &[u8]) -> Option<u64> {
    const SINGLE_SEGMENT: u8 = 0x20;
    let (&flags, &size) = (head.get(4)?, head.get(5)?);
    let base = 1u64 << (10 + (size >> 3));
    (flags & SINGLE_SEGMENT == 0).then_some(base + base / 8 * u64::from(size & 7))
}

/// The end of a frame as it would be written behind any block: an empty last one, and room for a checksum.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

impl<R: Read> Frames<R> {
    pub(super) fn new(reader: Packed<R>) -> Frames<R> {
        Frames {
            reader,
            decoder: FrameDecoder::new(),
            open: false,
            window: 0,
            failed: None,
        }
    }

    /// How many bytes the decoder may take, about: its ring holds a window and a block, and has a power of two of them.
    pub(super) fn held(&self) -> usize {
        let ring = usize::try_from(self.window).unwrap_or(usize::MAX / 4) + BLOCK;
        ring.next_power_of_two() + BESIDE_RING
    }

    /// Reads on, through the end of a frame to the next.
    pub(super) fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.open && self.decoder.can_collect() > 0 {
                return self.decoder.read(block);
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.open && self.decoder.is_finished() {
                self.open = false;
                let (said, counted) = (
                    self.decoder.get_checksum_from_data(),
                    self.decoder.get_calculated_checksum(),
                );
                if said.is_some() && said != counted {
                    return Err(io::Error::other("its checksum is another"));
                }
            }
            if !self.open {
                if self.reader.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.begin()?;
                continue;
            }
            let blocks = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.decoder.decode_blocks(&mut self.reader, blocks) {
                self.failed = Some(io::Error::other(error.to_string()));
                if !self.decoder.is_finished() {
                    // The decoder keeps back what later blocks may refer to; no block comes any more.
                    let blocks = BlockDecodingStrategy::UptoBlocks(1);
                    let _ = self.decoder.decode_blocks(&LAST_BLOCK[..], blocks);
                }
            }
        }
    }

    /// Begins the next frame, or passes over one that holds no data.
    fn begin(&mut self) -> io::Result<()> {
        let mut head = Vec::with_capacity(DESCRIPTION);
        let most = DESCRIPTION as u64;
        self.reader.by_ref().take(most).read_to_end(&mut head)?;
        match self.decoder.init(head.chain(&mut self.reader)) {
            Ok(()) => {
                self.open = true;
                let window = window(&head).unwrap_or_else(|| self.decoder.content_size());
                self.window = self.window.max(window);
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut (&mut self.reader).take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
        Ok(())
    }
}
