//! Which requests a cache answered: those with status 304, whose answer the client had, and those of which
//! the log says so.

use crate::format::record::Record;

/// Words of a cache that answered by itself, beside those that hold `hit`: nginx, Cloudflare, Squid, Fastly.
const SERVED: [&str; 4] = ["revalidated", "stale", "updating", "unmodified"];

/// Whether a cache answered.
#[inline]
pub(super) fn is_cached(record: &Record<'_>) -> bool {
    record.status == Some(304) || record.cache.is_some_and(served)
}

/// Whether this is what a cache says that answered by itself.
fn served(word: &[u8]) -> bool {
    let holds = |part: &str| {
        word.windows(part.len())
            .any(|text| text.eq_ignore_ascii_case(part.as_bytes()))
    };
    holds("hit") || SERVED.into_iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_caches_are_told_apart() {
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
        let not_modified = Record {
            status: Some(304),
            ..Record::EMPTY
        };
        assert!(is_cached(&not_modified) && !is_cached(&Record::EMPTY));
    }
}
