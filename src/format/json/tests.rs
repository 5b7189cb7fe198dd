//! The keys of each product, what JSON allows, what it does not, and mappings.

use super::super::shown::{Shown, Table, refused, shown};

const READ: &str = "1760104536";
const TIME: &str = r#""time":"2025-10-10T13:55:36Z""#;

#[test]
fn each_product_is_read_by_its_keys() {
    let mut table = Table::default();
    for (line, want) in [
        (
            r#"{"status":"success","status_code":"200 OK","time":"2025-10-10T13:55:36Z","uri":"/a"}"#,
            " target=/a status=200",
        ),
        (
            r#"{"timestamp":1760104536.1,"elapsed":123,"client":"192.0.2.7","method":"GET","url":"/a","status":"TCP_MISS/200","bytes":612}"#,
            " client=192.0.2.7 method=GET target=/a status=200 bytes=612 us=123000",
        ),
        (
            r#"{"time":"2025-10-10T13:55:36Z","method":"GET","path":"/a","controller":"X","action":"show","status":200,"duration":58.33,"view":40.43}"#,
            " method=GET target=/a status=200 us=58330",
        ),
        (
            r#"{"response":{"status":200,"size":612},"request":{"uri":"/a","method":"GET"},"client_ip":"192.0.2.7","start_time":1760104535900,"latency":515.2,"apisix_latency":15.2}"#,
            " client=192.0.2.7 method=GET target=/a status=200 bytes=612 us=515200",
        ),
        (
            r#"{"host":"192.0.2.7","logicalUserName":"-","user":"-","time":"[10/Oct/2025:13:55:36 +0000]","request":"GET /a HTTP/1.1","statusCode":"200","size":"612","elapsedTime":"12"}"#,
            " client=192.0.2.7 method=GET target=/a protocol=HTTP/1.1 status=200 bytes=612 us=12000",
        ),
        (
            r#"{"timestamp":"2025-10-10T13:55:35+0000","client_ip":"192.0.2.7","url":"/a","request_method":"GET","response_status":200,"time_elapsed":1234567,"fastly_server":"x","fastly_is_edge":true}"#,
            " client=192.0.2.7 method=GET target=/a status=200 us=1234567",
        ),
        (
            r#"{"ip":"192.0.2.7","requestTime":"10/Oct/2025:13:55:34 +0000","httpMethod":"GET","path":"/a","status":"200","responseLatency":"2500"}"#,
            " client=192.0.2.7 method=GET target=/a status=200 us=2500000",
        ),
        (
            r#"{"timestamp":"2025-10-10T13:55:36.123Z","level":"INFO","fields":{"message":"finished processing request","latency":"4 ms","status":200},"target":"tower_http::trace::on_response","span":{"method":"GET","uri":"/a","version":"HTTP/1.1"}}"#,
            " method=GET target=/a protocol=HTTP/1.1 status=200 us=4000",
        ),
        (
            r#"{"timestamp":"2025-10-10T13:55:36Z","payload":{"controller":"X","method":"GET","path":"/a","status":200},"duration_ms":12.34}"#,
            " method=GET target=/a status=200 us=12340",
        ),
        (
            r#"{"timestamp":"2025-10-10T13:55:36Z","elapsed_time":12,"method":"GET","requested_uri":"/a","remote_host":"192.0.2.7","status_code":200,"content_length":612}"#,
            " client=192.0.2.7 method=GET target=/a status=200 bytes=612 us=12000",
        ),
        (
            r#"{"time":"2025-10-10T13:55:36Z","remote":"192.0.2.7","method":"GET","path":"/a","code":"200","size":"612","agent":"curl/8"}"#,
            " client=192.0.2.7 method=GET target=/a status=200 bytes=612 agent=curl/8",
        ),
        (
            r#"{"@timestamp":"2025-10-10T13:55:36Z","clientip":"192.0.2.7","verb":"GET","request":"/a","response":200,"bytes":612,"referrer":"\"-\"","agent":"\"curl/8\""}"#,
            " client=192.0.2.7 method=GET target=/a status=200 bytes=612 agent=curl/8",
        ),
        (
            r#"{"time":"2025-10-10T13:55:36Z","properties":"{\"CsMethod\":\"GET\",\"CsUriStem\":\"/a\",\"CIp\":\"192.0.2.7\",\"CsHost\":\"a.example\",\"ScStatus\":200,\"ScBytes\":612,\"TimeTaken\":45}"}"#,
            " client=192.0.2.7 host=a.example method=GET target=/a status=200 bytes=612 us=45000",
        ),
        (
            r#"{"time":"2025-10-10T13:55:36Z","level":"info","meta":{"req":{"url":"/a","headers":{"host":"a.example"},"method":"GET"},"res":{"statusCode":200},"responseTime":12}}"#,
            " host=a.example method=GET target=/a status=200 us=12000",
        ),
        (
            r#"{"time":"2025-10-10T13:55:36Z","status":200,"uri":"/a","x_forwarded_for":"192.0.2.7, 10.0.0.1"}"#,
            " client=192.0.2.7 target=/a status=200",
        ),
        (
            r#"{"level":"info","ts":1760104536.6,"logger":"http.log.access","request":{"remote_ip":"10.0.0.9","remote_port":"4","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET","host":"a.example","uri":"/b?c","headers":{"Accept":["*/*"],"User-Agent":["curl/8"],"Referer":["https://r.example/"]},"tls":{"resumed":false}},"bytes_read":0,"user_id":"ann","duration":0.0125,"size":446,"status":200,"resp_headers":{"Server":["Caddy"],"Date":[]}}"#,
            " client=192.0.2.7 user=ann host=a.example method=GET target=/b?c protocol=HTTP/2.0 status=200 bytes=446 referrer=https://r.example/ agent=curl/8 us=12500",
        ),
        (
            r#"{"ClientAddr":"192.0.2.7:4711","ClientHost":"192.0.2.7","ClientPort":"4711","ClientUsername":"ann","DownstreamContentSize":19,"DownstreamStatus":404,"Duration":2337877,"OriginDuration":1,"OriginStatus":500,"RequestAddr":"a.example","RequestHost":"a.example","RequestMethod":"GET","RequestPath":"/b?c","RequestProtocol":"HTTP/1.1","StartLocal":"2025-10-10T15:55:36.75+02:00","StartUTC":"2025-10-10T13:55:30.75Z","level":"info","msg":"","time":"2025-10-10T13:55:36Z","request_User-Agent":"curl/8","request_Referer":"https://r.example/"}"#,
            " client=192.0.2.7 user=ann host=a.example method=GET target=/b?c protocol=HTTP/1.1 status=404 bytes=19 referrer=https://r.example/ agent=curl/8 us=2337",
        ),
        (
            r#"{"time_local":"10/Oct/2025:13:55:36 +0000","remote_addr":"192.0.2.7","remote_user":"","request":"POST /b HTTP/1.1","status":"201","body_bytes_sent":"5","http_referrer":"","http_referer":"https://r.example/","http_user_agent":"curl/8","request_time":"0.250","upstream_cache_status":"MISS","http_host":"a.example"}"#,
            " client=192.0.2.7 host=a.example method=POST target=/b protocol=HTTP/1.1 status=201 bytes=5 referrer=https://r.example/ agent=curl/8 us=250000 cache=MISS",
        ),
        (
            r#"{"start_time":"2025-10-10T13:55:36.479Z","method":"GET","path":"/b","protocol":"HTTP/2","response_code":503,"response_flags":"UH","bytes_received":0,"bytes_sent":612,"duration":11,"downstream_remote_address":"192.0.2.7:59292","user_agent":"curl/8",":authority":"a.example"}"#,
            " client=192.0.2.7 host=a.example method=GET target=/b protocol=HTTP/2 status=503 bytes=612 agent=curl/8 us=11000",
        ),
        (
            r#"{"ClientIP":"192.0.2.7","ClientRequestHost":"a.example","ClientRequestMethod":"GET","ClientRequestURI":"/b?c","ClientRequestUserAgent":"curl/8","ClientRequestReferer":"https://r.example/","ClientRequestProtocol":"HTTP/2","EdgeStartTimestamp":1760104536100000000,"EdgeEndTimestamp":1760104539000000000,"EdgeResponseBytes":612,"EdgeResponseStatus":200,"CacheCacheStatus":"hit","OriginResponseStatus":0,"EdgeTimeToFirstByteMs":7}"#,
            " client=192.0.2.7 host=a.example method=GET target=/b?c protocol=HTTP/2 status=200 bytes=612 referrer=https://r.example/ agent=curl/8 us=7000 cache=hit",
        ),
        (
            r#"{"timestamp":"2025-10-10T13:55:36+0000","client_ip":"192.0.2.7","geo_country":"x","host":"a.example","url":"/b?c","request_method":"GET","request_protocol":"HTTP/2","request_referer":"https://r.example/","request_user_agent":"curl/8","response_state":"HIT","response_status":200,"response_reason":"OK","response_body_size":612,"fastly_server":"c","time_elapsed":1234}"#,
            " client=192.0.2.7 host=a.example method=GET target=/b?c protocol=HTTP/2 status=200 bytes=612 referrer=https://r.example/ agent=curl/8 us=1234",
        ),
        (
            r#"{"insertId":"1","jsonPayload":{"statusDetails":"response_sent_by_backend"},"httpRequest":{"requestMethod":"GET","requestUrl":"https://a.example/b","requestSize":"99","status":200,"responseSize":"612","userAgent":"curl/8","remoteIp":"192.0.2.7","referer":"https://r.example/","latency":"0.012s","protocol":"HTTP/1.1"},"resource":{"type":"http_load_balancer","labels":{}},"timestamp":"2025-10-10T13:55:36.123456Z","receiveTimestamp":"2025-10-10T13:55:38Z"}"#,
            " client=192.0.2.7 method=GET target=https://a.example/b protocol=HTTP/1.1 status=200 bytes=612 referrer=https://r.example/ agent=curl/8 us=12000",
        ),
    ] {
        for format in ["json", "auto"] {
            table.row(line, &shown(format, line), &format!("{READ}{want}"));
        }
    }
}

#[test]
fn times_are_read_in_every_unit_and_form() {
    let mut table = Table::default();
    for time in [
        "1760104536",
        "1760104536.999",
        "\"1760104536\"",
        "\"1760104536.001\"",
        "1760104536123",
        "1760104536123.5",
        "1760104536123456",
        "1760104536123456789",
        "\"2025-10-10T13:55:36Z\"",
        "\"2025-10-10T13:55:36.123456789Z\"",
        "\"2025-10-10T15:55:36+02:00\"",
        "\"2025-10-10T15:55:36+0200\"",
        "\"2025-10-10 13:55:36\"",
        "\"10\\/Oct\\/2025:13:55:36 +0000\"",
        "\"10/Oct/2025:15:55:36 +0200\"",
    ] {
        let line = format!(r#"{{"time":{time},"status":200}}"#);
        table.row(&line, &shown("json", &line), &format!("{READ} status=200"));
    }
}

#[test]
fn durations_are_read_in_every_unit() {
    let mut table = Table::default();
    for (duration, us) in [
        (r#""duration":0.0125"#, Some(12_500)),
        (r#""duration":1.25e-5"#, Some(12)),
        (r#""duration":0.0"#, Some(0)),
        (r#""duration":12"#, Some(12_000)),
        (r#""duration":"12""#, Some(12_000)),
        (r#""Duration":12500"#, Some(12)),
        (r#""duration_ms":12"#, Some(12_000)),
        (r#""duration_us":12"#, Some(12)),
        (r#""request_time":0.012"#, Some(12_000)),
        (r#""request_time":"0.012""#, Some(12_000)),
        (r#""request_time":"-""#, None),
        (r#""httpRequest":{"latency":"0.012s"}"#, Some(12_000)),
        (r#""httpRequest":{"latency":"12ms"}"#, Some(12_000)),
        (r#""duration":-1"#, None),
        (r#""duration":-0.5"#, None),
        (r#""duration":null"#, None),
        (r#""duration":"fast""#, None),
        (r#""duration":1e999"#, Some(u64::MAX)),
    ] {
        let line = format!(r#"{{{TIME},"status":200,{duration}}}"#);
        let us = us.map_or(String::new(), |us| format!(" us={us}"));
        table.row(
            &line,
            &shown("json", &line),
            &format!("{READ} status=200{us}"),
        );
    }
}

#[test]
fn what_json_allows_is_read() {
    let mut table = Table::default();
    for (rest, want) in [
        (r#""path":"/a\"b\\c\/d""#, "target=/a\"b\\c/d status=200"),
        (r#""path":"/\u00e9\u20AC""#, "target=/é€ status=200"),
        (r#""path":"/\ud83d\ude00!""#, "target=/😀! status=200"),
        (r#""path":"/\ud83d!""#, "target=/\u{fffd}! status=200"),
        (r#""path":"/\ud83d\u0041""#, "target=/\u{fffd}A status=200"),
        (r#""path":"/\ude00""#, "target=/\u{fffd} status=200"),
        (
            r#""path":"/\b\f\n\r\t""#,
            "target=/\u{8}\u{c}\n\r\t status=200",
        ),
        (r#""path":"""#, "status=200"),
        (r#""path":null"#, "status=200"),
        (r#""path":true"#, "status=200"),
        (r#""path":["/a","/b"]"#, "target=/a status=200"),
        (r#""path":[["/a"],"/b"]"#, "target=/a status=200"),
        (r#""path":[]"#, "status=200"),
        (r#""path":{"x":"/a"}"#, "status=200"),
        (r#""path":"/a","path":"/b""#, "target=/b status=200"),
        (r#""path":"/a","path":null"#, "target=/a status=200"),
        (r#""x":{"path":"/a"},"y":[{"path":"/b"}]"#, "status=200"),
        (
            r#""a":[1,[2,{"b":[]}],{}],"path":"/a""#,
            "target=/a status=200",
        ),
        (" \"path\"\t: \"/a\" \r", "target=/a status=200"),
        (
            r#""request":"GET /a HTTP/1.1""#,
            "method=GET target=/a protocol=HTTP/1.1 status=200",
        ),
        (r#""request":"junk""#, "status=200"),
        (
            r#""request":"GET /a HTTP/1.1","method":"PUT","path":"/b""#,
            "method=PUT target=/b status=200",
        ),
        (
            r#""method":"PUT","request":"GET /a HTTP/1.1""#,
            "method=GET target=/a protocol=HTTP/1.1 status=200",
        ),
        (
            r#""bytes":"-","remote_addr":"[2001:db8::1]:80""#,
            "client=2001:db8::1 status=200",
        ),
        (r#""bytes":1.5"#, "status=200"),
    ] {
        let line = format!(r#"{{"status":200,{rest},{TIME}}}"#);
        let want = want
            .strip_suffix(" status=200")
            .map_or(String::new(), |want| format!(" {want}"));
        table.row(
            &line,
            &shown("json", &line),
            &format!("{READ}{want} status=200"),
        );
    }
    for (status, want) in [
        ("0", " status=0"),
        ("\"404\"", " status=404"),
        ("\"-\"", ""),
        ("99", " status=99"),
    ] {
        let line = format!(r#"{{{TIME},"status":{status}}}"#);
        table.row(&line, &shown("json", &line), &format!("{READ}{want}"));
    }
}

#[test]
fn a_line_cut_short_is_unparsed_at_every_byte() {
    let line = br#"{"status":200,"a":[1,{"b":"\u00e9\\"}],"request":{"uri":"/\"x","ok":true,"n":null},"time":"2025-10-10T13:55:36Z"}"#;
    let mut json = Shown::new("json");
    assert!(json.line(line).starts_with(READ), "{}", json.line(line));
    for end in 1..line.len() - 1 {
        for cut in [
            &line[..end],
            &[&line[..end], b"\xff"].concat(),
            &[&line[..end], b"}"].concat(),
        ] {
            let found = json.line(cut);
            assert!(
                !found.starts_with(READ),
                "{}: {found}",
                bstr::BStr::new(cut)
            );
        }
    }
    let mut changed = line.to_vec();
    for at in 0..line.len() {
        for byte in 0..=255 {
            changed[at] = byte;
            json.line(&changed);
        }
        changed[at] = line[at];
    }
}

#[test]
fn what_is_missing_or_wrong_is_named_with_its_byte() {
    let mut table = Table::default();
    for (line, want) in [
        (
            "{}".to_owned(),
            "status: no status under a name that httpmon knows, at byte 2",
        ),
        (
            format!("{{{TIME}}}"),
            "status: no status under a name that httpmon knows, at byte 31",
        ),
        (
            r#"{"status":200}"#.to_owned(),
            "time: no time under a name that httpmon knows, at byte 14",
        ),
        (
            format!(r#"{{{TIME},"status":"ok"}}"#),
            "status: status is not three digits or '-', at byte 41",
        ),
        (
            format!(r#"{{{TIME},"status":2000}}"#),
            "status: status is not three digits or '-', at byte 40",
        ),
        (
            r#"{"status":200,"time":"soon"}"#.to_owned(),
            "time: time not readable, at byte 22",
        ),
        (
            r#"{"status":200,"time":"2025-02-30T00:00:00Z"}"#.to_owned(),
            "time: no such time, at byte 22",
        ),
        (
            format!("{{{TIME},\"status\":200}} x"),
            "line: not an access-log entry, at byte 45",
        ),
        (
            format!("{{{TIME},\"status\":200,}}"),
            "line: not an access-log entry, at byte 44",
        ),
        (
            format!("{}{}", "{\"a\":".repeat(100), "}".repeat(100)),
            "line: not an access-log entry, at byte 165",
        ),
        (
            format!("{{{TIME},\"status\":200 \"a\":1}}"),
            "line: not an access-log entry, at byte 44",
        ),
        (
            format!("{{{TIME},\"status\":tru}}"),
            "line: not an access-log entry, at byte 40",
        ),
    ] {
        table.row(&line, &shown("json", &line), want);
    }
}

#[test]
fn a_mapping_names_the_keys() {
    let format = "json: time=@timestamp status=resp.code path=req.url method=req.method client=src.ip bytes=resp.len duration_s=took host=vhost user=who referrer=ref agent=ua cache=cached protocol=proto";
    let line = r#"{"@timestamp":"2025-10-10T13:55:36Z","resp":{"code":"404","len":5},"req":{"url":"/a","method":"GET"},"src":{"ip":"192.0.2.7"},"took":0.5,"vhost":"a.example","who":"ann","ref":"r","ua":"u","cached":"HIT","proto":"HTTP/2","status":200,"path":"/other","ts":1}"#;
    assert_eq!(
        shown(format, line),
        format!(
            "{READ} client=192.0.2.7 user=ann host=a.example method=GET target=/a protocol=HTTP/2 status=404 bytes=5 referrer=r agent=u us=500000 cache=HIT"
        )
    );
    // Fields that it does not name have their usual keys.
    let line = r#"{"@timestamp":"2025-10-10T13:55:36Z","code":404,"method":"GET","url":"/a"}"#;
    assert_eq!(
        shown("json: status=code", line),
        format!("{READ} method=GET target=/a status=404")
    );
    // Of several keys for one field the first that is there counts.
    let format = "json:status=a status=b";
    assert_eq!(
        shown(format, format!(r#"{{{TIME},"b":200}}"#)),
        format!("{READ} status=200")
    );
    assert_eq!(
        shown(format, format!(r#"{{{TIME},"b":200,"a":404}}"#)),
        format!("{READ} status=404")
    );
    // A unit says what a number is, decimals or not.
    for (unit, us) in [
        ("duration_s", 1_500_000),
        ("duration_ms", 1500),
        ("duration_us", 1),
        ("duration_ns", 0),
    ] {
        let line = format!(r#"{{{TIME},"status":200,"d":1.5}}"#);
        assert_eq!(
            shown(&format!("json: {unit}=d"), line),
            format!("{READ} status=200 us={us}"),
            "{unit}"
        );
    }
}

#[test]
fn a_mapping_that_cannot_work_is_refused_with_the_byte_and_the_reason() {
    let mut table = Table::default();
    for (format, want) in [
        ("json: time", "'time' is not field=key, at byte 6"),
        (
            "json: time= status=x",
            "'time=' is not field=key, at byte 6",
        ),
        (
            "json: time=t  size=x",
            "unknown field 'size' (time, start, status, path, method, protocol, request, client, host, user, bytes, referrer, agent, cache, duration_s, duration_ms, duration_us, duration_ns), at byte 14",
        ),
        ("json: time=a..b", "'time=a..b' is not field=key, at byte 6"),
        ("json:", "accepted"),
    ] {
        table.row(format, &refused(format), want);
    }
}
