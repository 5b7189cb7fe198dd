//! The client behind proxies: which address of `X-Forwarded-For` is believed.
//!
//! A proxy appends the address that it was asked from, so the list is walked from its end, past the proxies that are
//! trusted: the first other address is the client. What is before it may be the client's own invention. (nginx's
//! `real_ip_recursive` and Rails' `RemoteIp` do the same.)

use std::net::IpAddr;

use super::values;

/// The networks whose proxies are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

/// Private, shared, link-local and loopback addresses: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291.
const PRIVATE: &str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,127.0.0.0/8,::1/128,fc00::/7,fe80::/10";

impl Default for Proxies {
    fn default() -> Proxies {
        Proxies::parse(PRIVATE).unwrap_or_else(|why| unreachable!("{why}"))
    }
}

impl Proxies {
    /// Reads networks and addresses with commas between.
    ///
    /// # Errors
    ///
    /// The one that is none.
    pub fn parse(text: &str) -> Result<Proxies, String> {
        let network = |text: &str| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = match bits {
                Some(bits) => bits.parse().ok().filter(|bits| *bits <= most)?,
                None => most,
            };
            Some((address, bits))
        };
        text.split(',')
            .map(|text| {
                network(text.trim()).ok_or_else(|| {
                    format!("'{text}' is no network (10.0.0.0/8, 2001:db8::/32 or an address)")
                })
            })
            .collect::<Result<_, _>>()
            .map(Proxies)
    }

    /// Whether the address is one of a proxy.
    fn contains(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|&(network, bits)| match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    let differ = network.to_bits() ^ address.to_bits();
                    differ.leading_zeros() >= u32::from(bits)
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    let differ = network.to_bits() ^ address.to_bits();
                    differ.leading_zeros() >= u32::from(bits)
                }
                _ => false,
            })
    }

    /// The client of a list: from its end, the first address that is no proxy's; where all are, the first of the
    /// list. `None` where there is none, or where the walk comes to something that is no address.
    pub(super) fn client<'a>(&self, list: &'a [u8]) -> Option<&'a [u8]> {
        let mut client = None;
        for item in list.rsplit(|&b| b == b',') {
            let text = values::client(without_space(item));
            let Some(address) = address(text) else {
                // What follows it was proxies all the way.
                return None;
            };
            client = Some(text);
            if !self.contains(address) {
                break;
            }
        }
        client
    }
}

/// An item without the space before it, also as IIS (`+`) and CloudFront (`%20`) write it.
fn without_space(item: &[u8]) -> &[u8] {
    let item = item.strip_prefix(b"%20").unwrap_or(item);
    item.strip_prefix(b"+").unwrap_or(item)
}

/// An address; one of IPv4 that is written as IPv6 counts as the former.
fn address(text: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

/// Of the quoted texts in `rest`, what is behind the agent, the first that is a list of addresses.
pub(super) fn list_among(rest: &[u8]) -> Option<&[u8]> {
    let mut rest = rest;
    loop {
        let open = memchr::memchr(b'"', rest)?;
        let len = super::extent::quote(&rest[open + 1..])?;
        let inner = &rest[open + 1..open + 1 + len];
        let all = || {
            inner
                .split(|&b| b == b',')
                .all(|item| address(values::client(item)).is_some())
        };
        if !inner.is_empty() && all() {
            return Some(inner);
        }
        rest = &rest[open + 1 + len + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BStr;

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        let private = Proxies::default();
        let some = Proxies::parse("198.51.100.0/24, 2001:db8::/32,203.0.113.9").unwrap();
        for (proxies, list, want) in [
            (&private, "192.0.2.7", Some("192.0.2.7")),
            (&private, "192.0.2.7, 10.0.0.1", Some("192.0.2.7")),
            (&private, "192.0.2.7,+10.0.0.1", Some("192.0.2.7")),
            (
                &private,
                "203.0.113.1,%20192.0.2.7,%2010.0.0.1",
                Some("192.0.2.7"),
            ),
            (
                &private,
                "1.1.1.1, 192.0.2.7, 10.0.0.1, 172.16.3.4",
                Some("192.0.2.7"),
            ),
            (&private, "10.0.0.5, 10.0.0.1", Some("10.0.0.5")),
            (&private, "192.0.2.7:4711, [fd00::1]:80", Some("192.0.2.7")),
            (
                &private,
                "2001:db8::7, ::ffff:10.0.0.1",
                Some("2001:db8::7"),
            ),
            (&private, "172.32.0.1", Some("172.32.0.1")),
            (&private, "192.0.2.7, unknown, 10.0.0.1", None),
            (&private, "-", None),
            (&private, "", None),
            (&private, ",", None),
            (
                &some,
                "192.0.2.7, 198.51.100.4, 2001:db8::1, 203.0.113.9",
                Some("192.0.2.7"),
            ),
            (&some, "192.0.2.7, 10.0.0.1", Some("10.0.0.1")),
        ] {
            let found = proxies.client(list.as_bytes());
            assert_eq!(found.map(BStr::new), want.map(BStr::new), "{list}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "x",
            "10.0.0.0/8,",
            "::/129",
            "10.0.0.0/-1",
        ] {
            assert!(Proxies::parse(text).is_err(), "{text}");
        }
        assert!(
            Proxies::parse("0.0.0.0/0")
                .unwrap()
                .contains("192.0.2.1".parse().unwrap())
        );
    }

    #[test]
    fn the_list_is_found_behind_the_agent() {
        for (rest, want) in [
            (r#" "192.0.2.7""#, Some("192.0.2.7")),
            (
                r#" 0.123 "192.0.2.7, 10.0.0.1" 0.1"#,
                Some("192.0.2.7, 10.0.0.1"),
            ),
            (r#" "a" "192.0.2.7""#, Some("192.0.2.7")),
            (r#" "-""#, None),
            (r#" "x \" 192.0.2.7""#, None),
            (r#" "192.0.2.7"#, None),
            ("", None),
        ] {
            let found = list_among(rest.as_bytes());
            assert_eq!(found.map(BStr::new), want.map(BStr::new), "{rest}");
        }
    }
}
