//! What `--format` says: `auto`, a name, or a format string.

use std::sync::Arc;

use super::json::{self, Path};
use super::named::StringSteps;
use super::step::Step;
use super::template::Refused;
use super::unparsed::Field;
use super::{Format, FormatSource, apache, formats, haproxy, nginx, untimed, w3c};
use crate::nearest;

/// Which formats to read.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// Whatever each line is in.
    #[default]
    Auto,
    /// Only this one.
    Only(&'static Format),
    /// One that the user gave.
    Own(Arc<Own>),
}

/// A format that the user gave.
#[derive(Debug)]
pub struct Own(pub(super) OwnSource);

#[derive(Debug)]
pub(super) enum OwnSource {
    Steps(StringSteps),
    Json(Vec<(Field, Path)>),
    /// The names of a W3C log's fields.
    W3c(String),
}

impl Choice {
    /// The choice that `--format` names, or the format string that it holds.
    ///
    /// # Errors
    ///
    /// What is wrong: an unknown name, or where in the string it cannot work, and why.
    pub fn parse(text: &str) -> Result<Choice, String> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Choice::Auto);
        }
        if let Some(format) = formats().find(|format| format.name.eq_ignore_ascii_case(text)) {
            return Ok(Choice::Only(format));
        }
        let own = |source| Choice::Own(Arc::new(Own(source)));
        let refused = |refused: Refused| format!("{}, at byte {}", refused.why, refused.at);
        if let Some(keys) = text.strip_prefix("json:") {
            let refused = |r: Refused| {
                refused(Refused {
                    at: r.at + "json:".len(),
                    ..r
                })
            };
            return json::mapping(keys)
                .map(|keys| own(OwnSource::Json(keys)))
                .map_err(refused);
        }
        if text.starts_with("#Fields:") {
            return w3c::given(text)
                .map(|names| own(OwnSource::W3c(names)))
                .map_err(refused);
        }
        if let Some(pattern) = apache::java(text) {
            let before = text.len() - pattern.trim_start().len();
            return apache::parse_java(pattern)
                .map(|steps| own(OwnSource::Steps(steps)))
                .map_err(|r| {
                    refused(Refused {
                        at: r.at + before,
                        ..r
                    })
                });
        }
        if let Some((_, says)) = FOREIGN.iter().find(|(mark, _)| text.contains(mark)) {
            return Err((*says).to_owned());
        }
        if is_nginx(text) {
            return Ok(match nginx::parse(text).map_err(refused)? {
                nginx::Compiled::Steps(steps) => own(OwnSource::Steps(steps)),
                nginx::Compiled::Json(keys) => own(OwnSource::Json(keys)),
            });
        }
        if haproxy::is_ours(text) {
            return haproxy::parse(text)
                .map(|steps| own(OwnSource::Steps(steps)))
                .map_err(|why| format!("this is HAProxy's log-format: {}", refused(why)));
        }
        if text.contains('%') {
            return apache::parse(text)
                .map(|steps| own(OwnSource::Steps(steps)))
                .map_err(refused);
        }
        let names: Vec<_> = formats().map(|format| format.name).collect();
        let meant = nearest::question(text, names.iter().copied());
        Err(format!(
            "unknown format '{text}'{meant} (auto, {}; or paste an Apache LogFormat, an nginx log_format, a HAProxy log-format, a '#Fields: …' line, or json: field=key …)",
            names.join(", ")
        ))
    }
}

/// Format strings of others, by something that only they have, and the way out.
const FOREIGN: [(&str, &str); 8] = [
    (
        "%START_TIME",
        "this is Envoy's format string, which is not read (--format envoy knows its default, json and json: its JSON)",
    ),
    (
        "%REQ(",
        "this is Envoy's format string, which is not read (--format envoy knows its default, json and json: its JSON)",
    ),
    (
        "%^]",
        "this is GoAccess's log-format, which is not read (take the LogFormat or log_format of the server's own configuration)",
    ),
    (
        "%ts.%03tu",
        "this is Squid's logformat, which is not read (--format squid knows its default)",
    ),
    (
        "%(h)s",
        "this is Gunicorn's access_log_format, which is not read (--format gunicorn knows its default; its %(h)s is Apache's %h, and so on)",
    ),
    (
        ":remote-addr",
        "this is morgan's format string, which is not read (--format morgan knows dev, tiny and short, --format combined the others)",
    ),
    (
        "${time_rfc3339",
        "this is Echo's format string, which is not read (its default is read as json)",
    ),
    (
        "${latency}",
        "this is Fiber's format string, which is not read (--format fiber knows its default)",
    ),
];

/// Whether a format string has nginx's variables.
fn is_nginx(text: &str) -> bool {
    let variable = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '{');
    text.trim_start().starts_with("log_format")
        || text
            .match_indices('$')
            .any(|(at, _)| variable(&text[at + 1..]))
}

/// The programs of a preset that is a format string: it compiles, as a test makes sure.
pub(super) fn preset(string: &str) -> StringSteps {
    let compiled = if is_nginx(string) {
        match nginx::parse(string) {
            Ok(nginx::Compiled::Steps(steps)) => Ok(steps),
            Ok(nginx::Compiled::Json(_)) => unreachable!("presets of JSON have no string"),
            Err(refused) => Err(refused),
        }
    } else {
        apache::parse(string)
    };
    compiled.unwrap_or_else(|refused| unreachable!("preset {string}: {refused:?}"))
}

impl Format {
    /// The steps of each variant; none for JSON and W3C.
    pub(super) fn variants(&self) -> Vec<Vec<Step>> {
        match self.source {
            FormatSource::Steps(steps) => steps(),
            FormatSource::Untimed(steps) => steps().into_iter().map(untimed::carried).collect(),
            FormatSource::String(string) => vec![preset(string).steps],
            FormatSource::Json | FormatSource::W3c | FormatSource::Rollup => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_foreign_strings_named() {
        for name in ["COMBINED", "Combined", "AUTO", "haProxy"] {
            assert!(Choice::parse(name).is_ok(), "{name}");
        }
        for (string, server) in [
            (
                r#"[%START_TIME%] "%REQ(:METHOD)%" %RESPONSE_CODE%"#,
                "Envoy",
            ),
            (r#"%h %^[%d:%t %^] "%r" %s %b"#, "GoAccess"),
            ("%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru", "Squid"),
            ("${time_rfc3339} ${status}\\n", "Echo"),
            ("%ci %zz", "HAProxy"),
            (r#"%(h)s %(t)s "%(r)s" %(s)s"#, "Gunicorn"),
            (":remote-addr :method :url :status", "morgan"),
            ("${time} | ${status} | ${latency} | ${path}", "Fiber"),
        ] {
            let why = Choice::parse(string).expect_err(string);
            assert!(why.starts_with(&format!("this is {server}'s")), "{why}");
        }
    }

    #[test]
    fn strings_that_can_be_decided_are_read() {
        for string in [
            r#"$remote_addr [$time_local] "$request_method $scheme://$host$request_uri $server_protocol" $status"#,
            r#"$remote_addr - $remote_user [$time_local] $http_host "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time "$upstream_scheme://$upstream_host$upstream_uri""#,
            r#"$remote_addr [$time_iso8601_ms] "$request" $status $pipe$connection"#,
            r#"%h %t "%m %V%U%q %H" %>s %b"#,
            r#"%{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}t %a %m %U %s %B %D"#,
        ] {
            assert!(
                Choice::parse(string).is_ok(),
                "{string}: {:?}",
                Choice::parse(string)
            );
        }
        for string in [
            "$remote_addr [$time_local] $status$body_bytes_sent",
            "%h%u %t %r",
        ] {
            assert!(Choice::parse(string).is_err(), "{string}");
        }
    }
}
