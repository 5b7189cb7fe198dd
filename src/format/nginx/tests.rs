//! Quoting, variables, JSON and refusals of a `log_format`.

use super::super::shown::{Table, refused, shown};

const TIME: &str = "10/Oct/2000:13:55:36 -0700";
const READ: &str = "971211336";

#[test]
fn a_directive_reads_as_its_string() {
    let mut table = Table::default();
    let line = format!("192.0.2.7 - ann [{TIME}] \"GET /a?b HTTP/1.1\" 200 5 \"-\" \"x;y\" \"-\"");
    let want = format!(
        "{READ} client=192.0.2.7 user=ann method=GET target=/a?b protocol=HTTP/1.1 status=200 bytes=5 agent=x;y"
    );
    for format in [
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$gzip_ratio""#,
        "log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '\n                      '$status $body_bytes_sent \"$http_referer\" '\n                      '\"$http_user_agent\" \"$http_x_forwarded_for\"';",
        r#"log_format main "$remote_addr - ${remote_user} [$time_local] \"$request\" $status $body_bytes_sent " "\"$http_referer\" \"$http_user_agent\" \"$foo\"";"#,
        r#"log_format main escape=default '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "-"'"#,
        r#"log_format main escape=none '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "-"';"#,
        r#"'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ' '"$http_referer" "$http_user_agent" "-"';"#,
        r#"'${remote_addr} - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "-"'"#,
        r#"escape=default '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "-"'"#,
    ] {
        table.row(format, &shown(format, &line), &want);
    }
}

#[test]
fn variables_that_say_nothing_are_read_over() {
    let format = "$connection $connection_requests ${pipe} $sent_http_content_type|$request_id [$time_iso8601] $status $ssl_protocol/$ssl_cipher";
    let line = "17 3 . text/html; charset=utf-8|ab12 [2000-10-10T13:55:36-07:00] 204 TLSv1.3/TLS_AES_256_GCM_SHA384";
    assert_eq!(shown(format, line), format!("{READ} status=204"));
}

#[test]
fn a_target_may_stand_in_parts() {
    let mut table = Table::default();
    let want = format!("{READ} method=GET target=/a/b?c=d protocol=HTTP/2.0 status=404");
    for format in [
        "$msec $request_method $uri$is_args$args $server_protocol $status",
        "$msec $request_method $document_uri$is_args$query_string $server_protocol $status",
        "$msec $request_method $request_uri $server_protocol $status",
    ] {
        let line = "971211336.120 GET /a/b?c=d HTTP/2.0 404";
        table.row(format, &shown(format, line), &want);
    }
    let shown = shown(
        "$msec $request_uri $uri $status",
        "971211336.120 /a?x /index.php 200",
    );
    assert_eq!(shown, format!("{READ} target=/a?x status=200"));
}

#[test]
fn what_upstreams_say_may_be_several_values() {
    let mut table = Table::default();
    let format = "$time_iso8601 $upstream_addr $upstream_status $upstream_response_time $status $upstream_cache_status";
    for (values, duration) in [
        ("10.0.0.1:80 200 0.010", "us=10000"),
        ("10.0.0.1:80, 10.0.0.2:80 502, 200 0.010, 0.020", "us=20000"),
        (
            "10.0.0.1:80 : 10.0.0.2:80 502 : 200 0.010 : 0.020",
            "us=20000",
        ),
        (
            "10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 502, 502 : 200 0.010, 0.020 : 0.030",
            "us=30000",
        ),
        ("unix:/tmp/x.sock 200 0.010", "us=10000"),
    ] {
        let shown = shown(
            format,
            format!("2000-10-10T13:55:36-07:00 {values} 200 HIT"),
        );
        table.row(
            values,
            &shown,
            &format!("{READ} status=200 {duration} cache=HIT"),
        );
    }
    let shown = shown(format, "2000-10-10T13:55:36-07:00 - - - 304 -");
    assert_eq!(shown, format!("{READ} status=304 cache=-"));
}

#[test]
fn a_list_of_addresses_first_gives_the_client() {
    let mut table = Table::default();
    for (format, head) in [
        (
            "$http_x_forwarded_for [$time_local] $status",
            "192.0.2.1, 10.0.0.1",
        ),
        (
            "$http_x_forwarded_for - $remote_user [$time_local] $status",
            "192.0.2.1, 10.0.0.1 - -",
        ),
        ("$http_x_forwarded_for [$time_local] $status", "192.0.2.1"),
        (
            "\"$http_x_forwarded_for\" [$time_local] $status",
            "\"192.0.2.1, 10.0.0.1\"",
        ),
        (
            "$proxy_add_x_forwarded_for [$time_local] $status",
            "192.0.2.1,10.0.0.1",
        ),
        (
            "$http_x_forwarded_for $remote_port [$time_local] $status",
            "192.0.2.1, 10.0.0.1 4711",
        ),
    ] {
        let shown = shown(format, format!("{head} [{TIME}] 200"));
        table.row(
            format,
            &shown,
            &format!("{READ} client=192.0.2.1 status=200"),
        );
    }
}

#[test]
fn a_format_that_writes_json_is_read_by_its_keys() {
    let format = r#"log_format json escape=json '{"t":"$time_iso8601", "who": {"ip":"$remote_addr","name":"$remote_user"},'
        '"code":$status,"size": $body_bytes_sent, "took":$request_time,'
        '"req":{"line":"$request","ref":"$http_referer","via":"$http_user_agent; x"},"cache":"$upstream_cache_status"}';"#;
    let line = r#"{"t":"2000-10-10T13:55:36-07:00", "who": {"ip":"192.0.2.7","name":""},"code":404,"size": 12, "took":0.250,"req":{"line":"GET /\"a\" HTTP/1.1","ref":"","via":"curl; x"},"cache":"MISS"}"#;
    assert_eq!(
        shown(format, line),
        format!(
            "{READ} client=192.0.2.7 method=GET target=/\"a\" protocol=HTTP/1.1 status=404 bytes=12 us=250000 cache=MISS"
        )
    );
    // Keys that other products use for something else mean here what the format says.
    let format = r#"{"ts":"$request_id","time":$msec,"path":"$status","status":"$request_uri"}"#;
    assert_eq!(
        shown(
            format,
            r#"{"ts":"0f","time":971211336.5,"path":"200","status":"/x"}"#
        ),
        format!("{READ} target=/x status=200")
    );
}

#[test]
fn a_bare_string_may_begin_with_a_quote() {
    let format = r#""$time_local" "$remote_addr" "$status" "$http_user_agent""#;
    let line = format!("\"{TIME}\" \"192.0.2.7\" \"200\" \"curl\"");
    assert_eq!(
        shown(format, line),
        format!("{READ} client=192.0.2.7 status=200 agent=curl")
    );
}

#[test]
fn what_cannot_work_is_refused_with_the_byte_and_the_reason() {
    let mut table = Table::default();
    for (format, want) in [
        (
            "[$time_local] $host",
            "neither a request nor a status in this format: nothing to count, at byte 14",
        ),
        (
            "[$time_local] $status$request",
            "nothing separates this field from the next, at byte 14",
        ),
        (
            "log_format x '[$time_local] ' '$status' '$request'",
            "nothing separates this field from the next, at byte 31",
        ),
        (
            "log_format x '[$time_local] $status",
            "a ' without the one that closes it, at byte 13",
        ),
        (
            r#"log_format x '$time_local "$request' '" $status"#,
            "a ' without the one that closes it, at byte 37",
        ),
        (
            r#"{"a":"$status"}"#,
            "no time in this format: httpmon counts by the log's own clock, at byte 14",
        ),
        (r#"{"a":"$msec"}"#, "no status in this format, at byte 12"),
        (
            r#"{"a":"$msec","b":"$status}"#,
            "a string without its closing quote, at byte 17",
        ),
        (
            "[$time_local] ${status",
            "a '${' without its name and '}', at byte 14",
        ),
        (
            r#"{"t":"$msec","s":"${status"}"#,
            "a '${' without its name and '}', at byte 18",
        ),
        (
            "log_format",
            "neither a request nor a status in this format: nothing to count, at byte 0",
        ),
        (
            "log_format main",
            "neither a request nor a status in this format: nothing to count, at byte 0",
        ),
    ] {
        table.row(format, &refused(format), want);
    }
}
