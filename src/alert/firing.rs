//! When the alerts of a rule fired, to find the records behind them.

use std::collections::HashMap;

use crate::report::{AlertState, Transition};
use crate::time::Second;

/// For each key of a rule, or for the rule itself, the spans in which an alert fired. Each begins with the window that made
/// it fire.
#[derive(Debug, Default)]
pub struct FiringSpans {
    /// First and last second of each, in order and apart from each other once all were taken.
    spans: HashMap<Box<[u8]>, Vec<(Second, Second)>>,
    /// Those of alerts that are not over, by the number of the alert.
    open: HashMap<u64, (Box<[u8]>, Second)>,
}

impl FiringSpans {
    /// Takes a transition of the rule.
    pub fn take(&mut self, transition: &Transition) {
        let key = transition.key.as_ref();
        let key = key.map_or(Box::default(), |key| key.key.clone());
        match transition.state {
            AlertState::Firing { .. } => {
                let began = transition.since.min(transition.at);
                let first = Second(began.0 - transition.figure.window.0.max(1) + 1);
                self.open.entry(transition.number).or_insert((key, first));
            }
            AlertState::Resolved { .. } => {
                if let Some((key, first)) = self.open.remove(&transition.number) {
                    let spans = self.spans.entry(key).or_default();
                    spans.push((first, transition.at));
                }
            }
        }
    }

    /// All transitions were taken: what is not over fires to the end.
    pub fn finish(&mut self) {
        for (_, (key, first)) in self.open.drain() {
            let spans = self.spans.entry(key).or_default();
            spans.push((first, Second(i64::MAX)));
        }
        for spans in self.spans.values_mut() {
            spans.sort_unstable();
            // The window of an alert may reach back into the one before.
            spans.dedup_by(|next, span| {
                let joined = next.0 <= span.1;
                if joined {
                    span.1 = span.1.max(next.1);
                }
                joined
            });
        }
    }

    /// Whether an alert of this key fired in this second; without one, of the rule.
    pub fn hold(&self, key: Option<&[u8]>, second: Second) -> bool {
        let spans = self.spans.get(key.unwrap_or_default());
        spans.is_some_and(|spans| {
            let begun = spans.partition_point(|span| span.0 <= second);
            begun > 0 && second <= spans[begun - 1].1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{Figure, Subject, Unit};
    use crate::time::Span;
    use std::sync::Arc;

    fn transition(number: u64, at: i64, state: AlertState) -> Transition {
        Transition {
            repeat: 0,
            rule: Arc::from("Errors"),
            key: None,
            subject: Subject {
                measure: Arc::from("5xx"),
                unit: Unit::Share,
            },
            number,
            times: 0,
            since: Second(at),
            at: Second(at),
            figure: figure(),
            detail: None,
            top: Arc::from([]),
            state,
        }
    }

    fn figure() -> Figure {
        Figure {
            hits: 100,
            value: 0.1,
            threshold: 0.05,
            window: Span(10),
            below: false,
        }
    }

    #[test]
    fn a_span_begins_with_its_window_and_ends_when_the_alert_is_over() {
        let firing = || AlertState::Firing {
            changed: Arc::from([]),
            causes: Vec::new(),
            missing: false,
            errors: (0.0, None),
            resolution: None,
        };
        let resolved = || AlertState::Resolved {
            peak: figure(),
            why: None,
        };
        let mut spans = FiringSpans::default();
        for (number, at, state) in [
            (1, 100, firing()),
            (1, 150, resolved()),
            (2, 155, firing()),
            (2, 170, resolved()),
            (3, 300, firing()),
        ] {
            spans.take(&transition(number, at, state));
        }
        spans.finish();
        let held: Vec<i64> = (0..400)
            .filter(|&second| spans.hold(None, Second(second)))
            .collect();
        let want: Vec<i64> = (91..=170).chain(291..400).collect();
        assert_eq!(held, want);
        assert!(!spans.hold(Some(b"10.0.0.1"), Second(100)));
    }
}
