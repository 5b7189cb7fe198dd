//! Packed bytes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// These bytes as a gzip file.
#[allow(dead_code, reason = "not every test has such files")]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("a vector takes all");
    packed.finish().expect("a vector takes all")
}

/// These bytes as a zstd frame as `zstd -3` begins one, with a window of 2 MiB, of blocks that are not packed.
#[allow(dead_code, reason = "not every test has such files")]
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = b"\x28\xb5\x2f\xfd\0\x58".to_vec();
    for block in bytes.chunks(100 << 10) {
        frame.extend_from_slice(&((block.len() as u32) << 3).to_le_bytes()[..3]);
        frame.extend_from_slice(block);
    }
    frame.extend_from_slice(&[1, 0, 0]);
    frame
}
