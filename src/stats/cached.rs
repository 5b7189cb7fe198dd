//! Which requests a cache answered: those with status 304, whose answer the client had, and those whose log line says
//! so.

use super::dimension::Scratch;
use super::served::served;
use super::{Findings, Hit, Statistic, Statistics};
use crate::format::record::Record;
use crate::quantity::Caption;

/// Records that a cache answered.
#[derive(Debug, Default)]
pub struct Cached(u64);

impl Statistic for Cached {
    const CAPTION: Option<Caption> = Some(Caption {
        key: "cached",
        metric: "cached",
        label: None,
        grows: true,
        about: "Records that a cache answered",
    });

    #[inline]
    fn observe(&mut self, record: &Record<'_>, hit: &Hit, _: &mut Scratch) {
        // The class decides for nearly all.
        if (hit.class == 3 || record.cache.is_some()) && is_cached(record) {
            self.0 += 1;
        }
    }

    fn merge(&mut self, other: &Cached) {
        self.0 += other.0;
    }

    fn findings(&self, _: &Statistics) -> Findings {
        Findings::Part(self.0)
    }
}

/// Whether a cache answered.
#[inline]
fn is_cached(record: &Record<'_>) -> bool {
    record.status == Some(304) || record.cache.is_some_and(served)
}

#[cfg(test)]
mod tests {
    use super::super::totals::Totals;
    use super::*;
    use crate::time::Second;

    #[test]
    fn words_of_caches_say_who_answered() {
        for (word, want) in [
            ("HIT", true),
            ("hit", true),
            ("Hit", true),
            ("RefreshHit", true),
            ("OriginShieldHit", true),
            ("TCP_MEM_HIT", true),
            ("TCP_REFRESH_UNMODIFIED", true),
            ("REVALIDATED", true),
            ("STALE", true),
            ("UPDATING", true),
            ("MISS", false),
            ("TCP_MISS", false),
            ("EXPIRED", false),
            ("BYPASS", false),
            ("DYNAMIC", false),
            ("pass", false),
            ("Error", false),
            ("-", false),
            ("", false),
        ] {
            let record = Record {
                cache: Some(word.as_bytes()),
                status: Some(200),
                ..Record::EMPTY
            };
            assert_eq!(is_cached(&record), want, "{word}");
        }
    }

    #[test]
    fn a_word_of_a_cache_counts_whatever_the_status_and_304_without_one() {
        for (status, cache, want) in [
            (Some(200), Some(&b"HIT"[..]), 1),
            (Some(404), Some(b"HIT"), 1),
            (None, Some(b"HIT"), 1),
            (Some(304), Some(b"MISS"), 1),
            (Some(304), None, 1),
            (Some(301), None, 0),
            (Some(200), None, 0),
        ] {
            let record = Record {
                status,
                cache,
                ..Record::EMPTY
            };
            let mut totals = Totals::new(&[], false);
            totals.observe(&record, &mut Hit::uncounted(Second(0)));
            let found = totals.statistics.cached.0;
            assert_eq!(found, want, "{status:?} {cache:?}");
        }
    }
}
