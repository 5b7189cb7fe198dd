//! The section LOG FORMATS: the table of formats, and below it what the formats have in common.

use super::prose::Paragraphs;
use super::roff::{Roff, bold};
use crate::cli::help::sentence;
use crate::format;

/// Writes what stands below the section's title.
pub(super) fn section(page: &mut Roff) {
    page.paragraphs(FORMATS);
    for format in format::formats() {
        page.item(&bold(format.name), &sentence(format.about));
        page.request("RS", &[]);
        page.example(&format.sample.lines().collect::<Vec<_>>());
        page.request("RE", &[]);
    }
    page.request("PP", &[]);
    page.paragraphs(RECORDS);
    for (title, paragraphs, command) in FORMATS_MORE {
        page.subsection(title);
        page.paragraphs(paragraphs);
        if !command.is_empty() {
            page.example(&[command]);
        }
    }
    // The last of them is on JSON.
    let names: Vec<String> = format::mapping_fields()
        .map(|name| format!("`{name}`"))
        .collect();
    page.request("PP", &[]);
    page.text(&format!("The fields: {}.", names.join(", ")));
    page.text(JSON_FIELDS);
}

const FORMATS: Paragraphs = &[
    "With --format `auto` each line is read by its own shape, so a stream may mix formats. The names, each with \
     a line in it:",
];

/// What is said of formats below the list of them: title, paragraphs, a command to copy.
const FORMATS_MORE: &[(&str, Paragraphs, &str)] = &[
    (
        "What auto cannot know",
        &[
            "Three things have no shape of their own. A bare integer behind the user agent may be microseconds or \
             seconds: auto takes it for no duration; `apache_us` and `apache_s` (`icecast`) do. A name in the place \
             of the ident is no host to auto; to `lighttpd` and `ovh` it is. A host behind the bytes hides referrer \
             and user agent from auto; `ionos` reads all three.",
            "Times without an offset, as those of uWSGI, HAProxy and the date-local of a W3C log, are in the zone of \
             --log-tz; of the hour that comes twice at the end of summer time, each is the one that is nearer to the \
             lines before it. Epoch times are in seconds, milli-, micro- or nanoseconds, told apart by size.",
            "Where none of the first 100 lines is a record, standard error says what the input looks like, which \
             format comes closest, and at which field and byte it fails. With --verbose it says which formats were \
             recognised.",
        ],
        "",
    ),
    (
        "Start and end",
        &[
            "A request counts in the second in which it ended. Most servers stamp a line with that time: nginx, Caddy, \
             Squid, lighttpd, Gunicorn, IIS and other W3C logs, CloudFront, the application load balancer. Others stamp \
             it with the time at which the request began: Apache (`%t`), Jetty, Varnish, Traefik, HAProxy, Envoy, uWSGI, \
             gorouter, S3, the classic load balancer. To theirs the duration is added where the line has one, fractions \
             included; without a duration, and with `--time stamp`, the stamp is taken as it stands. Apache's \
             `%{end:...}t` is of the end. In JSON, StartUTC, StartLocal, start_time and EdgeStartTimestamp are of the \
             start, and so is what a mapping calls `start` instead of `time`.",
            "auto adds a duration only to a stamp that its line shows to be of the start: a line of combined with \
             Traefik's `12ms` behind it, not one with nginx's `0.123` or with a bare integer.",
        ],
        "",
    ),
    (
        "Carriers",
        &[
            "What these put before a line is cut off, in every format, and their time is not used: syslog (RFC 3164 \
             with priority or without, RFC 5424, and with a time of RFC 3339), journalctl(1), `docker compose logs` \
             (`web-1  | `), the files of containers in Kubernetes (`2025-10-10T13:55:36.1Z stdout F `), and `kubectl \
             logs` with --prefix and --timestamps. A BOM is skipped.",
        ],
        "",
    ),
    (
        "Format strings",
        &[
            "Where F is no name, it is a format string of the server, as it stands in its configuration: of Apache a \
             `LogFormat`, of nginx a `log_format`, of HAProxy a `log-format`; the whole directive, its string, or what is in the quotes. In \
             the file that HTTPMON_CONFIG_PATH names, no quotes of a shell get in the way.",
            "These directives of Apache mean something: `%a`, `%h` (client), `%u`, `%t` and `%{...}t` in all forms, \
             `%r`, `%m`, `%U`, `%q`, `%H`, `%s`, `%>s`, `%b`, `%B`, `%O` (bytes), `%D`, `%T` and `%{ms}T` (duration), \
             `%v`, `%V`, `%{Host}i`, `%{Referer}i`, `%{User-Agent}i`, and, where there is no other client, \
             `%{X-Forwarded-For}i`.",
            "`tomcat:`, `wildfly:`, `undertow:` or `jboss:` before such a string says that a server of Java writes it: \
             `%D` is in milliseconds (Tomcat 10.1 and later have microseconds, as Apache does), `%t` is the time of \
             the request's end, and `%{i,User-Agent}` is a header.",
            "These variables of nginx do: $remote_addr, $realip_remote_addr, $proxy_protocol_addr, $remote_user, \
             $time_local, $time_iso8601, $msec, $request, $request_method, $request_uri, $uri, $args, \
             $server_protocol, $status, $body_bytes_sent, $bytes_sent, $request_time, $upstream_response_time, \
             $http_host, $host, $server_name, $http_referer, $http_user_agent, $upstream_cache_status, and, where \
             there is no other client, $http_x_forwarded_for. A string that writes JSON is read as JSON by its keys.",
            "All others are read over. Of two that mean the same the one that says more counts: `%>s` before `%<s`, \
             $request_time before $upstream_response_time. A string without a time, with neither request nor \
             status, with nothing between two fields to tell them apart, or with a directive that Apache does not have \
             is refused, with the byte and the reason.",
        ],
        "",
    ),
    (
        "W3C extended logs",
        &[
            "`#Fields` says what stands where, for each file, and may change in mid-stream; `#Date` gives the date of \
             lines with only a time. Values are separated by spaces, in quotes or not, or by tabs. Times are UTC, those of \
             date-local and time-local in the zone of --log-tz. time-taken is in milliseconds where `#Software` or \
             a field's name is that of Microsoft, of Blue Coat's SGOS or of EdgeCast, else in seconds. For date and time \
             an epoch or a time in brackets may stand (`timestamp`, `x-timestamp`, `localtime`). In a stream that begins below its `#Fields`, the default lists of IIS and \
             CloudFront are known by their shape; for others, give the list:",
        ],
        "tail -F u_ex.log | httpmon --format '#Fields: date time c-ip cs-method cs-uri-stem sc-status'",
    ),
    (
        "JSON",
        &[
            "A line that begins with { is JSON. Its fields are known by the keys that the servers above use, nested \
             or not; keys that are not known are read over. A status and a time it must have. Numbers may be in \
             quotes. `json: field=key ...` as F names others, with a dot for each step into an object:",
        ],
        "--format 'json: time=@timestamp status=resp.code path=req.url duration_ms=took'",
    ),
];

/// Below the fields that it can name.
const JSON_FIELDS: &str = "`path` is the whole target, query and all, `request` a request line. A field that is not \
     given keeps its usual keys. Of several keys for one field the first that has a value counts.";

const RECORDS: Paragraphs = &[
    "A line is a record if it has a time that exists and the shape of an entry. Every record is a hit. Where its \
     request is none (bytes of a TLS handshake, `-`, nothing at all) it is also counted as malformed, and has no \
     section, path, method or protocol. White space, lines that begin with `#`, the header of the CSV and \
     the `==> file <==` lines of tail(1) are skipped; the latter name the source. Anything else is unparsed.",
];
