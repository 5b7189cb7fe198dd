//! By which protocol requests came: a number for each, and one for the rest.
//!
//! As with methods, every hit is counted and nothing is looked up.

use super::dimension::Scratch;
use super::{Findings, Hit, Statistic, Statistics};
use crate::format::record::Record;
use crate::quantity::Caption;

/// The protocols, the later ones written with a `.0` or without, and the rest.
const PROTOCOLS: [&str; 5] = ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "other"];

/// How many requests came by each, of those whose protocol the log has.
#[derive(Debug, Default)]
pub struct Protocols([u64; PROTOCOLS.len()]);

impl Statistic for Protocols {
    const CAPTION: Option<Caption> = Some(Caption {
        key: "protocols",
        metric: "protocols",
        label: Some("protocol"),
        grows: true,
        about: "Records by protocol of the request",
    });

    #[inline]
    fn observe(&mut self, record: &Record<'_>, _: &Hit, _: &mut Scratch) {
        if let Some(name) = record.request.as_ref().and_then(|request| request.protocol) {
            self.0[protocol(name)] += 1;
        }
    }

    fn merge(&mut self, other: &Protocols) {
        let sums = self.0.iter_mut().zip(other.0);
        sums.for_each(|(sum, more)| *sum += more);
    }

    fn findings(&self, _: &Statistics) -> Findings {
        Findings::Names(PROTOCOLS.into_iter().zip(self.0).collect(), 0)
    }
}

/// The place of a protocol.
#[inline]
fn protocol(name: &[u8]) -> usize {
    // Nearly all are one of two, which are compared as one number.
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
    fn protocols_are_found_by_their_whole_names() {
        for (name, want) in [
            ("HTTP/1.0", "HTTP/1.0"),
            ("HTTP/1.1", "HTTP/1.1"),
            ("HTTP/2", "HTTP/2"),
            ("HTTP/2.0", "HTTP/2"),
            ("HTTP/3", "HTTP/3"),
            ("HTTP/3.0", "HTTP/3"),
            ("HTTP/0.9", "other"),
            ("HTTP/1.10", "other"),
            ("http/1.1", "other"),
            ("", "other"),
        ] {
            assert_eq!(PROTOCOLS[protocol(name.as_bytes())], want, "{name}");
        }
    }
}
