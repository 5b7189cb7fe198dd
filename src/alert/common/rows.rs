//! A row for each key of a second, over a sliding window.
//!
//! All rows are in one deque: a second that closes allocates nothing of its own. Where there is no room for more,
//! neighbouring seconds become slices.

use std::collections::{BTreeMap, VecDeque};

use crate::alert::window::Window;
use crate::time::{Second, Span};

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

    /// Whether every row came as its second closed, and there are no more than `most`.
    pub(super) fn is_as_closed(&self, most: usize) -> bool {
        self.late.is_empty() && self.width == 1 && self.rows.len() <= most
    }

    /// The oldest second that has rows.
    pub(super) fn first_second(&self) -> Option<Second> {
        self.starts.first_second()
    }

    /// Calls `take` with each second as it closed, oldest first, and its rows.
    pub(super) fn for_each_second(&self, mut take: impl FnMut(Second, &[R])) {
        let mut rows = self.rows.iter().copied();
        let mut of_second = Vec::new();
        let mut seconds = self.starts.iter().peekable();
        let all = self.gone + self.rows.len() as u64;
        while let Some((second, start)) = seconds.next() {
            let end = seconds.peek().map_or(all, |(_, next)| *next);
            of_second.extend(rows.by_ref().take((end - start) as usize));
            take(*second, &of_second);
            of_second.clear();
        }
    }

    /// Forgets all rows, and keeps no room for them.
    pub(super) fn clear(&mut self) {
        *self = Rows::new(self.starts.span(0), self.most);
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
        let starts = std::mem::take(self.starts.seconds_mut());
        let mut starts = starts.iter().peekable();
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
            self.starts.seconds_mut().push((last, start));
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
    use crate::alert::window::tests::{closings, within};
    use proptest::prelude::*;

    impl IdRow for (u32, u64) {
        fn id(&self) -> u32 {
            self.0
        }

        fn merge(&mut self, more: (u32, u64)) {
            self.1 += more.1;
        }
    }

    proptest! {
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
