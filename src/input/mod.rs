//! Bytes, unpacked, and blocks of bytes to lines.

pub mod lines;
mod members;
pub mod packing;
mod records;
pub mod source;
