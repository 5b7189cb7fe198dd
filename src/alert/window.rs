//! The sliding window that every kind of rule looks at.
//!
//! It ends with the last closed second and holds exactly the seconds of its span. Only those that hold
//! something are kept, oldest first, so however many others are left out between two that close, those
//! that are too old leave with the next one. A second that closes and records that come late for one go
//! the same way in: [`Window::slide`] to the end, then [`Window::at`] the second.
//!
//! [`Window`] keeps a small value for each second, and can be of several spans at once, which rules share that count
//! the same; [`Sums`] adds such values up. [`Rows`] keeps a row for each key of a second, all of them in one deque: a second that closes
//! allocates nothing of its own. Where there is no room for more rows, neighbouring seconds become slices.

use std::collections::{BTreeMap, VecDeque};

use crate::time::{Second, Span};

/// The seconds of one or several spans that end together.
#[derive(Debug)]
pub(super) struct Window<T> {
    spans: Vec<SpanEdge>,
    /// The place of the longest of them.
    longest: usize,
    end: Second,
    /// The seconds of the longest span, each with what it holds.
    seconds: VecDeque<(Second, T)>,
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
            seconds: VecDeque::new(),
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

    fn longest(&self) -> Span {
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

    /// The newest second that holds anything.
    fn newest(&self) -> Option<Second> {
        self.seconds.back().map(|(newest, _)| *newest)
    }

    /// What the oldest second holds.
    fn oldest(&self) -> Option<&T> {
        self.seconds.front().map(|(_, value)| value)
    }

    /// What a second holds, and what the next one does that holds anything.
    fn get_with_next(&self, second: Second) -> (Option<&T>, Option<&T>) {
        let index = self.seconds.partition_point(|(known, _)| *known < second);
        let here = self.seconds.get(index).filter(|(at, _)| *at == second);
        let next = self.seconds.get(index + usize::from(here.is_some()));
        (here.map(|(_, value)| value), next.map(|(_, value)| value))
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
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
            while let Some((second, value)) = self.seconds.front()
                && *second <= oldest
            {
                leave(0, value);
                self.seconds.pop_front();
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
        while self.spans[self.longest].left > 0 && self.seconds.pop_front().is_some() {
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
            self.seconds.push_back((second, value));
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
            self.seconds.push_back((second, empty));
            return self.seconds.back_mut().map(|(_, value)| value);
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

    /// The same of any of the spans.
    pub(super) fn next_leave_of_any(&self) -> Option<Second> {
        let leaves = (0..self.spans.len()).filter_map(|place| self.next_leave(place));
        leaves.min()
    }
}

/// Sums over the spans of a window.
#[derive(Debug)]
pub(super) struct Sums<const K: usize> {
    window: Window<[u64; K]>,
    totals: Vec<[u128; K]>,
}

impl<const K: usize> Sums<K> {
    pub(super) fn new(span: Span) -> Sums<K> {
        Sums {
            window: Window::new(span),
            totals: vec![[0; K]],
        }
    }

    /// See [`Window::place_of`].
    pub(super) fn place_of(&mut self, span: Span) -> usize {
        let place = self.window.place_of(span);
        self.totals.resize(self.window.spans(), [0; K]);
        place
    }

    /// `more` is added to `second`, if a window that ends with `closed` holds it.
    #[inline]
    pub(super) fn take(&mut self, second: Second, more: [u64; K], closed: Second) {
        let subtract = |totals: &mut [u128; K], old: &[u64; K]| {
            for (total, old) in totals.iter_mut().zip(old) {
                *total -= u128::from(*old);
            }
        };
        match &mut self.totals[..] {
            // Most often there is one.
            [totals] => self.window.slide(closed, |_, old| subtract(totals, old)),
            totals => self
                .window
                .slide(closed, |place, old| subtract(&mut totals[place], old)),
        }
        if more == [0; K] {
            return;
        }
        if self.window.push(second, more) {
            // It ends every window.
            for totals in &mut self.totals {
                for (total, more) in totals.iter_mut().zip(more) {
                    *total += u128::from(more);
                }
            }
        } else {
            self.take_late(second, more);
        }
    }

    #[cold]
    fn take_late(&mut self, second: Second, more: [u64; K]) {
        if let Some(held) = self.window.at(second, [0; K]) {
            let mut added = [0; K];
            for ((held, more), added) in held.iter_mut().zip(more).zip(&mut added) {
                // What saturates is no longer a sum, and must not leave more than entered.
                let before = *held;
                *held = held.saturating_add(more);
                *added = u128::from(*held - before);
            }
            for (place, totals) in self.totals.iter_mut().enumerate() {
                if self.window.holds(place, second) {
                    for (total, added) in totals.iter_mut().zip(added) {
                        *total += added;
                    }
                }
            }
        }
    }

    pub(super) fn total(&self, place: usize, index: usize) -> u128 {
        self.totals[place][index]
    }

    /// A sum of hits, for a figure.
    pub(super) fn hits(&self, place: usize, index: usize) -> u64 {
        u64::try_from(self.totals[place][index]).unwrap_or(u64::MAX)
    }

    pub(super) fn span(&self, place: usize) -> Span {
        self.window.span(place)
    }

    pub(super) fn next_leave(&self, place: usize) -> Option<Second> {
        self.window.next_leave(place)
    }
}

/// What a second holds of one key.
pub(super) trait IdRow: Copy {
    /// Rows of a second are in this order, and each key has one.
    fn id(&self) -> u32;

    /// Takes in what came late under the same key.
    fn merge(&mut self, more: Self);
}

/// What became of a row that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// Its second had none of this key.
    New,
    /// Its second had one, which took it in.
    Merged,
    /// There is no room.
    Refused,
}

/// A window whose seconds hold rows.
#[derive(Debug)]
pub(super) struct Rows<R> {
    /// The rows of the seconds as they closed, in one deque; each second knows the number of its first
    /// row, counted from the first of all that ever were.
    starts: Window<u64>,
    rows: VecDeque<R>,
    gone: u64,
    /// Rows of keys that came late for their second.
    late: BTreeMap<Second, Vec<R>>,
    late_rows: usize,
    /// How many rows there may be.
    most: usize,
    /// Seconds in a slice of the rows that were merged: a power of two, 1 while none were.
    width: i64,
    /// How many rows were left when they were merged last.
    merged: usize,
}

impl<R: IdRow> Rows<R> {
    pub(super) fn new(span: Span, most: usize) -> Rows<R> {
        Rows {
            starts: Window::new(span),
            rows: VecDeque::new(),
            gone: 0,
            late: BTreeMap::new(),
            late_rows: 0,
            most,
            width: 1,
            merged: 0,
        }
    }

    /// The next second at which a row leaves, if none enters before.
    pub(super) fn next_leave(&self) -> Option<Second> {
        let late = self.late.first_key_value();
        let late = late.map(|(first, _)| *first + self.starts.span(0));
        late.into_iter().chain(self.starts.next_leave(0)).min()
    }

    /// The window ends with `end`; `leave` is called with the rows that are too old.
    pub(super) fn slide(&mut self, end: Second, mut leave: impl FnMut(R)) {
        let mut is_any_old = false;
        self.starts.slide(end, |_, _| is_any_old = true);
        if is_any_old {
            let all = self.gone + self.rows.len() as u64;
            let first = self.starts.oldest().copied().unwrap_or(all);
            // Most often these are few, and a drain is made for many.
            for _ in self.gone..first {
                if let Some(row) = self.rows.pop_front() {
                    leave(row);
                }
            }
            self.gone = first;
        }
        while let Some(entry) = self.late.first_entry()
            && *entry.key() <= end - self.starts.span(0)
        {
            let rows = entry.remove();
            self.late_rows -= rows.len();
            rows.into_iter().for_each(&mut leave);
        }
    }

    /// Adds rows, in order and each key once, to `second`; `added` is called with what became of each. Those of
    /// a second that the window does not hold are passed over.
    pub(super) fn add(&mut self, second: Second, rows: &[R], mut added: impl FnMut(R, Added)) {
        if !self.starts.holds(0, second) {
            return;
        }
        let held = self.held() + rows.len();
        // It takes time for all rows, so it is done once for many.
        if held > self.most && self.held() >= self.merged + self.most / 8 {
            self.merge_seconds();
        }
        let newest = self.starts.newest().is_none_or(|newest| newest < second);
        if newest {
            let start = self.gone + self.rows.len() as u64;
            let (rows, refused) =
                rows.split_at(rows.len().min(self.most.saturating_sub(self.held())));
            self.rows.extend(rows);
            rows.iter().for_each(|row| added(*row, Added::New));
            refused.iter().for_each(|row| added(*row, Added::Refused));
            if !rows.is_empty() {
                self.starts.at(second, start);
            }
            return;
        }
        for &row in rows {
            let outcome = self.add_late(second, row);
            added(row, outcome);
        }
    }

    fn held(&self) -> usize {
        self.rows.len() + self.late_rows
    }

    /// How many seconds a slice has, where seconds were merged for want of room.
    pub(super) fn width(&self) -> Option<Span> {
        (self.width > 1).then_some(Span(self.width))
    }

    /// Merges neighbouring seconds to slices of two, four, eight … with one row for each key, until there is room. A slice
    /// counts for as long as its last second is in the window, so that no key is counted less than it has.
    fn merge_seconds(&mut self) {
        let span = self.starts.span(0).0;
        self.width = self.width.max(2);
        loop {
            self.merge_to_slices();
            if self.held() * 4 <= self.most * 3 || self.width >= span {
                break;
            }
            self.width *= 2;
        }
        self.merged = self.held();
    }

    fn merge_to_slices(&mut self) {
        let mut slices: BTreeMap<i64, (Second, Vec<R>)> = BTreeMap::new();
        let width = self.width;
        let group = |second: Second| second.0.div_euclid(width);
        let all = self.gone + self.rows.len() as u64;
        let mut old = std::mem::take(&mut self.rows).into_iter();
        let mut starts = self.starts.seconds.iter().peekable();
        while let Some(&(second, start)) = starts.next() {
            let end = starts.peek().map_or(all, |(_, next)| *next);
            let (last, rows) = slices.entry(group(second)).or_insert((second, Vec::new()));
            *last = second.max(*last);
            rows.extend(old.by_ref().take((end - start) as usize));
        }
        for (second, late) in std::mem::take(&mut self.late) {
            let (last, rows) = slices.entry(group(second)).or_insert((second, Vec::new()));
            *last = second.max(*last);
            rows.extend(late);
        }
        self.late_rows = 0;
        self.starts.seconds.clear();
        for (last, mut rows) in slices.into_values() {
            rows.sort_by_key(R::id);
            rows.dedup_by(|more, row| {
                let same = more.id() == row.id();
                if same {
                    row.merge(*more);
                }
                same
            });
            let start = self.gone + self.rows.len() as u64;
            self.starts.seconds.push_back((last, start));
            self.rows.extend(rows);
        }
    }

    fn add_late(&mut self, second: Second, row: R) -> Added {
        let (mut low, end) = self.range(second);
        let mut high = end;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.rows[middle].id() < row.id() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low < end && self.rows[low].id() == row.id() {
            self.rows[low].merge(row);
            return Added::Merged;
        }
        let late = self.late.get_mut(&second);
        let place = late.map_or(Err(0), |late| {
            let place = late.binary_search_by_key(&row.id(), R::id);
            place.map(|index| late[index].merge(row))
        });
        match place {
            Ok(()) => Added::Merged,
            Err(_) if self.held() >= self.most => Added::Refused,
            Err(index) => {
                self.late.entry(second).or_default().insert(index, row);
                self.late_rows += 1;
                Added::New
            }
        }
    }

    /// Where the rows are of a second as it closed.
    fn range(&self, second: Second) -> (usize, usize) {
        let (start, next) = self.starts.get_with_next(second);
        let index = |row: u64| (row - self.gone) as usize;
        let start = start.map(|start| index(*start));
        let end = next.map_or(self.rows.len(), |next| index(*next));
        (start.unwrap_or(end), end)
    }

    /// Changes the ids of all rows; those that `change` does not keep are gone, and the rows of each
    /// second are in order again.
    pub(super) fn retain(&mut self, mut change: impl FnMut(&mut R) -> bool) {
        let old = std::mem::take(&mut self.rows);
        let all = self.gone + old.len() as u64;
        let mut old = old.into_iter();
        let mut second: Vec<R> = Vec::new();
        let mut starts = self.starts.values_mut().peekable();
        while let Some(start) = starts.next() {
            let end = starts.peek().map_or(all, |next| **next);
            second.extend(old.by_ref().take((end - *start) as usize));
            second.retain_mut(&mut change);
            second.sort_unstable_by_key(R::id);
            *start = self.gone + self.rows.len() as u64;
            self.rows.extend(second.drain(..));
        }
        for rows in self.late.values_mut() {
            rows.retain_mut(&mut change);
            rows.sort_unstable_by_key(R::id);
        }
        self.late_rows = self.late.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl IdRow for (u32, u64) {
        fn id(&self) -> u32 {
            self.0
        }

        fn merge(&mut self, more: (u32, u64)) {
            self.1 += more.1;
        }
    }

    /// What closes, with the seconds left out before it and its rows; then what comes late, how long ago
    /// and with which row.
    type Round = (i64, Vec<(u32, u64)>, Vec<(i64, u32)>);

    fn closings() -> impl Strategy<Value = Vec<Round>> {
        let gap = prop_oneof![4 => Just(1i64), 1 => 1i64..9];
        let rows = prop::collection::btree_map(0u32..6, 1u64..5, 0..4);
        let rows = rows.prop_map(|rows| rows.into_iter().collect());
        let late = prop::collection::vec((0i64..12, 0u32..6), 0..3);
        prop::collection::vec((gap, rows, late), 1..40)
    }

    /// The plain way: all that ever came, `(second, id, count)`.
    fn within(all: &[(i64, u32, u64)], end: i64, span: i64) -> BTreeMap<(i64, u32), u64> {
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
        fn sums_of_every_span_are_those_of_its_seconds(closings in closings(), spans in prop::array::uniform3(1i64..10)) {
            let mut window: Window<u64> = Window::of(&spans.map(Span));
            let places = spans.map(|span| window.place_of(Span(span)));
            let mut shared = Sums::<1>::new(Span(spans[0]));
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
                    shared.take(Second(second), [count], Second(end));
                    all.push((second, 0, count));
                }
                // Whether or not anything came.
                window.slide(Second(end), |span, old| sums[span] -= old);
                shared.take(Second(end), [0], Second(end));
                let plain = spans.map(|span| within(&all, end, span).values().sum::<u64>());
                prop_assert_eq!(places.map(|place| sums[place]), plain);
                prop_assert_eq!(shared_places.map(|place| shared.hits(place, 0)), plain);
                let leaves = spans.iter().filter_map(|span| Some(within(&all, end, *span).keys().next()?.0 + span));
                prop_assert_eq!(window.next_leave_of_any().map(|leave| leave.0), leaves.min());
            }
        }

        #[test]
        fn rows_are_those_of_the_seconds_of_the_window(closings in closings(), span in 1i64..10, most in prop_oneof![Just(usize::MAX), 1usize..30], renumber_at in 0usize..40) {
            let mut rows: Rows<(u32, u64)> = Rows::new(Span(span), most);
            let (mut all, mut sums, mut held, mut refused): (_, BTreeMap<u32, u64>, _, _) = (Vec::new(), BTreeMap::new(), 0usize, 0);
            let mut end = 0;
            for (index, (gap, now, late)) in closings.into_iter().enumerate() {
                end += gap;
                let late = late.into_iter().map(|(ago, id)| (end - ago, vec![(id, 1)]));
                for (second, more) in std::iter::once((end, now)).chain(late) {
                    rows.slide(Second(end), |(id, count)| {
                        *sums.get_mut(&id).expect("it entered") -= count;
                        held = held.saturating_sub(1);
                    });
                    rows.add(Second(second), &more, |(id, count), added| {
                        if added == Added::Refused {
                            refused += 1;
                            return;
                        }
                        held += usize::from(added == Added::New);
                        *sums.entry(id).or_default() += count;
                        all.push((second, id, count));
                    });
                }
                if index == renumber_at {
                    // 5 is dropped, the others turn round.
                    let change = |row: &mut (u32, u64)| {
                        let keep = row.0 != 5;
                        held = held.saturating_sub(usize::from(!keep));
                        row.0 = 4u32.saturating_sub(row.0);
                        keep
                    };
                    rows.retain(change);
                    all.retain(|row: &(i64, u32, u64)| row.1 != 5);
                    all.iter_mut().for_each(|row| row.1 = 4 - row.1);
                    sums = (0..5).filter_map(|id| Some((4 - id, *sums.get(&id)?))).collect();
                }
                let plain = within(&all, end, span);
                let mut by_id: BTreeMap<u32, u64> = BTreeMap::new();
                plain.iter().for_each(|((_, id), count)| *by_id.entry(*id).or_default() += count);
                sums.retain(|_, sum| *sum > 0);
                if let Some(width) = rows.width() {
                    // What is in the window is counted, and no more than a slice before it.
                    let most_of = within(&all, end, span + width.0);
                    for (id, sum) in &by_id {
                        prop_assert!(sums.get(id) >= Some(sum), "{id}: {sums:?} {by_id:?}");
                    }
                    for (id, sum) in &sums {
                        let most: u64 = most_of.iter().filter(|((_, key), _)| key == id).map(|(_, n)| n).sum();
                        prop_assert!(*sum <= most, "{id}: {sum} {most}");
                    }
                    prop_assert!(rows.held() <= most);
                    continue;
                }
                prop_assert_eq!(&sums, &by_id);
                prop_assert_eq!(held, plain.len(), "each key of a second has one row");
                prop_assert!(held <= most && (refused == 0 || most < usize::MAX));
                let leaves = plain.keys().next().map(|(second, _)| second + span);
                let next = rows.next_leave().map(|leave| leave.0);
                // A second whose rows were all dropped is kept, and leaves in its turn.
                let early = index >= renumber_at && next < leaves.or(Some(i64::MAX));
                prop_assert!(next == leaves || early, "{next:?} {leaves:?}");
            }
        }
    }
}
