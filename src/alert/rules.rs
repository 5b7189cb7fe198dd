//! The rules of a run, which are not asked one by one while all of them rest.

use std::ops::Deref;
use std::slice::IterMut;

use super::common::Common;
use super::{AlertHistory, Changed, Rest, Rule};
use crate::stats::bucket::Bucket;
use crate::stats::totals::Totals;
use crate::time::{Second, Zone};

/// See the module's text; [derefs](Deref) to the rules.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    /// For how long nothing changes of any, if nothing is done to them.
    rest: Option<Rest>,
}

impl Rules {
    /// These rules.
    pub fn new(rules: Vec<Rule>) -> Rules {
        Rules { rules, rest: None }
    }

    /// Each of them, to do something to it.
    pub fn iter_mut(&mut self) -> IterMut<'_, Rule> {
        self.rest = None;
        self.rules.iter_mut()
    }

    /// Whether nothing changes of any when `second` closes, which [`Common`] has taken.
    #[inline]
    pub fn rest(&self, second: Second, common: &Common) -> bool {
        let rest = self.rest.as_ref();
        rest.is_some_and(|rest| rest.holds(second, common.closed()))
    }

    /// [Closes](Rule::close) a second for each; `report` is called with the place of a rule and what the second changed of it.
    #[inline(never)]
    pub fn close(
        &mut self,
        second: Second,
        (bucket, common): (&Bucket, &mut Common),
        (totals, zone): (&Totals, &Zone),
        history: &mut AlertHistory,
        mut report: impl FnMut(usize, Changed),
    ) {
        let mut all = Some(Rest::ENDLESS);
        for (place, rule) in self.rules.iter_mut().enumerate() {
            let (counted, known) = ((bucket, &mut *common), (totals, zone));
            rule.close(second, counted, known, history, |changed| {
                report(place, changed);
            });
            all = all.and_then(|all| Some(all.shorter(rule.own_rest()?)));
        }
        self.rest = all;
    }
}

impl Deref for Rules {
    type Target = [Rule];

    #[inline]
    fn deref(&self) -> &[Rule] {
        &self.rules
    }
}
