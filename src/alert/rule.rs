//! A rule and its alerts: one, or one for each key.

use std::ops::Range;
use std::sync::Arc;

use super::cause::Counted;
use super::common::{Common, CountPlace, KeyedPlace};
use super::history::AlertHistory;
use super::hours::{Clocked, Hours};
use super::phase::{Clauses, Phase};
use super::transition::{Changed, Closing};
use super::{Condition, Evaluable, KeyedCondition, Level, Reading, Rest};
use crate::quantity::{Figure, Subject};
use crate::report::{Key, Shortfall};
use crate::stats::bucket::Bucket;
use crate::stats::columns::SecondsInColumns;
use crate::stats::keys::{KeyTable, Renumbering};
use crate::stats::totals::Totals;
use crate::time::{Second, Span, Zone};

#[derive(Debug)]
enum Instances {
    Whole {
        condition: Box<dyn Condition + Send>,
        clauses: Clauses,
        phase: Phase,
        /// Where the measure was when the last second closed.
        level: Level,
        /// The alert that fires, and the greatest value that is known of it.
        peak: Option<(u64, f64)>,
    },
    ByKey {
        keyed: Box<dyn KeyedCondition + Send>,
        over: Vec<u64>,
        /// Alerts that fire from before this run, whose keys have not been seen since.
        unseen: Vec<UnseenAlert>,
    },
}

/// An alert that fires from before this run, whose key has not been seen since.
#[derive(Debug)]
struct UnseenAlert {
    key: Key,
    number: u64,
    since: Second,
    /// When it is said again.
    again: Second,
}

/// An alert that fired when an earlier run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierAlert {
    /// Its [name](crate::report::Transition::name).
    pub name: String,
    /// When it began.
    pub since: Second,
    /// How often it was said again.
    pub repeats: u64,
    /// How many alerts of its name fired before it.
    pub times: u64,
}

/// A rule and the alerts that fire by it.
#[derive(Debug)]
pub struct Rule {
    label: Arc<str>,
    subject: Subject,
    kind: Instances,
    /// The records that it counts, where they are known.
    counted: Option<Counted>,
    /// When it is evaluated, if not always.
    hours: Option<Clocked>,
    /// Something has changed since the last second closed: a record came late, or keys were dropped.
    touched: bool,
    /// The first second after the newest time that was not read, as long as the window reaches back to it.
    unread: Option<Second>,
    /// See [`KeyedCondition::place`].
    keys: Option<KeyedPlace>,
    /// See [`Condition::idle_below`].
    idle_below: Option<(CountPlace, u128)>,
    /// If nothing is [touched](Rule::touched), the rule stays quiet and its level clear as long as no more has closed
    /// in all than this.
    rest: Option<Rest>,
    /// If nothing is touched, an alert that fires or waits to goes on before this second, as long as what is counted there is one
    /// of these.
    beyond: Option<(CountPlace, Range<u128>, Second)>,
}

impl Rule {
    /// A rule that does not fire, about `subject`.
    pub fn new(
        label: &str,
        subject: Subject,
        condition: Box<dyn Condition + Send>,
        clauses: Clauses,
    ) -> Rule {
        Rule {
            label: label.into(),
            subject,
            keys: None,
            idle_below: condition.idle_below(),
            kind: Instances::Whole {
                condition,
                clauses,
                phase: Phase::Quiet,
                level: Level::Clear,
                peak: None,
            },
            counted: None,
            hours: None,
            touched: false,
            rest: None,
            beyond: None,
            unread: None,
        }
    }

    /// The rule counts these records.
    pub(super) fn set_counted(&mut self, counted: Option<Counted>) {
        self.counted = counted;
    }

    /// A rule with an alert for each key.
    pub(super) fn by_key(
        label: &str,
        subject: Subject,
        keyed: Box<dyn KeyedCondition + Send>,
    ) -> Rule {
        Rule {
            label: label.into(),
            subject,
            keys: Some(keyed.place()),
            kind: Instances::ByKey {
                keyed,
                over: Vec::new(),
                unseen: Vec::new(),
            },
            counted: None,
            hours: None,
            touched: false,
            rest: None,
            beyond: None,
            unread: None,
            idle_below: None,
        }
    }

    /// The name of the rule.
    pub fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The rule is evaluated at these hours only.
    pub(super) fn set_hours(&mut self, hours: Option<Hours>) {
        self.hours = hours.map(Clocked::new);
    }

    /// The records that it counts, where they are known when an alert fires.
    pub fn counted(&self) -> Option<Counted> {
        self.counted
    }

    /// The place of the dimension whose keys have an alert each.
    pub fn by(&self) -> Option<usize> {
        match &self.kind {
            Instances::Whole { .. } => None,
            Instances::ByKey { keyed, .. } => Some(keyed.dimension()),
        }
    }

    /// The length of its window.
    pub fn window(&self) -> Span {
        match &self.kind {
            Instances::Whole { condition, .. } => condition.window(),
            Instances::ByKey { keyed, .. } => keyed.window(),
        }
    }

    /// How far back it must have seen the log to know what it says.
    pub fn look_back(&self) -> Span {
        match &self.kind {
            Instances::Whole { condition, .. } => condition.look_back(),
            Instances::ByKey { keyed, .. } => keyed.look_back(),
        }
    }

    /// Its measure now, where it has only one.
    pub fn figure(&self, common: &Common) -> Option<Figure> {
        match &self.kind {
            Instances::Whole { condition, .. } => Some(condition.figure(common)),
            Instances::ByKey { .. } => None,
        }
    }

    /// What a reader must know to read its silence.
    pub fn note(&self, common: &Common) -> Option<String> {
        match &self.kind {
            Instances::Whole { condition, .. } => condition.note(common),
            Instances::ByKey { keyed, .. } => keyed.note(common),
        }
    }

    /// Hits of keys that it could not follow: it may have missed an alert.
    pub fn unfollowed(&self, common: &Common) -> u64 {
        match &self.kind {
            Instances::Whole { .. } => 0,
            Instances::ByKey { keyed, .. } => keyed.unfollowed(common),
        }
    }

    /// The first second from `from` on at which anything could change if all of them are empty; `from`
    /// is the first that is not closed.
    pub fn next_change(&self, from: Second, common: &Common) -> Option<Second> {
        if self.touched {
            return Some(from);
        }
        let whole = self.whole_again(common);
        let change = match &self.kind {
            Instances::ByKey { keyed, .. } => keyed.next_change(common),
            Instances::Whole {
                condition,
                clauses,
                phase,
                level,
                ..
            } => {
                let change = condition.next_change(from, *level, common);
                let due = phase.due(*level, *clauses);
                change.into_iter().chain(due).min()
            }
        };
        // Whatever the hours are, what stays idle is quiet.
        let hours = self.hours.as_ref();
        let hours = hours.filter(|_| !self.stays_idle(0, common));
        let hours = hours.map(|hours| hours.next_change(from));
        let change = change.into_iter().chain(whole).chain(hours).min()?;
        // Keys that leave are not known to a rest, nor what an alert that fires has counted.
        let rests = self.is_quiet() && self.rests(from - Span::SECOND, common);
        let until = self.rest.filter(|_| rests).map(|rest| rest.until);
        let change = until.map_or(change, |until| until.max(change));
        Some(change).filter(|&change| change < Rest::ENDLESS.until)
    }

    /// Where a part of the window was not read: the second at whose end it is whole again.
    fn whole_again(&self, common: &Common) -> Option<Second> {
        let window = match &self.kind {
            Instances::Whole { condition, .. } => condition.full_window(common),
            Instances::ByKey { keyed, .. } => keyed.window(),
        };
        self.unread.map(|to| to + window - Span::SECOND)
    }

    /// The seconds from `from` up to `to`, exclusive, were not read. Until a full window lies behind them the rule
    /// does not recover, and does not fire because there is little.
    pub fn unread(&mut self, from: Second, to: Second) {
        self.unread = self.unread.max(Some(to));
        self.touched = true;
        if let Instances::Whole { condition, .. } = &mut self.kind {
            condition.unread(from, to);
        }
    }

    /// Whether an alert of this [name](crate::report::Transition::name) is one of its own.
    pub fn has_alert(&self, name: &str) -> bool {
        match &self.kind {
            Instances::Whole { .. } => *name == *self.label,
            Instances::ByKey { .. } => self.key_in(name).is_some(),
        }
    }

    fn key_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(&*self.label)?.strip_prefix('/')
    }

    /// An alert of this rule fired as far as an earlier run knew, and is not over.
    pub fn resume(
        &mut self,
        earlier: &EarlierAlert,
        (totals, common): (&Totals, &Common),
        history: &mut AlertHistory,
    ) {
        let EarlierAlert {
            name,
            since,
            repeats,
            times,
        } = earlier;
        let since = *since;
        let key = self.key_in(name).unwrap_or_default().as_bytes();
        let (label, unit) = (&self.label, self.subject.unit);
        self.touched = true;
        let number = match &mut self.kind {
            Instances::Whole {
                condition,
                phase,
                clauses,
                ..
            } => {
                let again = clauses.again(since, *repeats);
                match phase.number() {
                    Some(number) => {
                        history.set_since(number, since);
                        phase.repeat_at(again);
                        number
                    }
                    None => {
                        let figure = condition.figure(common);
                        let number = history.fire(label, None, unit, since, figure);
                        *phase = Phase::firing(number, again);
                        number
                    }
                }
            }
            Instances::ByKey { keyed, unseen, .. } => {
                let dimension = keyed.dimension();
                let again = keyed.clauses().again(since, *repeats);
                let id = find(totals.table(dimension), key);
                match id.and_then(|id| Some((id, keyed.firing(id)?))) {
                    Some((id, number)) => {
                        history.set_since(number, since);
                        keyed.repeat_at(id, again);
                        number
                    }
                    None => {
                        let key = Key {
                            dimension: totals.tops()[dimension].dimension.kind(),
                            key: key.into(),
                        };
                        let figure = keyed.no_figure();
                        let number = history.fire(label, Some(key.clone()), unit, since, figure);
                        unseen.push(UnseenAlert {
                            key,
                            number,
                            since,
                            again,
                        });
                        number
                    }
                }
            }
        };
        history.raise_times(number, *times);
    }

    /// Whether an alert fires whose value grows from one empty second to the next.
    pub fn grows(&self) -> bool {
        match &self.kind {
            Instances::Whole {
                condition,
                phase: Phase::Firing { .. },
                ..
            } => condition.grows(),
            Instances::Whole { .. } => false,
            Instances::ByKey { .. } => false,
        }
    }

    /// Records came late for a second up to `closed`, the last one that is closed.
    pub fn late(&mut self, second: Second, bucket: &Bucket, closed: Second, common: &Common) {
        self.touched = true;
        match &mut self.kind {
            Instances::Whole { condition, .. } => {
                condition.take(second, bucket, closed, common);
            }
            Instances::ByKey { .. } => {}
        }
    }

    /// Live, records came while `second` was the newest of the log, whatever their own time is.
    pub fn heard(&mut self, second: Second, bucket: &Bucket) {
        self.touched = true;
        match &mut self.kind {
            Instances::Whole { condition, .. } => condition.heard(second, bucket),
            Instances::ByKey { .. } => {}
        }
    }

    /// Follows a reduction of the table of `dimension`.
    pub fn renumber(&mut self, dimension: usize, ids: &Renumbering) {
        self.touched = true;
        match &mut self.kind {
            Instances::ByKey { keyed, over, .. } if keyed.dimension() == dimension => {
                keyed.renumber(ids, over)
            }
            Instances::Whole { .. } | Instances::ByKey { .. } => {}
        }
    }

    /// Whether seconds that close change nothing, whatever so many hits in them are: so it is with nearly all seconds of
    /// nearly all logs. [`Rule::idle`] closes them.
    #[inline]
    pub fn stays_idle(&self, hits: u64, common: &Common) -> bool {
        let few = |(place, few)| common.count_at(place) + u128::from(hits) < few;
        self.idle_now().is_some_and(few)
    }

    /// Whether there could be such seconds, as the rule is now.
    pub fn is_idle(&self) -> bool {
        self.idle_now().is_some()
    }

    /// How many of these seconds, from the first on, change nothing.
    pub fn idle_seconds(&self, seconds: &SecondsInColumns<'_>, common: &Common) -> usize {
        let idle = |(place, few)| common.seconds_below(place, few, seconds);
        self.idle_now().map_or(0, idle)
    }

    /// The count and below how much of it nothing changes, as the rule is now.
    #[inline]
    fn idle_now(&self) -> Option<(CountPlace, u128)> {
        let idle = self.is_quiet() && self.unread.is_none();
        self.idle_below.filter(|_| idle)
    }

    /// Whether it is a rule without keys whose alert neither fires nor waits to.
    #[inline]
    fn is_quiet(&self) -> bool {
        matches!(&self.kind, Instances::Whole { phase, .. } if *phase == Phase::Quiet)
    }

    /// Closes seconds that change nothing.
    #[inline]
    pub fn idle(&mut self) {
        self.touched = false;
        (self.rest, self.beyond) = (None, None);
        if let Instances::Whole { level, .. } = &mut self.kind {
            *level = Level::Clear;
        }
    }

    /// Closes a second, which [`Common`] has taken, and calls `report` with what it changed.
    #[inline]
    pub fn close(
        &mut self,
        second: Second,
        (bucket, common): (&Bucket, &mut Common),
        (totals, zone): (&Totals, &Zone),
        history: &mut AlertHistory,
        report: impl FnMut(Changed),
    ) {
        if self.rests(second, common) || self.rises(second, common, history) {
            return;
        }
        self.touched = false;
        let mut clock = (Evaluable::ALL, false);
        if self.unread.is_some() || self.hours.is_some() {
            clock = self.clock(second, zone, common);
        }
        let (evaluable, look_at_all) = clock;
        if !look_at_all && self.are_keys_calm(second, common) {
            self.rest = self.rest_of_keys(second);
            return;
        }
        let Instances::Whole {
            condition,
            clauses,
            phase,
            level,
            ..
        } = &mut self.kind
        else {
            self.close_keys(
                second,
                (bucket, common),
                totals,
                (evaluable, look_at_all),
                history,
                report,
            );
            self.rest = self.rest_of_keys(second);
            return;
        };
        let (measured, shortfall) = condition.close(second, bucket, clauses.min, common);
        *level = measured;
        if evaluable.unread {
            *level = level.where_unread(*phase, condition.fires_on_little());
        }
        if evaluable.outside {
            *level = Level::Clear;
        }
        // Nearly all seconds are such that there is nothing to say.
        (self.rest, self.beyond) = (None, None);
        if *phase != Phase::Quiet || *level == Level::Breached {
            if self.move_on(second, shortfall, evaluable, common, history, report) {
                self.go_on(second, measured);
            }
        } else if measured == Level::Clear && self.unread.is_none() {
            let rest = condition.rest(clauses.min, common);
            self.rest = rest.map(|rest| rest.after(common.closed()));
        }
    }

    /// Finds for how long an alert that fires or waits to goes on as it is, whose measure is at this level when `second` closes.
    fn go_on(&mut self, second: Second, measured: Level) {
        let Instances::Whole {
            condition,
            clauses,
            phase,
            level,
            peak,
        } = &self.kind
        else {
            return;
        };
        if measured == Level::Breached && clauses.min == 0 && self.unread.is_none() {
            let peak = peak.map(|(_, peak)| peak);
            let due = phase.due(*level, *clauses).into_iter();
            let hours = self.hours.as_ref();
            let edge = hours.map(|hours| hours.next_change(second.next()));
            let until = due.chain(edge).min();
            self.beyond = condition
                .stays_beyond(peak)
                .map(|(place, counts)| (place, counts, until.unwrap_or(Second(i64::MAX))));
        }
    }

    /// Before which second nothing changes of a rule by key, if none of the keys is restless.
    fn keys_calm_before(&self) -> Option<Second> {
        let Instances::ByKey {
            keyed,
            over,
            unseen,
        } = &self.kind
        else {
            return None;
        };
        let is_calm = over.is_empty() && unseen.is_empty();
        keyed.calm_before().filter(|_| is_calm)
    }

    /// Whether nothing changes of a rule by key when `second` closes.
    fn are_keys_calm(&self, second: Second, common: &Common) -> bool {
        let before = || self.keys_calm_before();
        !self.is_restless(common) && before().is_some_and(|before| second < before)
    }

    /// The same for the seconds behind `second`.
    fn rest_of_keys(&self, second: Second) -> Option<Rest> {
        let calm = self.keys_calm_before().filter(|_| self.unread.is_none())?;
        // Another hour is one at which all keys are looked at.
        let hours = self.hours.as_ref();
        let edge = hours.map(|hours| hours.next_change(second.next()));
        Some(Rest {
            until: edge.map_or(calm, |edge| edge.min(calm)),
            ..Rest::ENDLESS
        })
    }

    /// Whether nothing of the rule changes when `second` closes, as was found before.
    #[inline]
    fn rests(&self, second: Second, common: &Common) -> bool {
        if self.touched {
            return false;
        }
        if let Some((place, counts, until)) = &self.beyond {
            return second < *until && counts.contains(&common.count_at(*place));
        }
        let holds = |rest: &Rest| rest.holds(second, common.closed());
        self.rest.as_ref().is_some_and(holds) && !self.is_restless(common)
    }

    /// Whether all that changes when `second` closes is that an alert has a greater count than ever: its peak.
    fn rises(&mut self, second: Second, common: &Common, history: &mut AlertHistory) -> bool {
        let Instances::Whole {
            condition,
            phase: Phase::Firing { number, .. },
            peak,
            ..
        } = &mut self.kind
        else {
            return false;
        };
        let Some((place, counts, until)) = &mut self.beyond else {
            return false;
        };
        let count = common.count_at(*place);
        if self.touched || second >= *until || count < counts.end {
            return false;
        }
        let figure = condition.figure(common);
        if !figure.below {
            history.raise_peak(*number, figure);
            *peak = Some((*number, figure.value));
            counts.end = count + 1;
        }
        !figure.below
    }

    /// For how long nothing of the rule changes, where nothing else than what has closed decides.
    #[inline]
    pub(super) fn own_rest(&self) -> Option<Rest> {
        self.rest.filter(|_| self.keys.is_none())
    }

    /// Whether keys are to be looked at that are followed in common.
    #[inline]
    fn is_restless(&self, common: &Common) -> bool {
        self.keys.is_some_and(|place| common.is_restless(place))
    }

    /// What can be said of a second, and whether all keys must be looked at then.
    #[inline(never)]
    fn clock(&mut self, second: Second, zone: &Zone, common: &Common) -> (Evaluable, bool) {
        let whole_again = self
            .whole_again(common)
            .is_some_and(|whole| whole <= second);
        if whole_again {
            self.unread = None;
        }
        let hours = self.hours.as_mut().map(|hours| hours.close(second, zone));
        let (within, edge) = hours.unwrap_or((true, false));
        let evaluable = Evaluable {
            unread: self.unread.is_some(),
            outside: !within,
        };
        (evaluable, whole_again || edge)
    }

    /// Moves the alert of a rule without keys on, whose level is known; whether it fires or waits to as it did.
    #[inline(never)]
    fn move_on(
        &mut self,
        second: Second,
        shortfall: Option<Shortfall>,
        evaluable: Evaluable,
        common: &Common,
        history: &mut AlertHistory,
        report: impl FnMut(Changed),
    ) -> bool {
        let Instances::Whole {
            condition,
            clauses,
            phase,
            level,
            peak,
        } = &mut self.kind
        else {
            return false;
        };
        let figure = condition.figure(common);
        // Most seconds of an alert change no more of it than its peak.
        if let (
            Phase::Firing {
                number,
                clear_since: None,
                again,
            },
            Some((of, peak)),
        ) = (*phase, &mut *peak)
            && *level != Level::Clear
            && second < again
            && *of == number
        {
            let is_beyond = match figure.below {
                true => figure.value < *peak,
                false => figure.value > *peak,
            };
            if is_beyond {
                history.raise_peak(number, figure);
                *peak = figure.value;
            }
            return true;
        }
        let reading = Reading {
            level: *level,
            figure,
            shortfall,
            id: None,
            uncounted: false,
            grows_since: None,
        };
        let mut closing = Closing::new(
            (&self.label, &self.subject),
            second,
            evaluable,
            history,
            report,
        );
        closing.advance(
            phase,
            *clauses,
            reading,
            || None,
            || condition.detail(common),
        );
        *peak = phase.number().map(|number| (number, figure.value));
        matches!(phase, Phase::Pending { .. })
    }

    /// Closes a second for a rule with an alert per key.
    #[inline(never)]
    fn close_keys(
        &mut self,
        second: Second,
        (bucket, common): (&Bucket, &mut Common),
        totals: &Totals,
        (evaluable, look_at_all): (Evaluable, bool),
        history: &mut AlertHistory,
        report: impl FnMut(Changed),
    ) {
        let Instances::ByKey {
            keyed,
            over,
            unseen,
        } = &mut self.kind
        else {
            return;
        };
        let mut closing = Closing::new(
            (&self.label, &self.subject),
            second,
            evaluable,
            history,
            report,
        );
        let dimension = keyed.dimension();
        let kind = totals.tops()[dimension].dimension.kind();
        if look_at_all {
            keyed.look_at_all();
        }
        unseen.retain(|alert| {
            if let Some(id) = find(totals.table(dimension), &alert.key.key) {
                let phase = Phase::firing(alert.number, alert.again);
                keyed.set_firing(id, phase, second);
                return false;
            }
            // Not to be seen in a whole window is the end of it, or what it is about.
            let last = keyed
                .absence()
                .is_none_or(|absence| second - alert.since > absence);
            let ends = last && !evaluable.unread;
            over.extend(ends.then_some(alert.number));
            !ends
        });
        // They were found in the order of a hash.
        over.sort_unstable();
        over.drain(..).for_each(|number| closing.end(number));
        let clauses = keyed.clauses();
        let table = totals.table(dimension);
        let order = |a: u32, b: u32| table.key(a).cmp(table.key(b));
        keyed.close(
            second,
            (bucket, common),
            evaluable,
            over,
            &order,
            &mut |id, phase, reading| {
                let key = || {
                    Some(Key {
                        dimension: kind,
                        key: totals.table(dimension).key(id).into(),
                    })
                };
                closing.advance(phase, clauses, reading, key, || None);
            },
        );
        over.drain(..).for_each(|number| closing.end(number));
    }
}

/// The id of a key as an alert's name has it: what was no UTF-8 is not in it.
fn find(table: &KeyTable, key: &[u8]) -> Option<u32> {
    let lossy = || {
        let replaced = "\u{fffd}".as_bytes();
        if !key.windows(replaced.len()).any(|bytes| bytes == replaced) {
            return None;
        }
        let mut ids = table.counts().map(|(id, _)| id);
        ids.find(|&id| String::from_utf8_lossy(table.key(id)).as_bytes() == key)
    };
    table.id(key).or_else(lossy)
}
