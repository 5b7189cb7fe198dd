//! Packed bytes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// These bytes as a gzip file.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("a vector takes all");
    packed.finish().expect("a vector takes all")
}
