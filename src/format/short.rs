//! The ends of short texts, sixteen bytes at a time.
//!
//! Most fields of a log are shorter than a hundred bytes. There a search that is called costs more for the call (some 45
//! instructions) than for the bytes it looks at, and a loop over single bytes ends where the processor does not expect it.

use wide::u8x16;

/// A one in each byte of a word, and the highest bit of each.
const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = 0x80 * ONES;

/// Where `byte` is first.
#[inline]
pub(super) fn find(byte: u8, text: &[u8]) -> Option<usize> {
    find_any([byte], text)
}

/// Where one of these bytes is first.
#[inline(always)] // A second caller made it a call.
pub(super) fn find_any<const N: usize>(bytes: [u8; N], text: &[u8]) -> Option<usize> {
    let wanted = bytes.map(u8x16::splat);
    let mut at = 0;
    while let Some(sixteen) = text[at..].first_chunk() {
        let sixteen = u8x16::from(*sixteen);
        let is_one = |found, wanted| found | sixteen.cmp_eq(wanted);
        let found = wanted.into_iter().fold(u8x16::ZERO, is_one).move_mask();
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 16;
    }
    find_from(at, bytes, text)
}

/// The search goes on at `at`, where fewer are left: apart, so that the usual way needs few registers.
#[inline(never)]
fn find_from<const N: usize>(at: usize, bytes: [u8; N], text: &[u8]) -> Option<usize> {
    let mut at = at;
    if let Some(eight) = text[at..].first_chunk() {
        let eight = u64::from_le_bytes(*eight);
        let is_one = |found, &byte| found | equal(eight, byte);
        let found = bytes.iter().fold(0, is_one);
        if found != 0 {
            return Some(at + first(found));
        }
        at += 8;
    }
    let found = text[at..].iter().position(|b| bytes.contains(b));
    found.map(|found| at + found)
}

/// The highest bit of the first byte that is `byte`, and perhaps of later ones.
#[inline]
fn equal(eight: u64, byte: u8) -> u64 {
    // Zero where the byte is. Taking one from a zero byte sets its highest bit; what that borrows may
    // set others, but only later ones.
    let zero = eight ^ (u64::from(byte) * ONES);
    zero.wrapping_sub(ONES) & !zero & HIGH
}

/// Whether two texts are the same: of up to sixteen bytes their first and their last say it, overlapping. A call to
/// compare memory takes longer.
#[inline]
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        4..=7 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        _ => a == b,
    }
}

/// The number at the beginning of `text` and how many digits it has, where that is one to seven of them, before
/// some other byte, and eight bytes are there. A loop over digits ends where the processor least expects it.
#[inline(always)]
pub(super) fn number(text: &[u8]) -> Option<(u64, usize)> {
    let digits = u64::from_le_bytes(*text.first_chunk()?) ^ (u64::from(b'0') * ONES);
    // Past nine, by the seven lower bits or by the highest. No byte carries into the next.
    let others = (((digits & !HIGH) + 0x76 * ONES) | digits) & HIGH;
    if others == 0 {
        return None;
    }
    let len = first(others);
    if len == 0 {
        return None;
    }
    // Zeros before the first digit, then pairs of neighbours put together: by one, two and four digits.
    let number = digits << (64 - 8 * len);
    let number = number.wrapping_mul(10).wrapping_add(number >> 8) & 0x00ff_00ff_00ff_00ff;
    let number = number.wrapping_mul(100).wrapping_add(number >> 16) & 0x0000_ffff_0000_ffff;
    let number = number.wrapping_mul(10_000).wrapping_add(number >> 32) & 0xffff_ffff;
    Some((number, len))
}

/// How many bytes at the beginning of `text` are digits and dots (or the slash that lies between them).
#[inline]
pub(super) fn dotted_len(text: &[u8]) -> usize {
    let (dot, nine) = (u8x16::splat(b'.'), u8x16::splat(b'9'));
    let mut at = 0;
    while let Some(sixteen) = text[at..].first_chunk() {
        let sixteen = u8x16::from(*sixteen);
        let others = !sixteen.max(dot).min(nine).cmp_eq(sixteen).move_mask() & 0xffff;
        if others != 0 {
            return at + others.trailing_zeros() as usize;
        }
        at += 16;
    }
    let dotted = |b: &&u8| matches!(b, b'.'..=b'9');
    at + text[at..].iter().take_while(dotted).count()
}

/// The first byte whose highest bit is set; there is one.
#[inline]
fn first(high: u64) -> usize {
    high.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_byte_is_found_where_a_loop_finds_it(text in prop::collection::vec(prop_oneof![Just(b' '), Just(b'!'), Just(0xa0), any::<u8>()], 0..80), byte in prop_oneof![Just(b' '), any::<u8>()]) {
            prop_assert_eq!(find(byte, &text), text.iter().position(|&b| b == byte));
            prop_assert_eq!(find_any([byte, b'!'], &text), text.iter().position(|&b| b == byte || b == b'!'));
        }

        #[test]
        fn texts_are_the_same_where_a_loop_finds_no_difference(a in "[ab]{0,20}", at in 0usize..20, b in "[ab]{0,20}") {
            let mut changed = a.clone().into_bytes();
            if let Some(byte) = changed.get_mut(at) {
                *byte = b'c';
            }
            for other in [a.as_bytes(), b.as_bytes(), &changed] {
                prop_assert_eq!(same(a.as_bytes(), other), a.bytes().eq(other.iter().copied()));
            }
        }

        #[test]
        fn one_of_three_bytes_is_found_where_a_loop_finds_it(text in "[a-c/?#\u{80}]{0,40}") {
            let found = text.bytes().position(|b| matches!(b, b'/' | b'?' | b'#'));
            prop_assert_eq!(find_any(*b"/?#", text.as_bytes()), found);
        }

        #[test]
        fn a_number_is_what_its_digits_say(digits in "[0-9]{0,9}", rest in prop::collection::vec(any::<u8>(), 0..10)) {
            let text = [digits.as_bytes(), &rest].concat();
            let len = text.iter().take_while(|b| b.is_ascii_digit()).count();
            let said = std::str::from_utf8(&text[..len]).ok().and_then(|text| text.parse().ok());
            let want = said.filter(|_| text.len() >= 8 && len < 8).map(|number: u64| (number, len));
            prop_assert_eq!(number(&text), want);
        }

        #[test]
        fn an_address_ends_where_a_loop_ends_it(address in "[./0-9]{0,40}", rest in prop::collection::vec(any::<u8>(), 0..20)) {
            let text = [address.as_bytes(), &rest].concat();
            let end = text.iter().position(|b| !matches!(b, b'.'..=b'9'));
            prop_assert_eq!(dotted_len(&text), end.unwrap_or(text.len()));
        }
    }

    #[test]
    fn every_byte_ends_an_address_or_belongs_to_it() {
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                let mut text = [b'1'; 20];
                text[at] = byte;
                let dotted = matches!(byte, b'.'..=b'9');
                assert_eq!(
                    dotted_len(&text),
                    if dotted { 20 } else { at },
                    "{byte} at {at}"
                );
            }
        }
    }
}
