//! What packs a log, known by its first bytes and never by a name, so that it is the same on a pipe; and what is said
//! of input that cannot be unpacked.

use std::fmt;
use std::io;

/// What the first bytes of an input say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Text, or nothing that is known here.
    Plain,
    /// gzip, RFC 1952.
    Gzip,
    /// Zstandard, RFC 8878.
    Zstd,
    /// Something that another program unpacks.
    Foreign(&'static Foreign),
}

/// A packing that is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is called.
    pub name: &'static str,
    /// What writes a file of it, unpacked, to standard output.
    pub command: &'static str,
    magic: &'static [u8],
}

/// What is refused. Each first byte but those of bzip2 and zip is no text.
const FOREIGN: [Foreign; 5] = [
    foreign("bzip2", "bzip2 -dc", b"BZh"),
    foreign("xz", "xz -dc", b"\xfd7zXZ\0"),
    foreign("zip", "unzip -p", b"PK\x03\x04"),
    foreign("lz4", "lz4 -dc", b"\x04\x22\x4d\x18"),
    foreign("compress", "uncompress -c", b"\x1f\x9d"),
];

const fn foreign(name: &'static str, command: &'static str, magic: &'static [u8]) -> Foreign {
    Foreign {
        name,
        command,
        magic,
    }
}

const GZIP: &[u8] = b"\x1f\x8b\x08";
pub(super) const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
/// Behind one of sixteen bytes.
const SKIPPED: &[u8] = b"*M\x18";
/// Behind `BZh` and a digit: the first block, or the end of a file without one.
const BZIP2: [&[u8]; 2] = [b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"];
/// Enough to know one from another.
pub(super) const HEAD: usize = 10;

impl Packing {
    /// What begins with `head`; `None` where more bytes are needed. `ended` says that there are no more.
    pub fn of(head: &[u8], ended: bool) -> Option<Packing> {
        let mut open = false;
        let mut is = |magic: &[u8]| {
            open |= head.len() < magic.len() && magic.starts_with(head);
            head.starts_with(magic)
        };
        if is(GZIP) {
            return Some(Packing::Gzip);
        }
        // A frame that is to be skipped may come first.
        let known = head.len().min(SKIPPED.len() + 1);
        let skipped =
            matches!(head.first(), Some(0x50..=0x5f)) && SKIPPED.starts_with(&head[1..known]);
        if is(ZSTD) || skipped && head.len() > SKIPPED.len() {
            return Some(Packing::Zstd);
        }
        let found = FOREIGN.iter().find(|foreign| is(foreign.magic));
        match found {
            Some(foreign) if foreign.name == "bzip2" => {
                let rest = head.get(4..).unwrap_or_default();
                if !head.get(3).is_none_or(u8::is_ascii_digit) {
                    return Some(Packing::Plain);
                }
                if BZIP2.iter().any(|block| rest.starts_with(block)) {
                    return Some(Packing::Foreign(foreign));
                }
                open = BZIP2.iter().any(|block| block.starts_with(rest));
            }
            Some(foreign) => return Some(Packing::Foreign(foreign)),
            None => open |= skipped,
        }
        if open && !ended && !head.is_empty() {
            return None;
        }
        // A packed file may be cut so early that it only begins like one; text does not begin so.
        Some(match head {
            [0x1f] | [0x1f, 0x8b] => Packing::Gzip,
            [0x28, 0xb5] | [0x28, 0xb5, 0x2f] => Packing::Zstd,
            _ => Packing::Plain,
        })
    }
}

impl Foreign {
    /// What to do about a file or, without a name, about standard input.
    pub fn advice(&self, name: Option<&str>) -> String {
        let (packing, command) = (self.name, self.command);
        match name {
            Some(name) => format!(
                "is packed with {packing}, which httpmon does not read (type: {command} {} | httpmon ...)",
                quoted(name)
            ),
            None => {
                format!(
                    "is packed with {packing}, which httpmon does not read (put {command} before it in the pipe)"
                )
            }
        }
    }
}

/// A file's name as a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&b);
    if !name.is_empty() && name.bytes().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

/// Why packed input could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    Cut(Packing, u64),
    Damaged(Packing, u64, String),
    Foreign(&'static Foreign),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |packing| match packing {
            Packing::Zstd => "zstd",
            _ => "gzip",
        };
        match self {
            Broken::Cut(packing, place) => {
                write!(
                    f,
                    "the {} data is cut off after {place} bytes, unpacked",
                    name(*packing)
                )
            }
            Broken::Damaged(packing, place, why) => {
                write!(
                    f,
                    "the {} data is damaged after {place} bytes, unpacked: {why}",
                    name(*packing)
                )
            }
            Broken::Foreign(foreign) => f.write_str(&foreign.advice(None)),
        }
    }
}

impl std::error::Error for Broken {}

/// The packing that an error says is to be unpacked by another program.
pub fn refused(error: &io::Error) -> Option<&'static Foreign> {
    match error.get_ref()?.downcast_ref()? {
        Broken::Foreign(foreign) => Some(foreign),
        _ => None,
    }
}
