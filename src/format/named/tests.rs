use super::*;
use crate::format::record::Record;
use crate::format::{Outcome, Parser};
use crate::time::Zone;

/// The values that lines have under these names, one line after the other; `None` for a line that is no record.
fn values(format: &str, names: &[&str], lines: &[&str]) -> Vec<Option<Vec<Option<String>>>> {
    let choice = Choice::parse(format).unwrap();
    let mut parser = Parser::new(&choice, Zone::UTC, &[]).looking_closer();
    let mut fields = NamedFields::new(&choice, names.to_vec(), false).unwrap();
    let mut read = |line: &&str| {
        parser.find_named(line.as_bytes(), &mut fields);
        let mut record = Record::empty();
        let is_record = parser.read(line.as_bytes(), &mut record) == Outcome::Record;
        let get = |name: &&str| {
            let value = fields.values().get(name.as_bytes());
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        is_record.then(|| names.iter().map(get).collect())
    };
    lines.iter().map(&mut read).collect()
}

fn one(format: &str, line: &str, names: &[&str]) -> Vec<Option<String>> {
    let found = values(format, names, &[line]).remove(0);
    found.unwrap_or_else(|| panic!("{format}: {line}"))
}

#[test]
fn fields_of_every_kind_of_format_are_found_by_their_names() {
    let nginx = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_id" $pipe$connection ${upstream_addr} $request_time"#;
    let line = r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "-" "x" "" .12 10.0.0.1:80, 10.0.0.2:80 0.1"#;
    let behind = format!("2025-10-10T13:55:36Z {line}");
    let in_json = format!(
        r#"{{"log":"{}","stream":"stdout","kube":{{"pod":"p1"}}}}"#,
        line.replace('"', "\\\"")
    );
    let haproxy = r#"192.0.2.7:39759 [09/Dec/2025:12:59:46.633] www~ be/web1 0/0/1/48/49 200 8328 - - ---- 8/8/1/1/0 0/0 "GET /a HTTP/1.1""#;
    let json = r#"{"time":"2025-10-10T13:55:36Z","status":200,"up":{"addr":["10.0.0.1"]},"n":1,"url":"/a\n"}"#;
    let csv = r#""192.0.2.7","-","ann",1760129736,"GET /pages/create HTTP/1.1",200,2326"#;
    for (format, line, name, want) in [
        (
            nginx,
            line,
            "upstream_addr",
            Some("10.0.0.1:80, 10.0.0.2:80"),
        ),
        (
            nginx,
            line,
            "$upstream_addr",
            Some("10.0.0.1:80, 10.0.0.2:80"),
        ),
        (nginx, line, "status", Some("200")),
        (nginx, line, "http_x_id", Some("-")),
        (
            nginx,
            line,
            "time_local",
            Some("10/Oct/2025:13:55:36 +0000"),
        ),
        // Where the one ends and the other begins, nobody knows.
        (nginx, line, "pipe", None),
        (nginx, line, "connection", None),
        (
            nginx,
            &behind,
            "upstream_addr",
            Some("10.0.0.1:80, 10.0.0.2:80"),
        ),
        (
            nginx,
            &in_json,
            "upstream_addr",
            Some("10.0.0.1:80, 10.0.0.2:80"),
        ),
        (nginx, &in_json, "kube.pod", Some("p1")),
        (
            r#"%h %l %u %t "%r" %>s %b "%{X-Id}o" "%{X-Id}i" %D"#,
            r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "o" "i" 99"#,
            "X-Id",
            Some("o"),
        ),
        (
            r#"%h %l %u %t "%r" %>s %b "%{X-Id}o" "%{X-Id}i" %D"#,
            r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "o" "i" 99"#,
            "%{X-Id}i",
            Some("i"),
        ),
        (
            r#"%h %l %u %t "%r" %>s %b "%{X-Id}o" "%{X-Id}i" %D"#,
            r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "o" "i" 99"#,
            "D",
            Some("99"),
        ),
        ("auto", haproxy, "s", Some("web1")),
        ("auto", haproxy, "tsc", Some("----")),
        ("haproxy", haproxy, "b", Some("be")),
        ("auto", json, "up.addr", Some("10.0.0.1")),
        ("auto", json, "url", Some("/a\n")),
        ("auto", json, "n", Some("1")),
        ("json", json, "up", None),
        (
            "auto",
            "time=2025-10-10T13:55:36Z status=200 path=/a who=\"a b\"",
            "who",
            Some("a b"),
        ),
        (
            "auto",
            "time:2025-10-10T13:55:36Z\tstatus:200\turi:/a\twho:a b",
            "who",
            Some("a b"),
        ),
        ("auto", csv, "rfc931", Some("-")),
        ("csv", csv, "authuser", Some("ann")),
        (
            "#Fields: date time c-ip cs-uri-stem sc-status x-edge cs(X-A)",
            "2025-10-10 13:55:36 192.0.2.7 /a 200 LHR \"a b\"",
            "cs(X-A)",
            Some("a b"),
        ),
        (
            "iis",
            "2025-10-10 13:55:36 10.0.0.1 GET /a - 443 - 192.0.2.7 x 200 0 64 12",
            "sc-win32-status",
            Some("64"),
        ),
    ] {
        let want = vec![want.map(str::to_owned)];
        assert_eq!(one(format, line, &[name]), want, "{name} in {line}");
    }
}

#[test]
fn a_header_that_is_looked_at_twice_says_what_it_says() {
    let lines = [
        "#Fields: date time c-ip cs-uri-stem sc-status a b",
        "2025-10-10 13:55:36 192.0.2.7 /a 200 1 2",
        "==> other <==",
        "==> other <==",
        r#"{"time":"2025-10-10T13:55:36Z","status":200,"b":"json"}"#,
        "==> - <==",
        "2025-10-10 13:55:36 192.0.2.7 /a 200 3 4",
        "#Fields: date time c-ip cs-uri-stem sc-status b a",
        "2025-10-10\t13:55:36\t192.0.2.7\t/a\t200\t5\t6",
    ];
    let found: Vec<_> = values("auto", &["b"], &lines)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    let want = ["2", "json", "4", "5"].map(|value| Some(value.to_owned()));
    assert_eq!(found, want);
}

#[test]
fn a_name_that_a_format_string_does_not_have_is_known_before_a_line_is_read() {
    let string = r#"%h %t "%r" %>s %b "%{X-Tenant}o""#;
    let lacks = |name| Choice::parse(string).unwrap().lacks_field(name);
    assert_eq!(lacks("x-tenant"), None);
    let why = lacks("X-Tenent").unwrap();
    assert!(
        why.contains("did you mean 'X-Tenant'? (there are X-Tenant, b, h, r, s, t)"),
        "{why}"
    );
    for format in ["auto", "json", "w3c", "rollup"] {
        assert_eq!(Choice::parse(format).unwrap().lacks_field("x"), None);
    }
    let why = Choice::parse("combined").unwrap().lacks_field("x").unwrap();
    assert!(why.contains("have no names"), "{why}");
}

#[test]
fn values_are_anonymous_where_clients_are() {
    let choice = Choice::Auto;
    let mut parser = Parser::new(&choice, Zone::UTC, &[]);
    let mut fields = NamedFields::new(&choice, vec!["via"], true).unwrap();
    let line = br#"{"time":"2025-10-10T13:55:36Z","status":200,"via":"192.0.2.7:80, ::1"}"#;
    parser.find_named(line, &mut fields);
    assert_eq!(fields.values().get(b"via"), Some(&b"192.0.2.0:80, ::"[..]));
}
