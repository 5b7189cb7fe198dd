//! Blocks of bytes to lines.

pub mod lines;
