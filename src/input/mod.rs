//! Bytes, unpacked, and blocks of bytes to lines.

pub mod lines;
pub mod source;
pub mod unpacking;
