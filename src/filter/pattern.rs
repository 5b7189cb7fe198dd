//! Regular expressions, by the crate `regex`: its time is linear in the key, whatever the expression is.

use regex::bytes::{Regex, RegexBuilder};

/// The most memory that an expression may take once it is compiled.
const MOST_BYTES: usize = 1 << 20;

/// A regular expression that a key holds or not.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line.
    pub(super) fn new(text: &str) -> Result<Pattern, String> {
        let built = RegexBuilder::new(text).size_limit(MOST_BYTES).build();
        built.map(Pattern).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "this regular expression is too large".to_owned(),
            other => {
                // The last line says what is wrong; those before it show where, on several lines.
                let words = other.to_string();
                let reason = words.lines().last().unwrap_or_default();
                let reason = reason.trim().trim_start_matches("error: ");
                format!("not a regular expression: {reason}")
            }
        })
    }

    /// Whether it is anywhere in a key.
    pub(super) fn is_in(&self, key: &[u8]) -> bool {
        self.0.is_match(key)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}
