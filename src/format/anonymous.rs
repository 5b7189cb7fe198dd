//! Clients without what tells one from its neighbours: the first 24 bits of an IPv4 address, the first 48 of an IPv6
//! address, the rest zero.
//!
//! So much one party usually has: the smallest prefix that is routed on its own, and what a site is given. An IPv4
//! address that is mapped into IPv6 is the IPv4 address. A client that is a name is `-`: a name may be a person's.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of an address that are left.
pub const V4_BITS: u32 = 24;
/// The same for IPv6.
pub const V6_BITS: u32 = 48;

/// Room for an address, or its network, as text.
pub type AddressText = [u8; 24];

/// Where clients are anonymous: room for the one that was read last.
#[derive(Debug, Clone, Default)]
pub struct Anonymous(AddressText);

impl Anonymous {
    /// The client that is counted for this one.
    pub fn client(&mut self, client: &[u8]) -> &[u8] {
        let cut = std::str::from_utf8(client).ok().and_then(cut);
        let Some(address) = cut else {
            // What is not there is nobody's.
            return if client.is_empty() { b"" } else { b"-" };
        };
        let room = self.0.len();
        let mut rest = &mut self.0[..];
        let written = write!(rest, "{address}");
        let len = room - rest.len();
        written.map_or(b"-", |()| &self.0[..len])
    }
}

/// The address that a text is, without its last bits.
pub fn cut(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & !(u32::MAX >> V4_BITS)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !(u128::MAX >> V6_BITS)).into(),
    })
}

/// A line with every address in it cut, wherever it stands; a port behind one stays.
pub fn line(line: &[u8]) -> Vec<u8> {
    let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    let mut cut_line = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.first() {
        let part = is_part(first);
        let len = rest.iter().take_while(|&b| is_part(b) == part).count();
        let (word, after) = rest.split_at(len);
        rest = after;
        match std::str::from_utf8(word).ok().filter(|_| part) {
            Some(word) => cut_line.extend(cut_word(word).as_bytes()),
            None => cut_line.extend(word),
        }
    }
    cut_line
}

/// The longest address, an IPv6 one that holds an IPv4 one.
const LONGEST: usize = 45;

/// A word of digits, dots and colons, with the addresses in it cut; from its end, each as long as it can be.
fn cut_word(word: &str) -> String {
    let is_joint = |at: usize| matches!(word.as_bytes()[at], b':' | b'.');
    let mut parts: Vec<String> = Vec::new();
    let (mut end, mut rest) = (word.len(), word.len());
    while end > 0 {
        // A port or a full stop may follow an address, and a name and a colon precede it.
        let mut starts =
            (end.saturating_sub(LONGEST)..end).filter(|&at| at == 0 || is_joint(at - 1));
        let may_end = end == rest || is_joint(end);
        let found = may_end
            .then(|| starts.find_map(|at| Some((at, cut(&word[at..end])?))))
            .flatten();
        match found {
            Some((start, address)) => {
                parts.push(format!("{address}{}", &word[end..rest]));
                (end, rest) = (start, start);
            }
            None => end -= 1,
        }
    }
    parts.push(word[..rest].to_owned());
    parts.reverse();
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_lose_their_last_bits_and_names_are_nobody() {
        let mut anonymous = Anonymous::default();
        for (client, want) in [
            ("192.0.2.77", "192.0.2.0"),
            ("255.255.255.255", "255.255.255.0"),
            ("2001:db8:1:2::3", "2001:db8:1::"),
            ("::ffff:192.0.2.77", "192.0.2.0"),
            (
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "ffff:ffff:ffff::",
            ),
            ("pc7.example.com", "-"),
            ("-", "-"),
            ("", ""),
        ] {
            let found = anonymous.client(client.as_bytes());
            assert_eq!(found, want.as_bytes(), "{client}");
        }
        assert_eq!(anonymous.client(b"\xff"), b"-");
    }

    #[test]
    fn every_address_of_a_line_is_cut_and_nothing_else() {
        for (text, want) in [
            ("192.0.2.77 - - [", "192.0.2.0 - - ["),
            ("from 192.0.2.77:4711, x", "from 192.0.2.0:4711, x"),
            ("client: 192.0.2.77.", "client: 192.0.2.0."),
            ("access.log:192.0.2.77 -", "access.log:192.0.2.0 -"),
            ("192.0.2.77:198.51.100.4", "192.0.2.0:198.51.100.0"),
            ("[2001:db8:1:2::3]:443", "[2001:db8:1::]:443"),
            ("::ffff:192.0.2.77|", "192.0.2.0|"),
            ("20/Nov/2026:09:00:00 +0000", "20/Nov/2026:09:00:00 +0000"),
            ("HTTP/1.1 fe 1.2.3", "HTTP/1.1 fe 1.2.3"),
            ("", ""),
        ] {
            let found = line(text.as_bytes());
            assert_eq!(bstr::BStr::new(&found), want, "{text}");
        }
        assert_eq!(line(b"\xff10.1.2.3\xff"), b"\xff10.1.2.0\xff");
        // A hostile line takes time in proportion to its length.
        assert!(line(&[b':'; 1 << 18]).len() <= 1 << 18);
    }
}
