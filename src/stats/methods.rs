//! By which method requests came: a number for each that is in common use, and one for all others.
//!
//! Every hit is counted, so nothing is looked up: a comparison or two say which it is. All methods, whatever their names,
//! are a dimension, for those who ask.

use super::dimension::Scratch;
use super::{Findings, Hit, Statistic, Statistics};
use crate::format::record::Record;
use crate::quantity::Caption;

/// The methods of RFC 9110, section 9.1, and of RFC 5789, and the rest.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "other",
];

/// How many requests came by each.
#[derive(Debug, Default)]
pub struct Methods([u64; METHODS.len()]);

impl Statistic for Methods {
    const CAPTION: Option<Caption> = Some(Caption {
        key: "methods",
        metric: "requests",
        label: Some("method"),
        grows: true,
        about: "Records by method of the request",
    });

    #[inline]
    fn observe(&mut self, record: &Record<'_>, _: &Hit, _: &mut Scratch) {
        if let Some(request) = &record.request
            && let Some(method) = method(request.method)
        {
            self.0[method] += 1;
        }
    }

    fn merge(&mut self, other: &Methods) {
        let sums = self.0.iter_mut().zip(other.0);
        sums.for_each(|(sum, more)| *sum += more);
    }

    fn findings(&self, _: &Statistics) -> Findings {
        Findings::Names(METHODS.into_iter().zip(self.0).collect(), 0)
    }
}

/// The place of a method. A dash is none: the log does not say.
#[inline]
fn method(name: &[u8]) -> Option<usize> {
    // Nearly every request is a GET: three bytes, compared as one number.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_by_their_whole_names() {
        let name = |name: &str| method(name.as_bytes()).map(|at| METHODS[at]);
        for method in METHODS {
            assert_eq!(name(method), Some(method));
        }
        assert_eq!(name("-"), None);
        for other in ["PROPFIND", "get", "GE", "GETS", ""] {
            assert_eq!(name(other), Some("other"), "{other}");
        }
    }
}
