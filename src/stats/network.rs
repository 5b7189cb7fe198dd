//! The network of a client: the /24 of an IPv4 address, the /48 of an IPv6 address.
//!
//! An IPv4 address mapped into IPv6 counts as the IPv4 address.

use std::io::Write;
use std::net::IpAddr;

use crate::format::anonymous::{AddressText, V4_BITS, V6_BITS, cut};

/// The network of `client`, as `192.0.2.0/24` or `2001:db8:1::/48`, in `buffer`; `None` if the client
/// is not an address.
pub(super) fn network<'b>(client: &[u8], buffer: &'b mut AddressText) -> Option<&'b [u8]> {
    let address = cut(std::str::from_utf8(client).ok()?)?;
    let bits = match address {
        IpAddr::V4(_) => V4_BITS,
        IpAddr::V6(_) => V6_BITS,
    };
    let room = buffer.len();
    let mut rest = &mut buffer[..];
    write!(rest, "{address}/{bits}").ok()?;
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
            let mut buffer = AddressText::default();
            let found = network(client.as_bytes(), &mut buffer);
            assert_eq!(found, want.map(str::as_bytes), "{client}");
        }
        assert_eq!(network(b"\xff", &mut AddressText::default()), None);
    }
}
