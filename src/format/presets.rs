//! Formats that are a server's own format string: a row each.

use super::{Format, FormatSource};

const fn row(
    name: &'static str,
    about: &'static str,
    string: &'static str,
    sample: &'static str,
) -> Format {
    Format {
        name,
        about,
        sample,
        begins: |_| true,
        source: FormatSource::String(string),
    }
}

/// The rows. Those that are Apache's strings bear the start of a request (`%t` of mod_log_config, Traefik's "start
/// time", Jetty's and varnishncsa's "time when the request was received") unless they have `%{end:…}t`; nginx's
/// variables are of the end.
pub(super) const PRESETS: [Format; 16] = [
    row(
        "nginx",
        "the main format of nginx: combined and $http_x_forwarded_for",
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for""#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/2.0" 200 612 "-" "Mozilla/5.0" "198.51.100.4, 10.0.0.1""#,
    ),
    row(
        "nginx_timed",
        "combined with nginx's $request_time and $upstream_response_time",
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time"#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/2.0" 200 612 "-" "Mozilla/5.0" 0.123 0.100, 0.020"#,
    ),
    row(
        "ingress",
        "the ingress controller of Kubernetes, ingress-nginx",
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/2.0" 200 612 "-" "Mozilla/5.0" 462 0.050 [shop-web-80] [] 10.0.50.80:80 612 0.049 200 752178adb17130b2"#,
    ),
    row(
        "apache_us",
        "combined with Apache's %D, the duration in microseconds",
        r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D"#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0" 50123"#,
    ),
    row(
        "apache_s",
        "combined with Apache's %T, the duration in seconds",
        r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %T"#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0" 2"#,
    ),
    row(
        "quoted_combined",
        "combined in an extra pair of quotes, as some exporters of CSV leave it",
        r#"\"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"\""#,
        r#""192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0"""#,
    ),
    row(
        "tomcat",
        "Tomcat's AccessLogValve, pattern common",
        r#"%h %l %u %t "%r" %s %b"#,
        r#"192.0.2.7 - ann [10/Oct/2025:13:55:36 +0000] "POST /app/login HTTP/1.1" 302 112"#,
    ),
    row(
        "jetty",
        "Jetty's extended NCSA log",
        r#"%h %l %u %t "%r" %s %O "%{Referer}i" "%{User-Agent}i""#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 10701 "-" "curl/8.5""#,
    ),
    row(
        "lighttpd",
        "the default of lighttpd: the virtual host in the place of the ident",
        r#"%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
        r#"192.0.2.7 www.example.com - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.5""#,
    ),
    row(
        "gunicorn",
        "the default of Gunicorn",
        r#"%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-Agent}i""#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /health HTTP/1.1" 200 15 "-" "kube-probe/1.29""#,
    ),
    row(
        "varnish",
        "the default of varnishncsa",
        r#"%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i""#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET http://www.example.com/test HTTP/1.1" 404 273 "-" "curl/8.5""#,
    ),
    row(
        "traefik",
        "Traefik's default (CLF)",
        r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %{count}n "%{router}n" "%{server}n" %{ms}Tms"#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 414 "-" "-" 500 "web@docker" "http://172.17.0.3:80" 12ms"#,
    ),
    row(
        "ionos",
        "IONOS: the virtual host after the bytes",
        r#"%h %l %u %t "%r" %>s %b %v "%{Referer}i" "%{User-Agent}i" "%{X-Forwarded-For}i""#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 612 www.example.com "-" "Mozilla/5.0" "-""#,
    ),
    row(
        "ovh",
        "OVH: the virtual host in the place of the ident",
        r#"%h %v %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
        r#"192.0.2.7 www.example.com - [10/Oct/2025:13:55:36 +0200] "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0""#,
    ),
    row(
        "gandi",
        "Gandi: the virtual host first, and a remark in parentheses after the time",
        r#"%v %h %l %u %t (%{remark}n) "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
        r#"www.example.com 192.0.2.7 - - [10/Oct/2025:13:55:36 +0200] (0 s) "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0""#,
    ),
    // src/logging.c: the time is that at which the listener has left.
    row(
        "icecast",
        "Icecast: combined and how long the listener stayed, in seconds",
        r#"%h %l %u [%{end:%d/%b/%Y:%H:%M:%S %z}t] "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %T"#,
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /radio.mp3 HTTP/1.0" 200 3451234 "-" "VLC/3.0" 215"#,
    ),
];

const fn json(name: &'static str, about: &'static str, sample: &'static str) -> Format {
    Format {
        name,
        about,
        sample,
        begins: |_| true,
        source: FormatSource::Json,
    }
}

/// Formats that are JSON lines: one reader for all, which knows their keys.
pub(super) const JSON: [Format; 16] = [
    json(
        "json",
        "JSON lines with any of the usual keys; json: field=key … names others",
        r#"{"time":"2025-10-10T13:55:36Z","remote_addr":"192.0.2.7","request":"GET / HTTP/1.1","status":200,"bytes":612}"#,
    ),
    json(
        "caddy",
        "Caddy's access log",
        r#"{"level":"info","ts":1760129736.6,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.7","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET","host":"www.example.com","uri":"/res/a.css","headers":{"User-Agent":["curl/8.5"]}},"duration":0.0007,"size":446,"status":200}"#,
    ),
    json(
        "traefik_json",
        "Traefik, format json",
        r#"{"ClientHost":"192.0.2.7","ClientUsername":"-","DownstreamContentSize":612,"DownstreamStatus":200,"Duration":2337877,"RequestHost":"www.example.com","RequestMethod":"GET","RequestPath":"/","RequestProtocol":"HTTP/2.0","StartUTC":"2025-10-10T13:55:36.759Z","time":"2025-10-10T13:55:36Z"}"#,
    ),
    json(
        "nginx_json",
        "JSON of nginx (escape=json), with the names of its variables as keys",
        r#"{"time_iso8601":"2025-10-10T13:55:36+02:00","remote_addr":"192.0.2.7","request":"GET / HTTP/1.1","status":"200","body_bytes_sent":"612","request_time":"0.005","http_user_agent":"curl/8.5"}"#,
    ),
    json(
        "envoy_json",
        "JSON of Envoy",
        r#"{":authority":"www.example.com","bytes_sent":612,"downstream_remote_address":"192.0.2.7:59292","duration":11,"method":"GET","protocol":"HTTP/2","response_code":200,"start_time":"2025-10-10T13:55:36.479Z","x-envoy-origin-path":"/"}"#,
    ),
    json(
        "cloudflare",
        "Cloudflare Logpush, HTTP requests",
        r#"{"ClientIP":"192.0.2.7","ClientRequestHost":"www.example.com","ClientRequestMethod":"GET","ClientRequestURI":"/","EdgeStartTimestamp":1760129736100000000,"EdgeResponseBytes":612,"EdgeResponseStatus":200,"CacheCacheStatus":"hit"}"#,
    ),
    json(
        "fastly",
        "Fastly, JSON as in its documentation",
        r#"{"timestamp":"2025-10-10T13:55:36+0000","client_ip":"192.0.2.7","host":"www.example.com","request_method":"GET","url":"/","request_protocol":"HTTP/2","response_status":200,"response_body_size":612,"request_user_agent":"curl/8.5","time_elapsed":1234}"#,
    ),
    json(
        "gcp",
        "Google Cloud load balancer",
        r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://www.example.com/","status":200,"responseSize":"612","remoteIp":"192.0.2.7","latency":"0.012s","userAgent":"curl/8.5"},"timestamp":"2025-10-10T13:55:36.123456Z"}"#,
    ),
    json(
        "kong",
        "Kong's http-log and file-log",
        r#"{"started_at":1760104536759,"client_ip":"192.0.2.7","request":{"method":"GET","uri":"/a?b=c","size":75,"headers":{"host":"www.example.com","user-agent":"curl/8.5"}},"response":{"status":200,"size":434},"latencies":{"request":515,"kong":58,"proxy":457}}"#,
    ),
    json(
        "ecs",
        "the fields of Elastic's Common Schema and of OpenTelemetry, nested or with dots",
        r#"{"@timestamp":"2025-10-10T13:55:36.000Z","http":{"request":{"method":"GET"},"response":{"status_code":404,"body":{"bytes":12}}},"url":{"path":"/b","domain":"www.example.com"},"source":{"ip":"192.0.2.7"},"user_agent":{"original":"curl/8.5"},"event":{"duration":12000000}}"#,
    ),
    json(
        "pino",
        "pino-http and Fastify",
        r#"{"level":30,"time":1760104536759,"req":{"method":"GET","url":"/a?b=c","headers":{"host":"www.example.com","user-agent":"curl/8.5"},"remoteAddress":"192.0.2.7"},"res":{"statusCode":302},"responseTime":12,"msg":"request completed"}"#,
    ),
    json(
        "api_gateway",
        "Amazon API Gateway, JSON with the names of its variables",
        r#"{"requestId":"c6af9ac6","ip":"192.0.2.7","requestTime":"10/Oct/2025:13:55:36 +0000","httpMethod":"GET","resourcePath":"/items","status":"200","protocol":"HTTP/1.1","responseLength":"1234"}"#,
    ),
    json(
        "echo",
        "Echo's logger",
        r#"{"time":"2025-10-10T13:55:36.123456789Z","remote_ip":"192.0.2.7","host":"www.example.com","method":"GET","uri":"/a?b=c","user_agent":"curl/8.5","status":200,"latency":123456789,"latency_human":"123.456789ms","bytes_in":0,"bytes_out":612}"#,
    ),
    json(
        "logfmt",
        "logfmt with any of the usual names: Grafana, Traefik, lograge",
        r#"time="2025-10-10T13:55:36Z" level=info msg=handled method=GET path="/a b" status=200 duration=3.120958ms size=612 remote_addr=192.0.2.7"#,
    ),
    json(
        "ltsv",
        "LTSV with the labels of its own list",
        "time:10/Oct/2025:13:55:36 +0000\thost:192.0.2.7\treq:GET /a?b=c HTTP/1.1\tstatus:200\tsize:612\tua:curl/8.5\treqtime:0.012\tvhost:www.example.com",
    ),
    json(
        "heroku",
        "Heroku's router",
        r#"2025-10-10T13:55:36+00:00 heroku[router]: at=info method=GET path="/" host=myapp.example.com fwd="192.0.2.7" dyno=web.1 connect=1ms service=18ms status=200 bytes=13"#,
    ),
];

const fn w3c(name: &'static str, about: &'static str, sample: &'static str) -> Format {
    Format {
        name,
        about,
        sample,
        begins: |_| true,
        source: FormatSource::W3c,
    }
}

/// Formats that are W3C extended logs: `#Fields` says what is where.
pub(super) const W3C: [Format; 6] = [
    w3c(
        "w3c",
        "the W3C extended log format: #Fields decides, and may change in mid-stream",
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes\n2025-10-10 13:55:36 192.0.2.7 GET /pages/create 200 2326",
    ),
    w3c(
        "iis",
        "Microsoft IIS; without #Fields its default lists of fields",
        "2025-10-10 13:55:36 198.51.100.1 GET /robots.txt - 80 - 192.0.2.7 Mozilla/5.0+(compatible) - 404 0 2 283",
    ),
    w3c(
        "cloudfront",
        "Amazon CloudFront, tab-separated; without #Fields its own list of fields",
        "2025-10-10\t13:55:36\tFRA50-P2\t703\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tcurl/8.5\t-\t-\tHit\tabc==\twww.example.com\thttps\t62\t0.113",
    ),
    w3c(
        "shoutcast",
        "Shoutcast, W3C",
        "#Fields: c-ip c-dns date time cs-uri-stem c-status cs(User-Agent) sc-bytes x-duration avgbandwidth\n192.0.2.7 192.0.2.7 2025-10-10 13:55:36 /stream?title=x 200 WinampMPEG/5.0 242668 17 114196",
    ),
    w3c(
        "netscaler",
        "Citrix NetScaler, W3C",
        "#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n2025-10-10 13:55:36 192.0.2.7 - 198.51.100.1 443 GET /index.html - 200 Mozilla/5.0",
    ),
    w3c(
        "incapsula",
        "Imperva Incapsula, W3C with every value in quotes",
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)\n\"2025-10-10\" \"13:55:36\" \"192.0.2.7\" \"GET\" \"/index.html\" \"200\" \"Mozilla/5.0\"",
    ),
];
