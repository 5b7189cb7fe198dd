//! The second that a request belongs to: the one in which it ended, whatever its stamp is of.

use httpmon::format::record::Record;
use httpmon::format::{Choice, EventTime, Outcome, Parser};
use httpmon::time::Zone;

/// Seconds from 2026-11-20T10:00:00Z to where a line belongs.
fn second(format: &str, line: &str, by: EventTime) -> i64 {
    let choice = Choice::parse(format).unwrap_or_else(|why| panic!("{format}: {why}"));
    let mut parser = Parser::new(&choice, Zone::UTC, &[]).timed_by(by);
    let mut record = Record::EMPTY;
    let read = parser.read(line.as_bytes(), &mut record);
    assert_eq!(read, Outcome::Record, "{format}: {line}");
    record.time.0 - 1_795_168_800
}

/// Formats, lines, and how many seconds their end is behind their stamp, which is 10:00:00 and a fraction or none.
const ENDS: &[(&str, &str, i64)] = &[
    // Apache's %t is of the start, with whatever duration; without one there is nothing to add.
    (
        "apache_us",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a" 90001200"#,
        90,
    ),
    (
        "apache_us",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a" 999999"#,
        0,
    ),
    (
        "apache_us",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a" -"#,
        0,
    ),
    (
        "apache_s",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a" 61"#,
        61,
    ),
    (
        "%h %t %>s %{ms}T",
        "192.0.2.7 [20/Nov/2026:10:00:00 +0000] 200 1500",
        1,
    ),
    ("%h %t %>s", "192.0.2.7 [20/Nov/2026:10:00:00 +0000] 200", 0),
    // What an hour of nobody's patience is: a counter that has run over.
    (
        "%h %t %>s %D",
        "192.0.2.7 [20/Nov/2026:10:00:00 +0000] 200 99999999999999999",
        0,
    ),
    // It says itself which one it is.
    (
        "%{end:sec}t %h %>s %D",
        "1795168800 192.0.2.7 200 5000000",
        0,
    ),
    (
        "[%{end:%d/%b/%Y:%H:%M:%S %z}t] %h %>s %T",
        "[20/Nov/2026:10:00:00 +0000] 192.0.2.7 200 5",
        0,
    ),
    (
        "%{begin:sec}t %h %>s %D",
        "1795168800 192.0.2.7 200 5000000",
        5,
    ),
    // The fraction of the stamp counts: 10:00:00.900 and 0.2 s are 10:00:01.
    (
        "%{msec}t %h %>s %D",
        "1795168800900 192.0.2.7 200 200000",
        1,
    ),
    (
        "%{usec}t %h %>s %D",
        "1795168800900000 192.0.2.7 200 99999",
        0,
    ),
    (
        "%{usec}t %h %>s %D",
        "1795168800900000 192.0.2.7 200 100000",
        1,
    ),
    (
        "[%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] %h %>s %D",
        "[20/Nov/2026 10:00:00.900 +0000] 192.0.2.7 200 200000",
        1,
    ),
    // nginx writes the time at which the request ended.
    (
        "nginx_timed",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a" 90.001 90.000"#,
        0,
    ),
    (
        "$remote_addr [$time_local] $status $request_time",
        "192.0.2.7 [20/Nov/2026:10:00:00 +0000] 504 60.000",
        0,
    ),
    (
        "$remote_addr $msec $status $request_time",
        "192.0.2.7 1795168800.900 504 60.000",
        0,
    ),
    // By shape alone.
    (
        "auto",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a""#,
        0,
    ),
    (
        "auto",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "a" 90.123"#,
        0,
    ),
    (
        "auto",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "-" 7 "web@docker" "http://10.0.0.1:80" 30001ms"#,
        30,
    ),
    (
        "traefik",
        r#"192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 504 0 "-" "-" 7 "web@docker" "http://10.0.0.1:80" 30001ms"#,
        30,
    ),
    // HAProxy's date is of the start, and the last of its times is the total.
    (
        "auto",
        r#"192.0.2.7:39759 [20/Nov/2026:10:00:00.900] www back/web1 0/0/1/48/200 200 8328 - - ---- 8/8/1/1/0 0/0 "GET / HTTP/1.1""#,
        1,
    ),
    (
        "haproxy",
        r#"192.0.2.7:39759 [20/Nov/2026:10:00:00.900] www back/web1 0/0/1/-1/30000 504 8328 - - sH-- 8/8/1/1/0 0/0 "GET / HTTP/1.1""#,
        30,
    ),
    (
        "%ci [%tr] %ST %TR/%Tw/%Tc/%Tr/%Ta",
        "192.0.2.7 [20/Nov/2026:10:00:00.900] 504 0/0/1/-1/30000",
        30,
    ),
    (
        "%ci [%t] %ST %Tt",
        "192.0.2.7 [20/Nov/2026:10:00:00.900] 504 +5100",
        6,
    ),
    ("%ci %Ts %ST %Tt", "192.0.2.7 1795168800 504 5100", 5),
    // Without a total it is the sum of the parts; what the server took is none.
    (
        "%ci [%tr] %ST %TR/%Tw/%Tc/%Tr/%Td",
        "192.0.2.7 [20/Nov/2026:10:00:00.900] 504 100/2000/-1/3000/5000",
        11,
    ),
    (
        "%ci [%t] %ST %Tq %Tw %Tc %Tr",
        "192.0.2.7 [20/Nov/2026:10:00:00.000] 504 100 2000 1 3000",
        5,
    ),
    (
        "%ci [%tr] %ST %Tw",
        "192.0.2.7 [20/Nov/2026:10:00:00.900] 504 5100",
        0,
    ),
    // From the accept on it is %Tt, from the request on %Ta, where there are both.
    (
        "%ci [%t] %ST %Ta %Tt",
        "192.0.2.7 [20/Nov/2026:10:00:00.000] 504 1000 60000",
        60,
    ),
    (
        "%ci [%tr] %ST %Tt %Ta",
        "192.0.2.7 [20/Nov/2026:10:00:00.000] 504 60000 1000",
        1,
    ),
    (
        "%ci [%tr] %ST %Tr",
        "192.0.2.7 [20/Nov/2026:10:00:00.900] 504 5100",
        0,
    ),
    (
        "auto",
        r#"[2026-11-20T10:00:00.900Z] "GET / HTTP/2" 504 UT 0 0 15000 - "192.0.2.7" "a" "id" "h" "-""#,
        15,
    ),
    (
        "auto",
        r#"[2026-11-20T10:00:00.900Z] "GET / HTTP/2" 504 UT 0 0 15100 - "192.0.2.7" "a" "id" "h" "-""#,
        16,
    ),
    (
        "auto",
        "[pid: 1|app: 0|req: 1/1] 192.0.2.7 () {38 vars in 6 bytes} [Fri Nov 20 10:00:00 2026] GET / => generated 4 bytes in 12900 msecs (HTTP/1.1 200) 9 headers in 3 bytes (1 switches on core 3)",
        12,
    ),
    (
        "auto",
        r#"www.example.com - [2026-11-20T10:00:00.900000000Z] "GET /a HTTP/1.1" 200 0 612 "-" "a" "192.0.2.7:5" "10.0.0.5:6" x_forwarded_for:"192.0.2.7" x_forwarded_proto:"https" vcap_request_id:"7" response_time:1.100000"#,
        2,
    ),
    (
        "auto",
        r#"o b [20/Nov/2026:10:00:00 +0000] 192.0.2.3 - A REST.GET.OBJECT f "GET /f HTTP/1.1" 200 - 113 113 7100 6 "-" "a" -"#,
        7,
    ),
    (
        "auto",
        r#"2026-11-20T10:00:00.900000Z lb 192.0.2.39:2817 10.0.0.1:80 0.000086 3.001048 0.100000 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "a" - -"#,
        4,
    ),
    (
        "auto",
        r#"https 2026-11-20T10:00:00.900000Z app/lb/5 192.0.2.39:2817 10.0.0.1:80 0.086 3.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "a" - -"#,
        0,
    ),
    (
        "auto",
        "1795168800.900   9000 192.0.2.7 TCP_MISS/200 2014 GET http://www.example.com/ - HIER_DIRECT/198.51.100.1 text/plain",
        0,
    ),
    // Of JSON the name of the key says it.
    (
        "json",
        r#"{"ts":1795168800.9,"request":{"uri":"/"},"duration":9.5,"status":200}"#,
        0,
    ),
    (
        "json",
        r#"{"StartUTC":"2026-11-20T10:00:00.9Z","Duration":2100000000,"DownstreamStatus":200}"#,
        3,
    ),
    (
        "json",
        r#"{"StartUTC":"2026-11-20T09:00:00.9Z","time":"2026-11-20T10:00:00Z","Duration":2100000000,"DownstreamStatus":200}"#,
        0,
    ),
    (
        "json",
        r#"{"start_time":"2026-11-20T10:00:00.479Z","duration":11000,"response_code":200}"#,
        11,
    ),
    (
        "json: start=at duration_ms=took status=code",
        r#"{"at":"2026-11-20T10:00:00.9Z","took":100,"code":200}"#,
        1,
    ),
    (
        "json: time=at duration_ms=took status=code",
        r#"{"at":"2026-11-20T10:00:00.9Z","took":100,"code":200}"#,
        0,
    ),
    (
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken",
        "2026-11-20 10:00:00 192.0.2.7 GET / 200 9.5",
        0,
    ),
];

#[test]
fn a_request_belongs_to_the_second_in_which_it_ended() {
    for (format, line, after) in ENDS {
        assert_eq!(
            second(format, line, EventTime::End),
            *after,
            "{format}: {line}"
        );
    }
}

#[test]
fn a_stamp_is_taken_as_it_stands_where_that_is_asked_for() {
    for (format, line, _) in ENDS {
        assert_eq!(
            second(format, line, EventTime::Stamp),
            0,
            "{format}: {line}"
        );
    }
}
