//! From rules as they were written to conditions, and the expressions that records are held against.

use std::sync::Arc;

use super::count::Count;
use super::duration::Duration;
use super::measure::{Measure, Subject, Threshold, Unit};
use super::silence::Silence;
use super::slo::Slo;
use super::surge::Surge;
use super::syntax::Spec;
use super::unique::Unique;
use super::{Condition, Rule, Source};
use crate::filter::Filter;
use crate::stats::dimension::{Dimension, Top};
use crate::time::Span;

/// Different expressions that the rules of a run can have: the bits of a record's match.
pub const EXPRESSIONS: usize = 64;

/// The rules of a run.
#[derive(Debug, Default)]
pub struct Plan {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// The expressions that records are held against.
    pub expressions: Vec<Filter>,
}

impl Plan {
    /// The default rule: more hits than `per_second` on average over `window`.
    pub fn traffic(per_second: Threshold, window: Span) -> Rule {
        let condition = Count::new(
            Measure::Hits,
            per_second,
            false,
            window,
            Source::All,
            Source::All,
        );
        let subject = Subject {
            measure: "hits".into(),
            unit: Unit::PerSecond,
        };
        Rule::new("High traffic", subject, Box::new(condition))
    }

    /// Adds a rule; `window` is its window where it names none, `tops` the dimensions that are counted.
    ///
    /// # Errors
    ///
    /// If it has one expression too many, or asks for a dimension that is not counted.
    pub fn add(&mut self, spec: &Spec, window: Span, tops: &[Top]) -> Result<(), String> {
        let window = spec.over.unwrap_or(window);
        let whole = self.source(spec.filter.clone())?;
        let part = match spec.measure {
            Measure::Status(status) => {
                let code = Filter::status(status);
                let both = match spec.filter.clone() {
                    Some(filter) => filter.and(code),
                    None => code,
                };
                self.source(Some(both))?
            }
            _ => whole,
        };
        let condition: Box<dyn Condition + Send> = match &spec.measure {
            Measure::Silence => Box::new(Silence::new(spec.threshold, whole)),
            Measure::Unique(dimension) => {
                let index = tops.iter().position(|top| top.dimension == *dimension);
                let index = index.ok_or_else(|| format!("{} is not counted", dimension.name))?;
                Box::new(Unique::new(
                    spec.threshold,
                    window,
                    whole,
                    index,
                    tops.len(),
                ))
            }
            Measure::Percentile(_) | Measure::Max | Measure::Mean => Box::new(Duration::new(
                spec.measure.clone(),
                spec.threshold,
                spec.below,
                window,
                whole,
            )),
            Measure::Slo => Box::new(Slo::new(spec.threshold.billionths, spec.min, whole)),
            Measure::Hits if spec.threshold.unit == Unit::Times => {
                Box::new(Surge::new(spec.threshold.billionths, window, whole))
            }
            measure => Box::new(Count::new(
                measure.clone(),
                spec.threshold,
                spec.below,
                window,
                part,
                whole,
            )),
        };
        let unit = match spec.measure {
            Measure::Percentile(_) | Measure::Max | Measure::Mean => Unit::Milliseconds,
            Measure::Slo => Unit::Times,
            Measure::Hits if spec.threshold.unit == Unit::Times => Unit::PerSecond,
            _ => spec.threshold.unit,
        };
        // An objective asks for hits in its short window itself.
        let min = if spec.measure == Measure::Slo {
            0
        } else {
            spec.min
        };
        let subject = Subject {
            measure: Arc::from(spec.measure.to_string()),
            unit,
        };
        self.rules.push(
            Rule::new(&spec.label, subject, condition).with_clauses(min, spec.hold, spec.keep),
        );
        Ok(())
    }

    fn source(&mut self, filter: Option<Filter>) -> Result<Source, String> {
        let Some(filter) = filter else {
            return Ok(Source::All);
        };
        if let Some(index) = self.expressions.iter().position(|known| *known == filter) {
            return Ok(Source::Matched(index));
        }
        if self.expressions.len() == EXPRESSIONS {
            return Err(format!(
                "the rules of a run can have {EXPRESSIONS} different expressions and status codes"
            ));
        }
        self.expressions.push(filter);
        Ok(Source::Matched(self.expressions.len() - 1))
    }
}

/// The dimensions that rules need and that are not listed: counted without rows.
pub fn needed(specs: &[Spec], tops: &[Top]) -> Vec<Top> {
    let mut needed: Vec<Top> = Vec::new();
    for spec in specs {
        let Measure::Unique(dimension) = spec.measure else {
            continue;
        };
        let known = |top: &Top| top.dimension == dimension;
        if !tops.iter().any(known) && !needed.iter().any(known) {
            needed.push(Top {
                dimension: dimension as &'static Dimension,
                rows: 0,
            });
        }
    }
    needed
}
