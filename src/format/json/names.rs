//! The names that count, as data, and the trie of key paths that they make.

use super::super::short;
use super::super::unparsed::{DurationUnit, Field};

/// The names of many writers, best first for each field; `/` steps into an object. Keys are compared without case, `_`,
/// `-` and `.` where none is spelled as here, and `a.b` is `b` in `a`.
///
/// Sources: the documented logs of Caddy, Traefik, Envoy and Istio, Cloudflare, Fastly, Google Cloud, Kong (`http-log`),
/// Amazon API Gateway (`$context`), CloudFront (standard logging v2), Azure Application Gateway and Front Door, Akamai
/// DataStream 2, Netlify and Vercel log drains, Zeek's `http.log`, Suricata's `eve.json`; the field sets of Elastic (ECS)
/// and of OpenTelemetry's semantic conventions; `pino-http` and Fastify, express-winston, Echo, chi's `httplog`, slog-http, tower-http, lograge and
/// Rails' Semantic Logger, logstash's `COMBINEDAPACHELOG` and its encoder for Logback, Tomcat's `JsonAccessLogValve`, Filebeat's
/// modules, Fluentd's parsers, App Service's `AppServiceHTTPLogs`, klog's `httplog`; and what
/// people give nginx's variables for names.
pub(super) const NAMES: &[(Field, &str)] = &[
    // Those of the start are in STARTS.
    (
        Field::Time,
        "ts time StartUTC start_time EdgeStartTimestamp EdgeEndTimestamp timestamp @timestamp StartLocal time_iso8601 \
         time_local msec receiveTimestamp datetime date_time started_at reqTimeSec requestTimeEpoch proxy/timestamp \
         timereceived timelocal accesstime logtime eventtime t TimeGenerated request_time_local __REALTIME_TIMESTAMP timeUnixNano observedTimeUnixNano",
    ),
    // What a `time` without a date is completed with.
    (Field::Line, "date"),
    (
        Field::Status,
        "status_code response_code DownstreamStatus EdgeResponseStatus httpRequest/status http/response/status_code http/status_code attributes/http/response/status_code \
         attributes/http/status_code status response_status resp_status \
         response/status response/status_code http/status \
         res/status_code res/status proxy/status_code sc-status properties/httpStatus properties/httpStatusCode \
         http_status response fields/status \
         payload/status meta/res/statusCode httpResponse/status resp nginx/access/response_code \
         apache2/access/response_code apache/access/response_code server_status code",
    ),
    (
        Field::Method,
        "request/method RequestMethod method ClientRequestMethod httpRequest/requestMethod request_method verb \
         http/request/method http/method http/http_method req/method httpMethod reqMethod proxy/method cs-method \
         properties/httpMethod attributes/http/request/method attributes/http/method span/method payload/method \
         meta/req/method httpRequest/method nginx/access/method apache2/access/method apache/access/method",
    ),
    (
        Field::Target,
        "request/uri request/url request/path RequestPath x-envoy-origin-path path url ClientRequestURI \
         httpRequest/requestUrl request_uri :path uri request_path request_url url/original url/path req/url http/url \
         http/target proxy/path cs-uri-stem reqPath resourcePath properties/requestUri attributes/url/path \
         attributes/http/target attributes/http/route uri_path span/uri payload/path meta/req/originalUrl \
         meta/req/url httpRequest/path httpRequest/url nginx/access/url apache2/access/url apache/access/url http_path attributes/http/url attributes/url/original \
         requested_uri requested_url originalUrl target",
    ),
    (
        Field::Request,
        "request req requestline request_line http_request request/line request/requestLine routeKey",
    ),
    (
        Field::Bytes,
        "size DownstreamContentSize EdgeResponseBytes httpRequest/responseSize body_bytes_sent bytes_sent length \
         response_body_size bytes resp_body_size http/response/body/bytes http/response/body/size response/size \
         bytes_out responseLength response_body_len http/length sc-bytes properties/sentBytes properties/responseBytes \
         attributes/http/response/body/size rspContentLen totalBytes bytes_written response_size responseSize \
         http/response/bytes response/length res/headers/content-length httpResponse/bytes content_length \
         resp_bytes_length body_bytes response/bytes network/bytes_written attributes/network/bytes_written \
         http/response_content_length attributes/http/response_content_length proxy/responseByteSize nginx/access/body_sent/bytes apache2/access/body_sent/bytes",
    ),
    (
        Field::Client,
        "request/client_ip request/remote_ip request/remote_addr ClientHost ClientIP httpRequest/remoteIp client_ip ip \
         remote_addr downstream_remote_address remote_ip clientip client source/address source/ip client/ip \
         client/address req/remoteAddress req/ip request/ip src_ip id/orig_h c-ip cliIP proxy/client_ip sourceIp \
         identity/sourceIp properties/clientIP attributes/client/address clientaddr remoteaddress remotehost remote \
         httpRequest/remoteIP nginx/access/remote_ip apache2/access/remote_ip apache/access/remote_ip \
         network/client/ip attributes/network/client/ip http/client_ip attributes/http/client_ip attributes/net/peer/ip \
         attributes/source/address meta/req/ip meta/req/connection/remoteAddress requestContext/identity/sourceIp source_ip \
         caller_ip user_ip payload/remote_ip x_real_ip real_ip",
    ),
    // What is used for a client that is not given, and what --client forwarded walks.
    (
        Field::Forwarded,
        "x_forwarded_for http_x_forwarded_for request/headers/X-Forwarded-For req/headers/x-forwarded-for \
         request_X-Forwarded-For meta/req/headers/x-forwarded-for requestHeaders/X-Forwarded-For forwardedfor fwd \
         x_forward_for x_forwarded forwarded_for accessIpList xff headers/X-Forwarded-For",
    ),
    (
        Field::Host,
        "request/host RequestHost ClientRequestHost http_host proxy/host host :authority authority server_name vhost requested_host \
         request/hostname request/headers/host req/headers/host req/host http/hostname url/domain headers/host http/host attributes/http/host \
         server/address reqHost x-host-header cs(Host) properties/host properties/hostName attributes/server/address cs-host http_hostname virtual_host domain domainName \
         meta/req/headers/host RequestAddr",
    ),
    (
        Field::User,
        "user_id ClientUsername remote_user user uname username",
    ),
    (
        Field::Referrer,
        "request/headers/Referer ClientRequestReferer httpRequest/referer http_referer referer referrer request_Referer \
         http_referrer http/request/referrer req/headers/referer http/http_refer proxy/referer cs(Referer) \
         properties/referer requestHeaders/Referer meta/req/headers/referer nginx/access/referrer headers/Referer",
    ),
    (
        Field::Agent,
        "request/headers/User-Agent ClientRequestUserAgent httpRequest/userAgent http_user_agent user_agent \
         request_User-Agent agent user_agent/original req/headers/user-agent http/http_user_agent proxy/user_agent \
         cs(User-Agent) properties/userAgent attributes/user_agent/original ua requestHeaders/User-Agent \
         meta/req/headers/user-agent nginx/access/agent apache2/access/agent headers/User-Agent http/user_agent attributes/http/useragent attributes/http/user_agent",
    ),
    (
        Field::Protocol,
        "request/proto RequestProtocol ClientRequestProtocol httpRequest/protocol protocol server_protocol \
         request_protocol http_version request_proto http/protocol cs-protocol-version span/version \
         httpRequest/proto http_proto",
    ),
    (
        Field::Duration(DurationUnit::Nanoseconds),
        "Duration event/duration duration_ns latency_ns elapsed_ns response_time_ns duration_nanos latency_nanos",
    ),
    // Echo writes whole nanoseconds, others seconds with decimals.
    (
        Field::Duration(DurationUnit::WholeNanoseconds),
        "latency response/latency",
    ),
    (
        Field::Duration(DurationUnit::Written),
        "httpRequest/latency fields/latency",
    ),
    (
        Field::Duration(DurationUnit::Seconds),
        "request_time reqtime request_duration duration_s latency_s duration_seconds elapsed_s latency_seconds \
         elapsed_seconds response_time_s response_time_seconds request_time_seconds request_duration_seconds",
    ),
    (
        Field::Duration(DurationUnit::Microseconds),
        "time_elapsed duration_us latency_us elapsed_us reqtime_microsec response_time_us request_time_us \
         time_taken_us duration_micros latency_micros",
    ),
    (
        Field::Duration(DurationUnit::Milliseconds),
        "duration_ms latency_ms EdgeTimeToFirstByteMs latencies/request responseTime responseLatency time_ms elapsed_ms \
         response_time_ms request_time_ms took_ms transferTimeMSec resp_elapsed_ms httpResponse/elapsed \
         meta/responseTime time_taken_ms request_duration_ms total_time_ms process_time_ms \
         processing_time_ms duration_millis latency_millis",
    ),
    // Caddy, CloudFront and Application Gateway v2 write seconds with decimals; Envoy, IIS and Application Gateway v1 whole
    // milliseconds.
    (
        Field::Duration(DurationUnit::WholeMilliseconds),
        "duration attributes/duration response_time elapsed service time-taken timetaken properties/timeTaken elapsed_time took",
    ),
    // What says who the writer is: see `WRITERS`.
    (
        Field::Skipped,
        "ddtags ddsource controller apisix_latency logicalUserName fastly_is_edge fastly_server requestTime",
    ),
    (
        Field::Cache,
        "CacheCacheStatus upstream_cache_status cache_status fastly_cache_status cache x-edge-result-type",
    ),
];

/// A writer who means something else by a usual key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// lograge: its `duration` is in milliseconds, with decimals or without.
    Rails,
    /// APISIX: its `latency` is in milliseconds (`apisix/utils/log-util.lua`).
    Apisix,
    /// Tomcat's `JsonAccessLogValve`: its `host` is the client.
    Tomcat,
    /// Fastly: its `timestamp` is `time.start`, "the time the request started".
    Fastly,
    /// Datadog: "a duration of any kind in nanoseconds" (its standard attributes).
    Datadog,
    /// Amazon's API Gateway: its `requestTime` is a time, where nginx's variable of this name is a duration.
    ApiGateway,
}

/// The key that only this writer has.
pub(super) const WRITERS: [(&str, Writer); 8] = [
    ("ddtags", Writer::Datadog),
    ("ddsource", Writer::Datadog),
    ("controller", Writer::Rails),
    ("apisix_latency", Writer::Apisix),
    ("logicalUserName", Writer::Tomcat),
    ("fastly_is_edge", Writer::Fastly),
    ("fastly_server", Writer::Fastly),
    ("requestTime", Writer::ApiGateway),
];

/// Where the client is in Datadog's logs, and in no others: its attributes may come without those of its agent.
pub(super) const OF_DATADOG: [&str; 2] = ["network/client/ip", "attributes/network/client/ip"];

/// What the labels of LTSV mean by its own list (ltsv.org), where that differs from the names above.
pub(super) const LTSV: &[(Field, &str)] = &[
    (Field::Client, "host"),
    (Field::Host, "vhost"),
    (Field::Request, "req"),
    (Field::Duration(DurationUnit::Seconds), "reqtime"),
];

/// Keys whose time is that of the request's start: Traefik's `StartUTC` and `StartLocal` ("when request processing
/// started"), Envoy's `%START_TIME%` under the key of its default and Istio's ("request start time"), Cloudflare's
/// `EdgeStartTimestamp` ("when the edge received the request"), Kong's `started_at`
/// ("when the request started to be processed"), Akamai's `reqTimeSec` ("when the edge server accepted the request"), Amazon API
/// Gateway's `requestTime` and `requestTimeEpoch` (which its mapping templates have while the request is still to be answered).
/// The others are written as a request ends: Traefik's own `time`, Caddy's `ts`, nginx's variables.
const STARTS: [&str; 7] = [
    "StartUTC",
    "StartLocal",
    "start_time",
    "EdgeStartTimestamp",
    "started_at",
    "reqTimeSec",
    "requestTimeEpoch",
];

/// The field of a time under a key of this name.
pub(super) fn time(name: &str) -> Field {
    if STARTS.contains(&name) {
        Field::Start
    } else {
        Field::Time
    }
}

/// What a field is called in a mapping.
pub const FIELDS: &[(&str, Field)] = &[
    ("time", Field::Time),
    ("start", Field::Start),
    ("status", Field::Status),
    ("path", Field::Target),
    ("method", Field::Method),
    ("protocol", Field::Protocol),
    ("request", Field::Request),
    ("client", Field::Client),
    ("host", Field::Host),
    ("user", Field::User),
    ("bytes", Field::Bytes),
    ("referrer", Field::Referrer),
    ("agent", Field::Agent),
    ("cache", Field::Cache),
    ("duration_s", Field::Duration(DurationUnit::Seconds)),
    ("duration_ms", Field::Duration(DurationUnit::Milliseconds)),
    ("duration_us", Field::Duration(DurationUnit::Microseconds)),
    ("duration_ns", Field::Duration(DurationUnit::Nanoseconds)),
];

/// Where the date is of a time that has none.
pub(super) const DATE: usize = 14;

/// The fields of a record that a JSON line can give, as places in an array.
pub(super) const SLOTS: usize = 17;

pub(in super::super) const fn slot(field: Field) -> usize {
    match field {
        Field::Time | Field::Start => 0,
        Field::Status => 1,
        Field::Method => 2,
        Field::Target => 3,
        Field::Request => 4,
        Field::Bytes => 5,
        Field::Client => 6,
        Field::Host => 7,
        Field::User => 8,
        Field::Referrer => 9,
        Field::Agent => 10,
        Field::Protocol => 11,
        Field::Duration(_) => 12,
        Field::Cache => 13,
        Field::Skipped => 15,
        Field::Forwarded => 16,
        // The date of a time that has none.
        Field::Line => DATE,
    }
}

/// Names fall into so many buckets.
const BUCKETS: usize = 256;

/// Where a name falls, by its length and its first and last byte; of three hundred names about one in each.
/// (By the length alone five names of a bucket were looked at for a key.)
#[inline]
fn bucket(name: &[u8]) -> Option<usize> {
    let (first, last) = (usize::from(*name.first()?), usize::from(*name.last()?));
    Some((name.len() * 17 + first * 5 + last) % BUCKETS)
}

#[derive(Debug, Clone, Default)]
pub(super) struct NameNode {
    pub(super) name: Box<[u8]>,
    pub(super) field: Option<(Field, u16)>,
    /// Sorted by the [`bucket`] of their names, none of which is empty.
    pub(super) children: Vec<NameNode>,
    /// Where those of each bucket begin, up to one past the last; none without children.
    pub(super) starts: Vec<u16>,
    /// The places of the children by what is left of their names without case, `_`, `-` and `.`, sorted.
    normal: Vec<(Box<[u8]>, u16)>,
    /// Its number in the tree, from 1.
    id: u32,
}

/// What the keys were that are not spelled as in the table: they come with every line.
#[derive(Debug, Clone, Default)]
pub(super) struct Memo(Vec<Option<LastKey>>);

#[derive(Debug, Clone)]
struct LastKey {
    node: u32,
    name: Box<[u8]>,
    child: Option<u16>,
}

/// Keys that are remembered.
const REMEMBERED: usize = 256;
/// Longer keys are no names.
const LONGEST: usize = 64;

/// A name without case, `_`, `-` and `.`.
fn normal(name: &[u8]) -> Box<[u8]> {
    let kept = name.iter().filter(|b| !matches!(b, b'_' | b'-' | b'.'));
    kept.map(u8::to_ascii_lowercase).collect()
}

impl NameNode {
    #[inline(always)]
    pub(super) fn child(&self, name: &[u8]) -> Option<&NameNode> {
        let bucket = bucket(name)?;
        let (from, to) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        self.children[usize::from(from)..usize::from(to)]
            .iter()
            .find(|node| short::same(&node.name, name))
    }

    /// The child of this name, however it is spelled.
    #[inline(always)]
    pub(super) fn find<'n>(&'n self, name: &[u8], memo: &mut Memo) -> Option<&'n NameNode> {
        match self.child(name) {
            None => self.find_normal(name, memo),
            child => child,
        }
    }

    #[inline(never)]
    fn find_normal<'n>(&'n self, name: &[u8], memo: &mut Memo) -> Option<&'n NameNode> {
        if self.children.is_empty() || name.len() > LONGEST {
            return None;
        }
        let place = (bucket(name)? + self.id as usize * 7) % REMEMBERED;
        if let Some(Some(known)) = memo.0.get(place)
            && known.node == self.id
            && short::same(&known.name, name)
        {
            return known.child.map(|child| &self.children[usize::from(child)]);
        }
        if let Some(dot) = name.iter().position(|&b| b == b'.')
            && let Some(child) = self.find(&name[..dot], memo)
            && let Some(found) = child.find(&name[dot + 1..], memo)
        {
            return Some(found);
        }
        let key = normal(name);
        let found = self.normal.binary_search_by(|(known, _)| known.cmp(&key));
        let child = found.ok().map(|found| self.normal[found].1);
        if memo.0.is_empty() {
            memo.0.resize(REMEMBERED, None);
        }
        memo.0[place] = Some(LastKey {
            node: self.id,
            name: name.into(),
            child,
        });
        child.map(|child| &self.children[usize::from(child)])
    }

    /// Notes where the children of each bucket begin, once all are in their places; `next` is the next free number.
    pub(super) fn index(&mut self, next: &mut u32) {
        *next += 1;
        self.id = *next;
        let names = self.children.iter().zip(0..);
        self.normal = names.map(|(node, at)| (normal(&node.name), at)).collect();
        // Of names that differ in case only, the one in small letters is taken for other spellings.
        let small = |at: u16| {
            !self.children[usize::from(at)]
                .name
                .iter()
                .any(u8::is_ascii_uppercase)
        };
        self.normal
            .sort_by(|a, b| a.0.cmp(&b.0).then(small(b.1).cmp(&small(a.1))));
        self.normal.dedup_by(|later, first| later.0 == first.0);
        if !self.children.is_empty() {
            let mut starts = vec![0u16; BUCKETS + 1];
            for bucket in self.children.iter().filter_map(|node| bucket(&node.name)) {
                starts[bucket + 1] += 1;
            }
            for at in 0..BUCKETS {
                starts[at + 1] += starts[at];
            }
            self.starts = starts;
        }
        self.children.iter_mut().for_each(|child| child.index(next));
    }

    pub(super) fn insert(&mut self, path: &[&str], field: Field, rank: u16) {
        let Some((name, rest)) = path.split_first() else {
            self.field = Some((field, rank));
            return;
        };
        let index = match self
            .children
            .iter()
            .position(|node| *node.name == *name.as_bytes())
        {
            Some(index) => index,
            None => {
                let index = self
                    .children
                    .partition_point(|node| bucket(&node.name) <= bucket(name.as_bytes()));
                self.children.insert(
                    index,
                    NameNode {
                        name: name.as_bytes().into(),
                        ..NameNode::default()
                    },
                );
                index
            }
        };
        self.children[index].insert(rest, field, rank);
    }
}
