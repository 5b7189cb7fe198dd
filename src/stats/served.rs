//! What caches say in a log when they have answered by themselves.

/// Words for an answer from the cache, besides those that contain `hit`: nginx, Cloudflare, Squid, Fastly.
const SERVED: [&str; 4] = ["revalidated", "stale", "updating", "unmodified"];

/// Whether this word of a cache means that it answered by itself.
pub(super) fn served(word: &[u8]) -> bool {
    let holds = |part: &str| {
        word.windows(part.len())
            .any(|text| text.eq_ignore_ascii_case(part.as_bytes()))
    };
    holds("hit") || SERVED.into_iter().any(holds)
}
