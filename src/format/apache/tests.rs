//! Every directive, quoting, time and refusal of a `LogFormat`.

use super::super::shown::{Table, refused, shown};

const TIME: &str = "[10/Oct/2000:13:55:36 -0700]";
const READ: &str = "971211336";

#[test]
fn every_directive_is_read_or_read_over() {
    let mut table = Table::default();
    // Each stands alone between two fields that count; the second shows that its end was found.
    for (directive, value, want) in [
        ("%%", "%", ""),
        ("%a", "192.0.2.7", " client=192.0.2.7"),
        ("%{c}a", "192.0.2.7", " client=192.0.2.7"),
        ("%A", "198.51.100.1", ""),
        ("%B", "0", ""),
        ("%B", "512", " bytes=512"),
        ("%b", "-", ""),
        ("%{sid}C", "a=b;c", ""),
        ("%D", "1500", " us=1500"),
        ("%{HOME}e", "/root", ""),
        ("%f", "/srv/www/a b.html", ""),
        ("%h", "a.example", " client=a.example"),
        ("%{c}h", "192.0.2.7", " client=192.0.2.7"),
        ("%H", "HTTP/1.1", ""),
        ("%{Accept}i", "*/*", ""),
        (
            "%{Referer}i",
            "http://a.example/",
            " referrer=http://a.example/",
        ),
        ("%{user-agent}i", "curl/8 (x)", " agent=curl/8 (x)"),
        ("%{HOST}i", "a.example", " host=a.example"),
        ("%k", "3", ""),
        ("%l", "-", ""),
        ("%L", "Vx2k@1", ""),
        ("%m", "PUT", ""),
        ("%{note}n", "x y", ""),
        ("%{Content-Type}o", "text/html; charset=utf-8", ""),
        ("%p", "443", ""),
        ("%{remote}p", "51234", ""),
        ("%P", "4321", ""),
        ("%{tid}P", "140", ""),
        ("%{hextid}P", "7f", ""),
        ("%q", "?a=b", ""),
        ("%R", "proxy-server", ""),
        ("%T", "0", " us=0"),
        ("%{s}T", "0", " us=0"),
        ("%{ms}T", "20", " us=20000"),
        ("%{us}T", "20", " us=20"),
        ("%u", "ann lee", " user=ann lee"),
        ("%v", "www.example.com", " host=www.example.com"),
        ("%V", "www.example.com", " host=www.example.com"),
        ("%X", "+", ""),
        ("%I", "99", ""),
        ("%O", "700", " bytes=700"),
        ("%S", "799", ""),
        ("%{Expires}^ti", "-", ""),
        ("%{Expires}^to", "-", ""),
        ("%{UNIQUE_ID}e", "-", ""),
        ("%{SSL_PROTOCOL}x", "TLSv1.3", ""),
        ("%!200,304,302{User-agent}i", "-", ""),
        ("%400,501{User-agent}i", "curl/8", " agent=curl/8"),
        ("%>a", "192.0.2.7", " client=192.0.2.7"),
        ("%<u", "ann", " user=ann"),
    ] {
        let line = format!("{TIME}|{value}|200|GET / HTTP/1.1");
        let format = format!("%t|{directive}|%>s|%r");
        let found = shown(&format, &line);
        let mut words: Vec<&str> = found
            .split(" method=GET target=/ protocol=HTTP/1.1 status=200")
            .collect();
        words.retain(|word| !word.is_empty());
        table.row(directive, &words.concat(), &format!("{READ}{want}"));
    }
}

#[test]
fn parts_of_a_request_count_where_it_does_not_stand_whole() {
    let line = format!("192.0.2.7 {TIME} GET /a/b?c=d HTTP/2.0 404");
    let want =
        format!("{READ} client=192.0.2.7 method=GET target=/a/b?c=d protocol=HTTP/2.0 status=404");
    assert_eq!(shown("%h %t %m %U%q %H %s", &line), want);
    assert_eq!(shown(r"%a %t %r %>s", &line), want);
    // The request line says more than its parts.
    let line = format!("{TIME} \"GET /a HTTP/1.1\" /b PUT 200");
    let want = format!("{READ} method=GET target=/a protocol=HTTP/1.1 status=200");
    assert_eq!(shown(r#"%t "%r" %U %m %>s"#, &line), want);
}

#[test]
fn of_two_directives_for_one_field_the_better_one_counts() {
    let mut table = Table::default();
    for (format, line, want) in [
        ("%h %a", "proxy.example 192.0.2.7", " client=192.0.2.7"),
        ("%{c}a %h", "10.0.0.1 192.0.2.7", " client=192.0.2.7"),
        ("%O %b", "700 512", " bytes=512"),
        ("%T %D", "0 700123", " us=700123"),
        ("%{s}T %{ms}T %{us}T", "0 7 7001", " us=7001"),
        ("%{Host}i %v", "a.example b.example", " host=b.example"),
        (
            "%{X-Forwarded-For}i %h",
            "192.0.2.1, 10.0.0.1 192.0.2.7",
            " client=192.0.2.7",
        ),
        (
            "%{X-Forwarded-For}i %l",
            "192.0.2.1, 10.0.0.1 -",
            " client=192.0.2.1",
        ),
    ] {
        let format = format!("%t|%>s|{format}");
        let shown = shown(&format, format!("{TIME}|-|{line}"));
        table.row(&format, &shown, &format!("{READ}{want}"));
    }
    // The original request's status is not what the client got.
    let shown = shown("%<s %>s %s %t", format!("301 200 302 {TIME}"));
    assert_eq!(shown, format!("{READ} status=200"));
}

#[test]
fn quotes_of_the_configuration_file_are_undone() {
    let mut table = Table::default();
    let line = format!("192.0.2.7 - ann {TIME} \"GET /a HTTP/1.1\" 200 5 \"-\" \"x \\\"y\\\"\"");
    let want = format!(
        "{READ} client=192.0.2.7 user=ann method=GET target=/a protocol=HTTP/1.1 status=200 bytes=5 agent=x \\\"y\\\""
    );
    for format in [
        r#"LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined"#,
        r#"  logformat   "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\""  "#,
        r#"LogFormat '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"' my-log.2"#,
        r#""%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined"#,
        r#""%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"""#,
        r#"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\""#,
        r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i""#,
        "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"\n",
    ] {
        table.row(format, &shown(format, &line), &want);
    }
    // A bare string whose first field is in quotes.
    let line = format!("\"192.0.2.1, 10.0.0.1\" {TIME} \"GET /a HTTP/1.1\" 200 5");
    let want = format!(
        "{READ} client=192.0.2.1 method=GET target=/a protocol=HTTP/1.1 status=200 bytes=5"
    );
    for format in [
        r#""%{X-Forwarded-For}i" %t "%r" %>s %b"#,
        r#"LogFormat "\"%{X-Forwarded-For}i\" %t \"%r\" %>s %b" xff"#,
    ] {
        table.row(format, &shown(format, &line), &want);
    }
    assert_eq!(
        shown(
            r"%h\t%{%d/%b/%Y:%T %z}t\t%s",
            "192.0.2.7\t10/Oct/2000:13:55:36 -0700\t200"
        ),
        format!("{READ} client=192.0.2.7 status=200")
    );
}

#[test]
fn times_are_read_in_their_common_forms() {
    let mut table = Table::default();
    for (format, text) in [
        ("%t", "[10/Oct/2000:13:55:36 -0700]"),
        ("%{begin:%s}t", "971211336"),
        ("%{end:%s}t", "971211336"),
        ("%{%s}t", "971211336"),
        ("%{sec}t", "971211336"),
        ("%{end:sec}t", "971211336"),
        ("%{msec}t", "971211336123"),
        ("%{usec}t", "971211336123456"),
        ("%{end:msec}t", "971211336123"),
        ("%{sec}t.%{msec_frac}t", "971211336.123"),
        ("%{sec}t.%{usec_frac}t", "971211336.123456"),
        (
            "[%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t]",
            "[10/Oct/2000 13:55:36.123 -0700]",
        ),
        (
            "[%{%d/%b/%Y:%H:%M:%S}t.%{usec_frac}t %{%z}t]",
            "[10/Oct/2000:13:55:36.123456 -0700]",
        ),
        ("%{%Y-%m-%dT%H:%M:%S%z}t", "2000-10-10T13:55:36-0700"),
        ("%{%FT%T%z}t", "2000-10-10T13:55:36-0700"),
        ("%{%Y-%m-%d %T}t.%{msec_frac}t", "2000-10-10 20:55:36.123"),
        ("%{%Y%m%d%H%M%S}t", "20001010205536"),
        ("%{%a %b %e %T %Y}t", "Tue Oct 10 20:55:36 2000"),
        ("%{%c}t", "Tue Oct 10 20:55:36 2000"),
        ("%{%x %X}t", "10/10/00 20:55:36"),
        ("%{%x %r}t", "10/10/00 08:55:36 PM"),
        ("%{%d/%b/%Y:%I:%M:%S %p}t", "10/Oct/2000:08:55:36 PM"),
        ("%{%D %R:%S}t", "10/10/00 20:55:36"),
        (
            "[%{%d/%b/%Y:%T}t|5%|%{%z}t]",
            "[10/Oct/2000:13:55:36|5%|-0700]",
        ),
    ] {
        let line = format!("a.example {text} 200");
        let want = format!("{READ} client=a.example status=200");
        let format = format!("%h {} %>s", format.replace("5%", "5%%"));
        table.row(&format, &shown(&format, &line), &want);
    }
}

#[test]
fn a_day_may_be_padded() {
    for (format, text) in [
        ("%{%c}t", "Sun Oct  1 20:55:36 2000"),
        ("%{%d/%b/%Y:%T}t", "01/Oct/2000:20:55:36"),
        ("[%{%e %b %Y %k:%M:%S}t]", "[ 1 Oct 2000 20:55:36]"),
    ] {
        let found = shown(&format!("{format} %s"), format!("{text} 200"));
        assert_eq!(found, "970433736 status=200", "{format}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_the_byte_and_the_reason() {
    let mut table = Table::default();
    for (format, want) in [
        (
            "%t %h",
            "neither a request nor a status in this format: nothing to count, at byte 3",
        ),
        (
            "%t %h%u %r",
            "nothing separates this field from the next, at byte 3",
        ),
        (
            r#"LogFormat "%t \"%r\" %h%u" x"#,
            "nothing separates this field from the next, at byte 21",
        ),
        (
            "%t %Z %r",
            "unknown directive '%Z' (see LOG FORMATS in httpmon(1)), at byte 3",
        ),
        (
            r#"LogFormat "%t \"%r\" %Z" x"#,
            "unknown directive '%Z' (see LOG FORMATS in httpmon(1)), at byte 21",
        ),
        ("%t %r %{User-Agent", "a '{' without its '}', at byte 6"),
        (
            "%t %r %",
            "a '%' with no directive behind it (a percent sign is %%), at byte 6",
        ),
        (
            "%t %r %200",
            "a '%' with no directive behind it (a percent sign is %%), at byte 6",
        ),
        (
            "%t %r %^xx",
            "unknown directive '%^' (%{Name}^ti, %{Name}^to), at byte 6",
        ),
        ("%r %{h}T %t", "unknown unit 'h' (ms, us, s), at byte 3"),
        ("%r %{}t", "an empty pattern of the time, at byte 3"),
        (
            "%r %{%Y-%m-%d}t",
            "this time has no date, no time of day to the second, or a part that cannot be read, at byte 3",
        ),
        (
            "%r %{%T}t",
            "this time has no date, no time of day to the second, or a part that cannot be read, at byte 3",
        ),
        (
            "%{%F}t %r %{%T}t",
            "another field stands between the parts of the time, at byte 7",
        ),
        (
            "%t %é",
            "unknown directive '%é' (see LOG FORMATS in httpmon(1)), at byte 3",
        ),
    ] {
        table.row(format, &refused(format), want);
    }
}

#[test]
fn servers_of_java_write_milliseconds_and_the_time_of_the_end() {
    let mut table = Table::default();
    let time = "[10/Oct/2000:13:55:36 -0700]";
    for (format, line, want) in [
        (
            r#"tomcat: %h %l %u %t "%r" %s %b %D"#,
            format!(r#"192.0.2.7 - - {time} "GET / HTTP/1.1" 200 612 41"#),
            " client=192.0.2.7 method=GET target=/ protocol=HTTP/1.1 status=200 bytes=612 us=41000",
        ),
        (
            r#"WildFly:%h %t "%r" %s %D %I"#,
            format!(r#"192.0.2.7 {time} "GET /a HTTP/1.1" 200 1500 default task-1"#),
            " client=192.0.2.7 method=GET target=/a protocol=HTTP/1.1 status=200 us=1500000",
        ),
        (
            r#"undertow: %h %t "%r" %s "%{i,User-Agent}" "%{i,Referer}" %{o,X-Id} %D"#,
            format!(r#"192.0.2.7 {time} "GET / HTTP/1.1" 404 "curl/8" "r" 7f 3"#),
            " client=192.0.2.7 method=GET target=/ protocol=HTTP/1.1 status=404 referrer=r agent=curl/8 us=3000",
        ),
        (
            r#"tomcat: %h %t "%r" %s %{user}r %{id}s %{sid}c %F %S %D %T"#,
            format!(r#"192.0.2.7 {time} "GET / HTTP/1.1" 200 ann 5 x 7 A1 12 0.012"#),
            " client=192.0.2.7 method=GET target=/ protocol=HTTP/1.1 status=200 us=12000",
        ),
    ] {
        table.row(&line, &shown(format, &line), &format!("{READ}{want}"));
    }
    for format in [
        "tomcat: %h",
        "tomcat:",
        "undertow: %h %t %{i,",
        "tomcat: %t %r %{x}",
        "tomcat: %t %r %",
    ] {
        assert!(super::super::Choice::parse(format).is_err(), "{format}");
    }
    let start = |format: &str| {
        super::parse_java(format).map(|own| own.steps[0] == crate::format::step::Step::Start)
    };
    assert_eq!(start("%t %r %D"), Ok(false));
    assert_eq!(start("%{begin:%s}t %r %D"), Ok(true));
    assert_eq!(
        super::parse("%t %r %D").map(|own| own.steps[0] == crate::format::step::Step::Start),
        Ok(true)
    );
}
