//! What tables choose a place by: a factor that mixes the bits of a number, and a hash of a text.

use std::hash::BuildHasher;
use std::sync::LazyLock;

/// The golden ratio in 64 bits, as in Knuth's multiplicative hashing.
pub const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

static HASHER: LazyLock<foldhash::quality::RandomState> = LazyLock::new(Default::default);

/// A hash of a text by a seed of this process: in every thread the same, and nobody can choose two texts that have one. It
/// is not 0.
pub fn hash_of(text: &[u8]) -> u64 {
    HASHER.hash_one(text).max(1)
}
