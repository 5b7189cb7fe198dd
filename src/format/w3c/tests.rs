//! Directives, separators, quotes, default lists, and what makes a list unusable.

use super::super::shown::{Shown, Table};
use crate::time::Zone;

const READ: &str = "1760104536";

/// Reads lines one after the other; each with what it should be.
fn stream(format: &str, lines: &[(&str, &str)]) {
    in_zone(format, Zone::UTC, lines);
}

fn in_zone(format: &str, zone: Zone, lines: &[(&str, &str)]) {
    let mut table = Table::default();
    let mut reader = Shown::in_zone(format, zone);
    for (line, want) in lines {
        table.row(line, &reader.line(line), want);
    }
}

#[test]
fn fields_may_change_in_mid_stream() {
    for format in ["w3c", "iis", "auto"] {
        stream(
            format,
            &[
                ("#Version: 1.0", "skipped"),
                (
                    "#Fields: date time c-ip cs-method cs-uri-stem sc-status",
                    "skipped",
                ),
                (
                    "2025-10-10 13:55:36 192.0.2.7 GET /a 200",
                    "1760104536 client=192.0.2.7 method=GET target=/a status=200",
                ),
                (
                    "#Fields: sc-status time date cs-uri-stem cs(User-Agent)",
                    "skipped",
                ),
                (
                    "404 13:55:36 2025-10-10 /b curl/8",
                    "1760104536 target=/b status=404 agent=curl/8",
                ),
                ("# a remark", "skipped"),
                ("", "skipped"),
                (
                    "404 13:55:37 2025-10-10 /b -",
                    "1760104537 target=/b status=404",
                ),
            ],
        );
    }
}

#[test]
fn a_date_directive_dates_lines_that_have_only_a_time() {
    stream(
        "auto",
        &[
            ("#Date: 2025-10-10 13:00:00", "skipped"),
            ("#Fields: time c-ip sc-status", "skipped"),
            (
                "13:55:36 192.0.2.7 200",
                "1760104536 client=192.0.2.7 status=200",
            ),
            ("#Date: 2025-10-11 00:00:00", "skipped"),
            (
                "00:00:01 192.0.2.7 200",
                "1760140801 client=192.0.2.7 status=200",
            ),
            ("#Date: nonsense", "skipped"),
            (
                "00:00:02 192.0.2.7 200",
                "time: no time under a name that httpmon knows, at byte 0",
            ),
        ],
    );
    // The date may come after the fields.
    stream(
        "w3c",
        &[
            ("#Fields: time sc-status", "skipped"),
            ("#Start-Date: 2025-10-10 13:00:00", "skipped"),
            ("13:55:36 200", "1760104536 status=200"),
        ],
    );
}

#[test]
fn local_times_are_in_the_zone_that_was_given() {
    let berlin = || Zone::parse("Europe/Berlin").expect("a zone");
    in_zone(
        "auto",
        berlin(),
        &[
            ("#Fields: date-local time-local sc-status", "skipped"),
            ("2025-10-10 15:55:36 200", "1760104536 status=200"),
            ("2025-12-10 13:55:36 200", "1765371336 status=200"),
            // UTC, as the draft says.
            ("#Fields: date time sc-status", "skipped"),
            ("2025-10-10 13:55:36 200", "1760104536 status=200"),
        ],
    );
    in_zone(
        "auto",
        berlin(),
        &[
            ("#Date: 2025-10-10", "skipped"),
            ("#Fields: time-local sc-status", "skipped"),
            ("15:55:36 200", "1760104536 status=200"),
        ],
    );
}

#[test]
fn tabs_and_spaces_are_told_by_the_line() {
    stream(
        "auto",
        &[
            (
                "#Fields: date time cs-uri-stem sc-status cs(Referer)",
                "skipped",
            ),
            (
                "2025-10-10\t13:55:36\t/a b\t200\t-",
                "1760104536 target=/a b status=200",
            ),
            (
                "2025-10-10 13:55:36 /a+b 200 -",
                "1760104536 target=/a+b status=200",
            ),
            (
                "2025-10-10  13:55:36   /a 200  r  ",
                "1760104536 target=/a status=200 referrer=r",
            ),
            ("#Fields:\tdate\ttime\tsc-status", "skipped"),
            ("2025-10-10\t13:55:36\t204", "1760104536 status=204"),
            ("2025-10-10 13:55:36 204 ", "1760104536 status=204"),
        ],
    );
}

#[test]
fn quotes_hold_spaces_and_doubled_quotes() {
    stream(
        "auto",
        &[
            (
                "#Fields: date time cs-uri-stem sc-status cs(User-Agent)",
                "skipped",
            ),
            (
                "\"2025-10-10\" \"13:55:36\" \"/a b\" \"200\" \"x \"\"y\"\" z\"",
                "1760104536 target=/a b status=200 agent=x \"\"y\"\" z",
            ),
            (
                "2025-10-10 13:55:36 /a 200 \"\"",
                "1760104536 target=/a status=200",
            ),
            (
                "2025-10-10 13:55:36 /a 200 \"open",
                "agent: no quoted user agent, at byte 27",
            ),
        ],
    );
}

#[test]
fn default_lists_are_told_apart_by_shape() {
    stream(
        "auto",
        &[
            (
                "2025-10-10 13:55:36 198.51.100.1 GET /a x=1 80 - 192.0.2.7 curl/8 404 0 2 283",
                "1760104536 client=192.0.2.7 method=GET target=/a status=404 agent=curl/8 us=283000",
            ),
            (
                "2025-10-10 13:55:36 198.51.100.1 GET /a - 80 ann 192.0.2.7 curl/8 http://r/ 404 0 2 283",
                "1760104536 client=192.0.2.7 user=ann method=GET target=/a status=404 referrer=http://r/ agent=curl/8 us=283000",
            ),
            (
                "2025-10-10 13:55:36 198.51.100.1 GET /a - 80 - 192.0.2.7 curl/8 - 200 0 0 512 99 283",
                "1760104536 client=192.0.2.7 method=GET target=/a status=200 bytes=512 agent=curl/8 us=283000",
            ),
            (
                "2025-10-10 13:55:36 198.51.100.1 GET /a - 80 - 192.0.2.7 curl/8 200",
                "time: no time such as [10/Oct/2000:13:55:36 -0700], at byte 0",
            ),
            (
                "2025-10-10\t13:55:36\tFRA50-P2\t703\t192.0.2.7\tGET\td1.cloudfront.net\t/a\t200\t-\tcurl/8\t-\t-\tHit\tabc==\twww.example.com\thttps\t62\t0.113\t-\tTLSv1.3\tx\tHit\tHTTP/2.0",
                "1760104536 client=192.0.2.7 host=www.example.com method=GET target=/a status=200 bytes=703 agent=curl/8 us=113000 cache=Hit",
            ),
        ],
    );
}

#[test]
fn each_file_keeps_its_own_fields() {
    stream(
        "auto",
        &[
            ("==> a.log <==", "source"),
            ("#Fields: date time sc-status", "skipped"),
            ("2025-10-10 13:55:36 200", "1760104536 status=200"),
            ("==> b.log <==", "source"),
            (
                "2025-10-10 13:55:36 200",
                "time: no time such as [10/Oct/2000:13:55:36 -0700], at byte 0",
            ),
            ("#Fields: sc-status date time", "skipped"),
            ("404 2025-10-10 13:55:36", "1760104536 status=404"),
            ("", "skipped"),
            ("==> a.log <==", "source"),
            ("2025-10-10 13:55:36 201", "1760104536 status=201"),
            ("==> b.log <==", "source"),
            ("405 2025-10-10 13:55:36", "1760104536 status=405"),
        ],
    );
}

#[test]
fn a_list_that_cannot_work_says_why() {
    stream(
        "auto",
        &[
            ("#Fields: date time c-ip", "skipped"),
            (
                "2025-10-10 13:55:36 192.0.2.7",
                "status: no status under a name that httpmon knows, at byte 0",
            ),
            ("#Fields: c-ip sc-status", "skipped"),
            (
                "192.0.2.7 200",
                "time: no time under a name that httpmon knows, at byte 0",
            ),
            ("#Fields: date sc-status", "skipped"),
            (
                "2025-10-10 200",
                "time: no time under a name that httpmon knows, at byte 0",
            ),
            ("#Fields: date time sc-status", "skipped"),
            (
                "2025-10-10 13:55:36 OK",
                "status: status is not three digits or '-', at byte 20",
            ),
            ("2025-13-10 13:55:36 200", "time: no such time, at byte 0"),
            ("2025-10-10 25:55:36 200", "time: no such time, at byte 11"),
            ("2025-10-10 13:55:36", "status: no status, at byte 19"),
            (
                "2025-10-10 13:55:36 200 more",
                "line: not an access-log entry, at byte 23",
            ),
            ("2025-10-10 13:55:36 200", &format!("{READ} status=200")),
        ],
    );
}

#[test]
fn durations_are_in_the_unit_of_the_server() {
    for (head, fields, line, want) in [
        (
            "#Software: SGOS 6.5.9.14",
            "time-taken",
            "2541",
            " us=2541000",
        ),
        (
            "#Software: Blue Coat ProxySG",
            "time-taken",
            "2541",
            " us=2541000",
        ),
        (
            "#Software: Microsoft Internet Information Services 10.0",
            "time-taken",
            "25",
            " us=25000",
        ),
        (
            "#Version: 1.0",
            "s-action time-taken",
            "TCP_HIT 25",
            " us=25000 cache=TCP_HIT",
        ),
        (
            "#Version: 1.0",
            "x-bluecoat-appliance-name time-taken",
            "x 25",
            " us=25000",
        ),
        (
            "#Version: 1.0",
            "sc-substatus time-taken",
            "0 25",
            " us=25000",
        ),
        ("#Version: 1.0", "time-taken", "25", " us=25000000"),
    ] {
        let mut table = Table::default();
        let mut reader = Shown::in_zone("auto", Zone::UTC);
        reader.line(head);
        reader.line(format!("#Fields: date time sc-status {fields}"));
        let line = format!("2025-10-10 13:55:36 200 {line}");
        table.row(
            &line,
            &reader.line(&line),
            &format!("{READ} status=200{want}"),
        );
    }
}

#[test]
fn names_of_other_servers_are_known() {
    stream(
        "auto",
        &[
            (
                "#Fields: date time cs-uri cs-uri-path sc-status cs-user cs-user-agent cs-referer",
                "skipped",
            ),
            (
                "2025-10-10 13:55:36 http://a.example/b?c /b 200 ann curl/8 r",
                &format!("{READ} user=ann target=/b status=200 referrer=r agent=curl/8"),
            ),
        ],
    );
}

#[test]
fn time_and_status_may_stand_in_one_value() {
    let edgecast = "timestamp time-taken c-ip filesize s-ip s-port sc-status sc-bytes cs-method cs-uri-stem - \
                    rs-duration rs-bytes c-referrer c-user-agent customer-id x-ec_custom-1";
    for (fields, line, want) in [
        (
            edgecast,
            "1760104536 27 192.0.2.7 14823 198.51.100.1 443 TCP_HIT/200 14827 GET http://a.example/b - 0 844 \"r\" \"curl 8\" 61800 \"-\"",
            "client=192.0.2.7 method=GET target=http://a.example/b status=200 bytes=14827 referrer=r agent=curl 8 us=27000 cache=TCP_HIT",
        ),
        // NetCache: seconds.
        (
            "x-timestamp time-taken c-ip x-transaction bytes cs-method cs-uri x-username x-hiercode",
            "1760104536.157 0.001 192.0.2.7 TCP_MISS/404 9 GET http://a.example/ ann -",
            "client=192.0.2.7 user=ann method=GET target=http://a.example/ status=404 bytes=9 us=1000 cache=TCP_MISS",
        ),
        // Cisco.
        (
            "timestamp x-elapsed-time c-ip x-resultcode-httpstatus sc-bytes cs-method cs-url",
            "1760104536.001 56 192.0.2.7 TCP_MISS/200 9 GET http://a.example/",
            "client=192.0.2.7 method=GET target=http://a.example/ status=200 bytes=9 us=56000 cache=TCP_MISS",
        ),
        // SGOS.
        (
            "localtime time-taken c-ip sc-status s-action cs-method cs-uri-path",
            "[10/Oct/2025:15:55:36 +0200] 25 192.0.2.7 200 TCP_HIT GET /a",
            "client=192.0.2.7 method=GET target=/a status=200 us=25000 cache=TCP_HIT",
        ),
        (
            "gmttime date time localtime sc-status",
            "[10/10/2025:13:55:36 GMT] 2025-10-10 13:55:36 [10/Oct/2025:15:55:36 +0200] 200",
            "status=200",
        ),
        // ISA Server, with tabs.
        (
            "c-ip\tcs-username\tc-agent\tdate\ttime\tcs-referred\tr-host\ttime-taken\tsc-bytes\ts-operation\tcs-uri\ts-object-source\tsc-status",
            "192.0.2.7\t-\tcurl 8\t2025-10-10\t13:55:36\t-\ta.example\t2\t9\tGET\thttp://a.example/\tInet\t200",
            "client=192.0.2.7 host=a.example method=GET target=http://a.example/ status=200 bytes=9 agent=curl 8 us=2000",
        ),
    ] {
        let want = format!("{READ} {want}");
        let header = format!("#Fields: {fields}");
        stream("auto", &[(&header, "skipped"), (line, &want)]);
    }
    stream(
        "auto",
        &[
            ("#Fields: timestamp x-transaction", "skipped"),
            ("1760104536 TCP_HIT", "status: no status, at byte 18"),
            (
                "1760104536 TCP_HIT/",
                "status: status is not three digits or '-', at byte 19",
            ),
            ("1760104536 /200", &format!("{READ} status=200 cache=-")),
            (
                "x TCP_HIT/200",
                "time: no time such as [10/Oct/2000:13:55:36 -0700], at byte 0",
            ),
            ("#Fields: localtime sc-status", "skipped"),
            (
                "10/Oct/2025:13:55:36 200",
                "time: no time such as [10/Oct/2000:13:55:36 -0700], at byte 0",
            ),
            (
                "[10/Oct/2025:13:55:36 200",
                "time: no time such as [10/Oct/2000:13:55:36 -0700], at byte 1",
            ),
        ],
    );
}
