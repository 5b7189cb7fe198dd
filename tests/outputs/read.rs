//! Plain readers of what httpmon writes for other programs: strict, and written for these tests alone.

use std::collections::BTreeMap;

/// The elements of a page that begin or are empty, with their attributes.
///
/// Every `<` must begin an element and every attribute be quoted: text is escaped.
pub fn tags(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        assert!(
            !rest[..start].contains('>') || rest[..start].contains('{'),
            "{}",
            &rest[..start]
        );
        let (tag, after) = rest[start + 1..].split_once('>').expect("a tag ends");
        rest = after;
        let tag = tag.strip_suffix('/').unwrap_or(tag);
        if tag.starts_with('/') {
            continue;
        }
        let (name, mut left) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while let Some((name, value)) = left.split_once("=\"") {
            let (value, after) = value.split_once('"').expect("a quote closes");
            attributes.push((name.trim().to_owned(), value.to_owned()));
            left = after;
        }
        assert!(left.is_empty() || left == "html", "<{tag}>");
        if name == "style" {
            let (sheet, after) = rest.split_once("</style>").expect("the sheet ends");
            assert!(!sheet.contains('<'));
            rest = after;
        }
        tags.push((name.to_owned(), attributes));
    }
    tags
}

/// A message with its parts: kind and text.
pub struct Message {
    /// Names and values, unfolded.
    pub headers: Vec<(String, String)>,
    /// The kind and the text of each part.
    pub parts: Vec<(String, String)>,
}

impl Message {
    /// Reads a message of one level of parts in quoted-printable.
    pub fn parse(text: &str) -> Message {
        let (headers, body) = headers(text);
        let kind = &headers.last().expect("a Content-Type").1;
        let boundary = kind
            .strip_prefix("multipart/alternative; boundary=\"")
            .and_then(|rest| rest.strip_suffix('"'))
            .expect("a boundary");
        let body = format!("\n{body}");
        let (body, epilogue) = body
            .split_once(&format!("\n--{boundary}--\n"))
            .expect("the last boundary");
        assert_eq!(epilogue, "");
        let between = format!("\n--{boundary}\n");
        let parts = body.split(&between).skip(1);
        let part = |text: &str| {
            let (headers, body) = self::headers(text);
            let encoding = (
                "Content-Transfer-Encoding".to_owned(),
                "quoted-printable".to_owned(),
            );
            assert_eq!(headers[1], encoding);
            // The newline before a boundary is the boundary's.
            (headers[0].1.clone(), unquoted(body) + "\n")
        };
        Message {
            headers: headers.clone(),
            parts: parts.map(part).collect(),
        }
    }
}

fn headers(text: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = text.split_once("\n\n").expect("a blank line");
    let head = head.replace("\n ", " ");
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a name");
        (name.to_owned(), value.to_owned())
    };
    (head.lines().map(header).collect(), body)
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).expect("two digits"));
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).expect("text")
}

/// The samples of OpenMetrics text, each under its name and labels.
///
/// A sample is below the type and help of its family and has the suffix that the type asks for; none
/// comes twice; a unit ends the name.
pub fn metrics(text: &str) -> BTreeMap<String, f64> {
    let text = text.strip_suffix("# EOF\n").expect("an end");
    let mut samples = BTreeMap::new();
    let mut families: Vec<String> = Vec::new();
    let (mut family, mut kind, mut helped) = ("", "", false);
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().expect("a word"), words.next().expect("a name"));
            let value = words.next().expect("a value");
            match what {
                "TYPE" => {
                    assert!(
                        !families.iter().any(|known| known == name),
                        "{name} comes twice"
                    );
                    families.push(name.to_owned());
                    (family, kind, helped) = (name, value, false);
                    assert!(["counter", "gauge", "summary"].contains(&kind), "{line}");
                }
                "UNIT" => assert!(
                    name == family && name.ends_with(&format!("_{value}")),
                    "{line}"
                ),
                "HELP" => {
                    assert!(name == family && value.ends_with('.'), "{line}");
                    helped = true;
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        assert!(helped, "{line}");
        let (sample, number) = line.rsplit_once(' ').expect("a number");
        let (name, labels) = match sample.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix("\"}").expect("a brace")),
            None => (sample, ""),
        };
        let suffix = if kind == "counter" { "_total" } else { "" };
        assert_eq!(name, format!("{family}{suffix}"));
        let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(plain(name), "{name}");
        if let Some((label, value)) = labels.split_once("=\"") {
            assert!(plain(label), "{label}");
            let value = value
                .replace("\\\\", "")
                .replace("\\\"", "")
                .replace("\\n", "");
            assert!(!value.contains(['"', '\\']), "{line}");
        }
        let number: f64 = number.parse().expect("a number");
        let twice = samples.insert(sample.to_owned(), number);
        assert!(twice.is_none(), "{sample} comes twice");
    }
    samples
}

/// The cells of CSV text, by RFC 4180.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().expect("a row");
        let cell = row.last_mut().expect("a cell");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                cell.push('"');
                chars.next();
            }
            '"' if quoted => {
                quoted = false;
                assert!(matches!(chars.peek(), Some(',' | '\n')), "{cell}");
            }
            '"' => {
                assert!(cell.is_empty(), "a quote within {cell}");
                quoted = true;
            }
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => cell.push(c),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line ends");
    rows
}
