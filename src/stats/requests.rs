//! By which method and protocol requests came: a number for each that is in common use, and one for all others.
//!
//! Every hit is counted, so that nothing is looked up: which they are is told by a comparison or two. All of them,
//! whatever their names, are dimensions, to be asked for.

use crate::format::record::Request;

/// The methods of RFC 9110, section 9.1, and of RFC 5789, and what is none of them.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "other",
];

/// The protocols, of which later ones are written with a `.0` or without, and what is none of them.
const PROTOCOLS: [&str; 5] = ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "other"];

/// How many requests came by each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Requests {
    methods: [u64; METHODS.len()],
    protocols: [u64; PROTOCOLS.len()],
}

impl Requests {
    /// Counts one. A dash is no method: the log has none.
    #[inline]
    pub fn observe(&mut self, request: &Request<'_>) {
        if let Some(method) = method(request.method) {
            self.methods[method] += 1;
        }
        if let Some(name) = request.protocol {
            self.protocols[protocol(name)] += 1;
        }
    }

    /// Adds those of `other`.
    pub fn merge(&mut self, other: &Requests) {
        let add = |(sum, more): (&mut u64, &u64)| *sum += more;
        self.methods.iter_mut().zip(&other.methods).for_each(add);
        self.protocols
            .iter_mut()
            .zip(&other.protocols)
            .for_each(add);
    }

    /// Each method with its requests.
    pub fn methods(&self) -> Vec<(&'static str, u64)> {
        METHODS.into_iter().zip(self.methods).collect()
    }

    /// Each protocol with its requests, of those that name theirs.
    pub fn protocols(&self) -> Vec<(&'static str, u64)> {
        PROTOCOLS.into_iter().zip(self.protocols).collect()
    }
}

// Nearly every name is one of a few, which are compared in one as numbers of their length; the others are looked for
// apart.

#[inline]
fn method(name: &[u8]) -> Option<usize> {
    match name.first_chunk() {
        Some(get) if get == b"GET" && name.len() == 3 => Some(0),
        _ => rare_method(name),
    }
}

#[inline(never)]
fn rare_method(name: &[u8]) -> Option<usize> {
    let known = METHODS.iter().position(|known| known.as_bytes() == name);
    known.or((name != b"-").then_some(METHODS.len() - 1))
}

#[inline]
fn protocol(name: &[u8]) -> usize {
    match name.first_chunk() {
        Some(eight) if eight == b"HTTP/1.1" && name.len() == 8 => 1,
        Some(eight) if eight == b"HTTP/2.0" && name.len() == 8 => 2,
        _ => rare_protocol(name),
    }
}

#[inline(never)]
fn rare_protocol(name: &[u8]) -> usize {
    match name {
        b"HTTP/1.0" => 0,
        b"HTTP/2" => 2,
        b"HTTP/3" | b"HTTP/3.0" => 3,
        _ => PROTOCOLS.len() - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_method_and_protocol() {
        let mut requests = Requests::default();
        for (method, protocol) in [
            ("GET", Some("HTTP/1.1")),
            ("GET", Some("HTTP/1.0")),
            ("GET", None),
            ("PATCH", Some("HTTP/2")),
            ("HEAD", Some("HTTP/2.0")),
            ("PROPFIND", Some("HTTP/3.0")),
            ("other", Some("HTTP/0.9")),
            ("-", None),
            ("get", Some("HTTP/3")),
        ] {
            requests.observe(&Request {
                method: method.as_bytes(),
                target: b"/",
                protocol: protocol.map(str::as_bytes),
            });
        }
        let mut twice = requests;
        twice.merge(&requests);
        let some = |items: Vec<(&'static str, u64)>| {
            items
                .into_iter()
                .filter(|item| item.1 > 0)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            some(twice.methods()),
            [("GET", 6), ("HEAD", 2), ("PATCH", 2), ("other", 6)]
        );
        assert_eq!(
            some(twice.protocols()),
            [
                ("HTTP/1.0", 2),
                ("HTTP/1.1", 2),
                ("HTTP/2", 4),
                ("HTTP/3", 4),
                ("other", 2)
            ]
        );
    }
}
