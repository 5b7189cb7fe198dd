//! Formats that are written by a template: a name, and lines with `<words>` in the place of values.
//!
//! The last line is the one that repeats, those above it are the header. A `+` or `%` behind a word
//! says what becomes of its spaces. What is in every line is made up.

use super::super::timestamp::TimeForm;
use super::super::unparsed::DurationUnit;
use super::{Fit, Layout, LayoutPiece, LayoutValue, LineBuffer, MomentPart};

/// A time without its offset: in UTC.
const NAIVE: &[u8] = b"%d/%b/%Y:%H:%M:%S";

const MONTH_FIRST: &[u8] = b"%m/%d/%Y, %H:%M:%S";

/// Templates by the names of their formats.
static TEMPLATES: [(&str, &str); 35] = [
    (
        "ingress",
        r#"<client> - <user> [<clf>] "<request>" <status> <bytes> "<referrer>" "<agent>" 412 <s> [shop-web-80] [] 10.0.50.80:80 <bytes> <s> <status> 752178adb17130b2c35d30a97e1b2c4f"#,
    ),
    (
        "haproxy",
        r#"<client:bare_port> [<start:naive>.000] www~ backend/web1 0/0/1/<ms>/<ms> <status> <bytes> - - ---- 8/8/1/1/0 0/0 "<request>""#,
    ),
    (
        "squid",
        "<epoch>.000 <ms> <client> TCP_<cache>/<status> <bytes> <method> https://<host><target> <user> HIER_DIRECT/198.51.100.1 text/html",
    ),
    (
        "envoy",
        r#"[<start:iso>] "<request>" <status> - 0 <bytes> <ms> <ms> "<client>" "<agent>" "cc21d9b0-0000-4000-8000-000000000000" "<host>" "10.0.2.1:80""#,
    ),
    (
        "npm",
        r#"[<clf>] <cache> <status> <status> - <method> https <host> "<target>" [Client <client>] [Length <bytes>] [Gzip -] [Sent-to 10.0.0.15] "<agent>" "<referrer>""#,
    ),
    (
        "npmplus",
        r#"[<clf>] <host> <client> <s> "<request>" <status> <bytes> <bytes> "<agent>" "<referrer>""#,
    ),
    (
        "uwsgi",
        "[pid: 4711|app: 0|req: 1/1] <client> (<user>) {38 vars in 696 bytes} [<start:asctime>] <method> <target> => generated <bytes> bytes in <ms> msecs (<protocol> <status>) 9 headers in 378 bytes (1 switches on core 0)",
    ),
    (
        "s3",
        r#"79a59df900b949e5 example-bucket [<start:clf>] <client> <user> A1206F460EXAMPLE REST.<method>.OBJECT <path> "<request>" <status> - <bytes> <bytes> <ms> <ms> "<referrer>" "<agent>" -"#,
    ),
    (
        "elb",
        r#"<start:iso> my-loadbalancer <client:port> 10.0.0.1:80 0.000 <s> 0.000 <status> <status> 0 <bytes> "<method> https://<host>:443<target> <protocol>" "<agent>" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"#,
    ),
    (
        "alb",
        r#"https <iso> app/my-lb/50dc6c495c0c9188 <client:port> 10.0.0.1:80 0.000 <s> 0.000 <status> <status> 0 <bytes> "<method> https://<host>:443<target> <protocol>" "<agent>" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"#,
    ),
    (
        "w3c",
        "#Version: 1.0\n#Date: <date> <clock>\n#Fields: date time c-ip cs-username cs-method cs-uri-stem cs-uri-query cs-version sc-status sc-bytes time-taken cs(User-Agent) cs(Referer)\n\
         <date> <clock> <client> <user> <method> <path> <query> <protocol> <status> <bytes> <s> \"<agent>\" \"<referrer>\"",
    ),
    (
        "iis",
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: <date> <clock>\n\
         #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n\
         <date> <clock> 198.51.100.1 <method> <path> <query> 443 <user> <client> <agent+> <referrer> <status> 0 0 <bytes> 412 <ms>",
    ),
    (
        "cloudfront",
        "#Version: 1.0\n\
         #Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken\n\
         <date>\t<clock>\tFRA50-P2\t<bytes>\t<client>\t<method>\td111111abcdef8.cloudfront.net\t<path>\t<status>\t<referrer>\t<agent%>\t<query>\t-\t<cache>\tZm9vYmFy==\t<host>\thttps\t412\t<s>",
    ),
    (
        "shoutcast",
        "#Fields: c-ip c-dns date time cs-uri-stem c-status cs(User-Agent) sc-bytes x-duration avgbandwidth\n\
         <client> <client> <date> <clock> <target> <status> <agent+> <bytes> 17 114196",
    ),
    (
        "netscaler",
        "#Version: 1.0\n\
         #Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n\
         <date> <clock> <client> <user> 198.51.100.1 443 <method> <path> <query> <status> <agent+>",
    ),
    (
        "incapsula",
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)\n\
         \"<date>\" \"<clock>\" \"<client>\" \"<method>\" \"<path>\" \"<status>\" \"<agent>\"",
    ),
    (
        "json",
        r#"{"time":"<iso>","remote_addr":"<client>","remote_user":"<user>","host":"<host>","request":"<request>","status":<status>,"bytes":<bytes>,"request_time":<s>,"http_referer":"<referrer>","http_user_agent":"<agent>"}"#,
    ),
    (
        "caddy",
        r#"{"level":"info","ts":<epoch>,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"<client>","client_ip":"<client>","proto":"<protocol>","method":"<method>","host":"<host>","uri":"<target>","headers":{"User-Agent":["<agent>"],"Referer":["<referrer>"]}},"user_id":"<user>","duration":<s>,"size":<bytes>,"status":<status>}"#,
    ),
    (
        "traefik_json",
        r#"{"ClientHost":"<client>","ClientUsername":"<user>","DownstreamContentSize":<bytes>,"DownstreamStatus":<status>,"Duration":<ns>,"RequestHost":"<host>","RequestMethod":"<method>","RequestPath":"<target>","RequestProtocol":"<protocol>","StartUTC":"<start:iso>","request_Referer":"<referrer>","request_User-Agent":"<agent>","time":"<iso>"}"#,
    ),
    (
        "nginx_json",
        r#"{"time_iso8601":"<iso>","remote_addr":"<client>","remote_user":"<user>","request":"<request>","status":"<status>","body_bytes_sent":"<bytes>","request_time":"<s>","http_referer":"<referrer>","http_user_agent":"<agent>","upstream_cache_status":"<cache>"}"#,
    ),
    (
        "envoy_json",
        r#"{":authority":"<host>","bytes_sent":<bytes>,"downstream_remote_address":"<client:port>","duration":<ms>,"method":"<method>","protocol":"<protocol>","response_code":<status>,"start_time":"<start:iso>","user-agent":"<agent>","x-envoy-origin-path":"<target>"}"#,
    ),
    (
        "cloudflare",
        r#"{"ClientIP":"<client>","ClientRequestHost":"<host>","ClientRequestMethod":"<method>","ClientRequestURI":"<target>","ClientRequestProtocol":"<protocol>","ClientRequestReferer":"<referrer>","ClientRequestUserAgent":"<agent>","EdgeStartTimestamp":"<start:iso>","EdgeResponseBytes":<bytes>,"EdgeResponseStatus":<status>,"EdgeTimeToFirstByteMs":<ms>,"CacheCacheStatus":"<cache>"}"#,
    ),
    (
        "fastly",
        r#"{"timestamp":"<iso>","client_ip":"<client>","host":"<host>","request_method":"<method>","url":"<target>","request_protocol":"<protocol>","request_referer":"<referrer>","request_user_agent":"<agent>","response_status":<status>,"response_body_size":<bytes>,"time_elapsed":<us>,"fastly_cache_status":"<cache>"}"#,
    ),
    (
        "gcp",
        r#"{"httpRequest":{"requestMethod":"<method>","requestUrl":"https://<host><target>","status":<status>,"responseSize":"<bytes>","remoteIp":"<client>","latency":"<s>s","userAgent":"<agent>","referer":"<referrer>","protocol":"<protocol>"},"timestamp":"<iso>"}"#,
    ),
    (
        "kong",
        r#"{"started_at":<start:epoch>000,"client_ip":"<client>","request":{"method":"<method>","uri":"<target>","size":412,"headers":{"host":"<host>","user-agent":"<agent>","referer":"<referrer>"}},"response":{"status":<status>,"size":<bytes>},"latencies":{"request":<ms>,"kong":0,"proxy":<ms>}}"#,
    ),
    (
        "ecs",
        r#"{"@timestamp":"<iso>","http":{"request":{"method":"<method>","referrer":"<referrer>"},"response":{"status_code":<status>,"body":{"bytes":<bytes>}}},"url":{"original":"<target>","domain":"<host>"},"source":{"ip":"<client>"},"user_agent":{"original":"<agent>"},"event":{"duration":<ns>}}"#,
    ),
    (
        "pino",
        r#"{"level":30,"time":<epoch>000,"req":{"method":"<method>","url":"<target>","headers":{"host":"<host>","user-agent":"<agent>","referer":"<referrer>"},"remoteAddress":"<client>"},"res":{"statusCode":<status>},"responseTime":<ms>,"msg":"request completed"}"#,
    ),
    (
        "api_gateway",
        r#"{"requestId":"c6af9ac6","ip":"<client>","user":"<user>","requestTime":"<clf>","httpMethod":"<method>","resourcePath":"<path>","status":"<status>","protocol":"<protocol>","responseLength":"<bytes>"}"#,
    ),
    (
        "echo",
        r#"{"time":"<iso>","remote_ip":"<client>","host":"<host>","method":"<method>","uri":"<target>","user_agent":"<agent>","status":<status>,"latency":<ns>,"bytes_in":0,"bytes_out":<bytes>}"#,
    ),
    (
        "logfmt",
        r#"time="<iso>" level=info msg=handled method=<method> path="<target>" status=<status> duration=<ms>ms size=<bytes> remote_addr=<client> user="<user>" user_agent="<agent>" referer="<referrer>""#,
    ),
    (
        "ltsv",
        "time:<clf>\thost:<client>\tuser:<user>\treq:<request>\tstatus:<status>\tsize:<bytes>\treferer:<referrer>\tua:<agent>\treqtime:<s>\tvhost:<host>",
    ),
    (
        "heroku",
        r#"<iso> heroku[router]: at=info method=<method> path="<target>" host=<host> fwd="<client>" dyno=web.1 connect=1ms service=<ms>ms status=<status> bytes=<bytes>"#,
    ),
    (
        "csv",
        "\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n\
         \"<client>\",\"-\",\"<user>\",<epoch>,\"<request>\",<status>,<bytes>",
    ),
    (
        "gcs",
        "\"time_micros\",\"c_ip\",\"c_ip_type\",\"c_ip_region\",\"cs_method\",\"cs_uri\",\"sc_status\",\"cs_bytes\",\"sc_bytes\",\"time_taken_micros\",\"cs_host\",\"cs_referer\",\"cs_user_agent\",\"s_request_id\",\"cs_operation\",\"cs_bucket\",\"cs_object\"\n\
         \"<epoch>000000\",\"<client>\",\"1\",\"\",\"<method>\",\"<target>\",\"<status>\",\"0\",\"<bytes>\",\"<us>\",\"<host>\",\"<referrer>\",\"<agent>\",\"AHP1\",\"GET_Object\",\"bucket\",\"\"",
    ),
    (
        "iis_native",
        "<client>, <user+>, <month_first>, W3SVC1, SERVER, 198.51.100.1, <ms>, 0, <bytes>, <status>, 0, <method>, <path>, <query>,",
    ),
];

/// The template of a format.
pub(super) fn find(name: &str) -> Option<&'static str> {
    let row = TEMPLATES.iter().find(|(known, _)| *known == name);
    row.map(|(_, template)| *template)
}

/// The layout that a template describes.
pub(super) fn compile(template: &str) -> Layout {
    let (header, line) = template.rsplit_once('\n').unwrap_or(("", template));
    let header = match header {
        "" => Vec::new(),
        header => pieces(header),
    };
    Layout {
        header,
        line: pieces(line),
    }
}

fn pieces(template: &str) -> Vec<LayoutPiece> {
    let mut line = LineBuffer::default();
    for (i, part) in template.split('<').enumerate() {
        let (word, text) = match part.split_once('>') {
            Some((word, text)) if i > 0 => (word, text),
            _ => ("", part),
        };
        if !word.is_empty() {
            let (word, fit) = match word.as_bytes().last() {
                Some(b'+') => (&word[..word.len() - 1], Fit::Spaces("+")),
                Some(b'%') => (&word[..word.len() - 1], Fit::Spaces("%20")),
                _ => (word, Fit::AsIs),
            };
            line.pieces.push(LayoutPiece::Value(value(word), fit));
        }
        line.text(text.as_bytes());
    }
    line.text(b"\n");
    line.pieces
}

fn value(word: &str) -> LayoutValue {
    if let Some(form) = word.strip_prefix("start:") {
        return match value(form) {
            LayoutValue::Time(moment) => LayoutValue::Start(moment),
            _ => unreachable!("a template has <{form}> as a time"),
        };
    }
    match word {
        "client" => LayoutValue::Client,
        "client:port" => LayoutValue::ClientPort,
        "client:bare_port" => LayoutValue::ClientPortBare,
        "user" => LayoutValue::User,
        "host" => LayoutValue::Host,
        "method" => LayoutValue::Method,
        "target" => LayoutValue::Target,
        "path" => LayoutValue::Path,
        "query" => LayoutValue::Query,
        "protocol" => LayoutValue::Protocol,
        "request" => LayoutValue::Request,
        "referrer" => LayoutValue::Referrer,
        "agent" => LayoutValue::Agent,
        "cache" => LayoutValue::Cache,
        "status" => LayoutValue::Status,
        "bytes" => LayoutValue::Bytes,
        "s" => LayoutValue::Duration(DurationUnit::Seconds),
        "ms" => LayoutValue::Duration(DurationUnit::Milliseconds),
        "us" => LayoutValue::Duration(DurationUnit::Microseconds),
        "ns" => LayoutValue::Duration(DurationUnit::Nanoseconds),
        "clf" => LayoutValue::Time(MomentPart::Whole(TimeForm::Clf)),
        "naive" => LayoutValue::Time(MomentPart::Whole(TimeForm::Pattern(NAIVE.into()))),
        "month_first" => {
            LayoutValue::Time(MomentPart::Whole(TimeForm::Pattern(MONTH_FIRST.into())))
        }
        "iso" => LayoutValue::Time(MomentPart::Whole(TimeForm::Iso)),
        "epoch" => LayoutValue::Time(MomentPart::Whole(TimeForm::Epoch)),
        "asctime" => LayoutValue::Time(MomentPart::Whole(TimeForm::Asctime)),
        "date" => LayoutValue::Time(MomentPart::Date),
        "clock" => LayoutValue::Time(MomentPart::Clock),
        _ => unreachable!("a template names <{word}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_a_formats_and_compiles() {
        for (name, template) in TEMPLATES {
            assert!(crate::format::formats().any(|format| format.name == name));
            let layout = compile(template);
            let lines = layout
                .header
                .iter()
                .filter(|piece| matches!(piece, LayoutPiece::Text(text) if text.ends_with(b"\n")));
            assert!(layout.header.is_empty() || lines.count() > 0, "{name}");
        }
    }
}
