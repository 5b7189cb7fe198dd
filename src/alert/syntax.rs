//! The little language of rules.
//!
//! [`GRAMMAR`] is all of it; the man page shows the same lines.

use super::hours::Hours;
use super::measure::Threshold;
use super::measures::MEASURES;
pub use super::spec::Spec;
use super::spec::{Blamed, ByKey, Measure, Wrong};
use crate::filter::{Filter, Mistake};
use crate::nearest;
use crate::quantity::Unit;
use crate::stats::dimension::{self, Dimension};
use crate::time::Span;

/// The grammar. What is in quotes is written literally; braces mean none or more.
pub const GRAMMAR: &[&str] = &[
    r#"rule      = label ":" measure operator value { clause }"#,
    r#"          | label ":" "slo" share { clause }"#,
    r#"measure   = "hits" | "1xx" .. "5xx" | a status such as "404" | "bytes""#,
    r#"          | "malformed" | "unparsed" | "unique" dimension"#,
    r#"          | "p50" | "p90" | "p95" | "p99" | "max" | "mean" | "silence""#,
    r#"operator  = ">" | "<""#,
    r#"value     = number | number "/s" | share | number "x usual""#,
    r#"          | number ( "B" | "kB" | "MB" | "GB" ) | the same "/s""#,
    r#"          | number "ms" | duration"#,
    r#"share     = number "%""#,
    r#"clause    = "over" duration | "where" expression | "by" dimension"#,
    r#"          | "min" hits | "for" duration | "keep" duration"#,
    r#"          | "repeat" duration | "during" hours | "not" "during" hours"#,
    r#"hours     = time "-" time | days | time "-" time days"#,
    r#"days      = "mon" | "mon" "-" "fri" | "sat" "," "sun" | …"#,
];

/// What may follow the value, each once.
const CLAUSES: [&str; 8] = [
    "over", "where", "by", "min", "for", "keep", "repeat", "during",
];
/// Above and below.
const OPERATORS: [&str; 2] = [">", "<"];
/// The longest window, and the longest time that a condition can be asked to hold.
const WEEK: Span = Span(7 * 86_400);
/// The longest window of a rule by key.
const BY_WINDOW: Span = Span(86_400);
/// Nobody reads what comes more often.
const LEAST_REPEAT: Span = Span(60);
/// A rule to copy from.
pub const EXAMPLE: &str = "Server errors: 5xx > 5% over 5m min 100 keep 5m";
/// The longest label.
const LABEL: usize = 80;

impl Spec {
    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// Where in the text it cannot work, and why.
    pub fn parse(text: &str) -> Result<Spec, Mistake> {
        let mut input = RuleText { text, at: 0 };
        let label = input.label()?;
        let (measure_at, measure) = input.measure()?;
        // An objective is not compared: it is kept or not.
        let below = measure.kind().compared && input.operator()?;
        let (value_at, threshold) = input.threshold(&measure)?;
        if threshold.unit == Unit::Times {
            let (at, word) = input.word();
            if word != "usual" {
                return Err(Mistake {
                    at,
                    why: format!("expected 'usual' behind {}x", threshold.value()),
                });
            }
        }
        let mut spec = Spec {
            label,
            measure,
            below,
            threshold,
            over: None,
            filter: None,
            by: None,
            min: 0,
            during: None,
            hold_for: Span(0),
            keep_firing_for: Span(0),
            repeat: Span(0),
        };
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let (at, mut word) = input.word();
            let negated = word == "not";
            if negated {
                word = input.word().1;
                if word != "during" {
                    let why = "expected 'during' behind 'not'".to_owned();
                    return Err(Mistake { at, why });
                }
            }
            let Some(name) = CLAUSES.into_iter().find(|name| *name == word) else {
                if word.is_empty() {
                    break;
                }
                let meant = nearest::question(word, CLAUSES);
                let why = format!("unknown clause '{word}'{meant} ({})", CLAUSES.join(", "));
                return Err(Mistake { at, why });
            };
            if seen.contains(&name) {
                return Err(Mistake {
                    at,
                    why: format!("a second '{name}'"),
                });
            }
            seen.push(name);
            match name {
                "over" => spec.over = Some(input.span(Span::SECOND)?),
                "for" => spec.hold_for = input.span(Span(0))?,
                "keep" => spec.keep_firing_for = input.span(Span(0))?,
                "repeat" => spec.repeat = input.span(LEAST_REPEAT)?,
                "min" => spec.min = input.number()?,
                "during" => spec.during = Some(input.hours(negated)?),
                "by" => spec.by = Some(input.dimension("by")?),
                _ => {
                    let rest = &text[input.at..];
                    let (filter, len) = Filter::parse_prefix(rest).map_err(|mistake| Mistake {
                        at: mistake.at + input.at,
                        ..mistake
                    })?;
                    spec.filter = Some(filter);
                    input.at += len;
                }
            }
        }
        spec.check(measure_at, value_at)?;
        Ok(spec)
    }

    /// Whether it says something that can be meant.
    pub(super) fn can_be_meant(&self) -> bool {
        self.check(0, 0).is_ok()
    }

    /// What cannot be meant.
    fn check(&self, measure_at: usize, value_at: usize) -> Result<(), Mistake> {
        let kind = self.measure.kind();
        let checked = (kind.check)(self)
            .and_then(|()| self.check_key())
            .and_then(|()| self.check_value());
        checked.map_err(|Wrong(place, why)| Mistake {
            at: match place {
                Blamed::Measure => measure_at,
                Blamed::Value => value_at,
            },
            why: why.to_owned(),
        })
    }

    fn check_key(&self) -> Result<(), Wrong> {
        if self.by.is_none() {
            return Ok(());
        }
        if self.measure.kind().by_key == ByKey::Not || self.threshold.unit == Unit::Times {
            return Err(Wrong(
                Blamed::Measure,
                "by key only hits, a status, bytes or silence are measured: 404 > 20 over 1m by client",
            ));
        }
        if self.below {
            return Err(Wrong(
                Blamed::Measure,
                "by key a rule can only fire above: 404 > 20 over 1m by client",
            ));
        }
        if self.over.is_some_and(|over| over > BY_WINDOW) {
            return Err(Wrong(Blamed::Measure, "by key the window is at most 1d"));
        }
        Ok(())
    }

    fn check_value(&self) -> Result<(), Wrong> {
        if !self.measure.kind().compared {
            return Ok(());
        }
        if self.below && self.threshold.billionths == 0 {
            return Err(Wrong(Blamed::Value, "nothing is below 0"));
        }
        if self.threshold.unit == Unit::Share
            && self.threshold.billionths >= 1_000_000_000
            && !self.below
        {
            return Err(Wrong(Blamed::Value, "a share is never above 100%"));
        }
        Ok(())
    }
}

struct RuleText<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> RuleText<'t> {
    fn mistake<T>(&self, why: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake {
            at: self.at,
            why: why.into(),
        })
    }

    /// The next word and where it begins; empty at the end.
    fn word(&mut self) -> (usize, &'t str) {
        let rest = &self.text[self.at..];
        let start = self.at + rest.len() - rest.trim_start().len();
        let rest = &self.text[start..];
        let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at = start + len;
        (start, &rest[..len])
    }

    fn label(&mut self) -> Result<String, Mistake> {
        let Some(colon) = self.text.find(':') else {
            return self.mistake("a rule begins with its label and a colon");
        };
        let label = self.text[..colon].trim();
        if label.is_empty() || label.chars().any(char::is_control) || label.chars().count() > LABEL
        {
            return self.mistake(format!("a label is 1 to {LABEL} printable characters"));
        }
        self.at = colon + 1;
        Ok(label.to_owned())
    }

    fn measure(&mut self) -> Result<(usize, Measure), Mistake> {
        let (at, word) = self.word();
        if word == "unique" {
            let at = self.at + 1;
            return Ok((at, Measure::Unique(self.dimension("unique")?)));
        }
        match Measure::parse(word) {
            Some(measure) => Ok((at, measure)),
            None => {
                let names = MEASURES.map(|kind| kind.name);
                let what = if word.is_empty() {
                    "a measure is missing".to_owned()
                } else {
                    format!("unknown measure '{word}'{}", nearest::question(word, names))
                };
                let names = names.join(", ");
                Err(Mistake {
                    at,
                    why: format!("{what} ({names})"),
                })
            }
        }
    }

    fn dimension(&mut self, word: &str) -> Result<&'static Dimension, Mistake> {
        let (at, name) = self.word();
        dimension::named(name).ok_or_else(|| Mistake {
            at,
            why: format!(
                "{word} needs a dimension{} ({})",
                dimension::meant(name, &[]),
                dimension::names()
            ),
        })
    }

    fn operator(&mut self) -> Result<bool, Mistake> {
        let (at, word) = self.word();
        let why = || "expected > or < (at equality the state stays)".to_owned();
        let index = OPERATORS.iter().position(|operator| *operator == word);
        match index {
            Some(index) => Ok(index == 1),
            None => Err(Mistake { at, why: why() }),
        }
    }

    fn threshold(&mut self, measure: &Measure) -> Result<(usize, Threshold), Mistake> {
        let (at, word) = self.word();
        let forms = measure.kind().forms;
        let says = |unit: &Unit| match unit {
            Unit::Count => "300 in the window",
            Unit::PerSecond => "1.5/s",
            Unit::Share if !measure.kind().compared => "99.9%",
            Unit::Share => "5%",
            Unit::Times => "2x usual",
            Unit::Bytes => "50MB in the window",
            Unit::BytesPerSecond => "50MB/s",
            Unit::Milliseconds => "800ms",
            Unit::Seconds => "2s",
        };
        let threshold = Threshold::parse(word).or_else(|| {
            // 1h30m and the like, for silence.
            let span = Span::parse(word).ok()?;
            Some(Threshold {
                billionths: span.0 as u128 * 1_000_000_000,
                unit: Unit::Seconds,
            })
        });
        match threshold {
            Some(threshold) if forms.contains(&threshold.unit) => Ok((at, threshold)),
            _ => {
                let forms: Vec<_> = forms.iter().map(says).collect();
                Err(Mistake {
                    at,
                    why: format!(
                        "{measure} is held against a value such as {}",
                        forms.join(" or ")
                    ),
                })
            }
        }
    }

    /// `08:00-20:00`, `mon-fri`, or both.
    fn hours(&mut self, negated: bool) -> Result<Hours, Mistake> {
        let mut hours = Hours::all(negated);
        let (at, word) = self.word();
        let has_times = hours.take_times(word);
        if !has_times && !hours.take_days(word) {
            let why = "during needs hours such as 08:00-20:00, days such as mon-fri, or both";
            let why = why.to_owned();
            return Err(Mistake { at, why });
        }
        let behind = self.at;
        if has_times && !hours.take_days(self.word().1) {
            self.at = behind;
        }
        Ok(hours)
    }

    fn span(&mut self, least: Span) -> Result<Span, Mistake> {
        let (at, word) = self.word();
        let wrong = |why: String| Mistake { at, why };
        // '5 min' is read as five minutes, and would be five seconds and a clause.
        let bare = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        if bare && self.text[self.at..].split_whitespace().next() == Some("min") {
            return Err(wrong(format!(
                "'{word} min' is unclear: {word}m for minutes, or {word}s and then min with its hits"
            )));
        }
        let span = Span::parse(word).map_err(|why| wrong(why.to_owned()))?;
        if span < least || span > WEEK {
            return Err(wrong(format!("'{word}' is not between {least} and {WEEK}")));
        }
        Ok(span)
    }

    fn number(&mut self) -> Result<u64, Mistake> {
        let (at, word) = self.word();
        word.parse().map_err(|_| Mistake {
            at,
            why: "min needs a number of hits".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A rule whose label is one character too long.
    const LONG: &str = "123456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789.x: hits > 1";

    #[test]
    fn the_grammar_has_every_word_of_the_parser() {
        let grammar = GRAMMAR.join("\n");
        let measures = MEASURES.iter().flat_map(|kind| kind.name.split([' ', ',']));
        let words = measures.filter(|word| matches!(Measure::parse(word), Some(Measure::Named(_))));
        for word in CLAUSES.into_iter().chain(OPERATORS).chain(words) {
            assert!(grammar.contains(&format!("\"{word}\"")), "{word}");
        }
    }

    #[test]
    fn rules_are_read_with_their_clauses() {
        let spec = Spec::parse("Login storm: hits > 300 over 1m where path=/login and not client=10.0.0.0/8 min 5 for 30s keep 1m").unwrap();
        assert_eq!(
            (
                spec.label.as_str(),
                spec.measure.to_string().as_str(),
                spec.below
            ),
            ("Login storm", "hits", false)
        );
        assert_eq!(
            (spec.over, spec.min, spec.hold_for, spec.keep_firing_for),
            (Some(Span(60)), 5, Span(30), Span(60))
        );
        assert_eq!(
            spec.filter,
            Filter::parse("path=/login and not client=10.0.0.0/8").ok()
        );
        for text in [
            "Server errors: 5xx > 5% over 5m min 100",
            "Client errors: 4xx > 1/s over 1m",
            "Quiet: hits < 0.1/s over 5m",
            "Silent: silence > 2m",
            "Silent: silence > 1h30m where host=a",
            "Slow: p95 > 800ms over 1m where section=/api",
            "Slow: max > 2s",
            "Volume: bytes > 50MB/s over 1m",
            "Scan: 404 > 20 over 1m",
            "Bots: unique client > 500 over 1m",
            "Scanner: 404 > 20 over 1m by client",
            "Failing: 5xx > 5% over 5m where host=a by section min 20 for 30s keep 1m",
            "Surge: hits > 2x usual over 2m",
            "Surge: hits > 1.5x usual where section=/api",
            "Drop: hits < 0.5x usual over 10m for 5m",
            "Availability: slo 99.9%",
            "Availability: slo 99.95% where host=a min 50",
            "Broken: unparsed > 10%",
            "Odd: malformed > 0",
            "Half: slo 50%",
            "Never: silence > 366d",
            "Bare: 5xx > 5% over 300 for 5 keep 5",
            "Bare: 5xx > 5% min 100 over 300",
            "Minutes: 5xx > 5% over 5m min 100",
            "Day: hits > 1 over 24h by client",
            "Again: 5xx > 5% over 5m keep 5m repeat 1h",
            "Office: 5xx > 5% over 5m during 08:00-20:00 mon-fri min 100",
            "Backup: p95 > 1s not during 02:00-03:00 for 1m",
            "Weekend: hits > 9/s during sat,sun",
            &LONG[1..],
            "A b c: hits > 1 where section=/a or (section=/b and status=200) over 10s",
        ] {
            assert!(Spec::parse(text).is_ok(), "{text}: {:?}", Spec::parse(text));
        }
    }

    #[test]
    fn rules_that_cannot_work_are_refused_at_their_place() {
        for (text, at, word) in [
            ("", 0, "label"),
            ("5xx > 5%", 0, "label"),
            (": hits > 1", 0, "label"),
            ("a:", 2, "measure is missing"),
            ("a: hist > 1", 3, "unknown measure 'hist'"),
            ("a: unique > 1", 10, "dimension"),
            ("a: hits = 1", 8, "> or <"),
            ("a: hits >= 1", 8, "> or <"),
            ("a: hits > 5%", 10, "300 in the window or 1.5/s"),
            ("a: 5xx > x", 9, "5%"),
            ("a: 5xx > 100%", 9, "100%"),
            ("a: hits < 0", 10, "below 0"),
            ("a: p95 > 800", 9, "800ms"),
            ("a: silence < 2m", 3, "too long"),
            ("a: silence > 2m over 5m", 3, "no window"),
            ("a: hits > 1 over 8d", 17, "between 1s and 7d"),
            ("a: hits > 1 over", 16, "duration"),
            ("a: hits > 1 repeat 59s", 19, "between 1m and 7d"),
            ("a: hits > 1 during", 18, "08:00-20:00"),
            ("a: hits > 1 during 8-20", 19, "08:00-20:00"),
            ("a: hits > 1 not over 1m", 12, "during"),
            (
                "a: hits > 1 during mon not during tue",
                23,
                "second 'during'",
            ),
            ("a: hits > 1 over 1m over 2m", 20, "second 'over'"),
            ("a: hits > 1 where color=red", 18, "unknown name"),
            ("a: hits > 1 where status=200 x", 29, "unknown clause"),
            ("a: hits > 1 min many", 16, "number"),
            ("a: hits > 2x over 1m", 13, "'usual'"),
            ("a: hits > 0.5x usual", 10, "2x usual"),
            ("a: hits < 2x usual", 10, "hits < 0.5x usual"),
            ("a: slo > 99%", 7, "99.9%"),
            ("a: slo 100%", 7, "below 100%"),
            ("a: slo 99.9% over 1h", 3, "own windows"),
            ("a: hits > 1 by", 14, "dimension"),
            ("a: p95 > 1s by client", 3, "by key"),
            ("a: 404 < 1 by client", 3, "by key"),
            ("a: unique client > 100000", 19, "no more than 100000"),
            ("a: unparsed > 1 where status=200", 3, "no fields"),
            (
                "a: 5xx > 5% over 5 min 100",
                17,
                "5m for minutes, or 5s and then min",
            ),
            ("a: 5xx > 5% over 5 min", 17, "5m for minutes"),
            ("a: 5xx > 5% min 3 keep 10  min 100", 23, "10m for minutes"),
            ("a: slo 49.9%", 7, "at least 50%"),
            ("a: silence > 367d", 13, "at most 366d"),
            ("a: hits > 1 over 25h by client", 3, "at most 1d"),
            (LONG, 0, "1 to 80 printable characters"),
        ] {
            match Spec::parse(text) {
                Err(mistake) => assert!(
                    mistake.at == at && mistake.why.contains(word),
                    "{text}: {mistake:?}"
                ),
                Ok(spec) => panic!("{text}: {spec:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_a_place_inside_it(text in "[a-z]{0,3}:? ?(hits|5xx|p95|unique|x)? ?[<>]? ?[0-9.]{0,3}(%|ms|/s)? ?(over|where|for|min)? ?[a-z0-9=\u{e9}]{0,6}") {
            if let Err(mistake) = Spec::parse(&text) {
                prop_assert!(mistake.at <= text.len() && text.is_char_boundary(mistake.at));
            }
        }
    }
}
