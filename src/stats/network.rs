//! The network of a client: the /24 of an IPv4 address, the /48 of an IPv6 address.
//!
//! One party usually has so much: the smallest prefix that is routed on its own, and what a site is
//! given. An IPv4 address mapped into IPv6 counts as the IPv4 address.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Room for a key that is not in the log as it is shown.
pub type Buffer = [u8; 24];

/// Bits of an address that are its network.
const V4_BITS: u32 = 24;
const V6_BITS: u32 = 48;

/// The network of `client`, as `192.0.2.0/24` or `2001:db8:1::/48`, in `buffer`; `None` if the client
/// is not an address.
pub(super) fn network<'b>(client: &[u8], buffer: &'b mut Buffer) -> Option<&'b [u8]> {
    let address: IpAddr = std::str::from_utf8(client).ok()?.parse().ok()?;
    let room = buffer.len();
    let mut rest = &mut buffer[..];
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let network = Ipv4Addr::from_bits(v4.to_bits() & !(u32::MAX >> V4_BITS));
            write!(rest, "{network}/{V4_BITS}").ok()?;
        }
        IpAddr::V6(v6) => {
            let network = Ipv6Addr::from_bits(v6.to_bits() & !(u128::MAX >> V6_BITS));
            write!(rest, "{network}/{V6_BITS}").ok()?;
        }
    }
    let len = room - rest.len();
    Some(&buffer[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_networks_and_names_have_none() {
        for (client, want) in [
            ("192.0.2.77", Some("192.0.2.0/24")),
            ("255.255.255.255", Some("255.255.255.0/24")),
            ("0.0.0.0", Some("0.0.0.0/24")),
            ("2001:db8:1:2::3", Some("2001:db8:1::/48")),
            ("2001:db8::3", Some("2001:db8::/48")),
            ("::1", Some("::/48")),
            (
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some("ffff:ffff:ffff::/48"),
            ),
            ("::ffff:192.0.2.77", Some("192.0.2.0/24")),
            ("-", None),
            ("client.example.com", None),
            ("192.0.2", None),
            ("192.0.2.077", None),
            ("192.0.2.1 ", None),
            ("fe80::1%eth0", None),
            ("", None),
        ] {
            let mut buffer = Buffer::default();
            let found = network(client.as_bytes(), &mut buffer);
            assert_eq!(found, want.map(str::as_bytes), "{client}");
        }
        assert_eq!(network(b"\xff", &mut Buffer::default()), None);
    }
}
