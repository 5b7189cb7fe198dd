//! Bytes, unpacked, and blocks of bytes to lines.

pub mod lines;
mod records;
pub mod source;
pub mod unpacking;
