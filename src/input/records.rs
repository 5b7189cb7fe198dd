//! Several records in one line: `{"records":[{…},{…}]}`, as Azure's diagnostic logs come from an event hub, and an array
//! of objects.
//!
//! Each record is handed on as a line of its own, and counts as one.

/// The records of a line that holds nothing else; `None` for any other.
#[inline(always)] // Up to the byte that says that it is none.
pub(super) fn of(line: &[u8]) -> Option<Vec<&[u8]>> {
    match line {
        [b'{', rest @ ..] => within(
            rest.strip_prefix(b"\"records\":")
                .or_else(|| spaced(rest))?,
            b"]}",
        ),
        [b'[', b'{', ..] => within(line, b"]"),
        _ => None,
    }
}

/// What follows the key, where there are spaces.
#[inline(always)]
fn spaced(rest: &[u8]) -> Option<&[u8]> {
    if rest.first() != Some(&b' ') {
        return None;
    }
    let rest = rest.trim_ascii_start().strip_prefix(b"\"records\"")?;
    rest.trim_ascii_start().strip_prefix(b":")
}

/// The objects of an array, which ends as `end` does, spaces aside.
#[cold]
fn within<'l>(text: &'l [u8], end: &[u8]) -> Option<Vec<&'l [u8]>> {
    let mut rest = text.trim_ascii_start().strip_prefix(b"[")?;
    let mut records = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        let len = object_len(rest)?;
        records.push(&rest[..len]);
        rest = rest[len..].trim_ascii();
        match rest.strip_prefix(b",") {
            Some(more) => rest = more,
            None => {
                let left = rest.iter().filter(|b| !b.is_ascii_whitespace());
                return left.eq(end).then_some(records);
            }
        }
    }
}

/// The length of the object that `text` begins with.
fn object_len(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, &b) in text.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn each_record_is_found_whatever_it_holds() {
        for (line, want) in [
            (
                r#"{"records":[{"a":1},{"b":[{"c":"]}\"{"}]}]}"#,
                &[r#"{"a":1}"#, r#"{"b":[{"c":"]}\"{"}]}"#][..],
            ),
            (r#"{ "records" : [ {"a":1} , {} ] }"#, &[r#"{"a":1}"#, "{}"]),
            (r#"[{"a":1},{"b":2}]"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ] {
            let found = of(line.as_bytes()).expect(line);
            let found: Vec<_> = found
                .into_iter()
                .map(|r| std::str::from_utf8(r).unwrap())
                .collect();
            assert_eq!(found, want, "{line}");
        }
        for line in [
            "",
            "{",
            r#"{"records":1}"#,
            r#"{"records":[]}"#,
            r#"{"records":[1,2]}"#,
            r#"{"records":[{"a":1}],"more":1}"#,
            r#"{"records":[{"a":1}"#,
            r#"{"records":[{"a":1}] x}"#,
            r#"{"records":[{"a":1]}"#,
            r#"{"a":1}"#,
            r#"[{"a":1}] - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5"#,
            "[10/Oct/2000:13:55:36 -0700]",
        ] {
            assert_eq!(of(line.as_bytes()), None, "{line}");
        }
    }
}
