//! The causes of the alerts that a second fires, from the records that their rules count.
//!
//! They are found once for all rules that count the same over the same window, and for all keys of a rule at once, so
//! that a storm of alerts costs its size.

use super::Evaluate;
use crate::alert::Changed;
use crate::alert::cause::{self, Counted};
use crate::ingest::Books;
use crate::quantity::Count;
use crate::report::AlertCause;
use crate::stats::keys::NONE;
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
        let mut known_keys: Vec<(KeysOf, CausesOfKeys)> = Vec::new();
        let mut all = Vec::with_capacity(changes.len());
        for of_rule in changes.chunk_by(|a, b| a.0 == b.0) {
            let rule = &self.rules[of_rule[0].0];
            let (window, by) = (rule.window(), rule.by());
            let Some(counted) = rule.counted() else {
                all.extend(of_rule.iter().map(|_| Vec::new()));
                continue;
            };
            if let Some(dimension) = by {
                let of = (window, counted, dimension);
                let place = known_keys.iter().position(|(known, _)| *known == of);
                let place = place.unwrap_or_else(|| {
                    let same = changes.iter().filter(|(index, _)| {
                        let rule = &self.rules[*index];
                        rule.by() == by
                            && rule.window() == window
                            && rule.counted() == Some(counted)
                    });
                    let keys = same.filter_map(fired_key).collect();
                    let causes = self.causes_of_keys(at, of, keys, books);
                    known_keys.push((of, causes));
                    known_keys.len() - 1
                });
                let (keys, causes) = &known_keys[place].1;
                all.extend(of_rule.iter().map(|change| {
                    let key = fired_key(change);
                    let place = key.and_then(|id| keys.binary_search(&id).ok());
                    place.map_or(Vec::new(), |place| causes[place].clone())
                }));
                continue;
            }
            for (_, changed) in of_rule {
                if !changed.fires() {
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

    /// The causes of the alerts of several keys of a dimension, in order of ids: each from the records of that key.
    fn causes_of_keys(
        &mut self,
        at: Second,
        (window, counted, dimension): KeysOf,
        mut keys: Vec<u32>,
        books: &Books,
    ) -> CausesOfKeys {
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return (keys, Vec::new());
        }
        let mut places = vec![NONE; keys[keys.len() - 1] as usize + 1];
        for (place, &id) in (0..).zip(&keys) {
            places[id as usize] = place;
        }
        let among = (dimension, books.totals.dimensions());
        let spans = windows(at, window);
        let joint = spans.map(|span| self.past.hits_of(span, counted.subset, among, &places));
        let mut found = Vec::new();
        if let [Some(mut new), Some(mut old)] = joint {
            new.sort_unstable_by_key(|hit| hit.0);
            old.sort_unstable_by_key(|hit| hit.0);
            let [mut new, mut old] = [new, old].map(|hits| hits.into_iter().peekable());
            for place in 0..keys.len() as u32 {
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
        (keys, found)
    }
}

/// Keys of a dimension whose records of a window are counted.
type KeysOf = (Span, Counted, usize);

/// The ids of keys, and the causes of the alert of each.
type CausesOfKeys = (Vec<u32>, Vec<Vec<AlertCause>>);

/// The id of the key that an alert is about, if it fired.
fn fired_key((_, changed): &(usize, Changed)) -> Option<u32> {
    changed.id.filter(|_| changed.fires())
}

fn clear(tallies: &mut [Vec<Tally>; 2]) {
    tallies.iter_mut().flatten().for_each(Tally::clear);
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
