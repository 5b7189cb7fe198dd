//! Lines to records.
//!
//! [`Format`] is the contract and [`formats`] the table: a format is one row, which compiles to
//! [`program::Program`]s for the one interpreter, or to the keys that the JSON reader looks for.
//! [`Parser`] chooses by the line's own shape, in one fixed order, so that neighbours never matter.

pub mod anonymous;
mod apache;
mod aws;
mod between;
mod carrier;
mod choice;
mod clf;
mod csv;
mod cursor;
pub mod detect;
mod extent;
mod forwarded;
mod haproxy;
mod head;
mod json;
mod known_agents;
pub mod layout;
pub mod named;
mod nginx;
mod parser;
mod plain;
mod presets;
pub mod program;
mod proxies;
pub mod record;
pub mod rollup;
#[cfg(test)]
mod roundtrip;
mod servers;
mod short;
#[cfg(test)]
mod shown;
pub mod step;
mod tail;
mod template;
pub mod timestamp;
pub mod unparsed;
mod untimed;
pub(crate) mod values;
mod w3c;
pub mod write;

pub use choice::Choice;
pub use forwarded::Proxies;
pub use parser::{EventTime, Outcome, Parser, ParserState, closest, recognise};
pub use template::Refused;

use step::Step;

/// Appends the text that is between the quotes of a JSON string.
pub(crate) fn json_text(string: &[u8], out: &mut Vec<u8>) {
    json::unescape(string, out);
}

/// A log format that httpmon knows.
#[derive(Debug)]
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// One line about it, for the man page.
    pub about: &'static str,
    /// A line in it, below its header where it needs one.
    pub sample: &'static str,
    /// Whether a line in this format can begin with this byte: what saves `auto` from trying all.
    begins: fn(u8) -> bool,
    source: FormatSource,
}

/// Where a format's programs come from.
#[derive(Debug)]
enum FormatSource {
    /// Steps written here: one program for each variant.
    Steps(fn() -> Vec<Vec<Step>>),
    /// Steps of entries without a time: that of what carries them is theirs.
    Untimed(fn() -> Vec<Vec<Step>>),
    /// A server's format string.
    String(&'static str),
    /// JSON lines with the usual keys.
    Json,
    /// A W3C extended log.
    W3c,
    /// What httpmon itself has written.
    Rollup,
}

static LINE_FORMATS: [Format; 19] = [
    clf::COMMON,
    clf::COMBINED,
    clf::VHOST_COMBINED,
    proxies::NPM,
    proxies::NPMPLUS,
    proxies::HAPROXY,
    proxies::SQUID,
    proxies::ENVOY,
    proxies::UWSGI,
    servers::GOROUTER,
    servers::GIN,
    servers::CHI,
    servers::DJANGO,
    servers::PHP,
    servers::IIS_NATIVE,
    aws::S3,
    aws::ELB,
    aws::ALB,
    aws::CLOUDFRONT_REALTIME,
];
static PRESETS: [Format; 16] = presets::PRESETS;
static JSON: [Format; 16] = presets::JSON;
static W3C: [Format; 6] = presets::W3C;
static CSV: [Format; 3] = [csv::CSV, csv::GCS, rollup::ROLLUP];

/// Every format that `--format` can name.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    LINE_FORMATS[..3]
        .iter()
        .chain(&PRESETS)
        .chain(&LINE_FORMATS[3..])
        .chain(&untimed::UNTIMED)
        .chain(&W3C)
        .chain(&JSON)
        .chain(&CSV)
}

/// What a mapping of JSON keys, `json: field=key …`, calls its fields.
pub fn mapping_fields() -> impl Iterator<Item = &'static str> {
    json::FIELDS.iter().map(|(name, _)| *name)
}

/// What `auto` tries on a line that is neither JSON nor covered by `#Fields`, in this order: the
/// first that reads it. No two of them read the same line.
static AUTO: [Format; 19] = [
    csv::CSV,
    csv::GCS,
    servers::GOROUTER,
    clf::ANY,
    proxies::HAPROXY,
    aws::S3,
    proxies::NPM,
    proxies::NPMPLUS,
    proxies::ENVOY,
    proxies::UWSGI,
    proxies::SQUID,
    aws::ELB,
    aws::ALB,
    aws::CLOUDFRONT_REALTIME,
    servers::GIN,
    servers::CHI,
    servers::DJANGO,
    servers::PHP,
    servers::IIS_NATIVE,
];
