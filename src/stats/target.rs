//! Keys from what was asked for: the query and its parameters, the extension, the endpoint.

use crate::format::record::Record;

/// The query of a request, without its question mark; `None` if it has none.
pub(super) fn query<'r>(record: &'r Record<'_>) -> Option<&'r [u8]> {
    let target = record.request.as_ref()?.target;
    let end = target.iter().position(|&b| b == b'#');
    let target = &target[..end.unwrap_or(target.len())];
    let query = target.iter().position(|&b| b == b'?')?;
    Some(&target[query + 1..]).filter(|query| !query.is_empty())
}

/// The value of a parameter of the query, as it is in the log; `None` if it has none. Of several the first counts.
pub(super) fn parameter<'r>(record: &'r Record<'_>, name: &[u8]) -> Option<&'r [u8]> {
    query(record)?
        .split(|&b| b == b'&')
        .find_map(|pair| match pair.strip_prefix(name)? {
            [b'=', value @ ..] => Some(value),
            [] => Some(b""),
            _ => None,
        })
}

/// The longest extension.
const LONGEST: usize = 8;

/// The extension of a path, in lower case; `None` if its last segment has none.
pub(super) fn extension<'b>(path: &[u8], text: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    let (_, extension) = split_extension(last_segment(path))?;
    text.clear();
    text.extend(extension.iter().map(u8::to_ascii_lowercase));
    Some(text)
}

/// Extensions of what is sent as it is, in lower case: style sheets and scripts, images, fonts, sounds and films.
const STATIC: [&[u8]; 35] = [
    b"css", b"js", b"mjs", b"map", b"wasm", b"png", b"jpg", b"jpeg", b"gif", b"svg", b"svgz",
    b"webp", b"avif", b"ico", b"bmp", b"tif", b"tiff", b"woff", b"woff2", b"ttf", b"otf", b"eot",
    b"mp3", b"m4a", b"ogg", b"oga", b"wav", b"flac", b"mp4", b"m4v", b"mov", b"webm", b"ogv",
    b"m3u8", b"ts",
];

/// Whether a path is that of a static file.
pub(super) fn is_static(path: &[u8]) -> bool {
    let known = |extension: &[u8]| {
        STATIC
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    };
    split_extension(last_segment(path)).is_some_and(|(_, extension)| known(extension))
}

fn last_segment(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or_default()
}

/// A file's name without its extension, and that.
fn split_extension(segment: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = segment
        .iter()
        .rposition(|&b| b == b'.')
        .filter(|&at| at > 0)?;
    let extension = &segment[dot + 1..];
    let plain = extension.iter().all(u8::is_ascii_alphanumeric);
    let named = extension.iter().any(u8::is_ascii_alphabetic);
    (plain && named && extension.len() <= LONGEST).then_some((&segment[..dot], extension))
}

/// A path with what is an id in it replaced: see [`replacement`]. An extension stays, what is behind a semicolon goes.
pub(super) fn endpoint<'b>(path: &[u8], text: &'b mut Vec<u8>) -> &'b [u8] {
    text.clear();
    for (n, segment) in path.split(|&b| b == b'/').enumerate() {
        if n > 0 {
            text.push(b'/');
        }
        let end = segment.iter().position(|&b| b == b';');
        let segment = &segment[..end.unwrap_or(segment.len())];
        let (stem, extension) = match split_extension(segment) {
            Some((stem, extension)) => (stem, Some(extension)),
            None => (segment, None),
        };
        let Some(replaced) = replacement(stem) else {
            text.extend_from_slice(segment);
            continue;
        };
        text.extend_from_slice(replaced);
        if let Some(extension) = extension {
            text.push(b'.');
            text.extend_from_slice(extension);
        }
    }
    text
}

/// What stands for a segment in an endpoint; `None` if it is a name.
///
/// `{date}`: `2026-11-20`. `{id}`: a number, also with signs between its digits (`10-24`, `3.14`). `{uuid}`: groups of 8, 4, 4,
/// 4 and 12 hexadecimal digits. `{hash}`: at least 16 hexadecimal digits, or 8 with a letter and at least two figures among
/// them. `{token}`: at least 20 letters, figures, `-`, `_`, `=` or `%`, three of them figures, without a word of lower-case letters
/// only between its signs that is longer than three.
fn replacement(segment: &[u8]) -> Option<&'static [u8]> {
    let figures = segment.iter().filter(|b| b.is_ascii_digit()).count();
    if figures == 0 {
        let hex = segment.len() >= 32 && segment.iter().all(u8::is_ascii_hexdigit);
        return hex.then_some(b"{hash}");
    }
    let number = |b: &u8| b.is_ascii_digit() || b"-_.,:".contains(b);
    if segment.iter().all(number) {
        return Some(if is_date(segment) { b"{date}" } else { b"{id}" });
    }
    if is_uuid(segment) {
        return Some(b"{uuid}");
    }
    let hex = segment.iter().all(u8::is_ascii_hexdigit);
    if hex && (segment.len() >= 16 || segment.len() >= 8 && figures >= 2) {
        return Some(b"{hash}");
    }
    let token = |b: &u8| b.is_ascii_alphanumeric() || b"-_=%".contains(b);
    let word = |part: &[u8]| part.len() > 3 && part.iter().all(u8::is_ascii_lowercase);
    let worded = between_signs(segment).any(word);
    let figure = |part: &[u8]| part.iter().filter(|b| b.is_ascii_digit()).count();
    let figures: usize = between_signs(segment).map(figure).sum();
    if segment.len() >= 20 && figures >= 3 && segment.iter().all(token) && !worded {
        return Some(b"{token}");
    }
    None
}

/// What is between the signs of a token, of which `%20` is one.
fn between_signs(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = segment.split(|&b| b == b'%').enumerate();
    let plain = parts.map(|(n, part)| match part {
        [high, low, rest @ ..] if n > 0 && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            rest
        }
        part => part,
    });
    plain.flat_map(|part| part.split(|b| b"-_=".contains(b)))
}

/// `2026-11-20`.
fn is_date(segment: &[u8]) -> bool {
    let [y, _, _, _, b'-', m, _, b'-', d, _] = segment else {
        return false;
    };
    matches!(y, b'1' | b'2') && matches!(m, b'0' | b'1') && matches!(d, b'0'..=b'3')
}

/// `123e4567-e89b-12d3-a456-426614174000`.
fn is_uuid(segment: &[u8]) -> bool {
    let groups: [usize; 5] = [8, 4, 4, 4, 12];
    let mut parts = segment.split(|&b| b == b'-');
    groups.into_iter().all(|len| {
        let part = parts.next().unwrap_or_default();
        part.len() == len && part.iter().all(u8::is_ascii_hexdigit)
    }) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::record::Request;

    fn asked(target: &'static str) -> Record<'static> {
        Record {
            request: Some(Request {
                method: b"GET",
                target: target.as_bytes(),
                protocol: None,
            }),
            ..Record::EMPTY
        }
    }

    #[test]
    fn a_query_has_parameters() {
        let record = asked("/a?b=1&utm_source=news&c&utm_source=x#d?e");
        assert_eq!(
            query(&record),
            Some(&b"b=1&utm_source=news&c&utm_source=x"[..])
        );
        assert_eq!(parameter(&record, b"utm_source"), Some(&b"news"[..]));
        assert_eq!(parameter(&record, b"c"), Some(&b""[..]));
        assert_eq!(parameter(&record, b"utm"), None);
        for target in ["/a", "/a?", "/a#b?c"] {
            assert_eq!(query(&asked(target)), None, "{target}");
        }
    }

    #[test]
    fn an_extension_is_what_a_file_ends_with() {
        let mut text = Vec::new();
        for (path, want) in [
            ("/a/b.PNG", Some("png")),
            ("/a.b/c", None),
            ("/.htaccess", None),
            ("/jquery-1.2", None),
            ("/a.mp4", Some("mp4")),
            ("/a.", None),
            ("/a.averylongone", None),
        ] {
            let found = extension(path.as_bytes(), &mut text);
            assert_eq!(found, want.map(str::as_bytes), "{path}");
        }
    }

    #[test]
    fn ids_are_replaced_and_names_are_not() {
        let mut text = Vec::new();
        for (path, want) in [
            ("/", "/"),
            ("/user/42/orders", "/user/{id}/orders"),
            ("/user/42/", "/user/{id}/"),
            ("/2026-11-20/log", "/{date}/log"),
            ("/2026/11/20", "/{id}/{id}/{id}"),
            ("/img/0123.jpg", "/img/{id}.jpg"),
            ("/x/123e4567-e89b-12d3-a456-426614174000", "/x/{uuid}"),
            (
                "/commit/8843d7f92416211de9ebb963ff4ce28125932878",
                "/commit/{hash}",
            ),
            ("/app.3f9ac21b.js", "/app.3f9ac21b.js"),
            ("/s/deadbeef", "/s/deadbeef"),
            ("/s/dead12ef", "/s/{hash}"),
            ("/t/eyJhbGciOiJIUzI1NiJ9-3x4", "/t/{token}"),
            (
                "/blog/10-ways-to-cook-rice-in-2026",
                "/blog/10-ways-to-cook-rice-in-2026",
            ),
            ("/v1/api", "/v1/api"),
            ("/oauth2/token", "/oauth2/token"),
            // An escape is a sign: its figures are none, and it ends a word.
            ("/tags/is%20it%20done%20yet", "/tags/is%20it%20done%20yet"),
            (
                "/tags/a%20b%20c%20d%20e%20f%20g",
                "/tags/a%20b%20c%20d%20e%20f%20g",
            ),
            ("/t/q3w%2Be5r%2Ft7y%3Du9i", "/t/{token}"),
            ("/product-1234", "/product-1234"),
            ("/a;jsessionid=1A2B/b", "/a/b"),
            ("*", "*"),
        ] {
            let found = String::from_utf8_lossy(endpoint(path.as_bytes(), &mut text)).into_owned();
            assert_eq!(found, want, "{path}");
        }
    }
}
