//! The sliding window that every kind of rule looks at.
//!
//! It ends with the last closed second and holds exactly the seconds of its span. Only those that hold
//! something are kept, oldest first, so however many others are left out between two that close, those
//! that are too old leave with the next one. A second that closes and records that come late for one go
//! the same way in: [`Window::slide`] to the end, then [`Window::at`] the second.
//!
//! [`Window`] keeps a small value for each second, and can be of several spans at once, which rules share that count
//! the same; [`Sums`] adds such values up.

use crate::queue::Queue;
use crate::time::{Second, Span};

/// The seconds of one or several spans that end together.
#[derive(Debug)]
pub(super) struct Window<T> {
    spans: Vec<SpanEdge>,
    /// The place of the longest of them.
    longest: usize,
    end: Second,
    /// The seconds of the longest span, each with what it holds.
    seconds: Queue<(Second, T)>,
}

/// A span, and how many of the seconds are too old for it; for the longest none is.
#[derive(Debug, Clone, Copy)]
struct SpanEdge {
    span: Span,
    left: usize,
}

impl<T> Window<T> {
    pub(super) fn new(span: Span) -> Window<T> {
        Window::of(&[span])
    }

    /// A window of each of some spans, which are known by their places here.
    pub(super) fn of(spans: &[Span]) -> Window<T> {
        let mut window = Window {
            spans: Vec::new(),
            longest: 0,
            end: Second(i64::MIN),
            seconds: Queue::default(),
        };
        spans.iter().for_each(|&span| {
            window.place_of(span);
        });
        window
    }

    /// The place of a span, which is one of the window's from now on; nothing has come yet.
    pub(super) fn place_of(&mut self, span: Span) -> usize {
        debug_assert!(self.seconds.is_empty());
        let known = self.spans.iter().position(|edge| edge.span == span);
        known.unwrap_or_else(|| {
            self.spans.push(SpanEdge { span, left: 0 });
            let place = self.spans.len() - 1;
            if span > self.longest() {
                self.longest = place;
            }
            place
        })
    }

    /// The longest span.
    pub(super) fn longest(&self) -> Span {
        self.spans[self.longest].span
    }

    /// How many spans there are.
    pub(super) fn spans(&self) -> usize {
        self.spans.len()
    }

    /// The span at this place.
    pub(super) fn span(&self, place: usize) -> Span {
        self.spans[place].span
    }

    /// The last second of all spans.
    pub(super) fn end(&self) -> Second {
        self.end
    }

    /// What the seconds of the span at this place hold, oldest first.
    pub(super) fn of_span(&self, place: usize) -> impl Iterator<Item = &T> {
        let seconds = &self.seconds[self.spans[place].left..];
        seconds.iter().map(|(_, value)| value)
    }

    /// The newest second that holds anything.
    pub(super) fn newest(&self) -> Option<Second> {
        self.seconds.last().map(|(newest, _)| *newest)
    }

    /// The oldest second that holds anything.
    pub(super) fn first_second(&self) -> Option<Second> {
        self.seconds.first().map(|(second, _)| *second)
    }

    /// The seconds of the longest span, each with what it holds.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, (Second, T)> {
        self.seconds.iter()
    }

    /// What the oldest second holds.
    pub(super) fn oldest(&self) -> Option<&T> {
        self.seconds.first().map(|(_, value)| value)
    }

    /// What a second holds, and what the next one does that holds anything.
    pub(super) fn get_with_next(&self, second: Second) -> (Option<&T>, Option<&T>) {
        let index = self.seconds.partition_point(|(known, _)| *known < second);
        let here = self.seconds.get(index).filter(|(at, _)| *at == second);
        let next = self.seconds.get(index + usize::from(here.is_some()));
        (here.map(|(_, value)| value), next.map(|(_, value)| value))
    }

    /// The seconds of a window of one span as they are held, to put others there.
    pub(super) fn seconds_mut(&mut self) -> &mut Queue<(Second, T)> {
        debug_assert_eq!(self.spans.len(), 1);
        &mut self.seconds
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.seconds.iter_mut().map(|(_, value)| value)
    }

    /// What a second holds that the longest span holds, if it holds anything.
    pub(super) fn get_mut(&mut self, second: Second) -> Option<&mut T> {
        let index = match self.newest() {
            Some(newest) if newest == second => self.seconds.len() - 1,
            _ => self.seconds.partition_point(|(known, _)| *known < second),
        };
        let found = self.seconds.get_mut(index);
        found
            .filter(|(at, _)| *at == second)
            .map(|(_, value)| value)
    }

    /// The windows end with `end`. `leave` is called with what is too old for each span, by its place.
    #[inline]
    pub(super) fn slide(&mut self, end: Second, mut leave: impl FnMut(usize, &T)) {
        self.end = end;
        if let [SpanEdge { span, .. }] = self.spans[..] {
            let oldest = end - span;
            while let Some((second, value)) = self.seconds.first()
                && *second <= oldest
            {
                leave(0, value);
                self.seconds.pass();
            }
            return;
        }
        for (place, SpanEdge { span, left }) in self.spans.iter_mut().enumerate() {
            let oldest = end - *span;
            while let Some((second, value)) = self.seconds.get(*left)
                && *second <= oldest
            {
                leave(place, value);
                *left += 1;
            }
        }
        // They were too old for the shorter spans before.
        for _ in 0..self.spans[self.longest].left {
            self.seconds.pass();
            self.spans.iter_mut().for_each(|edge| edge.left -= 1);
        }
    }

    /// Whether `second` is the end of the windows and holds nothing.
    #[inline]
    fn is_new(&self, second: Second) -> bool {
        second == self.end && self.newest().is_none_or(|newest| newest < second)
    }

    /// Puts `value` at `second`, if that is the end of the windows and holds nothing; whether it does.
    #[inline]
    pub(super) fn push(&mut self, second: Second, value: T) -> bool {
        let is_new = self.is_new(second);
        if is_new {
            self.seconds.push((second, value));
        }
        is_new
    }

    /// What the longest window holds of `second`, which is `empty` if it held nothing; `None` where the
    /// second is outside of it. Something is to be put there: the second is kept from now on.
    #[inline]
    pub(super) fn at(&mut self, second: Second, empty: T) -> Option<&mut T> {
        if second > self.end || second <= self.end - self.longest() {
            return None;
        }
        if self.is_new(second) {
            self.seconds.push((second, empty));
            return self.seconds.last_mut().map(|(_, value)| value);
        }
        let index = self.seconds.partition_point(|(known, _)| *known < second);
        if self.seconds.get(index).is_none_or(|(at, _)| *at != second) {
            self.seconds.insert(index, (second, empty));
            for SpanEdge { span, left } in &mut self.spans {
                // In a gap the end may be far past it.
                *left += usize::from(second <= self.end - *span);
            }
        }
        Some(&mut self.seconds[index].1)
    }

    /// Whether the span at this place holds `second`.
    #[inline]
    pub(super) fn holds(&self, place: usize, second: Second) -> bool {
        second <= self.end && second > self.end - self.spans[place].span
    }

    /// The next second at which something leaves the span at this place, if nothing enters before.
    pub(super) fn next_leave(&self, place: usize) -> Option<Second> {
        let SpanEdge { span, left } = self.spans[place];
        let (oldest, _) = self.seconds.get(left)?;
        Some(*oldest + span)
    }
}

/// Sums over the spans of a window.
#[derive(Debug)]
pub(super) struct Sums {
    window: Window<u64>,
    totals: Vec<u128>,
}

impl Sums {
    pub(super) fn new(span: Span) -> Sums {
        Sums {
            window: Window::new(span),
            totals: vec![0],
        }
    }

    /// See [`Window::place_of`].
    pub(super) fn place_of(&mut self, span: Span) -> usize {
        let place = self.window.place_of(span);
        self.totals.resize(self.window.spans(), 0);
        place
    }

    /// `more` is added to each of these seconds, which close in this order. What is too old leaves only when the last of them
    /// has closed.
    #[inline]
    pub(super) fn take_run(&mut self, run: impl Iterator<Item = (Second, u64)>) {
        let (mut last, mut sum) = (None, 0);
        for (second, more) in run {
            if more != 0 {
                self.window.seconds.push((second, more));
                sum += u128::from(more);
            }
            last = Some(second);
        }
        self.totals.iter_mut().for_each(|total| *total += sum);
        if let Some(last) = last {
            self.take(last, 0, last);
        }
    }

    /// `more` is added to `second`, if a window that ends with `closed` holds it.
    #[inline]
    pub(super) fn take(&mut self, second: Second, more: u64, closed: Second) {
        // Most sums of what is rare hold nothing.
        if more != 0 || !self.window.seconds.is_empty() {
            self.take_more(second, more, closed);
        }
    }

    fn take_more(&mut self, second: Second, more: u64, closed: Second) {
        let totals = &mut self.totals;
        self.window
            .slide(closed, |place, old| totals[place] -= u128::from(*old));
        if more == 0 {
            return;
        }
        if self.window.push(second, more) {
            // It ends every window.
            let totals = self.totals.iter_mut();
            totals.for_each(|total| *total += u128::from(more));
        } else {
            self.take_late(second, more);
        }
    }

    #[cold]
    fn take_late(&mut self, second: Second, more: u64) {
        if let Some(held) = self.window.at(second, 0) {
            // What saturates is no longer a sum, and must not leave more than entered.
            let before = *held;
            *held = held.saturating_add(more);
            let added = u128::from(*held - before);
            for (place, total) in self.totals.iter_mut().enumerate() {
                if self.window.holds(place, second) {
                    *total += added;
                }
            }
        }
    }

    /// What leaves the span at this place first: for each of some numbers of seconds, least first, how much that is and when
    /// the next one leaves. Nothing that enters is in it.
    pub(super) fn leaving<'s>(
        &'s self,
        place: usize,
        counts: &'s [usize],
    ) -> impl Iterator<Item = (Second, u128)> + 's {
        let SpanEdge { span, left } = self.window.spans[place];
        let mut seconds = self.window.seconds[left..].iter();
        let (mut sum, mut passed) = (0, 0);
        counts.iter().map_while(move |&count| {
            for (_, value) in seconds.by_ref().take(count - passed) {
                sum += u128::from(*value);
            }
            passed = count;
            let (next, _) = seconds.as_slice().first()?;
            Some((*next + span, sum))
        })
    }

    pub(super) fn total(&self, place: usize) -> u128 {
        self.totals[place]
    }

    pub(super) fn span(&self, place: usize) -> Span {
        self.window.span(place)
    }

    /// The last second of all spans.
    pub(super) fn end(&self) -> Second {
        self.window.end()
    }

    pub(super) fn next_leave(&self, place: usize) -> Option<Second> {
        self.window.next_leave(place)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    /// What closes, with the seconds left out before it and its rows; then what comes late, how long ago
    /// and with which row.
    pub(in crate::alert) type Round = (i64, Vec<(u32, u64)>, Vec<(i64, u32)>);

    pub(in crate::alert) fn closings() -> impl Strategy<Value = Vec<Round>> {
        let gap = prop_oneof![4 => Just(1i64), 1 => 1i64..9];
        let rows = prop::collection::btree_map(0u32..6, 1u64..5, 0..4);
        let rows = rows.prop_map(|rows| rows.into_iter().collect());
        let late = prop::collection::vec((0i64..12, 0u32..6), 0..3);
        prop::collection::vec((gap, rows, late), 1..40)
    }

    /// The plain way: all that ever came, `(second, id, count)`.
    pub(in crate::alert) fn within(
        all: &[(i64, u32, u64)],
        end: i64,
        span: i64,
    ) -> BTreeMap<(i64, u32), u64> {
        let mut sums = BTreeMap::new();
        for &(second, id, count) in all {
            if second > end - span && second <= end {
                *sums.entry((second, id)).or_default() += count;
            }
        }
        sums
    }

    proptest! {
        #[test]
        fn a_run_of_seconds_adds_what_they_add_one_by_one(
            seconds in prop::collection::vec((1i64..6, 0u64..4), 0..60),
            spans in prop::collection::vec(1i64..40, 1..4),
            length in 1usize..20,
        ) {
            let mut end = 0;
            let ends = seconds.iter().map(|(gap, hits)| {
                end += gap;
                (Second(end), *hits)
            });
            let ends: Vec<(Second, u64)> = ends.collect();
            let mut sums = [Sums::new(Span(spans[0])), Sums::new(Span(spans[0]))];
            let places = |sums: &mut Sums| -> Vec<usize> {
                spans.iter().map(|&span| sums.place_of(Span(span))).collect()
            };
            let places = sums.each_mut().map(places);
            let [one_by_one, by_runs] = &mut sums;
            for run in ends.chunks(length) {
                run.iter().for_each(|&(second, hits)| one_by_one.take(second, hits, second));
                by_runs.take_run(run.iter().copied());
                for (&place, &same) in places[0].iter().zip(&places[1]) {
                    prop_assert_eq!(one_by_one.total(place), by_runs.total(same));
                    prop_assert_eq!(one_by_one.next_leave(place), by_runs.next_leave(same));
                }
            }
        }

        #[test]
        fn sums_of_every_span_are_those_of_its_seconds(closings in closings(), spans in prop::array::uniform3(1i64..10)) {
            let mut window: Window<u64> = Window::of(&spans.map(Span));
            let places = spans.map(|span| window.place_of(Span(span)));
            let mut shared = Sums::new(Span(spans[0]));
            let shared_places = spans.map(|span| shared.place_of(Span(span)));
            let mut sums = vec![0u64; window.spans()];
            let (mut all, mut end) = (Vec::new(), 0);
            for (gap, rows, late) in closings {
                end += gap;
                let now = rows.iter().map(|row| (end, row.1));
                for (second, count) in now.chain(late.iter().map(|(ago, _)| (end - ago, 1))) {
                    window.slide(Second(end), |span, old| sums[span] -= old);
                    if let Some(held) = window.at(Second(second), 0) {
                        *held += count;
                        (0..sums.len()).filter(|span| window.holds(*span, Second(second))).for_each(|span| sums[span] += count);
                    }
                    shared.take(Second(second), count, Second(end));
                    all.push((second, 0, count));
                }
                // Whether or not anything came.
                window.slide(Second(end), |span, old| sums[span] -= old);
                shared.take(Second(end), 0, Second(end));
                let plain = spans.map(|span| within(&all, end, span).values().sum::<u64>());
                prop_assert_eq!(places.map(|place| sums[place]), plain);
                prop_assert_eq!(shared_places.map(|place| shared.total(place) as u64), plain);
                let leaves = spans.iter().filter_map(|span| Some(within(&all, end, *span).keys().next()?.0 + span));
                let next = places.iter().filter_map(|place| window.next_leave(*place));
                prop_assert_eq!(next.map(|leave| leave.0).min(), leaves.min());
            }
        }
    }
}
