//! The names that count, as data, and the trie of key paths that they make.

use super::super::short;
use super::super::unparsed::{Field, Unit};

/// The names that Caddy, Traefik, nginx, Envoy, Cloudflare, Fastly, Google Cloud and many set-ups of
/// others use, best first for each field; `/` steps into an object.
pub(super) const NAMES: &[(Field, &str)] = &[
    // Those of the start are in STARTS.
    (
        Field::Time,
        "ts time StartUTC start_time EdgeStartTimestamp EdgeEndTimestamp timestamp date @timestamp StartLocal \
         time_iso8601 time_local msec receiveTimestamp datetime",
    ),
    (
        Field::Status,
        "status DownstreamStatus response_code EdgeResponseStatus httpRequest/status response_status resp_status \
         status_code statusCode response/status http/response/status_code",
    ),
    (
        Field::Method,
        "request/method RequestMethod method ClientRequestMethod httpRequest/requestMethod request_method verb \
         http/request/method",
    ),
    (
        Field::Target,
        "request/uri RequestPath x-envoy-origin-path path url ClientRequestURI httpRequest/requestUrl request_uri :path \
         uri request_path url/original",
    ),
    (Field::Request, "request"),
    (
        Field::Bytes,
        "size DownstreamContentSize bytes_sent EdgeResponseBytes httpRequest/responseSize body_bytes_sent length \
         response_body_size bytes resp_body_size http/response/body/bytes",
    ),
    (
        Field::Client,
        "request/client_ip request/remote_ip request/remote_addr ClientHost ClientIP httpRequest/remoteIp client_ip ip \
         remote_addr downstream_remote_address remote_ip clientip client source/address",
    ),
    (
        Field::Host,
        "request/host RequestHost ClientRequestHost http_host host :authority authority server_name vhost requested_host",
    ),
    (Field::User, "user_id ClientUsername remote_user user"),
    (
        Field::Referrer,
        "request/headers/Referer ClientRequestReferer httpRequest/referer http_referer referer referrer \
         request_Referer request_referer",
    ),
    (
        Field::Agent,
        "request/headers/User-Agent ClientRequestUserAgent httpRequest/userAgent http_user_agent user_agent user-agent \
         request_User-Agent request_user_agent agent",
    ),
    (
        Field::Protocol,
        "request/proto RequestProtocol ClientRequestProtocol httpRequest/protocol protocol server_protocol \
         request_protocol http_version",
    ),
    (Field::Duration(Unit::Nanoseconds), "Duration"),
    (Field::Duration(Unit::Written), "httpRequest/latency"),
    (Field::Duration(Unit::Seconds), "request_time"),
    (
        Field::Duration(Unit::Microseconds),
        "time_elapsed duration_us",
    ),
    (
        Field::Duration(Unit::Milliseconds),
        "duration_ms latency_ms EdgeTimeToFirstByteMs",
    ),
    // Caddy writes seconds with decimals, Envoy whole milliseconds.
    (Field::Duration(Unit::WholeMilliseconds), "duration"),
    (
        Field::Cache,
        "CacheCacheStatus upstream_cache_status cache_status fastly_cache_status cache",
    ),
];

/// Keys whose time is that of the request's start: Traefik's `StartUTC` and `StartLocal` ("when request processing
/// started"), Envoy's `%START_TIME%` under the key of its default and Istio's ("request start time"), Cloudflare's
/// `EdgeStartTimestamp` ("when the edge received the request"). The others are written as a request ends: Traefik's own
/// `time`, Caddy's `ts`, nginx's variables.
const STARTS: [&str; 4] = ["StartUTC", "StartLocal", "start_time", "EdgeStartTimestamp"];

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
    ("duration_s", Field::Duration(Unit::Seconds)),
    ("duration_ms", Field::Duration(Unit::Milliseconds)),
    ("duration_us", Field::Duration(Unit::Microseconds)),
    ("duration_ns", Field::Duration(Unit::Nanoseconds)),
];

/// The fields of a record that a JSON line can give, as places in an array.
pub(super) const SLOTS: usize = 14;

pub(in super::super) fn slot(field: Field) -> usize {
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
        Field::Cache | Field::Line | Field::Skipped | Field::Forwarded => 13,
    }
}

/// Names fall into so many buckets.
const BUCKETS: usize = 256;

/// Where a name falls, by its length and its first and last byte; of two hundred names about one in each.
/// (By the length alone five names of a bucket were looked at for a key.)
#[inline]
fn bucket(name: &[u8]) -> Option<usize> {
    let (first, last) = (usize::from(*name.first()?), usize::from(*name.last()?));
    Some((name.len() * 17 + first * 5 + last) % BUCKETS)
}

#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) name: Box<[u8]>,
    pub(super) field: Option<(Field, u16)>,
    /// Sorted by the [`bucket`] of their names, none of which is empty.
    pub(super) children: Vec<Node>,
    /// Where those of each bucket begin, up to one past the last; none without children.
    pub(super) starts: Vec<u16>,
}

impl Node {
    #[inline]
    pub(super) fn child(&self, name: &[u8]) -> Option<&Node> {
        let bucket = bucket(name)?;
        let (from, to) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        self.children[usize::from(from)..usize::from(to)]
            .iter()
            .find(|node| short::same(&node.name, name))
    }

    /// Notes where the children of each bucket begin, once all are in their places.
    pub(super) fn index(&mut self) {
        let before = |b: usize| {
            self.children
                .partition_point(|node| bucket(&node.name) < Some(b)) as u16
        };
        if !self.children.is_empty() {
            self.starts = (0..=BUCKETS).map(before).collect();
        }
        self.children.iter_mut().for_each(Node::index);
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
                    Node {
                        name: name.as_bytes().into(),
                        ..Node::default()
                    },
                );
                index
            }
        };
        self.children[index].insert(rest, field, rank);
    }
}
