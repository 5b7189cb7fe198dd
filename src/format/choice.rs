//! What `--format` says: `auto`, a name, or a format string.

use std::sync::Arc;

use super::json::{self, Path};
use super::program::Step;
use super::template::Refused;
use super::unparsed::Field;
use super::{Format, Source, apache, formats, nginx};

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
    Steps(Vec<Step>),
    Json(Vec<(Field, Path)>),
}

impl Choice {
    /// The choice that `--format` names, or the format string that it holds.
    ///
    /// # Errors
    ///
    /// What is wrong: an unknown name, or where in the string it cannot work, and why.
    pub fn parse(text: &str) -> Result<Choice, String> {
        if text == "auto" {
            return Ok(Choice::Auto);
        }
        if let Some(format) = formats().find(|format| format.name == text) {
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
        if is_nginx(text) {
            return Ok(match nginx::parse(text).map_err(refused)? {
                nginx::Compiled::Steps(steps) => own(OwnSource::Steps(steps)),
                nginx::Compiled::Json(keys) => own(OwnSource::Json(keys)),
            });
        }
        if text.contains('%') {
            return apache::parse(text)
                .map(|steps| own(OwnSource::Steps(steps)))
                .map_err(refused);
        }
        let names: Vec<_> = formats().map(|format| format.name).collect();
        Err(format!(
            "unknown format '{text}' (auto, {}; or paste an Apache LogFormat, an nginx log_format, or json: field=key …)",
            names.join(", ")
        ))
    }
}

/// Whether a format string has nginx's variables.
fn is_nginx(text: &str) -> bool {
    let variable = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '{');
    text.trim_start().starts_with("log_format")
        || text
            .match_indices('$')
            .any(|(at, _)| variable(&text[at + 1..]))
}

/// The programs of a preset that is a format string: it compiles, as a test makes sure.
pub(super) fn preset(string: &str) -> Vec<Step> {
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
            Source::Steps(steps) => steps(),
            Source::String(string) => vec![preset(string)],
            Source::Json | Source::W3c => Vec::new(),
        }
    }
}
