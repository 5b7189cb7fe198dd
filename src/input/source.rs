//! Bytes of a log, unpacked where they come packed.
//!
//! What is packed is recognised by its first bytes, never by a name, so that it is the same on a pipe. All members
//! of a gzip file and all frames of a zstd file are read. Of input that is cut or damaged all bytes are given that
//! can be unpacked, and then an error, once; what follows is the end. What only another program unpacks is
//! refused with the name of that program.
//!
//! Nothing is held back: a pipe that has given one line gives it on at once.

use std::io::{self, BufReader, Chain, Cursor, Read};

use super::members::{CheckedRead, Frames, Members, Packed, read};
use super::packing::{Broken, HEAD, Packing};

/// Packed bytes read at once.
const BUFFER: usize = 64 << 10;

/// What unpacking gzip takes: the bytes that were read and wait, a window of 32 KiB, and tables.
const GZIP: usize = BUFFER + (48 << 10);

/// One input, unpacked.
pub struct LogInput<R: Read> {
    state: Unpacker<R>,
    /// How many bytes were given.
    place: u64,
}

enum Unpacker<R: Read> {
    /// Nothing was read yet.
    New(R),
    Plain(Chain<Cursor<Vec<u8>>, R>),
    Gzip(Box<Members<R>>),
    Zstd(Box<Frames<R>>),
    /// The end was reached or could not be.
    Ended,
}

impl<R: Read> LogInput<R> {
    /// What `reader` gives, unpacked. It is not read before the first byte is asked for.
    pub fn new(reader: R) -> LogInput<R> {
        LogInput {
            state: Unpacker::New(reader),
            place: 0,
        }
    }

    /// How many bytes were given, unpacked.
    pub fn position(&self) -> u64 {
        self.place
    }

    /// How many bytes of memory unpacking takes now, about.
    pub fn held(&self) -> usize {
        match &self.state {
            Unpacker::New(_) | Unpacker::Plain(_) | Unpacker::Ended => 0,
            Unpacker::Gzip(_) => GZIP,
            Unpacker::Zstd(frames) => BUFFER + frames.held(),
        }
    }

    /// Reads as many bytes as are needed to know what it is.
    fn begin(&mut self, mut reader: R) -> io::Result<()> {
        let mut head = Vec::with_capacity(HEAD);
        let packing = loop {
            let mut block = [0; HEAD];
            let count = read(&mut reader, &mut block[..HEAD - head.len()])?;
            head.extend_from_slice(&block[..count]);
            let ended = count == 0 || head.len() == HEAD;
            if let Some(packing) = Packing::of(&head, ended) {
                break packing;
            }
        };
        let head = Cursor::new(head);
        let packed = |reader| BufReader::with_capacity(BUFFER, reader);
        self.state = match packing {
            Packing::Plain => Unpacker::Plain(head.chain(reader)),
            Packing::Gzip => {
                let reader = packed(head.chain(CheckedRead::new(reader)));
                Unpacker::Gzip(Box::new(Members::new(reader)))
            }
            Packing::Zstd => {
                let reader = packed(head.chain(CheckedRead::new(reader)));
                Unpacker::Zstd(Box::new(Frames::new(reader)))
            }
            Packing::Foreign(foreign) => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    Broken::Foreign(foreign),
                ));
            }
        };
        Ok(())
    }

    /// What is said of an error while a packing is read.
    fn broken(&self, packing: Packing, reader: Option<&Packed<R>>, error: &io::Error) -> io::Error {
        let watched = reader.map(|reader| reader.get_ref().get_ref().1);
        let place = self.place;
        if let Some(error) = watched.and_then(|watched| watched.error.as_ref()) {
            return io::Error::new(error.0, error.1.clone());
        }
        io::Error::new(
            io::ErrorKind::InvalidData,
            if watched.is_some_and(|watched| watched.ended) {
                Broken::Cut(packing, place)
            } else {
                Broken::Damaged(packing, place, error.to_string())
            },
        )
    }
}

impl<R: Read> Read for LogInput<R> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if matches!(self.state, Unpacker::New(_))
            && let Unpacker::New(reader) = std::mem::replace(&mut self.state, Unpacker::Ended)
        {
            self.begin(reader)?;
        }
        if block.is_empty() {
            return Ok(0);
        }
        let mut state = std::mem::replace(&mut self.state, Unpacker::Ended);
        let given = match &mut state {
            Unpacker::New(_) | Unpacker::Ended => Ok(0),
            Unpacker::Plain(reader) => read(reader, block),
            Unpacker::Gzip(members) => {
                let read = members.read(block);
                read.map_err(|error| self.broken(Packing::Gzip, members.reader(), &error))
            }
            Unpacker::Zstd(frames) => {
                let read = frames.read(block);
                read.map_err(|error| self.broken(Packing::Zstd, Some(&frames.reader), &error))
            }
        };
        // A plain file may have grown when it is read again; a packed one has ended.
        if matches!(given, Ok(1..)) || matches!(state, Unpacker::Plain(_)) {
            self.state = state;
        }
        self.place += *given.as_ref().unwrap_or(&0) as u64;
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::packing::ZSTD;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn text(lines: usize) -> Vec<u8> {
        (0..lines)
            .flat_map(|n| format!("line {n} of a log, {}\n", n * n % 977).into_bytes())
            .collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("a vector takes all");
        encoder.finish().expect("a vector takes all")
    }

    /// A frame of raw blocks of `size` bytes, without a checksum.
    fn zstd(bytes: &[u8], size: usize) -> Vec<u8> {
        // A window of 128 KiB.
        let mut frame = [ZSTD, &[0, 0x38]].concat();
        for block in bytes.chunks(size) {
            frame.extend_from_slice(&((block.len() as u32) << 3).to_le_bytes()[..3]);
            frame.extend_from_slice(block);
        }
        frame.extend_from_slice(&[1, 0, 0]);
        frame
    }

    /// Gives no more than `size` bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
            let size = block.len().min(self.1);
            self.0.read(&mut block[..size])
        }
    }

    /// All that is given, and the error.
    fn unpack(bytes: &[u8], size: usize) -> (Vec<u8>, Option<String>) {
        let mut source = LogInput::new(Slow(bytes, size));
        let mut found = Vec::new();
        let mut block = [0; 4096];
        let error = loop {
            match source.read(&mut block) {
                Ok(0) => break None,
                Ok(count) => found.extend_from_slice(&block[..count]),
                Err(error) => break Some(error.to_string()),
            }
        };
        assert_eq!(source.position(), found.len() as u64);
        assert_eq!(source.read(&mut block).ok(), Some(0), "an error comes once");
        (found, error)
    }

    #[test]
    fn plain_gzip_and_zstd_give_the_same_bytes_however_they_are_read() {
        let text = text(3000);
        let (a, b) = text.split_at(20_000);
        let padded = [gzip(a), vec![0; 1000]].concat();
        let skipped = [&b"\x53*M\x18\x03\0\0\0abc"[..], &zstd(&text, 5000)].concat();
        for (what, packed) in [
            ("plain", text.clone()),
            ("gzip", gzip(&text)),
            ("two members", [gzip(a), gzip(b)].concat()),
            ("zeros at the end", [gzip(&text), vec![0; 70_000]].concat()),
            ("zeros between", [padded, gzip(b)].concat()),
            ("an empty member", [gzip(b""), gzip(&text)].concat()),
            ("zstd", zstd(&text, 100_000)),
            ("two frames", [zstd(a, 999), zstd(b, 1234)].concat()),
            ("a frame without data", skipped),
        ] {
            for size in [1, 7, 1 << 20] {
                let (found, error) = unpack(&packed, size);
                assert!(found == text && error.is_none(), "{what} {size}: {error:?}");
            }
        }
        for packed in [gzip(b""), zstd(b"", 1), Vec::new()] {
            assert_eq!(unpack(&packed, 3), (Vec::new(), None));
        }
    }

    #[test]
    fn a_file_that_is_cut_gives_what_it_holds_and_then_an_error() {
        let text = text(400);
        for (packed, name) in [
            (gzip(&text), "gzip"),
            ([gzip(&text[..3000]), gzip(&text[3000..])].concat(), "gzip"),
            (zstd(&text, 700), "zstd"),
        ] {
            let mut least = 0;
            for cut in 2..packed.len() {
                let (found, error) = unpack(&packed[..cut], 1 << 20);
                assert!(text.starts_with(&found), "{name} {cut}");
                assert!(found.len() >= least, "{name} {cut}");
                least = found.len();
                match error {
                    Some(error) => assert_eq!(
                        error,
                        format!("the {name} data is cut off after {least} bytes, unpacked")
                    ),
                    // One member is whole, and nothing of the next is there.
                    None => assert_eq!(found.len(), 3000, "{name} {cut}"),
                }
            }
            assert!(
                least + 1000 > text.len(),
                "{name}: {least} of {}",
                text.len()
            );
        }
    }

    #[test]
    fn a_damaged_byte_is_an_error_and_no_more() {
        let text = text(60);
        for packed in [gzip(&text), zstd(&text, 700), real_zstd().0] {
            for at in 0..packed.len() {
                let mut bytes = packed.clone();
                for flip in [0x01, 0x80, 0xff] {
                    bytes[at] = packed[at] ^ flip;
                    unpack(&bytes, 1 << 20);
                }
            }
        }
        let mut bytes = gzip(&text);
        let last = bytes.len() - 5;
        bytes[last] ^= 1;
        let (found, error) = unpack(&bytes, 99);
        assert_eq!(found, text);
        let error = error.expect("the checksum is wrong");
        assert!(
            error.starts_with("the gzip data is damaged after "),
            "{error}"
        );
        let (found, error) = unpack(&[gzip(&text), b"more".to_vec()].concat(), 99);
        assert_eq!(found, text);
        assert!(error.is_some_and(|error| error.contains("what follows is no gzip")));
        let (mut bytes, text) = real_zstd();
        *bytes.last_mut().expect("a checksum") ^= 1;
        let (found, error) = unpack(&bytes, 99);
        assert_eq!(found, text);
        assert!(error.is_some_and(|error| error.contains("checksum")));
    }

    #[test]
    fn what_another_program_wrote_is_unpacked() {
        let (packed, text) = real_zstd();
        assert_eq!(unpack(&packed, 10), (text, None));
    }

    #[test]
    fn what_is_packed_is_told_by_its_first_bytes() {
        use Packing::{Gzip, Plain, Zstd};
        for (head, want) in [
            (&b"192.0.2.1 - - ["[..], Plain),
            (b"", Plain),
            (b"B", Plain),
            (b"BZh9 is a name ", Plain),
            (b"PK", Plain),
            (b"(", Plain),
            (b"PUT /x", Plain),
            (b"\x1f", Gzip),
            (b"\x1f\x8b\x08\0", Gzip),
            (b"\x1f\x8b\x07\0", Plain),
            (b"\x28\xb5\x2f\xfd", Zstd),
            (b"\x28\xb5", Zstd),
            (b"\x5a*M\x18", Zstd),
        ] {
            assert_eq!(Packing::of(head, true), Some(want), "{head:?}");
        }
        for (head, command) in [
            (&b"BZh91AY&SY"[..], "bzip2 -dc 'a b.bz2' | httpmon ..."),
            (
                b"BZh9\x17\x72\x45\x38\x50\x90",
                "bzip2 -dc 'a b.bz2' | httpmon ...",
            ),
            (b"\xfd7zXZ\0", "xz -dc 'a b.bz2' | httpmon ..."),
            (b"PK\x03\x04", "unzip -p 'a b.bz2' | httpmon ..."),
        ] {
            let Some(Packing::Foreign(foreign)) = Packing::of(head, false) else {
                panic!("{head:?}");
            };
            let advice = foreign.advice(Some("a b.bz2"));
            assert!(advice.contains(command), "{advice}");
            let (found, error) = unpack(head, 2);
            assert_eq!(found, b"");
            assert_eq!(error, Some(foreign.advice(None)));
        }
        // A line that has come whole is not held back.
        assert_eq!(Packing::of(b"BZ", false), None);
        assert_eq!(Packing::of(b"B\n", false), Some(Plain));
        assert_eq!(Packing::of(b"x", false), Some(Plain));
    }

    /// What `zstd -19 --check` made of a text, and the text.
    fn real_zstd() -> (Vec<u8>, Vec<u8>) {
        let text = (0..40).flat_map(|n| {
            let (host, second, page, size) = (n % 7, n % 60, n % 5, n * 37 % 1000);
            format!("192.0.2.{host} - - [20/Oct/2026:00:00:{second:02} +0000] \"GET /a/{page} HTTP/1.1\" 200 {size}\n")
                .into_bytes()
        });
        let packed = b"\
            \x28\xb5\x2f\xfd\x04\x68\xa5\x08\x00\xb6\x11\x2b\x17\x90\x2b\x1d\x9f\x5f\x2d\xcc\x99\x86\xe2\xbf\
            \xf7\xde\x32\xa5\x94\x12\x41\x45\x67\x9a\x1d\x04\x2c\x00\x20\x00\x22\x00\x6d\x8f\x49\x02\x56\xb6\
            \x96\x00\x11\x26\x09\x85\xe2\x50\x96\x34\x92\xa2\x28\x18\x02\x85\xb1\x6d\x82\xb2\x11\x4c\xd7\xe4\
            \xe1\x40\x24\xeb\xa2\x0c\xca\xa0\x0c\x29\x32\xa4\x89\x01\x44\xac\x7f\x44\xb6\xf9\xdb\x3a\x3b\xf9\
            \x9d\x8d\xb6\xfd\x54\x93\x6a\xc4\x54\xed\x59\x5b\x1a\x53\x68\x55\xe8\xff\x49\xda\xfe\x09\x68\x29\
            \xf5\x98\x1a\x9a\xaa\xa6\xd5\x11\xfa\xcd\xb2\x7b\xa2\x96\xe7\x90\xdb\xb7\x1a\xef\x3c\x95\x31\x46\
            \x4f\x35\x3d\x6e\xa2\x69\xd5\x2a\x00\xff\x4f\x37\xbb\x91\x93\x71\x4f\x6b\xd3\xb0\x52\x57\x43\xd5\
            \xdf\xb0\xb5\xeb\x88\xed\xcf\x49\x7a\xe4\xe6\xfa\x3c\xd1\xd8\x01\x80\x9d\xa8\x11\xf0\x66\xf7\x7f\
            \x0e\xe0\x69\x0e\x11\x28\x04\x08\x50\x38\x85\xc5\x23\x0f\xa4\xa3\x25\xb2\xf4\x85\x49\x2a\x26\xca\
            \x93\xaa\x64\x88\x5c\xf2\x5b\x9c\xa3\xb1\x90\xac\x0c\x07\xaa\xa9\x62\xa8\xe6\x2b\x3c\xa9\xd7\x10\
            \x43\xf6\x4c\xc5\x2d\x22\x15\xb7\x68\x95\x2f\xc6\x55\x86\x03\x51\x9a\x42\xe6\x2a\x49\x26\x7d\x31\
            \x89\x8a\x5b\x9c\x44\x51\xbe\x18\xc9\x63\x12\xa6\xb6\x02\x84\xa4\xb5\x4a\x40\xaa\x01\x3c\xbb\xe7\
            \x7e\
            ";
        (packed.to_vec(), text.collect())
    }
}
