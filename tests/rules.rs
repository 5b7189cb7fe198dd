//! Every kind of rule beside a naive one.
//!
//! The naive evaluator keeps no window: for every second it goes through all records again, takes those
//! in `(s − W, s]` that the rule speaks of, and measures them. Streams have bursts, gaps and disorder.
//! Where they are days long, what was measured stands for the seconds up to the next at which the window
//! can hold anything else.

#[path = "support/streams.rs"]
mod streams;

use std::collections::{BTreeMap, BTreeSet};

use httpmon::format::record::Record;
use httpmon::format::unparsed::Unparsed;
use httpmon::monitor::Monitor;
use httpmon::report::{AlertState, Event, WhyOver};
use httpmon::run;
use httpmon::stats::latency::Histogram;
use httpmon::time::Second;
use proptest::prelude::*;
use streams::{CLIENTS, Hit, START, believed, delayed, in_time, streams};

/// What is measured, its number in whole units; the text of a rule is made of it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    Hits,
    Class(u16),
    Code(u16),
    Malformed,
    Unparsed,
    Bytes,
    UniqueClient,
    Percentile(u64),
    Max,
    Mean,
    Silence,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Number,
    /// In thousandths.
    PerSecond,
    /// In per cent.
    Share,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Where {
    All,
    SectionA,
    NotTen,
    Big,
    Failed,
}

impl Where {
    fn text(self) -> &'static str {
        match self {
            Where::All => "",
            Where::SectionA => " where section=/a",
            Where::NotTen => " where not client=10.0.0.0/8",
            Where::Big => " where bytes>=250 or duration>500ms",
            Where::Failed => " where status>=400 and path!=/b",
        }
    }
    fn holds(self, hit: Hit) -> bool {
        let begins = |with| !hit.malformed() && hit.target().starts_with(with);
        match self {
            Where::All => true,
            Where::SectionA => begins("/a"),
            Where::NotTen => !hit.client().starts_with("10."),
            Where::Big => hit.bytes() >= 250 || hit.us().is_some_and(|us| us > 500_000),
            Where::Failed => hit.status() >= 400 && !begins("/b"),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    measure: Measure,
    form: Form,
    below: bool,
    number: u64,
    window: i64,
    only: Where,
    by_client: bool,
    min: u64,
    hold: i64,
    /// Only in these minutes of the day, or not in them.
    during: Option<(bool, i64, i64)>,
    keep: i64,
    /// 0 for never.
    repeat: i64,
}

impl Wanted {
    fn text(&self, label: usize) -> String {
        let number = self.number;
        let (measure, unit) = match self.measure {
            Measure::Hits => ("hits".to_owned(), ""),
            Measure::Class(class) => (format!("{class}xx"), ""),
            Measure::Code(code) => (code.to_string(), ""),
            Measure::Malformed => ("malformed".to_owned(), ""),
            Measure::Unparsed => ("unparsed".to_owned(), ""),
            Measure::Bytes => ("bytes".to_owned(), "B"),
            Measure::UniqueClient => ("unique client".to_owned(), ""),
            Measure::Percentile(p) => (format!("p{p}"), "ms"),
            Measure::Max => ("max".to_owned(), "ms"),
            Measure::Mean => ("mean".to_owned(), "ms"),
            Measure::Silence => ("silence".to_owned(), "s"),
        };
        let value = match self.form {
            Form::Number => format!("{number}{unit}"),
            Form::PerSecond => format!("{}.{:03}{unit}/s", number / 1000, number % 1000),
            Form::Share => format!("{number}%"),
        };
        let op = if self.below { '<' } else { '>' };
        let mut text = format!("r{label}: {measure} {op} {value}");
        if self.measure != Measure::Silence {
            text += &format!(" over {}s", self.window);
        }
        text += self.only.text();
        if self.by_client {
            text += " by client";
        }
        if self.min > 0 {
            text += &format!(" min {}", self.min);
        }
        text += &format!(" for {}s", self.hold);
        if let Some((negated, from, to)) = self.during {
            let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
            let not = if negated { " not" } else { "" };
            text += &format!("{not} during {}-{}", time(from), time(to));
        }
        if self.repeat > 0 {
            text += &format!(" repeat {}s", self.repeat);
        }
        text + &format!(" keep {}s", self.keep)
    }

    /// Whether it is not evaluated at `second`.
    fn is_outside(&self, second: i64) -> bool {
        self.during.is_some_and(|(negated, from, to)| {
            let minute = second.rem_euclid(86_400) / 60;
            (minute >= from && minute < to) == negated
        })
    }

    /// Nothing is below 0: there equality resolves, else `> 0` would fire for ever.
    fn stands(&self, order: i32) -> i32 {
        match order {
            0 if self.number == 0 => -1,
            order if self.below => -order,
            order => order,
        }
    }

    /// Hits in the window, the value, and how it stands: 1 beyond, 0 equal, -1 back.
    fn measure(&self, hits: &[Hit], second: i64, first: i64) -> (u64, f64, i32) {
        let of_all = |last: Option<i64>| last.map_or(0, |last| second - last);
        let spoken = || hits.iter().filter(|hit| self.only.holds(**hit));
        if self.measure == Measure::Silence {
            let last = spoken().map(|hit| hit.time).filter(|t| *t <= second).max();
            let silent = of_all(last);
            let stands = self.stands(order(silent as u128, self.number.into()));
            return (0, silent as f64, stands);
        }
        let window: Vec<Hit> = spoken()
            .filter(|hit| hit.time > second - self.window && hit.time <= second)
            .copied()
            .collect();
        let count = |what: &dyn Fn(&Hit) -> bool| window.iter().filter(|h| what(h)).count() as u64;
        let all = window.len() as u64;
        let mut spans = Histogram::default();
        window
            .iter()
            .filter_map(|hit| hit.us())
            .for_each(|us| spans.observe(us));
        let duration = match self.measure {
            Measure::Percentile(p) => Some(spans.percentile_ms(p)),
            Measure::Max => Some(spans.max_ms()),
            Measure::Mean => Some(spans.mean_ms()),
            _ => None,
        };
        let enough = all >= self.min;
        if let Some(value) = duration {
            let stands = match value.total_cmp(&(self.number as f64)) as i32 {
                _ if spans.is_empty() || !enough => -1,
                stands => self.stands(stands),
            };
            return (all, value, stands);
        }
        let counted = match self.measure {
            Measure::Class(class) => count(&|hit| hit.status() / 100 == class),
            Measure::Code(code) => count(&|hit| hit.status() == code),
            Measure::Malformed => count(&|hit| hit.malformed()),
            Measure::Bytes => window.iter().map(|hit| hit.bytes()).sum(),
            Measure::UniqueClient => window
                .iter()
                .map(|hit| hit.client())
                .collect::<BTreeSet<_>>()
                .len() as u64,
            _ => all,
        };
        let full = second - first >= self.window - 1;
        let (value, stands) = self.compare(counted, all, full, enough);
        (all, value, stands)
    }

    /// The value, and how it stands, where so much of `whole` was counted in a window that may be full, and have enough hits.
    fn compare(&self, counted: u64, whole: u64, full: bool, enough: bool) -> (f64, i32) {
        let (value, left, right) = match self.form {
            Form::Number => (counted as f64, counted, self.number),
            Form::PerSecond => (
                counted as f64 / self.window as f64,
                counted * 1000,
                self.number * self.window as u64,
            ),
            Form::Share => (
                counted as f64 / (whole as f64).max(1.0),
                counted * 100,
                self.number * whole,
            ),
        };
        let known = (!self.below || full) && (self.form != Form::Share || whole > 0);
        let stands = match order(left.into(), right.into()) {
            _ if !known || !enough => -1,
            stands => self.stands(stands),
        };
        (value, stands)
    }
}

fn order(left: u128, right: u128) -> i32 {
    left.cmp(&right) as i32
}

/// What is compared of a transition.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    at: i64,
    rule: String,
    key: Option<String>,
    fired: bool,
    /// How often it is said again, with this time.
    repeat: i64,
    since: i64,
    hits: u64,
    value: f64,
    /// The most extreme value while it fired, where it is over.
    peak: Option<f64>,
    /// Where it is over with too few hits: how many, and how many the rule asks for.
    few: Option<(u64, u64)>,
    /// Whether it is over because the rule is not evaluated any more.
    outside: bool,
}

fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by(|a, b| (a.at, &a.rule, &a.key).cmp(&(b.at, &b.rule, &b.key)));
    changes
}

/// The phases of one alert, from where it stands at each second.
fn phases(
    seconds: std::ops::RangeInclusive<i64>,
    wanted: &Wanted,
    mut stands: impl FnMut(i64) -> (u64, f64, i32),
    (rule, key): (String, Option<&str>),
) -> Vec<Change> {
    let (hold, keep) = (wanted.hold, wanted.keep);
    let mut changes = Vec::new();
    let mut peak = 0.0;
    let (mut since, mut firing, mut back): (Option<i64>, bool, Option<i64>) = (None, false, None);
    for second in seconds {
        let (hits, value, stands) = stands(second);
        let was = (firing, since);
        let outside = wanted.is_outside(second);
        if outside {
            (firing, since, back) = (false, None, None);
        } else if firing {
            match stands {
                1 => back = None,
                -1 => {
                    let from = *back.get_or_insert(second);
                    if second - from >= keep {
                        (firing, since, back) = (false, None, None);
                    }
                }
                _ => {}
            }
        } else {
            match stands {
                1 => since = since.or(Some(second)),
                _ => since = None,
            }
            firing = since.is_some_and(|since| second - since >= hold);
        }
        if firing {
            peak = match was.0 {
                false => value,
                true if wanted.below => value.min(peak),
                true => value.max(peak),
            };
        }
        let fires_for = since.map_or(0, |since| second - since - hold);
        let again = firing && was.0 && wanted.repeat > 0 && fires_for % wanted.repeat == 0;
        if firing != was.0 || again {
            changes.push(Change {
                at: second,
                repeat: if again { fires_for / wanted.repeat } else { 0 },
                peak: (!firing).then_some(peak),
                few: (!firing && !outside && hits < wanted.min).then_some((hits, wanted.min)),
                outside: !firing && outside,
                rule: rule.clone(),
                key: key.map(str::to_owned),
                fired: firing,
                since: since.or(was.1).expect("it fired or did"),
                hits,
                value,
            });
        }
    }
    changes
}

/// The seconds at which the window of a rule can begin to hold anything else, if a second closes so long
/// after it ended.
fn moments(hits: &[Hit], rule: &Wanted, lateness: i64) -> BTreeSet<i64> {
    let first = hits.iter().map(|hit| hit.time).min();
    let each = |hit: &Hit| [hit.time, hit.time + rule.window, hit.time - lateness];
    let full = first.map(|first| first + rule.window - 1);
    hits.iter()
        .flat_map(each)
        .chain(first)
        .chain(full)
        .collect()
}

/// Every rule evaluated anew for every second, or every one of its [`moments`] for a `lateness`; `seen`
/// tells how many hits have come when it closes.
fn recount(
    hits: &[Hit],
    rules: &[Wanted],
    lateness: Option<i64>,
    seen: impl Fn(i64) -> usize,
) -> Vec<Change> {
    let times = || hits.iter().map(|hit| hit.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    for (label, rule) in rules.iter().enumerate() {
        let keys: Vec<Option<&str>> = if rule.by_client {
            CLIENTS.into_iter().map(Some).collect()
        } else {
            vec![None]
        };
        for key in keys {
            let moments = lateness.map(|lateness| moments(hits, rule, lateness));
            let mut stood = (0, 0.0, 0);
            let stands = |second| {
                // What grows with time differs at every second.
                let holds = moments
                    .as_ref()
                    .filter(|_| rule.measure != Measure::Silence);
                if holds.is_some_and(|moments| !moments.contains(&second)) {
                    return stood;
                }
                let of_key: Vec<Hit> = hits[..seen(second)]
                    .iter()
                    .filter(|hit| key.is_none_or(|key| hit.client() == key))
                    .copied()
                    .collect();
                stood = rule.measure(&of_key, second, first);
                stood
            };
            changes.extend(phases(
                first..=last,
                rule,
                stands,
                (format!("r{label}"), key),
            ));
        }
    }
    sorted(changes)
}

/// A monitor with these rules.
fn monitor(rules: &[String], lateness: i64) -> Monitor {
    let mut args = vec!["--replay".to_owned(), format!("--lateness={lateness}")];
    args.extend(rules.iter().map(|rule| format!("--alert={rule}")));
    let config = run::options(&args).and_then(|options| options.config());
    Monitor::new(config.unwrap_or_else(|error| panic!("{error}")))
}

/// What a monitor with these rules says about hits that come in this order.
fn said(hits: impl IntoIterator<Item = Hit>, rules: &[String], lateness: i64) -> Vec<Change> {
    said_of(hits.into_iter().map(Some), rules, lateness)
}

/// The same where some lines are no records.
fn said_of(
    lines: impl Iterator<Item = Option<Hit>>,
    rules: &[String],
    lateness: i64,
) -> Vec<Change> {
    let mut monitor = monitor(rules, lateness);
    let mut changes = Vec::new();
    let mut drain = |monitor: &mut Monitor| {
        while let Some(event) = monitor.next_event() {
            if let Event::Transition(alert) = event {
                changes.push(Change {
                    at: alert.at.0,
                    rule: alert.rule.to_string(),
                    key: alert
                        .key
                        .map(|key| String::from_utf8(key.key.into()).expect("text")),
                    fired: matches!(alert.state, AlertState::Firing { .. }),
                    repeat: alert.repeat as i64,
                    since: alert.since.0,
                    hits: alert.figure.hits,
                    value: alert.figure.value,
                    peak: match alert.state {
                        AlertState::Firing { .. } => None,
                        AlertState::Resolved { peak, .. } => Some(peak.value),
                    },
                    few: match alert.state {
                        AlertState::Resolved {
                            why: Some(WhyOver::TooFew(few)),
                            ..
                        } => Some((few.hits, few.min)),
                        _ => None,
                    },
                    outside: matches!(
                        alert.state,
                        AlertState::Resolved {
                            why: Some(WhyOver::OutOfHours),
                            ..
                        }
                    ),
                });
            }
        }
    };
    for line in lines {
        match line {
            Some(hit) => monitor.observe(&hit.record(), None),
            None => monitor.unparsed(Unparsed::too_long(1), b"x"),
        }
        drain(&mut monitor);
    }
    monitor.finish();
    drain(&mut monitor);
    sorted(changes)
}

fn texts(rules: &[Wanted]) -> Vec<String> {
    rules
        .iter()
        .enumerate()
        .map(|(label, rule)| rule.text(label))
        .collect()
}

/// Gaps of up to minutes.
fn short() -> BoxedStrategy<i64> {
    prop_oneof![0i64..3, 0i64..30, 60i64..200].boxed()
}

/// Gaps of up to a day, not of about an hour: what comes out of order around the time from which on a
/// record must wait to be believed is skewed.
fn long() -> BoxedStrategy<i64> {
    prop_oneof![4 => short(), 3 => 600i64..3300, 2 => 3800i64..12_000, 1 => 40_000i64..80_000]
        .boxed()
}

fn measures() -> impl Strategy<Value = (Measure, Form, u64)> {
    let counted = prop::sample::select(vec![
        Measure::Hits,
        Measure::Class(4),
        Measure::Class(5),
        Measure::Class(2),
        Measure::Code(404),
        Measure::Code(503),
        Measure::Malformed,
    ]);
    let durations = prop::sample::select(vec![
        Measure::Percentile(50),
        Measure::Percentile(90),
        Measure::Percentile(95),
        Measure::Percentile(99),
        Measure::Max,
        Measure::Mean,
    ]);
    prop_oneof![
        (counted.clone(), 0u64..12).prop_map(|(m, n)| (m, Form::Number, n)),
        (
            counted.clone(),
            prop_oneof![1u64..3000, (1u64..20).prop_map(|n| n * 100)]
        )
            .prop_map(|(m, n)| (m, Form::PerSecond, n)),
        (
            counted.prop_filter("no share", |m| *m != Measure::Hits),
            prop::sample::select(vec![0u64, 5, 20, 25, 33, 50, 75])
        )
            .prop_map(|(m, n)| (m, Form::Share, n)),
        (1u64..40).prop_map(|n| (Measure::Bytes, Form::Number, n * 250)),
        (1u64..4000).prop_map(|n| (Measure::Bytes, Form::PerSecond, n * 100)),
        (0u64..4).prop_map(|n| (Measure::UniqueClient, Form::Number, n)),
        (
            durations,
            prop::sample::select(vec![1u64, 12, 80, 250, 500, 999, 1000])
        )
            .prop_map(|(m, n)| (m, Form::Number, n)),
        (prop_oneof![0u64..90, 600u64..9000]).prop_map(|n| (Measure::Silence, Form::Number, n)),
    ]
}

/// Rules whose windows and times to hold are of the length of these gaps.
fn rules(gaps: BoxedStrategy<i64>) -> impl Strategy<Value = Wanted> {
    let only = prop::sample::select(vec![
        Where::All,
        Where::All,
        Where::SectionA,
        Where::NotTen,
        Where::Big,
        Where::Failed,
    ]);
    let times = || prop_oneof![3 => Just(0i64), 1 => 1i64..20, 1 => gaps.clone()];
    (
        measures(),
        any::<[bool; 2]>(),
        prop_oneof![1i64..5, 1i64..100, gaps.clone().prop_map(|gap| gap.max(1))],
        only,
        prop_oneof![3 => Just(0u64), 1 => 1u64..8],
        times(),
        times(),
        prop::option::weighted(0.2, (any::<bool>(), 533i64..545, 1i64..10)),
        prop_oneof![2 => Just(0i64), 1 => 60i64..100],
    )
        .prop_map(
            |(
                (measure, form, number),
                [below, by],
                window,
                only,
                min,
                hold,
                keep,
                during,
                repeat,
            )| {
                let above_only = matches!(measure, Measure::Silence | Measure::UniqueClient);
                let keyed = matches!(
                    measure,
                    Measure::Hits | Measure::Class(_) | Measure::Code(_) | Measure::Bytes
                );
                let below = below && !above_only && number > 0;
                Wanted {
                    measure,
                    form,
                    below,
                    number,
                    window,
                    only,
                    by_client: by && keyed && !below,
                    min: if measure == Measure::Silence { 0 } else { min },
                    hold,
                    keep,
                    repeat,
                    during: during.map(|(negated, from, length)| (negated, from, from + length)),
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_kind_fires_and_recovers_where_a_recount_says(hits in streams(short()), rules in prop::collection::vec(rules(short()), 1..4), lateness in 0i64..60, delays in prop::collection::vec(0i64..60, 1..30)) {
        let come = delayed(&hits, &delays, lateness);
        prop_assume!(in_time(&come, lateness));
        let said = said(come, &texts(&rules), lateness);
        prop_assert_eq!(said, recount(&hits, &rules, None, |_| hits.len()), "{:?}", texts(&rules));
    }

    /// A record that comes late is in the window of every second that closes after it came.
    #[test]
    fn late_records_count_for_every_kind_from_the_next_second_that_closes(hits in streams(short()), rules in prop::collection::vec(above(short()), 1..3), lateness in 0i64..10, delays in prop::collection::vec(prop_oneof![Just(0i64), 0i64..150], 1..30)) {
        let come = delayed(&hits, &delays, 150);
        let said = said(come.iter().copied(), &texts(&rules), lateness);
        let come = believed(&come, lateness);
        prop_assert_eq!(said, recount(&come, &rules, None, closes(&come, lateness)), "{:?}", texts(&rules));
    }
}

/// Rules by client on the same records over the same window, which count in common: they differ in everything else.
fn rules_in_common(gaps: BoxedStrategy<i64>) -> impl Strategy<Value = Vec<Wanted>> {
    let measures = vec![
        Measure::Hits,
        Measure::Class(4),
        Measure::Code(404),
        Measure::Bytes,
    ];
    let rules = prop::collection::vec(rules(gaps), 2..6);
    (prop::sample::select(measures), rules).prop_map(|(measure, mut rules)| {
        let Wanted { only, window, .. } = rules[0];
        for rule in &mut rules {
            let counts = matches!(measure, Measure::Hits | Measure::Bytes);
            let (form, number) = match rule.form {
                Form::Share if !counts => (Form::Share, rule.number),
                _ if measure == Measure::Bytes => (Form::Number, rule.number % 12 * 250),
                _ => (Form::Number, rule.number % 12),
            };
            *rule = Wanted {
                measure,
                form,
                below: false,
                number,
                window,
                only,
                by_client: true,
                ..*rule
            };
        }
        rules
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rules_by_key_that_count_in_common_have_peaks_of_their_own(hits in streams(short()), rules in rules_in_common(short()), lateness in 0i64..10, delays in prop::collection::vec(prop_oneof![9 => Just(0i64), 1 => 0i64..20], 1..30)) {
        let come = delayed(&hits, &delays, 20);
        let said = said(come.iter().copied(), &texts(&rules), lateness);
        let come = believed(&come, lateness);
        prop_assert_eq!(said, recount(&come, &rules, None, closes(&come, lateness)), "{:?}", texts(&rules));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn gaps_of_hours_are_passed_over_without_missing_anything(hits in streams(long()), rules in prop::collection::vec(rules(long()), 1..4), lateness in 0i64..60, delays in prop::collection::vec(0i64..60, 1..30)) {
        let come = delayed(&hits, &delays, lateness);
        prop_assume!(in_time(&come, lateness));
        let said = said(come, &texts(&rules), lateness);
        prop_assert_eq!(said, recount(&hits, &rules, Some(0), |_| hits.len()), "{:?}", texts(&rules));
    }

    #[test]
    fn late_records_count_before_gaps_of_hours_too(hits in streams(long()), rules in prop::collection::vec(above(long()), 1..3), lateness in 0i64..60, delays in prop::collection::vec(prop_oneof![Just(0i64), 0i64..150], 1..30)) {
        let come = delayed(&hits, &delays, 150);
        let said = said(come.iter().copied(), &texts(&rules), lateness);
        let come = believed(&come, lateness);
        prop_assert_eq!(said, recount(&come, &rules, Some(lateness), closes(&come, lateness)), "{:?}", texts(&rules));
    }
}

/// Rules on lines that are no records.
fn unparsed(gaps: BoxedStrategy<i64>) -> impl Strategy<Value = Wanted> {
    rules(gaps).prop_map(|rule| Wanted {
        measure: Measure::Unparsed,
        only: Where::All,
        by_client: false,
        number: match rule.form {
            Form::Number => rule.number % 12,
            Form::PerSecond => rule.number % 3000,
            Form::Share => rule.number % 100,
        }
        .max(rule.below.into()),
        ..rule
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A line that is no record is of the second of the record before it; those of the first second are many enough that it is
    /// believed by then.
    #[test]
    fn lines_that_are_no_records_fire_and_recover_where_a_recount_says(parts in prop::collection::vec((1i64..20, 0usize..4, 0usize..12), 0..20), rule in unparsed(short())) {
        let mut lines = vec![Some(Hit { time: START, kind: 0 }); 20];
        let (mut time, mut foreign) = (START, Vec::new());
        for (gap, hits, unparsed) in parts {
            time += gap;
            lines.extend(vec![Some(Hit { time, kind: 0 }); 1 + hits]);
            lines.extend(vec![None; unparsed]);
            foreign.extend(vec![time; unparsed]);
        }
        let hits: Vec<i64> = lines.iter().flatten().map(|hit| hit.time).collect();
        let stands = |second: i64| {
            let count = |times: &[i64]| {
                let held = times.iter().filter(|&&t| t > second - rule.window && t <= second);
                held.count() as u64
            };
            let (hits, unparsed) = (count(&hits), count(&foreign));
            let full = second - START >= rule.window - 1;
            let (value, stands) = rule.compare(unparsed, hits + unparsed, full, hits >= rule.min);
            (hits, value, stands)
        };
        let want = phases(START..=time, &rule, stands, ("r0".to_owned(), None));
        let said = said_of(lines.into_iter(), &texts(&[rule]), 0);
        prop_assert_eq!(said, want, "{}", rule.text(0));
    }
}

/// A full window begins with what came first, so rules on too little are left out where that may be late.
fn above(gaps: BoxedStrategy<i64>) -> impl Strategy<Value = Wanted> {
    rules(gaps).prop_filter("too little", |rule| !rule.below)
}

/// How many hits have come when a second closes.
fn closes(come: &[Hit], lateness: i64) -> impl Fn(i64) -> usize {
    move |second| {
        let closing = come.iter().position(|hit| hit.time > second + lateness);
        closing.unwrap_or(come.len())
    }
}

#[test]
fn the_streams_make_every_kind_fire() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut fired: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..1500 {
        let hits = streams(short())
            .new_tree(&mut runner)
            .expect("a stream")
            .current();
        let rule = rules(short())
            .new_tree(&mut runner)
            .expect("a rule")
            .current();
        if !said(hits, &texts(&[rule]), 0).is_empty() {
            let form = if rule.by_client { "by client" } else { "" };
            *fired
                .entry(format!("{:?} {:?} {form}", rule.measure, rule.form))
                .or_default() += 1;
        }
    }
    // 7 counted measures, three ways, one of them without a share; 6 of them by client too.
    assert!(fired.len() >= 40, "{} kinds: {fired:#?}", fired.len());
}

/// More clients come in a second than are told apart: the rule says what it could not follow.
#[test]
fn what_a_rule_by_key_could_not_follow_is_told() {
    let rules = [
        "Flood: hits > 20 over 10s by client",
        "Bots: unique client > 90000 over 10s",
    ];
    let mut monitor = monitor(&rules.map(str::to_owned), 60);
    for i in 0..150_000 {
        let client = format!("c{i}");
        let record = Record {
            time: Second(START),
            client: client.as_bytes(),
            ..Record::EMPTY
        };
        monitor.observe(&record, None);
    }
    monitor.finish();
    let Event::Summary(summary) = monitor.summary(false) else {
        panic!("a summary was asked for");
    };
    let notes = format!("{:?}", summary.blocks);
    assert!(
        notes.contains("too many keys: their number is at least what is shown"),
        "{notes}"
    );
    assert!(
        notes.contains("too many keys: 100001 hits were not followed"),
        "{notes}"
    );
}

/// A hit a second, then errors, then hardly anything: what leaves a window many seconds later decides.
#[test]
fn what_leaves_a_quiet_window_fires_a_share_and_a_low_rate_in_its_second() {
    for (window, well, errors) in [(60, 35, 5), (60, 50, 3), (300, 200, 20), (300, 30, 9)] {
        let start = START;
        let times: Vec<i64> = (0..well + errors).chain([900]).collect();
        let is_error = |second: i64| (well..well + errors).contains(&second);
        let rules = [
            format!("Share: 5xx > 50% over {window}s"),
            format!("Low: hits < 0.1/s over {window}s"),
        ];
        let mut monitor = monitor(&rules, 0);
        for &second in &times {
            let mut record = Record::empty();
            record.time = Second(start + second);
            record.status = Some(if is_error(second) { 500 } else { 200 });
            monitor.observe(&record, None);
        }
        monitor.finish();
        let events = std::iter::from_fn(|| monitor.next_event());
        let found: BTreeSet<(i64, String)> = events
            .filter_map(|event| match event {
                Event::Transition(alert) => Some((alert.at.0 - start, alert.name())),
                _ => None,
            })
            .collect();
        let mut expected = BTreeSet::new();
        let (mut share, mut low) = (false, false);
        for second in 0..=900 {
            let held = times
                .iter()
                .filter(|&&at| at > second - window && at <= second);
            let (hits, failed) = held.fold((0, 0), |(hits, failed), &at| {
                (hits + 1, failed + i64::from(is_error(at)))
            });
            let was = (share, low);
            share = hits > 0
                && if share {
                    failed * 2 >= hits
                } else {
                    failed * 2 > hits
                };
            let known = second >= window - 1;
            low = known
                && if low {
                    hits * 10 <= window
                } else {
                    hits * 10 < window
                };
            if share != was.0 {
                expected.insert((second, "Share".to_owned()));
            }
            if low != was.1 {
                expected.insert((second, "Low".to_owned()));
            }
        }
        assert!(expected.len() > 2, "{expected:?}");
        assert_eq!(found, expected, "{window} {well} {errors}");
    }
}

/// An objective says nothing before its short window has the hits that it asks for, and speaks in that second.
/// The peak of a count that grows by one each second is its last.
#[test]
fn a_peak_is_raised_by_one() {
    for length in [40, 41] {
        let mut monitor = monitor(&["Hits: hits > 5 over 1m".to_owned()], 0);
        for second in (0..length).chain([1000]) {
            let mut record = Record::empty();
            record.time = Second(START + second);
            monitor.observe(&record, None);
        }
        monitor.finish();
        let events = std::iter::from_fn(|| monitor.next_event());
        let peaks: Vec<f64> = events
            .filter_map(|event| match event {
                Event::Transition(alert) => match alert.state {
                    AlertState::Resolved { peak, .. } => Some(peak.value),
                    AlertState::Firing { .. } => None,
                },
                _ => None,
            })
            .collect();
        assert_eq!(peaks, [length as f64]);
    }
}

/// Not each second of them closes, which would take an hour.
#[test]
fn a_quiet_rule_with_hours_passes_over_years() {
    let rule = "Day: hits > 100 over 1m during 08:00-20:00".to_owned();
    let mut monitor = monitor(&[rule], 0);
    for start in [START, START + 30 * 365 * 86_400] {
        for second in 0..40 {
            let mut record = Record::empty();
            record.time = Second(start + second);
            monitor.observe(&record, None);
        }
    }
    monitor.finish();
    let mut events = std::iter::from_fn(|| monitor.next_event());
    assert!(events.all(|event| !matches!(event, Event::Transition(_))));
}

#[test]
fn an_objective_fires_with_the_last_of_the_hits_that_it_asks_for() {
    let mut monitor = monitor(&["Budget: slo 90% min 20".to_owned()], 0);
    for second in 0..60 {
        let mut record = Record::empty();
        record.time = Second(START + second);
        record.status = Some(500);
        monitor.observe(&record, None);
    }
    monitor.finish();
    let events = std::iter::from_fn(|| monitor.next_event());
    let at: Vec<i64> = events
        .filter_map(|event| match event {
            Event::Transition(alert) => Some(alert.at.0 - START),
            _ => None,
        })
        .collect();
    assert_eq!(at, [19]);
}
