//! A factor that mixes the bits of a number, where a table chooses a place by it.

/// The golden ratio in 64 bits, as in Knuth's multiplicative hashing.
pub const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
