//! From rules as they were written to conditions, and the expressions that records are held against.

use super::cause::{Counted, CountedKind, Weight};
use super::check::{self, Check};
use super::common::Common;
use super::count::HITS;
use super::keyed::{Keyed, KeyedSpec};
use super::measure::Threshold;
use super::silent_keys::SilentKeys;
use super::spec::{ByKey, Inputs, Measure};
use super::syntax::Spec;
use super::usual;
use super::{Clauses, KeyedCondition, Rule, Subset};
use crate::filter::Filter;
use crate::quantity::Unit;
use crate::stats::dimension::{DIMENSIONS, Dimension};
use crate::stats::top::Top;
use crate::time::Span;

/// Different expressions that the rules of a run can have: the bits of a record's match.
pub const EXPRESSIONS: usize = 64;

/// The rules of a run as they were asked for.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// The threshold of the traffic rule, where there is one: it comes first.
    pub traffic: Option<Threshold>,
    /// The window of the traffic rule, and of rules that name none.
    pub window: Span,
    /// The other rules.
    pub specs: Vec<Spec>,
    /// The dimensions that are counted.
    pub tops: Vec<Top>,
    /// Whether they are tried at other thresholds too, and nothing is said of an alert.
    pub checks: bool,
}

impl Ruleset {
    /// The rules, quiet and with empty windows.
    ///
    /// # Errors
    ///
    /// If they have too many expressions, or ask for a dimension that is not counted; the error names the rule.
    pub fn plan(&self) -> Result<Plan, String> {
        let mut plan = Plan::default();
        let specs: Vec<Spec> = match self.checks {
            true => check::rungs(self.written())
                .into_iter()
                .map(|rung| rung.spec)
                .collect(),
            false => self.written().collect(),
        };
        for spec in &specs {
            plan.add(spec, self.window, &self.tops)
                .map_err(|why| format!("{}: {why}", spec.label))?;
        }
        if !self.checks {
            plan.find_counted(&specs);
        }
        Ok(plan)
    }

    /// The rules as they were asked for, the traffic rule with them.
    fn written(&self) -> impl Iterator<Item = Spec> {
        let traffic = self.traffic.map(|rate| self.traffic_rule(rate));
        traffic.into_iter().chain(self.specs.iter().cloned())
    }

    /// The rule with this label.
    pub fn named(&self, label: &str) -> Option<Spec> {
        self.written().find(|spec| spec.label == label)
    }

    /// The labels of the rules, in order.
    pub fn labels(&self) -> Vec<String> {
        self.written().map(|spec| spec.label).collect()
    }

    /// The rule that stands when there is no other: more hits than `per_second` on average.
    fn traffic_rule(&self, per_second: Threshold) -> Spec {
        Spec {
            label: "High traffic".to_owned(),
            measure: Measure::Named(&HITS),
            below: false,
            threshold: per_second,
            over: Some(self.window),
            filter: None,
            by: None,
            min: 0,
            hold_for: Span(0),
            during: None,
            keep_firing_for: Span(0),
            repeat: Span(0),
        }
    }

    /// What is found out of the rules, where they are only checked.
    pub fn check(&self) -> Option<Check> {
        self.checks
            .then(|| Check::new(check::rungs(self.written())))
    }
}

/// The rules of a run, ready to be evaluated.
#[derive(Debug, Default)]
pub struct Plan {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// The expressions that records are held against.
    pub expressions: Vec<Filter>,
    /// What they count in common.
    pub common: Common,
    /// The bits of those whose keys are counted by the time that their records took.
    pub by_time: u64,
}

impl Plan {
    /// Adds a rule; `window` is its window where it names none, `tops` the dimensions that are counted.
    ///
    /// # Errors
    ///
    /// If it has one expression too many, or asks for a dimension that is not counted.
    pub fn add(&mut self, spec: &Spec, window: Span, tops: &[Top]) -> Result<(), String> {
        let window = spec.over.unwrap_or(match spec.threshold.unit {
            // Unless it is a burn rate, which has its own.
            Unit::Times => usual::WINDOW,
            _ => window,
        });
        let whole = self.source(spec.filter.clone())?;
        let part = self.part(spec)?;
        let index_of = |dimension: &Dimension| {
            let index = tops.iter().position(|top| top.dimension == dimension);
            index.ok_or_else(|| format!("{} is not counted", dimension.name))
        };
        let kind = spec.measure.kind();
        let subject = spec.subject();
        let min = if kind.minds_min { 0 } else { spec.min };
        let clauses = Clauses {
            min,
            hold_for: spec.hold_for,
            keep_firing_for: spec.keep_firing_for,
            repeat: spec.repeat,
        };
        if let Some(dimension) = spec.by {
            let (dimension, dimensions) = (index_of(dimension)?, tops.len());
            let keyed: Box<dyn KeyedCondition + Send> = if kind.by_key == ByKey::Silence {
                let keys = (dimension, dimensions);
                let seen = self.common.seen_keys(whole, keys);
                Box::new(SilentKeys::new(spec.threshold, clauses, dimension, seen))
            } else {
                let parts = KeyedSpec {
                    threshold: spec.threshold,
                    window,
                    clauses,
                    bytes: kind.by_key == ByKey::Bytes,
                    part,
                    whole,
                    dimension,
                    dimensions,
                };
                Box::new(Keyed::new(parts, &mut self.common))
            };
            let mut rule = Rule::by_key(&spec.label, subject, keyed);
            rule.set_hours(spec.during);
            self.rules.push(rule);
            return Ok(());
        }
        let dimension = match spec.measure {
            Measure::Unique(dimension) => index_of(dimension)?,
            _ => 0,
        };
        let mut inputs = Inputs {
            common: &mut self.common,
            window,
            part,
            whole,
            dimension,
            dimensions: tops.len(),
        };
        let condition = (kind.condition)(spec, &mut inputs);
        let mut rule = Rule::new(&spec.label, subject, condition, clauses);
        rule.set_hours(spec.during);
        self.rules.push(rule);
        Ok(())
    }

    /// What is counted of what a rule speaks of: a status code is an expression of its own, and so is a class where keys
    /// are counted.
    fn part(&mut self, spec: &Spec) -> Result<Subset, String> {
        match spec.measure {
            Measure::Status(status) => self.narrowed(spec, Filter::status(status)),
            Measure::Class(class) if spec.by.is_some() => self.narrowed(spec, Filter::class(class)),
            _ => self.source(spec.filter.clone()),
        }
    }

    /// Those of the records that a rule speaks of that `filter` matches too.
    fn narrowed(&mut self, spec: &Spec, filter: Filter) -> Result<Subset, String> {
        let filter = match spec.filter.clone() {
            None => filter,
            Some(whole) => whole.and(filter),
        };
        self.source(Some(filter))
    }

    /// Finds which records each rule counts. What conditions need has its expression before.
    fn find_counted(&mut self, specs: &[Spec]) {
        for (index, spec) in specs.iter().enumerate() {
            let counted = self.counted(spec);
            self.rules[index].set_counted(counted);
        }
    }

    /// The records that a rule counts; `None` where they are none, or where there are too many expressions to tell them
    /// from others.
    fn counted(&mut self, spec: &Spec) -> Option<Counted> {
        let (kind, below) = ((spec.measure.kind().counts)(spec), spec.below);
        let (part, whole) = (
            self.part(spec).ok()?,
            self.source(spec.filter.clone()).ok()?,
        );
        if kind == CountedKind::BeyondThreshold && !below {
            return self.counted_by_time(spec);
        }
        let mut narrowed = || self.narrowed(spec, of_measure(spec)?).ok();
        let hits = |subset, missing| Counted {
            subset,
            weight: Weight::Hits,
            missing,
        };
        Some(match kind {
            CountedKind::Nothing => return None,
            CountedKind::All | CountedKind::Status(_) => hits(part, below),
            CountedKind::Missing => hits(part, true),
            CountedKind::Bytes => Counted {
                weight: Weight::Bytes,
                ..hits(whole, below)
            },
            CountedKind::Class(_) if spec.by.is_some() => hits(part, below),
            // Every log says which of its hits are errors.
            CountedKind::Class(5) => Counted {
                weight: Weight::Errors,
                ..hits(whole, below)
            },
            CountedKind::Class(_) | CountedKind::Malformed => hits(narrowed()?, below),
            CountedKind::BeyondThreshold => hits(narrowed()?, false),
        })
    }

    /// The records that took longer than the threshold of a rule, each by how much longer.
    fn counted_by_time(&mut self, spec: &Spec) -> Option<Counted> {
        let (filter, us) = (counted_by(spec)?, spec.threshold.microseconds()?);
        let mut expressions = self.expressions.iter().enumerate();
        // Another rule may look at the bytes of the same records.
        let known = expressions
            .position(|(index, known)| self.by_time >> index & 1 == 1 && *known == filter);
        if known.is_none() && self.expressions.len() == EXPRESSIONS {
            return None;
        }
        let index = known.unwrap_or_else(|| {
            self.expressions.push(filter);
            self.expressions.len() - 1
        });
        self.by_time |= 1 << index;
        Some(Counted {
            subset: Subset::Matched(index),
            weight: Weight::TimeBeyond(us),
            missing: false,
        })
    }

    fn source(&mut self, filter: Option<Filter>) -> Result<Subset, String> {
        let Some(filter) = filter else {
            return Ok(Subset::All);
        };
        let mut expressions = self.expressions.iter().enumerate();
        let same =
            |(index, known): (usize, &Filter)| self.by_time >> index & 1 == 0 && *known == filter;
        if let Some(index) = expressions.position(same) {
            return Ok(Subset::Matched(index));
        }
        if self.expressions.len() == EXPRESSIONS {
            return Err(format!(
                "the rules of a run can have {EXPRESSIONS} different expressions and status codes"
            ));
        }
        self.expressions.push(filter);
        Ok(Subset::Matched(self.expressions.len() - 1))
    }
}

/// What a rule counts of the records that its `where` matches, as the cause of its alerts is taken from them; `None` for
/// all of them.
fn of_measure(spec: &Spec) -> Option<Filter> {
    match (spec.measure.kind().counts)(spec) {
        CountedKind::Class(class) => Some(Filter::class(class)),
        CountedKind::Status(status) => Some(Filter::status(status)),
        CountedKind::Malformed => Some(Filter::malformed()),
        CountedKind::BeyondThreshold => {
            let us = spec.threshold.microseconds()?;
            Some(Filter::timed(us, spec.below))
        }
        CountedKind::All | CountedKind::Bytes | CountedKind::Missing | CountedKind::Nothing => None,
    }
}

/// The records that a rule counts; `None` for all.
pub fn counted_by(spec: &Spec) -> Option<Filter> {
    match (spec.filter.clone(), of_measure(spec)) {
        (Some(whole), Some(part)) => Some(whole.and(part)),
        (whole, part) => whole.or(part),
    }
}

/// Whether a rule counts lines that are no records.
pub fn counts_unparsed(spec: &Spec) -> bool {
    (spec.measure.kind().counts)(spec) == CountedKind::Nothing
}

/// The dimensions that rules need and that are not listed: counted without rows.
pub fn needed(specs: &[Spec], tops: &[Top]) -> Vec<Top> {
    let mut needed: Vec<Top> = Vec::new();
    for spec in specs {
        let unique = match spec.measure {
            Measure::Unique(dimension) => Some(dimension),
            _ => None,
        };
        // What an expression names, a cause is named by; and the codes of a share of a class.
        let counts = (spec.measure.kind().counts)(spec);
        let is_share = spec.threshold.unit == Unit::Share;
        let of_class = is_share && matches!(counts, CountedKind::Class(_));
        let asked = |dimension: &&Dimension| {
            let filter = spec.filter.as_ref();
            let named = filter.is_some_and(|filter| filter.asks(dimension.name));
            named || of_class && dimension.name == "status"
        };
        let dimensions = unique.or(spec.by).into_iter();
        for dimension in dimensions.chain(DIMENSIONS.iter().filter(asked)) {
            let known = |top: &Top| top.dimension == dimension;
            if !tops.iter().any(known) && !needed.iter().any(known) {
                needed.push(Top::unasked(dimension, 0));
            }
        }
    }
    needed
}
