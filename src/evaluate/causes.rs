//! The causes of the alerts that a second fires, from the records that their rules count.
//!
//! They are found once for all rules that count the same over the same window, and for all keys of a rule at once, so
//! that a storm of alerts costs its size.

use super::Evaluate;
use crate::alert::cause::{self, Counted};
use crate::alert::{AlertChange, Changed};
use crate::ingest::Books;
use crate::quantity::Count;
use crate::report::AlertCause;
use crate::stats::tally::Tally;
use crate::time::{Second, Span};

impl Evaluate {
    /// The causes of each of what a second changed, rule by rule: none where nothing fired, or nothing is known.
    pub(super) fn find_causes(
        &mut self,
        at: Second,
        changes: &[(usize, Changed)],
        books: &Books,
    ) -> Vec<Vec<AlertCause>> {
        let mut known: Vec<(Span, Counted, Vec<AlertCause>)> = Vec::new();
        let mut all = Vec::with_capacity(changes.len());
        for of_rule in changes.chunk_by(|a, b| a.0 == b.0) {
            let rule = &self.rules[of_rule[0].0];
            let (window, by) = (rule.window(), rule.by());
            let Some(counted) = rule.counted() else {
                all.extend(of_rule.iter().map(|_| Vec::new()));
                continue;
            };
            if let Some(dimension) = by {
                all.extend(self.causes_of_keys(at, window, counted, dimension, of_rule, books));
                continue;
            }
            for (_, changed) in of_rule {
                if !fired(changed) {
                    all.push(Vec::new());
                    continue;
                }
                let same = |known: &&(Span, Counted, _)| (known.0, known.1) == (window, counted);
                all.push(match known.iter().find(same) {
                    Some((.., causes)) => causes.clone(),
                    None => {
                        let causes = self.causes_of_window(at, window, counted, books);
                        known.push((window, counted, causes.clone()));
                        causes
                    }
                });
            }
        }
        all
    }

    fn causes_of_window(
        &mut self,
        at: Second,
        window: Span,
        counted: Counted,
        books: &Books,
    ) -> Vec<AlertCause> {
        let [now, before] = &mut self.cause_tallies;
        let [new, old] = windows(at, window);
        let counters = self.past.tally(new, counted.subset, now);
        self.past.tally(old, counted.subset, before);
        let whole = counters.count();
        let causes = cause::causes(
            &books.totals,
            counted,
            whole,
            &self.cause_tallies,
            self.named,
        );
        clear(&mut self.cause_tallies);
        causes
    }

    /// The causes of the alerts of several keys of a dimension: each from the records of that key.
    fn causes_of_keys(
        &mut self,
        at: Second,
        window: Span,
        counted: Counted,
        dimension: usize,
        changes: &[(usize, Changed)],
        books: &Books,
    ) -> Vec<Vec<AlertCause>> {
        let id = |(_, changed): &(usize, Changed)| changed.id.filter(|_| fired(changed));
        let mut keys: Vec<u32> = changes.iter().filter_map(id).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return changes.iter().map(|_| Vec::new()).collect();
        }
        let places = (dimension, books.totals.dimensions());
        let spans = windows(at, window);
        let joint = spans.map(|span| self.past.hits_of(span, counted.subset, places, &keys));
        let mut found = Vec::new();
        if let [Some(mut new), Some(mut old)] = joint {
            new.sort_unstable_by_key(|hit| hit.0);
            old.sort_unstable_by_key(|hit| hit.0);
            let [mut new, mut old] = [new, old].map(|hits| hits.into_iter().peekable());
            for place in 0..keys.len() {
                let mut whole = Count::default();
                while let Some((_, ids, count)) = new.next_if(|hit| hit.0 == place) {
                    whole.add(count);
                    add(&mut self.cause_tallies[0], ids, count);
                }
                while let Some((_, ids, count)) = old.next_if(|hit| hit.0 == place) {
                    add(&mut self.cause_tallies[1], ids, count);
                }
                let causes = cause::causes(
                    &books.totals,
                    counted,
                    whole,
                    &self.cause_tallies,
                    self.named,
                );
                clear(&mut self.cause_tallies);
                found.push(causes);
            }
        } else {
            // Which keys came together is not known any more: there is the key alone.
            let mut counts = spans.map(|span| {
                let tallies = &mut self.cause_tallies[0];
                self.past.tally(span, counted.subset, tallies);
                let of_key = |&id: &u32| tallies[dimension].get(id);
                let counts: Vec<Count> = keys.iter().map(of_key).collect();
                clear(&mut self.cause_tallies);
                counts.into_iter()
            });
            for &id in &keys {
                let [new, old] = counts
                    .each_mut()
                    .map(|counts| counts.next().unwrap_or_default());
                self.cause_tallies[0][dimension].add(id, new);
                self.cause_tallies[1][dimension].add(id, old);
                let causes =
                    cause::causes(&books.totals, counted, new, &self.cause_tallies, self.named);
                clear(&mut self.cause_tallies);
                found.push(causes);
            }
        }
        let of_change = |change: &(usize, Changed)| {
            let place = id(change).and_then(|id| keys.binary_search(&id).ok());
            place.map_or(Vec::new(), |place| found[place].clone())
        };
        changes.iter().map(of_change).collect()
    }
}

fn clear(tallies: &mut [Vec<Tally>; 2]) {
    tallies.iter_mut().flatten().for_each(Tally::clear);
}

fn fired(changed: &Changed) -> bool {
    matches!(
        changed.transition,
        AlertChange::Fired { .. } | AlertChange::Repeated { .. }
    )
}

/// The window that ends with `at`, and the one before.
fn windows(at: Second, window: Span) -> [(Second, Second); 2] {
    [(at - window, at), (at - window - window, at - window)]
}

/// Counts one hit under each of its keys.
fn add(tallies: &mut [Tally], ids: &[u32], count: Count) {
    for (tally, &id) in tallies.iter_mut().zip(ids) {
        tally.add(id, count);
    }
}
